"""Message bytes: one message opened: why it exists, its fields, and the bytes of each."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from sfmtls_nb.handshake import Field, Handshake, Message
from sfmtls_nb.notebook.views.sequence import Step

_ROW: Final = 16
# Bytes of a field beside its name; rows of it where it is opened; fields of a list; and bytes of a message, as far as they are shown.
_SHORT, _ROWS, _FIELDS, _BYTES = 8, 4, 40, 4_096
_QUIET: Final = "opacity:.75"
# So small that the bytes of a field eight levels down have room in a window of 800 pixels.
_PRE: Final = '<pre style="margin:0;font-size:11px">'
_LIST: Final = '<div style="padding-left:1em;border-left:1px solid #888">'
#: Tints of fields that lie side by side: text can be read on them in either theme. What has none has the page's own.
_TINTS: Final = ("", ' style="background:#58f4"', ' style="background:#d834"')


class Room:
    """The room that is left for opened messages, in characters of HTML: notebooks are kept, sent and compared."""

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self, html: str, instead: str) -> str:
        """The HTML if there is room for it, or else what is said in its place."""
        if len(html) > self._left:
            return f'<div style="{_QUIET}">{instead}</div>'
        self._left -= len(html)
        return html


def message_html(handshake: Handshake, step: Step, room: Room) -> str:
    """One sentence on why there is such a message, and all that is in it."""
    message = step.message
    printed = f"<code>print(handshake.messages[{step.number - 1}])</code>"
    fields = "".join(_children(message, message.fields))
    return (
        f'<div style="font-size:1.05em">{escape(message.purpose)}</div>'
        f'<div style="{_QUIET}">{", ".join(_facts(step))}</div>{_signed(handshake, message)}'
        f'<div style="margin:.5em 0">{room.take(fields, f"too much to show here: {printed}")}</div>'
        f"{room.take(_dump(message), 'its bytes are too many to show here')}"
    )


def _facts(step: Step) -> Iterator[str]:
    yield step.words
    yield f"{len(step.message.raw):,} bytes"
    if step.message.record:
        yield f"in a record of {int.from_bytes(step.message.record[3:5], 'big'):,}"


def _signed(handshake: Handshake, message: Message) -> str:
    signed = handshake.signed_by(message) if message.name == "CertificateVerify" else None
    if signed is None:
        return ""
    digest = f"{_PRE}{_wrapped(signed.transcript_hash)}</pre>" if signed.transcript_hash else ""
    return f'<div style="margin-top:.5em"><b>what is signed</b> {escape(signed.words)}</div>{digest}'


def _wrapped(value: bytes) -> str:
    return "\n".join(value[at : at + _ROW].hex(" ") for at in range(0, len(value), _ROW))


# ---------------------------------------------------------------- fields


def _children(message: Message, field: Field) -> Iterator[str]:
    for child in field.children[:_FIELDS]:
        yield _group(message, child, field.meaning) if child.children else _leaf(message, child)
    if len(field.children) > _FIELDS:
        yield f"<div>… {len(field.children) - _FIELDS:,} more</div>"


def _group(message: Message, field: Field, above: str) -> str:
    """A field of fields. above: the meaning of the one that it is in, which is not said again."""
    meaning = "" if above.endswith(field.meaning) else f" {escape(field.meaning)}"
    opened = " open" if field.name == "body" and field.offset == 1 else ""  # the message itself, without its type
    size = f"<small>{_bytes(field.length)}</small>"
    return (
        f"<details{opened}><summary><b>{escape(field.name)}</b>{meaning} {size}</summary>"
        f"{_LIST}{''.join(_children(message, field))}</div></details>"
    )


def _leaf(message: Message, field: Field) -> str:
    short = message.bytes_of(field)[:_SHORT].hex(" ") + (" …" if field.length > _SHORT else "")
    rows = "\n".join(_marked(message.raw, field))
    return (
        f"<details><summary><b>{escape(field.name)}</b> <code>{short}</code> {escape(field.meaning)}</summary>"
        f"{_PRE}{rows}</pre></details>"
    )


def _marked(raw: bytes, field: Field) -> Iterator[str]:
    """The rows of the message that the field is in, with its bytes marked."""
    starts = range(field.offset // _ROW * _ROW, field.end, _ROW)
    for start in starts[:_ROWS]:
        row = raw[start : start + _ROW]
        first, end = max(field.offset - start, 0), min(field.end - start, _ROW)
        before, its, after = (part.hex(" ") for part in (row[:first], row[first:end], row[end:]))
        yield " ".join(filter(None, (f"{start:04x} ", before, f"<mark>{its}</mark>", after)))
    if len(starts) > _ROWS:
        yield f"      … to {field.end - 1:04x}"


# ---------------------------------------------------------------- all bytes


def _dump(message: Message) -> str:
    """All bytes, those of each field in a tint of their own."""
    raw = message.raw[:_BYTES]
    shown = "".join(
        f'<span title="{escape(field.name)}"{_TINTS[number % 3]}>{_rows(raw, field)}</span>'
        for number, field in enumerate(message.fields.leaves())
        if field.offset < len(raw)
    )
    more = f"\n… {len(message.raw) - _BYTES:,} more" if len(message.raw) > _BYTES else ""
    return f"<details><summary>all {_bytes(len(message.raw))}</summary>{_PRE}{shown}{more}</pre></details>"


def _rows(raw: bytes, field: Field) -> str:
    """The bytes of a field; before those that begin a row, its number."""
    return "".join(
        f"{chr(10) * (at > 0)}{at:04x}  {raw[at]:02x}" if at % _ROW == 0 else f" {raw[at]:02x}"
        for at in range(field.offset, min(field.end, len(raw)))
    )


def _bytes(count: int) -> str:
    return f"{count:,} bytes" if count != 1 else "1 byte"
