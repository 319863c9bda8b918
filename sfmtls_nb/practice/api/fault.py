"""Faults: a refusal as a SOAP fault, in the shapes of the partner WSDL."""

from __future__ import annotations

from typing import Final

from lxml import etree
from lxml.builder import ElementMaker

from sfmtls_nb.practice.api.envelope import ENV
from sfmtls_nb.practice.api.xml import legal, serialize
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer

_FAULT: Final = "urn:fault.partner.soap.sforce.com"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

_MESSAGES: Final = {
    "MUTUAL_AUTHENTICATION_FAILED": "This session could not be mutually authenticated for use with the API",
    # Salesforce's own message ends with the whole session id, which does not belong in an error message.
    "INVALID_SESSION_ID": "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session "
    "key: {organization}",
}
#: The types that extend ApiFault.
_KINDS: Final = {
    "INVALID_LOGIN": "LoginFault",
    "LOGIN_MUST_USE_SECURITY_TOKEN": "LoginFault",
    "MALFORMED_QUERY": "MalformedQueryFault",
    "MALFORMED_SEARCH": "MalformedSearchFault",
    "INVALID_FIELD": "InvalidFieldFault",
    "INVALID_TYPE": "InvalidSObjectFault",
    "INVALID_QUERY_LOCATOR": "InvalidQueryLocatorFault",
    "MALFORMED_ID": "InvalidIdFault",
}
#: Those that extend ApiQueryFault, which always has row and column: -1 where there is no query to point at.
_OF_QUERIES: Final = frozenset(
    {"MalformedQueryFault", "MalformedSearchFault", "InvalidFieldFault", "InvalidSObjectFault"}
)


def fault_answer(refusal: RefusedError, session_id: str, namespace: str = _FAULT) -> Answer:
    """Write a refusal. session_id: of the call; only the organization's id in it is shown.

    namespace: of the fault's code; only the partner API's faults have a detail.
    """
    message = refusal.message or _MESSAGES[refusal.code].format(organization=session_id[:15])
    code = ""
    env = ElementMaker(namespace=ENV, nsmap={"soapenv": ENV, "sf": namespace, "xsi": _XSI})
    if refusal.code == "Client":
        # [simulated] The answer to a message that is not SOAP.
        content = env.Fault(_plain("faultcode", "soapenv:Client"), _plain("faultstring", message))
    else:
        code = refusal.code
        content = env.Fault(_plain("faultcode", f"sf:{code}"), _plain("faultstring", f"{code}: {message}"))
        if namespace == _FAULT:
            etree.SubElement(content, "detail").append(_kind(refusal, message))
    # [simulated] The status is SOAP 1.1's (section 6.2); Salesforce's was not found.
    return Answer(500, "text/xml; charset=utf-8", serialize(env.Envelope(env.Body(content))), code=code)


def wrong_method(refusal: RefusedError) -> Answer:
    """Write the refusal of an HTTP method that is not POST."""
    page = f"<html><body>{refusal.message}</body></html>".encode()
    return Answer(405, "text/html; charset=UTF-8", page, {"Allow": "POST"})


def _kind(refusal: RefusedError, message: str) -> etree._Element:
    sf = ElementMaker(namespace=_FAULT)
    name = _KINDS.get(refusal.code, "UnexpectedErrorFault")
    kind = sf(
        name,
        {f"{{{_XSI}}}type": f"sf:{name}"},
        sf.exceptionCode(refusal.code),
        sf.exceptionMessage(legal(message)),
    )
    if name in _OF_QUERIES:
        row, column = (-1, -1) if refusal.row is None else (refusal.row, refusal.column)
        kind.extend([sf.row(str(row)), sf.column(str(column))])
    return kind


def _plain(name: str, text: str) -> etree._Element:
    element = etree.Element(name)
    element.text = legal(text)
    return element
