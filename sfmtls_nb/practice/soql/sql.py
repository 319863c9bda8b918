"""SOQL to SQL: the tree of a query becomes a Statement over the schema. No text of the query gets into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from sfmtls_nb.practice.data import SCHEMA, TEXT_TYPES
from sfmtls_nb.practice.soql.records import AGGREGATE, Child, Parent, Selected, SelectedField
from sfmtls_nb.practice.soql.scope import Compilation, Operand, Scope, entity, not_simulated, too_complicated
from sfmtls_nb.practice.soql.syntax import FieldPath, FunctionCall, Place, Select, SoqlError
from sfmtls_nb.practice.soql.values import whole_number
from sfmtls_nb.practice.soql.where import Find, where

#: SQLite's results have 2,000 columns at most.
_COLUMNS: Final = 1_900
#: "Maximum SOQL offset allowed is 2000".
_OFFSET: Final = 2_000
#: "The SOQL FIELDS function must have a LIMIT of at most 200"; FIELDS(STANDARD) need not.
_FIELDS_LIMIT: Final = 200
#: "No more than 20 parent-to-child relationships can be specified in a query"; five levels of them since API 58.
_CHILDREN: Final = 20
_CHILD_LEVELS: Final = 4
#: [simulated] Far beyond what anybody writes, and within what SQLite takes.
_ORDERS: Final = 32
_GROUPS: Final = 100

#: The values of `Field.custom` that each kind of FIELDS() selects.
_FIELDS: Final = {"ALL": (False, True), "STANDARD": (False,), "CUSTOM": (True,)}


@dataclass(frozen=True)
class Statement:
    """A SELECT in parts: the selected expressions, everything from FROM to HAVING, and a total order.

    header: the columns as one line, ``Account.Name`` being one of them. limit: None where there is none.
    """

    type: str
    columns: tuple[Selected, ...]
    header: tuple[str, ...]
    selected: tuple[str, ...]
    source: str
    order: str
    parameters: tuple[Any, ...]
    limit: int | None
    offset: int
    id_place: int | None = None
    counts: bool = False

    def rows(self, skip: int = 0) -> tuple[str, tuple[Any, ...]]:
        """Return SQL and parameters for the rows after the first ``skip``."""
        limit = -1 if self.limit is None else max(self.limit - skip, 0)
        sql = f"SELECT {', '.join(self.selected)} {self.source} ORDER BY {self.order} LIMIT ? OFFSET ?"
        return sql, (*self.parameters, limit, self.offset + skip)

    def size(self) -> tuple[str, tuple[Any, ...]]:
        """Return SQL and parameters for the number of rows."""
        # The first column will do; there has to be one, because an aggregate makes one row of all.
        rows = f"SELECT {self.selected[0]} {self.source} LIMIT ? OFFSET ?"
        limit = -1 if self.limit is None else self.limit
        return f"SELECT count(*) FROM ({rows})", (*self.parameters, limit, self.offset)  # noqa: S608  # see above


def statement(compilation: Compilation, select: Select) -> Statement:
    """Return the statement for a whole query. Raises SoqlError."""
    scope = Scope(compilation, entity(compilation, select.source), select.alias)
    calls = [item.selected for item in select.items if isinstance(item.selected, FunctionCall)]
    if any(call.name == "COUNT" and call.argument is None for call in calls):
        return _count(scope, select)
    if select.group or any(call.name != "FIELDS" for call in calls):
        return _aggregated(scope, select)
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
        if len(self.sql) == _COLUMNS:
            raise too_complicated()
        return self.sql.setdefault(sql, len(self.sql))

    def add(self, operand: Operand, place: Place) -> None:
        """Select a field. The fields of one parent come together, where the first of them stood."""
        branch = self._root
        for level, name in enumerate(operand.way, 1):
            further = branch.parts.setdefault(name, _Branch(operand.way[:level]))
            assert isinstance(further, _Branch)  # noqa: S101  # no field is called as a relationship
            branch = further
        name = operand.field.name
        self._add_to(branch, name, SelectedField(name, operand.field.type, self.place(operand.sql)), place)

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
    compilation = scope.compilation
    columns = _Columns(scope)
    for item in select.items:
        if item.alias:
            raise compilation.error(item.place, "MALFORMED_QUERY", "only aggregate expressions use field aliasing")
        if isinstance(item.selected, Select):
            columns.add_child(_child(scope, item.selected, columns.own_id, level), item.place)
        else:
            for operand in _fields(scope, item.selected, select):
                columns.add(operand, item.place)
    if select.having:
        raise SoqlError("MALFORMED_QUERY", "HAVING needs a GROUP BY")  # [simulated]
    tree = columns.tree()
    conditions = [*of_parent, *_conditions(scope, select)]
    order = [*_order(scope, select, scope.operand), f"{scope.table}.n"]
    return Statement(
        scope.sobject.name,
        tree,
        tuple(columns.header),
        tuple(columns.sql),
        _source(scope, conditions),
        ", ".join(order),
        tuple(scope.parameters),
        *_page(compilation, select),
        id_place=columns.own_id,
    )


def _fields(scope: Scope, wanted: FieldPath | FunctionCall, select: Select) -> Iterator[Operand]:
    """Yield the field of a path, or the fields of FIELDS(ALL | STANDARD | CUSTOM)."""
    if isinstance(wanted, FieldPath):
        yield scope.field(wanted)
        return
    kind = str(wanted.argument).upper()
    if wanted.name != "FIELDS" or kind not in _FIELDS:
        raise not_simulated(scope.compilation, wanted)
    limit = whole_number(select.limit, scope.compilation.text) if select.limit else _FIELDS_LIMIT + 1
    if kind != "STANDARD" and limit > _FIELDS_LIMIT:
        message = f"The SOQL FIELDS function must have a LIMIT of at most {_FIELDS_LIMIT}"
        raise SoqlError("MALFORMED_QUERY", message)
    for each in scope.sobject.fields:
        if each.custom in _FIELDS[kind]:
            yield scope.field(FieldPath((each.name,), wanted.place))


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
    if select.group or any(isinstance(i.selected, FunctionCall) and i.selected.name != "FIELDS" for i in select.items):
        raise compilation.error(select.place, "MALFORMED_QUERY", "only root queries support aggregate expressions")
    compilation.children += 1
    if compilation.children > _CHILDREN or level == _CHILD_LEVELS:
        raise too_complicated()
    inner = Scope(compilation, SCHEMA[relationship.sobject], select.alias)
    made = _records(inner, select, [f'{inner.table}."{relationship.field}" = ?'], level + 1)
    sql, parameters = made.rows()
    assert made.id_place is not None  # noqa: S101  # records have one
    return Child(relationship.name, relationship.sobject, made.columns, sql, parameters, parent_id, made.id_place)


# ---------------------------------------------------------------- COUNT(), GROUP BY and aggregates


def _count(scope: Scope, select: Select) -> Statement:
    if len(select.items) > 1 or select.items[0].alias or select.group or select.having or select.order:
        # [simulated] words
        message = "COUNT() stands alone in SELECT, without an alias, GROUP BY or ORDER BY; COUNT(Id) need not"
        raise scope.compilation.error(select.items[0].place, "MALFORMED_QUERY", message)
    source = _source(scope, _conditions(scope, select))
    page = _page(scope.compilation, select)
    table = scope.table
    return Statement(
        scope.sobject.name, (), (), (f"{table}.n",), source, f"{table}.n", tuple(scope.parameters), *page, counts=True
    )


def _aggregated(scope: Scope, select: Select) -> Statement:
    compilation = scope.compilation
    groups = dict.fromkeys(_group(scope, wanted) for wanted in select.group)

    def grouped(wanted: FieldPath | FunctionCall) -> Operand:
        operand = scope.operand(wanted)
        if not operand.aggregate and operand.sql not in groups:
            message = f"Field must be grouped or aggregated: {wanted}"
            raise compilation.error(wanted.place, "MALFORMED_QUERY", message)
        return operand

    names, columns, selected = count(), {}, dict[str, int]()
    for item in select.items:
        if isinstance(item.selected, Select):
            message = "Grouped queries cannot have subqueries in SELECT"  # [simulated]
            raise compilation.error(item.place, "MALFORMED_QUERY", message)
        operand = grouped(item.selected)
        name = item.alias or (f"expr{next(names)}" if operand.aggregate else operand.field.name)
        if name.lower() in columns:
            raise compilation.error(item.place, "MALFORMED_QUERY", f"duplicate alias: {name}")
        place = selected.setdefault(operand.sql, len(selected))
        columns[name.lower()] = SelectedField(name, operand.field.type, place)
    conditions = _conditions(scope, select)
    having = where(scope, select.having, grouped) if select.having else ""
    order = [*_order(scope, select, grouped), *groups] or ["1"]
    if not groups:
        _check_overall(select)
    if len(groups) > _GROUPS or len(selected) > _COLUMNS:
        raise too_complicated()
    source = _source(scope, conditions)
    source += f" GROUP BY {', '.join(groups)}" if groups else ""
    source += f" HAVING {having}" if having else ""
    return Statement(
        AGGREGATE,
        tuple(columns.values()),
        tuple(column.name for column in columns.values()),
        tuple(selected),
        source,
        ", ".join(order),
        tuple(scope.parameters),
        *_page(compilation, select),
    )


def _group(scope: Scope, wanted: FieldPath | FunctionCall) -> str:
    if isinstance(wanted, FunctionCall):
        raise not_simulated(scope.compilation, wanted)
    operand = scope.field(wanted)
    if not operand.field.groupable:
        message = f"field '{operand.field.name}' can not be grouped in a query call"
        raise scope.compilation.error(wanted.place, "INVALID_FIELD", message)
    return operand.sql


def _check_overall(select: Select) -> None:
    for clause, given in {
        "LIMIT": select.limit,
        "OFFSET": select.offset,
        "ORDER BY": select.order,
        "HAVING": select.having,
    }.items():
        if given:
            message = f"Non-grouped query that uses overall aggregate functions cannot also use {clause}"
            raise SoqlError("MALFORMED_QUERY", message)


# ---------------------------------------------------------------- clauses


def _conditions(scope: Scope, select: Select) -> list[str]:
    return [*scope.there(), *([f"({where(scope, select.where)})"] if select.where else [])]


def _source(scope: Scope, conditions: Sequence[str]) -> str:
    """Return the SQL from FROM on. Called last, when all joins are known."""
    return f"FROM {scope.source()} WHERE {' AND '.join(conditions) or '1'}"


def _order(scope: Scope, select: Select, find: Find) -> Iterator[str]:
    if len(select.order) > _ORDERS:
        raise too_complicated()
    for each in select.order:
        operand = find(each.operand)
        if not operand.field.sortable:
            message = f"field '{operand.field.name}' can not be sorted in a query call"
            raise scope.compilation.error(each.operand.place, "INVALID_FIELD", message)
        sql = f"sort_key({operand.sql})" if operand.field.type in TEXT_TYPES else operand.sql
        yield f"{sql} {'DESC' if each.descending else 'ASC'} NULLS {'LAST' if each.nulls_last else 'FIRST'}"


def _page(compilation: Compilation, select: Select) -> tuple[int | None, int]:
    """Return LIMIT and OFFSET."""
    limit = whole_number(select.limit, compilation.text) if select.limit else None
    offset = whole_number(select.offset, compilation.text) if select.offset else 0
    if offset > _OFFSET:
        raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {_OFFSET}")
    return limit, offset
