"""Course: the lessons in their order, the checks of their exercises, and the learner's progress."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Final

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook.course.exercises import Exercise, Point, Work
from sfmtls_nb.notebook.course.progress import mark, marks
from sfmtls_nb.notebook.drill.final_test import drills_told
from sfmtls_nb.notebook.workspace import Workspace


@dataclass(frozen=True)
class Lesson:
    """One notebook of the course. Its number is its place in LESSONS, its file ``NN_name.ipynb``.

    does: the skill it teaches, in a few words.
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
        """Its exercises in their order; the first is number 1."""
        found: tuple[Exercise, ...] = import_module(f"sfmtls_nb.notebook.course.lessons.{self.name}").EXERCISES
        return found


#: A new lesson is inserted at its place, and the files after it get new numbers.
LESSONS: Final = (
    Lesson("start_here", "Start here", "the picture, a first mutual call, and how the course works"),
    Lesson("the_basics", "The basics", "sign in, assemble the certificate, call, and the two failures everyone meets"),
    Lesson("certificates", "Certificates", "key, request, chain, purpose: assemble, check and upload"),
    Lesson("the_handshake", "The handshake", "both ends, byte by byte: was my certificate sent?"),
    Lesson("when_it_fails", "When it fails", "from the evidence to the cause, and drills"),
    Lesson("tables", "Tables", "SOAP, REST and SOQL, types, and a chart"),
    Lesson("large_results", "Large results", "Bulk, progress, Parquet, and tools beside pandas"),
    Lesson(
        "signing_in_without_a_password", "Signing in without a password", "the ways in that stay when login() is gone"
    ),
    Lesson("your_own_org", "Your own org", "from the Support case to the first call; renewal; handing over"),
)


def lesson_named(name: str) -> Lesson:
    """The lesson of that name. Raises SfmtlsError if there is none."""
    for lesson in LESSONS:
        file, number = lesson.file, lesson.number
        if name in (lesson.name, file, file.removesuffix(".ipynb"), f"{number}", f"{number:02}"):
            return lesson
    raise SfmtlsError(f"there is no lesson {name!r}", next_step=f"they are: {', '.join(each.name for each in LESSONS)}")


@dataclass(frozen=True)
class Checked:
    """The result of a checked exercise: its points, and a hint if one was asked for.

    before: whether it has been done before, in this kernel or another.
    """

    lesson: Lesson
    number: int
    points: tuple[Point, ...]
    before: bool = False
    hint: str = ""

    @property
    def passed(self) -> bool:
        return all(point.done for point in self.points)

    @property
    def title(self) -> str:
        return self.lesson.exercises[self.number - 1].title


@dataclass(frozen=True)
class Standing:
    """The learner's progress.

    done: by lesson, the numbers of the exercises done. lesson: the one that is open. drills: a line on them, if there were any.
    """

    done: Mapping[str, Sequence[int]]
    lesson: Lesson | None = None
    drills: str = ""


class Course:
    """The lesson that is open in this notebook."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.lesson: Lesson | None = None
        # By lesson, since when its work counts: from when it was opened first, for its first cell may be run again.
        self._since: dict[str, datetime] = {}
        self._hints: dict[int, int] = {}

    def open(self, name: str) -> Standing:
        """Begin a lesson: from now on its exercises are checked."""
        self.lesson, self._hints = lesson_named(name), {}
        self._since.setdefault(self.lesson.name, datetime.now(UTC))
        mark(self.lesson.name)
        return self.standing()

    def standing(self, *, everything: bool = False) -> Standing:
        """The learner's progress, in the open lesson or in all of them."""
        return Standing(
            read_progress(), None if everything else self.lesson, drills_told(marks()) if everything else ""
        )

    def check(self, number: int, names: Mapping[str, Any], *, hint: bool = False) -> Checked:
        """Check an exercise of the open lesson by what the practice org saw and by the learner's variables.

        hint: give one as well; each time the next one. Raises SfmtlsError if there is no such exercise; whatever else is
        in the way, such as another org or what the variables hold, makes it one that is not done yet.
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
        before = exercise_mark(lesson, number) in marks()
        checked = Checked(lesson, number, tuple(self._points(lesson, exercise, names)), before)
        if checked.passed:
            note_done(lesson, number)
            return checked
        mark(try_mark(lesson, number))
        return replace(checked, hint=self._hint(number, exercise)) if hint else checked

    def _hint(self, number: int, exercise: Exercise) -> str:
        """The next hint; after the last one, that again."""
        given = self._hints.get(number, 0)
        self._hints[number] = given + 1
        at = min(given, len(exercise.hints) - 1)
        return f"hint {at + 1} of {len(exercise.hints)}: {exercise.hints[at]}"

    def _points(self, lesson: Lesson, exercise: Exercise, names: Mapping[str, Any]) -> Iterator[Point]:
        practice = self._workspace.at_practice()
        if practice is None and not exercise.anywhere:
            chosen = self._chosen()
            yield Point(False, "", f"this is checked on the practice org, and {chosen} is chosen: run %sf_org practice")
            return
        since = self._since[lesson.name]
        work = Work(
            [event for event in practice.events if event.at >= since] if practice else [], names, self._workspace
        )
        try:
            yield from exercise.look(work)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # what learners make may fail in any way when looked at
            # Not what it says: that may be a secret of theirs.
            yield Point(False, "", _ended_with(type(error).__name__, work.looked_at))

    def _chosen(self) -> str:
        org, profile = self._workspace.org, self._workspace.profile
        where = org.login_url if org else "no org"
        return f"{profile.name} ({where})" if profile else where


def _ended_with(kind: str, names: Sequence[str]) -> str:
    if not names:
        return f"the check itself ended with {kind}"
    return f"the check of {', '.join(names)} ended with {kind}: look at what is in there, and make it again"


# ---------------------------------------------------------------- what is marked


def read_progress() -> dict[str, list[int]]:
    """The numbers of the exercises that are done, by lesson."""
    kept = marks()
    done = {
        lesson.name: [number for number, _ in enumerate(lesson.exercises, 1) if exercise_mark(lesson, number) in kept]
        for lesson in LESSONS
    }
    return {name: numbers for name, numbers in done.items() if numbers}


def note_done(lesson: Lesson, number: int) -> None:
    """Record that an exercise is done."""
    if exercise_mark(lesson, number) not in marks():
        mark(exercise_mark(lesson, number))


def exercise_mark(lesson: Lesson, number: int) -> str:
    """The mark of an exercise that is done: by its title, for its number changes when another one is put before it."""
    return f"{lesson.name} - {lesson.exercises[number - 1].title}"


def try_mark(lesson: Lesson, number: int) -> str:
    """The mark of each check that an exercise did not pass."""
    return f"{exercise_mark(lesson, number)} - not yet"
