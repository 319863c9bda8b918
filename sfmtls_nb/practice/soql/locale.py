"""Locale of the org's users, en_US: values as FORMAT writes them. [simulated]: which form Salesforce uses for each type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from sfmtls_nb.practice.data import Field, FieldType


def format_value(value: Any, of: Field) -> str:
    """Write a value of a field as a text for people; what is a text stays as it is."""
    write = _WRITERS.get(of.type)
    return write(value, of) if write else str(value)


def _number(value: float, of: Field) -> str:
    return f"{value:,.{of.scale}f}"


def _currency(value: float, of: Field) -> str:
    return f"{'-' if value < 0 else ''}${_number(abs(value), of)}"


def _date(value: date, _: Field) -> str:
    return f"{value.month}/{value.day}/{value.year}"


def _moment(value: datetime, of: Field) -> str:
    return f"{_date(value, of)}, {value.hour % 12 or 12}:{value:%M} {'AM' if value.hour < 12 else 'PM'}"


_WRITERS: Final[Mapping[FieldType, Callable[[Any, Field], str]]] = {
    "int": _number,
    "double": _number,
    "percent": lambda value, of: f"{_number(value, of)}%",
    "currency": _currency,
    "date": _date,
    "datetime": _moment,
    "boolean": lambda value, _: "true" if value else "false",
}
