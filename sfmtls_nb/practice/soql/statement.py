"""Statement: a SELECT of SQL in parts, and the clauses that queries of records and of groups have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sfmtls_nb.practice.data import TEXT_TYPES
from sfmtls_nb.practice.soql.records import Selected
from sfmtls_nb.practice.soql.scope import Compilation, Scope, too_complicated
from sfmtls_nb.practice.soql.syntax import Select, SoqlError
from sfmtls_nb.practice.soql.values import whole_number
from sfmtls_nb.practice.soql.where import Find, where

#: SQLite's results have 2,000 columns at most.
COLUMNS: Final = 1_900
#: "Maximum SOQL offset allowed is 2000".
_OFFSET: Final = 2_000
#: [simulated] Far beyond what anybody writes, and within what SQLite takes.
_ORDERS: Final = 32


@dataclass(frozen=True)
class Statement:
    """A SELECT in parts: the selected expressions, everything from FROM to HAVING, and a total order.

    header: the columns as one line, ``Account.Name`` being one of them. limit: None where there is none.
    """

    type: str
    columns: tuple[Selected, ...]
    header: tuple[str, ...]
    selected: tuple[str, ...]
    source: str
    order: str
    parameters: tuple[Any, ...]
    limit: int | None
    offset: int
    id_place: int | None = None
    counts: bool = False

    def rows(self, skip: int = 0) -> tuple[str, tuple[Any, ...]]:
        """Return SQL and parameters for the rows after the first ``skip``."""
        limit = -1 if self.limit is None else max(self.limit - skip, 0)
        sql = f"SELECT {', '.join(self.selected)} {self.source} ORDER BY {self.order} LIMIT ? OFFSET ?"
        return sql, (*self.parameters, limit, self.offset + skip)

    def size(self) -> tuple[str, tuple[Any, ...]]:
        """Return SQL and parameters for the number of rows."""
        # The first column will do; there has to be one, because an aggregate makes one row of all.
        rows = f"SELECT {self.selected[0]} {self.source} LIMIT ? OFFSET ?"
        limit = -1 if self.limit is None else self.limit
        return f"SELECT count(*) FROM ({rows})", (*self.parameters, limit, self.offset)  # noqa: S608  # see above


def conditions(scope: Scope, select: Select) -> list[str]:
    """Return the SQL of WHERE, in parts. Raises SoqlError."""
    return [*scope.there(), *([f"({where(scope, select.where)})"] if select.where else [])]


def source(scope: Scope, conditions: Sequence[str]) -> str:
    """Return the SQL from FROM on. Called last, when all joins are known."""
    return f"FROM {scope.source()} WHERE {' AND '.join(conditions) or '1'}"


def order(scope: Scope, select: Select, find: Find) -> Iterator[str]:
    """Yield the SQL of ORDER BY, in parts. find: what a path or a call stands for there. Raises SoqlError."""
    if len(select.order) > _ORDERS:
        raise too_complicated()
    for each in select.order:
        operand = find(each.operand)
        if not operand.field.sortable:
            message = f"field '{operand.field.name}' can not be sorted in a query call"
            raise scope.compilation.error(each.operand.place, "INVALID_FIELD", message)
        sql = f"sort_key({operand.sql})" if operand.field.type in TEXT_TYPES else operand.sql
        yield f"{sql} {'DESC' if each.descending else 'ASC'} NULLS {'LAST' if each.nulls_last else 'FIRST'}"


def page(compilation: Compilation, select: Select) -> tuple[int | None, int]:
    """Return LIMIT and OFFSET."""
    limit = whole_number(select.limit, compilation.text) if select.limit else None
    offset = whole_number(select.offset, compilation.text) if select.offset else 0
    if offset > _OFFSET:
        raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {_OFFSET}")
    return limit, offset
