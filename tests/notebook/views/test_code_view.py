"""The code view: three blocks of code in HTML that holds nothing else."""

from __future__ import annotations

import pytest
from lxml import html

from sfmtls_nb.notebook.views.code import code_html

LABELS = ["As a magic", "As Python", "As curl"]


def blocks(view: str) -> dict[str, str]:
    """Each block's text by its label, as a browser reads it."""
    return {pre.get("aria-label", ""): pre.text_content() for pre in html.fromstring(view).iter("pre")}


def test_the_three_are_shown_each_under_its_label() -> None:
    assert blocks(code_html("%sf_login", "login(org)", "curl -s https://host")) == dict(
        zip(LABELS, ["%sf_login", "login(org)", "curl -s https://host"], strict=True)
    )


def test_the_labels_can_be_read_too() -> None:
    text = html.fromstring(code_html("a", "b", "c")).text_content()
    assert [label for label in LABELS if label in text] == LABELS


def test_without_curl_there_is_no_block_for_it() -> None:
    assert list(blocks(code_html("%sf_practice", "PracticeOrg().start()"))) == LABELS[:2]


def test_what_is_done_in_a_terminal_without_curl_has_a_label_of_its_own() -> None:
    view = code_html("%sf_identity", "load()", terminal="cat client.key")
    assert blocks(view) == {"As a magic": "%sf_identity", "As Python": "load()", "In a terminal": "cat client.key"}


def test_without_any_code_there_is_nothing_to_unfold() -> None:
    assert code_html("", "\n") == ""


def test_it_is_folded_at_first() -> None:
    details = html.fromstring(code_html("a", "b"))
    assert (details.tag, details.get("open"), details.findtext("summary")) == ("details", None, "show the code")


@pytest.mark.parametrize(
    "code", ["<script>alert(1)</script>", "</pre></details><b>", "cat <<END\n${A} & 'b' \"c\"\nEND"]
)
def test_what_is_code_stays_text(code: str) -> None:
    view = code_html(code, code, code)
    assert ({code}, {"details", "summary", "div", "pre"}) == (
        set(blocks(view).values()),
        {str(element.tag) for element in html.fromstring(view).iter()},
    )


def test_lines_and_their_indentation_are_kept() -> None:
    assert blocks(code_html("%%sf_soap\n<a>\n    <b/>\n</a>\n", ""))["As a magic"] == "%%sf_soap\n<a>\n    <b/>\n</a>"


def test_each_block_can_be_reached_and_scrolled_by_keyboard() -> None:
    areas = html.fromstring(code_html("a", "b", "c")).iter("pre")
    assert {(pre.get("tabindex"), pre.get("role"), "overflow:auto" in pre.get("style", "")) for pre in areas} == {
        ("0", "region", True)
    }
