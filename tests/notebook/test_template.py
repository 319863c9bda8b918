"""Expressions in what a learner types: a value stays a value wherever it stands, or is refused."""

# ruff: noqa: S608  # what looks like SQL is SOQL

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pandas as pd
import pytest
from answers import reply_in
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from sfmtls_nb import Secret, SfmtlsError
from sfmtls_nb.api import PARTNER, SOAPENV, parse_typed
from sfmtls_nb.notebook.template import Evaluate, fill_body, fill_path, fill_soql
from sfmtls_nb.practice.soql import compile_query
from sfmtls_nb.xml import SECRET_ELEMENTS

Fill = Callable[[str, Evaluate], Any]
FILLS = [fill_body, fill_soql, fill_path]
# Any text but halves of characters; and of it, what XML 1.0 can hold.
texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("'\"\\%_{}]<>&/?#\n\r\t\b\f\0\u2028\x85"))
xml_texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r<>&]'\"{}")
)
HARMFUL = [
    "'",
    "\\",
    "\\'",
    "' OR Name != '",
    "'--",
    "\\\\'",
    "')",
    "\u2019",
    "\u2028",
    "\n'",
    "{{other}}",
    "%27",
    "' OR Name LIKE '%",
]


def having(**names: Any) -> Evaluate:
    """Evaluates in a namespace of its own."""
    return lambda code: eval(code, dict(names))  # noqa: S307  # that is what a magic does


def body(text: str, /, **names: Any) -> etree._Element:
    return fill_body(text, having(**names))


def soql(text: str, /, **names: Any) -> str:
    return fill_soql(text, having(**names))


def path(text: str, /, **names: Any) -> str:
    return fill_path(text, having(**names))


def refusal(fill: Fill, text: str, /, **names: Any) -> SfmtlsError:
    with pytest.raises(SfmtlsError) as caught:
        fill(text, having(**names))
    assert caught.value.next_step
    return caught.value


def compared(query: str) -> list[Any]:
    """What the practice org takes to be the values that a query compares with; nulls are none."""
    parameters = compile_query(query, now=datetime(2026, 11, 23, tzinfo=UTC)).statement.size()[1]
    return list(parameters[:-2])  # without LIMIT and OFFSET


# ---------------------------------------------------------------- expressions


@pytest.mark.parametrize(
    ("typed", "filled"),
    [
        ("limits", "limits"),
        ("a{{len('ab')}}b{{'x'}}", "a2bx"),
        ("{{  'x'  }}", "x"),
        ("{{\n'x'\n}}", "x"),
        ("{{row['a']['b']}}", "x"),
        ("{{names[-1]}}{{names[0:1][0]}}", "yx"),
        ("{{', '.join(names)|raw}}", "x, y"),
        ("{{'%s'.replace('%s', str(7)).strip()}}", "7"),
        ("{{dict(a='x').get('a', None)}}", "x"),
        ("{{sorted(['y', 'x'], reverse=True)[1]}}", "x"),
        ("{{ '}}' }}", "%7D%7D"),
        ("{{'it\\'s }}'}}", "it%27s%20%7D%7D"),
        ("{{'{{'}}", "%7B%7B"),
        ("{{names[0]}}}}", "x}}"),
        ("{ {{'x'}} }", "{ x }"),
        ("{{'a|raw'}}", "a%7Craw"),
        ("{{'a b' | raw}}", "a b"),
        ("{{'a/b'|raw}}{{'c/d'}}", "a/bc%2Fd"),
    ],
)
def test_an_expression_is_made_of_names_attributes_indexing_and_calls(typed: str, filled: str) -> None:
    assert filled == path(typed, names=["x", "y"], row={"a": {"b": "x"}})


