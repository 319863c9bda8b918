"""Memory rows of the table: the most that a process had while it read, above what it had before, each in a process of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bulk_rows
from measuring import Ratio, Sizes, has, peak
from recorded import FIELDS, soql
from recorded_org import serving

from sfmtls_nb import QueryResult, Session
from sfmtls_nb.query import Api

#: Bytes that writing a Parquet file may take, whatever its size.
LIMIT = 150_000_000


def soap_frame(sizes: Sizes) -> Ratio:
    return of_a_frame("soap", sizes.many)


def rest_frame(sizes: Sizes) -> Ratio:
    return of_a_frame("rest", sizes.many)


def bulk_frame(sizes: Sizes) -> Ratio:
    return of_a_frame("bulk", sizes.most)


def rest_parquet(sizes: Sizes) -> Ratio:
    return of_a_file("rest", sizes.many)


def bulk_parquet(sizes: Sizes) -> Ratio:
    return of_a_file("bulk", sizes.most)


def of_a_frame(api: Api | Any, records: int) -> Ratio:
    """In units of the finished frame."""
    with warm(api, "to_frame", records) as session:
        before = peak()
        frame = query(session, api).to_frame()
        most = peak()
    return Ratio(memory=(most - before) / frame.memory_usage(deep=True).sum())


def of_a_file(api: Api | Any, records: int) -> Ratio:
    """In units of what it may take."""
    with tempfile.TemporaryDirectory() as folder, warm(api, "to_parquet", records, Path(folder) / "small") as session:
        before = peak()
        result: Any = query(session, api)
        result.to_parquet(Path(folder) / "large.parquet")
        return Ratio(memory=(peak() - before) / LIMIT)


def query(session: Session, api: Api | Any) -> QueryResult:
    return bulk_rows.query(session) if api == "bulk" else session.query(soql(), api=api)


@contextmanager
def warm(api: Api | Any, method: str, records: int, *arguments: object) -> Iterator[Session]:
    """A session of an org with so many records, in a process that has loaded what a query of a few needs."""
    columns = bulk_rows.COLUMNS if api == "bulk" else len(FIELDS)
    with serving(api, 10, columns) as small, small.session() as session:
        found = query(session, api)
        has(found, method)
        getattr(found, method)(*arguments)
    with serving(api, records, columns) as org, org.session() as session:
        yield session
