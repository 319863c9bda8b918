"""JwtBearer: a token for a signed assertion; and what each mistake in it gets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from raw_server import answering, http, server_tls, serving, tunnelling
from tracebacks import shown_with_locals

from sfmtls_nb import (
    ClientIdentity,
    IdentityError,
    JwtBearer,
    LoginFault,
    Org,
    OrgError,
    PassphraseError,
    Secret,
    login,
)
from sfmtls_nb.practice import PracticeOrg

CONSUMER = "3MVG9consumer"
KEY = rsa.generate_private_key(65537, 2048)
WEAK = rsa.generate_private_key(65537, 1024)  # noqa: S505  # to be refused


def pem(key: PrivateKeyTypes, passphrase: bytes = b"") -> bytes:
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def credentials(practice: PracticeOrg, user: str = "enforced", **changed: str) -> JwtBearer:
    given = {"consumer_key": practice.app.consumer_key, "username": practice.user(user).username, **changed}
    return JwtBearer(**given, key=practice.client.key)


@pytest.mark.parametrize("user", ["standard", "enforced"])
def test_a_user_signs_in_without_a_password(
    user: str, practice: PracticeOrg, org: Org, identity: ClientIdentity
) -> None:
    with login(org, credentials(practice, user), identity) as session:
        assert session.get_user_info().text(".//userName") == practice.user(user).username
        assert session.user_id == session.get_user_info().text(".//userId")


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_an_enforced_user_is_let_in_by_either_version_of_tls(tls: str) -> None:
    with PracticeOrg(tls=tls) as practice:  # type: ignore[arg-type]  # one of the two
        files = practice.client
        me = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
        with login(Org(**practice.endpoints), credentials(practice), me) as session:
            assert session.get_user_info().exchange.tls.startswith(f"TLSv{tls}")


def test_leaving_the_block_revokes_the_token(own_practice: PracticeOrg) -> None:
    with login(Org(**own_practice.endpoints), credentials(own_practice, "standard")):
        assert 1 == len(own_practice.state.sessions)
    assert (0, ["POST revoke"]) == (len(own_practice.state.sessions), [e.operation for e in own_practice.events][-1:])


def test_the_session_keeps_its_sign_in_without_the_assertion(practice: PracticeOrg, org: Org) -> None:
    session = login(org, credentials(practice))
    assert session.exchange
    assert session.exchange.request.body.endswith(b"&assertion=%E2%80%A2%E2%80%A2%E2%80%A2%E2%80%A2")


@pytest.mark.parametrize("form", ["a path", "text", "bytes", "encrypted", "a secret"])
def test_the_key_is_taken_in_any_form(form: str, tmp_path: Path) -> None:
    (tmp_path / "jwt.key").write_bytes(pem(KEY))
    given: tuple[Any, ...] = {
        "a path": (tmp_path / "jwt.key",),
        "text": (pem(KEY).decode(),),
        "bytes": (pem(KEY),),
        "encrypted": (pem(KEY, b"open"), "open"),
        "a secret": (Secret(pem(KEY)),),
    }[form]
    assert JwtBearer(CONSUMER, "me", *given).key.private_numbers() == KEY.private_numbers()


@pytest.mark.parametrize("passphrase", [None, "wrong"])
def test_an_encrypted_key_wants_its_passphrase(passphrase: str | None) -> None:
    with pytest.raises(PassphraseError) as caught:
        JwtBearer(CONSUMER, "me", pem(KEY, b"open"), passphrase)
    assert "ClientIdentity" not in caught.value.next_step
    assert bool(passphrase) != ("JwtBearer(…, passphrase=" in caught.value.next_step)


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "its kind is EC;"),
        (ed25519.Ed25519PrivateKey.generate(), "its kind is Ed25519;"),
        (WEAK, "its kind is RSA, with 1024 bits;"),
    ],
)
def test_a_key_that_salesforce_would_refuse_in_silence_is_refused_by_name(key: PrivateKeyTypes, found: str) -> None:
    with pytest.raises(IdentityError, match=found) as caught:
        JwtBearer(CONSUMER, "me", pem(key))
    assert "your key for mutual TLS stays as it is" in caught.value.next_step


def test_a_file_without_a_key_and_one_with_two_are_refused(practice: PracticeOrg) -> None:
    with pytest.raises(IdentityError, match="no private key where the JWT key should be"):
        JwtBearer(CONSUMER, "me", practice.client.leaf)
    with pytest.raises(IdentityError, match="2 private keys where the JWT key should be"):
        JwtBearer(CONSUMER, "me", pem(KEY) + pem(rsa.generate_private_key(65537, 2048)))


@pytest.mark.parametrize("given", [("", "me"), (CONSUMER, ""), (None, "me"), (CONSUMER, 5)])
def test_what_is_missing_is_named_before_anything_is_sent(given: tuple[str, str]) -> None:
    with pytest.raises(OrgError, match=r"consumer key|username"):
        JwtBearer(*given, pem(KEY))


@pytest.mark.parametrize(
    ("changed", "code", "next_step"),
    [
        ({"consumer_key": "3MVG9another"}, "invalid_client_id", "copy the consumer key again"),
        ({"username": "nobody@practice.example"}, "invalid_grant", "pre-authorized"),
    ],
)
def test_a_refusal_carries_the_orgs_code_and_the_next_step(
    changed: dict[str, str], code: str, next_step: str, practice: PracticeOrg, org: Org
) -> None:
    with pytest.raises(LoginFault, match=next_step) as caught:
        login(org, credentials(practice, **changed))
    assert (code, 400) == (caught.value.code, caught.value.exchange.status)


def test_another_key_than_the_apps_is_told_apart_from_the_one_for_mutual_tls(practice: PracticeOrg, org: Org) -> None:
    stranger = JwtBearer(practice.app.consumer_key, practice.user("standard").username, pem(KEY))
    with pytest.raises(LoginFault, match="the key for mutual TLS is another one"):
        login(org, stranger)


@pytest.mark.parametrize(("minutes", "words"), [(10, "behind"), (-10, "ahead of")])
def test_a_clock_that_goes_wrong_is_named(minutes: int, words: str, practice: PracticeOrg, tmp_path: Path) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
    refused = b'{"error":"invalid_grant","error_description":"expired authorization code"}'
    reply = http(refused, f"Date: {date}", status="400 Bad Request")
    with (
        serving(answering(reply), server_tls(practice.authority.server, tmp_path)) as where,
        pytest.raises(LoginFault, match=f"clock is 10 minutes {words} the org's") as caught,
    ):
        login(Org(f"https://{where}", ca_file=practice.ca_file), JwtBearer(CONSUMER, "me", pem(KEY)))
    assert "set this machine's clock" in caught.value.next_step


def test_an_assertion_that_has_expired_is_refused(own_practice: PracticeOrg) -> None:
    own_practice.state.clock = lambda: datetime.now(UTC) + timedelta(minutes=10)
    with pytest.raises(LoginFault, match="clock is 10 minutes behind the org's") as caught:
        login(Org(**own_practice.endpoints), credentials(own_practice))
    assert "look at this machine's clock" in caught.value.next_step


@pytest.mark.parametrize(
    ("login_url", "audiences"),
    [
        ("https://login.salesforce.com", ["https://login.salesforce.com"]),
        ("https://acme.my.salesforce.com", ["https://login.salesforce.com", "https://acme.my.salesforce.com"]),
        ("https://acme.my.salesforce.com:8443", ["https://login.salesforce.com", "https://acme.my.salesforce.com"]),
        (
            "https://acme--uat.sandbox.my.salesforce.com",
            ["https://test.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com"],
        ),
        ("https://test.salesforce.com", ["https://test.salesforce.com"]),
        ("https://acme-dev-ed.develop.my.salesforce.com:8443", ["https://acme-dev-ed.develop.my.salesforce.com"]),
        ("https://localhost:4430", ["https://localhost:4430"]),
    ],
)
def test_the_audience_is_the_login_host_of_the_orgs_kind_or_else_the_my_domain(
    login_url: str, audiences: list[str]
) -> None:
    from sfmtls_nb.sign_in.jwt_bearer import _audiences

    assert audiences == [*_audiences(Org(login_url))]


@pytest.fixture
def acme(own_practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch) -> Iterator[Org]:
    """The practice org as a My Domain of Salesforce's, through a proxy."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    port = urlsplit(own_practice.endpoints["login_url"]).port or 0
    with serving(tunnelling({b"acme.my.salesforce.com:443": port}, [])) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        yield Org("https://acme.my.salesforce.com", ca_file=own_practice.ca_file)


