"""No text does harm: it is a query or a refusal, finds nobody it should not, and does not hang."""

# ruff: noqa: S608  # what looks like SQL is SOQL

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from asking import DATABASE, compiled, contacts, ids, quoted, refusal, size
from hypothesis import given, settings
from hypothesis import strategies as st

from sfmtls_nb.practice.soql import SoqlError, grammar, run
from sfmtls_nb.practice.soql.statement import Statement

# ------------------------------------------------------------ no text does harm

TEXTS = st.text(max_size=40)
WORDS = re.findall(
    r"\S+",
    """
    SELECT SELECT FROM FROM WHERE WHERE AND OR NOT IN LIKE GROUP BY HAVING ORDER BY ASC DESC NULLS FIRST LAST LIMIT OFFSET
    COUNT() COUNT(Id) SUM(Amount) MAX(Name) FIELDS(ALL) FIELDS(STANDARD) Id Id Name Name LastName AccountId Account.Name
    Account.Owner.Name Amount CreatedDate CloseDate IsDeleted Description Contact Contact Account Opportunity Contacts Foo
    ( ) ( ) , , = != < >= 'x' '%a_' '\\' 'o\\'b' 5 -1.5 1e400 true null TODAY LAST_N_DAYS:3 2026-01-01
    WITH USER_MODE USING SCOPE everything FOR VIEW UPDATE TRACKING ALL ROWS TYPEOF WHEN THEN ELSE END User Owner ROLLUP( CUBE(
    GROUPING(Name) CALENDAR_YEAR(CreatedDate) HOUR_IN_DAY(convertTimezone(CreatedDate)) FORMAT( toLabel(Name) INCLUDES EXCLUDES
    2026-01-01T00:00:00Z 0001-01-01T00:00:00+14:00 c c.Id . : ; -- /* " ` \\ \n \x00
    """,
)


def harmless(text: str) -> None:
    """A Query that can be run, or a SoqlError."""
    try:
        query = compiled(text)
    except SoqlError:
        return
    result = run(query, DATABASE)
    assert result.size >= len(result.take(3))


@given(st.text())
def test_any_text_is_a_query_or_a_refusal(text: str) -> None:
    harmless(text)


@given(st.lists(st.sampled_from(WORDS), max_size=25))
@settings(max_examples=400)
def test_any_words_of_soql_are_a_query_or_a_refusal(words: list[str]) -> None:
    harmless(" ".join(words))


@given(
    st.lists(st.sampled_from(WORDS), max_size=4),
    st.lists(st.sampled_from(WORDS), max_size=6),
    st.lists(st.sampled_from(WORDS), max_size=4),
)
@settings(max_examples=300)
def test_any_words_in_a_query_leave_a_query_or_a_refusal(
    selected: list[str], condition: list[str], rest: list[str]
) -> None:
    harmless(
        f"SELECT Id {' '.join(selected)} FROM Contact WHERE Name != {' '.join(condition)} ORDER BY {' '.join(rest)}"
    )


@given(TEXTS)
def test_any_text_in_quotes_reaches_sqlite_unharmed_and_beside_the_sql(text: str) -> None:
    def statement(literal: str) -> Statement:
        return compiled(f"SELECT Id FROM Contact WHERE LastName = {literal} OR LastName > {literal}").statement

    given_text = statement(quoted(text))
    assert ((text, text) if text else ()) == given_text.parameters
    assert given_text.source in {statement(literal).source for literal in ("''", "'x'", "'é'")}


@given(TEXTS)
def test_any_text_finds_the_contacts_of_that_name(text: str) -> None:
    assert contacts(lambda c: (c["LastName"]).lower() == text.lower()) == ids(f"LastName = {quoted(text)}")


@given(TEXTS)
def test_no_text_in_a_list_finds_other_names(text: str) -> None:
    expected = contacts(lambda c: c["LastName"].lower() in (text.lower(), "tanaka"))
    assert expected == ids(f"LastName IN ({quoted(text)}, 'Tanaka')")


@given(st.one_of(TEXTS, st.text("%_\\'aeñø", max_size=5), st.sampled_from(["ü", "'", "ss", "ñ"])))
def test_any_text_can_be_looked_for_within_names(text: str) -> None:
    wanted = quoted(text)[1:-1].replace("%", "\\%").replace("_", "\\_")
    expected = contacts(lambda c: text.lower() in c["Name"].lower())
    assert expected == ids(f"Name LIKE '%{wanted}%'")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"\n\r\t\b\f", "\n\r\t\b\f"),
        (r"\N\R\T\B\F", "\n\r\t\b\f"),
        (r"\"\'\\", "\"'\\"),
        (r"\u00e9\u00E9", "éé"),
        (r"\ud83d\ude42", "🙂"),
        (r"\ud83d alone", "\ufffd alone"),
        (r"50\% \_", "50% _"),
        ("over\ntwo lines", "over\ntwo lines"),
    ],
)
def test_an_escape_means_what_the_reference_says(written: str, meant: str) -> None:
    assert (meant,) == compiled(f"SELECT Id FROM Contact WHERE LastName = '{written}'").statement.parameters


