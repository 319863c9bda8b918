"""Records as plain values, and the selected fields that give their names, types and order.

Whoever renders records (as SOAP, JSON or CSV) walks the columns; the values are Python's, typed as the columns say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple, Self

from sfmtls_nb.practice.data import COMPOUND_TYPES, Field, FieldType, Row, Rows
from sfmtls_nb.practice.soql.locale import format_value
from sfmtls_nb.practice.soql.scope import Operand

#: Type of the records that GROUP BY and aggregate functions yield.
AGGREGATE: Final = "AggregateResult"

#: The value of an address or a location, by the names of its parts.
Compound = dict[str, str | float | None]
#: Datetimes are aware, in UTC.
Scalar = str | bool | int | float | date | datetime | Compound | None


@dataclass(frozen=True)
class SelectedField:
    """A selected field; or the value of an aggregate function, named by its alias or expr0, expr1 …"""

    name: str
    type: FieldType
    place: int = field(repr=False)  # in the row that SQLite gives
    formatted: Field | None = field(default=None, repr=False)  # whose values FORMAT writes as text

    @classmethod
    def of(cls, operand: Operand, name: str, place: int) -> Self:
        """Return the column for an operand."""
        if operand.formatted:
            return cls(name, "string", place, operand.field)
        return cls(name, operand.field.type, place)


@dataclass(frozen=True)
class Parent:
    """A relationship to a parent, such as Account, and the fields selected from it."""

    name: str
    sobject: str
    columns: tuple[Selected, ...]
    place: int = field(repr=False)  # of its id


@dataclass(frozen=True)
class Child:
    """A subquery over children, such as Contacts, and the fields it selects."""

    name: str
    sobject: str
    columns: tuple[Selected, ...]
    sql: str = field(repr=False)  # whose first parameter is the parent's id
    parameters: tuple[Any, ...] = field(repr=False)
    place: int = field(repr=False)  # of the parent's id, in the parent's row
    own_id: int = field(repr=False)  # the place of its own, in its rows


Selected = SelectedField | Parent | Child


class Record(NamedTuple):
    """A record. id: set even where it was not selected; None for an AggregateResult.

    values: in the order of the columns. A parent is a Record, or None where there is none; so for children.
    """

    type: str
    id: str | None
    values: Mapping[str, Scalar | Record | ChildResult]


class ChildResult(NamedTuple):
    """All children of one record; None stands for no children."""

    size: int
    records: tuple[Record, ...]


#: Of the rows, only a query with children needs more.
Reader = Callable[[Row, Rows | None], Record]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Conversions of SQLite's values to Python's, where they differ.
_FROM_SQL: Final[Mapping[FieldType, Callable[[Any], Scalar]]] = {
    "boolean": bool,
    "date": date.fromordinal,
    "datetime": lambda seconds: _EPOCH + timedelta(seconds=seconds),
    "address": json.loads,
    "location": json.loads,
}


def has_columns(columns: tuple[Selected, ...]) -> bool:
    """Return whether a row of SQLite's has the value of every column as it is: no children, compounds or FORMAT."""
    return all(
        has_columns(column.columns)
        if isinstance(column, Parent)
        else isinstance(column, SelectedField) and column.type not in COMPOUND_TYPES and not column.formatted
        for column in columns
    )


def reader(sobject: str, columns: tuple[Selected, ...], id_place: int | None) -> Reader:
    """Return a function that turns rows into records."""
    parts = [(column.name, _READERS[type(column)](column)) for column in columns]

    def read(row: Row, rows: Rows | None) -> Record:
        return Record(
            sobject, None if id_place is None else row[id_place], {name: value(row, rows) for name, value in parts}
        )

    return read


def _column(column: SelectedField) -> Callable[[Row, Rows | None], Scalar]:
    place, convert = column.place, _FROM_SQL.get(column.type)
    if column.formatted:
        convert = partial(_formatted, column.formatted)
    if convert is None:
        return lambda row, rows: row[place]
    return lambda row, rows: None if row[place] is None else convert(row[place])


def _formatted(of: Field, value: Any) -> str:
    convert = _FROM_SQL.get(of.type)
    return format_value(convert(value) if convert else value, of)


def _parent(parent: Parent) -> Callable[[Row, Rows | None], Record | None]:
    place, read = parent.place, reader(parent.sobject, parent.columns, parent.place)
    return lambda row, rows: None if row[place] is None else read(row, rows)


def _child(child: Child) -> Callable[[Row, Rows | None], ChildResult | None]:
    read = reader(child.sobject, child.columns, child.own_id)

    def children(row: Row, rows: Rows | None) -> ChildResult | None:
        assert rows is not None  # noqa: S101  # see above
        found = rows.select(child.sql, (row[child.place], *child.parameters))
        return ChildResult(len(found), tuple(read(each, rows) for each in found)) if found else None

    return children


_READERS: Final[Mapping[type, Callable[[Any], Callable[[Row, Rows | None], Any]]]] = {
    SelectedField: _column,
    Parent: _parent,
    Child: _child,
}
