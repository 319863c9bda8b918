"""SOQL's syntax: the tree that a query's text is read into, and the error that says where it cannot be.

The grammar itself is in `soql_grammar`, which is loaded with the first query.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

#: "SOQL statements can be up to 100,000 characters" (SOQL and SOSL limits).
_LONGEST: Final = 100_000
#: [simulated] How much of the query an error shows on either side of the place it means.
_CONTEXT: Final = 40


class SoqlError(Exception):
    """A query that cannot be answered, as Salesforce says it. row and column count from 1; -1 where there is none."""

    def __init__(self, code: str, message: str, row: int = -1, column: int = -1) -> None:
        super().__init__(code, message, row, column)
        self.code, self.message, self.row, self.column = code, message, row, column

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Place(NamedTuple):
    """Where in the text something stands; both count from 1."""

    row: int
    column: int


@dataclass(frozen=True)
class Path:
    """``Account.Owner.Name``; also the name of an object."""

    names: tuple[str, ...]
    place: Place

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True)
class Call:
    """``COUNT(Id)``, ``FIELDS(ALL)``, ``COUNT()``. name: in capitals."""

    name: str
    argument: Path | None
    place: Place


@dataclass(frozen=True)
class Value:
    """A value to compare with, as it stands in the text. kind: STRING, NUMBER, DATE, DATETIME or NAME."""

    kind: str
    text: str
    place: Place
    count: str | None = None  # the n of LAST_N_DAYS:n


@dataclass(frozen=True)
class Comparison:
    """operator: ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, LIKE; or IN, NOT IN, which alone take several values."""

    operand: Path | Call
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class SemiJoin:
    """``AccountId IN (SELECT …)``; negated: NOT IN."""

    operand: Path | Call
    negated: bool
    select: Select


@dataclass(frozen=True)
class Not:
    """NOT of a condition."""

    of: Condition


@dataclass(frozen=True)
class Junction:
    """Conditions joined by AND or by OR."""

    word: str
    parts: tuple[Condition, ...]


Condition = Comparison | SemiJoin | Not | Junction


@dataclass(frozen=True)
class Item:
    """What is selected, and the alias it was given."""

    selected: Path | Call | Select
    alias: str | None
    place: Place


@dataclass(frozen=True)
class Order:
    """nulls_last: whether they come last; first is Salesforce's default, whichever way it is sorted."""

    operand: Path | Call
    descending: bool
    nulls_last: bool


@dataclass(frozen=True)
class Select:
    """A query, whole or in brackets. limit and offset: as they stand in the text."""

    items: tuple[Item, ...]
    source: Path
    alias: str | None
    where: Condition | None
    group: tuple[Path | Call, ...]
    having: Condition | None
    order: tuple[Order, ...]
    limit: Value | None
    offset: Value | None
    place: Place


def parse(text: str) -> Select:
    """The tree of a query's text. Raises SoqlError."""
    if len(text) > _LONGEST:
        raise SoqlError("MALFORMED_QUERY", f"SOQL statements cannot be longer than {_LONGEST} characters.")
    # The parser takes longer to load than the rest of the practice org to start.
    from sfmtls_nb.practice.soql.grammar import read  # noqa: PLC0415

    return read(text)


def error_at(text: str, place: Place, code: str, message: str) -> SoqlError:
    """The error, with the piece of the query that it means and a caret below, as Salesforce shows it."""
    line = text.split("\n")[place.row - 1]
    index = place.column - 1
    # Whole words of the line; the window is [simulated].
    starts = (word.start() for word in re.finditer(r"\S+", line) if word.start() >= index - _CONTEXT)
    start = 0 if index <= _CONTEXT else min(next(starts, index), index)
    end = next((m.end() for m in re.finditer(r"\S(?!\S)", line) if m.end() >= index + _CONTEXT), len(line))
    end = min(end, index + 4 * _CONTEXT)
    shown = f"\n{line[start:end].rstrip()}\n{' ' * (index - start)}^\nERROR at Row:{place.row}:Column:{place.column}\n"
    return SoqlError(code, shown + message, *place)
