"""Drill: one incident at a time, looks that are counted, names that are checked; and the learner's own things stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from incidents import numbers_of
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import SfmtlsError, load_ipython_extension
from sfmtls_nb.diagnose import FAILURES
from sfmtls_nb.errors import PracticeError
from sfmtls_nb.notebook.course.progress import marks
from sfmtls_nb.notebook.drill.drill import Drill
from sfmtls_nb.notebook.drill.incident import Incident, happen
from sfmtls_nb.notebook.drill.planting import PLANTINGS
from sfmtls_nb.notebook.drill.view import answered_html, answered_text
from sfmtls_nb.practice import PracticeOrg

DRILLED = "intermediate-expired"
NUMBER = numbers_of(DRILLED)[0]


@pytest.fixture(autouse=True)
def progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "progress"
    monkeypatch.setenv("SFMTLS_NB_PROGRESS", str(folder))
    return folder


@pytest.fixture(scope="module")
def happened() -> Incident:
    """One incident for all tests here."""
    return happen(NUMBER)


@pytest.fixture
def drill(happened: Incident) -> Drill:
    """A drill whose incident is open."""
    opened = Drill(lambda _: happened)
    opened.show(NUMBER)
    return opened


Sf = Callable[[str], Any]


@pytest.fixture
def sf_drill(signed_in: InteractiveShell) -> Sf:
    return lambda line: signed_in.run_line_magic("sf_drill", line)


def test_the_right_name_closes_the_incident_and_says_what_speaks_for_it(drill: Drill) -> None:
    answered = drill.answer(DRILLED)
    assert answered.over
    assert answered.verdict == "right"
    assert "Practice Client Old CA" in answered.speaking[0]
    assert {f"drill - {DRILLED}"} == marks().keys()


def test_a_wrong_name_says_what_was_seen_and_what_that_name_would_show(drill: Drill) -> None:
    answered = drill.answer("no-key")
    assert (answered.verdict, answered.over) == ("wrong", False)
    assert "the page says" in answered.speaking[0]
    assert PLANTINGS["no-key"].sign in answered.speaking[1]
    assert {f"drill - {DRILLED} - not yet"} == marks().keys()


@pytest.mark.parametrize("name", sorted(FAILURES.keys() - {DRILLED}))
def test_an_answer_that_is_not_right_does_not_give_the_cause_away(name: str, drill: Drill) -> None:
    answered = drill.answer(name)
    shown = answered_html(answered) + answered_text(answered)
    assert DRILLED not in shown
    assert FAILURES[DRILLED].title not in shown


def test_a_name_that_says_less_is_true(drill: Drill) -> None:
    assert drill.answer("certificate-refused").verdict == "more exact"


def test_a_key_that_fits_none_is_true_where_there_is_no_leaf_to_fit() -> None:
    drill = Drill()
    drill.show(numbers_of("no-leaf")[0])
    assert drill.answer("key-mismatch").verdict == "more exact"


def test_a_name_of_another_kind_that_says_less_is_wrong(drill: Drill) -> None:
    assert drill.answer("sign-in-refused").verdict == "wrong"


@pytest.mark.parametrize(
    "typed",
    ["Intermediate Expired", " intermediate_expired ", "failures/intermediate-expired", '"intermediate-expired"'],
)
def test_a_name_is_understood_however_it_is_typed(typed: str, drill: Drill) -> None:
    assert drill.answer(typed).verdict == "right"


def test_what_is_odd_as_well_is_called_so() -> None:
    drill = Drill()
    drill.show(numbers_of("root-not-accepted")[0])
    assert "that is so as well" in drill.answer("root-included").speaking[0]


def test_what_is_no_failures_name_gets_the_nearest_and_counts_as_nothing(drill: Drill) -> None:
    with pytest.raises(SfmtlsError, match="nearest is expired"):
        drill.answer("expird")
    assert {} == marks()


def test_points_are_taken_off_for_looks_and_for_wrong_names(drill: Drill) -> None:
    drill.look("files")
    drill.look("files")
    drill.look("org")
    drill.answer("no-key")
    answered = drill.answer(DRILLED)
    assert answered.points == 10 - 2 - 3
    assert "5 of 10 points; 2 looks, 2 answers" in answered_text(answered)


def test_there_is_a_point_for_whoever_finds_it_at_last(drill: Drill) -> None:
    for _ in range(9):
        drill.answer("no-key")
    assert drill.answer(DRILLED).points == 1


def test_it_is_said_what_would_have_shown_it_sooner(drill: Drill) -> None:
    drill.look("org")
    assert "--look files, which was not taken; outside of a drill %sf_identity client.pem" in answered_text(
        drill.answer(DRILLED)
    )


def test_what_shows_before_any_look_is_not_said_to_want_one() -> None:
    drill = Drill()
    drill.show(numbers_of("session-ended")[0])
    assert [] == [line for line in drill.answer("limit-exceeded").speaking if "not been looked at" in line]
    drill.look("org")
    assert "no look was needed" in answered_text(drill.answer("session-ended"))


def test_a_look_that_decides_is_missed_until_it_is_taken(drill: Drill) -> None:
    assert "what decides it has not been looked at yet" in drill.answer("expired").speaking
    drill.look("files")
    assert "what decides it has not been looked at yet" not in drill.answer("expired").speaking


@pytest.mark.parametrize("line", ["--seed -5", "--final --seed -5", "--seed 10000", f"--final --seed {10**300}"])
def test_a_number_that_no_mark_can_hold_is_refused(line: str, sf_drill: Sf) -> None:
    with pytest.raises(UsageError, match="from 0 to 9999"):
        sf_drill(line)
    assert {} == marks()


def test_who_gives_up_is_told_the_cause(drill: Drill) -> None:
    answered = drill.give_up()
    assert (answered.verdict, answered.points) == ("given up", 0)
    assert DRILLED in answered_text(answered)
    assert {f"drill - {DRILLED} - given up"} == marks().keys()


def test_the_open_incident_is_shown_again(drill: Drill) -> None:
    drill.look("reply")
    assert drill.show().looks == ("reply",)


def test_another_number_waits_until_the_open_incident_is_closed(drill: Drill) -> None:
    with pytest.raises(SfmtlsError, match="still open"):
        drill.show(NUMBER + 1)


@pytest.mark.parametrize("line", ["--answer expired", "--look reply", "--give-up"])
def test_without_an_incident_it_is_said_how_one_begins(line: str, sf_drill: Sf) -> None:
    with pytest.raises(SfmtlsError, match="no incident is open"):
        sf_drill(line)


@pytest.mark.parametrize("line", ["--answer expired --give-up", "--answer expired --seed 3", "--final --look reply"])
def test_two_things_at_once_are_refused(line: str, sf_drill: Sf) -> None:
    with pytest.raises(UsageError, match=r"one at a time|that is open"):
        sf_drill(line)


def test_where_no_practice_org_can_be_nothing_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: PracticeOrg) -> None:
        raise PracticeError("the practice org cannot listen on localhost:0", "Permission denied")

    drill = Drill()
    with monkeypatch.context() as patched:
        patched.setattr(PracticeOrg, "start", refused)
        with pytest.raises(PracticeError, match="cannot listen"):
            drill.show(NUMBER)
    with pytest.raises(SfmtlsError, match="no incident is open"):
        drill.look("reply")


def test_where_the_planting_is_interrupted_nothing_is_open_and_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[PracticeOrg] = []
    stop = PracticeOrg.stop

    def noted(org: PracticeOrg) -> None:
        stopped.append(org)
        stop(org)

    monkeypatch.setattr(PracticeOrg, "stop", noted)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sfmtls_nb.notebook.drill.stage.Transport", interrupted)
    drill = Drill()
    with pytest.raises(KeyboardInterrupt):
        drill.show(NUMBER)
    assert [False] == [org.running for org in set(stopped)]
    with pytest.raises(SfmtlsError, match="no incident is open"):
        drill.give_up()


def test_the_learners_own_org_identity_session_and_last_call_stay(signed_in: InteractiveShell, sf_drill: Sf) -> None:
    workspace = signed_in.magics_manager.registry["SfMagics"].workspace
    before = dict(vars(workspace))
    state = repr(workspace.practice.state)
    sf_drill(f"--seed {NUMBER}")
    sf_drill(f"--answer {DRILLED}")
    assert before == vars(workspace)
    assert state == repr(workspace.practice.state)


def test_why_tells_of_the_learners_own_call_and_not_of_the_incident(signed_in: InteractiveShell, sf_drill: Sf) -> None:
    sf_drill(f"--seed {NUMBER}")
    assert not signed_in.run_line_magic("sf_why", "").failed


def test_an_open_incident_stays_open_when_the_extension_is_loaded_again(
    signed_in: InteractiveShell, sf_drill: Sf
) -> None:
    sf_drill(f"--seed {NUMBER}")
    load_ipython_extension(signed_in)
    assert sf_drill(f"--answer {DRILLED}").verdict == "right"


def test_a_drill_prefers_what_was_not_drilled_yet(progress: Path) -> None:
    progress.mkdir()
    for name in PLANTINGS.keys() - {"weak-key"}:
        (progress / f"drill - {name}").write_bytes(b".")
    assert Drill().show().incident.planting.name == "weak-key"


def test_tab_offers_the_names(signed_in: InteractiveShell) -> None:
    with provisionalcompleter():
        found = [each.text for each in signed_in.Completer.completions("%sf_drill --answer intermed", 27)]
    assert ["intermediate-expired", "intermediate-missing"] == found
