"""One lesson from its first cell to its last, in JupyterLab, with a keyboard and a mouse: as a learner does it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from by_hand import Output, secrets_of, widgets_in
from lab import REWRITE, SCREENSHOTS, Lab, Theme
from lesson_learner import Learner, opened
from pictures import Picture
from playwright.sync_api import FloatRect, Locator, ViewportSize
from traces import found_in

pytest_plugins = ["lab_fixtures"]
# All of it is the fixture of the first test.
pytestmark = pytest.mark.timeout(300)

LESSON: Final = "01_the_basics.ipynb"


class Exercise(NamedTuple):
    """What is typed into the cell for the work: first something wrong, and what is then missing; then what is right."""

    wrong: tuple[str, ...]
    missing: str
    right: tuple[str, ...]


EXERCISES: Final = (
    Exercise(
        ("%sf_login --out session", "endpoint = session.server_url"),
        "where your certificate is asked for: it goes to",
        ("endpoint = session.org.endpoint(session.server_url, 8443)", "endpoint"),
    ),
    Exercise(
        ("%sf_login standard@practice.example", "%sf_soap getUserInfo"),
        "this user has not called getUserInfo on port 443 yet",
        ("%sf_soap getUserInfo --port 443",),
    ),
    Exercise(
        ('refusal = "MUTUAL_AUTHENTICATION_FAILED"',),
        "refusal holds something else: str",
        (
            "%sf_login enforced@practice.example",
            "%sf_soap refusal << getUserInfo --port 443 --expect MUTUAL_AUTHENTICATION_FAILED",
            "refusal.code, refusal.next_step",
        ),
    ),
)
NUMBERS: Final = range(1, len(EXERCISES) + 1)
#: Steps of the guide that the lesson's cells have done, and those that are done in it.
BEFORE: Final = ("1 Org", "2 Certificate", "3 PEM", "4 Sign in")
BY_HAND: Final = ("5 Call ✔ done", "6 Without a certificate ◂ ✔ failed as expected", "7 On 443 ○ to do")
WINDOW: Final[ViewportSize] = {"width": 1000, "height": 760}
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
WHERE_PROGRESS_IS: Final = "from sfmtls_nb.notebook.course import progress; print(progress.progress_folder(), end='')"


class Done(NamedTuple):
    """What a learner saw on the way, by exercise, and what there is at the end.

    untouched, wrong, right: what the check said; unfolded: whether the solution could be read, before and after; rail: the
    guide's steps, when it came and when it had been used; progress: its folder, and what was in it.
    """

    untouched: dict[int, str]
    wrong: dict[int, str]
    right: dict[int, str]
    hint: str
    unfolded: dict[str, tuple[bool, bool]]
    rail: tuple[list[str], list[str]]
    standing: str
    progress: tuple[Path, list[str]]
    pictures: dict[str, Picture]
    saved: str
    secrets: list[str | bytes]

    @property
    def cells(self) -> dict[str, Any]:
        return {cell["id"]: cell for cell in json.loads(self.saved)["cells"]}


@pytest.fixture(scope="module")
def done(lab: Lab) -> Iterator[Done]:
    with opened(lab, LESSON) as me:
        notebook, hint = me.notebook, ""
        untouched: dict[int, str] = {}
        wrong: dict[int, str] = {}
        right: dict[int, str] = {}
        unfolded: dict[str, tuple[bool, bool]] = {}
        pictures: dict[str, Picture] = {}

        for number, exercise in enumerate(EXERCISES, 1):
            if number == 2:
                me.run_up_to("call-run")
                pictures |= call_seen(me)
            me.run_up_to(f"work-{number}")
            untouched[number] = me.check(number)
            me.type_into(f"work-{number}", *exercise.wrong)
            wrong[number] = me.check(number)
            if number == 1:
                hint = me.check(number, " --hint")
                unfolded["with the keyboard"] = unfold(me, number, with_keyboard=True)
            if number == 2:
                unfolded["with the mouse"] = unfold(me, number, with_keyboard=False)
            me.type_into(f"work-{number}", *exercise.right)
            right[number] = me.check(number)
        pictures |= in_either_theme(me, "check", "exercise-3", "check-3")

        me.run_up_to("guide")
        guide = me.output("guide")
        rail = guided(guide)
        me.choose("own-org")

        me.run_up_to("recap")
        notebook.page.keyboard.type("%sf_lesson")
        standing = me.read(me.run())

        folder = Path(notebook.ask(WHERE_PROGRESS_IS))
        yield Done(
            untouched,
            wrong,
            right,
            hint,
            unfolded,
            rail,
            standing,
            (folder, sorted(each.name for each in folder.iterdir())),
            pictures,
            notebook.save(),
            secrets_of(notebook),
        )


def unfold(me: Learner, number: int, *, with_keyboard: bool) -> tuple[bool, bool]:
    """Unfold the solution, which is chosen when its check has been run. Returns whether it could be read before, and after."""
    solution, notebook = me.cell(f"solution-{number}"), me.notebook
    code = solution.locator("pre").first
    before = code.is_visible()
    if with_keyboard:
        # On the way there may be the buttons of the chosen cell.
        names = notebook.tab()
        while 'DisclosureTriangle "Solution"' not in names and len(names) < 10:
            names += notebook.tab()
        notebook.page.keyboard.press("Space")
    else:
        solution.locator("summary").click()
    return before, code.is_visible()


def guided(guide: Output) -> tuple[list[str], list[str]]:
    """Through what the cells have done already, and on by hand."""
    before = rail(guide)
    guide.press("1 Org")
    for _ in range(4):
        guide.press("Next: ")
    guide.press("Call with the certificate")
    guide.press("Next: ")
    guide.press("Call without it")
    return before, rail(guide)


def rail(guide: Output) -> list[str]:
    return [" ".join(text.split()) for text in guide.area.locator(".sfmtls-rail button").all_inner_texts()]


# ---------------------------------------------------------------- how it looks


def call_seen(me: Learner) -> dict[str, Picture]:
    """The window with the call in it."""
    page = me.notebook.page
    usual = page.viewport_size
    assert usual
    page.set_viewport_size(WINDOW)
    page.mouse.move(0, 0)
    seen = in_either_theme(me, "lesson", "call")
    page.set_viewport_size(usual)
    return seen


def in_either_theme(me: Learner, name: str, first: str, last: str = "") -> dict[str, Picture]:
    """The window, scrolled to a cell; or, where another is named, what is from the one to the other. Kept on asking."""
    notebook, seen = me.notebook, {}
    for theme in THEMES:
        notebook.use_theme(theme)
        me.cell(first).evaluate("(it, block) => { it.scrollIntoView({block}) }", "center" if last else "start")
        notebook.wait_until_idle()
        clip = from_to(me.cell(first), me.cell(last)) if last else None
        shot = notebook.page.screenshot(clip=clip, animations="disabled", caret="hide")
        seen[f"{name}-{theme}"] = picture = Picture.taken(notebook.page, shot)
        if REWRITE:
            SCREENSHOTS.mkdir(exist_ok=True)
            (SCREENSHOTS / f"{name}-{theme}.png").write_bytes(picture.png())
    notebook.use_theme("light")
    return seen


def from_to(first: Locator, last: Locator) -> FloatRect:
    top, bottom = first.bounding_box(), last.bounding_box()
    assert top
    assert bottom
    return {**top, "height": bottom["y"] + bottom["height"] - top["y"]}


# ---------------------------------------------------------------- what comes of it


@pytest.mark.parametrize("number", NUMBERS)
def test_an_exercise_that_nobody_has_touched_is_not_done_yet(done: Done, number: int) -> None:
    assert ": not yet" in done.untouched[number]


@pytest.mark.parametrize("number", NUMBERS)
def test_after_wrong_work_it_is_not_done_yet_and_says_what_is_missing(done: Done, number: int) -> None:
    said = done.wrong[number]
    assert [words for words in (": not yet", EXERCISES[number - 1].missing) if words not in said] == []


@pytest.mark.parametrize("number", NUMBERS)
def test_after_the_work_it_is_done(done: Done, number: int) -> None:
    said = done.right[number]
    assert (": done" in said, "○" in said) == (True, False)


def test_a_hint_comes_on_asking(done: Done) -> None:
    assert ("hint 1 of" in done.wrong[1], "hint 1 of" in done.hint) == (False, True)


@pytest.mark.parametrize("how", ["with the keyboard", "with the mouse"])
def test_a_solution_is_folded_until_someone_unfolds_it(done: Done, how: str) -> None:
    assert done.unfolded[how] == (False, True)


def test_the_guide_knows_what_the_cells_have_done(done: Done) -> None:
    assert [words for words in done.rail[0] if "done" in words] == [f"{title} ✔ done" for title in BEFORE]


def test_the_guide_goes_on_from_there(done: Done) -> None:
    assert done.rail[1][len(BEFORE) :] == list(BY_HAND)


def test_all_of_the_lesson_is_done_at_the_end(done: Done) -> None:
    assert "3 of 3 exercises done" in done.standing


def test_the_progress_is_kept_in_the_labs_folders(done: Done, lab: Lab) -> None:
    folder, kept = done.progress
    opened, done_and_tried = kept[0], {name.removesuffix(" - not yet") for name in kept[1:]}
    assert (lab.folder.parent in folder.parents, opened, len(done_and_tried)) == (True, "the_basics", len(NUMBERS))


def test_what_was_typed_stands_in_the_saved_lesson(done: Done) -> None:
    written = ["".join(done.cells[f"work-{number}"]["source"]).splitlines() for number in NUMBERS]
    assert written == [list(exercise.right) for exercise in EXERCISES]


def test_every_cell_has_been_run_and_none_has_failed(done: Done) -> None:
    code = [cell for cell in done.cells.values() if cell["cell_type"] == "code" and cell["source"]]
    not_run = [cell["source"] for cell in code if not cell["execution_count"]]
    failed = [output for cell in code for output in cell["outputs"] if output["output_type"] == "error"]
    assert (not_run, failed) == ([], [])


def test_no_secret_is_saved(done: Done) -> None:
    assert found_in(done.saved, *done.secrets) == []


def test_the_widgets_are_saved_with_the_lesson(done: Done) -> None:
    assert "PasswordModel" in widgets_in(done.saved)


@pytest.mark.parametrize("name", ["lesson", "check"])
def test_it_is_seen_in_either_theme(done: Done, name: str) -> None:
    taken = [done.pictures[f"{name}-{theme}"] for theme in THEMES]
    assert [(picture.blank, picture.dark) for picture in taken] == [(False, False), (False, True)]
