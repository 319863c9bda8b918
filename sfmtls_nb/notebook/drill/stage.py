"""Stage: a practice org of an incident's own, on which its cause is planted, and the call that meets it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from random import Random
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sfmtls_nb.access import Access
from sfmtls_nb.api import read_json, read_reply
from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection import Exchange, Request, Transport
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.org import Org
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.mutual import Issued
from sfmtls_nb.practice.mutual.scenarios import Material
from sfmtls_nb.practice.state import User
from sfmtls_nb.secret import Secret, SecretBytes
from sfmtls_nb.session import Session
from sfmtls_nb.sign_in import Credentials, login

Door = Literal["443", "8443", "strict"]

#: What stands at each door, in words that judge nothing.
DOORS: Final = {
    "443": "which stands for 443",
    "8443": "which stands for 8443",
    "strict": "a server beside the org, which asks for a certificate and decides inside TLS",
    "elsewhere": "the address that the job is told to call",
}
_READS: Final = "A job reads from the org, with the certificate in client.pem."
_SIGNS_IN: Final = "A job signs in to the org, before it makes its calls."


class Stage:
    """One org, one client, one call. A planting changes the first two and makes the call; all of it ends with the block.

    rng: what is left to chance, such as the door. report: what the people concerned can say.
    pem: the client's file, as it stands. outcome: what came of the call. door: where it went. at: when. took: seconds.
    """

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.practice = PracticeOrg(tls=rng.choice(("1.2", "1.3")))
        self.report = _READS
        self.pem = SecretBytes(b"")
        self.outcome: Exchange | SfmtlsError | None = None
        self.request: Request | None = None
        self.door: str = ""
        self.at, self.took = datetime.now(UTC), 0.0
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            practice = opened.enter_context(self.practice)
            client = practice.authority.client
            self.hand_over(Material(client.leaf.key, (("", client.leaf.certificate), *_named(client.intermediates))))
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    # ------------------------------------------------------------ the client

    @property
    def enforced(self) -> User:
        """The user whose profile demands mutual authentication."""
        return next(user for user in self.practice.state.users if user.enforced)

    def hand_over(self, material: Material) -> None:
        """Give the client these, as one file: the key, if there is one, and the certificates as they stand."""
        key = Issued(material.certificates[0][1], material.key).key_pem if material.key else b""
        self.pem = SecretBytes(key + b"".join(each.public_bytes(Encoding.PEM) for _, each in material.certificates))

    def upload(self, leaf: x509.Certificate) -> None:
        """Upload a leaf in Setup. Whatever it is: an administrator may have been told to."""
        self.practice.state.uploaded_leaves.append(leaf)

    def org(self, door: Door = "8443", **changes: Any) -> Org:
        """The org as the client has it written down, with the door for its calls."""
        url = self.practice.strict_url if door == "strict" else self.practice.mutual_url
        usual = {**self.practice.endpoints, "ca_file": self.practice.ca_file.read_bytes(), "accepted_roots": None}
        return Org(**{**usual, "mutual_port": urlsplit(url).port, **changes})

    # ------------------------------------------------------------ the call

    def call(
        self,
        *,
        door: Door | None = None,
        certificate: bool = True,
        make: Callable[[Session], Exchange] | None = None,
        at: str = "",
        ended: bool = False,
        **changes: Any,
    ) -> None:
        """Make the call: as the enforced user, by SOAP or REST.

        door: default: 8443, or the one that refuses inside TLS. make: another call than the smallest. at: HOST:PORT of
        a server that is not the org's. ended: the session has ended by then. changes: of `Org`.
        """
        make = make or self.rng.choice((_user_info, _limits))
        asking: tuple[Door, ...] = ("8443", "8443", "strict")
        to: Door = self.rng.choice(asking) if door is None else door
        place = f"https://{at}" if at else self.practice.api_url
        if at:
            changes |= {"login_url": place, "mutual_port": urlsplit(place).port}
        org = self.org(to, **changes)
        with self._noting():
            identity = self._identity(org) if certificate and to != "443" else None
            access = Access(
                Secret(self.practice.state.open_session(self.enforced)), f"{place}/services/Soap/u/{org.api_version}"
            )
            if ended:
                self.practice.state.end_sessions()
            with Transport(org, identity) as transport:
                self.outcome = make(Session(transport, access, by=to))

    def sign_in(self, credentials: Credentials) -> None:
        """Sign in, which is then the call."""
        self.report = _SIGNS_IN
        with self._noting(), login(self.org(), credentials) as session:
            self.outcome = session.exchange

    def at_token_endpoint(self, ask: Callable[[Transport], Exchange]) -> None:
        """Ask the token endpoint, which is then the call."""
        self.report = _SIGNS_IN
        with self._noting(), Transport(self.org()) as transport:
            self.outcome = ask(transport)

    def _identity(self, org: Org) -> ClientIdentity:
        """The identity in the client's file, whose certificates are sent as they stand there."""
        # The request that was to be sent, had the file been one to use.
        usual = self.practice.client
        with Transport(org, ClientIdentity.load(*usual.fullcert.parent.glob("*.crt"), usual.key)) as transport:
            url = (
                f"https://{urlsplit(org.login_url).hostname}:{org.mutual_port}/services/data/v{org.api_version}/limits"
            )
            self.request = transport.prepare("GET", url, {"Authorization": "Bearer -"})
        return ClientIdentity.load(self.pem)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        self.at, started = datetime.now(UTC), time.perf_counter()
        try:
            yield
        except SfmtlsError as error:
            self.outcome = error
        self.took = time.perf_counter() - started
        exchange = self.outcome.exchange if isinstance(self.outcome, SfmtlsError) else self.outcome
        self.request = exchange.request if exchange else self.request
        self.door = self._door_of(self.request)

    def _door_of(self, request: Request | None) -> str:
        urls = {
            "443": self.practice.api_url,
            "8443": self.practice.mutual_url,
            "strict": self.practice.strict_url,
        }
        port = urlsplit(request.url).port if request else 0
        return next((door for door, url in urls.items() if urlsplit(url).port == port), "elsewhere")

    # ------------------------------------------------------------ servers that are not the org

    def listening(self, behave: Callable[[socket.socket], None] | None) -> str:
        """``HOST:PORT`` of a server that does this to each connection, and hangs up; None: it takes them, and that is all."""
        server = self._open.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        if behave:
            threading.Thread(target=_serve, args=(server, behave), daemon=True).start()
        return f"127.0.0.1:{server.getsockname()[1]}"

    def closed_port(self) -> str:
        """``HOST:PORT`` where nobody listens."""
        with closing(socket.create_server(("127.0.0.1", 0))) as server:
            return f"127.0.0.1:{server.getsockname()[1]}"


def _named(issued: tuple[Issued, ...]) -> Iterator[tuple[str, x509.Certificate]]:
    return (("", each.certificate) for each in issued)


def _serve(server: socket.socket, behave: Callable[[socket.socket], None]) -> None:
    with suppress(OSError):  # the incident's block has ended
        while True:
            accepted, _ = server.accept()
            with closing(accepted), suppress(OSError):
                behave(accepted)


def _user_info(session: Session) -> Exchange:
    return session.soap("getUserInfo", **_at(session)).exchange


def _limits(session: Session) -> Exchange:
    return by_rest(session, "limits")


def by_rest(session: Session, path: str) -> Exchange:
    """GET a path, and read what comes as JSON."""
    exchange = session.send(session.prepare_rest(path, **_at(session)))
    read_json(exchange)
    return exchange


def by_soap(session: Session, operation: str) -> Exchange:
    """Call an operation, and read what comes as SOAP."""
    exchange = session.send(session.prepare(operation, **_at(session)))
    read_reply(exchange)
    return exchange


def _at(session: Session) -> dict[str, Any]:
    return {"port": 443 if session.by == "443" else 8443}
