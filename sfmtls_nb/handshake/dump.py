"""Dump: bytes as people look at them: a tree of fields beside their values, and a hex dump with a field marked."""

from __future__ import annotations

from collections.abc import Iterator

from sfmtls_nb.errors import visible
from sfmtls_nb.handshake.field import Field

_ROW = 16
_SHOWN = 12
_WIDTH = 120


def tree(raw: bytes, root: Field) -> str:
    """Each field on a line: where it begins, how long it is, its name, its value."""
    return "\n".join(_line(raw, depth, field) for depth, field in root.walk())


def _line(raw: bytes, depth: int, field: Field) -> str:
    name = f"{field.offset:5} {field.length:5}  {'  ' * depth}{field.name}"
    value = field.meaning
    if not field.children:
        short = raw[field.offset : field.offset + _SHOWN].hex(" ") if field.length > _SHOWN else _bytes(raw, field)
        value = f"{short}{' …' if field.length > _SHOWN else ''}{f'  = {field.meaning}' if field.meaning else ''}"
    line = f"{name:<46} {value}".rstrip()
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"


def _bytes(raw: bytes, field: Field) -> str:
    return raw[field.offset : field.end].hex(" ")


def hexdump(raw: bytes, field: Field | None = None) -> str:
    """Rows of sixteen bytes; those of the field stand in brackets."""
    return "\n".join(_row(raw, start, field) for start in range(0, len(raw), _ROW))


def _row(raw: bytes, start: int, field: Field | None) -> str:
    row = raw[start : start + _ROW]
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
    return f"{start:04x} {''.join(_marked(row, start, field)):<{3 * _ROW + 1}}  {visible(text)}"


def _marked(row: bytes, start: int, field: Field | None) -> Iterator[str]:
    """The row's bytes, each with what stands before it, and at last what stands behind it."""
    first, end = (field.offset, field.end) if field else (-1, -1)
    last = start + len(row)
    for at, byte in enumerate(row, start):
        opens, closes = at == first or (at == start and first < at < end), at == end and at != start
        yield f"{'[' if opens else ']' if closes else ' '}{byte:02x}"
    yield "]" if first < last <= end and end > start else " "
