"""The page on which an app is allowed, in Chromium: read in the light, in the dark and on a phone, and clicked through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from lab import Lab
from pictures import Picture
from playwright.sync_api import Page, expect

from sfmtls_nb.practice import PermittedUsers, PracticeOrg

pytest_plugins = ["lab_fixtures"]


@contextmanager
def opened(
    lab: Lab, practice: PracticeOrg, scheme: Literal["light", "dark"] = "light", width: int = 800, state: str = "xyz"
) -> Iterator[Page]:
    """The page, in a window of its own."""
    asked = {
        "response_type": "code",
        "client_id": practice.app.consumer_key,
        "redirect_uri": f"{practice.api_url}/services/oauth2/success",
        "state": state,
        "code_challenge": "x" * 43,
        "code_challenge_method": "S256",
    }
    # Chromium has no option for an authority of one's own; it reaches loopback alone.
    window = lab.browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 720}, ignore_https_errors=True
    )
    try:
        page = window.new_page()
        page.goto(f"{practice.api_url}/services/oauth2/authorize?{urlencode(asked)}")
        yield page
    finally:
        window.close()


def sign_in(page: Page, practice: PracticeOrg, password: str | None = None) -> dict[str, list[str]]:
    """Fill the page in and click Allow; what the browser is sent back with then."""
    user = practice.user("standard")
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(user.password if password is None else password)
    page.get_by_role("button", name="Allow").click()
    return parse_qs(urlsplit(page.url).query)


@pytest.mark.parametrize("width", [800, 320])
def test_it_can_be_read_in_the_light_and_in_the_dark(lab: Lab, practice: PracticeOrg, width: int) -> None:
    seen = []
    for scheme in ("light", "dark"):
        with opened(lab, practice, scheme, width) as page:
            picture = Picture.taken(page, page.screenshot())
            fits = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            seen.append((picture.blank, picture.dark, fits))
    assert [(False, False, True), (False, True, True)] == seen


def test_it_names_the_app_and_leads_back_with_a_code(lab: Lab, practice: PracticeOrg) -> None:
    with opened(lab, practice) as page:
        expect(page.get_by_text("Practice App")).to_be_visible()
        back = sign_in(page, practice)
        assert (["xyz"], True) == (back["state"], "code" in back)
        expect(page.get_by_role("heading")).to_have_text("You are signed in")


def test_it_asks_again_after_a_wrong_password_and_keeps_the_username_alone(lab: Lab, practice: PracticeOrg) -> None:
    with opened(lab, practice) as page:
        assert "code" not in sign_in(page, practice, "wrong")
        expect(page.get_by_role("alert")).to_contain_text("Check the username and password")
        expect(page.get_by_label("Username")).to_have_value("standard@practice.example")
        expect(page.get_by_label("Password")).to_have_value("")
        assert "code" in sign_in(page, practice)


def test_it_leads_back_with_the_refusal_where_one_denies(lab: Lab, practice: PracticeOrg) -> None:
    with opened(lab, practice) as page:
        page.get_by_role("button", name="Deny").click()
        expect(page.get_by_role("heading")).to_have_text("You are not signed in")
        assert ["access_denied"] == parse_qs(urlsplit(page.url).query)["error"]


def test_it_leads_back_with_the_refusal_of_a_user_who_is_not_approved(lab: Lab, own_practice: PracticeOrg) -> None:
    own_practice.app.approved.clear()
    with opened(lab, own_practice) as page:
        assert ["OAUTH_APP_ACCESS_DENIED"] == sign_in(page, own_practice)["error"]
    own_practice.app.permitted_users = PermittedUsers.SELF_AUTHORIZE
    with opened(lab, own_practice) as page:
        assert "code" in sign_in(page, own_practice)


def test_it_can_be_open_twice_and_each_leads_back_with_its_own_state(lab: Lab, practice: PracticeOrg) -> None:
    with opened(lab, practice, state="first") as first, opened(lab, practice, state="second") as second:
        backs = [sign_in(page, practice) for page in (second, first)]
    assert [["second"], ["first"]] == [back["state"] for back in backs]
    assert backs[0]["code"] != backs[1]["code"]
