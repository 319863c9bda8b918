"""How far the learner is: kept in a file, whoever else reads or writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfmtls_nb.notebook.course import Standing, note_done, read_progress
from sfmtls_nb.notebook.course_view import standing_text


@pytest.fixture
def progress(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "kept" / "progress.json"
    monkeypatch.setenv("SFMTLS_NB_PROGRESS", str(file))
    return file


def test_what_is_done_stays_done(progress: Path) -> None:
    for lesson, number in (("the_basics", 2), ("certificates", 1), ("the_basics", 1)):
        note_done(lesson, number)
    assert ({"the_basics": [1, 2], "certificates": [1]}, [progress]) == (read_progress(), [*progress.parent.iterdir()])


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(
    progress: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    note_done("the_basics", 1)
    monkeypatch.setattr("os.fsync", full)
    note_done("the_basics", 2)
    assert ({"the_basics": [1]}, [progress]) == (read_progress(), [*progress.parent.iterdir()])
    assert "No space left on device. The course goes on without." in capsys.readouterr().out


def test_no_more_is_done_than_there_is() -> None:
    shown = standing_text(Standing({"the_basics": [1, 99]}))
    assert (True, False) == ("1 of " in shown, "2 of " in shown)
