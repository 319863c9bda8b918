"""The one place that sends: what it presents where, and what every way of failing becomes."""

from __future__ import annotations

import pickle
import re
import socket
import ssl
import struct
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.x509.oid import ExtendedKeyUsageOID
from raw_server import Behaviour, answering, http, read_request, server_tls, serving, silence, tunnelling

from sfmtls_nb import (
    CallTimeout,
    CertificatePageError,
    ClientIdentity,
    ConnectError,
    Exchange,
    HandshakeError,
    NotJsonError,
    NotSoapError,
    Org,
    OrgError,
    PasswordLogin,
    Request,
    SfmtlsError,
    login,
)
from sfmtls_nb.api import build_element, build_envelope, read_json, read_reply, serialize
from sfmtls_nb.connection import Transport
from sfmtls_nb.connection import transport as transport_module
from sfmtls_nb.connection.context import client_context
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.mutual import Authority, Issued

SECRET = "p455w0rd"
BODY = serialize(build_envelope(build_element("login", {"username": "me", "password": SECRET})))
HEADERS = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""', "Authorization": f"Bearer {SECRET}"}
REPLY = serialize(build_envelope(build_element("loginResponse")))


def call(org: Org, url: str, identity: ClientIdentity | None = None, *, certificate: bool = True) -> Exchange:
    with Transport(org, identity) as transport:
        return transport.send(transport.prepare("POST", url, HEADERS, BODY, certificate=certificate))


def port_of(door: str) -> int:
    return urlsplit(door).port or 443


def soap_url(door: str) -> str:
    return f"{door}/services/Soap/u/64.0"


@pytest.fixture(scope="session")
def impatient(org: Org) -> Org:
    """The practice org's roots, and little patience."""
    return replace(org, connect_timeout=0.5, read_timeout=0.5)


@pytest.fixture(scope="session")
def tls(practice: PracticeOrg, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """TLS for a raw server that the practice org's clients trust."""
    return server_tls(practice.authority.server, tmp_path_factory.mktemp("tls"))


# ---------------------------------------------------------------- what comes back


def test_an_exchange_holds_what_was_sent_and_what_came_back(impatient: Org, tls: ssl.SSLContext) -> None:
    seen: list[bytes] = []
    with serving(answering(http(REPLY, "X-Mine: 1", status="500 Oops"), seen=seen), tls) as where:
        exchange = call(impatient, f"https://{where}/path")
    assert (exchange.request.body, exchange.status, exchange.response_headers["x-mine"], exchange.response_body) == (
        BODY,
        500,
        "1",
        REPLY,
    )
    assert [(s.partition(b"\r\n")[0], s.partition(b"\r\n\r\n")[2]) for s in seen] == [(b"POST /path HTTP/1.1", BODY)]


def test_a_get_sends_no_body_and_says_that_it_was_one(impatient: Org, tls: ssl.SSLContext) -> None:
    seen: list[bytes] = []
    with serving(answering(http(b"[1]"), seen=seen), tls) as where, Transport(impatient) as transport:
        exchange = transport.send(
            transport.prepare("GET", f"https://{where}/path?q=1", {"Authorization": f"Bearer {SECRET}"})
        )
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert (b"GET /path?q=1 HTTP/1.1", False, b"") == (head.partition(b"\r\n")[0], b"Content-Length" in head, body)
    assert ("GET", b"", [1]) == (exchange.request.method, exchange.request.body, read_json(exchange))


def test_an_exchange_shows_its_address_without_a_session_id_in_it() -> None:
    exchange = Exchange(Request("POST", "https://h/x?sid=00D36000000bLGT!AQQAQMlp30Zpiy6", {}), status=200)
    assert "Exchange(POST https://h/x?sid=00D36000000bLGT!••••: HTTP 200)" == repr(exchange)


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_headers_and_bodies_show_themselves_without_what_is_secret(show: Callable[[object], str]) -> None:
    headers = {"Authorization": f"Bearer {SECRET}", "X-SFDC-Session": SECRET, "Accept": "text/xml"}
    request = Request("POST", "https://h", headers, SECRET.encode())
    assert "{'Authorization': 'Bearer ••••', 'X-SFDC-Session': '••••', 'Accept': 'text/xml'}" == show(request.headers)
    came = Exchange(request, response_body=SECRET.encode())
    assert ["<8 bytes>", "<8 bytes>"] == [show(request.body), show(came.response_body)]


def test_a_session_id_in_any_header_is_masked() -> None:
    came = {"Location": "https://h/frontdoor.jsp?sid=00D36000000bLGT!AQQAQMlp30", "Date": "today"}
    exchange = Exchange(Request("GET", "https://h", {}), response_headers=came)
    assert (False, "today") == ("AQQAQMlp30" in repr(exchange.response_headers), exchange.response_headers["date"])


def test_a_request_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Request("POST", "https://h", {"Authorization": f"Bearer {SECRET}"}, SECRET.encode()))


