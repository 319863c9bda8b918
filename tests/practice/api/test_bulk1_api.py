"""Bulk API, the first, as values, with a clock that the test sets."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from noon import NOW

from sfmtls_nb.practice.api.bulk1 import Bulk1Api
from sfmtls_nb.practice.data import Database
from sfmtls_nb.practice.mutual import Presented, certificate_page
from sfmtls_nb.practice.request import Answer, Listener, Request
from sfmtls_nb.practice.state import OrgState

NOTHING = Presented(certificate=False, flaw=None, uploaded=False)
JOB = "/services/async/41.0/job"
NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
#: The query of the article's second part.
ARTICLES = "SELECT Id, FirstName, LastName, Account.Name FROM Contact WHERE AccountId != NULL ORDER BY CreatedDate DESC LIMIT 5"


def job_info(**values: str) -> bytes:
    content = "".join(f"<{name}>{text}</{name}>" for name, text in values.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><jobInfo xmlns="{NAMESPACE}">{content}</jobInfo>'.encode()


QUERY_CONTACTS = job_info(operation="query", object="Contact", contentType="CSV")


class Client:
    """A user of an org of its own, and the org's clock."""

    def __init__(self, database: Database, user: str = "standard") -> None:
        self.now = NOW
        self.state = OrgState([], [], clock=lambda: self.now)
        self.api = Bulk1Api(self.state, database)
        found = self.state.user(user)
        assert found is not None
        self.session_id = self.state.open_session(found)

    def send(self, target: str, body: bytes | None = None, method: str = "", **more: str) -> Answer:
        """POST with a body, else GET. more: headers."""
        method = method or ("GET" if body is None else "POST")
        headers = {"X-SFDC-Session": self.session_id, **{name.replace("_", "-"): text for name, text in more.items()}}
        return self.api.answer(Request(Listener.API, method, target, headers, body or b""), NOTHING)

    def values(self, target: str, body: bytes | None = None) -> dict[str, str]:
        answer = self.send(target, body)
        assert answer.status in (200, 201), answer.whole_body
        return values(answer)

    def job(self, info: bytes = QUERY_CONTACTS) -> str:
        return f"{JOB}/{self.values(JOB, info)['id']}"

    def batch(self, query: str = ARTICLES, info: bytes = QUERY_CONTACTS) -> str:
        job = self.job(info)
        return f"{job}/batch/{self.values(f'{job}/batch', query.encode())['id']}"

    def complete_batch(self, query: str = ARTICLES, info: bytes = QUERY_CONTACTS) -> str:
        place = self.batch(query, info)
        self.wait(1)
        return place

    def csv(self, batch: str) -> bytes:
        return self.send(f"{batch}/result/{self.values(f'{batch}/result')['result']}").whole_body

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def json(self, target: str, body: Any = None, **more: str) -> Any:
        sent = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
        answer = self.send(target, sent, **(more or {"Content_Type": "application/json"}))
        assert answer.content_type.startswith("application/json")
        return json.loads(answer.whole_body)


@pytest.fixture
def client(database: Database) -> Client:
    return Client(database)


def values(answer: Answer) -> dict[str, str]:
    root = etree.fromstring(answer.whole_body)
    assert NAMESPACE == etree.QName(root).namespace
    return {etree.QName(child).localname: child.text or "" for child in root}


def error(answer: Answer) -> tuple[int, str]:
    assert etree.fromstring(answer.whole_body).tag == f"{{{NAMESPACE}}}error"
    return answer.status, values(answer)["exceptionCode"]


# ---------------------------------------------------------------- as the article does it


def test_a_query_goes_from_job_to_csv(client: Client) -> None:
    lines = client.csv(client.complete_batch()).decode().splitlines()
    assert ('"Id","FirstName","LastName","Account.Name"', 6) == (lines[0], len(lines))


def test_a_new_job_is_open_and_created(client: Client) -> None:
    answer = client.send(JOB, QUERY_CONTACTS)
    expected = {"operation": "query", "object": "Contact", "state": "Open", "contentType": "CSV", "apiVersion": "41.0"}
    assert 201 == answer.status
    assert expected == {name: values(answer)[name] for name in expected}