@pytest.mark.parametrize(("typed", "line"), [("x {{name", 1), ("\n\nx {{name} }", 3), ("{{don't}}", 1), ("{{'}}", 1)])
@pytest.mark.parametrize("fill", FILLS)
def test_braces_that_are_not_closed_are_refused(fill: Fill, typed: str, line: int) -> None:
    assert f"the braces of line {line} are not closed" == refusal(fill, typed).what


@pytest.mark.parametrize(
    ("typed", "evidence"),
    [
        ("{{}}", "invalid syntax"),
        ("{{x = 1}}", "invalid syntax"),
        ("{{|raw}}", "invalid syntax"),
        ("{{" + "(" * 9999 + "}}", "too many nested"),
        ("{{1 + 1}}", "BinOp cannot stand there"),
        ("{{a or b}}", "BoolOp cannot stand there"),
        ("{{f'{x}'}}", "JoinedStr cannot stand there"),
        ("{{lambda: x}}", "Lambda cannot stand there"),
        ("{{[n for n in names]}}", "ListComp cannot stand there"),
        ("{{{x}}}", "'{' was never closed"),
        ("{{(x := 1)}}", "NamedExpr cannot stand there"),
    ],
)
@pytest.mark.parametrize("fill", FILLS)
def test_any_other_expression_is_refused_with_a_way_out(fill: Fill, typed: str, evidence: str) -> None:
    error = refusal(fill, typed)
    assert (True, True) == (evidence in error.evidence, "make it a variable in a cell above" in error.next_step)


@pytest.mark.parametrize("fill", FILLS)
def test_nothing_is_evaluated_where_braces_are_wrong(fill: Fill) -> None:
    evaluated: list[str] = []
    with pytest.raises(SfmtlsError):
        fill("{{first}} {{second", evaluated.append)
    assert [] == evaluated


@pytest.mark.parametrize("fill", FILLS)
def test_an_expression_that_cannot_be_evaluated_is_an_error_of_ours(fill: Fill) -> None:
    error = refusal(fill, "<a>{{'p455w0rd'|raw}}{{nobody}}</a>")
    assert ("{{nobody}} cannot be evaluated", "NameError: name 'nobody' is not defined") == (error.what, error.evidence)
    assert isinstance(error.__cause__, NameError)


def test_an_error_quotes_a_long_expression_from_its_beginning() -> None:
    assert refusal(fill_soql, f"{{{{n{'o' * 100}}}}}").what.startswith("{{noooo")


@pytest.mark.parametrize("fill", FILLS)
def test_an_interrupt_is_no_error_of_ours(fill: Fill) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill("{{x}}", interrupted)


@given(texts)
def test_any_typed_text_is_filled_or_an_error_of_ours(typed: str) -> None:
    for fill in FILLS:
        try:
            fill(f"{{{{{typed}}}}}", lambda code: code)
        except SfmtlsError as error:
            assert error.next_step  # noqa: PT017  # any text may be either


@pytest.mark.parametrize("fill", FILLS)
def test_a_value_is_not_searched_for_expressions(fill: Fill) -> None:
    evaluated: list[str] = []

    def evaluate(code: str) -> str:
        evaluated.append(code)
        return "<a>{{y}}</a>"

    fill("{{x|raw}}", evaluate)
    assert ["x"] == evaluated


@pytest.mark.timeout(20)
def test_many_braces_are_refused_in_time() -> None:
    refusal(fill_soql, "{{ ' " + "}} " * 3000)


# ---------------------------------------------------------------- XML


@given(xml_texts, xml_texts)
def test_any_text_put_into_xml_reads_back_as_itself(text: str, other: str) -> None:
    root = body("<a x='{{text}}'>1{{text}}2<b/>{{other}}<![CDATA[<{{text}}]]></a>", text=text, other=other)
    read = etree.fromstring(etree.tostring(root))
    assert [text, f"1{text}2", f"{other}<{text}"] == [read.get("x"), read.text, read[0].tail]
    assert 2 == len(list(read.iter()))


