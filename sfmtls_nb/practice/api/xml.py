"""XML of the APIs: a hardened parser, a writer, and records and descriptions in the shapes of partner SOAP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from xml.sax.saxutils import escape

from lxml import etree

from sfmtls_nb.practice.api.queries import QueryBatch, text_of
from sfmtls_nb.practice.api.wsdl import NILLABLE, NOT_IN_SOAP, at_version
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.soql import ChildResult, Compound, Record

_PARTNER: Final = "urn:partner.soap.sforce.com"
_SOBJECT: Final = "urn:sobject.partner.soap.sforce.com"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_NSMAP: Final = {None: _PARTNER, "sf": _SOBJECT, "xsi": _XSI}
_TYPE, _NIL = f"{{{_XSI}}}type", f"{{{_XSI}}}nil"
_ILLEGAL: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse(body: bytes, code: str) -> etree._Element:
    """Parse a request's XML. Raises RefusedError with ``code`` for what is not well-formed, and for a DTD."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        # [simulated] words
        raise RefusedError(code, f"The request is not well-formed XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise RefusedError(code, "A DTD is not allowed in a request")
    return root


def serialize(root: etree._Element) -> bytes:
    """Write a document with its declaration in double quotes, as Salesforce does."""
    return b'<?xml version="1.0" encoding="UTF-8"?>' + etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def legal(text: str) -> str:
    """Replace the characters that XML 1.0 cannot hold (section 2.2); a client's text may have them."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def query_result(name: str, page: QueryBatch, version: int) -> etree._Element:
    """Write a QueryResult: done, queryLocator (nil at the end), records, size."""
    return _result(f"{{{_PARTNER}}}{name}", page.records, page.size, page.locator, version)


def record_element(name: str, record: Record | None, version: int) -> etree._Element:
    """Write a record on its own, as retrieve answers it; nil where there is none."""
    if record is None:
        return etree.Element(f"{{{_PARTNER}}}{name}", {_NIL: "true"}, nsmap=_NSMAP)
    return _record(f"{{{_PARTNER}}}{name}", record, version)


def described(name: str, value: Any) -> Iterator[etree._Element]:
    """Yield a plain value as elements of the partner namespace: a list repeats, a mapping nests.

    None is nil where the WSDL demands the element, and left out where it does not.
    """
    # An element that is made on its own and then moved costs three times as much as one that is made in its place.
    place = etree.Element(f"{{{_PARTNER}}}place", nsmap=_NSMAP)
    _describe(place, f"{{{_PARTNER}}}{name}", name, value)
    yield from place


def described_text(name: str, value: Any) -> str:
    """Return what `described` yields as text, for a place where the namespaces are declared: a third of the time."""
    if isinstance(value, list):
        return "".join(described_text(name, item) for item in value)
    if isinstance(value, dict):
        inner = "".join(described_text(key, each) for key, each in value.items())
        return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"
    if value is None:
        return f'<{name} xsi:nil="true"/>' if name in NILLABLE else ""
    return f"<{name}>{escape(legal(text_of(value)))}</{name}>"


def _describe(parent: etree._Element, tag: str, name: str, value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _describe(parent, tag, name, item)
    elif value is None:
        if name in NILLABLE:
            etree.SubElement(parent, tag, {_NIL: "true"})
    else:
        element = etree.SubElement(parent, tag)
        if isinstance(value, dict):
            for key, inner in value.items():
                _describe(element, f"{{{_PARTNER}}}{key}", key, inner)
        else:
            element.text = text_of(value)


def _result(tag: str, records: Any, size: int, locator: str | None, version: int) -> etree._Element:
    element = etree.Element(tag, {_TYPE: "QueryResult"}, nsmap=_NSMAP)
    _child(element, f"{{{_PARTNER}}}done", text_of(locator is None))
    _child(element, f"{{{_PARTNER}}}queryLocator", locator)
    for record in records:
        element.append(_record(f"{{{_PARTNER}}}records", record, version))
    _child(element, f"{{{_PARTNER}}}size", str(size))
    return element


def _record(tag: str, record: Record, version: int) -> etree._Element:
    """Write a record: type, Id, then the selected fields; so a selected Id stands twice, an unselected one is nil."""
    element = etree.Element(tag, {_TYPE: "sf:sObject"}, nsmap=_NSMAP)
    _child(element, f"{{{_SOBJECT}}}type", record.type)
    _child(element, f"{{{_SOBJECT}}}Id", record.id if "Id" in record.values else None)
    for name, value in record.values.items():
        field = f"{{{_SOBJECT}}}{name}"
        if isinstance(value, Record):
            element.append(_record(field, value, version))
        elif isinstance(value, ChildResult):
            element.append(_result(field, value.records, value.size, None, version))
        elif isinstance(value, dict):
            element.append(_compound(field, value, version))
        else:
            _child(element, field, None if value is None else text_of(value))
    return element


def _compound(tag: str, value: Compound, version: int) -> etree._Element:
    """Write an address or a location: an address is a location with more, and so begins with the coordinates."""
    kind = "address" if "city" in value else "location"
    element = etree.Element(tag, {_TYPE: kind}, nsmap=_NSMAP)
    first = {name: value[name] for name in ("latitude", "longitude")}
    for name, part in at_version(kind, first | value, version, NOT_IN_SOAP).items():
        _child(element, f"{{{_PARTNER}}}{name}", None if part is None else text_of(part))
    return element


def _child(parent: etree._Element, tag: str, text: str | None) -> None:
    child = etree.SubElement(parent, tag)
    if text is None:
        child.set(_NIL, "true")
    else:
        child.text = text
