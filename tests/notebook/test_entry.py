"""Every way in by its magic: what is known is not asked for, what is asked for is kept nowhere, a profile has the rest."""

from __future__ import annotations

import getpass
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from consenting import consent
from driving import run, saved
from IPython.core.interactiveshell import InteractiveShell
from tracebacks import beyond, shown_with_locals

from sfmtls_nb import ExpectationError, LoginFault, Org, Profile, Secret, SfmtlsError, SoapFault, read_profiles
from sfmtls_nb.notebook import code
from sfmtls_nb.notebook.entry import Entry, kept
from sfmtls_nb.notebook.views.summaries import session_rows
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.practice import PracticeOrg

Ask = Callable[[str], str]
ENFORCED = "enforced@practice.example"


@pytest.fixture
def workspace(shell: InteractiveShell) -> Workspace:
    found = shell.magics_manager.registry["SfMagics"].workspace
    assert isinstance(found, Workspace)
    return found


@pytest.fixture
def org_practice(workspace: Workspace) -> PracticeOrg:
    return workspace.running_practice()


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[[Ask], None]:
    return lambda answer: monkeypatch.setattr(getpass, "getpass", answer)


def sf_command(folder: Path, practice: PracticeOrg, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command ``sf`` that is signed in at a practice org."""
    shown = {"status": 0, "result": {"accessToken": token, "instanceUrl": practice.api_url}}
    command = folder / "sf"
    command.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(shown)}\nEND\n")
    command.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def signed_in_by(
    name: str,
    shell: InteractiveShell,
    practice: PracticeOrg,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> str:
    """Sign in by a way, as the only line of a cell; returns all that was shown."""
    token = practice.state.open_session(practice.state.users[0])
    sf_command(tmp_path, practice, token, monkeypatch)

    def answer(prompt: str) -> str:
        if prompt.startswith("Address"):
            shown = capsys.readouterr().out
            return consent(practice, next(line for line in shown.splitlines() if line.startswith("https://")))
        return token

    monkeypatch.setattr(getpass, "getpass", answer)
    capsys.readouterr()
    shown = run(shell, f"%sf_login --way {name}{' --paste' if name == 'web' else ''}")
    assert shown is not None
    return capsys.readouterr().out + repr(shown) + str(session_rows(shown))


WAYS = ["password", "jwt", "client-credentials", "web", "sf", "session"]


@pytest.mark.parametrize("name", WAYS)
def test_at_the_practice_org_every_way_works_with_nothing_more_to_say(
    name: str,
    shell: InteractiveShell,
    workspace: Workspace,
    org_practice: PracticeOrg,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = signed_in_by(name, shell, org_practice, tmp_path, monkeypatch, capsys)
    shell.run_line_magic("sf_identity", "fullcert.pem")
    assert "@practice.example" in str(workspace.soap("getUserInfo").text(".//userName"))
    session = workspace.signed_in()
    seen = "\n".join([shown, repr(workspace.entry), saved(), code.sign_in_program(workspace)])
    seen += workspace.curl(session.exchange) if session.exchange else ""
    app = org_practice.app
    secrets = [session.session_id.reveal(), app.consumer_secret, *(user.password for user in org_practice.state.users)]
    assert [secret for secret in secrets if secret in seen] == []


@pytest.mark.parametrize("name", WAYS)
def test_the_code_of_a_way_signs_in_by_it_again(
    name: str,
    shell: InteractiveShell,
    workspace: Workspace,
    org_practice: PracticeOrg,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    signed_in_by(name, shell, org_practice, tmp_path, monkeypatch, capsys)
    first = workspace.signed_in()
    for again in (code.login_magic(workspace, workspace.entry or Entry()), code.sign_in_program(workspace)):
        assert run(shell, again).by == first.by


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--way jwtt", "did you mean jwt?"),
        ("--way web me@x", "takes no username"),
        ("--consumer-key 3MVG9", "takes no consumer key"),
        ("--way sf --key client.key", "takes no key"),
        ("--way jwt --key client.crt", "no private key where the JWT key should be"),
        ("--way jwt --consumer-key 3MVG9wrong", "the consumer key"),
        ("--way client-credentials --secret-from env:NOT_SET_HERE", "not set"),
        ("--way jwt nobody@practice.example", "let the user in"),
    ],
)
def test_what_cannot_be_names_the_next_step(line: str, words: str, shell: InteractiveShell) -> None:
    with pytest.raises(SfmtlsError) as caught:
        shell.run_line_magic("sf_login", line)
    assert words in str(caught.value)


@pytest.mark.parametrize("expected", ["INVALID_OPERATION", "SoapFault"])
def test_a_refusal_that_was_predicted_is_the_result_and_leaves_the_session_as_it_was(
    expected: str, shell: InteractiveShell, workspace: Workspace, org_practice: PracticeOrg
) -> None:
    before = run(shell, "%sf_login")
    org_practice.state.soap_login_enabled = False
    refusal = run(shell, f"%sf_login --expect {expected}")
    assert (SoapFault, "INVALID_OPERATION") == (type(refusal), getattr(refusal, "code", ""))
    assert workspace.session is before


def test_a_sign_in_that_succeeds_where_a_refusal_was_predicted_raises(shell: InteractiveShell) -> None:
    with pytest.raises(ExpectationError, match="INVALID_OPERATION was predicted, and the call succeeded"):
        shell.run_line_magic("sf_login", "--expect INVALID_OPERATION")


def test_a_secret_comes_from_where_the_line_says(
    shell: InteractiveShell, org_practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_SECRET", org_practice.app.consumer_secret)
    shell.run_line_magic("sf_login", "--way client-credentials --secret-from env:APP_SECRET")
    monkeypatch.setenv("APP_SECRET", "another")
    with pytest.raises(LoginFault):
        shell.run_line_magic("sf_login", "--way client-credentials --secret-from env:APP_SECRET")


@pytest.mark.parametrize("line", ["--way client-credentials --consumer-key 3MVG9other", "--way session"])
def test_a_secret_that_was_refused_stands_in_no_traceback(
    line: str, shell: InteractiveShell, ask: Callable[[Ask], None]
) -> None:
    ask(lambda _: "p455w0rd-of-mine")
    with pytest.raises(SfmtlsError) as caught:
        run(shell, f"%sf_login {line}\n%sf_rest limits")
    assert "p455w0rd-of-mine" not in shown_with_locals(beyond(__file__, caught.value))


# ---------------------------------------------------------------- profiles


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "profiles.toml"
    monkeypatch.setenv("SFMTLS_NB_PROFILES", str(file))
    return file


@pytest.mark.parametrize("line", ["--save prod", "{url} --ca-file {ca} --save prod"])
def test_a_profile_keeps_the_way_in_that_was_taken_last_and_no_secret(
    line: str, shell: InteractiveShell, workspace: Workspace, own_practice: PracticeOrg, profiles: Path
) -> None:
    workspace.go_to(Org(**own_practice.endpoints))
    key = own_practice.client.key
    workspace.sign_in(Entry("jwt", ENFORCED, own_practice.app.consumer_key, str(key)))
    shell.run_line_magic("sf_org", line.format(url=own_practice.api_url, ca=own_practice.ca_file))
    kept = read_profiles()["prod"]
    assert (kept.sign_in, kept.username, kept.consumer_key) == ("jwt", ENFORCED, own_practice.app.consumer_key)
    assert kept.jwt_key == key
    session = workspace.session
    assert session is None or session.session_id.reveal() not in profiles.read_text()


def test_a_profile_signs_in_by_its_way_with_nothing_more_to_say(
    shell: InteractiveShell,
    workspace: Workspace,
    own_practice: PracticeOrg,
    profiles: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APP_SECRET", own_practice.app.consumer_secret)
    workspace.go_to(Org(**own_practice.endpoints))
    entry = Entry("client-credentials", consumer_key=own_practice.app.consumer_key, secret_from="env:APP_SECRET")
    workspace.sign_in(entry)
    shell.run_line_magic("sf_org", "--save prod")
    shell.run_line_magic("sf_org", "practice")
    shell.run_line_magic("sf_org", "prod")
    assert run(shell, "%sf_login").by.startswith("Client credentials")
    assert 'secret_from("env:APP_SECRET")' in code.sign_in_program(workspace)
    assert own_practice.app.consumer_secret not in profiles.read_text()


def test_the_secret_of_a_profiles_way_is_sent_by_no_other_way(
    workspace: Workspace, own_practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Ask], None]
) -> None:
    monkeypatch.setenv("APP_SECRET", "for-the-app-alone")
    prompts: list[str] = []

    def answer(prompt: str) -> str:
        prompts.append(prompt)
        return own_practice.user("enforced").password

    ask(answer)
    org = Org(**own_practice.endpoints)
    workspace.go_to_profile(Profile("prod", org, sign_in="client-credentials", secret_from="env:APP_SECRET"))
    workspace.sign_in(Entry("password", ENFORCED))
    assert prompts == ["Password (and security token): "]


def test_an_uploaded_key_is_in_no_profile(workspace: Workspace, own_practice: PracticeOrg, profiles: Path) -> None:
    workspace.go_to(Org(**own_practice.endpoints))
    entry = Entry("jwt", ENFORCED, own_practice.app.consumer_key, "jwt-that-was-uploaded.key")
    workspace.sign_in(entry, {"key": own_practice.client.key.read_bytes()})
    assert kept(Profile("prod", workspace.chosen_org()), workspace.entry, workspace.org).jwt_key is None
    assert "PRIVATE KEY" not in profiles.read_text()


def test_the_practice_org_is_no_profile(shell: InteractiveShell, profiles: Path) -> None:
    with pytest.raises(SfmtlsError, match="no profile"):
        shell.run_line_magic("sf_org", "--save prod")
    assert not profiles.exists()


@pytest.mark.usefixtures("profiles")
def test_another_org_does_not_inherit_the_way_in(shell: InteractiveShell, workspace: Workspace) -> None:
    shell.run_line_magic("sf_login", "--way jwt")
    shell.run_line_magic("sf_org", "acme --save acme")
    assert (read_profiles()["acme"].sign_in, workspace.entry) == ("password", None)


def test_a_password_that_was_given_is_in_no_entry(workspace: Workspace, org_practice: PracticeOrg) -> None:
    password = org_practice.user("enforced").password
    workspace.sign_in(Entry(username=ENFORCED), {"password": Secret(password)})
    assert password not in repr(workspace.entry)
