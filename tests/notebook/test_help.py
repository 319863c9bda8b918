"""All magics on one screen."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb.notebook.views.summaries import overview_rows

#: Lines of a window on a small laptop, and characters of a line.
LINES, LONG = 25, 110


def test_help_names_every_magic_once(shell: InteractiveShell) -> None:
    every = [f"%{name}" for name in shell.magics_manager.magics["line"] if name.startswith("sf_")]
    assert [name for name, _ in shell.run_line_magic("sf_help", "").magics] == every


def test_help_fits_one_screen(shell: InteractiveShell) -> None:
    rows = overview_rows(shell.run_line_magic("sf_help", ""))
    assert (len(rows) <= LINES, [text for _, text in rows if not 5 < len(text) <= LONG]) == (True, [])
