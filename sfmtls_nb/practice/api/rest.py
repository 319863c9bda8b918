"""The REST API at /services/data: versions, resources, queries, searches, records, describes and limits.

It reads; it does not write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from sfmtls_nb.practice.api.blocks import JsonWriter
from sfmtls_nb.practice.api.call import NEWEST_VERSION, OLDEST_VERSION, READ_ONLY
from sfmtls_nb.practice.api.columns import column_metadata
from sfmtls_nb.practice.api.composite import batch, composite
from sfmtls_nb.practice.api.describe import describe_briefly, describe_global, describe_sobject
from sfmtls_nb.practice.api.identity import identity_url
from sfmtls_nb.practice.api.layouts import MASTER, describe_layout, describe_tabs
from sfmtls_nb.practice.api.queries import LARGEST_BATCH, Queries, QueryBatch, json_values, record_json
from sfmtls_nb.practice.api.records import ID, Records
from sfmtls_nb.practice.api.resource import ROOT, ResourceApi, ResourceCall, allow, as_json, is_pretty, json_object
from sfmtls_nb.practice.api.search import search
from sfmtls_nb.practice.api.wsdl import NOT_IN_REST, at_version
from sfmtls_nb.practice.data import Database, SObject, sobject
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import JSON, Answer, Request
from sfmtls_nb.practice.soql import compile_query
from sfmtls_nb.practice.state import OrgState, User

#: Version 31.0 came with Summer '14; three a year since.
_SEASONS: Final = ("Summer", "Winter", "Spring")

#: Versions, resources and limits.
_QUICK: Final = re.compile(rf"{ROOT}(?:/v\d{{1,3}}\.0(?:/limits)?)?/?")
_BATCH_SIZE: Final = re.compile(r"\s*batchSize\s*=\s*(\d{1,9})\s*", re.IGNORECASE)
_WITH_PARTS: Final = frozenset({"query", "queryAll", "sobjects", "composite"})
#: Resources of Salesforce's that this org does not have.
_NOT_SIMULATED: Final = frozenset(
    "actions analytics apexrest appMenu chatter commerce connect consent event flexiPage folders jsonxform knowledgeManagement "  # noqa: SIM905
    "licensing localizedvalue metadata nouns parameterizedSearch payments prechatForms process quickActions scheduling support "
    "theme tooling ui-api wave".split()
)
#: The oldest version in which a search answers an object, and not an array.
_FIRST_SEARCH_OBJECT: Final = 37
_LIMITS: Final[Mapping[str, int]] = {
    "DailyAsyncApexExecutions": 250_000,
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyBulkV2QueryJobs": 10_000,
    "DataStorageMB": 5,
    "FileStorageMB": 20,
    "SingleEmail": 15,
}


class RestApi(ResourceApi):
    """The API, on the state of the org, the queries that are open, and the records."""

    def __init__(self, state: OrgState, queries: Queries, database: Database) -> None:
        super().__init__(state)
        self._queries, self._database = queries, database
        self._records = Records(database, state.clock)
        self._resources: Mapping[str, Callable[[ResourceCall], Any]] = {
            "limits": self._show_limits,
            "query": self._query,
            "queryAll": self._query,
            "recent": lambda _: [],  # nobody has looked at anything
            "search": self._search,
            "sobjects": self._show_sobjects,
            "tabs": lambda call: _described(call, "DescribeTabSetResult", describe_tabs(call.request.server))["tabs"],
        }

        #: By the path behind an object's name.
        self._parts: Mapping[tuple[str, ...], Callable[[ResourceCall, SObject], Any]] = {
            (): _object_and_recent,
            ("describe",): _description,
            ("describe", "layouts"): lambda call, known: _described(
                call, "DescribeLayoutResult", describe_layout(known)
            ),
            ("describe", "layouts", MASTER): lambda call, known: _described(
                call, "DescribeLayoutResult", describe_layout(known)
            )["layouts"][0],
            ("listviews",): _no_list_views,
            ("updated",): lambda call, known: json_values(self._records.updated(known, *_span(call))),
            ("deleted",): lambda call, known: json_values(self._records.deleted(known, *_span(call))),
        }

    def serves(self, request: Request) -> bool:
        # Bulk API 2.0 has to be asked first: it lives below the same path.
        return request.path == ROOT or request.path.startswith(f"{ROOT}/")

    def is_quick(self, request: Request) -> bool:
        return _QUICK.fullmatch(request.path) is not None

    def understand(self, request: Request) -> ResourceCall:
        if request.path.rstrip("/") == ROOT:
            # Needs no session: it is how a client finds out which versions it may speak.
            return ResourceCall(request=request, operation=f"{request.method} versions", needs_session=False)
        return super().understand(request)

    def perform(self, call: ResourceCall, user: User | None) -> Answer:
        return super().perform(call, user) if user else as_json(call.request, list(_versions()))

    def find(self, call: ResourceCall, user: User) -> Answer:
        name = call.parts[0] if call.parts else ""
        if not name:
            allow(call.request, "GET", "HEAD")
            return as_json(call.request, self._list_resources(call, user))
        if name == "composite":
            return as_json(call.request, self._compose(call, user))
        if name in _NOT_SIMULATED:
            raise RefusedError("NOT_FOUND", f"{name} is not simulated in this practice org")
        if name not in self._resources or (len(call.parts) > 1 and name not in _WITH_PARTS):
            raise RefusedError("NOT_FOUND")
        if name == "sobjects" and call.request.method not in ("GET", "HEAD"):
            self._write(call)
        allow(call.request, "GET", "HEAD")
        content = self._resources[name](call)
        return content if isinstance(content, Answer) else as_json(call.request, content)

    def _compose(self, call: ResourceCall, user: User) -> Any:
        def answer(request: Request) -> Answer:
            inner = None
            try:
                inner = self.understand(request)
                if inner.parts[:1] == ("composite",) and inner.parts[1:2] != ("sobjects",):
                    raise RefusedError("INVALID_INPUT", "a composite request cannot have another one in it")
                return self.find(inner, user) if inner.needs_session else self.perform(inner, None)
            except RefusedError as refusal:
                return self.refuse(refusal, request, inner)

        match call.parts[1:]:
            case ():
                allow(call.request, "POST")
                return composite(call.request, answer)
            case ("batch",):
                allow(call.request, "POST")
                return batch(call.request, answer)
            case ("sobjects", name):
                return self._retrieve_collection(call, name)
            case ("sobjects",):
                self._write(call)
            case ("tree" | "graph" as name, *_):
                raise RefusedError("NOT_FOUND", f"composite/{name} is not simulated in this practice org")
        raise RefusedError("NOT_FOUND")

    def _retrieve_collection(self, call: ResourceCall, name: str) -> Any:
        """Return records by their ids: a list, with null for what is not there."""
        known = sobject(name)
        if known is None:
            raise RefusedError("NOT_FOUND")
        if call.request.method in ("PATCH", "PUT", "DELETE"):
            self._write(call)
        allow(call.request, "GET", "HEAD", "POST")
        given = json_object(call.request) if call.request.method == "POST" else call.request.query
        ids, names = (_texts(given, name) for name in ("ids", "fields"))
        records = self._records.retrieve(known, ids, ["Id", *(name for name in names if name.lower() != "id")])
        return [record and record_json(call.root, record) for record in records]

    def _write(self, call: ResourceCall) -> NoReturn:
        """Refuse to write. [simulated]: no org of Salesforce's is read-only in this way."""
        if call.request.method in ("POST", "PATCH", "PUT"):
            json_object(call.request)
        raise RefusedError("INVALID_OPERATION", READ_ONLY)

    def _list_resources(self, call: ResourceCall, user: User) -> Any:
        return {name: f"{call.root}/{name}" for name in ("composite", "jobs", *sorted(self._resources))} | {
            "identity": identity_url(call.request.server, user)
        }

    def _query(self, call: ResourceCall) -> Any:
        if len(call.parts) > 2:
            raise RefusedError("NOT_FOUND")
        size = _batch_size(call.request)
        if len(call.parts) == 2:
            return _page(call, self._queries.more(call.parts[1], size))
        text = call.request.query.get("q", "")
        if not text.strip():
            raise RefusedError("MALFORMED_QUERY", "SOQL statement cannot be empty; put it into the parameter q")
        deleted = call.parts[0] == "queryAll"
        if call.request.query.get("columns", "").lower() == "true":
            return column_metadata(compile_query(text, now=self._state.clock(), deleted=deleted))
        return _page(call, self._queries.open(text, deleted=deleted, batch=size or LARGEST_BATCH))

    def _show_sobjects(self, call: ResourceCall) -> Any:
        if len(call.parts) == 1:
            described = _described(call, "DescribeGlobalResult", describe_global())
            return described | {"sobjects": [_with_urls(call, each) for each in described["sobjects"]]}
        known, rest = sobject(call.parts[1]), call.parts[2:]
        if known is None:
            raise RefusedError("NOT_FOUND")
        if rest in self._parts:
            return self._parts[rest](call, known)
        if len(rest) != 1:
            raise RefusedError("NOT_FOUND")
        return self._retrieve(call, known, rest[0])

    def _retrieve(self, call: ResourceCall, known: SObject, record_id: str) -> Any:
        """Return one record. The fields come in the order asked for; an Id that was not among them comes last."""
        if not ID.fullmatch(record_id):
            raise RefusedError(
                "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {record_id}"
            )
        wanted = call.request.query.get("fields", "")
        names = [name.strip() for name in wanted.split(",")] if wanted else [field.name for field in known.fields]
        if "id" not in (name.lower() for name in names):
            names.append("Id")
        [record] = self._records.retrieve(known, [record_id], names)
        if record is None:
            raise RefusedError("ENTITY_IS_DELETED" if self._records.is_deleted(known, record_id) else "NOT_FOUND")
        return record_json(call.root, record)

    def _search(self, call: ResourceCall) -> Any:
        text = call.request.query.get("q", "")
        records = [record_json(call.root, record) for record in search(text, self._database, self._state.clock())]
        return {"searchRecords": records} if call.version >= _FIRST_SEARCH_OBJECT else records

    def _show_limits(self, _: ResourceCall) -> Any:
        left = max(self._state.call_limit - self._state.calls, 0)
        # [simulated] The others are a Developer Edition's; nothing here uses them up.
        return {name: {"Max": most, "Remaining": most} for name, most in _LIMITS.items()} | {
            "DailyApiRequests": {"Max": self._state.call_limit, "Remaining": left}
        }


