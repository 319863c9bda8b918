"""SOQL's syntax: the nodes of the tree that a query's text is parsed into, and the error that shows a place in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from sfmtls_nb.practice.refusal import RefusedError

#: Characters of the query that an error shows on either side of its place. [simulated]
_CONTEXT: Final = 40


class SoqlError(RefusedError):
    """A query that cannot be answered, in Salesforce's words. row and column count from 1; -1 where there is none."""

    def __init__(self, code: str, message: str, row: int = -1, column: int = -1) -> None:
        super().__init__(code, message, row, column)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Place(NamedTuple):
    """A place in the text; row and column count from 1."""

    row: int
    column: int


@dataclass(frozen=True)
class FieldPath:
    """``Account.Owner.Name``; also the name of an object."""

    names: tuple[str, ...]
    place: Place

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True)
class Value:
    """A value to compare with, as it stands in the text. kind: STRING, NUMBER, DATE, DATETIME or NAME."""

    kind: str
    text: str
    place: Place
    count: str | None = None  # the n of LAST_N_DAYS:n


@dataclass(frozen=True)
class FunctionCall:
    """``COUNT(Id)``, ``FIELDS(ALL)``, ``COUNT()``, ``HOUR_IN_DAY(convertTimezone(CreatedDate))``. name: in capitals."""

    name: str
    arguments: tuple[FieldPath | FunctionCall | Value, ...]
    place: Place

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True)
class Case:
    """``WHEN User THEN Name, Email``: the fields of one type of parent. place: of the type."""

    type: str
    fields: tuple[FieldPath, ...]
    place: Place


@dataclass(frozen=True)
class Typeof:
    """``TYPEOF Owner WHEN User THEN Name ELSE Id END``. otherwise: the fields after ELSE."""

    relationship: FieldPath
    cases: tuple[Case, ...]
    otherwise: tuple[FieldPath, ...]
    place: Place


@dataclass(frozen=True)
class Comparison:
    """A comparison by ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=`` or LIKE; or by IN, NOT IN, INCLUDES or EXCLUDES, which take several values."""

    operand: FieldPath | FunctionCall
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class SemiJoin:
    """``AccountId IN (SELECT …)``; negated: NOT IN."""

    operand: FieldPath | FunctionCall
    negated: bool
    select: Select


@dataclass(frozen=True)
class Not:
    """A negated condition."""

    of: Condition


@dataclass(frozen=True)
class Junction:
    """Conditions joined by AND or by OR."""

    word: str
    parts: tuple[Condition, ...]


Condition = Comparison | SemiJoin | Not | Junction


@dataclass(frozen=True)
class Item:
    """An item of the SELECT list, and its alias."""

    selected: FieldPath | FunctionCall | Typeof | Select
    alias: str | None
    place: Place


@dataclass(frozen=True)
class Order:
    """An item of ORDER BY. nulls_last: NULLS LAST; Salesforce's default is first, in either direction."""

    operand: FieldPath | FunctionCall
    descending: bool
    nulls_last: bool


@dataclass(frozen=True)
class Select:
    """A query, whole or in brackets. limit and offset: as written.

    parents: aliases of relationships, ``c.Account a``, in FROM. subtotals: ROLLUP, CUBE or "".
    """

    items: tuple[Item, ...]
    source: FieldPath
    alias: str | None
    parents: tuple[tuple[str, FieldPath], ...]
    where: Condition | None
    group: tuple[FieldPath | FunctionCall, ...]
    subtotals: str
    having: Condition | None
    order: tuple[Order, ...]
    limit: Value | None
    offset: Value | None
    place: Place


def error_at(text: str, place: Place, code: str, message: str) -> SoqlError:
    """Return an error that shows a part of the query with a caret below it, as Salesforce does."""
    line = text.split("\n")[place.row - 1]
    index = place.column - 1
    # Whole words of the line; the window is [simulated].
    starts = (word.start() for word in re.finditer(r"\S+", line) if word.start() >= index - _CONTEXT)
    start = 0 if index <= _CONTEXT else min(next(starts, index), index)
    end = next((m.end() for m in re.finditer(r"\S(?!\S)", line) if m.end() >= index + _CONTEXT), len(line))
    end = min(end, index + 4 * _CONTEXT)
    shown = f"\n{line[start:end].rstrip()}\n{' ' * (index - start)}^\nERROR at Row:{place.row}:Column:{place.column}\n"
    return SoqlError(code, shown + message, *place)
