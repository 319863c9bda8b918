"""The three listeners, on real sockets: what they take, what they refuse, and that nothing stops or leaks."""

from __future__ import annotations

import copy
import gzip
import logging
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import SSL

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice.mutual import Authority, Issued, server_context
from sfmtls_nb.practice.request import Answer, Listener, Request
from sfmtls_nb.practice.server import Server

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
GET_AND_CLOSE = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
LIMIT = 52_428_800
TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def tell(request: Request) -> Answer:
    """What came: method, length of the body, length of the chain."""
    if request.path == "/mistake":
        raise RuntimeError("a mistake of the practice org's")
    said = f"{request.method} {len(request.body)} bytes {len(request.chain)} certificates"
    return Answer(200, "text/plain", said.encode())


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(["localhost"])


def context_of_none(listener: Listener) -> SSL.Context:
    raise AssertionError(listener)


@contextmanager
def running(
    authority: Authority, answerer: Callable[[Request], Answer] = tell, *, quick: bool = False
) -> Iterator[Server]:
    contexts = {door: server_context(door, authority.server, [authority.client.root.certificate]) for door in Listener}
    server = Server(
        "localhost",
        dict.fromkeys(Listener, 0),
        contexts.__getitem__,
        answerer,
        lambda event: None,
        quick=lambda request: quick,
    )
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[Server]:
    with running(authority) as started:
        yield started