@pytest.mark.parametrize("text", ["\0", "\x1b", "\ufffe", "\ud800", "a\udc80"])
def test_a_character_that_xml_cannot_hold_is_refused(text: str) -> None:
    assert "{{text}} cannot stand here" == refusal(fill_body, "<a>{{text}}</a>", text=text).what


@pytest.mark.parametrize("typed", ["getUserInfo", "\n getUserInfo \n", "{{'getUserInfo'|raw}}", "<getUserInfo/>"])
def test_a_name_alone_is_that_operation(typed: str) -> None:
    root = body(typed)
    assert (f"{{{PARTNER}}}getUserInfo", 0, None) == (root.tag, len(root), root.text)


@pytest.mark.parametrize("typed", ["", "get user info", "1a", "getUserInfo()", "<a>"])
def test_what_is_neither_xml_nor_a_name_is_refused_as_ever(typed: str) -> None:
    with pytest.raises(SfmtlsError) as as_ever:
        parse_typed(typed)
    assert str(as_ever.value) == str(refusal(fill_body, typed))


@pytest.mark.parametrize(
    "typed",
    [
        "{{x}}",
        "<a{{x}}/>",
        "<{{x}}/>",
        "<a {{x}}='1'/>",
        "<a><!-- {{x}} --></a>",
        "<!-- {{x}} --><a/>",
        "<a><?p {{x}}?></a>",
        "<a><?{{x}} p?></a>",
        "<a xmlns='{{x}}'/>",
        "<a xmlns:p='{{x}}'/>",
        "<a xmlns:{{x}}='urn:p'/>",
    ],
)
def test_a_value_where_xml_takes_none_is_refused_with_a_way_out(typed: str) -> None:
    error = refusal(fill_body, typed, x="value")
    assert ("{{x}} cannot stand here", True, False) == (
        error.what,
        "|raw" in error.next_step,
        "value\n" in error.evidence,
    )
    assert etree.iselement(body(typed.replace("{{x}}", "{{x|raw}}"), x="value"))


@pytest.mark.parametrize(
    "typed",
    [
        "<a>&{{x}};</a>",
        "<a b={{x}}/>",
        "<{{x}}:a/>",
        "<!DOCTYPE {{x}}><a/>",
        "<a>{{x}}</b>",
    ],
)
@pytest.mark.parametrize("raw", ["", "|raw"])
def test_xml_that_is_wrong_with_its_values_is_refused_without_them(typed: str, raw: str) -> None:
    error = refusal(fill_body, typed.replace("}}", f"{raw}}}}}"), x="p455w0rd")
    assert "p455w0rd" not in str(error)


def test_a_value_is_no_encoding() -> None:
    refusal(fill_body, "<?xml version='1.0' encoding='{{x}}'?><a/>", x="UTF-8")


def test_the_error_says_where_xml_is_wrong() -> None:
    assert "line 2: ERR_TAG_NAME_MISMATCH" in refusal(fill_body, "<a>\n{{1}}</b>").evidence


QUERY = f"<query xmlns='{PARTNER}'><queryString>x &amp; y</queryString></query>"
REPLY = f"<e:Envelope xmlns:e='{SOAPENV}'><e:Body><a xmlns='{PARTNER}'/></e:Body></e:Envelope>"


@pytest.mark.parametrize("value", [QUERY, etree.fromstring(QUERY), etree.fromstring(f"<x>{QUERY} behind</x>")[0]])
@pytest.mark.parametrize("typed", ["{{value|raw}}", "\n{{value|raw}}\n"])
def test_a_body_comes_whole_out_of_a_variable(typed: str, value: Any) -> None:
    root = body(typed, value=value)
    assert (f"{{{PARTNER}}}query", "x & y", None) == (root.tag, root[0].text, root.tail)


def test_an_element_that_was_put_in_is_a_copy() -> None:
    element = etree.fromstring("<a/>")
    assert (f"{{{PARTNER}}}a", "a") == (body("{{element|raw}}", element=element).tag, element.tag)


