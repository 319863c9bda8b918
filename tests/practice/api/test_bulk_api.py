"""Bulk API 2.0, as values, with a clock that the test sets."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from noon import NOW

from sfmtls_nb.practice.api.bulk import BulkApi
from sfmtls_nb.practice.data import COMPOUND_TYPES, SCHEMA, Database, eighteen
from sfmtls_nb.practice.mutual import Presented, certificate_page
from sfmtls_nb.practice.request import Answer, Listener, Request
from sfmtls_nb.practice.state import OrgState

NOTHING = Presented(certificate=False, flaw=None, uploaded=False)
JOBS = "/services/data/v64.0/jobs/query"
CONTACTS = "SELECT Id, LastName, Account.Name FROM Contact ORDER BY Id"


class Client:
    """A user of an org of its own, and the org's clock."""

    def __init__(self, database: Database, user: str = "standard", page: int = 100_000) -> None:
        self.now = NOW
        self.state = OrgState([], [], clock=lambda: self.now, bulk_page=page)
        self.api = BulkApi(self.state, database)
        found = self.state.user(user)
        assert found is not None
        self.session_id = self.state.open_session(found)

    def send(self, target: str, method: str = "GET", content: object = None) -> Answer:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        headers = {"Authorization": f"Bearer {self.session_id}"}
        return self.api.answer(Request(Listener.API, method, target, headers, body), NOTHING)

    def get(self, target: str, method: str = "GET", content: object = None) -> Any:
        answer = self.send(target, method, content)
        assert answer.status == 200, answer.whole_body
        return json.loads(answer.whole_body)

    def job(self, query: str = CONTACTS, **options: str) -> str:
        """The place of a new job."""
        job = self.get(JOBS, "POST", {"operation": "query", "query": query, **options})
        return f"{JOBS}/{job['id']}"

    def complete_job(self, query: str = CONTACTS, **options: str) -> str:
        place = self.job(query, **options)
        self.wait(1)
        return place

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def client(database: Database) -> Client:
    return Client(database)


def error(answer: Answer) -> tuple[int, str]:
    [only] = json.loads(answer.whole_body)
    return answer.status, only["errorCode"]


def rows(answer: Answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.whole_body.decode())))


# ---------------------------------------------------------------- jobs and their states


def test_a_new_job_says_what_it_is(client: Client) -> None:
    job = client.get(JOBS, "POST", {"operation": "query", "query": CONTACTS})
    assert eighteen(job["id"][:15]) == job["id"]
    assert {
        "id": job["id"],
        "operation": "query",
        "object": "Contact",
        "createdById": client.state.users[1].user_id,
        "createdDate": "2026-11-23T12:00:00.000+0000",
        "systemModstamp": "2026-11-23T12:00:00.000+0000",
        "state": "UploadComplete",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": 64.0,
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    } == job


def test_a_job_progresses_with_the_clock(client: Client) -> None:
    place = client.job()
    states = []
    for _ in range(3):
        states.append(client.get(place)["state"])
        client.wait(0.4)
    assert ["UploadComplete", "InProgress", "JobComplete"] == states


def test_without_the_clock_it_does_not(client: Client) -> None:
    place = client.job()
    assert ["UploadComplete"] * 2 == [client.get(place)["state"] for _ in range(2)]


def test_a_complete_job_says_how_many_records_it_found(client: Client) -> None:
    assert 500 == client.get(client.complete_job())["numberRecordsProcessed"]


def test_query_all_finds_deleted_records_too(client: Client) -> None:
    assert client.get(client.complete_job(operation="queryAll"))["numberRecordsProcessed"] > 500


def test_a_job_whose_records_cannot_be_read_fails_with_a_message() -> None:
    database = Database(records=5, now=NOW)
    client = Client(database)
    place = client.job()
    database.close()
    client.wait(1)
    job = client.get(place)
    assert ("Failed", True) == (job["state"], bool(job["errorMessage"]))
    assert (400, "INVALIDJOBSTATE") == error(client.send(f"{place}/results"))


