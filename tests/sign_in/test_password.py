"""Login: credentials become a Session, on 443 and without a certificate."""

from __future__ import annotations

import ssl
import traceback
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from raw_server import answering, http, server_tls, serving
from tracebacks import shown_with_locals

from sfmtls_nb import (
    ClientIdentity,
    ConnectError,
    LoginFault,
    NotSoapError,
    Org,
    OrgError,
    PasswordLogin,
    Secret,
    Session,
    SoapFault,
    login,
)
from sfmtls_nb.api import PARTNER, SOAPENV
from sfmtls_nb.practice import PracticeOrg

# What XML 1.0 can hold (section 2.2).
xml_text = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r")
)


@pytest.fixture(scope="session")
def tls(practice: PracticeOrg, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """TLS for a raw server that the practice org's clients trust."""
    return server_tls(practice.authority.server, tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("name", ["standard", "enforced"])
def test_every_user_signs_in_without_a_certificate(name: str, practice: PracticeOrg, org: Org) -> None:
    session = login(org, PasswordLogin(*practice.user(name)))
    ids = {user.name: user.user_id for user in practice.state.users}
    assert ids[name] == session.user_id


def test_a_password_in_bytes_signs_in_like_one_in_text(practice: PracticeOrg, org: Org) -> None:
    username, password = practice.user("standard")
    assert login(org, PasswordLogin(username, password.encode())).user_id


@pytest.mark.parametrize("given", [("me", 5), ("me", None), (b"me", "pw"), ("me", "pw", 5)])
def test_what_is_neither_text_nor_bytes_is_refused_by_its_type(given: tuple[Any, ...]) -> None:
    with pytest.raises(OrgError, match="it is of type"):
        PasswordLogin(*given)


def test_the_session_keeps_its_sign_in_without_the_password(practice: PracticeOrg, org: Org) -> None:
    username, password = practice.user("standard")
    session = login(org, PasswordLogin(username, password))
    assert session.exchange
    kept = session.exchange.request.body
    assert (username.encode() in kept, password.encode() in kept) == (True, False)


def test_the_session_knows_its_server(practice: PracticeOrg, org: Org) -> None:
    session = login(org, PasswordLogin(*practice.user("standard")))
    assert session.server_url.startswith(f"{practice.api_url}/services/Soap/u/")


def test_login_leaves_the_certificate_at_home(practice: PracticeOrg, org: Org, identity: ClientIdentity) -> None:
    session = login(org, PasswordLogin(*practice.user("enforced")), identity)
    assert session.exchange
    assert session.exchange.request.identity is None


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("enforced@practice.example", "wrong"),
        ("enforced@practice.example", ""),
        ("nobody@practice.example", "wrong"),
        ("", ""),
    ],
)
def test_a_wrong_password_or_unknown_user_is_a_login_fault(username: str, password: str, org: Org) -> None:
    with pytest.raises(LoginFault) as caught:
        login(org, PasswordLogin(username, password))
    assert (caught.value.code, caught.value.exchange.status) == ("INVALID_LOGIN", 500)


def test_a_user_who_is_locked_out_is_told_who_unlocks(own_practice: PracticeOrg) -> None:
    org, user = Org(**own_practice.endpoints), own_practice.user("standard")
    held = next(each for each in own_practice.state.users if each.username == user.username)
    while not own_practice.state.locked(held):
        with pytest.raises(LoginFault):
            login(org, PasswordLogin(user.username, "wrong"))
    with pytest.raises(LoginFault) as caught:
        login(org, PasswordLogin(*user))
    assert ("INVALID_LOGIN", True) == (caught.value.code, "unlocked by an administrator" in caught.value.next_step)


def test_the_whole_traceback_of_a_failed_login_shows_no_password(org: Org) -> None:
    credentials = PasswordLogin("enforced@practice.example", "p455w0rd", "t0k3n")
    with pytest.raises(LoginFault) as caught:
        login(org, credentials)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.exchange)
    assert [secret for secret in ("p455w0rd", "t0k3n") if secret in shown] == []


def test_a_username_is_taken_in_any_case(practice: PracticeOrg, org: Org) -> None:
    username, password = practice.user("standard")
    assert login(org, PasswordLogin(username.upper(), password)).session_id


def test_the_security_token_goes_behind_the_password(practice: PracticeOrg, org: Org) -> None:
    username, password = practice.user("standard")
    assert login(org, PasswordLogin(username, password[:-4], Secret(password[-4:]))).session_id


def test_a_wrong_security_token_is_a_login_fault(practice: PracticeOrg, org: Org) -> None:
    with pytest.raises(LoginFault):
        login(org, PasswordLogin(*practice.user("standard"), security_token="wrong"))


