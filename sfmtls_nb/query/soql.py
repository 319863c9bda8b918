"""SOQL: the columns that the text of a query selects, so that an empty result has them too.

The org is the judge of a query. A query that is not understood here is no error: its columns are those of the records.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

from sfmtls_nb.query.describe import DescribeSObjectResult
from sfmtls_nb.values import Column, Kind, kind_of, parts_of, spelled

_TOKEN: Final = re.compile(r"'(?:\\.|[^'\\])*'|[A-Za-z_][\w.]*|\S", re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z_][\w.]*")
#: Words that may follow the sObject; any other there is its alias.
_CLAUSES: Final = frozenset(
    {"where", "using", "with", "group", "order", "having", "limit", "offset", "for", "all", "update"}
)
#: Functions whose value stands under the name of their field, where it has no alias.
_IN_PLACE: Final = frozenset({"format", "tolabel", "convertcurrency"})
#: Functions whose value is a text for people, whatever the type of their field is: 1.000 is a German thousand.
_TEXTS: Final = frozenset({"format", "tolabel"})
#: Kind of a function's values, or that they have the kind of its argument. Of other functions nothing is known.
_FUNCTIONS: Final[dict[str, Kind | Literal["argument"]]] = {
    "count": "int",
    "count_distinct": "int",
    "sum": "double",
    "avg": "double",
    **dict.fromkeys(("min", "max", "convertcurrency"), "argument"),
    **dict.fromkeys(_TEXTS, "string"),
    "distance": "double",
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
    """A selected field, or a function of one (its name in lower case), and its alias if it has one.

    plain: False if other functions stand around the field as well. of: the sObject that a WHEN of TYPEOF names.
    """

    path: tuple[str, ...]
    function: str = ""
    alias: str = ""
    plain: bool = True
    of: str = ""


@dataclass(frozen=True)
class Selection:
    """``SELECT fields FROM source``; in a subquery the source is a relationship. aggregate: it gives AggregateResults."""

    fields: tuple[SelectedField | Selection, ...]
    source: str
    alias: str
    aggregate: bool


def parse_selection(soql: str) -> Selection | None:
    """The selection of a query; None if its text is not understood."""
    tokens = deque(_TOKEN.findall(soql))
    try:
        selection = _selection(tokens)
    except (IndexError, ValueError, RecursionError):  # it ends early, or goes on otherwise than a query does
        return None
    return None if tokens else selection


def _selection(tokens: deque[str]) -> Selection:
    _take(tokens, "select")
    fields = [*_selected(tokens)]
    while tokens[0] == ",":
        tokens.popleft()
        fields += _selected(tokens)
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


def _selected(tokens: deque[str]) -> Iterator[SelectedField | Selection]:
    """An item between two commas: a field, a function, a subquery, or a TYPEOF with its fields."""
    if tokens[0] == "(":
        tokens.popleft()
        yield _selection(tokens)
        _take(tokens, ")")
        return
    name = _name(tokens)
    if name.lower() == "typeof" and _NAME.fullmatch(tokens[0]) and tokens[0].lower() != "from":
        yield from _typeof(tokens)
        return
    function, inside = "", [name]
    if tokens[0] == "(":
        tokens.popleft()
        function, inside = name.lower(), list(_rest(tokens))
        _take(tokens, ")")
    # Of convertCurrency(Amount) within MAX(…) the field counts.
    names = [word for word, behind in pairwise([*inside, ""]) if _NAME.fullmatch(word) and behind != "("]
    path = tuple(names[0].split(".")) if len(names) == 1 else ()
    alias = _name(tokens) if _NAME.fullmatch(tokens[0]) and tokens[0].lower() != "from" else ""
    yield SelectedField(path, function, alias, plain=len(inside) < 2)


def _typeof(tokens: deque[str]) -> Iterator[SelectedField]:
    """``What WHEN Account THEN Phone, Site ELSE Name END``, behind the word TYPEOF: the fields of all branches."""
    parent = tuple(_name(tokens).split("."))
    while (word := tokens.popleft().lower()) != "end":
        of = _name(tokens) if word == "when" else ""
        if word == "when":
            _take(tokens, "then")
        elif word != "else":
            raise ValueError(word)
        yield SelectedField((*parent, *_name(tokens).split(".")), of=of)
        while tokens[0] == ",":
            tokens.popleft()
            yield SelectedField((*parent, *_name(tokens).split(".")), of=of)


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


def texts_of(selection: Selection) -> Iterator[str]:
    """Names, in lower case, of the values that are text whatever their fields are: of a child ``contacts.amount``."""
    for selected in selection.fields:
        if isinstance(selected, Selection):
            yield from (f"{selected.source}.{name}".lower() for name in texts_of(selected))
        elif selected.function in _TEXTS:
            yield (selected.alias or ".".join(selected.path)).lower()


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
        path = _without_source(selected.path, selection, sobject, describe)
        name, type_name = _walk(path, sobject, describe, selected.of)
        if not selected.function:
            grouped = name.rpartition(".")[2] if selection.aggregate else name
            columns += _of_type(selected.alias or grouped, type_name)
            continue
        kind = _FUNCTIONS.get(selected.function)
        kind = _kind(type_name) if kind == "argument" else kind
        if selected.alias:
            columns.append(Column(selected.alias, kind))
        elif (selection.aggregate or selected.function == "distance") and (selected.path or not selected.plain):
            columns.append(Column(f"expr{unnamed}", kind))
            unnamed += 1
        elif selected.function in _IN_PLACE and selected.plain:
            columns.append(Column(name, kind))
        # Under which name others come without an alias depends on the function: the records tell.
    return tuple(_once(columns))


def _once(columns: Iterable[Column]) -> Iterable[Column]:
    """Each column once: branches of a TYPEOF may name the same field. Where they differ in its kind, that is not known."""
    found: dict[str, Column] = {}
    for column in columns:
        same = found.setdefault(column.name, column)
        if same.kind != column.kind:
            found[column.name] = replace(same, kind=None)
    return found.values()


def _of_type(name: str, type_name: str) -> Iterator[Column]:
    """The column of a field; of a compound field, those of its parts."""
    parts = parts_of(type_name)
    if not parts:
        yield Column(name, _kind(type_name))
    for part, kind in parts.items():
        yield Column(f"{name}.{part}", kind)


def _kind(type_name: str) -> Kind | None:
    return kind_of(type_name) if type_name else None


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
            yield from _of_type(name, type_name)


def _without_source(path: tuple[str, ...], of: Selection, sobject: str, describe: Describe) -> tuple[str, ...]:
    """``Account.Name`` FROM Account, and ``a.Name`` FROM Account a, are ``Name``."""
    if len(path) < 2 or path[0].lower() not in (of.alias, of.source.lower()):
        return path
    described = describe(sobject)
    return path if described and spelled(path[0], described.parents) in described.parents else path[1:]


def _walk(path: tuple[str, ...], sobject: str, describe: Describe, of: str = "") -> tuple[str, str]:
    """The name of the field at a path, by way of the parents, and its type; "" where that is not known.

    Of a parent that may be one of several, the first with the field. of: the one that the field is asked of.
    """
    described = describe(sobject) if path else None
    if described is None:
        return ".".join(path), ""
    if len(path) == 1:
        name = spelled(path[0], described.fields)
        return name, described.fields.get(name, "")
    step = spelled(path[0], described.parents)
    name, type_name = ".".join(path[1:]), ""
    for parent in (of,) if of and len(path) == 2 else described.parents.get(step, ()):
        name, type_name = _walk(path[1:], parent, describe, of)
        if type_name:
            break
    return f"{step}.{name}", type_name
