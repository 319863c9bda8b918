"""Visit: the calls that a checkup makes on its way to an org, each made once, when a check first asks for it."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

from sfmtls_nb.api import read_json
from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection import Exchange, Transport
from sfmtls_nb.connection.bounds import bounded
from sfmtls_nb.connection.context import VERSIONS, Version, client_context
from sfmtls_nb.connection.recording import Listener
from sfmtls_nb.diagnose.evidence import Evidence
from sfmtls_nb.diagnose.surroundings import proxy_for
from sfmtls_nb.errors import IdentityError, SfmtlsError
from sfmtls_nb.org import Org
from sfmtls_nb.session import Session
from sfmtls_nb.sign_in import Credentials, login

#: Seconds that a checkup waits at most: to connect, for an answer, for a whole call.
_CONNECT, _READ, _CALL = 5.0, 10.0, 10.0
#: Where a list of API versions is, which needs no session.
_VERSIONS: Final = "/services/data/"


@dataclass(frozen=True)
class Attempt:
    """A call that was made: what came of it, or the error."""

    exchange: Exchange | None
    error: SfmtlsError | None = None
    content: Any = None

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.error, self.exchange or (self.error.exchange if self.error else None))


@dataclass(frozen=True, eq=False)
class Visit:
    """The way to an org, and what is found on it.

    session: None where nobody has signed in. credentials: to sign in with; None if that is not to be tried.
    """

    org: Org
    identity: ClientIdentity | None = None
    given: Session | None = field(default=None, repr=False)
    credentials: Credentials | None = field(default=None, repr=False)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @cached_property
    def brief(self) -> Org:
        """The org, asked for no longer than a checkup waits."""
        org = self.org
        return replace(
            org,
            connect_timeout=min(org.connect_timeout, _CONNECT),
            read_timeout=min(org.read_timeout, _READ),
            call_timeout=min(org.call_timeout, _CALL),
        )

    # ------------------------------------------------------------ where

    @cached_property
    def plain_url(self) -> str:
        """The door of 443."""
        return self.org.login_url

    @cached_property
    def mutual_url(self) -> str:
        """The door of 8443; empty if its host is not known, as before the sign-in at login.salesforce.com."""
        if self.given or not self._is_login_service:
            url = self.org.endpoint(self.given.server_url if self.given else self.org.login_url, 8443)
            return f"https://{urlsplit(url).netloc}"
        return ""

    @property
    def _is_login_service(self) -> bool:
        return urlsplit(self.org.login_url).hostname in ("login.salesforce.com", "test.salesforce.com")

    @cached_property
    def addresses(self) -> Mapping[str, str]:
        """Host -> its addresses, or why there are none, each found within the time there is."""
        hosts = {str(urlsplit(url).hostname) for url in (self.plain_url, self.mutual_url) if url}
        return {host: _addresses(host, self.brief.connect_timeout) for host in sorted(hosts)}

    @cached_property
    def proxy(self) -> str:
        """HOST:PORT of the proxy on the way; empty where there is none."""
        return proxy_for(self.mutual_url or self.plain_url)

    # ------------------------------------------------------------ calls

    @cached_property
    def plain(self) -> Attempt:
        """The list of API versions, asked for on 443."""
        return self._ask(self.plain_url, None)

    @cached_property
    def mutual(self) -> Attempt:
        """The same on 8443, with the certificate, if there is one."""
        return self._ask(self.mutual_url, self.identity)

    @cached_property
    def asked(self) -> Attempt:
        """The same; where the certificate cannot even be used, a call without."""
        return self._ask(self.mutual_url, None) if isinstance(self.mutual.error, IdentityError) else self.mutual

    @property
    def attempts(self) -> list[Attempt]:
        """The calls on both doors, on 8443 first, if its host is known."""
        return [*([self.asked] if self.mutual_url else []), self.plain]

    @cached_property
    def nearest(self) -> Attempt:
        """The call that says most about the server: on 8443 if that can be reached."""
        return next((attempt for attempt in self.attempts if attempt.evidence.handshake), self.plain)

    def _ask(self, url: str, identity: ClientIdentity | None) -> Attempt:
        exchange = None
        try:
            with Transport(self.brief, identity) as transport:
                exchange = transport.send(transport.prepare("GET", url + _VERSIONS, {"Accept": "application/json"}))
            return Attempt(exchange, None, read_json(exchange))
        except SfmtlsError as error:
            return Attempt(exchange, error)

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """Version of TLS -> empty if the server speaks it, or OpenSSL's word for why not."""
        return {version: self._offered(version) for version in VERSIONS}

    def _offered(self, version: Version) -> str:
        parts = urlsplit(self.mutual_url if self.mutual_url and self.nearest is self.asked else self.plain_url)
        context = client_context(self.brief.ca_file, None, self.brief.trust, version)
        address = (str(parts.hostname), parts.port or 443)
        listener = Listener()
        try:
            with (
                listener,
                bounded(self.brief.call_timeout, 1_000_000),
                socket.create_connection(address, self.brief.connect_timeout) as connection,
                context.wrap_socket(connection, server_hostname=parts.hostname),
            ):
                return ""
        except ssl.SSLError as error:
            # A certificate, ours or theirs, may be refused in a version that both speak.
            handshake = listener.recorded.handshake if listener.recorded else None
            heard = handshake.version == f"TLS {version}" if handshake and handshake.messages else False
            spoken = heard or isinstance(error, ssl.SSLCertVerificationError)
            return "" if spoken else error.reason or str(error)
        except OSError as error:
            return error.strerror or type(error).__name__

    # ------------------------------------------------------------ signing in

    @cached_property
    def signed_in(self) -> Session | SfmtlsError | None:
        """The session to make calls with, or why there is none; None if none was given, and nothing to sign in with."""
        try:
            session = self.given or (login(self.brief, self.credentials, self.identity) if self.credentials else None)
        except SfmtlsError as error:
            return error
        return session.over(Transport(self.brief, self.identity)) if session else None

    def call(self, port: Any) -> Attempt:
        """The call getUserInfo with that session, on one of the doors."""
        session = self.signed_in
        assert isinstance(session, Session)  # noqa: S101  # the checks ask for the way in first
        try:
            return Attempt(session.soap("getUserInfo", port=port).exchange)
        except SfmtlsError as error:
            return Attempt(error.exchange, error)

    def leave(self) -> None:
        """End the session that was opened here, and close what is open."""
        session = self.__dict__.get("signed_in")
        if not isinstance(session, Session):
            return
        if self.given is None:
            session.__exit__(None, None, None)
        session.transport.close()


def _addresses(host: str, seconds: float) -> str:
    """The addresses of a host, or why there are none. The system has no time limit for a look-up; so it is made in a thread of its own."""
    found: list[str] = []

    def look() -> None:
        try:
            found.append(", ".join(sorted({str(each[4][0]) for each in socket.getaddrinfo(host, None)})))
        except (OSError, UnicodeError) as error:
            found.append(f"!{getattr(error, 'strerror', None) or error}")

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else f"!no answer within {seconds:g} s"
