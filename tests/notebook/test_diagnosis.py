"""The magics that look back at a call: the handshake from both ends, why it failed, the way to the org, its commands."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from raw_server import serving, silence

from sfmtls_nb import SfmtlsError
from sfmtls_nb.notebook.both_ends import BothEnds
from sfmtls_nb.notebook.views.timeline import both_ends_text
from sfmtls_nb.practice import PracticeOrg

Run = Callable[[str], Any]


@pytest.fixture
def run(signed_in: InteractiveShell) -> Run:
    """Run a line's magic: its name, and the rest."""
    signed_in.run_line_magic("sf_identity", "client.key client.crt intermediate1.crt intermediate2.crt")

    def magic(line: str) -> Any:
        name, _, rest = line.partition(" ")
        return signed_in.run_line_magic(name.lstrip("%"), rest)

    return magic


@pytest.fixture
def practice_org(run: Run) -> PracticeOrg:
    found: PracticeOrg = run("%sf_practice show")
    return found


def test_after_a_call_its_handshake_is_shown_from_both_ends(run: Run) -> None:
    run("%sf_soap getUserInfo")
    seen: BothEnds = run("%sf_handshake")
    assert seen.org
    assert ("accepted", "accepted") == (seen.verdict.kind, seen.org.concluded)
    assert "read CertificateVerify" in [what for _, what in seen.org.noted]


def test_a_certificate_that_was_left_at_home_is_missed_by_both_ends(run: Run) -> None:
    run("%sf_soap getUserInfo --no-cert --expect page")
    seen: BothEnds = run("%sf_handshake")
    assert seen.org
    assert ("not sent", "no certificate presented") == (seen.verdict.kind, seen.org.concluded)


def test_a_certificate_that_the_page_refuses_was_sent_and_refused(run: Run) -> None:
    run("%sf_soap getUserInfo --identity expired --expect page")
    seen: BothEnds = run("%sf_handshake")
    assert "refused" == seen.verdict.kind
    assert "certificate has expired" in seen.verdict.text
    assert "accepted" not in both_ends_text(seen)


def test_before_any_call_there_is_nothing_to_look_back_at(shell: InteractiveShell) -> None:
    for magic in ("sf_handshake", "sf_why", "sf_curl"):
        with pytest.raises(SfmtlsError, match="no call has been made yet"):
            shell.run_line_magic(magic, "")


@pytest.mark.parametrize(
    ("flags", "kind", "concluded"),
    [("", "accepted", "accepted"), ("--no-cert", "not sent", "refused: no certificate presented")],
)
def test_any_server_can_be_connected_to_with_the_certificate_or_without(
    flags: str, kind: str, concluded: str, run: Run, practice_org: PracticeOrg
) -> None:
    seen: BothEnds = run(f"%sf_handshake {urlsplit(practice_org.strict_url).netloc} {flags}")
    assert seen.org
    assert (kind, concluded) == (seen.verdict.kind, seen.org.concluded)


def test_a_server_that_speaks_no_tls_is_named(run: Run) -> None:
    def plain(connection: Any) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serving(plain) as where:
        seen: BothEnds = run(f"%sf_handshake {where}")
    assert "ended" == seen.verdict.kind
    assert "does not speak TLS" in run("%sf_why").what


def test_why_explains_the_host_that_could_not_be_reached_and_not_the_call_before(run: Run) -> None:
    run("%sf_soap getUserInfo --no-cert --expect page")
    with pytest.raises(SfmtlsError, match="nobody listens"):
        run("%sf_handshake 127.0.0.1:1")
    assert "nobody listens" in run("%sf_why").what


def test_a_server_that_says_nothing_is_not_waited_for_any_longer_than_a_call(
    run: Run, signed_in: InteractiveShell
) -> None:
    signed_in.run_line_magic("config", "SfMagics.connect_timeout = 0.5")
    with serving(silence) as where:
        assert "ended" == run(f"%sf_handshake {where}").verdict.kind


def test_a_past_call_is_not_made_again_without_the_certificate(run: Run) -> None:
    run("%sf_soap getUserInfo")
    with pytest.raises(UsageError, match="--no-cert goes with HOST:PORT"):
        run("%sf_handshake --no-cert")


def test_a_variable_that_is_gone_is_not_taken_for_a_host(
    run: Run, signed_in: InteractiveShell, practice_org: PracticeOrg
) -> None:
    with pytest.raises(UsageError, match=r"\{gone.mutual_url\} was not filled in"):
        run("%sf_handshake {gone.mutual_url}")
    signed_in.user_ns["kept"] = practice_org
    assert run("%sf_handshake {kept.mutual_url}").verdict.kind == "accepted"


def test_two_handshakes_are_shown_side_by_side(run: Run, signed_in: InteractiveShell) -> None:
    run("%sf_soap getUserInfo --no-cert --expect page")
    run("%sf_handshake without <<")
    run("%sf_soap getUserInfo")
    both = run("%sf_handshake --beside without")
    formatter = signed_in.display_formatter
    assert formatter
    shown = formatter.format(both)[0]["text/html"]  # type: ignore[no-untyped-call]
    assert shown.index("asked for and not sent") < shown.index("sent, proven, and accepted")
    with pytest.raises(UsageError, match="no variable nothing keeps a handshake"):
        run("%sf_handshake --beside nothing")