def test_a_reply_can_be_put_in_whole() -> None:
    assert f"{{{SOAPENV}}}Envelope" == body("{{reply|raw}}", reply=reply_in(REPLY.encode())).tag


def test_an_element_is_no_value_without_raw() -> None:
    assert "it is of type _Element" == refusal(fill_body, "<a>{{x}}</a>", x=etree.fromstring("<a/>")).evidence


@pytest.mark.parametrize("empty", ["<a/>", "<a b=''/>", "<a><b/></a>"])
def test_what_has_no_expression_stays_as_it_was_typed(empty: str) -> None:
    assert etree.tostring(parse_typed(empty)) == etree.tostring(body(empty))


# ---------------------------------------------------------------- secrets


@pytest.mark.parametrize("name", sorted(SECRET_ELEMENTS))
@pytest.mark.parametrize("namespace", ["", " xmlns='urn:other'"])
def test_a_secret_goes_into_an_element_for_secrets(name: str, namespace: str) -> None:
    assert "p455w0rdtoken" == body(f"<{name}{namespace}>{{{{pw}}}}token</{name}>", pw=Secret("p455w0rd")).text


@pytest.mark.parametrize(
    ("fill", "typed"),
    [
        (fill_body, "<username>{{pw}}</username>"),
        (fill_body, "<password x='{{pw}}'/>"),
        (fill_body, "<password><x/>{{pw}}</password>"),
        (fill_body, "<password><x>{{pw}}</x></password>"),
        (fill_body, "<password><!-- {{pw}} --></password>"),
        (fill_body, "<password>{{pw|raw}}</password>"),
        (fill_body, "<password>{{[pw]}}</password>"),
        (fill_body, "<password>{{pw}}</passwort>"),
        (fill_body, "<password>{{pw}}{{wrong}}</password>"),
        (fill_body, "{{pw|raw}}"),
        (fill_soql, "{{pw}}"),
        (fill_soql, "'{{pw}}'"),
        (fill_soql, "{{[pw]}}"),
        (fill_soql, "{{pw|raw}}"),
        (fill_path, "x/{{pw}}"),
        (fill_path, "query?q={{pw}}"),
        (fill_path, "{{pw|raw}}"),
    ],
)
def test_a_secret_is_refused_elsewhere_and_not_shown(fill: Fill, typed: str) -> None:
    error = refusal(fill, typed, pw=Secret("p455w0rd"), wrong=Secret("p455w0rd\0"))
    causes: list[BaseException | None] = [error, error.__cause__, error.__context__]
    assert "p455w0rd" not in "".join(f"{each!r}{each}" for each in causes)


# ---------------------------------------------------------------- SOQL


@given(texts.filter(bool))
def test_any_text_put_into_soql_reads_back_as_itself(text: str) -> None:
    for typed in ("{{x}}", "'{{x}}'", "'{{x[:1]}}{{x[1:]}}'"):
        assert [text] == compared(soql(f"SELECT Id FROM Contact WHERE LastName = {typed}", x=text))
        assert [text] == compared(soql(f"SELECT Id FROM Contact WHERE LastName IN ({typed})", x=text))


@given(texts, texts.filter(lambda text: text not in ("", "a")))  # of IN ('a', 'a') the org keeps one
def test_what_stands_around_a_value_stays_around_it(text: str, other: str) -> None:
    typed = r"SELECT Id FROM Contact WHERE LastName = '\'\\{{x}}\\' AND FirstName IN ('a', {{y}}) AND Name LIKE '{{x}}'"
    assert [f"'\\{text}\\", "a", other] == compared(soql(typed, x=text, y=other))[:3]


