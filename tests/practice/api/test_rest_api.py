"""REST, as values: a Request in, an Answer out. Each success has its failing twin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from noon import NOW

from sfmtls_nb.practice.api.queries import Queries
from sfmtls_nb.practice.api.rest import RestApi
from sfmtls_nb.practice.data import Database
from sfmtls_nb.practice.mutual import Presented, certificate_page
from sfmtls_nb.practice.request import Answer, Listener, Request
from sfmtls_nb.practice.state import OrgState

NOTHING = Presented(certificate=False, flaw=None, uploaded=False)
UPLOADED = Presented(certificate=True, flaw=None, uploaded=True)
DATA = "/services/data/v64.0"


class Client:
    """A user of an org of its own, over the API's listener if nothing else is said."""

    def __init__(self, database: Database, user: str = "standard") -> None:
        self.state = OrgState([], [], clock=lambda: NOW)
        self.api = RestApi(self.state, Queries(database, lambda: NOW), database)
        found = self.state.user(user)
        assert found is not None
        self.session_id = self.state.open_session(found)

    def send(
        self,
        target: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        listener: Listener = Listener.API,
        presented: Presented = NOTHING,
    ) -> Answer:
        sent = {"Authorization": f"Bearer {self.session_id}", **(headers or {})}
        return self.api.answer(Request(listener, method, target, sent, body), presented)

    def get(self, target: str, **headers: str) -> Any:
        answer = self.send(target, headers=headers)
        assert answer.status == 200, answer.body
        return json.loads(answer.whole_body)

    def query(self, text: str, resource: str = "query") -> Any:
        return self.get(f"{DATA}/{resource}?q={quote(text)}")


@pytest.fixture
def client(database: Database) -> Client:
    return Client(database)


def error(answer: Answer) -> tuple[int, str, str]:
    [only] = json.loads(answer.whole_body)
    return answer.status, only["errorCode"], only["message"]


# ---------------------------------------------------------------- versions and resources


