"""SoqlForm: a query, written by picking or by hand, and run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import ipywidgets as widgets

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook import code
from sfmtls_nb.notebook.forms.form import Form, button, done, hint, labelled, say
from sfmtls_nb.notebook.views.code import code_html
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.query import SelectedField, parse_selection
from sfmtls_nb.values import spelled

if TYPE_CHECKING:
    import pandas as pd

_FIRST: Final = "Account"
_ROWS: Final = 20
#: The end of a query that the lists can show.
_TAIL: Final = re.compile(
    r".*?\bFROM\s+\w+(?:\s+WHERE\s+(?P<where>.+?))?(?:\s+LIMIT\s+(?P<limit>\d+))?\s*", re.IGNORECASE | re.DOTALL
)
#: Braces that are meant as such, as they are written in a cell.
_BRACES: Final = "{{'{{'|raw}}"
_IN_STEP: Final = "The query is what the lists say. You can edit it."
_OWN: Final = "The text is your own now. “Write the query” writes it anew from the lists."


class _Picks(NamedTuple):
    """The choices in the lists."""

    sobject: str
    fields: tuple[str, ...]
    where: str
    limit: str

    @property
    def soql(self) -> str:
        where = f" WHERE {self.where}" if self.where else ""
        limit = f" LIMIT {self.limit}" if self.limit else ""
        return f"SELECT {', '.join(self.fields)} FROM {self.sobject}{where}{limit}"  # noqa: S608  # SOQL; the user's own


class SoqlForm(Form):
    """An sObject, its fields, a condition, a limit, and the query that says the same. ``frame`` is the last result.

    What is typed into the query wins: the lists follow it, or, where they cannot, leave it alone from then on.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.frame: pd.DataFrame | None = None
        self._writing = False
        self._own = False
        self.sobject = labelled(widgets.Dropdown, "sObject", options=[])
        self.fields = labelled(widgets.SelectMultiple, "Fields", options=[], layout={"height": "124px"})
        self.where = labelled(widgets.Text, "WHERE", placeholder="such as Name LIKE 'A%'; empty: all")
        self.limit = labelled(widgets.Text, "LIMIT", value="200")
        self.soql = labelled(widgets.Textarea, "Query", rows=4)
        self._note = hint()
        self.button = button("Run", "Run the query", primary=True)
        self.rewrite = button("Write the query", "Write the query anew from the lists")
        self.refresh = button("Refresh", "Ask the org which sObjects there are")
        self.rewrite.disabled = True
        super().__init__(
            workspace,
            "A query",
            "Pick an sObject and its fields, or write the SOQL yourself. The result is a DataFrame: the form's “frame”.",
            [self.sobject, self.fields, self.where, self.limit, self.soql, self._note],
            [self.button, self.rewrite, self.refresh],
        )
        self.sobject.observe(self._sobject_chosen, "value")
        for each in (self.fields, self.where, self.limit):
            each.observe(self._picked, "value")
        self.soql.observe(self._typed, "value")
        self.button.on_click(self._run_clicked)
        self.rewrite.on_click(lambda _: self._write())
        self.refresh.on_click(lambda _: self._refresh())
        if workspace.session is None:
            say(self._note, "Sign in with %sf_login, then press Refresh; or write the query yourself.")
        else:
            self._refresh()

    # ------------------------------------------------------------ the lists

    def _refresh(self) -> None:
        self.attempt(self._listed, self.refresh, "Asking …")

    def _listed(self) -> None:
        """Ask for the sObjects. As this is no call of the user's, %sf_curl goes on showing the call before it."""
        result = self._workspace.signed_in().soap("describeGlobal").results[0]
        names = sorted(
            str(each.findtext("{*}name"))
            for each in result.iterfind("{*}sobjects")
            if each.findtext("{*}queryable") == "true"
        )
        chosen = self.sobject.value
        with self._quietly():
            self.sobject.options = names
            self.sobject.value = chosen if chosen in names else _FIRST if _FIRST in names else next(iter(names), None)
        if self.sobject.value and self.sobject.value != chosen:
            self._show_fields(self.sobject.value)
        if self._own:
            self._follow()
        elif self.sobject.value != chosen:
            self._write()

    def _sobject_chosen(self, _: object) -> None:
        if not self._writing and self.sobject.value:
            self.attempt(self._described)

    def _described(self) -> None:
        self._show_fields(self.sobject.value)
        if not self._own:
            self._write()

    def _show_fields(self, sobject: str, wanted: tuple[str, ...] = ()) -> None:
        """Show the fields of an sObject, with those wanted picked; without any, its id and name."""
        types = self._workspace.signed_in().describe(sobject).fields
        picked = [spelled(name, types) for name in wanted] or [name for name in ("Id", "Name") if name in types]
        with self._quietly():
            self.fields.options = [(f"{name} ({kind})", name) for name, kind in types.items()]
            self.fields.value = tuple(name for name in picked if name in types)

    def _picked(self, _: object) -> None:
        if not self._writing and not self._own:
            self._write()

    def _write(self) -> None:
        """Write the query from the lists."""
        picks = _Picks(self.sobject.value, self.fields.value, self.where.value.strip(), self.limit.value.strip())
        if not picks.sobject or not picks.fields:
            say(self._note, "Pick an sObject and at least one field.")
            return
        with self._quietly():
            self.soql.value = picks.soql
        self._in_step(own=False)

    # ------------------------------------------------------------ the text

    def _typed(self, _: object) -> None:
        if not self._writing:
            self.attempt(self._follow)

    def _follow(self) -> None:
        """Set the lists to what the query says, if they can show it."""
        picks = _read(self.soql.value)
        names = self.sobject.options
        sobject = spelled(picks.sobject, names) if picks else ""
        if picks is None or sobject not in names:
            self._in_step(own=True)
            return
        known = self._workspace.signed_in().describe(sobject).fields
        if any(spelled(name, known) not in known for name in picks.fields):
            self._in_step(own=True)
            return
        with self._quietly():
            self.sobject.value = sobject
            self.where.value, self.limit.value = picks.where, picks.limit
        self._show_fields(sobject, picks.fields)
        self._in_step(own=False)

    def _in_step(self, *, own: bool) -> None:
        self._own = own
        self.rewrite.disabled = not own
        say(self._note, _OWN if own else _IN_STEP)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Mark changes within as not made by hand."""
        before, self._writing = self._writing, True
        try:
            yield
        finally:
            self._writing = before

    # ------------------------------------------------------------ running it

    def _run_clicked(self, _: widgets.Button) -> None:
        self.frame = None
        soql = self.soql.value.strip()
        self.attempt(lambda: self._run(soql), self.button, "Running …", lambda: self._code(soql))

    def _run(self, soql: str) -> str:
        self._workspace.signed_in()
        if not soql:
            raise SfmtlsError("there is no query", next_step="pick an sObject and its fields, or write it")
        self.frame = self._workspace.query(soql)
        return _frame_html(self.frame) + self._code(soql)

    def _code(self, soql: str) -> str:
        workspace = self._workspace
        call = "frame = session.query(soql).to_frame()"
        python = code.call_program(workspace, [f"soql = {code.text(soql)}"], call, "frame")
        first = workspace.prepare("query", fields={"queryString": soql})
        return code_html(f"%%sf_soql\n{soql.replace('{{', _BRACES)}", python, workspace.curl(first))


def _read(soql: str) -> _Picks | None:
    """The choices that make this query; None if no choices do."""
    selection, tail = parse_selection(soql), _TAIL.fullmatch(soql)
    if selection is None or tail is None or selection.aggregate or selection.alias:
        return None
    names = [
        each.path[0]
        for each in selection.fields
        if isinstance(each, SelectedField) and len(each.path) == 1 and not each.function and not each.alias
    ]
    if len(names) != len(selection.fields):
        return None
    return _Picks(selection.source, tuple(names), tail["where"] or "", tail["limit"] or "")


def _frame_html(frame: pd.DataFrame) -> str:
    count = "1 record" if len(frame) == 1 else f"{len(frame):,} records"
    columns = "1 column" if len(frame.columns) == 1 else f"{len(frame.columns)} columns"
    shown = f"; the first {_ROWS} are shown" if len(frame) > _ROWS else ""
    table = frame.head(_ROWS).to_html(border=0, index=False, justify="left", max_cols=30)
    table = table.replace("<table ", '<table cellpadding="4" ', 1)
    return done(f"{count}, {columns}{shown}", f'<div style="overflow-x:auto">{table}</div>')
