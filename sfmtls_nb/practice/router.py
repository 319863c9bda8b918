"""Router: hands a request to the part of the org that answers it, and notes the answer in the event log."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from html import escape
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from sfmtls_nb.practice.api import Bulk1Api, BulkApi, MetadataApi, OAuthApi, Queries, RestApi, SoapApi
from sfmtls_nb.practice.data import Database
from sfmtls_nb.practice.events import Event, EventLog
from sfmtls_nb.practice.mutual import ChainVerdicts, Presented, Recording, SeenChain, certificate_page
from sfmtls_nb.practice.request import Answer, Listener, Request
from sfmtls_nb.practice.state import OrgState

_HTML: Final = "text/html; charset=UTF-8"
_SMALLEST_GZIPPED: Final = 1_000
#: Characters kept of a path that a client chose.
_MOST_NOTED: Final = 200
#: A host (RFC 3986, 3.2.2) that can be a name or an address of ours, and a port.
_HOST: Final = re.compile(r"(?:[A-Za-z0-9._~-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{0,5})?")


class Router:
    """Answers a request from the presented chain, the clock and the state of the org.

    hosts: the org's own names, the one for those who come under none of them first.
    """

    def __init__(self, state: OrgState, database: Database, events: EventLog, hosts: Sequence[str]) -> None:
        self._state, self._events, self._hosts = state, events, tuple(hosts)
        self._verdicts = ChainVerdicts()
        queries = Queries(database, state.clock, state.failures)
        #: The first that serves a request answers it: Metadata stands below SOAP's path, and Bulk API 2.0 below REST's.
        self._apis = (
            MetadataApi(state),
            SoapApi(state, queries, database),
            BulkApi(state, database),
            RestApi(state, queries, database),
            Bulk1Api(state, database),
        )
        self._oauth = OAuthApi(state)

    def answer(self, request: Request, ports: Mapping[Listener, int]) -> Answer:
        """Answer a request; ``ports`` are the org's own, for the URLs in the answer."""
        started = time.perf_counter()
        host = request.headers.get("Host", "").strip()
        chain = self._verdicts.seen(request.chain) if request.chain else None
        presented = self._presented(request, chain)
        if host and not _HOST.fullmatch(host):
            # RFC 9112, 3.2: "any request message that contains … an invalid field value" for Host.
            answer = Answer(400, _HTML, b"<html><body>Bad Request: invalid Host</body></html>")
        else:
            server, addresses = _place(host, self._hosts, tuple(ports.items()))
            answer = self._find_answer(replace(request, server=server, addresses=addresses), presented)
        self._note(request, chain, presented, answer, time.perf_counter() - started)
        return _compress(request, answer)

    def is_quick(self, request: Request) -> bool:
        """Return whether the answer takes no longer than handing the request over to another thread would."""
        return next((api.is_quick(request) for api in self._apis if api.serves(request)), False)

    def connected(self, recording: Recording) -> None:
        """Note a connection whose handshake is over, or has failed."""
        failed = bool(recording.error)
        flaw = None if failed or not recording.chain else self._flaw(self._verdicts.seen(recording.chain))
        end = recording.orgs_end(flaw)
        chain = () if failed else tuple(shown.name for shown in end.certificates)
        self._events.add(
            Event("connection", recording.listener, chain, recording.error, peer=recording.peer, orgs_end=end)
        )

    def _find_answer(self, request: Request, presented: Presented) -> Answer:
        for api in self._apis:
            if api.serves(request):
                return api.answer(request, presented)
        if presented.flaw and request.listener is not Listener.API:
            return certificate_page(presented.flaw)  # layer 1, for everyone and everything
        if self._oauth.serves(request):
            return self._oauth.answer(request, presented)
        if request.path == "/cacerts.jsp":
            return Answer(200, _HTML, _roots_page(self._state.accepted_roots), operation="cacerts.jsp")
        return Answer(404, _HTML, b"<html><body>URL No Longer Exists</body></html>")

    def _presented(self, request: Request, chain: SeenChain | None) -> Presented:
        if not chain:
            return Presented(certificate=False, flaw=None, uploaded=False)
        uploaded = request.chain[0] in self._state.uploaded_leaves
        return Presented(certificate=True, flaw=self._flaw(chain), uploaded=uploaded)

    def _flaw(self, chain: SeenChain) -> str | None:
        state = self._state
        return chain.flaw(state.accepted_roots, state.revoked, state.clock())

    def _note(
        self, request: Request, chain: SeenChain | None, presented: Presented, answer: Answer, seconds: float
    ) -> None:
        self._events.add(
            Event(
                "request",
                request.listener,
                chain.names if chain else (),
                presented.flaw or "",
                answer.layer_2,
                answer.user,
                (answer.operation or f"{request.method} {request.path.rstrip('/').rpartition('/')[2]}")[:_MOST_NOTED],
                answer.status,
                answer.code,
                seconds,
                leaf=chain.leaf if chain else "",
                peer=request.peer,
                app=answer.app,
            )
        )


