"""Bulk pages: the CSV of a Bulk job as the pages of a query, by column and as records."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any, Final

from sfmtls_nb.columns import Columns
from sfmtls_nb.connection import Exchange
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.query import pages
from sfmtls_nb.query.bulk import BulkJob, records_in
from sfmtls_nb.query.pages import Later, Page, SentRecord
from sfmtls_nb.values import Column

_AGAIN: Final = "run the query again; if it comes again, something between you and the org may be changing answers"


class BulkPages:
    """Pages by a job of Bulk API 2.0, which is waited for when the first one is asked for."""

    api: Final = "bulk"

    def __init__(self, job: BulkJob, why: str = "") -> None:
        self.job, self.why = job, why
        #: The pages behind the first, some of them on their way: for whoever goes through them first.
        self._unread: list[Generator[Exchange]] = []

    def first(self) -> Page:
        """See `PageSource`, as below."""
        self.job.wait()
        coming = self.job.pages()
        page = self._page(next(coming), 0)
        self._unread.append(coming)
        return page

    def in_turn(self, page: Page) -> Iterator[Page]:
        """Those of a job are always fetched ahead."""
        return self.ahead(page)

    def ahead(self, page: Page) -> Iterator[Page]:
        """The first page and those behind it; each time that they are gone through, they are fetched anew."""
        with closing(self._unread.pop() if self._unread else self._behind_the_first()) as coming:
            while page.more:
                yield page
                page = self._page(next(coming), int(page.more))
        yield page

    def _behind_the_first(self) -> Generator[Exchange]:
        coming = self.job.pages()
        next(coming)
        return coming

    def _page(self, exchange: Exchange, before: int) -> Page:
        came = before + records_in(exchange)
        columns = partial(read_columns, exchange)
        more = str(came) if came < self.job.size else ""
        return Page(self.job.size, Later(lambda: list(_records(columns(())))), more, exchange, columns)


def read_columns(exchange: Exchange, known: Sequence[Column]) -> Columns:
    """A page of CSV by column. Raises SfmtlsError where it holds other columns or rows than it should."""
    found = None
    if pages.has_arrow():
        from sfmtls_nb.query import arrow  # noqa: PLC0415  # an extra, which takes longer to load than all the rest

        found = arrow.read_csv(exchange.response_body, known)
    found = found or _by_python(exchange)
    names = {name.casefold() for name in found.by_path}
    missing = [column.name for column in known if column.name.casefold() not in names]
    if found.rows != records_in(exchange) or (found.rows and missing):
        raise _unfit(
            exchange,
            f"without {', '.join(missing)}: its columns are {', '.join(found.by_path)}"
            if missing
            else f"{found.rows:,} records, and says that it has {records_in(exchange):,}",
        )
    return found


def _by_python(exchange: Exchange) -> Columns:
    try:
        text = exchange.response_body.decode("utf-8-sig")
        header, *rows = list(csv.reader(io.StringIO(text, newline=""))) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unfit(exchange, f"what cannot be read as CSV in UTF-8: {error}") from error
    if wrong := next((row for row in rows if len(row) != len(header)), None):
        raise _unfit(exchange, f"a record of {len(wrong)} values below a header of {len(header)}")
    # Nothing is no value: the org sends no empty text.
    columns = [[value or None for value in column] for column in zip(*rows, strict=True)] or [[] for _ in header]
    return Columns(len(rows), dict(zip(header, columns, strict=True)))


def _unfit(exchange: Exchange, evidence: str) -> SfmtlsError:
    error = SfmtlsError("a page of a Bulk job's results is not what the query asks for", f"it has {evidence}", _AGAIN)
    error.exchange = exchange
    return error


def _records(columns: Columns) -> Iterator[SentRecord]:
    """The rows as records. A parent that has no value is none: CSV cannot tell it from one of which all fields are empty."""
    values = [each if isinstance(each, list) else each.to_pylist() for each in columns.by_path.values()]  # type: ignore[attr-defined]
    for row in zip(*values, strict=True):
        yield _nested(dict(zip(columns.by_path, row, strict=True)))


def _nested(row: Mapping[str, Any]) -> SentRecord:
    fields: dict[str, Any] = {}
    parents: dict[str, dict[str, Any]] = {}
    for path, value in row.items():
        parent, dot, name = path.partition(".")
        if dot:
            parents.setdefault(parent, {})[name] = value
            fields.setdefault(parent, None)
        else:
            fields[path] = value
    for parent, inner in parents.items():
        fields[parent] = _nested(inner) if any(value is not None for value in inner.values()) else None
    return SentRecord("", fields)
