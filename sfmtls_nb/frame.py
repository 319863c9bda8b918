"""Frames: XML elements and the records of a query as DataFrames. The only module that imports pandas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from itertools import accumulate, pairwise
from typing import Any, Final

import pandas as pd
from lxml import etree

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.secret import mask, mask_session_ids
from sfmtls_nb.values import Column, Kind, Scalar, kind_of, parts_of, spelled, value_of
from sfmtls_nb.xml import SECRET_ELEMENTS, is_nil, local_name, type_of


def elements_frame(elements: Iterable[etree._Element]) -> pd.DataFrame:
    """A DataFrame with a row an element, and a column a leaf below it, named by its path (``userInfo.userName``).

    An element that is a leaf itself gives a column of its own name. A nil or empty element is missing (None); a leaf that
    is repeated in an element gives a list. Values are text, unless ``xsi:type`` makes them numbers, booleans or dates:
    such columns are typed as those of a query. Secrets are masked.
    """
    rows = [_row(element) for element in elements]
    frame = pd.DataFrame(rows)
    frame = frame[_without_ghosts(map(str, frame), rows)]
    for name in frame:
        values = [row.get(str(name)) for row in rows]
        if not all(value is None or isinstance(value, str | list) for value in values):
            frame[name] = _typed(values, None)
    return frame


def records_of(results: Sequence[etree._Element]) -> Sequence[etree._Element]:
    """Rows of an answer: its results; of a single result, the list in it.

    That list is the records of a query, or the only children that have children themselves and come more than once, such
    as ``sobjects``.
    """
    if len(results) != 1:
        return results
    children = list(results[0].iterchildren(etree.Element))
    if type_of(results[0]) == "QueryResult":
        return [child for child in children if type_of(child) == "sObject"]
    inner = [child for child in children if next(child.iterchildren(etree.Element), None) is not None]
    alike = len({child.tag for child in inner}) == 1
    return inner if alike and (len(inner) > 1 or type_of(inner[0]) == "sObject") else results


def _row(element: etree._Element) -> dict[str, object]:
    row: dict[str, object] = {}
    for name, value in _leaves(element, ()):
        twice = name.rpartition(".")[2] == "Id" and row.get(name) == value  # an sObject's selected Id stands twice
        if name not in row or twice:
            row[name] = value
        elif isinstance(known := row[name], list):
            known.append(value)
        else:
            row[name] = [known, value]
    return row


def _leaves(element: etree._Element, path: tuple[str, ...]) -> Iterator[tuple[str, Scalar]]:
    children = list(element.iterchildren(etree.Element))
    if not children:
        way = path or (local_name(element),)
        text = None if is_nil(element) else element.text
        if text and not SECRET_ELEMENTS.isdisjoint(way):
            yield ".".join(way), mask(text)
        else:
            yield ".".join(way), value_of(_kind_of(element), mask_session_ids(text)) if text else None
    for child in children:
        yield from _leaves(child, (*path, local_name(child)))


def _kind_of(element: etree._Element) -> Kind | None:
    """Kind of a leaf's value: that of a part of an address or location, or else the one that it says itself."""
    above = element.getparent()
    parts = {} if above is None else parts_of(type_of(above))
    return parts.get(local_name(element)) or kind_of(type_of(element))


# ---------------------------------------------------------------- records of a query

#: A date is datetime64 without a zone: ``.dt`` and plots work with it, and nothing shifts it to another day; in seconds,
#: because nanoseconds end in 2262, and orgs have "never" as 4000-12-31.
_DTYPES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "string": ("string",),
    "int": ("Int64",),
    "double": ("Float64",),
    "boolean": ("boolean",),
    "date": ("datetime64[s]",),
    # The second for a column with a moment beyond the nanoseconds.
    "datetime": ("datetime64[ns, UTC]", "datetime64[ms, UTC]"),
}
#: In this order, as a bool is an int and a datetime is a date.
_PYTHON: Final[tuple[tuple[type | tuple[type, ...], Kind], ...]] = (
    (bool, "boolean"),
    (int, "int"),
    ((int, float), "double"),
    (datetime, "datetime"),
    (date, "date"),
    (str, "string"),
)


