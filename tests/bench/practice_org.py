"""What the practice org takes of a client's time, against a bare server that sends the same bytes: `make bench`.

Each server has a process of its own; one client asks both in turn over one mutually authenticated connection each, so
that a noisy machine is noisy for both. The bare server is tornado's over the standard library's TLS: it reads the request,
and sends bytes that are there.
"""

from __future__ import annotations

import multiprocessing
import socket
import ssl
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import tornado.ioloop
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine

from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.data import COMPOUND_TYPES, SCHEMA

ROUNDS = 40
CALLS_A_ROUND = {"getUserInfo by SOAP": 50, "limits by REST": 50, "a page of 2,000 x 20 by SOAP": 1, "one by REST": 1}
_FIELDS = [each.name for each in SCHEMA["Contact"].fields if each.type not in COMPOUND_TYPES][:19]
PAGE = f"SELECT {', '.join(_FIELDS)}, Account.Name FROM Contact LIMIT 2000"  # noqa: S608  # SOQL
_ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" \
xmlns="urn:partner.soap.sforce.com"><e:Header><SessionHeader><sessionId>{}</sessionId></SessionHeader></e:Header><e:Body>{}\
</e:Body></e:Envelope>"""


class Client:
    """One connection, as cheap as Python has it: what it takes of a call is the same for both servers."""

    def __init__(self, port: int, org: dict[str, Any]) -> None:
        context = ssl.create_default_context(cafile=org["ca_file"])
        context.load_cert_chain(org["client"]["fullcert"])
        connection = socket.create_connection(("localhost", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tls = context.wrap_socket(connection, server_hostname="localhost")
        self._answers = self._tls.makefile("rb")

    def call(self, request: bytes) -> bytes:
        """Send a request and return the body of its answer."""
        self._tls.sendall(request)
        status, length = self._answers.readline(), 0
        assert b" 200" in status, status
        while (line := self._answers.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return self._answers.read(length)


def requests_of(org: dict[str, Any]) -> dict[str, bytes]:
    """What is asked, by its name in `CALLS_A_ROUND`."""
    session_id, names = org["session_id"], iter(CALLS_A_ROUND)

    def message(line: str, body: str = "") -> bytes:
        head = f'{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {session_id}\r\nSOAPAction: ""\r\n'
        return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    soap, rest = "POST /services/Soap/u/64.0", "GET /services/data/v64.0"
    query = f"<query><queryString>{escape(PAGE)}</queryString></query>"
    return {
        next(names): message(soap, _ENVELOPE.format(session_id, "<getUserInfo/>")),
        next(names): message(f"{rest}/limits"),
        next(names): message(soap, _ENVELOPE.format(session_id, query)),
        next(names): message(f"{rest}/query?q={quote(PAGE)}"),
    }


# ---------------------------------------------------------------- the two servers, each in a process of its own


def serve_practice(ours: Connection) -> None:
    with PracticeOrg(records=4_000) as practice:
        practice.state.call_limit = sys.maxsize
        key = practice.authority.server.key_pem + practice.authority.server.certificate_pem
        session_id = practice.state.open_session(practice.state.users[0])
        ours.send({**practice.description(), "session_id": session_id, "server_pem": key})
        ours.recv()


def serve_bare(ours: Connection, org: dict[str, Any], answers: dict[str, bytes]) -> None:
    """Send for each path and length of a body what it is told."""

    def answer(request: HTTPServerRequest) -> None:
        body = answers[f"{request.path} {len(request.body)}"]
        headers = HTTPHeaders({"Content-Type": "text/plain", "Content-Length": str(len(body))})
        assert request.connection
        request.connection.write_headers(ResponseStartLine("HTTP/1.1", 200, "OK"), headers, body)
        request.connection.finish()

    with TemporaryDirectory() as folder:
        pem = Path(folder) / "server.pem"
        pem.write_bytes(org["server_pem"])
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=org["client"]["root"])
        context.load_cert_chain(pem)
    context.verify_mode = ssl.CERT_REQUIRED
    listening = socket.create_server(("localhost", 0))
    listening.setblocking(False)
    loop = tornado.ioloop.IOLoop()
    server = HTTPServer(answer, ssl_options=context)
    loop.add_callback(server.add_sockets, [listening])
    loop.add_callback(ours.send, listening.getsockname()[1])
    loop.add_handler(ours.fileno(), lambda *_: loop.stop(), loop.READ)
    loop.start()


@contextmanager
def process(target: Callable[..., None], *arguments: object) -> Iterator[Any]:
    """A process that serves until the block is left; what it has to say first."""
    spawning = multiprocessing.get_context("spawn")
    ours, its = spawning.Pipe()
    child = spawning.Process(target=target, args=(its, *arguments))
    child.start()
    try:
        yield ours.recv()
    finally:
        ours.send("end")
        child.join()


# ---------------------------------------------------------------- measuring


def seconds(client: Client, request: bytes, calls: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        client.call(request)
    return (time.perf_counter() - started) / calls


def place_of(request: bytes) -> str:
    """The path and the length of the body, by which the bare server knows what to send."""
    head, _, body = request.partition(b"\r\n\r\n")
    return f"{head.split()[1].decode().partition('?')[0]} {len(body)}"


def timed(rounds: int = ROUNDS) -> dict[str, tuple[float, float]]:
    """Seconds of a call to the practice org, and to the bare server, by what is asked: medians."""
    with process(serve_practice) as org:
        practice = Client(int(org["mutual_url"].rpartition(":")[2]), org)
        requests = requests_of(org)
        answers = {place_of(request): practice.call(request) for request in requests.values()}
        with process(serve_bare, org, answers) as port:
            bare = Client(port, org)
            taken: dict[str, list[tuple[float, float]]] = {name: [] for name in requests}
            for name, request in [*requests.items()] * rounds:
                calls = CALLS_A_ROUND[name]
                taken[name].append((seconds(practice, request, calls), seconds(bare, request, calls)))
    return {
        name: (statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs))
        for name, pairs in taken.items()
    }


def measure(rounds: int = ROUNDS) -> float:
    """Time of a getUserInfo over a connection that is open, over that of the bare server."""
    ours, bare = timed(rounds)["getUserInfo by SOAP"]
    return ours / bare


def main() -> None:
    for name, (ours, bare) in timed().items():
        print(
            f"{name}: {1 / ours:,.0f} a second, {ours / bare:.2f} x the time of a bare server that sends the same bytes"
        )


if __name__ == "__main__":
    main()
