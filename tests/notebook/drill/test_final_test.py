"""FinalTest: twelve failures, each another, none met before; kept answer by answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sfmtls_nb import SfmtlsError
from sfmtls_nb.notebook.course.course import Course
from sfmtls_nb.notebook.course.progress import mark, marks
from sfmtls_nb.notebook.course.view import standing_html, standing_text
from sfmtls_nb.notebook.drill.drill import Answered, Drill, Open
from sfmtls_nb.notebook.drill.final_test import LENGTH, FinalTest, drills_told, final_tests
from sfmtls_nb.notebook.drill.planting import KINDS, PLANTINGS, drawn
from sfmtls_nb.notebook.drill.view import answered_text, final_test_html, final_test_text
from sfmtls_nb.notebook.workspace import Workspace


@pytest.fixture(autouse=True)
def progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFMTLS_NB_PROGRESS", str(tmp_path / "progress"))


def said(number: int) -> Any:
    """An incident of which only the cause is there: nothing else is asked of it in a test of the marks."""
    return SimpleNamespace(number=number, planting=drawn(number)[0], outcome=None, cause=SimpleNamespace(evidence=""))


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Drill]:
    """What makes a drill as a new kernel has it."""
    monkeypatch.setattr("sfmtls_nb.notebook.drill.drill.speaking", lambda *_: ())
    return lambda: Drill(said)


def cause(drill: Drill, seed: int | None = 5) -> str:
    shown = drill.show_final(seed)
    assert isinstance(shown, Open)
    return shown.incident.planting.name


def taken(drill: Drill, missing: int = 0) -> list[str]:
    """The causes of a whole final test, of which the first ones are missed."""
    asked = []
    for place in range(LENGTH):
        asked.append(cause(drill))
        drill.answer("no-such-host" if place < missing else asked[-1])
    return asked


def test_twelve_failures_are_asked_each_another_of_all_kinds(kernel: Callable[[], Drill]) -> None:
    asked = taken(kernel())
    assert len(set(asked)) == LENGTH
    assert KINDS.keys() == {PLANTINGS[name].kind for name in asked}


def test_none_is_asked_that_was_met_in_a_drill(kernel: Callable[[], Drill]) -> None:
    met = list(PLANTINGS)[::2]
    for name in met:
        mark(f"drill - {name}")
    assert set() == set(taken(kernel())) & set(met)


@pytest.mark.parametrize("ending", [" - not yet", " - given up"])
def test_none_is_asked_that_was_met_in_vain(ending: str, kernel: Callable[[], Drill]) -> None:
    met = list(PLANTINGS)[1::2]
    for name in met:
        mark(f"drill - {name}{ending}")
    assert set() == set(taken(kernel())) & set(met)


def test_where_all_were_met_twelve_are_asked_all_the_same(kernel: Callable[[], Drill]) -> None:
    for name in PLANTINGS:
        mark(f"drill - {name}")
    assert len(set(taken(kernel()))) == LENGTH


def test_the_first_name_counts(kernel: Callable[[], Drill]) -> None:
    drill = kernel()
    cause(drill)
    drill.answer("no-such-host")
    with pytest.raises(SfmtlsError, match="no incident is open"):
        drill.answer("expired")
    assert [False] == [each.right for each in final_tests(marks())[0].given]


def test_what_is_no_failures_name_is_no_answer(kernel: Callable[[], Drill]) -> None:
    drill = kernel()
    name = cause(drill)
    with pytest.raises(SfmtlsError, match="no failure is called"):
        drill.answer("it is broken")
    assert drill.answer(name).verdict == "right"


def test_a_cause_that_was_missed_is_told_at_the_end_and_not_before(kernel: Callable[[], Drill]) -> None:
    drill = kernel()
    name = cause(drill)
    assert name not in answered_text(drill.answer("no-such-host"))
    result = FinalTest(1, 5, final_tests(marks())[0].given)
    for shown in (final_test_text(result), final_test_html(result)):
        assert PLANTINGS[name].sign.split("’")[0] in shown
        assert f"failures/{name}" in shown


def test_who_gives_up_has_missed_it(kernel: Callable[[], Drill]) -> None:
    drill = kernel()
    name = cause(drill)
    assert name not in answered_text(drill.give_up())
    assert [False] == [each.right for each in final_tests(marks())[0].given]


def test_the_share_diagnosed_is_told_at_the_end_and_kept(kernel: Callable[[], Drill]) -> None:
    drill = kernel()
    taken(drill, missing=3)
    assert final_tests(marks())[0].share == "9 of 12"
    assert "final test: 9 of 12 diagnosed" in drills_told(marks())
    assert isinstance(drill.show_final(), FinalTest)


def test_the_progress_shows_it(kernel: Callable[[], Drill]) -> None:
    taken(kernel(), missing=1)
    standing = Course(Workspace()).standing(everything=True)
    assert "final test: 11 of 12 diagnosed" in standing_text(standing)
    assert "final test: 11 of 12 diagnosed" in standing_html(standing)


def test_the_progress_of_who_has_not_drilled_yet_is_silent_of_it() -> None:
    assert drills_told(marks()) == ""


def test_a_test_goes_on_in_a_new_kernel_at_the_same_incident(kernel: Callable[[], Drill]) -> None:
    before = kernel()
    before.answer(cause(before))
    name = cause(before)
    after = kernel()
    assert cause(after, None) == name
    answered = after.answer(name)
    assert isinstance(answered, Answered)
    assert answered.test
    assert answered.test.share == "2 of 2"


def test_two_kernels_do_not_answer_one_place_twice(kernel: Callable[[], Drill]) -> None:
    one, other = kernel(), kernel()
    name = cause(one)
    assert cause(other, None) == name
    one.answer(name)
    with pytest.raises(SfmtlsError, match="answered already"):
        other.answer("no-such-host")
    assert cause(other, None) != name
    assert [True] == [each.right for each in final_tests(marks())[0].given]


def test_a_class_with_one_number_gets_the_same_test() -> None:
    tests = [FinalTest(1, 77), FinalTest(1, 77)]
    assert tests[0].next_incident([]) == tests[1].next_incident([])
    assert tests[0].next_incident([]) != FinalTest(1, 78).next_incident([])


def test_another_test_begins_with_another_number(kernel: Callable[[], Drill]) -> None:
    drill = kernel()
    first = taken(drill)
    assert cause(drill, 6) not in first
    assert [1, 2] == [test.number for test in final_tests(marks())]


def test_the_final_test_waits_for_the_open_incident(kernel: Callable[[], Drill]) -> None:
    drill = kernel()
    drill.show(3)
    with pytest.raises(SfmtlsError, match="still open"):
        drill.show_final()
