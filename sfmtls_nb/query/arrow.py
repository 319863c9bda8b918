"""Arrow: pages as pyarrow reads them, and the tables that it holds. Loaded only where pyarrow is installed: it is an extra."""

from __future__ import annotations

import csv
import io
import json
import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

from sfmtls_nb.columns import Columns, all_columns, flat
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.files import written_whole
from sfmtls_nb.values import Column, Kind, values_of

#: Dates by the day, moments by the millisecond.
_TYPES: Final[Mapping[Kind | None, pa.DataType]] = {
    "string": pa.string(),
    "int": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("ms", "UTC"),
}
#: Rows of a group in a Parquet file.
_GROUP: Final = 65_536
#: The fields of a record, and those of its parents in trees of their own.
_Tree = dict[str, "Kind | _Tree"]

# ---------------------------------------------------------------- pages


def read_json(body: bytes, start: int, known: Sequence[Column]) -> Columns | None:
    """The records of a REST answer by column; None for what cannot be read so, as the known columns and no others.

    start: where the first record is. What it holds has to be known; in those behind it, which an org writes alike, anything
    else is passed over.
    """
    tree = _tree(known)
    if tree is None or not _covers(tree, _record_at(body, start)):
        return None
    try:
        _check_utf8(body)
        table = pyarrow.json.read_json(
            pa.py_buffer(body),
            read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(body) + 1),
            parse_options=pyarrow.json.ParseOptions(
                explicit_schema=pa.schema([("records", pa.list_(_struct(tree)))]), unexpected_field_behavior="ignore"
            ),
        )
        records = table["records"].combine_chunks().flatten()
        return Columns(len(records), dict(_leaves(records, tree, "")))
    except pa.ArrowException:
        return None


def read_csv(body: bytes, known: Sequence[Column]) -> Columns | None:
    """A page of CSV by column; None for what cannot be read as the known columns. Nothing is no value, in quotes or not."""
    types = {column.name.casefold(): _TYPES.get(column.kind) for column in known}
    header = next(csv.reader([io.BytesIO(body).readline().decode("utf-8-sig", "replace")]), [])
    try:
        _check_utf8(body)
        table = pyarrow.csv.read_csv(
            pa.py_buffer(body),
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=len(body) + 1),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: types.get(name.casefold()) or pa.string() for name in header},
                null_values=[""],
                true_values=["true"],
                false_values=["false"],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowException:
        return None
    return Columns(len(table), dict(zip(table.column_names, table.columns, strict=True)))


def _check_utf8(body: bytes) -> None:
    """Raise ArrowInvalid for bytes that are no UTF-8, which the readers do not look at."""
    ends = pa.py_buffer(struct.pack("=qq", 0, len(body)))
    pa.Array.from_buffers(pa.large_string(), 1, [None, ends, pa.py_buffer(body)]).validate(full=True)


def _tree(known: Sequence[Column]) -> _Tree | None:
    """The columns as they are nested in an answer; None where there are children, or kinds that are not known."""
    tree: _Tree = {}
    for column in known:
        if column.kind is None or column.columns is not None:
            return None
        *parents, name = column.name.split(".")
        inner = tree
        for parent in parents:
            below = inner.setdefault(parent, {})
            if not isinstance(below, dict):
                return None
            inner = below
        inner[name] = column.kind
    return tree or None


def _record_at(body: bytes, start: int) -> Any:
    try:
        return json.JSONDecoder().raw_decode(body[start : start + 100_000].decode(errors="ignore"))[0]
    except ValueError:
        return None


def _covers(tree: _Tree, record: Any) -> bool:
    """True if all that is in a record is in the tree."""
    return isinstance(record, dict) and all(
        name == "attributes" or (name in tree and (value is None or _fits(tree[name], value)))
        for name, value in record.items()
    )


def _fits(kind: Kind | _Tree, value: Any) -> bool:
    return _covers(kind, value) if isinstance(kind, dict) else not isinstance(value, dict | list)


def _struct(tree: _Tree) -> pa.DataType:
    return pa.struct(
        [(name, _struct(kind) if isinstance(kind, dict) else _written(kind)) for name, kind in tree.items()]
    )


def _written(kind: Kind) -> pa.DataType:
    """The type that a value has in JSON: dates and moments are text there."""
    return pa.string() if kind in ("date", "datetime") else _TYPES[kind]


def _leaves(records: pa.StructArray, tree: _Tree, above: str) -> Iterator[tuple[str, pa.Array]]:
    for field, array in zip(records.type, records.flatten(), strict=True):
        kind = tree[field.name]
        if isinstance(kind, dict):
            yield from _leaves(array, kind, f"{above}{field.name}.")
        else:
            yield f"{above}{field.name}", array.cast(_TYPES[kind])