def test_versions_are_listed_without_a_session(client: Client) -> None:
    versions = json.loads(client.send("/services/data", headers={"Authorization": ""}).whole_body)
    assert [
        {"label": "Summer '14", "url": "/services/data/v31.0", "version": "31.0"},
        {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"},
    ] == [versions[0], versions[-1]]


@pytest.mark.parametrize("end", ["", "/"])
def test_a_version_lists_its_resources_by_name(client: Client, end: str) -> None:
    assert f"{DATA}/sobjects" == client.get(DATA + end)["sobjects"]


def test_resources_need_a_session(client: Client) -> None:
    answer = client.send(DATA, headers={"Authorization": ""})
    assert (401, "INVALID_SESSION_ID", "Session expired or invalid") == error(answer)


@pytest.mark.parametrize(
    ("version", "expected"),
    [("30.0", (410, "UNSUPPORTED_API_VERSION")), ("6.0", (404, "NOT_FOUND")), ("99.0", (404, "NOT_FOUND"))],
)
def test_retired_versions_are_gone_and_others_never_were(
    client: Client, version: str, expected: tuple[int, str]
) -> None:
    assert expected == error(client.send(f"/services/data/v{version}/limits"))[:2]


@pytest.mark.parametrize(
    "path", ["nonsense", "limits/more", "sobjects/Nonsense", "sobjects/Account/describe/x", "query/x/y"]
)
def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    assert (404, "NOT_FOUND", "The requested resource does not exist") == error(client.send(f"{DATA}/{path}"))


def test_pretty_print_indents_answers_and_errors(client: Client) -> None:
    for path in (DATA, f"{DATA}/nonsense"):
        assert b"\n  " in client.send(path, headers={"X-PrettyPrint": "1"}).whole_body
        assert b"\n" not in client.send(path).whole_body


# ---------------------------------------------------------------- who may call


@pytest.mark.parametrize("scheme", ["Bearer", "OAuth"])
def test_both_schemes_carry_a_session(client: Client, scheme: str) -> None:
    assert 200 == client.send(DATA, headers={"Authorization": f"{scheme} {client.session_id}"}).status


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer nonsense", "Basic {}", "{}"])
def test_anything_else_does_not(client: Client, authorization: str) -> None:
    answer = client.send(DATA, headers={"Authorization": authorization.format(client.session_id)})
    assert (401, "INVALID_SESSION_ID") == error(answer)[:2]


def test_an_enforced_user_gets_in_with_the_uploaded_certificate(database: Database) -> None:
    answer = Client(database, "enforced").send(DATA, listener=Listener.MUTUAL, presented=UPLOADED)
    assert 200 == answer.status


def test_an_enforced_user_is_refused_on_443_in_the_words_of_rest(database: Database) -> None:
    assert (
        403,
        "MUTUAL_AUTHENTICATION_FAILED",
        "This session could not be mutually authenticated for the use with REST API",
    ) == error(Client(database, "enforced").send(DATA))


def test_an_enforced_user_without_a_certificate_is_sent_the_page(database: Database) -> None:
    answer = Client(database, "enforced").send(DATA, listener=Listener.MUTUAL)
    assert certificate_page("No client certificate provided.").body == answer.body


def test_every_answer_to_an_admitted_call_says_how_many_are_used(client: Client) -> None:
    usage = [client.send(path).headers["Sforce-Limit-Info"] for path in (DATA, f"{DATA}/nonsense")]
    assert ["api-usage=1/15000", "api-usage=2/15000"] == usage


def test_a_call_that_is_not_admitted_says_nothing_of_it(client: Client) -> None:
    assert "Sforce-Limit-Info" not in client.send(DATA, headers={"Authorization": ""}).headers


def test_the_limit_ends_it(client: Client) -> None:
    client.state.calls = client.state.call_limit
    assert (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.") == error(client.send(DATA))


def test_limits_say_what_is_left(client: Client) -> None:
    assert {"Max": 15_000, "Remaining": 14_999} == client.get(f"{DATA}/limits")["DailyApiRequests"]


# ---------------------------------------------------------------- queries


def test_records_come_with_attributes_parents_and_children(client: Client) -> None:
    query = "SELECT Name, Owner.Name, (SELECT LastName FROM Contacts LIMIT 1) FROM Account WHERE Name != NULL LIMIT 1"
    [account] = client.query(query)["records"]
    assert ["attributes", "Name", "Owner", "Contacts"] == list(account)
    assert {"type", "url"} == set(account["attributes"])
    assert account["attributes"]["url"].startswith(f"{DATA}/sobjects/Account/001")
    assert "User" == account["Owner"]["attributes"]["type"]
    assert (1, True) == (account["Contacts"]["totalSize"], account["Contacts"]["done"])
    assert "Contact" == account["Contacts"]["records"][0]["attributes"]["type"]


def test_moments_and_days_are_written_as_rest_writes_them(client: Client) -> None:
    [found] = client.query(
        "SELECT CreatedDate, CloseDate, Amount, IsWon FROM Opportunity WHERE Amount != NULL LIMIT 1"
    )["records"]
    assert found["CreatedDate"].endswith(".000+0000")
    assert 10 == len(found["CloseDate"])
    assert [float, bool] == [type(found["Amount"]), type(found["IsWon"])]


def test_counting_answers_with_the_size_alone(client: Client) -> None:
    assert {"totalSize": 500, "done": True, "records": []} == client.query("SELECT COUNT() FROM Contact")


def test_aggregates_are_aggregate_results(client: Client) -> None:
    [found] = client.query("SELECT COUNT(Id) n FROM Contact")["records"]
    assert {"attributes": {"type": "AggregateResult"}, "n": 500} == found


def test_pages_follow_the_next_records_url(client: Client) -> None:
    target = f"{DATA}/query?q=SELECT+Id+FROM+Contact"
    page = client.get(target, **{"Sforce-Query-Options": "batchSize=200"})
    sizes = [len(page["records"])]
    while not page["done"]:
        assert page["nextRecordsUrl"].startswith(f"{DATA}/query/01g")
        page = client.get(page["nextRecordsUrl"])
        sizes.append(len(page["records"]))
    assert [200, 200, 100] == sizes
    assert "nextRecordsUrl" not in page


def test_query_all_finds_deleted_records_too(client: Client) -> None:
    sizes = [client.query("SELECT Id FROM Contact", each)["totalSize"] for each in ("query", "queryAll")]
    assert 500 == sizes[0] < sizes[1]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "MALFORMED_QUERY"),
        ("SELECT", "MALFORMED_QUERY"),
        ("SELECT Nonsense FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Nonsense", "INVALID_TYPE"),
    ],
)
def test_a_query_that_cannot_be_is_a_bad_request(client: Client, text: str, code: str) -> None:
    assert (400, code) == error(client.send(f"{DATA}/query?q={quote(text)}"))[:2]


