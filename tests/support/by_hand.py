"""What a person does with an output: reads it, types, clicks, goes on with Tab; and looks whether it holds still."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from lab import Notebook
from notebook_secrets import ASK_FOR_SECRETS
from playwright.sync_api import Locator, expect

# The org that runs in the kernel, whatever its notebook calls it.
PRACTICE = "practice = get_ipython().run_line_magic('sf_practice', 'show')"
ASK_FOR_TOKENS = f"import json; {PRACTICE}; print(json.dumps([user.security_token for user in practice.state.users]))"
# What is to the right of its container, where that does not scroll by itself; and outputs that have to be scrolled. Not
# what has one pixel, and is there to be read aloud.
_TOO_WIDE = """area => [area, ...area.querySelectorAll("*")].filter(it =>
    it.checkVisibility() && it.clientWidth > 1 && it.scrollWidth > it.clientWidth + 1
    && (it.matches(".jp-Cell-outputArea, .jp-OutputArea-output") || !/auto|scroll/.test(getComputedStyle(it).overflowX))
).map(it => `${it.tagName} ${it.className} ${it.innerText}`.slice(0, 100))"""
_LABEL_SEEN = """it => [...it.labels].some(
    label => label.checkVisibility() && label.innerText.trim() && label.scrollWidth <= label.clientWidth + 1)"""

Box = tuple[int, int, int, int]


class Output(NamedTuple):
    """The output of one cell, as who sits in front of it has it."""

    notebook: Notebook
    cell: int

    @property
    def area(self) -> Locator:
        return self.notebook.output(self.cell)

    @property
    def controls(self) -> Locator:
        """All that the keyboard can reach, in the order in which it stands there."""
        every = "input:enabled, select:enabled, textarea:enabled, button:enabled, summary, [tabindex='0']"
        return self.area.locator(every).filter(visible=True)

    def field(self, label: str) -> Locator:
        return self.area.get_by_label(label, exact=True)

    def button(self, name: str) -> Locator:
        """The button whose name begins so; before it there may be an icon."""
        return self.area.get_by_role("button", name=re.compile(rf"^\W*{re.escape(name)}"))

    def type(self, label: str, text: str) -> None:
        """Click into a field, and write another text into it."""
        self.field(label).click()
        self.notebook.page.keyboard.press("Control+a")
        self.notebook.page.keyboard.press("Delete")
        self.notebook.page.keyboard.type(text)

    def press(self, button: str) -> None:
        """Click a button, and wait until all is done."""
        self.button(button).click()
        self.notebook.wait_until_idle()

    def upload(self, button: str, *files: Path) -> None:
        self.notebook.upload(button, *files)
        expect(self.button(button)).to_contain_text(f"({len(files)})")

    # ------------------------------------------------------------ without a mouse

    def tabbed(self, times: int) -> list[str]:
        """Names of what has the focus when Tab is pressed so often, from the first control on."""
        self.controls.first.focus()
        return [self.notebook.focused(), *self.notebook.tab(times - 1)]

    def unnamed(self) -> list[str]:
        """Controls that a screen reader cannot tell the name of."""
        return [name for name in self.notebook.names(self.controls) if name.endswith(' ""')]

    # ------------------------------------------------------------ how it stands there

    def place(self, button: str) -> Box:
        """Where a button is in the output, and how big."""
        area, box = self.area.bounding_box(), self.button(button).bounding_box()
        assert area
        assert box
        x, y = box["x"] - area["x"], box["y"] - area["y"]
        return round(x), round(y), round(box["width"]), round(box["height"])

    @contextmanager
    def narrow(self) -> Iterator[None]:
        """In a window that is 800 pixels wide."""
        usual = self.notebook.page.viewport_size
        assert usual
        self.notebook.page.set_viewport_size({"width": 800, "height": usual["height"]})
        yield
        self.notebook.page.set_viewport_size(usual)

    def too_wide(self) -> list[str]:
        """What sticks out of what it is in."""
        return cast("list[str]", self.area.evaluate(_TOO_WIDE))

    def without_visible_label(self) -> list[str]:
        """Fields whose label cannot be seen, or not all of it."""
        fields = self.area.locator("input:not([type=file]), select, textarea").filter(visible=True).all()
        assert fields
        return [field.evaluate("it => it.outerHTML") for field in fields if not field.evaluate(_LABEL_SEEN)]


def secrets_of(notebook: Notebook) -> list[str | bytes]:
    """All that the practice org in its kernel keeps to itself: passwords, session ids, tokens, private keys."""
    said = json.loads(notebook.ask(ASK_FOR_SECRETS)) + json.loads(notebook.ask(ASK_FOR_TOKENS))
    keys = sorted(made_for(notebook).rglob("*.key"))
    assert said
    assert keys
    return [*said, *(key.read_bytes() for key in keys)]


def widgets_in(saved: str) -> set[str]:
    """The kinds of widgets that were saved with a notebook."""
    widgets: Any = json.loads(saved)["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]
    return {widget["model_name"] for widget in widgets["state"].values()}


def made_for(notebook: Notebook) -> Path:
    """The folder that the practice org writes files into."""
    return Path(notebook.ask(f"{PRACTICE}; print(practice.directory, end='')"))


def encrypted(key: Path, passphrase: str, folder: Path) -> Path:
    """The same private key, as one gets it: in a file with a passphrase."""
    protection = BestAvailableEncryption(passphrase.encode())
    written = folder / "encrypted.key"
    loaded = load_pem_private_key(key.read_bytes(), None)
    written.write_bytes(loaded.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection))
    return written
