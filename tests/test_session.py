"""Session: the calls that can be made with a login, through both doors, with and without the certificate."""

from __future__ import annotations

import ssl
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from raw_server import server_tls, serving, silence
from tracebacks import shown_with_locals

from sfmtls_nb import (
    ApiFault,
    CallTimeout,
    CertificatePageError,
    ClientIdentity,
    ConnectError,
    HandshakeError,
    MutualAuthenticationFault,
    NotJsonError,
    NotSoapError,
    Org,
    OrgError,
    PasswordLogin,
    Request,
    RestFault,
    Secret,
    Session,
    SessionFault,
    SfmtlsError,
    SoapFault,
    login,
)
from sfmtls_nb.access import Access
from sfmtls_nb.api import parse_typed, read_json, read_reply
from sfmtls_nb.connection import Transport
from sfmtls_nb.org import Port
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.mutual import Authority, Issued


@pytest.fixture
def standard(practice: PracticeOrg, org: Org) -> Session:
    """The session of a user who is not enforced, without a certificate."""
    return login(org, PasswordLogin(*practice.user("standard")))


def port_of(url: str) -> int:
    return urlsplit(url).port or 443


# ---------------------------------------------------------------- the two doors


def test_with_the_certificate_on_8443_the_enforced_user_gets_data(session: Session) -> None:
    assert session.get_user_info().text(".//userName") == "enforced@practice.example"


def test_without_the_certificate_on_8443_the_answer_is_the_page(session: Session) -> None:
    with pytest.raises(CertificatePageError) as caught:
        session.soap("getUserInfo", certificate=False)
    assert caught.value.reason == "No client certificate provided."


def test_on_443_the_answer_is_the_fault(session: Session) -> None:
    with pytest.raises(MutualAuthenticationFault) as caught:
        session.soap("getUserInfo", port=443)
    assert caught.value.code == "MUTUAL_AUTHENTICATION_FAILED"


@pytest.mark.parametrize("port", [443, 8443])
def test_a_user_who_is_not_enforced_needs_no_certificate(port: Port, standard: Session) -> None:
    assert standard.soap("getUserInfo", port=port).text(".//userName") == "standard@practice.example"


def test_with_an_identity_calls_go_to_8443(session: Session, practice: PracticeOrg) -> None:
    assert port_of(practice.mutual_url) == port_of(session.get_user_info().exchange.request.url)


def test_without_one_they_go_to_443(standard: Session, practice: PracticeOrg) -> None:
    assert port_of(practice.api_url) == port_of(standard.get_user_info().exchange.request.url)


def test_an_identity_can_be_put_on_later(practice: PracticeOrg, org: Org, identity: ClientIdentity) -> None:
    session = login(org, PasswordLogin(*practice.user("enforced")))
    assert session.with_identity(identity).get_user_info().text(".//userName") == "enforced@practice.example"


def test_an_identity_can_be_taken_off(session: Session) -> None:
    with pytest.raises(MutualAuthenticationFault):
        session.with_identity(None).get_user_info()


# ---------------------------------------------------------------- certificates that do not do


def identity_of(leaf: Issued, *issuers: Issued) -> ClientIdentity:
    return ClientIdentity.load(leaf.key_pem, leaf.certificate_pem, *(issuer.certificate_pem for issuer in issuers))


def another_authority(_authority: Authority) -> ClientIdentity:
    client = Authority(["localhost"]).client
    return identity_of(client.leaf, *client.intermediates)


def no_intermediate(authority: Authority) -> ClientIdentity:
    return identity_of(authority.client.leaf)


def only_the_nearer_intermediate(authority: Authority) -> ClientIdentity:
    return identity_of(authority.client.leaf, authority.client.intermediates[0])


