"""Request and Exchange: a call that can be made, and a call that was made. Plain values; their reprs show no secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, Literal, NoReturn

from requests.structures import CaseInsensitiveDict

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection.recording import Public, Recorded
from sfmtls_nb.handshake import Handshake
from sfmtls_nb.secret import SecretBytes, mask, mask_session_ids

Method = Literal["GET", "POST", "PATCH", "DELETE"]

#: Headers whose last word is the session id or token.
SECRET_HEADERS: Final = frozenset({"authorization", "x-sfdc-session"})


class Headers(CaseInsensitiveDict[str]):
    """HTTP headers that show themselves with their secrets masked. A value taken out of them is plain text."""

    def __repr__(self) -> str:
        return repr({name: _without_secret(name, value) for name, value in self.items()})

    def __reduce__(self) -> NoReturn:
        raise TypeError("these headers are not pickled: a secret may be among them")


def _without_secret(name: str, value: str) -> str:
    scheme, space, secret = value.rpartition(" ")
    return f"{scheme}{space}{mask(secret)}" if name.lower() in SECRET_HEADERS else mask_session_ids(value)


@dataclass(frozen=True)
class Request:
    """One call that can be made: to look at, to show as a curl command, or to send.

    identity: the certificate that the connection presents; None where it presents none. ca_file: the only roots to
    trust; None trusts the public ones.
    """

    method: Method
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    identity: ClientIdentity | None = None
    ca_file: str | Path | bytes | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", Headers(self.headers))
        object.__setattr__(self, "body", SecretBytes(self.body))

    def __repr__(self) -> str:
        return f"Request({self.method} {mask_session_ids(self.url)})"


@dataclass(frozen=True)
class Exchange:
    """A request that was sent, and the answer to it.

    status: of HTTP; None where no answer came. elapsed: seconds until the last byte. at: when it began, in UTC. tls: version and cipher suite, as
    OpenSSL names them; empty where they are not known. recorded: what `handshake` is read from.
    """

    request: Request
    status: int | None = None
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: bytes = b""
    elapsed: float = 0.0
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    tls: str = ""
    recorded: Recorded | Public | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "response_headers", Headers(self.response_headers))
        if not isinstance(self.response_body, SecretBytes):  # it may be large
            object.__setattr__(self, "response_body", SecretBytes(self.response_body))

    @property
    def handshake(self) -> Handshake | None:
        """The TLS handshake of the connection, and what was said on it until this call was over; None where there was none.

        The connection may have been made for an earlier call: then it began before this one.
        """
        return self.recorded.handshake if self.recorded else None

    @property
    def server_date(self) -> datetime | None:
        """The server's clock, by its Date header; None where it sent none."""
        try:
            return parsedate_to_datetime(self.response_headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError, OverflowError):
            return None

    def __repr__(self) -> str:
        status = "no answer" if self.status is None else f"HTTP {self.status}"
        return f"Exchange({self.request.method} {mask_session_ids(self.request.url)}: {status})"