@pytest.mark.parametrize(
    "attack",
    [
        "x' OR 'a' = 'a",
        "x\\' OR Id != null OR LastName = \\'",
        "x'; DROP TABLE Contact; --",
        "' UNION SELECT Id FROM User --",
        "\x00' OR 1=1 --",
    ],
)
def test_no_name_finds_everybody(attack: str) -> None:
    assert ids(f"LastName = {quoted(attack)}") == set()
    assert size("SELECT COUNT() FROM Contact") == 400


# ------------------------------------------------------------ nothing is too much

MUCH = {
    "brackets": "SELECT Id FROM Contact WHERE " + "(" * 20_000 + "Id = null" + ")" * 20_000,
    "nots": "SELECT Id FROM Contact WHERE " + "NOT " * 20_000 + "Id = null",
    "nested": "SELECT Id FROM Contact WHERE "
    + "NOT (Id != null AND (Id != null OR (" * 2_000
    + "Id = null"
    + ")))" * 2_000,
    "open brackets": "SELECT Id FROM Contact WHERE " + "(" * 90_000,
    "subqueries": "SELECT " + "(SELECT " * 9_000,
    "ors": "SELECT Id FROM Contact WHERE " + " OR ".join(["Name = 'x'"] * 3_000),
    "ranges": "SELECT Id FROM Contact WHERE " + " AND ".join(["CreatedDate != TODAY"] * 2_000),
    "values": f"SELECT Id FROM Account WHERE AnnualRevenue IN ({','.join(str(n) for n in range(16_000))})",
    "many values": "SELECT Id FROM Opportunity WHERE "
    + " AND ".join([f"Amount IN ({','.join(str(n) for n in range(100))})"] * 318),
    "digits": "SELECT Id FROM Account WHERE AnnualRevenue < " + "9" * 90_000,
    "a long name": "SELECT " + "x" * 99_000 + " FROM Contact",
    "a long text": "SELECT Id FROM Contact WHERE Name = '" + "x" * 99_000 + "'",
    "a long pattern": "SELECT Id FROM Contact WHERE Name LIKE '" + "x" * 60_000 + "'",
    "a slow pattern": "SELECT Id FROM Contact WHERE Name LIKE '" + "%a%e" * 10_000 + "'",
    "dots": "SELECT " + ".".join(["Owner"] * 10_000) + " FROM Contact",
    "fields": "SELECT " + ", ".join(["Id"] * 20_000) + " FROM Contact",
    "orders": "SELECT Id FROM Contact ORDER BY " + ", ".join(["Id"] * 20_000),
    "groups": "SELECT COUNT(Id) FROM Contact GROUP BY " + ", ".join(["Id"] * 20_000),
    "parents": "SELECT "
    + ", ".join(
        f"{a}.{b}.{c}.{d}.Name"
        for a in ("Owner", "CreatedBy")
        for b in ("Manager", "CreatedBy", "LastModifiedBy")
        for c in ("Manager", "CreatedBy", "LastModifiedBy")
        for d in ("Manager", "CreatedBy", "LastModifiedBy")
    )
    + " FROM Contact",
    "many parents": "SELECT "
    + ", ".join(
        f"{a}.{b}.{c}.Name"
        for a in ("Owner", "CreatedBy", "LastModifiedBy")
        for b in ("Manager", "CreatedBy", "LastModifiedBy")
        for c in ("Manager", "CreatedBy", "LastModifiedBy")
    )
    + ", Account.Owner.Manager.Manager.Manager.Name FROM Contact",
    "children": "SELECT " + ", ".join(["(SELECT Id FROM Contacts)"] * 3_000) + " FROM Account",
    "lines": "SELECT Id FROM Contact WHERE" + "\n" * 90_000 + "Foo = 1",
    "too long": "SELECT Id FROM Contact" + " " * 100_000,
}


@pytest.mark.slow
@pytest.mark.timeout(10)
@pytest.mark.parametrize("text", MUCH.values(), ids=MUCH)
def test_too_much_of_anything_is_answered_or_refused_and_does_not_hang(text: str) -> None:
    harmless(text)


@pytest.mark.parametrize(
    ("name", "expected"), [("brackets", 0), ("ors", 0), ("ranges", 374), ("values", 0), ("many parents", 400)]
)
def test_much_that_is_simple_is_answered(name: str, expected: int) -> None:
    assert expected == size(MUCH[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nots", "nested", "many values", "a long pattern", "orders", "parents"])
def test_much_that_is_complicated_is_refused(name: str) -> None:
    assert refusal(MUCH[name]).code == "QUERY_TOO_COMPLICATED"


@pytest.mark.slow
def test_the_parser_is_loaded_with_the_first_query_only() -> None:
    program = """
import sys
from datetime import UTC, datetime
from sfmtls_nb.practice.soql import compile_query
before = "lark" in sys.modules
compile_query("SELECT Id FROM Contact", now=datetime.now(UTC))
print(before, "lark" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.split() == ["False", "True"]


def test_the_grammar_is_small_enough_to_load_with_the_first_query() -> None:
    # lark writes a rule out for each combination of its optional parts: with too many in one rule it takes seconds.
    assert len(grammar._PARSER.rules) < 300
