"""Router: which part of the org answers a request; what all answers have in common; and what the org notes of them."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice.api.bulk import BulkApi
from sfmtls_nb.practice.api.bulk1 import Bulk1Api
from sfmtls_nb.practice.api.oauth import ConnectedApp, OAuthApi
from sfmtls_nb.practice.api.queries import Queries
from sfmtls_nb.practice.api.rest import RestApi
from sfmtls_nb.practice.api.soap import SoapApi
from sfmtls_nb.practice.data.database import Database
from sfmtls_nb.practice.events import Event, EventLog
from sfmtls_nb.practice.failures import FAILURES, ORG_FAILURES, failure
from sfmtls_nb.practice.mutual.gate import Presented, certificate_page
from sfmtls_nb.practice.mutual.tls import name_of, verify_client_chain
from sfmtls_nb.practice.refusal import CertificatePageRefusal
from sfmtls_nb.practice.request import Answer, Listener, Request
from sfmtls_nb.practice.state import OrgState

_HTML: Final = "text/html; charset=UTF-8"
_SMALLEST_GZIPPED: Final = 1_000
_CODE: Final = re.compile(rb'"errorCode": ?"(\w+)"|exceptionCode>(\w+)<|"error": ?"(\w+)"')
#: Of a target or a name that somebody else chose; characters.
_MOST_NOTED: Final = 200
#: A host of a URI (RFC 3986, 3.2.2) that a name or an address of ours could be, and a port.
_HOST: Final = re.compile(r"(?:[A-Za-z0-9._~-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{0,5})?")
_NEXT_PAGE: Final = re.compile(r"/query(All)?/01g")


class Api(Protocol):
    """A part of the org that answers some of the requests."""

    def serves(self, request: Request) -> bool: ...  # the name says it

    def answer(self, request: Request, presented: Presented) -> Answer: ...  # as above


class Router:
    """Answers every request: from it, the presented chain, the clock and the state of the org."""

    def __init__(self, state: OrgState, database: Database, app: ConnectedApp, events: EventLog) -> None:
        self._state, self._events = state, events
        queries = Queries(database, state.clock)
        self._apis: tuple[Api, ...] = (
            SoapApi(state, queries),
            BulkApi(state, database, state.clock),
            RestApi(state, queries, database),
            Bulk1Api(state, database, state.clock),
            OAuthApi(state, app),
        )
        #: What is still to go wrong, and how many times.
        self.armed: dict[str, int | None] = {}

    # ------------------------------------------------------------ failures on request

    def arm(self, name: str, times: int | None = 1) -> None:
        """Let the next ``times`` API calls fail so (None: all, until `disarm`). Raises PracticeError for no such failure."""
        if name not in ORG_FAILURES:
            failure(name)
        if times is not None and times < 1:
            raise PracticeError(
                f"a failure cannot be armed {times} times", next_step="once or more; None: until disarm() takes it back"
            )
        self.armed[name] = times

    def disarm(self) -> None:
        """Let everything go well again."""
        self.armed.clear()

    # ------------------------------------------------------------ answering

    def answer(self, request: Request, ports: Mapping[Listener, int]) -> Answer:
        """The answer; ``ports`` are the org's own, for the URLs in it."""
        started = time.perf_counter()
        host = request.headers.get("Host", "").strip()
        if host and not _HOST.fullmatch(host):
            # RFC 9112, 3.2: "any request message that contains … an invalid field value" for Host. It would be in serverUrl.
            answer = Answer(400, _HTML, b"<html><body>Bad Request: invalid Host</body></html>")
            self._note(request, self._presented(request), answer, "", time.perf_counter() - started)
            return answer
        request = replace(request, server=server_url(request, ports))
        presented = self._presented(request)
        user = self._session_user(request)
        try:
            if presented.flaw and request.listener is not Listener.API:
                raise CertificatePageRefusal(presented.flaw)  # layer 1, for everyone and everything
            answer = self._spoilt(request, presented)
        except CertificatePageRefusal as refusal:
            # [simulated] The page's HTTP status was not found.
            answer = Answer(403, _HTML, certificate_page(refusal.reason), operation="")
        self._note(request, presented, answer, user, time.perf_counter() - started)
        return _gzipped(request, answer)

    def _spoilt(self, request: Request, presented: Presented) -> Answer:
        """The answer of whoever serves the request, or what an armed failure makes of it."""
        calling = request.path.startswith("/services/") and "/oauth2/" not in request.path
        is_login = calling and b"login>" in request.body[:5_000] and "/Soap/" in request.path
        if not calling or is_login:
            return self._served(request, presented)
        more = b"queryMore" in request.body[:5_000] or bool(_NEXT_PAGE.search(request.path))
        if more and self._use("session-expires"):
            self._state.sessions.clear()
        if self._use("limit-exceeded"):
            kept, self._state.call_limit = self._state.call_limit, 0
            try:
                return self._served(request, presented)
            finally:
                self._state.call_limit = kept
        answer = self._served(request, presented)
        for name in [name for name in self.armed if name in FAILURES]:
            if self._use(name):
                answer = FAILURES[name].spoil(replace(answer, body=answer.whole_body))
        return answer

    def _use(self, name: str) -> bool:
        """Whether that failure is armed; if so, once less from now on."""
        if name not in self.armed:
            return False
        left = self.armed[name]
        if left is not None:
            self.armed[name] = left - 1
            if left <= 1:
                del self.armed[name]
        return True

    def _served(self, request: Request, presented: Presented) -> Answer:
        for api in self._apis:
            if api.serves(request):
                return api.answer(request, presented)
        if request.path == "/cacerts.jsp":
            return Answer(200, _HTML, _roots_page(self._state.accepted_roots), operation="cacerts.jsp")
        return Answer(404, _HTML, b"<html><body>URL No Longer Exists</body></html>")

    def _presented(self, request: Request) -> Presented:
        if not request.chain:
            return Presented(certificate=False, flaw=None, uploaded=False)
        flaw = verify_client_chain(request.chain, self._state.accepted_roots, self._state.clock())
        if flaw is None and any(certificate in self._state.revoked for certificate in request.chain):
            flaw = "certificate revoked"
        return Presented(certificate=True, flaw=flaw, uploaded=request.chain[0] in self._state.uploaded_leaves)

    # ------------------------------------------------------------ what the org saw

    def _session_user(self, request: Request) -> str:
        """Whose session the request names, wherever it names it; before it is answered, for logout ends it."""
        token = request.headers.get("Authorization", "").partition(" ")[2] or request.headers.get("X-SFDC-Session", "")
        if not token:
            found = re.search(rb"sessionId[^>]*>\s*([^<\s]+)", request.body[:5_000])
            token = found[1].decode("ascii", "replace") if found else ""
        session = self._state.sessions.get(token.strip())
        return session.user.username if session else ""

    def _note(self, request: Request, presented: Presented, answer: Answer, user: str, seconds: float) -> None:
        found = _CODE.search(answer.body[:2_000]) if isinstance(answer.body, bytes) and answer.status >= 400 else None
        code = next(group for group in found.groups() if group).decode() if found else ""
        page = isinstance(answer.body, bytes) and b"<title>Certificate Error" in answer.body[:100]
        layer_2 = ""
        if code == "MUTUAL_AUTHENTICATION_FAILED":
            layer_2 = code
        elif user and not presented.flaw:
            layer_2 = "page" if page else "pass"
        self._events.add(
            Event(
                "request",
                request.listener,
                tuple(name_of(certificate)[:_MOST_NOTED] for certificate in request.chain),
                presented.flaw or "",
                layer_2,
                user,
                (answer.operation or f"{request.method} {request.path.rstrip('/').rpartition('/')[2]}")[:_MOST_NOTED],
                answer.status,
                code,
                seconds,
                leaf=request.chain[0].fingerprint(hashes.SHA256()).hex() if request.chain else "",
            )
        )