def test_step_by_step_it_asks_before_it_reveals(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("%sf_soap getUserInfo")
    asked: list[str] = []
    answer = ""

    def typed(prompt: str) -> str:
        asked.append(prompt)
        return answer

    monkeypatch.setattr("builtins.input", typed)
    assert run("%sf_handshake --step") is None
    assert 13 == len(asked)
    answer = "q"
    run("%sf_handshake --step")
    assert 14 == len(asked)


def test_step_by_step_as_text_shows_what_there_is_so_far_and_opens_the_newest(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("%sf_soap getUserInfo")
    answers = iter(["", "q"])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    run("%sf_handshake --step")
    _, first, second, whole = capsys.readouterr().out.split("      client  ")
    assert (1, 1) == (second.count("ClientHello ─"), second.count("─ ServerHello"))
    assert second.count("legacy_version") == 1  # of the ServerHello
    assert "accepted" not in first
    assert "org: accepted" in whole


@pytest.mark.parametrize("line", ["%sf_handshake login.salesforce.com:8443", "%sf_org login.salesforce.com:8443"])
def test_why_explains_the_address_that_was_refused_and_not_the_call_before(line: str, run: Run) -> None:
    run("%sf_soap getUserInfo --no-cert --expect page")
    with pytest.raises(SfmtlsError):
        run(line)
    assert "login-host-on-8443" == run("%sf_why")[0].name


def test_an_exchange_says_what_became_of_the_certificate(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    exchange = run("%sf_soap getUserInfo").exchange
    display(exchange)  # type: ignore[no-untyped-call]
    assert "in TLS     your certificate was sent, proven, and accepted" in capsys.readouterr().out
    display(run("%sf_soap getUserInfo --no-cert --expect page").exchange)  # type: ignore[no-untyped-call]
    assert "in TLS     a certificate was asked for and not sent" in capsys.readouterr().out


def test_where_nobody_can_answer_step_by_step_speaks_of_no_secret(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", closed)
    run("%sf_soap getUserInfo")
    with pytest.raises(SfmtlsError) as raised:
        run("%sf_handshake --step")
    assert "secret" not in raised.value.next_step


def test_why_names_the_cause_of_the_last_failure_first(run: Run, practice_org: PracticeOrg) -> None:
    run("%sf_soap getUserInfo --no-cert --expect page")
    assert "no-certificate" == run("%sf_why")[0].name
    run("%sf_soap getUserInfo --identity intermediate-missing --expect page")
    assert "intermediate-missing" == run("%sf_why")[0].name
    run("%sf_soap getUserInfo --port 443 --expect MUTUAL_AUTHENTICATION_FAILED")
    assert "session-on-443" == run("%sf_why")[0].name
    run("%sf_soap getUserInfo")
    assert (False, 0) == (run("%sf_why").failed, len(run("%sf_why")))
    practice_org.stop()
    with pytest.raises(SfmtlsError):
        run("%sf_soap getUserInfo")
    assert "port-closed" == run("%sf_why")[0].name


def test_the_doctor_finds_the_way_free_and_what_is_in_it(run: Run, practice_org: PracticeOrg) -> None:
    assert () == run("%sf_doctor").failed
    practice_org.state.uploaded_leaves.clear()
    assert "not-uploaded" in [result.failure for result in run("%sf_doctor").failed]


def test_the_commands_of_the_last_call_end_with_its_handshake_for_openssl(run: Run) -> None:
    run("%sf_identity client.key client.crt intermediate1.crt intermediate2.crt --write mine")
    run("%sf_soap getUserInfo")
    *_, last = str(run("%sf_curl")).splitlines()
    assert last.startswith("# its handshake: openssl s_client")
    words = shlex.split(last.partition(": ")[2].removesuffix(" </dev/null"))
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert "Verify return code: 0 (ok)" in done.stdout
    assert "SSLv3/TLS write client certificate" in done.stderr


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_connection_can_be_made_that_offers_one_version_of_tls_alone(
    version: str, run: Run, practice_org: PracticeOrg
) -> None:
    seen: BothEnds = run(f"%sf_handshake {practice_org.mutual_url} --tls {version}")
    assert (f"TLS {version}", "accepted") == (seen.handshake.version, seen.verdict.kind)


def test_a_version_is_for_a_new_connection(run: Run) -> None:
    with pytest.raises(UsageError, match="--tls goes with HOST:PORT"):
        run("%sf_handshake --tls 1.2")


@pytest.mark.parametrize("line", ["%sf_identity key-mismatch", "%sf_soap getUserInfo --identity key-mismatch"])
def test_files_that_make_no_identity_are_explained(line: str, run: Run) -> None:
    run("%sf_soap getUserInfo")
    with pytest.raises(SfmtlsError):
        run(line)
    assert ["key-mismatch"] == [cause.name for cause in run("%sf_why")]


def test_a_call_after_files_that_make_no_identity_is_what_is_explained(run: Run) -> None:
    with pytest.raises(SfmtlsError):
        run("%sf_identity key-mismatch")
    run("%sf_soap getUserInfo")
    assert [] == list(run("%sf_why"))


def test_a_document_that_was_cut_is_explained(run: Run) -> None:
    run("%sf_practice --scenario truncated")
    run("%sf_soap getUserInfo --expect NotSoapError")
    assert "document-cut" == run("%sf_why")[0].name


def test_after_a_call_that_succeeds_an_earlier_failure_is_over(signed_in: InteractiveShell) -> None:
    signed_in.run_cell("%sf_identity no-key")  # type: ignore[no-untyped-call]
    assert "no-key" == signed_in.run_line_magic("sf_why", "")[0].name
    signed_in.run_cell("%sf_soap getUserInfo")  # type: ignore[no-untyped-call]
    assert not signed_in.run_line_magic("sf_why", "").failed
