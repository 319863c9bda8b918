"""SOQL: what queries find, in which order, what they refuse and in which words; and that no text does anything else."""

# ruff: noqa: S608  # what looks like SQL is SOQL, and harm is what these tests try to do

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfmtls_nb.practice.data import Database
from sfmtls_nb.practice.records import Child, ChildResult, Column, Parent, Record, Selected
from sfmtls_nb.practice.soql import Query, SoqlError, compile_query, run
from sfmtls_nb.practice.soql_sql import Statement

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
ARTICLE = "SELECT Id, FirstName, LastName, Account.Name FROM Contact WHERE AccountId != NULL ORDER BY CreatedDate DESC LIMIT 5"

# One database for all: hypothesis runs a test many times within one fixture, and records never change.
DATABASE = Database(now=NOW)


@pytest.fixture(scope="module", autouse=True)
def _closed_in_the_end() -> Iterator[None]:
    yield
    DATABASE.close()


def compiled(text: str, *, deleted: bool = False, now: datetime = NOW) -> Query:
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


# ------------------------------------------------------------ the article's query


def test_the_articles_query_finds_the_five_newest_contacts_that_have_an_account() -> None:
    newest = sorted(
        (each for each in CONTACTS if each.values["AccountId"]), key=lambda each: str(each.values["CreatedDate"])
    )
    assert [each.id for each in newest[:-6:-1]] == [each.id for each in records(ARTICLE)]


def test_the_articles_query_gives_names_and_the_accounts_name_as_a_record_of_its_own() -> None:
    record = records(ARTICLE)[1]
    account = record.values["Account"]
    assert isinstance(account, Record)
    assert ("Contact", ["Id", "FirstName", "LastName", "Account"]) == (record.type, list(record.values))
    assert ("Account", ["Name"], "001") == (account.type, list(account.values), str(account.id)[:3])


def test_a_record_has_its_id_even_where_it_was_not_selected() -> None:
    record = records("SELECT LastName FROM Contact LIMIT 1")[0]
    assert (CONTACTS[0].id, {"LastName": CONTACTS[0].values["LastName"]}) == (record.id, record.values)


# ------------------------------------------------------------ columns


def shape(columns: tuple[Selected, ...]) -> list[Any]:
    return [
        f"{each.name}:{each.type}" if isinstance(each, Column) else (each.name, each.sobject, shape(each.columns))
        for each in columns
    ]


def test_columns_are_in_the_order_of_the_text_and_in_the_schemas_spelling() -> None:
    query = compiled("select ID, lastname, hasoptedoutofemail, birthdate, createddate from CONTACT")
    assert "Contact" == query.sobject
    assert [
        "Id:id",
        "LastName:string",
        "HasOptedOutOfEmail:boolean",
        "Birthdate:date",
        "CreatedDate:datetime",
    ] == shape(query.columns)


def test_what_is_selected_of_one_parent_comes_together_where_the_first_of_it_stood() -> None:
    query = compiled("SELECT account.name, Id, Account.Owner.Name, Account.Industry FROM Contact")
    owner = ("Owner", "User", ["Name:string"])
    assert [("Account", "Account", ["Name:string", owner, "Industry:picklist"]), "Id:id"] == shape(query.columns)
    assert ("Account.Name", "Id", "Account.Owner.Name", "Account.Industry") == query.header


def test_children_are_a_column_of_their_own() -> None:
    query = compiled("SELECT Name, (SELECT LastName FROM contacts) FROM Account")
    child = query.columns[1]
    assert isinstance(child, Child)
    assert (["Name:string", ("Contacts", "Contact", ["LastName:string"])]) == shape(query.columns)


def test_a_parent_is_a_column_of_its_own() -> None:
    assert isinstance(compiled("SELECT Account.Name FROM Contact").columns[0], Parent)


def test_aggregates_are_columns_under_their_alias_or_numbered() -> None:
    query = compiled(
        "SELECT StageName, COUNT(Id), SUM(Amount) total, AVG(Amount), MAX(CloseDate), Account.Name FROM Opportunity "
        "GROUP BY StageName, Account.Name"
    )
    expected = [
        "StageName:picklist",
        "expr0:int",
        "total:currency",
        "expr1:double",
        "expr2:date",
        "Name:string",
    ]
    assert ("AggregateResult", expected) == (query.sobject, shape(query.columns))


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("Id", str),
        ("IsClosed", bool),
        ("Amount", float),
        ("CloseDate", date),
        ("CreatedDate", datetime),
        ("Account.NumberOfEmployees", int),
        ("Owner.Name", str),
    ],
)
def test_values_are_pythons(field: str, kind: type) -> None:
    found = values(f"SELECT {field} FROM Opportunity WHERE {field} != null AND AccountId != null")
    assert {kind} == {type(value) for value in found}


def test_moments_are_aware_and_in_utc() -> None:
    assert {timedelta(0)} == {moment.utcoffset() for moment in values("SELECT CreatedDate FROM Case")}


