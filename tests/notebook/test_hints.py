"""Hints: an input that does not do what its user wants gets the reason, or what was probably meant."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import ApiFault, SfmtlsError
from sfmtls_nb.notebook.hints import of_operation, of_path, of_query


@pytest.fixture
def signed_in(shell: InteractiveShell) -> InteractiveShell:
    for magic, line in (("sf_login", ""), ("sf_identity", "fullcert.pem")):
        shell.run_line_magic(magic, line)
    return shell


def run(shell: InteractiveShell, magic: str, cell: str) -> Any:
    return shell.run_cell_magic(magic, "", cell)  # type: ignore[no-untyped-call]


def soql(shell: InteractiveShell, cell: str) -> Any:
    return run(shell, "sf_soql", cell)


def contacts(condition: str) -> str:
    return f"SELECT Id FROM Contact WHERE LastName {condition}"  # noqa: S608  # SOQL, which only reads


def refusal(shell: InteractiveShell, magic: str, line: str = "", cell: str | None = None) -> ApiFault:
    def typed() -> Any:
        return shell.run_line_magic(magic, line) if cell is None else run(shell, magic, cell)

    with pytest.raises(ApiFault) as caught:
        typed()
    return caught.value


# ---------------------------------------------------------------- values as other languages write them


@pytest.mark.parametrize("written", ["{last}", "$last", ":last", "${last}", "{ last }", "%{last}%"])
def test_a_variable_written_otherwise_in_quotes_gets_a_hint(
    signed_in: InteractiveShell, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    signed_in.user_ns["last"] = "Smith"
    assert 0 == len(soql(signed_in, contacts(f"LIKE '{written}'")))
    assert "the value is written {{last}}" in capsys.readouterr().out


@pytest.mark.parametrize("written", ["{last}", "$last", ":last"])
def test_a_variable_written_otherwise_without_quotes_gets_the_hint_with_the_refusal(
    signed_in: InteractiveShell, written: str
) -> None:
    signed_in.user_ns["last"] = "Smith"
    assert "{{last}}" in refusal(signed_in, "sf_soql", "", contacts(f"= {written}")).next_step


@pytest.mark.parametrize(
    "written",
    ["{{last}}", "'{{last}}'", "'%{{last}}%'", "'{nobody}'", "'$nobody'", "'{id}'", "'{}'", "'US$ 5'", "'1:30'"],
)
def test_a_value_written_well_and_the_name_of_no_variable_get_no_hint(
    signed_in: InteractiveShell, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    signed_in.user_ns["last"] = "Smith"
    soql(signed_in, contacts(f"LIKE {written}"))
    assert "hint" not in capsys.readouterr().out


def test_a_hint_names_an_item_as_it_was_written_and_shows_no_value(
    signed_in: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    signed_in.user_ns["row"] = {"LastName": "Smith"}
    soql(signed_in, "SELECT Id FROM Contact WHERE LastName = '{row[0]}'")
    shown = capsys.readouterr().out
    assert ("{{row[0]}}" in shown, "Smith" in shown) == (True, False)


def test_a_body_and_a_path_get_the_hint_too(signed_in: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    signed_in.user_ns.update(name="Account", query="x", urn="y")
    cell = '<urn:query xmlns:urn="urn:partner.soap.sforce.com"><queryString>SELECT Id FROM Contact</queryString></urn:query>'
    run(signed_in, "sf_soap", cell)
    assert "hint" not in capsys.readouterr().out
    fault = refusal(signed_in, "sf_soap", "", "<describeSObject><sObjectType>{name}</sObjectType></describeSObject>")
    assert "{{name}}" in fault.next_step
    assert "{{name}}" in refusal(signed_in, "sf_rest", "sobjects/{name}/describe").next_step


# ---------------------------------------------------------------- habits


@pytest.mark.parametrize("end", [";", " ; ", ";\n"])
def test_a_semicolon_at_the_end_of_a_cell_is_taken_off(signed_in: InteractiveShell, end: str) -> None:
    found = soql(signed_in, f"{contacts('!= null')} LIMIT 2{end}")
    assert isinstance(found, pd.DataFrame)
    assert 2 == len(found)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("UPDATE Contact SET LastName = 'x'", "SOQL only reads, and has no UPDATE"),
        ("delete FROM Contact", "SOQL only reads, and has no DELETE"),
        ("SELECT * FROM Contact", "SOQL has no *"),
        ("SELECT COUNT(*) FROM Contact", "COUNT()"),
        ("SELECT Id FROM Contact -- all of them", "SOQL has no comments"),
        ("SELECT Id /* all */ FROM Contact", "SOQL has no comments"),
        ("SELECT DISTINCT Name FROM Contact", "GROUP BY"),
        ("SELECT Id FROM Contact WHERE Email IS NULL", "= null"),
        ('SELECT Id FROM Contact WHERE Name = "x"', "single quotes"),
        ("SELECT c.Id FROM Contact c JOIN Account a", "Account.Name"),
        ("FIND {Smith}", "SOSL"),
        ("SELECTS Id FROM Contact", "did you mean SELECT?"),
    ],
)
def test_a_habit_from_sql_gets_its_reason(signed_in: InteractiveShell, typed: str, reason: str) -> None:
    assert reason in refusal(signed_in, "sf_soql", "", typed).next_step


@pytest.mark.parametrize(
    "soql", ["SELECT Id FROM Contact WHERE Name = 'UPDATE -- * JOIN'", "SELECT Nonsense FROM User", "", "'"]
)
def test_what_is_no_habit_gets_none(soql: str) -> None:
    assert [] == of_query(soql)


def test_two_dashes_on_a_line_are_no_comment(signed_in: InteractiveShell) -> None:
    with pytest.raises(UsageError, match="a comment on this line begins with #"):
        signed_in.run_line_magic("sf_soql", "SELECT Id FROM Contact -- all of them")


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("getUserinfo", "getUserInfo"),
        ("getServerTimstamp", "getServerTimestamp"),
        ("describeGlobals", "describeGlobal"),
    ],
)
@pytest.mark.parametrize("as_cell", [False, True])
def test_a_misspelt_operation_gets_the_nearest(
    signed_in: InteractiveShell, typed: str, meant: str, *, as_cell: bool
) -> None:
    fault = refusal(signed_in, "sf_soap", "" if as_cell else typed, f"<{typed}/>" if as_cell else None)
    assert fault.next_step.startswith(f"did you mean {meant}?")


@pytest.mark.parametrize(
    ("typed", "meant"), [("services/data", "/services/data"), ("limit", "limits"), ("Query?q=x", "query")]
)
def test_a_path_without_its_slash_or_misspelt_gets_what_was_meant(
    signed_in: InteractiveShell, typed: str, meant: str
) -> None:
    with pytest.raises(SfmtlsError) as caught:
        signed_in.run_line_magic("sf_rest", typed)
    assert f"did you mean {meant}?" in caught.value.next_step


def test_names_that_are_right_or_like_no_other_get_no_hint() -> None:
    assert [] == [
        *of_operation("getUserInfo"),
        *of_operation("findDuplicates"),
        *of_path("limits"),
        *of_path("tooling/query"),
    ]


def test_the_help_names_raw(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    for magic in ("sf_soap", "sf_soql", "sf_rest"):
        shell.run_line_magic(magic, "--help")
        assert "{{expression|raw}}" in " ".join(capsys.readouterr().out.split()), magic
