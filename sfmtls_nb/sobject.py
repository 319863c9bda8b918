"""sObjects: what an sObject's fields are, as the org describes them, and the values that their texts stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from lxml import etree

#: What a value is in Python: str, int, float, bool, date, datetime (in UTC).
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


@dataclass(frozen=True)
class DescribeSObjectResult:
    """An sObject, by its describe call.

    fields: name -> type, such as ``"CreatedDate": "datetime"``. parents: the way to a parent -> what may be there, such as
    ``"Owner": ("Group", "User")``. children: the way to children -> their sObject, such as ``"Contacts": "Contact"``.
    """

    name: str
    fields: Mapping[str, str]
    parents: Mapping[str, tuple[str, ...]] = field(repr=False)
    children: Mapping[str, str] = field(repr=False)

    def kind(self, name: str) -> Kind | None:
        """What the values of a field are; None for what is no single value, or no field."""
        return kind_of(self.fields[name]) if name in self.fields else None


def kind_of(type_name: str) -> Kind | None:
    """What values of a type are, ``currency`` or ``xsd:dateTime``; text, if nothing else is known of it.

    >>> kind_of("xsd:dateTime")
    'datetime'
    """
    return _KINDS.get(type_name.rpartition(":")[2].lower(), "string")


def read_describe(result: etree._Element) -> DescribeSObjectResult:
    """The ``result`` element of describeSObject."""
    fields = {_text(each, "name"): _text(each, "type") for each in result.iterfind("{*}fields")}
    return DescribeSObjectResult(
        _text(result, "name"),
        fields,
        dict(_parents(result)),
        {
            _text(each, "relationshipName"): _text(each, "childSObject")
            for each in result.iterfind("{*}childRelationships")
            if _text(each, "relationshipName")
        },
    )


def _parents(result: etree._Element) -> Iterator[tuple[str, tuple[str, ...]]]:
    for each in result.iterfind("{*}fields"):
        if name := _text(each, "relationshipName"):
            yield name, tuple(target.text or "" for target in each.iterfind("{*}referenceTo"))


def _text(element: etree._Element, name: str) -> str:
    return element.findtext(f"{{*}}{name}") or ""


def spelled(name: str, known: Iterable[str]) -> str:
    """The name as it is spelled among those known: SOQL does not mind case. Unchanged if it is not among them."""
    return next((each for each in known if each.casefold() == name.casefold()), name)


def value_of(kind: Kind | None, given: Any) -> Any:
    """What SOAP wrote as text and REST as JSON, as one and the same Python value. What does not fit stays as it came."""
    with suppress(ValueError, OverflowError):
        if given is not None and kind is not None:
            return _VALUES[kind](given)
    return given


def _moment(given: Any) -> datetime:
    read = datetime.fromisoformat(str(given))
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


_VALUES: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    "string": str,
    "int": int,
    "double": float,
    "boolean": lambda given: given if isinstance(given, bool) else {"true": True, "1": True}.get(str(given), False),
    "date": lambda given: date.fromisoformat(str(given)),
    "datetime": _moment,
}