def test_an_unknown_locator_is_refused(client: Client) -> None:
    answer = client.send(f"{DATA}/query/01g5f000000zzzzAAA-2000")
    assert (400, "INVALID_QUERY_LOCATOR", "invalid query locator") == error(answer)


# ---------------------------------------------------------------- sObjects


def test_all_objects_are_listed_with_their_urls(client: Client) -> None:
    objects = {each["name"]: each for each in client.get(f"{DATA}/sobjects")["sobjects"]}
    assert f"{DATA}/sobjects/Account/describe" == objects["Account"]["urls"]["describe"]


def test_an_object_has_basic_information(client: Client) -> None:
    content = client.get(f"{DATA}/sobjects/account")
    assert ("Account", []) == (content["objectDescribe"]["name"], content["recentItems"])


def test_a_describe_has_the_fields(client: Client) -> None:
    assert "LastName" in [field["name"] for field in client.get(f"{DATA}/sobjects/Contact/describe")["fields"]]


@pytest.mark.parametrize("length", [15, 18])
def test_a_record_is_found_by_either_form_of_its_id(client: Client, length: int) -> None:
    [contact] = client.query("SELECT Id, Name FROM Contact LIMIT 1")["records"]
    found = client.get(f"{DATA}/sobjects/Contact/{contact['Id'][:length]}?fields=Name")
    assert {"attributes": contact["attributes"], "Name": contact["Name"], "Id": contact["Id"]} == found


def test_without_fields_a_record_has_them_all(client: Client) -> None:
    [contact] = client.query("SELECT Id FROM Contact LIMIT 1")["records"]
    found = client.get(f"{DATA}/sobjects/Contact/{contact['Id']}")
    described = client.get(f"{DATA}/sobjects/Contact/describe")["fields"]
    assert ["attributes", *(field["name"] for field in described)] == list(found)


@pytest.mark.parametrize("fields", ["Nonsense", "Id,Name)", ",", "Id' OR '", "Account.Nonsense"])
def test_fields_that_are_none_are_invalid(client: Client, fields: str) -> None:
    [contact] = client.query("SELECT Id FROM Contact LIMIT 1")["records"]
    answer = client.send(f"{DATA}/sobjects/Contact/{contact['Id']}?fields={quote(fields)}")
    assert (400, "INVALID_FIELD") == error(answer)[:2]


@pytest.mark.parametrize("record_id", ["0035f00000zzzzzAAA", "nonsense", "0035f00000zzzz'"])
def test_an_unknown_record_is_not_found(client: Client, record_id: str) -> None:
    assert (404, "NOT_FOUND") == error(client.send(f"{DATA}/sobjects/Contact/{record_id}"))[:2]


def test_a_deleted_record_says_so(client: Client) -> None:
    deleted = client.query("SELECT Id FROM Contact WHERE IsDeleted = TRUE LIMIT 1", "queryAll")["records"][0]
    answer = client.send(f"{DATA}/sobjects/Contact/{deleted['Id']}")
    assert (404, "ENTITY_IS_DELETED", "entity is deleted") == error(answer)


