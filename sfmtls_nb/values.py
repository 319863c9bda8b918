"""Values: the types of an org's fields in Python, and the columns that a query selects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

#: The type of a value in Python: str, int, float, bool, date, datetime (in UTC).
Kind = Literal["string", "int", "double", "boolean", "date", "datetime"]
Scalar = str | int | float | bool | date | datetime | None

#: By the ``type`` of a field, as describeSObject has it, and by the ``xsi:type`` of an element.
_KINDS: Final[Mapping[str, Kind | None]] = {
    "int": "int",
    "long": "int",
    "double": "double",
    "currency": "double",
    "percent": "double",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    # Compound fields, and those whose type is another one in each record.
    "address": None,
    "location": None,
    "anytype": None,
    "complexvalue": None,
}
#: The parts of the compound fields, in the order REST sends them; the WSDL's types address and location have the same.
_PARTS: Final[Mapping[str, Mapping[str, Kind]]] = {
    "location": {"latitude": "double", "longitude": "double"},
    "address": {
        **dict.fromkeys(("city", "country", "countryCode", "geocodeAccuracy"), "string"),
        **dict.fromkeys(("latitude", "longitude"), "double"),
        **dict.fromkeys(("postalCode", "state", "stateCode", "street"), "string"),
    },
}


@dataclass(frozen=True)
class Column:
    """A column of a query's result. name: a parent's field is ``Account.Owner.Name``. kind: None where it is not known.

    columns: those of a child subquery, whose name is the relationship's (``Contacts``); None for anything else.
    """

    name: str
    kind: Kind | None = None
    columns: tuple[Column, ...] | None = None


def kind_of(type_name: str) -> Kind | None:
    """Kind of a type's values, such as ``currency`` or ``xsd:dateTime``; text, if nothing else is known of it.

    >>> kind_of("xsd:dateTime")
    'datetime'
    """
    return _KINDS.get(type_name.rpartition(":")[2].lower(), "string")


def parts_of(type_name: str) -> Mapping[str, Kind]:
    """The parts of a compound type (``address``, ``location``) with their kinds; none of any other type."""
    return _PARTS.get(type_name.rpartition(":")[2].lower(), {})


def part_kind(name: str) -> Kind | None:
    """Kind of a part of a compound field, such as ``latitude``."""
    return _PARTS["address"].get(name)


def part_value(name: str, given: Any) -> Any:
    """The value of a part of a compound field, such as the float of a ``latitude``."""
    return value_of(part_kind(name), given)


def value_of(kind: Kind | None, given: Any) -> Any:
    """One and the same Python value for SOAP's text and REST's JSON. A value that does not fit stays as it came."""
    with suppress(ValueError, OverflowError):
        if given is not None and kind is not None:
            return _READ[kind](given)
    return given


def values_of(kind: Kind, given: Iterable[Any]) -> list[Any]:
    """`value_of` for a whole column."""
    read = _READ[kind]
    with suppress(ValueError, OverflowError):
        return [None if each is None else read(each) for each in given]
    return [value_of(kind, each) for each in given]


def spelled(name: str, known: Iterable[str]) -> str:
    """The name as it is spelled among those known: SOQL ignores case. Unchanged if it is not among them."""
    return next((each for each in known if each.casefold() == name.casefold()), name)


def _moment(given: Any) -> datetime:
    read = datetime.fromisoformat(str(given))
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def _whole_number(given: Any) -> int:
    if isinstance(given, float) and not given.is_integer():  # of which int() leaves a part out
        raise ValueError(given)
    return int(given)


_READ: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    "string": str,
    "int": _whole_number,
    "double": float,
    "boolean": lambda given: given if isinstance(given, bool) else {"true": True, "1": True}.get(str(given), False),
    "date": lambda given: date.fromisoformat(str(given)),
    "datetime": _moment,
}
