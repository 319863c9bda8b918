"""Pages of records as an org writes them, from the same values by SOAP, REST and Bulk; and what reads them without a call."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from xml.sax.saxutils import escape

from answers import answer

from sfmtls_nb.errors import SoapFault
from sfmtls_nb.query import Api, DescribeSObjectResult, Page, QueryResult
from sfmtls_nb.query.pages import read_rest_page, read_soap_page

ACCOUNT = DescribeSObjectResult(
    "Account",
    {
        "Id": "id",
        "Name": "string",
        "Employees": "int",
        "Revenue": "currency",
        "Rate": "percent",
        "Active": "boolean",
        "Since": "date",
        "CreatedDate": "datetime",
        "Kinds": "multipicklist",
        "Body": "base64",
    },
    {"Owner": ("User",), "Parent": ("Account",)},
    {"Contacts": "Contact"},
)
USER = DescribeSObjectResult("User", {"Id": "id", "Name": "string", "Age": "int"}, {}, {})
#: A row by path; a parent that is None has no row of its own.
Row = dict[str, Any]

_NAMESPACES = (
    'xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:sobject.partner.soap.sforce.com" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
)


def describe(name: str) -> DescribeSObjectResult:
    for each in (ACCOUNT, USER):
        if each.name == name:
            return each
    raise SoapFault("no such sObject", code="INVALID_TYPE")


@dataclass
class Stored:
    """A source of pages that are here already."""

    api: ClassVar[Api] = "soap"
    why: ClassVar[str] = ""

    pages: Sequence[Page]

    def first(self) -> Page:
        return self.pages[0]

    def in_turn(self, page: Page) -> Iterator[Page]:
        yield page
        while page.more:
            page = self.pages[int(page.more)]
            yield page

    def ahead(self, page: Page) -> Iterator[Page]:
        return self.in_turn(page)


def result(soql: str, *pages: Page) -> QueryResult:
    return QueryResult(Stored(pages), soql, describe)


def soap_envelope(records: str, size: int, more: str = "") -> bytes:
    done = f"<done>false</done><queryLocator>{more}</queryLocator>" if more else "<done>true</done>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><e:Envelope {_NAMESPACES}><e:Body><queryResponse>'
        f'<result xsi:type="QueryResult">{done}{records}<size>{size}</size></result></queryResponse></e:Body></e:Envelope>'
    ).encode()


def soap_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else escape(str(value), {"\r": "&#13;"})


def soap_record(row: Row, sobject: str = "Account") -> str:
    """A record's content: type and Id first, the selected Id a second time."""
    there = row.get("Id")
    parts = [f"<sf:type>{sobject}</sf:type>", f"<sf:Id>{there}</sf:Id>" if there else '<sf:Id xsi:nil="true"/>']
    for name, value in row.items():
        if value is None:
            parts.append(f'<sf:{name} xsi:nil="true"/>')
        elif isinstance(value, dict):
            parts.append(f'<sf:{name} xsi:type="sf:sObject">{soap_record(value, "User")}</sf:{name}>')
        else:
            parts.append(f"<sf:{name}>{soap_text(value)}</sf:{name}>")
    return "".join(parts)


def soap_body(rows: Sequence[Row], size: int | None = None, more: str = "") -> bytes:
    records = "".join(f'<records xsi:type="sf:sObject">{soap_record(row)}</records>' for row in rows)
    return soap_envelope(records, len(rows) if size is None else size, more)


def rest_body(rows: Sequence[Row], size: int | None = None, more: str = "") -> bytes:
    def record(row: Row, sobject: str) -> dict[str, Any]:
        inner = {name: record(each, "User") if isinstance(each, dict) else each for name, each in row.items()}
        return {"attributes": {"type": sobject, "url": "/services/data/v64.0/sobjects/x"}, **inner}

    content: dict[str, Any] = {"totalSize": len(rows) if size is None else size, "done": not more}
    content |= {"nextRecordsUrl": more} if more else {}
    content["records"] = [record(row, "Account") for row in rows]
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def csv_body(rows: Sequence[Row]) -> bytes:
    def cells(row: Row) -> Iterator[tuple[str, Any]]:
        for name, value in row.items():
            if isinstance(value, dict):
                yield from ((f"{name}.{inner}", each) for inner, each in cells(value))
            else:
                yield name, "" if value is None else str(value).lower() if isinstance(value, bool) else value

    file = io.StringIO()
    flat = [dict(cells(row)) for row in rows]
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(dict.fromkeys(name for row in flat for name in row))
    writer.writerows([list(row.values()) for row in flat])
    return file.getvalue().encode()


def soap_page(rows: Sequence[Row], size: int | None = None, more: str = "") -> Page:
    return read_soap_page(answer(soap_body(rows, size, more)))


def rest_page(rows: Sequence[Row], size: int | None = None, more: str = "") -> Page:
    return read_rest_page(answer(rest_body(rows, size, more)))
