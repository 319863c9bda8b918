"""Progress: a learner's marks, each a file of its own in one folder.

So there is nothing to misread, and nothing to write over: not what another notebook marks at the same time, and not what
another version of the course has kept. A mark says when it was made (the file's time) and how often (its length).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import platformdirs

from sfmtls_nb.files import expand


class Mark(NamedTuple):
    """A mark as it is kept. at: when it was made last, in UTC. times: how often."""

    at: datetime
    times: int


#: What could not be kept counts in this kernel, and is kept as soon as that is possible.
_UNKEPT: Final[dict[str, int]] = {}


def progress_folder() -> Path:
    """The folder that progress is kept in: one of the user's, or the one that SFMTLS_NB_PROGRESS names."""
    named = os.environ.get("SFMTLS_NB_PROGRESS")
    return expand(named) if named else platformdirs.user_data_path("sfmtls_nb", appauthor=False) / "progress"


def read_marks(folder: Path) -> Mapping[str, Mark]:
    """The marks in a folder, by name. A folder that cannot be read has none."""
    marks = {}
    try:
        for file in folder.iterdir():
            status = file.stat()
            marks[file.name] = Mark(datetime.fromtimestamp(status.st_mtime, UTC), status.st_size)
    except OSError:
        pass
    return marks


def marks() -> Mapping[str, Mark]:
    """The learner's own, with those that could not be kept."""
    now = datetime.now(UTC)
    return {name: Mark(now, times) for name, times in _UNKEPT.items()} | dict(read_marks(progress_folder()))


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
