"""Form: a title, fields, buttons and a result, of core ipywidgets; and how its parts look."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

import ipywidgets as widgets

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook.forms.main_thread import answer_on_main_thread
from sfmtls_nb.notebook.views.summaries import failure_html
from sfmtls_nb.notebook.workspace import Workspace

_LABEL: Final = 120
_FIELD: Final = {"width": "auto", "max_width": "46em", "margin": "3px 2px"}
#: The left edge of the fields, after their labels.
INDENT: Final = f"{_LABEL + 10}px"


def labelled(kind: type[widgets.Widget], label: str, **options: Any) -> Any:
    """A field with its label, which the browser ties to it; all of a form's are aligned, and narrow with the page.

    What is typed is sent when the field is left, in one piece.
    """
    if kind in (widgets.Text, widgets.Textarea):
        options["continuous_update"] = False
    layout = {**_FIELD, **options.pop("layout", {})}
    return kind(description=label, style={"description_width": f"{_LABEL}px"}, layout=layout, **options)


def beside(label: str, choice: widgets.Widget) -> widgets.HBox:
    """A choice whose parts have names of their own, with a label aligned with those of the fields."""
    text = f'<div style="text-align:right">{escape(label)}</div>'
    head = widgets.HTML(text, layout={"width": f"{_LABEL}px", "margin": "0 8px 0 2px"})
    return widgets.HBox([head, choice], layout={"align_items": "baseline", "max_width": "46em"})


def hint(text: str = "") -> widgets.HTML:
    """A quiet line below a field; its place stays when it is empty."""
    line = widgets.HTML(layout={"margin": f"0 2px 3px {INDENT}", "max_width": "36em", "min_height": "22px"})
    say(line, text)
    return line


def say(line: widgets.HTML, text: str) -> None:
    """Put a text into a hint."""
    line.value = f'<div style="line-height:1.45;opacity:.75;font-size:.93em">{escape(text)}</div>'


def button(text: str, tooltip: str, *, primary: bool = False) -> widgets.Button:
    """A button that keeps its size, whatever it says while it works."""
    style = "primary" if primary else ""
    layout = {"width": "150px", "margin": "2px 6px 2px 0"}
    return widgets.Button(description=text, tooltip=tooltip, button_style=style, layout=layout)


class Form(widgets.VBox):
    """A title, a sentence, fields and buttons; the result stands below them all, so that nothing moves when it comes."""

    def __init__(
        self,
        workspace: Workspace,
        title: str,
        sentence: str,
        fields: Sequence[widgets.Widget],
        buttons: Sequence[widgets.Button],
    ) -> None:
        self._workspace = workspace
        self._failed = False
        head = widgets.HTML(
            f'<div role="heading" aria-level="3" style="font-size:1.2em;font-weight:600;line-height:1.4">{escape(title)}</div>'
            f'<div style="line-height:1.45;opacity:.85;max-width:46em">{escape(sentence)}</div>',
            layout={"margin": "2px 2px 8px 2px"},
        )
        row = widgets.HBox(buttons, layout={"margin": f"6px 0 8px {INDENT}", "flex_flow": "row wrap"})
        self.result = widgets.HTML(layout={"min_height": "90px", "margin": "2px", "max_width": "100%"})
        super().__init__([head, *fields, row, self.result], layout={"width": "auto", "max_width": "100%"})
        answer_on_main_thread(self)

    def attempt(
        self,
        act: Callable[[], str | None],
        pressed: widgets.Button | None = None,
        doing: str = "",
        code: Callable[[], str] | None = None,
    ) -> None:
        """Show the HTML that ``act`` gives, or its error. Until then the button says what it is doing, and is disabled.

        None shows nothing new, and removes an error. code: HTML of the code for a call that was made and failed.
        Any other exception is shown and raised again: in a callback nobody else would see it.
        """
        said = pressed.description if pressed else ""
        if pressed:
            pressed.description, pressed.disabled = doing, True
        try:
            shown = act()
            if shown is not None or self._failed:
                self._show(shown or "")
        except SfmtlsError as error:
            self._show(failure_html(error), error=True)
            if code and error.exchange:
                self._show(failure_html(error) + code(), error=True)
        except BaseException as error:
            self._show(failure_html(_unexpected(error)), error=True)
            raise
        finally:
            if pressed:
                pressed.description, pressed.disabled = said, False

    def _show(self, html: str, *, error: bool = False) -> None:
        """Show a result; however wide it is, the form stays as wide as the page."""
        self._failed = error
        self.result.value = f'<div style="width:0;min-width:100%;line-height:1.45">{html}</div>'


def done(text: str, html: str) -> str:
    """The HTML of a result, below a line of success."""
    return f'<div role="status" style="margin-bottom:.3em"><b>✔ {escape(text)}</b></div>{html}'


def undone(text: str, html: str) -> str:
    """The HTML of a result that will not do, below a line that says so."""
    return f'<div role="alert" style="margin-bottom:.3em"><b style="color:#d0483f">✖ {escape(text)}</b></div>{html}'


def _unexpected(error: BaseException) -> SfmtlsError:
    """The kind and place of an unforeseen exception, without its text, which may hold values."""
    if isinstance(error, KeyboardInterrupt):
        return SfmtlsError("interrupted", "the kernel was told to stop", "press the button to try again")
    place = traceback.extract_tb(error.__traceback__)[-1]
    return SfmtlsError(
        "this should not have happened",
        f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}",
        "the whole traceback is in the log: View > Show Log Console",
    )