def test_headers_and_bodies_are_what_was_sent_all_the_same() -> None:
    request = Request("POST", "https://h", {"Authorization": f"Bearer {SECRET}"}, SECRET.encode())
    assert (f"Bearer {SECRET}", SECRET.encode()) == (request.headers["Authorization"], request.body)


def test_a_post_says_that_it_was_one(impatient: Org, tls: ssl.SSLContext) -> None:
    with serving(answering(http(REPLY)), tls) as where:
        assert "POST" == call(impatient, f"https://{where}").request.method


def test_a_get_that_fails_shows_no_token(impatient: Org, tls: ssl.SSLContext) -> None:
    with serving(answering(), tls) as where, Transport(impatient) as transport, pytest.raises(ConnectError) as caught:
        transport.send(transport.prepare("GET", f"https://{where}/", {"Authorization": f"Bearer {SECRET}"}))
    assert "GET" == caught.value.exchange.request.method
    assert SECRET not in repr(caught.value.exchange) + "".join(traceback.format_exception(caught.value))


def test_what_a_failure_came_of_has_let_go_of_the_request(impatient: Org, tls: ssl.SSLContext) -> None:
    with serving(silence, tls) as where, Transport(impatient) as transport, pytest.raises(CallTimeout) as caught:
        transport.send(Request("GET", f"https://{where}/", {"Authorization": "Bearer s3cret"}))
    assert isinstance(caught.value.__cause__, requests.RequestException)
    assert (None, None) == (caught.value.__cause__.request, caught.value.__cause__.response)


def test_a_redirected_get_is_no_json_and_names_where_it_leads(impatient: Org, tls: ssl.SSLContext) -> None:
    answer = http(b"{}", "Location: https://elsewhere.example/", status="302 Found")
    with serving(answering(answer), tls) as where, Transport(impatient) as transport:
        exchange = transport.send(transport.prepare("GET", f"https://{where}/", {}))
    with pytest.raises(NotJsonError, match=r"HTTP 302, Location: https://elsewhere") as caught:
        read_json(exchange)
    assert exchange is caught.value.exchange


def test_the_http_status_does_not_decide_what_the_answer_is(impatient: Org, tls: ssl.SSLContext) -> None:
    with serving(answering(http(REPLY, status="500 Oops")), tls) as where:
        assert read_reply(call(impatient, f"https://{where}")).operation == "loginResponse"


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_an_exchange_shows_no_body_and_no_header(
    show: Callable[[Exchange], str], impatient: Org, tls: ssl.SSLContext
) -> None:
    with serving(answering(http(SECRET.encode(), f"Set-Cookie: sid={SECRET}")), tls) as where:
        assert SECRET not in show(call(impatient, f"https://{where}"))


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Mon, 23 Nov 2026 09:00:00 GMT", datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("yesterday", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        (None, None),
    ],
)
def test_the_servers_clock_is_what_its_date_header_says(date: str | None, expected: datetime | None) -> None:
    headers = {"Date": date} if date else {}
    assert expected == Exchange(Request("GET", "https://h", {}), response_headers=headers).server_date


def counting(connections: list[int]) -> Behaviour:
    """Answers as often as the client asks, and counts the connections."""

    def behave(connection: socket.socket) -> None:
        connections.append(1)
        while read_request(connection):
            connection.sendall(http(REPLY))

    return behave


