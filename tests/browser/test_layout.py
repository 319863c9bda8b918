"""Where things stand: in a wide window, in a narrow one, and in a narrow one with the file browser open."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from by_hand import Output
from lab import Lab, Notebook
from playwright.sync_api import expect

pytest_plugins = ["lab_fixtures"]

START: Final = """%load_ext sfmtls_nb
practice = %sf_practice
identity = %sf_identity client.key client.crt intermediate1.crt intermediate2.crt
session = %sf_login"""
#: By cell: what it shows, and what is pressed there first, one after another.
CELLS: Final[dict[str, tuple[str, list[str]]]] = {
    "setup": ("%sf_practice setup", ["Open a case"]),
    "sign-in": ("%sf_login --form", ["Sign in"]),
    "identity": ("%sf_identity", []),
    "soap": ("%sf_soap", ["Send"]),
    "soql": ("%sf_soql", ["Run"]),
    "tree": ("%sf_soap getUserInfo", []),
    "guide": ("%sf_guide", ["6 Without a certificate", "Call without it"]),
    "lessons": ("%sf_lesson", []),
    "error": ("%sf_soap getUserInfo --no-cert --expect page", []),
    "help": ("%sf_help", []),
}
#: Pixels of the window, and whether the file browser is open.
WINDOWS: Final = [(1280, False), (1280, True), (800, False), (800, True)]
LESSONS: Final = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[Notebook]:
    for lesson in LESSONS.glob("*.ipynb"):
        shutil.copy(lesson, lab.folder)
    with lab.open(START, *(magic for magic, _ in CELLS.values())) as opened:
        opened.run_all()
        for name, (_, buttons) in CELLS.items():
            for button in buttons:
                Output(opened, number(name)).press(button)
        yield opened


def number(name: str) -> int:
    return list(CELLS).index(name) + 1


@contextmanager
def window(notebook: Notebook, width: int, *, browsing: bool) -> Iterator[None]:
    page = notebook.page
    usual = page.viewport_size
    assert usual
    page.set_viewport_size({"width": width, "height": usual["height"]})
    page.evaluate(f"jupyterapp.shell.{'expandLeft' if browsing else 'collapseLeft'}()")
    notebook.wait_until_idle()
    yield
    page.evaluate("jupyterapp.shell.collapseLeft()")
    page.set_viewport_size(usual)


def top(notebook: Notebook, cell: str, selector: str) -> float:
    box = notebook.output(number(cell)).locator(selector).first.bounding_box()
    assert box
    return box["y"]


@pytest.mark.parametrize(("width", "browsing"), WINDOWS)
@pytest.mark.parametrize("name", CELLS)
def test_nothing_sticks_out(notebook: Notebook, name: str, width: int, browsing: bool) -> None:
    with window(notebook, width, browsing=browsing):
        assert Output(notebook, number(name)).too_wide() == []


@pytest.mark.parametrize(("width", "browsing"), WINDOWS)
def test_the_steps_of_the_guide_stand_above_where_there_is_little_room(
    notebook: Notebook, width: int, browsing: bool
) -> None:
    with window(notebook, width, browsing=browsing):
        last, panel = (top(notebook, "guide", it) for it in (".sfmtls-rail button:last-child", ".sfmtls-panel"))
    assert (last < panel) == (width == 800)


@pytest.mark.parametrize("cell", ["guide", "error"])
def test_the_text_of_an_error_has_many_words_a_line(notebook: Notebook, cell: str) -> None:
    texts = notebook.output(number(cell)).locator("th:text-is('what') + td")
    with window(notebook, 800, browsing=True):
        box = texts.bounding_box()
    assert box
    assert box["width"] > 150


def test_the_next_button_stands_below_all_that_is_to_be_read(notebook: Notebook) -> None:
    with window(notebook, 800, browsing=True):
        read, forward = (top(notebook, "guide", it) for it in ("summary", "button:has-text('Next: ')"))
    assert forward > read


def test_after_next_the_focus_is_at_the_step_that_comes(notebook: Notebook) -> None:
    guide = Output(notebook, number("guide"))
    guide.press("4 Sign in")
    guide.press("Next: Call")
    expect(guide.area.locator(".sfmtls-rail button").nth(4)).to_be_focused()
    guide.press("6 Without a certificate")


def test_a_path_is_seen_when_the_pointer_or_the_focus_is_on_its_line(notebook: Notebook) -> None:
    line = notebook.output(number("tree")).locator("summary", has_text="getUserInfoResponse").first
    path, page = line.locator("code"), notebook.page
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    expect(path).to_be_hidden()
    line.hover()
    expect(path).to_be_visible()
    page.mouse.move(0, 0)
    expect(path).to_be_hidden()
    line.focus()
    expect(path).to_be_visible()


def test_the_header_and_the_namespaces_are_folded_at_first(notebook: Notebook) -> None:
    closed = notebook.output(number("tree")).locator("details:not([open]):has(ul) > summary").filter(visible=True)
    assert [text.split()[0] for text in closed.all_inner_texts()] == ["soapenv:Header", "3"]


def test_a_click_on_a_lesson_opens_it(notebook: Notebook) -> None:
    notebook.output(number("lessons")).locator("a").nth(1).click()
    tab = notebook.page.locator(".lm-TabBar-tabLabel", has_text="01_the_basics.ipynb")
    expect(tab).to_be_visible()
    notebook.close_what_was_opened_beside()
