"""Course: the lessons in their order, how far the learner is, and the exercise that is being checked."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import platformdirs

from sfmtls_nb.errors import IdentityError, SfmtlsError
from sfmtls_nb.notebook.exercises import Exercise, Point, Work
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.writing import write_new


@dataclass(frozen=True)
class Lesson:
    """One notebook of the course. Its number is its place in LESSONS, its file ``NN_name.ipynb``.

    does: what one can do afterwards, in a few words.
    """

    name: str
    title: str
    does: str

    @property
    def number(self) -> int:
        return LESSONS.index(self)

    @property
    def file(self) -> str:
        return f"{self.number:02}_{self.name}.ipynb"

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """In their order, the first of them number 1."""
        found: tuple[Exercise, ...] = import_module(f"sfmtls_nb.notebook.lessons.{self.name}").EXERCISES
        return found


#: A lesson that comes in between is put in between, and the files behind it get their new numbers.
LESSONS: Final = (
    Lesson("start_here", "Start here", "what mutual TLS is, whether this machine is ready, how the course works"),
    Lesson("the_basics", "The basics", "sign in, assemble the certificate, call, and the two failures everyone meets"),
    Lesson("certificates", "Certificates", "key, request, chain, purpose: assemble, check, upload, and renew in time"),
    Lesson("when_it_fails", "When it fails", "read every failure: who refused, why, and what to do"),
    Lesson("soap_and_dataframes", "SOAP and DataFrames", "envelopes, faults, queries, pages and types"),
    Lesson("your_own_org", "Your own org", "from the Support case to the first call, and what to automate"),
)


def lesson_named(name: str) -> Lesson:
    """The lesson of that name. Raises SfmtlsError if there is none."""
    for lesson in LESSONS:
        if name in (lesson.name, lesson.file, lesson.file.removesuffix(".ipynb"), f"{lesson.number:02}"):
            return lesson
    raise SfmtlsError(f"there is no lesson {name!r}", next_step=f"they are: {', '.join(each.name for each in LESSONS)}")


@dataclass(frozen=True)
class Checked:
    """What came of checking an exercise: what is right, what is missing, and a hint if one was asked for."""

    lesson: Lesson
    number: int
    points: tuple[Point, ...]
    hint: str = ""

    @property
    def passed(self) -> bool:
        return all(point.done for point in self.points)

    @property
    def title(self) -> str:
        return self.lesson.exercises[self.number - 1].title


@dataclass(frozen=True)
class Standing:
    """How far the learner is: by lesson, the numbers of the exercises that are done. lesson: the one that is open."""

    done: Mapping[str, Sequence[int]]
    lesson: Lesson | None = None


class Course:
    """The lesson that is open in this notebook."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.lesson: Lesson | None = None
        self._since = datetime.now(UTC)
        self._hints: dict[int, int] = {}

    def open(self, name: str) -> Standing:
        """Begin a lesson: from now on its exercises are checked."""
        self.lesson, self._since, self._hints = lesson_named(name), datetime.now(UTC), {}
        return self.standing()

    def standing(self, *, everything: bool = False) -> Standing:
        """How far the learner is, in the lesson that is open or in all of them."""
        return Standing(read_progress(), None if everything else self.lesson)

    def check(self, number: int, names: Mapping[str, Any], *, hint: bool = False) -> Checked:
        """Check an exercise of the open lesson by what the practice org saw and by the learner's variables.

        hint: give one as well; each time the next one. Raises SfmtlsError if there is no such exercise.
        """
        lesson = self.lesson
        if lesson is None:
            raise SfmtlsError(
                "no lesson is open", next_step="run the lesson's first cell; in it stands %sf_lesson NAME"
            )
        if not 1 <= number <= len(lesson.exercises):
            raise SfmtlsError(
                f"lesson {lesson.title} has no exercise {number}", f"it has {len(lesson.exercises)}", "%sf_check 1"
            )
        exercise = lesson.exercises[number - 1]
        practice = self._workspace.practice
        events = tuple(event for event in (practice.events if practice else ()) if event.at >= self._since)
        checked = Checked(lesson, number, tuple(exercise.look(Work(events, names, self._workspace))))
        if checked.passed:
            note_done(lesson.name, number)
        elif hint:
            given = self._hints.get(number, 0)
            self._hints[number] = given + 1
            at = min(given, len(exercise.hints) - 1)
            checked = Checked(
                lesson, number, checked.points, f"hint {at + 1} of {len(exercise.hints)}: {exercise.hints[at]}"
            )
        return checked


# ---------------------------------------------------------------- progress


def progress_file() -> Path:
    """Where progress is kept: a small JSON file of the user's; SFMTLS_NB_PROGRESS names another."""
    named = os.environ.get("SFMTLS_NB_PROGRESS")
    return Path(named) if named else platformdirs.user_data_path("sfmtls_nb", appauthor=False) / "progress.json"


def read_progress() -> dict[str, list[int]]:
    """By lesson, the exercises that are done. What cannot be read counts as nothing done."""
    try:
        content = json.loads(progress_file().read_text(encoding="utf-8"))
        return {str(name): sorted({int(number) for number in done}) for name, done in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def note_done(lesson: str, number: int) -> None:
    """Keep it. Where it cannot be kept, the course goes on without."""
    progress = read_progress()
    if number in progress.get(lesson, []):
        return
    progress[lesson] = sorted([*progress.get(lesson, []), number])
    file = progress_file()
    try:
        # Whole or not at all: another notebook may read it now, and half of it would count as nothing done.
        write_new(file, f"{json.dumps(progress, indent=1)}\n".encode(), overwrite=True)
    except IdentityError as error:
        print(f"Your progress could not be kept in {file}: {error.evidence}. The course goes on without.")
