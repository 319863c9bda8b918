"""Query: SOQL by SOAP and REST against the practice org; the records are the same, whichever way they came."""

from __future__ import annotations

import json
import os
import signal
import threading
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

import pandas as pd
import pytest
from answers import answer
from brought import brought
from lxml import etree

from sfmtls_nb import (
    ConnectError,
    NotJsonError,
    NotSoapError,
    Org,
    PasswordLogin,
    QueryResult,
    Request,
    RestFault,
    Session,
    SessionFault,
    SfmtlsError,
    SoapFault,
    login,
)
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.query import Api, DescribeSObjectResult
from sfmtls_nb.query.pages import Page, SentRecord, read_rest_page, read_soap_page

BOTH: tuple[Api, ...] = ("soap", "rest")
EITHER = pytest.mark.parametrize("api", BOTH)
CONTACTS = "SELECT Id, Name FROM Contact"

QUERIES = [
    "SELECT Id FROM Account",
    "SELECT name, ID, email FROM contact",
    "SELECT Name, Account.Name, Account.Owner.Name, Account.NumberOfEmployees FROM Contact",
    "SELECT Name, Birthdate, CreatedDate, HasOptedOutOfEmail, Description FROM Contact",
    "SELECT Name, Amount, Probability, CloseDate, IsWon FROM Opportunity",
    "SELECT Name, Pieces__c, Weight__c, Shipped_On__c, Delivered_At__c, Account__r.Name FROM Shipment__c",
    "SELECT Name, (SELECT Id, LastName, Birthdate FROM Contacts), (SELECT Amount FROM Opportunities) FROM Account",
    "SELECT StageName, COUNT(Id), SUM(Amount) total, MAX(CloseDate), MIN(CreatedDate) FROM Opportunity GROUP BY StageName",
    "SELECT Account.Name, COUNT(Id) c FROM Contact GROUP BY Account.Name",
    "SELECT Industry, AVG(AnnualRevenue), MAX(NumberOfEmployees) most FROM Account GROUP BY Industry",
    "SELECT COUNT() FROM Contact",
    "SELECT FIELDS(ALL) FROM Account LIMIT 50",
    "SELECT a.Name, Account.Phone FROM Account a",
    "SELECT Name, AnnualRevenue, (SELECT Birthdate FROM Contacts) FROM Account WHERE Name = 'nobody'",
]


@pytest.fixture
def mine(own_practice: PracticeOrg) -> Iterator[Session]:
    """A session of an org that the test may change."""
    with login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("standard"))) as session:
        yield session


def where(sobject: str, name: str) -> str:
    """A query for who has this name."""
    return f"SELECT Name FROM {sobject} WHERE Name = '{name}'"  # noqa: S608  # SOQL, which only reads


def calls(practice: PracticeOrg) -> int:
    return practice.state.calls


# ---------------------------------------------------------------- the same either way


@pytest.mark.parametrize("soql", QUERIES)
def test_soap_and_rest_give_the_same_records_in_the_same_order_of_fields(soql: str, session: Session) -> None:
    soap, rest = (list(session.query(soql, api=api, batch=200)) for api in BOTH)
    assert soap == rest
    assert [list(record) for record in soap] == [list(record) for record in rest]


@pytest.mark.parametrize("soql", QUERIES)
def test_soap_and_rest_give_the_same_frame(soql: str, session: Session) -> None:
    soap, rest = (session.query(soql, api=api, batch=200).to_frame() for api in BOTH)
    nested = [name for name in soap if any(isinstance(cell, pd.DataFrame) for cell in soap[name])]
    # Within an address the order differs: SOAP's begins with the coordinates, REST's with the city.
    pd.testing.assert_frame_equal(soap.drop(columns=nested), rest.drop(columns=nested), check_like=True)
    for name in nested:
        for ours, theirs in zip(soap[name], rest[name], strict=True):
            pd.testing.assert_frame_equal(ours, theirs)


