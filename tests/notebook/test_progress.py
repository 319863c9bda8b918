"""The bar below a cell: what it says while a job runs, how far it is, and that a quick query has none."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from bulk_org import calls_of
from tqdm.std import tqdm

from sfmtls_nb import Session
from sfmtls_nb.notebook import progress
from sfmtls_nb.practice import PracticeOrg

SOQL = "SELECT Id FROM Contact"


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """At an org of 3,000 contacts, whose Bulk pages have 1,000."""
    with PracticeOrg(records=3_000) as running, calls_of(running) as calls:
        running.state.bulk_page = 1_000
        yield calls.session


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is drawn, as in a terminal of 120 columns."""
    screen = io.StringIO()

    def bar(**how: Any) -> tqdm[Any]:
        return tqdm(file=screen, ncols=120, mininterval=0, **{**how, "dynamic_ncols": False})

    monkeypatch.setattr(progress, "tqdm", bar)
    return screen


def test_a_job_tells_its_state_and_then_how_far_its_records_have_come(session: Session, drawn: io.StringIO) -> None:
    frame, _ = progress.read_frame(session, SOQL, "bulk", None, deleted=False)
    lines = drawn.getvalue().split("\r")
    assert len(frame) == 3_000
    assert any(line.startswith("JobComplete: 3,000 of 3,000 records") for line in lines)
    [two_thirds, *_] = [line for line in lines if line.startswith("fetching: 3,000") and line.rstrip().endswith("67 %")]
    assert two_thirds.count("#") > 20


@pytest.mark.parametrize("api", ["soap", "rest"])
def test_a_quick_query_has_no_bar(session: Session, drawn: io.StringIO, api: Any) -> None:
    progress.read_frame(session, f"{SOQL} LIMIT 5", api, None, deleted=False)
    assert drawn.getvalue().strip() == ""


def test_a_query_of_an_unknown_field_leaves_no_bar(session: Session, drawn: io.StringIO) -> None:
    with pytest.raises(Exception, match="INVALID_FIELD"):
        progress.read_frame(session, "SELECT Nonsense FROM Contact", "rest", None, deleted=False)
    assert drawn.getvalue().strip() == ""
