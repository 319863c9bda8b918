"""Damage that people do to notebooks: deleted, reordered, duplicated, cleared, restarted; `test_two_at_once` has the others.

Whatever was done, each check says what is there and what is missing, and the work counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import pytest
from sitting import Ran, all_done, code_of, numbers, read, said, sitting, solved, work_of

from sfmtls_nb.notebook.course.course import LESSONS, Lesson, exercise_mark
from sfmtls_nb.notebook.course.progress import read_marks

pytestmark = pytest.mark.timeout(300)

#: Of a lesson that goes on at another org, the checks of what came before cannot see it any more.
STAYS = {"done", "done before, and not there now"}


def failed(ran: Iterable[Ran], lesson: Lesson) -> list[Ran]:
    """Cells of the lesson itself that ended with an error; what the learner writes may do so, when it is run again."""
    own = {cell.id for cell in read(lesson).cells}
    return [each for each in ran if each.error and each.name in own]


def without_stop(cells: Iterable[Any]) -> list[Any]:
    return [cell for cell in cells if cell.id != "stop"]


class Sat(NamedTuple):
    """One learner's sitting, damage after damage: what was run after each, and the marks at the end."""

    lesson: Lesson
    deleted: list[Ran]
    reordered: list[Ran]
    duplicated: list[Ran]
    cleared: list[Ran]
    restarted: list[Ran]
    marks: set[str]


@pytest.fixture(scope="module", params=LESSONS, ids=lambda lesson: lesson.name)
def sat(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sat:
    lesson: Lesson = request.param
    folder = tmp_path_factory.mktemp("damaged")
    progress = folder / "progress"
    first, *rest = without_stop(code_of(solved(lesson).cells))
    checks = [cell for cell in rest if re.fullmatch(r"check-\d+", cell.id)]
    # The last exercise comes first, and each check before its work.
    backwards = [cell for number in reversed(numbers(lesson)) for cell in reversed(work_of(rest, number))]
    told = [cell for cell in rest if cell not in backwards]

    with sitting(folder, SFMTLS_NB_PROGRESS=str(progress)) as kernel:
        deleted = kernel.run([first, *checks])
        reordered = kernel.run([*told, *backwards, *checks])
        duplicated = kernel.run([cell for cell in (first, *rest) for _ in (1, 2)])
        cleared = kernel.run(checks)
        kernel.restart()
        restarted = kernel.run([first, *checks])
    return Sat(lesson, deleted, reordered, duplicated, cleared, restarted, set(read_marks(progress)))


def test_where_cells_were_deleted_each_check_says_what_is_missing(sat: Sat) -> None:
    assert ["not yet"] * len(sat.lesson.exercises) == said(sat.deleted, sat.lesson)


def test_where_cells_were_reordered_each_check_says_what_is_there(sat: Sat) -> None:
    assert set(said(sat.reordered, sat.lesson)) <= {"not yet", *STAYS}


def test_where_cells_were_duplicated_nothing_fails_and_all_is_done(sat: Sat) -> None:
    assert [] == failed(sat.duplicated, sat.lesson)
    assert all_done(sat.lesson) == said(sat.duplicated, sat.lesson)


def test_where_outputs_were_cleared_all_stays_done(sat: Sat) -> None:
    assert set(said(sat.cleared, sat.lesson)) <= STAYS


def test_where_the_kernel_was_restarted_what_was_done_stays_done(sat: Sat) -> None:
    assert set(said(sat.restarted, sat.lesson)) <= STAYS
    assert {exercise_mark(sat.lesson, number) for number in numbers(sat.lesson)} <= sat.marks
