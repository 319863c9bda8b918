"""Server: three TLS listeners in one thread. It owns the sockets and decides nothing."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar, cast

from cryptography.x509 import InvalidVersion
from OpenSSL import SSL
from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters, HTTP1ServerConnection
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
    format_timestamp,
)
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream, StreamClosedError
from tornado.netutil import add_accept_handler

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice.mutual import Recording, TLSStream, presented_chain
from sfmtls_nb.practice.request import Answer, Listener, Request

_log = logging.getLogger("sfmtls_nb.practice")

# Seconds.
_HANDSHAKE_TIME: Final = 10.0
_IDLE_TIME: Final = 120.0
_BODY_TIME: Final = 60.0
# An immediate close can destroy the alert on its way to the client (RFC 793: unread data makes a reset of it).
_LINGER: Final = 1.0
# Bytes.
_MAX_HEADERS: Final = 65_536
_MAX_BODY: Final = 52_428_800
#: Bytes of a body that are kept: twice as many as any API accepts, so that it sees that there are too many.
_MOST_KEPT: Final = 2_097_152

_PARAMETERS: Final = HTTP1ConnectionParameters(
    max_header_size=_MAX_HEADERS,
    max_body_size=_MAX_BODY,
    header_timeout=_IDLE_TIME,
    body_timeout=_BODY_TIME,
    decompress=True,
)

T = TypeVar("T")
Answerer = Callable[[Request], Answer]
ContextFor = Callable[[Listener], SSL.Context]
#: Requests that are answered at once; the others wait.
_ANSWERING: Final = 16
#: Seconds for which a stalling answer keeps its connection open.
_STALLED: Final = 90.0


class Server:
    """A server that listens from construction to `stop`.

    ports: where; 0 lets the system choose. observer: is given the recording of each handshake, when it is over.
    quick: whether a request is answered at once. The others are handed over to threads, so that a long query delays
    nobody else; that takes longer than many an answer.
    """

    def __init__(
        self,
        host: str,
        ports: Mapping[Listener, int],
        context_for: ContextFor,
        answerer: Answerer,
        observer: Callable[[Recording], None],
        *,
        quick: Callable[[Request], bool] = lambda _: False,
    ) -> None:
        self._context_for = context_for
        self._answerer, self.quick = answerer, quick
        #: ending: `stop` is to come, and what answers are made of may be gone: one that fails is no mistake.
        self._observer, self.ending = observer, False
        self.open: set[Any] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sockets: dict[Listener, list[socket.socket]] = {}
        try:
            for listener, port in ports.items():
                self._sockets[listener] = _bind(host, port)
        except PracticeError:
            self._close_sockets()
            raise
        self.ports = {listener: found[0].getsockname()[1] for listener, found in self._sockets.items()}
        self._answering = ThreadPoolExecutor(_ANSWERING, "practice-org-answer")
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._live, name="practice-org", daemon=True)
        self._thread.start()
        self._started.wait()
        if not self._thread.is_alive():
            raise PracticeError("the practice org's thread could not start", next_step="see the log for why")

    def stop(self) -> None:
        """Close every connection and end the thread. Safe to call twice."""
        if self._thread.is_alive():
            self._loop.add_callback(self._stopping.set)
            self._thread.join()
        self._answering.shutdown(cancel_futures=True)

    def _live(self) -> None:
        try:
            asyncio.run(self._run())
        finally:
            self._close_sockets()
            self._started.set()  # also where nothing came of it: the constructor waits for this

    async def _run(self) -> None:
        self._loop = IOLoop.current()
        self._stopping = asyncio.Event()
        removers = []
        for listener, sockets in self._sockets.items():
            removers += [add_accept_handler(listening, self._accepter(listener)) for listening in sockets]
        self._started.set()
        await self._stopping.wait()
        for remove in removers:
            remove()
        self._close_sockets()
        for task in list(self._tasks):
            task.cancel()
        # One after the other: a handshake that ends now still opens a connection.
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(opened.close() for opened in list(self.open)), return_exceptions=True)

    def _close_sockets(self) -> None:
        for sockets in self._sockets.values():
            for listening in sockets:
                listening.close()

    def _accepter(self, listener: Listener) -> Callable[[socket.socket, Any], None]:
        def accept(accepted: socket.socket, address: Any) -> None:
            task = self.spawn(self._serve(listener, accepted, address))
            task.add_done_callback(lambda done: accepted.close() if done.cancelled() else None)  # maybe before it began

        return accept

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a task in the background, and cancel it when the server stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Return what a function returns, which may take long."""
        return await asyncio.get_running_loop().run_in_executor(self._answering, work, *arguments)

    def answer(self, request: Request) -> Answer:
        """Answer a request. A bug in the org is logged and answered with status 500."""
        try:
            return self._answerer(request)
        except Exception:  # noqa: BLE001  # one request's mistake must not end the server
            _log.exception("%s %s failed", request.method, request.path)
            return Answer(500, "text/plain", b"The practice org made a mistake; its log says which.")

    async def _serve(self, listener: Listener, accepted: socket.socket, address: Any) -> None:
        accepted.setblocking(False)
        # tornado does this for its own streams only. Else Nagle and the client's delayed ACK cost a call 40 ms.
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = SSL.Connection(self._context_for(listener), accepted)
        connection.set_accept_state()
        recording = Recording(listener, address[:2])
        connection.set_app_data(recording)
        try:
            await asyncio.wait_for(_handshake(connection), _HANDSHAKE_TIME)
            chain = presented_chain(connection)
        except (SSL.Error, OSError, TimeoutError, ValueError, InvalidVersion) as error:
            # The last two: OpenSSL takes certificates that cryptography cannot read.
            _log.info("%s: handshake with %s failed: %s", listener.value, address, error)
            recording.end(connection, error=_words(error))
            self._observer(recording)
            await self._linger(accepted)
            return
        recording.end(connection, chain)
        self._observer(recording)
        delegate = _Delegate(recording, self)
        # tornado's annotation says IOStream, but a BaseIOStream is enough.
        serving = HTTP1ServerConnection(cast("IOStream", TLSStream(connection)), _PARAMETERS, None)
        self.open.add(serving)
        serving.start_serving(delegate)

    async def _linger(self, accepted: socket.socket) -> None:
        """Shut down, wait a little so that the alert arrives, then close."""
        with suppress(OSError, TimeoutError):  # OSError: the client is gone already
            accepted.shutdown(socket.SHUT_WR)
            await asyncio.wait_for(self._stopping.wait(), _LINGER)
        accepted.close()


