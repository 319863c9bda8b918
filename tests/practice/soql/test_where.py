"""What conditions find, each held against the same condition in Python; and the laws of logic."""

# ruff: noqa: S608  # what looks like SQL is SOQL

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from asking import CONTACTS, NOW, contacts, ids, records, size, values
from hypothesis import given, settings
from hypothesis import strategies as st

from sfmtls_nb.practice.soql.records import ChildResult

# ------------------------------------------------------------ conditions

CONDITIONS: list[tuple[str, Callable[[dict[str, Any]], bool]]] = [
    ("LastName = 'Tanaka'", lambda c: c["LastName"] == "Tanaka"),
    ("LastName = 'tANAKA'", lambda c: c["LastName"] == "Tanaka"),
    ("LastName = 'müller'", lambda c: c["LastName"] == "Müller"),
    ("LastName = 'MÜLLER'", lambda c: c["LastName"] == "Müller"),
    ("LastName = 'o\\'neill'", lambda c: c["LastName"] == "O'Neill"),
    ("LastName != 'Tanaka'", lambda c: c["LastName"] != "Tanaka"),
    ("LastName <> 'Tanaka'", lambda c: c["LastName"] != "Tanaka"),
    ("FirstName = null", lambda c: c["FirstName"] is None),
    ("FirstName != null", lambda c: c["FirstName"] is not None),
    ("FirstName = ''", lambda c: c["FirstName"] is None),
    # What is null is not Mei: SOQL's != finds it, SQL's would not.
    ("FirstName != 'Mei'", lambda c: c["FirstName"] != "Mei"),
    ("NOT FirstName = 'Mei'", lambda c: c["FirstName"] != "Mei"),
    ("FirstName NOT IN ('Mei', 'Nia')", lambda c: c["FirstName"] not in ("Mei", "Nia")),
    ("FirstName IN ('mei', 'NIA', null)", lambda c: c["FirstName"] in ("Mei", "Nia", None)),
    ("FirstName IN ('Mei')", lambda c: c["FirstName"] == "Mei"),
    ("LastName IN ('MÜLLER', 'tanaka')", lambda c: c["LastName"] in ("Müller", "Tanaka")),
    ("LastName LIKE 's%'", lambda c: c["LastName"].lower().startswith("s")),
    ("LastName LIKE '%ß%'", lambda c: "ß" in c["LastName"]),
    ("LastName LIKE '%Ü%'", lambda c: "ü" in c["LastName"]),
    ("LastName LIKE '_ü%'", lambda c: c["LastName"][1] == "ü"),
    ("LastName LIKE '%\\_%'", lambda c: "_" in c["LastName"]),
    ("NOT (Email LIKE '%velmora%')", lambda c: "velmora" not in (c["Email"] or "")),
    ("LastName < 'C'", lambda c: c["LastName"][0] in "AB"),
    ("LastName >= 'W' ", lambda c: c["LastName"][0].lower() in "wxyz小"),
    ("HasOptedOutOfEmail = true", lambda c: c["HasOptedOutOfEmail"]),
    ("HasOptedOutOfEmail != TRUE", lambda c: not c["HasOptedOutOfEmail"]),
    ("HasOptedOutOfEmail = False", lambda c: not c["HasOptedOutOfEmail"]),
    # The documentation: "records with null boolean values" of missing parents count as false.
    ("Account.IsDeleted = false", lambda c: True),
    ("Account.Name != null", lambda c: c["Account"] is not None),
    ("Account.Name = null", lambda c: c["Account"] is None),
    ("Account.NumberOfEmployees > 1000", lambda c: (staff(c) or 0) > 1000),
    ("Account.NumberOfEmployees <= 1e3", lambda c: staff(c) is not None and staff(c) <= 1000),
    ("NOT (Account.NumberOfEmployees <= 1000)", lambda c: staff(c) is None or staff(c) > 1000),
    ("Account.NumberOfEmployees > null", lambda c: False),
    ("NOT Account.NumberOfEmployees > null", lambda c: True),
    ("Account.AnnualRevenue > 50000000.5", lambda c: revenue(c) > 50_000_000.5),
    ("Account.AnnualRevenue > -1", lambda c: revenue(c) > -1),
    ("Birthdate > 1990-06-15", lambda c: c["Birthdate"] is not None and c["Birthdate"] > date(1990, 6, 15)),
    ("Birthdate = null", lambda c: c["Birthdate"] is None),
    ("CreatedDate = TODAY", lambda c: c["CreatedDate"].date() == NOW.date()),
    ("CreatedDate = today", lambda c: c["CreatedDate"].date() == NOW.date()),
    ("CreatedDate = YESTERDAY", lambda c: age(c) == 1),
    ("CreatedDate != TODAY", lambda c: age(c) != 0),
    ("CreatedDate < TODAY", lambda c: age(c) > 0),
    ("CreatedDate <= YESTERDAY", lambda c: age(c) > 0),
    ("CreatedDate > YESTERDAY", lambda c: age(c) == 0),
    ("CreatedDate >= LAST_N_DAYS:30", lambda c: age(c) <= 30),
    ("CreatedDate < LAST_N_DAYS:30", lambda c: age(c) > 30),
    ("CreatedDate = LAST_N_DAYS : 30", lambda c: age(c) <= 30),
    ("CreatedDate = N_DAYS_AGO:1", lambda c: age(c) == 1),
    ("CreatedDate = THIS_YEAR", lambda c: c["CreatedDate"].year == 2026),
    ("CreatedDate IN (TODAY, YESTERDAY)", lambda c: age(c) in (0, 1)),
    ("CreatedDate = NEXT_N_DAYS:3", lambda c: False),
    ("CreatedDate > 2026-11-01T00:00:00Z", lambda c: c["CreatedDate"] > datetime(2026, 11, 1, tzinfo=UTC)),
    ("CreatedDate > 2026-11-01T02:00:00+02:00", lambda c: c["CreatedDate"] > datetime(2026, 11, 1, tzinfo=UTC)),
    ("CreatedDate > 2026-10-31T16:00:00.000-0800", lambda c: c["CreatedDate"] > datetime(2026, 11, 1, tzinfo=UTC)),
    (
        "LeadSource = 'web' AND HasOptedOutOfEmail = false",
        lambda c: c["LeadSource"] == "Web" and not c["HasOptedOutOfEmail"],
    ),
    ("LeadSource = 'Web' OR LeadSource = 'Other'", lambda c: c["LeadSource"] in ("Web", "Other")),
    (
        "(LeadSource = 'Web' OR LeadSource = 'Other') AND NOT (FirstName LIKE 'A%' OR FirstName LIKE 'B%')",
        lambda c: c["LeadSource"] in ("Web", "Other") and (c["FirstName"] or "-")[0] not in "AB",
    ),
    ("NOT (NOT (LeadSource = 'Web'))", lambda c: c["LeadSource"] == "Web"),
]