def test_null_is_none_whatever_the_type() -> None:
    found = values("SELECT Email, Birthdate, AccountId FROM Contact WHERE Email = null AND Birthdate = null")
    assert {(None, None)} == {row[:2] for row in found}


def test_a_missing_parent_is_none() -> None:
    found = records("SELECT Account.Name, Account.Owner.Name FROM Contact WHERE AccountId = null")
    assert [None] == list({record.values["Account"] for record in found})


def test_five_levels_up_are_not_too_many() -> None:
    found = records(
        "SELECT ReportsTo.Account.Owner.Manager.Manager.Name FROM Contact WHERE ReportsToId != null LIMIT 1"
    )
    boss = found[0].values["ReportsTo"]
    assert isinstance(boss, Record)
    assert isinstance(boss.values["Account"], Record)


# ------------------------------------------------------------ children


def test_children_are_all_records_that_refer_to_the_parent() -> None:
    for account in records("SELECT Id, (SELECT Id FROM Contacts) FROM Account"):
        children = account.values["Contacts"]
        expected = contacts(lambda each, parent=account.id: each["AccountId"] == parent)  # type: ignore[misc]
        found = {str(child.id) for child in children.records} if isinstance(children, ChildResult) else set()
        assert expected == found


def test_a_parent_without_children_has_none() -> None:
    childless = records(
        "SELECT (SELECT Id FROM Contacts) FROM Account WHERE Id NOT IN (SELECT AccountId FROM Contact) LIMIT 1"
    )
    assert childless[0].values == {"Contacts": None}


def test_a_subquery_has_its_own_conditions_order_and_limit() -> None:
    found = records(
        "SELECT (SELECT LastName, Account.Name FROM Contacts WHERE LastName > 'K' ORDER BY LastName DESC LIMIT 2) "
        "FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE LastName > 'K')"
    )
    assert found
    for account in found:
        children = account.values["Contacts"]
        assert isinstance(children, ChildResult)
        names = [str(child.values["LastName"]) for child in children.records]
        assert children.size == len(names) <= 2
        assert names[-1].lower() <= names[0].lower()


def test_several_subqueries_and_those_of_custom_objects_stand_side_by_side() -> None:
    query = "SELECT Id, (SELECT Id FROM Cases), (SELECT Name FROM Shipments__r), (SELECT Id FROM Opportunities) FROM Account"
    assert ["Id", "Cases", "Shipments__r", "Opportunities"] == list(records(query)[0].values)


def test_a_subquery_in_a_subquery_goes_further_down() -> None:
    query = "SELECT (SELECT (SELECT Id FROM Cases) FROM Contacts) FROM Account"
    found = set(re.findall(r"500\w{15}", repr(records(query))))
    assert ids("ContactId IN (SELECT Id FROM Contact WHERE AccountId != null)", "Case") == found


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


# ------------------------------------------------------------ order, limit, offset


@pytest.mark.parametrize("order", ["", "ASC", "DESC", "desc nulls first", "ASC NULLS FIRST"])
def test_nulls_come_first_whichever_way_it_is_sorted(order: str) -> None:
    names = values(f"SELECT FirstName FROM Contact ORDER BY FirstName {order}")
    assert (None, True) == (names[0], names[-1] is not None)


@pytest.mark.parametrize("order", ["NULLS LAST", "ASC NULLS LAST", "desc nulls last"])
def test_nulls_come_last_where_they_are_to(order: str) -> None:
    names = values(f"SELECT FirstName FROM Contact ORDER BY FirstName {order}")
    assert (None, True) == (names[-1], names[0] is not None)


def test_text_is_sorted_without_case_and_accents() -> None:
    names = list(dict.fromkeys(values("SELECT LastName FROM Contact ORDER BY LastName")))
    expected = ["Moreau", "Müller", "Murphy", "Novák", "Nowak", "O'Neill", "Ødegård", "Okafor", "van der Berg", "Varga"]
    assert expected == [name for name in names if name in expected]


def test_several_orders_apply_one_after_the_other() -> None:
    found = values(
        "SELECT LeadSource, CreatedDate FROM Contact WHERE LeadSource != null ORDER BY LeadSource DESC, CreatedDate"
    )
    assert sorted(sorted(found, key=lambda row: str(row[1])), key=lambda row: str(row[0]), reverse=True) == found


def test_records_that_are_equal_in_order_keep_one_order() -> None:
    query = "SELECT Id FROM Contact ORDER BY HasOptedOutOfEmail"
    whole = values(query)
    assert whole == [row for start in range(0, 400, 50) for row in values(f"{query} LIMIT 50 OFFSET {start}")]


@pytest.mark.parametrize(
    ("page", "expected"), [("LIMIT 0", 0), ("LIMIT 3", 3), ("LIMIT 999999999999999999999999", 400)]
)
def test_a_limit_limits(page: str, expected: int) -> None:
    query = f"SELECT Id FROM Contact {page}"
    assert (expected, expected) == (size(query), len(records(query)))


