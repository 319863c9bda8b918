"""Asking the practice org's records in SOQL: what the tests of SOQL have in common."""

# ruff: noqa: S608  # what looks like SQL is SOQL

from __future__ import annotations

import atexit
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import pytest

from sfmtls_nb.practice.data import Database
from sfmtls_nb.practice.soql import CompiledQuery, SoqlError, compile_query, run
from sfmtls_nb.practice.soql.records import Record

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)

#: One for all tests of SOQL: its records never change.
DATABASE = Database(now=NOW)
atexit.register(DATABASE.close)


def compiled(text: str, *, deleted: bool = False, now: datetime = NOW) -> CompiledQuery:
    return compile_query(text, now=now, deleted=deleted)


def records(text: str, *, deleted: bool = False, now: datetime = NOW) -> list[Record]:
    return list(run(compiled(text, deleted=deleted, now=now), DATABASE))


def values(text: str, *, deleted: bool = False, now: datetime = NOW) -> list[Any]:
    """The values of each record; not in a tuple where it is only one. A parent's values stand among its child's."""

    def flat(record: Record | None) -> list[Any]:
        parts = record.values.values() if record else []
        return list(chain(*(flat(part) if isinstance(part, Record) else [part] for part in parts)))

    rows = [flat(record) for record in records(text, deleted=deleted, now=now)]
    return [row[0] if len(row) == 1 else tuple(row) for row in rows]


def ids(condition: str, sobject: str = "Contact") -> set[str]:
    return set(values(f"SELECT Id FROM {sobject} WHERE {condition}"))


def size(text: str, *, deleted: bool = False) -> int:
    return run(compiled(text, deleted=deleted), DATABASE).size


def refusal(text: str) -> SoqlError:
    with pytest.raises(SoqlError) as caught:
        compiled(text)
    return caught.value


def contacts(test: Callable[[dict[str, Any]], bool]) -> set[str]:
    """The ids of the contacts that pass a test in Python."""
    return {str(each.id) for each in CONTACTS if test(dict(each.values))}


CONTACTS = records(
    "SELECT Id, FirstName, LastName, Name, Email, AccountId, LeadSource, Birthdate, CreatedDate, HasOptedOutOfEmail, "
    "Account.Name, Account.NumberOfEmployees, Account.AnnualRevenue FROM Contact"
)


def quoted(text: str) -> str:
    """A text as a SOQL literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
