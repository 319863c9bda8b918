"""Source: what a client of another library asks of the session at each call; and the calls that are signed with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol
from urllib.parse import urlsplit

from sfmtls_nb.api import bearer
from sfmtls_nb.connection import SECRET_HEADERS, Headers, Transport
from sfmtls_nb.org import Port
from sfmtls_nb.secret import Secret

#: Stands for the session id in what other libraries keep, show and log; where a call leaves for the org, it is replaced.
PLACEHOLDER: Final = "the-session-id-is-put-in-when-this-is-sent"
# Where the code stands, and not in a text that quotes what was asked: "<" stands in JSON as it is, and quotes in XML.
_ENDED_JSON: Final = re.compile(rb'"(?:error|exception)Code"\s*:\s*"(?:INVALID_SESSION_ID|InvalidSessionId)"')
_ENDED_XML: Final = re.compile(
    rb"<(?:\w+:)?(?:faultcode|exceptionCode)>(?:\w+:)?(?:INVALID_SESSION_ID|InvalidSessionId)<"
)


class Source(Protocol):
    """A session, as far as handing over needs it. All is asked anew at each call: the session may renew itself meanwhile."""

    @property
    def transport(self) -> Transport: ...
    @property
    def session_id(self) -> Secret: ...
    @property
    def server_url(self) -> str: ...
    def renewal(self) -> Callable[[Secret], Secret | None]:
        """What gives another session id for a refused one, or None: taken before the call that may be refused."""


def door_of(source: Source, port: Port | None = None) -> str:
    """``https://HOST:PORT`` of one of the session's doors: of 8443, if none is named and there is an identity to present."""
    wanted: Port = port or (8443 if source.transport.identity else 443)
    return f"https://{urlsplit(source.transport.org.endpoint(source.server_url, wanted)).netloc}"


def signed(headers: Mapping[str, str], path: str, session_id: Secret) -> Headers:
    """The headers with the session id: where they have the placeholder, and as Authorization if they have none of their own.

    path: of the URL. The first Bulk API has a header of its own.
    Raises SfmtlsError for a session id that no header can have.
    """
    sent, authorization = Headers(headers), bearer(session_id)
    for name, value in headers.items():
        if name.lower() in SECRET_HEADERS:
            sent[name] = value.replace(PLACEHOLDER, session_id.reveal())
    if "Authorization" not in sent:
        sent["Authorization"] = authorization
    if path.startswith("/services/async/") and "X-SFDC-Session" not in sent:
        sent["X-SFDC-Session"] = session_id.reveal()
    return sent


def is_ended(status: int, body: bytes) -> bool:
    """True if an answer says that the session has ended: by SOAP or REST, or by the first Bulk API in its own words."""
    pattern = _ENDED_JSON if body.lstrip()[:1] in b"[{" else _ENDED_XML
    return status >= 400 and bool(pattern.search(body, 0, 4096))