def test_an_offset_leaves_out_the_first() -> None:
    assert [each.id for each in CONTACTS[390:]] == values("SELECT Id FROM Contact OFFSET 390")


@given(limit=st.integers(0, 450), offset=st.integers(0, 450), batch=st.integers(1, 120))
@settings(max_examples=40, deadline=None)
def test_pages_of_any_size_are_the_whole(limit: int, offset: int, batch: int) -> None:
    query = compiled(f"SELECT Id FROM Contact ORDER BY LastName LIMIT {limit} OFFSET {offset}")
    whole = list(run(query, DATABASE))
    pages, position = [], 0
    while True:
        result = run(query, DATABASE, offset=position)
        page = result.take(batch)
        pages += page
        position = result.position
        if result.done:
            break
    assert (whole, len(whole)) == (pages, run(query, DATABASE).size)


@given(start=st.integers(0, 450))
@settings(max_examples=20, deadline=None)
def test_a_page_is_the_same_with_and_without_the_ones_before_it(start: int) -> None:
    query = compiled("SELECT Id, Name FROM Contact ORDER BY Name DESC")
    with run(query, DATABASE, offset=start) as result:
        assert list(run(query, DATABASE))[start : start + 20] == result.take(20)


def test_what_is_left_of_a_page_is_not_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    query = compiled("SELECT Id FROM Contact ORDER BY Email")
    first = run(query, DATABASE)
    assert len(first.take(100)) == 100
    monkeypatch.setattr(DATABASE, "rows", lambda *_: pytest.fail("looked for again"))
    assert len(run(query, DATABASE, offset=first.position).take(100)) == 100


def test_a_result_that_was_closed_gives_nothing_more() -> None:
    result = run(compiled("SELECT Id FROM Contact"), DATABASE)
    next(result)
    result.close()
    assert list(result) == []


# ------------------------------------------------------------ counting and grouping


def test_count_is_the_size_and_has_no_records() -> None:
    query = compiled("SELECT COUNT() FROM Contact WHERE FirstName = null")
    assert (True, (), len([each for each in CONTACTS if each.values["FirstName"] is None])) == (
        query.counts,
        query.columns,
        run(query, DATABASE).size,
    )
    assert list(run(query, DATABASE)) == []


def test_a_limit_limits_the_count() -> None:
    assert size("SELECT COUNT() FROM Contact LIMIT 7") == 7


def test_aggregates_leave_null_out() -> None:
    amounts = [value for value in values("SELECT Amount FROM Opportunity") if value is not None]
    assert len(amounts) < 160
    found = values(
        "SELECT COUNT(Id), COUNT(Amount), SUM(Amount), AVG(Amount), MIN(Amount), MAX(Amount) FROM Opportunity"
    )
    whole, some, total, average, least, most = found[0]
    assert (160, len(amounts), round(sum(amounts), 2), min(amounts), max(amounts)) == (whole, some, total, least, most)
    assert average == pytest.approx(sum(amounts) / len(amounts))


def test_aggregates_of_nothing_are_null_and_their_count_is_zero() -> None:
    nothing = "SELECT COUNT(Id), SUM(Amount), MAX(Name), MIN(CloseDate) FROM Opportunity WHERE Name = 'nothing'"
    assert [(0, None, None, None)] == values(nothing)


def test_an_aggregate_is_no_record_of_an_object() -> None:
    assert [Record("AggregateResult", None, {"expr0": 400})] == records("SELECT COUNT(Id) FROM Contact")


def test_distinct_values_are_counted_once() -> None:
    stages = set(values("SELECT StageName FROM Opportunity"))
    assert [len(stages)] == values("SELECT COUNT_DISTINCT(StageName) FROM Opportunity")


def test_groups_are_as_many_as_values_and_null_is_one_of_them() -> None:
    sources = [each.values["LeadSource"] for each in CONTACTS]
    expected = {(source, sources.count(source)) for source in sources}
    assert expected == set(values("SELECT LeadSource, COUNT(Id) FROM Contact GROUP BY LeadSource"))


def test_groups_may_be_those_of_a_parents_field() -> None:
    found = dict(values("SELECT Account.Industry, COUNT(Id) FROM Contact GROUP BY Account.Industry"))
    expected = values("SELECT Account.Industry FROM Contact WHERE AccountId != null AND Account.Industry = 'Banking'")
    assert len(expected) == found.get("Banking", 0)
    assert sum(found.values()) == 400


def test_having_chooses_among_the_groups() -> None:
    query = "SELECT LastName, COUNT(Id) n FROM Contact GROUP BY LastName"
    expected = {row for row in values(query) if row[1] > 5 and not row[0].startswith("S")}
    assert expected
    assert expected == set(values(f"{query} HAVING COUNT(Id) > 5 AND (NOT LastName LIKE 'S%')"))


