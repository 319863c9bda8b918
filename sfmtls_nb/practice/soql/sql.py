"""SOQL to SQL: the tree of a query becomes a Statement over the schema. No text of the query gets into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from sfmtls_nb.practice.data import SCHEMA
from sfmtls_nb.practice.soql import functions
from sfmtls_nb.practice.soql.groups import aggregated, counted
from sfmtls_nb.practice.soql.records import Child, Parent, Selected, SelectedField
from sfmtls_nb.practice.soql.scope import Compilation, Operand, Scope, entity, too_complicated
from sfmtls_nb.practice.soql.statement import COLUMNS, Statement, conditions, order, page, source
from sfmtls_nb.practice.soql.syntax import FieldPath, FunctionCall, Place, Select, SoqlError, Typeof
from sfmtls_nb.practice.soql.values import whole_number

#: "The SOQL FIELDS function must have a LIMIT of at most 200"; FIELDS(STANDARD) need not.
_FIELDS_LIMIT: Final = 200
#: "No more than 20 parent-to-child relationships can be specified in a query"; five levels of them since API 58.
_CHILDREN: Final = 20
_CHILD_LEVELS: Final = 4
#: The values of `Field.custom` that each kind of FIELDS() selects.
_FIELDS: Final = {"ALL": (False, True), "STANDARD": (False,), "CUSTOM": (True,)}
#: What may own a record in Salesforce beside a user. No record of this org has such an owner.
_OTHER_OWNERS: Final = ("group", "queue")


def statement(compilation: Compilation, select: Select) -> Statement:
    """Return the statement for a whole query. Raises SoqlError."""
    scope = Scope(compilation, entity(compilation, select.source), select)
    selected = [item.selected for item in select.items]
    if any(isinstance(each, FunctionCall) and each.name == "COUNT" and not each.arguments for each in selected):
        return counted(scope, select)
    if select.group or any(functions.makes_groups(each) for each in selected):
        return aggregated(scope, select)
    return _records(scope, select)


# ---------------------------------------------------------------- records


@dataclass
class _Branch:
    """The fields of a record, or of its parent, while they are being collected."""

    way: tuple[str, ...] = ()
    parts: dict[str, SelectedField | Child | _Branch] = field(default_factory=dict)


class _Columns:
    """The selection of a SELECT: as SQL, as a CSV header, and as the tree that records follow."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._root = _Branch()
        self.sql: dict[str, int] = {}
        self.header: list[str] = []
        self.own_id = self.place(f'{scope.table}."Id"')

    def place(self, sql: str) -> int:
        """Return the index of an expression's value in a row."""
        if len(self.sql) == COLUMNS:
            raise too_complicated()
        return self.sql.setdefault(sql, len(self.sql))

    def add(self, operand: Operand, place: Place, alias: str | None = None) -> None:
        """Select a field. The fields of one parent come together, where the first of them stood; an alias stands alone."""
        name = alias or operand.field.name
        branch = self._root if alias else self.branch(operand.way)
        self._add_to(branch, name, SelectedField.of(operand, name, self.place(operand.sql)), place)

    def branch(self, way: tuple[str, ...]) -> _Branch:
        """Return the parent at the end of a way, selected if it was not."""
        branch = self._root
        for level, name in enumerate(way, 1):
            further = branch.parts.setdefault(name, _Branch(way[:level]))
            assert isinstance(further, _Branch)  # noqa: S101  # no field is called as a relationship
            branch = further
        return branch

    def add_child(self, child: Child, place: Place) -> None:
        self._add_to(self._root, child.name, child, place)

    def _add_to(self, branch: _Branch, name: str, part: SelectedField | Child, place: Place) -> None:
        path = ".".join([*branch.way, name])
        if name in branch.parts:
            raise self._scope.compilation.error(place, "MALFORMED_QUERY", f"duplicate field selected: {path}")
        branch.parts[name] = part
        self.header.append(path)

    def tree(self) -> tuple[Selected, ...]:
        return self._tree(self._root)

    def _tree(self, branch: _Branch) -> tuple[Selected, ...]:
        return tuple(
            self._parent(name, part) if isinstance(part, _Branch) else part for name, part in branch.parts.items()
        )

    def _parent(self, name: str, branch: _Branch) -> Parent:
        table, owner = self._scope.reached[branch.way]
        return Parent(name, owner.name, self._tree(branch), self.place(f'{table}."Id"'))


