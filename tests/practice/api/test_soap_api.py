"""The simulated partner API as a pure function: a request in, an answer out, and no socket anywhere."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from lxml.builder import ElementMaker

from sfmtls_nb.practice.api.queries import Queries
from sfmtls_nb.practice.api.soap import SoapApi
from sfmtls_nb.practice.data import Database, eighteen
from sfmtls_nb.practice.mutual import Presented
from sfmtls_nb.practice.request import Answer, Listener, Request
from sfmtls_nb.practice.state import OrgState

ENV = "http://schemas.xmlsoap.org/soap/envelope/"
PARTNER = "urn:partner.soap.sforce.com"
PATH = "/services/Soap/u/41.0"
DATABASE = Database(now=datetime(2026, 11, 23, tzinfo=UTC))
NOTHING = Presented(certificate=False, flaw=None, uploaded=False)

LOGIN_RESULT = ["metadataServerUrl", "passwordExpired", "sandbox", "serverUrl", "sessionId", "userId", "userInfo"]
USER_INFO = re.findall(
    r"\w+",
    """
    accessibilityMode chatterExternal currencySymbol orgAttachmentFileSizeLimit orgDefaultCurrencyIsoCode
    orgDefaultCurrencyLocale orgDisallowHtmlAttachments orgHasPersonAccounts organizationId organizationMultiCurrency
    organizationName profileId roleId sessionSecondsValid userDefaultCurrencyIsoCode userEmail userFullName userId
    userLanguage userLocale userName userTimeZone userType userUiSkin
    """,
)

_soapenv = ElementMaker(namespace=ENV, nsmap={"soapenv": ENV})
_partner = ElementMaker(namespace=PARTNER, nsmap={None: PARTNER})


@pytest.fixture
def state() -> OrgState:
    return OrgState([], [])


def ask(
    state: OrgState, body: bytes, *, method: str = "POST", path: str = PATH, server: str = "https://na30.salesforce.com"
) -> Answer:
    api = SoapApi(state, Queries(DATABASE, state.clock), DATABASE)
    return api.answer(Request(Listener.API, method, path, {}, body, (), server), NOTHING)


def envelope(operation: etree._Element, session_id: str = "") -> bytes:
    header = _soapenv.Header(_partner.SessionHeader(_partner.sessionId(session_id)))
    return etree.tostring(_soapenv.Envelope(header, _soapenv.Body(operation)))


def login_body(username: str, password: str) -> bytes:
    return envelope(_partner.login(_partner.username(username), _partner.password(password)))


def sign_in(state: OrgState, name: str = "standard", **options: Any) -> Answer:
    user = next(user for user in state.users if user.name == name)
    return ask(state, login_body(user.username, user.password), **options)


def session_of(state: OrgState, name: str = "standard") -> str:
    return text(sign_in(state, name), "sessionId")


def get_user_info(state: OrgState, session_id: str, **options: Any) -> Answer:
    return ask(state, envelope(_partner.getUserInfo(), session_id), **options)


def text(answer: Answer, name: str) -> str:
    return etree.fromstring(answer.whole_body).findtext(f".//{{*}}{name}") or ""


def children(answer: Answer, name: str) -> list[str]:
    element = etree.fromstring(answer.whole_body).find(f".//{{*}}{name}")
    assert element is not None
    return [etree.QName(child).localname for child in element]


def fault(code: str, message: str, kind: str = "UnexpectedErrorFault") -> bytes:
    """A fault as it was captured, its line breaks and indentation taken out."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{ENV}" xmlns:sf="urn:fault.partner.soap.sforce.com"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>'
        f"<faultcode>sf:{code}</faultcode><faultstring>{code}: {message}</faultstring>"
        f'<detail><sf:{kind} xsi:type="sf:{kind}"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:{kind}></detail>"
        "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    ).encode()


INVALID_LOGIN = fault(
    "INVALID_LOGIN", "Invalid username, password, security token; or user locked out.", kind="LoginFault"
)
UNSUPPORTED = fault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")


def test_login_answers_in_schema_order(state: OrgState) -> None:
    assert children(sign_in(state), "result") == LOGIN_RESULT


def test_login_tells_about_the_user_in_schema_order(state: OrgState) -> None:
    assert children(sign_in(state), "userInfo") == USER_INFO


