"""Bounds: how long a call may take and how much may come, and the sockets that keep to them.

A timeout bounds one read. Whoever sends a byte now and then, or one ``100 Continue`` after the other, never meets it, and
the HTTP library reads those by itself, into memory. So it is the socket that asks, before it waits, how long it still may.
"""

from __future__ import annotations

import http.client
import math
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_T = TypeVar("_T")

# How long to wait for the alert of a server that hung up while we were still writing; seconds.
_ALERT_WAIT = 1.0


class DeadlinePassed(TimeoutError):  # noqa: N818  # as TimeoutError
    """The whole call took longer than it may."""


class TooMuchCame(OSError):  # noqa: N818  # as OSError's own
    """The answer has more bytes than it may."""


class BadChunk(http.client.HTTPException):
    """A piece of an answer has a length that no piece has."""


class HandshakeCut(ConnectionError):  # noqa: N818  # as ConnectionError's own
    """The connection ended during the TLS handshake, without an alert that says why."""


@dataclass
class _Bounds:
    """The time and bytes that a call may still use. end: by the clock of time.monotonic. wire: bytes that may still come, as they come."""

    end: float = math.inf
    wire: float = math.inf


# A call is made in one thread, and so is all that its connection does meanwhile.
_BOUNDS: Final = ContextVar("_BOUNDS", default=_Bounds())  # noqa: B039  # nothing is taken from infinity


@contextmanager
def bounded(seconds: float, size: int) -> Iterator[None]:
    """Bounds for what sockets do in the block: DeadlinePassed after these seconds, TooMuchCame after these bytes.

    A quarter more may come, and a million: the headers, and what HTTP puts around each piece.
    """
    token = _BOUNDS.set(_Bounds(time.monotonic() + seconds, size * 1.25 + 1e6))
    try:
        yield
    finally:
        _BOUNDS.reset(token)


def seconds_left() -> float:
    """Seconds until the call has to be over. Raises DeadlinePassed if there are none."""
    left = _BOUNDS.get().end - time.monotonic()
    if left <= 0:
        raise DeadlinePassed
    return left


def _in_time(sock: socket.socket, act: Callable[[], _T]) -> _T:
    """Do something that may wait: for as long as the socket's own timeout says, but not beyond the deadline."""
    usual, left = sock.gettimeout(), seconds_left()
    if left == math.inf or (usual is not None and usual <= left):
        return act()
    sock.settimeout(left)
    try:
        result = act()
    except TimeoutError:
        raise DeadlinePassed from None
    sock.settimeout(usual)
    return result


def _count(came: int) -> None:
    bounds = _BOUNDS.get()
    bounds.wire -= came
    if bounds.wire < 0:
        raise TooMuchCame


class BoundedSocket(socket.socket):
    """A socket that keeps to the bounds: the way to a proxy, until there is TLS."""

    def recv_into(self, *args: Any) -> int:
        came = _in_time(self, lambda: super(BoundedSocket, self).recv_into(*args))
        _count(came)
        return came

    def sendall(self, *args: Any) -> None:
        _in_time(self, lambda: super(BoundedSocket, self).sendall(*args))


class BoundedTLS(ssl.SSLSocket):
    """TLS that keeps to the bounds, and reads the alert of a server that refused us while we were already sending.

    Under TLS 1.3 the client's handshake is over before the server has judged its certificate (RFC 8446, 2 and 4.4.2.4),
    so the refusal can meet a request on its way: writing then fails with a broken pipe, and the alert that says why
    lies unread in the receive buffer.
    """

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002  # as in ssl
        try:
            _in_time(self, lambda: super(BoundedTLS, self).do_handshake(block))
        except (ConnectionError, ssl.SSLEOFError) as cut:
            raise HandshakeCut(0, f"in the TLS handshake: {cut.strerror or type(cut).__name__}") from cut

    def read(self, len: int = 1024, buffer: WriteableBuffer | None = None) -> Any:  # noqa: A002  # as in ssl
        came: Any = _in_time(self, lambda: super(BoundedTLS, self).read(len, buffer))
        _count(came if buffer is not None else memoryview(came).nbytes)
        return came

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        try:
            return _in_time(self, lambda: super(BoundedTLS, self).send(data, flags))
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError) as cut:
            self.settimeout(_ALERT_WAIT)
            try:
                self.recv(1)
            except ssl.SSLEOFError:
                pass
            except ssl.SSLError as alert:
                raise alert from cut
            except OSError:
                pass
            raise
