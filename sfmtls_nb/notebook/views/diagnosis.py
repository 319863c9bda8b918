"""Diagnoses: why a call failed, and the way to an org checked step by step, as boxes that open to more."""

from __future__ import annotations

from html import escape
from typing import Final

from sfmtls_nb.diagnose import Cause, Checkup, Diagnosis, Result
from sfmtls_nb.notebook.views.page import content_html
from sfmtls_nb.notebook.views.summaries import table_html

_BOX: Final = "max-width:60em;line-height:1.45;text-align:left"
_QUIET: Final = "opacity:.75"
_ENDS: Final = {"client": "at your end", "org": "in the org", "between": "on the way"}
#: State of a check -> its sign and colour.
_STATES: Final = {
    "pass": ("✔", "#1a7f37"),
    "fail": ("✖", "#c62828"),
    "not reached": ("…", "#656d76"),
    "skipped": ("–", "#656d76"),
}


def diagnosis_html(diagnosis: Diagnosis) -> str:
    """What happened, and each cause with its evidence and what to do; its page opens below it."""
    rows = [("in TLS", diagnosis.certificate)] if diagnosis.certificate else []
    causes = "".join(_cause(number, cause) for number, cause in enumerate(diagnosis, 1))
    none = "" if diagnosis.causes else f'<div style="{_QUIET}">{escape(str(diagnosis).splitlines()[-1])}</div>'
    return f'<div style="{_BOX}"><b style="font-size:1.1em">{escape(diagnosis.what)}</b>{table_html(rows)}{causes}{none}</div>'


def diagnosis_text(diagnosis: Diagnosis) -> str:
    """The same as text."""
    return str(diagnosis)


def _cause(number: int, cause: Cause) -> str:
    colour = "#c62828" if number == 1 else "#888"
    rows = [
        ("evidence", cause.evidence),
        ("where", f"{cause.layer}; to be mended {_ENDS[cause.end]}"),
        ("do", cause.do),
    ]
    return (
        f'<div style="border-left:4px solid {colour};padding:.1em 0 .3em .8em;margin:.7em 0">'
        f"<b>{number}. {escape(cause.title)}</b>{table_html(rows)}"
        f'<details><summary style="cursor:pointer">read on: {escape(cause.read_on)}</summary>'
        f'<div style="padding:.2em 0 0 1.1em">{content_html(cause.page, titled=False)}</div></details></div>'
    )


def checkup_html(checkup: Checkup) -> str:
    """The steps in their order, each with its state; what is wrong stands out with what to do."""
    head = str(checkup).splitlines()[0]
    return f'<div style="{_BOX}"><b style="font-size:1.1em">{escape(head)}</b>{"".join(map(_step, checkup))}</div>'


def checkup_text(checkup: Checkup) -> str:
    """The same as text."""
    return str(checkup)


def _step(result: Result) -> str:
    sign, colour = _STATES[result.status]
    state = "" if result.status in ("pass", "fail") else f"{result.status}: "
    more = f"<div><b>do:</b> {escape(result.do)}</div>" if result.do else ""
    more += f'<div style="{_QUIET}">read on: {escape(result.read_on)}</div>' if result.read_on else ""
    return (
        f'<div style="display:flex;gap:.7em;margin:.45em 0"><b style="color:{colour};flex:none;width:1.2em;text-align:center">{sign}</b>'
        f'<div style="min-width:0;overflow-wrap:anywhere"><b>{escape(result.title)}</b> '
        f'<span style="{_QUIET}">{escape(state + result.evidence)}</span>{more}</div></div>'
    )
