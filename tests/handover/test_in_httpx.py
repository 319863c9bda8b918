"""The session in httpx: certificate and session id to the org's two doors, to others neither."""

from __future__ import annotations

import pickle
import ssl
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from handing import HandedOver, ended
from raw_server import answering, http, server_tls, serving, silence, tunnelling

from sfmtls_nb import ClientIdentity, Org, PasswordLogin, Secret, Session, SfmtlsError, login
from sfmtls_nb.connection import Transport
from sfmtls_nb.handover import in_httpx
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.request import Listener

LIMITS = "/services/data/v64.0/limits"


@pytest.fixture(scope="session")
def tls(practice: PracticeOrg, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server_tls(practice.authority.server, tmp_path_factory.mktemp("tls"))


@pytest.fixture
def source(org: Org, identity: ClientIdentity) -> HandedOver:
    """A session of an org whose server is still to be named."""
    return HandedOver(Transport(org, identity), "", Secret("s3cr3tly"))


def at(source: HandedOver, where: str) -> httpx.Client:
    """The client of a source whose two doors are one raw server."""
    source.transport.org = replace(source.transport.org, mutual_port=int(where.rpartition(":")[2]))
    source.server_url = f"https://{where}/services/Soap/u/64.0"
    return in_httpx(source)


def test_a_path_is_called_on_8443_with_the_certificate(session: Session) -> None:
    with session.httpx_client() as client:
        assert client.get(LIMITS).json()["DailyApiRequests"]["Max"] == 15_000


def test_a_url_of_the_other_door_is_called_there(session: Session, practice: PracticeOrg) -> None:
    with session.httpx_client() as client:
        answer = client.get(f"{practice.api_url}{LIMITS}")
    assert [(403, "MUTUAL_AUTHENTICATION_FAILED")] == [
        (answer.status_code, each["errorCode"]) for each in answer.json()
    ]


def test_a_large_answer_can_be_streamed(session: Session) -> None:
    with session.httpx_client() as client, client.stream("GET", "/services/data/v64.0/sobjects") as answer:
        assert b"Contact" in b"".join(answer.iter_bytes())


def test_another_host_gets_neither_certificate_nor_session_id(
    source: HandedOver, tls: ssl.SSLContext, own_practice: PracticeOrg
) -> None:
    # The other practice org notes which certificate it saw.
    trusted = source.transport.org.ca_file
    both = own_practice.ca_file.read_bytes() + Path(str(trusted)).read_bytes()
    source.transport.org = replace(source.transport.org, ca_file=both)
    with serving(silence, tls) as org, at(source, org) as client:
        answer = client.get(f"{own_practice.mutual_url}{LIMITS}")
    assert (401, []) == (answer.status_code, [each.chain for each in own_practice.events if each.chain])
    assert [Listener.MUTUAL] == [each.listener for each in own_practice.events.where(kind="request")]


def test_a_redirect_elsewhere_goes_without_the_session_id(source: HandedOver, tls: ssl.SSLContext) -> None:
    seen: list[bytes] = []
    with serving(answering(http(), seen=seen), tls) as other:
        redirect = http(b"", f"Location: https://{other}/elsewhere", status="307 Temporary Redirect")
        with serving(answering(redirect, seen=seen), tls) as where, at(source, where) as client:
            client.post("/services/async/64.0/job", content=b"<jobInfo/>", follow_redirects=True)
    assert [2, 0] == [request.count(b"s3cr3tly") for request in seen]


def test_a_session_that_ended_is_renewed_once_and_the_call_repeated(session: Session) -> None:
    source = ended(session, session.session_id)
    gone = source.session_id
    with in_httpx(source) as client:
        assert [200, 200] == [client.get(LIMITS).status_code for _ in range(2)]
    assert [gone] == source.refused


def test_where_there_is_no_renewal_the_refusal_is_the_answer(session: Session) -> None:
    with in_httpx(ended(session)) as client:
        answer = client.get(LIMITS)
    assert [(401, "INVALID_SESSION_ID")] == [(answer.status_code, each["errorCode"]) for each in answer.json()]


def test_another_identity_is_presented_from_the_next_call_on(session: Session) -> None:
    source = HandedOver(session.transport, session.server_url, session.session_id)
    with in_httpx(source) as client:
        answers = [client.get(LIMITS)]
        source.transport = Transport(session.org)
        answers += [client.get(LIMITS)]
        source.transport = session.transport
        answers += [client.get(LIMITS)]
    assert [True, False, True] == ["DailyApiRequests" in each.text for each in answers]


def test_a_server_that_the_org_does_not_vouch_for_is_refused(session: Session) -> None:
    stranger = HandedOver(Transport(replace(session.org, ca_file=None)), session.server_url, session.session_id)
    with in_httpx(stranger) as client, pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        client.get(LIMITS)


def test_the_timeouts_are_the_orgs(source: HandedOver, tls: ssl.SSLContext) -> None:
    source.transport.org = replace(source.transport.org, read_timeout=0.3)
    with serving(silence, tls) as where, at(source, where) as client, pytest.raises(httpx.ReadTimeout):
        client.get("/")


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
        with (
            login(org, PasswordLogin(*practice.user("enforced")), identity) as session,
            session.httpx_client() as client,
        ):
            assert client.get(LIMITS).status_code == 200
    assert f"{acme}:8443".encode() in seen


def test_without_httpx_the_message_says_how_to_install_it(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sfmtls_nb.handover.httpx", raising=False)
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(SfmtlsError, match="pip install httpx"):
        session.httpx_client()


def test_a_client_is_not_pickled(session: Session) -> None:
    with session.httpx_client() as client, pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(client)
