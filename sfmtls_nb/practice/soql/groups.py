"""Groups: queries with GROUP BY, ROLLUP, CUBE and aggregate functions, and SELECT COUNT()."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, count
from typing import Any, Final

from sfmtls_nb.practice.soql import functions
from sfmtls_nb.practice.soql.records import AGGREGATE, SelectedField
from sfmtls_nb.practice.soql.scope import Operand, Scope, too_complicated
from sfmtls_nb.practice.soql.statement import COLUMNS, Statement, conditions, order, page, source
from sfmtls_nb.practice.soql.syntax import FieldPath, FunctionCall, Select, SoqlError
from sfmtls_nb.practice.soql.where import where

#: [simulated] Far beyond what anybody writes, and within what SQLite takes.
_GROUPS: Final = 100
#: "You can include up to three fields in a comma-separated list", of ROLLUP and of CUBE.
_SUBTOTALS: Final = 3
#: SQLite takes some 32,000 parameters, and a query with subtotals asks its conditions up to eight times.
_PARAMETERS: Final = 30_000


def counted(scope: Scope, select: Select) -> Statement:
    """Return the statement for SELECT COUNT(), whose answer is its size. Raises SoqlError."""
    if len(select.items) > 1 or select.items[0].alias or select.group or select.having or select.order:
        # [simulated] words
        message = "COUNT() stands alone in SELECT, without an alias, GROUP BY or ORDER BY; COUNT(Id) need not"
        raise scope.compilation.error(select.items[0].place, "MALFORMED_QUERY", message)
    found = source(scope, conditions(scope, select))
    row = f"{scope.table}.n"
    return Statement(
        scope.sobject.name,
        (),
        (),
        (row,),
        found,
        row,
        tuple(scope.parameters),
        *page(scope.compilation, select),
        counts=True,
    )


def _check_overall(select: Select) -> None:
    for clause, given in {
        "LIMIT": select.limit,
        "OFFSET": select.offset,
        "ORDER BY": select.order,
        "HAVING": select.having,
    }.items():
        if given:
            message = f"Non-grouped query that uses overall aggregate functions cannot also use {clause}"
            raise SoqlError("MALFORMED_QUERY", message)


def aggregated(scope: Scope, select: Select) -> Statement:
    """Return the statement for groups, or for aggregates over all. Raises SoqlError."""
    groups = tuple(dict.fromkeys(_group(scope, wanted) for wanted in select.group))
    if not groups:
        _check_overall(select)
    columns, operands = _columns(scope, select, groups)
    if len(groups) > _GROUPS or len(operands) > COLUMNS:
        raise too_complicated()
    made = _with_subtotals if select.subtotals else _plain
    selected, found, ordered, parameters = made(scope, select, groups, operands)
    return Statement(
        AGGREGATE,
        columns,
        tuple(column.name for column in columns),
        tuple(selected),
        found,
        ", ".join(ordered),
        tuple(parameters),
        *page(scope.compilation, select),
    )


def _group(scope: Scope, wanted: FieldPath | FunctionCall) -> str:
    operand = functions.operand(scope, wanted, "GROUP BY")
    if not operand.field.groupable:
        message = f"field '{operand.field.name}' can not be grouped in a query call"
        raise scope.compilation.error(wanted.place, "INVALID_FIELD", message)
    return operand.sql


def _grouped(
    scope: Scope, select: Select, groups: Sequence[str], clause: functions.Clause, wanted: FieldPath | FunctionCall
) -> Operand:
    """Look up an aggregate, or one of what the rows are grouped by."""
    operand = functions.operand(scope, wanted, clause)
    if operand.grouping and not select.subtotals:
        message = "GROUPING is only for queries with GROUP BY ROLLUP or GROUP BY CUBE"  # [simulated]
        raise scope.compilation.error(wanted.place, "MALFORMED_QUERY", message)
    if not operand.aggregate and operand.sql not in groups:
        message = f"Field must be grouped or aggregated: {wanted}"
        raise scope.compilation.error(wanted.place, "MALFORMED_QUERY", message)
    return operand


def _columns(scope: Scope, select: Select, groups: Sequence[str]) -> tuple[tuple[SelectedField, ...], list[Operand]]:
    """Return the selected columns, and the operands that give their values, each once."""
    compilation, numbers = scope.compilation, count()
    columns: dict[str, SelectedField] = {}
    operands: dict[Operand, int] = {}
    for item in select.items:
        if not isinstance(item.selected, FieldPath | FunctionCall):
            message = "Grouped queries cannot have subqueries or TYPEOF in SELECT"  # [simulated]
            raise compilation.error(item.place, "MALFORMED_QUERY", message)
        operand = _grouped(scope, select, groups, "SELECT", item.selected)
        name = item.alias or (f"expr{next(numbers)}" if operand.numbered else operand.field.name)
        if name.lower() in columns:
            raise compilation.error(item.place, "MALFORMED_QUERY", f"duplicate alias: {name}")
        place = operands.setdefault(replace(operand, formatted=False), len(operands))
        columns[name.lower()] = SelectedField.of(operand, name, place)
    return tuple(columns.values()), list(operands)


_Parts = tuple[list[str], str, list[str], list[Any]]


def _plain(scope: Scope, select: Select, groups: Sequence[str], operands: list[Operand]) -> _Parts:
    """Return what is selected, everything from FROM on, the order, and the parameters."""
    found_by = conditions(scope, select)
    having = where(scope, select.having, partial(_grouped, scope, select, groups, "HAVING")) if select.having else ""
    ordered = [*order(scope, select, partial(_grouped, scope, select, groups, "ORDER BY")), *groups] or ["1"]
    found = source(scope, found_by)
    found += f" GROUP BY {', '.join(groups)}" if groups else ""
    found += f" HAVING {having}" if having else ""
    return [operand.sql for operand in operands], found, ordered, scope.parameters


def _with_subtotals(scope: Scope, select: Select, groups: Sequence[str], operands: list[Operand]) -> _Parts:
    """Do the same with ROLLUP or CUBE: one SELECT for each set of fields that is grouped by, put together by UNION ALL.

    Each subtotal comes behind the rows it sums up.
    """
    if len(groups) > _SUBTOTALS:
        message = f"{select.subtotals} can have {_SUBTOTALS} fields at most"  # [simulated] words
        raise scope.compilation.error(select.place, "MALFORMED_QUERY", message)
    places = {operand: place for place, operand in enumerate(operands)}

    def column(operand: Operand) -> Operand:
        return replace(operand, sql=f"c{places.setdefault(operand, len(places))}")

    def find(wanted: FieldPath | FunctionCall) -> Operand:
        return column(_grouped(scope, select, groups, "ORDER BY", wanted))

    ordered = list(order(scope, select, find))
    for wanted in select.group:
        flag = FunctionCall("GROUPING", (wanted,), select.place)
        ordered += [find(flag).sql, find(wanted).sql]
    found_by = conditions(scope, select)
    shared, parameters, selects = list(scope.parameters), [], []
    for kept in _sets(select.subtotals, groups):
        scope.parameters.clear()
        having = _having(scope, select, groups, kept)
        parameters += [*shared, *scope.parameters]
        chosen = ", ".join(f"{_value(operand, kept)} AS c{place}" for operand, place in places.items())
        selects.append((chosen, f"GROUP BY {', '.join(kept) or 'NULL'}{having}"))
    if len(parameters) > _PARAMETERS:
        raise too_complicated()
    found = source(scope, found_by)
    whole = " UNION ALL ".join(f"SELECT {chosen} {found} {grouped}" for chosen, grouped in selects)
    return [f"c{place}" for place in range(len(operands))], f"FROM ({whole})", ordered, parameters


def _sets(word: str, groups: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield what the rows of each kind are grouped by: for ROLLUP (a, b) it is a and b, a, nothing."""
    for length in range(len(groups), -1, -1):
        yield from combinations(groups, length) if word == "CUBE" else [tuple(groups[:length])]


def _value(operand: Operand, kept: Sequence[str]) -> str:
    """Return the SQL for a column where the rows are grouped by ``kept``: null for a field that is summed up."""
    if operand.grouping:
        return "0" if operand.sql in kept else "1"
    return operand.sql if operand.aggregate or operand.sql in kept else "NULL"


def _having(scope: Scope, select: Select, groups: Sequence[str], kept: Sequence[str]) -> str:
    def find(wanted: FieldPath | FunctionCall) -> Operand:
        operand = _grouped(scope, select, groups, "HAVING", wanted)
        return replace(operand, sql=_value(operand, kept))

    return f" HAVING {where(scope, select.having, find)}" if select.having else ""
