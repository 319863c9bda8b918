"""Driving a notebook from a test: run a cell, and read the code that a form shows."""

from __future__ import annotations

from html import unescape
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb.notebook.forms.form import Form


def run(shell: InteractiveShell, code: str) -> Any:
    """What a cell gives; what it raises is raised."""
    done: Any = shell.run_cell(code)  # type: ignore[no-untyped-call]  # IPython's
    done.raise_error()
    return done.result


def shown_code(form: Form, kind: str) -> str:
    """The code that a form shows: magic, Python or curl."""
    html = form.result.value.partition(f'aria-label="As {kind}">')[2]
    return unescape(html.partition("</pre>")[0])
