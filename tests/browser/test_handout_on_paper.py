"""The hand-out in Chromium: on A4 it has two pages, and it is seen in either theme."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from lab import REWRITE, SCREENSHOTS, Lab
from pictures import Picture
from playwright.sync_api import Page

from sfmtls_nb.command.handout import write_handout

pytest_plugins = ["lab_fixtures"]


@pytest.fixture(scope="module")
def page(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    file = tmp_path_factory.mktemp("handout") / "handout.html"
    write_handout(file)
    shown = lab.browser.new_page(viewport={"width": 800, "height": 1000})
    shown.goto(file.as_uri())
    yield shown
    shown.close()


def test_on_paper_it_has_two_pages(page: Page) -> None:
    paper = page.pdf(prefer_css_page_size=True)
    assert 2 == len(re.findall(rb"/Type\s*/Page\b", paper))


@pytest.mark.parametrize("width", [800, 1280])
def test_on_a_screen_nothing_is_cut(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_seen_in_either_theme(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    picture = Picture.taken(page, page.screenshot(full_page=True))
    if REWRITE:
        (SCREENSHOTS / f"handout-{theme}.png").write_bytes(picture.png())
    assert (False, theme == "dark") == (picture.blank, picture.dark)
