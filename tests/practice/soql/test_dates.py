"""SOQL's named ranges of days, on days of which somebody has looked at a calendar."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfmtls_nb.practice.soql.dates import day_range

MONDAY = date(2026, 11, 23)
SUNDAY = date(2026, 11, 22)
NEW_YEAR = date(2027, 1, 1)
LEAP_DAY = date(2028, 2, 29)

TABLE = [
    # literal, count, today, first day, the day after the last
    ("TODAY", None, MONDAY, "2026-11-23", "2026-11-24"),
    ("YESTERDAY", None, NEW_YEAR, "2026-12-31", "2027-01-01"),
    ("TOMORROW", None, LEAP_DAY, "2028-03-01", "2028-03-02"),
    ("THIS_WEEK", None, MONDAY, "2026-11-22", "2026-11-29"),
    ("THIS_WEEK", None, SUNDAY, "2026-11-22", "2026-11-29"),
    ("LAST_WEEK", None, MONDAY, "2026-11-15", "2026-11-22"),
    ("NEXT_WEEK", None, MONDAY, "2026-11-29", "2026-12-06"),
    ("THIS_MONTH", None, LEAP_DAY, "2028-02-01", "2028-03-01"),
    ("LAST_MONTH", None, NEW_YEAR, "2026-12-01", "2027-01-01"),
    ("NEXT_MONTH", None, date(2026, 12, 31), "2027-01-01", "2027-02-01"),
    ("THIS_QUARTER", None, MONDAY, "2026-10-01", "2027-01-01"),
    ("LAST_QUARTER", None, NEW_YEAR, "2026-10-01", "2027-01-01"),
    ("NEXT_QUARTER", None, MONDAY, "2027-01-01", "2027-04-01"),
    ("THIS_YEAR", None, MONDAY, "2026-01-01", "2027-01-01"),
    ("LAST_YEAR", None, NEW_YEAR, "2026-01-01", "2027-01-01"),
    ("NEXT_YEAR", None, MONDAY, "2027-01-01", "2028-01-01"),
    ("THIS_FISCAL_QUARTER", None, MONDAY, "2026-10-01", "2027-01-01"),
    ("LAST_FISCAL_YEAR", None, MONDAY, "2025-01-01", "2026-01-01"),
    ("LAST_90_DAYS", None, MONDAY, "2026-08-25", "2026-11-24"),
    ("NEXT_90_DAYS", None, MONDAY, "2026-11-24", "2027-02-22"),
    ("LAST_N_DAYS", 1, MONDAY, "2026-11-22", "2026-11-24"),
    ("LAST_N_DAYS", 30, MONDAY, "2026-10-24", "2026-11-24"),
    ("NEXT_N_DAYS", 1, MONDAY, "2026-11-24", "2026-11-25"),
    ("N_DAYS_AGO", 1, MONDAY, "2026-11-22", "2026-11-23"),
    ("LAST_N_WEEKS", 2, MONDAY, "2026-11-08", "2026-11-22"),
    ("NEXT_N_WEEKS", 2, MONDAY, "2026-11-29", "2026-12-13"),
    ("N_WEEKS_AGO", 2, MONDAY, "2026-11-08", "2026-11-15"),
    ("LAST_N_MONTHS", 12, MONDAY, "2025-11-01", "2026-11-01"),
    ("N_MONTHS_AGO", 11, MONDAY, "2025-12-01", "2026-01-01"),
    ("LAST_N_QUARTERS", 2, MONDAY, "2026-04-01", "2026-10-01"),
    ("NEXT_N_QUARTERS", 1, MONDAY, "2027-01-01", "2027-04-01"),
    ("LAST_N_YEARS", 3, MONDAY, "2023-01-01", "2026-01-01"),
    ("NEXT_N_FISCAL_YEARS", 1, MONDAY, "2027-01-01", "2028-01-01"),
    ("N_FISCAL_QUARTERS_AGO", 1, MONDAY, "2026-07-01", "2026-10-01"),
]

UNKNOWN = [
    ("TODAY", 1),
    ("LAST_N_DAYS", None),
    ("LAST_DAYS", 3),
    ("THIS_N_WEEKS", 3),
    ("LAST_90_DAYS", 90),
    ("LAST_30_DAYS", None),
    ("THIS_DAY", None),
    ("today", None),
    ("N_DAYS_AGO", None),
    ("", None),
]


@pytest.mark.parametrize(("name", "count", "today", "first", "end"), TABLE)
def test_a_literal_means_the_days_that_the_reference_says(
    name: str, count: int | None, today: date, first: str, end: str
) -> None:
    assert (date.fromisoformat(first), date.fromisoformat(end)) == day_range(name, count, today)


@pytest.mark.parametrize(("name", "count"), UNKNOWN)
def test_what_is_no_literal_means_nothing(name: str, count: int | None) -> None:
    assert day_range(name, count, MONDAY) is None


@pytest.mark.parametrize(
    ("name", "count"), [("LAST_N_DAYS", 999_999_999), ("NEXT_N_YEARS", 8_000), ("N_YEARS_AGO", 9_999)]
)
def test_where_the_calendar_ends_a_literal_overflows(name: str, count: int) -> None:
    with pytest.raises(OverflowError):
        day_range(name, count, MONDAY)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.sampled_from(["WEEK", "MONTH", "QUARTER", "YEAR"]))
def test_last_this_and_next_follow_each_other_without_a_gap(today: date, unit: str) -> None:
    last, this, following = (day_range(f"{word}_{unit}", None, today) for word in ("LAST", "THIS", "NEXT"))
    assert last
    assert this
    assert following
    assert (last[1], this[1]) == (this[0], following[0])


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.sampled_from(["WEEK", "MONTH", "QUARTER", "YEAR"]))
def test_this_period_holds_today(today: date, unit: str) -> None:
    this = day_range(f"THIS_{unit}", None, today)
    assert this
    assert this[0] <= today < this[1]
