"""The command ``sfmtls-nb recipe``."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from sfmtls_nb import ClientIdentity
from sfmtls_nb.command import cli
from sfmtls_nb.practice import PracticeOrg

ACME = ("--login-url", "https://acme.my.salesforce.com")


@pytest.fixture
def files(practice: PracticeOrg) -> list[str]:
    made = practice.client
    return [str(file) for file in (made.key, made.leaf, *made.intermediates)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What getpass asked; it is answered with ``p4ss``."""
    questions: list[str] = []

    def answer(question: str) -> str:
        questions.append(question)
        return "p4ss"

    monkeypatch.setattr(getpass, "getpass", answer)
    return questions


def test_the_lines_are_printed_and_the_files_written(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str]
) -> None:
    assert 0 == cli.main(["recipe", "curl", *files, *ACME, "--folder", str(tmp_path)])
    assert f"curl --config {tmp_path / 'curl.config'}" in capsys.readouterr().out
    assert ([], True) == (asked, (tmp_path / "fullcert.pem").exists())


def test_passphrases_are_asked_for_and_not_shown(
    identity: ClientIdentity, tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str]
) -> None:
    locked = str(identity.write_pkcs12(tmp_path / "mine.p12", "p4ss"))
    assert 0 == cli.main(["recipe", "java", locked, *ACME, "--folder", str(tmp_path)])
    assert ["Passphrase of the key: ", "Passphrase to give to client.p12: "] == asked
    assert "p4ss" not in "".join(capsys.readouterr())
    assert identity.pem() == ClientIdentity.load(tmp_path / "client.p12", password="p4ss").pem()


def test_the_login_service_is_told_from_a_my_domain(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["recipe", "curl", *files, "--login-url", "https://login.salesforce.com", "--folder", str(tmp_path)]
    assert 1 == cli.main(arguments)
    assert ("does not answer on 8443" in capsys.readouterr().err, []) == (True, [*tmp_path.iterdir()])