# ---------------------------------------------------------------- nothing is written


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "Contact"), ("PATCH", "Contact/0035f00000zzzzzAAA"), ("DELETE", "Contact/0035f00000zzzzzAAA")],
)
def test_writing_is_refused_because_the_org_is_read_only(client: Client, method: str, path: str) -> None:
    status, code, message = error(client.send(f"{DATA}/sobjects/{path}", method, body=b"{}"))
    assert (400, "INVALID_OPERATION") == (status, code)
    assert "read-only" in message


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused_as_such(client: Client, body: bytes) -> None:
    assert (400, "JSON_PARSER_ERROR") == error(client.send(f"{DATA}/sobjects/Contact", "POST", body=body))[:2]


def test_a_huge_body_is_refused_unread(client: Client) -> None:
    answer = client.send(f"{DATA}/sobjects/Contact", "POST", body=b"[" * 1_000_001)
    assert (413, "REQUEST_ENTITY_TOO_LARGE") == error(answer)[:2]


def test_other_methods_are_not_allowed(client: Client) -> None:
    assert (
        405,
        "METHOD_NOT_ALLOWED",
        "HTTP Method 'POST' not allowed. Allowed are GET,HEAD",
    ) == error(client.send(f"{DATA}/query", "POST"))


# ---------------------------------------------------------------- whatever comes

PIECES = st.sampled_from(
    [
        "/services/data",
        "/v64.0",
        "/v1.0",
        "/query",
        "/queryAll",
        "/sobjects",
        "/Contact",
        "/describe",
        "/limits",
        "//",
        "?q=",
        "%00",
        "'",
    ]
)


