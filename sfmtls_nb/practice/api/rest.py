"""The REST API at /services/data: versions, resources, queries, records, describes and limits. It reads; it does not write.

Errors are JSON arrays of message and errorCode. What Bulk API 2.0, a part of REST, has in common with it is here too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, NoReturn

from sfmtls_nb.practice.api.describe import describe_briefly, describe_global, describe_sobject
from sfmtls_nb.practice.api.queries import LARGEST_BATCH, Queries, QueryBatch, compiled, json_of, refusing
from sfmtls_nb.practice.data.database import Database
from sfmtls_nb.practice.data.schema import SObject, sobject
from sfmtls_nb.practice.mutual.gate import Presented, admit
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer, Request
from sfmtls_nb.practice.soql import AGGREGATE, ChildResult, Record, Scalar, run
from sfmtls_nb.practice.state import OrgState, User, eighteen

OLDEST_VERSION: Final = 31
NEWEST_VERSION: Final = 68
#: Those before are retired (7.0 to 30.0 since Summer '25) or never were.
_FIRST_RETIRED_VERSION: Final = 7
#: Version 31.0 came with Summer '14; three a year since.
_SEASONS: Final = ("Summer", "Winter", "Spring")

MOST_BYTES: Final = 1_000_000
_ROOT: Final = "/services/data"
_PATH: Final = re.compile(r"/services/data/v(\d{1,3})\.0(?:/(.*))?")
_ID: Final = re.compile(r"[0-9A-Za-z]{15}|[0-9A-Za-z]{18}")
_FIELD: Final = re.compile(r"\w+(?:\.\w+)*")
_BATCH_SIZE: Final = re.compile(r"\s*batchSize\s*=\s*(\d{1,9})\s*", re.IGNORECASE)

_NOT_FOUND: Final = "The requested resource does not exist"
READ_ONLY: Final = "This practice org is read-only: nothing in it can be created, updated or deleted."

#: HTTP statuses of the codes that do not have 400. [simulated]: those of MUTUAL_AUTHENTICATION_FAILED and the expired
#: password, which were not found.
_STATUSES: Final[Mapping[str, int]] = MappingProxyType(
    {
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
)
#: REST's own words, for refusals that come without.
_MESSAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "INVALID_SESSION_ID": "Session expired or invalid",
        "MUTUAL_AUTHENTICATION_FAILED": "This session could not be mutually authenticated for the use with REST API",
        "NOT_FOUND": _NOT_FOUND,
        "ENTITY_IS_DELETED": "entity is deleted",
        "UNSUPPORTED_API_VERSION": "Invalid Api version specified on URL",
    }
)


@dataclass(frozen=True)
class Call:
    """A request to a resource of some version, by somebody who may make it. parts: the path behind the version."""

    request: Request
    version: int
    parts: tuple[str, ...]
    user: User

    @property
    def root(self) -> str:
        return f"{_ROOT}/v{self.version}.0"


# ---------------------------------------------------------------- what all of REST has in common


def session_id(request: Request) -> str:
    """From ``Authorization: Bearer …``, today's habit, or ``OAuth …``, the article's; "" if there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else ""


def answering(request: Request, presented: Presented, state: OrgState, find: Callable[[Call], Answer]) -> Answer:
    """What `find` answers for the call, or the error. Raises CertificatePageRefusal, which is not REST's to render."""
    admitted = False
    try:
        version, parts = _understand(request)
        user = admit(request.listener, presented, session_id(request), state)
        admitted = True
        answer = find(Call(request, version, parts, user))
    except RefusedError as refusal:
        answer = _refused(request, refusal)
    headers = dict(answer.headers)
    if admitted:
        headers["Sforce-Limit-Info"] = f"api-usage={state.calls}/{state.call_limit}"
    return replace(answer, headers=headers)


def as_json(request: Request, content: Any, status: int = 200) -> Answer:
    """JSON; indented if the request wants it so."""
    indent = 2 if request.headers.get("X-PrettyPrint", "") == "1" else None
    # Compact, as captured.
    separators = None if indent else (",", ":")
    body = json.dumps(content, ensure_ascii=False, indent=indent, separators=separators).encode("utf-8", "replace")
    return Answer(status, "application/json;charset=UTF-8", body)


