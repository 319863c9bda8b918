"""A Bulk job from its creation to its end: created, waited for, refused, failed, aborted, stopped, deleted."""

from __future__ import annotations

from typing import Any

import pytest
from bulk_org import Calls, calls_of, stopped_after

from sfmtls_nb import RestFault, SfmtlsError, why
from sfmtls_nb.api import job_fault
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.query import BulkJob, Progress

IDS = "SELECT Id FROM Contact"


def state_of(job: BulkJob, calls: Calls) -> str:
    return str(calls.session.rest(f"jobs/query/{job.job_id}")["state"])


def waited(send: Any, soql: str = IDS, **options: Any) -> BulkJob:
    job = BulkJob(send, soql, **options)
    job.wait()
    return job


# ---------------------------------------------------------------- created and waited for


def test_a_job_is_asked_after_until_it_is_complete(calls: Calls) -> None:
    job = waited(calls)
    assert (1000, "JobComplete") == (job.size, state_of(job, calls))


def test_the_pauses_between_questions_grow_up_to_a_longest(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    calls.practice.arm("job-never-ends")
    with pytest.raises(SfmtlsError):
        waited(_until(calls, polls=20))
    assert slept == sorted(slept)
    assert (0.01, 30.0) == (slept[0], slept[-1])


def _until(calls: Calls, polls: int) -> Any:
    """The calls, of which the last fails for good."""

    def send(method: str, path: str, **more: object) -> Any:
        if len(calls.made) > polls:
            raise SfmtlsError("enough")
        return calls(method, path, **more)

    return send


def test_deleted_records_are_found_where_they_are_asked_for(calls: Calls) -> None:
    assert waited(calls, deleted=True).size > waited(calls).size


def test_a_job_that_is_not_over_in_time_is_named_and_goes_on(calls: Calls) -> None:
    calls.practice.arm("job-never-ends")
    job = BulkJob(calls, IDS, patience=0.1)
    with pytest.raises(SfmtlsError, match=r"was not over within 0\.1 s") as caught:
        job.wait()
    assert job.job_id in caught.value.what
    assert job.job_id in caught.value.next_step
    assert "InProgress" == state_of(job, calls)


@pytest.mark.parametrize("failure", ["cut", "truncated"])
def test_a_call_that_is_cut_off_is_made_again(failure: str, calls: Calls) -> None:
    calls.practice.arm(failure, 3)
    assert 1000 == waited(calls).size
    assert ["POST", "POST", "POST", "POST", "GET"] == [each.split()[0] for each in calls.made]


def test_whoever_cannot_ask_after_a_job_any_more_is_told_which_one_goes_on(calls: Calls) -> None:
    job = BulkJob(calls, "SELECT Id FROM Contact", progress=lambda _: calls.practice.arm("limit-exceeded"))
    calls.practice.arm("job-never-ends")
    with pytest.raises(RestFault, match="REQUEST_LIMIT_EXCEEDED") as caught:
        job.wait()
    assert f"the Bulk job {job.job_id} goes on at the org" in caught.value.evidence


def test_a_call_that_is_cut_off_each_time_is_made_nine_times(calls: Calls) -> None:
    calls.practice.arm("cut", None)
    with pytest.raises(SfmtlsError, match="this was attempt 9"):
        waited(calls)
    assert ["POST jobs/query"] * 9 == calls.made


def test_a_session_that_ended_while_the_job_ran_is_renewed(calls: Calls) -> None:
    def end(progress: Progress) -> None:
        if progress.state == "planned":
            calls.practice.state.sessions.clear()

    assert 1000 == waited(calls, expected=1000, progress=end).size


# ---------------------------------------------------------------- refused and failed


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT COUNT(Id) FROM Contact",
        "SELECT Name, (SELECT Id FROM Contacts) FROM Account",
        "SELECT BillingAddress FROM Account",
        "SELECT Id FROM Contact LIMIT 5 OFFSET 5",
    ],
)
def test_a_query_that_no_bulk_job_takes_is_sent_to_rest(soql: str, calls: Calls) -> None:
    with pytest.raises(RestFault) as caught:
        waited(calls, soql)
    assert 'api="rest"' in caught.value.next_step


