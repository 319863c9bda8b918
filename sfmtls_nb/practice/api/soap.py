"""The partner SOAP API at /services/Soap/u/NN.0, as far as it is simulated.

Message shapes are the partner WSDL's of the version asked for, in schema order; the two prologues are captured traffic. The XML is
read and written here, apart from the client's: one mistake must not be hidden by the same mistake on the other side.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from lxml import etree
from lxml.builder import ElementMaker

from sfmtls_nb.practice.api.blocks import SoapWriter
from sfmtls_nb.practice.api.call import Api, ApiCall
from sfmtls_nb.practice.api.describe import describe_global, describe_sobject
from sfmtls_nb.practice.api.envelope import ENV, Envelope, no_operation, read_envelope
from sfmtls_nb.practice.api.fault import fault_answer, wrong_method
from sfmtls_nb.practice.api.layouts import describe_layout, describe_tabs
from sfmtls_nb.practice.api.queries import LARGEST_BATCH, Queries, QueryBatch, text_of
from sfmtls_nb.practice.api.records import Records
from sfmtls_nb.practice.api.search import search
from sfmtls_nb.practice.api.wsdl import NOT_IN_SOAP, at_version
from sfmtls_nb.practice.api.xml import described, described_text, query_result, record_element, serialize
from sfmtls_nb.practice.data import ORGANIZATION_ID, Database, SObject, eighteen, sobject
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer, Request
from sfmtls_nb.practice.state import OrgState, User

#: The last version with login() (KB 005132110).
LAST_LOGIN_VERSION: Final = 64

_PARTNER: Final = "urn:partner.soap.sforce.com"
_SOBJECT: Final = "urn:sobject.partner.soap.sforce.com"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_XML: Final = "text/xml; charset=utf-8"
_MOST_DESCRIBED: Final = 100
#: Of a short message, these operations are answered at once. One that only looks like them delays others, and no more.
_QUICK: Final = re.compile(rb"<(?:\w+:)?(?:getUserInfo|getServerTimestamp|logout)[\s/>]")
_SHORT: Final = 4_000
_PATH: Final = re.compile(r"/services/Soap/u/(\d{1,3})\.0(?:/\w{15,18})?/?")

_result: Final = ElementMaker(namespace=_PARTNER, nsmap={None: _PARTNER, "soapenv": ENV, "xsi": _XSI})


@dataclass(frozen=True, kw_only=True)
class SoapCall(ApiCall):
    """A SOAP call. batch: the batchSize of its QueryOptions, if there is one."""

    element: etree._Element
    batch: int | None

    def field(self, name: str) -> str:
        return self.element.findtext(f"{{{_PARTNER}}}{name}") or ""

    def fields(self, name: str) -> list[str]:
        return [element.text or "" for element in self.element.iterfind(f"{{{_PARTNER}}}{name}")]


class SoapApi(Api[SoapCall]):
    """The API, on the state of the org and the queries that are open."""

    def __init__(self, state: OrgState, queries: Queries, database: Database) -> None:
        super().__init__(state)
        self._queries, self._database = queries, database
        self._records = Records(database, state.clock)
        self._operations: Mapping[str, Callable[[SoapCall, User], etree._Element | str]] = {
            "logout": self._logout,
            "getUserInfo": self._get_user_info,
            "getServerTimestamp": self._get_server_timestamp,
            "query": self._query,
            "queryAll": self._query,
            "queryMore": self._query_more,
            "describeGlobal": self._describe_global,
            "describeSObject": self._describe_sobjects,
            "describeSObjects": self._describe_sobjects,
            "describeLayout": self._describe_layout,
            "describeTabs": self._describe_tabs,
            "retrieve": self._retrieve,
            "getUpdated": self._get_changed,
            "getDeleted": self._get_changed,
            "search": self._search,
        }

    def serves(self, request: Request) -> bool:
        return request.path.startswith("/services/Soap/")

    def is_quick(self, request: Request) -> bool:
        return len(request.body) < _SHORT and _QUICK.search(request.body) is not None

    def understand(self, request: Request) -> SoapCall:
        if request.method != "POST":
            raise RefusedError("Client", "HTTP method not supported; use POST")
        for wsdl, api in _OTHER_APIS.items():
            if request.path.startswith(f"/services/Soap/{wsdl}/"):
                # [simulated] words
                raise RefusedError("Client", f"{api}: it is not simulated; the partner API is at /services/Soap/u/")
        envelope = read_envelope(request, _PATH, _PARTNER)
        name = envelope.name
        if name in _NOT_SIMULATED:
            # [simulated] words
            raise RefusedError("INVALID_OPERATION", f"{name} is not simulated in this practice org")
        if name not in self._operations and name not in _WRITING and name != "login":
            raise no_operation(envelope)
        return SoapCall(
            request=request,
            operation=name,
            version=envelope.version,
            session_id="" if name == "login" else envelope.header("SessionHeader/sessionId"),
            needs_session=name != "login",
            next_page=name == "queryMore",
            element=envelope.operation,
            batch=_batch(envelope),
        )

    def perform(self, call: SoapCall, user: User | None) -> Answer:
        if user is None:
            return _envelope(self._login(call))
        if call.operation in _WRITING:
            raise RefusedError("INVALID_OPERATION", "This practice org is read-only")
        content = self._operations[call.operation](call, user)
        usage = (str(self._state.calls), str(self._state.call_limit))
        if isinstance(content, str):
            document = _around(records="<sf:" in content) % (*usage, content)
            return Answer(200, _XML, document.encode("utf-8", "replace"))
        return _envelope(content, _limits(*usage))

    def refuse(self, refusal: RefusedError, request: Request, call: SoapCall | None) -> Answer:
        if request.method != "POST":
            return wrong_method(refusal)
        return fault_answer(refusal, call.session_id if call else "")

    # ------------------------------------------------------------ operations: each gives the content of the body

    def _login(self, call: SoapCall) -> etree._Element:
        state, server = self._state, call.request.server
        if call.version > LAST_LOGIN_VERSION:
            # [simulated] words; that it is gone is documented.
            raise RefusedError(
                "UNSUPPORTED_API_VERSION", f"SOAP API login() is not available in version {call.version}.0"
            )
        if not state.soap_login_enabled:
            raise RefusedError(
                "INVALID_OPERATION",
                "SOAP API login() is disabled by default in this org. Contact the org administrator to enable SOAP API "
                "login().",
            )
        username, password = call.field("username"), call.field("password")
        user = state.authenticate_with_token(username, password)
        session_id = state.open_session(user)
        place = f"{call.version}.0/{ORGANIZATION_ID}"
        result = _result.result(
            _result.metadataServerUrl(f"{server}/services/Soap/m/{place}"),
            _result.passwordExpired(str(user.password_expired).lower()),
            _result.sandbox("false"),
            _result.serverUrl(f"{server}/services/Soap/u/{place}"),
            _result.sessionId(session_id),
            _result.userId(user.user_id),
            *_described(call, "userInfo", "GetUserInfoResult", _user_info(user, state)),
        )
        return _result.loginResponse(result)

    def _get_user_info(self, call: SoapCall, user: User) -> str:
        info = at_version("GetUserInfoResult", _user_info(user, self._state), call.version, NOT_IN_SOAP)
        return f"<getUserInfoResponse>{described_text('result', info)}</getUserInfoResponse>"

    def _logout(self, call: SoapCall, _: User) -> etree._Element:
        self._state.close_session(call.session_id)
        return _result.logoutResponse()

    def _get_server_timestamp(self, *_: object) -> etree._Element:
        return _result.getServerTimestampResponse(_result.result(_result.timestamp(text_of(self._state.clock()))))

    def _query(self, call: SoapCall, _: User) -> etree._Element | str:
        batch = LARGEST_BATCH if call.batch is None else call.batch
        page = self._queries.open(call.field("queryString"), deleted=call.operation == "queryAll", batch=batch)
        return _page(call, page)

    def _query_more(self, call: SoapCall, _: User) -> etree._Element | str:
        page = self._queries.more(call.field("queryLocator"), call.batch)
        return _page(call, page)

    def _describe_global(self, call: SoapCall, _: User) -> etree._Element:
        return _result.describeGlobalResponse(*_described(call, "result", "DescribeGlobalResult", describe_global()))

    def _describe_sobjects(self, call: SoapCall, _: User) -> etree._Element:
        names = call.fields("sObjectType")
        if len(names) > _MOST_DESCRIBED:
            raise RefusedError(
                "EXCEEDED_MAX_TYPES_LIMIT", f"at most {_MOST_DESCRIBED} objects can be described at once"
            )
        results: list[etree._Element] = []
        for name in names:
            results += _described(call, "result", "DescribeSObjectResult", describe_sobject(_known(name)))
        return _result(f"{call.operation}Response", *results)

    def _describe_layout(self, call: SoapCall, _: User) -> etree._Element:
        layout = describe_layout(_known(call.field("sObjectType")))
        return _result.describeLayoutResponse(*_described(call, "result", "DescribeLayoutResult", layout))

    def _describe_tabs(self, call: SoapCall, _: User) -> etree._Element:
        tabs = describe_tabs(call.request.server)
        return _result.describeTabsResponse(*_described(call, "result", "DescribeTabSetResult", tabs))

    def _retrieve(self, call: SoapCall, _: User) -> etree._Element:
        names = [name.strip() for name in call.field("fieldList").split(",")]
        records = self._records.retrieve(_known(call.field("sObjectType")), call.fields("ids"), names)
        return _result.retrieveResponse(*(record_element("result", record, call.version) for record in records))

    def _get_changed(self, call: SoapCall, _: User) -> etree._Element:
        find = self._records.updated if call.operation == "getUpdated" else self._records.deleted
        found = find(_known(call.field("sObjectType")), call.field("startDate"), call.field("endDate"))
        return _result(f"{call.operation}Response", *described("result", found))

    def _search(self, call: SoapCall, _: User) -> etree._Element:
        records = search(call.field("searchString"), self._database, self._state.clock())
        [result] = _described(call, "result", "SearchResult", {"queryId": ""})
        for record in records:
            result.append(_result.searchRecords(record_element("record", record, call.version)))
        return _result.searchResponse(result)


#: Other SOAP APIs by the letter in their path.
_OTHER_APIS: Final = {
    "c": "This is the address of the enterprise API, whose WSDL each org makes for its own objects",
    "T": "This is the address of the tooling API",
}
#: Operations of the partner WSDL that only a client with pages and flows calls.
_NOT_SIMULATED: Final = frozenset(
    "changeOwnPassword deleteByExample describeAllTabs describeAppMenu describeApprovalLayout describeAvailableQuickActions "  # noqa: SIM905
    "describeCompactLayouts describeDataCategoryGroupStructures describeDataCategoryGroups describeDataCategoryMappings "
    "describeGlobalTheme describeKnowledgeSettings describeNouns describePathAssistants describePrimaryCompactLayouts "
    "describeQuickActions describeQuickActionsForRecordType describeSObjectListViews describeSearchLayouts "
    "describeSearchScopeOrder describeSearchableEntities describeSoftphoneLayout describeSoqlListViews describeTheme "
    "describeVisualForce describeWorkitemActions executeListView findDuplicates findDuplicatesByIds invalidateSessions "
    "performQuickActions renderEmailTemplate renderStoredEmailTemplate retrieveMassQuickActionTemplates "
    "retrieveQuickActionTemplates sendEmailMessage".split()
)
_WRITING: Final = frozenset(
    "create update upsert delete undelete merge convertLead emptyRecycleBin process setPassword resetPassword sendEmail".split()  # noqa: SIM905
)


# ---------------------------------------------------------------- reading a request


def _batch(envelope: Envelope) -> int | None:
    """Return QueryOptions/batchSize; None where the request has none, so that the size stays as it is."""
    text = envelope.header("QueryOptions/batchSize")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


# ---------------------------------------------------------------- writing an answer


def _known(name: str) -> SObject:
    known = sobject(name)
    if known is None:
        raise RefusedError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return known


def _described(call: SoapCall, name: str, kind: str, value: Mapping[str, Any]) -> Iterator[etree._Element]:
    """Write a value of a WSDL's type as the version of the call has it."""
    return described(name, at_version(kind, value, call.version, NOT_IN_SOAP))


