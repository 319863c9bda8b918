"""The teacher's view: of files that learners may have filled with anything, and only of those who chose to be seen."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook.course import progress
from sfmtls_nb.notebook.course.class_picture import ClassPicture
from sfmtls_nb.notebook.course.classroom import class_names, learners, read_class, reset, stuck
from sfmtls_nb.notebook.course.course import LESSONS, exercise_mark, note_done, try_mark
from sfmtls_nb.notebook.course.progress import join, leave, mark, marks
from sfmtls_nb.notebook.drill.final_test import FinalTest
from sfmtls_nb.notebook.drill.planting import PLANTINGS

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="a class is kept where a JupyterHub runs: not on Windows"
)

BASICS = LESSONS[1]
EXERCISES = sum(len(lesson.exercises) for lesson in LESSONS)

As = Callable[[str], None]


@pytest.fixture
def group(tmp_path: Path) -> Path:
    """The folder of a class in which nobody is yet."""
    (tmp_path / "class").mkdir()
    return tmp_path / "class"


@pytest.fixture
def become(group: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> As:
    """From now on this is that learner, who has a folder in the class, and progress of their own."""

    def as_learner(name: str) -> None:
        (group / name).mkdir(exist_ok=True)
        monkeypatch.setenv("SFMTLS_NB_CLASSROOM", str(group / name))
        monkeypatch.setenv("SFMTLS_NB_PROGRESS", str(tmp_path / "own" / name))

    return as_learner


@pytest.fixture
def three(group: Path, become: As) -> Path:
    """A class of three: ada has done an exercise, grace needs help with it, edsger has only looked."""
    become("ada")
    join()
    mark(BASICS.name)
    mark(try_mark(BASICS, 1))
    note_done(BASICS, 1)
    become("grace")
    join()
    mark(BASICS.name)
    for _ in range(4):
        mark(try_mark(BASICS, 1))
    become("edsger")
    join()
    mark("start_here")
    return group


# ---------------------------------------------------------------- what a learner decides


def test_who_has_not_joined_shares_nothing(group: Path, become: As) -> None:
    become("ada")
    mark(BASICS.name)
    assert ([], []) == (class_names(group), list((group / "ada").iterdir()))


def test_joining_brings_what_there_is_already(group: Path, become: As) -> None:
    become("ada")
    mark(BASICS.name)
    mark(try_mark(BASICS, 1))
    mark(try_mark(BASICS, 1))
    before = dict(marks())
    join()
    assert (before, ["ada"]) == (marks(), class_names(group))
    assert 2 == read_class(group)["failed"].sum()


def test_leaving_takes_everything_back(group: Path, become: As, tmp_path: Path) -> None:
    become("ada")
    join()
    mark(BASICS.name)
    before = dict(marks())
    leave()
    assert (before, [], [BASICS.name]) == (marks(), class_names(group), os.listdir(tmp_path / "own" / "ada"))  # noqa: PTH208


def test_a_mark_made_again_after_leaving_and_joining_counts_on(become: As) -> None:
    become("ada")
    for move in (join, leave, join):
        mark(try_mark(BASICS, 1))
        move()
    assert 3 == marks()[try_mark(BASICS, 1)].times


def test_joining_twice_is_harmless(become: As) -> None:
    become("ada")
    mark(BASICS.name)
    join()
    join()
    assert 1 == marks()[BASICS.name].times


@pytest.mark.parametrize("move", [join, leave])
def test_where_there_is_no_class_that_is_said(move: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SFMTLS_NB_CLASSROOM", raising=False)
    with pytest.raises(SfmtlsError, match="no class"):
        move()


def test_a_class_that_cannot_be_written_to_keeps_progress_where_it_was(group: Path, become: As) -> None:
    become("ada")
    mark(BASICS.name)
    (group / "ada").rmdir()
    (group / "ada").write_text("a file")
    with pytest.raises(SfmtlsError, match="cannot be moved"):
        join()
    assert [BASICS.name] == list(marks())


def test_joining_that_is_cut_short_hides_no_progress(group: Path, become: As, monkeypatch: pytest.MonkeyPatch) -> None:
    become("ada")
    mark(BASICS.name)
    mark("start_here")
    with monkeypatch.context() as full:
        unlinked: list[Path] = []
        full.setattr(Path, "unlink", lambda path: unlinked.append(path) if not unlinked else _full(path))
        with pytest.raises(SfmtlsError, match="nothing is lost"):
            join()
    assert {BASICS.name, "start_here"} == set(marks())
    join()
    assert {BASICS.name, "start_here"} == {path.name for path in (group / "ada" / progress.PROGRESS).iterdir()}


def _full(path: Path) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def test_nothing_that_a_file_holds_comes_along(group: Path, become: As, tmp_path: Path) -> None:
    become("ada")
    (tmp_path / "own" / "ada").mkdir(parents=True)
    (tmp_path / "own" / "ada" / BASICS.name).write_text("-----BEGIN PRIVATE KEY-----")
    join()
    assert b"." * 27 == (group / "ada" / progress.PROGRESS / BASICS.name).read_bytes()


# ---------------------------------------------------------------- what the teacher sees


def test_a_class_is_a_row_for_each_exercise_of_each_learner(three: Path) -> None:
    frame = read_class(three)
    assert (3 * EXERCISES, ["ada", "edsger", "grace"]) == (len(frame), list(frame["learner"].unique()))


def test_it_says_what_is_done_and_how_often_a_check_said_no(three: Path) -> None:
    frame = read_class(three)
    rows = frame[(frame["lesson"] == "01_the_basics") & (frame["exercise"] == 1)]
    assert [("ada", True, 1), ("edsger", False, 0), ("grace", False, 4)] == list(
        zip(rows["learner"], rows["done"].notna(), rows["failed"], strict=True)
    )


def test_it_says_in_which_lesson_each_is(three: Path) -> None:
    table = learners(read_class(three))
    assert {"ada": "01_the_basics", "edsger": "00_start_here", "grace": "01_the_basics"} == dict(table["lesson"])


def test_it_says_where_the_class_is_stuck(three: Path) -> None:
    table = stuck(read_class(three))
    assert [("01_the_basics", 1, 1, 4)] == list(
        table[["lesson", "exercise", "learners", "failed"]].itertuples(index=False, name=None)
    )


def test_it_says_what_the_last_final_test_came_to(three: Path, become: As) -> None:
    become("ada")
    first, second = FinalTest(1, 7), FinalTest(2, 7)
    names = sorted(PLANTINGS)
    for test, answers in ((first, [False]), (second, [True, True, False])):
        mark(test.begun_mark)
        for name, right in zip(names, answers, strict=False):
            mark(test.answer_mark(name, right=right))
            test = test.with_answer(name, right=right)  # noqa: PLW2901  # the next place
    row = learners(read_class(three)).loc["ada"]
    assert (2, 3) == (row["diagnosed"], row["asked"])
    assert "2 of 3" in ClassPicture(read_class(three))._repr_html_()


def test_who_has_not_begun_it_has_none(three: Path) -> None:
    assert learners(read_class(three))["asked"].isna().all()


def test_it_can_be_written_as_csv(three: Path, tmp_path: Path) -> None:
    read_class(three).to_csv(tmp_path / "class.csv", index=False)
    assert 1 + 3 * EXERCISES == len((tmp_path / "class.csv").read_text().splitlines())


def test_a_class_in_which_nobody_is_has_no_rows(group: Path) -> None:
    frame = read_class(group)
    assert (0, 0, 0) == (len(frame), len(learners(frame)), len(stuck(frame)))
    assert "%sf_classroom --join" in ClassPicture(frame)._repr_html_()


def test_a_class_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SfmtlsError, match="cannot be read"):
        read_class(tmp_path / "missing")


def test_the_picture_shows_each_and_who_needs_help(three: Path) -> None:
    picture = ClassPicture(read_class(three))
    html = picture._repr_html_()
    assert f"3 learners, 1 of {3 * EXERCISES} exercises done, 1 in need of help: grace" in html
    assert (1, 1) == (html.count('class="done first"'), html.count('class="stuck first"'))
    assert ["ada", "edsger", "grace"] == [line.split()[0] for line in str(picture).splitlines()[1:]]


def test_in_a_large_class_twenty_of_those_in_need_are_named(group: Path) -> None:
    for number in range(21):
        folder = group / f"learner{number:02}" / progress.PROGRESS
        folder.mkdir(parents=True)
        (folder / try_mark(BASICS, 1)).write_bytes(b"...")
    first = str(ClassPicture(read_class(group))).splitlines()[0]
    assert "21 in need of help: learner00, " in first
    assert first.endswith("learner19, …")


# ---------------------------------------------------------------- what learners may leave there


TARGET = BASICS.name


def replaced(make: Callable[[Path], object]) -> Callable[[Path], None]:
    """In place of a mark there is something else."""

    def spoil(folder: Path) -> None:
        (folder / TARGET).unlink(missing_ok=True)
        make(folder / TARGET)

    return spoil


def touched(*names: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        for name in names:
            (folder / name).touch()

    return spoil


def with_odd_times(folder: Path) -> None:
    for name, time in ((TARGET, -(10**9)), (exercise_mark(BASICS, 1), 10**11), (try_mark(BASICS, 1), 10**10)):
        (folder / name).touch()
        os.utime(folder / name, (0, time))


#: What a class has to survive in a learner's folder.
WAYS: dict[str, Callable[[Path], object]] = {
    "thousands of marks": touched(*(f"mark {number}" for number in range(6000))),
    "a huge file": lambda folder: os.truncate((folder / "start_here"), 10**12),
    "a link": replaced(lambda path: path.symlink_to("/etc/passwd")),
    "a link to itself": replaced(lambda path: path.symlink_to(path)),
    "a pipe": replaced(os.mkfifo),
    "a folder": replaced(Path.mkdir),
    "another version's marks": touched("the_basics - An exercise of long ago", "course.json"),
    "odd names": touched("=cmd()", "<script>", "a\nb", "\udcff", "x" * 255, "final test 9 - 01 - <script> - right"),
    "odd times": with_odd_times,
    "no permission": lambda folder: folder.chmod(0),
}


@pytest.mark.parametrize("how", WAYS)
def test_what_a_learner_leaves_there_hides_nobody_else(three: Path, how: str, tmp_path: Path) -> None:
    WAYS[how](three / "edsger" / progress.PROGRESS)
    frame = read_class(three)
    try:
        assert {"ada", "grace"} <= set(frame["learner"])
        assert frame["last"].max() <= datetime.now(UTC)
        frame.to_csv(tmp_path / "class.csv")
        assert "<script>" not in ClassPicture(frame)._repr_html_() + repr(learners(frame)) + repr(stuck(frame))
    finally:
        (three / "edsger" / progress.PROGRESS).chmod(0o700)


def test_more_than_999_checks_are_not_counted(three: Path) -> None:
    with (three / "grace" / progress.PROGRESS / try_mark(BASICS, 1)).open("wb") as file:
        file.truncate(10**12)
    assert 999 == read_class(three)["failed"].max()


@pytest.mark.parametrize("level", ["", progress.PROGRESS])
def test_a_link_in_place_of_a_folder_is_nobody(three: Path, tmp_path: Path, level: str) -> None:
    (tmp_path / "elsewhere" / progress.PROGRESS).mkdir(parents=True)
    (three / "mallory").mkdir()
    place = three / "mallory" / level if level else three / "eve"
    place.symlink_to(tmp_path / "elsewhere" / level)
    assert ["ada", "edsger", "grace"] == class_names(three)


@pytest.mark.parametrize("name", ["a<script>alert(1)<∕script>", "x" * 200])
def test_an_odd_name_is_shown_as_it_is_and_does_nothing(group: Path, name: str) -> None:
    (group / name / progress.PROGRESS).mkdir(parents=True)
    picture = ClassPicture(read_class(group))
    assert "<script>" not in picture._repr_html_()


@pytest.mark.parametrize("name", ["\udcff", "a\nb", "=1+1", "@SUM(A1)", ".snapshot"])
def test_a_name_that_is_no_text_or_that_a_spreadsheet_would_run_is_nobody(group: Path, name: str) -> None:
    (group / name / progress.PROGRESS).mkdir(parents=True)
    assert [] == class_names(group)


# ---------------------------------------------------------------- beginning anew


def test_one_learner_begins_anew_and_stays_in_the_class(three: Path, become: As) -> None:
    become("ada")
    assert ["ada"] == reset(three, "ada")
    assert ({}, ["ada", "edsger", "grace"]) == (marks(), class_names(three))
    assert 4 == read_class(three)["failed"].sum()


def test_all_begin_anew(three: Path) -> None:
    assert ["ada", "edsger", "grace"] == reset(three)
    assert (0, True) == (read_class(three)["failed"].sum(), bool(read_class(three)["last"].isna().all()))


@pytest.mark.parametrize("name", ["nobody", "../own/ada", "ada/progress", "", ".", ".."])
def test_a_name_that_no_learner_has_is_an_error(three: Path, name: str) -> None:
    with pytest.raises(SfmtlsError, match="no learner"):
        reset(three, name)
    assert 5 == read_class(three)["failed"].sum()


def test_beginning_anew_follows_no_link(three: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("precious")
    (three / "ada" / progress.PROGRESS / "link").symlink_to(tmp_path / "precious" / "file")
    (three / "ada" / progress.PROGRESS / "folder").symlink_to(tmp_path / "precious")
    reset(three)
    assert ("precious", []) == (
        (tmp_path / "precious" / "file").read_text(),
        list((three / "ada" / progress.PROGRESS).iterdir()),
    )
