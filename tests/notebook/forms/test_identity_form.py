"""The identity form, driven as the front end drives it: by its widgets' values and clicks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from driving import run, saved, shown_code
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import ClientIdentity
from sfmtls_nb.notebook.forms.identity import IdentityForm

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


def test_files_that_are_there_can_be_picked(form: IdentityForm) -> None:
    form.files.value = ("client.crt", "client.key", "intermediate1.crt")
    form.button.click()
    assert "Practice Client Issuing CA" in repr(form.identity)


def test_files_named_are_found_in_the_practice_orgs_folder(form: IdentityForm) -> None:
    form.names.value = "client.key client.crt intermediate2.crt intermediate1.crt"
    form.button.click()
    assert "Practice Client Issuing CA" in repr(form.identity)


def test_files_named_may_have_spaces_in_their_names(
    form: IdentityForm, shell: InteractiveShell, tmp_path: Path
) -> None:
    practice: Any = shell.run_line_magic("sf_practice", "show")
    name = tmp_path / "my certs.pem"
    name.write_bytes((practice.directory / "fullcert.pem").read_bytes())
    form.names.value = f'"{name}" intermediate1.crt'
    form.button.click()
    assert "Practice Client Issuing CA" in repr(form.identity)


def test_a_quote_that_is_not_closed_is_explained(form: IdentityForm) -> None:
    form.names.value = '"my certs.pem'
    form.button.click()
    assert "a quote is not closed" in form.result.value


def test_the_picture_and_the_findings_are_shown(form: IdentityForm) -> None:
    form.names.value = "client.key client.crt"
    form.button.click()
    assert "intermediate-missing" in form.result.value


def test_the_two_files_are_written_into_the_folder_named(shell: InteractiveShell, form: IdentityForm) -> None:
    form.names.value, form.folder.value = "fullcert.pem", "mine"
    form.button.click()
    practice: Any = shell.run_line_magic("sf_practice", "show")
    assert sorted(path.name for path in (practice.directory / "mine").iterdir()) == ["fullcert.pem", "upload.crt"]


@pytest.mark.parametrize("passphrase", [PASSPHRASE, "wrong horse"])
def test_no_secret_stays_in_any_widget_whether_it_worked_or_not(
    shell: InteractiveShell, form: IdentityForm, passphrase: str
) -> None:
    upload(form, encrypted_key(shell), *files(shell))
    form.passphrase.value = passphrase
    form.button.click()
    assert (passphrase in saved(), "PRIVATE KEY" in saved(), form.upload.value) == (False, False, ())


def test_the_widgets_are_empty_before_anything_is_read(form: IdentityForm, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[object, str]] = []

    def spy(*_: object) -> None:
        seen.append((form.upload.value, form.passphrase.value))
        raise ZeroDivisionError

    monkeypatch.setattr(form._workspace, "assemble", spy)
    upload(form, b"a key")
    form.passphrase.value = PASSPHRASE
    with pytest.raises(ZeroDivisionError):
        form._assemble_clicked(form.button)
    assert seen == [((), "")]


@pytest.mark.parametrize("names", ["nowhere.key", ""])
def test_an_error_is_explained_in_words(form: IdentityForm, names: str) -> None:
    form.names.value = names
    form.button.click()
    assert ("✖ error: IdentityError" in form.result.value, form.identity) == (True, None)


def test_nothing_chosen_says_so(form: IdentityForm) -> None:
    form.button.click()
    assert "nothing is chosen" in form.result.value


def test_a_chain_with_an_error_is_not_called_assembled(form: IdentityForm) -> None:
    form.names.value = "client.key client.crt"
    form.button.click()
    assert ("✖ the chain has an error" in form.result.value, "✔ assembled" in form.result.value) == (True, False)
    form.names.value = "fullcert.pem"
    form.button.click()
    assert "✔ assembled" in form.result.value


def test_nothing_is_written_to_upload_before_the_chain_is_right(shell: InteractiveShell, form: IdentityForm) -> None:
    form.names.value, form.folder.value = "client.key client.crt", "wrong"
    form.button.click()
    folder = shell.run_line_magic("sf_practice", "show").directory / "wrong"
    assert (["fullcert.pem"], True) == (
        [path.name for path in folder.iterdir()],
        "nothing written to upload: first correct intermediate-missing" in form.result.value,
    )
    assert "write_upload" not in shown_code(form, "Python")


def test_a_missing_passphrase_is_asked_for_in_its_field_and_nothing_is_uploaded_again(
    shell: InteractiveShell, form: IdentityForm
) -> None:
    upload(form, encrypted_key(shell), *files(shell))
    form.button.click()
    assert "Type the passphrase" in form.about_passphrase.value
    assert "still here: file0, file1" in form.result.value
    assert ("PRIVATE KEY" in saved(), form.upload.value) == (False, ())
    form.passphrase.value = "wrong horse"
    form.button.click()
    assert "does not open the private key in file0" in form.result.value
    form.passphrase.value = PASSPHRASE
    form.button.click()
    assert ("✔ assembled" in form.result.value, "Type" in form.about_passphrase.value) == (True, False)
    form.button.click()  # and then they are gone
    assert "nothing is chosen" in form.result.value


def test_errors_and_findings_call_uploaded_files_by_their_names(shell: InteractiveShell, form: IdentityForm) -> None:
    upload(form, b"?", *files(shell))
    form.button.click()
    assert ("file0 cannot be read: it holds no key" in form.result.value, "the given bytes" in form.result.value) == (
        True,
        False,
    )


@pytest.mark.parametrize("kind", ["a magic", "Python"])
def test_the_code_shown_gives_the_same_identity(shell: InteractiveShell, form: IdentityForm, kind: str) -> None:
    form.files.value, form.folder.value = ("client.crt", "client.key"), "my files"
    form.button.click()
    code = shown_code(form, kind)
    assert form.identity is not None
    assert (form.identity.pem(), "write" in code) == (run(shell, code).pem(), True)


def test_the_code_shown_names_uploaded_files_and_asks_for_the_passphrase(
    shell: InteractiveShell, form: IdentityForm
) -> None:
    upload(form, encrypted_key(shell), *files(shell))
    form.passphrase.value = PASSPHRASE
    form.button.click()
    assert 'ClientIdentity.load("file0", "file1", "file2", "file3", password=getpass("Passphrase: "))' in (
        shown_code(form, "Python")
    )


def test_only_keys_and_certificates_are_offered(form: IdentityForm) -> None:
    assert {"client.key", "fullcert.pem"} <= {*form.files.options} - {"org.json"} == {*form.files.options}


def test_a_folder_that_cannot_be_read_offers_nothing(shell: InteractiveShell) -> None:
    def refuse(_: Path) -> Any:
        raise PermissionError

    with pytest.MonkeyPatch.context() as patch:  # the practice org looks into its folder at its end
        patch.setattr(Path, "iterdir", refuse)
        assert shell.run_line_magic("sf_identity", "").files.options == ()
