"""%sf_classroom: who learns decides who sees it, and is told what is seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook.course.progress import joined, mark, marks


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The learner's folder in the class."""
    monkeypatch.setenv("SFMTLS_NB_CLASSROOM", str(tmp_path / "class" / "ada"))
    monkeypatch.setenv("SFMTLS_NB_PROGRESS", str(tmp_path / "own"))
    return tmp_path / "class" / "ada"


def said(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], line: str) -> str:
    capsys.readouterr()
    shell.run_line_magic("sf_classroom", line)
    return capsys.readouterr().out


def test_at_first_nobody_sees_anything(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], place: Path
) -> None:
    assert "Nobody else sees your progress" in said(shell, capsys, "")
    assert not place.exists()


def test_joining_says_what_is_seen_from_now_on(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Your teacher sees which lessons you opened" in said(shell, capsys, "--join")
    assert joined()


def test_leaving_takes_it_back(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], place: Path) -> None:
    said(shell, capsys, "--join")
    mark("start_here")
    assert "Nobody else sees your progress" in said(shell, capsys, "--leave")
    assert ([], ["start_here"]) == (list(place.iterdir()), list(marks()))


def test_without_a_class_it_says_so_and_where_progress_is(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SFMTLS_NB_CLASSROOM")
    with pytest.raises(SfmtlsError, match="no class"):
        shell.run_line_magic("sf_classroom", "--join")