def test_groups_may_be_sorted_by_an_aggregate() -> None:
    found = values(
        "SELECT LastName, COUNT(Id) n FROM Contact GROUP BY LastName ORDER BY COUNT(Id) DESC, LastName LIMIT 9"
    )
    assert sorted(found, key=lambda row: -row[1]) == found


def test_the_size_of_groups_is_their_number() -> None:
    query = "SELECT LeadSource FROM Contact GROUP BY LeadSource"
    assert len(values(query)) == size(query)


# ------------------------------------------------------------ FIELDS


@pytest.mark.parametrize(
    ("kind", "custom"),
    [("ALL", {True, False}), ("standard", {False}), ("Custom", {True})],
    ids=["all", "standard", "custom"],
)
def test_fields_selects_the_fields_of_a_kind(kind: str, custom: set[bool]) -> None:
    found = records(f"SELECT FIELDS({kind}) FROM Shipment__c LIMIT 200")[0]
    assert custom == {name.endswith("__c") for name in found.values}


def test_standard_fields_need_no_limit() -> None:
    assert len(records("SELECT FIELDS(STANDARD) FROM Shipment__c")) == 100


# ------------------------------------------------------------ refusals

_NO_COLUMN = (
    "No such column '{}' on entity '{}'. If you are attempting to use a custom field, be sure to append the '__c' after "
    "the custom field name. Please reference your WSDL or the describe call for the appropriate names."
)
_NO_PARENT = (
    "Didn't understand relationship '{}' in field path. If you are attempting to use a custom relationship, be sure to "
    "append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the "
    "appropriate names."
)

