"""The REST API at /services/data: versions, resources, queries, records, describes and limits. It reads; it does not write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from sfmtls_nb.practice.api.call import NEWEST_VERSION, OLDEST_VERSION, READ_ONLY
from sfmtls_nb.practice.api.columns import column_metadata
from sfmtls_nb.practice.api.describe import describe_briefly, describe_global, describe_sobject
from sfmtls_nb.practice.api.queries import LARGEST_BATCH, Queries, QueryBatch, record_json
from sfmtls_nb.practice.api.resource import ROOT, ResourceApi, ResourceCall, allow, as_json, json_object
from sfmtls_nb.practice.api.wsdl import NOT_IN_REST, at_version
from sfmtls_nb.practice.data import Database, SObject, sobject
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer, Request
from sfmtls_nb.practice.soql import Record, compile_query, run
from sfmtls_nb.practice.state import OrgState, User

#: Version 31.0 came with Summer '14; three a year since.
_SEASONS: Final = ("Summer", "Winter", "Spring")

_ID: Final = re.compile(r"[0-9A-Za-z]{15}|[0-9A-Za-z]{18}")
_FIELD: Final = re.compile(r"\w+(?:\.\w+)*")
_BATCH_SIZE: Final = re.compile(r"\s*batchSize\s*=\s*(\d{1,9})\s*", re.IGNORECASE)
_WITH_PARTS: Final = frozenset({"query", "queryAll", "sobjects"})
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
        self._resources: Mapping[str, Callable[[ResourceCall], Any]] = {
            "": self._list_resources,
            "limits": self._show_limits,
            "query": self._query,
            "queryAll": self._query,
            "sobjects": self._show_sobjects,
        }

    def serves(self, request: Request) -> bool:
        # Bulk API 2.0 has to be asked first: it lives below the same path.
        return request.path == ROOT or request.path.startswith(f"{ROOT}/")

    def understand(self, request: Request) -> ResourceCall:
        if request.path.rstrip("/") == ROOT:
            # Needs no session: it is how a client finds out which versions it may speak.
            return ResourceCall(request=request, operation=f"{request.method} versions", needs_session=False)
        return super().understand(request)

    def perform(self, call: ResourceCall, user: User | None) -> Answer:
        return super().perform(call, user) if user else as_json(call.request, list(_versions()))

    def find(self, call: ResourceCall, user: User) -> Answer:
        del user
        name = call.parts[0] if call.parts else ""
        if name not in self._resources or (len(call.parts) > 1 and name not in _WITH_PARTS):
            raise RefusedError("NOT_FOUND")
        if name == "sobjects" and call.request.method not in ("GET", "HEAD"):
            self._write(call)
        allow(call.request, "GET", "HEAD")
        return as_json(call.request, self._resources[name](call))

    def _write(self, call: ResourceCall) -> NoReturn:
        """Refuse to write. [simulated]: no org of Salesforce's is read-only in this way."""
        if call.request.method in ("POST", "PATCH", "PUT"):
            json_object(call.request)
        raise RefusedError("INVALID_OPERATION", READ_ONLY)

    def _list_resources(self, call: ResourceCall) -> Any:
        return {name: f"{call.root}/{name}" for name in ("jobs", *sorted(self._resources)) if name}

    def _query(self, call: ResourceCall) -> Any:
        if len(call.parts) > 2:
            raise RefusedError("NOT_FOUND")
        batch = _batch(call.request)
        if len(call.parts) == 2:
            return _page(call, self._queries.more(call.parts[1], batch))
        text = call.request.query.get("q", "")
        if not text.strip():
            raise RefusedError("MALFORMED_QUERY", "SOQL statement cannot be empty; put it into the parameter q")
        deleted = call.parts[0] == "queryAll"
        if call.request.query.get("columns", "").lower() == "true":
            return column_metadata(compile_query(text, now=self._state.clock(), deleted=deleted))
        return _page(call, self._queries.open(text, deleted=deleted, batch=batch or LARGEST_BATCH))

    def _show_sobjects(self, call: ResourceCall) -> Any:
        if len(call.parts) == 1:
            described = _described(call, "DescribeGlobalResult", describe_global())
            return described | {"sobjects": [_with_urls(call, each) for each in described["sobjects"]]}
        known = sobject(call.parts[1])
        match known, call.parts[2:]:
            case SObject(), ():
                brief = _described(call, "DescribeGlobalSObjectResult", describe_briefly(known))
                return {"objectDescribe": _with_urls(call, brief), "recentItems": []}
            case SObject(), ("describe",):
                return _with_urls(call, _described(call, "DescribeSObjectResult", describe_sobject(known)))
            case SObject(), (record_id,):
                return self._retrieve(call, known, record_id)
        raise RefusedError("NOT_FOUND")

    def _retrieve(self, call: ResourceCall, known: SObject, record_id: str) -> Any:
        """Return one record. The fields come in the order asked for; an Id that was not among them comes last."""
        if not _ID.fullmatch(record_id):
            raise RefusedError(
                "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {record_id}"
            )
        wanted = call.request.query.get("fields", "")
        names = [name.strip() for name in wanted.split(",")] if wanted else [field.name for field in known.fields]
        for name in names:
            if not _FIELD.fullmatch(name) or ("." not in name and known.field(name) is None):
                raise RefusedError("INVALID_FIELD", f"No such column '{name}' on sobject of type {known.name}")
        if "id" not in (name.lower() for name in names):
            names.append("Id")
        source = f"FROM {known.name} WHERE Id = '{record_id}'"
        record = self._first(f"SELECT {', '.join(names)} {source}")
        if record is None:
            raise RefusedError("ENTITY_IS_DELETED" if self._first(f"SELECT Id {source}", deleted=True) else "NOT_FOUND")
        return record_json(call.root, record)

    def _first(self, text: str, *, deleted: bool = False) -> Record | None:
        query = compile_query(text, now=self._state.clock(), deleted=deleted)
        with run(query, self._database) as result:
            return next(result.records, None)

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


def _batch(request: Request) -> int | None:
    found = _BATCH_SIZE.fullmatch(request.headers.get("Sforce-Query-Options", ""))
    return int(found[1]) if found else None


# ---------------------------------------------------------------- values as JSON


def _page(call: ResourceCall, page: QueryBatch) -> Any:
    content: dict[str, Any] = {"totalSize": page.size, "done": page.done}
    if page.locator:
        content["nextRecordsUrl"] = f"{call.root}/query/{page.locator}"
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
