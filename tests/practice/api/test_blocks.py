"""Rows written column by column: the same as record by record, whatever is selected."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from noon import NOW

from sfmtls_nb.practice.api.blocks import CsvWriter, JsonWriter, SoapWriter, texts_of
from sfmtls_nb.practice.api.queries import record_json, text_of
from sfmtls_nb.practice.api.xml import record_element
from sfmtls_nb.practice.data import COMPOUND_TYPES, SCHEMA, Database
from sfmtls_nb.practice.soql import CompiledQuery, SelectedField, compile_query, run

ROOT = "/services/data/v64.0"
QUERIES = [
    *(
        f"SELECT {', '.join(each.name for each in known.fields if each.type not in COMPOUND_TYPES)} FROM {name}"  # noqa: S608  # SOQL
        for name, known in SCHEMA.items()
    ),
    "SELECT Name, Account.Name, Account.Owner.Name, AccountId FROM Contact",
    "SELECT Account.Name, Account.Id FROM Contact WHERE AccountId = NULL",
    "SELECT StageName, COUNT(Id) n, AVG(Amount), MAX(CreatedDate), MIN(CloseDate) FROM Opportunity GROUP BY StageName",
    "SELECT Id FROM Contact WHERE Name = 'nobody of this name'",
]


def compiled(query: str) -> CompiledQuery:
    made = compile_query(query, now=NOW)
    assert made.has_columns
    return made


@pytest.mark.parametrize("text", QUERIES)
def test_json_is_that_of_the_records(database: Database, text: str) -> None:
    query = compiled(text)
    written = JsonWriter(query, ROOT).records(run(query, database).take_rows(2_000))
    expected = [record_json(ROOT, record) for record in run(query, database)]
    assert expected == [json.loads(each) for each in written]


@pytest.mark.parametrize("text", QUERIES)
def test_soap_is_that_of_the_records(database: Database, text: str) -> None:
    query = compiled(text)
    written = SoapWriter(query).records(run(query, database).take_rows(2_000))
    declared = re.compile(r' xmlns(:\w+)?="[^"]*"')
    expected = [
        declared.sub("", etree.tostring(record_element("records", record, 64), encoding="unicode"))
        for record in run(query, database)
    ]
    assert expected == written


@pytest.mark.parametrize("text", [query for query in QUERIES if "GROUP" not in query])
def test_csv_is_that_of_the_records(database: Database, text: str) -> None:
    query = compiled(text)
    lines = CsvWriter(query, ",", "\n").records(run(query, database).take_rows(2_000))

    def cell(record: object, path: list[str]) -> str:
        for name in path:
            record = None if record is None else record.values[name]  # type: ignore[attr-defined]  # records alone have paths
        return "" if record is None else text_of(record)  # type: ignore[arg-type]  # as text_of has them

    paths = [name.split(".") for name in query.header]
    expected = [[cell(record, path) for path in paths] for record in run(query, database)]
    assert expected == list(csv.reader(io.StringIO("".join(lines), newline="")))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
        "SELECT BillingAddress FROM Account",
        "SELECT Account.BillingAddress FROM Contact",
        "SELECT FORMAT(Amount) FROM Opportunity",
    ],
)
def test_children_addresses_and_format_have_no_columns(query: str) -> None:
    assert not compile_query(query, now=NOW).has_columns


def named() -> CompiledQuery:
    return compiled("SELECT FirstName, LastName FROM Contact")


@given(st.lists(st.tuples(st.none() | st.text(), st.none() | st.text()), max_size=5))
def test_any_text_comes_back_from_json_and_csv(rows: list[tuple[str | None, str | None]]) -> None:
    query = named()
    place = {column.name: column.place for column in query.columns if isinstance(column, SelectedField)}
    made = [
        tuple({place["FirstName"]: first, place["LastName"]: last}.get(n, "003") for n in range(3))
        for first, last in rows
    ]
    found = [json.loads(each) for each in JsonWriter(query, ROOT).records(made)]
    assert rows == [(each["FirstName"], each["LastName"]) for each in found]
    lines = "".join(CsvWriter(query, ",", "\r\n").records(made))
    assert [[first or "", last or ""] for first, last in rows] == list(csv.reader(io.StringIO(lines, newline="")))


@given(
    st.lists(st.tuples(st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"])) | st.just("a&<>]]>\r\n")))
)
def test_any_text_that_xml_can_hold_comes_back_from_soap(rows: list[tuple[str | None]]) -> None:
    query = compiled("SELECT LastName FROM Contact")
    [column] = query.columns
    assert isinstance(column, SelectedField)
    made = [tuple(last if n == column.place else "003" for n in range(2)) for (last,) in rows]
    for (last,), written in zip(rows, SoapWriter(query).records(made), strict=True):
        [*_, found] = etree.fromstring(written.replace("<records", '<records xmlns:sf="s" xmlns:xsi="x"', 1))
        expected = None if last is None else re.sub("[\ufffe\uffff]", "\N{REPLACEMENT CHARACTER}", last)
        assert (expected or None) == (found.text or None)


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers()))
def test_numbers_have_no_exponent(values: list[float | None]) -> None:
    texts = texts_of(SelectedField("Amount", "double", 0), values, "Z")
    assert [None if each is None else text_of(each) for each in values] == list(texts)


@given(st.lists(st.none() | st.integers(-62_135_596_800, 253_402_300_799)))
def test_datetimes_are_those_of_the_calendar(seconds: list[int | None]) -> None:
    texts = texts_of(SelectedField("CreatedDate", "datetime", 0), seconds, "Z")
    epoch = NOW - timedelta(seconds=NOW.timestamp())
    assert [None if each is None else text_of(epoch + timedelta(seconds=each)) for each in seconds] == list(texts)
