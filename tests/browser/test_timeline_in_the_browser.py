"""The timeline of a handshake as it is looked at, opened with keys, read aloud, printed, and shown of a notebook that nobody trusts."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from by_hand import Output
from lab import Lab, Notebook
from pictures import Picture

pytest_plugins = ["lab_fixtures"]

CELLS = (
    "%load_ext sfmtls_nb\npractice = %sf_practice",
    "%sf_identity client.key client.crt intermediate1.crt intermediate2.crt",
    "%sf_login",
    "answer = %sf_soap getUserInfo",
    "answer.exchange.handshake",
)
SHOWN = len(CELLS) - 1
# What the sanitizer would have to take something away from.
_STYLES = "it => [...it.querySelectorAll('*')].map(one => `${one.tagName} ${one.style.cssText}`)"
# Opens messages, and all of their fields.
_OPEN = """(it, names) => [...it.querySelectorAll("summary")].filter(one => names.some(name => one.innerText.includes(name)))
    .forEach(one => [one.parentElement, ...one.parentElement.querySelectorAll("details")].forEach(fold => fold.open = true))"""
# A message, its first fields, and all of its bytes.
_OPEN_ONE = """it => [it, ...[...it.querySelectorAll("details")].filter(
    one => /^(signature|algorithm|all )/.test(one.querySelector("summary").textContent))].forEach(fold => fold.open = true)"""
_SCROLLED = """it => [...it.querySelectorAll("*")].filter(
    one => one.checkVisibility() && /auto|scroll/.test(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth + 1
).map(one => `${one.scrollWidth} in ${one.clientWidth}: ${one.innerText.slice(0, 60)}`)"""
_CLOSE = "it => it.querySelectorAll('details').forEach(fold => fold.open = false)"


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[Notebook]:
    with lab.open(*CELLS) as opened:
        opened.run_all()
        yield opened


@pytest.fixture(scope="module")
def pictures(notebook: Notebook) -> dict[str, Picture]:
    taken = notebook.pictures({"handshake": SHOWN})
    messages = notebook.output(SHOWN).locator(".jp-RenderedHTML > div > details")
    messages.nth(-4).evaluate(_OPEN_ONE)  # the client's CertificateVerify
    taken |= notebook.pictures({"handshake-opened": SHOWN})
    notebook.output(SHOWN).evaluate(_CLOSE)
    return taken


@pytest.mark.parametrize("name", ["handshake", "handshake-opened"])
def test_there_is_something_to_see_in_either_theme(pictures: dict[str, Picture], name: str) -> None:
    taken = [pictures[f"{name}-{theme}"] for theme in ("light", "dark")]
    assert [(picture.blank, picture.dark) for picture in taken] == [(False, False), (False, True)]


def test_a_message_is_named_for_what_it_is_to_whom_it_goes_and_who_can_read_it(notebook: Notebook) -> None:
    name = notebook.controls(SHOWN)[0]
    assert [words for words in ("client to org", "readable for anyone", "ClientHello") if words not in name] == []


@pytest.mark.parametrize("pressed", ["Enter", "Space"])
def test_a_key_opens_a_message_and_closes_it(notebook: Notebook, pressed: str) -> None:
    message = notebook.output(SHOWN).locator("details").first
    message.locator("summary").first.focus()
    opened = []
    for _ in range(2):
        notebook.page.keyboard.press(pressed)
        opened.append(message.evaluate("it => it.open"))
    assert opened == [True, False]


def test_tab_goes_from_one_message_to_the_next(notebook: Notebook) -> None:
    summaries = notebook.output(SHOWN).locator("summary").filter(visible=True)
    names = notebook.names(summaries)
    summaries.first.focus()
    assert [notebook.focused(), *notebook.tab(len(names) - 1)] == names


@pytest.mark.parametrize("opened", [[], ["ClientHello"], ["Certificate"]])
def test_nothing_has_to_be_scrolled_sideways_in_a_window_of_800_pixels(notebook: Notebook, opened: list[str]) -> None:
    output = Output(notebook, SHOWN)
    output.area.evaluate(_OPEN, opened)
    with output.narrow():
        assert output.too_wide() == []
        assert output.area.evaluate(_SCROLLED) == []
    output.area.evaluate(_CLOSE)


def test_a_notebook_that_nobody_trusts_shows_the_same(notebook: Notebook, lab: Lab) -> None:
    trusted = notebook.output(SHOWN).locator(".jp-RenderedHTML").evaluate(_STYLES)
    brought = json.loads(notebook.save())
    brought["cells"] = brought["cells"][SHOWN:]
    path = lab.folder / "brought.ipynb"
    path.write_text(json.dumps(brought), encoding="utf-8")
    notebook.page.evaluate("async path => { await jupyterapp.commands.execute('docmanager:open', {path}) }", path.name)
    shown = notebook.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-RenderedHTML")
    shown.wait_for()
    assert trusted == shown.evaluate(_STYLES)
