"""%sf_scrub in a notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import nbformat
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import SfmtlsError
from sfmtls_nb.notebook import lines
from sfmtls_nb.notebook.magics import SfMagics
from sfmtls_nb.scrub import scrub_notebook

SESSION_ID = "00D5f000000PRAC!AQEAQLooksLikeASessionIdAndIsLongEnoughToBeOne"

LETTERS: Final = st.sampled_from("aAbdeEfiIkKnNoOprPsStTuvVwWy-_.12")
FLAGS: Final = [
    f"%{magic} {flag}"
    for magic, function in vars(SfMagics).items()
    for each in getattr(function, "arguments", ())
    if each.is_flag
    for flag in each.flags
]


def saved(path: Path, source: str) -> Path:
    notebook: Any = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])  # type: ignore[no-untyped-call]
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
    return path


@pytest.fixture
def leaking(tmp_path: Path) -> Path:
    return saved(tmp_path / "leaking.ipynb", f"sid = '{SESSION_ID}'")


def test_a_notebook_is_scrubbed_by_name(shell: InteractiveShell, leaking: Path) -> None:
    found = shell.run_line_magic("sf_scrub", str(leaking))
    assert (1, False) == (len(found), SESSION_ID in leaking.read_text())


def test_what_was_removed_is_shown_without_the_secret(shell: InteractiveShell, leaking: Path) -> None:
    shown = repr(shell.run_line_magic("sf_scrub", str(leaking)))
    assert (True, False) == (f"{leaking}: removed: cell 1" in shown, SESSION_ID in shown)


def test_a_clean_notebook_stays_as_it_is(shell: InteractiveShell, tmp_path: Path) -> None:
    clean = saved(tmp_path / "clean.ipynb", "1 + 1")
    before = clean.read_bytes()
    assert "no secrets found" == repr(shell.run_line_magic("sf_scrub", str(clean)))
    assert before == clean.read_bytes()


def test_a_folder_is_scrubbed_whole(shell: InteractiveShell, leaking: Path) -> None:
    assert 1 == len(shell.run_line_magic("sf_scrub", str(leaking.parent)))


def test_with_check_nothing_is_changed_and_it_fails(shell: InteractiveShell, leaking: Path) -> None:
    before = leaking.read_bytes()
    with pytest.raises(SfmtlsError, match="secrets in notebooks: 1"):
        shell.run_line_magic("sf_scrub", f"{leaking} --check")
    assert before == leaking.read_bytes()


def test_the_running_notebook_is_scrubbed_unnamed(
    shell: InteractiveShell, leaking: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(leaking))
    assert 1 == len(shell.run_line_magic("sf_scrub", ""))
    assert "Reload Notebook from Disk" in capsys.readouterr().out


def test_unnamed_where_nobody_knows_the_notebook_is_an_error(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    with pytest.raises(SfmtlsError, match="which notebook this is"):
        shell.run_line_magic("sf_scrub", "")


def test_what_is_no_notebook_is_an_error(shell: InteractiveShell, tmp_path: Path) -> None:
    (tmp_path / "x.ipynb").write_text("not JSON")
    with pytest.raises(SfmtlsError, match="no notebook"):
        shell.run_line_magic("sf_scrub", str(tmp_path / "x.ipynb"))


@given(flag=st.from_regex(lines._SECRET_FLAG, fullmatch=True, alphabet=LETTERS))
def test_what_follows_a_flag_that_the_magics_refuse_for_it_is_a_secret(flag: str) -> None:
    assume("file" not in flag.lower())
    after, _ = scrub_notebook(json.dumps([f"%sf_login me@example.com {flag} swordfish"]))
    assert "swordfish" not in after


@pytest.mark.parametrize("flag", FLAGS)
def test_what_follows_a_flag_that_a_magic_takes_is_none(flag: str) -> None:
    value = "env:SWORDFISH2" if flag.endswith("--secret-from") else "swordfish2"
    assert [] == scrub_notebook(json.dumps([f"{flag} {value}"]))[1]


def test_a_secret_in_the_place_where_it_is_to_be_found_is_one() -> None:
    assert "swordfish2" not in scrub_notebook(json.dumps(["%sf_login --secret-from swordfish2"]))[0]
