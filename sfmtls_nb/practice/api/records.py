"""Records by their ids, and which of them were changed or deleted in a span of time, for SOAP and REST."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sfmtls_nb.practice.data import Database, SObject, eighteen
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.soql import Record, compile_query, run

ID: Final = re.compile(r"[0-9A-Za-z]{15}|[0-9A-Za-z]{18}")
_FIELD: Final = re.compile(r"\w+(?:\.\w+)*")
#: "A maximum of 2,000 ids"; so many of them in one query.
_MOST_IDS: Final = 2_000
_IDS_AT_ONCE: Final = 200
#: "The start date has to be within the last 30 days".
_REACH: Final = timedelta(days=30)


class Records:
    """The records of the org."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    def retrieve(self, known: SObject, ids: Sequence[str], names: Sequence[str]) -> list[Record | None]:
        """Return the records of some ids in their order; None for one that is not there, or deleted.

        Raises RefusedError with MALFORMED_ID, INVALID_FIELD or EXCEEDED_ID_LIMIT.
        """
        if len(ids) > _MOST_IDS:
            raise RefusedError("EXCEEDED_ID_LIMIT", f"at most {_MOST_IDS} records can be retrieved at once")
        for record_id in ids:
            if not ID.fullmatch(record_id):
                raise RefusedError("MALFORMED_ID", f"malformed id {record_id}")
        check_fields(known, names)
        selected = ", ".join(dict.fromkeys(names))
        found: dict[str | None, Record] = {}
        for start in range(0, len(ids), _IDS_AT_ONCE):
            wanted = ", ".join(f"'{each}'" for each in ids[start : start + _IDS_AT_ONCE])
            query = f"SELECT {selected} FROM {known.name} WHERE Id IN ({wanted})"  # noqa: S608  # SOQL, and checked
            found |= {record.id: record for record in self._find(query)}
        return [found.get(eighteen(each)) for each in ids]

    def is_deleted(self, known: SObject, record_id: str) -> bool:
        """Return whether there is a record of an id, in the recycle bin."""
        query = f"SELECT Id FROM {known.name} WHERE Id = '{record_id}'"  # noqa: S608  # SOQL, of a checked id
        return any(True for _ in self._find(query, deleted=True))

    def updated(self, known: SObject, start: str, end: str) -> dict[str, Any]:
        """Return a GetUpdatedResult. start, end: as the client wrote them. Raises RefusedError."""
        span, latest = self._span(start, end)
        records = self._find(f"SELECT Id FROM {known.name} WHERE {span}")  # noqa: S608  # SOQL, of checked times
        return {"ids": [record.id for record in records], "latestDateCovered": latest}

    def deleted(self, known: SObject, start: str, end: str) -> dict[str, Any]:
        """Return a GetDeletedResult."""
        span, latest = self._span(start, end)
        query = f"SELECT Id, SystemModstamp FROM {known.name} WHERE IsDeleted = TRUE AND {span}"  # noqa: S608  # as above
        records = self._find(query, deleted=True) if known.field("IsDeleted") else iter(())
        gone = [{"deletedDate": record.values["SystemModstamp"], "id": record.id} for record in records]
        return {"deletedRecords": gone, "earliestDateAvailable": self._clock() - _REACH, "latestDateCovered": latest}

    def _find(self, query: str, *, deleted: bool = False) -> Iterator[Record]:
        with run(compile_query(query, now=self._clock(), deleted=deleted), self._database) as result:
            yield from result

    def _span(self, start: str, end: str) -> tuple[str, datetime]:
        """Return the condition for a span of time, and its end. [simulated]: words."""
        first, last = _moment("start", start), _moment("end", end)
        if first >= last:
            raise RefusedError("INVALID_REPLICATION_DATE", "the start date has to be before the end date")
        if first < self._clock() - _REACH:
            raise RefusedError("INVALID_REPLICATION_DATE", "the start date has to be within the last 30 days")
        return f"SystemModstamp >= {first:%Y-%m-%dT%H:%M:%SZ} AND SystemModstamp < {last:%Y-%m-%dT%H:%M:%SZ}", last


def check_fields(known: SObject, names: Sequence[str]) -> None:
    """Raise RefusedError with INVALID_FIELD for a name that is no field of an object."""
    for name in names:
        if not _FIELD.fullmatch(name) or ("." not in name and known.field(name) is None):
            raise RefusedError("INVALID_FIELD", f"No such column '{name}' on sobject of type {known.name}")


def _moment(name: str, text: str) -> datetime:
    try:
        # In an address a plus that was not escaped has become a space.
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise RefusedError("INVALID_REPLICATION_DATE", f"{name} is no date and time: {text[:40]!r}") from error
