"""A class whose learners are anywhere in the course, as their marks would have it."""

from __future__ import annotations

import random
from pathlib import Path

from sfmtls_nb.notebook.course.course import LESSONS, exercise_mark, try_mark
from sfmtls_nb.notebook.course.progress import PROGRESS
from sfmtls_nb.notebook.drill.final_test import LENGTH, FinalTest
from sfmtls_nb.notebook.drill.planting import PLANTINGS

NAMES = ["ada", "alan", "anita", "barbara", "dennis", "donald", "edsger", "frances", "grace", "guido", "hedy", "jean"]


def make_class(folder: Path) -> Path:
    """Write their marks into a folder; the same each time."""
    chance = random.Random(3)  # noqa: S311  # a picture, and no secret
    for name in NAMES:
        place = folder / name / PROGRESS
        place.mkdir(parents=True)
        reached = chance.randint(1, len(LESSONS) - 1)
        for lesson in LESSONS[: reached + 1]:
            (place / lesson.name).write_text(".")
            for number, _ in enumerate(lesson.exercises, 1):
                luck = chance.random()
                if luck < (0.9 if lesson.number < reached else 0.4):
                    (place / exercise_mark(lesson, number)).write_text(".")
                elif luck < 0.95:
                    (place / try_mark(lesson, number)).write_text("." * chance.choice([1, 2, 5, 130]))
        if reached > 4:
            test = FinalTest(1, 7)
            (place / test.begun_mark).write_text(".")
            for failure in sorted(PLANTINGS)[:LENGTH]:
                right = chance.random() < 0.7
                (place / test.answer_mark(failure, right=right)).write_text(".")
                test = test.with_answer(failure, right=right)
    return folder
