"""Queries in SOQL: a text is compiled to a CompiledQuery, which is run on a Database and yields records.

query = compile_query("SELECT Id, Account.Name FROM Contact LIMIT 5", now=datetime.now(UTC))
for record in run(query, database):
…
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Self

from sfmtls_nb.practice.data import Database, Row, Rows
from sfmtls_nb.practice.soql.records import Record, Selected, has_columns, reader
from sfmtls_nb.practice.soql.scope import Compilation
from sfmtls_nb.practice.soql.sql import statement
from sfmtls_nb.practice.soql.statement import Statement


@dataclass(frozen=True)
class CompiledQuery:
    """A query that is ready to run.

    sobject: of the records; AggregateResult where they are grouped. columns: what was selected, in order, as a tree.
    header: the same as one line, ``Account.Name`` being one of it, in the order of the text. counts: it is a
    SELECT COUNT(), whose answer is the size alone.
    """

    text: str
    sobject: str
    columns: tuple[Selected, ...]
    header: tuple[str, ...]
    counts: bool
    statement: Statement = field(repr=False)
    objects: frozenset[str] = field(repr=False)

    @cached_property
    def has_columns(self) -> bool:
        """True if `Result.take_rows` gives all there is to a record: no children, compound fields or FORMAT."""
        return has_columns(self.columns)

    def records(self, rows: Iterable[Row]) -> list[Record]:
        """Return the records of such rows."""
        read = reader(self.statement.type, self.columns, self.statement.id_place)
        return [read(row, None) for row in rows]


def compile_query(text: str, *, now: datetime, deleted: bool = False) -> CompiledQuery:
    """Compile the text of a query. Raises SoqlError.

    now: what TODAY and the like are relative to; days begin at midnight in its time zone. deleted: whether deleted
    records are found too (queryAll).
    """
    from sfmtls_nb.practice.soql.grammar import parse  # noqa: PLC0415  # takes long to load: with the first query

    compilation = Compilation(text, now, deleted)
    made = statement(compilation, parse(text))
    return CompiledQuery(text, made.type, made.columns, made.header, made.counts, made, frozenset(compilation.objects))


def run(query: CompiledQuery, database: Database, *, offset: int = 0) -> Result:
    """Return the records of a query from an offset on. The same query yields the same records in the same order."""
    return Result(query, database, offset)


class Result(Iterator[Record]):
    """The records that a query finds, as an iterator that runs once.

    Nothing is read before it is asked for, and no more at a time than a block of rows. For pages there is `take`,
    after which ``run(query, database, offset=result.position)`` goes on where it stopped.
    Close it, or use ``with``, unless all records are read.
    """

    def __init__(self, query: CompiledQuery, database: Database, offset: int) -> None:
        self.query = query
        self.position = offset
        self._database = database
        self._rows: Rows | None = None
        self._closed = query.counts  # where there is nothing to read
        self._read = reader(query.statement.type, query.columns, query.statement.id_place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __next__(self) -> Record:
        rows = self._rows or self._opened()
        row = next(rows)
        self.position += 1
        return self._read(row, rows)

    def __repr__(self) -> str:
        return f"Result({self.query.text!r}, at {self.position})"

    @property
    def records(self) -> Iterator[Record]:
        """Records from here on: the result itself."""
        return self

    @property
    def size(self) -> int:
        """Number of records that the query finds, whatever the offset; for SELECT COUNT() this is the answer."""
        return self._database.size(*self.query.statement.size(), self.query.objects)

    @property
    def done(self) -> bool:
        """True when all records have been read."""
        return self.query.counts or self.position >= self.size

    def take(self, count: int) -> list[Record]:
        """Return the next records, at most ``count``, and end this result.

        What is left waits, cursor and all, for the result that begins at `position`.
        """
        taken = list(islice(self, count))
        self._park()
        return taken

    def take_rows(self, count: int) -> list[Row]:
        """Return as `take` does, but rows as SQLite gives them: for a query that `has_columns`."""
        taken = self.read_rows(count)
        self._park()
        return taken

    def read_rows(self, count: int) -> list[Row]:
        """Return the next rows, at most ``count``, and keep what is left open."""
        if self._closed:
            return []
        taken = (self._rows or self._opened()).take(count)
        self.position += len(taken)
        return taken

    def _park(self) -> None:
        if self._rows and not self.done:
            self._database.park((self.query.statement, self.position), self._rows)
            self._rows = None
        self.close()

    def close(self) -> None:
        """Stop reading. Safe to call twice."""
        self._closed = True
        if self._rows:
            self._rows.close()
            self._rows = None

    def _opened(self) -> Rows:
        if self._closed:
            raise StopIteration
        statement, place = self.query.statement, (self.query.statement, self.position)
        rows = self._database.resume(place) or self._database.rows(*statement.rows(self.position), self.query.objects)
        self._rows = rows
        return rows
