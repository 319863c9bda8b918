"""simple-salesforce, unmodified, finds the practice org to be Salesforce."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
)
from zeep.exceptions import Fault

from sfmtls_nb.practice import PracticeOrg


def signed_in(practice: PracticeOrg, user: str = "standard", **options: Any) -> Salesforce:
    username, password = practice.user(user)
    return Salesforce(username=username, password=password, security_token="", version="64.0", **options)


@pytest.fixture
def client(connect_to: PracticeOrg) -> Salesforce:
    return signed_in(connect_to)


def test_signing_in_by_password(client: Salesforce) -> None:
    assert "na30.salesforce.com" == client.sf_instance


def test_signing_in_with_a_wrong_password_is_refused(connect_to: PracticeOrg) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        Salesforce(username=connect_to.user("standard").username, password="wrong", security_token="")


def test_signing_in_by_jwt_bearer(connect_to: PracticeOrg) -> None:
    oauth = connect_to.description()["oauth"]
    client = Salesforce(
        username=oauth["username"], consumer_key=oauth["consumer_key"], privatekey_file=oauth["jwt_key"]
    )
    assert 0 < client.query("SELECT COUNT() FROM Contact")["totalSize"]


def test_signing_in_by_client_credentials(connect_to: PracticeOrg) -> None:
    oauth = connect_to.description()["oauth"]
    client = Salesforce(
        consumer_key=oauth["consumer_key"], consumer_secret=oauth["consumer_secret"], domain="practice.my"
    )
    assert 0 < client.query("SELECT COUNT() FROM Contact")["totalSize"]


def test_reading_a_query_with_a_parent(client: Salesforce) -> None:
    found = client.query(
        "SELECT Id, FirstName, LastName, Account.Name FROM Contact WHERE AccountId != NULL "
        "ORDER BY CreatedDate DESC LIMIT 5"
    )
    assert [True] * 5 == [bool(record["Account"]["Name"]) for record in found["records"]]


def test_reading_query_all_follows_every_page(client: Salesforce) -> None:
    total = client.query("SELECT COUNT() FROM Contact")["totalSize"]
    client.headers["Sforce-Query-Options"] = "batchSize=200"
    assert total == len(client.query_all("SELECT Id FROM Contact")["records"])


def test_reading_a_record_by_its_id(client: Salesforce) -> None:
    first = client.query("SELECT Id, LastName FROM Contact LIMIT 1")["records"][0]
    assert first["LastName"] == client.Contact.get(first["Id"])["LastName"]


def test_reading_a_description(client: Salesforce) -> None:
    assert "LastName" in [field["name"] for field in client.Contact.describe()["fields"]]


def test_reading_the_description_of_everything(client: Salesforce) -> None:
    assert "Contact" in [sobject["name"] for sobject in client.describe()["sobjects"]]


def test_reading_a_bulk_query(client: Salesforce) -> None:
    total = client.query("SELECT COUNT() FROM Contact")["totalSize"]
    pages = client.bulk2.Contact.query("SELECT Id, LastName, Account.Name FROM Contact")
    assert total == sum(len(list(csv.DictReader(io.StringIO(page, newline="")))) for page in pages)


def test_reading_a_query_of_the_first_bulk_api_which_it_sends_in_json(client: Salesforce) -> None:
    found = client.bulk.Contact.query("SELECT Id, LastName, Account.Name FROM Contact LIMIT 20")
    assert ([["Id", "LastName"]] * 20) == [[name for name in ("Id", "LastName") if record[name]] for record in found]


def test_reading_a_search(client: Salesforce) -> None:
    found = client.search("FIND {an} IN ALL FIELDS RETURNING Contact(Id, Name)")["searchRecords"]
    assert {"Contact"} == {record["attributes"]["type"] for record in found}


def test_reading_the_limits(client: Salesforce) -> None:
    assert 15_000 == client.limits()["DailyApiRequests"]["Max"]


def test_reading_a_malformed_query_is_said_to_be_one(client: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="MALFORMED_QUERY"):
        client.query("SELECT FROM Contact")


def test_reading_writing_is_refused(client: Salesforce) -> None:
    with pytest.raises(Exception, match=r"read-only|METHOD_NOT_ALLOWED"):
        client.Contact.create({"LastName": "Nobody"})


def test_reading_a_session_that_ended_is_renewed_by_the_library_itself(
    client: Salesforce, connect_to: PracticeOrg
) -> None:
    ended = client.session_id
    connect_to.state.close_session(ended)
    client.query("SELECT Id FROM Contact LIMIT 1")
    assert ended != client.session_id


def test_mutual_authentication_lets_an_enforced_user_in_on_8443_with_the_certificate(
    connect_to: PracticeOrg, mutual_session: requests.Session
) -> None:
    session_id = signed_in(connect_to, "enforced").session_id
    client = Salesforce(instance="na30.salesforce.com:8443", session_id=session_id, session=mutual_session)
    assert 0 < client.query("SELECT COUNT() FROM Contact")["totalSize"]


def test_mutual_authentication_refuses_an_enforced_user_on_443(connect_to: PracticeOrg) -> None:
    with pytest.raises(SalesforceRefusedRequest, match="MUTUAL_AUTHENTICATION_FAILED"):
        signed_in(connect_to, "enforced").query("SELECT COUNT() FROM Contact")


def test_mutual_authentication_gets_the_page_on_8443_without_the_certificate(connect_to: PracticeOrg) -> None:
    session_id = signed_in(connect_to, "enforced").session_id
    client = Salesforce(instance="na30.salesforce.com:8443", session_id=session_id)
    with pytest.raises(Exception, match=r"No client certificate provided|Expecting value"):
        client.query("SELECT COUNT() FROM Contact")


def test_metadata_of_what_is_uploaded_is_listed_and_read(client: Salesforce, connect_to: PracticeOrg) -> None:
    metadata = client.mdapi
    listed = metadata.list_metadata([metadata.ListMetadataQuery(type="InboundCertificate")])
    assert ["InboundCertificate"] == [each.xmlName for each in metadata.describe_metadata().metadataObjects]
    read = [metadata.InboundCertificate.read([each.fullName]).serialId for each in listed]
    assert [str(leaf.serial_number) for leaf in connect_to.state.uploaded_leaves] == read


def test_metadata_of_another_type_is_refused(client: Salesforce) -> None:
    with pytest.raises(Fault, match="INVALID_TYPE: Unknown type:CustomObject"):
        client.mdapi.CustomObject.read(["Account"])