@settings(max_examples=30)
@given(username=xml_text, password=xml_text.filter(bool), token=xml_text)
def test_any_text_as_username_and_password_arrives_as_it_was_typed(
    practice: PracticeOrg, org: Org, username: str, password: str, token: str
) -> None:
    # The practice org reads the XML with a parser of its own: who signs in with just these has sent just these.
    user = replace(practice.state.users[0], username=username, password=password + token, user_id="005000000000MeAAA")
    practice.state.users.insert(0, user)
    try:
        session = login(org, PasswordLogin(username, password, token))
    finally:
        practice.state.users.remove(user)
    assert user.user_id == session.user_id


@pytest.mark.parametrize(
    "injected",
    [
        "wrong</urn:password></urn:login></soapenv:Body></soapenv:Envelope>",
        "wrong</password><username>nobody@practice.example</username><password>",
        "<![CDATA[wrong]]>",
        "&lt;",
        "&xxe;",
        "<!-- -->",
        "]]>",
    ],
)
@pytest.mark.parametrize("where", ["username", "password"])
def test_markup_in_username_or_password_is_only_text(injected: str, where: str, org: Org) -> None:
    # Nobody, because a user who is there would be locked out after so many wrong passwords.
    credentials = PasswordLogin(**{"username": "nobody@practice.example", "password": "wrong", where: injected})
    with pytest.raises(LoginFault) as caught:
        login(org, credentials)
    sent = etree.fromstring(caught.value.exchange.request.body)
    assert ([injected], 5) == ([e.text for e in sent.iter(f"{{{PARTNER}}}{where}")], len(list(sent.iter())))


@pytest.mark.parametrize("where", ["username", "password", "security_token"])
def test_a_character_that_xml_cannot_hold_is_refused_before_anything_is_sent(where: str) -> None:
    nowhere = Org("https://no-such-host.example")
    with pytest.raises(NotSoapError, match="cannot be written as XML"):
        login(nowhere, PasswordLogin(**{"username": "me", "password": "you", where: "\0"}))


@pytest.mark.parametrize("where", ["password", "security_token"])
def test_no_variable_of_that_refusal_holds_the_password(where: str) -> None:
    nowhere = Org("https://no-such-host.example")
    credentials = PasswordLogin(**{"username": "me", "password": "p455w0rd", where: "p455w0rd\x07"})
    with pytest.raises(NotSoapError) as caught:
        login(nowhere, credentials)
    shown = shown_with_locals(caught.value)
    assert "p455" not in shown


@pytest.mark.parametrize("version", ["65.0", "68.0", "99.0"])
def test_an_api_version_without_login_is_refused_before_anything_is_sent(version: str) -> None:
    nowhere = Org("https://no-such-host.example", api_version=version)
    with pytest.raises(OrgError, match="does not exist in API"):
        login(nowhere, PasswordLogin("me", "you"))


def test_an_api_version_that_the_org_no_longer_serves_is_its_fault(practice: PracticeOrg, org: Org) -> None:
    with pytest.raises(SoapFault) as caught:
        login(replace(org, api_version="30.0"), PasswordLogin(*practice.user("standard")))
    assert caught.value.code == "UNSUPPORTED_API_VERSION"


def test_login_where_nobody_listens_is_a_connect_error(org: Org) -> None:
    with pytest.raises(ConnectError, match="nobody listens"):
        login(replace(org, login_url="https://127.0.0.1:9"), PasswordLogin("me", "you"))


# ---------------------------------------------------------------- answers of another kind


def answered(result: str, org: Org, tls: ssl.SSLContext) -> Session:
    """What login makes of an answer with this in its result."""
    envelope = (
        f'<e:Envelope xmlns:e="{SOAPENV}" xmlns="{PARTNER}"><e:Body><loginResponse><result>{result}</result>'
        "</loginResponse></e:Body></e:Envelope>"
    )
    with serving(answering(http(envelope.encode())), tls) as where:
        return login(replace(org, login_url=f"https://{where}", mutual_port=8443), PasswordLogin("me", "you"))


SESSION_ID = "<sessionId>00D36000000bLGT!AQsecret</sessionId>"
SERVER_URL = "<serverUrl>https://na30.salesforce.com/services/Soap/u/58.0/00D36000000bLGT</serverUrl>"


def test_a_session_id_and_a_server_url_are_enough(org: Org, tls: ssl.SSLContext) -> None:
    session = answered(SESSION_ID + SERVER_URL, org, tls)
    assert repr(session) == (
        "Session(00D36000000bLGT!••••, https://na30.salesforce.com/services/Soap/u/58.0/00D36000000bLGT)"
    )


@pytest.mark.parametrize(
    "result",
    ["", SESSION_ID, SERVER_URL, f"<sessionId/>{SERVER_URL}", f"{SESSION_ID}<serverUrl xsi:nil='true' xmlns:xsi='x'/>"],
)
def test_an_answer_without_session_id_or_server_url_is_no_login(result: str, org: Org, tls: ssl.SSLContext) -> None:
    with pytest.raises(NotSoapError, match="has no session id or no server URL") as caught:
        answered(result, org, tls)
    assert caught.value.exchange.status == 200


