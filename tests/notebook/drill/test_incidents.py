"""Incidents: each cause that can be planted is the one that its evidence shows, and none of the evidence names it."""

from __future__ import annotations

import gc
import threading
from html import unescape

import pytest
from incidents import numbers_of, shown_of

from sfmtls_nb.diagnose import FAILURES, why
from sfmtls_nb.notebook.drill.incident import Incident, happen
from sfmtls_nb.notebook.drill.planting import PLANTINGS, drawn
from sfmtls_nb.practice import SCENARIOS, PracticeOrg
from sfmtls_nb.secret import has_session_id

#: What the practice org says itself, in its own words.
SAID_BY_THE_ORG = {
    ("any-api-auth-missing", FAILURES["any-api-auth-missing"].title),
    ("self-signed", "self-signed"),
}


def incident_of(name: str) -> Incident:
    return happen(numbers_of(name)[0])


def test_every_identity_that_is_wrong_on_purpose_can_be_planted() -> None:
    assert {scenario.name for scenario in SCENARIOS} - {"good"} <= PLANTINGS.keys()


def test_what_can_be_planted_are_failures() -> None:
    assert set() == PLANTINGS.keys() - FAILURES.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTINGS)
def test_the_evidence_shows_the_planted_cause_first_and_names_neither_it_nor_what_to_do(name: str) -> None:
    incident = incident_of(name)
    assert why(incident.outcome)[0].name == name
    shown = "\n".join(map(unescape, shown_of(incident))).casefold()
    telling = [FAILURES[name].title, incident.cause.do, *([name] if "-" in name else [])]
    assert [] == [each for each in telling if each.casefold() in shown and (name, each) not in SAID_BY_THE_ORG]


@pytest.mark.parametrize(
    "name", ["password-expired", "session-ended", "consumer-secret-wrong", "passphrase", "dual-use"]
)
def test_no_secret_is_shown(name: str) -> None:
    for shown in shown_of(incident_of(name)):
        assert not has_session_id(shown.replace("••••", ""))
        assert "PRIVATE KEY-----" not in shown


@pytest.mark.parametrize("name", ["expired", "silent", "cut", "invalid-login"])
def test_nothing_of_an_incident_remains(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    orgs: list[PracticeOrg] = []
    start = PracticeOrg.start

    def noted(org: PracticeOrg) -> PracticeOrg:
        orgs.append(org)
        return start(org)

    monkeypatch.setattr(PracticeOrg, "start", noted)
    before = set(threading.enumerate())
    incident_of(name)
    assert [False] == [org.running for org in orgs]
    gc.collect()
    # Others' practice orgs may run in this process.
    assert [] == [each for each in threading.enumerate() if each not in before and each.name.startswith("practice-org")]


def test_a_number_is_the_same_incident_each_time() -> None:
    first, second = (happen(20) for _ in range(2))
    assert (first.planting.name, first.door, first.report) == (second.planting.name, second.door, second.report)


def test_numbers_are_of_all_causes() -> None:
    assert PLANTINGS.keys() == {drawn(number)[0].name for number in range(2_000)}


def test_the_repr_of_an_incident_tells_nothing() -> None:
    incident = incident_of("expired")
    assert "expired" not in repr(incident)


def test_a_page_with_200_is_no_maintenance_and_one_with_500_is() -> None:
    pages = {name: "\n".join(shown_of(incident_of(name))) for name in ("page-instead", "unavailable")}
    assert {"page-instead": False, "unavailable": True} == {name: "maintenance" in page for name, page in pages.items()}


def test_a_silence_and_a_call_that_took_too_long_are_told_apart_by_the_limit() -> None:
    stalled, long = (shown_of(incident_of(name))[1] for name in ("answer-stalled", "call-timeout"))
    assert ("limit for a silence" in stalled, "limit for a whole call" in stalled) == (True, False)
    assert ("limit for a silence" in long, "limit for a whole call" in long) == (False, True)
