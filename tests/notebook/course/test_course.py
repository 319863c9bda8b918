"""How far the learner is: kept in a folder, whoever else reads or writes it."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from full_disk import files_no_larger_than

from sfmtls_nb.notebook.course import progress as progress_module
from sfmtls_nb.notebook.course.course import LESSONS, Lesson, Standing, note_done, read_progress
from sfmtls_nb.notebook.course.exercises import Exercise
from sfmtls_nb.notebook.course.progress import mark, marks, progress_folder, read_marks
from sfmtls_nb.notebook.course.view import standing_text

START_HERE, THE_BASICS, *_ = LESSONS
EACH = [(lesson, number) for lesson in LESSONS for number, _ in enumerate(lesson.exercises, 1)]
ALL_DONE = {lesson.name: [number for number, _ in enumerate(lesson.exercises, 1)] for lesson in LESSONS}


@pytest.fixture
def progress(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "kept" / "progress"
    monkeypatch.setenv("SFMTLS_NB_PROGRESS", str(folder))
    monkeypatch.setattr(progress_module, "_UNKEPT", {})
    return folder


def test_what_is_done_stays_done(progress: Path) -> None:
    for lesson, number in ((THE_BASICS, 2), (START_HERE, 1), (THE_BASICS, 1), (THE_BASICS, 1)):
        note_done(lesson, number)
    assert {"start_here": [1], "the_basics": [1, 2]} == read_progress()
    assert "the_basics - keep a failure" not in [file.name for file in progress.iterdir()]


@pytest.mark.usefixtures("progress")
def test_nothing_is_lost_when_all_is_done_at_once() -> None:
    with ThreadPoolExecutor(len(EACH)) as pool:
        list(pool.map(lambda done: note_done(*done), EACH))
    assert ALL_DONE == read_progress()


def test_what_another_version_has_kept_stays_and_does_not_count(progress: Path) -> None:
    progress.mkdir(parents=True)
    unknown = [progress / name for name in ("the_advanced - an exercise", "the_basics - \N{SNOWMAN}", "notes.txt")]
    for file in unknown:
        file.write_text("kept")
    note_done(THE_BASICS, 1)
    assert ({"the_basics": [1]}, ["kept"] * 3) == (read_progress(), [file.read_text() for file in unknown])


@pytest.mark.usefixtures("progress")
def test_an_exercise_that_gets_another_before_it_stays_done(monkeypatch: pytest.MonkeyPatch) -> None:
    note_done(THE_BASICS, 1)
    more = (Exercise("a new one", lambda _: (), ()), *THE_BASICS.exercises)
    monkeypatch.setattr(Lesson, "exercises", property(lambda _: more))
    assert read_progress()["the_basics"] == [2]


def test_each_exercise_has_a_title_that_is_its_own_and_can_name_a_file_on_every_system() -> None:
    for lesson in LESSONS:
        titles = [exercise.title for exercise in lesson.exercises]
        assert sorted(set(titles)) == sorted(titles)
        assert [title for title in titles if not re.fullmatch(r"[\w ,-]{3,80}\w", title)] == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs modes that keep its owner out")
@pytest.mark.parametrize("mode", [0o000, 0o200, 0o500])
def test_a_folder_that_cannot_be_used_loses_nothing(
    progress: Path, capsys: pytest.CaptureFixture[str], mode: int
) -> None:
    note_done(THE_BASICS, 1)
    progress.chmod(mode)
    try:
        note_done(THE_BASICS, 2)
    finally:
        progress.chmod(0o700)
    assert f"cannot be kept in {progress}: Permission denied" in capsys.readouterr().out
    assert {"the_basics": [1, 2]} == read_progress()


def test_a_file_in_place_of_the_folder_is_not_written_over(progress: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress.parent.mkdir()
    progress.write_text("precious")
    note_done(THE_BASICS, 1)
    assert "precious" == progress.read_text()
    assert f"Your progress cannot be kept in {progress}" in capsys.readouterr().out


def test_what_cannot_be_kept_counts_meanwhile_and_is_kept_when_that_is_possible(
    progress: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    progress.parent.mkdir()
    progress.write_text("in the way")
    note_done(THE_BASICS, 1)
    note_done(THE_BASICS, 2)
    assert ({"the_basics": [1, 2]}, 1) == (read_progress(), capsys.readouterr().out.count("cannot be kept"))
    progress.unlink()
    mark("the_basics")
    assert 3 == len(read_marks(progress))


def test_a_full_disk_loses_nothing(progress: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with files_no_larger_than(0):
        note_done(THE_BASICS, 1)
        assert {"the_basics": [1]} == read_progress()
    assert f"cannot be kept in {progress}: File too large" in capsys.readouterr().out
    note_done(THE_BASICS, 2)
    assert ({"the_basics": [1, 2]}, 2) == (read_progress(), len(read_marks(progress)))


@pytest.mark.skipif(os.name != "posix", reason="a link needs a right of its own on Windows")
def test_a_mark_that_goes_while_they_are_read_hides_no_other(progress: Path) -> None:
    for number in range(3):
        mark(f"mark {number}")
        (progress / f"gone {number}").symlink_to("nowhere")
    assert {"mark 0", "mark 1", "mark 2"} == set(read_marks(progress))


def test_a_mark_knows_how_often_it_was_made(progress: Path) -> None:
    for _ in range(3):
        mark("the_basics")
    assert (3, 3) == (marks()["the_basics"].times, read_marks(progress)["the_basics"].times)


def test_it_is_in_a_folder_of_the_users_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SFMTLS_NB_PROGRESS", raising=False)
    assert progress_folder().name == "progress"
    assert "sfmtls_nb" in progress_folder().parts


def test_it_is_shown_which_exercises_are_done_and_no_more_than_there_are() -> None:
    shown = standing_text(Standing({"the_basics": [2, 99]}))
    assert (True, False) == ("○●○ 1 of 3" in shown, "2 of " in shown)
