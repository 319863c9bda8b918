"""Envelope: SOAP messages, built from nodes and never from strings.

Shapes are those of the partner WSDL, API 58; CONTRIBUTING.md, "What we know of Salesforce", says which are documented.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Final

from lxml import etree

from sfmtls_nb.errors import NotSoapError
from sfmtls_nb.secret import Secret, SecretBytes
from sfmtls_nb.xml import parse_xml

SOAPENV: Final = "http://schemas.xmlsoap.org/soap/envelope/"
PARTNER: Final = "urn:partner.soap.sforce.com"


def build_element(name: str, fields: Mapping[str, str | Secret] | None = None) -> etree._Element:
    """``<name>`` in the partner namespace with one child a field: an operation such as ``query``, or a header.

    Text is put into nodes: ``<`` in it stays text. Raises NotSoapError for names and text that XML cannot hold.
    """
    try:
        element = etree.Element(etree.QName(PARTNER, name), nsmap={"urn": PARTNER})
        for field, value in (fields or {}).items():
            child = etree.SubElement(element, etree.QName(PARTNER, field))
            child.text = value.reveal() if isinstance(value, Secret) else value
    except ValueError as error:
        raise NotSoapError(
            f"{name} cannot be written as XML",
            str(error),
            "an operation is named as in the WSDL, such as getUserInfo; control characters have no place in XML",
        ) from error
    return element


def build_envelope(
    body: etree._Element, session_id: Secret | None = None, headers: Iterable[etree._Element] = ()
) -> etree._Element:
    """A SOAP 1.1 envelope around ``body``, with a SessionHeader if there is a session, and with these other headers.

    A body that is a whole envelope already is taken as it is; it gets the SessionHeader only if it has none.
    """
    if body.tag == f"{{{SOAPENV}}}Envelope":
        root = copy.deepcopy(body)
    else:
        root = etree.Element(etree.QName(SOAPENV, "Envelope"), nsmap={"soapenv": SOAPENV, "urn": PARTNER})
        etree.SubElement(root, etree.QName(SOAPENV, "Body")).append(copy.deepcopy(body))
    added = list(headers)
    if session_id and root.find(f"{{{SOAPENV}}}Header/{{{PARTNER}}}SessionHeader") is None:
        added.append(build_element("SessionHeader", {"sessionId": session_id}))
    if added:
        header = root.find(f"{{{SOAPENV}}}Header")
        if header is None:
            header = etree.Element(etree.QName(SOAPENV, "Header"))
            root.insert(0, header)
        header.extend(added)
    return root


def parse_typed(text: str) -> etree._Element:
    """XML that a user typed: a body, or a whole envelope. Elements without a namespace are put into the partner namespace.

    Raises NotSoapError where it is not well-formed, and says where.
    """
    root = parse_xml(
        text.strip().encode(errors="surrogatepass"),
        what="the XML you gave",
        advice="correct it there; in text, < is written &lt; and & is written &amp;",
        # Typed text is text already, whatever encoding its first line declares.
        encoding="utf-8",
    )
    for element in root.iter(etree.Element):
        if etree.QName(element).namespace is None:
            element.tag = etree.QName(PARTNER, str(element.tag)).text
    return root


def serialize(root: etree._Element) -> SecretBytes:
    """The document as it goes over the wire."""
    return SecretBytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
