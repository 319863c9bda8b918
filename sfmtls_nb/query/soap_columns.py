"""SOAP columns: the records of a page by column, where they are all alike, by one regular expression that reads them all.

The org writes each record alike: the same elements in the same order. So the first record is read as XML is, by the parser,
and the others by the pattern that follows from it. The pattern takes every byte or the page is not read by it: what is
written in any other way, from a comment to a polymorphic parent, goes by the parser, as ever.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

from sfmtls_nb.columns import COMPOUND, Columns, Irregular
from sfmtls_nb.errors import NotSoapError
from sfmtls_nb.values import Kind, kind_of
from sfmtls_nb.xml import XSI, is_nil, local_name, parse_xml, type_of

SOBJECT: Final = "urn:sobject.partner.soap.sforce.com"

_END: Final = b"</records>"
#: What text cannot hold (XML 1.0, 2.2 and 2.4), or the parser reads otherwise than it stands there (2.11: a line end).
_NO_TEXT: Final = bytes({*range(0x20)} - {0x09, 0x0A})
_NO_CHARACTERS: Final = ("\ufffe", "\uffff")
_REFERENCE: Final = re.compile("&(?:(lt|gt|amp|quot|apos)|#([0-9]{1,7})|#x([0-9a-fA-F]{1,6}));")
#: XML 1.0, 2.2: what a document cannot hold, no reference can bring.
_CHARACTER: Final = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: So many records are looked at for what was nil in those before. Each time the pattern begins anew, which would take for ever.
_LOOKS: Final = 30
#: In the order in which they are replaced: what "&amp;" gives is no reference any more.
_ENTITIES: Final = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "amp": "&"}
#: A byte a character: so the pattern goes through bytes, and gives texts, most of which need no other reading.
_AS_BYTES: Final = "latin-1"


@dataclass(frozen=True)
class Cut:
    """An envelope, and where in it the records begin and end."""

    body: bytes
    start: int
    end: int

    def envelope(self, records: bytes = b"") -> bytes:
        """The envelope with other records, or without any."""
        return b"".join((self.body[: self.start], records, self.body[self.end :]))


def cut_out(body: bytes) -> Cut | None:
    """The records of an envelope, apart; None if there are none, or if that may be text: of a comment, or of CDATA."""
    start, end = body.find(b"<records"), body.rfind(_END) + len(_END)
    if not 0 <= start < end or b"<!" in body[:start]:
        return None
    return Cut(body, start, end)


def read_columns(cut: Cut) -> Columns | None:
    """The records of an envelope by column; None if they are not all alike."""
    if _unreadable(cut.body) != _unreadable(cut.envelope()):
        return None
    text = str(memoryview(cut.body)[cut.start : cut.end], _AS_BYTES)
    if "]]" in text and "]]>" in text:
        return None
    try:
        shape, end = None, 0
        for _ in range(_LOOKS):
            seen = _shape_of(cut, text[end : text.index(_END.decode(), end) + len(_END)])
            merged = shape.merged(seen) if shape else seen
            if merged == shape:
                return None
            shape = merged
            rows, end = _matched(shape, text)
            if end == len(text):
                return _columns(shape, rows)
    except (UnicodeDecodeError, NotSoapError, Irregular):
        pass
    return None


def _unreadable(text: bytes) -> int:
    return len(text) - len(text.translate(None, _NO_TEXT))


@dataclass(frozen=True)
class _Element:
    """An element of every record. tag: as it is written, ``sf:Name``. nil: how it says that it has no value.

    attributes: as they are written, where it has a value. parts: the elements in it. type: what it says it is.
    literal: its text, where that is the same in every record. seen: False while it was nil in all that were looked at.
    """

    tag: str
    nil: str
    attributes: str = ""
    type: str = ""
    parts: tuple[_Element, ...] = ()
    literal: str | None = None
    seen: bool = True

    @property
    def name(self) -> str:
        return self.tag.rpartition(":")[2]

    def merged(self, other: _Element) -> _Element:
        """What both are. Raises Irregular if they cannot be one."""
        if not (self.seen and other.seen) and self.tag == other.tag:
            return self if self.seen else other
        if replace(self, parts=()) != replace(other, parts=()) or len(self.parts) != len(other.parts):
            raise Irregular
        return replace(self, parts=tuple(map(_Element.merged, self.parts, other.parts)))

    def kept(self) -> list[_Element | None]:
        """Its parts, and None for those that are no field: the type, and an Id that is not selected or comes again."""
        again = [each.name for each in self.parts].count("Id") > 1
        found: list[_Element | None] = []
        for each in self.parts:
            idle = each.name == "Id" and (not each.seen or again)
            again = again and each.name != "Id"
            found.append(None if idle or each.literal is not None else each)
        return found

    def pattern(self, *, kept: bool = True) -> str:
        """A pattern with a group for the text of each leaf that is kept."""
        if self.literal is not None:
            return re.escape(f"<{self.tag}>{self.literal}</{self.tag}>")
        if not (kept or self.seen):
            return re.escape(f"<{self.tag}{self.nil}")  # an Id that comes after all is another shape
        inner = "".join(
            part.pattern(kept=kept and wanted is not None) for part, wanted in zip(self.parts, self.kept(), strict=True)
        )
        text = inner or ("([^<]*+)" if kept else r"[^<&\x80-\xff]*+")  # nobody reads the others
        start, nil = re.escape(f"<{self.tag}"), re.escape(self.nil)
        return f"{start}(?:{re.escape(self.attributes)}>{text}</{re.escape(self.tag)}>|{nil})"

    def leaves(self, above: str = "") -> Iterator[tuple[str, _Element]]:
        """Path and element of each leaf that is kept, in the order of the pattern's groups."""
        for each in filter(None, self.kept()):
            path = f"{above}{each.name}"
            if each.parts:
                yield from each.leaves(f"{path}.")
            else:
                yield path, each

    def types(self, above: str = "") -> Iterator[tuple[str, str]]:
        """The sObject at each path."""
        literal = next((each.literal for each in self.parts if each.literal is not None), None)
        yield above, COMPOUND if literal is None else _text(literal)
        for each in filter(None, self.kept()):
            if each.parts:
                yield from each.types(f"{above}.{each.name}".lstrip("."))