def test_soap_and_rest_give_the_same_exploded_frame(session: Session) -> None:
    soql = "SELECT Name, (SELECT Id, LastName, Birthdate FROM Contacts) FROM Account"
    soap, rest = (session.query(soql, api=api).to_frame(explode="Contacts") for api in BOTH)
    pd.testing.assert_frame_equal(soap, rest)


# ---------------------------------------------------------------- records


@EITHER
def test_a_record_is_plain_values_of_their_types(api: Api, session: Session) -> None:
    soql = "SELECT Id, Name, NumberOfEmployees, AnnualRevenue, IsDeleted, CreatedDate FROM Account LIMIT 3"
    types = {tuple(type(value) for value in record.values()) for record in session.query(soql, api=api)}
    assert {str, int, bool, datetime} <= {kind for row in types for kind in row}
    assert {kind for row in types for kind in row} <= {str, int, float, bool, datetime, type(None)}


@EITHER
def test_a_date_is_a_date_and_a_moment_has_its_zone(api: Api, session: Session) -> None:
    [record] = session.query("SELECT CloseDate, CreatedDate FROM Opportunity LIMIT 1", api=api)
    assert (date, UTC) == (type(record["CloseDate"]), record["CreatedDate"].tzinfo)


@EITHER
def test_a_parent_is_a_dict_and_one_that_is_missing_is_none(api: Api, session: Session) -> None:
    parents = {type(record["Account"]) for record in session.query("SELECT Name, Account.Name FROM Contact", api=api)}
    assert {dict, type(None)} == parents


@EITHER
def test_children_are_a_list_and_no_children_an_empty_one(api: Api, session: Session) -> None:
    soql = "SELECT Name, (SELECT LastName FROM Contacts) FROM Account"
    children = [record["Contacts"] for record in session.query(soql, api=api)]
    assert ({list}, True, True) == ({type(each) for each in children}, any(children), not all(children))


@EITHER
@pytest.mark.parametrize(
    ("fields", "names"), [("Name, Id", ["Name", "Id"]), ("Id, Name", ["Id", "Name"]), ("Name", ["Name"])]
)
def test_the_id_is_there_once_where_it_was_selected_and_nothing_else_is(
    fields: str, names: list[str], api: Api, session: Session
) -> None:
    [record] = session.query(f"SELECT {fields} FROM Account LIMIT 1", api=api)  # noqa: S608  # as above
    assert names == list(record)


@EITHER
def test_text_beyond_ascii_arrives_as_it_is(api: Api, session: Session) -> None:
    names = [record["Name"] for record in session.query("SELECT Name FROM Contact", api=api)]
    assert any(not name.isascii() for name in names)
    unicode = next(name for name in names if not name.isascii())
    assert {unicode} == {record["Name"] for record in session.query(where("Contact", unicode), api=api)}


@EITHER
@pytest.mark.parametrize("text", ["a & b = c+d #1 100%41 ?", "<x>", "me@example.org", "日本 ü"])
def test_what_means_something_in_a_url_or_in_xml_is_text_in_a_query(text: str, api: Api, session: Session) -> None:
    result = session.query(where("Account", text), api=api)
    assert (0, []) == (result.size, list(result))


@EITHER
def test_deleted_records_come_only_if_asked_for(api: Api, session: Session) -> None:
    soql = "SELECT Id, IsDeleted FROM Contact"
    without, with_them = (
        {record["IsDeleted"] for record in session.query(soql, api=api, deleted=deleted)} for deleted in (False, True)
    )
    assert ({False}, {False, True}) == (without, with_them)


@EITHER
def test_the_answer_of_a_count_is_its_size(api: Api, session: Session) -> None:
    result = session.query("SELECT COUNT() FROM Contact", api=api)
    size = session.query(CONTACTS, api=api).size
    assert (size, [{"COUNT()": size}]) == (result.size, list(result))


@EITHER
def test_the_answer_of_a_count_is_a_frame_of_one_number(api: Api, session: Session) -> None:
    frame = session.query("SELECT COUNT() FROM Contact", api=api).to_frame()
    assert (["COUNT()"], [400]) == (list(frame.columns), list(frame["COUNT()"]))