def test_calls_of_one_transport_share_a_connection(impatient: Org, tls: ssl.SSLContext) -> None:
    connections: list[int] = []
    with serving(counting(connections), tls) as where, Transport(impatient) as transport:
        for _ in range(3):
            transport.send(transport.prepare("POST", f"https://{where}", HEADERS, BODY))
    assert len(connections) == 1


def test_a_closed_transport_opens_a_new_connection(impatient: Org, tls: ssl.SSLContext) -> None:
    connections: list[int] = []
    with serving(counting(connections), tls) as where, Transport(impatient) as transport:
        transport.send(transport.prepare("POST", f"https://{where}", HEADERS, BODY))
        transport.close()
        transport.send(transport.prepare("POST", f"https://{where}", HEADERS, BODY))
    assert len(connections) == 2


# ---------------------------------------------------------------- the certificate goes to the mutual port alone


@pytest.fixture
def asking(practice: PracticeOrg, tmp_path: Path) -> ssl.SSLContext:
    """A raw server's TLS that asks for a client certificate, and takes none as well."""
    context = server_tls(practice.authority.server, tmp_path)
    context.load_verify_locations(practice.client.root)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


@pytest.mark.parametrize("row", [(True, True, True), (True, False, False), (False, True, False)])
def test_the_certificate_is_presented_on_the_mutual_port_unless_left_at_home(
    row: tuple[bool, bool, bool], asking: ssl.SSLContext, impatient: Org, identity: ClientIdentity
) -> None:
    on_the_mutual_port, certificate, presented = row
    seen: list[bool] = []

    def behave(connection: socket.socket) -> None:
        assert isinstance(connection, ssl.SSLSocket)
        seen.append(bool(connection.getpeercert()))
        answering(http(REPLY))(connection)

    with serving(behave, asking) as where:
        org = replace(impatient, mutual_port=port_of(f"//{where}") if on_the_mutual_port else 8443)
        exchange = call(org, f"https://{where}", identity, certificate=certificate)
    assert (presented, [presented]) == (exchange.request.identity is not None, seen)


# ---------------------------------------------------------------- refused before sending


@pytest.mark.parametrize(
    "headers",
    [
        {"X": "ü"},
        {"X": "日本"},
        {"X": "a\r\nB: c"},
        {"X": " a"},
        {"X": "a\0"},
        {"ü": "a"},
        {"": "a"},
        {"X Y": "a"},
        {"X": 5},
        {5: "a"},
    ],
)
def test_a_header_that_cannot_be_sent_is_refused_and_its_value_not_shown(headers: Any, impatient: Org) -> None:
    with Transport(impatient) as transport, pytest.raises(SfmtlsError, match="cannot be sent") as caught:
        transport.prepare("GET", "https://localhost/", {**headers, "Authorization": f"Bearer {SECRET}"})
    assert ("日本" in str(caught.value), SECRET in str(caught.value)) == (False, False)


