"""The simulated metadata API as a pure function: what is uploaded in Setup, as an administrator's tool reads it."""

from __future__ import annotations

import pytest
from lxml import etree
from lxml.builder import ElementMaker

from sfmtls_nb.practice.api import MetadataApi
from sfmtls_nb.practice.mutual import Authority, Presented
from sfmtls_nb.practice.request import Answer, Listener, Request
from sfmtls_nb.practice.state import OrgState

ENV = "http://schemas.xmlsoap.org/soap/envelope/"
METADATA = "http://soap.sforce.com/2006/04/metadata"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
PATH = "/services/Soap/m/64.0"
NOTHING = Presented(certificate=False, flaw=None, uploaded=False)

_soapenv = ElementMaker(namespace=ENV, nsmap={"soapenv": ENV})
_met = ElementMaker(namespace=METADATA, nsmap={None: METADATA})


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(["localhost"])


@pytest.fixture
def state(authority: Authority) -> OrgState:
    client = authority.client
    return OrgState([client.root.certificate], [client.leaf.certificate])


def ask(state: OrgState, operation: etree._Element, *, path: str = PATH, user: str = "standard") -> Answer:
    known = state.user(user)
    session_id = state.open_session(known) if known else "nobody's"
    header = _soapenv.Header(_met.SessionHeader(_met.sessionId(session_id)))
    body = etree.tostring(_soapenv.Envelope(header, _soapenv.Body(operation)))
    return MetadataApi(state).answer(Request(Listener.API, "POST", path, {}, body), NOTHING)


def listing(*kinds: str, version: str = "64.0") -> etree._Element:
    return _met.listMetadata(*(_met.queries(_met.type(kind)) for kind in kinds), _met.asOfVersion(version))


def reading(*names: str, kind: str = "InboundCertificate") -> etree._Element:
    return _met.readMetadata(_met.type(kind), *(_met.fullNames(name) for name in names))


def texts(answer: Answer, name: str) -> list[str]:
    assert answer.status == 200, answer.whole_body
    return [element.text or "" for element in etree.fromstring(answer.whole_body).iter(f"{{{METADATA}}}{name}")]


def fault(answer: Answer) -> str:
    assert answer.status == 500
    return etree.fromstring(answer.whole_body).findtext(".//faultstring") or ""


def test_what_is_uploaded_is_listed_by_name(state: OrgState, authority: Authority) -> None:
    state.uploaded_leaves.append(authority.issue("another", authority.client.intermediates[0]).certificate)
    answer = ask(state, listing("InboundCertificate"))
    files = [f"inboundCertificates/{name}.inboundCertificate" for name in texts(answer, "fullName")]
    assert (files, 2) == (texts(answer, "fileName"), len(set(files)))


def test_what_is_uploaded_is_read_by_the_names_of_the_list(state: OrgState) -> None:
    leaf = state.uploaded_leaves[0]
    record = ask(state, reading(*texts(ask(state, listing("InboundCertificate")), "fullName")))
    assert [[str(leaf.serial_number)], [leaf.not_valid_after_utc.date().isoformat()]] == [
        texts(record, "serialId"),
        texts(record, "expirationDate"),
    ]


def test_what_is_uploaded_names_its_issuer_and_its_label(state: OrgState) -> None:
    record = ask(state, reading(*texts(ask(state, listing("InboundCertificate")), "fullName")))
    assert [["CN=Practice Client Issuing CA,O=Practice Org (simulated)"], ["integration.practice.example"]] == [
        texts(record, "issuer"),
        texts(record, "masterLabel"),
    ]


def test_what_is_not_uploaded_is_read_as_nothing(state: OrgState) -> None:
    (record,) = etree.fromstring(ask(state, reading("other")).whole_body).iter(f"{{{METADATA}}}records")
    assert ("true", 0) == (record.get(f"{{{XSI}}}nil"), len(record))


def test_what_was_removed_is_listed_no_more(state: OrgState) -> None:
    state.remove_certificate(state.uploaded_leaves[0])
    assert [] == texts(ask(state, listing("InboundCertificate")), "fullName")