@pytest.mark.parametrize(
    ("failure", "end", "message"),
    [("job-fails", "Failed", True), ("job-is-aborted", "Aborted", False), ("job-never-ends", "InProgress", False)],
)
def test_a_job_ends_as_it_was_asked_to_and_has_no_results(
    client: Client, failure: str, end: str, message: bool
) -> None:
    client.state.failures.arm(failure)
    place, states = client.job(), []
    for seconds in (0.4, 0.4, 3600):
        client.wait(seconds)
        states.append(client.get(place)["state"])
    assert ["InProgress", end, end] == states
    assert message == ("errorMessage" in client.get(place))
    assert (400, "INVALIDJOBSTATE") == error(client.send(f"{place}/results"))
    assert "JobComplete" == client.get(client.complete_job())["state"]


def test_a_job_that_never_ends_can_be_aborted(client: Client) -> None:
    client.state.failures.arm("job-never-ends")
    place = client.complete_job()
    assert "Aborted" == client.get(place, "PATCH", {"state": "Aborted"})["state"]


def test_a_running_job_can_be_aborted(client: Client) -> None:
    place = client.job()
    assert "Aborted" == client.get(place, "PATCH", {"state": "Aborted"})["state"]
    client.wait(1)
    assert "Aborted" == client.get(place)["state"]


def test_a_complete_one_cannot(client: Client) -> None:
    answer = client.send(client.complete_job(), "PATCH", {"state": "Aborted"})
    assert (400, "INVALIDJOBSTATE") == error(answer)


def test_a_complete_job_can_be_deleted(client: Client) -> None:
    place = client.complete_job()
    deleted = client.send(place, "DELETE")
    assert (204, b"") == (deleted.status, deleted.whole_body)
    assert (404, "NOT_FOUND") == error(client.send(place))


def test_a_running_one_cannot(client: Client) -> None:
    assert (400, "INVALIDJOBSTATE") == error(client.send(client.job(), "DELETE"))


def test_all_jobs_are_listed(client: Client) -> None:
    places = [client.job(), client.job()]
    listed = client.get(JOBS)
    assert places == [f"{JOBS}/{job['id']}" for job in listed["records"]]
    assert (True, None) == (listed["done"], listed["nextRecordsUrl"])


# ---------------------------------------------------------------- refused at creation


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "JSON_PARSER_ERROR"),
        ([], "JSON_PARSER_ERROR"),
        ({"query": CONTACTS}, "INVALIDJOB"),
        ({"operation": "insert", "query": CONTACTS}, "INVALIDJOB"),
        ({"operation": ["query"], "query": CONTACTS}, "INVALIDJOB"),
        ({"operation": "query"}, "INVALIDJOB"),
        ({"operation": "query", "query": 7}, "INVALIDJOB"),
        ({"operation": "query", "query": CONTACTS, "columnDelimiter": "SPACE"}, "INVALIDJOB"),
        ({"operation": "query", "query": CONTACTS, "lineEnding": "CR"}, "INVALIDJOB"),
        ({"operation": "query", "query": "SELECT"}, "MALFORMED_QUERY"),
        ({"operation": "query", "query": "SELECT Nonsense FROM Contact"}, "INVALID_FIELD"),
        ({"operation": "query", "query": "SELECT Id FROM Nonsense"}, "INVALID_TYPE"),
        ({"operation": "query", "query": "SELECT Id, (SELECT Id FROM Contacts) FROM Account"}, "FEATURENOTENABLED"),
        ({"operation": "query", "query": "SELECT COUNT() FROM Account"}, "FEATURENOTENABLED"),
        ({"operation": "query", "query": "SELECT COUNT(Id) FROM Account"}, "FEATURENOTENABLED"),
        ({"operation": "query", "query": "SELECT Id FROM Account LIMIT 5 OFFSET 5"}, "FEATURENOTENABLED"),
    ],
)
def test_a_job_that_cannot_be_is_a_bad_request(client: Client, content: object, code: str) -> None:
    assert (400, code) == error(client.send(JOBS, "POST", content))


