"""Functions of SOQL, and clauses that real clients send: each against what Python makes of the same records."""

# ruff: noqa: S608  # what looks like SQL is SOQL

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from itertools import product
from math import acos, cos, radians, sin
from typing import Any

import pytest
from asking import ids, records, size, values

from sfmtls_nb.practice.soql.records import Record

Day = date | datetime

#: What each date function is of a day or a moment.
DATE_FUNCTIONS: dict[str, Callable[[Day], int]] = {
    "CALENDAR_YEAR": lambda day: day.year,
    "CALENDAR_QUARTER": lambda day: (day.month + 2) // 3,
    "CALENDAR_MONTH": lambda day: day.month,
    "FISCAL_YEAR": lambda day: day.year,
    "FISCAL_QUARTER": lambda day: (day.month + 2) // 3,
    "FISCAL_MONTH": lambda day: day.month,
    "DAY_IN_YEAR": lambda day: day.timetuple().tm_yday,
    "DAY_IN_MONTH": lambda day: day.day,
    "DAY_IN_WEEK": lambda day: day.isoweekday() % 7 + 1,
    "WEEK_IN_YEAR": lambda day: (day.timetuple().tm_yday - 1) // 7 + 1,
    "WEEK_IN_MONTH": lambda day: (day.day - 1) // 7 + 1,
}
MOMENT_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "HOUR_IN_DAY": lambda moment: moment.hour,
    "DAY_ONLY": lambda moment: moment.date(),
}
OF_A_FIELD = [
    *product(DATE_FUNCTIONS.items(), ["CloseDate", "CreatedDate"]),
    *product(MOMENT_FUNCTIONS.items(), ["CreatedDate"]),
]


@pytest.mark.parametrize(
    ("function", "field"), OF_A_FIELD, ids=[f"{name} of {field}" for (name, _), field in OF_A_FIELD]
)
def test_groups_by_a_part_of_a_date_are_those_of_the_calendar(
    function: tuple[str, Callable[[Any], Any]], field: str
) -> None:
    name, part = function
    expected = Counter(map(part, values(f"SELECT {field} FROM Opportunity")))
    call = f"{name}({field})"
    found = values(f"SELECT {call}, COUNT(Id) FROM Opportunity GROUP BY {call} ORDER BY {call}")
    assert sorted(expected.items()) == found


def test_a_part_of_a_date_is_a_condition() -> None:
    found = values("SELECT CloseDate FROM Opportunity WHERE CALENDAR_MONTH(CloseDate) IN (10, 11)")
    every = values("SELECT CloseDate FROM Opportunity")
    assert sorted(found) == sorted(day for day in every if day.month in (10, 11))


def test_a_day_of_a_moment_is_compared_as_a_date() -> None:
    assert ids("DAY_ONLY(CreatedDate) = THIS_MONTH") == ids("CreatedDate = THIS_MONTH")
    assert ids("DAY_ONLY(CreatedDate) >= 2026-11-01") == ids("CreatedDate >= 2026-11-01T00:00:00Z")


def test_a_part_of_a_date_that_is_missing_is_null() -> None:
    assert ids("CALENDAR_YEAR(Birthdate) = null") == ids("Birthdate = null")


def test_records_are_sorted_by_a_part_of_a_date() -> None:
    hours = [moment.hour for moment in values("SELECT CreatedDate FROM Case ORDER BY HOUR_IN_DAY(CreatedDate) DESC")]
    assert sorted(hours, reverse=True) == hours


def test_a_part_of_a_date_in_the_users_time_zone_is_in_utc_here() -> None:
    query = "SELECT COUNT(Id) FROM Case GROUP BY HOUR_IN_DAY({}) ORDER BY HOUR_IN_DAY({})"
    converted = "convertTimezone(CreatedDate)"
    assert values(query.format("CreatedDate", "CreatedDate")) == values(query.format(converted, converted))


def test_a_part_of_a_date_without_an_alias_is_numbered_as_aggregates_are() -> None:
    found = records("SELECT CALENDAR_YEAR(CloseDate), COUNT(Id) n FROM Opportunity GROUP BY CALENDAR_YEAR(CloseDate)")
    assert ["expr0", "n"] == list(found[0].values)


# ------------------------------------------------------------ how values are shown


def test_a_label_and_a_converted_amount_are_the_field_in_an_org_of_one_language_and_currency() -> None:
    plain = values("SELECT StageName, Amount FROM Opportunity")
    assert plain == values("SELECT toLabel(StageName), convertCurrency(Amount) FROM Opportunity")


