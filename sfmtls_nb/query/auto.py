"""Auto: the API that suits a query. The first page by REST is the one look that it takes: it tells how many records there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal

from sfmtls_nb.connection import Exchange
from sfmtls_nb.errors import RestFault, SfmtlsError, require
from sfmtls_nb.query.bulk import BulkJob, Send
from sfmtls_nb.query.bulk_pages import BulkPages
from sfmtls_nb.query.pages import Api, Page, PageSource, RestPages, SoapPages
from sfmtls_nb.query.progress import Progress

#: From so many records on a job takes fewer calls than pages do, and the wait for it is worth while.
MANY: Final = 50_000


class AutoPages:
    """Pages by REST where they are few, and by a Bulk job where they are many and Bulk takes the query.

    bulk: makes the pages of a job for so many records.
    """

    def __init__(self, rest: RestPages, bulk: Callable[[int], BulkPages]) -> None:
        self._rest, self._bulk = rest, bulk
        self._chosen: PageSource = rest
        self.job: BulkJob | None = None
        self.why = ""

    @property
    def api(self) -> Api:
        """That which was chosen."""
        return self._chosen.api

    def first(self) -> Page:
        """See `PageSource`, as below."""
        page = self._rest.first()
        found = f"{page.size:,} record{'' if page.size == 1 else 's'}"
        if page.size < MANY:
            self.why = f"by REST: {found}, and a Bulk job is for {MANY:,} or more"
            return page
        if not page.more:  # COUNT() has a size, and no records
            self.why = "by REST: its first answer was all of it"
            return page
        by_job = self._bulk(page.size)
        try:
            first = by_job.first()
        except RestFault as fault:
            if fault.code == "Aborted":
                raise  # somebody did not want this query to run
            none = "this API version has no Bulk jobs" if fault.code == "NOT_FOUND" else "Bulk does not take this query"
            came_of_it = "its Bulk job came to nothing" if by_job.job.job_id else none
            self.why = f"by REST: {found}, and {came_of_it} ({fault.code})"
            return page
        self._chosen, self.job = by_job, by_job.job
        self.why = f"by a Bulk job: {found}, and REST is for fewer than {MANY:,}"
        return first

    def in_turn(self, page: Page) -> Iterator[Page]:
        """That page and those behind it, each when it is wanted."""
        return self._chosen.in_turn(page)

    def ahead(self, page: Page) -> Iterator[Page]:
        """That page and those behind it."""
        return self._chosen.ahead(page)


def open_source(
    soql: str,
    api: Api | Literal["auto"],
    post: Callable[..., Exchange],
    make: Send,
    *,
    deleted: bool,
    batch: int,
    progress: Callable[[Progress], None] | None,
) -> PageSource:
    """The pages of a query. post: sends a SOAP body with headers. make: makes a REST call. The rest is of `sfmtls_nb.Session.query`."""
    require(soql, str, "the query")
    require(api, str, "the API to query by")

    def rest() -> RestPages:
        return RestPages(make, soql, deleted=deleted, batch=batch)

    def bulk(expected: int | None = None) -> BulkPages:
        return BulkPages(BulkJob(make, soql, deleted=deleted, expected=expected, progress=progress))

    sources: dict[str, Callable[[], PageSource]] = {
        "auto": lambda: AutoPages(rest(), bulk),
        "soap": lambda: SoapPages(post, soql, deleted=deleted, batch=batch),
        "rest": rest,
        "bulk": bulk,
    }
    if api not in sources:
        raise SfmtlsError(f"there is no API {api!r} to query by", next_step=f"choose one of {', '.join(sources)}")
    return sources[api]()
