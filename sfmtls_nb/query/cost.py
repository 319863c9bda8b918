"""Cost: the API calls that a query takes, and how many of the day's the org has used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sfmtls_nb.connection import Exchange

# “Sforce-Limit-Info: api-usage=25/5000; per-app-api-usage=17/250(appName=…)”: the first is the org's.
_USAGE: Final = re.compile(r"(?:^|[;,\s])api-usage=([0-9]{1,18})/([0-9]{1,18})")
#: From this share of the day's calls on there is a warning.
_NEAR: Final = 0.9

#: Records a page by SOAP and REST, where nobody says otherwise; and of a Bulk job, where the org decides: an order of magnitude.
_USUAL_PAGE, _USUAL_BULK_PAGE = 2000, 100_000
_LEAST_POLLS: Final = 3
#: "Returns up to five URIs in one response".
LISTED_AT_ONCE: Final = 5


@dataclass(frozen=True)
class Usage:
    """The API calls of the last 24 hours: used, of the limit, which the whole org shares."""

    used: int
    limit: int

    def warning(self, calls: int = 0) -> str:
        """Words for a limit that is near, with these calls to come; empty where it is not."""
        if self.used + calls < _NEAR * self.limit:
            return ""
        to_come = f", and about {calls:,} more are to come" if calls else ""
        return f"the org has used {self.used:,} of its {self.limit:,} API calls of the day{to_come}"


def usage_of(exchange: Exchange) -> Usage | None:
    """The usage that an answer tells of, by REST in its headers; None where it tells of none."""
    found = _USAGE.search(exchange.response_headers.get("Sforce-Limit-Info", ""))
    return Usage(int(found[1]), int(found[2])) if found else None


def calls_for(records: int, api: str, page: int | None = None) -> int:
    """The API calls that so many records take, at least. page: records a page; None: as many as is usual.

    A Bulk job takes one to create it and a few to ask after it (more, the longer it runs), beside those of `calls_to_fetch`.
    """
    if api == "bulk":
        return 1 + _LEAST_POLLS + calls_to_fetch(records, page)
    return _pages(records, page or _USUAL_PAGE)


def calls_to_fetch(records: int, page: int | None = None) -> int:
    """The API calls for the results of a Bulk job: one a page; and where the org sizes them, one for each list of five."""
    pages = _pages(records, page or _USUAL_BULK_PAGE)
    return pages if page else pages + -(-pages // LISTED_AT_ONCE)


def _pages(records: int, page: int) -> int:
    """The number of pages; without records there is one all the same."""
    return max(1, -(-records // page))