def test_login_begins_like_the_captured_answer(state: OrgState) -> None:
    captured = (
        b'<?xml version="1.0" encoding="UTF-8"?>'
        b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        b' xmlns="urn:partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        b"<soapenv:Body><loginResponse><result>"
        b"<metadataServerUrl>https://na30.salesforce.com/services/Soap/m/41.0/00D5f000000PRAC</metadataServerUrl>"
        b"<passwordExpired>false</passwordExpired><sandbox>false</sandbox>"
        b"<serverUrl>https://na30.salesforce.com/services/Soap/u/41.0/00D5f000000PRAC</serverUrl>"
    )
    assert captured == sign_in(state).whole_body[: len(captured)]


def test_login_gives_a_session_id_of_the_org(state: OrgState) -> None:
    assert re.fullmatch(r"00D5f000000PRAC![\w.]{96}", session_of(state))


def test_login_gives_each_time_another_session_id(state: OrgState) -> None:
    assert session_of(state) != session_of(state)


def test_login_takes_the_username_in_any_case(state: OrgState) -> None:
    user = state.users[0]
    assert ask(state, login_body(user.username.upper(), user.password)).status == 200


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("standard@practice.example", "wrong"),
        ("standard@practice.example", ""),
        ("nobody@practice.example", "wrong"),
        ("", ""),
    ],
)
def test_login_refuses_what_it_does_not_know_with_the_documented_fault(
    state: OrgState, username: str, password: str
) -> None:
    assert ask(state, login_body(username, password)).whole_body == INVALID_LOGIN


def test_login_refuses_the_password_of_another_user(state: OrgState) -> None:
    one, other = state.users
    assert ask(state, login_body(one.username, other.password)).whole_body == INVALID_LOGIN


def test_login_refuses_the_right_password_in_another_case(state: OrgState) -> None:
    user = state.users[0]
    assert ask(state, login_body(user.username, user.password.swapcase())).whole_body == INVALID_LOGIN


def test_login_refuses_an_empty_login_element(state: OrgState) -> None:
    assert ask(state, envelope(_partner.login())).whole_body == INVALID_LOGIN


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")))
def test_login_takes_any_password_that_xml_can_hold(password: str) -> None:
    state = OrgState([], [])
    state.users[0].password = password
    assert sign_in(state, state.users[0].name).status == 200


def test_a_session_says_who_the_user_is_in_schema_order(state: OrgState) -> None:
    assert children(get_user_info(state, session_of(state)), "result") == USER_INFO


def test_a_session_says_what_is_missing_as_nil(state: OrgState) -> None:
    root = etree.fromstring(get_user_info(state, session_of(state)).whole_body)
    nil = [etree.QName(element).localname for element in root.iter() if "true" in element.attrib.values()]
    assert nil == ["roleId", "userDefaultCurrencyIsoCode"]


@pytest.mark.parametrize("name", ["standard", "enforced"])
def test_a_session_belongs_to_who_signed_in(state: OrgState, name: str) -> None:
    assert text(sign_in(state, name), "userName") == f"{name}@practice.example"


def test_a_session_counts_its_calls_in_the_limit_info_header(state: OrgState) -> None:
    session_id = session_of(state)
    answers = [get_user_info(state, session_id) for _ in range(3)]
    assert [text(answer, "current") for answer in answers] == ["1", "2", "3"]


def test_a_session_shows_the_limit_info_header_as_captured(state: OrgState) -> None:
    captured = (
        b"<soapenv:Header><LimitInfoHeader><limitInfo><current>1</current><limit>15000</limit>"
        b"<type>API REQUESTS</type></limitInfo></LimitInfoHeader></soapenv:Header><soapenv:Body><getUserInfoResponse>"
    )
    assert captured in get_user_info(state, session_of(state)).whole_body


def test_a_session_has_no_limit_info_header_in_the_login_answer(state: OrgState) -> None:
    assert b"LimitInfoHeader" not in sign_in(state).whole_body


def test_a_session_is_ended_by_logout(state: OrgState) -> None:
    session_id = session_of(state)
    ask(state, envelope(_partner.logout(), session_id))
    assert text(get_user_info(state, session_id), "faultcode") == "sf:INVALID_SESSION_ID"


def test_a_session_is_not_ended_by_the_logout_of_another(state: OrgState) -> None:
    session_id = session_of(state)
    ask(state, envelope(_partner.logout(), session_of(state)))
    assert get_user_info(state, session_id).status == 200


def test_a_session_is_found_between_spaces_and_line_breaks_as_people_paste_it(state: OrgState) -> None:
    assert get_user_info(state, f"\n   {session_of(state)}\n ").status == 200


