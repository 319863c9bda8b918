"""The Python that forms show, for an org that is not the notebook's practice org: run as a program of its own."""

from __future__ import annotations

import builtins
import getpass
from collections.abc import Callable
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from sfmtls_nb import ClientIdentity, Org, Secret
from sfmtls_nb.notebook import code
from sfmtls_nb.notebook.entry import Entry
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.practice import PracticeOrg


@pytest.fixture
def workspace(practice: PracticeOrg, org: Org, identity: ClientIdentity, tmp_path: Path) -> Workspace:
    """Signed in at an org that, to the notebook, is as any other."""
    made = Workspace()
    made.go_to(org)
    made.present(identity)
    made.write(identity, str(tmp_path))
    user = practice.user("enforced")
    made.sign_in(Entry(username=user.username), {"password": Secret(user.password)})
    return made


@pytest.fixture
def asked(practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the program asks for, and is answered."""
    prompts: list[str] = []
    username, password = practice.user("enforced")

    def answer(text: str) -> Callable[[str], str]:
        def ask(prompt: str) -> str:
            prompts.append(prompt)
            return text

        return ask

    monkeypatch.setattr(builtins, "input", answer(username))
    monkeypatch.setattr(getpass, "getpass", answer(password))
    return prompts


def variables_after(program: str) -> dict[str, Any]:
    variables: dict[str, Any] = {}
    exec(program, variables)  # noqa: S102  # that is what is tested
    return variables


def test_the_program_makes_the_same_call_and_asks_for_the_password(workspace: Workspace, asked: list[str]) -> None:
    program = code.call_program(workspace, [], "reply = session.soap('getUserInfo')", "reply")
    assert variables_after(program)["reply"].text(".//userName") == "enforced@practice.example"
    assert asked == ["Password and security token: "]


def test_the_program_signs_in_who_was_named(workspace: Workspace, asked: list[str]) -> None:
    session = variables_after(code.sign_in_program(workspace))["session"]
    assert (session.user_id, asked) == (workspace.signed_in().user_id, ["Password and security token: "])


def test_the_program_has_no_secret(workspace: Workspace, practice: PracticeOrg) -> None:
    program = code.call_program(workspace, [], "reply = session.soap('getUserInfo')", "reply")
    secrets = practice.user("enforced").password, workspace.signed_in().session_id.reveal(), "PRIVATE KEY"
    assert not [secret for secret in secrets if secret in program]


def test_without_the_identity_no_file_is_read(workspace: Workspace) -> None:
    program = code.call_program(workspace, [], "reply = session.soap('getUserInfo')", "reply", present=False)
    assert "ClientIdentity" not in program


@pytest.mark.usefixtures("asked")
def test_an_identity_that_is_in_no_one_file_is_read_from_those_it_was_read_from(
    workspace: Workspace, practice: PracticeOrg, tmp_path: Path
) -> None:
    parts = practice.identity("not-uploaded").all
    workspace.present(ClientIdentity.load(*(moved(part, tmp_path / "parts") for part in parts)))
    program = code.call_program(workspace, [], "presented = session.transport.identity", "presented")
    assert variables_after(program)["presented"].pem() == ClientIdentity.load(*parts).pem()


def moved(path: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return Path(copy(path, folder))


@pytest.mark.parametrize("value", ["one line", "two\nlines", 'two\n"lines"', "two\\\nlines", "it's\nfine", "a\r\nb"])
def test_a_text_is_the_same_text_in_python(value: str) -> None:
    assert variables_after(f"value = {code.text(value)}")["value"] == value
