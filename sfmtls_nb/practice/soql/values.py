"""Values: the literals of a query, converted to the type of the field they are compared with.

SQLite holds text, ids and numbers as they are, booleans as 0 and 1, dates as day numbers, datetimes as seconds since
1970.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sfmtls_nb.practice.data import ID_TYPES, NUMBER_TYPES, TEXT_TYPES, Field, eighteen
from sfmtls_nb.practice.soql.dates import day_range
from sfmtls_nb.practice.soql.syntax import SoqlError, Value, error_at

Scalar = str | int | float | None

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ID: Final = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
_BOOLEANS: Final = {"TRUE": 1, "FALSE": 0}
_AMOUNT: Final = re.compile("[A-Z]{3}[0-9]+")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")

_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
#: "Quoted String Escape Sequences" of the SOQL reference.
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"} | {
    "N": "\n",
    "R": "\r",
    "T": "\t",
    "B": "\b",
    "F": "\f",
}


@dataclass(frozen=True)
class Range:
    """A range of days or seconds: from start up to, but not including, end."""

    start: float
    end: float


def value_of(value: Value, field: Field, query: str, now: datetime) -> Scalar | Range:
    """Convert a literal for a field. Raises SoqlError where it is not of the field's type.

    now: the moment that TODAY and the like are relative to; days begin at midnight in its time zone.
    """
    if value.kind == "NAME" and value.text.upper() == "NULL" and value.count is None:
        return None
    if value.kind == "NAME" and (value.text.upper() not in _BOOLEANS or value.count is not None):
        return _named_range(value, field, query, now)
    kind = _KIND_OF_TYPE[field.type]
    if value.kind != kind:
        raise _mistyped(value, field, query)
    try:
        found = _READERS[kind](value.text)
    except ValueError as error:
        raise error_at(query, value.place, "MALFORMED_QUERY", f"Invalid value: {error}") from error
    if found and field.type in ID_TYPES:
        return _id(str(found), value, query)
    return found


def pattern(value: Value, field: Field, query: str) -> str | None:
    r"""Convert the pattern of a LIKE for ESCAPE '\\'. None: null."""
    if value.kind == "NAME" and value.text.upper() == "NULL":
        return None
    if value.kind != "STRING":
        raise _mistyped(value, field, query)
    try:
        return _unescaped(value.text, like=True)
    except ValueError as error:
        raise error_at(query, value.place, "MALFORMED_QUERY", f"Invalid value: {error}") from error


def whole_number(value: Value, query: str) -> int:
    """Return the number after LIMIT or OFFSET; a number of 18 digits or more becomes 10^18."""
    if not re.fullmatch("[0-9]+", value.text):
        raise error_at(query, value.place, "MALFORMED_QUERY", f"unexpected token: '{value.text}'")
    return int(value.text) if len(value.text) < 18 else 10**18


# ---------------------------------------------------------------- literal by literal


def _string(text: str) -> str | None:
    """Return the text between the quotes; None for an empty one, as Salesforce has no empty texts."""
    return _unescaped(text) or None


def _unescaped(text: str, *, like: bool = False) -> str:
    """Return the text between the quotes; as the pattern of a LIKE, with the escapes that SQLite needs."""

    def one(match: re.Match[str]) -> str:
        code, character = match.groups()
        if code:
            return chr(int(code, 16))
        if character in "%_":
            return f"\\{character}" if like else character
        if character not in _ESCAPES:
            raise ValueError(f"illegal escape sequence \\{character}")
        return "\\\\" if like and character == "\\" else _ESCAPES[character]

    found = _ESCAPE.sub(one, text[1:-1])
    # Two halves, written \ud83d\ude00, are one character; one half alone is none.
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _number(text: str) -> float:
    return int(text) if _INTEGER.fullmatch(text) else float(text)


def _boolean(text: str) -> int:
    return _BOOLEANS[text.upper()]


def _date(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def _moment(text: str) -> float:
    return (datetime.fromisoformat(text.upper()) - _EPOCH) / timedelta(seconds=1)


def _id(text: str, value: Value, query: str) -> str:
    if not _ID.fullmatch(text):
        raise error_at(query, value.place, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
    return eighteen(text)


def _named_range(value: Value, field: Field, query: str, now: datetime) -> Range:
    known = None
    if value.count is None or re.fullmatch("[0-9]+", value.count):
        # Nine digits are more days than the calendar has.
        number = None if value.count is None else int(value.count[:9])
        try:
            known = day_range(value.text.upper(), number, now.date())
        except OverflowError as error:
            raise error_at(query, value.place, "MALFORMED_QUERY", f"Invalid value: {error}") from error
    if known is None:
        message = f"unexpected token: '{value.text}'"
        if _AMOUNT.fullmatch(value.text):
            message += ". An amount with its currency is SOQL, but not simulated by this practice org."
        raise error_at(query, value.place, "MALFORMED_QUERY", message)
    if field.type == "date":
        return Range(*(day.toordinal() for day in known))
    if field.type == "datetime":
        return Range(*((datetime.combine(day, time.min, now.tzinfo) - _EPOCH).total_seconds() for day in known))
    raise _mistyped(value, field, query)


# ---------------------------------------------------------------- what a type wants

_READERS: Final[Mapping[str, Callable[[str], Scalar]]] = {
    "STRING": _string,
    "NUMBER": _number,
    "NAME": _boolean,
    "DATE": _date,
    "DATETIME": _moment,
}
_KIND_OF_TYPE: Final = (
    dict.fromkeys(TEXT_TYPES | ID_TYPES, "STRING")
    | dict.fromkeys(NUMBER_TYPES, "NUMBER")
    | {"boolean": "NAME", "date": "DATE", "datetime": "DATETIME"}
)
#: Salesforce's names for types in the error below, where they differ.
_CALLED: Final = (
    dict.fromkeys(TEXT_TYPES, "string")
    | dict.fromkeys(ID_TYPES, "ID")
    | dict.fromkeys(NUMBER_TYPES - {"int"}, "double")
    | {"datetime": "dateTime"}
)


def _mistyped(value: Value, field: Field, query: str) -> SoqlError:
    quotes = "should be" if _KIND_OF_TYPE[field.type] == "STRING" else "should not be"
    return error_at(
        query,
        value.place,
        "INVALID_FIELD",
        f"value of filter criterion for field '{field.name}' must be of type "
        f"{_CALLED.get(field.type, field.type)} and {quotes} enclosed in quotes",
    )