def test_a_header_in_ascii_is_sent(impatient: Org, tls: ssl.SSLContext) -> None:
    seen: list[bytes] = []
    with serving(answering(http(b"1"), seen=seen), tls) as where, Transport(impatient) as transport:
        transport.send(transport.prepare("GET", f"https://{where}/", {"X-Mine": 'a; b="c"', "X-None": ""}))
    assert b'X-Mine: a; b="c"\r\n' in seen[0]


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every host that anyone asks the address of."""
    asked: list[Any] = []
    look_up = socket.getaddrinfo

    def spy(host: Any, *arguments: Any, **options: Any) -> Any:
        asked.append(host)
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", spy)
    return asked


@pytest.mark.parametrize(
    "url",
    [
        "https://login.salesforce.com:8443/services/Soap/u/64.0",
        "https://test.salesforce.com:8443/",
        "http://127.0.0.1/",
        "https://me:you@127.0.0.1/",
        "https://two..dots/",
        "",
    ],
)
def test_a_url_that_cannot_work_is_refused_before_anything_is_sent(url: str, lookups: list[Any]) -> None:
    with pytest.raises(OrgError):
        call(Org(), url)
    assert lookups == []


def test_a_ca_file_that_cannot_be_used_is_refused_before_anything_is_sent(lookups: list[Any]) -> None:
    with pytest.raises(OrgError, match="cannot be used"):
        call(Org(ca_file="no such file"), "https://localhost")
    assert lookups == []


def test_what_can_work_is_looked_up(lookups: list[Any]) -> None:
    with pytest.raises(ConnectError):
        call(Org(), "https://acme.my.salesforce.com/")
    assert lookups == ["acme.my.salesforce.com"]


# ---------------------------------------------------------------- every way of failing

Place = Callable[[ssl.SSLContext], Any]  # gives a context manager of HOST:PORT


@contextmanager
def nobody(_tls: ssl.SSLContext) -> Iterator[str]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    yield f"127.0.0.1:{port}"


@contextmanager
def no_such_host(_tls: ssl.SSLContext) -> Iterator[str]:
    yield "no-such-host.example"


@contextmanager
def nobody_who_accepts(_tls: ssl.SSLContext) -> Iterator[str]:
    """A listener whose queue is full: Linux drops what comes after, as a firewall does."""
    with ExitStack() as stack:
        listening = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0), backlog=0)))
        for _ in range(5):
            waiting = stack.enter_context(closing(socket.socket()))
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(listening.getsockname())
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def once(answer: bytes) -> Behaviour:
    """Reads something, whatever it is, and answers."""

    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return behave


def hanging_up(_connection: socket.socket) -> None:
    """Says nothing and leaves."""


def reset(connection: socket.socket) -> None:
    """Reads a request and breaks the connection."""
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def stalling(answer: bytes) -> Behaviour:
    """Answers with this, and then says no more, until the client leaves."""

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer)
        silence(connection)

    return behave


def without_tls(behave: Behaviour) -> Place:
    return lambda _tls: serving(behave)


def with_tls(behave: Behaviour) -> Place:
    return partial(serving, behave)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Failure(NamedTuple):
    """A way of failing, and what becomes of it."""

    place: Place
    kind: type[SfmtlsError]
    words: str


FAILURES = {
    "no such host": Failure(no_such_host, ConnectError, "there is no host no-such-host.example"),
    "a dead port": Failure(nobody, ConnectError, "nobody listens at 127.0.0.1:"),
    "a full queue": Failure(nobody_who_accepts, CallTimeout, "did not take the connection within 0.5 s"),
    "accepted, then silence": Failure(without_tls(silence), CallTimeout, "took the connection and then said nothing"),
    "accepted, then hung up": Failure(without_tls(hanging_up), ConnectError, "ended before an answer came"),
    "plain HTTP": Failure(
        without_tls(once(http(b"Speak TLS", status="400 Bad"))), HandshakeError, "does not speak TLS"
    ),
    "plain SSH": Failure(without_tls(once(b"SSH-2.0-OpenSSH_9.2p1\r\n")), HandshakeError, "does not speak TLS"),
    "TLS, then silence": Failure(with_tls(silence), CallTimeout, "took the connection and then said nothing"),
    "TLS, then hung up": Failure(with_tls(answering()), ConnectError, "ended before an answer came"),
    "TLS, then a reset": Failure(with_tls(reset), ConnectError, "ended before an answer came"),
    "no HTTP": Failure(
        with_tls(answering(b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n")), ConnectError, "the answer of .* is not HTTP"
    ),
    "endless headers": Failure(
        with_tls(answering(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 999 + b"\r\n")),
        ConnectError,
        "the answer of .* is not HTTP",
    ),
    "a chunk of -5 bytes": Failure(
        with_tls(answering(CHUNKED, b"-5\r\n", REPLY)), ConnectError, "the answer of .* is not HTTP"
    ),
    "a chunk without end": Failure(
        with_tls(answering(CHUNKED, b"-1\r\n", REPLY)), ConnectError, "the answer of .* is not HTTP"
    ),
    "headers only": Failure(with_tls(answering(http(length=100))), ConnectError, "the answer of .* was cut off"),
    "half a body": Failure(
        with_tls(answering(http(REPLY[:-9], length=len(REPLY)))), ConnectError, "the answer of .* was cut off"
    ),
    "half a chunk": Failure(
        with_tls(answering(CHUNKED, b"64\r\n", REPLY[:9])), ConnectError, "the answer of .* was cut off"
    ),
    "no last chunk": Failure(with_tls(answering(CHUNKED, b"1\r\n<\r\n")), ConnectError, "the answer of .* was cut off"),
    "no gzip": Failure(
        with_tls(answering(http(b"plain", "Content-Encoding: gzip"))),
        ConnectError,
        "the answer of .* cannot be unpacked",
    ),
    "half a body, then silence": Failure(
        with_tls(stalling(http(REPLY[:9], length=len(REPLY)))), CallTimeout, "said nothing in time"
    ),
}


@pytest.fixture(scope="module", params=FAILURES.values(), ids=[*FAILURES])
def failed(request: pytest.FixtureRequest, impatient: Org, tls: ssl.SSLContext) -> tuple[Failure, SfmtlsError]:
    """A call that failed in one of these ways, and its error."""
    failure: Failure = request.param
    with failure.place(tls) as where, pytest.raises(SfmtlsError) as caught:
        call(impatient, f"https://{where}/")
    return failure, caught.value


def test_a_failing_connection_is_named_for_what_it_is(failed: tuple[Failure, SfmtlsError]) -> None:
    failure, error = failed
    assert (failure.kind, True) == (type(error), bool(re.search(failure.words, error.what))), error


def test_a_failing_connection_has_its_evidence_and_a_next_step(failed: tuple[Failure, SfmtlsError]) -> None:
    _, error = failed
    assert (bool(error.evidence), bool(error.next_step)) == (True, True)


def test_a_failed_exchange_has_what_was_sent_and_no_status(failed: tuple[Failure, SfmtlsError]) -> None:
    exchange = failed[1].exchange
    assert (exchange.request.body, exchange.status, exchange.response_body) == (BODY, None, b"")


def test_the_whole_traceback_of_a_failure_shows_no_secret(failed: tuple[Failure, SfmtlsError]) -> None:
    assert SECRET not in "".join(traceback.format_exception(failed[1]))


@pytest.mark.parametrize("port", ["on the mutual port", "elsewhere"])
def test_a_connection_that_ends_in_silence_names_no_cause_but_what_would_show_one(
    port: str, impatient: Org, identity: ClientIdentity, tls: ssl.SSLContext
) -> None:
    with serving(answering(), tls) as where:
        org = replace(impatient, mutual_port=port_of(f"//{where}") if port == "on the mutual port" else 8443)
        with pytest.raises(ConnectError, match="ended before an answer came") as caught:
            call(org, f"https://{where}/", identity)
    assert (port == "on the mutual port") == ("certificate=False" in caught.value.next_step)


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", b"\0\0\0\r\n", CHUNKED + b"-5\r\nx\r\n"])
def test_an_answer_that_is_not_http_is_not_taken_for_a_refused_certificate(
    answer: bytes, impatient: Org, identity: ClientIdentity, tls: ssl.SSLContext
) -> None:
    with serving(answering(answer), tls) as where:
        org = replace(impatient, mutual_port=port_of(f"//{where}"))
        with pytest.raises(ConnectError, match="is not HTTP") as caught:
            call(org, f"https://{where}/", identity)
    assert "certificate" not in str(caught.value)


def test_an_end_within_the_handshake_is_said_to_be_one(impatient: Org) -> None:
    with serving(hanging_up) as where, pytest.raises(ConnectError, match="evidence: in the TLS handshake"):
        call(impatient, f"https://{where}/")


@pytest.mark.parametrize("status", ["304 Not Modified", "300 Multiple Choices"])
def test_an_answer_that_leads_nowhere_is_no_redirect(status: str, impatient: Org, tls: ssl.SSLContext) -> None:
    with serving(answering(http(status=status)), tls) as where:
        exchange = call(impatient, f"https://{where}")
    for read in (read_reply, read_json):
        with pytest.raises((NotSoapError, NotJsonError), match=rf"HTTP {status[:3]}, which brings nothing[^$]*cache"):
            read(exchange)


def test_xml_cut_short_in_a_whole_http_body_is_called_cut_off(impatient: Org, tls: ssl.SSLContext) -> None:
    with serving(answering(http(REPLY[:-9])), tls) as where:
        exchange = call(impatient, f"https://{where}")
    with pytest.raises(NotSoapError, match="is cut off") as caught:
        read_reply(exchange)
    assert exchange is caught.value.exchange


# ---------------------------------------------------------------- whom we trust


def test_a_server_is_trusted_by_the_named_root_alone(practice: PracticeOrg) -> None:
    with pytest.raises(HandshakeError, match=r"is not trusted[^$]*the public roots"):
        call(Org(), soap_url(practice.api_url))


def test_another_root_does_not_help(practice: PracticeOrg) -> None:
    with pytest.raises(HandshakeError, match=r"is not trusted[^$]*only the roots in .*root\.crt"):
        call(Org(ca_file=practice.client.root), soap_url(practice.api_url))


def test_the_named_root_does(practice: PracticeOrg) -> None:
    assert call(Org(ca_file=practice.ca_file), soap_url(practice.api_url)).status == 500  # the password is wrong


def test_a_call_adds_no_roots_to_those_we_chose(
    practice: PracticeOrg, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    # requests' own adapter would add the public ones.
    contexts: list[ssl.SSLContext] = []

    def remembered(*arguments: Any) -> ssl.SSLContext:
        contexts.append(client_context(*arguments))
        return contexts[-1]

    monkeypatch.setattr(transport_module, "client_context", remembered)
    call(org, soap_url(practice.api_url))
    assert [context.cert_store_stats()["x509_ca"] for context in contexts] == [1]


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ({"names": ["other.example"]}, "is not for this host"),
        ({"names": ["127.0.0.1"], "starts": timedelta(days=-9), "days": -1}, "has expired"),
        ({}, "is not for this host"),
    ],
)
def test_a_certificate_that_is_not_good_for_this_host_is_refused_and_nothing_sent(
    profile: dict[str, Any], words: str, practice: PracticeOrg, impatient: Org, tmp_path: Path
) -> None:
    wrong = practice.authority.issue("other.example", practice.authority.server_root, **profile)
    seen: list[bytes] = []
    with (
        serving(answering(http(REPLY), seen=seen), server_tls(wrong, tmp_path)) as where,
        pytest.raises(HandshakeError, match=words),
    ):
        call(impatient, f"https://{where}")
    assert seen == []


# ---------------------------------------------------------------- a server that refuses inside TLS


@pytest.fixture(params=["TLSv1_2", "TLSv1_3"])
def version(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The only TLS version that this side speaks."""

    def limited(*arguments: Any) -> ssl.SSLContext:
        context = client_context(*arguments)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[request.param]
        return context

    monkeypatch.setattr(transport_module, "client_context", limited)
    return str(request.param)


