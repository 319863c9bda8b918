"""Describe: an sObject's fields, parents and children, as the org describes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from sfmtls_nb.values import Kind, kind_of


@dataclass(frozen=True)
class DescribeSObjectResult:
    """The fields, parents and children of an sObject, by its describe call.

    fields: name -> type, such as ``"CreatedDate": "datetime"``. parents: relationship -> the sObjects that may be there, such as
    ``"Owner": ("Group", "User")``. children: relationship -> their sObject, such as ``"Contacts": "Contact"``.
    """

    name: str
    fields: Mapping[str, str]
    parents: Mapping[str, tuple[str, ...]] = field(repr=False)
    children: Mapping[str, str] = field(repr=False)

    def kind(self, name: str) -> Kind | None:
        """Kind of a field's values; None for a compound field, and for a name that is no field."""
        return kind_of(self.fields[name]) if name in self.fields else None


def read_describe(result: etree._Element) -> DescribeSObjectResult:
    """The value of a ``result`` element of describeSObject."""
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
