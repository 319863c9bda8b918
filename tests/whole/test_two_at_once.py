"""Two at once: a lesson in a kernel, and its copy in another folder, which papermill runs at the same moment."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any, NamedTuple

import nbformat
import pytest
from sitting import Ran, all_done, code_of, numbers, said, sitting, solved

from sfmtls_nb.notebook.course.course import LESSONS, Lesson, exercise_mark
from sfmtls_nb.notebook.course.progress import read_marks

pytestmark = pytest.mark.timeout(300)


class Together(NamedTuple):
    """A lesson in a kernel, and at the same moment its copy, which papermill runs: by one learner, who has one progress."""

    lesson: Lesson
    original: list[Ran]
    copy: list[Ran]
    marks: set[str]


@pytest.fixture(scope="module", params=LESSONS, ids=lambda lesson: lesson.name)
def together(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Together:
    lesson: Lesson = request.param
    folder = tmp_path_factory.mktemp("together")
    progress = {"SFMTLS_NB_PROGRESS": str(folder / "progress")}
    notebook, copy = solved(lesson), folder / "copies" / f"{lesson.file.removesuffix('.ipynb')}-Copy1.ipynb"
    copy.parent.mkdir()
    nbformat.write(notebook, copy)  # type: ignore[no-untyped-call]
    places = ["--cwd", str(copy.parent), str(copy), str(folder / "ran.ipynb")]
    by_papermill = [sys.executable, "-m", "papermill", "-k", "python3", *places]
    with (
        subprocess.Popen(by_papermill, env=os.environ | progress, stderr=subprocess.DEVNULL) as process,
        sitting(folder, **progress) as kernel,
    ):
        original = kernel.run(code_of(notebook.cells))
        process.wait(timeout=200)
    cells = code_of(nbformat.read(folder / "ran.ipynb", as_version=4).cells)  # type: ignore[no-untyped-call]
    return Together(lesson, original, [ran_by_papermill(cell) for cell in cells], set(read_marks(folder / "progress")))


def ran_by_papermill(cell: Any) -> Ran:
    shown = "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)
    errors = [f"{output.ename}: {output.evalue}" for output in cell.outputs if output.output_type == "error"]
    return Ran(cell.id, shown, "".join(errors))


def test_of_two_at_once_neither_disturbs_the_other(together: Together) -> None:
    assert [] == [each for each in [*together.original, *together.copy] if each.error]
    assert all_done(together.lesson) == said(together.original, together.lesson)
    assert {exercise_mark(together.lesson, number) for number in numbers(together.lesson)} <= together.marks


def test_of_a_copy_in_another_folder_run_by_papermill_all_is_done(together: Together) -> None:
    assert all_done(together.lesson) == said(together.copy, together.lesson)