def json_object(request: Request) -> dict[str, Any]:
    """The body, which has to be a JSON object. Raises RefusedError with JSON_PARSER_ERROR."""
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
    """Raises RefusedError with METHOD_NOT_ALLOWED for any other method."""
    if request.method not in methods:
        message = f"HTTP Method '{request.method}' not allowed. Allowed are {','.join(methods)}"
        raise RefusedError("METHOD_NOT_ALLOWED", message)


def _understand(request: Request) -> tuple[int, tuple[str, ...]]:
    path = _PATH.fullmatch(request.path)
    version = int(path[1]) if path else 0
    if path is None or version > NEWEST_VERSION or version < _FIRST_RETIRED_VERSION:
        raise RefusedError("NOT_FOUND")
    if version < OLDEST_VERSION:
        raise RefusedError("UNSUPPORTED_API_VERSION")
    return version, tuple(part for part in (path[2] or "").split("/") if part)


def _refused(request: Request, refusal: RefusedError) -> Answer:
    message = refusal.message or _MESSAGES.get(refusal.code, refusal.code)
    error = {"message": message, "errorCode": refusal.code}
    return as_json(request, [error], _STATUSES.get(refusal.code, 400))


# ---------------------------------------------------------------- the API


class RestApi:
    """The API, on what the org knows, the queries that are open, and the records."""

    def __init__(self, state: OrgState, queries: Queries, database: Database) -> None:
        self._state, self._queries, self._database = state, queries, database

    def serves(self, request: Request) -> bool:
        """Whether the request is for this API. Bulk API 2.0 has to be asked first: it lives below the same path."""
        return request.path == _ROOT or request.path.startswith(f"{_ROOT}/")

    def answer(self, request: Request, presented: Presented) -> Answer:
        """The answer. Raises CertificatePageRefusal."""
        if request.path.rstrip("/") == _ROOT:
            # Needs no session: it is how a client finds out what it may speak.
            return replace(as_json(request, list(_versions())), operation=f"{request.method} versions")
        return answering(request, presented, self._state, self._find)

    def _find(self, call: Call) -> Answer:
        name = call.parts[0] if call.parts else ""
        if name not in _RESOURCES or (len(call.parts) > 1 and name not in _WITH_PARTS):
            raise RefusedError("NOT_FOUND")
        if name == "sobjects" and call.request.method not in ("GET", "HEAD"):
            self._write(call)
        allow(call.request, "GET", "HEAD")
        content = _RESOURCES[name](self, call)
        return replace(as_json(call.request, content), operation=f"{call.request.method} {name or 'resources'}")

    def _write(self, call: Call) -> NoReturn:
        """[simulated] No org of Salesforce's is read-only in this way; this is how one might say it."""
        if call.request.method in ("POST", "PATCH", "PUT"):
            json_object(call.request)
        raise RefusedError("INVALID_OPERATION", READ_ONLY)

    def _resources(self, call: Call) -> Any:
        return {name: f"{call.root}/{name}" for name in ("jobs", *sorted(_RESOURCES)) if name}

    def _query(self, call: Call) -> Any:
        if len(call.parts) > 2:
            raise RefusedError("NOT_FOUND")
        batch = _batch(call.request)
        if len(call.parts) == 2:
            return _page(call, self._queries.more(call.parts[1], batch))
        text = call.request.query.get("q", "")
        if not text.strip():
            raise RefusedError("MALFORMED_QUERY", "SOQL statement cannot be empty; put it into the parameter q")
        deleted = call.parts[0] == "queryAll"
        return _page(call, self._queries.open(text, deleted=deleted, batch=batch or LARGEST_BATCH))

    def _sobjects(self, call: Call) -> Any:
        if len(call.parts) == 1:
            described = describe_global()
            return described | {"sobjects": [_with_urls(call, each) for each in described["sobjects"]]}
        known = sobject(call.parts[1])
        match known, call.parts[2:]:
            case SObject(), ():
                return {"objectDescribe": _with_urls(call, describe_briefly(known)), "recentItems": []}
            case SObject(), ("describe",):
                return _with_urls(call, describe_sobject(known))
            case SObject(), (record_id,):
                return self._retrieve(call, known, record_id)
        raise RefusedError("NOT_FOUND")

    def _retrieve(self, call: Call, known: SObject, record_id: str) -> Any:
        """One record. Fields that were asked for come in their order; the Id comes last if it was not one of them."""
        if not _ID.fullmatch(record_id):
            raise RefusedError(
                "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {record_id}"
            )
        wanted = call.request.query.get("fields", "")
        names = [name.strip() for name in wanted.split(",")] if wanted else [field.name for field in known.fields]
        for name in names:
            if not _FIELD.fullmatch(name) or ("." not in name and known.field(name) is None):
                raise RefusedError("INVALID_FIELD", f"No such column '{name}' on sobject of type {known.name}")
        if "id" not in (name.lower() for name in names):
            names.append("Id")
        full_id = record_id if len(record_id) == 18 else eighteen(record_id)
        source = f"FROM {known.name} WHERE Id = '{full_id}'"
        record = self._first(f"SELECT {', '.join(names)} {source}")
        if record is None:
            raise RefusedError("ENTITY_IS_DELETED" if self._first(f"SELECT Id {source}", deleted=True) else "NOT_FOUND")
        return _record(call, record)

    def _first(self, text: str, *, deleted: bool = False) -> Record | None:
        query = compiled(text, self._state.clock(), deleted=deleted)
        with refusing(), run(query, self._database) as result:
            return next(result.records, None)

    def _limits(self, call: Call) -> Any:
        del call
        left = max(self._state.call_limit - self._state.calls, 0)
        # [simulated] The others are a Developer Edition's; nothing here uses them up.
        return {name: {"Max": most, "Remaining": most} for name, most in _LIMITS.items()} | {
            "DailyApiRequests": {"Max": self._state.call_limit, "Remaining": left}
        }


