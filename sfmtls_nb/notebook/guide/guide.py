"""Guide: the whole way by hand, one step after another, each with its meaning, its result and its code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Any, Final

import ipywidgets as widgets

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook.forms.main_thread import answer_on_main_thread
from sfmtls_nb.notebook.forms.secret_fields import SecretField, UploadField
from sfmtls_nb.notebook.guide.steps import STEPS, Action, Step, Taken, Where, called_by_cell
from sfmtls_nb.notebook.guide.walk import Note, State, Walk
from sfmtls_nb.notebook.views.code import code_html
from sfmtls_nb.notebook.views.summaries import error_html, failure_html, reply_html
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.secret import Secret
from sfmtls_nb.sign_in import WAYS

_NUMBER: Final = {step.title: number for number, step in enumerate(STEPS, 1)}
_COLOURS: Final = {
    State.DONE: "#3f8f4f",
    State.AS_EXPECTED: "#3f8f4f",
    State.SURPRISE: "#b5762a",
    State.FAILED: "#d0483f",
    State.WORKING: "#6c7ad6",
    State.AWAY: "#6c7ad6",
}
#: Pixels of the output, up to which the steps stand above the chosen one: about those of a window of 900.
_NARROW: Final = 740
_STYLE: Final = (
    "<style>"
    # The width of the output decides, not that of the window: beside it there may be a file browser, or nothing.
    ".sfmtls-guide{container-type:inline-size;width:100%}"
    ".sfmtls-rail{flex:0 0 16em;display:flex;flex-direction:column;gap:4px}"
    ".sfmtls-panel{flex:1 1 0;min-width:0;min-height:36em;padding:0 2px 0 20px}"
    f"@container(max-width:{_NARROW}px){{"
    ".sfmtls-guide .sfmtls-way{flex-direction:column}"
    ".sfmtls-guide .sfmtls-rail{display:grid;flex:none;grid-template-columns:repeat(auto-fill,minmax(11.5em,1fr))}"
    ".sfmtls-guide .sfmtls-rail .jupyter-button{padding:5px 8px}"
    ".sfmtls-rail .jupyter-button:nth-child(6){grid-column:span 2}"
    ".sfmtls-guide .sfmtls-panel{flex:none;padding:14px 2px 0}}"
    # Two columns, and no gap: the longest title has a row, and so have the first and the last.
    "@container(max-width:440px){.sfmtls-rail .jupyter-button:is(:first-child,:last-child){grid-column:span 2}}"
    ".sfmtls-rail .jupyter-button{height:auto;margin:0;padding:5px 12px;text-align:left;white-space:pre-line;"
    "line-height:1.4;color:inherit;background:rgba(128,128,128,.1);border-left:4px solid rgba(128,128,128,.45);"
    "border-radius:3px}"
    ".sfmtls-rail .jupyter-button:first-line{font-weight:600}"
    ".sfmtls-rail .sfmtls-chosen.jupyter-button{background:rgba(108,122,214,.24)}"
    ".sfmtls-guide .jupyter-button:focus-visible,.sfmtls-guide summary:focus-visible"
    "{outline:2px solid var(--jp-brand-color1,#2196f3);outline-offset:1px}"
    ".sfmtls-guide .widget-label{text-align:left}.sfmtls-guide .widget-html{margin:0}"
    ".sfmtls-guide .widget-html-content{line-height:1.5;min-width:0;overflow-wrap:anywhere}"
    + "".join(
        f".sfmtls-rail .sfmtls-{state.name.lower()}.jupyter-button{{border-left-color:{colour}}}"
        for state, colour in _COLOURS.items()
    )
    + "</style>"
)
_FIELD: Final[Mapping[str, Any]] = {
    "layout": {"width": "min(30em,100%)", "margin": "2px 0"},
    "style": {"description_width": "11em"},
}


class _Field:
    """A field to be made: its widget, options, the orgs it is offered at, and the ways in. It sends its text when it is left.

    ways: their names, with spaces between them; none for all.
    """

    def __init__(
        self, kind: Callable[..., widgets.Widget], where: Where = "anywhere", ways: str = "", **options: Any
    ) -> None:
        self.kind, self.where, self.ways, self.options = kind, where, ways.split(), options

    def make(self) -> widgets.Widget:
        typed = {"continuous_update": False} if self.kind is widgets.Text else {}
        return self.kind(**{**_FIELD, **typed, **self.options})


_AS_WIDE: Final = {"width": "max-content", "margin": "2px 0"}
_FIELDS: Final = {
    "name": _Field(widgets.Text, description="My Domain or profile", placeholder="acme"),
    "files": _Field(UploadField, description="Choose key and certificates", multiple=True, layout=_AS_WIDE, style={}),
    "passphrase": _Field(SecretField, description="Passphrase of the key", placeholder="if it is encrypted"),
    "folder": _Field(widgets.Text, description="Folder", value="mine"),
    "overwrite": _Field(
        widgets.Checkbox, description="Write over files of that name", indent=False, layout=_AS_WIDE, style={}
    ),
    "way": _Field(
        widgets.Dropdown,
        description="Way in",
        options=[(way.title, way.name) for way in WAYS.values()],
        value="password",
    ),
    "user": _Field(widgets.Dropdown, "practice", "password jwt", description="User"),
    "consumer_key": _Field(
        widgets.Text,
        "own",
        "jwt client-credentials web",
        description="Consumer key",
        placeholder="the profile’s, if it has one",
    ),
    "consumer_secret": _Field(SecretField, "own", "client-credentials web", description="Consumer secret"),
    "username": _Field(
        widgets.Text, "own", "password jwt", description="Username", placeholder="the profile’s, if it has one"
    ),
    "password": _Field(SecretField, "own", "password", description="Password"),
    "token": _Field(SecretField, "own", "password", description="Security token", placeholder="if your org wants one"),
    "jwt_key": _Field(UploadField, "own", "jwt", description="Choose the JWT key", layout=_AS_WIDE, style={}),
    "jwt_passphrase": _Field(
        SecretField, "own", "jwt", description="Passphrase", placeholder="if the JWT key is encrypted"
    ),
    "alias": _Field(widgets.Text, "anywhere", "sf", description="Alias", placeholder="empty: the default org of sf"),
    "session_id": _Field(SecretField, "anywhere", "session", description="Session id", placeholder="or access token"),
    "instance_url": _Field(
        widgets.Text, "own", "session", description="Instance URL", placeholder="empty: where this org is"
    ),
    "address": _Field(SecretField, "anywhere", "web", description="Address", placeholder="at first, leave it empty"),
}


class Guide(widgets.VBox):
    """Seven steps at the left, the chosen one beside them; or above it, where there is little room.

    What is done here is done in the workspace, and what cells have done there shows after `refresh`, which every click
    does. fields: the inputs by name. buttons: what acts, by what stands on it. rail: the steps.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.walk = Walk(workspace)
        self.fields = {name: field.make() for name, field in _FIELDS.items()}
        self.buttons = {
            action.button: widgets.Button(
                description=action.button, layout={"width": "max-content", "margin": "2px 8px 10px 0"}
            )
            for step in STEPS
            for action in step.actions
        }
        self.rail = [widgets.Button(layout={"width": "100%"}) for _ in STEPS]
        self.forward = widgets.Button(layout={"width": "max-content", "margin": "14px 0 2px"})
        self.head, self.meaning, self.result, self.code = (widgets.HTML() for _ in range(4))
        self._controls = widgets.VBox(layout={"margin": "8px 0", "overflow": "visible"})
        self._working: Step | None = None
        for step, button in zip(STEPS, self.rail, strict=True):
            button.on_click(lambda _, step=step: self.choose(step))
            for action in step.actions:
                self.buttons[action.button].on_click(lambda _, step=step, action=action: self._act(step, action))
        self.fields["way"].observe(lambda _: self.refresh(), "value")
        self.walk.came = self._came
        self.forward.on_click(lambda _: self._go_on())
        self.result.layout = {"max_height": "30em", "overflow": "auto"}
        panel = widgets.VBox([self.head, self.meaning, self._controls, self.result, self.code, self.forward])
        panel.add_class("sfmtls-panel")
        rail = widgets.VBox(self.rail)
        rail.add_class("sfmtls-rail")
        way = widgets.HBox([rail, panel])
        way.add_class("sfmtls-way")
        super().__init__([widgets.HTML(_STYLE, layout={"height": "0", "margin": "0"}), way])
        self.add_class("sfmtls-guide")
        answer_on_main_thread(self)
        self._take_up_call()
        to_do = (step for step in STEPS if self.state(step) is not State.DONE)
        self.choose(next(to_do, STEPS[-1]))

    def choose(self, step: Step) -> None:
        """Show a step."""
        self.chosen = step
        self.refresh()

    def _go_on(self) -> None:
        """Show the next step. The focus goes to its beginning, and the page with it: the button is at the end."""
        self.choose(STEPS[STEPS.index(self.chosen) + 1])
        self.rail[STEPS.index(self.chosen)].focus()

    def state(self, step: Step) -> State:
        """The state of a step, by what is in the workspace now."""
        note = self.walk.note(step.title)
        if step is self._working:
            return State.WORKING
        if note:
            return note.state
        if step.there(self.walk):
            return State.DONE
        return State.WAITS if self._missing(step) else State.TO_DO

    def refresh(self) -> None:
        """Show everything as it is now."""
        self._take_up_call()
        step, number = self.chosen, _NUMBER[self.chosen.title]
        for each, button in zip(STEPS, self.rail, strict=True):
            self._show_in_rail(each, button)
        state = self.state(step)
        colour = f";color:color-mix(in srgb,currentColor 35%,{_COLOURS[state]})" if state in _COLOURS else ""
        self.head.value = (
            f'<div role="heading" aria-level="3" style="font-size:1.35em;font-weight:600">{number} · {step.title}</div>'
            f'<div style="font-weight:600{colour}">{self._words(step)}</div>'
        )
        chosen = WAYS[self.fields["way"].value]
        when = f" <b>{chosen.title}</b>: {escape(chosen.when)}" if step.actions[0].fields[:1] == ("way",) else ""
        self.meaning.value = f'<div style="max-width:46em;margin-top:.5em">{step.meaning}{when}</div>'
        self._show_controls(step)
        self.result.value = self._result(step)
        self.code.value = code_html(*step.code(self.walk))
        following = STEPS[number:]
        self.forward.description = f"Next: {following[0].title}" if following else "Next"
        self.forward.layout.visibility = "visible" if following else "hidden"

    def _show_in_rail(self, step: Step, button: widgets.Button) -> None:
        button.description = (
            f"{_NUMBER[step.title]} {step.title}{' ◂' * (step is self.chosen)}\n{self._words(step, brief=True)}"
        )
        state = self.state(step)
        for each in _COLOURS:
            (button.add_class if each is state else button.remove_class)(f"sfmtls-{each.name.lower()}")
        (button.add_class if step is self.chosen else button.remove_class)("sfmtls-chosen")

    def _words(self, step: Step, *, brief: bool = False) -> str:
        state = self.state(step)
        if state is State.WAITS:
            missing = self._missing(step)
            names = [f"{_NUMBER[each.title]}{'' if brief else f' {each.title}'}" for each in missing]
            return f"{state.value} for {' and '.join(names)}"
        return str(state.value)

    def _missing(self, step: Step) -> list[Step]:
        return [each for each in STEPS if each.title in step.needs and not each.there(self.walk)]

    def _show_controls(self, step: Step) -> None:
        practice = self.walk.workspace.at_practice()
        offered: tuple[Where, ...] = ("anywhere", "practice" if practice else "own")
        users = [(f"{user.username} ({user.name})", user.name) for user in practice.state.users] if practice else []
        if list(self.fields["user"].options) != users:
            self.fields["user"].options = users
            self.fields["user"].value = users[0][1] if users else None
        way = self.fields["way"].value
        actions = [action for action in step.actions if action.where in offered]
        succeeded = self.state(step) in (State.DONE, State.AS_EXPECTED)
        self.forward.button_style = "primary" if succeeded else ""
        shown: list[widgets.Widget] = []
        for action in actions:
            button = self.buttons[action.button]
            button.button_style = "primary" if action is actions[0] and not succeeded else ""
            asked = {name: _FIELDS[name] for name in action.fields if _FIELDS[name].where in offered}
            shown += [*(self.fields[name] for name, field in asked.items() if way in (field.ways or WAYS)), button]
        for widget in shown:
            widget.disabled = self._working is not None or bool(self._missing(step))
        self._controls.children = shown

    def _result(self, step: Step) -> str:
        note = self.walk.note(step.title)
        try:
            there = step.shown(self.walk) if step.there(self.walk) else ""
        except SfmtlsError as error:
            there = failure_html(error)
        if note and there:
            return f"{note.html}<div>What was there before still holds:</div>{there}"
        return note.html if note else there

    def _take_up_call(self) -> None:
        """Note what came of the last call, where a cell has made it and it did what the step “Call” does."""
        workspace, step = self.walk.workspace, next(step for step in STEPS if step.title == "Call")
        if workspace.session and workspace.identity and self.walk.note(step.title) is None:
            reply = called_by_cell(workspace)
            if reply:
                html = _said(step.lesson) + reply_html(reply)
                self.walk.notes[step.title] = Note(State.DONE, html, workspace.session.transport, reply.exchange)

    # ------------------------------------------------------------ doing

    def _act(self, step: Step, action: Action) -> None:
        # First of all, before anything is done with it: what a widget holds is saved with the notebook.
        self._do(step, action, {name: self._take(name) for name in action.fields})

    def _came(self, address: Secret) -> None:
        """Go on with the sign-in, from which the browser has come back."""
        step = next(step for step in STEPS if step.title == "Sign in")
        self._do(step, step.actions[0], {"way": "web", "address": address})

    def _do(self, step: Step, action: Action, taken: Taken) -> None:
        for later in STEPS[STEPS.index(step) :]:
            note = self.walk.notes.get(later.title)
            if later is step or (note and note.transport is None):
                self.walk.notes.pop(later.title, None)
        with self._at_work(step, self.buttons[action.button]):
            note = self._note(step, action, taken)
            if note:
                self.walk.notes[step.title] = note
            elif step is STEPS[0] and self.walk.workspace.profile:
                self.fields["way"].value = self.walk.workspace.profile.sign_in

    def _note(self, step: Step, action: Action, taken: Taken) -> Note | None:
        workspace = self.walk.workspace
        transport = workspace.session.transport if step.lesson and workspace.session else None
        try:
            reply = action.do(self.walk, taken)
        except SfmtlsError as error:
            exchange = error.exchange if step.lesson else None
            if step.expects and isinstance(error, step.expects):
                return Note(State.AS_EXPECTED, _said(step.lesson) + error_html(error), transport, exchange)
            said = _said("Another failure than the one expected.") if step.expects else ""
            return Note(State.FAILED, said + failure_html(error), transport, exchange)
        except Exception as error:
            # Its text is not shown: it may quote what was typed.
            self.walk.notes[step.title] = Note(
                State.FAILED,
                _said(
                    f"<b>✖ error: {escape(type(error).__name__)}</b>. This was not foreseen; View › Show Log Console has its traceback."
                ),
                transport,
            )
            raise
        if reply is None:
            return None
        state, said = (State.SURPRISE, step.surprise) if step.expects else (State.DONE, step.lesson)
        return Note(state, _said(said) + reply_html(reply), transport, workspace.last)

    @contextmanager
    def _at_work(self, step: Step, button: widgets.Button) -> Iterator[None]:
        """Show that a step is at work, and disable everything meanwhile."""
        description, self._working, button.description = button.description, step, "Working …"
        try:
            self.refresh()
            yield
        finally:
            self._working, button.description = None, description
            self.refresh()

    def _take(self, name: str) -> Any:
        """Read a field. A secret is no longer in it afterwards."""
        field = self.fields[name]
        if isinstance(field, SecretField | UploadField):
            return field.taken()
        return field.value.strip() if isinstance(field.value, str) else field.value


def _said(words: str) -> str:
    return f'<div role="status" style="margin:0 0 .6em;max-width:46em">{words}</div>'
