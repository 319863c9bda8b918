"""zeep, unmodified and strict, with a small WSDL of our own, finds the practice org's messages to be as the WSDL says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from zeep import Client, Settings
from zeep.exceptions import Fault, TransportError, XMLParseError
from zeep.transports import Transport

from sfmtls_nb.practice import PracticeOrg

WSDL = Path(__file__).with_name("partner.wsdl")
BINDING = "{urn:partner.soap.sforce.com}SoapBinding"


class Partner:
    """The API as zeep sees it: signed in, then at the server URL of the login answer."""

    def __init__(
        self, practice: PracticeOrg, user: str, session: requests.Session | None = None, port: str = ""
    ) -> None:
        settings = Settings(strict=True, xml_huge_tree=False)
        self.client = Client(str(WSDL), transport=Transport(session=session or requests.Session()), settings=settings)
        self.login = self.client.service.login(*practice.user(user))
        url = self.login.serverUrl.replace("salesforce.com", f"salesforce.com{port}", 1)
        self.service = self.client.create_service(BINDING, url)
        self.header = {"SessionHeader": {"sessionId": self.login.sessionId}}

    def call(self, name: str, *arguments: str, **headers: Any) -> Any:
        return self.service[name](*arguments, _soapheaders={**self.header, **headers})


@pytest.fixture
def partner(connect_to: PracticeOrg) -> Partner:
    return Partner(connect_to, "standard")


def test_login_gives_the_result_as_the_wsdl_has_it(partner: Partner) -> None:
    assert "standard@practice.example" == partner.login.userInfo.userName


@pytest.fixture
def older_wsdl(tmp_path: Path) -> str:
    """The WSDL without what a GetUserInfoResult of API 37.0 does not have."""
    newer = ("chatterExternal", "orgDefaultCurrencyLocale")
    lines = [line for line in WSDL.read_text().splitlines() if not any(name in line for name in newer)]
    made = tmp_path / "partner-37.wsdl"
    made.write_text("\n".join(lines))
    return str(made)


def test_login_with_an_older_wsdl_works_in_its_version_and_fails_in_a_newer_one(
    connect_to: PracticeOrg, older_wsdl: str
) -> None:
    client = Client(older_wsdl, transport=Transport(session=requests.Session()), settings=Settings(strict=True))
    older, newer = (
        client.create_service(BINDING, f"https://login.salesforce.com/services/Soap/u/{version}.0")
        for version in (37, 64)
    )
    assert "standard@practice.example" == older.login(*connect_to.user("standard")).userInfo.userName
    with pytest.raises(XMLParseError, match="chatterExternal"):
        newer.login(*connect_to.user("standard"))


def test_get_user_info_is_read_strictly(partner: Partner) -> None:
    assert partner.login.userId == partner.call("getUserInfo").userId


def test_a_query_gives_its_records(partner: Partner) -> None:
    assert 3 == len(partner.call("query", "SELECT Id, LastName FROM Contact LIMIT 3").records)


def test_query_more_leads_to_every_record(partner: Partner) -> None:
    page = partner.call("query", "SELECT Id FROM Contact", QueryOptions={"batchSize": 200})
    found = len(page.records)
    while not page.done:
        page = partner.call("queryMore", page.queryLocator)
        found += len(page.records)
    assert page.size == found


def test_query_more_may_change_the_size_of_its_pages(partner: Partner) -> None:
    page = partner.call("query", "SELECT Id FROM Contact", QueryOptions={"batchSize": 300})
    assert 200 == len(partner.call("queryMore", f"{page.queryLocator[:18]}-0", QueryOptions={"batchSize": 200}).records)


def test_a_fault_is_a_fault(partner: Partner) -> None:
    with pytest.raises(Fault, match="MALFORMED_QUERY"):
        partner.call("query", "SELECT FROM Contact")


def test_an_enforced_user_gets_in_on_8443_with_the_certificate(
    connect_to: PracticeOrg, mutual_session: requests.Session
) -> None:
    partner = Partner(connect_to, "enforced", mutual_session, ":8443")
    assert "enforced@practice.example" == partner.call("getUserInfo").userName


def test_an_enforced_user_is_refused_on_443(connect_to: PracticeOrg) -> None:
    with pytest.raises(Fault, match="MUTUAL_AUTHENTICATION_FAILED"):
        Partner(connect_to, "enforced").call("getUserInfo")


def test_an_enforced_user_without_the_certificate_gets_a_page_that_is_no_soap(connect_to: PracticeOrg) -> None:
    with pytest.raises(TransportError, match=r"No client certificate provided|403"):
        Partner(connect_to, "enforced", port=":8443").call("getUserInfo")