@pytest.mark.parametrize(("my_domain_alone", "calls"), [(False, 1), (True, 2)])
def test_an_app_that_is_for_the_my_domain_alone_is_asked_once_more(
    my_domain_alone: bool, calls: int, acme: Org, own_practice: PracticeOrg
) -> None:
    own_practice.app.my_domain_audience = my_domain_alone
    assert login(acme, credentials(own_practice, "standard")).session_id
    assert calls == len(own_practice.events.where(operation="POST token"))


def test_where_the_other_audience_is_refused_too_both_answers_are_told(acme: Org, own_practice: PracticeOrg) -> None:
    own_practice.app.my_domain_audience = True
    own_practice.app.withdraw(own_practice.user("standard").username)
    with pytest.raises(LoginFault) as caught:
        login(acme, credentials(own_practice, "standard"))
    assert "app_not_found" == caught.value.code
    assert "; and for https://acme.my.salesforce.com instead of https://login" in caught.value.evidence
    assert "not admin approved" in caught.value.evidence


def test_another_refusal_is_not_asked_twice(acme: Org, own_practice: PracticeOrg) -> None:
    with pytest.raises(LoginFault, match="approved this consumer"):
        login(acme, credentials(own_practice, username="nobody@practice.example"))
    assert 1 == len(own_practice.events.where(operation="POST token"))


def test_the_assertion_is_rs256_and_good_for_three_minutes(
    practice: PracticeOrg, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    encode = jwt.encode

    def spy(claims: dict[str, Any], key: Any, algorithm: str) -> str:
        made.append(encode(claims, key, algorithm))
        return made[-1]

    monkeypatch.setattr("jwt.encode", spy)
    login(org, credentials(practice))
    claims = jwt.decode(made[0], options={"verify_signature": False})
    assert "RS256" == jwt.get_unverified_header(made[0])["alg"]
    assert {"iss", "sub", "aud", "exp"} == claims.keys()
    assert 170 < claims["exp"] - time.time() < 181


def test_no_key_shows_in_a_repr_or_in_a_traceback_with_locals() -> None:
    assert "key=" not in repr(JwtBearer(CONSUMER, "me", pem(KEY))).replace("consumer_key=", "")
    weak = pem(WEAK)
    with pytest.raises(IdentityError) as caught:
        JwtBearer(CONSUMER, "me", weak.decode())
    shown, weak = shown_with_locals(caught.value).replace(repr(weak), ""), b""
    assert "MII" not in shown
