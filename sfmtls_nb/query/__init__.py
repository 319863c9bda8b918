"""SOQL to records: the text of a query, the pages it finds, and their records as plain values."""

from sfmtls_nb.query.describe import DescribeSObjectResult, read_describe
from sfmtls_nb.query.pages import Api, Page, PageSource, RestPages, SoapPages
from sfmtls_nb.query.result import QueryResult
from sfmtls_nb.query.soql import SelectedField, Selection, parse_selection

__all__ = [
    "Api",
    "DescribeSObjectResult",
    "Page",
    "PageSource",
    "QueryResult",
    "RestPages",
    "SelectedField",
    "Selection",
    "SoapPages",
    "parse_selection",
    "read_describe",
]
