"""Driving a notebook from a test: run a cell, and read the code that a form shows."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from ipywidgets import Widget

from sfmtls_nb.notebook.forms.form import Form


def run(shell: InteractiveShell, code: str) -> Any:
    """Run a cell: its result; what it raises is raised."""
    done: Any = shell.run_cell(code)  # type: ignore[no-untyped-call]  # IPython's
    done.raise_error()
    return done.result


def shown_code(form: Form, kind: str) -> str:
    """The code that a form shows: magic, Python or curl."""
    html = form.result.value.partition(f'aria-label="As {kind}">')[2]
    return unescape(html.partition("</pre>")[0])


def saved() -> str:
    """The state of all widgets, as it is saved with a notebook."""
    return json.dumps(Widget.get_manager_state(), default=repr)