@settings(max_examples=150)
@given(
    st.lists(PIECES | st.text(max_size=8), max_size=6).map("".join),
    st.sampled_from(["GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "BREW"]),
    st.dictionaries(st.sampled_from(["Authorization", "Sforce-Query-Options", "X-PrettyPrint"]), st.text(max_size=20)),
    st.binary(max_size=50),
)
def test_whatever_comes_there_is_an_answer(
    database: Database, target: str, method: str, headers: dict[str, str], body: bytes
) -> None:
    client = Client(database)
    for each in (target, f"{DATA}/{target}"):
        answer = client.send(each, method, headers, body)
        assert 200 <= answer.status < 600
        json.loads(answer.whole_body)


def test_a_query_over_records_that_are_gone_is_refused_too() -> None:
    database = Database(records=5, now=NOW)
    database.close()
    answer = Client(database).send(f"{DATA}/query?q=SELECT+Id+FROM+Contact")
    assert (500, "UNKNOWN_EXCEPTION") == error(answer)[:2]


# ---------------------------------------------------------------- the columns of a query, and the org's own objects


def test_the_columns_of_a_query_say_which_are_a_parents_and_which_a_subquerys(client: Client) -> None:
    text = "SELECT Id, Name, Owner.Name, (SELECT Email FROM Contacts), AnnualRevenue FROM Account"
    found = client.get(f"{DATA}/query?q={quote(text)}&columns=true")
    assert ("Account", "001", True) == (found["entityName"], found["keyPrefix"], found["idSelected"])
    assert [
        ("Id", "Id", False, []),
        ("Name", "String", False, []),
        ("Owner", "SObject", False, ["Name"]),
        ("Contacts", "SObject", True, ["Email"]),
        ("AnnualRevenue", "Double", False, []),
    ] == [
        (
            each["columnName"],
            each["apexType"],
            each["aggregate"],
            [inner["columnName"] for inner in each["joinColumns"]],
        )
        for each in found["columnMetadata"]
    ]


def test_the_columns_of_a_grouped_query_tell_the_group_from_the_number(client: Client) -> None:
    text = "SELECT Industry, COUNT(Id) n FROM Account GROUP BY Industry"
    columns = client.get(f"{DATA}/query?q={quote(text)}&columns=true")["columnMetadata"]
    assert [("Industry", False), ("n", True)] == [(each["columnName"], each["aggregate"]) for each in columns]


def test_the_columns_of_a_wrong_query_are_refused_as_the_query_is(client: Client) -> None:
    answer = client.send(f"{DATA}/query?q=SELECT+Nothing+FROM+Account&columns=true")
    assert (400, "INVALID_FIELD") == error(answer)[:2]


def test_the_organization_says_who_it_is(client: Client) -> None:
    text = "SELECT Id, Name, IsSandbox, TrialExpirationDate, NamespacePrefix, OrganizationType FROM Organization"
    [record] = client.query(text)["records"]
    assert ("00D5f000000PRACEA4", False, None) == (record["Id"], record["IsSandbox"], record["TrialExpirationDate"])


def test_a_user_has_a_profile(client: Client) -> None:
    text = "SELECT Profile.Name FROM User WHERE Profile.Name = 'Integration (mutual TLS)' LIMIT 1"
    [record] = client.query(text)["records"]
    assert "Integration (mutual TLS)" == record["Profile"]["Name"]


# ---------------------------------------------------------------- compound fields


def test_an_address_has_its_parts(client: Client) -> None:
    text = "SELECT BillingAddress, BillingCity, BillingLatitude FROM Account WHERE BillingLatitude != NULL LIMIT 1"
    [record] = client.query(text)["records"]
    names = "city country countryCode geocodeAccuracy latitude longitude postalCode state stateCode street"
    assert names.split() == list(record["BillingAddress"])
    assert (record["BillingCity"], record["BillingLatitude"]) == (
        record["BillingAddress"]["city"],
        record["BillingAddress"]["latitude"],
    )


def test_an_address_of_which_nothing_is_known_is_null(client: Client) -> None:
    [record] = client.query("SELECT MailingAddress FROM Contact WHERE AccountId = NULL LIMIT 1")["records"]
    assert record["MailingAddress"] is None


def test_a_geolocation_has_its_two_parts(client: Client) -> None:
    text = "SELECT Destination__c FROM Shipment__c WHERE Destination__Latitude__s != NULL LIMIT 1"
    [record] = client.query(text)["records"]
    assert ["latitude", "longitude"] == list(record["Destination__c"])


@pytest.mark.parametrize(
    "query",
    [
        "SELECT Id FROM Account WHERE BillingAddress = 'x'",
        "SELECT Id FROM Account ORDER BY BillingAddress",
        "SELECT COUNT(Id) FROM Account GROUP BY BillingAddress",
    ],
)
def test_a_compound_field_can_only_be_selected(client: Client, query: str) -> None:
    assert 400 == error(client.send(f"{DATA}/query?q={quote(query)}"))[0]


def test_a_part_of_a_compound_field_says_which_it_belongs_to(client: Client) -> None:
    fields = {each["name"]: each for each in client.get(f"{DATA}/sobjects/Account/describe")["fields"]}
    assert ("BillingAddress", "address", None) == (
        fields["BillingCity"]["compoundFieldName"],
        fields["BillingAddress"]["type"],
        fields["BillingAddress"]["compoundFieldName"],
    )


# ---------------------------------------------------------------- several records, several calls


def ids_of(client: Client, name: str, count: int) -> list[str]:
    return [record["Id"] for record in client.query(f"SELECT Id FROM {name} LIMIT {count}")["records"]]  # noqa: S608  # SOQL


def post(client: Client, target: str, content: Any) -> Any:
    answer = client.send(target, "POST", body=json.dumps(content).encode())
    assert answer.status == 200, answer.body
    return json.loads(answer.whole_body)


def test_records_come_by_their_ids_in_the_order_asked_for_with_null_for_what_is_not_there(client: Client) -> None:
    first, second = ids_of(client, "Account", 2)
    wanted = [second, "0015f00000zzzzzAAA", first[:15]]
    by_get = client.get(f"{DATA}/composite/sobjects/Account?ids={','.join(wanted)}&fields=Name,Industry")
    by_post = post(client, f"{DATA}/composite/sobjects/Account", {"ids": wanted, "fields": ["Name", "Industry"]})
    assert by_get == by_post
    assert [second, None, first] == [record and record["Id"] for record in by_get]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("ids=x&fields=Name", "MALFORMED_ID"),
        ("ids=0015f00000G3k01AAB&fields=Nothing", "INVALID_FIELD"),
        ("ids=0015f00000G3k01AAB&fields=Name)%20FROM%20User--", "INVALID_FIELD"),
        ("ids=&fields=Name", "INVALID_INPUT"),
        ("ids=0015f00000G3k01AAB", "INVALID_INPUT"),
    ],
)
def test_records_that_are_asked_for_wrongly_are_refused(client: Client, query: str, code: str) -> None:
    assert (400, code) == error(client.send(f"{DATA}/composite/sobjects/Account?{query}"))[:2]


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_no_collection_of_records_can_be_written(client: Client, method: str) -> None:
    answer = client.send(f"{DATA}/composite/sobjects", method, body=b'{"records": []}')
    assert (400, "INVALID_OPERATION") == error(answer)[:2]


