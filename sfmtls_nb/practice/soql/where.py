"""Conditions as SQL, with parameters for all values.

Truth has two values, as in SOQL, not SQL's three: what is compared with null is equal to it or not, and nothing is
greater or less than null. So NOT turns every answer round, and ``!=`` finds what is null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sfmtls_nb.practice.data import ID_TYPES, TEXT_TYPES
from sfmtls_nb.practice.soql import functions
from sfmtls_nb.practice.soql.scope import Operand, Scope, entity, too_complicated
from sfmtls_nb.practice.soql.syntax import (
    Comparison,
    Condition,
    FieldPath,
    FunctionCall,
    Junction,
    Not,
    Select,
    SemiJoin,
)
from sfmtls_nb.practice.soql.values import Range, Scalar, pattern, value_of

Find = Callable[[FieldPath | FunctionCall], Operand]

#: The depth of nested conditions, and the number joined in one row: SQLite's parser has a stack of a hundred entries,
#: and its expressions a depth of a thousand.
_DEEPEST: Final = 10
_ROW: Final = 64
#: SQLite's limit for the pattern of a LIKE, in bytes.
_LONGEST_PATTERN: Final = 50_000
#: "Maximum 2 semi join sub-selects are allowed in where expressions."
_SEMI_JOINS: Final = 2
_SEMI_JOIN: Final = "semi join"

#: Comparison with a range of days: the operator, and the end of the range that it is compared with.
_OF_RANGE: Final = {"<": ("<", "start"), "<=": ("<", "end"), ">": (">=", "end"), ">=": (">=", "start")}


def where(scope: Scope, condition: Condition, find: Find | None = None, *, depth: int = 0, around: str = "") -> str:
    """Return SQL for a condition. Raises SoqlError.

    find: what a path or a call stands for here; otherwise what it is in WHERE. around: the OR,
    NOT or semi-join that the condition is in, if it is in one.
    """
    if depth > _DEEPEST:
        raise too_complicated()
    if isinstance(condition, Not):
        return f"NOT ({where(scope, condition.of, find, depth=depth + 1, around=around or 'NOT')})"
    if isinstance(condition, Junction):
        around = around or (condition.word if condition.word == "OR" else "")
        parts = [f"({where(scope, part, find, depth=depth + 1, around=around)})" for part in condition.parts]
        return _row(parts, f" {condition.word} ")
    operand = find(condition.operand) if find else functions.operand(scope, condition.operand, "WHERE")
    if not operand.field.filterable:
        message = f"field '{operand.field.name}' can not be filtered in a query call"
        raise scope.compilation.error(condition.operand.place, "INVALID_FIELD", message)
    if isinstance(condition, SemiJoin):
        _check_semi_join(scope, condition, operand, around)
        found = _semi_join(scope, operand, condition.select, depth)
        return f"NOT ({found})" if condition.negated else found
    return _compared(scope, condition, operand)


def _row(parts: Sequence[str], word: str) -> str:
    """Join conditions by AND or OR; a long row is nested in brackets, to stay within SQLite's limits."""
    if len(parts) <= _ROW:
        return word.join(parts)
    return _row([f"({word.join(parts[start : start + _ROW])})" for start in range(0, len(parts), _ROW)], word)


# ---------------------------------------------------------------- comparing


def _compared(scope: Scope, comparison: Comparison, operand: Operand) -> str:
    operator, kind, compilation = comparison.operator, operand.field.type, scope.compilation
    if operator in ("INCLUDES", "EXCLUDES"):
        message = f"{operator} is for multi-select picklists: it is SOQL, but not simulated by this practice org, which has none"
        raise compilation.error(comparison.operand.place, "INVALID_QUERY_FILTER_OPERATOR", message)
    if (operator == "LIKE" and kind not in TEXT_TYPES) or (operator in _OF_RANGE and kind == "boolean"):
        message = f"invalid operator on {'id' if kind in ID_TYPES else kind} field"
        raise compilation.error(comparison.operand.place, "INVALID_QUERY_FILTER_OPERATOR", message)
    if operator == "LIKE":
        return _like(scope, operand, pattern(comparison.values[0], operand.field, compilation.text))
    values = [value_of(value, operand.field, compilation.text, compilation.now) for value in comparison.values]
    if operator in _OF_RANGE:
        return _ordered(scope, operand, operator, values[0])
    found = _among(scope, operand, values)
    return f"NOT ({found})" if operator in ("!=", "NOT IN") else found


def _column(operand: Operand) -> str:
    """Return the SQL to compare. A field of a missing parent is null; a boolean is false then."""
    return f"coalesce({operand.sql}, 0)" if operand.field.type == "boolean" else operand.sql