def _versions() -> Any:
    for version in range(OLDEST_VERSION, NEWEST_VERSION + 1):
        # A Winter release carries the number of the year that it leads into.
        year, season = divmod(version - OLDEST_VERSION, len(_SEASONS))
        label = f"{_SEASONS[season]} '{14 + year + (season > 0)}"
        yield {"label": label, "url": f"{ROOT}/v{version}.0", "version": f"{version}.0"}


def _object_and_recent(call: ResourceCall, known: SObject) -> Any:
    brief = _described(call, "DescribeGlobalSObjectResult", describe_briefly(known))
    return {"objectDescribe": _with_urls(call, brief), "recentItems": []}


def _description(call: ResourceCall, known: SObject) -> Any:
    return _with_urls(call, _described(call, "DescribeSObjectResult", describe_sobject(known)))


def _no_list_views(_: ResourceCall, known: SObject) -> Any:
    return {"done": True, "listviews": [], "nextRecordsUrl": None, "size": 0, "sobjectType": known.name}


def _span(call: ResourceCall) -> tuple[str, str]:
    return call.request.query.get("start", ""), call.request.query.get("end", "")


def _texts(given: Mapping[str, Any], name: str) -> list[str]:
    """Return a list of texts, from a list or from one text with commas. Raises RefusedError where it is neither."""
    value = given.get(name)
    texts = value.split(",") if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(each, str) and each.strip() for each in texts) or not texts:
        raise RefusedError("INVALID_INPUT", f"{name} has to be given, as a list")
    return [each.strip() for each in texts]


