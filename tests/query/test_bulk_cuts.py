"""Cuts: a Bulk job over connections that end in the middle of anything loses no row and brings none twice."""

from __future__ import annotations

import pytest
from bulk_org import calls_of
from cutting import cutting

from sfmtls_nb import ConnectError, Org
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.query import BulkJob, bulk, patience

SOQL = "SELECT Id, Name, Email, CreatedDate FROM Contact ORDER BY Id"


def rows_of(job: BulkJob) -> list[bytes]:
    job.wait()
    return [line for each in job.pages() for line in each.response_body.splitlines()[1:]]


@pytest.mark.parametrize("page", [None, 100])
def test_twenty_cuts_lose_no_row_and_bring_none_twice(page: int | None, bulk_practice: PracticeOrg) -> None:
    org = Org(**bulk_practice.endpoints)
    with cutting(org, cuts=20, most_bytes=30_000) as (behind, cut), calls_of(bulk_practice, behind) as calls:
        while cut.made < cut.wanted:
            rows = rows_of(BulkJob(calls, SOQL, page=page))
            assert (1000, rows) == (len({*rows}), sorted(rows))
    assert 20 == cut.made


def test_whoever_makes_no_call_again_is_told_of_the_cut(
    bulk_practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_PAUSES", ())
    monkeypatch.setattr(bulk, "_CUTS", 0)
    org = Org(**bulk_practice.endpoints)
    with (
        cutting(org, cuts=40, most_bytes=30_000) as (behind, _),
        calls_of(bulk_practice, behind) as calls,
        pytest.raises(ConnectError, match=r"cut off|ended before"),
    ):
        [rows_of(BulkJob(calls, SOQL)) for _ in range(40)]
