"""Queries: the batches of records that SOAP and REST answer, and the locators that lead from one batch to the next."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from sfmtls_nb.practice.api.store import Store
from sfmtls_nb.practice.data import Database, Row
from sfmtls_nb.practice.failures import ArmedFailures
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.soql import AGGREGATE, ChildResult, CompiledQuery, Record, Scalar, compile_query, run

#: QueryOptions: "the minimum is 200, and the maximum is 2,000"; the maximum is the default.
_SMALLEST_BATCH: Final = 200
LARGEST_BATCH: Final = 2_000
#: Open queries. Each is a text and a number: the records stay in the database.
_MOST_OPEN: Final = 1_000

_LOCATOR: Final = re.compile(r"(01g[0-9A-Za-z]{15})-([0-9]{1,9})")


@dataclass(frozen=True)
class QueryBatch:
    """A part of the records that a query finds. size: their total number. locator: of the next batch; None at the end.

    rows: of a query that has columns. Of any other, the records are in ``read``.
    """

    query: CompiledQuery
    size: int
    locator: str | None
    rows: Sequence[Row] = ()
    read: Sequence[Record] = ()

    @property
    def records(self) -> Sequence[Record]:
        return tuple(self.query.records(self.rows) if self.query.has_columns else self.read)

    @property
    def done(self) -> bool:
        return self.locator is None


@dataclass(frozen=True)
class _Cursor:
    query: CompiledQuery
    batch: int


class Queries:
    """The open queries. The least recently used one is forgotten when there are too many."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], failures: ArmedFailures | None = None
    ) -> None:
        self._database, self._clock = database, clock
        self._failures = failures or ArmedFailures()
        self._cursors = Store[_Cursor](_MOST_OPEN)

    def open(self, text: str, *, deleted: bool = False, batch: int = LARGEST_BATCH) -> QueryBatch:
        """Return the first batch. deleted: with deleted records, as queryAll. batch: records in a batch, from 200 to 2,000.

        Raises RefusedError with MALFORMED_QUERY, INVALID_FIELD, INVALID_TYPE and such, and with row and column.
        """
        query = compile_query(text, now=self._clock(), deleted=deleted)
        cursor = _Cursor(query, max(_SMALLEST_BATCH, min(batch, LARGEST_BATCH)))
        return self._page(cursor, None, 0)

    def more(self, locator: str, batch: int | None = None) -> QueryBatch:
        """Return the batch at a locator, any number of times. batch: a new size for this batch and the following ones.

        Raises RefusedError with INVALID_QUERY_LOCATOR.
        """
        found = _LOCATOR.fullmatch(locator)
        cursor = self._cursors.find(found[1]) if found else None
        if found is None or cursor is None or self._failures.use("locator-expires"):
            raise RefusedError("INVALID_QUERY_LOCATOR", "invalid query locator")
        if batch is not None:
            cursor = replace(cursor, batch=max(_SMALLEST_BATCH, min(batch, LARGEST_BATCH)))
            self._cursors.put(found[1], cursor)
        return self._page(cursor, found[1], int(found[2]))

    def _page(self, cursor: _Cursor, cursor_id: str | None, offset: int) -> QueryBatch:
        result = run(cursor.query, self._database, offset=offset)
        columns = cursor.query.has_columns
        rows = result.take_rows(cursor.batch) if columns else []
        records = [] if columns else result.take(cursor.batch)
        end = result.position
        locator = f"{cursor_id or self._keep(cursor)}-{end}" if offset < end < result.size else None
        return QueryBatch(cursor.query, result.size, locator, rows, records)

    def _keep(self, cursor: _Cursor) -> str:
        cursor_id = self._cursors.new_id("01g5f000000")
        self._cursors.put(cursor_id, cursor)
        return cursor_id


# ---------------------------------------------------------------- how a value is written


def text_of(value: str | float | date) -> str:
    """Write a value for SOAP and CSV: in XML Schema's forms, numbers without exponent, datetimes in UTC."""
    return _TEXT[type(value)](value)


def json_of(value: Scalar) -> str | float | None:
    """Return a value as JSON has it in REST."""
    write = _JSON.get(type(value))
    return write(value) if write else value  # type: ignore[return-value]  # what the table lacks is JSON's own


def json_values(value: Any) -> Any:
    """Return a mapping or a list with all that is in it as JSON has it."""
    if isinstance(value, Mapping):
        return {name: json_values(each) for name, each in value.items()}
    return [json_values(each) for each in value] if isinstance(value, list) else json_of(value)


def record_json(root: str, record: Record) -> dict[str, Any]:
    """Return a record as REST has it. root: the path of the API version, for the addresses of records."""
    attributes = {"type": record.type}
    if record.type != AGGREGATE:
        attributes["url"] = f"{root}/sobjects/{record.type}/{record.id}"
    return {"attributes": attributes} | {name: _value_json(root, value) for name, value in record.values.items()}


def _value_json(root: str, value: Scalar | Record | ChildResult) -> Any:
    if isinstance(value, Record):
        return record_json(root, value)
    if isinstance(value, ChildResult):
        records = [record_json(root, each) for each in value.records]
        return {"totalSize": value.size, "done": True, "records": records}
    return json_of(value)


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")


# Any: the key is the type of the value.
_TEXT: Final[Mapping[type, Callable[[Any], str]]] = {
    str: str,
    bool: lambda value: "true" if value else "false",
    int: str,
    float: lambda value: f"{Decimal(repr(value)):f}",
    date: date.isoformat,
    datetime: lambda value: f"{_moment(value)}Z",
}
_JSON: Final[Mapping[type, Callable[[Any], str]]] = {
    date: date.isoformat,
    datetime: lambda value: f"{_moment(value)}+0000",
}
