"""Diagram: the messages of a handshake as a text, the client on the left and the org on the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sfmtls_nb.handshake.message import Message

_ARROW: Final = 42
_WIDTH: Final = 110
_LEGEND: Final = "▌ what makes it mutual   ═ encrypted on the way   ─ readable for anyone"


def diagram(messages: Sequence[Message], marked: Sequence[Message] = ()) -> str:
    """A line for each message: its number, an arrow from its sender, its size, the time, and what it says."""
    lines = (_line(number, message, "▌" if message in marked else " ") for number, message in enumerate(messages, 1))
    return "\n".join((f"      client{'org':>{_ARROW - 6}}", *lines, _LEGEND))


def _line(number: int, message: Message, mark: str) -> str:
    size, at = f"{len(message.raw):,} B", f"{1000 * message.at:.1f} ms"
    line = f"{mark} {number:2}  {_arrow(message)} {size:>8} {at:>9}  {message.meaning}".rstrip()
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"


def _arrow(message: Message) -> str:
    stroke = ("═" if message.encrypted else "─") * (_ARROW - len(message.name) - 2)
    return f"{message.name} {stroke}▶" if message.sender == "client" else f"◀{stroke} {message.name}"
