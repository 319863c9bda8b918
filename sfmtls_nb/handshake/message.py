"""Message: one message of a handshake, who sent it and when, and every byte of it as a field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from sfmtls_nb.handshake import dump
from sfmtls_nb.handshake.bodies import NOTHING_AGREED, Agreed, agreed_by, fields_of, name_of
from sfmtls_nb.handshake.field import Field
from sfmtls_nb.handshake.kinds import CHANGE_CIPHER_SPEC, HANDSHAKE, PURPOSES
from sfmtls_nb.handshake.names import TLS_1_3

Sender = Literal["client", "server"]

_APPLICATION_DATA = 23


class Event(NamedTuple):
    """A message as it was heard. at: seconds since any moment. raw: decrypted. record: the header of its record, 5 bytes."""

    sender: Sender
    at: float
    content_type: int
    raw: bytes
    record: bytes = b""


@dataclass(frozen=True)
class Message:
    """A message of a handshake.

    raw: its bytes, decrypted. content_type: of its record (22: handshake, 21: alert, 20: ChangeCipherSpec). at: seconds
    since the handshake began. record: the header of the record it came in, 5 bytes; empty where that is not known.
    encrypted: whether it was, on the wire. agreed: what decides how it reads.
    """

    sender: Sender
    raw: bytes
    content_type: int = HANDSHAKE
    at: float = 0.0
    record: bytes = b""
    encrypted: bool = False
    agreed: Agreed = NOTHING_AGREED

    @property
    def name(self) -> str:
        return name_of(self.content_type, self.raw)

    @property
    def purpose(self) -> str:
        """A sentence on why there are messages of this kind; empty for a kind that is not known."""
        return PURPOSES.get(self.name, "")

    @cached_property
    def fields(self) -> Field:
        """All of its bytes, as a tree whose leaves cover them without gap or overlap."""
        return fields_of(self.content_type, self.raw, self.agreed)

    @property
    def meaning(self) -> str:
        """What it says, in a few words; empty where its name says all."""
        return self.fields.meaning

    def find(self, name: str) -> Field | None:
        """The first field of this name; None if there is none."""
        return self.fields.find(name)

    def bytes_of(self, field: Field) -> bytes:
        return self.raw[field.offset : field.end]

    def hexdump(self, field: Field | None = None) -> str:
        """Its bytes in rows of sixteen; those of ``field`` stand in brackets."""
        return dump.hexdump(self.raw, field)

    def __str__(self) -> str:
        return f"{self.purpose}\n{dump.tree(self.raw, self.fields)}".lstrip()

    def __repr__(self) -> str:
        return f"Message({self.name} from the {self.sender}, {len(self.raw):,} bytes)"


def messages_of(events: Iterable[Event]) -> tuple[Message, ...]:
    """The messages that were heard, read by what the ends agreed on."""
    heard = tuple(events)
    agreed = agreed_by(event.raw for event in heard if event.content_type == HANDSHAKE and event.raw[:1] == b"\2")
    messages, changed = [], set[Sender]()
    for event in heard:
        name = name_of(event.content_type, event.raw)
        if agreed.version == TLS_1_3:
            encrypted = event.record[0] == _APPLICATION_DATA if event.record else name not in _PLAIN
        else:
            encrypted = event.sender in changed
        at = event.at - heard[0].at
        messages.append(Message(event.sender, event.raw, event.content_type, at, event.record, encrypted, agreed))
        if event.content_type == CHANGE_CIPHER_SPEC:
            changed.add(event.sender)
    return tuple(messages)


def starts(messages: Sequence[Message]) -> list[int]:
    """Where each handshake begins: the first, and in TLS 1.2 each that was made anew over the same connection (renegotiation)."""
    found, finished = [0], False
    for number, message in enumerate(messages):
        if finished and message.name == "ClientHello":
            found.append(number)
            finished = False
        finished |= message.name == "Finished"
    return found


#: What is never encrypted in TLS 1.3.
_PLAIN = ("ClientHello", "HelloRetryRequest", "ServerHello", "ChangeCipherSpec")
