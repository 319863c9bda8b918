"""Jobs: the queries that both Bulk APIs run in the background, and their results as CSV.

The CSV goes out as it is read: a million records take no more memory than a few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from threading import Lock
from typing import Any, Final

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice.api.call import org_trouble
from sfmtls_nb.practice.api.queries import text_of
from sfmtls_nb.practice.data import COMPOUND_TYPES, Database
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.soql import AGGREGATE, Child, CompiledQuery, Record, Result, Selected, SelectedField, run

CSV: Final = "text/csv;charset=UTF-8"
MOST_JOBS: Final = 1_000
_CSV_ROWS_AT_ONCE: Final = 250
#: [simulated] The ages at which a query is begun and finished. Salesforce takes seconds to hours.
_BEGUN: Final = timedelta(milliseconds=250)
_FINISHED: Final = timedelta(milliseconds=750)


@dataclass
class SlowQuery:
    """A query in the background. size: the number of records it found; None until it has finished.

    refusal: why it failed; a query that could not be compiled has one from the beginning.
    """

    query: CompiledQuery | None
    created: datetime
    size: int | None = None
    refusal: RefusedError | None = None
    _lock: Lock = field(default_factory=Lock, repr=False)

    def state(self, now: datetime, database: Database, names: tuple[str, str, str]) -> str:
        """Return the query's state: Failed, or one of an API's names for waiting, begun and finished."""
        age = now - self.created
        if age < _FINISHED:
            return names[age >= _BEGUN]
        with self._lock:
            if self.size is None and self.query and not self.refusal:
                try:
                    with run(self.query, database) as result:
                        self.size = result.size
                except PracticeError as error:
                    self.refusal = org_trouble(error)
        return "Failed" if self.refusal else names[2]


def is_plain(query: CompiledQuery) -> bool:
    """Return whether a query neither groups, counts nor skips records, which Bulk queries may not."""
    return query.sobject != AGGREGATE and not query.counts and not query.statement.offset


def has_children(query: CompiledQuery) -> bool:
    """Return whether a query has a subquery over children, which no CSV can hold."""
    return any(isinstance(column, Child) for column in query.columns)


def has_compounds(query: CompiledQuery) -> bool:
    """Return whether a query selects an address or a location, which no CSV can hold."""
    return any(_is_compound(column) for column in query.columns)


def _is_compound(column: Selected) -> bool:
    if isinstance(column, SelectedField):
        return column.type in COMPOUND_TYPES
    return any(_is_compound(each) for each in column.columns)


# ---------------------------------------------------------------- CSV


def csv_of(result: Result, most: int | None = None, delimiter: str = ",", ending: str = "\n") -> Iterator[bytes]:
    """Yield a header row and the records (so many at most), in pieces, as they are read.

    Every value stands in double quotes, null is "", a parent's field is under its path: Account.Name.
    """
    with result:
        header = result.query.header
        paths = [name.split(".") for name in header]
        yield _line(header, delimiter, ending).encode()
        records = islice(result, most)
        while block := list(islice(records, _CSV_ROWS_AT_ONCE)):
            lines = (_line([_cell(record, path) for path in paths], delimiter, ending) for record in block)
            yield "".join(lines).encode("utf-8", "replace")


def _line(cells: Iterable[str], delimiter: str, ending: str) -> str:
    return delimiter.join('"' + cell.replace('"', '""') + '"' for cell in cells) + ending


def _cell(record: Record, path: Sequence[str]) -> str:
    value: Any = record
    for name in path:
        value = None if value is None else value.values[name]
    return "" if value is None else text_of(value)
