"""Other tables: polars and DuckDB take an Arrow table as it lies in memory, without a copy."""

from __future__ import annotations

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from sfmtls_nb.columns import Columns
from sfmtls_nb.query.arrow import read_table
from sfmtls_nb.values import Column

KNOWN = (Column("Id", "string"), Column("Amount", "double"), Column("CreatedDate", "datetime"))
ROWS, PAGES = 20_000, 3


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """What `to_arrow` gives of some pages."""
    page = Columns(
        ROWS,
        {
            "Id": [f"003{at:015}" for at in range(ROWS)],
            "Amount": [at / 4 for at in range(ROWS)],
            "CreatedDate": ["2026-01-31T09:00:00.000Z"] * ROWS,
        },
    )
    return read_table([page] * PAGES, KNOWN)


def places(array: pa.Array | pa.ChunkedArray) -> list[int]:
    """The addresses of the values of a column; of text, those of its letters."""
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    return [chunk.buffers()[-1].address for chunk in chunks if len(chunk)]


def in_polars(frame: pl.DataFrame, name: str) -> list[int]:
    return [
        place
        for chunk in frame[name].get_chunks()
        for place in places(chunk.to_arrow(compat_level=pl.CompatLevel.newest()))
    ]


def polars_frame(table: pa.Table) -> pl.DataFrame:
    """pl.DataFrame(table) would join the pages, and so copy them."""
    frame = pl.from_arrow(table, rechunk=False)
    assert isinstance(frame, pl.DataFrame)
    return frame


@pytest.mark.parametrize("name", ["Id", "Amount", "CreatedDate"])
def test_polars_leaves_the_values_where_they_lie(table: pa.Table, name: str) -> None:
    assert places(table[name]) == in_polars(polars_frame(table), name)


@pytest.mark.parametrize("name", ["Id", "Amount", "CreatedDate"])
def test_what_polars_copies_lies_elsewhere(table: pa.Table, name: str) -> None:
    copied = polars_frame(table).with_columns(pl.col(name).shift())
    assert places(table[name]) != in_polars(copied, name)


def held_by_duckdb(connection: duckdb.DuckDBPyConnection) -> int:
    """Bytes of memory."""
    [[size]] = connection.sql("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchall()
    return int(size)


def test_duckdb_reads_the_table_where_it_lies(table: pa.Table) -> None:
    with duckdb.connect() as connection:
        connection.register("contacts", table)
        [[found]] = connection.sql("SELECT sum(Amount) FROM contacts").fetchall()
        assert (PAGES * sum(range(ROWS)) / 4, 0) == (found, held_by_duckdb(connection))


def test_what_duckdb_copies_is_in_its_memory(table: pa.Table) -> None:
    with duckdb.connect() as connection:
        connection.register("contacts", table)
        connection.sql("CREATE TABLE copied AS SELECT * FROM contacts")
        assert held_by_duckdb(connection) > 0
