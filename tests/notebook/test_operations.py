"""The partner API's operations, held against the WSDL of the tests and against the practice org."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from sfmtls_nb import NotSoapError, Secret, Session, SoapFault
from sfmtls_nb.notebook.operations import OPERATIONS, WHAT, Field, body_of
from sfmtls_nb.soap import PARTNER, to_bytes

WSDL = Path(__file__).parents[1] / "peers" / "partner.wsdl"
XSD = "{http://www.w3.org/2001/XMLSchema}"
IN_WSDL = {
    element.get("name"): [
        (field.get("name"), str(field.get("type")).rpartition(":")[2])
        for field in element.iterfind(f"{XSD}complexType/{XSD}sequence/{XSD}element")
    ]
    for element in etree.parse(WSDL).iter(f"{XSD}element")
}


@pytest.mark.parametrize("name", ["getUserInfo", "query"])
def test_an_operation_has_the_fields_of_the_wsdl(name: str) -> None:
    assert IN_WSDL[name] == [(field.name, field.type) for field in OPERATIONS[name]]


def test_each_operation_says_what_it_does() -> None:
    assert [*OPERATIONS] == [name for name, what in WHAT.items() if what]


@pytest.mark.parametrize("name", ["login", "create", "update", "upsert"])
def test_what_takes_more_than_texts_is_left_out(name: str) -> None:
    assert name not in OPERATIONS


@pytest.mark.parametrize("name", ["password", "oldPassword", "newPassword", "sessionIds"])
def test_a_field_for_a_secret_says_so(name: str) -> None:
    assert Field(name, "string").secret


def test_any_other_field_is_no_secret() -> None:
    assert not Field("sObjectType", "string").secret


def test_a_field_that_repeats_stands_once_for_each_value() -> None:
    body = body_of("describeSObjects", {"sObjectType": ["Account", "Contact"]})
    assert [each.text for each in body.iterfind(f"{{{PARTNER}}}sObjectType")] == ["Account", "Contact"]


def test_a_secret_goes_into_the_body() -> None:
    assert b"<urn:password>sesame</urn:password>" in to_bytes(body_of("setPassword", {"password": [Secret("sesame")]}))


def test_markup_in_a_value_stays_text() -> None:
    assert b"&lt;b>" in to_bytes(body_of("search", {"searchString": ["<b>"]})).replace(b"&gt;", b">")


def test_what_xml_cannot_hold_is_an_error_of_ours() -> None:
    with pytest.raises(NotSoapError, match="query"):
        body_of("query", {"queryString": ["\0"]})


def test_the_org_understands_a_field_that_repeats(session: Session) -> None:
    reply = session.soap(body_of("describeSObjects", {"sObjectType": ["Account", "Contact"]}))
    assert [each.findtext("{*}name") for each in reply.results] == ["Account", "Contact"]


def test_the_org_refuses_what_it_does_not_know(session: Session) -> None:
    with pytest.raises(SoapFault, match="INVALID_TYPE"):
        session.soap(body_of("describeSObjects", {"sObjectType": ["Account", "Nothing"]}))
