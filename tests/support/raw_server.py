"""Raw servers: a loopback socket that does one thing to whoever connects, for what a well-behaved server never does."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sfmtls_nb.practice.mutual import Issued

Behaviour = Callable[[socket.socket], None]


@contextmanager
def serving(behave: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """``HOST:PORT`` of a server that does ``behave`` to each connection (inside TLS, with ``tls``) and hangs up."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        accepting = threading.Thread(target=_accept, args=(listening, behave, tls), daemon=True)
        accepting.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)  # wakes accept()
            accepting.join(10)


def _accept(listening: socket.socket, behave: Behaviour, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError):
        while True:
            accepted, _ = listening.accept()
            threading.Thread(target=_serve, args=(accepted, behave, tls), daemon=True).start()


def _serve(accepted: socket.socket, behave: Behaviour, tls: ssl.SSLContext | None) -> None:
    with closing(accepted), suppress(OSError):  # ssl.SSLError is one
        if tls is None:
            behave(accepted)
            return
        with closing(tls.wrap_socket(accepted, server_side=True)) as secured:
            behave(secured)


def server_tls(issued: Issued, folder: Path) -> ssl.SSLContext:
    """The TLS of a server with this key and certificate."""
    pem = folder / "server.pem"
    pem.write_bytes(issued.key_pem + issued.certificate_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


# ---------------------------------------------------------------- behaviours


def silence(connection: socket.socket) -> None:
    """Take everything, say nothing, until the client leaves."""
    while connection.recv(65536):
        pass


def answering(*pieces: bytes, seen: list[bytes] | None = None) -> Behaviour:
    """Read a request (into ``seen``), send the pieces whatever they are, hang up."""

    def behave(connection: socket.socket) -> None:
        request = read_request(connection)
        if seen is not None:
            seen.append(request)
        for piece in pieces:
            connection.sendall(piece)

    return behave


def read_request(connection: socket.socket) -> bytes:
    """One HTTP request, headers and body; what there is of it if the client leaves."""
    request = b""
    while b"\r\n\r\n" not in request and (received := connection.recv(65536)):
        request += received
    headers, _, body = request.partition(b"\r\n\r\n")
    length = next((int(h.split(b":")[1]) for h in headers.split(b"\r\n") if h.lower().startswith(b"content-length")), 0)
    while len(body) < length and (received := connection.recv(65536)):
        request, body = request + received, body + received
    return request


def http(body: bytes = b"", *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """An HTTP answer; ``length`` is what it says of the body's, where that is not true."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def tunnelling(ports: Mapping[bytes, int], seen: list[bytes]) -> Behaviour:
    """An HTTP proxy: CONNECT to a HOST:PORT (into ``seen``) leads to a port on loopback instead."""

    def behave(client: socket.socket) -> None:
        target = read_request(client).split()[1]
        seen.append(target)
        with closing(socket.create_connection(("127.0.0.1", ports[target]))) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pipe, args=(server, client), daemon=True)
            back.start()
            _pipe(client, server)
            back.join()

    return behave


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
