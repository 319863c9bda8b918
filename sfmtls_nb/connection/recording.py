"""Recording: what the ends of a connection say to each other in TLS, kept as it comes and read when it is looked at.

CPython's ssl tells of each message, decrypted, by a callback without a public name, which its own tests use. Where there
is none, what the public face of ssl says of a connection has to do.
No secret comes in here: keys are in no message; the one that travels (TLS 1.2 with RSA) is encrypted for the server; a
ticket is encrypted by the server for itself, and of no use without keys that stay in OpenSSL. Data of the application is
not told of, only that there is some.
"""

from __future__ import annotations

import ssl
import time
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self

from sfmtls_nb.handshake import Event, Handshake

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# Where the callback is put. Not by the property of SSLContext: of each number that comes it makes an enum first, which
# takes four times as long as all that is done here.
_CALLBACK: Final[Any] = getattr(ssl.SSLContext.__base__, "_msg_callback", None)
_MISSING: Final = (
    "this Python does not tell of the messages: what is here, the connection said of itself after the handshake"
)
_MOST_MESSAGES: Final = 200
_MOST_BYTES: Final = 1_000_000

# Of what OpenSSL tells: the header of a record, the type of what was encrypted in one, and messages (RFC 8446, B.1).
_HEADER, _INNER, _CHANGE_CIPHER_SPEC, _APPLICATION_DATA = 0x100, 0x101, 20, 23
_MESSAGES: Final = frozenset({_CHANGE_CIPHER_SPEC, 21, 22})


class Recording:
    """What one connection has said so far: at most 200 messages, and a million bytes of them."""

    def __init__(self, local: tuple[str, int] | None = None) -> None:
        self.began, self.local = datetime.now(UTC), local
        self.events: list[tuple[float, str, int, bytes, bytes]] = []
        self.dropped = 0
        self._size = 0
        self._record = {"read": b"", "write": b""}
        # Whether a record came that holds data by its header, and by what is said inside of it, as only TLS 1.3 does.
        self._outside = False
        self._inside: bool | None = None

    @property
    def answered(self) -> bool:
        """True if data of the application came."""
        return self._outside if self._inside is None else self._inside

    def hear(self, direction: str, content_type: int, data: bytes) -> None:
        """Take what OpenSSL tells."""
        if content_type == _HEADER:
            self._record[direction] = data
            if direction == "read":
                self._outside |= data[0] == _APPLICATION_DATA
                if (
                    data[0] == _CHANGE_CIPHER_SPEC
                ):  # one that comes is told of by its record alone; there can be one byte in it
                    self._keep(direction, _CHANGE_CIPHER_SPEC, b"\1")
        elif content_type == _INNER and direction == "read":
            self._inside = self._inside or data[0] == _APPLICATION_DATA
        elif content_type in _MESSAGES and (direction, content_type) != ("read", _CHANGE_CIPHER_SPEC):
            self._keep(direction, content_type, data)

    def _keep(self, direction: str, content_type: int, data: bytes) -> None:
        self._size += len(data)
        if len(self.events) < _MOST_MESSAGES and self._size <= _MOST_BYTES:
            self.events.append((time.perf_counter(), direction, content_type, data, self._record[direction]))
        else:
            self.dropped += 1


class Recorded:
    """What a connection had said when a call over it was over."""

    def __init__(self, recording: Recording) -> None:
        self._began, self._answered, self._dropped = recording.began, recording.answered, recording.dropped
        self._events, self._local = tuple(recording.events), recording.local

    @cached_property
    def handshake(self) -> Handshake:
        """The handshake, and what was said after it."""
        return Handshake.heard(
            (
                Event("client" if direction == "write" else "server", at, content_type, data, record)
                for at, direction, content_type, data, record in self._events
            ),
            began=self._began,
            answered=self._answered,
            missing=f"{self._dropped:,} later messages were not kept" if self._dropped else "",
            local=self._local,
        )


class Public:
    """What the public face of ssl says of a connection: it stands in for `Recorded`."""

    def __init__(self, connection: ssl.SSLSocket | ssl.SSLObject) -> None:
        version, cipher, leaf = connection.version(), connection.cipher(), connection.getpeercert(binary_form=True)
        self.handshake = Handshake(
            version=(version or "").replace("TLSv", "TLS "),
            suite=cipher[0] if cipher else "",
            missing=_MISSING,
            peer=(leaf,) if leaf else (),
        )


class Listener:
    """Hears what is said in TLS while it is entered, in this thread: on the last connection that a call was made over."""

    def __init__(self) -> None:
        self._heard: Recording | Public | None = None

    def __enter__(self) -> Self:
        self._token: Token[Listener | None] = _LISTENER.set(self)
        return self

    def __exit__(self, *exc: object) -> None:
        _LISTENER.reset(self._token)

    def hear(self, recording: Recording) -> None:
        """Take note of the recording of a connection that is being used."""
        self._heard = recording

    def look_at(self, connection: object) -> None:
        """Ask a connection itself, where nobody tells of its messages."""
        ends = getattr(connection, "sslobj", connection)  # of urllib3's TLS within TLS
        if self._heard is None and isinstance(ends, ssl.SSLSocket | ssl.SSLObject):
            self._heard = Public(ends)

    @property
    def recorded(self) -> Recorded | Public | None:
        """What was said until now; None where no TLS was spoken, or nothing of it can be known."""
        return Recorded(self._heard) if isinstance(self._heard, Recording) else self._heard


_LISTENER: Final[ContextVar[Listener | None]] = ContextVar("_LISTENER", default=None)


class _Looked(ssl.SSLSocket):
    """TLS that is asked about itself when something is sent over it: an answer may never come."""

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        if listener := _LISTENER.get():
            listener.look_at(self)
        return super().send(data, flags)


def record(context: ssl.SSLContext) -> None:
    """Have the connections of a context recorded; where this Python cannot, have them asked."""
    if _CALLBACK is not None:
        _CALLBACK.__set__(context, _tell)
    else:
        context.sslsocket_class = type("Looked", (_Looked, context.sslsocket_class), {})


def _tell(end: Any, direction: str, _version: int, content_type: int, _kind: int, data: bytes) -> None:
    try:
        recording = end.__dict__.get("_recording")
        if recording is None:
            recording = end._recording = Recording(_local_of(end))  # noqa: SLF001  # ssl's object; the recording lives as long as it does
        recording.hear(direction, content_type, data)
        if listener := _LISTENER.get():
            listener.hear(recording)
    except Exception:  # noqa: BLE001, S110  # whatever it is, it must not end a connection
        pass


def _local_of(end: Any) -> tuple[str, int] | None:
    """Host and port of this end; None of TLS that is not over a socket of its own, as through a proxy that speaks TLS."""
    return end.getsockname()[:2] if isinstance(end, ssl.SSLSocket) else None
