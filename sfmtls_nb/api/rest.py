"""REST: JSON in, values out and the other way; an array of errors becomes a RestFault."""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import urlsplit

from sfmtls_nb.api.answer import reading
from sfmtls_nb.api.faults import rest_fault
from sfmtls_nb.api.oauth_faults import oauth_fault
from sfmtls_nb.connection.request import Exchange
from sfmtls_nb.errors import NotJsonError, RestFault, SfmtlsError
from sfmtls_nb.secret import Secret, SecretBytes
from sfmtls_nb.xml import beginning

# Characters that may stand in a header, as the session id has to.
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")


def bearer(session_id: Secret) -> str:
    """The header Authorization for a session id, in plain text. Raises SfmtlsError for one that no header can have."""
    if not _VISIBLE.fullmatch(session_id.reveal()):
        # Not left to the HTTP library: its complaint would quote it.
        raise SfmtlsError(
            "the session id cannot stand in the Authorization header",
            "it is empty, or has characters that are not ASCII, such as a line end",
            "sign in again; if you brought the token yourself, look for what was copied along with it",
        )
    return f"Bearer {session_id.reveal()}"


def read_json(exchange: Exchange) -> Any:
    """The answer to a REST call, as Python values.

    Raises CertificatePageError or NotJsonError for what is not JSON, a RestFault for
    ``[{"errorCode": …, "message": …}]``, whatever its HTTP status, and a LoginFault for OAuth's
    ``{"error": …, "error_description": …}``; the exchange is on it.
    """
    try:
        with reading(exchange, NotJsonError) as body:
            content = _parse(body)
            if refusal := _refusal(content, exchange):
                del content  # an org may quote the session id, and what fails is shown with its variables
                raise refusal
            return content
    except (NotJsonError, RestFault) as error:
        path = urlsplit(exchange.request.url).path.strip("/")
        nothing_there = isinstance(error, NotJsonError) or error.code == "NOT_FOUND"
        if nothing_there and path and not f"{path}/".startswith("services/"):
            error.next_step = f"a path from / on begins at the host; for the resource below /services/data write {path}"
        raise


def _refusal(content: Any, exchange: Exchange) -> SfmtlsError | None:
    """The error that an answer in JSON is; None if it is one of success."""
    if isinstance(content, list) and content and all(map(_is_error, content)):
        return _read_fault(content)
    if _is_oauth_error(content) and "/services/oauth2/" in exchange.request.url:
        return oauth_fault(content["error"], str(content.get("error_description") or ""))
    if exchange.status is not None and exchange.status >= 400:
        return NotJsonError(
            f"the call failed with HTTP {exchange.status}, and its JSON is none of Salesforce's errors",
            f"it begins {beginning(exchange.response_body)}",
            "repeat the call; if it comes again, something other than the API may be answering at that path",
        )
    return None


def to_json(content: Any) -> SecretBytes:
    """A value as JSON, for the body of a call. Raises NotJsonError for what JSON has no form for."""
    try:
        return SecretBytes(json.dumps(content, allow_nan=False).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise NotJsonError(
            "the body cannot be written as JSON",
            type(error).__name__ if isinstance(error, RecursionError) else str(error),
            "give dicts, lists, text, numbers, True, False and None; a date is written as text",
        ) from error


def _parse(body: bytes) -> Any:
    if not body.strip():
        raise NotJsonError(
            "the answer is empty",
            f"{len(body)} bytes",
            "repeat the call; if it comes again, look at the HTTP status and at what stands between you and the org",
        )
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:  # a JSONDecodeError and a UnicodeDecodeError are ValueErrors
        cut = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in b"[{" and body.rstrip()[-1:] not in b"]}"
        wrong = NotJsonError(
            "the answer is cut off: it begins as JSON and ends too early" if cut else "the answer is not JSON",
            # The error's class and no more: its words may quote the answer.
            f"{type(error).__name__}; {len(body)} bytes, beginning {beginning(body)}",
            "repeat the call; if it comes again, the connection or a proxy on the way is cutting answers short"
            if cut
            else "check the path: the REST API is at /services/data/vVERSION/",
        )
        wrong.failure = "document-cut" if cut else ""
        raise wrong from None  # the JSONDecodeError has the whole answer on it


def _is_error(item: Any) -> bool:
    return isinstance(item, dict) and "errorCode" in item and "message" in item


def _is_oauth_error(content: Any) -> bool:
    return isinstance(content, dict) and isinstance(content.get("error"), str)


def _read_fault(content: list[Any]) -> RestFault:
    first, *others = content
    code = str(first["errorCode"])
    more = f", and {len(others)} more: {', '.join(str(each['errorCode']) for each in others)}" if others else ""
    named = first.get("fields")
    fields = f", fields {', '.join(map(str, named)) if isinstance(named, list) else named}" if named else ""
    return rest_fault(code, str(first["message"]), f"errorCode {code}{fields}{more}")
