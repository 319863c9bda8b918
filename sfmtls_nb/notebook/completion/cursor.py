"""Cursor: where in a cell it is: on a magic's line, in an expression, in the XML or the SOQL, and within what there."""

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
    """On the line of a magic of ours or in its cell. text: what stands there up to the cursor."""

    magic: str
    text: str
    in_cell: bool

    @property
    def expression(self) -> str | None:
        """The Python of a ``{{`` that is not closed, if the cursor is in one."""
        hole = self.text.rfind("{{")
        return None if hole < 0 or "}}" in self.text[hole:] else self.text[hole + 2 :].lstrip()


def magic_place(before: str) -> MagicPlace | None:
    """Where one is behind this text; None if that is none of our magics."""
    cell = _CELL.match(before)
    if cell:
        return MagicPlace(cell[1], before[cell.end() :], in_cell=True)
    line = _LINE.match(re.split(r"(?<!\\)\n", before)[-1].replace("\\\n", " "))
    return MagicPlace(line[1], line[2], in_cell=False) if line else None


class LinePlace(NamedTuple):
    """On a line. argument: what the word there is for, if it is for any; by its name or by its place.

    values: the words before it that stand there by their place. unused: the flags that are not on the line yet.
    """

    word: str
    argument: Argument | None
    values: Sequence[str]
    unused: Sequence[str]
    by_name: bool


def line_place(arguments: Sequence[Argument], text: str) -> LinePlace:
    """Where one is behind this text, on the line of a magic that takes these."""
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
    """In XML. inside: the elements that are open, with what stands in each. tag: the tag that is being written."""

    inside: Sequence[tuple[str, str]]
    tag: str | None
    closing: bool


def xml_place(before: str) -> XmlPlace | None:
    """Where one is behind this text; None within attributes and comments."""
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
class Query:
    """A SOQL query as far as it is written. outer: the one that it stands in, within which clause of that."""

    outer: Query | None = None
    within: str = ""
    clause: str = ""
    source: str = ""
    alias: str = ""

    @property
    def is_child(self) -> bool:
        """Whether its FROM names a relationship, and no sObject."""
        return self.outer is not None and self.within == "select"


class SoqlPlace(NamedTuple):
    """In SOQL. clause: of the query; last: the token before the path; from_named: whether there is a name behind FROM.

    steps, typed: of ``Account.Owner.Na`` are Account and Owner, and Na.
    """

    query: Query
    clause: str
    from_named: bool
    last: str
    steps: Sequence[str] = ()
    typed: str = ""


def soql_place(before: str, behind: str = "") -> SoqlPlace | None:
    """Where one is in a query; None within a literal or a number. The query is known with what stands behind the cursor."""
    before = html.unescape(_HOLE.sub("0", before))
    path = re.search(r"(?<![\w.])[A-Za-z_][\w.]*\Z", before)
    if any(not closed for closed in _LITERAL.findall(before)) or (not path and re.search(r"[\w.]\Z", before)):
        return None
    head = _TOKEN.findall(before[: path.start()] if path else before)
    tail = _TOKEN.findall(_HOLE.sub("0", re.sub(r"\A[\w.]+", "", behind)))
    *steps, typed = path[0].split(".") if path else [""]
    return _scanned(head, tail)._replace(steps=steps, typed=typed)


def _scanned(before: Sequence[str], behind: Sequence[str]) -> SoqlPlace:
    query = Query()
    place = SoqlPlace(query, "", from_named=False, last="")
    levels: list[Query] = []
    last = ""
    symbols = [*before, "", *behind]
    for symbol, following in zip(symbols, [*symbols[1:], ""], strict=True):
        word = symbol.lower()
        if not symbol:
            place = SoqlPlace(query, query.clause, bool(query.source), last)
            continue
        if symbol == "(":
            levels.append(query)
            query = Query(query, query.clause) if following.lower() == "select" else query
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