def test_a_label_goes_by_its_fields_name_or_by_its_alias() -> None:
    found = records(
        "SELECT StageName, toLabel(StageName) label, toLabel(Account.Industry) FROM Opportunity WHERE AccountId != null"
    )[0]
    account = found.values["Account"]
    assert isinstance(account, Record)
    assert (["StageName", "label", "Account"], ["Industry"]) == (list(found.values), list(account.values))


def test_a_label_is_a_condition() -> None:
    assert ids("toLabel(LeadSource) = 'Web'") == ids("LeadSource = 'Web'")


def test_a_formatted_value_is_a_text_as_people_in_the_united_states_write_it() -> None:
    fields = ("Amount", "CloseDate", "CreatedDate", "Probability", "IsWon", "StageName", "Account.NumberOfEmployees")
    of = "Opportunity WHERE Amount > 1000 AND AccountId != null AND Account.NumberOfEmployees > 1000 LIMIT 1"
    amount, day, moment, probability, won, stage, staff = values(f"SELECT {', '.join(fields)} FROM {of}")[0]
    expected = (
        f"${amount:,.2f}",
        f"{day:%-m/%-d/%Y}",
        f"{moment:%-m/%-d/%Y, %-I:%M %p}",
        f"{probability:.0f}%",
        str(won).lower(),
        stage,
        f"{staff:,}",
    )
    assert expected == values(f"SELECT {', '.join(f'FORMAT({field})' for field in fields)} FROM {of}")[0]


def test_nothing_formatted_is_nothing() -> None:
    assert [None] == list(set(values("SELECT FORMAT(Birthdate) FROM Contact WHERE Birthdate = null")))


def test_an_aggregate_and_a_converted_amount_can_be_formatted() -> None:
    (most,) = values("SELECT MAX(Amount) FROM Opportunity")
    assert [f"${most:,.2f}"] == values("SELECT FORMAT(MAX(Amount)) most FROM Opportunity")
    assert [f"${most:,.2f}"] == values(
        f"SELECT FORMAT(convertCurrency(Amount)) a FROM Opportunity WHERE Amount = {most}"
    )


# ------------------------------------------------------------ distances

PARIS = "GEOLOCATION(48.8566, 2.3522)"


def from_paris(north: float, east: float) -> float:
    """The angle between a place and Paris, by the law of cosines."""
    here, there = (radians(48.8566), radians(2.3522)), (radians(north), radians(east))
    return acos(sin(here[0]) * sin(there[0]) + cos(here[0]) * cos(there[0]) * cos(here[1] - there[1]))


@pytest.mark.parametrize(("unit", "radius"), [("km", 6371), ("mi", 3959)])
def test_a_distance_is_that_of_the_globe(unit: str, radius: float) -> None:
    of = f"DISTANCE(MailingAddress, {PARIS}, '{unit}')"
    found = values(f"SELECT MailingLatitude, MailingLongitude, {of} FROM Contact WHERE MailingLatitude != null")
    assert [row[2] for row in found] == pytest.approx([radius * from_paris(*row[:2]) for row in found], rel=0.001)


def test_a_distance_from_nowhere_is_null() -> None:
    of = f"DISTANCE(MailingAddress, {PARIS}, 'km')"
    assert [None] == list(set(values(f"SELECT {of} FROM Contact WHERE MailingLatitude = null")))
    assert ids(f"{of} < 100000") == ids("MailingLatitude != null")


@pytest.mark.parametrize(("sobject", "field"), [("Contact", "MailingAddress"), ("Shipment__c", "Destination__c")])
def test_records_are_found_and_sorted_by_their_distance(sobject: str, field: str) -> None:
    of = f"DISTANCE({field}, {PARIS}, 'km')"
    found = values(f"SELECT {of} far, Id FROM {sobject} WHERE {of} < 5000 ORDER BY {of}")
    every = dict(row[::-1] for row in values(f"SELECT {of}, Id FROM {sobject}"))
    near = sorted((far, id_) for id_, far in every.items() if far is not None and far < 5000)
    assert [far for far, _ in near] == [far for far, _ in found]
    assert 0 < len(near) < len(every)


def test_a_distance_without_an_alias_is_numbered() -> None:
    of = f"DISTANCE(MailingAddress, {PARIS}, 'mi')"
    assert ["Id", "expr0"] == list(records(f"SELECT Id, {of} FROM Contact LIMIT 1")[0].values)


# ------------------------------------------------------------ TYPEOF


def test_typeof_selects_the_fields_of_the_type_that_the_parent_has() -> None:
    chosen = "SELECT Id, TYPEOF Owner WHEN Group THEN Name WHEN User THEN Email, Title ELSE Name END FROM Case"
    assert values("SELECT Id, Owner.Email, Owner.Title FROM Case") == values(chosen)


