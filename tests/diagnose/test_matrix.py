"""The matrix: every scenario, both versions of TLS, both doors, both APIs: the planted cause comes first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from doors import Api, Door, at, call, enforced_session, identity_of

from sfmtls_nb import SfmtlsError, why
from sfmtls_nb.connection import recording
from sfmtls_nb.diagnose import Diagnosis
from sfmtls_nb.practice import SCENARIOS, PracticeOrg

VERSIONS = ("1.2", "1.3")
DOORS: tuple[Door, ...] = ("8443", "strict")
APIS: tuple[Api, ...] = ("SOAP", "REST")
COLUMNS = [(door, api) for door in DOORS for api in APIS]


@pytest.fixture(scope="module", params=VERSIONS)
def speaking(request: pytest.FixtureRequest) -> Iterator[PracticeOrg]:
    with PracticeOrg(tls=request.param) as running:
        yield running


def diagnosis(practice: PracticeOrg, scenario: str, door: Door, api: Api) -> Diagnosis:
    try:
        session = enforced_session(practice, at(door, practice), identity_of(practice.identity(scenario)))
        with session.transport:
            return why(call(session, api))
    except SfmtlsError as error:
        return why(error)


@pytest.mark.parametrize("scenario", [scenario.name for scenario in SCENARIOS])
def test_the_planted_cause_comes_first(scenario: str, speaking: PracticeOrg) -> None:
    firsts = [[cause.name for cause in diagnosis(speaking, scenario, *column)][:1] for column in COLUMNS]
    assert [[] if scenario == "good" else [scenario]] * len(COLUMNS) == firsts


@pytest.mark.parametrize("scenario", [scenario for scenario in SCENARIOS if scenario.sees == "data"])
def test_what_works_is_no_failure_whatever_is_worth_knowing(scenario: object, speaking: PracticeOrg) -> None:
    name = getattr(scenario, "name", "")
    assert not any(diagnosis(speaking, name, *column).failed for column in COLUMNS)


@pytest.mark.slow
def test_the_matrix_is_printed(speaking: PracticeOrg) -> None:
    heads = [f"{door} {api}" for door, api in COLUMNS]
    print(f"\n{f'TLS {speaking._tls}':22}", *(f"{head:22}" for head in heads))
    for scenario in SCENARIOS:
        cells = [diagnosis(speaking, scenario.name, *column) for column in COLUMNS]
        print(f"{scenario.name:22}", *(f"{cell[0].name if len(cell) else 'nothing':22}" for cell in cells))


@pytest.mark.parametrize("scenario", [scenario.name for scenario in SCENARIOS])
def test_the_planted_cause_comes_first_where_no_message_is_recorded(
    scenario: str, speaking: PracticeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_CALLBACK", None)
    firsts = [[cause.name for cause in diagnosis(speaking, scenario, *column)][:1] for column in COLUMNS]
    assert [[] if scenario == "good" else [scenario]] * len(COLUMNS) == firsts