@pytest.mark.parametrize("text", HARMFUL)
def test_a_value_cannot_leave_its_literal(text: str) -> None:
    for typed in ("{{x}}", "'{{x}}'", "'{{\"'\"}}{{x}}'"):
        (value,) = compared(soql(f"SELECT Id FROM Contact WHERE LastName = {typed}", x=text))
        assert text == value.removeprefix("'" * (value != text))


@pytest.mark.parametrize("before", ["\\", "\\\\\\", "\\u", "\\u002", "\\'\\", "\\u0041\\u00", "\\u00,\\"])
@pytest.mark.parametrize("typed", ["'{before}{{{{x}}}}'", "'{{{{before|raw}}}}{{{{x}}}}'"])
def test_a_backslash_that_would_join_with_the_value_is_refused(typed: str, before: str) -> None:
    error = refusal(fill_soql, typed.format(before=before), x="' OR Name != '", before=before)
    assert "a backslash in front of it would join with its text" == error.evidence


def outline(query: str) -> str:
    """A query whose literals are all alike, one that is left open too."""
    return re.sub(r"'(?:[^'\\]|\\.)*+(?:'|\\?\Z)", "''", query, flags=re.DOTALL)


PIECES = ["'", "\\", "\\'", "u00", "27", "a", "{{x}}", "{{x}}", '{{"\'"}}', "{{'\\\\'|raw}}", '{{"\'"|raw}}']


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), st.text("'\\u027 )x"))
def test_no_value_changes_the_outline_of_a_query(typed: str, value: str) -> None:
    try:
        as_typed = soql(typed, x="x")
    except SfmtlsError:
        refusal(fill_soql, typed, x=value)
    else:
        assert outline(as_typed) == outline(soql(typed, x=value))


@pytest.mark.parametrize("before", ["\\\\", "\\'", "\\u0041", "\\\\u00"])
def test_an_escape_that_is_complete_stands_before_a_value(before: str) -> None:
    assert f"'{before}O\\'Brien'" == soql(f"'{before}{{{{x}}}}'", x="O'Brien")


def test_a_quote_that_was_put_in_raw_counts() -> None:
    assert "'O\\'Brien'" == soql("{{quote|raw}}{{x}}'", quote="'", x="O'Brien")


def test_the_quotes_of_an_expression_do_not_count() -> None:
    assert "'a' 'b\\'' LIKE '%c%'" == soql("""{{'a'}} {{"b'"}} LIKE '%{{'''c'''}}%'""")


def test_the_wildcards_of_a_pattern_stay() -> None:
    assert r"LIKE '50%\\_%'" == soql("LIKE '{{x}}%'", x="50%\\_")


class Stage(str, Enum):  # noqa: UP042  # unlike a StrEnum, its str() is another
    WON = "Won't"


