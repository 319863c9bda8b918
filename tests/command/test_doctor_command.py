"""The command ``sfmtls-nb doctor``."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfmtls_nb import Org, Profile, save_profile
from sfmtls_nb.command import cli
from sfmtls_nb.practice import PracticeOrg


@pytest.fixture
def profile(practice: PracticeOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a profile of the practice org."""
    monkeypatch.setenv("SFMTLS_NB_PROFILES", str(tmp_path / "profiles.toml"))
    save_profile(Profile("mine", Org(**practice.endpoints)))
    return "mine"


def test_what_is_well_is_printed_and_the_status_is_0(
    profile: str, practice: PracticeOrg, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == cli.main(["doctor", "--profile", profile, str(practice.client.fullcert)])
    assert (
        "pass  the certificate is accepted: your certificate was sent, proven, and accepted" in capsys.readouterr().out
    )


def test_what_failed_is_printed_and_the_status_is_1(
    profile: str, practice: PracticeOrg, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == cli.main(["doctor", "--profile", profile, str(practice.identity("expired").fullcert)])
    printed = capsys.readouterr()
    assert "FAIL  the certificate is accepted: The client certificate has expired" in printed.out
    assert "checks that failed: 2" in printed.err


@pytest.mark.parametrize(
    "flags",
    [
        ["--my-domain", "nowhere"],
        ["--my-domain", "nowhere.my.salesforce.com"],
        ["--login-url", "https://nowhere.my.salesforce.com"],
    ],
)
def test_an_org_can_be_named_in_three_ways(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == cli.main(["doctor", *flags])
    assert capsys.readouterr().out.startswith("https://nowhere.my.salesforce.com: 1 passed, 1 failed")


def test_an_address_that_cannot_be_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == cli.main(["doctor", "--login-url", "https://login.salesforce.com:8443"])
    assert "does not answer on 8443" in capsys.readouterr().err
