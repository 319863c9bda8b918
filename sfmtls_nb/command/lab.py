"""Lab: the course in a folder of the learner's own, and JupyterLab opened on it."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from sfmtls_nb.command.program import program
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.files import expand


def define(parser: argparse.ArgumentParser) -> None:
    """Add the help and the arguments of ``lab``."""
    parser.usage = "sfmtls-nb lab [DIR] [--no-open] [JUPYTERLAB'S FLAGS]"
    parser.description = (
        "Copy the lessons into a folder of your own, and open them in JupyterLab. A lesson that is there "
        "already stays as it is. Other flags, and all that follows them, are JupyterLab's: --port 9999, or in a container "
        "--allow-root --ip 0.0.0.0"
    )
    parser.add_argument(
        "dir", nargs="?", type=Path, default=Path("sfmtls_lessons"), metavar="DIR", help="default: %(default)s, here"
    )
    parser.add_argument(
        "--no-open", action="store_true", help="only copy: for a Jupyter that runs already, here or on a server"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    folder = expand(options.dir).absolute()
    lessons = copy_lessons(folder)
    words = [f"{name}  {'copied' if copied else 'there already'}" for name, copied in lessons.items()]
    print(f"The lessons are in {folder}:", *words, sep="\n  ")
    if not all(lessons.values()):
        print("A fresh copy of the lessons goes into another folder: sfmtls-nb lab DIR")
    sys.stdout.flush()
    if not options.no_open:
        open_lab(folder / next(iter(lessons)), options.flags)


def lessons_folder() -> Path:
    """The folder of the lessons: in the installed package, or in the repository that the package is used from.

    Raises SfmtlsError if they are in neither.
    """
    package = Path(__file__).parent.parent
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if any(folder.glob("*.ipynb")):
            return folder
    raise SfmtlsError("the lessons are not there", f"none in {package}", "install the package again: sfmtls-nb[lab]")


def copy_lessons(folder: Path) -> dict[str, bool]:
    """Copy the lessons that are missing in a folder; all that is there stays as it is.

    Returns the file names of all lessons in their order, each with True if it was copied and False if it was there.

    Raises SfmtlsError if the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return {lesson.name: _copy(lesson, folder) for lesson in sorted(lessons_folder().glob("*.ipynb"))}
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise SfmtlsError(
            f"the lessons cannot be copied to {folder}",
            getattr(error, "strerror", None) or str(error),
            "choose a folder that you may write to: sfmtls-nb lab DIR",
        ) from error


def open_lab(notebook: Path, flags: Sequence[str] = ()) -> None:
    """Run JupyterLab, opened on a notebook, until it is shut down. flags: of its own, such as ``--port``.

    Raises SfmtlsError if it is not installed, or does not start for root.
    """
    try:
        from jupyterlab.labapp import LabApp  # noqa: PLC0415  # an extra, and heavy
    except ImportError as error:
        raise SfmtlsError(
            "JupyterLab is not installed",
            str(error),
            "pip install 'sfmtls-nb[lab]'; or open the folder in the Jupyter that you have",
        ) from error
    # Not the notebook as an argument: the address that is printed, for a browser elsewhere, would not lead to it.
    ours = [f"--ServerApp.root_dir={notebook.parent}", f"--LabApp.default_url=/lab/tree/{notebook.name}"]
    try:
        LabApp.launch_instance([*ours, *flags])
    except SystemExit as ended:
        if not ended.code or "--allow-root" in flags or not _is_root():
            raise
        raise SfmtlsError(
            "JupyterLab did not start",
            "the user is root, as in a container; without --allow-root it refuses to run as root",
            f"{program()} lab {shlex.quote(str(notebook.parent))} --allow-root; in a container --ip 0.0.0.0 as well; "
            "in a clone: make lab FLAGS='--allow-root --ip 0.0.0.0'",
        ) from ended


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _copy(lesson: Path, folder: Path) -> bool:
    try:
        with (folder / lesson.name).open("xb") as file:
            file.write(lesson.read_bytes())
    except FileExistsError:
        return False
    return True
