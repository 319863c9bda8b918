"""A file of profiles that is broken: everything but what needs it goes on, and %sf_org says what is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import OrgError, load_ipython_extension


def text(content: str) -> Callable[[Path], object]:
    return lambda file: file.write_text(content)


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "not TOML": (text("[acme"), "are not TOML (Expected ']'"),
    "not UTF-8": (lambda file: file.write_bytes("[zürich]".encode("latin-1")), "cannot be read ('utf-8' codec"),
    "a folder": (lambda file: file.mkdir(), "cannot be read (Is a directory)"),
    "a pipe": (os.mkfifo, "cannot be read (it is a pipe"),
    "a circle of links": (lambda file: file.symlink_to(file), "cannot be read (Too many levels"),
    "10 MB": (text('[acme]\nmy_domain = "acme"\n' + "# much\n" * 1_500_000), "cannot be read (it is larger than 1 MB)"),
    "a null byte": (text('[acme]\nmy_domain = "a\0"\n'), "are not TOML (Illegal character"),
    "an unknown key": (text('[acme]\nmy_domian = "acme"\n'), "[acme]); did you mean my_domain?"),
    "a line without its table": (text('my_domain = "acme"\n'), "write a line with the profile's name above it"),
}


def offered(shell: InteractiveShell, line: str) -> list[str]:
    with provisionalcompleter():
        return [each.text for each in shell.Completer.completions(line, len(line))]


@pytest.fixture(params=BROKEN)
def wrong(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A part of what is said of a file of profiles that is broken in one way."""
    make, words = BROKEN[request.param]
    file = tmp_path / "profiles.toml"
    make(file)
    monkeypatch.setenv("SFMTLS_NB_PROFILES", str(file))
    return words


def test_a_broken_file_is_told_in_a_line_where_we_are_shown(
    wrong: str, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("sf_org", "")
    lines = [line for line in capsys.readouterr().out.splitlines() if wrong in line]
    assert [True] == [line.startswith("wrong ") for line in lines]


@pytest.mark.usefixtures("wrong")
def test_a_broken_file_breaks_neither_loading_nor_the_practice_org_nor_completion(shell: InteractiveShell) -> None:
    load_ipython_extension(shell)
    practice = shell.run_line_magic("sf_org", "practice")
    shell.run_line_magic("sf_login", "")
    assert (practice.login_url, ["practice"]) == (
        shell.run_line_magic("sf_org", "").login_url,
        offered(shell, "%sf_org pra"),
    )


@pytest.mark.usefixtures("wrong")
@pytest.mark.parametrize("wrong", sorted(BROKEN.keys() - {"a line without its table"}), indirect=True)
def test_a_broken_file_is_not_passed_over_when_its_profile_is_chosen(shell: InteractiveShell) -> None:
    with pytest.raises(OrgError):
        shell.run_line_magic("sf_org", "acme")


def test_a_broken_profile_lets_the_good_one_beside_it_be_chosen_and_completed(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text('[bad]\nmy_domain = 1\n\n[good]\nmy_domain = "acme"\n')
    monkeypatch.setenv("SFMTLS_NB_PROFILES", str(file))
    assert ("https://acme.my.salesforce.com", ["good"]) == (
        shell.run_line_magic("sf_org", "good").login_url,
        offered(shell, "%sf_org go"),
    )


def test_a_file_in_nobodys_home_breaks_nothing(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SFMTLS_NB_PROFILES", "~nobody-at-all/profiles.toml")
    shell.run_line_magic("sf_org", "practice")
    shell.run_line_magic("sf_org", "")
    assert "is in no known home" in capsys.readouterr().out
