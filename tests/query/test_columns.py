"""Columns: whatever a page holds, its columns say what its records say, and what is written otherwise goes by the parser."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from answers import answer
from hypothesis import given
from hypothesis import strategies as st
from pages_of_records import Row, rest_body, rest_page, result, soap_body, soap_envelope, soap_page, soap_record

from sfmtls_nb.columns import Columns, columns_of_records
from sfmtls_nb.errors import NotJsonError, NotSoapError, SfmtlsError
from sfmtls_nb.query import Page, pages
from sfmtls_nb.query.pages import SentRecord, read_rest_page, read_soap_page

#: XML's characters; CR is written as a reference.
TEXTS = st.text(
    st.characters(min_codepoint=9, exclude_categories=["Cs"]).filter(
        lambda each: each in "\t\n\r" or (each >= " " and each not in "\ufffe\uffff")
    ),
    min_size=1,
    max_size=12,
)
LEAVES = st.one_of(st.none(), TEXTS)
OWNERS = st.none() | st.tuples(LEAVES, st.none() | st.just("7")).map(lambda each: {"Name": each[0], "Age": each[1]})
KINDS = st.sampled_from([None, "a;b", "NULL", "007", "&amp;", "]]>", "a\rb", "<b>", "é", "𝛑"])
ROWS = st.lists(
    st.tuples(st.text(string.ascii_letters, min_size=1, max_size=18), LEAVES, KINDS, OWNERS).map(
        lambda each: dict(zip(("Id", "Name", "Kinds", "Owner"), each, strict=True))
    ),
    min_size=1,
    max_size=6,
)


def as_sent(page: Page) -> Columns | None:
    return page.columns(())


def flat(sent: SentRecord | None) -> dict[str, Any]:
    """The values of a record as they came, with those of its parents."""
    found: dict[str, Any] = {}
    for name, value in (sent.fields if sent else {}).items():
        below = flat(value) if isinstance(value, SentRecord) else {}
        found |= {f"{name}.{each}": inner for each, inner in below.items()} or {name: value}
    return found


def by_column(page: Page) -> dict[str, list[Any]]:
    """What the records of a page say, as its columns should."""
    found = columns_of_records([flat(each) for each in page.records]).by_path
    parents = {name.partition(".")[0] for name in found if "." in name}
    return {name: list(values) for name, values in found.items() if name not in parents}


def held(columns: Columns) -> dict[str, list[Any]]:
    return {name: list(values) for name, values in columns.by_path.items()}


@pytest.mark.hypothesis
@given(ROWS)
@pytest.mark.parametrize("page_of", [soap_page, rest_page])
def test_columns_hold_what_the_records_hold(page_of: Callable[[Sequence[Row]], Page], rows: list[Row]) -> None:
    page = page_of(rows)
    columns = as_sent(page)
    assert columns
    assert (len(rows), by_column(page)) == (columns.rows, held(columns))


# ---------------------------------------------------------------- what is written otherwise

ROW: Row = {"Id": "001", "Name": "Ann", "Kinds": "a"}


def soap_records(*records: str) -> Page:
    sent = "".join(f'<records xsi:type="sf:sObject"><sf:type>Account</sf:type>{each}</records>' for each in records)
    return read_soap_page(answer(soap_envelope(sent, len(records))))


@pytest.mark.parametrize(
    "second",
    [
        "<sf:Name><![CDATA[Bob]]></sf:Name>",
        "<sf:Name>Bo<!-- c -->b</sf:Name>",
        "<sf:Name/>",
        "<sf:Name >Bob</sf:Name>",
        "<sf:Name>Bob</sf:Name> ",
        "<sf:Name>Bob</sf:Name><sf:More>1</sf:More>",
        "<sf:More>1</sf:More>",
        "",
        '<sf:Name xsi:type="xsd:string">Bob</sf:Name>',
        '<x:Name xmlns:x="urn:sobject.partner.soap.sforce.com">Bob</x:Name>',
        '<sf:Name xmlns:sf="urn:other">Bob</sf:Name>',
        "<sf:Name>B\rob</sf:Name>",
        '<sf:Name xsi:type="QueryResult"><done>true</done><size>0</size></sf:Name>',
        '<sf:Name xsi:type="sf:sObject"><sf:type>User</sf:type><sf:Id xsi:nil="true"/><sf:Name>Bob</sf:Name></sf:Name>',
    ],
)
def test_a_record_unlike_the_first_sends_the_page_to_the_parser(second: str) -> None:
    page = soap_records("<sf:Name>Ann</sf:Name>", second)
    assert as_sent(page) is None
    assert 2 == len(page.records)


@pytest.mark.parametrize(
    "first", ["<sf:Name>A<!-- c -->nn</sf:Name>", "<sf:Name>Ann</sf:Name><?pi?>", "\n<sf:Name>Ann</sf:Name>"]
)
def test_a_first_record_of_another_make_sends_the_page_to_the_parser(first: str) -> None:
    page = soap_records(first, "<sf:Name>Bob</sf:Name>")
    assert as_sent(page) is None
    assert 2 == len(page.records)


@pytest.mark.parametrize("first", ["<sf:Name>Ann</sf:Name>", '<sf:Name xsi:nil="true"/>'])
def test_a_value_that_is_missing_is_not_unlike(first: str) -> None:
    columns = as_sent(soap_records(first, '<sf:Name xsi:nil="true"/>', "<sf:Name>Bob</sf:Name>", "<sf:Name></sf:Name>"))
    assert columns
    assert [None, "Bob", ""] == list(columns.by_path["Name"])[1:]


@pytest.mark.parametrize("first", [None, "1"])
@pytest.mark.parametrize("order", ["%s<sf:Name>Ann</sf:Name>", "<sf:Name>Ann</sf:Name>%s"])
def test_an_id_that_was_selected_is_there_in_whichever_record_it_comes(order: str, first: str | None) -> None:
    def record(value: str | None) -> str:
        there = f"<sf:Id>{value}</sf:Id>" if value else '<sf:Id xsi:nil="true"/>'
        return '<sf:Id xsi:nil="true"/>' + order % there  # as in a group's record, which has no Id of its own

    page = soap_records(record(first), record("2"))
    assert [{"Id": first, "Name": "Ann"}, {"Id": "2", "Name": "Ann"}] == [dict(each.fields) for each in page.records]
    columns = as_sent(page)
    assert columns
    assert [first, "2"] == list(columns.by_path["Id"])


def test_an_id_that_was_not_selected_is_nowhere() -> None:
    page = soap_records(*['<sf:Id xsi:nil="true"/><sf:Name>Ann</sf:Name>'] * 2)
    assert ({"Name": "Ann"}, {"Name": ["Ann", "Ann"]}) == (
        dict(page.records[0].fields),
        held(as_sent(page) or Columns(0, {})),
    )


@pytest.mark.parametrize(("fields", "by_pattern"), [(20, True), (60, False)])
def test_a_page_that_brings_something_new_in_each_record_is_not_begun_for_ever(fields: int, by_pattern: bool) -> None:
    def record(filled: int) -> str:
        return "".join(
            f'<sf:F{at} xsi:type="sf:int">1</sf:F{at}>' if at <= filled else f'<sf:F{at} xsi:nil="true"/>'
            for at in range(fields)
        )

    page = soap_records(*map(record, range(fields)))
    assert by_pattern == (as_sent(page) is not None)
    assert fields == len(page.records)


@pytest.mark.parametrize(
    "text", ["&nbsp;", "&", "&#0;", "&#xD800;", "&#99999999;", "\x01", "]]>", "\ufffe", "</sf:Name>"]
)
def test_what_is_no_xml_is_refused_whoever_reads_it(text: str) -> None:
    page = soap_records("<sf:Name>Ann</sf:Name>", f"<sf:Name>{text}</sf:Name>")
    assert as_sent(page) is None
    with pytest.raises(NotSoapError) as caught:
        len(page.records)
    assert caught.value.exchange
    assert text.encode() in caught.value.exchange.response_body


def test_bytes_that_are_no_utf8_are_refused() -> None:
    page = read_soap_page(answer(soap_body([ROW, ROW]).replace(b"Ann", b"\xff", 1)))
    assert as_sent(page) is None
    with pytest.raises(NotSoapError):
        len(page.records)


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16"])
def test_another_encoding_is_read_by_the_parser(encoding: str) -> None:
    body = soap_body([ROW | {"Name": "Jörg"}]).decode().replace("UTF-8", encoding).encode(encoding)
    page = read_soap_page(answer(body))
    assert as_sent(page) is None
    assert "Jörg" == page.records[0].fields["Name"]


@pytest.mark.parametrize("around", ["<!-- %s -->", "<![CDATA[%s]]>"])
def test_records_in_a_comment_are_none(around: str) -> None:
    hidden = around % f'<records xsi:type="sf:sObject">{soap_record(ROW)}</records>'
    page = read_soap_page(answer(soap_envelope(hidden, 0)))
    assert (0, None) == (len(page.records), as_sent(page))


def test_polymorphic_parents_go_by_the_parser() -> None:
    def task(kind: str) -> str:
        return f'<sf:What xsi:type="sf:sObject"><sf:type>{kind}</sf:type><sf:Id xsi:nil="true"/><sf:Name>x</sf:Name></sf:What>'

    page = soap_records(task("Account"), task("Opportunity"))
    assert as_sent(page) is None
    assert ["Account", "Opportunity"] == [each.fields["What"].type for each in page.records]


@pytest.mark.hypothesis
@given(st.data())
@pytest.mark.parametrize("of", ["soap", "rest"])
def test_a_damaged_page_gives_the_records_that_the_parser_gives_or_its_error(of: str, data: st.DataObject) -> None:
    body = bytearray((soap_body if of == "soap" else rest_body)([ROW, ROW | {"Name": None}, ROW | {"Name": "&<>"}]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        page = (read_soap_page if of == "soap" else read_rest_page)(answer(bytes(body)))
        columns = as_sent(page)
    except SfmtlsError:
        return
    if columns is not None:
        assert by_column(page) == held(columns)


# ---------------------------------------------------------------- JSON

SOQL = "SELECT Id, Name, Kinds, Owner.Name, Owner.Age FROM Account"
KNOWN = result(SOQL, rest_page([ROW])).columns
PEOPLE: list[Row] = [
    ROW | {"Owner": {"Name": "Zoë", "Age": 7}},
    ROW | {"Owner": None},
    ROW | {"Owner": {"Name": None, "Age": None}},
]


def test_arrow_reads_what_python_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = rest_page(PEOPLE).columns(KNOWN)
    monkeypatch.setattr(pages, "has_arrow", lambda: False)
    plain = rest_page(PEOPLE).columns(KNOWN)
    assert fast
    assert plain
    assert hasattr(fast.by_path["Name"], "to_pylist")
    read = {name: values.to_pylist() for name, values in fast.by_path.items()}  # type: ignore[attr-defined]  # Arrow's
    assert read == held(plain)


@pytest.mark.parametrize(
    "rows",
    [
        [ROW | {"More": 1}],
        [ROW | {"Owner": {"Name": "x", "Age": 2**70}}],
        [ROW | {"Owner": {"Name": "x", "Age": 7.5}}],
        [ROW | {"Name": 5}],
        [ROW | {"Name": {"a": 1}}],
    ],
)
def test_what_is_not_as_it_is_described_is_left_to_python(rows: list[Row]) -> None:
    columns = rest_page(rows).columns(KNOWN)
    assert columns
    assert not hasattr(columns.by_path["Id"], "to_pylist")


@pytest.mark.parametrize("harm", [lambda body: body[:-9] + b"]}", lambda body: body.replace(b"Ann", b"\xff")])
def test_json_that_is_none_is_refused_whoever_reads_it(harm: Callable[[bytes], bytes]) -> None:
    with pytest.raises(NotJsonError):
        read_rest_page(answer(harm(rest_body([ROW, ROW])))).columns(KNOWN)


def test_records_with_other_names_are_left_to_the_records() -> None:
    assert as_sent(rest_page([ROW, {"Id": "002"}])) is None