def test_children_are_refused_in_salesforces_words(client: Client) -> None:
    query = "SELECT Id, (SELECT Id FROM Contacts) FROM Account"
    [refused] = json.loads(client.send(JOBS, "POST", {"operation": "query", "query": query}).whole_body)
    assert "Aggregate Relationships not supported in Bulk V2 Query with CSV content type" == refused["message"]


def test_loading_is_refused_because_the_org_is_read_only(client: Client) -> None:
    answer = client.send("/services/data/v64.0/jobs/ingest", "POST", {"operation": "insert", "object": "Contact"})
    assert (400, "INVALID_OPERATION") == error(answer)


# ---------------------------------------------------------------- results


def test_results_are_csv_with_a_header_and_everything_quoted(client: Client) -> None:
    answer = client.send(f"{client.complete_job()}/results")
    first, second, *_ = answer.whole_body.decode().split("\n")
    assert '"Id","LastName","Account.Name"' == first
    assert second.startswith('"003')
    assert second.endswith('"')


def test_results_are_whole(client: Client) -> None:
    answer = client.send(f"{client.complete_job()}/results")
    assert (501, "500", "null") == (
        len(rows(answer)),
        answer.headers["Sforce-NumberOfRecords"],
        answer.headers["Sforce-Locator"],
    )


def test_null_is_an_empty_text_in_quotes(client: Client) -> None:
    query = "SELECT AccountId, Account.Owner.Name FROM Contact WHERE AccountId = NULL LIMIT 1"
    body = client.send(f"{client.complete_job(query)}/results").whole_body
    assert b'"AccountId","Account.Owner.Name"\n"",""\n' == body


def test_delimiter_and_line_ending_are_as_asked_for(client: Client) -> None:
    place = client.complete_job("SELECT Id, Name FROM Account LIMIT 1", columnDelimiter="PIPE", lineEnding="CRLF")
    assert client.send(f"{place}/results").whole_body.startswith(b'"Id"|"Name"\r\n"001')


def test_pieces_follow_the_locator_and_make_the_whole(client: Client) -> None:
    place = client.complete_job()
    whole = rows(client.send(f"{place}/results"))
    found, locator = [], ""
    while locator != "null":
        answer = client.send(f"{place}/results?maxRecords=200&locator={locator}")
        found += rows(answer)[1:]
        locator = answer.headers["Sforce-Locator"]
    assert whole[1:] == found


@pytest.mark.parametrize("resource", ["results", "resultPages"])
def test_a_locator_can_expire(client: Client, resource: str) -> None:
    client.state.bulk_page = 50
    place = client.complete_job()
    client.state.failures.arm("locator-expires")
    assert 200 == client.send(f"{place}/{resource}").status  # which has no locator
    assert (400, "INVALIDLOCATOR") == error(client.send(f"{place}/{resource}?locator=NTA"))
    assert 200 == client.send(f"{place}/{resource}?locator=NTA").status


def test_every_answer_tells_how_near_the_limit_is(client: Client) -> None:
    client.state.calls = 14_997
    place = client.complete_job()
    usages = [client.send(f"{place}{end}").headers["Sforce-Limit-Info"] for end in ("", "/results")]
    assert ["api-usage=14999/15000", "api-usage=15000/15000"] == usages
    assert (403, "REQUEST_LIMIT_EXCEEDED") == error(client.send(place))


@pytest.mark.parametrize(
    "question",
    ["maxRecords=0", "maxRecords=-1", "maxRecords=x", "maxRecords=%D9%A1", "locator=!", "locator=eA", "locator=OTk5OQ"],
)
def test_a_piece_that_cannot_be_is_a_bad_request(client: Client, question: str) -> None:
    assert 400 == client.send(f"{client.complete_job()}/results?{question}").status


def test_results_have_to_wait_for_the_job(client: Client) -> None:
    assert (400, "INVALIDJOBSTATE") == error(client.send(f"{client.job()}/results"))


