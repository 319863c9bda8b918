"""Frames: elements become rows, the leaves below them columns; secrets stay masked."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest
from answers import reply_in
from lxml import etree

from sfmtls_nb import Session, SfmtlsError
from sfmtls_nb.api import Reply, build_element, parse_typed
from sfmtls_nb.frame import elements_frame, records_frame
from sfmtls_nb.values import Column, Kind
from sfmtls_nb.xml import SECRET_ELEMENTS

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def rows(*elements: str) -> list[dict[str, object]]:
    """What a frame of these elements holds; what is missing is None."""
    frame = elements_frame(etree.fromstring(f"<r {XSI}>{''.join(elements)}</r>"))
    return [
        {str(name): None if value is None or value is pd.NA or value != value else value for name, value in row.items()}  # noqa: PLR0124  # NaN
        for row in frame.to_dict("records")
    ]


@pytest.mark.parametrize(
    ("element", "row"),
    [
        ("<x><a>1</a><b>2</b></x>", {"a": "1", "b": "2"}),
        ("<x><u><a>1</a><b>2</b></u></x>", {"u.a": "1", "u.b": "2"}),
        ("<x><a>1</a><a>2</a><a>3</a></x>", {"a": ["1", "2", "3"]}),
        ("<x><u><a>1</a></u><u><a>2</a></u></x>", {"u.a": ["1", "2"]}),
        ('<x xmlns:s="urn:s"><s:a>1</s:a></x>', {"a": "1"}),
        ("<x><a>1</a><!-- c --><?p i?></x>", {"a": "1"}),
        ("<x>text</x>", {"x": "text"}),
    ],
)
def test_an_element_becomes_a_row_of_its_leaves(element: str, row: dict[str, object]) -> None:
    assert [row] == rows(element)


@pytest.mark.parametrize("leaf", ["<a/>", "<a></a>", '<a xsi:nil="true"/>', '<a xsi:nil="1">text</a>'])
def test_a_nil_or_empty_leaf_is_missing(leaf: str) -> None:
    assert rows(f"<x>{leaf}<b>2</b></x>") == [{"a": None, "b": "2"}]


@pytest.mark.parametrize("leaf", ['<a xsi:nil="false">1</a>', '<a xsi:nil="0">1</a>', '<a nil="true">1</a>'])
def test_a_leaf_that_is_not_nil_is_there(leaf: str) -> None:
    assert rows(f"<x>{leaf}</x>") == [{"a": "1"}]


def test_rows_need_not_have_the_same_columns() -> None:
    assert rows("<x><a>1</a></x>", "<x><b>2</b></x>") == [{"a": "1", "b": None}, {"a": None, "b": "2"}]


def test_no_elements_are_no_rows() -> None:
    assert rows() == []


@pytest.mark.parametrize("name", sorted(SECRET_ELEMENTS))
@pytest.mark.parametrize(
    "wrap", ["<x><{0}>p455w0rd</{0}></x>", "<{0}>p455w0rd</{0}>", "<x><{0}><y>p455w0rd</y></{0}></x>"]
)
def test_a_secret_is_masked(name: str, wrap: str) -> None:
    assert [[*row.values()] for row in rows(wrap.format(name))] == [["••••"]]


@pytest.mark.parametrize("xml", ["<a>id 00D36000000bLGT!AQsecret</a>", "<u><a>00D36000000bLGT!AQsecret</a></u>"])
def test_a_session_id_in_any_text_is_masked(xml: str) -> None:
    assert ["00D36000000bLGT!••••"] == [str(*row.values())[-20:] for row in rows(f"<x>{xml}</x>")]


def answer(result: str) -> Reply:
    """A reply with this result, as the partner API sends it."""
    body = f'<b xmlns:sf="urn:sf" {XSI}>{result}</b>'
    return reply_in(
        f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{body}</e:Body></e:Envelope>'.encode()
    )


RECORD = '<records xsi:type="sf:sObject"><sf:Id>{0}</sf:Id></records>'
QUERY = '<result xsi:type="QueryResult"><done>true</done>{}<size>2</size></result>'


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (QUERY.format(RECORD.format(1) + RECORD.format(2)), {"Id": ["1", "2"]}),
        (QUERY.format(RECORD.format(1)), {"Id": ["1"]}),
        (QUERY.format(""), {}),
        (f"<result><done>true</done>{RECORD.format(1)}</result>", {"Id": ["1"]}),
        ("<result><n>1</n><sobjects><a>1</a></sobjects><sobjects><a>2</a></sobjects></result>", {"a": ["1", "2"]}),
        # What stands once is a part of the result, and of two lists neither is the result.
        ("<result><id>1</id><userInfo><a>1</a></userInfo></result>", {"id": ["1"], "userInfo.a": ["1"]}),
        ("<result><b><a>1</a></b><c><a>2</a></c><c><a>3</a></c></result>", {"b.a": ["1"], "c.a": [["2", "3"]]}),
        ("<result><a>1</a><a>2</a></result>", {"a": [["1", "2"]]}),
        ("<result><a>1</a></result><result><a>2</a></result>", {"a": ["1", "2"]}),
    ],
)
def test_the_frame_of_an_answer_has_the_rows_that_it_lists(result: str, expected: dict[str, list[object]]) -> None:
    assert expected == answer(result).frame().to_dict("list")


def test_a_path_to_the_result_gives_a_row_of_it_whatever_it_lists() -> None:
    assert [["1", "2"]] == list(
        answer(QUERY.format(RECORD.format(1) + RECORD.format(2))).frame(".//result")["records.Id"]
    )


@pytest.mark.parametrize(
    ("xsd", "text", "value", "dtype"),
    [
        ("int", "7", 7, "Int64"),
        ("double", "7.5", 7.5, "Float64"),
        ("boolean", "true", True, "boolean"),
        ("date", "2026-11-23", datetime(2026, 11, 23), "datetime64[s]"),  # noqa: DTZ001  # a date has no zone
        ("dateTime", "2026-11-23T10:00:00.000Z", datetime(2026, 11, 23, 10, tzinfo=UTC), "datetime64[ns, UTC]"),
    ],
)
@pytest.mark.parametrize("other", ["", "<a/>", '<a xsi:nil="true"/>'])
def test_values_that_say_their_type_have_it(xsd: str, text: str, value: object, dtype: str, other: str) -> None:
    typed = f'<x><a xsi:type="xsd:{xsd}">{text}</a></x>'
    frame = elements_frame(etree.fromstring(f"<r {XSI}>{typed}<x><b>b</b>{other}</x></r>"))
    assert (dtype, value, [False, True]) == (str(frame["a"].dtype), frame["a"][0], frame["a"].isna().tolist())


def test_values_that_say_no_type_or_several_stay_as_they_are() -> None:
    typed = '<x><a>7</a><b xsi:type="xsd:int">7</b><c xsi:type="xsd:string">7</c><d xsi:type="xsd:int">?</d></x>'
    assert [{"a": "7", "b": 7, "c": "7", "d": "?"}, {"a": "8", "b": "8", "c": "8", "d": "8"}] == rows(
        typed, "<x><a>8</a><b>8</b><c>8</c><d>8</d></x>"
    )


def test_the_frame_of_a_query_has_a_row_a_record(session: Session) -> None:
    soql = "SELECT Id, Name FROM Contact LIMIT 3"
    frame = session.soap(build_element("query", {"queryString": soql})).frame()
    assert (3, ["type", "Id", "Name"]) == (len(frame), list(frame))


def test_the_frame_of_describe_global_has_a_row_an_object(session: Session) -> None:
    reply = session.soap("describeGlobal")
    assert list(reply.frame(".//sobjects")["name"]) == list(reply.frame()["name"])


def test_the_frame_of_a_reply_has_a_row_a_result(session: Session) -> None:
    frame = session.get_user_info().frame()
    assert list(frame["userName"]) == ["enforced@practice.example"]


def test_a_path_chooses_other_rows(session: Session) -> None:
    frame = session.get_user_info().frame(".//limitInfo")
    assert list(zip(frame["type"], frame["limit"], strict=True)) == [("API REQUESTS", "15000")]


def test_a_path_to_leaves_gives_their_column(session: Session) -> None:
    assert session.get_user_info().frame(".//userName").to_numpy().tolist() == [["enforced@practice.example"]]


def test_a_path_that_leads_nowhere_gives_an_empty_frame(session: Session) -> None:
    assert session.get_user_info().frame(".//records").empty


def test_the_frame_of_a_login_answer_shows_no_session_id() -> None:
    body = "<loginResponse><result><sessionId>00D36000000bLGT!AQsecret</sessionId></result></loginResponse>"
    envelope = f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{body}</e:Body></e:Envelope>'
    assert list(reply_in(envelope.encode()).frame()["sessionId"]) == ["00D36000000bLGT!••••"]


def test_what_a_user_typed_can_be_a_frame_too() -> None:
    assert list(elements_frame([parse_typed("<x><a>1</a></x>")])["a"]) == ["1"]


# ---------------------------------------------------------------- records of a query

TYPES: list[tuple[Kind, Any, str]] = [
    ("string", "ü", "string"),
    ("int", 7, "Int64"),
    ("double", 7.5, "Float64"),
    ("boolean", True, "boolean"),
    ("date", date(2026, 11, 23), "datetime64[s]"),
    ("datetime", datetime(2026, 11, 23, 10, tzinfo=UTC), "datetime64[ns, UTC]"),
]
CONTACTS = Column("Contacts", columns=(Column("Name", "string"), Column("Age", "int")))
FAMILIES: list[dict[str, Any]] = [
    {"Id": "1", "Contacts": [{"Name": "Ann", "Age": 1}, {"Name": "Bo", "Age": None}]},
    {"Id": "2", "Contacts": []},
    {"Id": "3", "Contacts": [{"Name": "Cy", "Age": 3}]},
]


def dtypes(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


def table(frame: pd.DataFrame) -> list[list[object]]:
    """The cells, with None for what is missing."""
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


@pytest.mark.parametrize(("kind", "value", "dtype"), TYPES)
@pytest.mark.parametrize("told", [True, False])
def test_a_column_has_the_type_it_is_told_or_that_of_its_values(
    told: bool,  # a row of a table
    kind: Kind,
    value: object,
    dtype: str,
) -> None:
    frame = records_frame([{"a": value}, {"a": None}], [Column("a", kind)] if told else [])
    assert ({"a": dtype}, [False, True]) == (dtypes(frame), frame["a"].isna().tolist())


@pytest.mark.parametrize("records", [[], [{"a": None}]])
@pytest.mark.parametrize(("kind", "dtype"), [(kind, dtype) for kind, _, dtype in TYPES])
def test_a_column_without_values_keeps_its_type(kind: Kind, dtype: str, records: list[dict[str, object]]) -> None:
    assert {"a": dtype} == dtypes(records_frame(records, [Column("a", kind)]))


def test_a_large_whole_number_beside_a_missing_one_is_not_rounded() -> None:
    assert 2**53 + 1 == records_frame([{"a": 2**53 + 1}, {"a": None}])["a"][0]


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(date(4000, 12, 31), "datetime64[s]"), (datetime(4000, 12, 31, tzinfo=UTC), "datetime64[ms, UTC]")],
)
def test_a_far_future_fits(value: date, dtype: str) -> None:
    frame = records_frame([{"a": value}])
    assert (dtype, 4000) == (str(frame["a"].dtype), frame["a"][0].year)


@pytest.mark.parametrize("values", [[1, "x"], ["x", True], ["2026", date(2026, 1, 1)]])
def test_values_of_several_types_stay_as_they_are(values: list[object]) -> None:
    assert values == records_frame([{"a": value} for value in values])["a"].tolist()


def test_a_value_that_is_not_of_the_type_it_should_be_is_kept() -> None:
    assert ["?", 1] == records_frame([{"a": "?"}, {"a": 1}], [Column("a", "int")])["a"].tolist()


def test_a_parents_fields_are_columns_and_a_missing_parent_leaves_them_empty() -> None:
    records: list[dict[str, Any]] = [
        {"Account": {"Owner": {"Name": "Ann"}}},
        {"Account": {"Owner": None}},
        {"Account": None},
    ]
    frame = records_frame(records)
    assert (["Account.Owner.Name"], [["Ann"], [None], [None]]) == (list(frame), table(frame))


def test_parents_that_are_all_missing_have_their_columns_where_they_are_known() -> None:
    frame = records_frame([{"Account": None}], [Column("Account.Name", "string")])
    assert {"Account.Name": "string"} == dtypes(frame)


def test_known_columns_come_first_in_their_order() -> None:
    assert ["b", "a", "c"] == list(records_frame([{"a": 1, "b": 2, "c": 3}], [Column("b"), Column("a")]))


def test_a_known_column_is_the_same_whatever_its_case() -> None:
    assert ["Name"] == list(records_frame([{"Name": "x"}], [Column("name", "string")]))


def test_children_are_a_frame_in_each_cell_with_the_same_columns_everywhere() -> None:
    cells = records_frame(FAMILIES, [Column("Id", "string"), CONTACTS])["Contacts"]
    assert [[["Ann", 1], ["Bo", None]], [], [["Cy", 3]]] == [table(cell) for cell in cells]
    assert [{"Name": "string", "Age": "Int64"}] * 3 == [dtypes(cell) for cell in cells]


@pytest.mark.parametrize("name", ["Contacts", "contacts"])
def test_exploded_children_are_rows_and_who_has_none_keeps_one(name: str) -> None:
    frame = records_frame(FAMILIES, [Column("Id", "string"), CONTACTS], explode=name)
    assert {"Id": "string", "Contacts.Name": "string", "Contacts.Age": "Int64"} == dtypes(frame)
    assert [["1", "Ann", 1], ["1", "Bo", None], ["2", None, None], ["3", "Cy", 3]] == table(frame)


def test_children_explode_without_anybody_knowing_them_before() -> None:
    frame = records_frame(FAMILIES, explode="Contacts")
    assert {"Id": "string", "Contacts.Name": "string", "Contacts.Age": "Int64"} == dtypes(frame)


def test_no_records_explode_to_the_columns_that_are_known() -> None:
    frame = records_frame([], [Column("Id", "string"), CONTACTS], explode="Contacts")
    assert {"Id": "string", "Contacts.Name": "string", "Contacts.Age": "Int64"} == dtypes(frame)


@pytest.mark.parametrize("name", ["Cases", "Id", ""])
def test_what_is_no_child_subquery_cannot_be_exploded(name: str) -> None:
    with pytest.raises(SfmtlsError, match="child subqueries of this query: Contacts"):
        records_frame(FAMILIES, explode=name)


def test_an_empty_result_has_the_columns_of_its_query(session: Session) -> None:
    soql = "SELECT Name, Account.NumberOfEmployees, Birthdate FROM Contact WHERE Name = 'nobody'"
    expected = {"Name": "string", "Account.NumberOfEmployees": "Int64", "Birthdate": "datetime64[s]"}
    assert expected == dtypes(session.query(soql).to_frame())


def test_an_aggregate_is_a_number(session: Session) -> None:
    soql = "SELECT StageName, COUNT(Id), SUM(Amount) FROM Opportunity GROUP BY StageName"
    assert {"StageName": "string", "expr0": "Int64", "expr1": "Float64"} == dtypes(session.query(soql).to_frame())
