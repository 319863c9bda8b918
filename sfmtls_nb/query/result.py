"""Result: the records that a query finds, page by page, as plain values that are the same by every API."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sfmtls_nb.columns import COMPOUND, Columns, columns_of_records
from sfmtls_nb.connection import Exchange
from sfmtls_nb.errors import ApiFault, SfmtlsError, require
from sfmtls_nb.query.bulk import BulkJob
from sfmtls_nb.query.describe import DescribeSObjectResult
from sfmtls_nb.query.distributed import Elsewhere, dask_frame
from sfmtls_nb.query.pages import Page, PageSource, SentRecord
from sfmtls_nb.query.soql import SelectedField, columns_of, parse_selection, texts_of
from sfmtls_nb.values import Column, Kind, part_kind, part_value, value_of

if TYPE_CHECKING:
    import dask.dataframe
    import pandas as pd
    import pyarrow as pa

_T = TypeVar("_T")

#: A record: a value a field, a dict a parent (None where there is none), a list of records a child subquery.
Record = dict[str, Any]

_COUNT: Final = "COUNT()"
_AGGREGATE: Final = "AggregateResult"


class QueryResult:
    """The records that a query finds. Iterating over it asks for the pages behind the first as it goes.

    Only the first page is kept: each iteration asks for the others again, and an interrupted one leaves nothing behind.
    api: by which it came, and why, in words, where that was not asked for.
    size: the number of records on all pages; of ``SELECT COUNT()`` it is the answer, and iterating gives one record,
    ``{"COUNT()": size}``. exchange: the call that brought the newest page.
    """

    def __init__(
        self,
        source: PageSource,
        soql: str,
        describe: Callable[[str], DescribeSObjectResult],
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.soql = soql
        self._source = source
        self._elsewhere = elsewhere
        self._ask = describe
        self._describe = cache(self._description)
        self._selection = parse_selection(soql)
        self._texts = frozenset(texts_of(self._selection) if self._selection else ())
        self._first = source.first()
        self.api, self.why = source.api, source.why
        self.size = self._first.size
        self.exchange: Exchange | None = self._first.exchange

    def __iter__(self) -> Iterator[Record]:
        if self._counts:
            yield {_COUNT: self.size}
        for sent in self._all(self._first):
            yield self._record(sent)

    @property
    def _counts(self) -> bool:
        """True of ``SELECT COUNT()``, which finds a number and no records."""
        return self._selection is not None and self._selection.fields == (SelectedField((), "count"),)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The selected columns, in the order of the query's text; empty where it is not understood."""
        if self._counts:
            return (Column(_COUNT, "int"),)
        return columns_of(self._selection, self._describe) if self._selection else ()

    def to_frame(self, explode: str | None = None) -> pd.DataFrame:
        """All records as a DataFrame with typed columns; a parent's field is the column ``Account.Owner.Name``.

        A child subquery is a DataFrame in each cell. explode: the name of one, such as ``"Contacts"``, to have a row
        for each child instead, with columns such as ``Contacts.Email``; a record without children keeps one row.
        """
        from sfmtls_nb.frame import Frame  # noqa: PLC0415  # the core loads without pandas

        frame = Frame(self.columns)
        for page in self.pages():
            frame.add(page)
        return frame.finished(explode)

    def to_arrow(self) -> pa.Table:
        """All records as an Arrow table: polars and DuckDB take it without a copy. Columns as in `to_frame`.

        Moments are in milliseconds; a child subquery is a list of structs; what has no known type is text.
        Raises SfmtlsError where pyarrow is not installed, and for a value that is not of its column's type.
        """
        return _arrow().read_table(self.pages(), self.columns)

    def to_parquet(self, path: str | os.PathLike[str]) -> Path:
        """Write all records to a Parquet file, page by page, and return its path: the whole file, or none. Columns as in `to_arrow`."""
        return Path(_arrow().write_parquet(self.pages(), self.columns, path))

    def to_dask(self, profile: str) -> dask.dataframe.DataFrame:
        """All records of a Bulk query as a dask DataFrame with a partition a page, which the worker that computes it fetches.

        profile: the name of the org's profile in the workers' own profiles.toml. Each process signs in by it, once, and shows the
        certificate that it names; from here no key, secret or session goes there. Columns as in `to_frame`, with moments
        in milliseconds.
        Raises SfmtlsError where the query went by another API, and where dask is not installed.
        """
        require(profile, str, "the name of the profile")
        job: BulkJob | None = getattr(self._source, "job", None)
        if job is None or self._elsewhere is None:
            raise SfmtlsError(
                "only the pages of a Bulk result can be fetched by others, in any order",
                f"this query went by {self.api.upper()}, where each page leads to the next",
                'run it as session.query(…, api="bulk").to_dask(…)',
            )
        sent = self._first.columns(self.columns)
        named = self.columns or [Column(name) for name in (sent.by_path if sent else ())]
        # All partitions have the same types: what nothing is known of is text, as CSV has it.
        known = [replace(each, kind=each.kind or "string") for each in named]
        return dask_frame(job.page_urls(), known, self._elsewhere, profile)

    def pages(self) -> Iterator[Columns]:
        """The records page by page, by column. The next page is on its way while one is used."""
        if self._counts:
            yield Columns(1, {_COUNT: [self.size]})
        known, watch = self.columns, _Watch(self._first)
        coming = self._source.ahead(self._first)
        while page := watch.told(lambda: next(coming, None)):
            self.exchange = page.exchange
            sent = page.columns(known)
            if sent is None:
                sent = columns_of_records(map(self._record, page.records))
            else:
                sent = replace(sent, kinds={path: self._kind_at(path, sent) for path in sent.by_path})
            watch.see(page, sent.rows)
            yield sent

    def __repr__(self) -> str:
        records = "1 record" if self.size == 1 else f"{self.size:,} records"
        return f"<QueryResult {records}: {' '.join(self.soql.split())[:80]}>"

    def _all(self, first: Page) -> Iterator[SentRecord]:
        """The records of a page and of all that follow it, as they come."""
        watch, coming = _Watch(first), self._source.in_turn(first)
        while page := watch.told(lambda: next(coming, None)):
            self.exchange = page.exchange or self.exchange
            watch.see(page, len(page.records))
            yield from page.records

    # ------------------------------------------------------------ values

    def _description(self, sobject: str) -> DescribeSObjectResult | None:
        """The description of an sObject; None if the org has none of that name, and so no types."""
        if not sobject or sobject == _AGGREGATE:
            return None
        try:
            return self._ask(sobject)
        except ApiFault as fault:
            if fault.code == "INVALID_TYPE":
                return None
            raise

    @cached_property
    def _kinds(self) -> dict[str, Kind | None]:
        return {column.name: column.kind for column in self.columns}

    def _kind_at(self, path: str, sent: Columns) -> Kind | None:
        """Kind of the values at a path, by the sObject that they are of; None where that is not known, or they are for people."""
        above, _, name = path.rpartition(".")
        owner = sent.types.get(above, "")
        if path.lower() in self._texts:
            return None
        if owner == COMPOUND:
            return part_kind(name)
        described = self._describe(owner)
        return (described.kind(name) if described else None) or self._kinds.get(path) or sent.kinds.get(path)

    def _record(self, sent: SentRecord, above: str = "") -> Record:
        """The values of a record. above: the parents or the subquery that it came by, such as ``Account.``"""
        described = self._describe(sent.type)
        # An alias is no field of the sObject.
        alias = described is None or (not above and sent.fields.keys() - described.fields.keys())
        kinds = self._kinds if alias else {}
        return {name: self._value(f"{above}{name}", given, described, kinds) for name, given in sent.fields.items()}

    def _value(
        self, path: str, given: Any, described: DescribeSObjectResult | None, kinds: Mapping[str, Kind | None]
    ) -> Any:
        name = path.rpartition(".")[2]
        if isinstance(given, SentRecord):
            return self._record(given, f"{path}.")
        if isinstance(given, Page):
            return [self._record(each, f"{path}.") for each in self._all(given)]
        if isinstance(given, dict):
            return {part: part_value(part, inner) for part, inner in given.items()}
        if given is None and described and name in described.children:
            return []
        if path.lower() in self._texts:
            return given
        return value_of((described.kind(name) if described else None) or kinds.get(path), given)