# ---------------------------------------------------------------- pages


@EITHER
def test_all_pages_together_are_what_one_page_would_be(api: Api, session: Session) -> None:
    assert list(session.query(CONTACTS, api=api)) == list(session.query(CONTACTS, api=api, batch=200))


@EITHER
def test_a_page_is_asked_for_only_when_it_is_needed(api: Api, mine: Session, own_practice: PracticeOrg) -> None:
    mine.describe("Contact")
    before = calls(own_practice)
    result = mine.query(CONTACTS, api=api, batch=200)
    taken = [calls(own_practice) - before]
    for wanted in (200, 201):
        list(islice(result, wanted))
        taken.append(calls(own_practice) - before)
    assert [1, 1, 2] == taken


@EITHER
def test_a_result_can_be_gone_through_again(api: Api, session: Session) -> None:
    result = session.query(CONTACTS, api=api, batch=200)
    assert list(result) == list(result)


@EITHER
def test_an_sobject_is_described_once_a_session(api: Api, mine: Session, own_practice: PracticeOrg) -> None:
    list(mine.query(CONTACTS, api=api))
    before = calls(own_practice)
    list(mine.query(CONTACTS, api=api))
    assert 1 == calls(own_practice) - before


def test_the_exchange_of_a_result_is_that_of_the_query_and_not_of_a_describe_call(session: Session) -> None:
    result = session.query("SELECT Id FROM Case LIMIT 1", api="soap")
    list(result)
    assert result.exchange
    assert b"queryString" in result.exchange.request.body


@EITHER
def test_an_interrupt_stops_at_once_and_leaves_the_session_usable(
    api: Api, mine: Session, own_practice: PracticeOrg
) -> None:
    result = mine.query(CONTACTS, api=api, batch=200)
    mine.describe("Contact")
    own_practice.arm("delay")
    stop = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    stop.start()
    with pytest.raises(KeyboardInterrupt):
        list(result)
    stop.join()
    assert result.size == len(list(result))


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(("api", "kind"), [("soap", SoapFault), ("rest", RestFault)])
@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
        ("SELECT NoSuch FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM NoSuch", "INVALID_TYPE"),
    ],
)
def test_what_is_wrong_with_a_query_is_the_fault_of_the_api(
    soql: str, code: str, api: Api, kind: type[SfmtlsError], session: Session
) -> None:
    with pytest.raises(kind) as caught:
        session.query(soql, api=api)
    assert code == getattr(caught.value, "code", "")
    assert code.encode() in caught.value.exchange.response_body


@EITHER
def test_a_session_that_cannot_be_renewed_and_ends_between_two_pages_is_a_session_fault(
    api: Api, mine: Session, own_practice: PracticeOrg
) -> None:
    result = brought(mine).query(CONTACTS, api=api, batch=200)
    own_practice.arm("session-expires")
    got: Counter[type] = Counter()
    with pytest.raises(SessionFault):
        got.update(type(record) for record in result)
    assert {dict: 200} == got


@pytest.mark.parametrize(("api", "kind"), [("soap", NotSoapError), ("rest", NotJsonError)])
@pytest.mark.parametrize("failure", [("truncated", "is cut off"), ("html-for-xml", "an HTML page, not")])
def test_a_page_that_is_none_is_named_for_what_it_is_and_not_taken_for_the_end(
    failure: tuple[str, str], api: Api, kind: type[SfmtlsError], mine: Session, own_practice: PracticeOrg
) -> None:
    name, words = failure
    result = mine.query(CONTACTS, api=api, batch=200)
    list(result)
    own_practice.arm(name)
    with pytest.raises(kind, match=words) as caught:
        result.to_frame()
    assert (True, True) == (bool(caught.value.evidence), bool(caught.value.next_step))
    assert result.size == len(list(result))


@EITHER
def test_a_page_that_is_cut_off_on_the_way_is_a_connection_error(
    api: Api, mine: Session, own_practice: PracticeOrg
) -> None:
    own_practice.arm("cut")
    with pytest.raises(ConnectError):
        mine.query(CONTACTS, api=api)


