"""The causes of a failed call: what shows each, at which layer and end, and what to do."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from doors import Door, at, call, enforced_session, identity_of, old_tls, psk_tls
from raw_server import Behaviour, answering, http, server_tls, serving, silence, tunnelling

from sfmtls_nb import (
    CallTimeout,
    ClientCredentials,
    ClientIdentity,
    ConnectError,
    Exchange,
    HandshakeError,
    JwtBearer,
    MutualAuthenticationFault,
    Org,
    PasswordLogin,
    Request,
    Session,
    SfmtlsError,
    login,
    why,
)
from sfmtls_nb.connection import Transport, recording
from sfmtls_nb.diagnose import Diagnosis
from sfmtls_nb.practice import PracticeOrg

ACME = "https://acme.my.salesforce.com"


def of(act: Callable[[], object]) -> Diagnosis:
    """Why it failed; or what is worth knowing about the call, if it did not."""
    try:
        result: Any = act()
    except SfmtlsError as error:
        return why(error)
    return why(getattr(result, "exchange", result))


def names(diagnosis: Diagnosis) -> list[str]:
    return [cause.name for cause in diagnosis]


# ---------------------------------------------------------------- the certificate


def test_a_good_call_has_nothing_to_explain(session: Session) -> None:
    found = of(session.get_user_info)
    assert ([], False) == (names(found), found.failed)
    assert "nothing is wrong that can be seen from here" in str(found)


@pytest.mark.parametrize("port", [443, 8443])
def test_a_missing_certificate_and_a_call_on_443_are_told_apart(port: Any, session: Session) -> None:
    found = of(partial(session.soap, "getUserInfo", port=port, certificate=False))
    assert ["session-on-443" if port == 443 else "no-certificate"] == names(found)


def test_with_the_certificate_on_443_nobody_asked(session: Session) -> None:
    found = of(partial(session.soap, "getUserInfo", port=443))
    assert ["session-on-443"] == names(found)
    assert "a certificate was not asked for" in found[0].evidence


def test_a_missing_certificate_that_is_refused_in_tls_shows_there(practice: PracticeOrg) -> None:
    session = enforced_session(practice, at("strict", practice), None)
    found = of(partial(session.soap, "getUserInfo", certificate=False))
    assert [("no-certificate", "TLS")] == [(cause.name, cause.layer) for cause in found]


def test_a_cause_has_its_evidence_its_end_and_its_page(practice: PracticeOrg) -> None:
    session = enforced_session(practice, at("8443", practice), identity_of(practice.identity("expired")))
    cause = of(session.get_user_info)[0]
    assert ("org policy", "client", "failures/expired") == (cause.layer, cause.end, cause.read_on)
    assert "the page says: certificate has expired; integration.practice.example: valid until" in cause.evidence
    assert cause.page.startswith("# The client certificate has expired")


def test_the_certificates_fate_in_tls_is_said_beside_the_cause(practice: PracticeOrg) -> None:
    session = enforced_session(practice, at("8443", practice), identity_of(practice.identity("expired")))
    assert "sent and proven, taken by TLS, and then refused: certificate has expired" in str(of(session.get_user_info))


def test_what_only_the_org_knows_is_told_by_its_words(own_practice: PracticeOrg) -> None:
    files = own_practice.client
    me = ClientIdentity.load(files.fullcert)
    own_practice.state.revoked.append(me.leaf)
    session = enforced_session(own_practice, at("8443", own_practice), me)
    assert ["revoked"] == names(of(session.get_user_info))


def test_without_the_list_of_roots_it_is_not_said_which_end_of_the_chain_is_missing(practice: PracticeOrg) -> None:
    unknowing = replace(at("8443", practice), accepted_roots=None)
    session = enforced_session(practice, unknowing, identity_of(practice.identity("root-not-accepted")))
    assert names(of(session.get_user_info))[0] in ("chain-not-accepted", "root-not-accepted")
    assert "intermediate-missing" not in names(of(session.get_user_info))


def test_a_certificate_that_the_client_left_out_is_named(session: Session, identity: ClientIdentity) -> None:
    dropped = session.send(session.prepare("getUserInfo", certificate=False))
    # As a client says that was given one: the request has it, the handshake does not.
    claimed = replace(dropped, request=replace(dropped.request, identity=identity))
    assert ["certificate-dropped"] == names(why(claimed))


def test_a_clock_that_is_wrong_explains_a_date(practice: PracticeOrg) -> None:
    session = enforced_session(practice, at("8443", practice), identity_of(practice.identity("expired")))
    exchange = session.send(session.prepare("getUserInfo"))
    behind = replace(exchange, at=datetime.now(UTC) - timedelta(days=30))
    assert ["clock-skew", "expired"] == names(why(behind))
    assert ["expired"] == names(why(exchange))


def test_a_clock_that_is_wrong_is_worth_knowing_where_nothing_failed(session: Session) -> None:
    exchange = session.get_user_info().exchange
    found = why(replace(exchange, at=exchange.at + timedelta(hours=2)))
    assert (["clock-skew"], False) == (names(found), found.failed)
    assert "ahead of" in found[0].evidence


@pytest.mark.parametrize(("scenario", "named"), [("expired", ["expired"]), ("good", [])])
def test_the_exchange_of_a_refused_handshake_says_as_much_as_the_error(
    scenario: str, named: list[str], practice: PracticeOrg
) -> None:
    session = enforced_session(practice, at("strict", practice), identity_of(practice.identity(scenario)))
    try:
        exchange = session.get_user_info().exchange
    except HandshakeError as error:
        exchange = error.exchange
    assert named == names(why(exchange))


def test_an_exchange_without_an_answer_shows_nothing_more() -> None:
    found = why(Exchange(Request("GET", f"{ACME}:8443", {})))
    assert ([], True) == (names(found), found.failed)


def test_a_call_that_took_long_is_no_wrong_clock(session: Session) -> None:
    exchange = session.get_user_info().exchange
    hour = timedelta(hours=1)
    assert [] == names(why(replace(exchange, at=exchange.at - hour, elapsed=hour.total_seconds() + 1)))


# ---------------------------------------------------------------- armed failures

ARMED = {
    "stall": "answer-stalled",
    "delay": "answer-stalled",
    "cut": "answer-cut",
    "wrong-length": "answer-cut",
    "error-500": "unavailable",
    "error-503": "unavailable",
    "html-for-xml": "page-instead",
    "truncated": "document-cut",
    "limit-exceeded": "limit-exceeded",
    "clock-skew": "clock-skew",
}


@pytest.mark.parametrize("api", ["SOAP", "REST"])
@pytest.mark.parametrize("name", ARMED)
def test_an_armed_failure_is_named_first(name: str, api: Any, own_practice: PracticeOrg) -> None:
    me = ClientIdentity.load(own_practice.client.fullcert)
    session = enforced_session(own_practice, replace(at("8443", own_practice), read_timeout=0.5), me)
    own_practice.arm(name)
    assert ARMED[name] == names(of(partial(call, session, api)))[0]


def test_an_armed_failure_is_named_where_no_message_is_recorded(
    own_practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_CALLBACK", None)
    me = ClientIdentity.load(own_practice.client.fullcert)
    firsts = []
    for name in ARMED:
        session = enforced_session(own_practice, replace(at("8443", own_practice), read_timeout=0.5), me)
        own_practice.arm(name)
        firsts.append(names(of(partial(call, session, "SOAP")))[0])
    assert list(ARMED.values()) == firsts


# ---------------------------------------------------------------- the ways in


def test_a_wrong_password_is_named(org: Org) -> None:
    assert ["invalid-login"] == names(of(lambda: login(org, PasswordLogin("nobody@practice.example", "wrong"))))


def test_login_that_is_switched_off_is_named(own_practice: PracticeOrg) -> None:
    own_practice.state.soap_login_enabled = False
    found = of(lambda: login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("enforced"))))
    assert ["soap-login-off"] == names(found)
    assert "WebLogin" in found[0].do


def test_login_in_a_version_without_it_is_named(practice: PracticeOrg) -> None:
    org = Org(**{**practice.endpoints, "api_version": "66.0"})
    assert ["soap-login-off"] == names(of(lambda: login(org, PasswordLogin(*practice.user("enforced")))))


def test_a_missing_permission_is_named(own_practice: PracticeOrg) -> None:
    for user in own_practice.state.users:
        user.profile.any_api_auth = False
    found = of(lambda: login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("enforced"))))
    assert ["any-api-auth-missing"] == names(found)


def test_an_expired_password_is_not_taken_for_mutual_authentication(own_practice: PracticeOrg) -> None:
    own_practice.state.users[0].password_expired = True
    found = of(lambda: login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("enforced"))))
    assert ["password-expired"] == names(found)


def test_a_wrong_consumer_key_is_named(org: Org, practice: PracticeOrg) -> None:
    found = of(lambda: login(org, JwtBearer("WRONG", practice.user("enforced").username, practice.client.key)))
    assert ["consumer-key-wrong"] == names(found)


def test_a_wrong_consumer_secret_is_named(org: Org, practice: PracticeOrg) -> None:
    found = of(lambda: login(org, ClientCredentials(practice.app.consumer_key, "wrong")))
    assert ["consumer-secret-wrong"] == names(found)


def test_a_user_whom_the_app_does_not_let_in_is_named(org: Org, practice: PracticeOrg) -> None:
    found = of(lambda: login(org, JwtBearer(practice.app.consumer_key, "nobody@example.com", practice.client.key)))
    assert ["user-not-approved"] == names(found)


def test_a_session_that_has_ended_is_named(practice: PracticeOrg, identity: ClientIdentity) -> None:
    session = enforced_session(practice, at("8443", practice), identity)
    practice.state.sessions.pop(session.session_id.reveal())
    assert ["session-ended"] == names(of(session.get_user_info))


def test_a_query_that_is_wrong_is_the_querys_fault(session: Session) -> None:
    assert ["query-wrong"] == names(of(lambda: session.query("SELECT Nonsense FROM Account")))


# ---------------------------------------------------------------- the way there


@pytest.fixture(scope="module")
def tls(practice: PracticeOrg, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server_tls(practice.authority.server, tmp_path_factory.mktemp("server"))


def reached(place: AbstractContextManager[str], practice: PracticeOrg) -> Diagnosis:
    with place as where:
        org = Org(f"https://{where}", ca_file=practice.ca_file, connect_timeout=0.5, read_timeout=0.5)
        return of(lambda: login(org, PasswordLogin("u", "p")))


def saying(words: bytes) -> Behaviour:
    """Says this to whoever connects, whatever they say."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(words)
        connection.recv(65536)

    return behave