@pytest.mark.parametrize(("otherwise", "expected"), [("ELSE Name", ["Name"]), ("", [])])
def test_typeof_without_the_parents_type_selects_what_else_says(otherwise: str, expected: list[str]) -> None:
    owner = records(f"SELECT TYPEOF Owner WHEN Group THEN Name {otherwise} END FROM Case LIMIT 1")[0].values["Owner"]
    assert isinstance(owner, Record)
    assert ("User", expected) == (owner.type, list(owner.values))


# ------------------------------------------------------------ clauses


@pytest.mark.parametrize(
    "query",
    [
        "SELECT Id FROM Contact{} ORDER BY LastName LIMIT 3".format(f" {words}")
        for words in ("WITH USER_MODE", "with system_mode", "WITH SECURITY_ENFORCED", "USING SCOPE Everything", "c")
    ]
    + [
        f"SELECT Id FROM Contact ORDER BY LastName LIMIT 3 {words}"
        for words in (
            "FOR VIEW",
            "FOR REFERENCE",
            "FOR UPDATE",
            "UPDATE TRACKING",
            "FOR VIEW UPDATE TRACKING, VIEWSTAT",
        )
    ],
)
def test_what_has_no_effect_in_an_org_where_everybody_sees_everything_finds_the_same(query: str) -> None:
    assert values("SELECT Id FROM Contact ORDER BY LastName LIMIT 3") == values(query)


def test_with_a_mode_stands_behind_the_conditions() -> None:
    assert ids("LeadSource = 'Web'") == ids("LeadSource = 'Web' WITH USER_MODE")


def test_a_relationship_may_have_an_alias_in_from() -> None:
    plain = "SELECT LastName, Account.Name FROM Contact WHERE Account.Industry = 'Banking' ORDER BY Account.Name"
    aliased = "SELECT c.LastName, a.Name FROM Contact c, c.Account a WHERE a.Industry = 'Banking' ORDER BY a.Name"
    assert values(plain) == values(aliased)


# ------------------------------------------------------------ subtotals


def counts(*fields: str) -> Counter[tuple[Any, ...]]:
    return Counter(values(f"SELECT {', '.join(fields)} FROM Case WHERE Priority != 'Low'"))


@pytest.mark.parametrize(("word", "sets"), [("ROLLUP", {(0, 0), (0, 1), (1, 1)}), ("CUBE", {*product((0, 1), (0, 1))})])
def test_subtotals_sum_up_the_rows_before_them(word: str, sets: set[tuple[int, int]]) -> None:
    expected: Counter[tuple[Any, ...]] = Counter()
    for (status, priority), count in counts("Status", "Priority").items():
        for over in sets:
            expected[
                (*(None if summed else name for name, summed in zip((status, priority), over, strict=True)), *over)
            ] += count
    found = values(
        "SELECT Status, Priority, GROUPING(Status), GROUPING(Priority), COUNT(Id) FROM Case WHERE Priority != 'Low' "
        f"GROUP BY {word}(Status, Priority)"
    )
    assert expected == {tuple(row[:4]): row[4] for row in found}
    assert len(expected) == len(found)


def test_a_subtotal_comes_behind_its_rows_and_the_total_at_the_end() -> None:
    rows = values(
        "SELECT Status, Priority, GROUPING(Status) s, GROUPING(Priority) p FROM Case GROUP BY ROLLUP(Status, Priority)"
    )
    assert sorted(rows, key=lambda row: (row[2], row[0] or "", row[3], row[1] or "")) == rows


def test_having_and_order_know_the_subtotals() -> None:
    query = (
        "SELECT Status, COUNT(Id) n FROM Case GROUP BY CUBE(Status, Priority) "
        "HAVING GROUPING(Priority) = 1 AND COUNT(Id) > 5 ORDER BY GROUPING(Status) DESC, COUNT(Id) DESC"
    )
    statuses = Counter(values("SELECT Status FROM Case"))
    expected = [(None, statuses.total()), *((name, count) for name, count in statuses.most_common() if count > 5)]
    found = values(query)
    assert (expected[0], set(expected)) == (found[0], set(found))
    assert len(expected) == len(found) == size(query)


def test_subtotals_of_nothing_are_none() -> None:
    assert [] == values("SELECT Status, COUNT(Id) FROM Case WHERE Status = 'nothing' GROUP BY ROLLUP(Status)")


def test_subtotals_without_aggregates_are_rows_too() -> None:
    assert [*sorted(set(values("SELECT Status FROM Case"))), None] == values(
        "SELECT Status FROM Case GROUP BY ROLLUP(Status)"
    )
