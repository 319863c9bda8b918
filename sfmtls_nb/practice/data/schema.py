"""Schema: sObjects, fields and relationships as plain values, from which describe calls and SOQL both answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

FieldType = Literal[
    "id",
    "string",
    "boolean",
    "int",
    "double",
    "currency",
    "percent",
    "date",
    "datetime",
    "picklist",
    "reference",
    "email",
    "phone",
    "url",
    "textarea",
    "address",
    "location",
]

#: Types whose values are text, compared without case.
TEXT_TYPES: Final = frozenset({"string", "picklist", "email", "phone", "url", "textarea"})
#: Types whose values are ids, compared with case.
ID_TYPES: Final = frozenset({"id", "reference"})
#: Types whose values are made of other fields' values.
COMPOUND_TYPES: Final = frozenset({"address", "location"})
#: Types whose values are numbers.
NUMBER_TYPES: Final = frozenset({"int", "double", "currency", "percent"})

_SOAP_TYPES: Final[Mapping[FieldType, str]] = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "tns:address",
    "location": "tns:location",
}
#: A longer textarea can be selected, but neither filtered nor sorted nor grouped.
_LONG: Final = 255


@dataclass(frozen=True)
class Field:
    """A field of an sObject, with the properties that a describe call shows.

    length: of text, in characters. digits: of an int; precision and scale: of the other numbers. For a reference:
    ``reference_to`` names the parents' objects, ``relationship_name`` is the way to the parent (``Account``), and
    ``children_name`` the parent's way back (``Contacts``), None where there is none. parts: of an address or a location,
    the fields it is made of, by their names in it (``city``); compound: the name of the field that a part belongs to.
    """

    name: str
    type: FieldType
    label: str
    length: int = 0
    nillable: bool = True
    picklist: tuple[str, ...] = ()
    digits: int = 0
    precision: int = 0
    scale: int = 0
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    children_name: str | None = None
    name_field: bool = False
    auto_number: bool = False
    parts: Mapping[str, str] = field(default_factory=dict, hash=False)
    compound: str | None = None

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def soap_type(self) -> str:
        return _SOAP_TYPES.get(self.type, "xsd:string")

    @property
    def byte_length(self) -> int:
        """Length in bytes: three a character, as Salesforce reports it; ids are plain ASCII."""
        return self.length if self.type in ID_TYPES else self.length * 3

    @property
    def filterable(self) -> bool:
        return not (self.type == "textarea" and self.length > _LONG) and self.type not in COMPOUND_TYPES

    @property
    def sortable(self) -> bool:
        return self.filterable

    @property
    def groupable(self) -> bool:
        # The object reference, under each standard field's "Properties": no Group for datetimes and decimals.
        return self.filterable and self.type not in {"datetime", "double", "currency", "percent"}

    @property
    def aggregatable(self) -> bool:
        return self.filterable and self.type != "boolean"


@dataclass(frozen=True)
class ChildRelationship:
    """The relationship of a parent to its children. name: None where SOQL has no subquery over it."""

    name: str | None
    sobject: str
    field: str


@dataclass(frozen=True)
class SObject:
    """An sObject type. Lookups by name ignore case, as Salesforce does, and return None for an unknown name."""

    name: str
    label: str
    label_plural: str
    key_prefix: str
    fields: tuple[Field, ...]
    child_relationships: tuple[ChildRelationship, ...] = ()

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    def field(self, name: str) -> Field | None:
        """Return the field of a name."""
        return self._fields.get(name.lower())

    def parent(self, relationship: str) -> Field | None:
        """Return the reference field behind a relationship such as ``Account``."""
        return self._parents.get(relationship.lower())

    def children(self, relationship: str) -> ChildRelationship | None:
        """Return the child relationship of a name such as ``Contacts``."""
        wanted = relationship.lower()
        return next((each for each in self.child_relationships if each.name and each.name.lower() == wanted), None)

    @cached_property
    def _fields(self) -> Mapping[str, Field]:
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def _parents(self) -> Mapping[str, Field]:
        return {each.relationship_name.lower(): each for each in self.fields if each.relationship_name}
