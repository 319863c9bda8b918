"""The session in simple-salesforce: all that it calls is called on 8443 with the certificate."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from handing import ended
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession, SalesforceMalformedRequest
from zeep.exceptions import Fault

from sfmtls_nb import Session, SfmtlsError
from sfmtls_nb.handover import in_simple_salesforce
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.request import Answer, Listener, Request


@pytest.fixture
def client(session: Session) -> Any:
    return session.simple_salesforce()


def test_a_query(client: Any) -> None:
    assert 0 < client.query("SELECT COUNT() FROM Contact")["totalSize"]


def test_a_query_over_several_pages(client: Any) -> None:
    total = client.query("SELECT COUNT() FROM Contact")["totalSize"]
    client.headers["Sforce-Query-Options"] = "batchSize=200"
    assert total == len(client.query_all("SELECT Id FROM Contact")["records"])


def test_a_malformed_query_is_said_to_be_one(client: Any) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="MALFORMED_QUERY"):
        client.query("SELECT FROM Contact")


def test_a_description(client: Any) -> None:
    assert "LastName" in [field["name"] for field in client.Contact.describe()["fields"]]


def test_a_record(client: Any) -> None:
    first = client.query("SELECT Id, LastName FROM Contact LIMIT 1")["records"][0]
    assert first["LastName"] == client.Contact.get(first["Id"])["LastName"]


def test_the_first_bulk_api(client: Any) -> None:
    assert 20 == len(client.bulk.Contact.query("SELECT Id FROM Contact LIMIT 20", wait=0.1))


def test_the_second_bulk_api(client: Any) -> None:
    total = client.query("SELECT COUNT() FROM Contact")["totalSize"]
    pages = client.bulk2.Contact.query("SELECT Id FROM Contact", wait=0.1)
    assert total == sum(len(page.splitlines()) - 1 for page in pages)


def test_what_is_uploaded_in_setup_by_the_metadata_api(client: Any, practice: PracticeOrg) -> None:
    listed = client.mdapi.list_metadata([client.mdapi.ListMetadataQuery(type="InboundCertificate")])
    assert len(practice.state.uploaded_leaves) == len(listed)


# The practice org has no Apex, and little metadata: what is seen is with which certificate they are asked for.
CALLS: dict[str, Callable[[Any], Any]] = {
    "apex": lambda client: client.apexecute("Anything"),
    "tooling": lambda client: client.toolingexecute("query?q=SELECT+Id+FROM+ApexClass"),
    "metadata by zeep": lambda client: client.mdapi.CustomObject.describe(),
    "metadata of a type": lambda client: client.mdapi.CustomObject.read(["Account"]),
    "deploy": lambda client: client.deploy(__file__, sandbox=True),
    "deploy's status": lambda client: client.checkDeployStatus("0Af000000000000"),
}


@pytest.mark.parametrize("call", CALLS)
def test_what_the_practice_org_does_not_have_is_asked_for_with_the_certificate(
    client: Any, practice: PracticeOrg, call: str
) -> None:
    practice.events.clear()
    with pytest.raises((SalesforceError, Fault)):
        CALLS[call](client)
    (event,) = practice.events.where(kind="request")
    assert (Listener.MUTUAL, 3) == (event.listener, len(event.chain))


def test_metadata_calls_have_the_session_id_in_their_header(
    session: Session, practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies: list[bytes] = []
    answer = practice._router.answer

    def note(request: Request, ports: Mapping[Listener, int]) -> Answer:
        bodies.append(request.body)
        return answer(request, ports)

    monkeypatch.setattr(practice._router, "answer", note)
    client = session.simple_salesforce()
    for call in ("metadata by zeep", "deploy", "deploy's status"):
        with pytest.raises((SalesforceError, Fault)):
            CALLS[call](client)
    assert [1, 1, 1] == [body.count(session.session_id.reveal().encode()) for body in bodies]


def test_a_session_that_ended_is_renewed_in_all_of_it(session: Session) -> None:
    source = ended(session, session.session_id)
    client = in_simple_salesforce(source)
    assert 20 == len(client.bulk.Contact.query("SELECT Id FROM Contact LIMIT 20", wait=0.1))
    source.session_id, source.ids = ended(session).session_id, iter([session.session_id])
    assert 0 < client.query("SELECT COUNT() FROM Contact")["totalSize"]
    assert len(source.refused) == 2


def test_where_there_is_no_renewal_it_says_so_itself(session: Session) -> None:
    with pytest.raises(SalesforceExpiredSession, match="INVALID_SESSION_ID"):
        in_simple_salesforce(ended(session)).query("SELECT Id FROM Contact")


def test_its_session_id_is_a_placeholder(client: Any, session: Session) -> None:
    assert session.session_id.reveal() not in f"{client.session_id}{client.headers}{client.Contact.session_id}"


def test_without_simple_salesforce_the_message_says_how_to_install_it(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "sfmtls_nb.handover.simple_salesforce", raising=False)
    monkeypatch.setitem(sys.modules, "simple_salesforce", None)
    with pytest.raises(SfmtlsError, match="pip install simple-salesforce"):
        session.simple_salesforce()