def _among(scope: Scope, operand: Operand, values: Sequence[Scalar | Range]) -> str:
    """Return SQL that is true for one of the values."""
    column = _column(operand)
    # Each once: a query may name more values than SQLite takes parameters.
    scalars = list(dict.fromkeys(value for value in values if value is not None and not isinstance(value, Range)))
    parts = []
    if scalars:
        mark = "{}"
        if operand.field.type in TEXT_TYPES and (operand.aggregate or not all(str(each).isascii() for each in scalars)):
            # The column compares without case by itself, but knows ASCII only.
            mark = "lower_({})"
        marks = ", ".join(mark.format(scope.parameter(value)) for value in scalars)
        parts.append(_never_null(f"{mark.format(column)} IN ({marks})", column))
    for each in values:
        if isinstance(each, Range):
            start, end = scope.parameter(each.start), scope.parameter(each.end)
            parts.append(_never_null(f"{column} >= {start} AND {column} < {end}", column))
    if None in values:
        parts.append(f"{column} IS NULL")
    return _row([f"({part})" for part in parts], " OR ")


def _ordered(scope: Scope, operand: Operand, operator: str, value: Scalar | Range) -> str:
    if isinstance(value, Range):
        operator, end = _OF_RANGE[operator]
        value = value.end if end == "end" else value.start
    if value is None:
        return "0"
    column = _column(operand)
    mark = "sort_key({})" if operand.field.type in TEXT_TYPES else "{}"
    return _never_null(f"{mark.format(column)} {operator} {mark.format(scope.parameter(value))}", column)


def _like(scope: Scope, operand: Operand, text: str | None) -> str:
    if len((text or "").encode()) > _LONGEST_PATTERN:
        raise too_complicated()
    if text is None:
        return "0"
    mark = "{}" if text.isascii() else "lower_({})"
    like = f"{mark.format(operand.sql)} LIKE {mark.format(scope.parameter(text))} ESCAPE '\\'"
    return _never_null(like, operand.sql)


def _never_null(sql: str, column: str) -> str:
    """Make a condition false, instead of null, where the column is null. No value is null here."""
    return f"{sql} AND {column} IS NOT NULL"


# ---------------------------------------------------------------- semi-joins


def _semi_join(scope: Scope, operand: Operand, select: Select, depth: int) -> str:
    compilation = scope.compilation
    inner = Scope(compilation, entity(compilation, select.source), select)
    path = select.items[0].selected
    if not isinstance(path, FieldPath) or len(select.items) > 1:
        # [simulated] words
        message = "Semi join sub-selects can only select one field"
        raise compilation.error(select.place, "MALFORMED_QUERY", message)
    selected = inner.field(path)
    if selected.way:
        message = f"The inner select field '{path}' cannot have more than one level of relationships"
        raise compilation.error(path.place, "MALFORMED_QUERY", message)
    if not _targets(scope, operand) & _targets(inner, selected):
        raise compilation.error(
            path.place,
            "INVALID_FIELD",
            f"The selected field '{path}' in the subquery and the left operand field in the where expression in the "
            f"outer query '{operand.field.name}' should point to the same object type",
        )
    conditions = [*inner.there(), f"{selected.sql} IS NOT NULL"]
    if select.where:
        conditions.append(f"({where(inner, select.where, depth=depth + 1, around=_SEMI_JOIN)})")
    scope.parameters += inner.parameters
    found = f"SELECT {selected.sql} FROM {inner.source()} WHERE {' AND '.join(conditions)}"  # noqa: S608  # by the schema
    return _never_null(f"{operand.sql} IN ({found})", operand.sql)


def _targets(scope: Scope, operand: Operand) -> set[str]:
    """Return the objects whose ids a field may hold; empty for a field without ids."""
    if operand.field.type == "id":
        return {scope.reached[operand.way][1].name}
    return set(operand.field.reference_to)


def _check_semi_join(scope: Scope, condition: SemiJoin, operand: Operand, around: str) -> None:
    scope.compilation.semi_joins += 1
    select = condition.select
    refusals = (
        (around == _SEMI_JOIN, "Nesting of semi join sub-selects is not supported"),
        (around == "OR", "Semi join sub-selects are not allowed with the 'OR' operator"),
        (around == "NOT", "Semi join sub-selects are only allowed at the top level WHERE expressions"),
        (
            scope.compilation.semi_joins > _SEMI_JOINS,
            f"Maximum {_SEMI_JOINS} semi join sub-selects are allowed in where expressions",
        ),
        # [simulated] the words of the last two
        (operand.field.type not in ID_TYPES, "Semi join sub-selects are only allowed for id and reference fields"),
        (
            bool(select.group or select.having or select.order or select.limit or select.offset),
            "Semi join sub-selects can only have a WHERE clause",
        ),
    )
    for refused, message in refusals:
        if refused:
            raise scope.compilation.error(select.place, "MALFORMED_QUERY", message)
