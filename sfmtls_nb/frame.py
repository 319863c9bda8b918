"""Frames: XML elements and the records of a query as DataFrames. The only module that imports pandas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from itertools import accumulate, chain, pairwise, repeat
from typing import Any, Final

import numpy as np
import pandas as pd
from lxml import etree

from sfmtls_nb.columns import Columns, all_columns, columns_of_records, is_empty, parents_among
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.secret import mask, mask_session_ids
from sfmtls_nb.values import Column, Kind, Scalar, kind_of, parts_of, spelled, value_of, values_of
from sfmtls_nb.xml import SECRET_ELEMENTS, is_nil, local_name, type_of


def elements_frame(elements: Iterable[etree._Element]) -> pd.DataFrame:
    """A DataFrame with a row an element, and a column a leaf below it, named by its path (``userInfo.userName``).

    An element that is a leaf itself gives a column of its own name. A nil or empty element is missing (None); a leaf that
    is repeated in an element gives a list. Values are text, unless ``xsi:type`` makes them numbers, booleans or dates:
    such columns are typed as those of a query. Secrets are masked.
    """
    rows = [_row(element) for element in elements]
    frame = pd.DataFrame(rows)
    ghosts = {name for name in parents_among(map(str, frame)) if is_empty(row.get(name) for row in rows)}
    frame = frame[[name for name in frame if name not in ghosts]]
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


class Frame:
    """A DataFrame in the making: pages are added as columns, and forgotten."""

    def __init__(self, known: Sequence[Column] = ()) -> None:
        self._columns = list(known)
        self._chunks: dict[str, list[_Chunk]] = {}
        self._rows = 0

    def add(self, page: Columns) -> None:
        """Add the rows of a page."""
        self._columns = all_columns(self._columns, page)
        for column in self._columns:
            chunks = self._chunks.setdefault(column.name, [self._rows] if self._rows else [])
            values = page.by_path.get(column.name)
            chunks.append(page.rows if values is None else _array(values, page.kinds.get(column.name) or column.kind))
        self._rows += page.rows

    def finished(self, explode: str | None = None) -> pd.DataFrame:
        """The frame. Types are pandas' nullable ones: string, Int64, Float64, boolean; datetime64[ns, UTC], and datetime64[s] for dates.

        A parent's fields are ``Account.Name``; a child subquery is a frame in each cell, or with ``explode`` a row a child.
        """
        series: dict[str, Any] = {}
        children: dict[str, _Children] = {}
        for column in self._columns:
            chunks = [_without_arrow(each, column.kind) for each in self._chunks.pop(column.name, [self._rows])]
            if column.columns is not None or any(isinstance(each, list) for each in _objects(chunks)):
                children[column.name] = _Children(list(_values(chunks)), column.columns or ())
                series[column.name] = children[column.name].cells()
            else:
                series[column.name] = _whole(chunks, column.kind)
        frame = pd.DataFrame(series, index=pd.RangeIndex(self._rows), copy=False)
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


def records_frame(
    records: Iterable[Mapping[str, Any]], columns: Sequence[Column] = (), explode: str | None = None
) -> pd.DataFrame:
    """Records that are values already as a frame: the known columns in their order, then others that the records hold."""
    frame = Frame(columns)
    frame.add(columns_of_records(records))
    return frame.finished(explode)


# ---------------------------------------------------------------- a column

#: Some rows of a column: an array of its type, or values as they came, or the number of rows that it is missing in.
_Chunk = Any


def _array(values: Sequence[Any], kind: Kind | None) -> _Chunk:
    """The values in an array of their kind; as they came, where one of them is not of that kind."""
    if hasattr(values, "to_pylist"):  # Arrow's: the smaller form of it, so it stays that until the end
        return values
    with suppress(_Unfit, ValueError, OverflowError):
        if kind is not None:
            return _ARRAYS[kind](values, set(map(type, values)) - {type(None)})
    return values if kind is None else values_of(kind, values)


class _Unfit(Exception):  # noqa: N818  # it is caught where it begins
    """A value is written otherwise than those of its kind are."""


#: As `values.value_of` has them.
_TRUE: Final = frozenset({True, "true", "1"})


def _missing_among(values: Sequence[Any]) -> Any:
    return np.array([each is None for each in values], bool) if None in values else np.zeros(len(values), bool)


def _strings(values: Sequence[Any], types: set[type]) -> Any:
    if not types <= {str}:
        raise _Unfit
    return pd.array(values, dtype="string")


def _numbers(values: Sequence[Any], types: set[type], read: type, array: Any) -> Any:
    if bool in types or not (types <= {str} or types <= {int, read}):
        raise _Unfit
    missing = _missing_among(values)
    return array(
        np.array([0 if each is None else read(each) for each in values], np.dtype(f"{read.__name__}64")), missing
    )


def _booleans(values: Sequence[Any], types: set[type]) -> Any:
    if not (types <= {bool} or types <= {str}):
        raise _Unfit
    missing = _missing_among(values)
    return pd.arrays.BooleanArray(np.array([each in _TRUE for each in values], bool), missing)


def _dates(values: Sequence[Any], types: set[type]) -> Any:
    if not types <= {str} or {len(each) for each in values if each is not None} - {10}:
        raise _Unfit
    return np.array(values, "datetime64[s]")


def _moments(values: Sequence[Any], types: set[type]) -> Any:
    """In milliseconds; which of them fit into nanoseconds, all of them together tell."""
    if not types <= {str} or {each[23:] for each in values if each is not None} - {"Z", "+0000"}:
        raise _Unfit
    return np.array([each and each[:23] for each in values], "datetime64[ms]")


_ARRAYS: Final[Mapping[Kind, Callable[[Sequence[Any], set[type]], Any]]] = {
    "string": _strings,
    "int": partial(_numbers, read=int, array=pd.arrays.IntegerArray),
    "double": partial(_numbers, read=float, array=pd.arrays.FloatingArray),
    "boolean": _booleans,
    "date": _dates,
    "datetime": _moments,
}


_EXTENSIONS: Final[Mapping[Kind, Any]] = {
    "string": pd.StringDtype(),
    "int": pd.Int64Dtype(),
    "double": pd.Float64Dtype(),
    "boolean": pd.BooleanDtype(),
}


def _without_arrow(values: _Chunk, kind: Kind | None) -> _Chunk:
    if not hasattr(values, "to_pylist"):
        return values
    if kind is None:
        return values.to_pylist()
    if kind in ("date", "datetime"):
        unit = "s" if kind == "date" else "ms"
        return values.cast(f"timestamp[{unit}]").to_numpy(zero_copy_only=False).astype(f"datetime64[{unit}]")
    return _EXTENSIONS[kind].__from_arrow__(values)


def _objects(chunks: Sequence[_Chunk]) -> Iterator[Any]:
    """The values of those chunks that are values as they came."""
    return chain.from_iterable(each for each in chunks if isinstance(each, list | tuple))


def _values(chunks: Iterable[_Chunk]) -> Iterator[Any]:
    """All values, whatever the chunks are."""
    for chunk in chunks:
        if isinstance(chunk, int):
            yield from repeat(None, chunk)
        elif isinstance(chunk, list | tuple):
            yield from chunk
        else:
            whole = chunk.astype("datetime64[D]") if getattr(chunk, "dtype", None) == "datetime64[s]" else _final(chunk)
            yield from (None if pd.isna(each) else each for each in whole.tolist())


def _whole(chunks: list[_Chunk], kind: Kind | None) -> Any:
    """A column's chunks in one."""
    arrays = [each for each in chunks if not isinstance(each, int)]
    if not arrays or any(isinstance(each, list | tuple) for each in arrays):
        return _typed(list(_values(chunks)), kind)
    if len({each.dtype for each in arrays}) > 1:
        return _typed(list(_values(chunks)), None)
    like = arrays[0]
    whole = [_missing(like, each) if isinstance(each, int) else each for each in chunks]
    if isinstance(like, np.ndarray):
        return _final(np.concatenate(whole))
    return whole[0] if len(whole) == 1 else pd.concat([pd.Series(each, copy=False) for each in whole]).array


def _missing(like: Any, rows: int) -> Any:
    if isinstance(like, np.ndarray):
        return np.full(rows, "NaT", like.dtype)
    return pd.array([None] * rows, dtype=like.dtype)


def _final(array: Any) -> Any:
    """The array as it stands in a frame: moments have a zone, and nanoseconds where they fit."""
    if not isinstance(array, np.ndarray) or array.dtype != "datetime64[ms]":
        return array
    moments = pd.DatetimeIndex(array, copy=False).tz_localize("UTC")
    with suppress(pd.errors.OutOfBoundsDatetime):
        return moments.as_unit("ns").array
    return moments.array


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