def identity_of(leaf: Issued, *issuers: Issued) -> ClientIdentity:
    return ClientIdentity.load(leaf.key_pem, leaf.certificate_pem, *(issuer.certificate_pem for issuer in issuers))


def wrong_ca(_authority: Authority) -> ClientIdentity:
    client = Authority(["localhost"]).client
    return identity_of(client.leaf, *client.intermediates)


def no_intermediate(authority: Authority) -> ClientIdentity:
    return identity_of(authority.client.leaf)


def self_signed(authority: Authority) -> ClientIdentity:
    return identity_of(authority.issue("me.example", purposes=[ExtendedKeyUsageOID.CLIENT_AUTH]))


def the_right_one(authority: Authority) -> ClientIdentity:
    return identity_of(authority.client.leaf, *authority.client.intermediates)


@pytest.fixture
def strict(practice: PracticeOrg, org: Org) -> Org:
    """The practice org with its strict listener in the place of 8443."""
    return replace(org, mutual_port=port_of(practice.strict_url))


@pytest.mark.usefixtures("version")
def test_a_strict_server_takes_a_good_certificate(practice: PracticeOrg, strict: Org) -> None:
    me = the_right_one(practice.authority)
    assert (
        call(strict, soap_url(practice.strict_url), me).status == 500
    )  # it came as far as the password, which is wrong


