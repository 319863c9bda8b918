"""The pages of a Bulk job: in order, each record once, two at once or in turn, whatever is done to them on the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
from bulk_org import Calls, calls_of, stopped_after

from sfmtls_nb import ConnectError, Exchange, NotJsonError, Org, RestFault, SfmtlsError, why
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.query import BulkJob, Progress, bulk, fetch_page
from sfmtls_nb.query.bulk import records_in

IDS = "SELECT Id FROM Contact"
#: At once, as the org sizes them; and in turn, as we do.
EITHER = pytest.mark.parametrize("page", [None, 100])


def job_of(send: Any, **options: Any) -> BulkJob:
    job = BulkJob(send, options.pop("soql", IDS), **options)
    job.wait()
    return job


def ids(pages: Iterator[Exchange]) -> list[str]:
    return [line for page in pages for line in page.response_body.decode().splitlines()[1:]]


def all_ids(calls: Calls) -> list[str]:
    """The ids as REST finds them, with quotation marks."""
    return [f'"{record["Id"]}"' for record in calls.session.query(IDS, api="rest")]


def results(calls: Calls) -> list[str]:
    return [each for each in calls.made if "/results" in each]


def threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("sfmtls-bulk-page")]


def wait_until(seen: Any) -> None:
    end = time.monotonic() + 20
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.02)


# ---------------------------------------------------------------- all of them


@EITHER
def test_the_pages_bring_each_record_once_and_in_order(page: int | None, calls: Calls) -> None:
    assert all_ids(calls) == ids(job_of(calls, page=page).pages())


@EITHER
def test_each_page_is_of_the_size_that_was_asked_for_and_begins_with_the_header(page: int | None, calls: Calls) -> None:
    pages = list(job_of(calls, page=page).pages())
    assert {(100, b'"Id"')} == {(records_in(each), bytes(each.response_body.split(b"\n")[0])) for each in pages}


@EITHER
def test_a_query_without_records_has_one_page_with_a_header(page: int | None, calls: Calls) -> None:
    soql = "SELECT Id FROM Contact WHERE LastName = 'nobody'"
    assert [b'"Id"\n'] == [each.response_body for each in job_of(calls, soql=soql, page=page).pages()]


def test_before_58_the_pages_come_by_locator(bulk_practice: PracticeOrg) -> None:
    with calls_of(bulk_practice, version="57.0") as calls:
        assert all_ids(calls) == ids(job_of(calls).pages())
        assert not any("resultPages" in each for each in calls.made)


def test_from_58_on_their_list_is_asked_for_five_at_a_time(calls: Calls) -> None:
    list(job_of(calls).pages())
    assert 2 == sum("resultPages" in each for each in calls.made)


def test_the_pages_can_be_had_again(calls: Calls) -> None:
    job = job_of(calls)
    assert ids(job.pages()) == ids(job.pages())


def test_values_with_line_ends_do_not_count_as_records(calls: Calls) -> None:
    pages = list(job_of(calls, soql="SELECT Id, MailingStreet, Description FROM Contact").pages())
    assert 1000 == sum(map(records_in, pages))
    assert sum(each.response_body.count(b"\n") for each in pages) > 1000 + len(pages)


# ---------------------------------------------------------------- elsewhere


def test_the_paths_of_the_pages_lead_to_them_one_by_one(calls: Calls) -> None:
    job = job_of(calls)
    paths = job.page_urls()
    assert all_ids(calls) == ids(fetch_page(calls, path) for path in paths)
    assert 10 == len(paths)


def test_before_58_there_are_no_paths_to_be_had(bulk_practice: PracticeOrg) -> None:
    with calls_of(bulk_practice, version="57.0") as calls, pytest.raises(SfmtlsError, match="before they are fetched"):
        job_of(calls).page_urls()


# ---------------------------------------------------------------- at once, and no more


def test_no_more_than_two_pages_lie_ahead_of_the_one_in_use(calls: Calls) -> None:
    pages = job_of(calls).pages()
    next(pages)
    wait_until(lambda: len(results(calls)) == 3)
    time.sleep(0.1)
    assert 3 == len(results(calls))
    pages.close()


def test_two_pages_are_fetched_at_once(calls: Calls) -> None:
    meeting = threading.Barrier(2, timeout=20)

    def send(method: str, path: str, **more: object) -> Exchange:
        if "/results" in path and len(results(calls)) < 2:
            calls.made.append(f"waiting for {path}")
            meeting.wait()
        return calls(method, path, **more)

    assert 100 == len(ids(islice(job_of(send).pages(), 1)))


def test_by_locator_the_next_page_is_fetched_while_this_one_is_used(calls: Calls) -> None:
    pages = job_of(calls, page=100).pages()
    next(pages)
    wait_until(lambda: len(results(calls)) == 2)
    pages.close()


@EITHER
def test_whoever_stops_half_way_leaves_no_thread_behind(page: int | None, calls: Calls) -> None:
    for _ in islice(job_of(calls, page=page).pages(), 3):
        pass
    wait_until(lambda: not threads())


def test_stop_while_pages_come_is_passed_on_and_ends_the_threads(calls: Calls) -> None:
    def stop(progress: Progress) -> None:
        if progress.state == "fetching" and progress.records >= 300:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(job_of(calls, progress=stop).pages())
    wait_until(lambda: not threads())
    assert len(results(calls)) < 10


def test_stop_does_not_wait_for_a_page_that_does_not_come(bulk_practice: PracticeOrg) -> None:
    slow = replace(Org(**bulk_practice.endpoints), read_timeout=8.0)
    with calls_of(bulk_practice, slow) as calls:
        job = job_of(calls)
        bulk_practice.arm("stall", None)
        began = time.monotonic()
        with stopped_after(1), pytest.raises(KeyboardInterrupt):
            list(job.pages())
        assert time.monotonic() - began < 6
        bulk_practice.disarm()
        wait_until(lambda: not threads())


# ---------------------------------------------------------------- what can happen to a page


@EITHER
@pytest.mark.parametrize("failure", ["cut", "wrong-length", "truncated", "error-500", "error-503", "session-expires"])
def test_a_page_that_fails_for_the_moment_is_fetched_again(failure: str, page: int | None, calls: Calls) -> None:
    def spoil(progress: Progress) -> None:
        if progress.state == "fetching" and progress.records == 300:
            calls.practice.arm(failure, None if failure == "session-expires" else 2)
        if progress.state == "fetching" and progress.records == 500:
            calls.practice.disarm()

    assert all_ids(calls) == ids(job_of(calls, page=page, progress=spoil).pages())


def test_sessions_that_end_under_four_pages_at_once_are_renewed_once(calls: Calls) -> None:
    first = calls.session.session_id

    def end(progress: Progress) -> None:
        if progress.state == "fetching" and progress.records == 300:
            calls.practice.state.sessions.clear()

    assert 1000 == len({*ids(job_of(calls, progress=end).pages())})
    logins = [event for event in calls.practice.events if event.operation == "login"]
    assert (2, False) == (len(logins), first == calls.session.session_id)


@EITHER
def test_a_page_that_fails_each_time_is_an_error_that_says_what_had_come(
    page: int | None, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_CUTS", 3)

    def spoil(progress: Progress) -> None:
        if progress.state == "fetching" and progress.records == 300:
            calls.practice.arm("cut", None)

    job = job_of(calls, page=page, progress=spoil)
    with pytest.raises(
        ConnectError, match=r"this was attempt (9|12); [3-8]00 of the 1,000 records of the Bulk job"
    ) as caught:
        list(job.pages())
    assert job.job_id in caught.value.evidence


def expiring(calls: Calls) -> Callable[[Progress], None]:
    """Lets the locators after the third page be unknown."""

    def expire(progress: Progress) -> None:
        if progress.state == "fetching" and progress.records == 300:
            calls.practice.arm("locator-expires", None)

    return expire


@EITHER
def test_a_locator_that_has_expired_is_the_orgs_fault(page: int | None, calls: Calls) -> None:
    with pytest.raises(RestFault, match=r"[3-8]00 of the 1,000 records") as caught:
        list(job_of(calls, page=page, progress=expiring(calls)).pages())
    assert ("INVALIDLOCATOR", "locator-expired") == (caught.value.code, why(caught.value).causes[0].name)


def test_locators_that_lead_round_in_a_circle_are_noticed(calls: Calls) -> None:
    def send(method: str, path: str, **more: object) -> Exchange:
        return calls(method, path.replace("MjAw", "MA"), **more)  # the practice org's locators of 200 and 0

    with pytest.raises(SfmtlsError, match="do not add up"):
        list(job_of(send, page=100).pages())


def test_a_page_that_is_missing_is_noticed(calls: Calls) -> None:
    job = job_of(calls)
    job.size += 1
    with pytest.raises(SfmtlsError, match="1,000 of the 1,001 records"):
        list(job.pages())


def test_html_in_the_place_of_a_page_is_shown_and_not_asked_for_again(calls: Calls) -> None:
    def spoil(progress: Progress) -> None:
        if progress.state == "fetching" and progress.records == 100:
            calls.practice.arm("html-for-xml")

    with pytest.raises(NotJsonError, match="Sign in to this network"):
        list(job_of(calls, page=100, progress=spoil).pages())
    assert len(results(calls)) <= 3


def test_the_days_last_call_is_the_orgs_fault_at_once(calls: Calls) -> None:
    def spoil(progress: Progress) -> None:
        if progress.state == "fetching" and progress.records == 300:
            calls.practice.state.call_limit = calls.practice.state.calls

    with pytest.raises(RestFault, match="records of the Bulk job") as caught:
        list(job_of(calls, page=100, progress=spoil).pages())
    assert "REQUEST_LIMIT_EXCEEDED" == caught.value.code


# ---------------------------------------------------------------- gzip


def test_pages_come_as_gzip(calls: Calls) -> None:
    pages = list(job_of(calls, page=500).pages())
    assert ["gzip"] * 2 == [each.response_headers.get("Content-Encoding") for each in pages]
    assert all_ids(calls) == ids(iter(pages))
