"""Scopes: the paths of one SELECT looked up in the schema, with the joins that they need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Final

from sfmtls_nb.practice.data import NUMBER_TYPES, SCHEMA, Field, FieldType, SObject, sobject
from sfmtls_nb.practice.soql.syntax import FieldPath, FunctionCall, Place, SoqlError, error_at

#: "No more than five levels can be specified in a child-to-parent relationship" (SOQL reference).
_LEVELS: Final = 5
#: "No more than 55 child-to-parent relationships can be specified in a query" (the same); SQLite joins 64 tables.
_RELATIONSHIPS: Final = 55
#: SQLite takes some 32,000 parameters.
_PARAMETERS: Final = 30_000

_AGGREGATES: Final[Mapping[str, tuple[str, FieldType | None]]] = {
    "COUNT": ("count({})", "int"),
    "COUNT_DISTINCT": ("count(DISTINCT {})", "int"),
    # Rounded to the field's scale: 0.1 + 0.2 is 0.3 in an org.
    "SUM": ("round(sum({}), {scale})", None),
    "AVG": ("avg({})", "double"),
    "MIN": ("min({})", None),
    "MAX": ("max({})", None),
}


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
    """A field or the value of an aggregate function, and the SQL for it.

    way: the relationships that lead to it, by their names in the schema.
    """

    sql: str
    field: Field
    way: tuple[str, ...] = ()
    aggregate: bool = False


class Scope:
    """One SELECT: its object, the parents it reaches, the parameters of its conditions."""

    def __init__(self, compilation: Compilation, of: SObject, alias: str | None) -> None:
        self.compilation = compilation
        self.sobject = of
        self.parameters: list[Any] = []
        self._own_names = {of.name.lower(), (alias or of.name).lower()}
        self._joins: list[str] = []
        self.table = compilation.table(of)
        #: Table alias and object, by the relationships that lead to it.
        self.reached: dict[tuple[str, ...], tuple[str, SObject]] = {(): (self.table, of)}

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

    def operand(self, wanted: FieldPath | FunctionCall) -> Operand:
        """Look up a path or an aggregate function. Raises SoqlError."""
        return self.field(wanted) if isinstance(wanted, FieldPath) else self._aggregate(wanted)

    def field(self, path: FieldPath) -> Operand:
        names = path.names
        if len(names) > 1 and names[0].lower() in self._own_names and not self.sobject.parent(names[0]):
            names = names[1:]
        if len(names) - 1 > _LEVELS:
            raise self.compilation.error(
                path.place, "MALFORMED_QUERY", f"A relationship path cannot have more than {_LEVELS} levels: {path}"
            )
        way: tuple[str, ...] = ()
        for name in names[:-1]:
            way = self._parent(way, name, path.place)
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

    def _aggregate(self, call: FunctionCall) -> Operand:
        if call.name not in _AGGREGATES or call.argument is None:
            raise not_simulated(self.compilation, call)
        of = self.field(call.argument)
        known = of.field.type in NUMBER_TYPES if call.name in ("SUM", "AVG") else of.field.aggregatable
        if not known:
            raise self.compilation.error(
                call.place, "INVALID_FIELD", f"field {of.field.name} does not support aggregate operator {call.name}"
            )
        sql, kind = _AGGREGATES[call.name]
        made = Field(f"{call.name}({call.argument})", kind or of.field.type, of.field.label, scale=of.field.scale)
        return Operand(sql.format(of.sql, scale=of.field.scale), made, aggregate=True)


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


def not_simulated(compilation: Compilation, call: FunctionCall) -> SoqlError:
    """Return the error for a function that is unknown, or is not allowed in its place."""
    return compilation.error(
        call.place,
        "MALFORMED_QUERY",
        f"unexpected token: '{call.name}'. It is no function that this practice org simulates, or not here: they are "
        f"{', '.join(sorted(_AGGREGATES))}, and FIELDS in SELECT.",
    )
