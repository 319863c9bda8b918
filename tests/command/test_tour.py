"""The tour: every step of the article's walk is in its output, and nothing that must stay secret."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from sfmtls_nb import ExpectationError
from sfmtls_nb.command import tour
from sfmtls_nb.command.program import program
from sfmtls_nb.practice import PracticeOrg

SECRET_SESSION_ID = re.compile(r"00D\w{12}![^•]")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def walk() -> tuple[str, PracticeOrg]:
    """The output of the tour, and the practice org that it is about."""
    orgs: list[PracticeOrg] = []

    class Remembered(PracticeOrg):
        def __init__(self) -> None:
            super().__init__()
            orgs.append(self)

    paper = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tour, "PracticeOrg", Remembered)
        tour.tour(paper)
    return paper.getvalue(), orgs[0]


@pytest.fixture(scope="module")
def text(walk: tuple[str, PracticeOrg]) -> str:
    return walk[0]


@pytest.mark.parametrize(
    "sentence",
    [
        "1. The practice org starts",
        "2. Sign in on 443",
        "3. Assemble the PEM",
        "4. Call getUserInfo on 8443 with the certificate",
        "5. Failure 1: on 8443 without a certificate",
        "6. Failure 2: on 443 the enforced user's session is refused",
        "serverUrl   https://localhost:",
        "leaf        integration.practice.example",
        "left out    Practice Client Root CA",
        "<userName>enforced@practice.example</userName>",
        "LimitInfoHeader: 1 of 15,000 API REQUESTS",
        "accessibilityMode             false",
        "CertificatePageError: ",
        "No client certificate provided.",
        "MutualAuthenticationFault: ",
        "MUTUAL_AUTHENTICATION_FAILED: This session could not be mutually authenticated for use with the API",
        "sfmtls-nb practice --dir ",
    ],
)
def test_the_tour_tells(text: str, sentence: str) -> None:
    assert sentence in text


def test_the_steps_are_numbered_in_order(text: str) -> None:
    assert re.findall(r"^(\d)\. ", text, re.MULTILINE) == ["1", "2", "3", "4", "5", "6"]


def test_each_call_is_shown_as_curl(text: str) -> None:
    assert text.count("curl -sS https://localhost:") == 4


def test_the_last_line_says_what_is_next(text: str) -> None:
    assert text.splitlines()[-1] == "next: make lab"


@pytest.mark.parametrize("found", [True, False])
def test_the_commands_it_ends_with_can_be_typed_where_it_ran(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, found: bool
) -> None:
    scripts = Path(sysconfig.get_path("scripts"))
    monkeypatch.setenv("PATH", str(scripts) if found else "/nowhere")
    monkeypatch.chdir(tmp_path)
    paper = io.StringIO()
    tour.tour(paper)
    command = "sfmtls-nb" if found else str(scripts / "sfmtls-nb")
    assert f"next: {command} lab" == paper.getvalue().splitlines()[-1]
    assert f"     {command} practice --dir " in paper.getvalue()


def test_from_the_folder_above_the_command_has_its_short_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    scripts = Path(sysconfig.get_path("scripts"))
    monkeypatch.chdir(scripts.parents[1])
    assert str(Path(*scripts.parts[-2:], "sfmtls-nb")) == program()


def test_its_curl_commands_find_their_files_and_ports_at_the_org_that_it_names_in_the_end(text: str) -> None:
    line = next(line for line in text.splitlines() if " practice --dir " in line)
    urls = {*re.findall(r"curl -sS (https://localhost:\d+)", text)}
    files = {Path(name) for name in re.findall(r"(?:--cacert|-E) (\S+)", text)}
    assert (2, 2, []) == (len(urls), len(files), [file for file in files if file.exists()])
    command = [sys.executable, "-m", "sfmtls_nb.command.cli", *shlex.split(line)[1:]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as practice:
        try:
            assert practice.stdout
            described = json.loads("".join(iter(practice.stdout.readline, "}\n")) + "}")
            assert {described["api_url"], described["mutual_url"]} == urls
            assert [] == [file for file in files if not file.exists()]
            export = next(line for line in text.splitlines() if "SF_PASSWORD=" in line)
            shown = subprocess.check_output(["bash", "-c", f'{export}; echo "$SF_PASSWORD"'], text=True)
            enforced = next(user for user in described["users"] if user["username"].startswith("enforced@"))
            assert enforced["password"] == shown.strip()
        finally:
            practice.terminate()
    shutil.rmtree(Path(described["ca_file"]).parent)


def test_no_session_id_is_shown(text: str) -> None:
    assert SECRET_SESSION_ID.findall(text) == []


def test_no_password_is_shown(walk: tuple[str, PracticeOrg]) -> None:
    written, practice = walk
    assert [user.name for user in practice.state.users if user.password in written] == []


def test_no_key_is_shown(text: str) -> None:
    assert "PRIVATE KEY-" not in text


def test_the_practice_org_is_stopped_at_the_end(walk: tuple[str, PracticeOrg]) -> None:
    assert walk[1].running is False


def test_the_session_is_ended_at_the_end(walk: tuple[str, PracticeOrg]) -> None:
    assert walk[1].state.sessions == {}


def test_a_file_gets_plain_text(text: str) -> None:
    assert "\033" not in text


def test_a_terminal_gets_bold_steps() -> None:
    terminal = Terminal()
    tour.tour(terminal)
    assert "\033[1m1. The practice org starts" in terminal.getvalue()


def test_a_call_that_should_fail_and_does_not_stops_the_tour(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lenient(PracticeOrg):
        def start(self) -> Lenient:
            super().start()
            for user in self.state.users:
                user.profile.enforced = False
            return self

    monkeypatch.setattr(tour, "PracticeOrg", Lenient)
    with pytest.raises(ExpectationError, match="CertificatePageError was expected"):
        tour.tour(io.StringIO())
