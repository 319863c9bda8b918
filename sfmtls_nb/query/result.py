"""Result: the records that a query finds, page by page, as plain values that are the same by every API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final, NoReturn

from sfmtls_nb.connection import Exchange
from sfmtls_nb.errors import ApiFault, SfmtlsError
from sfmtls_nb.query.describe import DescribeSObjectResult
from sfmtls_nb.query.pages import Page, PageSource, SentRecord
from sfmtls_nb.query.soql import SelectedField, columns_of, parse_selection, texts_of
from sfmtls_nb.values import Column, Kind, part_value, value_of

if TYPE_CHECKING:
    import pandas as pd

#: A record: a value a field, a dict a parent (None where there is none), a list of records a child subquery.
Record = dict[str, Any]

_COUNT: Final = "COUNT()"
_AGGREGATE: Final = "AggregateResult"


class QueryResult:
    """The records that a query finds. Iterating over it asks for the pages behind the first as it goes.

    Only the first page is kept: each iteration asks for the others again, and an interrupted one leaves nothing behind.
    size: the number of records on all pages; of ``SELECT COUNT()`` it is the answer, and iterating gives one record,
    ``{"COUNT()": size}``. exchange: the call that brought the newest page.
    """

    def __init__(self, source: PageSource, soql: str, describe: Callable[[str], DescribeSObjectResult]) -> None:
        self.soql = soql
        self._source = source
        self._ask = describe
        self._describe = cache(self._description)
        self._selection = parse_selection(soql)
        self._texts = frozenset(texts_of(self._selection) if self._selection else ())
        self._first = source.first()
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
        from sfmtls_nb.frame import records_frame  # noqa: PLC0415  # the core loads without pandas

        return records_frame(self, self.columns, explode)

    def __repr__(self) -> str:
        records = "1 record" if self.size == 1 else f"{self.size:,} records"
        return f"<QueryResult {records}: {' '.join(self.soql.split())[:80]}>"

    def _all(self, page: Page) -> Iterator[SentRecord]:
        """The records of a page and of all that follow it. Raises SfmtlsError where they lead round in a circle."""
        size, came, seen = page.size, 0, set[str]()
        while True:
            came += len(page.records)
            if came > size or page.more in seen or len(seen) > size:
                self._refuse_circle(page, f"{came:,} records of {size:,} after {len(seen) + 1:,} pages")
            yield from page.records
            if not page.more:
                return
            seen.add(page.more)
            page = self._source.next(page.more)
            self.exchange = page.exchange

    def _refuse_circle(self, page: Page, evidence: str) -> NoReturn:
        error = SfmtlsError(
            "the pages of the query lead round in a circle, or bring more records than there are",
            evidence,
            "run the query again; if it comes again, something between you and the org may be repeating answers",
        )
        error.exchange = page.exchange or self.exchange
        raise error

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

    def _record(self, sent: SentRecord, above: str = "") -> Record:
        """The values of a record. above: the parents or the subquery that it came by, such as ``Account.``"""
        described = self._describe(sent.type)
        # An alias is no field of the sObject.
        alias = not above and (described is None or sent.fields.keys() - described.fields.keys())
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
        return value_of((described.kind(name) if described else None) or kinds.get(name), given)
