"""The class at a glance, as the teacher sees it in JupyterLab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from a_class import NAMES, make_class
from lab import Lab, Notebook

pytest_plugins = ["lab_fixtures"]


@pytest.fixture(scope="module")
def notebook(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    folder: Path = make_class(tmp_path_factory.mktemp("class"))
    with lab.open(
        "from sfmtls_nb.notebook.course.class_picture import ClassPicture\n"
        "from sfmtls_nb.notebook.course.classroom import read_class\n"
        f"ClassPicture(read_class({str(folder)!r}))"
    ) as opened:
        opened.run_all()
        yield opened


def test_each_learner_is_a_row(notebook: Notebook) -> None:
    assert NAMES == notebook.output(0).locator("tbody th").all_inner_texts()


@pytest.mark.parametrize("width", [1280, 800])
def test_the_names_stay_in_sight_when_the_rest_is_scrolled(notebook: Notebook, width: int) -> None:
    page, table = notebook.page, notebook.output(0).locator("table")
    usual = page.viewport_size
    assert usual
    page.set_viewport_size({"width": width, "height": usual["height"]})
    fits = table.evaluate("it => it.parentElement.scrollWidth <= it.parentElement.clientWidth")
    table.evaluate("it => { it.parentElement.scrollLeft = 500 }")
    left = table.evaluate(
        "it => it.querySelector('tbody th').getBoundingClientRect().left - it.parentElement.getBoundingClientRect().left"
    )
    table.evaluate("it => { it.parentElement.scrollLeft = 0 }")
    page.set_viewport_size(usual)
    assert (width == 1280, True) == (fits, 0 <= left < 4)


def test_it_is_a_picture_in_either_theme(notebook: Notebook) -> None:
    taken = notebook.pictures({"class": 0})
    assert [False] * 2 == [picture.blank for picture in taken.values()]
