"""The sign-in form, driven as the front end drives it: by its widgets' values and clicks."""

from __future__ import annotations

import pytest
from driving import run, saved, shown_code
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import Org, Session
from sfmtls_nb.notebook.forms.sign_in import SignInForm
from sfmtls_nb.notebook.workspace import Workspace

PASSWORD = "sesame-7731-open"
ENFORCED = "enforced@practice.example"


@pytest.fixture
def sign_in(shell: InteractiveShell) -> SignInForm:
    made = shell.run_line_magic("sf_login", "--form")
    assert isinstance(made, SignInForm)
    return made


def test_a_user_of_the_practice_org_signs_in_without_a_password(sign_in: SignInForm) -> None:
    sign_in.user.value = "standard@practice.example"
    sign_in.button.click()
    assert (sign_in.input("username").value, sign_in._workspace.session) == (
        "standard@practice.example",
        sign_in.session,
    )


def test_the_session_is_shown_and_its_id_is_not(sign_in: SignInForm) -> None:
    sign_in.button.click()
    assert isinstance(sign_in.session, Session)
    secret = sign_in.session.session_id.reveal()
    assert ("session id" in sign_in.result.value, secret in saved()) == (True, False)


def test_a_password_is_sent_with_its_security_token(shell: InteractiveShell, sign_in: SignInForm) -> None:
    password = shell.run_line_magic("sf_practice", "show").user("enforced").password
    sign_in.input("password").value, sign_in.input("security_token").value = password[:3], password[3:]
    sign_in.button.click()
    assert isinstance(sign_in.session, Session)


def test_a_wrong_password_is_an_error_in_words(sign_in: SignInForm) -> None:
    sign_in.input("password").value = PASSWORD
    sign_in.button.click()
    assert ("✖ error: LoginFault" in sign_in.result.value, sign_in.session) == (True, None)


def test_a_stranger_without_a_password_is_told_so_and_nothing_is_sent(sign_in: SignInForm) -> None:
    sign_in.input("username").value = "somebody@example.com"
    sign_in.button.click()
    assert ("the practice org has no user somebody@example.com" in sign_in.result.value, sign_in._workspace.last) == (
        True,
        None,
    )


def test_somebody_else_has_to_say_who(sign_in: SignInForm) -> None:
    sign_in.user.value = ""
    sign_in.button.click()
    assert "there is no username" in sign_in.result.value


def test_without_an_org_the_next_step_is_named() -> None:
    form = SignInForm(Workspace())
    form.button.click()
    assert "%sf_practice starts one" in form.result.value


def test_where_there_is_no_practice_org_its_users_are_not_offered() -> None:
    workspace = Workspace()
    workspace.go_to(Org.my_domain("acme"))
    form = SignInForm(workspace)
    assert (form.user in form._fields.children, form.input("username").value) == (False, "")


def test_no_secret_stays_in_any_widget(sign_in: SignInForm) -> None:
    sign_in.input("password").value, sign_in.input("security_token").value = PASSWORD, "t0ken-4711"
    sign_in.button.click()
    assert (PASSWORD in saved(), "t0ken-4711" in saved()) == (False, False)


def test_the_widgets_are_empty_before_anything_is_sent(sign_in: SignInForm, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str]] = []

    def spy() -> None:
        seen.append((sign_in.input("password").value, sign_in.input("security_token").value))
        raise ZeroDivisionError

    monkeypatch.setattr(sign_in._workspace, "chosen_org", spy)
    sign_in.input("password").value, sign_in.input("security_token").value = PASSWORD, "t0ken-4711"
    with pytest.raises(ZeroDivisionError):
        sign_in._clicked(sign_in.button)
    assert seen == [("", "")]


@pytest.mark.parametrize("kind", ["a magic", "Python"])
@pytest.mark.parametrize("user", [ENFORCED, "standard@practice.example"])
def test_the_code_shown_signs_in_the_same_user(
    shell: InteractiveShell, sign_in: SignInForm, kind: str, user: str
) -> None:
    sign_in.user.value = user
    sign_in.button.click()
    assert isinstance(sign_in.session, Session)
    assert run(shell, shown_code(sign_in, kind)).user_id == sign_in.session.user_id


def test_the_code_shown_has_no_password(shell: InteractiveShell, sign_in: SignInForm) -> None:
    password = shell.run_line_magic("sf_practice", "show").user("enforced").password
    sign_in.input("password").value = password
    sign_in.button.click()
    assert (password in sign_in.result.value, "SF_PASSWORD" in shown_code(sign_in, "curl")) == (False, True)
