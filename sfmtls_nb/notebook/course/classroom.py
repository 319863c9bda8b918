"""Classroom: what the learners of a class have done, as their teacher sees it.

The class is a folder, in which each learner has one, named as the learner is. Nothing in them is trusted, for learners can write
there what they like: of each mark that the course knows, only its length and its time are looked at. No file is opened, and no
link is followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.files import expand
from sfmtls_nb.notebook.course.course import LESSONS, exercise_mark, try_mark
from sfmtls_nb.notebook.course.progress import PROGRESS, Mark
from sfmtls_nb.notebook.drill.final_test import final_tests

if TYPE_CHECKING:
    import pandas as pd

#: More checks that said no are not counted.
_MOST: Final = 999
#: Nor are more names looked through for those of the final test.
_MOST_NAMES: Final = 5000
_COLUMNS: Final = ("learner", "lesson", "exercise", "title", "opened", "done", "failed", "last", "diagnosed", "asked")


def read_class(folder: str | Path) -> pd.DataFrame:
    """A row for each exercise of each learner who has joined.

    learner: the name. lesson: its file's, as 02_certificates. exercise: its number. title. opened: when the lesson was opened
    last. done: when the exercise was done first. failed: how many checks said no, up to 999. last: when the learner was
    last seen anywhere in the course. diagnosed and asked: of the failures of the last final test. Times are in UTC; missing where it did not happen.
    Raises SfmtlsError if the folder cannot be read.
    """
    import pandas as pd  # noqa: PLC0415  # for teachers alone

    rows = [row for learner in class_names(folder) for row in _rows(folder, learner)]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    for column in ("opened", "done", "last"):
        frame[column] = pd.to_datetime(frame[column], utc=True).dt.floor("s")
    return frame.astype({"failed": int, "exercise": int, "diagnosed": "Int64", "asked": "Int64"})


def learners(frame: pd.DataFrame) -> pd.DataFrame:
    """A row for each learner of `read_class`: lesson (the one opened last), last (when seen), done and of (exercises), failed,
    diagnosed and asked (of the final test).
    """
    by_learner = frame.groupby("learner")
    opened = frame.dropna(subset="opened").sort_values("opened", kind="stable").groupby("learner")["lesson"].last()
    return by_learner.agg(
        last=("last", "first"),
        done=("done", "count"),
        of=("exercise", "size"),
        failed=("failed", "sum"),
        diagnosed=("diagnosed", "first"),
        asked=("asked", "first"),
    ).assign(lesson=opened)[["lesson", "last", "done", "of", "failed", "diagnosed", "asked"]]


def stuck(frame: pd.DataFrame) -> pd.DataFrame:
    """Where the class is stuck: exercises that said no to learners who have not done them yet, the worst first.

    A row for each: lesson, exercise, title, learners (how many), failed (checks that said no to them).
    """
    open_ones = frame[frame["done"].isna() & (frame["failed"] > 0)]
    grouped = open_ones.groupby(["lesson", "exercise", "title"], as_index=False)
    counted = grouped.agg(learners=("learner", "nunique"), failed=("failed", "sum"))
    return counted.sort_values(["learners", "failed"], ascending=False, kind="stable", ignore_index=True)


def class_names(folder: str | Path) -> list[str]:
    """The names of those who have joined. Raises SfmtlsError if the folder cannot be read."""
    try:
        with _opened(folder) as inside:
            found = os.listdir(inside)  # noqa: PTH208  # of a folder that is open
            # No name begins as a formula does, which a spreadsheet would run, or is that of a hidden folder.
            names = (name for name in found if name.isprintable() and name[0].isalnum())
            return sorted(name for name in names if _is_folder(name, inside) and _joined(folder, name))
    except OSError as error:
        raise SfmtlsError(
            f"the class in {os.fspath(folder)} cannot be read",
            error.strerror or str(error),
            "name the folder in which each learner has one",
        ) from error


def reset(folder: str | Path, learner: str | None = None) -> list[str]:
    """Remove the marks of one learner (None: of all), who begins the course anew and stays in the class. Returns the names.

    Raises SfmtlsError if there is no such learner, or the marks cannot be removed.
    """
    names = class_names(folder)
    if learner is not None and learner not in names:
        raise SfmtlsError(f"there is no learner {learner!r} in this class", f"there are: {', '.join(names) or 'none'}")
    chosen = names if learner is None else [learner]
    for name in chosen:
        try:
            with _opened(folder, name, PROGRESS) as inside:
                for mark in os.listdir(inside):  # noqa: PTH208
                    if not _is_folder(mark, inside):
                        os.unlink(mark, dir_fd=inside)
        except OSError as error:
            raise SfmtlsError(
                f"the marks of {name} cannot be removed",
                error.strerror or str(error),
                "the teacher has to be allowed to write there",
            ) from error
    return chosen


def _rows(folder: str | Path, learner: str) -> Iterator[tuple[Any, ...]]:
    with suppress(OSError), _opened(folder, learner, PROGRESS) as inside:
        rows, seen = [], []
        for lesson in LESSONS:
            opened = _mark(lesson.name, inside)
            seen.append(opened)
            for number, exercise in enumerate(lesson.exercises, 1):
                done, tried = _mark(exercise_mark(lesson, number), inside), _mark(try_mark(lesson, number), inside)
                seen += [done, tried]
                name = lesson.file.removesuffix(".ipynb")
                at = [mark.at if mark else None for mark in (opened, done)]
                rows.append((learner, name, number, exercise.title, *at, tried.times if tried else 0))
        last = max((mark.at for mark in seen if mark), default=None)
        final = _final_test(inside)
        yield from ((*row, last, *final) for row in rows)


def _final_test(inside: int) -> tuple[int | None, int | None]:
    """Of the last one: how many failures were diagnosed, and how many asked."""
    with os.scandir(inside) as entries:
        names = [entry.name for entry in islice(entries, _MOST_NAMES)]
    begun = [test for test in final_tests(names) if test.given]
    return (begun[-1].right, len(begun[-1].given)) if begun else (None, None)


def _mark(name: str, inside: int) -> Mark | None:
    try:
        found = os.stat(name, dir_fd=inside, follow_symlinks=False)
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    # A file may claim any time, one that no calendar has included.
    at = datetime.fromtimestamp(min(max(found.st_mtime, 0), datetime.now(UTC).timestamp()), UTC)
    return Mark(at, min(found.st_size, _MOST))


def _joined(folder: str | Path, name: str) -> bool:
    try:
        with _opened(folder, name, PROGRESS):
            return True
    except OSError:
        return False


def _is_folder(name: str, inside: int) -> bool:
    with suppress(OSError):
        return stat.S_ISDIR(os.stat(name, dir_fd=inside, follow_symlinks=False).st_mode)
    return False


@contextmanager
def _opened(folder: str | Path, *below: str) -> Iterator[int]:
    """A folder in it, open. No step below the first follows a link, so what is read and removed is in the class."""
    inside = os.open(expand(os.fspath(folder)), os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in below:
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=inside)
            os.close(inside)
            inside = inner
        yield inside
    finally:
        os.close(inside)
