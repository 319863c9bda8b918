"""The sign-in form by each way in, as a person uses it; with a browser at the practice org's own page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import pytest
from by_hand import PRACTICE, Output, secrets_of
from lab import Lab, Notebook
from playwright.sync_api import Page, expect
from traces import found_in

pytest_plugins = ["lab_fixtures"]

START = "%load_ext sfmtls_nb\npractice = %sf_practice"
USER = "enforced@practice.example"
#: By the title of a way in: the controls of the form at the practice org, as they are read.
CONTROLS: Final = {
    "Username and password": ("Practice user", "Username", "Password", "Security token"),
    "JWT bearer": ("Practice user", "Consumer key", "Username", "JWT key", "Choose a file (0)", "Passphrase"),
    "Client credentials": ("Consumer key", "Consumer secret"),
    "Browser": ("Consumer key", "Consumer secret", "Address"),
    "Salesforce CLI": ("Alias",),
    "Existing session": ("Session id", "Instance URL"),
}


class Desk(NamedTuple):
    notebook: Notebook
    form: Output
    org: Page

    def take(self, title: str) -> None:
        self.form.field("Way in").select_option(title)
        self.notebook.wait_until_idle()

    def ask(self, code: str) -> str:
        return self.notebook.ask(
            f"{PRACTICE}; ws = get_ipython().magics_manager.registry['SfMagics'].workspace; print({code})"
        ).strip()

    def consent(self, button: str = "Allow") -> None:
        """Open the org's page, sign in there, and press a button."""
        link = self.form.area.get_by_role("link")
        assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener")
        self.org.goto(str(link.get_attribute("href")))
        self.org.get_by_label("Username").fill(USER)
        self.org.get_by_label("Password").fill(self.ask("practice.user('enforced').password"))
        self.org.get_by_role("button", name=button).click()


@pytest.fixture
def desk(lab: Lab) -> Iterator[Desk]:
    # The practice org's certificate is its own: a person clicks the warning away.
    context = lab.browser.new_context(ignore_https_errors=True)
    with lab.open(START, "%sf_login --form") as notebook:
        notebook.run_all()
        yield Desk(notebook, Output(notebook, 1), context.new_page())
    context.close()


@pytest.mark.parametrize("title", CONTROLS)
def test_the_form_shows_the_fields_of_the_way_alone(desk: Desk, title: str) -> None:
    desk.take(title)
    expected = ["Way in", *CONTROLS[title], "Sign in"]
    assert [name.partition(' "')[2].rstrip('"') for name in desk.form.tabbed(len(expected))] == expected


@pytest.mark.parametrize("title", ["Username and password", "JWT bearer", "Client credentials"])
def test_at_the_practice_org_a_way_works_with_nothing_more_to_say(desk: Desk, title: str) -> None:
    desk.take(title)
    desk.form.press("Sign in")
    expect(desk.form.area.get_by_role("status").first).to_contain_text("✔ signed in")


def test_the_form_goes_on_when_the_browser_comes_back(desk: Desk) -> None:
    desk.take("Browser")
    desk.form.press("Sign in")
    desk.consent()
    expect(desk.org.get_by_role("heading")).to_have_text("You can close this page")
    expect(desk.form.area.get_by_role("status").first).to_contain_text("✔ signed in")
    assert (desk.ask("ws.session.renews"), desk.ask("ws.session.by[:7]")) == ("True", "Browser")


def test_while_the_browser_is_away_cells_run(desk: Desk) -> None:
    desk.take("Browser")
    desk.form.press("Sign in")
    assert desk.ask("1 + 1") == "2"


def test_the_address_can_be_pasted(desk: Desk) -> None:
    desk.ask("__import__('os').environ.update(JUPYTERHUB_API_URL='https://hub.example')")
    desk.take("Browser")
    desk.form.press("Sign in")
    desk.org.route("http://localhost:1717/**", lambda route: route.abort())
    with desk.org.expect_request("http://localhost:1717/**") as request:
        desk.consent()
    address = request.value.url
    desk.form.type("Address", address)
    desk.form.press("Sign in")
    expect(desk.form.area.get_by_role("status").first).to_contain_text("✔ signed in")
    assert found_in(desk.notebook.save(), address, *secrets_of(desk.notebook)) == []


def test_who_denies_is_told_so(desk: Desk) -> None:
    desk.take("Browser")
    desk.form.press("Sign in")
    desk.consent("Deny")
    expect(desk.form.area.get_by_role("alert")).to_contain_text("access_denied")


def test_a_pasted_address_that_is_cut_off_is_told_so(desk: Desk) -> None:
    desk.take("Browser")
    desk.form.press("Sign in")
    desk.form.type("Address", "http://localhost:1717/OauthRedirect?code=aPrx12345")
    desk.form.press("Sign in")
    expect(desk.form.area.get_by_role("alert")).to_contain_text("cut off")


@pytest.mark.parametrize("title", CONTROLS)
def test_nothing_sticks_out_in_a_window_800_pixels_wide(desk: Desk, title: str) -> None:
    desk.take(title)
    desk.form.press("Sign in")
    with desk.form.narrow():
        wide = [
            each for each in desk.form.too_wide() if not each.startswith("INPUT")
        ]  # a long key scrolls in its field
        assert (wide, desk.form.without_visible_label()) == ([], [])