def test_a_strict_server_refuses_a_call_without_certificate(version: str, practice: PracticeOrg, strict: Org) -> None:
    alert = {"TLSv1_2": "SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSv1_3": "TLSV13_ALERT_CERTIFICATE_REQUIRED"}[version]
    with pytest.raises(HandshakeError, match=rf"client certificate[^$]*TLS alert {alert}"):
        call(strict, soap_url(practice.strict_url))


@pytest.mark.usefixtures("version")
@pytest.mark.parametrize("make", [wrong_ca, no_intermediate, self_signed])
def test_a_strict_server_refuses_a_chain_it_cannot_follow(
    make: Callable[[Authority], ClientIdentity], practice: PracticeOrg, strict: Org
) -> None:
    me = make(practice.authority)
    with pytest.raises(HandshakeError, match=r"does not lead it to a root[^$]*TLSV1_ALERT_UNKNOWN_CA"):
        call(strict, soap_url(practice.strict_url), me)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (wrong_ca, "unable to get local issuer certificate"),
        (no_intermediate, "unable to get local issuer certificate"),
        (self_signed, "self-signed certificate"),
    ],
)
def test_the_8443_stand_in_answers_the_same_with_a_page(
    make: Callable[[Authority], ClientIdentity], reason: str, practice: PracticeOrg, org: Org
) -> None:
    exchange = call(org, soap_url(practice.mutual_url), make(practice.authority))
    with pytest.raises(CertificatePageError) as caught:
        read_reply(exchange)
    assert reason == caught.value.reason


