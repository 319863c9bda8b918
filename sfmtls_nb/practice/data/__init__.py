"""Data: the org's sObjects and their records, in SQLite."""

from __future__ import annotations

from sfmtls_nb.practice.data.database import DEFAULT_RECORDS, Database, OrgUser
from sfmtls_nb.practice.data.ids import ORGANIZATION_ID, eighteen, serial
from sfmtls_nb.practice.data.invented import PROFILES
from sfmtls_nb.practice.data.objects import SCHEMA, sobject
from sfmtls_nb.practice.data.rows import Row, Rows
from sfmtls_nb.practice.data.schema import (
    COMPOUND_TYPES,
    ID_TYPES,
    NUMBER_TYPES,
    TEXT_TYPES,
    ChildRelationship,
    Field,
    FieldType,
    SObject,
)

__all__ = [
    "COMPOUND_TYPES",
    "DEFAULT_RECORDS",
    "ID_TYPES",
    "NUMBER_TYPES",
    "ORGANIZATION_ID",
    "PROFILES",
    "SCHEMA",
    "TEXT_TYPES",
    "ChildRelationship",
    "Database",
    "Field",
    "FieldType",
    "OrgUser",
    "Row",
    "Rows",
    "SObject",
    "eighteen",
    "serial",
    "sobject",
]
