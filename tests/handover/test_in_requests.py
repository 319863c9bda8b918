"""The session in requests: certificate and session id to the org's two doors, to others neither."""

from __future__ import annotations

import pickle
import socket
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from handing import HandedOver, ended
from raw_server import answering, http, read_request, server_tls, serving, silence, tunnelling

from sfmtls_nb import ClientIdentity, Org, PasswordLogin, Secret, Session, SfmtlsError, login
from sfmtls_nb.connection import Transport
from sfmtls_nb.handover import Source, in_requests
from sfmtls_nb.handover.source import PLACEHOLDER
from sfmtls_nb.practice import PracticeOrg

LIMITS = "/services/data/v64.0/limits"
GETS_USER_INFO = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:p="urn:partner.soap.sforce.com"><e:Header>'
    "<p:SessionHeader><p:sessionId>{}</p:sessionId></p:SessionHeader></e:Header><e:Body><p:getUserInfo/></e:Body></e:Envelope>"
)


@pytest.fixture(scope="session")
def tls(practice: PracticeOrg, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """TLS for a raw server that asks for a certificate, as 8443 does."""
    context = server_tls(practice.authority.server, tmp_path_factory.mktemp("tls"))
    context.load_verify_locations(practice.client.root)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


@pytest.fixture
def source(org: Org, identity: ClientIdentity) -> HandedOver:
    """A session of an org whose server is still to be named."""
    return HandedOver(Transport(replace(org, read_timeout=5), identity), "", Secret("s3cr3tly"))


def at(source: HandedOver, where: str) -> requests.Session:
    """The session of a source whose two doors are one raw server."""
    port = int(where.rpartition(":")[2])
    source.transport.org = replace(source.transport.org, mutual_port=port)
    source.server_url = f"https://{where}/services/Soap/u/64.0"
    return in_requests(source)


# ---------------------------------------------------------------- to the org


def test_a_path_alone_is_called_on_8443_with_the_certificate(session: Session) -> None:
    with session.requests_session() as client:
        assert client.get(LIMITS).json()["DailyApiRequests"]["Max"] == 15_000


def test_a_url_of_the_other_door_is_called_there(session: Session, practice: PracticeOrg) -> None:
    with session.requests_session() as client:
        answer = client.get(f"{practice.api_url}{LIMITS}")
    assert [(403, "MUTUAL_AUTHENTICATION_FAILED")] == [
        (answer.status_code, each["errorCode"]) for each in answer.json()
    ]


@pytest.mark.parametrize("door", ["", ":443", ":8443"])
def test_the_port_443_may_be_written_or_not(practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch, door: str) -> None:
    acme = "acme.my.salesforce.com"
    ports = {
        f"{acme}:443".encode(): urlsplit(practice.api_url).port or 0,
        f"{acme}:8443".encode(): urlsplit(practice.mutual_url).port or 0,
    }
    with serving(tunnelling(ports, [])) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        org = Org(f"https://{acme}", ca_file=practice.ca_file)
        with login(org, PasswordLogin(*practice.user("standard"))) as session:
            assert session.requests_session().get(f"https://{acme}{door}{LIMITS}").status_code == 200


def test_without_an_identity_a_path_alone_is_called_on_443(practice: PracticeOrg, org: Org) -> None:
    with login(org, PasswordLogin(*practice.user("standard"))).requests_session() as client:
        assert urlsplit(practice.api_url).port == urlsplit(client.get(LIMITS).url).port


def test_the_first_bulk_api_gets_the_header_of_its_own(session: Session) -> None:
    job = '<jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload"><operation>query</operation>'
    job += "<object>Contact</object><contentType>CSV</contentType></jobInfo>"
    with session.requests_session() as client:
        answer = client.post("/services/async/64.0/job", data=job, headers={"Content-Type": "application/xml"})
    assert (201, True) == (answer.status_code, "<id>750" in answer.text)


def test_a_header_of_the_users_own_stays(source: HandedOver, tls: ssl.SSLContext) -> None:
    seen: list[bytes] = []
    with serving(answering(http(), seen=seen), tls) as where, at(source, where) as client:
        client.get("/", headers={"Authorization": "OAuth 0ther"})
    assert b"Authorization: OAuth 0ther\r\n" in seen[0]


def test_another_identity_is_presented_from_the_next_call_on(
    source: HandedOver, tls: ssl.SSLContext, identity: ClientIdentity
) -> None:
    presented = []

    def note(connection: socket.socket) -> None:
        assert isinstance(connection, ssl.SSLSocket)
        while read_request(connection):
            presented.append(bool(connection.getpeercert()))
            connection.sendall(http())

    with serving(note, tls) as where, at(source, where) as client:
        client.get("/")
        source.transport = Transport(source.transport.org)
        client.get("/")
        source.transport = Transport(source.transport.org, identity)
        client.get("/")
    assert [True, False, True] == presented


# ---------------------------------------------------------------- and to no other


def test_another_host_gets_neither_certificate_nor_session_id(source: HandedOver, tls: ssl.SSLContext) -> None:
    seen: list[bytes] = []
    certificates: list[Any] = []

    def note(connection: socket.socket) -> None:
        assert isinstance(connection, ssl.SSLSocket)
        certificates.append(connection.getpeercert())
        answering(http(), seen=seen)(connection)

    with serving(silence, tls) as org, serving(note, tls) as other, at(source, org) as client:
        for url in (f"https://{other}/", f"https://{org.partition(':')[0]}.@{other}/", f"//{other}{LIMITS}"):
            client.get(url)
    assert ([None] * 3, False) == ([each or None for each in certificates], b"s3cr3tly" in b"".join(seen))


@pytest.mark.parametrize("status", ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_a_redirect_elsewhere_goes_without_the_session_id(source: HandedOver, tls: ssl.SSLContext, status: str) -> None:
    seen: list[bytes] = []
    with serving(answering(http(), seen=seen), tls) as other:
        redirect = http(b"", f"Location: https://{other}/elsewhere", status=status)
        with serving(answering(redirect, seen=seen), tls) as where, at(source, where) as client:
            client.post("/services/async/64.0/job", data=GETS_USER_INFO.format(PLACEHOLDER))
    assert [3, 0] == [request.count(b"s3cr3tly") for request in seen]


def test_a_redirect_within_the_org_goes_with_it(source: HandedOver, tls: ssl.SSLContext) -> None:
    seen: list[bytes] = []
    answers = iter([http(b"", "Location: /there", status="302 Found"), http(b"there")])

    def behave(connection: socket.socket) -> None:
        answering(next(answers), seen=seen)(connection)

    with serving(behave, tls) as where, at(source, where) as client:
        assert client.get("/here").text == "there"
    assert [1, 1] == [request.count(b"Bearer s3cr3tly") for request in seen]


def test_plain_http_gets_no_session_id(source: HandedOver, tls: ssl.SSLContext) -> None:
    seen: list[bytes] = []
    with serving(silence, tls) as org, serving(answering(http(), seen=seen)) as plain, at(source, org) as client:
        client.get(f"http://{plain}/")
    assert b"s3cr3tly" not in seen[0]


# ---------------------------------------------------------------- renewal


def test_a_session_that_ended_is_renewed_once_and_the_call_repeated(session: Session) -> None:
    source = ended(session, session.session_id)
    gone = source.session_id
    with in_requests(source) as client:
        assert [200, 200] == [client.get(LIMITS).status_code for _ in range(2)]
    assert [gone] == source.refused


def test_a_soap_call_is_renewed_with_the_session_id_in_its_body(session: Session) -> None:
    with in_requests(ended(session, session.session_id)) as client:
        answer = client.post(
            "/services/Soap/u/64.0",
            data=GETS_USER_INFO.format(PLACEHOLDER),
            headers={"Content-Type": "text/xml", "SOAPAction": '""'},
        )
    assert "enforced@practice.example" in answer.text


def test_where_there_is_no_renewal_the_refusal_is_the_answer(session: Session) -> None:
    with in_requests(ended(session)) as client:
        answer = client.get(LIMITS)
    assert [(401, "INVALID_SESSION_ID")] == [(answer.status_code, each["errorCode"]) for each in answer.json()]


def test_a_renewal_that_is_refused_too_is_no_circle(session: Session) -> None:
    source = ended(session, Secret("00D36000000bLGT!also"), Secret("00D36000000bLGT!gone"))
    with in_requests(source) as client:
        assert client.get(LIMITS).status_code == 401
    assert len(source.refused) == 1


def test_another_refusal_renews_nothing(session: Session, practice: PracticeOrg) -> None:
    source = HandedOver(session.transport, session.server_url, session.session_id)
    with in_requests(source) as client:
        assert client.get(f"{practice.api_url}{LIMITS}").status_code == 403
    assert [] == source.refused


def test_a_refusal_that_quotes_the_code_renews_nothing(session: Session) -> None:
    source = HandedOver(session.transport, session.server_url, session.session_id)
    with in_requests(source) as client:
        asked = 'SELECT Id FROM Contact WHERE "errorCode":"INVALID_SESSION_ID" <exceptionCode>INVALID_SESSION_ID'
        assert client.get("/services/data/v64.0/query", params={"q": asked}).status_code == 400
    assert [] == source.refused


def test_a_body_that_can_be_sent_only_once_is_not_repeated(session: Session) -> None:
    source = ended(session, session.session_id)
    with in_requests(source) as client:
        assert client.post("/services/data/v64.0/jobs/query", data=iter([b"{}"])).status_code == 401
    assert [] == source.refused


# ---------------------------------------------------------------- trust, time and the environment


def test_a_server_that_the_org_does_not_vouch_for_is_refused(session: Session) -> None:
    stranger = HandedOver(Transport(replace(session.org, ca_file=None)), session.server_url, session.session_id)
    with (
        in_requests(stranger) as client,
        pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.get(LIMITS)


@pytest.mark.parametrize("setting", [{"verify": False}, {"verify": "/tmp/roots.pem"}, {"cert": "mine.pem"}])  # noqa: S108
def test_neither_verification_nor_certificate_can_be_set_for_a_call(session: Session, setting: dict[str, Any]) -> None:
    with session.requests_session() as client, pytest.raises(SfmtlsError, match="nothing turns verification off"):
        client.get(LIMITS, **setting)


def test_neither_can_be_set_on_the_session_nor_past_its_settings(session: Session) -> None:
    with session.requests_session() as client:
        prepared = client.prepare_request(requests.Request("GET", session.org.endpoint(session.server_url, 8443)))
        with pytest.raises(SfmtlsError, match="nothing turns verification off"):
            client.send(prepared, verify=False)
        client.verify = False
        with pytest.raises(SfmtlsError, match="nothing turns verification off"):
            client.get(LIMITS)


def test_the_usual_timeouts_are_the_orgs(source: HandedOver, tls: ssl.SSLContext) -> None:
    source.transport.org = replace(source.transport.org, read_timeout=0.3)
    with serving(silence, tls) as where, at(source, where) as client, pytest.raises(requests.exceptions.ReadTimeout):
        client.get("/", timeout=None)


@pytest.mark.parametrize("timeout", [0.3, (5, 0.3), (None, 0.3)])
def test_other_timeouts_may_be_given(source: HandedOver, tls: ssl.SSLContext, timeout: Any) -> None:
    with serving(silence, tls) as where, at(source, where) as client, pytest.raises(requests.exceptions.ReadTimeout):
        client.get("/", timeout=timeout)


def test_neither_netrc_nor_other_roots_are_taken_from_the_environment(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine localhost login me password p455w0rd\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    with session.requests_session() as client:
        assert client.get(LIMITS).status_code == 200


def test_a_proxy_of_the_environment_is_passed_with_the_certificate(
    practice: PracticeOrg, identity: ClientIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = "acme.my.salesforce.com"
    ports = {
        f"{acme}:443".encode(): urlsplit(practice.api_url).port or 0,
        f"{acme}:8443".encode(): urlsplit(practice.mutual_url).port or 0,
    }
    seen: list[bytes] = []
    with serving(tunnelling(ports, seen)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        org = Org(f"https://{acme}", ca_file=practice.ca_file)
        with login(org, PasswordLogin(*practice.user("enforced")), identity) as session:
            assert session.requests_session().get(LIMITS).status_code == 200
    assert f"{acme}:8443".encode() in seen


# ---------------------------------------------------------------- what cannot be


def test_a_session_id_that_no_header_can_have_is_not_quoted(session: Session) -> None:
    source: Source = HandedOver(session.transport, session.server_url, Secret("s3cr3tly\nX: y"))
    with (
        in_requests(source) as client,
        pytest.raises(SfmtlsError, match="cannot stand in the Authorization header") as refused,
    ):
        client.get(LIMITS)
    assert "s3cr3tly" not in str(refused.value)


def test_a_session_is_not_pickled(session: Session) -> None:
    with session.requests_session() as client, pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(client)