class _Watch:
    """What keeps a query from going round in a circle, or on for ever: the pages so far, and how many records they brought."""

    def __init__(self, first: Page) -> None:
        self._size, self._came, self._seen = first.size, 0, set[str]()

    def told(self, bring: Callable[[], _T]) -> _T:
        """What that brings, or its error, which tells how far the query had come. A Bulk job tells it by itself."""
        try:
            return bring()
        except SfmtlsError as error:
            if "had come" not in error.evidence:
                so_far = f"{self._came:,} of {self._size:,} records had come"
                error.evidence = f"{error.evidence}; {so_far}".lstrip("; ")
            raise

    def see(self, page: Page, rows: int) -> None:
        """Count a page. Raises SfmtlsError where it brings too much, or leads to a page that was there before."""
        self._came += rows
        if self._came > self._size or page.more in self._seen or len(self._seen) > self._size:
            error = SfmtlsError(
                "the pages of the query lead round in a circle, or bring more records than there are",
                f"{self._came:,} records of {self._size:,} after {len(self._seen) + 1:,} pages",
                "run the query again; if it comes again, something between you and the org may be repeating answers",
            )
            error.exchange = page.exchange
            raise error
        self._seen.add(page.more)


def _arrow() -> ModuleType:
    try:
        from sfmtls_nb.query import arrow  # noqa: PLC0415  # an extra, which takes longer to load than all the rest
    except ImportError as error:
        raise SfmtlsError("Arrow tables need pyarrow", str(error), "pip install 'sfmtls-nb[fast]'") from error
    return arrow
