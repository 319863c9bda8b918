"""Forms, driven as the front end drives them: by their widgets' values and clicks."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from driving import run, shown_code
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets import Widget

from sfmtls_nb import ClientIdentity, Org, Session, SfmtlsError
from sfmtls_nb.notebook.forms.form import Form, button
from sfmtls_nb.notebook.forms.identity import IdentityForm
from sfmtls_nb.notebook.forms.sign_in import SignInForm
from sfmtls_nb.notebook.workspace import Workspace

PASSPHRASE = "correct horse battery"
PASSWORD = "sesame-7731-open"
ENFORCED = "enforced@practice.example"


@pytest.fixture
def form(shell: InteractiveShell) -> IdentityForm:
    made = shell.run_line_magic("sf_identity", "")
    assert isinstance(made, IdentityForm)
    return made


@pytest.fixture
def sign_in(shell: InteractiveShell) -> SignInForm:
    made = shell.run_line_magic("sf_login", "--form")
    assert isinstance(made, SignInForm)
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


def saved() -> str:
    """What would be saved with the notebook."""
    return json.dumps(Widget.get_manager_state(), default=repr)


class TestIdentityForm:
    def test_uploaded_files_become_the_identity(self, shell: InteractiveShell, form: IdentityForm) -> None:
        upload(form, encrypted_key(shell), *files(shell))
        form.passphrase.value = PASSPHRASE
        form.button.click()
        assert "integration.practice.example" in repr(form.identity)

    def test_files_that_are_there_can_be_picked(self, form: IdentityForm) -> None:
        form.files.value = ("client.crt", "client.key", "intermediate1.crt")
        form.button.click()
        assert "Practice Client Issuing CA" in repr(form.identity)

    def test_files_named_are_found_in_the_practice_orgs_folder(self, form: IdentityForm) -> None:
        form.names.value = "client.key client.crt intermediate2.crt intermediate1.crt"
        form.button.click()
        assert "Practice Client Issuing CA" in repr(form.identity)

    def test_files_named_may_have_spaces_in_their_names(
        self, form: IdentityForm, shell: InteractiveShell, tmp_path: Path
    ) -> None:
        practice: Any = shell.run_line_magic("sf_practice", "show")
        name = tmp_path / "my certs.pem"
        name.write_bytes((practice.directory / "fullcert.pem").read_bytes())
        form.names.value = f'"{name}" intermediate1.crt'
        form.button.click()
        assert "Practice Client Issuing CA" in repr(form.identity)

    def test_a_quote_that_is_not_closed_is_explained(self, form: IdentityForm) -> None:
        form.names.value = '"my certs.pem'
        form.button.click()
        assert "a quote is not closed" in form.result.value

    def test_the_picture_and_the_findings_are_shown(self, form: IdentityForm) -> None:
        form.names.value = "client.key client.crt"
        form.button.click()
        assert "intermediate-missing" in form.result.value

    def test_the_two_files_are_written_into_the_folder_named(self, shell: InteractiveShell, form: IdentityForm) -> None:
        form.names.value, form.folder.value = "fullcert.pem", "mine"
        form.button.click()
        practice: Any = shell.run_line_magic("sf_practice", "show")
        assert sorted(path.name for path in (practice.directory / "mine").iterdir()) == ["fullcert.pem", "upload.crt"]

    @pytest.mark.parametrize("passphrase", [PASSPHRASE, "wrong horse"])
    def test_no_secret_stays_in_any_widget_whether_it_worked_or_not(
        self, shell: InteractiveShell, form: IdentityForm, passphrase: str
    ) -> None:
        upload(form, encrypted_key(shell), *files(shell))
        form.passphrase.value = passphrase
        form.button.click()
        assert (passphrase in saved(), "PRIVATE KEY" in saved(), form.upload.value) == (False, False, ())

    def test_the_widgets_are_empty_before_anything_is_read(
        self, form: IdentityForm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
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
    def test_an_error_is_explained_in_words(self, form: IdentityForm, names: str) -> None:
        form.names.value = names
        form.button.click()
        assert ("✖ error: IdentityError" in form.result.value, form.identity) == (True, None)

    @pytest.mark.parametrize("kind", ["a magic", "Python"])
    def test_the_code_shown_gives_the_same_identity(
        self, shell: InteractiveShell, form: IdentityForm, kind: str
    ) -> None:
        form.files.value, form.folder.value = ("client.crt", "client.key"), "my files"
        form.button.click()
        code = shown_code(form, kind)
        assert form.identity is not None
        assert (form.identity.pem(), "write" in code) == (run(shell, code).pem(), True)

    def test_the_code_shown_names_uploaded_files_and_asks_for_the_passphrase(
        self, shell: InteractiveShell, form: IdentityForm
    ) -> None:
        upload(form, encrypted_key(shell), *files(shell))
        form.passphrase.value = PASSPHRASE
        form.button.click()
        assert 'ClientIdentity.load("file0", "file1", "file2", "file3", password=getpass("Passphrase: "))' in (
            shown_code(form, "Python")
        )

    def test_only_keys_and_certificates_are_offered(self, form: IdentityForm) -> None:
        assert {"client.key", "fullcert.pem"} <= {*form.files.options} - {"org.json"} == {*form.files.options}


class TestSignInForm:
    def test_a_user_of_the_practice_org_signs_in_without_a_password(self, sign_in: SignInForm) -> None:
        sign_in.user.value = "standard@practice.example"
        sign_in.button.click()
        assert (sign_in.username.value, sign_in._workspace.session) == ("standard@practice.example", sign_in.session)

    def test_the_session_is_shown_and_its_id_is_not(self, sign_in: SignInForm) -> None:
        sign_in.button.click()
        assert isinstance(sign_in.session, Session)
        secret = sign_in.session.session_id.reveal()
        assert ("session id" in sign_in.result.value, secret in saved()) == (True, False)

    def test_a_password_is_sent_with_its_security_token(self, shell: InteractiveShell, sign_in: SignInForm) -> None:
        password = shell.run_line_magic("sf_practice", "show").user("enforced").password
        sign_in.password.value, sign_in.token.value = password[:3], password[3:]
        sign_in.button.click()
        assert isinstance(sign_in.session, Session)

    def test_a_wrong_password_is_an_error_in_words(self, sign_in: SignInForm) -> None:
        sign_in.password.value = PASSWORD
        sign_in.button.click()
        assert ("✖ error: LoginFault" in sign_in.result.value, sign_in.session) == (True, None)

    def test_a_stranger_without_a_password_is_told_so_and_nothing_is_sent(self, sign_in: SignInForm) -> None:
        sign_in.username.value = "somebody@example.com"
        sign_in.button.click()
        assert ("there is no password" in sign_in.result.value, sign_in._workspace.last) == (True, None)

    def test_somebody_else_has_to_say_who(self, sign_in: SignInForm) -> None:
        sign_in.user.value = ""
        sign_in.button.click()
        assert "there is no username" in sign_in.result.value

    def test_without_an_org_the_next_step_is_named(self) -> None:
        form = SignInForm(Workspace())
        form.button.click()
        assert "%sf_practice starts one" in form.result.value

    def test_where_there_is_no_practice_org_its_users_are_not_offered(self) -> None:
        workspace = Workspace()
        workspace.go_to(Org.my_domain("acme"))
        form = SignInForm(workspace)
        assert (form.user in form.children, form.username.value) == (False, "")

    def test_no_secret_stays_in_any_widget(self, sign_in: SignInForm) -> None:
        sign_in.password.value, sign_in.token.value = PASSWORD, "t0ken-4711"
        sign_in.button.click()
        assert (PASSWORD in saved(), "t0ken-4711" in saved()) == (False, False)

    def test_the_widgets_are_empty_before_anything_is_sent(
        self, sign_in: SignInForm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[tuple[str, str]] = []

        def spy() -> None:
            seen.append((sign_in.password.value, sign_in.token.value))
            raise ZeroDivisionError

        monkeypatch.setattr(sign_in._workspace, "chosen_org", spy)
        sign_in.password.value, sign_in.token.value = PASSWORD, "t0ken-4711"
        with pytest.raises(ZeroDivisionError):
            sign_in._clicked(sign_in.button)
        assert seen == [("", "")]

    @pytest.mark.parametrize("kind", ["a magic", "Python"])
    @pytest.mark.parametrize("user", [ENFORCED, "standard@practice.example"])
    def test_the_code_shown_signs_in_the_same_user(
        self, shell: InteractiveShell, sign_in: SignInForm, kind: str, user: str
    ) -> None:
        sign_in.user.value = user
        sign_in.button.click()
        assert isinstance(sign_in.session, Session)
        assert run(shell, shown_code(sign_in, kind)).user_id == sign_in.session.user_id

    def test_the_code_shown_has_no_password(self, shell: InteractiveShell, sign_in: SignInForm) -> None:
        password = shell.run_line_magic("sf_practice", "show").user("enforced").password
        sign_in.password.value = password
        sign_in.button.click()
        assert (password in sign_in.result.value, "SF_PASSWORD" in shown_code(sign_in, "curl")) == (False, True)


class TestEveryForm:
    @pytest.fixture
    def any_form(self) -> Form:
        return Form(Workspace(), "A title", "A sentence.", [], [])

    def test_has_a_title_and_a_sentence(self, any_form: Form) -> None:
        assert all(words in any_form.children[0].value for words in ("A title", "A sentence.", 'role="heading"'))

    def test_says_on_the_button_what_is_going_on(self, any_form: Form) -> None:
        pressed, seen = button("Send", "Send it"), []
        any_form.attempt(lambda: seen.append((pressed.description, pressed.disabled)), pressed, "Sending …")
        assert (seen, pressed.description, pressed.disabled) == ([("Sending …", True)], "Send", False)

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_gives_the_button_back_and_shows_what_nobody_expected(
        self, any_form: Form, error: type[BaseException]
    ) -> None:
        pressed = button("Send", "Send it")
        with pytest.raises(error):
            any_form.attempt(_raising(error("sesame")), pressed, "Sending …")
        shown = any_form.result.value
        assert ("✖ error" in shown, "sesame" in shown, pressed.description, pressed.disabled) == (
            True,
            False,
            "Send",
            False,
        )

    def test_keeps_the_result_where_there_is_nothing_new(self, any_form: Form) -> None:
        any_form.attempt(lambda: "the result")
        any_form.attempt(lambda: None)
        assert "the result" in any_form.result.value

    def test_takes_an_error_away_where_there_is_nothing_new(self, any_form: Form) -> None:
        any_form.attempt(_raising(SfmtlsError("no")))
        before = any_form.result.value
        any_form.attempt(lambda: None)
        assert ("✖ error" in before, "✖ error" in any_form.result.value) == (True, False)

    @pytest.mark.parametrize("line", ["sf_login --form", "sf_identity", "sf_soap", "sf_soql"])
    def test_has_a_label_on_every_field(self, shell: InteractiveShell, line: str) -> None:
        form = shell.run_line_magic(*line.split(" ", 1)) if " " in line else shell.run_line_magic(line, "")
        fields = [each for each in _below(form) if hasattr(each, "description") and hasattr(each, "value")]
        unnamed = [
            type(each).__name__
            for each in fields
            if not each.description and type(each).__name__ not in ("HTML", "RadioButtons")
        ]
        assert unnamed == []


def _raising(error: BaseException) -> Callable[[], str]:
    def act() -> str:
        raise error

    return act


def _below(widget: Any) -> list[Any]:
    return [each for child in getattr(widget, "children", ()) for each in (child, *_below(child))]


def test_a_folder_that_cannot_be_read_offers_nothing(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> Any:
        raise PermissionError

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert shell.run_line_magic("sf_identity", "").files.options == ()