@lru_cache(maxsize=1_000)
def _place(host: str, hosts: tuple[str, ...], ports: tuple[tuple[Listener, int], ...]) -> tuple[str, frozenset[str]]:
    """Return the org as a client sees it that came under this Host, and all addresses that are the org's."""
    server = _server_url(host, dict(ports), hosts)
    return server, _own_addresses(server, dict(ports), hosts)


def _server_url(host_and_port: str, ports: Mapping[Listener, int], hosts: Sequence[str]) -> str:
    """Return the scheme and host for serverUrl and the like. hosts: as `Router` has them.

    Salesforce leaves the port out, because it is 443. So do we, where a client came under a name without a port
    (curl --connect-to) or with Salesforce's own; where it named one of ours, the 443 stand-in's port has to be there.
    """
    host, separator, port = host_and_port.rpartition(":")
    if not separator or port.endswith("]"):
        host, port = host_and_port, ""
    if host in ("login.salesforce.com", "test.salesforce.com"):
        # The login service names the org's instance; the article's is na30.
        return "https://na30.salesforce.com"
    if host.lower() not in hosts and not host.lower().endswith(".salesforce.com"):
        # A name that a client, or somebody on the way, made up: it leads to wherever it likes.
        host, port = hosts[0], str(ports[Listener.API])
    ours = {str(number) for number in ports.values()}
    if port not in ours or (host.endswith(".salesforce.com") and port == "8443") or ports[Listener.API] == 443:
        return f"https://{host}"
    return f"https://{host}:{ports[Listener.API]}"


def _own_addresses(server: str, ports: Mapping[Listener, int], hosts: Sequence[str]) -> frozenset[str]:
    """Return the addresses that are the org's: the one in its URLs, and its doors. All in lower case."""
    doors = {f"https://{host}:{port}" for host in hosts for port in ports.values()}
    if server.endswith(".salesforce.com"):
        doors |= {f"{server}:443", f"{server}:8443"}
    return frozenset(address.lower() for address in (server, *doors))


def _compress(request: Request, answer: Answer) -> Answer:
    if "gzip" not in request.headers.get("Accept-Encoding", "") or answer.cut_after is not None:  # the latter is spoilt
        return answer
    if isinstance(answer.body, bytes):
        if len(answer.body) < _SMALLEST_GZIPPED:
            return answer
        body: bytes | Iterator[bytes] = b"".join(_gzipped([answer.body]))
    else:
        body = _gzipped(answer.body)
    headers = {**answer.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return replace(answer, body=body, headers=headers)


def _gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    # The least effort and little memory: beside a network of Salesforce's distance nobody would see the difference, but
    # here it would be most of what a short answer takes.
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16, 5)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def _roots_page(roots: list[x509.Certificate]) -> bytes:
    """Write the page of accepted roots. [simulated]: the look of Salesforce's own page."""
    rows = "".join(
        f"<tr><td>{escape(root.subject.rfc4514_string())}</td><td>{root.not_valid_after_utc:%Y-%m-%d}</td>"
        f"<td>SHA256: {root.fingerprint(hashes.SHA256()).hex(':').upper()}</td>"
        f"<td><pre>{root.public_bytes(Encoding.PEM).decode()}</pre></td></tr>"
        for root in roots
    )
    return (
        "<html><head><title>CA Certificates</title></head><body><h1>Root certificates this practice org accepts</h1>"
        f"<table><tr><th>Subject</th><th>Valid until</th><th>Fingerprint</th><th>PEM</th></tr>{rows}</table></body></html>"
    ).encode()
