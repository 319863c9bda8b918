"""Jobs: the queries that both Bulk APIs run in the background."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice.api.call import org_trouble
from sfmtls_nb.practice.data import COMPOUND_TYPES, Database
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.soql import AGGREGATE, Child, CompiledQuery, Selected, SelectedField, run

MOST_JOBS: Final = 1_000
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

    def is_over(self, now: datetime) -> bool:
        """Return whether the query has had its time."""
        return now - self.created >= _FINISHED

    def state(self, now: datetime, database: Database, names: tuple[str, str, str]) -> str:
        """Return the query's state: Failed, or one of an API's names for waiting, begun and finished."""
        if not self.is_over(now):
            return names[now - self.created >= _BEGUN]
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