def test_a_wrong_query_keeps_the_advice_for_its_code(calls: Calls) -> None:
    with pytest.raises(RestFault, match="INVALID_FIELD") as caught:
        waited(calls, "SELECT Nope FROM Contact")
    assert "describe" in caught.value.next_step


def test_a_version_without_bulk_queries_is_told_the_first_that_has_them(bulk_practice: PracticeOrg) -> None:
    with calls_of(bulk_practice, version="46.0") as calls, pytest.raises(RestFault) as caught:
        waited(calls)
    assert "47.0" in caught.value.next_step


def test_the_first_version_with_bulk_queries_has_them(bulk_practice: PracticeOrg) -> None:
    with calls_of(bulk_practice, version="47.0") as calls:
        assert 1000 == waited(calls).size


def test_a_job_that_fails_says_it_in_the_orgs_words(calls: Calls) -> None:
    calls.practice.arm("job-fails")
    with pytest.raises(RestFault, match=r"job 750\w+ failed: QUERY_TIMEOUT: Your query") as caught:
        waited(calls)
    assert ("QUERY_TIMEOUT", "job-failed") == (caught.value.code, caught.value.failure)
    assert "Bulk Data Load Jobs" in caught.value.next_step
    assert caught.value.exchange.request.url.endswith(caught.value.what.split()[3])


def test_a_job_that_somebody_aborts_is_said_to_be_aborted(calls: Calls) -> None:
    calls.practice.arm("job-is-aborted")
    with pytest.raises(RestFault, match="was aborted") as caught:
        waited(calls)
    assert "Aborted" == caught.value.code


@pytest.mark.parametrize(
    ("message", "code", "advice"),
    [
        ("INVALID_TYPE: there is no such sObject", "INVALID_TYPE", "describeGlobal"),
        ("InvalidBatch : Failed to process query: INVALID_FIELD: no such column", "INVALID_FIELD", "describe"),
        ("InvalidBatch : Failed to process query: QUERY_TIMEOUT: too long", "QUERY_TIMEOUT", "Bulk Data Load Jobs"),
        ("it did not work", "Failed", "Bulk Data Load Jobs"),
        ("", "Failed", "Bulk Data Load Jobs"),
    ],
)
def test_the_code_of_a_failed_job_is_in_its_message(message: str, code: str, advice: str) -> None:
    fault = job_fault("7505f0000000001AAA", "Failed", message)
    assert (code, message) == (fault.code, fault.message)
    assert advice in fault.next_step


@pytest.mark.parametrize(
    ("failure", "cause"),
    [("job-fails", "job-failed"), ("job-is-aborted", "job-failed"), ("job-never-ends", "job-too-long")],
)
def test_why_a_job_brought_nothing_has_its_page(failure: str, cause: str, calls: Calls) -> None:
    calls.practice.arm(failure)
    with pytest.raises(SfmtlsError) as caught:
        waited(calls, patience=1)
    assert cause == why(caught.value).causes[0].name


# ---------------------------------------------------------------- ended by us


def test_stop_while_the_job_runs_aborts_it_and_is_passed_on(calls: Calls) -> None:
    calls.practice.arm("job-never-ends")
    job = BulkJob(calls, IDS)
    with stopped_after(0.5), pytest.raises(KeyboardInterrupt):
        job.wait()
    assert "Aborted" == state_of(job, calls)


def test_stop_is_passed_on_where_the_org_cannot_abort_the_job_any_more(calls: Calls) -> None:
    def stop(progress: Progress) -> None:
        if progress.state == "JobComplete":
            raise KeyboardInterrupt

    job = BulkJob(calls, IDS, progress=stop)
    with pytest.raises(KeyboardInterrupt):
        job.wait()
    assert "JobComplete" == state_of(job, calls)


def test_stop_before_there_is_a_job_aborts_nothing(calls: Calls) -> None:
    def stop(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        waited(calls, expected=1000, progress=stop)
    assert [] == calls.made


def test_a_job_that_is_over_can_be_deleted_once(calls: Calls) -> None:
    job = waited(calls)
    job.delete()
    with pytest.raises(RestFault, match="NOT_FOUND"):
        job.delete()


def test_a_job_that_is_over_cannot_be_aborted(calls: Calls) -> None:
    with pytest.raises(RestFault, match="INVALIDJOBSTATE"):
        waited(calls).abort()