def test_a_later_call_of_a_composite_request_uses_what_an_earlier_one_answered(client: Client) -> None:
    query = quote("SELECT Id, AccountId FROM Contact WHERE AccountId != NULL LIMIT 1")
    calls = [
        {"method": "GET", "referenceId": "found", "url": f"{DATA}/query?q={query}"},
        {"method": "GET", "referenceId": "account", "url": f"{DATA}/sobjects/Account/@{{found.records[0].AccountId}}"},
        {"method": "POST", "referenceId": "written", "url": f"{DATA}/sobjects/Account", "body": {"Name": "x"}},
    ]
    answers = post(client, f"{DATA}/composite", {"allOrNone": False, "compositeRequest": calls})["compositeResponse"]
    assert [("found", 200), ("account", 200), ("written", 400)] == [
        (each["referenceId"], each["httpStatusCode"]) for each in answers
    ]
    assert answers[0]["body"]["records"][0]["AccountId"] == answers[1]["body"]["Id"]


def test_the_calls_of_a_batch_are_answered_one_by_one(client: Client) -> None:
    calls = [{"method": "GET", "url": "v64.0/limits"}, {"method": "GET", "url": "v64.0/nothing"}]
    answer = post(client, f"{DATA}/composite/batch", {"batchRequests": calls})
    assert (True, [200, 404]) == (answer["hasErrors"], [each["statusCode"] for each in answer["results"]])


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"compositeRequest": []},
        {"compositeRequest": "x"},
        {"compositeRequest": [1]},
        {"compositeRequest": [{"method": "GET", "url": DATA}]},
    ],
)
def test_a_composite_request_that_is_none_is_refused(client: Client, content: Any) -> None:
    answer = client.send(f"{DATA}/composite", "POST", body=json.dumps(content).encode())
    assert (400, "INVALID_INPUT") == error(answer)[:2]


@pytest.mark.parametrize(
    ("all_or_none", "expected"),
    [
        (False, [(200, ""), (404, "NOT_FOUND"), (400, "PROCESSING_HALTED")]),
        (True, [(400, "PROCESSING_HALTED"), (404, "NOT_FOUND"), (400, "PROCESSING_HALTED")]),
    ],
)
def test_a_call_that_fails_takes_the_others_with_it_if_so_asked_and_what_refers_to_it_always(
    client: Client, *, all_or_none: bool, expected: list[tuple[int, str]]
) -> None:
    urls = (f"{DATA}/limits", f"{DATA}/nothing", f"{DATA}/sobjects/Account/@{{r1.Id}}")
    calls = [{"method": "GET", "referenceId": f"r{n}", "url": url} for n, url in enumerate(urls)]
    content = {"allOrNone": all_or_none, "compositeRequest": calls}
    answers = post(client, f"{DATA}/composite", content)["compositeResponse"]
    codes = [each["body"][0]["errorCode"] if isinstance(each["body"], list) else "" for each in answers]
    assert expected == list(zip((each["httpStatusCode"] for each in answers), codes, strict=True))


@pytest.mark.parametrize(("halt", "expected"), [(False, [404, 200]), (True, [404, 412])])
def test_a_batch_stops_at_an_error_if_so_asked(client: Client, *, halt: bool, expected: list[int]) -> None:
    calls = [{"method": "GET", "url": "v64.0/nothing"}, {"method": "GET", "url": "v64.0/limits"}]
    answer = post(client, f"{DATA}/composite/batch", {"haltOnError": halt, "batchRequests": calls})
    assert expected == [each["statusCode"] for each in answer["results"]]


