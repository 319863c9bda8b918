"""Bulk API (the first) queries at /services/async/NN.0: a job, batches of SOQL in it, and their results as CSV.

This is what the article's second part uses, by way of WSC. Bodies are XML, the session id is in X-SFDC-Session.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from threading import Lock
from types import MappingProxyType
from typing import Final

from lxml import etree

from sfmtls_nb.practice.api.bulk import csv_of, has_children, is_plain, progress
from sfmtls_nb.practice.api.queries import compiled, refusing, serial, text_of
from sfmtls_nb.practice.api.rest import MOST_BYTES, NEWEST_VERSION, OLDEST_VERSION, READ_ONLY
from sfmtls_nb.practice.data.database import Database
from sfmtls_nb.practice.data.schema import sobject
from sfmtls_nb.practice.mutual.gate import Presented, admit
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer, Request
from sfmtls_nb.practice.soql import CompiledQuery, run
from sfmtls_nb.practice.state import OrgState, User, eighteen

_NAMESPACE: Final = "http://www.force.com/2009/06/asyncapi/dataload"
_ROOT: Final = "/services/async/"
_PATH: Final = re.compile(r"/services/async/(\d{1,3})\.0/(.+?)/?")
_MOST_JOBS: Final = 1_000
#: "Up to 15,000 batches a day"; [simulated]: a job of this org takes fewer.
_MOST_BATCHES: Final = 20

#: [simulated] From which age on a batch is in a state. Salesforce takes seconds to hours.
_PROGRESS: Final = (
    (timedelta(milliseconds=600), "Completed"),
    (timedelta(milliseconds=200), "InProgress"),
    (timedelta.min, "Queued"),
)
#: What the other interfaces' codes are called here. [simulated]: what it says of mutual authentication was not found,
#: so the code is left as it is elsewhere.
_CODES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "INVALID_SESSION_ID": ("InvalidSessionId", "Invalid session id"),
        "MUTUAL_AUTHENTICATION_FAILED": (
            "MUTUAL_AUTHENTICATION_FAILED",
            "This session could not be mutually authenticated for use with the API",
        ),
        "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": ("InvalidUser", "The users password has expired"),
        "REQUEST_LIMIT_EXCEEDED": ("ExceededQuota", "TotalRequests Limit exceeded."),
        "UNKNOWN_EXCEPTION": ("InternalServerError", ""),
    }
)
_STATUSES: Final[Mapping[str, int]] = MappingProxyType({"InternalServerError": 500})


@dataclass
class _Batch:
    """A query of a job. error: why it will fail. size: how many records it found; None until it has looked."""

    batch_id: str
    result_id: str
    text: str
    created: datetime
    query: CompiledQuery | None
    error: str
    size: int | None = None
    lock: Lock = field(default_factory=Lock, repr=False)


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


@dataclass(frozen=True)
class _Call:
    """A request by somebody who may make it. ids: those in the path, of the job, the batch and the result."""

    request: Request
    version: int
    ids: tuple[str, ...]
    user: User


class Bulk1Api:
    """The jobs of the org, on its state and records. clock: by which batches progress."""

    def __init__(self, state: OrgState, database: Database, clock: Callable[[], datetime]) -> None:
        self._state, self._database, self._clock = state, database, clock
        self._lock = Lock()
        self._numbers = count(1)
        self._jobs: OrderedDict[str, _Job] = OrderedDict()

    def serves(self, request: Request) -> bool:
        """Whether the request is for this API."""
        return request.path.startswith(_ROOT)

    def answer(self, request: Request, presented: Presented) -> Answer:
        """The answer, whose body may be an iterable. Raises CertificatePageRefusal."""
        operation = ""
        try:
            path = _PATH.fullmatch(request.path)
            version = int(path[1]) if path else 0
            if path and not OLDEST_VERSION <= version <= NEWEST_VERSION:
                raise RefusedError("InvalidVersion", "Invalid Api version specified on URL")
            user = admit(request.listener, presented, request.headers.get("X-SFDC-Session", "").strip(), self._state)
            names = path[2].split("/") if path else []
            shape = "/".join(names[::2])
            operation = f"{request.method} async {shape}"
            perform = _ROUTES.get((request.method, shape, len(names)))
            if perform is None:
                raise RefusedError("InvalidUrl", f"There is nothing to {request.method} at {request.path}")
            if len(request.body) > MOST_BYTES:
                raise RefusedError("ClientInputError", f"The request body is larger than {MOST_BYTES} bytes")
            answer = perform(self, _Call(request, version, tuple(names[1::2]), user))
        except RefusedError as refusal:
            answer = _error(refusal)
        return replace(answer, operation=operation)

    # ------------------------------------------------------------ jobs

    def _create(self, call: _Call) -> Answer:
        wanted = _parse(call.request)
        operation, name = wanted.get("operation", ""), wanted.get("object", "")
        if operation not in ("query", "queryAll"):
            raise RefusedError("InvalidOperation" if operation else "InvalidJob", READ_ONLY)
        known = sobject(name)
        if known is None:
            raise RefusedError("InvalidEntity", f"Unable to find object: {name}")
        if wanted.get("contentType", "XML") != "CSV":
            # [simulated] Salesforce knows XML and JSON too, and takes XML for what is left out.
            raise RefusedError("FeatureNotEnabled", "This practice org has query results as CSV only: contentType CSV")
        with self._lock:
            job_id = self._id("750")
            job = _Job(job_id, call.version, operation, known.name, call.user.user_id, self._clock())
            self._jobs[job_id] = job
            while len(self._jobs) > _MOST_JOBS:
                self._jobs.popitem(last=False)
        return self._job_info(job, 201)

    def _change(self, call: _Call) -> Answer:
        job = self._job(call)
        state = _parse(call.request).get("state", "")
        if state not in ("Closed", "Aborted"):
            raise RefusedError("InvalidJobState", "state has to be Closed or Aborted")
        if job.state == "Aborted":
            raise RefusedError("InvalidJobState", "The job has been aborted")
        job.state = state
        return self._job_info(job, 200)

    def _show(self, call: _Call) -> Answer:
        return self._job_info(self._job(call), 200)

    # ------------------------------------------------------------ batches

    def _add_batch(self, call: _Call) -> Answer:
        job, now = self._job(call), self._clock()
        if job.state != "Open" or len(job.batches) >= _MOST_BATCHES:
            raise RefusedError("InvalidJobState", f"The job is {job.state} or has {_MOST_BATCHES} batches")
        text = call.request.body.decode("utf-8-sig", "replace").strip()
        if not text:
            raise RefusedError("ClientInputError", "The batch has no query")
        query, error = _compiled(job, text, now)
        with self._lock:
            batch = _Batch(self._id("751"), self._id("752"), text, now, query, error)
            job.batches[batch.batch_id] = batch
        return _xml(_batch_info(job, batch, self._batch_state(job, batch)), 201)

    def _list_batches(self, call: _Call) -> Answer:
        job = self._job(call)
        root = _element("batchInfoList")
        with self._lock:
            batches = list(job.batches.values())
        root.extend(_batch_info(job, batch, self._batch_state(job, batch)) for batch in batches)
        return _xml(root)

    def _show_batch(self, call: _Call) -> Answer:
        job, batch = self._batch(call)
        return _xml(_batch_info(job, batch, self._batch_state(job, batch)))

    def _show_request(self, call: _Call) -> Answer:
        return Answer(200, "text/csv;charset=UTF-8", self._batch(call)[1].text.encode("utf-8", "replace"))

    def _list_results(self, call: _Call) -> Answer:
        batch, _ = self._completed(call)
        root = _element("result-list")
        _add(root, "result", batch.result_id)
        return _xml(root)

    def _result(self, call: _Call) -> Answer:
        batch, query = self._completed(call)
        if call.ids[2] not in (batch.result_id, batch.result_id[:15]):
            raise RefusedError("InvalidBatch", "The batch has no such result")
        if not batch.size:
            return Answer(200, "text/csv;charset=UTF-8", b"Records not found for this query")
        with refusing():
            result = run(query, self._database)
        return Answer(200, "text/csv;charset=UTF-8", csv_of(result))

    # ------------------------------------------------------------ what becomes of them

    def _id(self, prefix: str) -> str:
        return eighteen(f"{prefix}5f000001{serial(next(self._numbers))}")

    def _job(self, call: _Call) -> _Job:
        with self._lock:
            job = self._jobs.get(_long(call.ids[0]))
        if job is None:
            raise RefusedError("InvalidJob", f"Unable to find a job with id {call.ids[0]}")
        return job

    def _batch(self, call: _Call) -> tuple[_Job, _Batch]:
        job = self._job(call)
        batch = job.batches.get(_long(call.ids[1]))
        if batch is None:
            raise RefusedError("InvalidBatch", f"Unable to find a batch with id {call.ids[1]}")
        return job, batch

    def _completed(self, call: _Call) -> tuple[_Batch, CompiledQuery]:
        job, batch = self._batch(call)
        if self._batch_state(job, batch) != "Completed" or batch.query is None:
            raise RefusedError("InvalidBatch", batch.error or "Batch not completed")
        return batch, batch.query

    def _batch_state(self, job: _Job, batch: _Batch) -> str:
        state = progress(self._clock() - batch.created, _PROGRESS)
        if job.state == "Aborted" and batch.size is None:
            return "Not Processed"
        if state != "Completed":
            return state
        with batch.lock:
            if batch.size is None and not batch.error and batch.query is not None:
                try:
                    with refusing(), run(batch.query, self._database) as result:
                        batch.size = result.size
                except RefusedError as refusal:
                    batch.error = f"InternalServerError : {refusal.message}"
        return "Failed" if batch.error else state

    def _job_info(self, job: _Job, status: int) -> Answer:
        with self._lock:
            batches = list(job.batches.values())
        states = [self._batch_state(job, batch) for batch in batches]
        numbers = {state: states.count(state) for state in ("Queued", "InProgress", "Completed", "Failed")}
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
            "numberRecordsProcessed": str(sum(batch.size or 0 for batch in batches)),
            "numberRetries": "0",
            "apiVersion": f"{job.version}.0",
            "numberRecordsFailed": "0",
            "totalProcessingTime": "0",
            "apiActiveProcessingTime": "0",
            "apexProcessingTime": "0",
        }
        return _xml(_element("jobInfo", values), status)


#: By method, the names in the path, and how many parts it has.
_ROUTES: Final[Mapping[tuple[str, str, int], Callable[[Bulk1Api, _Call], Answer]]] = MappingProxyType(
    {
        ("POST", "job", 1): Bulk1Api._create,  # noqa: SLF001  # the table is the class's own
        ("GET", "job", 2): Bulk1Api._show,  # noqa: SLF001  # as above
        ("POST", "job", 2): Bulk1Api._change,  # noqa: SLF001  # as above
        ("POST", "job/batch", 3): Bulk1Api._add_batch,  # noqa: SLF001  # as above
        ("GET", "job/batch", 3): Bulk1Api._list_batches,  # noqa: SLF001  # as above
        ("GET", "job/batch", 4): Bulk1Api._show_batch,  # noqa: SLF001  # as above
        ("GET", "job/batch/request", 5): Bulk1Api._show_request,  # noqa: SLF001  # as above
        ("GET", "job/batch/result", 5): Bulk1Api._list_results,  # noqa: SLF001  # as above
        ("GET", "job/batch/result", 6): Bulk1Api._result,  # noqa: SLF001  # as above
    }
)


def _compiled(job: _Job, text: str, now: datetime) -> tuple[CompiledQuery | None, str]:
    """The query, or why its batch will fail: here Salesforce takes any text, and looks at it when its turn comes."""
    try:
        query = compiled(text, now, deleted=job.operation == "queryAll")
    except RefusedError as refusal:
        # The form is seen in github.com/xjsender/haoide issue 137.
        return None, f"InvalidBatch : Failed to process query: {refusal.code}: {refusal.message}"
    if has_children(query):
        # Seen in github.com/jsforce/jsforce issue 732.
        return None, "FeatureNotEnabled : Aggregate Relationships not supported in Bulk Query with CSV content type"
    if not is_plain(query):
        # [simulated] That they are not supported is documented; in which words, is not.
        return None, "FeatureNotEnabled : GROUP BY, OFFSET and aggregate functions are not supported in Bulk Query"
    if query.sobject != job.sobject:
        # [simulated] as above
        return None, f"InvalidBatch : Failed to process query: the job is for {job.sobject}, not for {query.sobject}"
    return query, ""


def _long(some_id: str) -> str:
    return some_id if len(some_id) == 18 else eighteen(some_id)


# ---------------------------------------------------------------- XML


def _parse(request: Request) -> dict[str, str]:
    """The values of a jobInfo. Raises RefusedError with ClientInputError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(request.body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        # [simulated] words
        raise RefusedError("ClientInputError", f"The request is not well-formed XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise RefusedError("ClientInputError", "A DTD is not allowed in a request")
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
    # What came from the client may hold what XML cannot.
    child.text = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


def _batch_info(job: _Job, batch: _Batch, state: str) -> etree._Element:
    values = {
        "id": batch.batch_id,
        "jobId": job.job_id,
        "state": state,
        **({"stateMessage": batch.error} if state == "Failed" else {}),
        "createdDate": text_of(batch.created),
        "systemModstamp": text_of(batch.created),
        "numberRecordsProcessed": str(batch.size or 0),
        "numberRecordsFailed": "0",
        "totalProcessingTime": "0",
        "apiActiveProcessingTime": "0",
        "apexProcessingTime": "0",
    }
    return _element("batchInfo", values)


def _error(refusal: RefusedError) -> Answer:
    code, message = _CODES.get(refusal.code, (refusal.code, ""))
    values = {"exceptionCode": code, "exceptionMessage": refusal.message or message}
    return _xml(_element("error", values), _STATUSES.get(code, 400))


def _xml(root: etree._Element, status: int = 200) -> Answer:
    body = b'<?xml version="1.0" encoding="UTF-8"?>' + etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    return Answer(status, "application/xml;charset=UTF-8", body)