PLUS_2 = timezone(timedelta(hours=2))
SINGLE: list[tuple[Any, str]] = [
    ("O'Brien", r"'O\'Brien'"),
    ("", "''"),
    ('\n\r\t\f\\"', r"""'\n\r\t\f\\"'"""),
    ("\b\0\x1b\ufffe", r"'\u0008\u0000\u001b\ufffe'"),
    (Stage.WON, r"'Won\'t'"),
    (np.str_("x"), "'x'"),
    (True, "true"),
    (np.bool_(False), "false"),
    (5, "5"),
    (np.int64(5), "5"),
    (10**30, "1" + "0" * 30),
    (-0.5, "-0.5"),
    (1e22, "1" + "0" * 22),
    (1e-7, "0.0000001"),
    (np.float64(0.1), "0.1"),
    (Decimal("1E+3"), "1000"),
    (Decimal("1.50"), "1.50"),
    (None, "null"),
    (float("nan"), "null"),
    (Decimal("NaN"), "null"),
    (np.float32("nan"), "null"),
    (pd.NA, "null"),
    (pd.NaT, "null"),
    (np.datetime64("NaT", "ns"), "null"),
    (date(2026, 1, 31), "2026-01-31"),
    (np.datetime64("2026-01-31"), "2026-01-31"),
    (datetime(2026, 1, 31, 10, tzinfo=UTC), "2026-01-31T10:00:00Z"),
    (datetime(2026, 1, 31, 1, tzinfo=PLUS_2), "2026-01-30T23:00:00Z"),
    (datetime(2026, 1, 31, 10, 0, 0, 123_999, tzinfo=UTC), "2026-01-31T10:00:00.123Z"),
    (datetime(2026, 1, 31, 10, 0, 0, 999, tzinfo=UTC), "2026-01-31T10:00:00Z"),
    (pd.Timestamp("2026-01-31T10:00:00.123456789+02:00"), "2026-01-31T08:00:00.123Z"),
]
SEVERAL: list[tuple[Any, str]] = [
    (["a", "b'"], r"('a','b\'')"),
    ((1, None, True), "(1,null,true)"),
    ({"a"}, "('a')"),
    (frozenset({1}), "(1)"),
    ({"a": 1, "b": 2}.keys(), "('a','b')"),
    ({"a": 1, "b": 2}.values(), "(1,2)"),
    (np.array([1.5, np.nan]), "(1.5,null)"),
    (pd.Series(["a", None, pd.NA]), "('a',null,null)"),
    (pd.Index(["a", "b"]), "('a','b')"),
    (pd.Series([pd.Timestamp("2026-01-31T10:00Z"), pd.NaT]), "(2026-01-31T10:00:00Z,null)"),
]


@pytest.mark.parametrize(("value", "literal"), SINGLE + SEVERAL)
def test_outside_of_quotes_a_value_becomes_a_literal(value: Any, literal: str) -> None:
    assert f"x = {literal} y" == soql("x = {{value}} y", value=value)


@pytest.mark.parametrize(("value", "literal"), SEVERAL)
@pytest.mark.parametrize("typed", ["IN ({})", "IN ( {})", "IN ('x', {})"])
def test_a_list_leaves_brackets_that_are_there_alone(typed: str, value: Any, literal: str) -> None:
    assert typed.format(literal[1:-1]) == soql(typed.format("{{value}}"), value=value)


@pytest.mark.parametrize(
    ("value", "evidence"),
    [
        ([], "it is empty, and IN () is no SOQL"),
        (pd.Series([], dtype=object), "it is empty, and IN () is no SOQL"),
        ([["a"]], "it is a list of values"),
        (float("inf"), "it is infinite"),
        (Decimal("-Infinity"), "it is infinite"),
        (datetime(2026, 1, 31, 10), "it is a time without a time zone"),  # noqa: DTZ001  # that is the point
        (pd.Timestamp("2026-01-31"), "it is a time without a time zone"),
        (np.datetime64("2026-01-31", "ns"), "it is a time without a time zone"),
        (pd.Series(pd.to_datetime(["2026-01-31"])), "it is a time without a time zone"),
        (np.array(["2026-01-31"], "datetime64[ns]"), "it is a time without a time zone"),
        (np.timedelta64(5, "ns"), "it is of type timedelta"),
        (pd.DataFrame({"a": [1]}), "it is of type DataFrame"),
        ({"a": 1}, "it is of type dict"),
        (b"x", "it is bytes"),
    ],
)
def test_what_is_no_value_of_soql_is_refused(value: Any, evidence: str) -> None:
    assert evidence == refusal(fill_soql, "x = {{value}}", value=value).evidence


@pytest.mark.parametrize(("value", "evidence"), [(None, "it has no value"), (["a"], "it is a list of values")])
def test_what_has_no_text_does_not_stand_in_quotes(value: Any, evidence: str) -> None:
    assert evidence == refusal(fill_soql, "x = '{{value}}'", value=value).evidence


@pytest.mark.parametrize("value", [5, True, date(2026, 1, 31)])
def test_a_number_or_a_date_in_quotes_is_text(value: Any) -> None:
    assert "'" + soql("{{value}}", value=value) + "'" == soql("'{{value}}'", value=value)