def test_an_api_that_is_none_is_refused_before_anything_is_sent(session: Session, sent: list[Request]) -> None:
    with pytest.raises(SfmtlsError, match="no API 'pigeon'"):
        session.query(CONTACTS, api="pigeon")  # type: ignore[arg-type]  # that is the point
    assert [] == sent


@EITHER
def test_a_query_that_cannot_be_sent_is_refused_before_it_is(api: Api, session: Session) -> None:
    with pytest.raises(SfmtlsError, match="cannot be written as"):
        session.query("SELECT Id FROM Account WHERE Name = '\ud800'", api=api)


@EITHER
def test_no_form_of_a_result_or_of_its_fault_shows_the_session_id(
    api: Api, mine: Session, own_practice: PracticeOrg
) -> None:
    secret = mine.session_id.reveal()[16:]
    result = brought(mine).query(CONTACTS, api=api, batch=200)
    own_practice.arm("session-expires")
    with pytest.raises(SessionFault) as caught:
        list(result)
    shown = [repr(result), repr(result.exchange), repr(caught.value), *traceback.format_exception(caught.value)]
    assert [] == [text for text in shown if secret in text]


def test_a_result_shows_its_size_and_its_query(session: Session) -> None:
    result = session.query("SELECT Id\n  FROM Account LIMIT 1")
    assert "<QueryResult 1 record: SELECT Id FROM Account LIMIT 1>" == repr(result)


# ---------------------------------------------------------------- answers that no practice org gives


class Pages:
    """A source of pages that are here already: the first, and others by what leads to them."""

    api: Api = "soap"
    why = ""

    def __init__(self, first: Page, others: Mapping[str, Page] | None = None) -> None:
        self._first, self._others = first, others or {}

    def first(self) -> Page:
        return self._first

    def in_turn(self, page: Page) -> Iterator[Page]:
        yield page
        while page.more:
            page = self._others[page.more]
            yield page

    def ahead(self, page: Page) -> Iterator[Page]:
        return self.in_turn(page)


def soap(result: str) -> Page:
    names = (
        'xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" '
        'xmlns:sf="urn:sobject.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    )
    body = f"<e:Envelope {names}><e:Body><queryResponse>{result}</queryResponse></e:Body></e:Envelope>"
    return read_soap_page(answer(body.encode()))


def soap_record(fields: str) -> SentRecord:
    records = f'<records xsi:type="sf:sObject"><sf:type>Account</sf:type>{fields}</records>'
    [sent] = soap(f"<result><done>true</done>{records}<size>1</size></result>").records
    return sent


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("<sf:a>1</sf:a>", "1"),
        ("<sf:a/>", ""),
        ('<sf:a xsi:nil="true"/>', None),
        ('<sf:a xsi:type="xsd:int">1</sf:a>', 1),
        ('<sf:a xsi:type="xsd:double">1</sf:a>', 1.0),
        ('<sf:a xsi:type="xsd:double">one</sf:a>', "one"),
        ('<sf:a xsi:type="xsd:date">2026-11-23</sf:a>', date(2026, 11, 23)),
        ("<sf:a><sf:city>Köln</sf:city></sf:a>", {"city": "Köln"}),
    ],
)
def test_a_field_over_soap_is_its_text_unless_it_says_its_type(field: str, value: object) -> None:
    assert {"a": value} == soap_record(field).fields


@pytest.mark.parametrize("result", ["", "<result/>", "<result><done>true</done></result>"])
def test_a_reply_without_a_query_result_is_no_empty_result(result: str) -> None:
    with pytest.raises(NotSoapError, match="no result of a query"):
        soap(result)


@pytest.mark.parametrize(
    "content", [None, [], [{"a": 1}], [1], 5, {}, "x", {"records": []}, {"totalSize": 1, "records": {}}]
)
def test_json_without_a_query_result_is_no_empty_result(content: Any) -> None:
    with pytest.raises(NotJsonError, match="no result of a query"):
        read_rest_page(answer(json.dumps(content).encode()))