def test_a_description_has_the_type_of_uploaded_certificates(state: OrgState) -> None:
    assert ["InboundCertificate"] == texts(ask(state, _met.describeMetadata(_met.asOfVersion("49.0"))), "xmlName")


@pytest.mark.parametrize(("version", "enabled"), [("48.0", True), ("64.0", False)])
def test_a_description_lacks_the_type_where_it_does_not_exist(state: OrgState, version: str, enabled: bool) -> None:
    state.feature_enabled = enabled
    assert [] == texts(ask(state, _met.describeMetadata(_met.asOfVersion(version))), "xmlName")


REFUSED = {
    "an old version": (
        listing("InboundCertificate", version="48.0"),
        "INVALID_TYPE: Cannot use: InboundCertificate in",
    ),
    "an unknown type": (listing("InboundCertificates"), "INVALID_TYPE: Unknown type:InboundCertificates "),
    "a type that is not simulated": (
        reading("Account", kind="CustomObject"),
        "INVALID_TYPE: Unknown type:CustomObject ",
    ),
    "no type": (_met.readMetadata(), "INVALID_TYPE: Unknown type: "),
    "four queries": (listing(*["InboundCertificate"] * 4), "LIMIT_EXCEEDED: at most 3"),
    "eleven names": (reading(*"abcdefghijk"), "LIMIT_EXCEEDED: at most 10"),
    "an operation that is not simulated": (_met.deploy(), "INVALID_OPERATION: deploy is not simulated"),
    "an operation of another API": (_soapenv.login(), "No operation available for request"),
}


@pytest.mark.parametrize(("operation", "message"), REFUSED.values(), ids=REFUSED)
def test_a_call_is_refused_for_its_content(state: OrgState, operation: etree._Element, message: str) -> None:
    assert fault(ask(state, operation)).startswith(message)


def test_a_call_is_refused_where_support_has_not_enabled_the_feature(state: OrgState) -> None:
    state.feature_enabled = False
    refusals = [fault(ask(state, operation)) for operation in (listing("InboundCertificate"), reading("x"))]
    assert [
        "INVALID_TYPE: Cannot use: InboundCertificate in this organization",
        "INVALID_TYPE: This type of metadata is not available for this organization",
    ] == refusals


def test_a_call_is_refused_without_a_session(state: OrgState) -> None:
    assert fault(ask(state, listing("InboundCertificate"), user="nobody")).startswith("INVALID_SESSION_ID: ")


def test_a_call_is_refused_without_the_permission(state: OrgState) -> None:
    state.users[-1].profile.modify_metadata = False
    assert fault(ask(state, listing("InboundCertificate"))).startswith("INSUFFICIENT_ACCESS: use of the Metadata API")


def test_a_call_of_an_enforced_user_is_refused_on_443(state: OrgState) -> None:
    answer = ask(state, listing("InboundCertificate"), user="enforced")
    assert fault(answer).startswith("MUTUAL_AUTHENTICATION_FAILED: ")


@pytest.mark.parametrize("path", ["/services/Soap/m/30.0", "/services/Soap/m/69.0", "/services/Soap/m/x"])
def test_a_call_is_refused_in_a_version_that_is_not_there(state: OrgState, path: str) -> None:
    assert fault(ask(state, listing("InboundCertificate"), path=path)).startswith("UNSUPPORTED_API_VERSION: ")


def test_a_refusal_is_in_the_namespace_of_metadata_and_has_no_detail(state: OrgState) -> None:
    answer = etree.fromstring(ask(state, listing("x")).whole_body)
    found = answer.find(f".//{{{ENV}}}Fault")
    assert found is not None
    assert (METADATA, ["faultcode", "faultstring"]) == (found.nsmap["sf"], [element.tag for element in found])


def test_it_is_called_by_post_alone(state: OrgState) -> None:
    answer = MetadataApi(state).answer(Request(Listener.API, "GET", PATH), NOTHING)
    assert (405, "POST") == (answer.status, answer.headers["Allow"])