def records_frame(
    records: Iterable[Mapping[str, Any]], columns: Sequence[Column] = (), explode: str | None = None
) -> pd.DataFrame:
    """Records of a query as rows: the known columns in their order, then others that the records hold.

    Types are pandas' nullable ones: string, Int64, Float64, boolean; datetime64[ns, UTC], and datetime64[s] for dates.
    A parent's fields are ``Account.Name``; a child subquery is a frame in each cell, or with ``explode`` a row a child.
    """
    rows = [dict(_flat(record, "")) for record in records]
    found = list(dict.fromkeys(name for row in rows for name in row))
    spelling = {name.casefold(): name for name in found}
    known = {spelling.get(column.name.casefold(), column.name): column for column in columns}
    names = _without_ghosts(dict.fromkeys([*known, *found]), rows)
    series: dict[str, pd.Series[Any]] = {}
    children: dict[str, _Children] = {}
    for name in names:
        values = [row.get(name) for row in rows]
        column = known.get(name, Column(name))
        if column.columns is not None or any(isinstance(value, list) for value in values):
            children[name] = _Children(values, column.columns or ())
            series[name] = children[name].cells()
        else:
            series[name] = _typed(values, column.kind)
    frame = pd.DataFrame(series, index=pd.RangeIndex(len(rows)))
    if explode is None:
        return frame
    name = spelled(explode, children)
    if name not in children:
        raise SfmtlsError(
            f"there is no child subquery {explode!r} to explode",
            f"child subqueries of this query: {', '.join(children) or 'none'}",
            "name it as the query does: Contacts, where it says (SELECT … FROM Contacts)",
        )
    return children[name].exploded(frame, name)


def _without_ghosts(names: Iterable[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of columns, but for those that are parents or compound fields, whose own fields are columns.

    One that is missing in some rows is a None there, and a column nowhere.
    """
    names = list(names)
    parents = {name[:at].casefold() for name in names for at, letter in enumerate(name) if letter == "."}
    ghosts = {name for name in names if name.casefold() in parents}
    ghosts -= {name for row in rows for name in ghosts & row.keys() if row[name] is not None}
    return [name for name in names if name not in ghosts]


class _Children:
    """The children that a subquery found: one frame of all, and the rows in it of each parent."""

    def __init__(self, values: Sequence[Any], columns: Sequence[Column]) -> None:
        lists = [value or [] for value in values]
        self._frame = records_frame((child for each in lists for child in each), columns)
        ends = list(accumulate(map(len, lists), initial=0))
        self._spans = list(pairwise(ends))

    def cells(self) -> pd.Series[Any]:
        return pd.Series(
            [self._frame.iloc[start:end].reset_index(drop=True) for start, end in self._spans], dtype=object
        )

    def exploded(self, parents: pd.DataFrame, name: str) -> pd.DataFrame:
        of = [number for number, (start, end) in enumerate(self._spans) for _ in range(max(end - start, 1))]
        # -1 is the row of no child: it is in no index, so all of it is missing.
        rows = [row for start, end in self._spans for row in (range(start, end) if end > start else (-1,))]
        inner = self._frame.reindex(rows).reset_index(drop=True).add_prefix(f"{name}.")
        outer = parents.iloc[of].reset_index(drop=True)
        at = list(outer.columns).index(name)
        order = [*outer.columns[:at], *inner.columns, *outer.columns[at + 1 :]]
        return pd.concat([outer, inner], axis="columns")[order]


def _flat(record: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _typed(values: Sequence[Any], kind: Kind | None) -> pd.Series[Any]:
    """A column in the type of its values; of objects where they have several types, or none is known."""
    fits = next((kinds for kinds, each in reversed(_PYTHON) if each == kind), object)
    if not all(value is None or isinstance(value, fits) for value in values):
        kind = None  # pandas would make a number of the text 1.000
    kind = kind or _kind(values)
    for dtype in _DTYPES[kind] if kind else ():
        with suppress(TypeError, ValueError, OverflowError):
            return pd.Series(values, dtype=dtype)
    return pd.Series(values, dtype=object)


def _kind(values: Sequence[Any]) -> Kind | None:
    given = [value for value in values if value is not None]
    return next((kind for kinds, kind in _PYTHON if given and all(isinstance(each, kinds) for each in given)), None)
