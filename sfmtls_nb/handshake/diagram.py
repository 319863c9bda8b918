"""Diagram: the messages of a handshake as a text, the client on the left and the org on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sfmtls_nb.handshake.kinds import ALERT
from sfmtls_nb.handshake.message import Message

_ARROW: Final = 42
_WIDTH: Final = 110
_LEGEND: Final = "▌ what makes it mutual   ═ encrypted on the way   ─ readable for anyone"


def diagram(messages: Sequence[Message], where: str = "") -> str:
    """A line for each message: its number, an arrow from its sender, its size, the time, and what it says."""
    return "\n".join((_head(where), *_lines(messages), _LEGEND))


def is_mutual(message: Message) -> bool:
    """True for the messages that there are only if the client is asked who it is; and for alerts, which may answer that."""
    if message.content_type == ALERT:
        return "certificate" in message.meaning or message.meaning.endswith(("unknown_ca", "access_denied"))
    if message.sender == "server":
        return message.name == "CertificateRequest"
    return message.name in {"Certificate", "CompressedCertificate", "CertificateVerify"}


def _head(where: str) -> str:
    return f"      client{(where or 'org'):>{_ARROW - 6}}"


def _lines(messages: Sequence[Message]) -> Iterator[str]:
    for number, message in enumerate(messages, 1):
        mark = "▌" if is_mutual(message) else " "
        size, at = f"{len(message.raw):,} B", f"{1000 * message.at:.1f} ms"
        line = f"{mark} {number:2}  {_arrow(message)} {size:>8} {at:>9}  {message.meaning}".rstrip()
        yield line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"


def _arrow(message: Message) -> str:
    stroke = ("═" if message.encrypted else "─") * (_ARROW - len(message.name) - 2)
    return f"{message.name} {stroke}▶" if message.sender == "client" else f"◀{stroke} {message.name}"
