"""Every lesson from its first cell to its last in JupyterLab, with the solutions; and how long a person sits there."""

from __future__ import annotations

import json
import re
import time
from typing import Any, Final

import pytest
from by_hand import secrets_of
from lab import Lab
from lesson_learner import opened
from sitting import code_of, read, solved
from traces import found_in

from sfmtls_nb.notebook.course.course import LESSONS, Lesson

pytest_plugins = ["lab_fixtures"]
pytestmark = pytest.mark.timeout(900)

#: What a person needs: to read; to look at what a cell shows; to do an exercise.
WORDS_A_MINUTE: Final = 180
MINUTES_A_CELL: Final = 8 / 60
MINUTES_AN_EXERCISE: Final = 2.5
#: And what there is of it.
MINUTES: Final = {"start_here": 12}
MOST_MINUTES: Final = 25
_TAG: Final = re.compile(r"<[^>]*>")


def words(lesson: Lesson) -> int:
    """Words that one reads: not those in tags, such as a picture's for those who do not see it."""
    texts = (cell.source for cell in read(lesson).cells if cell.cell_type == "markdown")
    return sum(len(_TAG.sub("", text).split()) for text in texts)


def minutes(lesson: Lesson) -> float:
    """Minutes that a person sits there, as far as one can say so."""
    looking = MINUTES_A_CELL * len(code_of(read(lesson).cells))
    return words(lesson) / WORDS_A_MINUTE + looking + MINUTES_AN_EXERCISE * len(lesson.exercises)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_is_one_sitting(lesson: Lesson) -> None:
    assert minutes(lesson) <= MINUTES.get(lesson.name, MOST_MINUTES)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_is_done_by_hand_to_its_end(lab: Lab, lesson: Lesson, capsys: pytest.CaptureFixture[str]) -> None:
    checks, began = [], time.monotonic()
    with opened(lab, lesson.file) as me:
        for number, _ in enumerate(lesson.exercises, 1):
            while me.chosen != f"work-{number}":
                me.run()
            for cell in solved(lesson).cells:
                if cell.metadata.get("work") == number:
                    me.paste_into(f"work-{number}", cell.source)
            checks.append(": done" in me.check(number))
        secrets = secrets_of(me.notebook)
        last = me.names()[-1]
        me.run_up_to(last)
        seconds = time.monotonic() - began
        saved = me.notebook.save()

    code = [cell for cell in json.loads(saved)["cells"] if cell["cell_type"] == "code" and cell["source"]]
    with capsys.disabled():
        read_in = f"{len(read(lesson).cells)} cells, {words(lesson):,} words"
        print(f"\n{lesson.name}: {read_in}, {seconds:.0f} s of the machine, {minutes(lesson):.0f} minutes of a person")
    assert [True] * len(lesson.exercises) == checks
    assert [] == [cell["id"] for cell in code if not cell["execution_count"] or failed(cell)]
    assert [] == found_in(saved, *secrets)


def failed(cell: Any) -> list[Any]:
    return [output for output in cell["outputs"] if output["output_type"] == "error"]