REFUSALS = [
    ("SELECT Id, Foo FROM Contact", "INVALID_FIELD", 12, _NO_COLUMN.format("Foo", "Contact")),
    ("SELECT Id FROM Contact WHERE Foo = 1", "INVALID_FIELD", 30, _NO_COLUMN.format("Foo", "Contact")),
    ("SELECT Id FROM Contact ORDER BY Foo", "INVALID_FIELD", 33, _NO_COLUMN.format("Foo", "Contact")),
    ("SELECT Account.Foo FROM Contact", "INVALID_FIELD", 8, _NO_COLUMN.format("Foo", "Account")),
    ("SELECT COUNT(Foo) FROM Contact", "INVALID_FIELD", 14, _NO_COLUMN.format("Foo", "Contact")),
    ("SELECT Foo.Name FROM Contact", "INVALID_FIELD", 8, _NO_PARENT.format("Foo")),
    ("SELECT Shipment__c.Name FROM Contact", "INVALID_FIELD", 8, _NO_PARENT.format("Shipment__c")),
    ("SELECT Id, (SELECT Foo FROM Contacts) FROM Account", "INVALID_FIELD", 20, _NO_COLUMN.format("Foo", "Contact")),
    (
        "SELECT Id FROM Foo",
        "INVALID_TYPE",
        16,
        "sObject type 'Foo' is not supported. If you are attempting to use a custom object, be sure to append the '__c' "
        "after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
    ),
    (
        "SELECT Id FROM Contact WHERE Id IN (SELECT Id FROM Foo)",
        "INVALID_TYPE",
        52,
        "sObject type 'Foo' is not supported",
    ),
    (
        "SELECT (SELECT Id FROM Foos) FROM Account",
        "INVALID_TYPE",
        24,
        "Didn't understand relationship 'Foos' in FROM part",
    ),
    ("SELECT (SELECT Id FROM Account) FROM Contact", "INVALID_TYPE", 24, "Didn't understand relationship 'Account' in"),
    ("SELECT Id FROM Contact WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", 35, "invalid ID field: x"),
    (
        "SELECT Id FROM Contact WHERE Id LIKE '003%'",
        "INVALID_QUERY_FILTER_OPERATOR",
        30,
        "invalid operator on id field",
    ),
    (
        "SELECT Id FROM Case WHERE IsClosed > true",
        "INVALID_QUERY_FILTER_OPERATOR",
        27,
        "invalid operator on boolean field",
    ),
    (
        "SELECT Id FROM Contact WHERE CreatedDate > '2026-01-01'",
        "INVALID_FIELD",
        44,
        "value of filter criterion for field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes",
    ),
    (
        "SELECT Id FROM Contact WHERE CreatedDate > 2026-01-01",
        "INVALID_FIELD",
        44,
        "must be of type dateTime and should not",
    ),
    ("SELECT Id FROM Contact WHERE Birthdate > 2026-01-01T00:00:00Z", "INVALID_FIELD", 42, "must be of type date and"),
    (
        "SELECT Id FROM Contact WHERE LastName = 5",
        "INVALID_FIELD",
        41,
        "must be of type string and should be enclosed in",
    ),
    (
        "SELECT Id FROM Contact WHERE LastName = TODAY",
        "INVALID_FIELD",
        41,
        "must be of type string and should be enclosed",
    ),
    (
        "SELECT Id FROM Opportunity WHERE Amount = '5'",
        "INVALID_FIELD",
        43,
        "must be of type double and should not be enclosed",
    ),
    (
        "SELECT Id FROM Case WHERE IsClosed = 'true'",
        "INVALID_FIELD",
        38,
        "must be of type boolean and should not be enclosed",
    ),
    (
        "SELECT Id FROM Contact WHERE AccountId = 1",
        "INVALID_FIELD",
        42,
        "must be of type ID and should be enclosed in quotes",
    ),
    (
        "SELECT Id FROM Contact WHERE Description = 'x'",
        "INVALID_FIELD",
        30,
        "field 'Description' can not be filtered in a",
    ),
    (
        "SELECT Id FROM Contact ORDER BY Description",
        "INVALID_FIELD",
        33,
        "field 'Description' can not be sorted in a query",
    ),
    (
        "SELECT COUNT(Id) FROM Contact GROUP BY CreatedDate",
        "INVALID_FIELD",
        40,
        "field 'CreatedDate' can not be grouped in",
    ),
    ("SELECT SUM(LastName) FROM Contact", "INVALID_FIELD", 8, "field LastName does not support aggregate operator SUM"),
    (
        "SELECT Id FROM Contact LIMIT 1 OFFSET 2001",
        "NUMBER_OUTSIDE_VALID_RANGE",
        -1,
        "Maximum SOQL offset allowed is 2000",
    ),
    (
        "SELECT FIELDS(ALL) FROM Contact",
        "MALFORMED_QUERY",
        -1,
        "The SOQL FIELDS function must have a LIMIT of at most 200",
    ),
    (
        "SELECT FIELDS(ALL) FROM Contact LIMIT 201",
        "MALFORMED_QUERY",
        -1,
        "FIELDS function must have a LIMIT of at most 200",
    ),
    ("SELECT FIELDS(SOME) FROM Contact LIMIT 1", "MALFORMED_QUERY", 8, "unexpected token: 'FIELDS'"),
    ("SELECT Id, id FROM Contact", "MALFORMED_QUERY", 12, "duplicate field selected: Id"),
    ("SELECT Account.Name, account.NAME FROM Contact", "MALFORMED_QUERY", 22, "duplicate field selected: Account.Name"),
    ("SELECT Id LastName FROM Contact", "MALFORMED_QUERY", 11, "only aggregate expressions use field aliasing"),
    ("SELECT LastName, COUNT(Id) FROM Contact", "MALFORMED_QUERY", 8, "Field must be grouped or aggregated: LastName"),
    (
        "SELECT LastName FROM Contact GROUP BY FirstName",
        "MALFORMED_QUERY",
        8,
        "Field must be grouped or aggregated: LastName",
    ),
    ("SELECT COUNT(Id) n, COUNT(Name) N FROM Contact", "MALFORMED_QUERY", 33, "duplicate alias: N"),
    (
        "SELECT COUNT(Id) FROM Contact LIMIT 1",
        "MALFORMED_QUERY",
        -1,
        "overall aggregate functions cannot also use LIMIT",
    ),
    ("SELECT COUNT(Id) FROM Contact ORDER BY COUNT(Id)", "MALFORMED_QUERY", -1, "cannot also use ORDER BY"),
    ("SELECT COUNT(), Id FROM Contact", "MALFORMED_QUERY", 8, "COUNT() stands alone"),
    (
        "SELECT (SELECT COUNT(Id) FROM Contacts) FROM Account",
        "MALFORMED_QUERY",
        9,
        "only root queries support aggregate",
    ),
    ("SELECT Id FROM Contact HAVING COUNT(Id) > 1", "MALFORMED_QUERY", -1, "HAVING needs a GROUP BY"),
    ("SELECT Id FROM Contact WHERE COUNT(Id) > 1", "MALFORMED_QUERY", 30, "unexpected token: 'COUNT'"),
    (
        "SELECT CALENDAR_YEAR(CreatedDate) FROM Contact",
        "MALFORMED_QUERY",
        8,
        "no function that this practice org simulates",
    ),
    ("SELECT A.B.C.D.E.F.G FROM Contact", "MALFORMED_QUERY", 8, "cannot have more than 5 levels"),
    (
        "SELECT Id FROM Contact WHERE FirstName = 'a' AND LastName = 'b' OR LastName = 'c'",
        "MALFORMED_QUERY",
        65,
        "unexpected token: 'OR'",
    ),
    (
        "SELECT Id FROM Contact WHERE FirstName = 'a' OR LastName = 'b' AND LastName = 'c'",
        "MALFORMED_QUERY",
        64,
        "unexpected token: 'AND'",
    ),
    ("", "MALFORMED_QUERY", 1, "unexpected token: '<EOF>'"),
    ("SELECT", "MALFORMED_QUERY", 7, "unexpected token: '<EOF>'"),
    ("SELECT Id", "MALFORMED_QUERY", 10, "unexpected token: '<EOF>'"),
    ("SELECT Id FROM Contact WHERE", "MALFORMED_QUERY", 29, "unexpected token: '<EOF>'"),
    ("SELECT * FROM Contact", "MALFORMED_QUERY", 8, "unexpected character: '*'"),
    ("SELECT Id FROM Contact;", "MALFORMED_QUERY", 23, "unexpected character: ';'"),
    ("SELECT Id FROM Contact WHERE LastName = 'x", "MALFORMED_QUERY", 41, "unexpected character: '''"),
    ("SELECT Id FROM Contact WHERE LastName = :name", "MALFORMED_QUERY", 41, "unexpected token: ':'"),
    ("SELECT Id FROM Contact WHERE LastName = FirstName", "MALFORMED_QUERY", 41, "unexpected token: 'FirstName'"),
    ("SELECT Id FROM Contact WHERE LastName = 'a\\q'", "MALFORMED_QUERY", 41, "illegal escape sequence \\q"),
    ("SELECT Id FROM Contact WHERE Birthdate = 2026-02-30", "MALFORMED_QUERY", 42, "Invalid value"),
    ("SELECT Id FROM Contact WHERE CreatedDate = LAST_N_DAYS:x", "MALFORMED_QUERY", 56, "unexpected token: 'x'"),
    (
        "SELECT Id FROM Contact WHERE CreatedDate = LAST_N_DAYS:-1",
        "MALFORMED_QUERY",
        44,
        "unexpected token: 'LAST_N_DAYS'",
    ),
    ("SELECT Id FROM Contact WHERE CreatedDate = LAST_N_YEARS:9999", "MALFORMED_QUERY", 44, "Invalid value"),
    ("SELECT Id FROM Contact LIMIT -1", "MALFORMED_QUERY", 30, "unexpected token: '-1'"),
    ("SELECT Id FROM Contact LIMIT 1.5", "MALFORMED_QUERY", 30, "unexpected token: '1.5'"),
    ("SELECT Id FROM Contact LIMIT 1 ORDER BY Id", "MALFORMED_QUERY", 32, "unexpected token: 'ORDER'"),
    (
        "SELECT Id FROM Contact FOR VIEW",
        "MALFORMED_QUERY",
        28,
        "'VIEW'. It is SOQL, but not simulated by this practice org",
    ),
    ("DELETE FROM Contact", "MALFORMED_QUERY", 1, "unexpected token: 'DELETE'"),
    (
        "SELECT Id FROM Account WHERE Name = 'x' OR Id IN (SELECT AccountId FROM Contact)",
        "MALFORMED_QUERY",
        51,
        "Semi join sub-selects are not allowed with the 'OR' operator",
    ),
    (
        "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE Id IN (SELECT ContactId FROM Case))",
        "MALFORMED_QUERY",
        80,
        "Nesting of semi join sub-selects is not supported",
    ),
    (
        "SELECT Id FROM Account WHERE Id IN (SELECT Id FROM Contact)",
        "INVALID_FIELD",
        44,
        "should point to the same object type",
    ),
    (
        "SELECT Id FROM Account WHERE Id IN (SELECT LastName FROM Contact)",
        "INVALID_FIELD",
        44,
        "should point to the same object type",
    ),
    (
        "SELECT Id FROM Account WHERE "
        + " AND ".join(f"Id IN (SELECT AccountId FROM {each})" for each in ("Contact", "Case", "Opportunity")),
        "MALFORMED_QUERY",
        118,
        "Maximum 2 semi join sub-selects are allowed",
    ),
]