def server_url(request: Request, ports: Mapping[Listener, int]) -> str:
    """Scheme and host for serverUrl and the like.

    Salesforce leaves the port out, because it is 443. So do we, where a client came under a name without a port
    (curl --connect-to) or with Salesforce's own; where it named one of ours, the 443 stand-in's port has to be there.
    """
    host, separator, port = request.headers.get("Host", "").rpartition(":")
    if not separator or port.endswith("]"):
        host, port = request.headers.get("Host", ""), ""
    if host in ("login.salesforce.com", "test.salesforce.com"):
        # The login service names the org's instance; the article's is na30.
        return "https://na30.salesforce.com"
    if not host:
        host, port = "localhost", str(ports[Listener.API])
    ours = {str(number) for number in ports.values()}
    if port not in ours or (host.endswith(".salesforce.com") and port == "8443") or ports[Listener.API] == 443:
        return f"https://{host}"
    return f"https://{host}:{ports[Listener.API]}"


def _gzipped(request: Request, answer: Answer) -> Answer:
    spoilt = answer.cut_after is not None
    if "gzip" not in request.headers.get("Accept-Encoding", "") or not isinstance(answer.body, bytes) or spoilt:
        return answer
    if len(answer.body) < _SMALLEST_GZIPPED:
        return answer
    headers = {**answer.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return replace(answer, body=gzip.compress(answer.body, 5), headers=headers)


def _roots_page(roots: list[x509.Certificate]) -> bytes:
    """[simulated] The page lists the accepted roots; how Salesforce's own looks is not known here."""
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
