"""Values of records: compound fields, parents that are missing, texts that look like numbers; the same by SOAP and REST."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd
import pytest
from answers import answer, reply_in

from sfmtls_nb.errors import SoapFault
from sfmtls_nb.query import Api, DescribeSObjectResult, Page, QueryResult
from sfmtls_nb.query.pages import read_rest_page, read_soap_page

ORG = {
    "Account": DescribeSObjectResult(
        "Account",
        {
            "Id": "id",
            "Name": "string",
            "BillingAddress": "address",
            "Place__c": "location",
            "Size__c": "double",
            "Phone": "phone",
            "Employees": "int",
        },
        {},
        {"Opportunities": "Opportunity"},
    ),
    "Opportunity": DescribeSObjectResult(
        "Opportunity",
        {"Name": "string", "Amount": "currency", "Phone": "int"},
        {"Account": ("Account",)},
        {},
    ),
    "Task": DescribeSObjectResult(
        "Task", {"Subject": "string"}, {"What": ("Account", "Opportunity"), "Who": (), "Owner": ("User",)}, {}
    ),
}
PARTS = {
    **dict.fromkeys(("city", "country", "countryCode", "geocodeAccuracy"), "string"),
    **dict.fromkeys(("latitude", "longitude"), "Float64"),
    **dict.fromkeys(("postalCode", "state", "stateCode", "street"), "string"),
}
ENVELOPE = (
    '<soapenv:Envelope xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:sobject.partner.soap.sforce.com" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
    '<soapenv:Body><queryResponse><result xsi:type="QueryResult"><done>true</done>%s<size>%d</size></result>'
    "</queryResponse></soapenv:Body></soapenv:Envelope>"
)


@dataclass
class Stored:
    """A source of one page."""

    api: ClassVar[Api] = "soap"
    why: ClassVar[str] = ""

    page: Page

    def first(self) -> Page:
        return self.page

    def in_turn(self, page: Page) -> Iterator[Page]:
        yield page

    def ahead(self, page: Page) -> Iterator[Page]:
        yield page


def described(name: str) -> DescribeSObjectResult:
    if name in ORG:
        return ORG[name]
    raise SoapFault("no such sObject", code="INVALID_TYPE")


def by_rest(sobject: str, *records: Mapping[str, Any]) -> Page:
    sent = [{"attributes": {"type": sobject}, **each} for each in records]
    return read_rest_page(answer(json.dumps({"totalSize": len(sent), "done": True, "records": sent}).encode()))


def soap(sobject: str, *records: str) -> bytes:
    sent = "".join(f'<records xsi:type="sf:sObject"><sf:type>{sobject}</sf:type>{each}</records>' for each in records)
    return (ENVELOPE % (sent, len(records))).encode()


def by_soap(sobject: str, *records: str) -> Page:
    return read_soap_page(answer(soap(sobject, *records)))


def frame(page: Page, soql: str) -> pd.DataFrame:
    return QueryResult(Stored(page), soql, described).to_frame()


def dtypes(found: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in found.dtypes.items()}


# ---------------------------------------------------------------- compound fields

SOME = [
    by_rest("Account", {"BillingAddress": {"city": "Ulm", "latitude": None}}, {"BillingAddress": None}),
    by_soap(
        "Account",
        '<sf:BillingAddress xsi:type="sf:address"><sf:city>Ulm</sf:city><sf:latitude xsi:nil="true"/></sf:BillingAddress>',
        '<sf:BillingAddress xsi:nil="true"/>',
    ),
]


@pytest.mark.parametrize("page", [*SOME, by_rest("Account", {"BillingAddress": None}), by_rest("Account")])
def test_an_address_has_its_parts_as_typed_columns_and_none_of_its_own_name(page: Page) -> None:
    found = frame(page, "SELECT BillingAddress, Name FROM Account")
    assert {**{f"BillingAddress.{part}": dtype for part, dtype in PARTS.items()}, "Name": "string"} == dtypes(found)


@pytest.mark.parametrize("page", SOME)
def test_the_parts_of_an_address_hold_what_the_org_sent(page: Page) -> None:
    assert ["Ulm", pd.NA] == frame(page, "SELECT BillingAddress FROM Account")["BillingAddress.city"].to_list()


def test_a_location_is_two_numbers_also_of_a_parent_and_by_soap() -> None:
    place = '<sf:Place__c xsi:type="sf:location"><sf:latitude>48.4</sf:latitude><sf:longitude>10</sf:longitude></sf:Place__c>'
    parent = f'<sf:Account xsi:type="sf:sObject"><sf:type>Account</sf:type>{place}</sf:Account>'
    found = frame(by_soap("Opportunity", parent), "SELECT Account.Place__c FROM Opportunity")
    assert {"Account.Place__c.latitude": [48.4], "Account.Place__c.longitude": [10.0]} == found.to_dict("list")
    assert {"Float64"} == {*dtypes(found).values()}


def test_the_frame_of_a_reply_has_no_column_of_a_parent_that_is_null_in_some_rows() -> None:
    name = '<sf:Account xsi:type="sf:sObject"><sf:type>Account</sf:type><sf:Name>A</sf:Name></sf:Account>'
    found = reply_in(soap("Contact", '<sf:Account xsi:nil="true"/>', name)).frame()
    assert ["type", "Account.type", "Account.Name"] == list(found)
    assert [None, "A"] == found["Account.Name"].replace({float("nan"): None}).to_list()


def test_the_frame_of_a_reply_has_the_numbers_of_an_address() -> None:
    address = '<sf:Home xsi:type="sf:address"><sf:city>1.000</sf:city><sf:latitude>1.5</sf:latitude></sf:Home>'
    found = reply_in(soap("Contact", address, '<sf:Home xsi:nil="true"/>')).frame()
    assert ("1.000", "Float64") == (found["Home.city"][0], dtypes(found)["Home.latitude"])


# ---------------------------------------------------------------- parents

ALL_NULL = [
    ("SELECT Owner.Name, What.Name, Who.Name FROM Task", ["Owner.Name", "What.Name", "Who.Name"]),
    ("SELECT owner.Name, what.name, WHO.Name FROM Task", ["Owner.Name", "What.Name", "Who.Name"]),
    (
        "SELECT Subject, TYPEOF What WHEN Account THEN Employees WHEN Opportunity THEN Amount ELSE Name END FROM Task",
        ["Subject", "What.Employees", "What.Amount", "What.Name"],
    ),
]


@pytest.mark.parametrize(("soql", "names"), ALL_NULL)
def test_parents_that_are_all_null_are_no_columns_and_their_fields_are(soql: str, names: list[str]) -> None:
    nothing = {"Owner": None, "What": None, "Who": None} if "TYPEOF" not in soql else {"Subject": None, "What": None}
    assert names == list(frame(by_rest("Task", nothing, nothing), soql))


def test_parents_of_an_unknown_sobject_are_no_columns_however_they_are_spelled() -> None:
    assert ["owner.name"] == list(frame(by_rest("Unknown", {"Owner": None}), "SELECT owner.name FROM Unknown"))


def test_the_branches_of_a_typeof_have_the_types_of_their_sobjects() -> None:
    soql = "SELECT TYPEOF What WHEN Account THEN Employees, Phone WHEN Opportunity THEN Amount, Phone END FROM Task"
    found = frame(
        by_rest(
            "Task",
            {"What": {"attributes": {"type": "Account"}, "Employees": 3, "Phone": "1.000"}},
            {"What": {"attributes": {"type": "Opportunity"}, "Amount": 2, "Phone": 1}},
            {"What": None},
        ),
        soql,
    )
    assert {"What.Employees": "Int64", "What.Phone": "object", "What.Amount": "Float64"} == dtypes(found)
    assert ["1.000", 1, None] == found["What.Phone"].to_list()


# ---------------------------------------------------------------- texts that look like numbers


@pytest.mark.parametrize("function", ["FORMAT", "format", "toLabel"])
@pytest.mark.parametrize("alias", ["", " shown"])
def test_a_text_for_people_stays_text(function: str, alias: str) -> None:
    name = alias.strip() or "Size__c"
    soql = f"SELECT {function}(Size__c){alias} FROM Account"  # noqa: S608  # SOQL, which only reads
    for page in (by_rest("Account", {name: "1.000"}), by_soap("Account", f"<sf:{name}>1.000</sf:{name}>")):
        found = frame(page, soql)
        assert ({name: ["1.000"]}, {name: "string"}) == (found.to_dict("list"), dtypes(found))


def test_the_number_itself_beside_it_is_a_number() -> None:
    soql = "SELECT Size__c, FORMAT(Size__c) shown FROM Account"
    found = frame(by_soap("Account", "<sf:Size__c>1000</sf:Size__c><sf:shown>1.000</sf:shown>"), soql)
    assert {"Size__c": [1000.0], "shown": ["1.000"]} == found.to_dict("list")


def test_a_text_for_people_stays_text_in_a_parent_and_in_a_subquery() -> None:
    size = {"attributes": {"type": "Account"}, "Size__c": "1.000"}
    found = frame(by_rest("Opportunity", {"Account": size}), "SELECT FORMAT(Account.Size__c) FROM Opportunity")
    assert {"Account.Size__c": ["1.000"]} == found.to_dict("list")
    child = {"totalSize": 1, "done": True, "records": [{"attributes": {"type": "Opportunity"}, "Amount": "2.000"}]}
    soql = "SELECT (SELECT FORMAT(Amount) FROM opportunities) FROM Account"
    children = frame(by_rest("Account", {"Opportunities": child}), soql)["Opportunities"][0]
    assert {"Amount": ["2.000"]} == children.to_dict("list")


@pytest.mark.parametrize("function", ["MIN", "MAX"])
@pytest.mark.parametrize(
    "soql", ["SELECT %s(Phone) FROM Account", "SELECT %s(Phone) FROM Unknown", "SELECT %s(Phone) FROM Account a, a.B b"]
)
def test_the_least_and_greatest_text_is_text(function: str, soql: str) -> None:
    for page in (
        by_rest("AggregateResult", {"expr0": "1.000"}),
        by_soap("AggregateResult", "<sf:expr0>1.000</sf:expr0>"),
    ):
        found = frame(page, soql % function)
        assert ({"expr0": ["1.000"]}, "string") == (
            found.to_dict("list"),
            dtypes(found)["expr0"].replace("object", "?"),
        )


def test_the_least_number_is_a_number() -> None:
    found = frame(by_soap("AggregateResult", "<sf:expr0>7</sf:expr0>"), "SELECT MIN(Size__c) FROM Account")
    assert {"expr0": [7.0]} == found.to_dict("list")
