"""Bulk API 2.0 query jobs at /services/data/vNN.0/jobs/query: created, polled, fetched as CSV, aborted and deleted.

Also the CSV of both Bulk APIs, which goes out as it is read: a million records take no more memory than a few.
"""

from __future__ import annotations

import base64
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count, islice
from threading import Lock
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from sfmtls_nb.practice.api.queries import compiled, json_of, refusing, serial, text_of
from sfmtls_nb.practice.api.rest import READ_ONLY, Call, allow, answering, as_json, json_object
from sfmtls_nb.practice.data.database import Database
from sfmtls_nb.practice.mutual.gate import Presented
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Answer, Request
from sfmtls_nb.practice.soql import AGGREGATE, Child, CompiledQuery, Record, Result, run
from sfmtls_nb.practice.state import OrgState, eighteen

#: "Query jobs in Bulk API 2.0 are available in API version 47.0 and later"; resultPages in 58.0 and later.
_FIRST_VERSION: Final = 47
_FIRST_WITH_PAGES: Final = 58
_PATH: Final = re.compile(r"/services/data/v\d{1,3}\.0/jobs(/.*)?")
_POSITIVE: Final = re.compile(r"[1-9][0-9]{0,9}")
_NUMBER: Final = re.compile(rb"[0-9]{1,9}")
_MOST_JOBS: Final = 1_000
#: "Returns up to five URIs in one response".
_PAGES_AT_ONCE: Final = 5
#: [simulated] Salesforce: "the server uses a default value based on the service".
_DEFAULT_PAGE: Final = 100_000
_CSV_ROWS_AT_ONCE: Final = 250