def test_a_composite_request_has_no_other_in_it(client: Client) -> None:
    inner = {"method": "POST", "referenceId": "a", "url": f"{DATA}/composite", "body": {"compositeRequest": []}}
    [answer] = post(client, f"{DATA}/composite", {"compositeRequest": [inner]})["compositeResponse"]
    assert 400 == answer["httpStatusCode"]


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from([DATA, f"{DATA}/limits", "GET", "@{a.b}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
CALLS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("method", "url", "referenceId", "body", "richInput"), JSON_VALUES)
)


@given(
    calls=st.lists(CALLS | JSON_VALUES, max_size=4), options=JSON_VALUES, kind=st.sampled_from(["composite", "batch"])
)
@settings(max_examples=50)
def test_a_composite_request_of_anything_gets_an_answer(
    database: Database, calls: Any, options: Any, kind: str
) -> None:
    name, path = ("compositeRequest", "composite") if kind == "composite" else ("batchRequests", "composite/batch")
    body = json.dumps({name: calls, "allOrNone": options, "haltOnError": options}).encode()
    assert Client(database).send(f"{DATA}/{path}", "POST", body=body).status in {200, 400}


# ---------------------------------------------------------------- what changed, layouts, and what is not there


def test_changed_records_are_listed_in_a_span_of_time(client: Client) -> None:
    since = quote("2026-11-01T00:00:00+00:00")
    found = client.get(f"{DATA}/sobjects/Contact/updated?start={since}&end=2026-11-24T00:00:00Z")
    changed = "SELECT COUNT() FROM Contact WHERE SystemModstamp >= 2026-11-01T00:00:00Z"
    assert client.query(changed)["totalSize"] == len(found["ids"]) > 0
    assert "2026-11-24T00:00:00.000+0000" == found["latestDateCovered"]


def test_deleted_records_are_listed_in_a_span_of_time(client: Client) -> None:
    found = client.get(f"{DATA}/sobjects/Contact/deleted?start=2026-11-01T00:00:00Z&end=2026-11-24T00:00:00Z")
    query = "SELECT COUNT() FROM Contact WHERE IsDeleted = TRUE AND SystemModstamp >= 2026-11-01T00:00:00Z"
    assert client.query(query, "queryAll")["totalSize"] == len(found["deletedRecords"])
    assert {"earliestDateAvailable", "latestDateCovered"} <= found.keys()


@pytest.mark.parametrize(
    "span",
    [
        "",
        "start=yesterday&end=today",
        "start=2026-11-22T00:00:00Z&end=2026-11-21T00:00:00Z",
        "start=2020-01-01T00:00:00Z&end=2026-11-21T00:00:00Z",
        "start=0001-01-01T00:00:00%2B23:00&end=2026-11-21T00:00:00Z",
    ],
)
def test_a_span_of_time_that_is_none_is_refused(client: Client, span: str) -> None:
    assert (400, "INVALID_REPLICATION_DATE") == error(client.send(f"{DATA}/sobjects/Contact/updated?{span}"))[:2]


def test_an_object_has_a_layout_of_its_fields_and_a_tab(client: Client) -> None:
    [layout] = client.get(f"{DATA}/sobjects/Case/describe/layouts")["layouts"]
    [section] = layout["detailLayoutSections"]
    fields = client.get(f"{DATA}/sobjects/Case/describe")["fields"]
    assert len(fields) == section["rows"]
    assert layout == client.get(f"{DATA}/sobjects/Case/describe/layouts/012000000000000AAA")
    assert "Case" in [tab["sobjectName"] for tab in client.get(f"{DATA}/tabs")]


def test_nobody_has_looked_at_anything_or_made_a_list_view(client: Client) -> None:
    assert [] == client.get(f"{DATA}/recent")
    assert (True, []) == tuple(client.get(f"{DATA}/sobjects/Case/listviews")[name] for name in ("done", "listviews"))


