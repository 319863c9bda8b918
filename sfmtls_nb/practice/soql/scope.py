"""Scopes: the paths of one SELECT looked up in the schema, with the joins that they need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Final

from sfmtls_nb.practice.data import SCHEMA, Field, SObject, sobject
from sfmtls_nb.practice.soql.syntax import FieldPath, Place, Select, SoqlError, error_at

#: "No more than five levels can be specified in a child-to-parent relationship" (SOQL reference).
_LEVELS: Final = 5
#: "No more than 55 child-to-parent relationships can be specified in a query" (the same); SQLite joins 64 tables.
_RELATIONSHIPS: Final = 55
#: SQLite takes some 32,000 parameters.
_PARAMETERS: Final = 30_000


@dataclass
class Compilation:
    """The state that all SELECTs of one query share."""

    text: str
    now: datetime
    deleted: bool
    objects: set[str] = field(default_factory=set)
    tables: Iterator[int] = field(default_factory=count)
    semi_joins: int = 0
    children: int = 0
    parameters: int = 0

    def error(self, place: Place, code: str, message: str) -> SoqlError:
        return error_at(self.text, place, code, message)

    def table(self, of: SObject) -> str:
        """Return a table alias for one more use of an object."""
        self.objects.add(of.name)
        return f"t{next(self.tables)}"


@dataclass(frozen=True)
class Operand:
    """A field or the value of a function, and the SQL for it.

    way: the relationships that lead to it, by their names in the schema. numbered: it is called expr0, expr1 … where it
    has no alias. formatted: FORMAT writes its value as a text. grouping: not the value, but whether a row is a subtotal
    over it.
    """

    sql: str
    field: Field
    way: tuple[str, ...] = ()
    aggregate: bool = False
    numbered: bool = False
    formatted: bool = False
    grouping: bool = False


class Scope:
    """One SELECT: its object, the parents it reaches, the parameters of its conditions."""

    def __init__(self, compilation: Compilation, of: SObject, select: Select) -> None:
        self.compilation = compilation
        self.sobject = of
        self.parameters: list[Any] = []
        self._own_names = {of.name.lower(), (select.alias or of.name).lower()}
        self._aliases: dict[str, tuple[str, ...]] = {}
        self._joins: list[str] = []
        self.table = compilation.table(of)
        #: Table alias and object, by the relationships that lead to it.
        self.reached: dict[tuple[str, ...], tuple[str, SObject]] = {(): (self.table, of)}
        for alias, relationship in select.parents:
            self._aliases[alias.lower()] = self.way(relationship)

    def parameter(self, value: object) -> str:
        """Add a parameter and return its mark. SQLite gets the values in the order of the marks."""
        self.compilation.parameters += 1
        if self.compilation.parameters > _PARAMETERS:
            raise too_complicated()
        self.parameters.append(value)
        return "?"

    def source(self) -> str:
        """Return the tables and joins after FROM; complete once everything else has been looked up."""
        return " ".join([f'"{self.sobject.name}"."{self.sobject.name}" AS {self.table}', *self._joins])

    def there(self) -> list[str]:
        """Return the condition that excludes deleted records, unless the query includes them."""
        shown = self.compilation.deleted or not self.sobject.field("IsDeleted")
        return [] if shown else [f'{self.table}."IsDeleted" = 0']

    def field(self, path: FieldPath) -> Operand:
        """Look up the path of a field. Raises SoqlError."""
        names = path.names
        way = self.way(FieldPath(names[:-1], path.place))
        table, owner = self.reached[way]
        found = owner.field(names[-1])
        if found is None:
            raise self.compilation.error(
                path.place,
                "INVALID_FIELD",
                f"No such column '{names[-1]}' on entity '{owner.name}'. If you are attempting to use a custom field, "
                "be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe "
                "call for the appropriate names.",
            )
        return Operand(f'{table}."{found.name}"', found, way)

    def way(self, path: FieldPath) -> tuple[str, ...]:
        """Follow relationships, which may begin with an alias, and join the parents. Raises SoqlError."""
        names = path.names
        way: tuple[str, ...] = ()
        if names and not self.sobject.parent(names[0]):
            first = names[0].lower()
            if first in self._own_names or first in self._aliases:
                way, names = self._aliases.get(first, ()), names[1:]
        if len(way) + len(names) > _LEVELS:
            message = f"A relationship path cannot have more than {_LEVELS} levels: {path}"
            raise self.compilation.error(path.place, "MALFORMED_QUERY", message)
        for name in names:
            way = self._parent(way, name, path.place)
        return way

    def _parent(self, way: tuple[str, ...], name: str, place: Place) -> tuple[str, ...]:
        """Follow a relationship. A parent that is reached twice is joined once."""
        table, owner = self.reached[way]
        reference = owner.parent(name)
        if reference is None or reference.relationship_name is None:
            raise self.compilation.error(
                place,
                "INVALID_FIELD",
                f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
                "relationship, be sure to append the '__r' after the custom relationship name. Please reference your "
                "WSDL or the describe call for the appropriate names.",
            )
        further = (*way, reference.relationship_name)
        if further not in self.reached:
            if len(self._joins) == _RELATIONSHIPS:
                raise too_complicated()
            parent = SCHEMA[reference.reference_to[0]]
            joined = self.compilation.table(parent)
            self._joins.append(
                f'LEFT JOIN "{parent.name}"."{parent.name}" AS {joined} ON {joined}."Id" = {table}."{reference.name}"'
            )
            self.reached[further] = joined, parent
        return further


def entity(compilation: Compilation, source: FieldPath) -> SObject:
    """Return the object after FROM. Raises SoqlError."""
    found = sobject(str(source))
    if found is None:
        raise compilation.error(
            source.place,
            "INVALID_TYPE",
            f"sObject type '{source}' is not supported. If you are attempting to use a custom object, be sure to append "
            "the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
        )
    return found


def too_complicated() -> SoqlError:
    """Return the error for a query that is too much for SQLite."""
    return SoqlError(
        "QUERY_TOO_COMPLICATED",
        "Query is either selecting too many fields or the filter conditions are too complicated.",
    )
