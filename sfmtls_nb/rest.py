"""REST: JSON in, values out and the other way; an array of errors becomes a RestFault."""

from __future__ import annotations

import json
from typing import Any

from sfmtls_nb.errors import NotJsonError
from sfmtls_nb.faults import rest_fault
from sfmtls_nb.soap import beginning, refuse_html


def read_json(body: bytes) -> Any:
    """The answer to a REST call.

    Raises CertificatePageError or NotJsonError for what is not JSON, and a RestFault for
    ``[{"errorCode": …, "message": …}]``, whatever its HTTP status. HTML is looked for first, as with SOAP.
    """
    refuse_html(body, wanted="JSON")
    if not body.strip():
        raise NotJsonError(
            "the answer is empty",
            f"{len(body)} bytes",
            "repeat the call; if it comes again, look at the HTTP status and at what stands between you and the org",
        )
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:  # a JSONDecodeError and a UnicodeDecodeError are ValueErrors
        cut = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in b"[{" and body.rstrip()[-1:] not in b"]}"
        raise NotJsonError(
            "the answer is cut off: it begins as JSON and ends too early" if cut else "the answer is not JSON",
            # The error's own words: of its class and place, as it may quote what it stumbled over.
            f"{type(error).__name__}; {len(body)} bytes, beginning {beginning(body)}",
            "repeat the call; if it comes again, the connection or a proxy on the way is cutting answers short"
            if cut
            else "check the path: the REST API is at /services/data/vVERSION/",
        ) from None  # the JSONDecodeError has the whole answer on it
    if isinstance(content, list) and content and all(map(_is_error, content)):
        first, *others = content
        more = f", and {len(others)} more: {', '.join(str(each['errorCode']) for each in others)}" if others else ""
        fields = f", fields {', '.join(map(str, first['fields']))}" if first.get("fields") else ""
        raise rest_fault(
            str(first["errorCode"]), str(first["message"]), f"errorCode {first['errorCode']}{fields}{more}"
        )
    return content


def to_json(content: Any) -> bytes:
    """A value as JSON, for the body of a call. Raises NotJsonError for what JSON has no form for."""
    try:
        return json.dumps(content, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NotJsonError(
            "the body cannot be written as JSON",
            type(error).__name__ if isinstance(error, RecursionError) else str(error),
            "give dicts, lists, text, numbers, True, False and None; a date is written as text",
        ) from error


def _is_error(item: Any) -> bool:
    return isinstance(item, dict) and "errorCode" in item and "message" in item