def for_servers(authority: Authority) -> ClientIdentity:
    issuing, policy = authority.client.intermediates
    return identity_of(authority.issue("x", issuing, purposes=[ExtendedKeyUsageOID.SERVER_AUTH]), issuing, policy)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (another_authority, "unable to get local issuer certificate"),
        (no_intermediate, "unable to get local issuer certificate"),
        (only_the_nearer_intermediate, "unable to get local issuer certificate"),
        (for_servers, "unsuitable certificate purpose"),
    ],
)
@pytest.mark.parametrize("user", ["standard", "enforced"])
def test_a_chain_that_is_not_valid_gets_the_page_whoever_asks(
    make: Callable[[Authority], ClientIdentity], reason: str, user: str, practice: PracticeOrg, org: Org
) -> None:
    session = login(org, PasswordLogin(*practice.user(user)), make(practice.authority))
    with pytest.raises(CertificatePageError) as caught:
        session.get_user_info()
    assert reason == caught.value.reason


def test_a_valid_leaf_that_is_not_uploaded_is_not_enough_for_an_enforced_user(practice: PracticeOrg, org: Org) -> None:
    issuing, policy = practice.authority.client.intermediates
    leaf = practice.authority.issue("x", issuing, purposes=[ExtendedKeyUsageOID.CLIENT_AUTH])
    session = login(org, PasswordLogin(*practice.user("enforced")), identity_of(leaf, issuing, policy))
    with pytest.raises(MutualAuthenticationFault):
        session.get_user_info()


def test_the_same_leaf_is_enough_once_it_is_uploaded(own_practice: PracticeOrg) -> None:
    issuing, policy = own_practice.authority.client.intermediates
    leaf = own_practice.authority.issue("x", issuing, purposes=[ExtendedKeyUsageOID.CLIENT_AUTH])
    own_practice.state.uploaded_leaves.append(leaf.certificate)
    org, me = Org(**own_practice.endpoints), identity_of(leaf, issuing, policy)
    with login(org, PasswordLogin(*own_practice.user("enforced")), me) as session:
        assert session.get_user_info().text(".//userName") == "enforced@practice.example"


@pytest.mark.parametrize("certificate", [True, False])
def test_a_strict_listener_decides_inside_tls(
    certificate: bool,  # a row of a table
    session: Session,
    practice: PracticeOrg,
    org: Org,
    identity: ClientIdentity,
) -> None:
    strict = replace(org, mutual_port=port_of(practice.strict_url))
    there = Session(Transport(strict, identity), Access(session.session_id, session.server_url))
    try:
        answer = there.soap("getUserInfo", certificate=certificate).operation
    except HandshakeError:
        answer = "refused"
    assert answer == ("getUserInfoResponse" if certificate else "refused")


# ---------------------------------------------------------------- the session id


def test_after_logout_the_session_is_gone(session: Session) -> None:
    session.logout()
    with pytest.raises(SessionFault) as caught:
        session.get_user_info()
    assert caught.value.code == "INVALID_SESSION_ID"


def test_an_unknown_session_id_is_a_session_fault(session: Session) -> None:
    stranger = Session(session.transport, Access(Secret("00D36000000bLGT!AQsecret"), session.server_url))
    with pytest.raises(SessionFault) as caught:
        stranger.get_user_info()
    assert "AQsecret" not in str(caught.value)


def test_the_with_statement_ends_the_session(practice: PracticeOrg, org: Org) -> None:
    with login(org, PasswordLogin(*practice.user("standard"))) as session:
        pass
    assert session.session_id.reveal() not in practice.state.sessions


def test_an_error_inside_the_with_statement_comes_through(practice: PracticeOrg, org: Org) -> None:
    with pytest.raises(ZeroDivisionError), login(org, PasswordLogin(*practice.user("standard"))):
        _ = 1 / 0


