"""Progress of a Bulk job: its states, an estimate, the API calls that it takes, and the org's limit of them."""

from __future__ import annotations

from typing import Any

import pytest
from bulk_org import Calls

from sfmtls_nb import Exchange, Request
from sfmtls_nb.query import BulkJob, Progress, Usage, calls_for, usage_of


def reported(calls: Calls, **options: Any) -> list[Progress]:
    """All that a job tells on its way to its last page."""
    seen: list[Progress] = []
    job = BulkJob(calls, "SELECT Id FROM Contact", progress=seen.append, **options)
    job.wait()
    list(job.pages())
    return seen


def test_a_job_tells_its_states_and_then_each_page(calls: Calls) -> None:
    states = [each.state for each in reported(calls, page=250, expected=1000)]
    assert ["planned", "JobComplete", *["fetching"] * 4] == states


def test_the_records_grow_to_the_number_of_all(calls: Calls) -> None:
    fetching = [(each.records, each.of) for each in reported(calls, page=250) if each.state == "fetching"]
    assert [(250, 1000), (500, 1000), (750, 1000), (1000, 1000)] == fetching


def test_an_estimate_stands_until_all_is_there(calls: Calls) -> None:
    *some, last = [each.seconds_left for each in reported(calls, page=250) if each.state == "fetching"]
    assert (True, None) == (all(some), last)


def test_the_calls_that_a_job_takes_are_told_before_the_first(calls: Calls) -> None:
    planned = reported(calls, page=250, expected=1000)[0]
    assert (0, 8) == (planned.calls, planned.calls_left)


@pytest.mark.parametrize("page", [{}, {"page": 250}])
def test_the_calls_so_far_are_those_that_were_made(page: dict[str, int], calls: Calls) -> None:
    before = calls.practice.state.calls
    last = reported(calls, **page)[-1]
    assert (calls.practice.state.calls - before, 0) == (last.calls, last.calls_left)


def test_near_the_limit_there_is_a_warning(calls: Calls) -> None:
    calls.practice.state.calls, calls.practice.state.call_limit = 90, 100
    assert "API calls of the day" in str(reported(calls, page=500)[-1])


def test_far_from_the_limit_there_is_none(calls: Calls) -> None:
    assert [""] * 3 == [each.warning for each in reported(calls, page=500)]


@pytest.mark.parametrize(
    ("records", "api", "page", "expected"),
    [
        (0, "rest", None, 1),
        (2001, "rest", None, 2),
        (2001, "soap", 200, 11),
        (1, "bulk", None, 6),
        (1_000_000, "bulk", None, 16),
        (1_000_000, "bulk", 50_000, 24),
    ],
)
def test_the_calls_for_so_many_records(records: int, api: str, page: int | None, expected: int) -> None:
    assert expected == calls_for(records, api, page)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("api-usage=6/15000", Usage(6, 15000)),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=sample-connected-app)", Usage(25, 5000)),
        ("per-app-api-usage=17/250(appName=x); api-usage=25/5000", Usage(25, 5000)),
        ("per-app-api-usage=17/250(appName=x)", None),
        ("", None),
    ],
)
def test_the_usage_is_the_orgs_and_not_an_apps(header: str, expected: Usage | None) -> None:
    exchange = Exchange(Request("GET", "https://acme.my.salesforce.com/", {}), 200, {"Sforce-Limit-Info": header})
    assert expected == usage_of(exchange)


def test_calls_to_come_count_towards_the_warning() -> None:
    usage = Usage(13_000, 15_000)
    assert "" == usage.warning(499)
    assert "13,000 of its 15,000" in usage.warning(500)


def test_progress_is_one_line_for_people() -> None:
    progress = Progress("fetching", 300_000, 700_000, 40.0, 9, 5, Usage(14_000, 15_000))
    assert (
        "fetching: 300,000 of 700,000 records, about 40 s left, 9 API calls and about 5 to come; "
        "the org has used 14,000 of its 15,000 API calls of the day, and about 5 more are to come"
    ) == str(progress)