def test_an_expired_password_is_said_at_once(org: Org, tls: ssl.SSLContext) -> None:
    # It arrives with HTTP 200 and a session id, and every later call would fail.
    with pytest.raises(LoginFault) as caught:
        answered(f"<passwordExpired>true</passwordExpired>{SESSION_ID}{SERVER_URL}", org, tls)
    assert caught.value.code == "INVALID_OPERATION_WITH_EXPIRED_PASSWORD"


def test_a_password_that_has_not_expired_is_no_fault(org: Org, tls: ssl.SSLContext) -> None:
    assert answered(f"<passwordExpired>false</passwordExpired>{SESSION_ID}{SERVER_URL}", org, tls).session_id


def led_to(server_url: str, org: Org, tls: ssl.SSLContext) -> Session:
    return answered(f"{SESSION_ID}<serverUrl>{server_url}</serverUrl>", org, tls)


def test_a_session_id_is_not_sent_to_a_login_host_on_8443(org: Org, tls: ssl.SSLContext) -> None:
    session = led_to("https://login.salesforce.com/x", org, tls)
    with pytest.raises(OrgError):
        session.soap("getUserInfo", port=8443)


@pytest.mark.parametrize(
    "server_url", ["http://na30.salesforce.com/x", "na30", "https://[::1", "https://a\u202eb.example/"]
)
def test_a_server_url_that_cannot_be_right_is_not_followed(server_url: str, org: Org, tls: ssl.SSLContext) -> None:
    with pytest.raises(OrgError) as caught:
        led_to(server_url, org, tls)
    assert (200, False) == (caught.value.exchange.status, "\u202e" in str(caught.value))


@pytest.mark.parametrize("host", ["evil.example", "salesforce.com.evil.example", "evilsalesforce.com", "localhost"])
def test_a_server_url_of_a_stranger_is_not_followed(host: str, org: Org, tls: ssl.SSLContext) -> None:
    with pytest.raises(
        OrgError, match=rf"leads to {host}, which is neither[^$]*trusted_hosts=\(\"{host}\",\)"
    ) as caught:
        led_to(f"https://{host}/services/Soap/u/58.0", org, tls)
    assert (200, False) == (caught.value.exchange.status, "AQsecret" in str(caught.value))


@pytest.mark.parametrize("host", ["evil.example", "EVIL.example", "evil.example."])
def test_a_server_url_of_a_trusted_host_is(host: str, org: Org, tls: ssl.SSLContext) -> None:
    trusting = replace(org, trusted_hosts=("Evil.Example",))
    assert f"https://{host}/x" == led_to(f"https://{host}/x", trusting, tls).server_url


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:1", "na30.salesforce.com", "NA30.salesforce.com.", "acme.my.salesforce.com", "acme.my.salesforce.mil"],
)
def test_a_server_url_of_salesforce_or_of_the_login_host_is_followed(host: str, org: Org, tls: ssl.SSLContext) -> None:
    assert f"https://{host}/x" == led_to(f"https://{host}/x", org, tls).server_url


# ---------------------------------------------------------------- the credentials themselves


@given(st.text(min_size=1).filter(lambda text: text not in repr(PasswordLogin("me", "", ""))))
def test_credentials_show_no_password_and_no_token(secret: str) -> None:
    shown = repr(PasswordLogin("me", secret, secret)) + str(PasswordLogin("me", secret, secret))
    assert secret not in shown


def test_credentials_with_the_same_text_are_equal() -> None:
    assert PasswordLogin("me", Secret("you")) == PasswordLogin("me", "you")


def test_credentials_with_another_password_are_not() -> None:
    assert PasswordLogin("me", "you") != PasswordLogin("me", "they")


# ---------------------------------------------------------------- where login() itself is refused


@pytest.mark.parametrize("why", ["switched off", "no permission", "API 65.0"])
def test_where_login_is_gone_the_error_names_the_way_to_take_ready_to_copy(why: str, own_practice: PracticeOrg) -> None:
    own_practice.state.soap_login_enabled = why != "switched off"
    own_practice.state.users[0].profile.any_api_auth = why != "no permission"
    org = Org(**own_practice.endpoints | ({"api_version": "65.0"} if why == "API 65.0" else {}))
    with pytest.raises((SoapFault, OrgError)) as caught:
        login(org, PasswordLogin(*own_practice.user("enforced")))
    for copied in (
        'login(org, WebLogin("CONSUMER_KEY"))',
        'JwtBearer("CONSUMER_KEY", "USERNAME", "jwt.key")',
        "%sf_login --way web",
    ):
        assert copied in caught.value.next_step


def test_a_wrong_password_is_not_talked_out_of_its_way(org: Org) -> None:
    with pytest.raises(LoginFault) as caught:
        login(org, PasswordLogin("nobody@practice.example", "x"))
    assert "WebLogin" not in caught.value.next_step


def test_the_session_knows_how_long_the_org_lets_it_live(practice: PracticeOrg, org: Org) -> None:
    session = login(org, PasswordLogin(*practice.user("standard")))
    assert session.expires
    assert session.exchange
    assert 7200 == (session.expires - session.exchange.at).total_seconds()
