"""The hand-out in Chromium: on A4 it has two pages, and it is seen in either theme."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from lab import CHROMIUM, REWRITE, SCREENSHOTS
from pictures import Picture
from playwright.sync_api import Page, sync_playwright

from sfmtls_nb.command.handout import write_handout

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    file = tmp_path_factory.mktemp("handout") / "handout.html"
    write_handout(file)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        shown = browser.new_page(viewport={"width": 800, "height": 1000})
        shown.goto(file.as_uri())
        yield shown
        browser.close()


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