class _Delegate(HTTPServerConnectionDelegate):
    """One connection, whose handshake was recorded."""

    def __init__(self, recording: Recording, server: Server) -> None:
        self._recording, self._server = recording, server

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:  # noqa: ARG002
        return _Message(self._recording, self._server, cast("HTTP1Connection", request_conn))

    def on_close(self, server_conn: object) -> None:
        self._server.open.discard(server_conn)


class _Message(HTTPMessageDelegate):
    """One request on its way in, and its answer on the way out."""

    def __init__(self, recording: Recording, server: Server, connection: HTTP1Connection) -> None:
        self._recording, self._server, self._connection = recording, server, connection
        self._body = bytearray()

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> None:
        self._start: RequestStartLine = start_line
        self._headers = headers

    def data_received(self, chunk: bytes) -> None:
        self._body += chunk[: _MOST_KEPT - len(self._body)]

    def finish(self) -> None:
        seen, start = self._recording, self._start
        request = Request(
            seen.listener, start.method, start.path, self._headers, bytes(self._body), seen.chain, peer=seen.peer
        )
        if not self._server.quick(request):
            self._server.spawn(self._answer_later(request))
            return
        answer = self._server.answer(request)
        if answer.delay or answer.cut_after is not None or not isinstance(answer.body, bytes):
            self._server.spawn(self._send(request, answer))
            return
        with self._sending():
            self._connection.write_headers(*_head(answer), b"" if request.method == "HEAD" else answer.body)
            self._connection.finish()

    async def _answer_later(self, request: Request) -> None:
        await self._send(request, await self._server.in_thread(self._server.answer, request))

    async def _send(self, request: Request, answer: Answer) -> None:
        if answer.delay:
            await asyncio.sleep(answer.delay)
        with self._sending():
            if request.method == "HEAD":
                await self._connection.write_headers(*_head(answer))
            elif isinstance(answer.body, bytes):
                await self._connection.write_headers(*_head(answer), answer.body[: answer.cut_after])
            else:
                await self._send_chunks(answer, iter(answer.body))
            if answer.cut_after is None:
                self._connection.finish()
                return
            stream = self._connection.detach()
            if answer.stall:
                await asyncio.sleep(_STALLED)
            stream.close()

    async def _send_chunks(self, answer: Answer, chunks: Iterator[bytes]) -> None:
        """Send a body as it comes, each piece of which is made in a thread too."""
        await self._connection.write_headers(*_head(answer), await self._server.in_thread(next, chunks, b""))
        while chunk := await self._server.in_thread(next, chunks, b""):
            await self._connection.write(chunk)

    @contextmanager
    def _sending(self) -> Iterator[None]:
        try:
            yield
        except StreamClosedError:  # a client that left early is no error of ours
            pass
        except Exception:  # noqa: BLE001  # as in Server.answer; but here half of an answer may be on its way
            _log.log(
                logging.DEBUG if self._server.ending else logging.ERROR, "an answer could not be sent", exc_info=True
            )
            self._connection.close()