@pytest.mark.parametrize(("text", "code", "column", "message"), REFUSALS, ids=[text[:60] for text, *_ in REFUSALS])
def test_what_cannot_be_answered_is_refused_with_code_place_and_reason(
    text: str, code: str, column: int, message: str
) -> None:
    error = refusal(text)
    assert (code, column, 1 if column > 0 else -1) == (error.code, error.column, error.row)
    assert message in error.message


def test_a_refusal_shows_the_query_with_a_caret_below_the_place_as_salesforce_does() -> None:
    shown = "\nSELECT Id, Foo FROM Contact\n           ^\nERROR at Row:1:Column:12\n"
    assert shown + _NO_COLUMN.format("Foo", "Contact") == refusal("SELECT Id, Foo FROM Contact").message


def test_in_a_query_of_several_lines_the_place_has_its_row() -> None:
    error = refusal("SELECT Id,\n  Foo\nFROM Contact")
    assert (2, 3) == (error.row, error.column)
    assert error.message.startswith("\n  Foo\n  ^\nERROR at Row:2:Column:3\n")


def test_of_a_long_query_only_the_words_around_the_place_are_shown() -> None:
    fields = ", ".join(["LastName", "FirstName", "Email", "Title", "Department"] * 20)
    error = refusal(f"SELECT {fields.replace('Title', 'Titel', 1)} FROM Contact")
    line, caret = error.message.split("\n")[1:3]
    assert len(line) < 140
    assert line[caret.index("^") :].startswith("Titel,")


