"""WebLogin: a person at the consent page; the browser comes back to a port, or its address is pasted."""

from __future__ import annotations

import socket
import threading
import webbrowser
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from tracebacks import shown_with_locals

from sfmtls_nb import (
    ClientIdentity,
    LoginFault,
    Org,
    OrgError,
    Secret,
    SessionFault,
    SfmtlsError,
    SignInError,
    WebLogin,
    login,
)
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.sign_in import web

PASTED = "http://localhost:1717/OauthRedirect"
Edit = Callable[[str], str]


def consent(practice: PracticeOrg, link: str, user: str = "enforced", button: str = "allow") -> str:
    """Do on the consent page what a person does, and return the address that the browser is sent to."""
    username, password = practice.user(user)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    form = {**asked, "username": username, "password": password, button: "1"}
    url = link.partition("?")[0]
    answer = requests.post(url, data=form, allow_redirects=False, verify=str(practice.ca_file), timeout=30)
    return answer.headers["Location"]


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture
def browser(practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A browser whose person signs in at once. ``edit``: what becomes of the address on the way; ``then``: what came."""
    how: dict[str, Any] = {"edit": lambda address: address, "button": "allow", "came": []}

    def visit(link: str) -> None:
        requests.get(PASTED.replace("1717", str(how["port"])).replace("OauthRedirect", "favicon.ico"), timeout=30)
        address = how["edit"](consent(practice, link, button=how["button"]))
        how["came"].append(requests.get(address, timeout=30))

    def open_page(link: str) -> bool:
        how["port"] = urlsplit(parse_qs(urlsplit(link).query)["redirect_uri"][0]).port
        threading.Thread(target=visit, args=(link,), daemon=True).start()
        return True

    monkeypatch.setattr(webbrowser, "open", open_page)
    return how


@pytest.fixture
def pasting(
    practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    """A person who opens the link that was printed, and pastes the address; ``edit``: what becomes of it on the way."""
    how: dict[str, Any] = {"edit": lambda address: address, "button": "allow"}

    def getpass(_: str) -> str:
        link = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("https://"))
        how["link"] = link
        return str(how["edit"](consent(practice, link, button=how["button"])))

    monkeypatch.setattr("getpass.getpass", getpass)
    return how


def by_port(practice: PracticeOrg, port: int) -> WebLogin:
    return WebLogin(practice.app.consumer_key, f"http://localhost:{port}/OauthRedirect", paste=False)


def by_paste(practice: PracticeOrg) -> WebLogin:
    return WebLogin(practice.app.consumer_key, paste=True)


def test_the_browser_comes_back_to_the_port(
    practice: PracticeOrg, org: Org, identity: ClientIdentity, browser: dict[str, Any], free_port: int
) -> None:
    with login(org, by_port(practice, free_port), identity) as session:
        assert session.get_user_info().text(".//userName") == "enforced@practice.example"
    page = browser["came"][0]
    assert (200, "no-store", "You can close this page" in page.text) == (
        page.status_code,
        page.headers["Cache-Control"],
        True,
    )


def test_or_its_address_is_pasted(
    practice: PracticeOrg, org: Org, identity: ClientIdentity, pasting: dict[str, Any]
) -> None:
    with login(org, by_paste(practice), identity) as session:
        assert session.get_user_info().text(".//userName") == "enforced@practice.example"
    asked = parse_qs(urlsplit(pasting["link"]).query)
    assert (["S256"], ["code"]) == (asked["code_challenge_method"], asked["response_type"])


@pytest.mark.parametrize("wrapped", [" {} \n", '"{}"', "<{}>", "'{}'"])
def test_what_comes_along_with_copying_is_taken_off(
    wrapped: str, practice: PracticeOrg, org: Org, pasting: dict[str, Any]
) -> None:
    pasting["edit"] = wrapped.format
    assert login(org, by_paste(practice)).user_id


def test_the_refresh_token_renews_without_the_person(
    own_practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def getpass(_: str) -> str:
        link = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("https://"))
        return consent(own_practice, link, "standard")

    monkeypatch.setattr("getpass.getpass", getpass)
    session = login(Org(**own_practice.endpoints), by_paste(own_practice))
    for _ in range(2):
        own_practice.state.sessions.clear()
        session.get_user_info()
    session.logout()
    with pytest.raises(SessionFault):
        session.get_user_info()
    assert 3 == len(own_practice.events.where(operation="POST token"))


def cut(address: str) -> str:
    return address.partition("&state=")[0]


def other_state(address: str) -> str:
    return f"{address.partition('&state=')[0]}&state=another"


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (cut, "the address is cut off"),
        (lambda address: address.partition("?")[0], "the address is cut off"),
        (lambda _: "", "not the address of the page"),
        (lambda _: "aPrxCODE", "not the address of the page"),
        (lambda _: "http://[", "that is no address"),
        (lambda address: address.replace("localhost:1717", "evil.example"), "the address of another page"),
        (lambda _: "https://acme.my.salesforce.com/services/oauth2/authorize?x=y", "the address of another page"),
        (other_state, "the browser comes from another sign-in"),
    ],
)
def test_a_pasted_address_that_is_not_the_one_is_named(
    edit: Edit, words: str, practice: PracticeOrg, org: Org, pasting: dict[str, Any]
) -> None:
    pasting["edit"] = edit
    with pytest.raises(SignInError, match=words) as caught:
        login(org, by_paste(practice))
    assert caught.value.next_step
    assert "aPrx" not in str(caught.value)


def test_a_state_of_another_tab_is_refused_at_the_port_too(
    practice: PracticeOrg, org: Org, browser: dict[str, Any], free_port: int
) -> None:
    browser["edit"] = other_state
    with pytest.raises(SignInError, match="the browser comes from another sign-in"):
        login(org, by_port(practice, free_port))


@pytest.mark.parametrize("way", ["port", "paste"])
def test_a_person_who_says_no_is_a_login_fault(
    way: str, practice: PracticeOrg, org: Org, request: pytest.FixtureRequest, free_port: int
) -> None:
    request.getfixturevalue("browser" if way == "port" else "pasting")["button"] = "deny"
    with pytest.raises(LoginFault, match="press Allow") as caught:
        login(org, by_port(practice, free_port) if way == "port" else by_paste(practice))
    assert "access_denied" == caught.value.code


def test_a_code_is_good_once(practice: PracticeOrg, org: Org, pasting: dict[str, Any]) -> None:
    pasting["edit"] = lambda address: pasting.setdefault("first", address)
    login(org, by_paste(practice))
    with pytest.raises(SignInError, match="another sign-in"):
        login(org, by_paste(practice))


def test_a_port_that_is_taken_is_named(practice: PracticeOrg, org: Org) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(SignInError, match=f"port {port} cannot be listened at") as caught:
            login(org, by_port(practice, port))
    assert "paste=True" in caught.value.next_step


def test_a_browser_that_does_not_come_back_is_waited_for_and_no_longer(
    practice: PracticeOrg, org: Org, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: True)
    monkeypatch.setattr("sfmtls_nb.sign_in.redirect._PATIENCE", 0.2)
    with pytest.raises(SignInError, match="no browser came back"):
        login(org, by_port(practice, free_port))
    with socket.create_server(("127.0.0.1", free_port)):
        pass  # the port is free again


def test_a_redirect_uri_elsewhere_cannot_be_listened_at() -> None:
    with pytest.raises(SignInError, match="no browser can be waited for"):
        login(Org(), WebLogin("3MVG9", "https://login.salesforce.com/services/oauth2/success", paste=False))


def test_where_nobody_can_type_the_other_ways_are_named(
    practice: PracticeOrg, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    def getpass(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", getpass)
    with pytest.raises(SignInError, match="JwtBearer"):
        login(org, by_paste(practice))


@pytest.mark.parametrize("variable", ["JUPYTERHUB_API_URL", "BINDER_SERVICE_HOST", "CODESPACES", "SSH_CONNECTION"])
def test_where_the_browser_is_elsewhere_the_address_is_asked_for(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "x")
    monkeypatch.setattr(web, "_has_browser", lambda: True)
    assert WebLogin("3MVG9")._is_pasted()


def test_where_a_browser_is_it_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in web._ELSEWHERE:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(web, "_has_browser", lambda: True)
    assert not WebLogin("3MVG9")._is_pasted()
    assert WebLogin("3MVG9", "https://login.salesforce.com/services/oauth2/success")._is_pasted()


@pytest.mark.parametrize("given", [("",), ("x", ""), (None,), ("x", "http://localhost:1717/", None)])
def test_what_cannot_be_is_refused_at_once(given: tuple[Any, ...]) -> None:
    with pytest.raises(OrgError):
        WebLogin(*given)


def test_neither_code_nor_verifier_nor_token_shows(
    practice: PracticeOrg, org: Org, pasting: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    session = login(org, by_paste(practice))
    assert session.exchange
    kept = session.exchange.request.body.decode()
    assert "code=%E2%80%A2%E2%80%A2%E2%80%A2%E2%80%A2&" in kept
    assert "code_verifier=%E2%80%A2%E2%80%A2%E2%80%A2%E2%80%A2" in kept
    pasting["edit"] = other_state
    with pytest.raises(SfmtlsError) as caught:
        login(org, by_paste(practice))
    inside = caught.value.with_traceback(caught.value.__traceback__ and caught.value.__traceback__.tb_next)
    shown = [shown_with_locals(inside), repr(vars(session)), "".join(capsys.readouterr())]
    token = session.session_id.reveal()[16:]
    assert [] == [text for text in shown if "aPrx" in text or "5Aep861" in text or token in text]


def test_the_wrong_verifier_is_of_no_use_to_who_has_the_code(practice: PracticeOrg, org: Org) -> None:
    credentials = by_paste(practice)
    link = credentials._link(org, "state", Secret("one"))
    code = parse_qs(urlsplit(consent(practice, link)).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": practice.app.consumer_key,
        "redirect_uri": credentials.redirect_uri,
        "code_verifier": "another",
    }
    url = f"{practice.api_url}/services/oauth2/token?{urlencode({})}"
    answer = requests.post(url, data=form, verify=str(practice.ca_file), timeout=30)
    assert {"error": "invalid_grant", "error_description": "invalid code verifier"} == answer.json()
