"""External Client Apps of the practice org: several by name, and the policies by which one gives a token or refuses it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from oauth_org import AUTHORITY, CERTIFICATE, KEY, OTHER_KEY, OAuthOrg

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice import ExternalClientApp, PermittedUsers, PracticeOrg
from sfmtls_nb.practice.apps import FLOWS, Flow

NOT_APPROVED = {"error": "invalid_app_access", "error_description": "user is not admin approved to access this app"}
NOT_ALLOWED = {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}
NOT_INSTALLED = {"error": "app_not_found", "error_description": "External client app is not installed in this org"}
RESTRICTED = {"error": "invalid_grant", "error_description": "ip restricted or invalid login hours"}
EXPIRED = {"error": "invalid_grant", "error_description": "expired access/refresh token"}
INVALID = {"error": "invalid_grant", "error_description": "invalid assertion"}
ENFORCED = "enforced@practice.example"


@pytest.fixture
def org() -> OAuthOrg:
    return OAuthOrg()


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return AUTHORITY.issue("a signer", key=key).certificate_pem


def test_an_app_is_there_from_the_start_and_others_can_be_added(own_practice: PracticeOrg) -> None:
    added = own_practice.state.add_app(ExternalClientApp("Nightly job", run_as=ENFORCED))
    assert ["Practice App", "Nightly job"] == [app.name for app in own_practice.apps]
    assert own_practice.app is own_practice.apps[0] is not added
    assert ["Practice App", "Nightly job"] == [app["name"] for app in own_practice.description()["apps"]]


@pytest.mark.parametrize("name", ["", " ", "practice app"])
def test_an_app_needs_a_name_that_is_free(org: OAuthOrg, name: str) -> None:
    with pytest.raises(PracticeError, match=r"no name|already"):
        org.state.add_app(ExternalClientApp(name))


def test_an_app_shows_no_secret(org: OAuthOrg) -> None:
    assert org.app.consumer_secret not in repr(org.app)


def test_an_app_signs_in_with_its_own_key_and_no_others(org: OAuthOrg) -> None:
    first, second = org.app, org.state.add_app(ExternalClientApp("Second", approved={ENFORCED}))
    second.upload_certificate(pem(OTHER_KEY))
    assert "access_token" in org.by_jwt(iss=second.consumer_key, key=OTHER_KEY)
    assert [INVALID, INVALID] == [
        org.by_jwt(iss=second.consumer_key),
        org.by_jwt(iss=first.consumer_key, key=OTHER_KEY),
    ]


def test_an_app_takes_no_code_and_no_refresh_token_of_another(org: OAuthOrg) -> None:
    other = org.state.add_app(ExternalClientApp("Other", approved={ENFORCED})).consumer_key
    assert "invalid authorization code" == org.redeem(code=org.code(), client_id=other)["error_description"]
    assert EXPIRED == org.refresh(org.redeem(code=org.code())["refresh_token"], client_id=other)


def test_an_app_that_is_removed_is_not_installed(org: OAuthOrg) -> None:
    org.state.apps.remove(org.app)
    assert [NOT_INSTALLED] * 2 == [org.by_jwt(), org.by_secret()]
    page = org.ask("GET", f"/services/oauth2/authorize?{urlencode(org.authorize())}")
    assert (400, "OAUTH_EC_APP_NOT_FOUND") == (page.status, page.code)


def test_an_app_is_not_named_by_half_its_key(org: OAuthOrg) -> None:
    assert "client identifier invalid" == org.by_jwt(iss=org.app.consumer_key[:-1])["error_description"]


# ---------------------------------------------------------------- its certificate


#: PyJWT says so too, of the key that signs.
@pytest.mark.filterwarnings("ignore:The RSA key is 1024 bits long")
def test_the_certificate_of_a_key_that_is_too_short_is_taken_and_no_assertion_is_valid(org: OAuthOrg) -> None:
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505  # that is what is refused
    org.app.upload_certificate(pem(short))
    assert INVALID == org.by_jwt(key=short)


def test_the_certificate_of_an_ec_key_is_taken_and_no_assertion_is_valid(org: OAuthOrg) -> None:
    curved = ec.generate_private_key(ec.SECP256R1())
    org.app.upload_certificate(pem(curved))
    assert INVALID == org.by_jwt(key=curved, algorithm="ES256")


def test_the_certificate_may_be_missing_and_no_assertion_is_valid(org: OAuthOrg) -> None:
    org.app.certificate = None
    assert INVALID == org.by_jwt()


def test_the_certificate_may_be_self_signed(org: OAuthOrg) -> None:
    org.app.upload_certificate(AUTHORITY.issue("self-signed", key=OTHER_KEY, ca=True).certificate_pem)
    assert "access_token" in org.by_jwt(key=OTHER_KEY)


def test_the_certificate_is_not_the_private_key(org: OAuthOrg) -> None:
    private = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(PracticeError, match="holds a private key"):
        org.app.upload_certificate(private)
    assert CERTIFICATE is org.app.certificate


def test_the_certificate_is_smaller_than_four_kilobytes(org: OAuthOrg) -> None:
    names = [f"host-{number}.practice.example" for number in range(150)]
    large = AUTHORITY.issue("large", key=OTHER_KEY, names=names).certificate
    with pytest.raises(PracticeError, match="too large"):
        org.app.upload_certificate(large.public_bytes(Encoding.PEM))
    assert isinstance(org.app.certificate, x509.Certificate)


# ---------------------------------------------------------------- policies


def test_a_policy_of_approved_users_keeps_the_others_out_in_every_flow(org: OAuthOrg) -> None:
    refresh, code = org.redeem(code=org.code())["refresh_token"], org.code()
    org.app.approved.clear()
    assert [NOT_APPROVED] * 4 == [org.by_jwt(), org.by_secret(), org.redeem(code=code), org.refresh(refresh)]
    back = org.consent()
    assert {**NOT_APPROVED, "error": "OAUTH_APP_ACCESS_DENIED", "state": "xyz"} == back


def test_a_policy_of_approved_users_lets_one_in_again_who_is_approved(org: OAuthOrg) -> None:
    org.app.withdraw(ENFORCED)
    assert NOT_APPROVED == org.by_jwt()
    org.app.approve(ENFORCED.upper())
    assert "access_token" in org.by_jwt()


def test_a_policy_of_self_authorization_wants_a_user_to_have_allowed_the_app_before_a_jwt_does(org: OAuthOrg) -> None:
    org.app.permitted_users = PermittedUsers.SELF_AUTHORIZE
    org.app.approved.clear()
    assert NOT_ALLOWED == org.by_jwt()
    assert "code" in org.consent()
    assert "access_token" in org.by_jwt()


def test_a_policy_of_self_authorization_asks_nobody_about_client_credentials(org: OAuthOrg) -> None:
    org.app.permitted_users = PermittedUsers.SELF_AUTHORIZE
    org.app.approved.clear()
    assert "access_token" in org.by_secret()


def test_a_policy_about_networks_keeps_everybody_out_who_comes_from_an_unknown_one(org: OAuthOrg) -> None:
    org.state.token_required = True
    assert "access_token" in org.by_jwt()
    org.app.ip_relaxed = False
    assert [RESTRICTED] * 2 == [org.by_jwt(), org.by_secret()]
    assert {**RESTRICTED, "state": "xyz"} == org.consent()
    org.state.token_required = False
    assert "access_token" in org.by_jwt()


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_that_is_not_enabled_gives_nothing_and_the_others_do(org: OAuthOrg, flow: Flow) -> None:
    code = org.code()
    org.app.flows.remove(flow)
    answers = {"jwt": org.by_jwt(), "client-credentials": org.by_secret(), "web": org.redeem(code=code)}
    assert {flow: "unauthorized_client"} == {name: a["error"] for name, a in answers.items() if "error" in a}
    assert ("error" in org.consent()) == (flow == "web")


def test_client_credentials_without_a_run_as_user_are_refused(org: OAuthOrg) -> None:
    org.app.run_as = ""
    assert "no client credentials user enabled" == org.by_secret()["error_description"]


def test_a_policy_of_pkce_wants_a_challenge(org: OAuthOrg) -> None:
    org.app.pkce_required = True
    assert "code" in org.consent()
    assert "missing required code challenge" == org.consent(code_challenge="")["error_description"]


def test_a_secret_that_comes_along_with_a_code_has_to_be_right(org: OAuthOrg) -> None:
    assert "invalid_client" == org.redeem(code=org.code(), client_secret="wrong")["error"]
    assert "access_token" in org.redeem(code=org.code(), client_secret=org.app.consumer_secret)


# ---------------------------------------------------------------- refresh tokens


def test_a_refresh_token_is_good_any_number_of_times(org: OAuthOrg) -> None:
    token = org.redeem(code=org.code())["refresh_token"]
    answers = [org.refresh(token) for _ in range(3)]
    assert [(True, False)] * 3 == [("access_token" in answer, "refresh_token" in answer) for answer in answers]


def test_a_refresh_token_that_rotates_is_good_once(org: OAuthOrg) -> None:
    org.app.rotates = True
    first = org.redeem(code=org.code())["refresh_token"]
    second = org.refresh(first)["refresh_token"]
    assert EXPIRED == org.refresh(first)
    assert "access_token" in org.refresh(second)


def test_a_refresh_token_has_a_life_if_the_app_says_so(org: OAuthOrg) -> None:
    org.app.refresh_life = timedelta(days=30)
    token = org.redeem(code=org.code())["refresh_token"]
    org.now += timedelta(days=29)
    assert "access_token" in org.refresh(token)
    org.now += timedelta(days=2)
    assert EXPIRED == org.refresh(token)


# ---------------------------------------------------------------- users


def test_a_user_who_is_locked_out_gets_no_token(org: OAuthOrg) -> None:
    refresh = org.redeem(code=org.code())["refresh_token"]
    org.state.users[0].locked_until = org.now + timedelta(minutes=1)
    assert ["authentication failure"] * 2 == [a["error_description"] for a in (org.by_jwt(), org.refresh(refresh))]
    org.now += timedelta(minutes=2)
    assert "access_token" in org.by_jwt()


def test_a_user_who_is_locked_out_is_asked_again_by_the_page(org: OAuthOrg) -> None:
    user = org.state.users[0]
    user.locked_until = org.now + timedelta(minutes=1)
    form = {**org.authorize(), "username": user.username, "password": user.password, "allow": "1"}
    assert b"locked out" in org.ask("POST", "/services/oauth2/authorize", urlencode(form)).whole_body


def test_a_user_whose_password_has_expired_is_told_so_by_the_page_and_gets_no_code(org: OAuthOrg) -> None:
    user = org.state.users[0]
    user.password_expired = True
    form = {**org.authorize(), "username": user.username, "password": user.password, "allow": "1"}
    assert b"has expired" in org.ask("POST", "/services/oauth2/authorize", urlencode(form)).whole_body


def test_the_page_names_the_app_and_escapes_its_name(org: OAuthOrg) -> None:
    org.app.name = "R&D <nightly>"
    page = org.ask("GET", f"/services/oauth2/authorize?{urlencode(org.authorize())}").whole_body
    assert b"R&amp;D &lt;nightly&gt;" in page


def test_the_sessions_of_one_user_can_be_ended_and_those_of_all(org: OAuthOrg) -> None:
    org.by_jwt(), org.by_jwt(), org.by_secret()
    assert 2 == org.state.end_sessions(ENFORCED.upper())
    assert 1 == org.state.end_sessions()
    assert 0 == org.state.end_sessions()
