"""Learner: who sits in front of a lesson in JupyterLab, with a keyboard and a mouse."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple, cast

from by_hand import Output
from lab import Lab, Notebook
from playwright.sync_api import Locator
from sitting import NOTEBOOKS

#: Milliseconds; for where another does much beside the tests.
PATIENCE: Final = 60_000

_PANEL = "const panel = jupyterapp.shell.currentWidget;"
_OPEN = f"name => {{ {_PANEL} return panel?.context?.path == name && panel.context.isReady"
_OPEN += " && panel.sessionContext.session?.kernel?.connectionStatus == 'connected'; }"
_CHOSEN = f"() => {{ {_PANEL} return panel.content.activeCell.model.id; }}"
_CELLS = f"() => {{ {_PANEL} return [...panel.content.model.cells].map(cell => cell.id); }}"
# How often the kernel had been asked when it was asked for the cell; nothing while it works on it, and of a text.
_COUNT = f"name => {{ {_PANEL} return [...panel.content.model.cells].find(cell => cell.id == name).executionCount; }}"
_DONE = f"""([name, before, code]) => {{ {_PANEL}
    const cell = [...panel.content.model.cells].find(cell => cell.id == name);
    const moved = panel.content.activeCell.model.id != name;
    return moved && (!code || cell.executionCount && cell.executionCount != before);
}}"""


class Learner(NamedTuple):
    """Who sits in front of a lesson. Cells go by the names they have in its file."""

    notebook: Notebook

    # ------------------------------------------------------------ where things are

    def names(self) -> list[str]:
        return cast("list[str]", self.notebook.page.evaluate(_CELLS))

    @property
    def chosen(self) -> str:
        return cast("str", self.notebook.page.evaluate(_CHOSEN))

    def cell(self, name: str) -> Locator:
        return self.notebook.page.locator(".jp-Notebook .jp-Cell").nth(self.names().index(name))

    def output(self, name: str) -> Output:
        return Output(self.notebook, self.names().index(name))

    def read(self, name: str) -> str:
        return self.output(name).area.inner_text()

    # ------------------------------------------------------------ what is done

    def run(self) -> str:
        """Press Shift+Enter, and wait until it is done and shown. Returns the name of the cell."""
        page, name = self.notebook.page, self.chosen
        before = page.evaluate(_COUNT, name)
        code = "jp-CodeCell" in (self.cell(name).get_attribute("class") or "")
        page.keyboard.press("Shift+Enter")
        page.wait_for_function(_DONE, arg=[name, before, code], timeout=PATIENCE)
        if code:
            self.notebook.wait_until_idle()
        return name

    def run_up_to(self, name: str) -> None:
        """Run cell after cell, that one included."""
        assert any(self.run() == name for _ in self.names()), f"{name} does not come"

    def click_into(self, name: str) -> None:
        """Click behind all that stands in a cell."""
        self.cell(name).locator(".cm-line").last.click()
        self.notebook.page.keyboard.press("Control+End")

    def type_into(self, name: str, *lines: str) -> None:
        """Type a cell's content anew, and run it."""
        self.click_into(name)
        self.notebook.page.keyboard.press("Control+a")
        self.notebook.page.keyboard.type("\n".join(lines))
        self.run()

    def paste_into(self, name: str, code: str) -> None:
        """Put code in the place of a cell's content, as from the clipboard, and run it."""
        self.click_into(name)
        self.notebook.page.keyboard.press("Control+a")
        self.notebook.page.keyboard.insert_text(code)
        self.run()

    def choose(self, name: str) -> None:
        """Click on a text, to go on from there."""
        self.cell(name).get_by_role("heading").or_(self.cell(name).locator("p")).first.click()

    def check(self, number: int, asking: str = "") -> str:
        """Run a check as it stands there, or with something typed behind it. Returns what it shows."""
        self.click_into(f"check-{number}")
        self.notebook.page.keyboard.type(asking)
        self.run()
        return self.read(f"check-{number}")


@contextmanager
def opened(lab: Lab, lesson: str) -> Iterator[Learner]:
    """Who has found the file of a lesson in the file browser, and double-clicked it."""
    path = lab.folder / lesson
    shutil.copy(NOTEBOOKS / lesson, path)
    page = lab._new_page()
    try:
        page.keyboard.press("Control+Shift+f")
        page.get_by_role("listitem", name=lesson).dblclick()
        page.wait_for_function(_OPEN, arg=lesson, timeout=PATIENCE)
        page.keyboard.press("Control+b")
        yield Learner(Notebook(page, path))
    finally:
        page.context.close()
        lab.shut_down_kernels(lesson)
        path.unlink()
        shutil.rmtree(lab.folder / "my-identity", ignore_errors=True)  # what lesson 01 writes
