"""Cursor: its place in a cell: on a magic's line, in an expression, in XML or in SOQL."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sfmtls_nb.notebook.lines import Argument

_CELL: Final = re.compile(r"\s*%%(sf_\w+)[^\n]*\n")
_LINE: Final = re.compile(r"""\s*(?:[^%=#'"]*=\s*)?%%?(sf_\w+)[ \t](?:\s*\w+\s*<<(?=\s))?(.*)""", re.DOTALL)
#: As `lines` has them; the last one may be in a quote that is not closed yet.
_WORD: Final = re.compile(r"""(?:'[^']*(?:'|\Z)|"[^"]*(?:"|\Z)|[^\s'"])+""")
_HOLE: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_MARKUP: Final = re.compile(
    r"""<!--.*?(?P<comment_end>-->|\Z) | <!\[CDATA\[.*?(?:\]\]>|\Z) | <\?.*?(?:\?>|\Z)
    | <(?P<closing>/?)(?P<name>[\w:.-]*)(?P<attributes>(?:"[^"]*"|'[^']*'|[^<>"'])*)(?P<end>>?)""",
    re.DOTALL | re.VERBOSE,
)
#: The last one may not be closed: then there is no quote at its end.
_LITERAL: Final = re.compile(r"'(?:\\.|[^'\\])*('?)", re.DOTALL)
_TOKEN: Final = re.compile(r"'(?:\\.|[^'\\])*'?|[A-Za-z_][\w.]*|[\w.]+|\S", re.DOTALL)
_CLAUSES: Final = frozenset(
    ["select", "from", "where", "group", "having", "order", "limit", "offset", "with", "using", "for"]
)


class MagicPlace(NamedTuple):
    """A place on the line of a magic of ours or in its cell. text: that line or cell up to the cursor."""

    magic: str
    text: str
    in_cell: bool

    @property
    def expression(self) -> str | None:
        """The Python of a ``{{`` that is not closed, if the cursor is in one."""
        hole = self.text.rfind("{{")
        return None if hole < 0 or "}}" in self.text[hole:] else self.text[hole + 2 :].lstrip()


def magic_place(before: str) -> MagicPlace | None:
    """Find the magic that the end of a text belongs to; None if it is none of ours."""
    cell = _CELL.match(before)
    if cell:
        return MagicPlace(cell[1], before[cell.end() :], in_cell=True)
    line = _LINE.match(re.split(r"(?<!\\)\n", before)[-1].replace("\\\n", " "))
    return MagicPlace(line[1], line[2], in_cell=False) if line else None


class LinePlace(NamedTuple):
    """A place on a line. argument: the one that the word there is a value of, by name or by position; None if of none.

    values: the positional words before it. unused: the flags that are not on the line yet.
    """

    word: str
    argument: Argument | None
    values: Sequence[str]
    unused: Sequence[str]
    by_name: bool


def line_place(arguments: Sequence[Argument], text: str) -> LinePlace:
    """Find the place at the end of a text, on the line of a magic that takes these arguments."""
    flags = {flag: each for each in arguments if each.is_flag for flag in each.flags}
    found = list(_WORD.finditer(text))
    word = found.pop()[0] if found and found[-1].end() == len(text) else ""
    words = [each[0] for each in found]
    values: list[str] = []
    waiting: Argument | None = None
    for each in words:
        if waiting or each.startswith("-"):
            flag = None if waiting else flags.get(each)
            waiting = flag if flag and "action" not in flag.options else None
        else:
            values.append(each)
    unused = [each for each in flags if each not in words]
    name, equals, value = word.partition("=")
    if waiting or (equals and name in flags):
        return LinePlace(word if waiting else value, waiting or flags[name], values, unused, by_name=True)
    places = [each for each in arguments if not each.is_flag]
    free = places[len(values) :] or [each for each in places[-1:] if each.options.get("nargs") == "*"]
    return LinePlace(word, free[0] if free else None, values, unused, by_name=False)


class XmlPlace(NamedTuple):
    """A place in XML. inside: the open elements, each with its text so far. tag: the tag that is being written."""

    inside: Sequence[tuple[str, str]]
    tag: str | None
    closing: bool


def xml_place(before: str) -> XmlPlace | None:
    """Find the place at the end of a text in XML; None within attributes and comments."""
    inside: list[tuple[str, str]] = []
    for found in _MARKUP.finditer(_HOLE.sub(lambda hole: "_" * len(hole[0]), before)):
        if found["name"] is None:
            if found["comment_end"] == "":
                return None
        elif not found["end"]:
            named = found.end() == len(before) and not found["attributes"]
            return XmlPlace(inside, found["name"], bool(found["closing"])) if named else None
        elif found["closing"]:
            del inside[-1:]
        elif not found["attributes"].endswith("/"):
            inside.append((found["name"], before[found.end() :].removeprefix("<![CDATA[")))
    return XmlPlace(inside, None, closing=False)


@dataclass
class Draft:
    """A SOQL query as far as it is written. outer: the query around it; within: the clause of that."""

    outer: Draft | None = None
    within: str = ""
    clause: str = ""
    source: str = ""
    alias: str = ""

    @property
    def is_child(self) -> bool:
        """True if its FROM names a relationship instead of an sObject."""
        return self.outer is not None and self.within == "select"


class SoqlPlace(NamedTuple):
    """A place in SOQL. clause: of the query; last: the token before the path; from_named: True if FROM has its name.

    steps, typed: of ``Account.Owner.Na`` are Account and Owner, and Na.
    """

    query: Draft
    clause: str
    from_named: bool
    last: str
    steps: Sequence[str] = ()
    typed: str = ""


def soql_place(before: str, behind: str = "") -> SoqlPlace | None:
    """Find the place at the end of a query; None within a literal or a number. behind: the text after the cursor."""
    before = html.unescape(_HOLE.sub("0", before))
    path = re.search(r"(?<![\w.])[A-Za-z_][\w.]*\Z", before)
    if any(not closed for closed in _LITERAL.findall(before)) or (not path and re.search(r"[\w.]\Z", before)):
        return None
    head = _TOKEN.findall(before[: path.start()] if path else before)
    tail = _TOKEN.findall(_HOLE.sub("0", re.sub(r"\A[\w.]+", "", behind)))
    *steps, typed = path[0].split(".") if path else [""]
    return _scanned(head, tail)._replace(steps=steps, typed=typed)


def _scanned(before: Sequence[str], behind: Sequence[str]) -> SoqlPlace:
    query = Draft()
    place = SoqlPlace(query, "", from_named=False, last="")
    levels: list[Draft] = []
    last = ""
    symbols = [*before, "", *behind]
    for symbol, following in zip(symbols, [*symbols[1:], ""], strict=True):
        word = symbol.lower()
        if not symbol:
            place = SoqlPlace(query, query.clause, bool(query.source), last)
            continue
        if symbol == "(":
            levels.append(query)
            query = Draft(query, query.clause) if following.lower() == "select" else query
        elif symbol == ")":
            query = levels.pop() if levels else query
        elif query.clause == "from" and not query.source:
            query.source = symbol
        elif word in _CLAUSES:
            query.clause = word
        elif query.clause == "from" and last in (query.source.lower(), "as"):
            query.alias = word
        last = word
    return place
