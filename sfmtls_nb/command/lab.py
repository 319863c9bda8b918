"""Lab: the course in a folder of the learner's own, and JupyterLab opened on it. What a learner changed is never lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from sfmtls_nb import __version__
from sfmtls_nb.errors import SfmtlsError

#: In the folder: by lesson, the SHA-256 of the version that the learner was last given.
GIVEN: Final = ".sfmtls_nb.json"
_ELSEWHERE: Final = "move it away, or choose another folder: sfmtls-nb lab DIR"


@dataclass(frozen=True)
class Copied:
    """What became of one lesson: copied, updated, the same as it was, or kept because the learner has changed it.

    Of one that this version has under another name, or no more: removed, or left because the learner has changed it.
    beside: the name of the new version, where there is one that the learner has not been given yet.
    """

    name: str
    done: Literal["copied", "updated", "same", "kept", "removed", "left"]
    beside: str = ""

    def __str__(self) -> str:
        new = f"; the new version stands beside it: {self.beside}" if self.beside else ""
        words = {
            "copied": "copied",
            "updated": "updated: you had not changed it",
            "same": "there already",
            "kept": f"kept: you have changed it{new}",
            "removed": "removed: it has another name now, and you had not changed it",
            "left": "left as it is: you have changed it, and the course has it under another name now",
        }
        return f"{self.name}  {words[self.done]}"


def lessons_folder() -> Path:
    """Where the lessons are: in the installed package, or in the repository that the package is used from.

    Raises SfmtlsError if they are in neither.
    """
    package = Path(__file__).parent.parent
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if any(folder.glob("*.ipynb")):
            return folder
    raise SfmtlsError("the lessons are not there", f"none in {package}", "install the package again: sfmtls-nb[lab]")


def copy_lessons(folder: Path) -> list[Copied]:
    """Copy the lessons into a folder. One that is as it was given is brought up to date; one that was changed is kept.

    The lessons come first in the list, by their numbers; behind them those of an earlier version that are none now.

    Raises SfmtlsError, before anything is written, if something else is in the way; and if the folder cannot be written.
    """
    lessons = {path.name: path.read_bytes() for path in sorted(lessons_folder().glob("*.ipynb"))}
    try:
        _refuse_what_is_in_the_way(folder, lessons)
        folder.mkdir(parents=True, exist_ok=True)
        given = _given(folder / GIVEN)
        copied = [_copied(folder / name, content, given.get(name)) for name, content in lessons.items()]
        gone = {name: found for name, found in given.items() if name not in lessons}
        copied += [_gone(folder / name, found) for name, found in gone.items() if _is_there(folder, name)]
        now = {name: _hash(content) for name, content in lessons.items()}
        _write(folder / GIVEN, json.dumps(now, indent=1).encode() + b"\n")
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise SfmtlsError(
            f"the lessons cannot be copied to {folder}",
            getattr(error, "strerror", None) or str(error),
            "choose a folder that you may write to: sfmtls-nb lab DIR",
        ) from error
    return copied


def open_lab(notebook: Path) -> None:
    """Run JupyterLab, opened on a notebook, until it is shut down. Raises SfmtlsError if it is not installed."""
    try:
        from jupyterlab.labapp import LabApp  # noqa: PLC0415  # an extra, and heavy
    except ImportError as error:
        raise SfmtlsError(
            "JupyterLab is not installed",
            str(error),
            "pip install 'sfmtls-nb[lab]'; or open the folder in the Jupyter that you have",
        ) from error
    # Not the notebook as an argument: the address that is printed, for a browser elsewhere, would not lead to it.
    LabApp.launch_instance(
        [f"--ServerApp.root_dir={notebook.parent}", f"--LabApp.default_url=/lab/tree/{notebook.name}"]
    )


def _refuse_what_is_in_the_way(folder: Path, lessons: Mapping[str, bytes]) -> None:
    if folder.exists() and not folder.is_dir():
        raise SfmtlsError(f"{folder} is a file, and the lessons need a folder", next_step=_ELSEWHERE)
    for path in (folder / name for name in (GIVEN, *lessons)):
        if path.is_symlink():
            raise SfmtlsError(f"{path} is a link, and where it leads nothing is written", next_step=_ELSEWHERE)
        if path.exists() and not path.is_file():
            raise SfmtlsError(f"{path} is in the way: it is no file", next_step=_ELSEWHERE)


def _copied(path: Path, content: bytes, given: str | None) -> Copied:
    if not path.exists():
        _write(path, content)
        return Copied(path.name, "copied")
    there = path.read_bytes()
    if there == content:
        return Copied(path.name, "same")
    if _hash(there) == given:
        _write(path, content)
        return Copied(path.name, "updated")
    return Copied(path.name, "kept", "" if given == _hash(content) else _beside(path, content).name)


def _is_there(folder: Path, name: str) -> bool:
    path = folder / name
    return path.parent == folder and path.suffix == ".ipynb" and path.is_file() and not path.is_symlink()


def _gone(path: Path, given: str) -> Copied:
    if _hash(path.read_bytes()) != given:
        return Copied(path.name, "left")
    path.unlink()
    return Copied(path.name, "removed")


def _beside(path: Path, content: bytes) -> Path:
    """Write a version beside the learner's own, over nothing, and give where it is."""
    for beside in _names_beside(path):
        try:
            with beside.open("xb") as file:
                file.write(content)
        except FileExistsError:
            if beside.is_file() and beside.read_bytes() == content:
                break
        else:
            break
    return beside


def _names_beside(path: Path) -> Iterator[Path]:
    """``01_the_basics-0.2.0.ipynb``, ``01_the_basics-0.2.0-2.ipynb`` …"""
    stem, number = f"{path.stem}-{__version__}", 1
    while True:
        yield path.with_name(f"{stem}{f'-{number}' if number > 1 else ''}{path.suffix}")
        number += 1


def _given(file: Path) -> dict[str, str]:
    """What cannot be read counts as nothing given: then whatever differs is the learner's."""
    try:
        content = json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): str(found) for name, found in content.items()} if isinstance(content, dict) else {}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, with the mode that the user's files have."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
