"""The guide's seven steps: once with the mouse and files of one's own, once with the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from by_hand import Box, Output, encrypted, made_for, secrets_of, widgets_in
from lab import Lab, Notebook
from pictures import Picture
from playwright.sync_api import expect
from traces import found_in

pytest_plugins = ["lab_fixtures"]

GUIDE = 1
PASSPHRASE, WRONG, QUICK = "sesame-3364", "wrong-8802", "quick-1957-and-long-enough"
#: By step, the button that does it and how it then stands.
STEPS: Final = {
    "1 · Org": ("Start the practice org", "✔ done"),
    "2 · Certificate": ("Assemble my own", "✔ done"),
    "3 · PEM": ("Write the two files", "✔ done"),
    "4 · Sign in": ("Sign in", "✔ done"),
    "5 · Call": ("Call with the certificate", "✔ done"),
    "6 · Without a certificate": ("Call without it", "✔ failed as expected"),
    "7 · On 443": ("Call on 443", "✔ failed as expected"),
}
#: What Tab gets to in a step, behind the rail; in its order, which is that of reading.
FIELDS: Final = {
    "2 · Certificate": [
        'button "Take the practice org’s files"',
        'button "Choose key and certificates (0)"',
        'textbox "Passphrase of the key"',
        'button "Assemble my own"',
        'DisclosureTriangle "show the code"',
        'button "Next: PEM"',
    ],
    "3 · PEM": [
        'textbox "Folder"',
        'checkbox "Write over files of that name"',
        'button "Write the two files"',
        'DisclosureTriangle "show the code"',
        'button "Next: Sign in"',
    ],
    "4 · Sign in": [
        'combobox "Way in"',
        'combobox "User"',
        'button "Sign in"',
        'DisclosureTriangle "show the code"',
        'button "Next: Call"',
    ],
}
#: Pictures, by the step after which they are taken. Steps before it show where the practice org is: another place each time.
TAKEN: Final = {"5 · Call": "guide-called", "7 · On 443": "guide-finished"}


class Stood(NamedTuple):
    """How the guide was after a step. before, after: where the step's button was; too_wide: at 800 pixels."""

    words: str
    before: Box
    after: Box
    too_wide: list[str]
    unnamed: list[str]


class Walked(NamedTuple):
    """What there is when the whole way has been gone. refused: what was said of a wrong passphrase, and stood in the rail."""

    guide: Output
    steps: dict[str, Stood]
    refused: tuple[str, str]
    pictures: dict[str, Picture]
    saved: str
    secrets: list[str | bytes]


def rail(guide: Output) -> list[str]:
    return [" ".join(text.split()) for text in guide.area.locator(".sfmtls-rail button").all_inner_texts()]


def stood(guide: Output, title: str, before: Box) -> Stood:
    words = guide.area.get_by_role("heading", name=title).locator("xpath=following-sibling::*").inner_text()
    after, unnamed = guide.place(STEPS[title][0]), guide.unnamed()
    with guide.narrow():
        too_wide = guide.too_wide()
    return Stood(words, before, after, too_wide, unnamed)


def choose(guide: Output, files: list[Path], passphrase: str) -> None:
    guide.upload("Choose key and certificates", *files)
    guide.type("Passphrase of the key", passphrase)


