"""The sign-in form, driven as the front end drives it: by its widgets' values and clicks."""

from __future__ import annotations

import asyncio
import html
import re
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from by_hand import encrypted
from consenting import consent
from driving import run, saved, shown_code
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import Org, Profile, Session, WebLogin
from sfmtls_nb.notebook.forms.sign_in import SignInForm
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.sign_in import WAYS

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


# ---------------------------------------------------------------- the other ways in


def shown_labels(form: SignInForm) -> list[str]:
    return [each.description for each in form._fields.children if getattr(each, "description", "")]


@pytest.mark.parametrize(
    ("way", "labels"),
    [
        ("password", ["Practice user", "Username", "Password", "Security token"]),
        ("jwt", ["Practice user", "Consumer key", "Username", "JWT key", "Choose a file", "Passphrase"]),
        ("client-credentials", ["Consumer key", "Consumer secret"]),
        ("web", ["Consumer key", "Consumer secret", "Address"]),
        ("sf", ["Alias"]),
        ("session", ["Session id", "Instance URL"]),
    ],
)
def test_a_way_shows_its_fields_alone_and_says_when_to_take_it(
    sign_in: SignInForm, way: str, labels: list[str]
) -> None:
    sign_in.way.value = way
    assert shown_labels(sign_in) == labels
    assert html.escape(WAYS[way].when) in sign_in._when.value


@pytest.mark.parametrize("way", ["jwt", "client-credentials"])
@pytest.mark.parametrize("kind", ["a magic", "Python"])
def test_a_way_of_an_app_signs_in_and_shows_the_code_that_does_it_again(
    shell: InteractiveShell, sign_in: SignInForm, way: str, kind: str
) -> None:
    sign_in.way.value = way
    sign_in.button.click()
    assert isinstance(sign_in.session, Session)
    assert run(shell, shown_code(sign_in, kind)).by == sign_in.session.by
    assert "/services/oauth2/token" in shown_code(sign_in, "curl")


@pytest.fixture
def locked_key(shell: InteractiveShell, tmp_path: Path) -> Path:
    return encrypted(shell.run_line_magic("sf_practice", "show").client.key, "sesame-5518", tmp_path)


def upload(form: SignInForm, file: Path) -> None:
    told = {"name": file.name, "content": memoryview(file.read_bytes()), "size": 1, "type": ""}
    form.upload.value = ({**told, "last_modified": datetime.now(UTC)},)


def test_an_uploaded_jwt_key_waits_for_its_passphrase(sign_in: SignInForm, locked_key: Path) -> None:
    sign_in.way.value = "jwt"
    upload(sign_in, locked_key)
    sign_in.button.click()
    assert ("the JWT key is encrypted" in sign_in.result.value, sign_in.session) == (True, None)
    sign_in.input("passphrase").value = "sesame-5518"
    sign_in.button.click()
    assert isinstance(sign_in.session, Session)
    assert ("encrypted.key" in sign_in.result.value, "Passphrase: " in shown_code(sign_in, "Python")) == (True, True)
    assert [each for each in ("sesame-5518", "PRIVATE KEY") if each in saved() + sign_in.result.value] == []


def test_a_session_id_from_elsewhere_is_taken_and_not_kept(sign_in: SignInForm) -> None:
    practice = sign_in._workspace.running_practice()
    token = practice.state.open_session(practice.state.users[0])
    sign_in.way.value = "session"
    sign_in.input("session_id").value = token
    sign_in.button.click()
    assert isinstance(sign_in.session, Session)
    assert (token in saved(), "you sign in again" in sign_in.result.value) == (False, True)


@pytest.mark.parametrize(
    ("way", "empty", "said"),
    [
        ("jwt", "consumer_key", "there is no consumer key"),
        ("jwt", "key", "there is no JWT key"),
        ("session", "instance_url", "there is no instance URL"),
    ],
)
def test_an_empty_field_is_named_and_nothing_is_sent(sign_in: SignInForm, way: str, empty: str, said: str) -> None:
    sign_in.way.value = way
    sign_in.input(empty).value = ""
    sign_in.button.click()
    assert (said in sign_in.result.value, sign_in._workspace.last) == (True, None)


def test_a_profile_opens_the_form_at_its_way_with_what_it_says() -> None:
    workspace = Workspace()
    org = Org.my_domain("acme")
    workspace.go_to_profile(
        Profile("acme", org, sign_in="client-credentials", consumer_key="3MVG9acme", secret_from="env:APP_SECRET")
    )
    form = SignInForm(workspace)
    assert (form.way.value, form.input("consumer_key").value) == ("client-credentials", "3MVG9acme")
    assert form.input("consumer_secret").placeholder == "empty: from env:APP_SECRET"


# ---------------------------------------------------------------- a browser that is away


@pytest.fixture
def away(sign_in: SignInForm) -> SignInForm:
    """Without a kernel nobody waits at a port, so the address has to be pasted."""
    sign_in.way.value = "web"
    sign_in.button.click()
    return sign_in


def link_of(form: SignInForm) -> str:
    found = re.search(r'<a href="([^"]+)" target="_blank" rel="noopener"', form.result.value)
    assert found
    return html.unescape(found[1])


def test_the_address_that_is_pasted_signs_in(away: SignInForm) -> None:
    address = consent(away._workspace.running_practice(), link_of(away))
    away.address.value = address
    away.button.click()
    assert isinstance(away.session, Session)
    assert (away.session.renews, address in saved(), away.address.value) == (True, False, "")


def test_an_address_is_good_for_the_link_that_was_shown_last(away: SignInForm) -> None:
    address = consent(away._workspace.running_practice(), link_of(away))
    away.button.click()
    away.address.value = address
    away.button.click()
    assert ("from another sign-in" in away.result.value, away.session) == (True, None)


def test_who_has_left_the_org_meanwhile_signs_in_anew(away: SignInForm) -> None:
    address = consent(away._workspace.running_practice(), link_of(away))
    away._workspace.go_to(Org.my_domain("acme"))
    away.address.value = address
    away.button.click()
    assert ("another org was chosen meanwhile" in away.result.value, away.session) == (True, None)


def test_a_browser_that_comes_back_to_the_port_signs_in_while_the_kernel_is_free(
    sign_in: SignInForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    class AtAFreePort(WebLogin):
        def __init__(self, consumer_key: str) -> None:
            super().__init__(consumer_key, f"http://localhost:{port}/")

    monkeypatch.setitem(WAYS, "web", WAYS["web"]._replace(make=AtAFreePort))

    async def browse() -> None:
        sign_in.way.value = "web"
        sign_in.button.click()
        address = await asyncio.to_thread(consent, sign_in._workspace.running_practice(), link_of(sign_in))
        came = await asyncio.to_thread(requests.get, address, timeout=30)
        assert "You can close this page" in came.text
        for _ in range(200):
            await asyncio.sleep(0.05 if sign_in.session is None else 0)

    asyncio.run(asyncio.wait_for(browse(), 30))
    assert sign_in.session
    assert sign_in.session.by.startswith("Browser")