@pytest.mark.parametrize("operation", ["getUserInfo", "logout"])
@pytest.mark.parametrize("session_id", ["", "00D36000000bLGT!AQQAQMlp30Zpiy6"])
def test_a_session_that_is_unknown_gets_the_documented_fault(state: OrgState, operation: str, session_id: str) -> None:
    expected = fault(
        "INVALID_SESSION_ID",
        "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session key: "
        + session_id[:15],
    )
    assert expected == ask(state, envelope(_partner(operation), session_id)).whole_body


def test_a_session_id_does_not_come_back_in_the_fault(state: OrgState) -> None:
    assert b"AQQAQMlp30Zpiy6" not in get_user_info(state, "00D36000000bLGT!AQQAQMlp30Zpiy6").whole_body


@pytest.mark.parametrize(
    "path",
    [
        "/services/Soap/u/41.0/",
        "/services/Soap/u/41.0/00D5f000000PRAC",
        "/services/Soap/u/41.0/00D5f000000PRACEA4",
        "/services/Soap/u/31.0",
        "/services/Soap/u/64.0",
    ],
)
def test_the_version_may_be_followed_by_the_organization(state: OrgState, path: str) -> None:
    assert sign_in(state, path=path).status == 200


@pytest.mark.parametrize("version", ["30.0", "69.0", "0.0", "41", "41.1", "999.0", "9999.0", "x", "", "41.0/x/y"])
def test_the_version_that_is_not_served_gets_the_documented_fault(state: OrgState, version: str) -> None:
    assert sign_in(state, path=f"/services/Soap/u/{version}").whole_body == UNSUPPORTED


def test_the_version_65_has_no_login(state: OrgState) -> None:
    assert text(sign_in(state, path="/services/Soap/u/65.0"), "faultcode") == "sf:UNSUPPORTED_API_VERSION"


def test_the_version_65_has_the_other_operations(state: OrgState) -> None:
    assert get_user_info(state, session_of(state), path="/services/Soap/u/65.0").status == 200


def test_the_version_of_the_call_is_the_version_in_the_server_url(state: OrgState) -> None:
    answer = sign_in(state, path="/services/Soap/u/58.0")
    assert text(answer, "serverUrl") == "https://na30.salesforce.com/services/Soap/u/58.0/00D5f000000PRAC"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "post"])
def test_a_method_other_than_post_is_refused(state: OrgState, method: str) -> None:
    assert sign_in(state, method=method).status == 405


def test_a_method_that_is_allowed_is_named(state: OrgState) -> None:
    assert sign_in(state, method="GET").headers["Allow"] == "POST"


BOMB = (
    b'<!DOCTYPE b [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    + b"]>"
)
NOT_SOAP = {
    "nothing": b"",
    "text": b"username=x&password=y",
    "JSON": b'{"username": "x"}',
    "HTML": b"<html><br></html>",
    "half an envelope": envelope(_partner.getUserInfo())[:-20],
    "another root": b"<login/>",
    "an envelope of SOAP 1.2": envelope(_partner.getUserInfo()).replace(
        ENV.encode(), b"http://www.w3.org/2003/05/soap-envelope"
    ),
    "an empty body": envelope(_partner.getUserInfo()).replace(
        b'<getUserInfo xmlns="urn:partner.soap.sforce.com"/>', b""
    ),
    "two operations": envelope(_partner.getUserInfo()).replace(b"</soapenv:Body>", b"<a/></soapenv:Body>"),
    "an unknown operation": envelope(_partner.fly(_partner.queryString("SELECT"))),
    "an operation in no namespace": envelope(etree.Element("getUserInfo")),
    "a private name": envelope(_partner._login()),
    "bytes that are not UTF-8": b"<a>\xff\xfe</a>",
    "an unknown encoding": b'<?xml version="1.0" encoding="klingon"?><a/>',
    "a NUL": b"\0<a/>",
    "ten thousand levels": b"<a>" * 10_000,
    "an entity bomb": BOMB + b"<a>&a11;</a>",
    "an entity bomb in an attribute": BOMB + b'<a b="&a11;"/>',
    "a DTD": b"<!DOCTYPE a>" + envelope(_partner.getUserInfo()),
    "a DTD on the network": b'<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd">' + envelope(_partner.getUserInfo()),
}


@pytest.mark.parametrize("body", NOT_SOAP.values(), ids=NOT_SOAP)
def test_what_is_not_soap_gets_a_fault_of_the_client(state: OrgState, body: bytes) -> None:
    assert text(ask(state, body), "faultcode") == "soapenv:Client"


@pytest.mark.parametrize("body", NOT_SOAP.values(), ids=NOT_SOAP)
def test_what_is_not_soap_gets_a_short_answer(state: OrgState, body: bytes) -> None:
    assert len(ask(state, body).whole_body) < 1000


