"""Functions of SOQL as SQL: aggregates, parts of dates, and those that change only how a value is shown.

The names and rules are those of "Aggregate Functions", "Date Functions", "Location-Based SOQL Queries" and "toLabel(), FORMAT(), convertCurrency()" in
the SOQL reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf
from typing import Final, Literal

from sfmtls_nb.practice.data import COMPOUND_TYPES, NUMBER_TYPES, TEXT_TYPES, Field, FieldType
from sfmtls_nb.practice.soql.scope import Operand, Scope
from sfmtls_nb.practice.soql.syntax import FieldPath, FunctionCall, SoqlError, Value

Clause = Literal["SELECT", "WHERE", "GROUP BY", "HAVING", "ORDER BY"]
Make = Callable[[Scope, FunctionCall], Operand]

_AGGREGATES: Final[Mapping[str, tuple[str, FieldType | None]]] = {
    "COUNT": ("count({})", "int"),
    "COUNT_DISTINCT": ("count(DISTINCT {})", "int"),
    # Rounded to the field's scale: 0.1 + 0.2 is 0.3 in an org.
    "SUM": ("round(sum({}), {scale})", None),
    "AVG": ("avg({})", "double"),
    "MIN": ("min({})", None),
    "MAX": ("max({})", None),
}

#: Parts of a moment in seconds since 1970; a fiscal year is the calendar's, as in an org that has not changed it.
#: The first week of a year or month is its first seven days.
_YEAR, _MONTH, _QUARTER = (
    "CAST(strftime('%Y', {}, 'unixepoch') AS INTEGER)",
    "CAST(strftime('%m', {}, 'unixepoch') AS INTEGER)",
    "(strftime('%m', {}, 'unixepoch') + 2) / 3",
)
_PARTS: Final[Mapping[str, str]] = {
    "CALENDAR_YEAR": _YEAR,
    "CALENDAR_QUARTER": _QUARTER,
    "CALENDAR_MONTH": _MONTH,
    "FISCAL_YEAR": _YEAR,
    "FISCAL_QUARTER": _QUARTER,
    "FISCAL_MONTH": _MONTH,
    "DAY_IN_YEAR": "CAST(strftime('%j', {}, 'unixepoch') AS INTEGER)",
    "DAY_IN_MONTH": "CAST(strftime('%d', {}, 'unixepoch') AS INTEGER)",
    "DAY_IN_WEEK": "strftime('%w', {}, 'unixepoch') + 1",
    "WEEK_IN_YEAR": "(strftime('%j', {}, 'unixepoch') + 6) / 7",
    "WEEK_IN_MONTH": "(strftime('%d', {}, 'unixepoch') + 6) / 7",
    "HOUR_IN_DAY": "CAST(strftime('%H', {}, 'unixepoch') AS INTEGER)",
    # The day number of 0001-01-01 is 1, its Julian day 1721425.5.
    "DAY_ONLY": "CAST(julianday({}, 'unixepoch', 'start of day') - 1721424.5 AS INTEGER)",
}
#: Parts that a date without a time does not have.
_OF_MOMENTS: Final = ("HOUR_IN_DAY", "DAY_ONLY")
#: The day number of 1970-01-01.
_EPOCH: Final = 719_163


def operand(scope: Scope, wanted: FieldPath | FunctionCall, clause: Clause) -> Operand:
    """Look up a path or a function in a clause. Raises SoqlError."""
    if isinstance(wanted, FieldPath):
        return scope.field(wanted)
    clauses, make = _FUNCTIONS.get(wanted.name, ((), None))
    if make is None or clause not in clauses:
        raise not_simulated(scope, wanted, clause)
    return make(scope, wanted)


def is_aggregate(wanted: object) -> bool:
    """Check for an aggregate function."""
    return isinstance(wanted, FunctionCall) and wanted.name in _AGGREGATES


def makes_groups(wanted: object) -> bool:
    """Check for a function that stands in queries of groups only: FORMAT is one where it is around an aggregate."""
    if not isinstance(wanted, FunctionCall):
        return False
    return wanted.name in (*_AGGREGATES, *_PARTS, "GROUPING") or any(is_aggregate(each) for each in wanted.arguments)


def not_simulated(scope: Scope, call: FunctionCall, clause: Clause) -> SoqlError:
    """Return the error for a function that is unknown, or is not allowed in a clause."""
    here = ", ".join(sorted(name for name, (clauses, _) in _FUNCTIONS.items() if clause in clauses))
    reason = f"{call.name} is not simulated in {clause} by this practice org, where there are {here}"
    return scope.compilation.error(call.place, "MALFORMED_QUERY", f"unexpected token: '{call.name}'. {reason}.")


# ---------------------------------------------------------------- function by function


def _argument(scope: Scope, call: FunctionCall) -> FieldPath:
    """Return the one field that a function is of."""
    if len(call.arguments) == 1 and isinstance(call.arguments[0], FieldPath):
        return call.arguments[0]
    message = f"unexpected token: '{call.name}'. It takes the name of one field."
    raise scope.compilation.error(call.place, "MALFORMED_QUERY", message)


def _unfit(scope: Scope, call: FunctionCall, message: str) -> SoqlError:
    return scope.compilation.error(call.place, "INVALID_FIELD", message)


def _aggregate(scope: Scope, call: FunctionCall) -> Operand:
    path = _argument(scope, call)
    of = scope.field(path)
    known = of.field.type in NUMBER_TYPES if call.name in ("SUM", "AVG") else of.field.aggregatable
    if not known:
        raise _unfit(scope, call, f"field {of.field.name} does not support aggregate operator {call.name}")
    sql, kind = _AGGREGATES[call.name]
    made = Field(f"{call.name}({path})", kind or of.field.type, of.field.label, scale=of.field.scale)
    return Operand(sql.format(of.sql, scale=of.field.scale), made, aggregate=True, numbered=True)


def _part(scope: Scope, call: FunctionCall) -> Operand:
    inner = call.arguments[0] if len(call.arguments) == 1 else None
    if isinstance(inner, FunctionCall) and inner.name == "CONVERTTIMEZONE":
        # [simulated] The time zone of everybody in this org is that of its clock, UTC.
        of = scope.field(_argument(scope, inner))
        fits = of.field.type == "datetime"
    else:
        of = scope.field(_argument(scope, call))
        fits = of.field.type == "datetime" or (of.field.type == "date" and call.name not in _OF_MOMENTS)
    if not fits:
        raise _unfit(scope, call, f"field {of.field.name} does not support the date function {call.name}")
    seconds = of.sql if of.field.type == "datetime" else f"({of.sql} - {_EPOCH}) * 86400"
    made = Field(f"{call.name}({of.field.name})", "date" if call.name == "DAY_ONLY" else "int", of.field.label)
    return Operand(f"({_PARTS[call.name].format(seconds)})", made, numbered=True)


def _label(scope: Scope, call: FunctionCall) -> Operand:
    """Return the field itself: labels are values in an org without translations."""
    of = scope.field(_argument(scope, call))
    if of.field.type not in TEXT_TYPES:
        raise _unfit(scope, call, f"field {of.field.name} does not support toLabel")
    return of


def _converted(scope: Scope, call: FunctionCall) -> Operand:
    """Return the field itself: in an org of one currency an amount is in the user's already."""
    of = scope.field(_argument(scope, call))
    if of.field.type != "currency":
        raise _unfit(scope, call, f"field {of.field.name} does not support convertCurrency")
    return of


