"""Signing in without a password typed to the API: the OAuth flows, judged by the org's own clock."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from oauth_org import (
    JWT_BEARER,
    KEY,
    NOTHING_PRESENTED,
    NOW,
    OTHER_KEY,
    SERVER,
    VERIFIER,
    OAuthOrg,
)

from sfmtls_nb.practice.request import Listener, Request


@pytest.fixture
def org() -> OAuthOrg:
    return OAuthOrg()


def test_the_jwt_bearer_flow_gives_a_session_of_the_user_named_in_sub(org: OAuthOrg) -> None:
    token = org.token(grant_type=JWT_BEARER, assertion=org.assertion())["access_token"]
    user = org.state.session_user(token)
    assert user is not None
    assert "enforced@practice.example" == user.username


def test_the_jwt_bearer_flow_answers_with_the_documented_members_and_no_refresh_token(org: OAuthOrg) -> None:
    answer = org.token(grant_type=JWT_BEARER, assertion=org.assertion())
    assert {"access_token", "scope", "instance_url", "id", "token_type"} <= answer.keys() - {"refresh_token"}


@pytest.mark.parametrize(
    "audience",
    [
        "https://login.salesforce.com",
        "https://login.salesforce.com/",
        "https://test.salesforce.com",
        SERVER,
        f"{SERVER}/",
        f"{SERVER}:8443",
        ["https://elsewhere.example", SERVER],
    ],
)
def test_the_jwt_bearer_flow_takes_each_documented_audience_and_the_orgs_own_addresses(
    org: OAuthOrg, audience: Any
) -> None:
    assert "access_token" in org.token(grant_type=JWT_BEARER, assertion=org.assertion(aud=audience))


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"aud": "https://acme.example"}, "invalid_grant", "audience is invalid"),
        ({"aud": f"{SERVER}.evil.example"}, "invalid_grant", "audience is invalid"),
        ({"aud": f"{SERVER}/services"}, "invalid_grant", "audience is invalid"),
        ({"aud": "https://["}, "invalid_grant", "audience is invalid"),
        ({"aud": f"{SERVER}:1234"}, "invalid_grant", "audience is invalid"),
        ({"aud": "https://login.salesforce.com:8443"}, "invalid_grant", "audience is invalid"),
        ({"aud": "https://me@login.salesforce.com"}, "invalid_grant", "audience is invalid"),
        ({"aud": "http://login.salesforce.com"}, "invalid_grant", "audience is invalid"),
        ({"aud": []}, "invalid_grant", "audience is invalid"),
        ({"iss": "another app"}, "invalid_client_id", "client identifier invalid"),
        ({"sub": "nobody@practice.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"exp": int(NOW.timestamp()) - 1}, "invalid_grant", "expired authorization code"),
        ({"exp": "soon"}, "invalid_grant", "invalid assertion"),
        ({"exp": [int(NOW.timestamp()) + 180]}, "invalid_grant", "invalid assertion"),
        ({"exp": str(int(NOW.timestamp()) - 1)}, "invalid_grant", "expired authorization code"),
        ({"exp": None}, "invalid_grant", "invalid assertion"),
        ({"sub": None}, "invalid_grant", "invalid assertion"),
    ],
)
def test_the_jwt_bearer_flow_refuses_a_claim_that_is_wrong(
    org: OAuthOrg, changes: dict[str, Any], error: str, description: str
) -> None:
    answer = org.token(grant_type=JWT_BEARER, assertion=org.assertion(**changes))
    assert {"error": error, "error_description": description} == answer


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=3650)])
@pytest.mark.parametrize("unit", [1, 1000])
def test_the_jwt_bearer_flow_takes_an_expiry_far_ahead_and_in_milliseconds_as_the_sf_cli_sends_it(
    org: OAuthOrg, ahead: timedelta, unit: int
) -> None:
    expiry = int((NOW + ahead).timestamp()) * unit
    assert "access_token" in org.token(grant_type=JWT_BEARER, assertion=org.assertion(exp=expiry))


def test_the_jwt_bearer_flow_takes_an_expiry_as_text_as_simple_salesforce_sends_it(org: OAuthOrg) -> None:
    assert "access_token" in org.by_jwt(exp=str(int(NOW.timestamp()) + 180))


def test_the_jwt_bearer_flow_is_judged_by_the_orgs_clock_alone(org: OAuthOrg) -> None:
    org.now += timedelta(days=3650)
    assert "access_token" in org.by_jwt(iat=int(org.now.timestamp()), nbf=int(org.now.timestamp()))
    assert "expired authorization code" == org.by_jwt(exp=int(NOW.timestamp()) + 180)["error_description"]


def test_the_id_of_a_token_is_at_the_orgs_own_host_and_says_there_whose_it_is(org: OAuthOrg) -> None:
    answer = org.token(grant_type=JWT_BEARER, assertion=org.assertion())
    assert answer["id"].startswith(f"{SERVER}/id/00D")
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    shown = json.loads(org.ask("GET", answer["id"].removeprefix(SERVER), headers=headers).whole_body)
    assert (answer["id"], "enforced@practice.example") == (shown["id"], shown["username"])


@pytest.mark.parametrize(
    ("path", "token", "expected"),
    [
        ("{id}", "", (403, b"Missing_OAuth_Token")),
        ("{id}", "nonsense", (403, b"Bad_OAuth_Token")),
        ("/id/00D000000000062EAA/0055f00000PRAC1AAG", "{token}", (403, b"Wrong_Org")),
        ("{id}x", "{token}", (404, b"Bad_Id")),
        ("/id/", "{token}", (403, b"Wrong_Org")),
    ],
)
def test_the_id_of_a_token_is_shown_to_nobody_else(
    org: OAuthOrg, path: str, token: str, expected: tuple[int, bytes]
) -> None:
    given = org.token(grant_type=JWT_BEARER, assertion=org.assertion())
    real = {"id": given["id"].removeprefix(SERVER), "token": given["access_token"]}
    answer = org.ask("GET", f"{path.format(**real)}?oauth_token={token.format(**real)}")
    assert expected == (answer.status, answer.whole_body)


def test_the_password_flow_is_refused_with_the_reason_and_the_ways_there_are(org: OAuthOrg) -> None:
    answer = org.token(grant_type="password", username="standard@practice.example", password="x")
    assert "unsupported_grant_type" == answer["error"]
    assert "20 February 2027" in answer["error_description"]
    assert "JWT bearer" in answer["error_description"]


def test_the_web_server_flow_goes_back_to_the_orgs_own_success_page(org: OAuthOrg) -> None:
    assert "code" in org.consent(redirect_uri=f"{SERVER}/services/oauth2/success")
    assert b"You are signed in" in org.ask("GET", "/services/oauth2/success?code=x").whole_body


def test_the_orgs_own_success_page_says_so_where_it_is_none(org: OAuthOrg) -> None:
    page = org.ask("GET", "/services/oauth2/success?error=x&error_description=%3Cno%3E").whole_body
    assert b"You are not signed in" in page
    assert b"&lt;no&gt;" in page


def test_the_web_server_flow_leads_nobody_to_salesforces_own_host(org: OAuthOrg) -> None:
    asked = org.authorize(redirect_uri="https://login.salesforce.com/services/oauth2/success")
    assert 400 == org.ask("GET", f"/services/oauth2/authorize?{urlencode(asked)}").status


def test_the_jwt_bearer_flow_refuses_a_signature_by_another_key(org: OAuthOrg) -> None:
    assert "invalid_grant" == org.token(grant_type=JWT_BEARER, assertion=org.assertion(OTHER_KEY))["error"]


def test_the_jwt_bearer_flow_refuses_one_signed_with_the_public_key_as_if_that_were_a_secret(org: OAuthOrg) -> None:
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header, claims, _ = org.assertion().split(".")
    header = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=").decode()
    mac = hmac.digest(public, f"{header}.{claims}".encode(), "sha256")
    forged = f"{header}.{claims}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    assert "invalid_grant" == org.token(grant_type=JWT_BEARER, assertion=forged)["error"]


def test_the_jwt_bearer_flow_refuses_an_expiry_that_no_clock_can_hold(org: OAuthOrg) -> None:
    assert "invalid_grant" == org.token(grant_type=JWT_BEARER, assertion=org.assertion(exp=10**400))["error"]


def test_the_jwt_bearer_flow_knows_users_by_their_usernames_alone(org: OAuthOrg) -> None:
    assert "invalid_grant" == org.token(grant_type=JWT_BEARER, assertion=org.assertion(sub="enforced"))["error"]


def test_the_jwt_bearer_flow_answers_with_what_no_cache_may_keep(org: OAuthOrg) -> None:
    form = urlencode({"grant_type": JWT_BEARER, "assertion": org.assertion()})
    answer = org.ask("POST", "/services/oauth2/token", form)
    assert (200, "no-store") == (answer.status, answer.headers["Cache-Control"])


def test_the_jwt_bearer_flow_refuses_an_assertion_that_is_not_signed(org: OAuthOrg) -> None:
    claims = jwt.decode(org.assertion(), options={"verify_signature": False})
    unsigned = jwt.encode(claims, key="", algorithm="none")
    assert "invalid_grant" == org.token(grant_type=JWT_BEARER, assertion=unsigned)["error"]


def test_client_credentials_sign_in_by_the_body(org: OAuthOrg) -> None:
    answer = org.token(
        grant_type="client_credentials", client_id=org.app.consumer_key, client_secret=org.app.consumer_secret
    )
    assert {"access_token", "signature", "issued_at", "api_instance_url"} <= answer.keys()


def test_client_credentials_sign_in_by_http_basic(org: OAuthOrg) -> None:
    basic = base64.b64encode(f"{org.app.consumer_key}:{org.app.consumer_secret}".encode()).decode()
    answer = org.token({"Authorization": f"Basic {basic}"}, grant_type="client_credentials")
    assert "access_token" in answer


@pytest.mark.parametrize(
    ("key", "secret", "error"), [(None, "wrong", "invalid_client"), ("wrong", None, "invalid_client_id")]
)
def test_client_credentials_with_a_wrong_key_or_secret_are_refused(
    org: OAuthOrg, key: str | None, secret: str | None, error: str
) -> None:
    answer = org.token(
        grant_type="client_credentials",
        client_id=key or org.app.consumer_key,
        client_secret=secret or org.app.consumer_secret,
    )
    assert error == answer["error"]


def test_client_credentials_sign_in_at_my_domain_hosts_only(org: OAuthOrg) -> None:
    answer = org.token(
        {"Host": "login.salesforce.com"},
        grant_type="client_credentials",
        client_id=org.app.consumer_key,
        client_secret=org.app.consumer_secret,
    )
    assert "request not supported on this domain" == answer["error_description"]


def test_the_web_server_flow_shows_a_page_to_sign_in_and_consent(org: OAuthOrg) -> None:
    answer = org.ask("GET", f"/services/oauth2/authorize?{urlencode(org.authorize())}")
    assert b"Allow access?" in answer.whole_body


def test_the_web_server_flow_brings_the_state_back(org: OAuthOrg) -> None:
    assert "xyz" == org.consent()["state"]


def test_the_web_server_flow_gives_a_token_and_a_refresh_token_for_the_code(org: OAuthOrg) -> None:
    assert {"access_token", "refresh_token"} <= org.redeem(code=org.code()).keys()


def test_the_web_server_flow_refuses_a_code_the_second_time(org: OAuthOrg) -> None:
    code = org.code()
    org.redeem(code=code)
    assert "invalid authorization code" == org.redeem(code=code)["error_description"]


def test_the_web_server_flow_refuses_a_code_that_is_too_old(org: OAuthOrg) -> None:
    code = org.code()
    org.now += timedelta(minutes=16)
    assert "expired authorization code" == org.redeem(code=code)["error_description"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "another"}, "invalid_grant"),
        ({"redirect_uri": "http://localhost:1/other"}, "redirect_uri_mismatch"),
        ({"client_id": "another"}, "invalid_client_id"),
    ],
)
def test_the_web_server_flow_refuses_what_does_not_belong_to_the_code(
    org: OAuthOrg, changes: dict[str, str], error: str
) -> None:
    assert error == org.redeem(code=org.code(), **changes)["error"]


def test_the_web_server_flow_says_so_when_the_user_denies(org: OAuthOrg) -> None:
    form = {**org.authorize(), "deny": "1"}
    answer = org.ask("POST", "/services/oauth2/authorize", urlencode(form))
    assert "error=access_denied" in answer.headers["Location"]


def test_the_web_server_flow_asks_again_after_a_wrong_password(org: OAuthOrg) -> None:
    form = {**org.authorize(), "username": "enforced@practice.example", "password": "wrong", "allow": "1"}
    answer = org.ask("POST", "/services/oauth2/authorize", urlencode(form))
    assert b"Check the username and password" in answer.whole_body


def test_the_web_server_flow_never_sends_a_browser_to_an_unregistered_place(org: OAuthOrg) -> None:
    asked = org.authorize(redirect_uri="https://evil.example/")
    answer = org.ask("GET", f"/services/oauth2/authorize?{urlencode(asked)}")
    assert (400, False) == (answer.status, "Location" in answer.headers)


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://evil.example\\@localhost/",  # to a browser the backslash is a slash, and what follows the path
        "http://localhost@evil.example/",
        "http://user@localhost/",
        "http://localhost.evil.example/",
        "http://localhost/\r\nSet-Cookie: a=b",
        "http://loc\talhost/",
        " http://localhost/",
        "http://localhost/\u2028",
        "http://localhost/\0",
        "http://localhost/#fragment",
        "http://localhost:99999/",
        "http://[localhost/",
        "javascript://localhost/%0aalert(1)",
    ],
)
def test_the_web_server_flow_never_sends_a_browser_to_what_only_looks_like_this_machine(
    org: OAuthOrg, redirect_uri: str
) -> None:
    user = org.state.users[0]
    asked = org.authorize(redirect_uri=redirect_uri, username=user.username, password=user.password, allow="1")
    answer = org.ask("POST", "/services/oauth2/authorize", urlencode(asked))
    assert (400, False) == (answer.status, "Location" in answer.headers)


@pytest.mark.parametrize("host", ["localhost:51717", "127.0.0.1:8080", "[::1]:51717", "localhost"])
def test_the_web_server_flow_goes_back_to_any_port_of_this_machine(org: OAuthOrg, host: str) -> None:
    assert "code" in org.consent(redirect_uri=f"http://{host}/callback?a=b")


def test_the_web_server_flow_refuses_to_be_downgraded_to_a_challenge_in_the_plain(org: OAuthOrg) -> None:
    assert "code" not in org.consent(code_challenge=VERIFIER, code_challenge_method="plain")


def test_the_web_server_flow_refuses_a_challenge_that_nothing_can_meet(org: OAuthOrg) -> None:
    code = org.consent(code_challenge="é")["code"]
    assert "invalid code verifier" == org.redeem(code=code)["error_description"]


def test_the_web_server_flow_without_a_challenge_wants_the_secret(org: OAuthOrg) -> None:
    code = org.consent(code_challenge="")["code"]
    assert "invalid_client" == org.redeem(code=code)["error"]


def test_the_web_server_flow_shows_its_page_in_no_frame(org: OAuthOrg) -> None:
    answer = org.ask("GET", f"/services/oauth2/authorize?{urlencode(org.authorize())}")
    assert "DENY" == answer.headers["X-Frame-Options"]


def test_the_web_server_flow_puts_nothing_of_the_request_into_the_page_unescaped(org: OAuthOrg) -> None:
    asked = org.authorize(state='"><script>alert(1)</script>')
    answer = org.ask("GET", f"/services/oauth2/authorize?{urlencode(asked)}")
    assert b"<script>" not in answer.whole_body


def test_a_refresh_token_gives_a_new_token(org: OAuthOrg) -> None:
    refresh = org.redeem(code=org.code())["refresh_token"]
    answer = org.token(grant_type="refresh_token", refresh_token=refresh, client_id=org.app.consumer_key)
    assert org.state.session_user(answer["access_token"]) is org.state.users[0]


def test_a_refresh_token_ends_when_it_is_revoked(org: OAuthOrg) -> None:
    refresh = org.redeem(code=org.code())["refresh_token"]
    org.ask("POST", "/services/oauth2/revoke", urlencode({"token": refresh}))
    answer = org.token(grant_type="refresh_token", refresh_token=refresh, client_id=org.app.consumer_key)
    assert "expired access/refresh token" == answer["error_description"]


def test_userinfo_says_whose_token_it_is(org: OAuthOrg) -> None:
    token = org.token(grant_type=JWT_BEARER, assertion=org.assertion())["access_token"]
    answer = org.ask("GET", "/services/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert "enforced@practice.example" == json.loads(answer.whole_body)["preferred_username"]


def test_userinfo_refuses_a_token_that_was_revoked(org: OAuthOrg) -> None:
    token = org.token(grant_type=JWT_BEARER, assertion=org.assertion())["access_token"]
    org.ask("POST", "/services/oauth2/revoke", urlencode({"token": token}))
    answer = org.ask("GET", "/services/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert (403, b"Bad_OAuth_Token") == (answer.status, answer.whole_body)


@pytest.mark.parametrize("grant", ["", "password", "nonsense"])
def test_a_grant_type_that_is_not_offered_is_refused(org: OAuthOrg, grant: str) -> None:
    assert "unsupported_grant_type" == org.token(grant_type=grant)["error"]


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    path=st.sampled_from(["token", "authorize", "userinfo", "revoke", "x", ""]),
    query=st.text(max_size=60),
    body=st.binary(max_size=200),
    authorization=st.text(st.characters(max_codepoint=255), max_size=60),
)
def test_any_request_gets_an_answer(method: str, path: str, query: str, body: bytes, authorization: str) -> None:
    request = Request(
        Listener.API, method, f"/services/oauth2/{path}?{query}", {"Authorization": authorization}, body, (), SERVER
    )
    assert 200 <= OAuthOrg().api.answer(request, NOTHING_PRESENTED).status < 500


@pytest.mark.parametrize("path", ["/services/oauth2/", "/services/oauth2/x/token", "/services/oauth2/tokens"])
def test_a_path_that_is_none_of_the_endpoints_is_not_found(org: OAuthOrg, path: str) -> None:
    assert 404 == org.ask("POST", path).status


def test_a_refresh_token_ends_the_sessions_it_gave_when_it_is_revoked_and_no_others(org: OAuthOrg) -> None:
    first = org.redeem(code=org.code())
    second = org.refresh(first["refresh_token"])
    other = org.redeem(code=org.code())
    org.revoke(first["refresh_token"])
    tokens = [given["access_token"] for given in (first, second, other)]
    assert [False, False, True] == [org.state.session_user(token) is not None for token in tokens]


def test_a_refresh_token_lives_on_when_its_access_token_is_revoked(org: OAuthOrg) -> None:
    given = org.redeem(code=org.code())
    org.revoke(given["access_token"])
    assert "access_token" in org.refresh(given["refresh_token"])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_can_be_revoked_by_a_query_string(org: OAuthOrg, method: str) -> None:
    token = org.by_jwt()["access_token"]
    assert 200 == org.ask(method, f"/services/oauth2/revoke?{urlencode({'token': token})}").status
    assert org.state.session_user(token) is None


@pytest.mark.parametrize("token", ["", "nonsense", "5Aep861nonsense"])
def test_a_token_that_is_unknown_cannot_be_revoked(org: OAuthOrg, token: str) -> None:
    answer = org.revoke(token)
    assert (400, "invalid_token") == (answer.status, json.loads(answer.whole_body)["error"])


def test_the_log_has_the_user_of_a_token_and_the_error_of_a_refusal(org: OAuthOrg) -> None:
    form = {"grant_type": JWT_BEARER, "assertion": org.assertion()}
    answer = org.ask("POST", "/services/oauth2/token", urlencode(form))
    denied = org.ask("POST", "/services/oauth2/authorize", urlencode(org.authorize()))
    assert ("enforced@practice.example", "access_denied") == (answer.user, denied.code)
