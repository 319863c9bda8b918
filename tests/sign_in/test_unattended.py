"""Unattended sign-in: a profile is enough where nobody can be asked; what it lacks is said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from sfmtls_nb import (
    ClientIdentity,
    LoginFault,
    Org,
    PassphraseError,
    Profile,
    SfmtlsError,
    SignInError,
    login,
    save_profile,
)
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.profiles import WayIn
from sfmtls_nb.sign_in import PasswordLogin, session_of, unattended

VARIABLE = "SF_SECRET_OF_NOBODY"


@pytest.fixture
def profile(practice: PracticeOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Profile:
    """One that says all that can be said; the file is where it is to be saved."""
    monkeypatch.setenv("SFMTLS_NB_PROFILES", str(tmp_path / "profiles.toml"))
    monkeypatch.setattr(unattended, "_KEPT", {})
    files = practice.client
    return Profile(
        "nightly",
        Org(**practice.endpoints),
        practice.user("enforced").username,
        (files.key, files.leaf, *files.intermediates),
        consumer_key=practice.app.consumer_key,
        jwt_key=files.key,
        secret_from=f"env:{VARIABLE}",
    )


def secret_for(way: WayIn, practice: PracticeOrg) -> str:
    if way == "session":
        return login(Org(**practice.endpoints), PasswordLogin(*practice.user("enforced"))).session_id.reveal()
    return {"password": practice.user("enforced").password, "client-credentials": practice.app.consumer_secret}.get(
        way, ""
    )


def saved(profile: Profile, **changes: object) -> None:
    save_profile(replace(profile, **changes))  # type: ignore[arg-type]  # as the tests give them


@pytest.mark.parametrize("way", ["password", "jwt", "client-credentials", "session"])
def test_a_profile_signs_in_by_its_way_and_shows_its_certificate(
    way: WayIn, profile: Profile, practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, secret_for(way, practice))
    saved(profile, sign_in=way, secret_from="" if way == "jwt" else profile.secret_from)
    session = session_of("nightly")
    assert session.get_user_info().text(".//userName")
    assert practice.events.where(kind="request", operation="getUserInfo")[-1].leaf


@pytest.mark.parametrize(
    ("way", "changes", "line"),
    [
        ("password", {"secret_from": ""}, 'secret_from = "env:NAME"'),
        ("password", {"username": ""}, 'username = "…"'),
        ("client-credentials", {"consumer_key": ""}, 'consumer_key = "…"'),
        ("jwt", {"jwt_key": None, "secret_from": ""}, 'jwt_key = "…"'),
    ],
)
def test_what_a_profile_does_not_say_is_a_line_to_add(
    way: WayIn, changes: dict[str, object], line: str, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "s3cret")
    saved(profile, sign_in=way, **changes)
    with pytest.raises(SignInError, match=f"nobody can be asked here(.|\n)*{line}"):
        session_of("nightly")


def test_an_encrypted_jwt_key_wants_the_place_of_its_passphrase(
    profile: Profile, identity: ClientIdentity, tmp_path: Path
) -> None:
    locked = identity.write_pkcs12(tmp_path / "locked.p12", "k3y pass")
    saved(profile, sign_in="jwt", jwt_key=locked, secret_from="")
    with pytest.raises(SignInError, match="does not say where the passphrase is"):
        session_of("nightly")


def test_an_encrypted_key_of_the_certificate_cannot_be_had(
    profile: Profile, identity: ClientIdentity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "s3cret")
    saved(profile, identity=(identity.write_pkcs12(tmp_path / "locked.p12", "k3y pass"),))
    with pytest.raises(PassphraseError, match="name a key without one"):
        session_of("nightly")


def test_a_browser_is_no_way_where_there_is_nobody(profile: Profile) -> None:
    saved(profile, sign_in="web")
    with pytest.raises(SignInError, match=r"by browser(.|\n)*sign_in = \"jwt\""):
        session_of("nightly")


@pytest.mark.usefixtures("profile")
def test_a_profile_that_is_broken_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text("[nightly]\nusername = 'me'\n")
    with pytest.raises(SfmtlsError, match="either a my_domain or a login_url"):
        session_of("nightly")


def test_no_profile_of_that_name_is_said_with_the_file(profile: Profile, tmp_path: Path) -> None:
    saved(profile)
    with pytest.raises(SignInError, match=rf"no profile prod(.|\n)*{tmp_path}(.|\n)*has nightly"):
        session_of("prod")


# ---------------------------------------------------------------- once a process


def test_all_threads_of_a_process_have_one_session(
    profile: Profile, practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, practice.user("enforced").password)
    saved(profile)
    practice.events.clear()
    with ThreadPoolExecutor(8) as threads:
        sessions = set(threads.map(unattended.kept_session, ["nightly"] * 16))
    assert (1, 1) == (len(sessions), len(practice.events.where(operation="login")))


def test_what_the_org_refused_is_asked_once(
    profile: Profile, practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "wrong")
    saved(profile)
    practice.events.clear()
    for _ in range(3):
        with pytest.raises(LoginFault, match="start this process anew"):
            unattended.kept_session("nightly")
    assert 1 == len(practice.events.where(operation="login"))


def test_what_was_missing_may_come(profile: Profile, practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(profile)
    with pytest.raises(SignInError, match="it is not set"):
        unattended.kept_session("nightly")
    monkeypatch.setenv(VARIABLE, practice.user("enforced").password)
    assert unattended.kept_session("nightly").get_user_info().text(".//userName")