def _shape_of(cut: Cut, record: str) -> _Element:
    """The shape of one record, by the parser. Raises Irregular or NotSoapError."""
    root = parse_xml(cut.envelope(record.encode(_AS_BYTES)))
    element = next(root.iter("{*}records"))
    prefix = next((prefix for prefix, uri in element.nsmap.items() if uri == XSI), None)
    if prefix is None or root.getroottree().docinfo.encoding not in ("UTF-8", None):
        raise Irregular
    if any(not isinstance(each.tag, str) for each in element.iter()):
        raise Irregular  # a comment or the like
    shape = _element(element, prefix, root=True)
    if {tuple(each.nsmap.items()) for each in element.iter()} != {tuple(element.nsmap.items())}:
        raise Irregular  # a prefix that means something else further down
    return shape


def _element(element: etree._Element, prefix: str, *, root: bool = False) -> _Element:
    children = list(element)
    tag = f"{element.prefix}:{local_name(element)}" if element.prefix else local_name(element)
    nil = f' {prefix}:nil="true"/>'
    if not root and element.tag == f"{{{SOBJECT}}}type":
        return _Element(tag, nil, literal=escape(element.text or ""))
    if is_nil(element):
        return _Element(tag, nil, seen=False)
    if (children and element.text) or type_of(element) == "QueryResult" or any(each.tail for each in children):
        raise Irregular
    if any(not name.startswith(f"{{{XSI}}}") for name in element.attrib):
        raise Irregular
    attributes = "".join(f' {prefix}:{name.partition("}")[2]}="{value}"' for name, value in element.attrib.items())
    names = [local_name(each) for each in children]
    twice = 2 if root or type_of(element) == "sObject" else 0  # an Id; an address has none
    if any(names.count(name) > (twice if name in ("Id", "type") else 1) for name in names):
        raise Irregular
    said = element.get(f"{{{XSI}}}type") or ""
    return _Element(tag, nil, attributes, said, tuple(_element(each, prefix) for each in children))


def _matched(shape: _Element, text: str) -> tuple[list[tuple[str | None, ...]], int]:
    """The texts of all records from the first on that have this shape, and where they end."""
    pattern = shape.pattern()
    if not pattern.isascii():
        raise Irregular  # there are no such names, and characters are bytes here
    scanner = re.compile(pattern).scanner(text)  # type: ignore[attr-defined]  # typeshed lacks it
    rows, end = [], 0
    for found in iter(scanner.match, None):
        rows.append(found.groups())
        end = found.end()
    return rows, end


def _columns(shape: _Element, rows: list[tuple[str | None, ...]]) -> Columns:
    leaves = list(shape.leaves())
    columns: Iterable[tuple[str | None, ...]] = zip(*rows, strict=True) if leaves else ()
    kinds: dict[str, Kind | None] = {path: kind_of(leaf.type) for path, leaf in leaves if leaf.type}
    values = {path: _read(texts) for (path, _), texts in zip(leaves, columns, strict=True)}
    return Columns(len(rows), values, dict(shape.types()), kinds)


def _read(texts: Sequence[str | None]) -> Sequence[str | None]:
    """The texts of a column that the pattern found, read as XML: all at once, with what is in no text between them."""
    joined = "\0".join([each or "" for each in texts])
    if joined.isascii() and "&" not in joined:
        return texts
    read = _text(joined.encode(_AS_BYTES).decode()).split("\0")
    return [None if was is None else now for was, now in zip(texts, read, strict=True)]


def _text(text: str) -> str:
    """The text that is written so. Raises Irregular for a reference that XML does not have by itself."""
    if any(each in text for each in _NO_CHARACTERS):
        raise Irregular
    if "&#" in text:
        if len(_REFERENCE.findall(text)) != text.count("&"):
            raise Irregular
        return _REFERENCE.sub(_referred, text)
    if sum(text.count(f"&{name};") for name in _ENTITIES) != text.count("&"):
        raise Irregular
    for name, character in _ENTITIES.items():
        text = text.replace(f"&{name};", character)
    return text


def _referred(reference: re.Match[str]) -> str:
    entity, decimal, hexadecimal = reference.groups()
    if entity:
        return _ENTITIES[entity]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if not _CHARACTER.fullmatch(chr(code) if code <= sys.maxunicode else ""):
        raise Irregular
    return chr(code)
