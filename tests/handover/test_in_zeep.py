"""The session in zeep, with a WSDL of the user's own: on 8443, with the certificate and the SessionHeader."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
import simple_salesforce
from handing import ended
from raw_server import answering, http, server_tls, serving
from zeep.exceptions import Fault
from zeep.plugins import HistoryPlugin

from sfmtls_nb import Session, SfmtlsError
from sfmtls_nb.handover import in_zeep
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.request import Listener

WSDL = Path(__file__).parents[1] / "peers" / "partner.wsdl"


def test_a_call_by_the_partner_wsdl(session: Session) -> None:
    assert "enforced@practice.example" == session.zeep_client(WSDL).service.getUserInfo().userName


def test_further_headers_go_beside_the_session_header(session: Session) -> None:
    page = session.zeep_client(WSDL).service.query(
        "SELECT Id FROM Contact", _soapheaders={"QueryOptions": {"batchSize": 200}}
    )
    assert 200 == len(page.records)


def test_a_call_by_the_metadata_wsdl_goes_to_its_own_api(session: Session, practice: PracticeOrg) -> None:
    wsdl = Path(simple_salesforce.__file__).with_name("metadata.wsdl")
    practice.events.clear()
    described = session.zeep_client(wsdl).service.describeMetadata(58.0)
    assert ["InboundCertificate"] == [each.xmlName for each in described.metadataObjects]
    (event,) = practice.events.where(kind="request")
    assert (Listener.MUTUAL, 3) == (event.listener, len(event.chain))


def test_a_fault_is_zeeps(session: Session) -> None:
    with pytest.raises(Fault, match="MALFORMED_QUERY"):
        session.zeep_client(WSDL).service.query("SELECT FROM Contact")


def test_a_session_that_ended_is_renewed_for_the_services_that_are_there(session: Session) -> None:
    source = ended(session, session.session_id)
    service = in_zeep(source, WSDL).service
    assert "enforced@practice.example" == service.getUserInfo().userName
    assert len(source.refused) == 1


def test_where_there_is_no_renewal_the_fault_is_zeeps(session: Session) -> None:
    with pytest.raises(Fault, match="INVALID_SESSION_ID"):
        in_zeep(ended(session), WSDL).service.getUserInfo()


def test_neither_its_log_nor_its_history_has_the_session_id(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client, history = session.zeep_client(WSDL), HistoryPlugin()
    client.plugins.append(history)
    client.service.getUserInfo()
    from lxml import etree

    told = caplog.text + etree.tostring(history.last_sent["envelope"]).decode()
    assert ("getUserInfo" in told, False) == (True, session.session_id.reveal() in told)


def test_a_wsdl_on_another_host_is_fetched_without_the_session_id(
    session: Session, practice: PracticeOrg, tmp_path: Path
) -> None:
    seen: list[bytes] = []
    tls = server_tls(practice.authority.server, tmp_path)
    with serving(answering(http(WSDL.read_bytes()), seen=seen), tls) as other:
        client = session.zeep_client(f"https://{other}/partner.wsdl")
    assert "enforced@practice.example" == client.service.getUserInfo().userName
    assert (1, 0) == (len(seen), seen[0].count(session.session_id.reveal().encode()))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"the WSDL cannot be read\n.*No such file"),
        (b"<html>Sign in", "the WSDL cannot be read"),
        (WSDL.read_bytes().replace(b"/services/Soap/", b"/elsewhere/"), "not one of Salesforce's"),
    ],
)
def test_what_is_no_wsdl_of_salesforces_is_told(
    session: Session, tmp_path: Path, content: bytes | None, message: str
) -> None:
    file = tmp_path / "some.wsdl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SfmtlsError, match=message):
        session.zeep_client(file)


def test_without_zeep_the_message_says_how_to_install_it(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sfmtls_nb.handover.zeep", raising=False)
    monkeypatch.setitem(sys.modules, "zeep", None)
    with pytest.raises(SfmtlsError, match="pip install zeep"):
        session.zeep_client(WSDL)
