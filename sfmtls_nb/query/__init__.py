"""SOQL to records: the text of a query, the pages it finds, and their records as plain values."""

from sfmtls_nb.query.auto import open_source
from sfmtls_nb.query.bulk import BulkJob, fetch_page
from sfmtls_nb.query.cost import Usage, calls_for, usage_of
from sfmtls_nb.query.describe import DescribeSObjectResult, read_describe
from sfmtls_nb.query.distributed import Elsewhere, host_of
from sfmtls_nb.query.pages import Api, Page, PageSource
from sfmtls_nb.query.progress import Progress
from sfmtls_nb.query.result import QueryResult
from sfmtls_nb.query.soql import SelectedField, Selection, parse_selection

__all__ = [
    "Api",
    "BulkJob",
    "DescribeSObjectResult",
    "Elsewhere",
    "Page",
    "PageSource",
    "Progress",
    "QueryResult",
    "SelectedField",
    "Selection",
    "Usage",
    "calls_for",
    "fetch_page",
    "host_of",
    "open_source",
    "parse_selection",
    "read_describe",
    "usage_of",
]