# ---------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int, impatient: Org, tls: ssl.SSLContext) -> None:
    seen: list[bytes] = []
    with serving(answering(http(REPLY), seen=seen), tls) as elsewhere:
        there = f"Location: https://{elsewhere}/"
        with serving(answering(http(b"", there, status=f"{status} Go away")), tls) as where:
            exchange = call(impatient, f"https://{where}")
    assert (exchange.status, seen) == (status, [])


@pytest.mark.parametrize("body", [b"", REPLY, b"<html>moved</html>"])
def test_a_redirect_is_no_reply_and_names_where_it_leads(body: bytes, impatient: Org, tls: ssl.SSLContext) -> None:
    there = "Location: https://na30.salesforce.com/frontdoor.jsp?sid=00D36000000bLGT%21AQsecret"
    with serving(answering(http(body, there, status="302 Found")), tls) as where:
        exchange = call(impatient, f"https://{where}")
    with pytest.raises(NotSoapError, match=r"HTTP 302, Location: https://na30\.salesforce\.com") as caught:
        read_reply(exchange)
    assert "AQsecret" not in str(caught.value)


# ---------------------------------------------------------------- the environment


@pytest.mark.parametrize(
    "variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
)
def test_the_environment_does_not_come_between_us_and_loopback(
    variable: str, practice: PracticeOrg, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "/nonexistent" if "BUNDLE" in variable else "http://127.0.0.1:9")
    with login(org, PasswordLogin(*practice.user("standard"))) as session:
        assert session.get_user_info().operation == "getUserInfoResponse"


@pytest.mark.parametrize("body", [b"", b"<a/>"])
def test_a_post_tells_how_long_it_is_and_is_in_one_piece(body: bytes, impatient: Org, tls: ssl.SSLContext) -> None:
    seen: list[bytes] = []
    with serving(answering(http(REPLY), seen=seen), tls) as where, Transport(impatient) as transport:
        transport.send(transport.prepare("POST", f"https://{where}", {}, body))
    assert f"content-length: {len(body)}\r\n".encode() in seen[0].lower()
    assert b"transfer-encoding" not in seen[0].lower()


