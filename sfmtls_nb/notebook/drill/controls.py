"""Controls: the looks and the names of an open incident as buttons and lists, below it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import ipywidgets as widgets
from IPython.display import display

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook.drill.drill import Answered, Drill, Open
from sfmtls_nb.notebook.drill.final_test import FinalTest
from sfmtls_nb.notebook.drill.planting import KINDS, LOOKS, PLANTINGS, Look
from sfmtls_nb.notebook.drill.view import answered_html, final_test_html, looked_html, open_html, open_text
from sfmtls_nb.notebook.forms.form import button, labelled
from sfmtls_nb.notebook.forms.main_thread import answer_on_main_thread
from sfmtls_nb.notebook.views.summaries import failure_html

_ROW: Final = {"flex_flow": "row wrap", "align_items": "center"}
_LOOKS: Final = {"reply": "Reply", "handshake": "Handshake", "files": "Files", "org": "Org"}


def show(drill: Drill, opened: Open) -> None:
    """Show an incident and, while it is open, its controls below it."""
    display({"text/html": open_html(opened), "text/plain": open_text(opened)}, raw=True)
    if drill.has_open(opened.incident):
        display(Controls(drill, opened))


class Controls(widgets.VBox):
    """What the flags of %sf_drill do, by buttons. What comes of them stands below; the next incident does too."""

    def __init__(self, drill: Drill, opened: Open) -> None:
        self._drill, self._opened = drill, opened
        self.looks = {look: button(_LOOKS[look], f"%sf_drill --look {look}") for look in LOOKS}
        self.kind = labelled(widgets.Dropdown, "It shows", options=list(KINDS))
        self.name = labelled(widgets.Dropdown, "Failure")
        self.answer = button("Answer", "%sf_drill --answer NAME", primary=True)
        self.give_up = button("Give up", "%sf_drill --give-up")
        self.next = button("Next", "%sf_drill, or %sf_drill --final")
        self.shown = widgets.HTML(layout={"min_height": "60px", "max_width": "100%"})
        self.kind.observe(self._offer, "value")
        for look, pressed in self.looks.items():
            pressed.on_click(partial(self._act, partial(self._look, look)))
        self.answer.on_click(partial(self._act, lambda: self._end(drill.answer(self._chosen()))))
        self.give_up.on_click(partial(self._act, lambda: self._end(drill.give_up())))
        self.next.on_click(self._go_on)
        for each in self.looks.values():
            each.layout.width = "118px"  # so that four have room in 800 px
        looks = widgets.HBox([*self.looks.values()], layout={**_ROW, "margin": "8px 0 4px"})
        ends = widgets.HBox([self.answer, self.give_up, self.next], layout=_ROW)
        self._parts: list[widgets.Widget] = [looks, self.kind, self.name, ends, self.shown]
        super().__init__(self._parts)
        answer_on_main_thread(self)
        self._offer(None)
        self._enable(open_=True)

    def _offer(self, _: object) -> None:
        """Offer the failures of the kind that is chosen."""
        self.name.options = [(f"{name}: {PLANTINGS[name].title}", name) for name in KINDS[self.kind.value]]
        self.name.value = None  # what is chosen is the learner's

    def _act(self, act: Callable[[], str], _: object) -> None:
        try:
            if not self._drill.has_open(self._opened.incident):
                self._enable(open_=False)
                raise SfmtlsError("this incident is closed", next_step="Next begins another one")
            self.shown.value = act()
        except SfmtlsError as error:
            self.shown.value = failure_html(error)

    def _look(self, look: Look) -> str:
        return looked_html(self._drill.look(look))

    def _chosen(self) -> str:
        if self.name.value is None:
            raise SfmtlsError("no failure is chosen", next_step="choose where it shows, and then the failure")
        return str(self.name.value)

    def _end(self, answered: Answered) -> str:
        self._enable(open_=not answered.over)
        return answered_html(answered)

    def _go_on(self, _: object) -> None:
        try:
            following = self._drill.show_final() if self._opened.test else self._drill.show()
        except SfmtlsError as error:
            self.shown.value = failure_html(error)
            return
        if isinstance(following, FinalTest):
            self.shown.value = final_test_html(following)
            return
        # Below what was said of the last one, and with controls of its own.
        self._enable(open_=False)
        self.next.disabled = True
        self._opened = following
        self.children = [*self._parts, widgets.HTML(open_html(following)), Controls(self._drill, following)]

    def _enable(self, *, open_: bool) -> None:
        parts: list[Any] = [*self.looks.values(), self.kind, self.name, self.answer, self.give_up]
        for part in parts:
            part.disabled = not open_
        self.next.disabled = open_
