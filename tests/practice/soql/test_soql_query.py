"""What queries find, in which columns and which order: records, parents, children, groups, pages."""

# ruff: noqa: S608  # what looks like SQL is SOQL

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from asking import CONTACTS, DATABASE, compiled, contacts, ids, records, size, values
from hypothesis import given, settings
from hypothesis import strategies as st

from sfmtls_nb.practice.soql import run
from sfmtls_nb.practice.soql.records import Child, ChildResult, Parent, Record, Selected, SelectedField

ARTICLE = "SELECT Id, FirstName, LastName, Account.Name FROM Contact WHERE AccountId != NULL ORDER BY CreatedDate DESC LIMIT 5"


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
        f"{each.name}:{each.type}"
        if isinstance(each, SelectedField)
        else (each.name, each.sobject, shape(each.columns))
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
    subquery = (
        "SELECT CreatedDate, LeadSource FROM Contacts WHERE LeadSource != 'Web' ORDER BY CreatedDate DESC LIMIT 2"
    )
    children = [record.values["Contacts"] for record in records(f"SELECT ({subquery}) FROM Account")]
    found = [
        [(child.values["CreatedDate"], child.values["LeadSource"]) for child in each.records]
        for each in children
        if isinstance(each, ChildResult)
    ]
    assert {1, 2} == {len(each) for each in found}
    assert found == [sorted(each, reverse=True) for each in found]
    assert "Web" not in {source for each in found for _, source in each}


def test_several_subqueries_and_those_of_custom_objects_stand_side_by_side() -> None:
    query = "SELECT Id, (SELECT Id FROM Cases), (SELECT Name FROM Shipments__r), (SELECT Id FROM Opportunities) FROM Account"
    assert ["Id", "Cases", "Shipments__r", "Opportunities"] == list(records(query)[0].values)


def test_a_subquery_in_a_subquery_goes_further_down() -> None:
    query = "SELECT (SELECT (SELECT Id FROM Cases) FROM Contacts) FROM Account"
    found = set(re.findall(r"500\w{15}", repr(records(query))))
    assert ids("ContactId IN (SELECT Id FROM Contact WHERE AccountId != null)", "Case") == found


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
@settings(max_examples=40)
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
@settings(max_examples=20)
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