def test_a_batch_progresses_with_the_clock(client: Client) -> None:
    place = client.batch()
    states = []
    for _ in range(3):
        states.append(client.values(place)["state"])
        client.wait(0.4)
    assert ["Queued", "InProgress", "Completed"] == states


def test_a_job_counts_its_batches(client: Client) -> None:
    place = client.complete_batch().partition("/batch")[0]
    job = client.values(place)
    assert ("1", "1", "5") == (job["numberBatchesCompleted"], job["numberBatchesTotal"], job["numberRecordsProcessed"])


def test_batches_are_listed(client: Client) -> None:
    place = client.complete_batch()
    root = etree.fromstring(client.send(place.rpartition("/")[0]).whole_body)
    assert [place.rpartition("/")[2]] == [each.text for each in root.findall(f".//{{{NAMESPACE}}}batchInfo/{{*}}id")]


def test_a_batch_gives_its_query_back(client: Client) -> None:
    assert ARTICLES.encode() == client.send(f"{client.batch()}/request").whole_body


def test_query_all_finds_deleted_records_too(client: Client) -> None:
    info = job_info(operation="queryAll", object="Contact", contentType="CSV")
    counts = [
        int(client.values(client.complete_batch("SELECT Id FROM Contact", each))["numberRecordsProcessed"])
        for each in (QUERY_CONTACTS, info)
    ]
    assert 500 == counts[0] < counts[1]


def test_nothing_found_is_said_in_a_sentence(client: Client) -> None:
    place = client.complete_batch("SELECT Id FROM Contact WHERE LastName = 'Nobody at all'")
    assert b"Records not found for this query" == client.csv(place)


def test_a_closed_job_still_gives_its_results(client: Client) -> None:
    place = client.complete_batch()
    assert "Closed" == client.values(place.partition("/batch")[0], job_info(state="Closed"))["state"]
    assert client.csv(place).startswith(b'"Id"')


def test_a_closed_job_takes_no_more_batches(client: Client) -> None:
    place = client.job()
    client.send(place, job_info(state="Closed"))
    assert (400, "InvalidJobState") == error(client.send(f"{place}/batch", ARTICLES.encode()))


def test_an_aborted_job_does_not_process_its_batches(client: Client) -> None:
    place = client.batch()
    client.send(place.partition("/batch")[0], job_info(state="Aborted"))
    client.wait(1)
    assert "Not Processed" == client.values(place)["state"]


# ---------------------------------------------------------------- what fails later, and what at once


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT", "InvalidBatch : Failed to process query: MALFORMED_QUERY: "),
        ("SELECT Nonsense FROM Contact", "InvalidBatch : Failed to process query: INVALID_FIELD: "),
        ("SELECT Id FROM Account", "InvalidBatch : Failed to process query: "),
        ("SELECT Id\x01\x00", "InvalidBatch : Failed to process query: MALFORMED_QUERY: "),
        ("SELECT COUNT() FROM Contact", "FeatureNotEnabled : "),
        (
            "SELECT Id, (SELECT Id FROM Cases) FROM Contact",
            "FeatureNotEnabled : Aggregate Relationships not supported in Bulk Query with CSV content type",
        ),
    ],
)
def test_a_bad_query_is_taken_and_fails_when_its_turn_comes(client: Client, query: str, message: str) -> None:
    place = client.batch(query)
    assert "Queued" == client.values(place)["state"]
    client.wait(1)
    batch = client.values(place)
    assert "Failed" == batch["state"]
    assert batch["stateMessage"].startswith(message)
    assert (400, "InvalidBatch") == error(client.send(f"{place}/result"))


def test_results_have_to_wait_for_the_batch(client: Client) -> None:
    answer = client.send(f"{client.batch()}/result")
    assert ("InvalidBatch", "Batch not completed") == tuple(values(answer).values())


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "ClientInputError"),
        (b"SELECT", "ClientInputError"),
        (b"<jobInfo/>", "ClientInputError"),
        (b"<" * 1_000_001, "ClientInputError"),
        (job_info(operation="insert", object="Contact", contentType="CSV"), "InvalidOperation"),
        (job_info(object="Contact", contentType="CSV"), "InvalidJob"),
        (job_info(operation="query", object="Nonsense", contentType="CSV"), "InvalidEntity"),
        (job_info(operation="query", object="Contact", contentType="ZIP_XML"), "FeatureNotEnabled"),
    ],
)
def test_a_job_that_cannot_be_is_a_bad_request(client: Client, body: bytes, code: str) -> None:
    assert (400, code) == error(client.send(JOB, body))