def staff(contact: dict[str, Any]) -> Any:
    return contact["Account"] and contact["Account"].values["NumberOfEmployees"]


def revenue(contact: dict[str, Any]) -> float:
    return float((contact["Account"] and contact["Account"].values["AnnualRevenue"]) or -2.0)


def age(contact: dict[str, Any]) -> int:
    return int((NOW.date() - contact["CreatedDate"].date()).days)


@pytest.mark.parametrize(("condition", "test"), CONDITIONS, ids=[condition for condition, _ in CONDITIONS])
def test_a_condition_finds_what_it_says(condition: str, test: Callable[[dict[str, Any]], bool]) -> None:
    assert contacts(test) == ids(condition)


def test_conditions_are_not_all_void() -> None:
    assert [condition for condition, test in CONDITIONS if contacts(test)] != []


def test_a_day_begins_at_midnight_where_the_user_is() -> None:
    there = datetime(2026, 11, 22, 20, 0, tzinfo=ZoneInfo("America/Los_Angeles"))
    found = values("SELECT CreatedDate FROM Contact WHERE CreatedDate = YESTERDAY", now=there)
    begin = datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert found
    assert [moment for moment in found if not begin <= moment < begin + timedelta(days=1)] == []


def test_an_id_of_15_characters_finds_what_the_18_do() -> None:
    known = str(CONTACTS[7].id)
    assert {known} == ids(f"Id = '{known[:15]}'") == ids(f"Id = '{known}'")


def test_ids_may_be_compared_as_those_who_split_a_table_do() -> None:
    first, last = CONTACTS[100].id, CONTACTS[199].id
    assert {each.id for each in CONTACTS[100:200]} == ids(f"Id >= '{first}' AND Id <= '{last}'")


def test_an_id_in_another_case_is_another_id() -> None:
    assert ids(f"Id = '{str(CONTACTS[7].id).swapcase()}'") == set()


def test_an_alias_and_the_objects_own_name_may_stand_before_a_field() -> None:
    plain = values("SELECT LastName, Account.Name FROM Contact WHERE LastName LIKE 'B%' ORDER BY LastName")
    aliased = "SELECT c.LastName, c.Account.Name FROM Contact c WHERE c.LastName LIKE 'B%' ORDER BY c.LastName"
    named = (
        "SELECT Contact.LastName, Contact.Account.Name FROM Contact WHERE Contact.LastName LIKE 'B%' ORDER BY LastName"
    )
    assert plain == values(aliased) == values(named)