# ------------------------------------------------------------ no text does harm

TEXTS = st.text(max_size=40)
WORDS = re.findall(
    r"\S+",
    """
    SELECT SELECT FROM FROM WHERE WHERE AND OR NOT IN LIKE GROUP BY HAVING ORDER BY ASC DESC NULLS FIRST LAST LIMIT OFFSET
    COUNT() COUNT(Id) SUM(Amount) MAX(Name) FIELDS(ALL) FIELDS(STANDARD) Id Id Name Name LastName AccountId Account.Name
    Account.Owner.Name Amount CreatedDate CloseDate IsDeleted Description Contact Contact Account Opportunity Contacts Foo
    ( ) ( ) , , = != < >= 'x' '%a_' '\\' 'o\\'b' 5 -1.5 1e400 true null TODAY LAST_N_DAYS:3 2026-01-01
    2026-01-01T00:00:00Z 0001-01-01T00:00:00+14:00 c c.Id . : ; -- /* " ` \\ \n \x00
    """,
)


def harmless(text: str) -> None:
    """A Query that can be run, or a SoqlError."""
    try:
        query = compiled(text)
    except SoqlError:
        return
    result = run(query, DATABASE)
    assert result.size >= len(result.take(3))


@given(st.text())
@settings(deadline=None)
def test_any_text_is_a_query_or_a_refusal(text: str) -> None:
    harmless(text)


@given(st.lists(st.sampled_from(WORDS), max_size=25))
@settings(max_examples=400, deadline=None)
def test_any_words_of_soql_are_a_query_or_a_refusal(words: list[str]) -> None:
    harmless(" ".join(words))


@given(
    st.lists(st.sampled_from(WORDS), max_size=4),
    st.lists(st.sampled_from(WORDS), max_size=6),
    st.lists(st.sampled_from(WORDS), max_size=4),
)
@settings(max_examples=300, deadline=None)
def test_any_words_in_a_query_leave_a_query_or_a_refusal(
    selected: list[str], condition: list[str], rest: list[str]
) -> None:
    harmless(
        f"SELECT Id {' '.join(selected)} FROM Contact WHERE Name != {' '.join(condition)} ORDER BY {' '.join(rest)}"
    )


@given(TEXTS)
@settings(deadline=None)
def test_any_text_in_quotes_reaches_sqlite_unharmed_and_beside_the_sql(text: str) -> None:
    def statement(literal: str) -> Statement:
        return compiled(f"SELECT Id FROM Contact WHERE LastName = {literal} OR LastName > {literal}").statement

    given_text = statement(quoted(text))
    assert ((text, text) if text else ()) == given_text.parameters
    assert given_text.source in {statement(literal).source for literal in ("''", "'x'", "'é'")}


@given(TEXTS)
@settings(deadline=None)
def test_any_text_finds_the_contacts_of_that_name(text: str) -> None:
    assert contacts(lambda c: (c["LastName"]).lower() == text.lower()) == ids(f"LastName = {quoted(text)}")


@given(TEXTS)
@settings(deadline=None)
def test_no_text_in_a_list_finds_other_names(text: str) -> None:
    expected = contacts(lambda c: c["LastName"].lower() in (text.lower(), "tanaka"))
    assert expected == ids(f"LastName IN ({quoted(text)}, 'Tanaka')")


@given(st.one_of(TEXTS, st.text("%_\\'aeñø", max_size=5), st.sampled_from(["ü", "'", "ss", "ñ"])))
@settings(deadline=None)
def test_any_text_can_be_looked_for_within_names(text: str) -> None:
    wanted = quoted(text)[1:-1].replace("%", "\\%").replace("_", "\\_")
    expected = contacts(lambda c: text.lower() in c["Name"].lower())
    assert expected == ids(f"Name LIKE '%{wanted}%'")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"\n\r\t\b\f", "\n\r\t\b\f"),
        (r"\N\R\T\B\F", "\n\r\t\b\f"),
        (r"\"\'\\", "\"'\\"),
        (r"\u00e9\u00E9", "éé"),
        (r"\ud83d\ude42", "🙂"),
        (r"\ud83d alone", "\ufffd alone"),
        (r"50\% \_", "50% _"),
        ("over\ntwo lines", "over\ntwo lines"),
    ],
)
def test_an_escape_means_what_the_reference_says(written: str, meant: str) -> None:
    assert (meant,) == compiled(f"SELECT Id FROM Contact WHERE LastName = '{written}'").statement.parameters


