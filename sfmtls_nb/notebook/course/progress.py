"""Progress: a learner's marks, each a file of its own in one folder.

So there is nothing to misread, and nothing to write over: not what another notebook marks at the same time, and not what
another version of the course has kept. A mark says when it was made (the file's time) and how often (its length).
In a class the folder may be one that the teacher sees: the learner decides that, by `join` and `leave`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import platformdirs

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.files import expand


class Mark(NamedTuple):
    """A mark as it is kept. at: when it was made last, in UTC. times: how often."""

    at: datetime
    times: int


#: What could not be kept counts in this kernel, and is kept as soon as that is possible.
_UNKEPT: Final[dict[str, int]] = {}
#: The name of the folder of marks in a learner's folder of a class.
PROGRESS: Final = "progress"


def progress_folder() -> Path:
    """The folder that progress is kept in: the class's, if the learner has joined one, or the learner's own."""
    return _shared_folder() if joined() else _own_folder()


def _own_folder() -> Path:
    """One of the user's, or the one that SFMTLS_NB_PROGRESS names."""
    named = os.environ.get("SFMTLS_NB_PROGRESS")
    return expand(named) if named else platformdirs.user_data_path("sfmtls_nb", appauthor=False) / "progress"


def _shared_folder() -> Path:
    """In the folder that the class has for this learner, which SFMTLS_NB_CLASSROOM names. Raises SfmtlsError if there is no class."""
    named = os.environ.get("SFMTLS_NB_CLASSROOM")
    if not named:
        raise SfmtlsError(
            "this course belongs to no class",
            "SFMTLS_NB_CLASSROOM names no folder; the JupyterHub of a class sets it",
            "your progress is kept for you alone; %sf_lesson shows it",
        )
    return expand(named) / PROGRESS


def joined() -> bool:
    """True if the learner's progress is kept where the teacher of the class sees it."""
    return bool(os.environ.get("SFMTLS_NB_CLASSROOM")) and _shared_folder().is_dir()


def join() -> None:
    """Keep progress where the teacher sees it, with all that there is already.

    Raises SfmtlsError if there is no class, or if its folder cannot be written to.
    """
    _move(_own_folder(), _shared_folder())


def leave() -> None:
    """Take progress back out of the class, all of it. Raises as `join`."""
    _move(_shared_folder(), _own_folder())
    with suppress(FileNotFoundError):
        _shared_folder().rmdir()


def _move(source: Path, target: Path) -> None:
    """Move all marks: when and how often they were made, and nothing else that a file may hold. None is lost where that ends."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, kept in read_marks(source).items():
            with (target / name).open("ab") as file:
                file.write(b"." * kept.times)
            os.utime(target / name, (kept.at.timestamp(),) * 2)
            (source / name).unlink()
    except OSError as error:
        raise SfmtlsError(
            f"your progress cannot be moved to {target}",
            error.strerror or str(error),
            "it stays where it was, and nothing is lost; tell whoever runs the class",
        ) from error


def read_marks(folder: Path) -> Mapping[str, Mark]:
    """The marks in a folder, by name. A folder that cannot be read has none."""
    marks = {}
    with suppress(OSError):
        for file in folder.iterdir():
            with suppress(FileNotFoundError):  # another kernel moves it, or the teacher removes it
                status = file.stat()
                marks[file.name] = Mark(datetime.fromtimestamp(status.st_mtime, UTC), status.st_size)
    return marks


def marks() -> Mapping[str, Mark]:
    """The learner's own, wherever they are kept, with those that could not be."""
    now = datetime.now(UTC)
    unkept = {name: Mark(now, times) for name, times in _UNKEPT.items()}
    # Both folders: where joining or leaving was cut short, some are here and some are there.
    return unkept | dict(read_marks(_own_folder())) | (dict(read_marks(_shared_folder())) if joined() else {})


def mark(name: str) -> None:
    """Make a mark once more. Where it cannot be kept, that is said once, and the course goes on."""
    known = bool(_UNKEPT)
    _UNKEPT[name] = _UNKEPT.get(name, 0) + 1
    folder = progress_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in list(_UNKEPT):
            with (folder / each).open("ab") as file:
                file.write(b"." * _UNKEPT.get(each, 0))
            _UNKEPT.pop(each, None)
    except OSError as error:
        if not known:
            print(
                f"Your progress cannot be kept in {folder}: {error.strerror}. It counts while this kernel runs, and is kept as "
                "soon as that is possible; the variable SFMTLS_NB_PROGRESS may name another folder."
            )