def test_what_is_not_soap_does_not_get_at_files(state: OrgState, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("swordfish")
    body = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a>&x;</a>'.encode()
    assert b"swordfish" not in ask(state, body).whole_body


@given(st.binary())
@settings(max_examples=300)
def test_what_is_not_soap_never_gets_anything_but_a_fault(body: bytes) -> None:
    assert ask(OrgState([], []), body).status == 500


@given(st.data())
def test_what_is_not_soap_never_gets_anything_but_an_answer_when_a_good_call_is_damaged(data: st.DataObject) -> None:
    good = login_body("standard@practice.example", "password")
    place = data.draw(st.integers(0, len(good)))
    damaged = good[:place] + data.draw(st.binary(max_size=3)) + good[place + data.draw(st.integers(0, 3)) :]
    assert text(ask(OrgState([], []), damaged), "faultcode")


@pytest.mark.parametrize(
    ("path", "served"),
    [(PATH, True), ("/services/Soap/u/", True), ("/services/Soap/m/41.0", True), ("/services/data/v41.0", False)],
)
def test_only_soap_is_served(*, path: str, served: bool) -> None:
    assert served == SoapApi(OrgState([], []), Queries(DATABASE, datetime.now), DATABASE).serves(
        Request(Listener.API, "POST", path)
    )


@given(st.from_regex(r"[0-9A-Za-z]{15}", fullmatch=True))
def test_the_long_form_of_an_id_begins_with_the_short_one(short: str) -> None:
    assert re.fullmatch(re.escape(short) + "[A-Z0-5]{3}", eighteen(short))


def test_the_long_form_of_an_id_is_salesforces() -> None:
    assert eighteen("00536000006Z51j") == "00536000006Z51jAAC"


def test_a_state_does_not_show_passwords_or_session_ids(state: OrgState) -> None:
    session_id = session_of(state)
    assert not [secret for secret in (session_id, *(user.password for user in state.users)) if secret in repr(state)]


@pytest.mark.parametrize(
    ("version", "missing"),
    [(37, {"chatterExternal", "orgDefaultCurrencyLocale"}), (39, {"chatterExternal"}), (40, set()), (64, set())],
)
def test_login_tells_a_client_of_an_older_wsdl_what_that_wsdl_has(
    state: OrgState, version: int, missing: set[str]
) -> None:
    info = children(sign_in(state, path=f"/services/Soap/u/{version}.0"), "userInfo")
    assert [name for name in USER_INFO if name not in missing] == info


#: From the published partner WSDLs: a path to an element, and the first version that has it.
FIRST = {
    "result/mruEnabled": 35,
    "result/networkScopeFieldName": 36,
    "result/isSubtype": 39,
    "result/deepCloneable": 47,
    "result/associateEntityType": 50,
    "result/fields/aggregatable": 36,
    "result/fields/aiPredictionField": 43,
    "result/recordTypeInfos/developerName": 43,
}


@pytest.mark.parametrize(("path", "first"), FIRST.items())
def test_a_description_has_a_field_from_the_version_on_that_brought_it(state: OrgState, path: str, first: int) -> None:
    steps = "/".join(f"{{{PARTNER}}}{step}" for step in path.split("/"))
    session_id, found = session_of(state), {}
    for version in (first - 1, first):
        body = envelope(_partner.describeSObject(_partner.sObjectType("Account")), session_id)
        root = etree.fromstring(ask(state, body, path=f"/services/Soap/u/{version}.0").whole_body)
        found[version] = root.find(f".//{steps}") is not None
    assert {first - 1: False, first: True} == found


def test_an_object_that_is_not_there_gets_a_fault_with_row_and_column(state: OrgState) -> None:
    body = envelope(_partner.describeSObject(_partner.sObjectType("Nothing")), session_of(state))
    root = etree.fromstring(ask(state, body).whole_body)
    assert ["-1", "-1"] == [root.findtext(f".//{{*}}InvalidSObjectFault/{{*}}{name}") for name in ("row", "column")]


@pytest.mark.parametrize(("version", "accuracy"), [(34, []), (35, ["geocodeAccuracy"])])
def test_an_address_begins_with_its_coordinates_as_the_wsdl_has_it(
    state: OrgState, version: int, accuracy: list[str]
) -> None:
    query = _partner.query(_partner.queryString("SELECT BillingAddress FROM Account WHERE BillingCity != NULL LIMIT 1"))
    answer = ask(state, envelope(query, session_of(state)), path=f"/services/Soap/u/{version}.0")
    assert [
        *("latitude", "longitude", "city", "country", "countryCode"),
        *accuracy,
        *("postalCode", "state", "stateCode", "street"),
    ] == children(answer, "BillingAddress")


def call(state: OrgState, name: str, *fields: tuple[str, str], version: int = 58) -> Answer:
    element = _partner(name, *(_partner(field, text) for field, text in fields))
    return ask(state, envelope(element, session_of(state)), path=f"/services/Soap/u/{version}.0")


def found_in(answer: Answer, path: str) -> list[str | None]:
    steps = "/".join(f"{{*}}{step}" for step in path.split("/"))
    return [element.text for element in etree.fromstring(answer.whole_body).iterfind(f".//{steps}")]


def account_ids(state: OrgState, count: int) -> list[str]:
    answer = call(state, "query", ("queryString", f"SELECT Id FROM Account LIMIT {count}"))  # noqa: S608  # SOQL
    return [each or "" for each in found_in(answer, "records/Id")][::2]  # each Id stands twice


def test_retrieve_gives_records_in_the_order_of_their_ids_and_nil_for_what_is_not_there(state: OrgState) -> None:
    first, second = account_ids(state, 2)
    ids = [("ids", second), ("ids", "0015f00000zzzzzAAA"), ("ids", first)]
    answer = call(state, "retrieve", ("fieldList", "Id, Name"), ("sObjectType", "Account"), *ids)
    results = etree.fromstring(answer.whole_body).findall(".//{*}result")
    assert [second, None, first] == [result.findtext("{*}Id") for result in results]
    assert "true" in results[1].attrib.values()


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        (("Name", "Account", "x"), "InvalidIdFault"),
        (("Nothing", "Account", "0015f00000G3k01AAB"), "InvalidFieldFault"),
        (("Name", "Nothing", "0015f00000G3k01AAB"), "InvalidSObjectFault"),
    ],
)
def test_retrieve_of_what_is_wrong_gets_the_fault_of_its_kind(
    state: OrgState, fields: tuple[str, str, str], kind: str
) -> None:
    answer = call(state, "retrieve", *zip(("fieldList", "sObjectType", "ids"), fields, strict=True))
    assert [kind] == children(answer, "detail")


