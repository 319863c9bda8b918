"""Bulk API 2.0 query jobs at /services/data/vNN.0/jobs/query: created, polled, fetched as CSV, aborted and deleted."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from sfmtls_nb.practice.api.call import READ_ONLY
from sfmtls_nb.practice.api.jobs import MOST_JOBS, SlowQuery, has_children, has_compounds, is_plain
from sfmtls_nb.practice.api.queries import json_of
from sfmtls_nb.practice.api.resource import ResourceApi, ResourceCall, allow, as_json, json_object
from sfmtls_nb.practice.api.results import CSV, csv_of
from sfmtls_nb.practice.api.store import Store
from sfmtls_nb.practice.data import Database
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer, Request
from sfmtls_nb.practice.soql import CompiledQuery, compile_query, run
from sfmtls_nb.practice.state import OrgState, User

#: "Query jobs in Bulk API 2.0 are available in API version 47.0 and later"; resultPages in 58.0 and later.
_FIRST_VERSION: Final = 47
_FIRST_WITH_PAGES: Final = 58
_PATH: Final = re.compile(r"/services/data/v\d{1,3}\.0/jobs(/.*)?")
_POSITIVE: Final = re.compile(r"[1-9][0-9]{0,9}")
_NUMBER: Final = re.compile(rb"[0-9]{1,9}")
#: "Returns up to five URIs in one response".
_PAGES_AT_ONCE: Final = 5

_WAITING, _BEGUN, _COMPLETE = _STATES = ("UploadComplete", "InProgress", "JobComplete")
_OPERATIONS: Final = ("query", "queryAll")
_DELIMITERS: Final = {"COMMA": ",", "BACKQUOTE": "`", "CARET": "^", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
_LINE_ENDINGS: Final = {"LF": "\n", "CRLF": "\r\n"}


class _End(NamedTuple):
    """The end that a failure on request has in store for a job: a state, and the error message that goes with it."""

    state: str
    error: str = ""


#: QUERY_TIMEOUT is documented; [simulated]: its words, and how an abort in Setup shows.
_ENDS: Final = {
    "job-fails": _End("Failed", "QUERY_TIMEOUT: Your query request was running for too long."),
    "job-is-aborted": _End("Aborted"),
    "job-never-ends": _End(_BEGUN),
}


@dataclass
class _Job:
    job_id: str
    version: int
    operation: str
    query: CompiledQuery
    progress: SlowQuery
    user_id: str
    delimiter: str
    line_ending: str
    end: _End | None = None
    aborted: datetime | None = None


class BulkApi(ResourceApi):
    """The query jobs of the org."""

    def __init__(self, state: OrgState, database: Database) -> None:
        super().__init__(state)
        self._database = database
        self._jobs = Store[_Job](MOST_JOBS)
        #: By the length of the path behind "jobs", its end, and the method.
        self._routes: Mapping[tuple[int, str], Mapping[str, Callable[[ResourceCall, User], Answer]]] = {
            (1, ""): {"POST": self._create, "GET": self._list},
            (2, ""): {"GET": self._show, "PATCH": self._abort, "DELETE": self._delete},
            (3, "results"): {"GET": self._show_results},
            (3, "resultPages"): {"GET": self._list_result_pages},
        }

    def serves(self, request: Request) -> bool:
        return _PATH.fullmatch(request.path) is not None

    def name_of(self, parts: tuple[str, ...]) -> str:
        return "/".join((*parts[:2], *parts[3:]))

    def find(self, call: ResourceCall, user: User) -> Answer:
        parts = call.parts[1:]
        if parts[:1] == ("ingest",) and call.request.method != "GET":
            raise RefusedError("INVALID_OPERATION", READ_ONLY)
        routes = self._routes.get((len(parts), "".join(parts[2:])))
        if parts[:1] != ("query",) or call.version < _FIRST_VERSION or not routes:
            raise RefusedError("NOT_FOUND")
        allow(call.request, *routes)
        return routes[call.request.method](call, user)

    # ------------------------------------------------------------ creating and ending

    def _create(self, call: ResourceCall, user: User) -> Answer:
        content = json_object(call.request)
        operation = _choice(content, "operation", _OPERATIONS, None)
        _choice(content, "contentType", ("CSV",), "CSV")
        delimiter = _choice(content, "columnDelimiter", _DELIMITERS, "COMMA")
        line_ending = _choice(content, "lineEnding", _LINE_ENDINGS, "LF")
        text = content.get("query")
        if not isinstance(text, str) or not text.strip():
            raise RefusedError("INVALIDJOB", "The query has to be given, as text")
        now = self._state.clock()
        query = compile_query(text, now=now, deleted=operation == "queryAll")
        if has_children(query):
            # Seen in github.com/OpenFn/adaptors issue 395; [simulated]: the code, after Bulk API's FeatureNotEnabled.
            message = "Aggregate Relationships not supported in Bulk V2 Query with CSV content type"
            raise RefusedError("FEATURENOTENABLED", message)
        if has_compounds(query):
            # Seen in many places: "FeatureNotEnabled : Selecting compound data not supported in Bulk Query".
            raise RefusedError("FEATURENOTENABLED", "Selecting compound data not supported in Bulk V2 Query")
        if not is_plain(query):
            # "Bulk API 2.0 doesn't support queries that include any of these items"; [simulated]: code and words.
            message = "GROUP BY, OFFSET and aggregate functions are not supported in Bulk V2 Query"
            raise RefusedError("FEATURENOTENABLED", message)
        job_id = self._jobs.new_id("7505f000000")
        progress = SlowQuery(query, now)
        end = next((end for name, end in _ENDS.items() if self._state.failures.use(name)), None)
        job = _Job(job_id, call.version, operation, query, progress, user.user_id, delimiter, line_ending, end)
        self._jobs.put(job_id, job)
        return as_json(call.request, self._info(job))

    def _abort(self, call: ResourceCall, _: User) -> Answer:
        job = self._job(call)
        _choice(json_object(call.request), "state", ("Aborted",), None)
        if self._job_state(job) not in (_WAITING, _BEGUN):
            raise _wrong_state(job, self._job_state(job), "aborted")
        job.aborted = self._state.clock()
        return as_json(call.request, self._info(job))

    def _delete(self, call: ResourceCall, _: User) -> Answer:
        job = self._job(call)
        if self._job_state(job) in (_WAITING, _BEGUN):
            raise _wrong_state(job, self._job_state(job), "deleted")
        self._jobs.remove(job.job_id)
        return Answer(204, "application/json;charset=UTF-8", b"")

    # ------------------------------------------------------------ looking

    def _list(self, call: ResourceCall, _: User) -> Answer:
        records = [self._info(job) for job in self._jobs.all()]
        return as_json(call.request, {"done": True, "records": records, "nextRecordsUrl": None})

    def _show(self, call: ResourceCall, _: User) -> Answer:
        job = self._job(call)
        state = self._job_state(job)
        refusal = job.progress.refusal
        error = (
            f"{refusal.code}: {refusal.message}" if refusal else job.end.error if job.end and state == "Failed" else ""
        )
        details = {
            "jobType": "V2Query",
            "numberRecordsProcessed": job.progress.size or 0,
            "retries": 0,
            "totalProcessingTime": 500 if state == _COMPLETE else 0,
            "isPkChunkingSupported": True,
            **({"errorMessage": error} if error else {}),
        }
        return as_json(call.request, self._info(job) | details)

    def _show_results(self, call: ResourceCall, _: User) -> Answer:
        job, size = self._complete_job(call)
        start = self._start(call)
        most = call.request.query.get("maxRecords", "") or str(self._state.bulk_page)
        if not _POSITIVE.fullmatch(most):
            # [simulated] code and words.
            raise RefusedError("INVALIDREQUEST", "maxRecords has to be a positive number")
        if start > size:
            raise _no_locator()
        number = min(int(most), size - start)
        end = start + number
        result = run(job.query, self._database, offset=start)
        rows = csv_of(result, number, _DELIMITERS[job.delimiter], _LINE_ENDINGS[job.line_ending])
        headers = {
            "Sforce-Locator": "null" if end >= size else _locator(end),
            "Sforce-NumberOfRecords": str(number),
        }
        return Answer(200, CSV, rows, headers)

    def _list_result_pages(self, call: ResourceCall, _: User) -> Answer:
        if call.version < _FIRST_WITH_PAGES:
            raise RefusedError("NOT_FOUND")
        job, size = self._complete_job(call)
        place = f"{call.root}/jobs/query/{job.job_id}"
        start = self._start(call)
        starts = range(start, max(size, 1), self._state.bulk_page)
        content: dict[str, Any] = {
            "resultPages": [
                {"resultUrl": f"{place}/results?locator={quote(_locator(each))}"} for each in starts[:_PAGES_AT_ONCE]
            ],
            "done": len(starts) <= _PAGES_AT_ONCE,
        }
        if not content["done"]:
            content["nextRecordsUrl"] = f"{place}/resultPages?locator={quote(_locator(starts[_PAGES_AT_ONCE]))}"
        return as_json(call.request, content)

    def _start(self, call: ResourceCall) -> int:
        """Return the offset that the locator of a call stands for; without one it is 0."""
        locator = call.request.query.get("locator", "")
        if locator and self._state.failures.use("locator-expires"):
            raise _no_locator()
        return _offset(locator)

    # ------------------------------------------------------------ what becomes of a job

    def _job(self, call: ResourceCall) -> _Job:
        job = self._jobs.find(call.parts[2])
        if job is None:
            raise RefusedError("NOT_FOUND")
        return job

    def _complete_job(self, call: ResourceCall) -> tuple[_Job, int]:
        job = self._job(call)
        if job.version != call.version:
            # "Otherwise, the call returns a 409 error"; [simulated]: code and words.
            message = f"The job was created with version {job.version}.0, which its results have to be asked for with"
            raise RefusedError("API_VERSION_MISMATCH", message)
        state = self._job_state(job)
        if state != _COMPLETE or job.progress.size is None:
            raise _wrong_state(job, state, "asked for results")
        return job, job.progress.size

    def _job_state(self, job: _Job) -> str:
        if job.aborted:
            return "Aborted"
        now = self._state.clock()
        if job.end and job.progress.is_over(now):
            return job.end.state
        return job.progress.state(now, self._database, _STATES)

    def _info(self, job: _Job) -> dict[str, Any]:
        return {
            "id": job.job_id,
            "operation": job.operation,
            "object": job.query.sobject,
            "createdById": job.user_id,
            "createdDate": json_of(job.progress.created),
            "systemModstamp": json_of(job.aborted or job.progress.created),
            "state": self._job_state(job),
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(job.version),
            "lineEnding": job.line_ending,
            "columnDelimiter": job.delimiter,
        }


def _choice(content: Mapping[str, Any], name: str, known: Iterable[str], default: str | None) -> str:
    value = content.get(name, default)
    if value not in list(known):
        # [simulated] code and words.
        raise RefusedError("INVALIDJOB", f"{name} has to be one of {', '.join(known)}")
    return str(value)


def _wrong_state(job: _Job, state: str, wanted: str) -> RefusedError:
    # [simulated] code and words.
    return RefusedError("INVALIDJOBSTATE", f"Job {job.job_id} is in state {state} and cannot be {wanted}")


def _locator(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode().rstrip("=")


def _offset(locator: str) -> int:
    """Return the offset that a locator stands for; without a locator it is 0."""
    try:
        text = base64.b64decode(locator + "=" * (-len(locator) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise _no_locator() from error
    if locator and not _NUMBER.fullmatch(text):
        raise _no_locator()
    return int(text or 0)


def _no_locator() -> RefusedError:
    # [simulated] code and words.
    return RefusedError("INVALIDLOCATOR", "The locator is invalid")