def _formatted(scope: Scope, call: FunctionCall) -> Operand:
    inner = call.arguments[0] if len(call.arguments) == 1 else None
    if isinstance(inner, FunctionCall) and (is_aggregate(inner) or inner.name == "CONVERTCURRENCY"):
        of = operand(scope, inner, "SELECT")
    else:
        of = scope.field(_argument(scope, call))
    if of.field.type in COMPOUND_TYPES:
        raise _unfit(scope, call, f"field {of.field.name} does not support FORMAT")
    return replace(of, formatted=True)


def _grouping(scope: Scope, call: FunctionCall) -> Operand:
    of = scope.field(_argument(scope, call))
    return Operand(of.sql, Field("GROUPING", "int", of.field.label), numbered=True, grouping=True)


def _distance(scope: Scope, call: FunctionCall) -> Operand:
    if len(call.arguments) != _DISTANCE_TAKES:
        raise _misplaced(scope, call)
    here, there, unit = call.arguments
    radius = _RADIUS.get(unit.text.lower()) if isinstance(unit, Value) else None
    if radius is None or not isinstance(here, FieldPath):
        raise _misplaced(scope, call)
    field = scope.field(here).field
    sql = f"(distance({_coordinates(scope, call, here)}, {_coordinates(scope, call, there)}) * {radius})"
    return Operand(sql, Field(f"DISTANCE({field.name})", "double", field.label), numbered=True)


def _coordinates(scope: Scope, call: FunctionCall, place: FieldPath | FunctionCall | Value) -> str:
    """Return the SQL for the latitude and longitude of a field or of GEOLOCATION, in degrees."""
    if isinstance(place, FieldPath):
        of = scope.field(place)
        if of.field.type not in COMPOUND_TYPES:
            raise _unfit(scope, call, f"field {of.field.name} does not support DISTANCE")
        names = (of.field.parts[part] for part in ("latitude", "longitude"))
        return ", ".join(scope.field(FieldPath((*place.names[:-1], name), place.place)).sql for name in names)
    if isinstance(place, Value) or place.name != "GEOLOCATION" or len(place.arguments) != len(_DEGREES):
        raise _misplaced(scope, call)
    degrees = [
        float(each.text) if isinstance(each, Value) and each.kind == "NUMBER" else inf for each in place.arguments
    ]
    if any(abs(each) > most for each, most in zip(degrees, _DEGREES, strict=True)):
        raise _misplaced(scope, call)
    return ", ".join(f"{each:.9f}" for each in degrees)


def _misplaced(scope: Scope, call: FunctionCall) -> SoqlError:
    message = f"unexpected token: '{call.name}'. It is DISTANCE(field, GEOLOCATION(latitude, longitude), 'mi' or 'km')."
    return scope.compilation.error(call.place, "MALFORMED_QUERY", message)


#: The radius of the Earth, by unit.
_RADIUS: Final = {"'mi'": 3_958.7613, "'km'": 6_371.0088}
_DISTANCE_TAKES: Final = 3
#: The most degrees of latitude and of longitude.
_DEGREES: Final = (90, 180)

_GROUPED: Final = ("SELECT", "HAVING", "ORDER BY")
_FUNCTIONS: Final[Mapping[str, tuple[tuple[Clause, ...], Make]]] = {
    **dict.fromkeys(_AGGREGATES, (_GROUPED, _aggregate)),
    **dict.fromkeys(_PARTS, (("SELECT", "WHERE", "GROUP BY", "HAVING", "ORDER BY"), _part)),
    "GROUPING": (_GROUPED, _grouping),
    "DISTANCE": (("SELECT", "WHERE", "ORDER BY"), _distance),
    "TOLABEL": (("SELECT", "WHERE"), _label),
    "FORMAT": (("SELECT",), _formatted),
    "CONVERTCURRENCY": (("SELECT",), _converted),
}