def test_an_entity_bomb_is_refused(client: Client) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + QUERY_CONTACTS.partition(b"?>")[2].replace(
        b"Contact", b"&b;"
    )
    answer = client.send(JOB, bomb)
    assert ("ClientInputError", "A DTD is not allowed in a request") == tuple(values(answer).values())


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/services/async/41.0/job/7505f000001zzzz", "InvalidJob"),
        ("/services/async/41.0/job/7505f000001zzzzAAA/batch/x", "InvalidJob"),
        ("/services/async/30.0/job/x", "InvalidVersion"),
        ("/services/async/99.0/job/x", "InvalidVersion"),
        ("/services/async/41.0/nonsense", "InvalidUrl"),
        ("/services/async/", "InvalidUrl"),
    ],
)
def test_what_is_not_there_has_a_code_of_its_own(client: Client, path: str, code: str) -> None:
    assert (400, code) == error(client.send(path))


def test_a_batch_of_another_name_is_not_there(client: Client) -> None:
    job, _, batch = client.complete_batch().partition("/batch/")
    assert (400, "InvalidBatch") == error(client.send(f"{job}/batch/x"))
    assert (400, "InvalidBatch") == error(client.send(f"{job}/batch/{batch}/result/x"))


# ---------------------------------------------------------------- who may call


def test_a_job_needs_a_session(client: Client) -> None:
    client.session_id = "nonsense"
    answer = client.send(JOB, QUERY_CONTACTS)
    assert (400, ("InvalidSessionId", "Invalid session id")) == (answer.status, tuple(values(answer).values()))


def test_an_enforced_user_is_refused_on_443(database: Database) -> None:
    answer = Client(database, "enforced").send(JOB, QUERY_CONTACTS)
    assert (400, "MUTUAL_AUTHENTICATION_FAILED") == error(answer)


def test_an_enforced_user_without_a_certificate_is_sent_the_page(database: Database) -> None:
    client = Client(database, "enforced")
    request = Request(Listener.MUTUAL, "POST", JOB, {"X-SFDC-Session": client.session_id}, QUERY_CONTACTS)
    assert certificate_page("No client certificate provided.").body == client.api.answer(request, NOTHING).body


def test_the_limit_ends_it(client: Client) -> None:
    client.state.calls = client.state.call_limit
    assert (400, "ExceededQuota") == error(client.send(JOB, QUERY_CONTACTS))


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from(["/job", "/batch", "/result", "/request", "/x"]) | st.text(max_size=8), max_size=5).map(
        "".join
    ),
    st.sampled_from(["GET", "HEAD", "POST", "PATCH", "DELETE", "BREW"]),
    st.binary(max_size=50) | st.text(max_size=20).map(lambda text: job_info(operation="query", object=text)),
)
def test_whatever_comes_there_is_an_answer(database: Database, target: str, method: str, body: bytes) -> None:
    client = Client(database)
    place = client.complete_batch()
    for each in (f"/services/async/{target}", f"/services/async/41.0{target}", f"{place}{target}"):
        answer = client.send(each, body, method)
        assert 200 <= answer.status < 600
        assert isinstance(answer.whole_body, bytes)


# ---------------------------------------------------------------- in JSON, and with results in XML

JSON_JOB = {"operation": "query", "object": "Contact", "contentType": "JSON"}


def test_a_query_goes_from_job_to_records_in_json(client: Client) -> None:
    job = client.json(JOB, JSON_JOB)
    assert ("JSON", 41.0, 0, None) == (
        job["contentType"],
        job["apiVersion"],
        job["numberBatchesTotal"],
        job["externalIdFieldName"],
    )
    batches = f"{JOB}/{job['id']}/batch"
    batch = client.json(batches, ARTICLES)
    assert ("Queued", None) == (batch["state"], batch["stateMessage"])
    client.wait(1)
    assert ["Completed"] == [each["state"] for each in client.json(batches)["batchInfo"]]
    [result] = client.json(f"{batches}/{batch['id']}/result")
    records = client.json(f"{batches}/{batch['id']}/result/{result}")
    assert [("Contact", "Account")] * 5 == [
        (each["attributes"]["type"], each["Account"]["attributes"]["type"]) for each in records
    ]
    assert records[0]["attributes"]["url"] == f"/services/data/v41.0/sobjects/Contact/{records[0]['Id']}"
    assert "Closed" == client.json(f"{JOB}/{job['id']}", {"state": "Closed"})["state"]


