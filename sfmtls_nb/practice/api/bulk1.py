"""Queries of the first Bulk API at /services/async/NN.0: a job, batches of SOQL in it, and their results.

The article's second part uses it, by way of WSC. Bodies are XML or JSON, the session id is in X-SFDC-Session.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sfmtls_nb.practice.api.call import MOST_BYTES, NEWEST_VERSION, OLDEST_VERSION, READ_ONLY, Api, ApiCall
from sfmtls_nb.practice.api.infos import batch_list, in_json, info, job_values, result_list
from sfmtls_nb.practice.api.jobs import MOST_JOBS, SlowQuery, has_children, has_compounds, is_plain
from sfmtls_nb.practice.api.resource import ROOT
from sfmtls_nb.practice.api.results import CSV, JSON, XML, csv_of, json_of_result, xml_of_result
from sfmtls_nb.practice.api.store import Store
from sfmtls_nb.practice.data import Database, eighteen, sobject
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer, Request
from sfmtls_nb.practice.soql import CompiledQuery, compile_query, run
from sfmtls_nb.practice.state import OrgState, User

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
    ("numberRecordsFailed", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"), 0
)
#: By the contentType of a job: that of its results.
_CONTENT_TYPES: Final[Mapping[str, str]] = {"CSV": CSV, "JSON": JSON, "XML": XML}
_PK_CHUNKING: Final = "Sforce-Enable-PKChunking"


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
    content_type: str
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
        code, message = _CODES.get(refusal.code, (refusal.code, ""))
        values = {"exceptionCode": code, "exceptionMessage": refusal.message or message}
        job = self._jobs.find(call.ids[0]) if call and call.ids else None
        as_json = in_json(request, job.content_type if job else "")
        return replace(info("error", values, as_json=as_json, status=_STATUSES.get(code, 400)), code=code)

    # ------------------------------------------------------------ jobs

    def _create(self, call: BatchCall, user: User) -> Answer:
        wanted = job_values(call.request)
        operation, name = wanted.get("operation", ""), wanted.get("object", "")
        if operation not in ("query", "queryAll"):
            raise RefusedError("InvalidOperation" if operation else "InvalidJob", READ_ONLY)
        known = sobject(name)
        if known is None:
            raise RefusedError("InvalidEntity", f"Unable to find object: {name}")
        content_type = wanted.get("contentType", "XML")
        if content_type not in _CONTENT_TYPES:
            # [simulated] words
            known_types = ", ".join(_CONTENT_TYPES)
            raise RefusedError(
                "FeatureNotEnabled", f"contentType has to be one of {known_types}; others are not simulated"
            )
        if call.request.headers.get(_PK_CHUNKING, "false").strip().lower() not in ("", "false"):
            # [simulated] words
            message = f"PK chunking is not simulated: leave out {_PK_CHUNKING}, and send the query as one batch"
            raise RefusedError("FeatureNotEnabled", message)
        job_id = self._jobs.new_id("7505f000001")
        job = _Job(job_id, call.version, operation, known.name, content_type, user.user_id, self._state.clock())
        self._jobs.put(job_id, job)
        return self._job_info(call, job, 201)

    def _change(self, call: BatchCall, _: User) -> Answer:
        job = self._job(call)
        state = job_values(call.request).get("state", "")
        if state not in ("Closed", "Aborted"):
            raise RefusedError("InvalidJobState", "state has to be Closed or Aborted")
        if job.state == "Aborted":
            raise RefusedError("InvalidJobState", "The job has been aborted")
        job.state = state
        return self._job_info(call, job, 200)

    def _show(self, call: BatchCall, _: User) -> Answer:
        return self._job_info(call, self._job(call), 200)

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
        return self._batch_info(call, job, batch, 201)

    def _list_batches(self, call: BatchCall, _: User) -> Answer:
        job = self._job(call)
        batches = [self._batch_values(job, batch) for batch in list(job.batches.values())]
        return batch_list(batches, as_json=in_json(call.request, job.content_type))

    def _show_batch(self, call: BatchCall, _: User) -> Answer:
        return self._batch_info(call, *self._batch(call), 200)

    def _show_request(self, call: BatchCall, _: User) -> Answer:
        job, batch = self._batch(call)
        return Answer(200, _CONTENT_TYPES[job.content_type], batch.text.encode("utf-8", "replace"))

    def _list_results(self, call: BatchCall, _: User) -> Answer:
        job, batch, _query = self._completed(call)
        return result_list(batch.result_id, as_json=in_json(call.request, job.content_type))

    def _show_result(self, call: BatchCall, _: User) -> Answer:
        job, batch, query = self._completed(call)
        if eighteen(call.ids[2]) != batch.result_id:
            raise RefusedError("InvalidBatch", "The batch has no such result")
        if job.content_type == "CSV" and not batch.progress.size:
            return Answer(200, CSV, b"Records not found for this query")
        result = run(query, self._database)
        bodies: Mapping[str, Callable[[], Iterator[bytes]]] = {
            "CSV": lambda: csv_of(result),
            "JSON": lambda: json_of_result(result, f"{ROOT}/v{call.version}.0"),
            "XML": lambda: xml_of_result(result),
        }
        return Answer(200, _CONTENT_TYPES[job.content_type], bodies[job.content_type]())

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

    def _completed(self, call: BatchCall) -> tuple[_Job, _Batch, CompiledQuery]:
        job, batch = self._batch(call)
        query = batch.progress.query
        if self._batch_state(job, batch) != "Completed" or query is None:
            raise RefusedError("InvalidBatch", _state_message(batch) or "Batch not completed")
        return job, batch, query

    def _batch_state(self, job: _Job, batch: _Batch) -> str:
        if job.state == "Aborted" and batch.progress.size is None:
            return "Not Processed"
        return batch.progress.state(self._state.clock(), self._database, _STATES)

    def _job_info(self, call: BatchCall, job: _Job, status: int) -> Answer:
        batches = list(job.batches.values())
        states = [self._batch_state(job, batch) for batch in batches]
        numbers = {state: states.count(state) for state in (*_STATES, "Failed")}
        values = {
            "id": job.job_id,
            "operation": job.operation,
            "object": job.sobject,
            "createdById": job.user_id,
            "createdDate": job.created,
            "systemModstamp": job.created,
            "state": job.state,
            "concurrencyMode": "Parallel",
            "contentType": job.content_type,
            **{f"numberBatches{state}": number for state, number in numbers.items()},
            "numberBatchesTotal": len(states),
            "numberRecordsProcessed": sum(batch.progress.size or 0 for batch in batches),
            "numberRetries": 0,
            "apiVersion": float(job.version),
            "assignmentRuleId": None,
            "externalIdFieldName": None,
            **_NOTHING_MEASURED,
        }
        return info("jobInfo", values, as_json=in_json(call.request, job.content_type), status=status)

    def _batch_info(self, call: BatchCall, job: _Job, batch: _Batch, status: int) -> Answer:
        as_json = in_json(call.request, job.content_type)
        return info("batchInfo", self._batch_values(job, batch), as_json=as_json, status=status)

    def _batch_values(self, job: _Job, batch: _Batch) -> dict[str, Any]:
        state = self._batch_state(job, batch)
        return {
            "id": batch.batch_id,
            "jobId": job.job_id,
            "state": state,
            "stateMessage": _state_message(batch) if state == "Failed" else None,
            "createdDate": batch.progress.created,
            "systemModstamp": batch.progress.created,
            "numberRecordsProcessed": batch.progress.size or 0,
            **_NOTHING_MEASURED,
        }


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
        message = f"Aggregate Relationships not supported in Bulk Query with {job.content_type} content type"
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