def test_results_are_asked_for_with_the_version_of_the_job(client: Client) -> None:
    place = client.complete_job().replace("v64.0", "v60.0")
    assert 409 == client.send(f"{place}/results").status


def test_result_pages_lead_to_all_results_five_at_a_time(database: Database) -> None:
    client = Client(database, page=90)
    place = client.complete_job()
    first = client.get(f"{place}/resultPages")
    second = client.get(first["nextRecordsUrl"])
    found = [
        row for each in first["resultPages"] + second["resultPages"] for row in rows(client.send(each["resultUrl"]))[1:]
    ]
    assert ([5, 1], [False, True], 500) == (
        [len(page["resultPages"]) for page in (first, second)],
        [page["done"] for page in (first, second)],
        len({row[0] for row in found}),
    )
    assert "nextRecordsUrl" not in second


def test_result_pages_came_with_version_58(client: Client) -> None:
    place = "/services/data/v57.0/jobs/query"
    job = client.get(place, "POST", {"operation": "query", "query": CONTACTS})
    client.wait(1)
    assert (404, "NOT_FOUND") == error(client.send(f"{place}/{job['id']}/resultPages"))


@pytest.mark.slow
def test_a_result_of_any_size_takes_the_same_memory() -> None:
    with Database(records=8_000, now=NOW) as large:
        client = Client(large)
        names = [each.name for each in SCHEMA["Contact"].fields if each.type not in COMPOUND_TYPES]
        place = client.complete_job(f"SELECT {', '.join(names)} FROM Contact")  # noqa: S608  # SOQL
        peaks = []
        for most in (2_000, 8_000):
            answer = client.send(f"{place}/results?maxRecords={most}")
            tracemalloc.start()
            size = sum(len(piece) for piece in answer.body if isinstance(piece, bytes))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert size > 2_000_000
    assert peaks[1] < peaks[0] * 1.2


# ---------------------------------------------------------------- who may call


def test_a_job_needs_a_session(client: Client) -> None:
    client.session_id = "nonsense"
    assert (401, "INVALID_SESSION_ID") == error(client.send(JOBS))


def test_an_enforced_user_is_refused_on_443(database: Database) -> None:
    assert (403, "MUTUAL_AUTHENTICATION_FAILED") == error(Client(database, "enforced").send(JOBS))


def test_an_enforced_user_without_a_certificate_is_sent_the_page(database: Database) -> None:
    client = Client(database, "enforced")
    request = Request(Listener.MUTUAL, "GET", JOBS, {"Authorization": f"Bearer {client.session_id}"})
    assert certificate_page("No client certificate provided.").body == client.api.answer(request, NOTHING).body


@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from(["/query", "/ingest", "/7505f000000", "/results", "/resultPages", "?locator=", "?maxRecords="])
        | st.text(max_size=8),
        max_size=5,
    ).map("".join),
    st.sampled_from(["GET", "HEAD", "POST", "PATCH", "DELETE", "BREW"]),
    st.binary(max_size=50) | st.dictionaries(st.sampled_from(["operation", "query", "state"]), st.text(max_size=9)),
)
def test_whatever_comes_there_is_an_answer(
    database: Database, target: str, method: str, content: bytes | dict[str, str]
) -> None:
    client = Client(database)
    place = client.complete_job()
    for each in (f"/services/data/v64.0/jobs{target}", f"{place}{target}"):
        answer = client.send(each, method, content)
        assert 200 <= answer.status < 600
        assert isinstance(answer.whole_body, bytes)


@pytest.mark.parametrize("query", ["SELECT BillingAddress FROM Account", "SELECT Parent.BillingAddress FROM Account"])
def test_a_query_of_a_compound_field_is_refused_and_one_of_its_parts_is_not(client: Client, query: str) -> None:
    answer = client.send(JOBS, "POST", {"operation": "query", "query": query})
    assert (400, "FEATURENOTENABLED") == error(answer)
    assert client.complete_job(query.replace("Address", "City"))
