"""A drill by hand: an incident, looks and an answer by buttons, in a real JupyterLab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from incidents import numbers_of
from lab import Lab, Notebook

pytest_plugins = ["lab_fixtures"]

DRILLED = "intermediate-expired"


@pytest.fixture
def notebook(lab: Lab, tmp_path: Path) -> Iterator[Notebook]:
    begin = f'import os\nos.environ["SFMTLS_NB_PROGRESS"] = {str(tmp_path)!r}\n%load_ext sfmtls_nb'
    with lab.open(begin, f"%sf_drill --seed {numbers_of(DRILLED)[0]}") as opened:
        opened.run_all()
        yield opened


def test_a_look_a_wrong_answer_and_the_right_one_by_buttons(notebook: Notebook, tmp_path: Path) -> None:
    notebook.button("Files").click()
    notebook.wait_until_idle()
    assert "Practice Client Old CA" in notebook.output(1).inner_text()
    notebook.button("Answer").click()
    notebook.wait_until_idle()
    assert "no failure is chosen" in notebook.output(1).inner_text()
    notebook.field("It shows").select_option(label="the client’s certificate is refused, or missing")
    for name in ("expired", DRILLED):
        notebook.wait_until_idle()
        option = notebook.field("Failure").locator("option", has_text=f"{name}: ").first.inner_text()
        notebook.field("Failure").select_option(label=option)
        notebook.button("Answer").click()
        notebook.wait_until_idle()
    assert "6 of 10 points; 1 look, 2 answers" in notebook.output(1).inner_text()
    assert (tmp_path / f"drill - {DRILLED}").exists()


def test_the_next_incident_stands_below_with_controls_of_its_own(notebook: Notebook) -> None:
    notebook.button("Give up").click()
    notebook.wait_until_idle()
    notebook.button("Next").click()
    notebook.wait_until_idle()
    shown = notebook.output(1).inner_text()
    assert shown.count("the clock runs") == 2
    assert notebook.button("Files").nth(1).is_enabled()
    assert not notebook.button("Files").first.is_enabled()
