"""Every form: its title, its labels, and its button while it works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import SfmtlsError
from sfmtls_nb.notebook.forms.form import Form, button
from sfmtls_nb.notebook.workspace import Workspace


@pytest.fixture
def any_form() -> Form:
    return Form(Workspace(), "A title", "A sentence.", [], [])


def test_every_form_has_a_title_and_a_sentence(any_form: Form) -> None:
    assert all(words in any_form.children[0].value for words in ("A title", "A sentence.", 'role="heading"'))


def test_every_form_says_on_the_button_what_is_going_on(any_form: Form) -> None:
    pressed, seen = button("Send", "Send it"), []
    any_form.attempt(lambda: seen.append((pressed.description, pressed.disabled)), pressed, "Sending …")
    assert (seen, pressed.description, pressed.disabled) == ([("Sending …", True)], "Send", False)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_every_form_gives_the_button_back_and_shows_what_nobody_expected(
    any_form: Form, error: type[BaseException]
) -> None:
    pressed = button("Send", "Send it")
    with pytest.raises(error):
        any_form.attempt(_raising(error("sesame")), pressed, "Sending …")
    shown = any_form.result.value
    assert ("✖ error" in shown, "sesame" in shown, pressed.description, pressed.disabled) == (
        True,
        False,
        "Send",
        False,
    )


def test_every_form_keeps_the_result_where_there_is_nothing_new(any_form: Form) -> None:
    any_form.attempt(lambda: "the result")
    any_form.attempt(lambda: None)
    assert "the result" in any_form.result.value


def test_every_form_takes_an_error_away_where_there_is_nothing_new(any_form: Form) -> None:
    any_form.attempt(_raising(SfmtlsError("no")))
    before = any_form.result.value
    any_form.attempt(lambda: None)
    assert ("✖ error" in before, "✖ error" in any_form.result.value) == (True, False)


@pytest.mark.parametrize("line", ["sf_login --form", "sf_identity", "sf_soap", "sf_soql"])
def test_every_form_has_a_label_on_every_field(shell: InteractiveShell, line: str) -> None:
    form = shell.run_line_magic(*line.split(" ", 1)) if " " in line else shell.run_line_magic(line, "")
    fields = [each for each in _below(form) if hasattr(each, "description") and hasattr(each, "value")]
    unnamed = [
        type(each).__name__
        for each in fields
        if not each.description and type(each).__name__ not in ("HTML", "RadioButtons")
    ]
    assert unnamed == []


def _raising(error: BaseException) -> Callable[[], str]:
    def act() -> str:
        raise error

    return act


def _below(widget: Any) -> list[Any]:
    return [each for child in getattr(widget, "children", ()) for each in (child, *_below(child))]
