"""Pages, the locators between them, and how values are written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from noon import NOW

from sfmtls_nb.practice.api import queries as module
from sfmtls_nb.practice.api.queries import Queries, QueryBatch, json_of, text_of
from sfmtls_nb.practice.data import Database, eighteen
from sfmtls_nb.practice.failures import ArmedFailures
from sfmtls_nb.practice.refusal import RefusedError

CONTACTS = "SELECT Id FROM Contact ORDER BY Id"


@pytest.fixture
def queries(database: Database) -> Queries:
    return Queries(database, lambda: NOW)


def ids(page: QueryBatch) -> list[str | None]:
    return [record.id for record in page.records]


def refusal_of(queries: Queries, locator: str) -> tuple[str, str]:
    with pytest.raises(RefusedError) as caught:
        queries.more(locator)
    return caught.value.code, caught.value.message


def test_a_query_that_fits_on_one_page_is_done_and_has_no_locator(queries: Queries) -> None:
    page = queries.open("SELECT Id FROM Contact LIMIT 5")
    assert (5, 5, True, None) == (page.size, len(page.records), page.done, page.locator)


def test_a_longer_query_has_a_locator_of_an_18_character_id_a_dash_and_the_offset(queries: Queries) -> None:
    locator = queries.open(CONTACTS, batch=200).locator or ""
    assert (eighteen(locator[:15]), "-200") == (locator[:18], locator[18:])


def test_the_pages_together_are_the_query_without_gaps_or_repetitions(queries: Queries) -> None:
    whole = ids(queries.open(CONTACTS))
    page = queries.open(CONTACTS, batch=200)
    found = ids(page)
    while page.locator:
        page = queries.more(page.locator)
        found += ids(page)
    assert whole == found


def test_a_locator_can_expire_and_a_first_page_cannot(database: Database) -> None:
    failures = ArmedFailures()
    queries = Queries(database, lambda: NOW, failures)
    failures.arm("locator-expires")
    locator = queries.open(CONTACTS, batch=200).locator or ""
    assert "INVALID_QUERY_LOCATOR" == refusal_of(queries, locator)[0]
    assert queries.more(locator).records


def test_every_page_knows_the_size_of_the_whole(queries: Queries) -> None:
    first = queries.open(CONTACTS, batch=200)
    second = queries.more(first.locator or "")
    assert first.size == second.size > 400


def test_a_page_may_be_asked_for_again(queries: Queries) -> None:
    locator = queries.open(CONTACTS, batch=200).locator or ""
    assert ids(queries.more(locator)) == ids(queries.more(locator))


def test_pages_may_get_another_size_on_the_way(queries: Queries) -> None:
    locator = queries.open(CONTACTS, batch=200).locator or ""
    assert 250 == len(queries.more(locator, batch=250).records)


@pytest.mark.parametrize(("asked", "given"), [(1, 200), (199, 200), (200, 200), (300, 300), (9_999, 500)])
def test_batches_hold_200_to_2000_records_whatever_is_asked_for(queries: Queries, asked: int, given: int) -> None:
    assert given == len(queries.open(CONTACTS, batch=asked).records)


@pytest.mark.parametrize(
    "locator", ["", "-", "01g5f000000zzzzAAA-200", "01g-200", "x" * 1_000, "01g5f000000000\u06611AAA-1"]
)
def test_a_locator_that_nobody_gave_out_is_refused(queries: Queries, locator: str) -> None:
    assert ("INVALID_QUERY_LOCATOR", "invalid query locator") == refusal_of(queries, locator)


def test_a_locator_behind_the_end_finds_nothing_and_is_done(queries: Queries) -> None:
    locator = queries.open(CONTACTS, batch=200).locator or ""
    page = queries.more(f"{locator[:18]}-9999")
    assert ((), True) == (page.records, page.done)


def test_of_too_many_open_queries_the_oldest_is_forgotten(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_OPEN", 2)
    queries = Queries(database, lambda: NOW)
    locators = [queries.open(CONTACTS, batch=200).locator or "" for _ in range(3)]
    assert "INVALID_QUERY_LOCATOR" == refusal_of(queries, locators[0])[0]
    assert 200 == len(queries.more(locators[1]).records)


def test_a_query_in_use_is_not_the_oldest(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_OPEN", 2)
    queries = Queries(database, lambda: NOW)
    first, second = (queries.open(CONTACTS, batch=200).locator or "" for _ in range(2))
    queries.more(first)
    queries.open(CONTACTS, batch=200)
    assert "INVALID_QUERY_LOCATOR" == refusal_of(queries, second)[0]
    assert 200 == len(queries.more(first).records)


def test_a_query_that_cannot_be_is_refused_with_row_and_column(queries: Queries) -> None:
    with pytest.raises(RefusedError) as caught:
        queries.open("SELECT Id,\n Nonsense FROM Contact")
    assert ("INVALID_FIELD", 2, 2) == (caught.value.code, caught.value.row, caught.value.column)


def test_deleted_records_are_there_for_those_who_ask(queries: Queries) -> None:
    text = "SELECT COUNT(Id) FROM Contact"
    live, all_of_them = (queries.open(text, deleted=deleted).records[0].values["expr0"] for deleted in (False, True))
    assert 500 == live
    assert isinstance(all_of_them, int)
    assert all_of_them > 500


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("value", "text", "json"),
    [
        ("as it is", "as it is", "as it is"),
        (True, "true", True),
        (False, "false", False),
        (42, "42", 42),
        (100.0, "100.0", 100.0),
        (1e17, "100000000000000000", 1e17),
        (1.5e-7, "0.00000015", 1.5e-7),
        (date(2026, 1, 31), "2026-01-31", "2026-01-31"),
        (datetime(2026, 1, 31, 10, tzinfo=UTC), "2026-01-31T10:00:00.000Z", "2026-01-31T10:00:00.000+0000"),
        (
            datetime(2026, 1, 31, 10, 0, 0, 123_999, timezone(timedelta(hours=1))),
            "2026-01-31T09:00:00.123Z",
            "2026-01-31T09:00:00.123+0000",
        ),
    ],
)
def test_values_are_written_as_salesforce_writes_them(value: str | float | date, text: str, json: str | float) -> None:
    assert (text, json) == (text_of(value), json_of(value))


def test_null_is_null_in_json() -> None:
    assert json_of(None) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_have_no_exponent_and_lose_nothing(number: float) -> None:
    text = text_of(number)
    assert number == float(text)
    assert "e" not in text.lower()
