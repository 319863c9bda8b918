"""What a magic's line may say, and what it answers to a line that is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import MutualAuthenticationFault, OrgError, SoapFault
from sfmtls_nb.notebook import without_body
from sfmtls_nb.notebook.lines import unquoted, words_of

MAGICS = ["sf_practice", "sf_org", "sf_login", "sf_identity", "sf_soap", "sf_soql", "sf_rest", "sf_curl"]
MAGICS += [
    "sf_guide",
    "sf_scrub",
    "sf_lesson",
    "sf_check",
    "sf_glossary",
    "sf_handshake",
    "sf_why",
    "sf_doctor",
    "sf_help",
    "sf_drill",
]


@pytest.mark.parametrize("name", MAGICS)
def test_help_is_printed_and_nothing_is_done(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert shell.run_line_magic(name, "--help") is None
    assert f"%{name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "line", "suggestion"),
    [
        ("sf_soap", "getUserInfo --prot 443", "did you mean --port?"),
        ("sf_soap", "getUserInfo --nocert", "did you mean --no-cert?"),
        ("sf_identity", "client.key --wirte x", "did you mean --write?"),
        ("sf_curl", "--xyz", "it takes no flags"),
    ],
)
def test_a_flag_that_is_not_known_is_answered_with_the_nearest(
    shell: InteractiveShell, name: str, line: str, suggestion: str
) -> None:
    with pytest.raises(UsageError) as caught:
        shell.run_line_magic(name, line)
    assert suggestion in str(caught.value)


def test_the_practice_org_has_no_sandbox(shell: InteractiveShell) -> None:
    with pytest.raises(OrgError, match="no sandbox"):
        shell.run_line_magic("sf_org", "practice --sandbox uat")


def test_the_practice_org_takes_another_api_version(shell: InteractiveShell) -> None:
    assert shell.run_line_magic("sf_org", "practice --api-version 58.0").api_version == "58.0"


@pytest.fixture
def signed_in(shell: InteractiveShell) -> InteractiveShell:
    shell.run_line_magic("sf_login", "standard")
    return shell


QUERY = "SELECT Id, LastName, Account.Name FROM Contact LIMIT 3"


def cell_magic(shell: InteractiveShell, cell: str) -> Any:
    return shell.run_cell_magic("sf_soql", "", cell)  # type: ignore[no-untyped-call]  # IPython's


@pytest.mark.parametrize("api", ["soap", "rest"])
def test_soql_on_a_line_gives_a_frame(signed_in: InteractiveShell, api: str) -> None:
    frame = signed_in.run_line_magic("sf_soql", f"--api {api} {QUERY}")
    assert (3, ["Id", "LastName", "Account.Name"]) == (len(frame), list(frame.columns))


def test_soql_in_a_cell_keeps_its_quotes(signed_in: InteractiveShell) -> None:
    frame = cell_magic(signed_in, "SELECT Name FROM User WHERE Username = 'standard@practice.example'")
    assert ["Stan Standard"] == list(frame["Name"])


def test_a_query_that_is_wrong_raises_the_orgs_fault(signed_in: InteractiveShell) -> None:
    with pytest.raises(SoapFault, match="INVALID_FIELD"):
        cell_magic(signed_in, "SELECT Nonsense FROM User")


def test_rest_gives_the_parsed_json(signed_in: InteractiveShell) -> None:
    assert 15_000 == signed_in.run_line_magic("sf_rest", "limits")["DailyApiRequests"]["Max"]


def test_rest_on_443_is_refused_to_an_enforced_user_as_predicted(shell: InteractiveShell) -> None:
    shell.run_line_magic("sf_login", "enforced")
    refusal = shell.run_line_magic("sf_rest", "limits --port 443 --expect MUTUAL_AUTHENTICATION_FAILED")
    assert isinstance(refusal, MutualAuthenticationFault)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("a  b", ["a", "b"]),
        ("getUserInfo   # a real org: don't", ["getUserInfo"]),
        ("# all of it", []),
        ("a#b", ["a#b"]),
        ("'a # b' c", ["'a # b'", "c"]),
        (
            "SELECT Id FROM Contact WHERE Name = 'a  b'",
            ["SELECT", "Id", "FROM", "Contact", "WHERE", "Name", "=", "'a  b'"],
        ),
        (r"C:\keys\client.key", [r"C:\keys\client.key"]),
        ('--out="my file"', ['--out="my file"']),
    ],
)
def test_a_line_is_read_as_words_up_to_a_comment(line: str, words: list[str]) -> None:
    assert words == words_of(line)


@pytest.mark.parametrize(
    ("cell", "expected"), [("%%sf_soql", "incomplete"), ("%%bash", "incomplete"), ("%sf_soql", "complete")]
)
def test_a_cell_that_is_being_typed_is_not_taken_for_whole(shell: InteractiveShell, cell: str, expected: str) -> None:
    assert expected == shell.check_complete(cell)[0]


@pytest.mark.parametrize("cell", ["%%bash", "%%sf_soap\n<getUserInfo/>\n", "x = 1\n%%sf_soap\n", ""])
def test_other_cells_are_left_as_they_are(cell: str) -> None:
    lines = cell.splitlines(keepends=True)
    assert lines == without_body(lines)


@pytest.mark.parametrize("line", ["'a", 'a "b', "a 'b c"])
def test_a_quote_that_is_not_closed_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match="a quote is not closed"):
        words_of(line)


@given(st.lists(st.text("ab #-=.\\", min_size=1), min_size=1))
def test_quoted_words_come_back_as_they_were(texts: list[str]) -> None:
    assert texts == [unquoted(word) for word in words_of(" ".join(f"'{text}'" for text in texts))]


@pytest.mark.parametrize(
    "flag", ["--password", "--passwd", "-p", "--token", "--security-token", "--session-id", "--secret", "--passphrase"]
)
def test_a_flag_that_would_take_a_secret_is_refused(shell: InteractiveShell, flag: str) -> None:
    with pytest.raises(UsageError, match="a secret that stands in a cell is saved") as refused:
        shell.run_line_magic("sf_login", f"me {flag} hunter2")
    assert "hunter2" not in str(refused.value)


def test_a_comment_may_stand_behind_a_magic(shell: InteractiveShell) -> None:
    assert shell.run_line_magic("sf_org", "practice   # your own: %sf_org acme").login_url.startswith(
        "https://localhost"
    )
