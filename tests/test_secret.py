"""Secret: text that shows itself masked."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sfmtls_nb import PasswordLogin, Secret
from sfmtls_nb.secret import has_session_id, mask, mask_session_ids

ORGANIZATION = "00D36000000bLGT!"
SESSION_ID = ORGANIZATION + "AQQAQMlp30Zpiy6"

any_text = st.text(st.characters())  # half surrogates too


@given(any_text)
def test_every_secret_but_a_session_id_looks_the_same(text: str) -> None:
    assume(not text.startswith("00D"))
    secret = Secret(text)
    assert (
        str(secret),
        f"{secret}",
        repr(secret),
        f"{secret!r}",
    ) == ("••••", "••••", "Secret('••••')", "Secret('••••')")


def test_a_session_id_shows_the_organization_it_belongs_to() -> None:
    assert f"{ORGANIZATION}••••" == str(Secret(SESSION_ID))


@given(any_text)
def test_reveal_gives_the_text(text: str) -> None:
    assert text == Secret(text).reveal()


def test_a_secret_of_a_secret_is_the_same_secret() -> None:
    assert Secret(Secret("p455w0rd")).reveal() == "p455w0rd"


@pytest.mark.parametrize(
    "show",
    [
        lambda secret: repr([secret]),
        lambda secret: repr({"password": secret}),
        lambda secret: f"{secret!s:>20}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031  # one more way to show it
        lambda secret: repr(PasswordLogin("me", secret, secret)),
        lambda secret: str(PasswordLogin("me", secret, secret)),
    ],
)
def test_inside_of_anything_a_secret_stays_masked(show: Callable[[Secret], str]) -> None:
    assert "p455w0rd" not in show(Secret("p455w0rd"))


@pytest.mark.parametrize(
    "spill",
    [
        lambda secret: "password=" + secret,
        lambda secret: ",".join({secret}),
        lambda secret: f"{secret:>20}",
        bytes,
        list,
        json.dumps,
        pickle.dumps,
    ],
)
def test_what_would_spill_a_secret_is_a_type_error_without_it(spill: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError) as caught:
        spill(Secret("p455w0rd"))
    assert "p455w0rd" not in str(caught.value)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, Secret])
def test_a_copy_is_the_same_secret(copied: Callable[[Secret], Secret]) -> None:
    assert Secret("p455w0rd") == copied(Secret("p455w0rd"))


@given(any_text, any_text)
def test_secrets_are_equal_when_their_texts_are(one: str, other: str) -> None:
    assert (one == other) == (Secret(one) == Secret(other))


def test_a_secret_is_not_equal_to_its_text() -> None:
    assert Secret("p455w0rd") != "p455w0rd"


def test_equal_secrets_are_one_key() -> None:
    assert len({Secret("p455w0rd"), Secret("p455w0rd")}) == 1


@pytest.mark.parametrize(("text", "truth"), [("p455w0rd", True), ("", False)])
def test_only_an_empty_secret_is_false(text: str, truth: bool) -> None:  # a row of a table
    assert truth == bool(Secret(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (SESSION_ID, "00D36000000bLGT!••••"),
        ("p455w0rd", "••••"),
        ("", "••••"),
        (f" {SESSION_ID}", "••••"),
        ("00D36000000bLG!AQQ", "••••"),  # an organization's id has 15 characters
    ],
)
def test_a_mask_shows_an_organization_or_nothing(text: str, shown: str) -> None:
    assert shown == mask(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"missing session key: {SESSION_ID}", "missing session key: 00D36000000bLGT!••••"),
        (f"<a>{SESSION_ID}</a><b>{SESSION_ID}</b>", "<a>00D36000000bLGT!••••</a><b>00D36000000bLGT!••••</b>"),
        ("?sid=00D36000000bLGT%21AQQ&x=1", "?sid=00D36000000bLGT%21••••&x=1"),
        ("00Daaaaaaaaaaaa!00D36000000bLGT!AQQ", "00Daaaaaaaaaaaa!••••"),
        ("the organization 00D36000000bLGT", "the organization 00D36000000bLGT"),
        ("", ""),
    ],
)
def test_session_ids_in_a_text_are_masked_and_nothing_else_is(text: str, shown: str) -> None:
    assert shown == mask_session_ids(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(f"sid = {SESSION_ID}", True), (f"{ORGANIZATION}••••", False), (ORGANIZATION, False), ("ada@acme.example", False)],
)
def test_a_text_with_a_session_id_is_told_from_one_without(text: str, expected: bool) -> None:
    assert expected == has_session_id(text)
