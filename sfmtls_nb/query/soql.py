"""SOQL: the columns that the text of a query selects, so that an empty result has them too.

The org is the judge of a query. A query that is not understood here is no error: its columns are those of the records.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sfmtls_nb.query.describe import DescribeSObjectResult
from sfmtls_nb.values import Column, Kind, kind_of, spelled

_TOKEN: Final = re.compile(r"'(?:\\.|[^'\\])*'|[A-Za-z_][\w.]*|\S", re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z_][\w.]*")
#: Words that may follow the sObject; any other there is its alias.
_CLAUSES: Final = frozenset(
    {"where", "using", "with", "group", "order", "having", "limit", "offset", "for", "all", "update"}
)
#: Kind of a function's values. None: the kind of its argument. Of other functions nothing is known.
_FUNCTIONS: Final[dict[str, Kind | None]] = {
    "count": "int",
    "count_distinct": "int",
    "sum": "double",
    "avg": "double",
    "min": None,
    "max": None,
    "grouping": "int",
    "day_only": "date",
    **dict.fromkeys(
        ("calendar_month", "calendar_quarter", "calendar_year", "day_in_month", "day_in_week", "day_in_year"), "int"
    ),
    **dict.fromkeys(("fiscal_month", "fiscal_quarter", "fiscal_year", "hour_in_day"), "int"),
    **dict.fromkeys(("week_in_month", "week_in_year"), "int"),
}
_AGGREGATES: Final = frozenset({"count", "count_distinct", "sum", "avg", "min", "max"})

#: The description of an sObject; None where the org has none.
Describe = Callable[[str], DescribeSObjectResult | None]


@dataclass(frozen=True)
class SelectedField:
    """A selected field, or a function of one (its name in lower case), and its alias if it has one."""

    path: tuple[str, ...]
    function: str = ""
    alias: str = ""


@dataclass(frozen=True)
class Selection:
    """``SELECT fields FROM source``; in a subquery the source is a relationship. aggregate: it gives AggregateResults."""

    fields: tuple[SelectedField | Selection, ...]
    source: str
    alias: str
    aggregate: bool


def parse_selection(soql: str) -> Selection | None:
    """The selection of a query; None if its text is not understood, as with TYPEOF."""
    tokens = deque(_TOKEN.findall(soql))
    try:
        selection = _selection(tokens)
    except (IndexError, ValueError, RecursionError):  # it ends early, or goes on otherwise than a query does
        return None
    return None if tokens else selection


def _selection(tokens: deque[str]) -> Selection:
    _take(tokens, "select")
    fields = [_field(tokens)]
    while tokens[0] == ",":
        tokens.popleft()
        fields.append(_field(tokens))
    _take(tokens, "from")
    source = _name(tokens)
    behind = list(_rest(tokens))
    if behind[:1] == ["as"]:
        behind = behind[1:]
    alias = behind[0] if behind and _NAME.fullmatch(behind[0]) and behind[0] not in _CLAUSES else ""
    if "," in behind[: 2 if alias else 1]:
        raise ValueError(behind)  # FROM Contact c, c.Account a
    functions = {each.function for each in fields if isinstance(each, SelectedField)}
    return Selection(tuple(fields), source, alias, "group" in behind or not _AGGREGATES.isdisjoint(functions))


def _rest(tokens: deque[str]) -> Iterator[str]:
    """The words behind the source, up to the end of this query."""
    depth = 0
    while tokens and (depth or tokens[0] != ")"):
        depth += {"(": 1, ")": -1}.get(tokens[0], 0)
        yield tokens.popleft().lower()


def _field(tokens: deque[str]) -> SelectedField | Selection:
    if tokens[0] == "(":
        tokens.popleft()
        subquery = _selection(tokens)
        _take(tokens, ")")
        return subquery
    name = _name(tokens)
    if name.lower() == "typeof":
        raise ValueError(name)
    function, inside = "", [name]
    if tokens[0] == "(":
        tokens.popleft()
        function, inside = name.lower(), list(_rest(tokens))
        _take(tokens, ")")
    path = tuple(inside[0].split(".")) if len(inside) == 1 and _NAME.fullmatch(inside[0]) else ()
    alias = _name(tokens) if _NAME.fullmatch(tokens[0]) and tokens[0].lower() != "from" else ""
    return SelectedField(path, function, alias)


def _name(tokens: deque[str]) -> str:
    if not _NAME.fullmatch(tokens[0]):
        raise ValueError(tokens[0])
    return tokens.popleft()


def _take(tokens: deque[str], wanted: str) -> None:
    if tokens.popleft().lower() != wanted:
        raise ValueError(wanted)


# ---------------------------------------------------------------- columns


def columns_of(selection: Selection, describe: Describe) -> tuple[Column, ...]:
    """The columns of a selection, spelled as the org spells them, with the kinds that it describes."""
    return _columns(selection, selection.source, describe)


def _columns(selection: Selection, sobject: str, describe: Describe) -> tuple[Column, ...]:
    columns: list[Column] = []
    unnamed = 0
    for selected in selection.fields:
        if isinstance(selected, Selection):
            columns.append(_children(selected, sobject, describe))
            continue
        if selected.function == "fields":
            columns += _all_fields(selected.path, sobject, describe)
            continue
        field = _walk(_without_source(selected.path, selection, sobject, describe), sobject, describe)
        if not selected.function:
            grouped = field.name.rpartition(".")[2] if selection.aggregate else field.name
            columns.append(Column(selected.alias or grouped, field.kind))
        elif not selection.aggregate:
            # Under which name it comes without an alias depends on the function: the records tell.
            if selected.alias:
                columns.append(Column(selected.alias, _FUNCTIONS.get(selected.function)))
        elif selected.alias or selected.path:
            name = selected.alias or f"expr{unnamed}"
            unnamed += not selected.alias
            given = _FUNCTIONS.get(selected.function)
            columns.append(Column(name, given or (field.kind if selected.function in ("min", "max") else None)))
    return tuple(columns)


def _children(subquery: Selection, sobject: str, describe: Describe) -> Column:
    described = describe(sobject)
    children = described.children if described else {}
    name = spelled(subquery.source, children)
    inner = _columns(subquery, children[name], describe) if name in children else ()
    return Column(name, columns=inner)


def _all_fields(which: tuple[str, ...], sobject: str, describe: Describe) -> Iterator[Column]:
    described = describe(sobject)
    for name, type_name in described.fields.items() if described else ():
        if which == ("all",) or (which == ("custom",)) == name.endswith("__c"):
            yield Column(name, kind_of(type_name))


def _without_source(path: tuple[str, ...], of: Selection, sobject: str, describe: Describe) -> tuple[str, ...]:
    """``Account.Name`` FROM Account, and ``a.Name`` FROM Account a, are ``Name``."""
    if len(path) < 2 or path[0].lower() not in (of.alias, of.source.lower()):
        return path
    described = describe(sobject)
    return path if described and spelled(path[0], described.parents) in described.parents else path[1:]


def _walk(path: tuple[str, ...], sobject: str, describe: Describe) -> Column:
    """The field at a path, by way of the parents. Of a parent that may be one of several, the first with the field."""
    described = describe(sobject) if path else None
    if described is None:
        return Column(".".join(path))
    if len(path) == 1:
        name = spelled(path[0], described.fields)
        return Column(name, described.kind(name))
    step = spelled(path[0], described.parents)
    found = Column(".".join(path[1:]))
    for parent in described.parents.get(step, ()):
        found = _walk(path[1:], parent, describe)
        if found.kind:
            break
    return Column(f"{step}.{found.name}", found.kind)
