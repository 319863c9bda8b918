"""Sittings: a lesson's cells in a real kernel, in whatever order people run them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import nbformat
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from sfmtls_nb.notebook.course.course import Lesson

NOTEBOOKS: Final = Path(__file__).parents[2] / "notebooks"
_BLOCK: Final = re.compile(r"```python\n(.*?)```", re.DOTALL)
_SECONDS: Final = 90


def read(lesson: Lesson) -> Any:
    """The notebook of a lesson, as it is committed."""
    return nbformat.read(NOTEBOOKS / lesson.file, as_version=4)  # type: ignore[no-untyped-call]


def solved(lesson: Lesson) -> Any:
    """The notebook as it is when the learner has written each solution into the cell for the work."""
    notebook = read(lesson)
    for number, _ in enumerate(lesson.exercises, 1):
        (solution,) = (cell for cell in notebook.cells if cell.id == f"solution-{number}")
        (at,) = (at for at, cell in enumerate(notebook.cells) if cell.id == f"work-{number}")
        notebook.cells[at : at + 1] = [
            nbformat.v4.new_code_cell(block.strip(), metadata={"work": number})  # type: ignore[no-untyped-call]
            for block in _BLOCK.findall(solution.source)
        ]
    return notebook


def code_of(cells: Iterable[Any]) -> list[Any]:
    return [cell for cell in cells if cell.cell_type == "code"]


def work_of(cells: Iterable[Any], number: int) -> list[Any]:
    """The cells of an exercise's solution, and of its check."""
    return [cell for cell in cells if cell.metadata.get("work") == number or cell.id == f"check-{number}"]


class Ran(NamedTuple):
    """A cell that was run: its name, the plain text that it showed, and the error it ended with, or ""."""

    name: str
    text: str
    error: str

    @property
    def headline(self) -> str:
        """What a check says in its first line: done or not yet."""
        return self.text.partition("\n")[0].rpartition(": ")[2]


def numbers(lesson: Lesson) -> range:
    return range(1, len(lesson.exercises) + 1)


def said(ran: Iterable[Ran], lesson: Lesson) -> list[str]:
    """What the last run of each check said: done or not yet, or the error it ended with."""
    last = {each.name: each.error or each.headline for each in ran}
    return [last.get(f"check-{number}", "was not run") for number in numbers(lesson)]


def all_done(lesson: Lesson) -> list[str]:
    """What `said` is where every exercise is done."""
    return ["done"] * len(lesson.exercises)


class Sitting:
    """A kernel that somebody runs cells in."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._manager, self._client = manager, client

    def run(self, cells: Iterable[Any]) -> list[Ran]:
        """Run cells one after the other, whatever becomes of each."""
        return [self._run(cell) for cell in cells]

    def _run(self, cell: Any) -> Ran:
        texts: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            texts.append(content.get("text") or content.get("data", {}).get("text/plain", ""))

        reply = self._client.execute_interactive(cell.source, allow_stdin=False, timeout=_SECONDS, output_hook=hear)
        content = reply["content"]
        error = f"{content['ename']}: {content['evalue']}" if content["status"] == "error" else ""
        return Ran(cell.get("id", ""), "".join(texts), error)

    def restart(self) -> None:
        self._manager.restart_kernel(now=True)
        self._client.wait_for_ready(timeout=_SECONDS)


@contextmanager
def sitting(folder: Path, **variables: str) -> Iterator[Sitting]:
    """A kernel in that folder, with these environment variables beside the usual ones."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder), env=os.environ | variables)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=_SECONDS)
        yield Sitting(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
