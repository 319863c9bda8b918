"""Field: a stretch of a message's bytes with a name; and the cursor that reads fields one after the other.

The leaves of a field lie side by side, without gap or overlap: what no parser took becomes a field called ``unparsed``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

UNPARSED: Final = "unparsed"


@dataclass(frozen=True, slots=True)
class Field:
    """A stretch of a message. offset, length: in bytes, from the message's first. meaning: what stands there, in words."""

    name: str
    offset: int
    length: int
    meaning: str = ""
    children: tuple[Field, ...] = ()

    @property
    def end(self) -> int:
        return self.offset + self.length

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Field]]:
        """Yield this field and all below it, in the order of the bytes, each with its depth."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)

    def leaves(self) -> Iterator[Field]:
        """Yield the fields that have none below them: together they are all of the bytes, once each."""
        return (field for _, field in self.walk() if not field.children)

    def find(self, name: str) -> Field | None:
        """The first field of this name, here or below; None if there is none."""
        return next((field for _, field in self.walk() if field.name == name), None)


#: Reads fields off a cursor. If it returns text, that is the meaning of what it read.
Reader = Callable[["Cursor"], object]


class Cut(Exception):  # noqa: N818  # it goes no further than this room
    """There are fewer bytes than a field needs."""


class Cursor:
    """Reads the bytes from ``at`` to ``end``, and keeps what it read as fields."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end
        self.fields: list[Field] = []

    @property
    def left(self) -> int:
        return self.end - self.at

    @property
    def meaning(self) -> str:
        """The meaning of the field that was read last; empty if none was."""
        return self.fields[-1].meaning if self.fields else ""

    def take(self, name: str, length: int, meaning: str | Callable[[bytes], str] = "") -> bytes:
        """The next bytes, as a field; one of no bytes is none. meaning: or what makes it of the bytes."""
        if length > self.left:
            raise Cut
        value = self.data[self.at : self.at + length]
        if length:
            words = meaning if isinstance(meaning, str) else meaning(value)
            self.fields.append(Field(name, self.at, length, words))
        self.at += length
        return value

    def number(self, name: str, width: int, meaning: Callable[[int], str] = str) -> int:
        """The next bytes as a number; ``meaning`` says it in words."""
        return int.from_bytes(self.take(name, width, lambda value: meaning(int.from_bytes(value, "big"))), "big")

    def rest(self, name: str, meaning: str | Callable[[bytes], str] = "") -> bytes:
        return self.take(name, self.left, meaning)

    def group(self, name: str, read: Reader, *, whole: bool = False) -> Field | None:
        """A field of fields: as many as ``read`` takes; with ``whole`` all there are. None if there are no bytes for it."""
        inner = Cursor(self.data, self.at, self.end)
        meaning: object
        try:
            meaning = read(inner)
        except Cut:
            if not self.left:
                raise
            meaning, whole = "cut short", True
        if whole:
            inner.rest(UNPARSED)
        start, self.at = self.at, inner.at
        if start == self.at:
            return None
        words = meaning if isinstance(meaning, str) else ""
        self.fields.append(Field(name, start, self.at - start, words, tuple(inner.fields)))
        return self.fields[-1]

    def vector(self, name: str, width: int, read: Reader) -> Field | None:
        """A field of fields that begins with its length, a number of so many bytes; ``read`` has that many and no more.

        What is wrong inside of it stays inside.
        """

        def vector(inner: Cursor) -> object:
            length = inner.number("length", width)
            if length > inner.left:
                inner.rest(UNPARSED)
                return f"cut short: {length:,} bytes are announced"
            inner.end = inner.at + length
            return read(inner)

        return self.group(name, vector, whole=True)

    def items(self, name: str, read: Reader) -> None:
        """Groups of this name, to the end."""
        while self.left:
            self.group(name, read)

    def numbers(self, name: str, width: int, meaning: Callable[[int], str] = str) -> list[int]:
        """Numbers of this name, to the end."""
        found = []
        while self.left:
            found.append(self.number(name, width, meaning))
        return found


def whole(name: str, data: bytes, read: Reader) -> Field:
    """All of some bytes as one field."""
    cursor = Cursor(data, 0, len(data))
    return (cursor.group(name, read, whole=True) if data else None) or Field(name, 0, len(data))