def test_a_semi_join_finds_the_parents_of_what_the_subquery_finds() -> None:
    expected = {each.values["AccountId"] for each in CONTACTS if each.values["LeadSource"] == "Web"} - {None}
    assert expected == ids("Id IN (SELECT AccountId FROM Contact WHERE LeadSource = 'Web')", "Account")


def test_an_anti_join_finds_all_others() -> None:
    everything = set(values("SELECT Id FROM Account"))
    within = ids("Id IN (SELECT AccountId FROM Contact WHERE LeadSource = 'Web')", "Account")
    assert everything - within == ids("Id NOT IN (SELECT AccountId FROM Contact WHERE LeadSource = 'Web')", "Account")


def test_two_semi_joins_may_stand_side_by_side() -> None:
    first, second = "SELECT AccountId FROM Contact", "SELECT AccountId FROM Opportunity WHERE IsWon = true"
    assert ids(f"Id IN ({first})", "Account") & ids(f"Id IN ({second})", "Account") == ids(
        f"Id IN ({first}) AND Id IN ({second})", "Account"
    )


def test_deleted_records_are_found_only_where_they_are_asked_for() -> None:
    query = "SELECT COUNT() FROM Contact WHERE IsDeleted = "
    assert (0, 16) == (size(query + "true"), size(query + "true", deleted=True))
    assert (400, 400) == (size(query + "false"), size(query + "false", deleted=True))


def test_deleted_children_are_found_only_where_they_are_asked_for() -> None:
    def children(*, deleted: bool) -> int:
        found = records("SELECT (SELECT Id FROM Contacts) FROM Account", deleted=deleted)
        return sum(each.size for record in found if isinstance(each := record.values["Contacts"], ChildResult))

    assert children(deleted=False) < children(deleted=True)


# ------------------------------------------------------------ logic

ATOMS = [condition for condition, _ in CONDITIONS if " AND " not in condition and " OR " not in condition]
TREES = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        inner.map("NOT ({})".format),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: " AND ".join(f"({part})" for part in parts)),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: " OR ".join(f"({part})" for part in parts)),
    ),
    max_leaves=6,
)
EVERYBODY = {str(each.id) for each in CONTACTS}


@given(TREES)
@settings(max_examples=60)
def test_not_is_the_complement(condition: str) -> None:
    assert EVERYBODY - ids(condition) == ids(f"NOT ({condition})")


@given(TREES, TREES)
@settings(max_examples=60)
def test_and_is_the_intersection_and_or_the_union(one: str, other: str) -> None:
    assert (ids(one) & ids(other), ids(one) | ids(other)) == (
        ids(f"({one}) AND ({other})"),
        ids(f"({one}) OR ({other})"),
    )


FIELDS = ["Id", "Name", "LastName", "CreatedDate", "Account.Name", "Account.Owner.Name", "Birthdate", "Account.Fax"]
ORDERS = st.tuples(
    st.sampled_from(FIELDS), st.sampled_from(["", "ASC", "DESC"]), st.sampled_from(["", "NULLS FIRST", "NULLS LAST"])
)


@given(
    fields=st.lists(st.sampled_from(FIELDS), min_size=1, unique=True),
    condition=TREES,
    orders=st.lists(ORDERS, min_size=1, max_size=3),
    limit=st.integers(0, 500),
)
@settings(max_examples=60)
def test_whatever_is_selected_and_however_it_is_sorted_the_condition_decides_what_is_found(
    fields: list[str], condition: str, orders: list[tuple[str, str, str]], limit: int
) -> None:
    order = ", ".join(" ".join(each) for each in orders)
    found = records(f"SELECT {', '.join(fields)} FROM Contact WHERE {condition} ORDER BY {order}")
    assert ids(condition) == {str(record.id) for record in found}
    assert found[:limit] == records(
        f"SELECT {', '.join(fields)} FROM Contact WHERE {condition} ORDER BY {order} LIMIT {limit}"
    )


@given(
    condition=TREES,
    group=st.sampled_from(["LeadSource", "Account.Industry", "HasOptedOutOfEmail", "Account.Owner.Name"]),
)
@settings(max_examples=40)
def test_the_groups_together_are_what_the_condition_finds(condition: str, group: str) -> None:
    counts = values(f"SELECT COUNT(Id) FROM Contact WHERE {condition} GROUP BY {group}")
    assert len(ids(condition)) == sum(counts)