@pytest.fixture(scope="module")
def walked(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    """With the mouse, and files of one's own: first with a passphrase that is wrong."""
    with lab.open("%load_ext sfmtls_nb", "%sf_guide") as notebook:
        notebook.run_all()
        guide, refused = Output(notebook, GUIDE), ("", "")
        steps: dict[str, Stood] = {}
        pictures: dict[str, Picture] = {}
        for title, (button, _) in STEPS.items():
            expect(guide.area.get_by_role("heading", name=title)).to_be_visible()
            before = guide.place(button)
            if title == "2 · Certificate":
                made = made_for(notebook)
                certificates = [made / name for name in ("client.crt", "intermediate1.crt", "intermediate2.crt")]
                key = encrypted(made / "client.key", PASSPHRASE, tmp_path_factory.mktemp("mine"))
                choose(guide, [key, *certificates], WRONG)
                guide.press(button)
                refused = guide.area.get_by_role("alert").inner_text(), rail(guide)[1]
                choose(guide, [key, *certificates], PASSPHRASE)
            guide.press(button)
            steps[title] = stood(guide, title, before)
            if title in TAKEN:
                notebook.page.evaluate("document.activeElement.blur()")
                pictures |= notebook.pictures({TAKEN[title]: GUIDE})
            if title != "7 · On 443":
                guide.press("Next: ")
        secrets = [PASSPHRASE, WRONG, key.read_bytes(), *secrets_of(notebook)]
        yield Walked(guide, steps, refused, pictures, notebook.save(), secrets)


@pytest.mark.parametrize("title", STEPS)
def test_a_step_ends_as_it_should(walked: Walked, title: str) -> None:
    assert walked.steps[title].words == STEPS[title][1]


def test_a_wrong_passphrase_is_announced_as_an_error(walked: Walked) -> None:
    said, in_rail = walked.refused
    assert (said.startswith("✖ error"), "PassphraseError" in said, in_rail) == (True, True, "2 Certificate ◂ ✖ failed")


def test_no_secret_is_saved(walked: Walked) -> None:
    assert found_in(walked.saved, *walked.secrets) == []


def test_the_widgets_are_saved_with_the_notebook(walked: Walked) -> None:
    assert {"PasswordModel", "FileUploadModel"} <= widgets_in(walked.saved)


@pytest.mark.parametrize("title", STEPS)
def test_the_button_of_a_step_stays_in_its_place(walked: Walked, title: str) -> None:
    assert walked.steps[title].after == walked.steps[title].before


@pytest.mark.parametrize("title", STEPS)
def test_all_of_a_step_has_a_name(walked: Walked, title: str) -> None:
    assert walked.steps[title].unnamed == []


@pytest.mark.parametrize("title", STEPS)
def test_nothing_of_a_step_sticks_out_in_a_window_800_pixels_wide(walked: Walked, title: str) -> None:
    assert walked.steps[title].too_wide == []


@pytest.mark.parametrize("name", TAKEN.values())
def test_a_step_is_seen_in_either_theme(walked: Walked, name: str) -> None:
    taken = [walked.pictures[f"{name}-{theme}"] for theme in ("light", "dark")]
    assert [(picture.blank, picture.dark) for picture in taken] == [(False, False), (False, True)]


@pytest.mark.parametrize("number", [2, 3, 4])
def test_tab_goes_through_the_rail_and_then_through_the_step(walked: Walked, number: int) -> None:
    guide, title = walked.guide, list(STEPS)[number - 1]
    guide.press(title.replace(" ·", ""))
    names = guide.tabbed(len(FIELDS[title]) + 7)
    assert [name.split('"')[1] for name in names[:7]] == rail(guide)
    assert names[7:] == FIELDS[title]
    assert guide.without_visible_label() == []


# ---------------------------------------------------------------- with the keyboard alone


class Keys(NamedTuple):
    """A keyboard, and what is heard of what has the focus."""

    notebook: Notebook

    def reach(self, name: str, key: str = "Tab") -> None:
        """Press a key until the focus is there."""
        heard = []
        for _ in range(30):
            self.notebook.page.keyboard.press(key)
            heard.append(self.notebook.focused())
            if name in heard[-1]:
                return
        raise AssertionError(f"{key} does not get to {name}: {heard}")

    def press(self, key: str) -> None:
        self.notebook.page.keyboard.press(key)
        self.notebook.wait_until_idle()


@pytest.fixture(scope="module")
def by_keyboard(lab: Lab) -> Iterator[Output]:
    with lab.open("%load_ext sfmtls_nb", "%sf_guide") as notebook:
        notebook.run_all()
        keys, guide, refused = Keys(notebook), Output(notebook, GUIDE), ""
        for title, (button, _) in {**STEPS, "2 · Certificate": ("Take the practice org’s files", "")}.items():
            if title == "2 · Certificate":
                # Quicker than the kernel: what is typed must not come after the button.
                keys.reach('textbox "Passphrase of the key"')
                notebook.page.keyboard.type(QUICK)
                keys.reach('button "Assemble my own"')
                keys.press("Enter")
                refused = guide.area.get_by_role("alert").inner_text()
                keys.reach('button "Take the practice org’s files', "Shift+Tab")
            if title == "3 · PEM":
                keys.reach('textbox "Folder"')
                keys.press("Control+a")
                notebook.page.keyboard.type("by-keyboard")
            if title != "2 · Certificate":
                keys.reach(f'button "{button}"')
            keys.press("Enter")
            if title == "5 · Call":  # before the next button there is a tree, and Tab goes through all of it
                keys.reach('button "6 Without', "Shift+Tab")
                keys.press("Space")
            elif title != "7 · On 443":
                keys.reach('button "Next: ')
                keys.press("Space")
        assert refused.startswith("✖ error")
        yield guide


def test_the_keyboard_alone_goes_the_whole_way(by_keyboard: Output) -> None:
    ended = [f"{title.replace(' ·', '')} {words}" for title, (_, words) in STEPS.items()]
    assert rail(by_keyboard) == [*ended[:-1], ended[-1].replace("443", "443 ◂")]


def test_what_is_typed_is_where_the_files_are(by_keyboard: Output) -> None:
    assert (made_for(by_keyboard.notebook) / "by-keyboard/fullcert.pem").exists()


def test_no_secret_is_saved_after_that(by_keyboard: Output) -> None:
    secrets = [QUICK, *secrets_of(by_keyboard.notebook)]
    assert found_in(by_keyboard.notebook.save(), *secrets) == []
