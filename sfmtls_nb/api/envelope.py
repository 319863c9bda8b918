"""Envelope: SOAP messages, built from nodes and never from strings.

Shapes are those of the partner WSDL, API 58; CONTRIBUTING.md, "What we know of Salesforce", says which are documented.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Final

from lxml import etree

from sfmtls_nb.errors import NotSoapError, require
from sfmtls_nb.secret import Secret, SecretBytes
from sfmtls_nb.xml import parse_xml

SOAPENV: Final = "http://schemas.xmlsoap.org/soap/envelope/"
PARTNER: Final = "urn:partner.soap.sforce.com"

# All but the characters of XML 1.0 (section 2.2).
# Not compiled before it is needed: that takes as long as loading this package.
_UNFIT: Final = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
# What examples have in the place of a session id; no id and no token has one of these characters.
_PLACEHOLDER: Final = re.compile(r"[${}<>?\s]|^$")


def build_element(name: str, fields: Mapping[str, str | Secret] | None = None) -> etree._Element:
    """``<name>`` in the partner namespace with one child a field: an operation such as ``query``, or a header.

    Text is put into nodes: ``<`` in it stays text. Raises NotSoapError for names and text that XML cannot hold.
    """
    if fields is not None:
        require(fields, Mapping, f"what {name} is given")
    try:
        element = etree.Element(etree.QName(PARTNER, name), nsmap={"urn": PARTNER})
        for field, value in (fields or {}).items():
            etree.SubElement(element, etree.QName(PARTNER, field)).text = _text(name, field, value)
    except (TypeError, ValueError) as error:
        raise NotSoapError(
            f"{name} cannot be written as XML",
            str(error),
            "an operation is named as in the WSDL, such as getUserInfo, and so are its fields",
        ) from error
    return element


def _text(name: str, field: str, value: object) -> str:
    """The text of a field, if XML can hold it. A value is not quoted: it may be a password."""
    if not isinstance(value, str | Secret):
        raise NotSoapError(
            f"{field} of {name} cannot be written as XML: it is not text",
            f"it is of the type {type(value).__name__}",
            f'write it as XML has it, such as {{"{field}": "200"}}; true and false are in small letters',
        )
    # No variable here holds the text: a traceback that shows variables would show it.
    if unfit := re.search(_UNFIT, value.reveal() if isinstance(value, Secret) else value):
        raise NotSoapError(
            f"{field} of {name} cannot be written as XML",
            f"it has a character that XML has no place for, U+{ord(unfit[0]):04X}",
            f"type {field} again: such a character is invisible, and was copied along with what can be seen",
        )
    return value.reveal() if isinstance(value, Secret) else value


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
    own = root.find(f"{{{SOAPENV}}}Header/{{{PARTNER}}}SessionHeader")
    if session_id and own is not None:
        _refuse_placeholder(own)
    if session_id and own is None:
        added.append(build_element("SessionHeader", {"sessionId": session_id}))
    if added:
        header = root.find(f"{{{SOAPENV}}}Header")
        if header is None:
            header = etree.Element(etree.QName(SOAPENV, "Header"))
            root.insert(0, header)
        header.extend(added)
    return root


def _refuse_placeholder(header: etree._Element) -> None:
    text = (header.findtext("{*}sessionId") or "").strip()
    if _PLACEHOLDER.search(text):
        raise NotSoapError(
            "the envelope brings a SessionHeader, and a placeholder where the session id should be",
            f"its sessionId is {text[:20]!r}" if text else "its sessionId is empty",
            "take the SessionHeader out of the envelope: that of the session you are signed in with is put in",
        )


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
