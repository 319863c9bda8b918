"""Four ways: SOAP, REST, Bulk and the one that chooses give the same records, frames and tables."""

from __future__ import annotations

import weakref
from datetime import timedelta
from typing import get_args

import pandas as pd
import pytest
from answers import answer
from bulk_org import Calls, calls_of

from sfmtls_nb import ApiFault, RestFault, SfmtlsError
from sfmtls_nb.frame import Frame
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.query import Api, BulkJob, Progress, QueryResult, auto, bulk_pages, pages
from sfmtls_nb.query.bulk_pages import BulkPages
from sfmtls_nb.values import Column

WAYS: tuple[Api, ...] = get_args(Api)
CONTACTS = "SELECT Id, Name, Birthdate, CreatedDate, HasOptedOutOfEmail, Account.Name, Account.Owner.Name FROM Contact"
QUERIES = [
    "SELECT name, ID, email FROM contact",
    CONTACTS,
    "SELECT Name, Amount, Probability, CloseDate, IsWon FROM Opportunity",
    "SELECT Name, Pieces__c, Weight__c, Shipped_On__c, Delivered_At__c, Account__r.Name FROM Shipment__c",
    "SELECT Name, AnnualRevenue, NumberOfEmployees FROM Account WHERE Name = 'nobody'",
]


@pytest.fixture(params=["with Arrow", "without Arrow"])
def _either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without Arrow":
        monkeypatch.setattr(pages, "has_arrow", lambda: False)


@pytest.fixture(autouse=True)
def _jobs_take_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfmtls_nb.practice.api.jobs._FINISHED", timedelta(0))


@pytest.mark.usefixtures("_either")
@pytest.mark.parametrize("soql", QUERIES)
def test_all_ways_give_the_same_frame(soql: str, calls: Calls, bulk_practice: PracticeOrg) -> None:
    bulk_practice.state.bulk_page = 300
    frames = [calls.session.query(soql, api=api, batch=200).to_frame() for api in WAYS]
    for each in frames[1:]:
        pd.testing.assert_frame_equal(frames[0], each)


@pytest.mark.parametrize("soql", QUERIES)
def test_all_ways_give_the_same_records(soql: str, calls: Calls) -> None:
    soap, *others = (list(calls.session.query(soql, api=api, batch=200)) for api in WAYS)
    assert [soap] * len(others) == others


# ---------------------------------------------------------------- the one that chooses


def test_few_records_come_by_rest_and_it_says_why(calls: Calls) -> None:
    result = calls.session.query(CONTACTS)
    assert ("rest", "by REST: 1,000 records, and a Bulk job is for 50,000 or more") == (result.api, result.why)


def test_many_records_come_by_a_job_and_it_says_why(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto, "MANY", 500)
    result = calls.session.query(CONTACTS, batch=200)
    assert ("bulk", "by a Bulk job: 1,000 records, and REST is for fewer than 500") == (result.api, result.why)
    assert 1000 == len(result.to_frame())


def test_many_records_that_bulk_does_not_take_come_by_rest(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto, "MANY", 10)
    result = calls.session.query("SELECT Name FROM Contact LIMIT 900 OFFSET 50", batch=200)
    assert ("rest", True) == (result.api, "Bulk does not take this query (FEATURENOTENABLED)" in result.why)
    assert result.size == len(result.to_frame())


@pytest.mark.parametrize("soql", ["SELECT COUNT() FROM Contact", CONTACTS])
def test_what_the_first_answer_holds_all_of_needs_no_job(
    soql: str, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auto, "MANY", 500)
    result = calls.session.query(soql)
    assert ("rest", "by REST: its first answer was all of it") == (result.api, result.why)
    assert 1000 == result.size


def test_an_api_version_without_bulk_jobs_goes_by_rest_and_says_so(
    bulk_practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auto, "MANY", 500)
    with calls_of(bulk_practice, version="46.0") as old:
        found = old.session.query("SELECT Id FROM Contact", batch=200)
    assert ("rest", "by REST: 1,000 records, and this API version has no Bulk jobs (NOT_FOUND)") == (
        found.api,
        found.why,
    )


def test_a_job_that_fails_is_followed_by_rest_and_it_says_why(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto, "MANY", 500)
    calls.practice.arm("job-fails")
    found = calls.session.query("SELECT Id FROM Contact", batch=200)
    assert ("rest", 1000) == (found.api, len(found.to_frame()))
    assert "by REST: 1,000 records, and its Bulk job came to nothing (QUERY_TIMEOUT)" == found.why


def test_a_job_that_somebody_aborts_is_not_run_again_by_rest(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto, "MANY", 500)
    calls.practice.arm("job-is-aborted")
    with pytest.raises(RestFault, match="was aborted"):
        calls.session.query("SELECT Id FROM Contact", batch=200)


def test_a_bulk_result_that_was_read_to_its_end_keeps_its_first_page_alone(calls: Calls) -> None:
    found = calls.session.query("SELECT Id FROM Contact", api="bulk")
    found.to_frame()
    last = weakref.ref(found.exchange or found)
    found.exchange = None
    assert last() is None