def test_a_job_of_json_is_answered_in_json_where_the_request_says_nothing_and_in_xml_where_it_asks_for_that(
    client: Client,
) -> None:
    place = f"{JOB}/{client.json(JOB, JSON_JOB)['id']}"
    assert "Open" == json.loads(client.send(place).whole_body)["state"]
    assert "Open" == values(client.send(place, Content_Type="application/xml; charset=UTF-8"))["state"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "ClientInputError"),
        (b"[]", "ClientInputError"),
        (b'{"operation": 5}', "InvalidJob"),
        (b'{"operation": "query", "object": "Nonsense"}', "InvalidEntity"),
        (b'{"operation": "query", "object": "Contact", "contentType": "ZIP_CSV"}', "FeatureNotEnabled"),
    ],
)
def test_a_job_in_json_that_is_wrong_gets_an_error_in_json(client: Client, body: bytes, code: str) -> None:
    answer = client.send(JOB, body, Content_Type="application/json")
    assert (400, code) == (answer.status, json.loads(answer.whole_body)["exceptionCode"])


def test_an_unknown_session_gets_an_error_in_the_format_of_the_request(client: Client) -> None:
    client.session_id = "nonsense"
    answer = client.send(JOB, b"{}", Content_Type="application/json")
    assert "InvalidSessionId" == json.loads(answer.whole_body)["exceptionCode"]
    assert (400, "InvalidSessionId") == error(client.send(JOB, QUERY_CONTACTS))


def test_a_job_without_a_content_type_has_its_results_in_xml(client: Client) -> None:
    query = "SELECT LastName, Account.Name, Birthdate FROM Contact WHERE AccountId != NULL LIMIT 3"
    root = etree.fromstring(client.csv(client.complete_batch(query, job_info(operation="query", object="Contact"))))
    names = {"sf": NAMESPACE}
    assert f"{{{NAMESPACE}}}queryResult" == root.tag
    assert [["type", "Id", "LastName", "Account", "Birthdate"]] * 3 == [
        [etree.QName(field).localname for field in record] for record in root.findall("sf:records", names)
    ]
    assert root.findtext("sf:records/sf:Account/sf:Name", namespaces=names)


NOBODY = "SELECT Id FROM Contact WHERE LastName = 'Nobody at all'"


def test_a_query_that_finds_nothing_says_so_in_csv(client: Client) -> None:
    assert b"Records not found for this query" == client.csv(client.complete_batch(NOBODY))


def test_a_query_that_finds_nothing_gives_an_empty_array_in_json(client: Client) -> None:
    batches = f"{JOB}/{client.json(JOB, JSON_JOB)['id']}/batch"
    place = f"{batches}/{client.json(batches, NOBODY)['id']}/result"
    client.wait(1)
    assert [] == client.json(f"{place}/{client.json(place)[0]}")


@pytest.mark.parametrize(("header", "taken"), [("TRUE", False), ("chunkSize=1000", False), ("FALSE", True)])
def test_chunking_by_primary_key_is_refused_by_name(client: Client, header: str, *, taken: bool) -> None:
    answer = client.send(JOB, QUERY_CONTACTS, Sforce_Enable_PKChunking=header)
    assert taken == (answer.status == 201)
    assert taken or "PK chunking is not simulated" in values(answer)["exceptionMessage"]


@given(
    st.text(max_size=60)
    | st.builds(json.dumps, st.dictionaries(st.sampled_from(["operation", "object", "x"]), st.none() | st.text()))
)
def test_any_job_in_json_gets_an_answer_in_json(database: Database, body: str) -> None:
    answer = Client(database).send(JOB, body.encode("utf-8", "replace"), Content_Type="application/json")
    assert answer.status in {201, 400}
    assert json.loads(answer.whole_body)
