"""Controls: what the flags do, by buttons and lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from incidents import numbers_of

from sfmtls_nb.notebook.course.progress import marks
from sfmtls_nb.notebook.drill.controls import Controls
from sfmtls_nb.notebook.drill.drill import Drill, Open
from sfmtls_nb.notebook.drill.incident import Incident, happen
from sfmtls_nb.notebook.drill.planting import KINDS, PLANTINGS

DRILLED = "intermediate-expired"
NUMBER = numbers_of(DRILLED)[0]


@pytest.fixture(autouse=True)
def progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFMTLS_NB_PROGRESS", str(tmp_path / "progress"))


@pytest.fixture(scope="module")
def happened() -> Incident:
    return happen(NUMBER)


@pytest.fixture
def controls(happened: Incident) -> Controls:
    drill = Drill(lambda _: happened)
    return Controls(drill, drill.show(NUMBER))


def choose(controls: Any, name: str) -> None:
    controls.kind.value = PLANTINGS[name].kind
    controls.name.value = name
    controls.answer.click()


def test_a_look_is_shown_and_counted(controls: Controls) -> None:
    controls.looks["files"].click()
    assert "Practice Client Old CA" in controls.shown.value
    assert controls._drill.show().looks == ("files",)


def test_a_wrong_name_leaves_it_open(controls: Controls) -> None:
    choose(controls, "expired")
    assert "not this one" in controls.shown.value
    assert not controls.answer.disabled


def test_the_right_name_closes_it(controls: Controls) -> None:
    choose(controls, DRILLED)
    assert "10 of 10 points" in controls.shown.value
    assert (True, False) == (controls.answer.disabled, controls.next.disabled)


def test_nothing_is_chosen_at_first_and_that_is_no_answer(controls: Controls) -> None:
    controls.answer.click()
    assert "no failure is chosen" in controls.shown.value
    assert {} == marks()


@pytest.mark.parametrize("kind", KINDS)
def test_the_names_are_those_of_the_kind(kind: str, controls: Controls) -> None:
    controls.kind.value = kind
    assert KINDS[kind] == tuple(value for _, value in controls.name.options)


def test_an_incident_that_was_closed_elsewhere_says_so(controls: Controls) -> None:
    controls._drill.give_up()
    controls.looks["org"].click()
    assert "this incident is closed" in controls.shown.value
    assert controls.looks["org"].disabled


def test_the_next_one_stands_below_with_its_own_controls(controls: Controls) -> None:
    controls.give_up.click()
    controls.next.click()
    assert isinstance(controls.children[-1], Controls)
    assert isinstance(controls.children[-1]._opened, Open)
