"""Three hundred cuts: a Bulk job of many pages over connections that end in the middle of anything."""

from __future__ import annotations

import pytest
from bulk_org import calls_of
from cutting import cutting

from sfmtls_nb import Org
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.query import BulkJob, patience

pytestmark = pytest.mark.timeout(900)

RECORDS = 150_000
SOQL = "SELECT Id, Name, Email, CreatedDate FROM Contact ORDER BY Id"


@pytest.mark.parametrize("page", [None, 500])
def test_three_hundred_cuts_lose_no_row_and_bring_none_twice(page: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_AFTER_CUT", 0.01)
    with PracticeOrg(records=RECORDS) as practice:
        practice.state.call_limit = 10**9
        practice.state.bulk_page = 500
        with (
            cutting(Org(**practice.endpoints), cuts=300, most_bytes=20_000) as (behind, cut),
            calls_of(practice, behind) as calls,
        ):
            job = BulkJob(calls, SOQL, page=page)
            job.wait()
            rows = [line for each in job.pages() for line in each.response_body.splitlines()[1:]]
    assert (RECORDS, rows) == (len({*rows}), sorted(rows))
    assert 300 == cut.made