#: [simulated] From which age on a job is in a state. Salesforce takes seconds to hours.
_PROGRESS: Final = (
    (timedelta(milliseconds=750), "JobComplete"),
    (timedelta(milliseconds=250), "InProgress"),
    (timedelta.min, "UploadComplete"),
)
_OPERATIONS: Final = ("query", "queryAll")
_DELIMITERS: Final = MappingProxyType(
    {"COMMA": ",", "BACKQUOTE": "`", "CARET": "^", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
)
_LINE_ENDINGS: Final = MappingProxyType({"LF": "\n", "CRLF": "\r\n"})


# ---------------------------------------------------------------- CSV


def csv_of(result: Result, most: int | None = None, delimiter: str = ",", ending: str = "\n") -> Iterator[bytes]:
    """A header row and the records (so many at most), in pieces, as they are read.

    Every value stands in double quotes, null is "", a parent's field is under its path: Account.Name.
    """
    with result:
        header = result.query.header
        paths = [name.split(".") for name in header]
        yield _line(header, delimiter, ending).encode()
        records = islice(result.records, most)
        while block := list(islice(records, _CSV_ROWS_AT_ONCE)):
            lines = (_line([_cell(record, path) for path in paths], delimiter, ending) for record in block)
            yield "".join(lines).encode("utf-8", "replace")


def _line(cells: Iterable[str], delimiter: str, ending: str) -> str:
    return delimiter.join('"' + cell.replace('"', '""') + '"' for cell in cells) + ending


def _cell(record: Record, path: Sequence[str]) -> str:
    value: Any = record
    for name in path:
        value = None if value is None else value.values[name]
    return "" if value is None else text_of(value)


def is_plain(query: CompiledQuery) -> bool:
    """Whether it neither groups, counts nor skips records, which Bulk queries may not."""
    return query.sobject != AGGREGATE and not query.counts and not query.statement.offset


def has_children(query: CompiledQuery) -> bool:
    """Whether it has a subquery over children, which no CSV can hold."""
    return any(isinstance(column, Child) for column in query.columns)


# ---------------------------------------------------------------- jobs


@dataclass
class _Job:
    """A query job. size: how many records it found; None until it has looked. error: why it failed."""

    job_id: str
    version: int
    operation: str
    query: CompiledQuery
    user_id: str
    created: datetime
    delimiter: str
    line_ending: str
    size: int | None = None
    error: str = ""
    aborted: datetime | None = None
    lock: Lock = field(default_factory=Lock, repr=False)


class BulkApi:
    """The jobs of the org, on its state and records. clock: by which they progress. page: the records of a result."""

    def __init__(
        self, state: OrgState, database: Database, clock: Callable[[], datetime], *, page: int = _DEFAULT_PAGE
    ) -> None:
        self._state, self._database, self._clock, self._page = state, database, clock, page
        self._lock = Lock()
        self._numbers = count(1)
        self._jobs: OrderedDict[str, _Job] = OrderedDict()

    def serves(self, request: Request) -> bool:
        """Whether the request is for this API."""
        return _PATH.fullmatch(request.path) is not None

    def answer(self, request: Request, presented: Presented) -> Answer:
        """The answer, whose body may be an iterable. Raises CertificatePageRefusal."""
        return answering(request, presented, self._state, self._find)

    def _find(self, call: Call) -> Answer:
        parts = call.parts[1:]
        if parts[:1] == ("ingest",) and call.request.method != "GET":
            raise RefusedError("INVALID_OPERATION", READ_ONLY)
        if parts[:1] != ("query",) or call.version < _FIRST_VERSION or len(parts) > 3:
            raise RefusedError("NOT_FOUND")
        place = (len(parts), parts[2] if len(parts) == 3 else "")
        methods = [method for *where, method in _ROUTES if tuple(where) == place]
        if not methods:
            raise RefusedError("NOT_FOUND")
        allow(call.request, *methods)
        answer = _ROUTES[*place, call.request.method](self, call)
        return replace(answer, operation=f"{call.request.method} jobs/query{place[1] and f'/{place[1]}'}")

    # ------------------------------------------------------------ creating and ending

    def _create(self, call: Call) -> Answer:
        content = json_object(call.request)
        operation = _choice(content, "operation", _OPERATIONS, None)
        _choice(content, "contentType", ("CSV",), "CSV")
        delimiter = _choice(content, "columnDelimiter", _DELIMITERS, "COMMA")
        line_ending = _choice(content, "lineEnding", _LINE_ENDINGS, "LF")
        text = content.get("query")
        if not isinstance(text, str) or not text.strip():
            raise RefusedError("INVALIDJOB", "The query has to be given, as text")
        now = self._clock()
        query = compiled(text, now, deleted=operation == "queryAll")
        if has_children(query):
            # Seen in github.com/OpenFn/adaptors issue 395; [simulated]: the code, after Bulk API's FeatureNotEnabled.
            message = "Aggregate Relationships not supported in Bulk V2 Query with CSV content type"
            raise RefusedError("FEATURENOTENABLED", message)
        if not is_plain(query):
            # "Bulk API 2.0 doesn't support queries that include any of these items"; [simulated]: code and words.
            message = "GROUP BY, OFFSET and aggregate functions are not supported in Bulk V2 Query"
            raise RefusedError("FEATURENOTENABLED", message)
        with self._lock:
            job_id = eighteen(f"7505f000000{serial(next(self._numbers))}")
            job = _Job(job_id, call.version, operation, query, call.user.user_id, now, delimiter, line_ending)
            self._jobs[job_id] = job
            while len(self._jobs) > _MOST_JOBS:
                self._jobs.popitem(last=False)
        return as_json(call.request, self._info(job))

    def _abort(self, call: Call) -> Answer:
        job = self._job(call)
        _choice(json_object(call.request), "state", ("Aborted",), None)
        if self._job_state(job) not in ("UploadComplete", "InProgress"):
            raise _wrong_state(job, self._job_state(job), "aborted")
        job.aborted = self._clock()
        return as_json(call.request, self._info(job))

    def _delete(self, call: Call) -> Answer:
        job = self._job(call)
        if self._job_state(job) in ("UploadComplete", "InProgress"):
            raise _wrong_state(job, self._job_state(job), "deleted")
        with self._lock:
            self._jobs.pop(job.job_id, None)
        return Answer(204, "application/json;charset=UTF-8", b"")

    # ------------------------------------------------------------ looking

    def _list(self, call: Call) -> Answer:
        with self._lock:
            jobs = list(self._jobs.values())
        return as_json(
            call.request, {"done": True, "records": [self._info(job) for job in jobs], "nextRecordsUrl": None}
        )

    def _show(self, call: Call) -> Answer:
        job = self._job(call)
        state = self._job_state(job)
        details = {
            "jobType": "V2Query",
            "numberRecordsProcessed": job.size or 0,
            "retries": 0,
            "totalProcessingTime": 500 if state == "JobComplete" else 0,
            "isPkChunkingSupported": True,
        }
        return as_json(call.request, self._info(job) | details | ({"errorMessage": job.error} if job.error else {}))

    def _results(self, call: Call) -> Answer:
        job, size = self._complete_job(call)
        start = _offset(call.request.query.get("locator", ""))
        most = call.request.query.get("maxRecords", "") or str(self._page)
        if not _POSITIVE.fullmatch(most):
            # [simulated] code and words.
            raise RefusedError("INVALIDREQUEST", "maxRecords has to be a positive number")
        if start > size:
            raise _no_locator()
        number = min(int(most), size - start)
        end = start + number
        with refusing():
            result = run(job.query, self._database, offset=start)
        rows = csv_of(result, number, _DELIMITERS[job.delimiter], _LINE_ENDINGS[job.line_ending])
        headers = {
            "Sforce-Locator": "null" if end >= size else _locator(end),
            "Sforce-NumberOfRecords": str(number),
        }
        return Answer(200, "text/csv;charset=UTF-8", rows, headers)

    def _result_pages(self, call: Call) -> Answer:
        if call.version < _FIRST_WITH_PAGES:
            raise RefusedError("NOT_FOUND")
        job, size = self._complete_job(call)
        place = f"{call.root}/jobs/query/{job.job_id}"
        start = _offset(call.request.query.get("locator", ""))
        starts = range(start, max(size, 1), self._page)
        content: dict[str, Any] = {
            "resultPages": [
                {"resultUrl": f"{place}/results?locator={quote(_locator(each))}"} for each in starts[:_PAGES_AT_ONCE]
            ],
            "done": len(starts) <= _PAGES_AT_ONCE,
        }
        if not content["done"]:
            content["nextRecordsUrl"] = f"{place}/resultPages?locator={quote(_locator(starts[_PAGES_AT_ONCE]))}"
        return as_json(call.request, content)

    # ------------------------------------------------------------ what becomes of a job

    def _job(self, call: Call) -> _Job:
        job_id = call.parts[2] if len(call.parts[2]) == 18 else eighteen(call.parts[2])
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None:
            raise RefusedError("NOT_FOUND")
        return job

    def _complete_job(self, call: Call) -> tuple[_Job, int]:
        job = self._job(call)
        if job.version != call.version:
            # "Otherwise, the call returns a 409 error"; [simulated]: code and words.
            message = f"The job was created with version {job.version}.0, which its results have to be asked for with"
            raise RefusedError("API_VERSION_MISMATCH", message)
        state = self._job_state(job)
        if state != "JobComplete" or job.size is None:
            raise _wrong_state(job, state, "asked for results")
        return job, job.size

    def _job_state(self, job: _Job) -> str:
        if job.aborted:
            return "Aborted"
        state = progress(self._clock() - job.created, _PROGRESS)
        if state == "JobComplete":
            with job.lock:
                if job.size is None and not job.error:
                    try:
                        with refusing(), run(job.query, self._database) as result:
                            job.size = result.size
                    except RefusedError as refusal:
                        job.error = f"{refusal.code}: {refusal.message}"
        return "Failed" if job.error else state

    def _info(self, job: _Job) -> dict[str, Any]:
        return {
            "id": job.job_id,
            "operation": job.operation,
            "object": job.query.sobject,
            "createdById": job.user_id,
            "createdDate": json_of(job.created),
            "systemModstamp": json_of(job.aborted or job.created),
            "state": self._job_state(job),
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(job.version),
            "lineEnding": job.line_ending,
            "columnDelimiter": job.delimiter,
        }


#: By how long the path is behind "jobs", how it ends, and the method.
_ROUTES: Final[Mapping[tuple[int, str, str], Callable[[BulkApi, Call], Answer]]] = MappingProxyType(
    {
        (1, "", "POST"): BulkApi._create,  # noqa: SLF001  # the table is the class's own
        (1, "", "GET"): BulkApi._list,  # noqa: SLF001  # as above
        (2, "", "GET"): BulkApi._show,  # noqa: SLF001  # as above
        (2, "", "PATCH"): BulkApi._abort,  # noqa: SLF001  # as above
        (2, "", "DELETE"): BulkApi._delete,  # noqa: SLF001  # as above
        (3, "results", "GET"): BulkApi._results,  # noqa: SLF001  # as above
        (3, "resultPages", "GET"): BulkApi._result_pages,  # noqa: SLF001  # as above
    }
)


def progress(age: timedelta, table: Iterable[tuple[timedelta, str]]) -> str:
    """The state of a job of some age, from a table with the oldest first."""
    return next(state for since, state in table if age >= since)


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
    """The place that a locator stands for; without one it is the beginning."""
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
