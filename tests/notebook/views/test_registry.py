"""How our values look in a notebook: HTML beside plain text, for each of them, and no secret in either."""

from __future__ import annotations

from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, cast

import pytest
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import (
    CertificatePageError,
    ClientIdentity,
    ConnectError,
    HandshakeError,
    MutualAuthenticationFault,
    Session,
    SfmtlsError,
    doctor,
    why,
)
from sfmtls_nb.notebook.views.registry import error_lines, register_views
from sfmtls_nb.practice import PracticeOrg

VALUES = ["practice", "session", "identity", "reply", "error", "handshake", "diagnosis", "checkup"]
VOID = {"br", "hr", "img", "input"}


@pytest.fixture(scope="module")
def formatter() -> DisplayFormatter:
    """IPython's display formatter, with our views in it."""
    made = DisplayFormatter()
    register_views(cast("InteractiveShell", SimpleNamespace(display_formatter=made)))
    return made


@pytest.fixture
def values(practice: PracticeOrg, session: Session, identity: ClientIdentity) -> dict[str, Any]:
    return {
        "practice": practice,
        "session": session,
        "identity": identity,
        "reply": session.get_user_info(),
        "handshake": session.get_user_info().exchange.handshake,
        "diagnosis": why(HandshakeError("what <happened>", "TLS alert TLSV1_ALERT_UNKNOWN_CA")),
        "checkup": doctor(session.org, identity, session),
        "error": SfmtlsError("what <happened>", "the evidence", "the next step"),
    }


def views(formatter: DisplayFormatter, value: object) -> dict[str, str]:
    shown: dict[str, str]
    shown, _ = formatter.format(value, include={"text/plain", "text/html"})  # type: ignore[no-untyped-call]
    return shown


class WellFormed(HTMLParser):
    """What is wrong with the nesting of HTML, and its scripts and what it loads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.problems: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.problems += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "link", "iframe"} or any(name.startswith("on") for name, _ in attrs):
            self.problems.append(tag)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"/{tag}")


@pytest.mark.parametrize("name", VALUES)
def test_each_value_has_both_views(formatter: DisplayFormatter, values: dict[str, Any], name: str) -> None:
    assert {"text/plain", "text/html"} == set(views(formatter, values[name]))


@pytest.mark.parametrize("name", VALUES)
def test_each_value_has_well_formed_html_without_scripts(
    formatter: DisplayFormatter, values: dict[str, Any], name: str
) -> None:
    assert WellFormed(views(formatter, values[name])["text/html"]).problems == []


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("view", ["text/plain", "text/html"])
def test_each_value_shows_no_secret(
    formatter: DisplayFormatter, values: dict[str, Any], practice: PracticeOrg, name: str, view: str
) -> None:
    shown = views(formatter, values[name])[view]
    secrets = [*practice.state.sessions, *(user.password for user in practice.state.users), "PRIVATE KEY"]
    assert [secret for secret in secrets if secret in shown] == []


@pytest.mark.parametrize("view", ["text/plain", "text/html"])
def test_the_practice_org_shows_its_doors_users_and_files(
    formatter: DisplayFormatter, practice: PracticeOrg, view: str
) -> None:
    expected = [practice.api_url, practice.mutual_url, "enforced@practice.example", str(practice.directory)]
    shown = views(formatter, practice)[view]
    assert [words for words in expected if words not in shown] == []


@pytest.mark.parametrize("view", ["text/plain", "text/html"])
def test_the_practice_org_shows_that_it_is_stopped(
    formatter: DisplayFormatter, own_practice: PracticeOrg, view: str
) -> None:
    own_practice.stop()
    assert "stopped" in views(formatter, own_practice)[view]


@pytest.mark.parametrize("view", ["text/plain", "text/html"])
def test_the_session_shows_where_it_is_good_and_for_which_org(
    formatter: DisplayFormatter, session: Session, practice: PracticeOrg, view: str
) -> None:
    expected = ["00D5f000000PRAC!••••", f"{practice.api_url}/services/", f"{practice.mutual_url}/services/"]
    shown = views(formatter, session)[view]
    assert [words for words in expected if words not in shown] == []


def test_the_identity_shows_the_chain_in_sending_order(formatter: DisplayFormatter, identity: ClientIdentity) -> None:
    plain = views(formatter, identity)["text/plain"]
    names = ["integration.practice.example", "Practice Client Issuing CA", "Practice Client Policy CA"]
    assert names == sorted(names, key=plain.index)


def test_the_identity_says_of_the_root_that_it_is_left_out(formatter: DisplayFormatter, practice: PracticeOrg) -> None:
    files = practice.client
    identity = ClientIdentity.load(files.key, files.leaf, *files.intermediates, files.root)
    root = next(line for line in views(formatter, identity)["text/plain"].splitlines() if "Root CA" in line)
    assert root.startswith("root")


def test_an_error_escapes_what_is_markup(formatter: DisplayFormatter, values: dict[str, Any]) -> None:
    assert "what &lt;happened&gt;" in views(formatter, values["error"])["text/html"]


@pytest.mark.parametrize("kind", [SfmtlsError, CertificatePageError, MutualAuthenticationFault, ConnectError])
def test_an_error_shows_under_its_own_name(formatter: DisplayFormatter, kind: type[SfmtlsError]) -> None:
    assert f"<b>{kind.__name__}</b>" in views(formatter, kind("what"))["text/html"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (SfmtlsError("what", "evidence", "next"), ["SfmtlsError: what", "  evidence: evidence", "  next: next"]),
        (SfmtlsError("what", next_step="next"), ["SfmtlsError: what", "  next: next"]),
        (SfmtlsError("what", "evidence"), ["SfmtlsError: what", "  evidence: evidence"]),
        (ConnectError("what"), ["ConnectError: what"]),
    ],
)
def test_an_error_is_at_most_three_lines_in_place_of_a_traceback(error: SfmtlsError, expected: list[str]) -> None:
    first, *others = error_lines(error)
    for colour in ("\033[31m", "\033[1m", "\033[0m"):
        first = first.replace(colour, "")
    assert expected == [first, *others]


def test_an_error_of_several_lines_says_each_once() -> None:
    assert ["  ^", "  next: next"] == error_lines(SfmtlsError("SELECT\n  ^", next_step="next"))[1:]


def test_an_error_is_cut_where_it_is_long_and_ends_with_the_next_step() -> None:
    lines = error_lines(SfmtlsError("x" * 5_000, "line\n" * 5_000, "next"))
    assert (True, "  next: next", True) == (len(lines) < 20, lines[-1], all(len(line) < 1_100 for line in lines))


@pytest.mark.usefixtures("formatter")
def test_an_error_renders_its_own_traceback_once_the_views_are_registered() -> None:
    error = cast("Any", SfmtlsError("what"))
    assert error_lines(error) == error._render_traceback_()
