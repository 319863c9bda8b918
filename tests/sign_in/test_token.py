"""The token endpoint, as the OAuth ways share it: certificates, proxies, other ports, and answers that lead elsewhere."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from raw_server import answering, http, read_request, server_tls, serving, tunnelling
from tracebacks import beyond, shown_with_locals

from sfmtls_nb import (
    ClientCredentials,
    ClientIdentity,
    ExistingSession,
    JwtBearer,
    LoginFault,
    NotJsonError,
    Org,
    OrgError,
    PasswordLogin,
    SfmtlsError,
    WebLogin,
    login,
)
from sfmtls_nb.practice import PracticeOrg

APP = ClientCredentials("3MVG9", "s3cret")
TOKEN = "00D36000000bLGT!AQtoken"


@pytest.fixture(scope="session")
def tls(practice: PracticeOrg, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server_tls(practice.authority.server, tmp_path_factory.mktemp("tls"))


def answer(**values: Any) -> bytes:
    return http(json.dumps({"access_token": TOKEN, "token_type": "Bearer", **values}).encode())


def signed_in_at(reply: bytes, practice: PracticeOrg, tls: ssl.SSLContext) -> Any:
    with serving(answering(reply), tls) as where:
        return login(Org(f"https://{where}", ca_file=practice.ca_file), APP)


@pytest.mark.parametrize(
    "instance",
    ["https://evil.example", "http://127.0.0.1", "https://me@127.0.0.1", "", "https://salesforce.com.evil.example"],
)
def test_an_instance_that_is_not_the_orgs_gets_no_token(
    instance: str, practice: PracticeOrg, tls: ssl.SSLContext
) -> None:
    with pytest.raises(OrgError) as caught:
        signed_in_at(answer(instance_url=instance, refresh_token="5Aep861refresh"), practice, tls)
    shown = shown_with_locals(beyond(__file__, caught.value))
    assert (200, False, False) == (caught.value.exchange.status, TOKEN[16:] in shown, "5Aep861" in shown)


def test_the_instance_url_is_called_on_the_mutual_port(practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    session = signed_in_at(answer(instance_url="https://acme.my.salesforce.com"), practice, tls)
    assert "https://acme.my.salesforce.com:8443/limits" == session.prepare_rest("/limits", port=8443).url
    assert session.prepare("getUserInfo", port=8443).url.startswith(
        "https://acme.my.salesforce.com:8443/services/Soap/u/"
    )


def test_where_there_is_only_an_api_instance_url_it_is_taken(practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    session = signed_in_at(answer(api_instance_url="https://acme.my.salesforce.com"), practice, tls)
    assert session.server_url.startswith("https://acme.my.salesforce.com/services/Soap/u/")
    both = answer(instance_url="https://acme.my.salesforce.com", api_instance_url="https://api.salesforce.com")
    assert session.server_url == signed_in_at(both, practice, tls).server_url


def test_the_expiry_is_known_where_the_org_tells_it(practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    session = signed_in_at(answer(instance_url="https://acme.my.salesforce.com", expires_in=7200), practice, tls)
    assert 7200 == (session.expires - session.exchange.at).total_seconds()
    assert signed_in_at(answer(instance_url="https://acme.my.salesforce.com"), practice, tls).expires is None


def test_an_expiry_beyond_all_calendars_is_none(practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    never = answer(instance_url="https://acme.my.salesforce.com", expires_in=10**20)
    assert signed_in_at(never, practice, tls).expires is None


@pytest.mark.parametrize(
    "reply",
    [
        http(b""),
        http(b"[]"),
        http(b'"token"'),
        http(b"{"),
        http(b'{"access_token": 5, "instance_url": "https://acme.my.salesforce.com"}'),
        http(b'{"access_token": "x"}'),
        http(b'{"access_token": "", "instance_url": "https://acme.my.salesforce.com"}'),
        http(b"<html><body>maintenance</body></html>"),
        http(b"", "Location: https://evil.example/", status="302 Found"),
        http(b"oops", status="503 Service Unavailable"),
    ],
)
def test_an_answer_without_a_token_is_named(reply: bytes, practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    with pytest.raises(NotJsonError) as caught:
        signed_in_at(reply, practice, tls)
    assert "s3cret" not in str(vars(caught.value.exchange.request))


@pytest.mark.parametrize(
    ("error", "description", "next_step"),
    [
        ("invalid_grant", "user hasn't approved this consumer", "pre-authorized"),
        ("invalid_grant", "audience is invalid", "sandbox"),
        ("invalid_client_id", "client identifier invalid", "consumer key"),
        ("invalid_request", "External client app is not installed in this org", "another org"),
        ("invalid_grant", "ip restricted or invalid login hours", "IP Relaxation"),
        ("invalid_app_access", "user is not admin approved to access this app", "permission set"),
        (
            "invalid_client",
            "this app wants a client certificate, uploaded in the org, on port 8443",
            "on 8443 of the My Domain",
        ),
        ("app_not_found", "External client app is not installed in this org", "another org"),
        ("something_new", "of which nobody knows", "Login History"),
        ("something_new", "", "Login History"),
    ],
)
def test_each_refusal_has_its_next_step(
    error: str, description: str, next_step: str, practice: PracticeOrg, tls: ssl.SSLContext
) -> None:
    body = json.dumps({"error": error, "error_description": description}).encode()
    with pytest.raises(LoginFault) as caught:
        signed_in_at(http(body, status="400 Bad Request"), practice, tls)
    assert (error, description) == (caught.value.code, caught.value.message)
    assert next_step in caught.value.next_step


def test_a_refusal_without_a_description_has_none(practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    nothing = http(b'{"error": "invalid_grant", "error_description": null}', status="400 Bad Request")
    with pytest.raises(LoginFault) as caught:
        signed_in_at(nothing, practice, tls)
    assert ("the org answered invalid_grant", "") == (caught.value.what, caught.value.message)


def asking(practice: PracticeOrg, folder: Path) -> ssl.SSLContext:
    """TLS of a server that wants a client certificate, whatever its port."""
    context = server_tls(practice.authority.server, folder)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(practice.client.root)
    return context


def test_a_token_endpoint_that_asks_for_the_certificate_gets_it_whatever_its_port(
    practice: PracticeOrg, identity: ClientIdentity, tmp_path: Path
) -> None:
    presented: list[Any] = []

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        assert isinstance(connection, ssl.SSLSocket)
        presented.append(dict(part[0] for part in (connection.getpeercert() or {})["subject"]))  # type: ignore[misc]
        connection.sendall(answer(instance_url="https://acme.my.salesforce.com"))

    with serving(behave, asking(practice, tmp_path)) as where:
        login(Org(f"https://{where}", ca_file=practice.ca_file), APP, identity)
    assert 1 == len(presented)


def test_without_a_certificate_such_an_endpoint_refuses(practice: PracticeOrg, tmp_path: Path) -> None:
    def behave(connection: socket.socket) -> None:
        read_request(connection)

    with serving(behave, asking(practice, tmp_path)) as where, pytest.raises(SfmtlsError):
        login(Org(f"https://{where}", ca_file=practice.ca_file), APP)


def test_the_token_and_the_calls_go_through_a_proxy_with_the_certificate_on_8443(
    practice: PracticeOrg, identity: ClientIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    seen: list[bytes] = []
    port = urlsplit(practice.mutual_url).port or 0
    with serving(tunnelling({b"acme.my.salesforce.com:8443": port}, seen)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        org = Org("https://acme.my.salesforce.com:8443", ca_file=practice.ca_file)
        way = JwtBearer(practice.app.consumer_key, practice.user("enforced").username, practice.client.key)
        practice.events.clear()
        with login(org, way, identity) as session:
            assert session.get_user_info().text(".//userName") == "enforced@practice.example"
            token, *_ = practice.events.where(operation="POST token")
    assert {b"acme.my.salesforce.com:8443"} == {*seen}
    assert token.chain


def test_a_session_signs_in_and_out_on_8443_alone(practice: PracticeOrg, identity: ClientIdentity) -> None:
    org = replace(Org(**practice.endpoints), login_url=practice.mutual_url)
    way = JwtBearer(practice.app.consumer_key, practice.user("enforced").username, practice.client.key)
    with login(org, way, identity) as session:
        assert session.get_user_info().text(".//userName") == "enforced@practice.example"


@pytest.mark.parametrize("wrapped", ["{}\n", "  {}", "\t{} \r\n"])
def test_what_is_copied_along_with_a_field_is_taken_off(
    wrapped: str, practice: PracticeOrg, org: Org, identity: ClientIdentity
) -> None:
    username, app = practice.user("enforced").username, practice.app
    with login(
        org, JwtBearer(wrapped.format(app.consumer_key), wrapped.format(username), practice.client.key)
    ) as by_jwt:
        brought = ExistingSession(wrapped.format(by_jwt.session_id.reveal()), wrapped.format(practice.api_url))
        assert "DailyApiRequests" in login(org, brought, identity).rest("limits")
    secret = ClientCredentials(wrapped.format(app.consumer_key), wrapped.format(app.consumer_secret))
    assert login(org, secret).user_id
    assert WebLogin(app.consumer_key, "http://localhost:1717") == WebLogin(
        wrapped.format(app.consumer_key), wrapped.format("http://localhost:1717")
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda secret: ClientCredentials("", secret),
        lambda secret: WebLogin("", consumer_secret=secret),
        lambda secret: WebLogin("3MVG9", "http://[", secret),
        lambda secret: ExistingSession(secret, ""),
        lambda secret: JwtBearer("3MVG9", "me", "~nobody-of-that-name/jwt.key", secret),
        lambda secret: JwtBearer("", "me", "jwt.key", secret),
        lambda secret: PasswordLogin(None, secret, secret),  # type: ignore[arg-type]
        lambda secret: PasswordLogin("me", secret, None),  # type: ignore[arg-type]
    ],
)
def test_a_secret_shows_in_no_variable_where_another_field_is_wrong(make: Callable[[str], object]) -> None:
    with pytest.raises(SfmtlsError) as caught:
        make("never-seen")
    assert "never-seen" not in shown_with_locals(beyond(__file__, caught.value))


@pytest.mark.parametrize("date", ["Mon, 23 Nov 2020 12:00:00 GMT", "Mon, 23 Nov 2099 12:00:00 GMT"])
def test_the_clock_is_blamed_for_assertions_alone(date: str, practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    body = json.dumps({"error": "invalid_client", "error_description": "invalid client credentials"}).encode()
    with pytest.raises(LoginFault) as caught:
        signed_in_at(http(body, f"Date: {date}", status="400 Bad Request"), practice, tls)
    assert ("clock" in str(caught.value), "consumer secret" in caught.value.next_step) == (False, True)