class Client:
    """A TLS client of the standard library alone: nothing of this package's client side is used here."""

    def __init__(self, authority: Authority, server: Server, folder: Path) -> None:
        self.authority, self.server, self._folder = authority, server, folder
        self._open: list[socket.socket] = []

    def context(self, *certificates: Issued, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        """A context that presents the first certificate with its key, and the others after it; or none."""
        made = ssl.create_default_context(cadata=self.authority.server_root.certificate_pem.decode())
        if version:
            made.minimum_version = made.maximum_version = version
        if certificates:
            pem = self._folder / "client.pem"
            pem.write_bytes(certificates[0].key_pem + b"".join(issued.certificate_pem for issued in certificates))
            made.load_cert_chain(pem)
        return made

    def knock(self, door: Listener, server: Server | None = None) -> socket.socket:
        """A TCP connection."""
        self._open.append(socket.create_connection(("localhost", (server or self.server).ports[door]), timeout=5))
        return self._open[-1]

    def connect(
        self,
        door: Listener = Listener.API,
        server: Server | None = None,
        context: ssl.SSLContext | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        """A TLS connection."""
        tcp = self.knock(door, server)
        tls = (context or self.context()).wrap_socket(tcp, server_hostname="localhost", session=session)
        self._open.append(tls)
        return tls

    def close(self) -> None:
        while self._open:
            self._open.pop().close()


@pytest.fixture
def client(authority: Authority, server: Server, tmp_path: Path) -> Iterator[Client]:
    made = Client(authority, server, tmp_path)
    yield made
    made.close()


def rest(connection: ssl.SSLSocket) -> bytes:
    """All that comes until the server closes; a reset is an end too."""
    received = b""
    with suppress(ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
        while chunk := connection.recv(65_536):
            received += chunk
    return received


def exchange(connection: ssl.SSLSocket, request: bytes) -> bytes:
    """All that comes back for a request, which the server may refuse before it has the whole of it."""
    with suppress(ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
        connection.sendall(request)
    return rest(connection)


def status(answer: bytes) -> bytes:
    return answer.partition(b"\r\n")[0].rstrip()


def refusal(client: Client, context: ssl.SSLContext, *, pause: float = 0.0) -> str:
    """The alert with which the server refuses, wherever in the call it arrives; or what came in its place."""
    try:
        connection = client.connect(Listener.STRICT, context=context)
        time.sleep(pause)
        connection.sendall(GET_AND_CLOSE)
        return connection.recv(100).decode()
    except ssl.SSLError as error:
        return error.reason or repr(error)
    except OSError as error:
        return repr(error)


def test_a_request_is_answered_on_443(client: Client) -> None:
    assert exchange(client.connect(), GET_AND_CLOSE).endswith(b"GET 0 bytes 0 certificates")


def test_a_request_is_answered_a_second_time_on_the_same_connection(client: Client) -> None:
    connection = client.connect()
    connection.sendall(GET)
    connection.recv(1000)
    assert exchange(connection, GET_AND_CLOSE).endswith(b"GET 0 bytes 0 certificates")


def test_a_request_is_answered_with_the_length_of_the_body(client: Client) -> None:
    head, _, body = exchange(client.connect(), GET_AND_CLOSE).partition(b"\r\n\r\n")
    assert b"\r\nContent-Length: %d\r\n" % len(body) in head


def test_a_request_for_the_head_gets_a_length_but_no_body(client: Client) -> None:
    head, _, body = exchange(client.connect(), GET_AND_CLOSE.replace(b"GET", b"HEAD")).partition(b"\r\n\r\n")
    assert (b"\r\nContent-Length: 27\r\n" in head, body) == (True, b"")


@pytest.mark.parametrize("target", [b"//[", b"https://[/", b"*", b"https://na30.salesforce.com:8443/x?y#z", b"/%ff"])
def test_a_request_with_an_odd_target_is_answered_too(client: Client, target: bytes) -> None:
    assert status(exchange(client.connect(), GET_AND_CLOSE.replace(b"/", target, 1))) == b"HTTP/1.1 200"


def test_a_request_may_come_in_chunks(client: Client) -> None:
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n4\r\n<a/>\r\n2\r\n\r\n\r\n0\r\n\r\n"
    assert exchange(client.connect(), chunked).endswith(b"POST 6 bytes 0 certificates")


def test_a_request_may_come_compressed(client: Client) -> None:
    body = gzip.compress(b"<a/>" * 1000)
    request = POST + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    assert exchange(client.connect(), request).endswith(b"POST 4000 bytes 0 certificates")


def test_a_request_may_come_byte_by_byte(client: Client) -> None:
    connection = client.connect()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in GET_AND_CLOSE:
        connection.send(bytes([byte]))
    assert rest(connection).endswith(b"GET 0 bytes 0 certificates")


@pytest.mark.parametrize("quick", [True, False])
def test_a_request_that_the_org_makes_a_mistake_with_gets_a_500(
    client: Client, authority: Authority, quick: bool
) -> None:
    with running(authority, quick=quick) as server:
        answer = exchange(client.connect(server=server), GET_AND_CLOSE.replace(b"/ ", b"/mistake ", 1))
    assert status(answer) == b"HTTP/1.1 500"


def test_a_request_that_is_answered_at_once_is_answered_by_the_thread_that_has_read_it(
    client: Client, authority: Authority
) -> None:
    def name_thread(_: Request) -> Answer:
        return Answer(200, "text/plain", threading.current_thread().name.encode())

    names = []
    for quick in (True, False):
        with running(authority, name_thread, quick=quick) as server:
            names.append(exchange(client.connect(server=server), GET_AND_CLOSE).rpartition(b"\r\n")[2])
    assert [b"practice-org", b"practice-org-answer_0"] == names


def test_a_request_for_a_head_that_is_answered_at_once_gets_no_body(client: Client, authority: Authority) -> None:
    with running(authority, quick=True) as server:
        answer = exchange(client.connect(server=server), GET_AND_CLOSE.replace(b"GET", b"HEAD", 1))
    assert (b"Content-Length: 27" in answer, True) == (True, answer.endswith(b"\r\n\r\n"))


def test_a_request_that_the_org_makes_a_mistake_with_leaves_a_traceback_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    exchange(client.connect(), GET_AND_CLOSE.replace(b"/ ", b"/mistake ", 1))
    assert caplog.record_tuples == [("sfmtls_nb.practice", logging.ERROR, "GET /mistake failed")]


GARBAGE = {
    "no HTTP": b"hello\r\n\r\n",
    "binary": bytes(range(256)) * 10 + b"\r\n\r\n",
    "a strange version": b"GET / HTTP/9.9.9\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nHost\r\n\r\n",
    "a control character in a header": b"GET / HTTP/1.1\r\nHost: \x01\r\n\r\n",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a length in words": POST + b"Content-Length: many\r\n\r\n",
    "a bad chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "bad gzip": POST + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
    "a length over the limit": POST + b"Content-Length: %d\r\n\r\n" % (LIMIT + 1),
    "a length over all limits": POST + b"Content-Length: %s\r\n\r\n" % (b"9" * 5000),
    "a chunk over the limit": POST + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (LIMIT + 1),
}


@pytest.mark.parametrize("request_", GARBAGE.values(), ids=GARBAGE)
def test_what_is_too_much_or_no_http_gets_a_400(client: Client, request_: bytes) -> None:
    assert status(exchange(client.connect(), request_)) == b"HTTP/1.1 400 Bad Request"


@pytest.mark.parametrize(
    "request_",
    [GET.replace(b"\r\n\r\n", b"\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n"), b"GET /" + b"x" * 1_000_000],
    ids=["a header of 1 MB", "a target of 1 MB"],
)
def test_what_is_too_much_in_the_header_ends_the_connection(client: Client, request_: bytes) -> None:
    assert exchange(client.connect(), request_) == b""


def test_what_is_too_much_in_chunks_is_cut_off_at_the_limit(client: Client) -> None:
    connection, sent = client.connect(), 0
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    connection.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
    with suppress(OSError):
        while sent < 2 * LIMIT:
            connection.sendall(chunk)
            sent += 0x100000
    assert sent < 1.5 * LIMIT  # what is beyond the limit lies in the sockets' buffers


def test_what_is_too_much_once_it_is_decompressed_gets_a_400(client: Client) -> None:
    bomb = gzip.compress(bytes(LIMIT + 1))
    request = POST + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb
    assert status(exchange(client.connect(), request)) == b"HTTP/1.1 400 Bad Request"


def test_what_is_too_much_by_nothing_is_answered_though_only_a_part_of_it_is_kept(client: Client) -> None:
    request = POST + b"Content-Length: %d\r\n\r\n" % LIMIT + bytes(LIMIT)
    assert exchange(client.connect(), request).endswith(b"POST 2097152 bytes 0 certificates")


def broken(request: Request) -> Answer:
    def halves() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("no other half")

    if request.path == "/header":
        return Answer(302, "text/plain", b"", {"Location": "a\r\nb"})
    return Answer(200, "text/plain", halves())


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize(("path", "came"), [(b"/header", False), (b"/body", True)])
def test_an_answer_that_cannot_be_sent_ends_the_connection_and_is_in_the_log(
    authority: Authority, client: Client, caplog: pytest.LogCaptureFixture, path: bytes, came: bool, quick: bool
) -> None:
    with running(authority, broken, quick=quick) as server:
        answer = exchange(client.connect(server=server), GET.replace(b"/ ", path + b" ", 1))
    assert (came, ["an answer could not be sent"]) == (
        b"half" in answer,
        [record.message for record in caplog.records],
    )


def test_an_answer_that_cannot_be_sent_when_the_org_is_about_to_stop_is_not_in_the_log(
    authority: Authority, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with running(authority, broken) as server:
        server.ending = True
        answer = exchange(client.connect(server=server), GET.replace(b"/ ", b"/body ", 1))
    assert (True, []) == (b"half" in answer, caplog.records)


def presented(authority: Authority, kind: str) -> tuple[Issued, ...]:
    """A client's leaf and what it sends with it: whole, or flawed in one way."""
    (issuing, policy), leaf = authority.client.intermediates, authority.client.leaf
    for_client, for_server = [ExtendedKeyUsageOID.CLIENT_AUTH], [ExtendedKeyUsageOID.SERVER_AUTH]
    earlier, later = copy.copy(authority), copy.copy(authority)
    earlier.now, later.now = authority.now - timedelta(days=9), authority.now + timedelta(days=9)
    made: dict[str, Callable[[], tuple[Issued, ...]]] = {
        "whole": lambda: (leaf, issuing, policy),
        "no intermediates": lambda: (leaf,),
        "another authority": lambda: (Authority(["localhost"]).client.leaf,),
        "self-signed": lambda: (authority.issue("self", purposes=for_client),),
        "expired": lambda: (earlier.issue("old", issuing, purposes=for_client, days=1), issuing, policy),
        "not yet valid": lambda: (later.issue("new", issuing, purposes=for_client), issuing, policy),
        "for a server": lambda: (authority.issue("server", issuing, purposes=for_server), issuing, policy),
    }
    return made[kind]()


ALERTS = {
    "no intermediates": "TLSV1_ALERT_UNKNOWN_CA",
    "another authority": "TLSV1_ALERT_UNKNOWN_CA",
    "self-signed": "TLSV1_ALERT_UNKNOWN_CA",
    "expired": "SSLV3_ALERT_CERTIFICATE_EXPIRED",
    "not yet valid": "SSLV3_ALERT_BAD_CERTIFICATE",
    "for a server": "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
}


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
@pytest.mark.parametrize("door", [Listener.MUTUAL, Listener.STRICT])
def test_the_chain_that_the_server_sees_is_complete_on_the_second_connection_too(
    client: Client, door: Listener, version: ssl.TLSVersion
) -> None:
    context = client.context(*presented(client.authority, "whole"), version=version)
    first = client.connect(door, context=context)
    exchange(first, GET_AND_CLOSE)
    second = client.connect(door, context=context, session=first.session)
    assert exchange(second, GET_AND_CLOSE).endswith(b"3 certificates")


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_the_chain_that_the_server_sees_comes_from_no_resumed_session(client: Client, version: ssl.TLSVersion) -> None:
    context = client.context(version=version)
    first = client.connect(Listener.MUTUAL, context=context)
    exchange(first, GET_AND_CLOSE)
    assert client.connect(Listener.MUTUAL, context=context, session=first.session).session_reused is False


def test_the_chain_that_the_server_sees_begins_with_the_leaf_and_goes_on_as_it_was_sent(client: Client) -> None:
    leaf, issuing, policy = presented(client.authority, "whole")
    wrong_order = (leaf, policy, issuing, client.authority.client.root)
    seen: list[x509.Certificate] = []

    def record(request: Request) -> Answer:
        seen.extend(request.chain)
        return tell(request)

    with running(client.authority, record) as server:
        exchange(client.connect(Listener.MUTUAL, server, client.context(*wrong_order)), GET_AND_CLOSE)
    assert [issued.certificate for issued in wrong_order] == seen


@pytest.mark.parametrize("door", [Listener.API, Listener.MUTUAL])
def test_the_chain_that_the_server_sees_is_empty_where_no_certificate_came(client: Client, door: Listener) -> None:
    assert exchange(client.connect(door), GET_AND_CLOSE).endswith(b" 0 certificates")


def test_the_chain_that_the_server_sees_is_empty_on_443_which_asks_for_none(client: Client) -> None:
    context = client.context(*presented(client.authority, "whole"))
    assert exchange(client.connect(Listener.API, context=context), GET_AND_CLOSE).endswith(b" 0 certificates")


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_the_strict_listener_lets_in_who_has_a_valid_certificate(client: Client, version: ssl.TLSVersion) -> None:
    context = client.context(*presented(client.authority, "whole"), version=version)
    answer = exchange(client.connect(Listener.STRICT, context=context), GET_AND_CLOSE)
    assert status(answer) == b"HTTP/1.1 200"


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
@pytest.mark.parametrize(("kind", "alert"), ALERTS.items(), ids=ALERTS)
def test_the_strict_listener_refuses_a_flawed_one_with_the_alert_that_says_why(
    client: Client, version: ssl.TLSVersion, kind: str, alert: str
) -> None:
    context = client.context(*presented(client.authority, kind), version=version)
    assert alert == refusal(client, context)


@pytest.mark.parametrize("kind", ALERTS)
def test_the_strict_listener_refuses_what_8443_takes(client: Client, kind: str) -> None:
    context = client.context(*presented(client.authority, kind))
    answer = exchange(client.connect(Listener.MUTUAL, context=context), GET_AND_CLOSE)
    assert status(answer) == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    ("version", "alert"),
    [(TLS_1_2, "SSLV3_ALERT_HANDSHAKE_FAILURE"), (TLS_1_3, "TLSV13_ALERT_CERTIFICATE_REQUIRED")],
)
def test_the_strict_listener_refuses_who_has_none(client: Client, version: ssl.TLSVersion, alert: str) -> None:
    assert alert == refusal(client, client.context(version=version))


@pytest.mark.parametrize("pause", [0.0, 0.03], ids=["that writes at once", "that writes a little later"])
def test_the_strict_listener_reaches_a_client_with_its_alert_every_time(client: Client, pause: float) -> None:
    context = client.context(version=TLS_1_3)
    refusals = [refusal(client, context, pause=pause) for _ in range(30)]
    expected = ["TLSV13_ALERT_CERTIFICATE_REQUIRED"] * 30
    assert expected == refusals


def reset(connection: socket.socket) -> None:
    """Close with a TCP reset, as a killed client does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def complaints(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records if record.levelno >= logging.WARNING]


HALF_A_REQUEST = POST + b"Content-Length: 5\r\n\r\nabc"


@pytest.mark.parametrize("door", list(Listener))
def test_a_client_that_says_nothing_does_not_delay_another(client: Client, door: Listener) -> None:
    client.knock(door)
    assert status(exchange(client.connect(), GET_AND_CLOSE)) == b"HTTP/1.1 200"


def test_a_client_that_stops_in_the_middle_of_its_handshake_does_not_delay_another(client: Client) -> None:
    client.knock(Listener.API).sendall(b"\x16\x03\x01\x02\x00\x01")
    assert status(exchange(client.connect(), GET_AND_CLOSE)) == b"HTTP/1.1 200"


@pytest.mark.parametrize("request_", [b"", b"GET /", HALF_A_REQUEST])
def test_a_client_that_stops_in_the_middle_of_its_request_does_not_delay_another(
    client: Client, request_: bytes
) -> None:
    client.connect().sendall(request_)
    assert status(exchange(client.connect(), GET_AND_CLOSE)) == b"HTTP/1.1 200"


def test_a_client_that_speaks_plain_http_is_not_answered_in_http(client: Client) -> None:
    plain = client.knock(Listener.API)
    plain.sendall(GET)
    assert not plain.recv(1000).startswith(b"HTTP")


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("leave", [reset, socket.socket.close], ids=["by a reset", "by closing"])
@pytest.mark.parametrize("request_", [b"", b"GET /", HALF_A_REQUEST, GET, GET_AND_CLOSE])
def test_a_client_that_leaves_early_leaves_no_complaint_in_the_log(
    client: Client,
    caplog: pytest.LogCaptureFixture,
    request_: bytes,
    leave: Callable[[socket.socket], None],
    quick: bool,
) -> None:
    with running(client.authority, quick=quick) as server:
        for door in (Listener.API, Listener.MUTUAL):
            connection = client.connect(door, server)
            connection.sendall(request_)
            leave(connection)
            leave(client.knock(door, server))
        exchange(client.connect(server=server), GET_AND_CLOSE)
    assert complaints(caplog) == []


def test_a_client_that_shows_a_certificate_that_cannot_be_read_leaves_no_complaint_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    leaf = client.authority.client.leaf
    # X.509 has the versions 1 to 3, written 0 to 2. OpenSSL takes a 5, cryptography does not.
    version_3, version_6 = bytes.fromhex("a003020102"), bytes.fromhex("a003020105")
    damaged = leaf.certificate.public_bytes(Encoding.DER).replace(version_3, version_6, 1)
    pem = tmp_path / "damaged.pem"
    pem.write_text(leaf.key_pem.decode() + ssl.DER_cert_to_PEM_cert(damaged))
    context = client.context()
    context.load_cert_chain(pem)
    with running(client.authority) as server:
        exchange(client.connect(Listener.MUTUAL, server, context), GET_AND_CLOSE)
        exchange(client.connect(Listener.MUTUAL, server), GET_AND_CLOSE)
    assert complaints(caplog) == []


def test_stopping_ends_the_thread(authority: Authority) -> None:
    before = threading.enumerate()
    with running(authority):
        pass
    assert before == threading.enumerate()


def test_stopping_twice_is_safe(authority: Authority) -> None:
    before = threading.enumerate()
    with running(authority) as server:
        server.stop()
    assert before == threading.enumerate()


def test_stopping_frees_the_ports(authority: Authority) -> None:
    with running(authority) as server:
        port = server.ports[Listener.API]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("localhost", port))


def test_stopping_ends_connections_that_wait_for_the_next_request(client: Client) -> None:
    with running(client.authority) as server:
        connection = client.connect(server=server)
        connection.sendall(GET)
        connection.recv(1000)
    assert rest(connection) == b""


def test_stopping_ends_connections_that_never_said_anything(client: Client) -> None:
    with running(client.authority) as server:
        silent = client.knock(Listener.STRICT, server)
        exchange(client.connect(server=server), GET_AND_CLOSE)  # so the silent one has been accepted
    assert silent.recv(1) == b""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_stopping_thirty_times_leaves_no_thread_and_no_descriptor(client: Client) -> None:
    before = threads_and_descriptors()
    for _ in range(30):
        with running(client.authority) as server:
            exchange(client.connect(Listener.MUTUAL, server), GET_AND_CLOSE)
            client.connect(Listener.MUTUAL, server).sendall(GET)
            client.knock(Listener.STRICT, server)
            with suppress(ssl.SSLError):
                client.connect(Listener.STRICT, server).recv(1)
            client.connect(Listener.API, server)  # whose handshake may end while the server stops
        client.close()
    assert threads_and_descriptors() - before == set()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_starting_where_one_port_is_taken_leaves_no_thread_and_no_descriptor(client: Client) -> None:
    taken = client.server.ports[Listener.STRICT]
    before = threads_and_descriptors()
    with pytest.raises(PracticeError):
        Server("localhost", {Listener.API: 0, Listener.MUTUAL: taken}, context_of_none, tell, lambda event: None)
    assert threads_and_descriptors() - before == set()


def threads_and_descriptors() -> set[object]:
    descriptors = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that this loop reads with
            descriptors.add(descriptor.readlink())
    return {*threading.enumerate(), *descriptors}


def test_an_answer_that_takes_long_delays_no_other(client: Client) -> None:
    other_was_answered = threading.Event()

    def slow_or_fast(request: Request) -> Answer:
        if request.path == "/slow":
            waited = other_was_answered.wait(30)
            return Answer(200, "text/plain", b"after the other" if waited else b"alone")
        return Answer(200, "text/plain", b"fast")

    with running(client.authority, slow_or_fast) as server:
        slow, fast = client.connect(server=server), client.connect(server=server)
        slow.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        fast.sendall(b"GET /fast HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"fast" in rest(fast)
        other_was_answered.set()
        assert b"after the other" in rest(slow)