def test_what_is_no_tls_is_named(practice: PracticeOrg) -> None:
    plain = serving(saying(b"SSH-2.0-OpenSSH_9.2p1\r\n"))
    assert ["not-tls"] == names(reached(plain, practice))


def test_an_old_tls_is_named(practice: PracticeOrg, tmp_path: Path) -> None:
    assert ["old-tls"] == names(reached(serving(silence, old_tls(practice, tmp_path)), practice))


def test_silence_before_and_behind_tls_is_told_apart(practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    assert ["silent"] == names(reached(serving(silence), practice))
    assert ["answer-stalled"] == names(reached(serving(silence, tls), practice))


def test_a_redirect_is_named(practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    away = answering(http(b"", "Location: https://elsewhere.example/", status="302 Found"))
    assert ["redirected"] == names(reached(serving(away, tls), practice))


@pytest.mark.parametrize(
    ("words", "name"),
    [("No required SSL certificate was sent", "no-certificate"), ("Bad Request", "page-instead")],
)
def test_nginx_asks_for_a_certificate_by_a_page(
    words: str, name: str, practice: PracticeOrg, tls: ssl.SSLContext
) -> None:
    page = f"<html><head><title>400 {words}</title></head><body><h1>400 Bad Request</h1>{words}</body></html>"
    says = answering(http(page.encode(), "Content-Type: text/html", status="400 Bad Request"))
    assert name == names(reached(serving(says, tls), practice))[0]


def test_a_sign_in_that_leads_elsewhere_is_named(practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    body = LOGIN_ANSWER.format("https://elsewhere.example/services/Soap/u/64.0").encode()
    assert ["leads-elsewhere"] == names(reached(serving(answering(http(body)), tls), practice))


LOGIN_ANSWER = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><loginResponse xmlns="urn:partner.soap.sforce.com">'
    "<result><serverUrl>{}</serverUrl><sessionId>00D!AQ</sessionId></result></loginResponse></e:Body></e:Envelope>"
)


def test_a_host_of_an_instance_is_named_where_it_is_gone() -> None:
    assert "instanced-host" == why(unreached("https://na30.salesforce.com:8443"))[0].name


def test_a_connection_that_ends_is_named(practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    assert ["cut"] == names(reached(serving(answering(), tls), practice))


def cutting(port: int, size: int) -> Behaviour:
    """Passes on what is said, and hangs up when the server has said so many bytes."""

    def behave(client: socket.socket) -> None:
        with closing(socket.create_connection(("127.0.0.1", port))) as server:
            threading.Thread(target=pass_on, args=(client, server), daemon=True).start()
            left = size
            while left and (data := server.recv(left)):
                client.sendall(data)
                left -= len(data)
            client.shutdown(socket.SHUT_RDWR)

    return behave


def pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)


@pytest.mark.parametrize("door", ["8443", "strict"])
@pytest.mark.parametrize("size", [0, 3, 150, 700, 1100])
def test_wherever_it_is_cut_the_certificate_is_not_blamed_before_it_was_sent(
    size: int, door: Door, practice: PracticeOrg
) -> None:
    inner = at(door, practice)
    with serving(cutting(inner.mutual_port, size)) as where:
        org = replace(inner, mutual_port=int(where.rpartition(":")[2]))
        found = of(enforced_session(practice, org, identity_of(practice.identity("expired"))).get_user_info)
    assert "cut" == names(found)[-1]
    assert "refused the org" not in str(found)


def test_a_dead_port_and_no_host_are_told_apart() -> None:
    assert ["port-closed"] == names(of(lambda: login(Org("https://localhost:1"), PasswordLogin("u", "p"))))
    assert ["no-such-host"] == names(of(lambda: login(Org("https://nowhere.invalid"), PasswordLogin("u", "p"))))


def test_a_server_that_is_not_trusted_is_named(practice: PracticeOrg) -> None:
    found = of(lambda: login(Org(practice.api_url), PasswordLogin("u", "p")))
    assert ["server-untrusted"] == names(found)


def test_a_server_of_another_name_or_out_of_date_is_named(practice: PracticeOrg, tmp_path: Path) -> None:
    found = []
    for names_of, days in ((["elsewhere.example"], 30), (["127.0.0.1"], -2)):
        issued = practice.authority.issue(
            "x", practice.authority.server_root, names=names_of, starts=timedelta(days=-9), days=days
        )
        found += names(reached(serving(silence, server_tls(issued, tmp_path)), practice))
    assert ["server-wrong-name", "server-expired"] == found


def test_the_login_services_8443_is_named() -> None:
    assert ["login-host-on-8443"] == names(of(lambda: Org("https://login.salesforce.com:8443")))


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_proxy_that_signs_anew_is_named_with_its_authority(
    practice: PracticeOrg, no_proxies: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    corporate = practice.authority.issue("Acme Proxy CA", ca=True, days=30)
    forged = practice.authority.issue("acme", corporate, names=["acme.my.salesforce.com"], days=30)
    with (
        serving(silence, server_tls(forged, tmp_path)) as resigned,
        serving(tunnelling({b"acme.my.salesforce.com:443": int(resigned.rpartition(":")[2])}, [])) as proxy,
    ):
        no_proxies.setenv("HTTPS_PROXY", f"http://{proxy}")
        found = of(lambda: login(Org(ACME), PasswordLogin("u", "p")))
    assert "resigning-proxy" == names(found)[0]
    assert "acme.my.salesforce.com is issued by Acme Proxy CA" in found[0].evidence


def test_what_ends_tls_on_the_way_is_named_and_not_the_client(
    org: Org, identity: ClientIdentity, tls: ssl.SSLContext
) -> None:
    said = b"<title>Certificate Error</title>Client certificate error:<i>No client certificate provided.</i>"
    page = http(b"<html>" + said, "Content-Type: text/html", status="403 Forbidden")
    with serving(answering(page), tls) as where:
        there = replace(org, mutual_port=int(where.rpartition(":")[2]))
        with Transport(there, identity) as transport:
            found = why(transport.send(transport.prepare("GET", f"https://{where}/", {})))
    assert ["not-asked"] == names(found)
    assert "No client certificate provided.; a certificate was not asked for" in found[0].evidence


def test_a_proxy_that_refuses_is_named_without_its_password(no_proxies: pytest.MonkeyPatch) -> None:
    with serving(answering(b"HTTP/1.1 403 Forbidden\r\n\r\n")) as proxy:
        no_proxies.setenv("HTTPS_PROXY", f"http://me:p4ss@{proxy}")
        found = of(lambda: login(Org(ACME), PasswordLogin("u", "p")))
    assert ["proxy-refused"] == names(found)
    assert "p4ss" not in str(found)


def unreached(url: str) -> CallTimeout:
    error = CallTimeout("nobody took the connection")
    error.failure, error.exchange = "port-filtered", Exchange(Request("GET", url, {}))
    return error


@pytest.mark.parametrize("port", [443, 8443])
def test_on_binder_8443_is_what_binder_keeps_shut(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINDER_REPO_URL", "https://github.com/acme/lessons")
    found = why(unreached(f"{ACME}:{port}"))
    assert ("binder-8443" if port == 8443 else "port-filtered") == found[0].name


def test_elsewhere_8443_is_what_a_firewall_keeps_shut() -> None:
    assert ["port-filtered"] == names(why(unreached(f"{ACME}:8443")))


# ---------------------------------------------------------------- what shows nothing


def test_an_error_that_shows_no_cause_gets_none() -> None:
    found = why(ConnectError("it did not work"))
    assert [] == names(found)
    assert "shows no cause" in str(found)


def test_what_is_no_error_is_refused() -> None:
    with pytest.raises(SfmtlsError, match="there is nothing to explain"):
        why(None)  # type: ignore[arg-type]


def test_a_fault_without_a_handshake_says_what_would_show_more() -> None:
    fault = MutualAuthenticationFault("refused", code="MUTUAL_AUTHENTICATION_FAILED")
    assert ["enforced-unexplained"] == names(why(fault))


def test_an_alert_before_a_certificate_was_asked_for_is_not_about_it(practice: PracticeOrg, tmp_path: Path) -> None:
    with serving(silence, psk_tls(practice, tmp_path)) as where:
        org = Org(f"https://{where}", ca_file=practice.ca_file)
        with pytest.raises(HandshakeError) as caught:
            login(org, PasswordLogin("u", "p"))
    assert ["nothing-in-common"] == names(why(caught.value))


def test_no_secret_is_in_what_is_shown(session: Session) -> None:
    found = of(partial(session.soap, "getUserInfo", port=443))
    assert session.session_id.reveal() not in str(found)
    assert str(found) == repr(found)
