"""BulkJob: a query as a job of Bulk API 2.0: created, waited for, and its results fetched as pages of CSV.

By "Bulk API 2.0 Query" of Salesforce's Bulk API 2.0 and Bulk API Developer Guide. Of columns and tables it knows nothing.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import closing, suppress
from functools import partial
from itertools import islice
from threading import Event, Lock
from typing import Any, Final
from urllib.parse import quote, urlsplit

from sfmtls_nb.api import FAULTS, job_fault, read_json
from sfmtls_nb.connection import Exchange
from sfmtls_nb.errors import NotJsonError, RestFault, SfmtlsError
from sfmtls_nb.query.ahead import ahead
from sfmtls_nb.query.cost import LISTED_AT_ONCE, Usage, calls_for, calls_to_fetch, usage_of
from sfmtls_nb.query.patience import insistently
from sfmtls_nb.query.progress import Progress

#: Makes a call: ``send(method, path, body=…, headers=…)``, with a path as `sfmtls_nb.Session.rest` takes it.
Send = Callable[..., Exchange]

#: "Query jobs in Bulk API 2.0 are available in API version 47.0 and later"; resultPages in 58.0 and later.
_FIRST_VERSION: Final = 47
_FIRST_WITH_PAGES: Final = 58
#: Pages that are fetched or lie fetched while one is used: as much stands in memory.
_AT_ONCE: Final = 2
#: So often a page may be cut off, before the attempts that any call has: a large one is cut again and again on a bad way.
_CUTS: Final = 100
#: Seconds before the job is asked after for the first time, how much longer each further pause is, and the longest.
_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 0.3, 1.6, 30.0
#: The locator of the last page: the word, not an empty header.
_LAST: Final = "null"
_AGAIN: Final = "run the query again; if it comes again, something between you and the org may be changing answers"
_TOO_OLD: Final = (
    f'Bulk API 2.0 has queries from API version {_FIRST_VERSION}.0 on: Org(api_version="{_FIRST_VERSION}.0") or a newer one; '
    'or run it with api="rest"'
)
_BY_REST: Final = (
    "a Bulk job takes no subquery, no address or location as a whole, no GROUP BY, OFFSET, TYPEOF or aggregate function: "
    'run such a query with api="rest"'
)


class BulkJob:
    """A query that the org runs as a job, and the pages of CSV that it finds.

    page: records a page, at most; the pages are fetched in turn, each while the one before is used. None: as many as the
    org likes, and from API 58.0 on two pages at once. expected: the number of records, where it is known before.
    patience: seconds that the job may take. progress: is called, in the thread of the caller, when there is news.

    job_id: empty until there is a job. size: the number of records, once it is complete. calls: API calls so far.
    usage: the org's calls of the day, by the newest answer. exchange: the newest that the org said of the job.

    Stop (KeyboardInterrupt) aborts the job while it runs. A complete one is left as it is, read to its end or not: Salesforce
    keeps it for seven days, and its pages can be fetched again.
    """

    def __init__(
        self,
        send: Send,
        soql: str,
        *,
        deleted: bool = False,
        page: int | None = None,
        expected: int | None = None,
        patience: float = 3600,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.job_id = ""
        self.size = 0
        self.calls = 0
        self.usage: Usage | None = None
        self.exchange: Exchange | None = None
        self._soql, self._deleted, self._page, self._expected = soql, deleted, page, expected
        self._patience, self._progress, self._make = patience, progress, send
        self._version = 0.0
        self._counting = Lock()

    def wait(self) -> None:
        """Create the job, and ask after it, with growing pauses, until it is complete.

        Raises RestFault if the org refuses the query or the job fails or is aborted; SfmtlsError if it is not over in time.
        """
        try:
            self._create()
            self._ask_until_complete()
        except KeyboardInterrupt:
            if self.job_id:
                with suppress(SfmtlsError):
                    self.abort()
            raise
        except SfmtlsError as error:
            if self.job_id and self.job_id not in error.what:
                error.evidence = f"{error.evidence}; the Bulk job {self.job_id} goes on at the org".lstrip("; ")
            raise

    def pages(self) -> Generator[Exchange]:
        """The results of a complete job, in order: each is CSV with a header line and whole records, each comes once.

        A page that was cut off is fetched again. Raises SfmtlsError if one cannot be had, or if they do not add up.
        """
        came, most, began = 0, 1, time.monotonic()
        with closing(self._fetched()) as fetched:
            try:
                for exchange in fetched:
                    number = records_in(exchange)
                    came, most = came + number, max(most, number)
                    if came > self.size:
                        break
                    self._report_fetched(came, most, time.monotonic() - began)
                    yield exchange
                    del exchange  # or it would be in memory while the next one is waited for
            except SfmtlsError as error:
                error.evidence = f"{error.evidence}; {self._so_far(came)} had come".lstrip("; ")
                raise
        if came != self.size:
            what = "the pages of the Bulk job do not add up to what it found"
            raise SfmtlsError(what, f"{self._so_far(came)} came", _AGAIN)

    def page_urls(self) -> list[str]:
        """The paths of all pages, for `fetch_page` anywhere. Raises SfmtlsError before API 58.0, which cannot tell."""
        if self._version < _FIRST_WITH_PAGES:
            raise SfmtlsError(
                "the pages of a Bulk job cannot be named before they are fetched",
                f"the job was created with API version {self._version}",
                f'choose a version from {_FIRST_WITH_PAGES}.0 on, which has that: Org(api_version="{_FIRST_WITH_PAGES}.0")',
            )
        return list(self._listed())

    def fetch(self, path: str) -> Exchange:
        """One page, by its path: as `fetch_page`, and counted."""
        return fetch_page(self._send, path)

    def abort(self) -> None:
        """Have the org stop the job. Raises RestFault for one that no longer runs."""
        read_json(self._send("PATCH", self._path, body={"state": "Aborted"}))

    def delete(self) -> None:
        """Have the org forget a job that no longer runs, and its results. Raises RestFault for one that does."""
        exchange = self._send("DELETE", self._path)
        if exchange.status != 204:
            read_json(exchange)

    def __repr__(self) -> str:
        return f"<BulkJob {self.job_id or 'planned'}: {' '.join(self._soql.split())[:80]}>"

    # ------------------------------------------------------------ the job

    @property
    def _path(self) -> str:
        return f"jobs/query/{self.job_id}"

    def _create(self) -> None:
        """Create the job. Where the answer is cut off there may be one already: nobody reads it, and no record comes twice."""
        if self._expected is not None:
            to_come = calls_for(self._expected, "bulk", self._page)
            self._report("planned", 0, of=self._expected, calls_left=to_come)
        body = {"operation": "queryAll" if self._deleted else "query", "query": self._soql}
        try:
            content = insistently(lambda: self._info("POST", "jobs/query", body))
        except RestFault as fault:
            if fault.code == "NOT_FOUND":
                fault.next_step = _TOO_OLD
            elif fault.code not in FAULTS:
                fault.next_step = _BY_REST
            raise
        self.job_id, self._version = str(content["id"]), float(content.get("apiVersion") or 0)

    def _ask_until_complete(self) -> None:
        began, pause, state = time.monotonic(), _FIRST_PAUSE, "UploadComplete"
        while True:
            if time.monotonic() + pause - began > self._patience:
                raise self._never_ending(state)
            time.sleep(pause)
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)
            content = insistently(lambda: self._info("GET", self._path))
            state, found = content["state"], int(content.get("numberRecordsProcessed") or 0)
            if state == "JobComplete":
                self.size = found
                self._report(state, found, of=found, calls_left=calls_to_fetch(found, self._page))
                return
            if state in ("Failed", "Aborted"):
                fault = job_fault(self.job_id, state, str(content.get("errorMessage") or ""))
                fault.exchange = self.exchange
                raise fault
            left = _seconds_left(found, self._expected, time.monotonic() - began)
            self._report(state, found, of=self._expected, seconds_left=left)

    def _info(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """What the org says of the job. Raises NotJsonError for an answer that says nothing of a job."""
        self.exchange = exchange = self._send(method, path, body=body)
        content = read_json(exchange)
        if isinstance(content, dict) and content.get("id") and content.get("state"):
            return content
        error = NotJsonError("the answer is JSON, but tells of no Bulk job", "it has no id or no state", _AGAIN)
        error.exchange = exchange
        raise error

    def _never_ending(self, state: str) -> SfmtlsError:
        error = SfmtlsError(
            f"the Bulk job {self.job_id} was not over within {self._patience:,g} s",
            f"by then its state was {state}, and it goes on at the org",
            f"look at it later, under Setup > Bulk Data Load Jobs or by session.rest({self._path!r}); or let it have more "
            "time, or less to find",
        )
        error.exchange, error.failure = self.exchange, "job-too-long"
        return error

    # ------------------------------------------------------------ its pages

    def _fetched(self) -> Generator[Exchange]:
        """The pages. Whoever stops does not wait for those on their way: their threads end with the call they are at."""
        stopped = Event()

        def begin(path: str) -> Future[Exchange]:
            return ahead(partial(fetch_page, self._send, path, stopped), "sfmtls-bulk-page")

        try:
            yield from self._in_turn(begin) if self._in_turn_only else self._at_once(begin)
        finally:
            stopped.set()

    @property
    def _in_turn_only(self) -> bool:
        return self._version < _FIRST_WITH_PAGES or self._page is not None or not self.size

    def _at_once(self, begin: Callable[[str], Future[Exchange]]) -> Iterator[Exchange]:
        paths = self._listed()
        coming = deque(map(begin, islice(paths, _AT_ONCE)))
        while coming:
            exchange = coming.popleft().result()
            coming.extend(map(begin, islice(paths, 1)))
            yield exchange
            del exchange

    def _in_turn(self, begin: Callable[[str], Future[Exchange]]) -> Iterator[Exchange]:
        locator, coming = "", begin(self._results())
        while locator != _LAST:
            exchange = coming.result()
            locator = exchange.response_headers.get("Sforce-Locator") or _LAST
            if locator != _LAST:
                coming = begin(self._results(locator))
            yield exchange
            del exchange

    def _results(self, locator: str = "") -> str:
        """The path of the page that a locator leads to; without one, of the first."""
        asked = ([f"locator={quote(locator, safe='')}"] if locator else []) + (
            [f"maxRecords={self._page}"] if self._page else []
        )
        return f"{self._path}/results?{'&'.join(asked)}".rstrip("?")

    def _listed(self) -> Iterator[str]:
        """The paths of the pages: asked for five at a time, as they are needed."""
        more = f"{self._path}/resultPages"
        while more:
            content = insistently(partial(_read_list, self._send, more))
            yield from (str(each["resultUrl"]) for each in content["resultPages"])
            # The guide's table calls it nextRecordUrl, its example nextRecordsUrl.
            following = content.get("nextRecordsUrl") or content.get("nextRecordUrl")
            more = "" if content.get("done", True) else str(following or "")

    def _so_far(self, came: int) -> str:
        return f"{came:,} of the {self.size:,} records of the Bulk job {self.job_id}"

    # ------------------------------------------------------------ calls and news

    def _send(self, method: str, path: str, **more: Any) -> Exchange:
        with self._counting:
            self.calls += 1
        exchange = self._make(method, path, **more)
        self.usage = usage_of(exchange) or self.usage
        return exchange

    def _report(self, state: str, records: int, **known: Any) -> None:
        if self._progress:
            self._progress(Progress(state, records, calls=self.calls, usage=self.usage, **known))

    def _report_fetched(self, came: int, most: int, seconds: float) -> None:
        # Those on their way are counted as made.
        pages = max(0, -(-(self.size - came) // most) - (1 if self._in_turn_only else _AT_ONCE))
        calls_left = pages + (0 if self._in_turn_only else pages // LISTED_AT_ONCE)
        left = _seconds_left(came, self.size, seconds)
        self._report("fetching", came, of=self.size, seconds_left=left, calls_left=calls_left)


def fetch_page(send: Send, path: str, stopped: Event | None = None) -> Exchange:
    """A page of CSV, whole: fetched again, a bounded number of times, where the way or the org failed it for the moment.

    stopped: ends the pauses between, and so the attempts. Raises RestFault for what the org refuses, as a locator that has
    expired for good.
    """
    return insistently(partial(_read_page, send, path), stopped, cuts=_CUTS)


def records_in(exchange: Exchange) -> int:
    """The number of records in a page of CSV, as its header says."""
    return int(exchange.response_headers["Sforce-NumberOfRecords"])


def _read_page(send: Send, path: str) -> Exchange:
    exchange = send("GET", path, headers={"Accept": "text/csv"})
    kind, said = (exchange.response_headers.get(name, "") for name in ("Content-Type", "Sforce-NumberOfRecords"))
    if exchange.status != 200 or "csv" not in kind:
        read_json(exchange)  # raises what it says
    lines = exchange.response_body.count(b"\n")
    # Each record ends a line, and so does the header; more where there are line ends within values.
    if said.isdecimal() and lines >= int(said):
        return exchange
    error = SfmtlsError(
        "the answer is no whole page of a Bulk job's results",
        f"it has {lines:,} lines, and says of its records: {said or 'nothing'}; HTTP {exchange.status}, "
        f"{kind or 'no Content-Type'}, from {urlsplit(path).path}",
        _AGAIN,
    )
    error.exchange, error.failure = exchange, "document-cut"
    raise error


def _read_list(send: Send, path: str) -> dict[str, Any]:
    exchange = send("GET", path)
    content = read_json(exchange)
    if isinstance(content, dict) and isinstance(content.get("resultPages"), list):
        return content
    error = NotJsonError("the answer is JSON, but no list of result pages", "it has no resultPages", _AGAIN)
    error.exchange = exchange
    raise error


def _seconds_left(came: int, of: int | None, seconds: float) -> float | None:
    """An estimate: the rest goes as fast as what has come."""
    return None if not came or of is None or of <= came else (of - came) * seconds / came
