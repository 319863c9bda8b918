"""SOQL: the text of a query becomes SQL over the practice org's data, and its rows become records."""

from __future__ import annotations

from sfmtls_nb.practice.soql.query import CompiledQuery, Result, compile_query, run
from sfmtls_nb.practice.soql.records import (
    AGGREGATE,
    Child,
    ChildResult,
    Compound,
    Parent,
    Record,
    Scalar,
    Selected,
    SelectedField,
)
from sfmtls_nb.practice.soql.syntax import SoqlError

__all__ = [
    "AGGREGATE",
    "Child",
    "ChildResult",
    "CompiledQuery",
    "Compound",
    "Parent",
    "Record",
    "Result",
    "Scalar",
    "Selected",
    "SelectedField",
    "SoqlError",
    "compile_query",
    "run",
]