def _records(scope: Scope, select: Select, of_parent: Sequence[str] = (), level: int = 0) -> Statement:
    """Return a statement for records. of_parent: the condition that selects the children of one record."""
    compilation, numbers = scope.compilation, count()
    columns = _Columns(scope)
    for item in select.items:
        if item.alias and not isinstance(item.selected, FunctionCall):
            raise compilation.error(item.place, "MALFORMED_QUERY", "only aggregate expressions use field aliasing")
        if isinstance(item.selected, Select):
            columns.add_child(_child(scope, item.selected, columns.own_id, level), item.place)
            continue
        if isinstance(item.selected, Typeof):
            columns.branch(scope.way(item.selected.relationship))
        for operand in _fields(scope, item.selected, select):
            columns.add(operand, item.place, item.alias or (f"expr{next(numbers)}" if operand.numbered else None))
    if select.having:
        raise SoqlError("MALFORMED_QUERY", "HAVING needs a GROUP BY")  # [simulated]
    tree = columns.tree()
    found_by = [*of_parent, *conditions(scope, select)]
    ordered = [*order(scope, select, lambda wanted: _sortable(scope, wanted)), f"{scope.table}.n"]
    return Statement(
        scope.sobject.name,
        tree,
        tuple(columns.header),
        tuple(columns.sql),
        source(scope, found_by),
        ", ".join(ordered),
        tuple(scope.parameters),
        *page(compilation, select),
        id_place=columns.own_id,
    )


def _sortable(scope: Scope, wanted: FieldPath | FunctionCall) -> Operand:
    if functions.is_aggregate(wanted):
        message = f"Field must be grouped or aggregated: {wanted}"  # [simulated] words
        raise scope.compilation.error(wanted.place, "MALFORMED_QUERY", message)
    return functions.operand(scope, wanted, "ORDER BY")


def _fields(scope: Scope, wanted: FieldPath | FunctionCall | Typeof, select: Select) -> Iterator[Operand]:
    """Yield a field or a function, the fields of TYPEOF, or those of FIELDS(ALL | STANDARD | CUSTOM)."""
    if isinstance(wanted, Typeof):
        yield from _fields_of_type(scope, wanted)
        return
    if isinstance(wanted, FieldPath) or wanted.name != "FIELDS":
        yield functions.operand(scope, wanted, "SELECT")
        return
    kind = ", ".join(map(str, wanted.arguments)).upper()
    if kind not in _FIELDS:
        message = f"unexpected token: 'FIELDS'. It takes one of {', '.join(_FIELDS)}."
        raise scope.compilation.error(wanted.place, "MALFORMED_QUERY", message)
    limit = whole_number(select.limit, scope.compilation.text) if select.limit else _FIELDS_LIMIT + 1
    if kind != "STANDARD" and limit > _FIELDS_LIMIT:
        message = f"The SOQL FIELDS function must have a LIMIT of at most {_FIELDS_LIMIT}"
        raise SoqlError("MALFORMED_QUERY", message)
    for each in scope.sobject.fields:
        if each.custom in _FIELDS[kind]:
            yield scope.field(FieldPath((each.name,), wanted.place))


def _fields_of_type(scope: Scope, typeof: Typeof) -> Iterator[Operand]:
    """Yield the fields that TYPEOF chooses: here each relationship leads to records of one type."""
    relationship = typeof.relationship
    owner = scope.reached[scope.way(relationship)][1].name
    for case in typeof.cases:
        if case.type.lower() not in _OTHER_OWNERS:
            entity(scope.compilation, FieldPath((case.type,), case.place))
    chosen = next((case.fields for case in typeof.cases if case.type.lower() == owner.lower()), typeof.otherwise)
    for path in chosen:
        yield scope.field(FieldPath((*relationship.names, *path.names), path.place))


def _child(scope: Scope, select: Select, parent_id: int, level: int) -> Child:
    compilation = scope.compilation
    name = select.source.names[-1]
    relationship = scope.sobject.children(name)
    if relationship is None or relationship.name is None:
        raise compilation.error(
            select.source.place,
            "INVALID_TYPE",
            f"Didn't understand relationship '{name}' in FROM part of query call. If you are attempting to use a custom "
            "relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL "
            "or the describe call for the appropriate names.",
        )
    if select.group or any(functions.makes_groups(item.selected) for item in select.items):
        raise compilation.error(select.place, "MALFORMED_QUERY", "only root queries support aggregate expressions")
    compilation.children += 1
    if compilation.children > _CHILDREN or level == _CHILD_LEVELS:
        raise too_complicated()
    inner = Scope(compilation, SCHEMA[relationship.sobject], select)
    made = _records(inner, select, [f'{inner.table}."{relationship.field}" = ?'], level + 1)
    sql, parameters = made.rows()
    assert made.id_place is not None  # noqa: S101  # records have one
    return Child(relationship.name, relationship.sobject, made.columns, sql, parameters, parent_id, made.id_place)