def _user_info(user: User, state: OrgState) -> dict[str, str | int | bool | None]:
    """Return a GetUserInfoResult in schema order, as API 66.0 has it."""
    return {
        "accessibilityMode": False,
        "chatterExternal": False,
        "currencySymbol": "$",
        "orgAttachmentFileSizeLimit": 5_242_880,
        "orgDefaultCurrencyIsoCode": "USD",
        "orgDefaultCurrencyLocale": "en_US",
        "orgDisallowHtmlAttachments": False,
        "orgHasPersonAccounts": False,
        "organizationId": eighteen(ORGANIZATION_ID),
        "organizationMultiCurrency": False,
        "organizationName": "Practice Org (simulated)",
        "profileId": user.profile.profile_id,
        "roleId": None,
        "sessionSecondsValid": int(state.session_life.total_seconds()),
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


def _page(call: SoapCall, page: QueryBatch) -> etree._Element | str:
    if not page.query.has_columns:
        return _result(f"{call.operation}Response", query_result("result", page, call.version))
    records = "".join(SoapWriter(page.query).records(page.rows))
    locator = f"<queryLocator>{page.locator}</queryLocator>" if page.locator else '<queryLocator xsi:nil="true"/>'
    return (
        f'<{call.operation}Response><result xsi:type="QueryResult"><done>{text_of(page.done)}</done>{locator}'
        f"{records}<size>{page.size}</size></result></{call.operation}Response>"
    )


def _limits(current: str, limit: str) -> etree._Element:
    info = _result.limitInfo(_result.current(current), _result.limit(limit), _result.type("API REQUESTS"))
    return _result.LimitInfoHeader(info)


@cache
def _around(*, records: bool) -> str:
    """Return the envelope, with a %s for each of the two limits, and one for the content of the body."""
    document = _envelope(_result.content(), _limits("%s", "%s"), records=records).whole_body.decode()
    return document.replace("<content/>", "%s")


def _envelope(content: etree._Element, *headers: etree._Element, records: bool = False) -> Answer:
    env = ElementMaker(namespace=ENV, nsmap={"soapenv": ENV, None: _PARTNER, "xsi": _XSI, "sf": _SOBJECT})
    root = env.Envelope(*([env.Header(*headers)] if headers else []), env.Body(content))
    etree.cleanup_namespaces(root, keep_ns_prefixes=["soapenv", "xsi", *(["sf"] if records else [])])
    return Answer(200, _XML, serialize(root))
