"""Forms, driven as the front end drives them: by their widgets' values and clicks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets import Widget

from sfmtls_nb import ClientIdentity
from sfmtls_nb.notebook.forms import IdentityForm

PASSPHRASE = "correct horse battery"


@pytest.fixture
def form(shell: InteractiveShell) -> IdentityForm:
    made = shell.run_line_magic("sf_identity", "")
    assert isinstance(made, IdentityForm)
    return made


def upload(form: IdentityForm, *files: bytes) -> None:
    form.upload.value = tuple(
        {
            "name": f"file{n}",
            "type": "",
            "size": len(data),
            "content": memoryview(data),
            "last_modified": datetime.now(UTC),
        }
        for n, data in enumerate(files)
    )


def encrypted_key(shell: InteractiveShell) -> bytes:
    practice: Any = shell.run_line_magic("sf_practice", "show")
    key = ClientIdentity.load(practice.client.fullcert).key
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode()))


def files(shell: InteractiveShell) -> list[bytes]:
    client = shell.run_line_magic("sf_practice", "show").client
    return [client.leaf.read_bytes(), *(path.read_bytes() for path in client.intermediates)]


def test_uploaded_files_become_the_identity(shell: InteractiveShell, form: IdentityForm) -> None:
    upload(form, encrypted_key(shell), *files(shell))
    form.passphrase.value = PASSPHRASE
    form.button.click()
    assert "integration.practice.example" in repr(form.identity)


def test_files_named_in_the_form_are_found_in_the_practice_orgs_folder(form: IdentityForm) -> None:
    form.names.value = "client.key client.crt intermediate2.crt intermediate1.crt"
    form.button.click()
    assert "Practice Client Issuing CA" in repr(form.identity)


def test_the_picture_and_the_findings_are_shown(form: IdentityForm) -> None:
    form.names.value = "client.key client.crt"
    form.button.click()
    assert "intermediate-missing" in form.result.value


def test_the_two_files_are_written_into_the_folder_named(shell: InteractiveShell, form: IdentityForm) -> None:
    form.names.value, form.folder.value = "fullcert.pem", "mine"
    form.button.click()
    practice: Any = shell.run_line_magic("sf_practice", "show")
    assert sorted(path.name for path in (practice.directory / "mine").iterdir()) == ["fullcert.pem", "upload.crt"]


@pytest.mark.parametrize("passphrase", [PASSPHRASE, "wrong"])
def test_no_secret_stays_in_any_widget_whether_it_worked_or_not(
    shell: InteractiveShell, form: IdentityForm, passphrase: str
) -> None:
    key = encrypted_key(shell)
    upload(form, key, *files(shell))
    form.passphrase.value = passphrase
    form.button.click()
    state = json.dumps(Widget.get_manager_state(), default=repr)
    assert (passphrase in state, "PRIVATE KEY" in state, form.upload.value) == (False, False, ())


def test_the_widgets_are_empty_before_anything_is_read(form: IdentityForm) -> None:
    seen: list[tuple[object, str]] = []

    def spy(*_: object) -> Any:
        seen.append((form.upload.value, form.passphrase.value))
        raise AssertionError

    form._assemble = spy
    upload(form, b"a key")
    form.passphrase.value = PASSPHRASE
    with pytest.raises(AssertionError):
        form._assemble_clicked(form.button)
    assert seen == [((), "")]


def test_an_error_is_explained_in_words(form: IdentityForm) -> None:
    form.names.value = "nowhere.key"
    form.button.click()
    assert "cannot be read" in form.result.value
