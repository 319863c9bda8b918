"""Frames: elements become rows, the leaves below them columns; secrets stay masked."""

from __future__ import annotations

import pandas as pd
import pytest
from lxml import etree

from sfmtls_nb import Session
from sfmtls_nb.frame import elements_frame
from sfmtls_nb.soap import SECRET_ELEMENTS, from_user, read_reply

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
    assert list(read_reply(envelope.encode()).frame()["sessionId"]) == ["00D36000000bLGT!••••"]


def test_what_a_user_typed_can_be_a_frame_too() -> None:
    assert list(elements_frame([from_user("<x><a>1</a></x>")])["a"]) == ["1"]