def test_a_netrc_file_adds_no_password(
    impatient: Org, tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password p455w0rd\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    seen: list[bytes] = []
    with serving(answering(http(REPLY), seen=seen), tls) as where, Transport(impatient) as transport:
        transport.send(transport.prepare("POST", f"https://{where}", {}, b""))
    assert b"authorization" not in seen[0].lower()


ACME = "https://acme.my.salesforce.com"


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_session_goes_through_a_proxy_with_its_certificate(
    practice: PracticeOrg, identity: ClientIdentity, no_proxies: pytest.MonkeyPatch
) -> None:
    # Under Salesforce's own names and ports, which lead to the practice org here.
    ports = {
        b"acme.my.salesforce.com:443": port_of(practice.api_url),
        b"acme.my.salesforce.com:8443": port_of(practice.mutual_url),
    }
    seen: list[bytes] = []
    with serving(tunnelling(ports, seen)) as proxy:
        no_proxies.setenv("HTTPS_PROXY", f"http://{proxy}")
        org = Org(ACME, ca_file=practice.ca_file)
        with login(org, PasswordLogin(*practice.user("enforced")), identity) as session:
            assert session.get_user_info().text(".//userName") == "enforced@practice.example"
    assert [*ports] == seen


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's roots are in no file")
def test_a_proxy_may_speak_tls_itself_and_keeps_to_the_bounds(
    practice: PracticeOrg, tls: ssl.SSLContext, no_proxies: pytest.MonkeyPatch
) -> None:
    no_proxies.setenv("SSL_CERT_FILE", str(practice.ca_file))  # whom the system trusts
    org = Org(ACME, ca_file=practice.ca_file, call_timeout=20)
    with serving(tunnelling({b"acme.my.salesforce.com:443": port_of(practice.api_url)}, []), tls) as proxy:
        no_proxies.setenv("HTTPS_PROXY", f"https://{proxy}")
        with login(org, PasswordLogin(*practice.user("standard"))) as session:
            assert session.get_user_info().text(".//userName") == "standard@practice.example"
    with serving(silence, tls) as proxy:
        no_proxies.setenv("HTTPS_PROXY", f"https://{proxy}")
        with pytest.raises(CallTimeout, match=r"was not over within 0\.5 s"):
            call(replace(org, call_timeout=0.5), f"{ACME}/")


def test_a_proxy_that_refuses_is_named(no_proxies: pytest.MonkeyPatch) -> None:
    with serving(answering(http(b"", status="403 Forbidden"))) as proxy:
        no_proxies.setenv("HTTPS_PROXY", f"http://{proxy}")
        with pytest.raises(ConnectError, match=r"the proxy on the way to acme\.my\S+:8443 did not let"):
            call(Org(), f"{ACME}:8443/")


@pytest.mark.parametrize(
    "proxy", ["http://127.0.0.1:9", "http://no-such-proxy.example:3128", "no-such-proxy.example:1"]
)
def test_a_proxy_that_is_not_there_is_not_mistaken_for_the_org(proxy: str, no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ConnectError, match=r"the proxy on the way to acme\.my\S+:443 did not let"):
        call(Org(), f"{ACME}/")


@pytest.mark.parametrize(
    "proxy",
    [
        "socks5://127.0.0.1:9",
        "http://me:p455w0rd@127.0.0.1:port",
        "http://127.0.0.1:99999",
        "http://",
        "://",
        "http://[::1",
        "ftp://127.0.0.1:9",
        "http://a b:80",
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    proxy: str, no_proxies: pytest.MonkeyPatch, identity: ClientIdentity
) -> None:
    no_proxies.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ConnectError, match="prox") as caught:
        call(Org(), f"{ACME}:8443/", identity)
    assert (False, False) == (
        "certificate" in str(caught.value),
        "p455w0rd" in "".join(traceback.format_exception(caught.value)),
    )


def test_a_proxy_that_wants_a_password_is_said_to(no_proxies: pytest.MonkeyPatch) -> None:
    with serving(answering(http(b"", status="407 Proxy Authentication Required"))) as proxy:
        no_proxies.setenv("HTTPS_PROXY", f"http://{proxy}")
        with pytest.raises(ConnectError, match=r"the proxy on the way[^$]*407[^$]*NAME:PASSWORD"):
            call(Org(), f"{ACME}/")


def test_a_host_named_in_no_proxy_is_called_without_the_proxy(no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    no_proxies.setenv("NO_PROXY", ".salesforce.com")
    with pytest.raises(ConnectError, match=r"there is no host acme\.my"):
        call(Org(), f"{ACME}/")


def test_the_proxies_are_those_of_the_moment(no_proxies: pytest.MonkeyPatch) -> None:
    refusals = []
    with Transport(Org()) as transport:
        for proxy in ("", "http://127.0.0.1:9", ""):
            no_proxies.setenv("HTTPS_PROXY", proxy)
            with pytest.raises(ConnectError) as caught:
                transport.send(transport.prepare("GET", f"{ACME}/", {}))
            refusals.append("proxy" in caught.value.what)
    assert [False, True, False] == refusals
