"""Events: every connection and request that the org saw, with the verdicts. Exercises are checked by them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from sfmtls_nb.practice.mutual import OrgsEnd
from sfmtls_nb.practice.request import Listener

_KEPT: Final = 10_000


@dataclass(frozen=True)
class Event:
    """One connection or request. It holds no secret: of a session only the username.

    chain: common names of the presented certificates, leaf first. layer_1: "" where the chain is valid or none was
    presented, else the flaw, or OpenSSL's error of a failed handshake. layer_2: the verdict on an API call: ``pass``,
    ``page``, ``MUTUAL_AUTHENTICATION_FAILED``; "" where there was none. operation: such as ``getUserInfo`` or ``GET
    query``. app: the name of the External Client App that a token was given for. code: the fault or error that was answered. duration: seconds. leaf: the presented leaf's SHA-256, as hex.
    peer: the client's host and port, by which a connection, its requests, and the client's own end are told to belong
    together. orgs_end: of a connection, what the org saw of its handshake.
    """

    kind: Literal["connection", "request"]
    listener: Listener
    chain: tuple[str, ...] = ()
    layer_1: str = ""
    layer_2: str = ""
    user: str = ""
    operation: str = ""
    status: int = 0
    code: str = ""
    duration: float = 0.0
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    leaf: str = ""
    peer: tuple[str, int] = ("", 0)
    orgs_end: OrgsEnd | None = None
    app: str = ""


class EventLog:
    """The newest events, oldest first."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=_KEPT)

    def add(self, event: Event) -> None:
        """Add an event."""
        self._events.append(event)

    def clear(self) -> None:
        """Remove all events."""
        self._events.clear()

    def where(self, **values: object) -> list[Event]:
        """Return the events whose fields have these values: ``events.where(kind="request", operation="getUserInfo")``."""
        return [event for event in self if all(getattr(event, name) == value for name, value in values.items())]

    def __iter__(self) -> Iterator[Event]:
        return iter(list(self._events))

    def __repr__(self) -> str:
        return f"EventLog({len(self)} events)"

    def __len__(self) -> int:
        return len(self._events)