def test_a_layout_and_tabs_are_there(state: OrgState) -> None:
    assert ["1"] == found_in(call(state, "describeLayout", ("sObjectType", "Account")), "detailLayoutSections/columns")
    assert "Contact" in found_in(call(state, "describeTabs"), "tabs/sobjectName")


def test_changed_and_deleted_records_are_listed(state: OrgState) -> None:
    now = state.clock().replace(microsecond=0)
    span = ("startDate", (now - timedelta(days=20)).isoformat()), ("endDate", now.isoformat())
    assert ["ids", "latestDateCovered"] == sorted(
        set(children(call(state, "getUpdated", ("sObjectType", "Account"), *span), "result"))
    )
    answer = call(state, "getDeleted", ("sObjectType", "Account"), *span)
    assert ["earliestDateAvailable", "latestDateCovered"] == children(answer, "result")[-2:]


@pytest.mark.parametrize(("version", "first"), [(31, "searchRecords"), (32, "queryId")])
def test_a_search_answers_as_the_wsdl_has_it(state: OrgState, version: int, first: str) -> None:
    answer = call(state, "search", ("searchString", "FIND {a} RETURNING Contact(Id, Name) LIMIT 2"), version=version)
    assert first == children(answer, "result")[0]
    assert 2 == len(found_in(answer, "searchRecords/record/Name"))


def test_a_search_that_is_wrong_gets_a_fault_with_row_and_column(state: OrgState) -> None:
    answer = call(state, "search", ("searchString", "FIND smith"))
    assert ["-1"] == found_in(answer, "MalformedSearchFault/row")


@pytest.mark.parametrize("name", ["describeSoftphoneLayout", "invalidateSessions"])
def test_an_operation_that_is_not_simulated_says_so_by_its_name(state: OrgState, name: str) -> None:
    assert f"INVALID_OPERATION: {name} is not simulated in this practice org" == text(call(state, name), "faultstring")


@pytest.mark.parametrize(("letter", "api"), [("c", "enterprise API"), ("T", "tooling API")])
def test_the_address_of_another_api_says_which_it_is_and_where_the_partner_api_is(
    state: OrgState, letter: str, api: str
) -> None:
    said = text(sign_in(state, path=f"/services/Soap/{letter}/58.0"), "faultstring")
    assert api in said
    assert "/services/Soap/u/" in said
