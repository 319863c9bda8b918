"""The table of ways in: what each wants becomes credentials, and only what is missing is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from sfmtls_nb import ClientCredentials, JwtBearer, Org, PassphraseError, PasswordLogin, Secret, SfmtlsError, login
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.profiles import WAYS_IN
from sfmtls_nb.sign_in import WAYS, credentials_of, way_named
from sfmtls_nb.sign_in.ways import Field

KEY = rsa.generate_private_key(65537, 2048)
LOCKED = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"sesame-5518"))


def nobody(field: Field) -> str:
    raise AssertionError(f"{field.name} is asked for")


class Somebody:
    """Who answers every question, and knows what was asked."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, field: Field) -> str | Secret:
        self.asked.append(field.question)
        return Secret(self.answer) if field.secret else self.answer


def test_the_names_are_those_that_profiles_may_have() -> None:
    assert tuple(WAYS) == WAYS_IN


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_way_says_when_in_one_sentence(way: Any) -> None:
    assert way.when.rstrip().endswith(".")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("password", {"username": "me", "password": Secret("pw")}),
        ("jwt", {"consumer_key": "3MVG9", "username": "me", "key": LOCKED, "passphrase": Secret("sesame-5518")}),
        ("client-credentials", {"consumer_key": "3MVG9", "consumer_secret": Secret("s")}),
        ("web", {"consumer_key": "3MVG9"}),
        ("sf", {}),
        ("session", {"session_id": Secret("00D!x"), "instance_url": "https://acme.my.salesforce.com"}),
    ],
)
def test_with_all_that_a_way_wants_nothing_is_asked_for(name: str, values: dict[str, Any]) -> None:
    assert isinstance(credentials_of(WAYS[name], values, nobody), WAYS[name].make)  # type: ignore[arg-type]


def test_what_is_missing_is_asked_for_and_what_is_optional_is_not() -> None:
    person = Somebody("hunter2")
    made = credentials_of(WAYS["password"], {"username": "me"}, person)
    assert (made, person.asked) == (PasswordLogin("me", "hunter2"), ["Password (and security token): "])


def test_the_passphrase_is_asked_for_where_the_jwt_key_is_encrypted() -> None:
    person = Somebody("sesame-5518")
    made = credentials_of(WAYS["jwt"], {"consumer_key": "3MVG9", "username": "me", "key": LOCKED}, person)
    assert isinstance(made, JwtBearer)
    assert person.asked == ["Passphrase: "]


def test_a_wrong_passphrase_is_not_asked_for_twice() -> None:
    values = {"consumer_key": "3MVG9", "username": "me", "key": LOCKED, "passphrase": Secret("wrong")}
    with pytest.raises(PassphraseError):
        credentials_of(WAYS["jwt"], values, nobody)


def test_an_unknown_way_is_told_its_nearest() -> None:
    with pytest.raises(SfmtlsError) as caught:
        way_named("client_credential")
    assert caught.value.next_step == "did you mean client-credentials?"


def test_a_way_like_no_other_is_told_where_they_are_explained() -> None:
    with pytest.raises(SfmtlsError, match="%sf_login --form"):
        way_named("zzz")


def test_a_session_says_by_which_way_and_as_whom(org: Org, practice: PracticeOrg) -> None:
    with login(org, JwtBearer(practice.app.consumer_key, "standard@practice.example", practice.client.key)) as session:
        assert (session.by, session.renews) == ("JWT bearer, as standard@practice.example", True)


def test_where_no_username_is_told_it_is_the_user_id(org: Org, practice: PracticeOrg) -> None:
    with login(org, ClientCredentials(practice.app.consumer_key, practice.app.consumer_secret)) as session:
        assert session.by == f"Client credentials, as {session.user_id}"