def test_an_org_that_does_not_answer_is_not_asked_for_a_logout(own_practice: PracticeOrg) -> None:
    org = Org(**own_practice.endpoints, read_timeout=0.3)
    session = login(org, PasswordLogin(*own_practice.user("standard")))
    own_practice.arm("stall")
    with pytest.raises(CallTimeout), session:
        session.get_user_info()
    assert [] == own_practice.events.where(operation="logout")


def test_a_logout_that_fails_hides_no_error(standard: Session) -> None:
    standard.logout()
    with pytest.raises(ZeroDivisionError), standard:
        _ = 1 / 0


def test_a_server_that_is_gone_does_not_keep_the_with_statement_from_ending(own_practice: PracticeOrg) -> None:
    with login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("standard"))) as session:
        own_practice.stop()
        with pytest.raises(ConnectError) as caught:
            session.get_user_info()
    assert caught.value.exchange.status is None


@pytest.mark.parametrize("show", [repr, str, "{}".format, lambda session: repr([session]), lambda s: repr(vars(s))])
def test_no_form_of_a_session_shows_its_id(show: Callable[[Session], str], session: Session) -> None:
    session.get_user_info()
    assert session.session_id.reveal()[16:] not in show(session)


# ---------------------------------------------------------------- what can be sent


@pytest.mark.parametrize(
    "body",
    [
        "<getUserInfo/>",
        '<u:getUserInfo xmlns:u="urn:partner.soap.sforce.com"/>',
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><getUserInfo/></e:Body></e:Envelope>',
    ],
)
def test_a_body_or_a_whole_envelope_can_be_sent(body: str, session: Session) -> None:
    assert session.soap(parse_typed(body)).operation == "getUserInfoResponse"


@pytest.mark.parametrize("name", ["noSuchOperation", "query"])
def test_an_operation_that_the_org_does_not_have_is_its_fault(name: str, session: Session) -> None:
    with pytest.raises(SoapFault):
        session.soap(f"{name}2")


@pytest.mark.parametrize("name", ["", "<getUserInfo/>", "get user info"])
def test_what_is_no_operations_name_is_refused_before_anything_is_sent(
    name: str, session: Session, sent: list[Request]
) -> None:
    with pytest.raises(NotSoapError):
        session.soap(name)
    assert [] == sent


# ---------------------------------------------------------------- REST


@pytest.mark.parametrize("path", ["limits", "/services/data/v64.0/limits", "/services/data/v60.0/limits"])
def test_a_resource_is_below_the_api_version_or_where_the_path_says(path: str, session: Session) -> None:
    assert "DailyApiRequests" in session.rest(path)


def test_a_query_goes_into_the_path_as_it_is_typed(session: Session) -> None:
    found = session.rest("query?q=SELECT Name FROM Contact WHERE Email = 'a@b.example#' OR Name LIKE 'Ž%'")
    assert found["totalSize"] > 0


@pytest.mark.parametrize("port", [443, 8443])
def test_rest_goes_through_either_door(port: Port, standard: Session) -> None:
    assert "DailyApiRequests" in standard.rest("limits", port=port)


def test_a_whole_url_goes_where_it_says(session: Session, practice: PracticeOrg) -> None:
    assert "DailyApiRequests" in session.rest(f"{practice.mutual_url}/services/data/v64.0/limits")
    with pytest.raises(MutualAuthenticationFault):
        session.rest(f"{practice.api_url}/services/data/v64.0/limits")


def test_the_port_decides_over_that_of_the_url(session: Session, practice: PracticeOrg) -> None:
    assert "DailyApiRequests" in session.rest(f"{practice.api_url}/services/data/v64.0/limits", port=8443)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/services/data",
        "https://localhost/services/data",
        "https://localhost:1/services/data",
        "HTTPS://evil.example",
        "http://localhost/services/data",
        "https://localhost@evil.example/",
    ],
)
def test_the_session_id_goes_to_no_other_host(url: str, session: Session, sent: list[Request]) -> None:
    with pytest.raises(OrgError):
        session.rest(url)
    assert [] == sent