@pytest.mark.parametrize(
    "attack",
    [
        "x' OR 'a' = 'a",
        "x\\' OR Id != null OR LastName = \\'",
        "x'; DROP TABLE Contact; --",
        "' UNION SELECT Id FROM User --",
        "\x00' OR 1=1 --",
    ],
)
def test_no_name_finds_everybody(attack: str) -> None:
    assert ids(f"LastName = {quoted(attack)}") == set()
    assert size("SELECT COUNT() FROM Contact") == 400


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
@settings(max_examples=60, deadline=None)
def test_not_is_the_complement(condition: str) -> None:
    assert EVERYBODY - ids(condition) == ids(f"NOT ({condition})")


@given(TREES, TREES)
@settings(max_examples=60, deadline=None)
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
@settings(max_examples=60, deadline=None)
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
@settings(max_examples=40, deadline=None)
def test_the_groups_together_are_what_the_condition_finds(condition: str, group: str) -> None:
    counts = values(f"SELECT COUNT(Id) FROM Contact WHERE {condition} GROUP BY {group}")
    assert len(ids(condition)) == sum(counts)


# ------------------------------------------------------------ nothing is too much

MUCH = {
    "brackets": "SELECT Id FROM Contact WHERE " + "(" * 20_000 + "Id = null" + ")" * 20_000,
    "nots": "SELECT Id FROM Contact WHERE " + "NOT " * 20_000 + "Id = null",
    "nested": "SELECT Id FROM Contact WHERE "
    + "NOT (Id != null AND (Id != null OR (" * 2_000
    + "Id = null"
    + ")))" * 2_000,
    "open brackets": "SELECT Id FROM Contact WHERE " + "(" * 90_000,
    "subqueries": "SELECT " + "(SELECT " * 9_000,
    "ors": "SELECT Id FROM Contact WHERE " + " OR ".join(["Name = 'x'"] * 6_500),
    "ranges": "SELECT Id FROM Contact WHERE " + " AND ".join(["CreatedDate != TODAY"] * 3_900),
    "values": f"SELECT Id FROM Account WHERE AnnualRevenue IN ({','.join(str(n) for n in range(16_000))})",
    "many values": "SELECT Id FROM Opportunity WHERE "
    + " AND ".join([f"Amount IN ({','.join(str(n) for n in range(100))})"] * 318),
    "digits": "SELECT Id FROM Account WHERE AnnualRevenue < " + "9" * 90_000,
    "a long name": "SELECT " + "x" * 99_000 + " FROM Contact",
    "a long text": "SELECT Id FROM Contact WHERE Name = '" + "x" * 99_000 + "'",
    "a long pattern": "SELECT Id FROM Contact WHERE Name LIKE '" + "x" * 60_000 + "'",
    "a slow pattern": "SELECT Id FROM Contact WHERE Name LIKE '" + "%a%e" * 10_000 + "'",
    "dots": "SELECT " + ".".join(["Owner"] * 10_000) + " FROM Contact",
    "fields": "SELECT " + ", ".join(["Id"] * 20_000) + " FROM Contact",
    "orders": "SELECT Id FROM Contact ORDER BY " + ", ".join(["Id"] * 20_000),
    "groups": "SELECT COUNT(Id) FROM Contact GROUP BY " + ", ".join(["Id"] * 20_000),
    "parents": "SELECT "
    + ", ".join(
        f"{a}.{b}.{c}.{d}.Name"
        for a in ("Owner", "CreatedBy")
        for b in ("Manager", "CreatedBy", "LastModifiedBy")
        for c in ("Manager", "CreatedBy", "LastModifiedBy")
        for d in ("Manager", "CreatedBy", "LastModifiedBy")
    )
    + " FROM Contact",
    "children": "SELECT " + ", ".join(["(SELECT Id FROM Contacts)"] * 3_000) + " FROM Account",
    "lines": "SELECT Id FROM Contact WHERE" + "\n" * 90_000 + "Foo = 1",
    "too long": "SELECT Id FROM Contact" + " " * 100_000,
}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("text", MUCH.values(), ids=MUCH)
def test_too_much_of_anything_is_answered_or_refused_and_does_not_hang(text: str) -> None:
    harmless(text)


@pytest.mark.parametrize(("name", "expected"), [("brackets", 0), ("ors", 0), ("ranges", 374), ("values", 0)])
def test_much_that_is_simple_is_answered(name: str, expected: int) -> None:
    assert expected == size(MUCH[name])


@pytest.mark.parametrize("name", ["nots", "nested", "many values", "a long pattern", "orders", "parents"])
def test_much_that_is_complicated_is_refused(name: str) -> None:
    assert refusal(MUCH[name]).code == "QUERY_TOO_COMPLICATED"


def test_the_parser_is_loaded_with_the_first_query_only() -> None:
    program = """
import sys
from datetime import UTC, datetime
from sfmtls_nb.practice.soql import compile_query
before = "lark" in sys.modules
compile_query("SELECT Id FROM Contact", now=datetime.now(UTC))
print(before, "lark" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.split() == ["False", "True"]
