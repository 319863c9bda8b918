"""The identity form as a learner uses it, up to Ctrl+S: what it shows, and what of its secrets is in the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from lab import Lab, Notebook
from playwright.sync_api import expect
from traces import found_in

pytest_plugins = ["lab_fixtures"]

PASSPHRASE, WRONG = "sesame-7731", "wrong-2093"
FORM = 1
KEPT_BY_THE_ORG = """
import json
print(json.dumps([*(user.password for user in practice.state.users), *practice.state.sessions]))
"""


class Learner(NamedTuple):
    """Who has a form, and the files for it."""

    notebook: Notebook
    files: list[Path]
    key: bytes

    def assemble(self, passphrase: str) -> None:
        self.notebook.upload("Choose files", *self.files)
        expect(self.notebook.button("Choose files")).to_contain_text(f"({len(self.files)})")
        self.notebook.field("Passphrase").fill(passphrase)
        self.notebook.button("Assemble").click()

    def secrets(self) -> list[str | bytes]:
        """All that the file must not hold: what was typed and uploaded, and what the practice org keeps to itself."""
        return [
            PASSPHRASE,
            WRONG,
            self.key,
            self.files[0].read_bytes(),
            *json.loads(self.notebook.ask(KEPT_BY_THE_ORG)),
        ]


@pytest.fixture(scope="module")
def learner(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learner]:
    mine = tmp_path_factory.mktemp("mine")
    with lab.open("%load_ext sfmtls_nb\npractice = %sf_practice", "%sf_identity", "%sf_login") as notebook:
        notebook.run_all()
        made = Path(notebook.ask("print(practice.directory, end='')"))
        key = (made / "client.key").read_bytes()
        protection = BestAvailableEncryption(PASSPHRASE.encode())
        encrypted = load_pem_private_key(key, None).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
        (mine / "encrypted.key").write_bytes(encrypted)
        certificates = [made / name for name in ("client.crt", "intermediate1.crt", "intermediate2.crt")]
        yield Learner(notebook, [mine / "encrypted.key", *certificates], key)


@pytest.fixture(scope="module")
def assembled(learner: Learner) -> str:
    """The file after the form has been used."""
    learner.assemble(PASSPHRASE)
    expect(learner.notebook.output(FORM)).to_contain_text("Practice Client Issuing CA")
    return learner.notebook.save()


@pytest.fixture(scope="module")
def left(learner: Learner) -> str:
    """The file after the form has been filled in, and no button pressed."""
    learner.notebook.upload("Choose files", *learner.files)
    expect(learner.notebook.button("Choose files")).to_contain_text(f"({len(learner.files)})")
    learner.notebook.field("Passphrase").fill(PASSPHRASE)
    learner.notebook.tab()
    return learner.notebook.save()


@pytest.fixture(scope="module")
def refused(learner: Learner) -> str:
    """The file after the form has been used with a passphrase that is wrong."""
    learner.assemble(WRONG)
    expect(learner.notebook.output(FORM).get_by_role("alert")).to_contain_text("passphrase")
    return learner.notebook.save()


def test_the_chain_is_shown_and_saved(assembled: str) -> None:
    assert "Practice Client Issuing CA" in assembled


def test_the_widgets_are_saved_with_the_notebook(assembled: str) -> None:
    widgets: Any = json.loads(assembled)["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]
    assert "PasswordModel" in [widget["model_name"] for widget in widgets["state"].values()]


def test_no_secret_is_saved(assembled: str, learner: Learner) -> None:
    assert found_in(assembled, *learner.secrets()) == []


def test_no_secret_is_saved_when_the_passphrase_is_wrong(refused: str, learner: Learner) -> None:
    assert found_in(refused, *learner.secrets()) == []


def test_no_secret_is_saved_when_it_was_typed_and_never_sent(left: str, learner: Learner) -> None:
    assert found_in(left, *learner.secrets()) == []


def test_what_was_typed_and_not_yet_sent_is_used_when_it_is(left: str, learner: Learner) -> None:
    learner.notebook.button("Assemble").click()
    expect(learner.notebook.output(FORM).get_by_role("status")).to_contain_text("assembled")
    assert PASSPHRASE not in left


def test_there_were_secrets_to_find(learner: Learner) -> None:
    # After those of the test: the users' passwords, and the session that %sf_login opened.
    assert [str(secret)[:3] for secret in learner.secrets()[4:] if "!" in str(secret)] == ["00D"]


@pytest.mark.usefixtures("refused")
def test_the_fields_for_secrets_are_empty_afterwards(learner: Learner) -> None:
    upload, passphrase = learner.notebook.button("Choose files"), learner.notebook.field("Passphrase")
    assert ("(0)" in upload.inner_text(), passphrase.input_value()) == (True, "")
