"""Queries of the first Bulk API at /services/async/NN.0: a job, batches of SOQL in it, and their results as CSV.

The article's second part uses it, by way of WSC. Bodies are XML, the session id is in X-SFDC-Session.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from lxml import etree

from sfmtls_nb.practice.api.call import MOST_BYTES, NEWEST_VERSION, OLDEST_VERSION, READ_ONLY, Api, ApiCall
from sfmtls_nb.practice.api.jobs import CSV, MOST_JOBS, SlowQuery, csv_of, has_children, has_compounds, is_plain
from sfmtls_nb.practice.api.queries import text_of
from sfmtls_nb.practice.api.store import Store
from sfmtls_nb.practice.api.xml import legal, parse, serialize
from sfmtls_nb.practice.data import Database, eighteen, sobject
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer, Request
from sfmtls_nb.practice.soql import CompiledQuery, compile_query, run
from sfmtls_nb.practice.state import OrgState, User

_NAMESPACE: Final = "http://www.force.com/2009/06/asyncapi/dataload"
_ROOT: Final = "/services/async/"
_PATH: Final = re.compile(r"/services/async/(\d{1,3})\.0/(.+?)/?")
#: "Up to 15,000 batches a day"; [simulated]: a job of this org takes fewer.
_MOST_BATCHES: Final = 20

_STATES: Final = ("Queued", "InProgress", "Completed")
#: This API's names for the codes of the others, and its words. [simulated]: the code of mutual authentication, which
#: was not found and is the others' here.
_CODES: Final[Mapping[str, tuple[str, str]]] = {
    "INVALID_SESSION_ID": ("InvalidSessionId", "Invalid session id"),
    "MUTUAL_AUTHENTICATION_FAILED": (
        "MUTUAL_AUTHENTICATION_FAILED",
        "This session could not be mutually authenticated for use with the API",
    ),
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": ("InvalidUser", "The users password has expired"),
    "REQUEST_LIMIT_EXCEEDED": ("ExceededQuota", "TotalRequests Limit exceeded."),
    "UNKNOWN_EXCEPTION": ("InternalServerError", ""),
}
_STATUSES: Final[Mapping[str, int]] = {"InternalServerError": 500}


#: The values at the end of every info: nothing fails here, and no time is measured.
_NOTHING_MEASURED: Final = dict.fromkeys(
    ("numberRecordsFailed", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"), "0"
)


@dataclass
class _Batch:
    """A query of a job."""

    batch_id: str
    result_id: str
    text: str
    progress: SlowQuery


@dataclass
class _Job:
    job_id: str
    version: int
    operation: str
    sobject: str
    user_id: str
    created: datetime
    state: str = "Open"
    batches: dict[str, _Batch] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BatchCall(ApiCall):
    """A call of this API. shape: the path without its ids, such as ``job/batch``. ids: of job, batch and result."""

    shape: str
    ids: tuple[str, ...]


class Bulk1Api(Api[BatchCall]):
    """The jobs of the org and their batches."""

    def __init__(self, state: OrgState, database: Database) -> None:
        super().__init__(state)
        self._database = database
        self._jobs = Store[_Job](MOST_JOBS)
        #: By the method, the names in the path, and the number of ids in it.
        self._routes: Mapping[tuple[str, str, int], Callable[[BatchCall, User], Answer]] = {
            ("POST", "job", 0): self._create,
            ("GET", "job", 1): self._show,
            ("POST", "job", 1): self._change,
            ("POST", "job/batch", 1): self._add_batch,
            ("GET", "job/batch", 1): self._list_batches,
            ("GET", "job/batch", 2): self._show_batch,
            ("GET", "job/batch/request", 2): self._show_request,
            ("GET", "job/batch/result", 2): self._list_results,
            ("GET", "job/batch/result", 3): self._show_result,
        }

    def serves(self, request: Request) -> bool:
        return request.path.startswith(_ROOT)

    def understand(self, request: Request) -> BatchCall:
        path = _PATH.fullmatch(request.path)
        version = int(path[1]) if path else 0
        if path and not OLDEST_VERSION <= version <= NEWEST_VERSION:
            raise RefusedError("InvalidVersion", "Invalid Api version specified on URL")
        names = path[2].split("/") if path else []
        shape = "/".join(names[::2])
        return BatchCall(
            request=request,
            operation=f"{request.method} async {shape}",
            version=version,
            session_id=request.headers.get("X-SFDC-Session", "").strip(),
            shape=shape,
            ids=tuple(names[1::2]),
        )

    def perform(self, call: BatchCall, user: User | None) -> Answer:
        assert user  # noqa: S101  # admitted
        request = call.request
        route = self._routes.get((request.method, call.shape, len(call.ids)))
        if route is None:
            raise RefusedError("InvalidUrl", f"There is nothing to {request.method} at {request.path}")
        if len(request.body) > MOST_BYTES:
            raise RefusedError("ClientInputError", f"The request body is larger than {MOST_BYTES} bytes")
        return route(call, user)

    def refuse(self, refusal: RefusedError, request: Request, call: BatchCall | None) -> Answer:
        del request, call
        code, message = _CODES.get(refusal.code, (refusal.code, ""))
        values = {"exceptionCode": code, "exceptionMessage": refusal.message or message}
        return replace(_xml(_element("error", values), _STATUSES.get(code, 400)), code=code)

    # ------------------------------------------------------------ jobs

    def _create(self, call: BatchCall, user: User) -> Answer:
        wanted = _job_values(call.request)
        operation, name = wanted.get("operation", ""), wanted.get("object", "")
        if operation not in ("query", "queryAll"):
            raise RefusedError("InvalidOperation" if operation else "InvalidJob", READ_ONLY)
        known = sobject(name)
        if known is None:
            raise RefusedError("InvalidEntity", f"Unable to find object: {name}")
        if wanted.get("contentType", "XML") != "CSV":
            # [simulated] Salesforce knows XML and JSON too, and takes XML as the default.
            raise RefusedError("FeatureNotEnabled", "This practice org has query results as CSV only: contentType CSV")
        job_id = self._jobs.new_id("7505f000001")
        job = _Job(job_id, call.version, operation, known.name, user.user_id, self._state.clock())
        self._jobs.put(job_id, job)
        return self._job_info(job, 201)

    def _change(self, call: BatchCall, _: User) -> Answer:
        job = self._job(call)
        state = _job_values(call.request).get("state", "")
        if state not in ("Closed", "Aborted"):
            raise RefusedError("InvalidJobState", "state has to be Closed or Aborted")
        if job.state == "Aborted":
            raise RefusedError("InvalidJobState", "The job has been aborted")
        job.state = state
        return self._job_info(job, 200)

    def _show(self, call: BatchCall, _: User) -> Answer:
        return self._job_info(self._job(call), 200)

    # ------------------------------------------------------------ batches

    def _add_batch(self, call: BatchCall, _: User) -> Answer:
        job, now = self._job(call), self._state.clock()
        if job.state != "Open" or len(job.batches) >= _MOST_BATCHES:
            raise RefusedError("InvalidJobState", f"The job is {job.state} or has {_MOST_BATCHES} batches")
        text = call.request.body.decode("utf-8-sig", "replace").strip()
        if not text:
            raise RefusedError("ClientInputError", "The batch has no query")
        batch = _Batch(self._jobs.new_id("7515f000001"), self._jobs.new_id("7525f000001"), text, _begin(job, text, now))
        job.batches[batch.batch_id] = batch
        return _xml(self._batch_info(job, batch), 201)

    def _list_batches(self, call: BatchCall, _: User) -> Answer:
        job = self._job(call)
        root = _element("batchInfoList")
        root.extend(self._batch_info(job, batch) for batch in list(job.batches.values()))
        return _xml(root)

    def _show_batch(self, call: BatchCall, _: User) -> Answer:
        return _xml(self._batch_info(*self._batch(call)))

    def _show_request(self, call: BatchCall, _: User) -> Answer:
        return Answer(200, CSV, self._batch(call)[1].text.encode("utf-8", "replace"))

    def _list_results(self, call: BatchCall, _: User) -> Answer:
        batch = self._completed(call)[0]
        root = _element("result-list")
        _add(root, "result", batch.result_id)
        return _xml(root)

    def _show_result(self, call: BatchCall, _: User) -> Answer:
        batch, query = self._completed(call)
        if eighteen(call.ids[2]) != batch.result_id:
            raise RefusedError("InvalidBatch", "The batch has no such result")
        if not batch.progress.size:
            return Answer(200, CSV, b"Records not found for this query")
        result = run(query, self._database)
        return Answer(200, CSV, csv_of(result))

    # ------------------------------------------------------------ what becomes of them

    def _job(self, call: BatchCall) -> _Job:
        job = self._jobs.find(call.ids[0])
        if job is None:
            raise RefusedError("InvalidJob", f"Unable to find a job with id {call.ids[0]}")
        return job

    def _batch(self, call: BatchCall) -> tuple[_Job, _Batch]:
        job = self._job(call)
        batch = job.batches.get(eighteen(call.ids[1]))
        if batch is None:
            raise RefusedError("InvalidBatch", f"Unable to find a batch with id {call.ids[1]}")
        return job, batch

    def _completed(self, call: BatchCall) -> tuple[_Batch, CompiledQuery]:
        job, batch = self._batch(call)
        query = batch.progress.query
        if self._batch_state(job, batch) != "Completed" or query is None:
            raise RefusedError("InvalidBatch", _state_message(batch) or "Batch not completed")
        return batch, query

    def _batch_state(self, job: _Job, batch: _Batch) -> str:
        if job.state == "Aborted" and batch.progress.size is None:
            return "Not Processed"
        return batch.progress.state(self._state.clock(), self._database, _STATES)

    def _job_info(self, job: _Job, status: int) -> Answer:
        batches = list(job.batches.values())
        states = [self._batch_state(job, batch) for batch in batches]
        numbers = {state: states.count(state) for state in (*_STATES, "Failed")}
        values = {
            "id": job.job_id,
            "operation": job.operation,
            "object": job.sobject,
            "createdById": job.user_id,
            "createdDate": text_of(job.created),
            "systemModstamp": text_of(job.created),
            "state": job.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            **{f"numberBatches{state}": str(number) for state, number in numbers.items()},
            "numberBatchesTotal": str(len(states)),
            "numberRecordsProcessed": str(sum(batch.progress.size or 0 for batch in batches)),
            "numberRetries": "0",
            "apiVersion": f"{job.version}.0",
            **_NOTHING_MEASURED,
        }
        return _xml(_element("jobInfo", values), status)

    def _batch_info(self, job: _Job, batch: _Batch) -> etree._Element:
        state = self._batch_state(job, batch)
        values = {
            "id": batch.batch_id,
            "jobId": job.job_id,
            "state": state,
            **({"stateMessage": _state_message(batch)} if state == "Failed" else {}),
            "createdDate": text_of(batch.progress.created),
            "systemModstamp": text_of(batch.progress.created),
            "numberRecordsProcessed": str(batch.progress.size or 0),
            **_NOTHING_MEASURED,
        }
        return _element("batchInfo", values)


def _begin(job: _Job, text: str, now: datetime) -> SlowQuery:
    """Begin a query. Salesforce takes any text here, and its batch fails when its turn comes."""
    try:
        query = compile_query(text, now=now, deleted=job.operation == "queryAll")
        refusal = _refusal(job, query)
    except RefusedError as error:
        # The form is seen in github.com/xjsender/haoide issue 137.
        query, refusal = None, RefusedError("InvalidBatch", f"Failed to process query: {error.code}: {error.message}")
    return SlowQuery(query, now, refusal=refusal)


def _refusal(job: _Job, query: CompiledQuery) -> RefusedError | None:
    if has_children(query):
        # Seen in github.com/jsforce/jsforce issue 732.
        message = "Aggregate Relationships not supported in Bulk Query with CSV content type"
        return RefusedError("FeatureNotEnabled", message)
    if has_compounds(query):
        return RefusedError("FeatureNotEnabled", "Selecting compound data not supported in Bulk Query")
    if not is_plain(query):
        # [simulated] words; that they are not supported is documented.
        message = "GROUP BY, OFFSET and aggregate functions are not supported in Bulk Query"
        return RefusedError("FeatureNotEnabled", message)
    if query.sobject != job.sobject:
        # [simulated] as above
        message = f"Failed to process query: the job is for {job.sobject}, not for {query.sobject}"
        return RefusedError("InvalidBatch", message)
    return None


def _state_message(batch: _Batch) -> str:
    refusal = batch.progress.refusal
    return f"{_CODES.get(refusal.code, (refusal.code,))[0]} : {refusal.message}" if refusal else ""


# ---------------------------------------------------------------- XML


def _job_values(request: Request) -> dict[str, str]:
    """Return the values of a jobInfo. Raises RefusedError with ClientInputError."""
    root = parse(request.body, "ClientInputError")
    if root.tag != f"{{{_NAMESPACE}}}jobInfo":
        raise RefusedError("ClientInputError", f"Expected a jobInfo of the namespace {_NAMESPACE}")
    return {etree.QName(child).localname: (child.text or "").strip() for child in root.iterchildren("{*}*")}


def _element(name: str, values: Mapping[str, str] | None = None) -> etree._Element:
    element = etree.Element(f"{{{_NAMESPACE}}}{name}", nsmap={None: _NAMESPACE})
    for child, text in (values or {}).items():
        _add(element, child, text)
    return element


def _add(parent: etree._Element, name: str, text: str) -> None:
    child = etree.SubElement(parent, f"{{{_NAMESPACE}}}{name}")
    child.text = legal(text)


def _xml(root: etree._Element, status: int = 200) -> Answer:
    return Answer(status, "application/xml;charset=UTF-8", serialize(root))