# ---------------------------------------------------------------- tables


def schema_of(columns: Iterable[Column]) -> pa.Schema:
    """The schema of columns; children are a list of structs in each row, and what has no known kind is text."""
    return pa.schema([(column.name, _type(column)) for column in columns])


def _type(column: Column) -> pa.DataType:
    if column.columns is None:
        return _TYPES.get(column.kind, pa.string())
    return pa.list_(pa.struct(list(schema_of(column.columns))))


def table_of(page: Columns, columns: Sequence[Column]) -> pa.Table:
    """A page as a table of these columns, spelled as it spells them. Raises SfmtlsError for a value that its column cannot hold."""
    arrays = {}
    for column in columns:
        values = page.by_path.get(column.name)
        arrays[column.name] = pa.nulls(page.rows, _type(column)) if values is None else _array(values, column)
    return pa.table(arrays, schema=schema_of(columns))


def _array(values: Any, column: Column) -> pa.Array | pa.ChunkedArray:
    wanted = _type(column)
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.cast(wanted)
    with suppress(pa.ArrowException):
        if column.kind in ("boolean", "date", "datetime"):  # texts, but for what was read as a record
            return pa.array(values, pa.string()).cast(wanted)
    read = _ready(values, column)
    try:
        return _made(read, wanted)
    except (pa.ArrowException, OverflowError) as error:
        wrong = next(each for each in read if not _holds(each, wanted))
        raise SfmtlsError(
            f"a value of {column.name} is no {wanted}, and a column of an Arrow table has one type",
            f"it is {type(wrong).__name__} {str(wrong)[:40]!r}",
            "take .to_frame(), which keeps such a column as it came",
        ) from error


def _ready(values: Sequence[Any], column: Column) -> Sequence[Any]:
    if column.columns is not None:
        return [[dict(flat(record)) for record in each or ()] for each in values]
    if column.kind is not None:
        return values_of(column.kind, values)
    return [each if each is None or isinstance(each, str) else json.dumps(each, default=str) for each in values]


def _holds(value: Any, wanted: pa.DataType) -> bool:
    try:
        _made([value], wanted)
    except (pa.ArrowException, OverflowError):
        return False
    return True


def _made(values: Sequence[Any], wanted: pa.DataType) -> pa.Array:
    """An array of the wanted type. Told that it is of whole numbers, pyarrow leaves fractions out; a cast does not."""
    return pa.array(values).cast(wanted) if wanted == pa.int64() else pa.array(values, wanted)


def read_table(pages: Iterable[Columns], known: Sequence[Column]) -> pa.Table:
    """All pages as one table."""
    columns = list(known)
    tables = [_next(page, columns) for page in pages]
    return _together(tables, columns)


def write_parquet(pages: Iterable[Columns], known: Sequence[Column], path: str | os.PathLike[str]) -> Path:
    """All pages as one Parquet file, whole or not at all; as few of them are in memory as make a group of rows."""
    columns, waiting = list(known), list[pa.Table]()
    with ExitStack() as stack:
        file = stack.enter_context(written_whole(path))
        writer: pyarrow.parquet.ParquetWriter | None = None
        for page in chain(pages, [None]):
            waiting += [_next(page, columns)] if page else []
            if page is None or sum(map(len, waiting)) >= _GROUP:
                group = _together(waiting, columns)
                writer = writer or stack.enter_context(pyarrow.parquet.ParquetWriter(file, group.schema))
                _check_alike(group.schema, writer.schema)
                writer.write_table(group)
                waiting = []
    return Path(path)


def _together(tables: Iterable[pa.Table], columns: Sequence[Column]) -> pa.Table:
    """The tables as one of these columns; a parent that was missing in the first of them has columns of its own fields only."""
    whole = pa.concat_tables([schema_of(columns).empty_table(), *tables], promote_options="default")
    return whole.select([column.name for column in columns])


def _check_alike(group: pa.Schema, written: pa.Schema) -> None:
    """Raise SfmtlsError if a group of rows has other columns than those that are written."""
    if new := [name for name in group.names if name not in written.names]:
        raise SfmtlsError(
            "a later page brings columns that the file does not have, and the rows before are written",
            f"they are {', '.join(new)}; the text of the query does not tell them",
            "take .to_arrow(), and write that",
        )


def _next(page: Columns, columns: list[Column]) -> pa.Table:
    """A page in the columns so far, to which those that it brings are added."""
    columns[:] = all_columns(columns, page)
    return table_of(page, columns)