@pytest.mark.parametrize("path", ["//evil.example/x", "@evil.example/x", "/\\evil.example", "\\\\evil.example"])
def test_no_path_is_taken_for_a_host(path: str, session: Session, sent: list[Request]) -> None:
    with pytest.raises(SfmtlsError):
        session.rest(path)
    home = urlsplit(session.org.endpoint(session.server_url, 8443)).netloc
    assert {home} == {urlsplit(request.url).netloc for request in sent}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("GET", b"")),
        ({"body": {}}, ("POST", b"{}")),
        ({"method": "PATCH", "body": {}}, ("PATCH", b"{}")),
        ({"method": "DELETE"}, ("DELETE", b"")),
    ],
)
def test_a_rest_call_is_a_get_or_with_a_body_a_post_unless_it_is_said(
    given: dict[str, Any], expected: tuple[str, bytes], session: Session
) -> None:
    request = session.prepare_rest("jobs/query/7505f0000000001AAA", **given)
    assert expected == (request.method, request.body)


def test_over_rest_too_the_enforced_user_needs_the_certificate(session: Session) -> None:
    with pytest.raises(CertificatePageError, match="instead of JSON") as caught:
        session.rest("limits", certificate=False)
    assert caught.value.reason == "No client certificate provided."


@pytest.mark.parametrize("kind", [MutualAuthenticationFault, RestFault, ApiFault])
def test_over_rest_too_on_443_the_answer_is_the_fault(kind: type[ApiFault], session: Session) -> None:
    with pytest.raises(kind) as caught:
        session.rest("limits", port=443)
    assert "MUTUAL_AUTHENTICATION_FAILED" == caught.value.code
    assert b"MUTUAL_AUTHENTICATION_FAILED" in caught.value.exchange.response_body


def test_over_rest_too_an_unknown_session_id_is_a_session_fault(session: Session) -> None:
    stranger = Session(session.transport, Access(Secret("00D36000000bLGT!AQsecret"), session.server_url))
    with pytest.raises(SessionFault) as caught:
        stranger.rest("limits")
    assert "AQsecret" not in "".join(traceback.format_exception(caught.value))


def test_a_resource_that_is_not_there_is_a_rest_fault(session: Session) -> None:
    with pytest.raises(RestFault) as caught:
        session.rest("sobjects/NoSuch/describe")
    assert caught.value.code == "NOT_FOUND"


@pytest.mark.parametrize("token", ["", "s3cret\n", "s3cret\r\nX: y", "s3crétß", " s3cret"])
def test_a_token_that_no_header_can_hold_is_refused_without_being_shown(
    token: str, session: Session, sent: list[Request]
) -> None:
    stranger = Session(session.transport, Access(Secret(token), session.server_url))
    with pytest.raises(SfmtlsError, match="cannot stand in the Authorization header") as caught:
        stranger.rest("limits")
    assert ([], False) == (sent, "s3cr" in "".join(traceback.format_exception(caught.value)))


def test_further_headers_are_sent_and_none_replaces_the_token(session: Session) -> None:
    headers = {"X-PrettyPrint": "1", "authorization": "Bearer another"}
    exchange = session.send(session.prepare_rest("limits", headers=headers))
    assert "DailyApiRequests" in read_json(exchange)
    assert b"\n" in exchange.response_body


@pytest.mark.parametrize(
    ("failure", "words"), [("html-for-xml", "an HTML page, not JSON"), ("truncated", "is cut off")]
)
def test_an_answer_that_is_no_json_is_named_for_what_it_is(failure: str, words: str, own_practice: PracticeOrg) -> None:
    with login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("standard"))) as session:
        own_practice.arm(failure)
        with pytest.raises(NotJsonError, match=words):
            session.rest("limits")
        assert "DailyApiRequests" in session.rest("limits")


# ---------------------------------------------------------------- the exchange of a call