def test_two_who_go_through_a_bulk_result_at_once_fetch_its_pages_twice_and_no_more(calls: Calls) -> None:
    soql = "SELECT Id FROM Contact"
    found = QueryResult(BulkPages(BulkJob(calls, soql)), soql, calls.session.describe)
    assert 1000 == sum(one == other for one, other in zip(found, found, strict=True))
    # Ten pages each; the lists of their paths are others.
    assert 20 == sum("/results" in each for each in calls.made)


def test_a_way_that_was_asked_for_needs_no_reason(calls: Calls) -> None:
    assert {"soap": "", "rest": "", "bulk": ""} == {api: calls.session.query(CONTACTS, api=api).why for api in WAYS}


def test_a_query_that_is_none_fails_by_each_way_as_the_org_says(calls: Calls) -> None:
    for api in (*WAYS, "auto"):
        with pytest.raises(ApiFault) as caught:
            calls.session.query("SELECT Nothing FROM Contact", api=api)  # type: ignore[arg-type]  # it is one of them
        assert "INVALID_FIELD" == caught.value.code


# ---------------------------------------------------------------- by Bulk


def test_a_job_tells_what_it_will_cost_before_it_begins(calls: Calls) -> None:
    told: list[Progress] = []
    calls.session.query(CONTACTS, api="bulk", progress=told.append).to_frame()
    assert ["fetching", 1000] == [told[-1].state, told[-1].records]
    assert {"JobComplete", "fetching"} <= {each.state for each in told}


def test_a_bulk_result_can_be_gone_through_again(calls: Calls) -> None:
    result = calls.session.query(CONTACTS, api="bulk")
    assert list(result) == list(result)
    assert result.to_frame().equals(result.to_frame())


BODY = b'"Id","Name","Account.Name"\n"001","007","NULL"\n"002","",""\n'
SOQL = "SELECT Id, Name, Account.Name FROM Contact"


def read(body: bytes, records: int, known: tuple[Column, ...] = ()) -> dict[str, list[object]]:
    exchange = answer(body, response_headers={"Sforce-NumberOfRecords": str(records)})
    columns = bulk_pages.read_columns(exchange, known)
    return {
        name: [*getattr(values, "to_pylist", lambda each=values: each)()] for name, values in columns.by_path.items()
    }


KNOWN = (Column("Id", "string"), Column("Name", "string"), Column("Account.Name", "string"))


@pytest.mark.usefixtures("_either")
def test_texts_of_csv_stay_what_they_are() -> None:
    assert {"Id": ["001", "002"], "Name": ["007", None], "Account.Name": ["NULL", None]} == read(BODY, 2, KNOWN)


@pytest.mark.usefixtures("_either")
def test_line_ends_quotes_and_commas_are_text_within_quotes() -> None:
    assert {"Id": ['a"b,c\r\nd'], "Name": ["é"]} == read('"Id","Name"\n"a""b,c\r\nd","é"\n'.encode(), 1)


@pytest.mark.usefixtures("_either")
def test_what_no_column_is_known_of_is_text() -> None:
    assert {"Id": ["1"], "N": ["1.50"], "B": ["true"]} == read(b'"Id","N","B"\n"1","1.50","true"\n', 1)


@pytest.mark.usefixtures("_either")
@pytest.mark.parametrize(("value", "dtype"), [("", "object"), ("007", "string")])
def test_a_column_of_which_nothing_is_known_has_the_type_of_its_values(value: str, dtype: str) -> None:
    exchange = answer(f'"Id","N"\n"1","{value}"\n'.encode(), response_headers={"Sforce-NumberOfRecords": "1"})
    frame = Frame()
    frame.add(bulk_pages.read_columns(exchange, ()))
    assert dtype == str(frame.finished().dtypes["N"])


@pytest.mark.usefixtures("_either")
@pytest.mark.parametrize("body", [b'"Id","Name","Account.Name"\n', b""])
def test_no_records_are_no_rows(body: bytes) -> None:
    assert {} == {name: values for name, values in read(body, 0, KNOWN).items() if values}


@pytest.mark.usefixtures("_either")
@pytest.mark.parametrize(
    ("body", "evidence"),
    [
        (
            BODY.replace(b"Account.Name", b"Account.Nick"),
            "without Account.Name: its columns are Id, Name, Account.Nick",
        ),
        (BODY.replace(b'"",""', b'""'), "a record of 2 values below a header of 3"),
        (BODY.replace(b"007", b"\xff"), "what cannot be read as CSV in UTF-8: 'utf-8' codec"),
        (BODY + b'"003","x","y"\n', "3 records, and says that it has 2"),
    ],
)
def test_a_page_that_is_not_what_was_asked_for_is_refused(body: bytes, evidence: str) -> None:
    with pytest.raises(SfmtlsError, match="not what the query asks for") as caught:
        read(body, 2, KNOWN)
    assert evidence in caught.value.evidence
    assert caught.value.exchange


@pytest.mark.usefixtures("_either")
def test_a_value_that_is_not_of_its_type_stays_text() -> None:
    assert {"Id": ["x"]} == read(b'"Id"\n"x"\n', 1, (Column("Id", "int"),))