def test_children_on_further_pages_are_all_asked_for(session: Session) -> None:
    # The practice org sends all children at once; Salesforce does not.
    def account(children: str) -> str:
        return (
            '<result><done>true</done><records xsi:type="sf:sObject"><sf:type>Account</sf:type>'
            f'<sf:Contacts xsi:type="QueryResult">{children}</sf:Contacts></records><size>1</size></result>'
        )

    def contact(name: str) -> str:
        return f'<records xsi:type="sf:sObject"><sf:type>Contact</sf:type><sf:LastName>{name}</sf:LastName></records>'

    first = soap(account(f"<done>false</done><queryLocator>L</queryLocator>{contact('A')}<size>2</size>"))
    second = soap(f"<result><done>true</done>{contact('B')}<size>2</size></result>")
    soql = "SELECT (SELECT LastName FROM Contacts) FROM Account"
    [record] = QueryResult(Pages(first, {"L": second}), soql, session.describe)
    assert {"Contacts": [{"LastName": "A"}, {"LastName": "B"}]} == record


def test_records_of_an_sobject_that_the_org_does_not_describe_stay_text(session: Session) -> None:
    records = '<records xsi:type="sf:sObject"><sf:type>Hidden</sf:type><sf:N>1</sf:N></records>'
    page = soap(f"<result><done>true</done>{records}<size>1</size></result>")
    assert [{"N": "1"}] == list(QueryResult(Pages(page), "SELECT N FROM Hidden", session.describe))


def test_an_sobject_that_the_org_does_not_describe_is_asked_for_once() -> None:
    asked: list[str] = []

    def describe(sobject: str) -> DescribeSObjectResult:
        asked.append(sobject)
        raise SoapFault("no", code="INVALID_TYPE")

    records = '<records xsi:type="sf:sObject"><sf:type>Hidden</sf:type><sf:N>1</sf:N></records>' * 50
    page = soap(f"<result><done>true</done>{records}<size>50</size></result>")
    result = QueryResult(Pages(page), "SELECT N FROM Hidden", describe)
    assert (50, 50, {"Hidden": 1}) == (len(list(result)), len(list(result)), Counter(asked))


def numbered(count: int, size: int, more: str) -> Page:
    return Page(size, [SentRecord("AggregateResult", {"n": each}) for each in range(count)], more)


@pytest.mark.parametrize(
    ("first", "others"),
    [
        (numbered(2, 9, "A"), {"A": numbered(2, 9, "A")}),
        (numbered(2, 9, "A"), {"A": numbered(2, 9, "B"), "B": numbered(2, 9, "A")}),
        (numbered(2, 3, "A"), {"A": numbered(2, 3, "")}),
        (numbered(2, 1, ""), {}),
        (numbered(1, 3, "A0"), {f"A{each}": numbered(0, 3, f"A{each + 1}") for each in range(99)}),
    ],
    ids=["a locator again", "a circle of two", "too many on two pages", "too many on one page", "empty pages"],
)
def test_a_query_that_goes_round_in_a_circle_ends(first: Page, others: dict[str, Page], session: Session) -> None:
    result = QueryResult(Pages(first, others), "SELECT COUNT(Id) n FROM Account", session.describe)
    with pytest.raises(SfmtlsError, match="round in a circle") as caught:
        list(result)
    assert ("records of" in caught.value.evidence, True) == (True, bool(caught.value.next_step))


def test_a_page_without_records_is_no_circle(session: Session) -> None:
    pages = Pages(numbered(2, 4, "A"), {"A": numbered(0, 4, "B"), "B": numbered(2, 4, "")})
    assert 4 == len(list(QueryResult(pages, "SELECT COUNT(Id) n FROM Account", session.describe)))


def test_the_batch_size_goes_into_the_soap_header(session: Session) -> None:
    result = session.query(CONTACTS, api="soap", batch=300)
    assert result.exchange
    root = etree.fromstring(result.exchange.request.body)
    assert "300" == root.findtext("{*}Header/{*}QueryOptions/{*}batchSize")
