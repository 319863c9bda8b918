"""Results of bulk queries, as CSV, JSON and XML. They go out as they are read: a million take no more memory than a few."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from lxml import etree

from sfmtls_nb.practice.api.blocks import CsvWriter
from sfmtls_nb.practice.api.queries import record_json, text_of
from sfmtls_nb.practice.api.xml import legal
from sfmtls_nb.practice.soql import Record, Result

CSV: Final = "text/csv;charset=UTF-8"
#: salesforce-bulk takes nothing for JSON that has more to it.
JSON: Final = "application/json"
XML: Final = "application/xml;charset=UTF-8"

_ROWS_AT_ONCE: Final = 1_000
_NAMESPACE: Final = "http://www.force.com/2009/06/asyncapi/dataload"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"


# ---------------------------------------------------------------- CSV


def csv_of(result: Result, most: int | None = None, delimiter: str = ",", ending: str = "\n") -> Iterator[bytes]:
    """Yield a header row and the records (so many at most), in pieces, as they are read.

    Every value stands in double quotes, null is "", a parent's field is under its path: Account.Name.
    """
    header = result.query.header
    if result.query.has_columns:
        yield _line(header, delimiter, ending).encode()
        with result:
            writer, left = CsvWriter(result.query, delimiter, ending), most
            while rows := result.read_rows(_ROWS_AT_ONCE if left is None else min(_ROWS_AT_ONCE, left)):
                left = None if left is None else left - len(rows)
                yield "".join(writer.records(rows)).encode("utf-8", "replace")
        return
    with result:
        paths = [name.split(".") for name in header]
        yield _line(header, delimiter, ending).encode()
        records = islice(result, most)
        while block := list(islice(records, _ROWS_AT_ONCE)):
            lines = (_line([_cell(record, path) for path in paths], delimiter, ending) for record in block)
            yield "".join(lines).encode("utf-8", "replace")


def _line(cells: Iterable[str], delimiter: str, ending: str) -> str:
    return delimiter.join('"' + cell.replace('"', '""') + '"' for cell in cells) + ending


def _cell(record: Record, path: Sequence[str]) -> str:
    value: Any = record
    for name in path:
        value = None if value is None else value.values[name]
    return "" if value is None else text_of(value)


# ---------------------------------------------------------------- JSON and XML, of the first Bulk API


def json_of_result(result: Result, root: str) -> Iterator[bytes]:
    """Yield a JSON array of the records. root: the path of the API version, for the addresses in them."""
    with result:
        yield b"["
        for number, record in enumerate(result):
            text = json.dumps(record_json(root, record), ensure_ascii=False, separators=(",", ":"))
            yield ("," if number else "").encode() + text.encode("utf-8", "replace")
        yield b"]"


def xml_of_result(result: Result) -> Iterator[bytes]:
    """Yield a queryResult: each record with its type, its Id and the selected fields."""
    with result:
        yield f'<?xml version="1.0" encoding="UTF-8"?><queryResult xmlns="{_NAMESPACE}" xmlns:xsi="{_XSI}">'.encode()
        for record in result:
            yield etree.tostring(_record_element("records", record), encoding="UTF-8")
        yield b"</queryResult>"


def _record_element(name: str, record: Record) -> etree._Element:
    element = etree.Element(f"{{{_NAMESPACE}}}{name}", {f"{{{_XSI}}}type": "sObject"}, nsmap={None: _NAMESPACE})
    _append(element, "type", record.type)
    if "Id" not in record.values:
        _append(element, "Id", None)
    for field, value in record.values.items():
        if isinstance(value, Record):
            element.append(_record_element(field, value))
        else:
            _append(element, field, value)
    return element


def _append(parent: etree._Element, name: str, value: Any) -> None:
    child = etree.SubElement(parent, f"{{{_NAMESPACE}}}{name}")
    if value is None:
        child.set(f"{{{_XSI}}}nil", "true")
    else:
        child.text = legal(text_of(value))