@pytest.mark.parametrize("name", ["tooling", "chatter", "ui-api", "wave", "composite/tree", "composite/graph"])
def test_what_is_not_simulated_says_so_by_its_name(client: Client, name: str) -> None:
    answer = client.send(f"{DATA}/{name}/x", "POST", body=b"{}")
    assert (404, "NOT_FOUND", f"{name} is not simulated in this practice org") == error(answer)


def test_the_resources_say_who_asks(client: Client) -> None:
    assert client.get(DATA)["identity"].startswith("/id/00D5f000000PRACEA4/005")


# ---------------------------------------------------------------- searches


def found_by(client: Client, text: str) -> list[Any]:
    records: list[Any] = client.get(f"{DATA}/search?q={quote(text)}")["searchRecords"]
    return records


def test_a_search_finds_records_of_several_objects(client: Client) -> None:
    found = found_by(client, "FIND {an*} IN ALL FIELDS RETURNING Contact(Id, Name LIMIT 3), Account(Name LIMIT 2)")
    assert ["Contact"] * 3 + ["Account"] * 2 == [record["attributes"]["type"] for record in found]


def test_a_search_in_names_finds_what_has_all_its_words(client: Client) -> None:
    [contact] = client.query("SELECT Name, LastName FROM Contact WHERE FirstName != NULL LIMIT 1")["records"]
    found = found_by(client, f"FIND {{{contact['Name']}}} IN NAME FIELDS RETURNING Contact(Name)")
    assert {contact["Name"]} == {record["Name"] for record in found}


def test_a_search_takes_a_condition_an_order_and_a_limit(client: Client) -> None:
    clauses = "WHERE LastName LIKE 'S%' ORDER BY LastName DESC"
    found = found_by(client, f"FIND {{s}} RETURNING Contact(LastName {clauses} LIMIT 4) LIMIT 2")
    expected = client.query(f"SELECT LastName FROM Contact {clauses} LIMIT 2")["records"]  # noqa: S608  # SOQL
    assert expected == found


def test_a_search_of_an_older_version_answers_an_array(client: Client) -> None:
    text = quote("FIND {a} RETURNING Contact LIMIT 1")
    assert ["attributes", "Id"] == list(client.get(f"/services/data/v36.0/search?q={text}")[0])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "MALFORMED_SEARCH"),
        ("FIND smith", "MALFORMED_SEARCH"),
        ("FIND {}", "MALFORMED_SEARCH"),
        ("FIND {**}", "MALFORMED_SEARCH"),
        ("FIND {a OR b}", "MALFORMED_SEARCH"),
        ("FIND {a} IN SOME FIELDS", "MALFORMED_SEARCH"),
        ("FIND {a} RETURNING", "MALFORMED_SEARCH"),
        ("FIND {a} RETURNING Contact(Id", "MALFORMED_SEARCH"),
        ("FIND {a} WITH DIVISION = 'x'", "MALFORMED_SEARCH"),
        ("FIND {a} RETURNING Nothing", "INVALID_TYPE"),
        ("FIND {a} RETURNING Contact(Nothing)", "INVALID_FIELD"),
        ("FIND {a} RETURNING Contact(Id WHERE)", "MALFORMED_SEARCH"),
    ],
)
def test_a_search_that_is_wrong_is_refused(client: Client, text: str, code: str) -> None:
    assert (400, code) == error(client.send(f"{DATA}/search?q={quote(text)}"))[:2]


@pytest.mark.parametrize(
    "word", ["O'Neill", "100%", "a_b", "back\\\\slash", "it\\'s", "(x", '"quick parcel"', "\\{x\\}"]
)
def test_a_search_takes_any_words(client: Client, word: str) -> None:
    assert isinstance(found_by(client, f"FIND {{{word}}} RETURNING Contact, Account"), list)


@given(st.text(max_size=40))
def test_a_search_of_any_text_gets_an_answer(database: Database, text: str) -> None:
    client = Client(database)
    assert client.send(f"{DATA}/search?q={quote('FIND {a} ' + text)}").status in {200, 400}
    assert client.send(f"{DATA}/search?q={quote('FIND {' + text + '} RETURNING Profile')}").status in {200, 400}