# ---------------------------------------------------------------- paths


@given(texts.filter(lambda text: text.strip(".")))
def test_any_text_put_into_a_path_is_one_segment_of_it(text: str) -> None:
    parts = urlsplit("https://x/a/" + path("b/{{x}}/c?d={{x}}&e", x=text))
    assert ["", "a", "b", text, "c"] == [unquote(part) for part in parts.path.split("/")]
    assert {"d": [text], "e": [""]} == parse_qs(parts.query, keep_blank_values=True)


@pytest.mark.parametrize(
    ("typed", "filled"),
    [
        ("sobjects/Contact/{{x}}", "sobjects/Contact/a%20b%2Fc%27"),
        ("{{x|raw}}", "a b/c'"),
        ("x/%2{{7}}", "x/%2527"),
        ("x/%41{{7}}", "x/%417"),
        ("x?since={{when}}", "x?since=2026-01-31T10%3A00%3A00Z"),
        ("x?deleted={{True}}", "x?deleted=true"),
        ("x?y={{''}}", "x?y="),
        ("parameterizedSearch?q={{x}}", "parameterizedSearch?q=a%20b%2Fc%27"),
        ("query?q=SELECT Id FROM Contact&x={{x}}", "query?q=SELECT Id FROM Contact&x=a%20b%2Fc%27"),
    ],
)
def test_a_value_in_a_path_is_percent_encoded(typed: str, filled: str) -> None:
    assert filled == path(typed, x="a b/c'", when=datetime(2026, 1, 31, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("typed", "value", "evidence"),
    [
        ("x/{{x}}", None, "it has no value"),
        ("x?y={{x}}", None, "it has no value"),
        ("x/{{x}}", ["a"], "it is a list of values"),
        ("x/{{x}}/y", "..", "it is empty or only dots, which leads to another resource"),
        ("x/.{{x}}", ".", "it is empty or only dots, which leads to another resource"),
        ("x/{{x}}", "", "it is empty or only dots, which leads to another resource"),
        ("{{x}}", "/services/data", "it has a / in it, which as a value would become %2F"),
        ("search?q=FIND { {{x}} }", "a", "the q of search is SOSL, and values are not escaped for that"),
    ],
)
def test_a_value_that_would_lead_elsewhere_is_refused(typed: str, value: Any, evidence: str) -> None:
    assert evidence == refusal(fill_path, typed, x=value).evidence


RESOURCES = ["query?q=", "query/?q=", "queryAll?q=", "tooling/query?x=y&q=", "/services/data/v58.0/query?explain="]


@given(
    st.sampled_from(RESOURCES),
    st.sampled_from(["{{x}}", "'{{x}}'", "%27{{x}}%27", "'%25{{x}}'", "'%{{x}}'"]),
    texts.filter(bool),
)
def test_any_text_put_into_the_query_of_a_path_reads_back_as_itself(resource: str, typed: str, text: str) -> None:
    filled = path(f"{resource}SELECT+Id FROM Contact WHERE LastName = {typed}", x=text)
    (query,) = parse_qs(urlsplit(filled).query)[resource.rpartition("?")[2].rpartition("&")[2].removesuffix("=")]
    assert ["%" * typed.startswith("'%") + text] == compared(query)


@pytest.mark.parametrize(("value", "literal"), SINGLE + SEVERAL)
def test_in_the_query_of_a_path_a_value_becomes_a_literal(value: Any, literal: str) -> None:
    assert literal == unquote(path("query?q={{value}}", value=value).removeprefix("query?q="))


def test_a_backslash_before_a_value_is_refused_in_the_query_of_a_path_too() -> None:
    assert "backslash" in refusal(fill_path, "query?q=SELECT+Id+FROM+Contact+WHERE+Name=%27%5C{{x}}%27", x="'").evidence