def _batch_size(request: Request) -> int | None:
    found = _BATCH_SIZE.fullmatch(request.headers.get("Sforce-Query-Options", ""))
    return int(found[1]) if found else None


# ---------------------------------------------------------------- values as JSON


def _page(call: ResourceCall, page: QueryBatch) -> Any:
    content: dict[str, Any] = {"totalSize": page.size, "done": page.done}
    if page.locator:
        content["nextRecordsUrl"] = f"{call.root}/query/{page.locator}"
    if page.query.has_columns and not page.query.counts and not is_pretty(call.request):
        # The same, but for the time that it takes.
        start = json.dumps({**content, "records": []}, separators=(",", ":"))[:-2]
        body = start + ",".join(JsonWriter(page.query, call.root).records(page.rows)) + "]}"
        return Answer(200, JSON, body.encode("utf-8", "replace"))
    # COUNT() has its answer in totalSize.
    return content | {
        "records": [] if page.query.counts else [record_json(call.root, record) for record in page.records]
    }


def _described(call: ResourceCall, kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return at_version(kind, value, call.version, NOT_IN_REST)


def _with_urls(call: ResourceCall, described: Mapping[str, Any]) -> dict[str, Any]:
    """Add the URLs that REST has in a description."""
    place = f"{call.root}/sobjects/{described['name']}"
    urls = {"describe": f"{place}/describe", "rowTemplate": f"{place}/{{ID}}", "sobject": place}
    return {**described, "urls": urls}
