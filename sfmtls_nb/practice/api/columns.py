"""Columns: what a query selects, as REST describes it for ``columns=true``, which the sf CLI asks for with each query.

[simulated]: the members were read off what the sf CLI and jsforce do with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sfmtls_nb.practice.data import NUMBER_TYPES, SCHEMA, TEXT_TYPES, FieldType
from sfmtls_nb.practice.soql import AGGREGATE, Child, CompiledQuery, Selected, SelectedField

#: Types in Apex; a text is a String.
_APEX: Final[Mapping[FieldType, str]] = {
    "id": "Id",
    "reference": "Id",
    "boolean": "Boolean",
    "int": "Integer",
    "double": "Double",
    "percent": "Double",
    "currency": "Double",
    "date": "Date",
    "datetime": "Datetime",
}


def column_metadata(query: CompiledQuery) -> dict[str, Any]:
    """Return the columns of a query: a parent's and a subquery's fields are its ``joinColumns``."""
    grouped = query.sobject == AGGREGATE
    # A grouped field is one of an object's; a number has a name of its own.
    sobjects = sorted(query.objects) if grouped else [query.sobject]
    return {
        "columnMetadata": [_column(each, sobjects, aggregate=grouped) for each in query.columns],
        "entityName": sobjects[0],
        "groupBy": grouped,
        "idSelected": any(column.name == "Id" for column in query.columns),
        "keyPrefix": SCHEMA[sobjects[0]].key_prefix,
    }


def _column(column: Selected, sobjects: Sequence[str], *, aggregate: bool) -> dict[str, Any]:
    known = next((field for name in sobjects if (field := SCHEMA[name].field(column.name))), None)
    kind = column.type if isinstance(column, SelectedField) else None
    return {
        "aggregate": isinstance(column, Child) or (aggregate and known is None),
        "apexType": _APEX.get(kind, "String") if kind else "SObject",
        "booleanType": kind == "boolean",
        "columnName": column.name,
        "custom": known.custom if known else False,
        "displayName": column.name,
        "foreignKeyName": None,
        "insertable": False,
        "joinColumns": []
        if isinstance(column, SelectedField)
        else [_column(each, [column.sobject], aggregate=False) for each in column.columns],
        "numberType": kind in NUMBER_TYPES,
        "textType": kind in TEXT_TYPES,
        "updatable": False,
    }
