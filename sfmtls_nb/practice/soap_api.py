"""The partner SOAP API at /services/Soap/u/NN.0, as far as it is simulated.

Message shapes are the partner WSDL's (API 58), in schema order; the two prologues are captured traffic. The XML is
read and written here, apart from the client's: one mistake must not be hidden by the same mistake on the other side.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lxml import etree
from lxml.builder import ElementMaker

from sfmtls_nb.practice.gate import Presented, Verdict, certificate_page, judge
from sfmtls_nb.practice.request import Answer, Request
from sfmtls_nb.practice.state import ORGANIZATION_ID, OrgState, User, eighteen

OLDEST_VERSION: Final = 31
#: The last version with login() (KB 005132110), and the newest there is: Winter '27.
LAST_LOGIN_VERSION: Final = 64
NEWEST_VERSION: Final = 68

_ENV: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_PARTNER: Final = "urn:partner.soap.sforce.com"
_FAULT: Final = "urn:fault.partner.soap.sforce.com"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_PATH: Final = re.compile(r"/services/Soap/u/(\d{1,3})\.0(?:/\w{15,18})?/?")

_result: Final = ElementMaker(namespace=_PARTNER, nsmap={None: _PARTNER, "soapenv": _ENV, "xsi": _XSI})


@dataclass(frozen=True)
class Call:
    """One SOAP call, as far as it has been understood."""

    operation: etree._Element
    session_id: str
    server: str
    version: int
    state: OrgState

    def field(self, name: str) -> str:
        return self.operation.findtext(f"{{{_PARTNER}}}{name}") or ""


class FaultError(Exception):
    """Raised on the way to an answer; becomes a SOAP fault."""

    def __init__(self, code: str, message: str, kind: str = "UnexpectedErrorFault") -> None:
        super().__init__(code, message, kind)
        self.code, self.message, self.kind = code, message, kind


def serves(request: Request) -> bool:
    """Whether the request is for this API."""
    return request.path.startswith("/services/Soap/u/")


def answer(request: Request, server: str, state: OrgState, presented: Presented) -> Answer:
    """The answer to a SOAP request. ``server`` is scheme and host as the caller should see them in serverUrl."""
    if request.method != "POST":
        page = b"<html><body>HTTP method not supported; use POST</body></html>"
        return Answer(405, "text/html; charset=UTF-8", page, {"Allow": "POST"})
    try:
        call = _understand(request, server, state)
        name = etree.QName(call.operation).localname
        user = state.sessions.get(call.session_id) if name != "login" else None
        verdict, reason = judge(request.listener, presented, enforced=user.enforced if user else None)
        if verdict is Verdict.PAGE:
            # [simulated] The page's HTTP status was not found.
            return Answer(403, "text/html; charset=UTF-8", certificate_page(reason))
        if verdict is Verdict.FAULT:
            raise FaultError(
                "MUTUAL_AUTHENTICATION_FAILED",
                "This session could not be mutually authenticated for use with the API",
            )
        return _envelope(*_OPERATIONS[name](call))
    except FaultError as fault:
        return _fault(fault)


def _understand(request: Request, server: str, state: OrgState) -> Call:
    path = _PATH.fullmatch(request.path)
    version = int(path[1]) if path else 0
    if not OLDEST_VERSION <= version <= NEWEST_VERSION:
        raise FaultError("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(request.body, parser)
    except etree.XMLSyntaxError as error:
        raise FaultError("Client", f"The request is not well-formed XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise FaultError("Client", "A DTD is not allowed in a SOAP message")
    operations = root.findall(f"{{{_ENV}}}Body/*")
    if root.tag != f"{{{_ENV}}}Envelope" or len(operations) != 1:
        raise FaultError("Client", "Expected a SOAP 1.1 envelope with one operation in its body")
    operation = operations[0]
    name = etree.QName(operation)
    if name.namespace != _PARTNER or name.localname not in _OPERATIONS:
        raise FaultError(
            "Client",
            f"No operation available for request {name.text}, please check the WSDL for the service.",
        )
    session_id = root.findtext(f"{{{_ENV}}}Header/{{{_PARTNER}}}SessionHeader/{{{_PARTNER}}}sessionId") or ""
    return Call(operation, session_id.strip(), server, version, state)


# ---------------------------------------------------------------- operations: the body's content, and the user


def _login(call: Call) -> tuple[etree._Element, OrgState | None]:
    if call.version > LAST_LOGIN_VERSION:
        # [simulated] That it is gone is documented; in which words, is not.
        raise FaultError(
            "UNSUPPORTED_API_VERSION", f"SOAP API login() is not available in version {call.version}.0", "LoginFault"
        )
    signed_in = call.state.sign_in(call.field("username"), call.field("password"))
    if signed_in is None:
        raise FaultError(
            "INVALID_LOGIN", "Invalid username, password, security token; or user locked out.", "LoginFault"
        )
    user, session_id = signed_in
    place = f"{call.version}.0/{ORGANIZATION_ID}"
    result = _result.result(
        _result.metadataServerUrl(f"{call.server}/services/Soap/m/{place}"),
        _result.passwordExpired("false"),
        _result.sandbox("false"),
        _result.serverUrl(f"{call.server}/services/Soap/u/{place}"),
        _result.sessionId(session_id),
        _result.userId(user.user_id),
        _result.userInfo(*_user_info(user)),
    )
    return _result.loginResponse(result), None


def _get_user_info(call: Call) -> tuple[etree._Element, OrgState | None]:
    user = _user(call)
    return _result.getUserInfoResponse(_result.result(*_user_info(user))), call.state


def _logout(call: Call) -> tuple[etree._Element, OrgState | None]:
    _user(call)
    del call.state.sessions[call.session_id]
    return _result.logoutResponse(), call.state


_OPERATIONS: Final[dict[str, Callable[[Call], tuple[etree._Element, OrgState | None]]]] = {
    "login": _login,
    "getUserInfo": _get_user_info,
    "logout": _logout,
}


def _user(call: Call) -> User:
    user = call.state.sessions.get(call.session_id)
    if user is None:
        raise FaultError(
            "INVALID_SESSION_ID",
            "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session key: "
            + call.session_id[:15],
        )
    call.state.calls += 1
    return user


def _user_info(user: User) -> list[etree._Element]:
    """GetUserInfoResult, in schema order. None is nil."""
    fields: dict[str, str | None] = {
        "accessibilityMode": "false",
        "chatterExternal": "false",
        "currencySymbol": "$",
        "orgAttachmentFileSizeLimit": "5242880",
        "orgDefaultCurrencyIsoCode": "USD",
        "orgDefaultCurrencyLocale": "en_US",
        "orgDisallowHtmlAttachments": "false",
        "orgHasPersonAccounts": "false",
        "organizationId": eighteen(ORGANIZATION_ID),
        "organizationMultiCurrency": "false",
        "organizationName": "Practice Org (simulated)",
        "profileId": user.profile_id,
        "roleId": None,
        "sessionSecondsValid": "7200",
        "userDefaultCurrencyIsoCode": None,
        "userEmail": user.username,
        "userFullName": user.full_name,
        "userId": user.user_id,
        "userLanguage": "en_US",
        "userLocale": "en_US",
        "userName": user.username,
        "userTimeZone": "America/Los_Angeles",
        "userType": "Standard",
        "userUiSkin": "Theme3",
    }
    nil = {f"{{{_XSI}}}nil": "true"}
    return [_result(name, nil) if text is None else _result(name, text) for name, text in fields.items()]


# ---------------------------------------------------------------- envelopes


def _envelope(content: etree._Element, counted: OrgState | None) -> Answer:
    """An answer; with the LimitInfoHeader where the call was counted."""
    env = ElementMaker(namespace=_ENV, nsmap={"soapenv": _ENV, None: _PARTNER, "xsi": _XSI})
    parts = [env.Body(content)]
    if counted:
        info = _result.limitInfo(
            _result.current(str(counted.calls)), _result.limit(str(counted.call_limit)), _result.type("API REQUESTS")
        )
        parts.insert(0, env.Header(_result.LimitInfoHeader(info)))
    return _xml(200, env.Envelope(*parts))


def _fault(fault: FaultError) -> Answer:
    env = ElementMaker(namespace=_ENV, nsmap={"soapenv": _ENV, "sf": _FAULT, "xsi": _XSI})
    if fault.code == "Client":
        # [simulated] What the service says to a message that is not SOAP.
        content = env.Fault(_plain("faultcode", "soapenv:Client"), _plain("faultstring", fault.message))
    else:
        sf = ElementMaker(namespace=_FAULT)
        kind = sf(
            fault.kind,
            {f"{{{_XSI}}}type": f"sf:{fault.kind}"},
            sf.exceptionCode(fault.code),
            sf.exceptionMessage(fault.message),
        )
        detail = etree.Element("detail")
        detail.append(kind)
        content = env.Fault(
            _plain("faultcode", f"sf:{fault.code}"), _plain("faultstring", f"{fault.code}: {fault.message}"), detail
        )
    # [simulated] 500 is what SOAP 1.1 says (section 6.2); what Salesforce sends was not found.
    return _xml(500, env.Envelope(env.Body(content)))


def _plain(name: str, text: str) -> etree._Element:
    element = etree.Element(name)
    element.text = text
    return element


def _xml(status: int, root: etree._Element) -> Answer:
    body = b'<?xml version="1.0" encoding="UTF-8"?>' + etree.tostring(root, encoding="UTF-8")
    return Answer(status, "text/xml; charset=utf-8", body)