_RESOURCES: Final[Mapping[str, Callable[[RestApi, Call], Any]]] = MappingProxyType(
    {
        "": RestApi._resources,  # noqa: SLF001  # the table is the class's own
        "limits": RestApi._limits,  # noqa: SLF001  # as above
        "query": RestApi._query,  # noqa: SLF001  # as above
        "queryAll": RestApi._query,  # noqa: SLF001  # as above
        "sobjects": RestApi._sobjects,  # noqa: SLF001  # as above
    }
)
_WITH_PARTS: Final = frozenset({"query", "queryAll", "sobjects"})
_LIMITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "DailyAsyncApexExecutions": 250_000,
        "DailyBulkApiBatches": 15_000,
        "DailyBulkV2QueryFileStorageMB": 976_562,
        "DailyBulkV2QueryJobs": 10_000,
        "DataStorageMB": 5,
        "FileStorageMB": 20,
        "SingleEmail": 15,
    }
)


def _versions() -> Any:
    for version in range(OLDEST_VERSION, NEWEST_VERSION + 1):
        # A Winter release carries the number of the year that it leads into.
        year, season = divmod(version - OLDEST_VERSION, len(_SEASONS))
        label = f"{_SEASONS[season]} '{14 + year + (season > 0)}"
        yield {"label": label, "url": f"{_ROOT}/v{version}.0", "version": f"{version}.0"}


def _batch(request: Request) -> int | None:
    found = _BATCH_SIZE.fullmatch(request.headers.get("Sforce-Query-Options", ""))
    return int(found[1]) if found else None


# ---------------------------------------------------------------- values as JSON


def _page(call: Call, page: QueryBatch) -> Any:
    content: dict[str, Any] = {"totalSize": page.size, "done": page.done}
    if page.locator:
        content["nextRecordsUrl"] = f"{call.root}/query/{page.locator}"
    # COUNT() has its answer in totalSize.
    return content | {"records": [] if page.query.counts else [_record(call, record) for record in page.records]}


def _record(call: Call, record: Record) -> Any:
    attributes = {"type": record.type}
    if record.type != AGGREGATE:
        attributes["url"] = f"{call.root}/sobjects/{record.type}/{record.id}"
    return {"attributes": attributes} | {name: _value(call, value) for name, value in record.values.items()}


def _value(call: Call, value: Scalar | Record | ChildResult) -> Any:
    if isinstance(value, Record):
        return _record(call, value)
    if isinstance(value, ChildResult):
        return {"totalSize": value.size, "done": True, "records": [_record(call, each) for each in value.records]}
    return json_of(value)


def _with_urls(call: Call, described: Mapping[str, Any]) -> dict[str, Any]:
    """A description as REST has it: with the places to go from there."""
    place = f"{call.root}/sobjects/{described['name']}"
    urls = {"describe": f"{place}/describe", "rowTemplate": f"{place}/{{ID}}", "sobject": place}
    return {**described, "urls": urls}