def test_a_reply_carries_the_exchange_it_came_by(session: Session) -> None:
    reply = session.get_user_info()
    assert str(reply) == str(read_reply(reply.exchange))


@pytest.mark.parametrize("options", [{"certificate": False}, {"port": 443}])
def test_a_refusal_carries_the_exchange_it_came_by(
    options: dict[str, Port], session: Session, sent: list[Request]
) -> None:
    with pytest.raises(SfmtlsError) as caught:
        session.soap("getUserInfo", **options)  # type: ignore[arg-type]  # one or the other
    assert sent == [caught.value.exchange.request]


def test_a_session_carries_the_exchange_of_its_sign_in(session: Session) -> None:
    assert session.exchange
    assert "loginResponse" == read_reply(session.exchange).operation


def test_a_call_without_an_answer_carries_the_exchange_that_failed(
    session: Session, practice: PracticeOrg, org: Org, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tls: ssl.SSLContext = server_tls(practice.authority.server, tmp_path_factory.mktemp("tls"))
    with serving(silence, tls) as where:
        silent = Session(Transport(replace(org, read_timeout=0.3)), Access(session.session_id, f"https://{where}/x"))
        with pytest.raises(CallTimeout) as caught:
            silent.get_user_info()
    assert (f"https://{where}", None) == (
        caught.value.exchange.request.url[: len(where) + 8],
        caught.value.exchange.status,
    )


# ---------------------------------------------------------------- local variables


@pytest.mark.parametrize("by", ["soap", "rest", "rest with a body", "query"])
@pytest.mark.parametrize(
    "failure", ["html-for-xml", "truncated", "cut", "limit-exceeded", "session-expires", "gone", "silent"]
)
def test_no_local_variable_of_a_failing_call_shows_the_session_id(
    failure: str, by: str, own_practice: PracticeOrg
) -> None:
    org = Org(**own_practice.endpoints, read_timeout=0.5)
    session = login(org, PasswordLogin(*own_practice.user("standard")))
    call: Callable[[], object] = {
        "soap": session.get_user_info,
        "rest": lambda: session.rest("limits"),
        "rest with a body": lambda: session.rest(
            "jobs/query", body={"operation": "query", "query": "SELECT Id FROM Case"}
        ),
        "query": lambda: list(session.query("SELECT Id FROM Contact", batch=200)),
    }[by]
    if failure == "gone":
        own_practice.stop()
    elif failure == "silent":
        own_practice.arm("delay")
    elif failure == "session-expires":
        own_practice.state.sessions.clear()
        own_practice.state.users[-1].password = "another one"  # so that it cannot be renewed
    else:
        own_practice.arm(failure)
    with pytest.raises(SfmtlsError) as caught:
        call()
    shown = shown_with_locals(caught.value)  # before the secret is a variable of this test
    assert session.session_id.reveal()[16:] not in shown


# ---------------------------------------------------------------- wrong types


@pytest.mark.parametrize(
    "call",
    [
        lambda session: session.soap("query", [("queryString", "x")]),
        lambda session: session.soap("query", 5),
        lambda session: session.rest(None),
        lambda session: session.rest(b"limits"),
        lambda session: session.query(5),
        lambda session: session.query(b"SELECT Id FROM Case", api="rest"),
        lambda session: session.query("SELECT Id FROM Case", api=["soap"]),
        lambda session: session.describe(None),
        lambda session: login("https://acme.my.salesforce.com", PasswordLogin("a", "b")),  # type: ignore[arg-type]
        lambda session: login(session.org, ("a", "b")),  # type: ignore[arg-type]
        lambda session: login(session.org, PasswordLogin("a", "b"), "client.pem"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_type_is_an_error_of_ours_and_nothing_is_sent(
    call: Callable[[Any], object], session: Session, sent: list[Request]
) -> None:
    with pytest.raises(SfmtlsError):
        call(session)
    assert [] == sent