def _head(answer: Answer) -> tuple[ResponseStartLine, HTTPHeaders]:
    date = format_timestamp(time.time() + answer.clock_offset.total_seconds())
    headers = HTTPHeaders({"Date": date, "Content-Type": answer.content_type})
    headers.update(answer.headers)
    if isinstance(answer.body, bytes):
        headers["Content-Length"] = str(len(answer.body) + answer.missing)
    return ResponseStartLine("HTTP/1.1", answer.status, ""), headers


def _words(error: BaseException) -> str:
    """Return the last error that OpenSSL reports for a failed handshake."""
    if isinstance(error, TimeoutError):
        return f"the handshake did not end within {_HANDSHAKE_TIME:g} seconds"
    if isinstance(error, SSL.SysCallError):
        return str(error.args[-1])  # before it stands a number
    if isinstance(error, SSL.Error) and error.args and isinstance(error.args[0], list) and error.args[0]:
        return str(error.args[0][-1][-1])
    return str(error) or type(error).__name__


def _bind(host: str, port: int) -> list[socket.socket]:
    """Open a listening socket for each address of the host, all on one port."""
    found: list[socket.socket] = []  # tornado's bind_sockets would leave them open where one fails
    try:
        if not 0 <= port <= 65535:
            raise ValueError("a port is a number from 0 to 65535")
        known = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in sorted({(family, str(address[0])) for family, *_, address in known}):
            try:
                found.append(socket.create_server((address, port), family=family, backlog=1024))
            except OSError as error:
                if found and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    continue  # localhost has an IPv6 address where the machine speaks none
                raise
            found[-1].setblocking(False)
            port = found[-1].getsockname()[1]
    except (OSError, ValueError) as error:
        for listening in found:
            listening.close()
        raise PracticeError(
            f"the practice org cannot listen on {host}:{port}",
            str(error),
            "name a host or an address of this machine, such as localhost"
            if isinstance(error, socket.gaierror | UnicodeError)  # UnicodeError: no host can have such a name
            else "let the system choose a port (0), or choose one that is free and above 1023",
        ) from error
    return found


async def _handshake(connection: SSL.Connection) -> None:
    while True:
        try:
            return connection.do_handshake()
        except SSL.WantReadError:
            await _ready(connection, IOLoop.READ)
        except SSL.WantWriteError:
            await _ready(connection, IOLoop.WRITE)


async def _ready(connection: SSL.Connection, event: int) -> None:
    ready = asyncio.Event()
    loop = IOLoop.current()
    loop.add_handler(connection, lambda *fired: ready.set(), event)
    try:
        await ready.wait()
    finally:
        loop.remove_handler(connection)
