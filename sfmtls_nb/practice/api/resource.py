"""Resources below /services/data: the version in the path, the session in Authorization, JSON in and out.

REST and Bulk API 2.0 are made of them. Errors are JSON arrays of message and errorCode.
"""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sfmtls_nb.practice.api.call import MOST_BYTES, NEWEST_VERSION, OLDEST_VERSION, Api, ApiCall
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer, Request, json_answer
from sfmtls_nb.practice.state import User

ROOT: Final = "/services/data"
#: Versions below are retired (7.0 to 30.0 since Summer '25) or never were.
_FIRST_RETIRED_VERSION: Final = 7
_PATH: Final = re.compile(r"/services/data/v(\d{1,3})\.0(?:/(.*))?")

#: HTTP statuses of the codes that do not have 400. [simulated]: those of MUTUAL_AUTHENTICATION_FAILED and the expired
#: password, which were not found.
_STATUSES: Final[Mapping[str, int]] = {
    "INVALID_SESSION_ID": 401,
    "MUTUAL_AUTHENTICATION_FAILED": 403,
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": 403,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "NOT_FOUND": 404,
    "ENTITY_IS_DELETED": 404,
    "METHOD_NOT_ALLOWED": 405,
    "API_VERSION_MISMATCH": 409,
    "UNSUPPORTED_API_VERSION": 410,
    "REQUEST_ENTITY_TOO_LARGE": 413,
    "UNKNOWN_EXCEPTION": 500,
}
#: REST's own words, for refusals that come without.
_MESSAGES: Final[Mapping[str, str]] = {
    "INVALID_SESSION_ID": "Session expired or invalid",
    "MUTUAL_AUTHENTICATION_FAILED": "This session could not be mutually authenticated for the use with REST API",
    "NOT_FOUND": "The requested resource does not exist",
    "ENTITY_IS_DELETED": "entity is deleted",
    "UNSUPPORTED_API_VERSION": "Invalid Api version specified on URL",
}


@dataclass(frozen=True, kw_only=True)
class ResourceCall(ApiCall):
    """A call to a resource. parts: the path behind the version."""

    parts: tuple[str, ...] = ()

    @property
    def root(self) -> str:
        """Path of the API version."""
        return f"{ROOT}/v{self.version}.0"


class ResourceApi(Api[ResourceCall]):
    """Base of the APIs below /services/data."""

    def understand(self, request: Request) -> ResourceCall:
        path = _PATH.fullmatch(request.path)
        version = int(path[1]) if path else 0
        if path is None or not _FIRST_RETIRED_VERSION <= version <= NEWEST_VERSION:
            raise RefusedError("NOT_FOUND")
        if version < OLDEST_VERSION:
            raise RefusedError("UNSUPPORTED_API_VERSION")
        parts = tuple(part for part in (path[2] or "").split("/") if part)
        return ResourceCall(
            request=request,
            operation=f"{request.method} {self.name_of(parts)}",
            version=version,
            session_id=session_id(request),
            next_page=len(parts) == 2 and parts[0] in ("query", "queryAll"),
            parts=parts,
        )

    def name_of(self, parts: tuple[str, ...]) -> str:
        """Return the name that the event log has for a resource."""
        return parts[0] if parts else "resources"

    def perform(self, call: ResourceCall, user: User | None) -> Answer:
        assert user  # noqa: S101  # admitted
        try:
            answer = self.find(call, user)
        except RefusedError as refusal:
            answer = self.refuse(refusal, call.request, call)
        usage = f"api-usage={self._state.calls}/{self._state.call_limit}"
        return replace(answer, headers={**answer.headers, "Sforce-Limit-Info": usage})

    @abstractmethod
    def find(self, call: ResourceCall, user: User) -> Answer:
        """Answer the call of a user who has been admitted. Raises RefusedError."""

    def refuse(self, refusal: RefusedError, request: Request, call: ResourceCall | None) -> Answer:
        del call
        message = refusal.message or _MESSAGES.get(refusal.code, refusal.code)
        answer = as_json(request, [{"message": message, "errorCode": refusal.code}], _STATUSES.get(refusal.code, 400))
        return replace(answer, code=refusal.code)


def session_id(request: Request) -> str:
    """Return the session id in ``Authorization: Bearer …``, or in the article's ``OAuth …``; "" if there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else ""


def as_json(request: Request, content: Any, status: int = 200) -> Answer:
    """Write JSON: indented if the request asks for it, otherwise compact, as captured."""
    return json_answer(status, content, indent=2 if is_pretty(request) else None)


def is_pretty(request: Request) -> bool:
    """Return whether a request asks for JSON that is indented."""
    return request.headers.get("X-PrettyPrint", "") == "1"


def json_object(request: Request) -> dict[str, Any]:
    """Parse the body, which has to be a JSON object. Raises RefusedError with JSON_PARSER_ERROR."""
    if len(request.body) > MOST_BYTES:
        raise RefusedError("REQUEST_ENTITY_TOO_LARGE", f"The request body is larger than {MOST_BYTES} bytes")
    try:
        content = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        # [simulated] Salesforce's words are its parser's.
        place = f" at [line:{error.lineno}, column:{error.colno}]" if isinstance(error, json.JSONDecodeError) else ""
        raise RefusedError("JSON_PARSER_ERROR", f"The request body is not JSON{place}") from error
    if not isinstance(content, dict):
        raise RefusedError("JSON_PARSER_ERROR", "The request body is not a JSON object")
    return content


def allow(request: Request, *methods: str) -> None:
    """Raise RefusedError with METHOD_NOT_ALLOWED for any method but these."""
    if request.method not in methods:
        message = f"HTTP Method '{request.method}' not allowed. Allowed are {','.join(methods)}"
        raise RefusedError("METHOD_NOT_ALLOWED", message)
