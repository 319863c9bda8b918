"""Code view: the code of a form or step to take along, as a magic, Python and curl. Folded, and without a script."""

from __future__ import annotations

from html import escape
from typing import Final

# JupyterLab's variables, which follow its theme; where there are none, what is mixed from the page's own text colour.
_FOLD: Final = "margin:.8em 0 .2em;line-height:1.45;min-width:0;max-width:100%"
_SUMMARY: Final = "cursor:pointer;width:fit-content;padding:2px 0"
_LABEL: Final = "font-weight:600;opacity:.75;margin:.7em 0 .2em"
_CODE: Final = (
    "display:block;box-sizing:border-box;width:100%;max-width:100%;max-height:32em;margin:0;padding:8px 12px;overflow:auto;"
    "white-space:pre;tab-size:4;text-align:left;user-select:text;border-radius:4px;"
    "border:1px solid var(--jp-cell-editor-border-color,rgba(128,128,128,.35));"
    "background:var(--jp-cell-editor-background,rgba(128,128,128,.1));color:var(--jp-content-font-color1,inherit);"
    "font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);"
    "font-size:var(--jp-code-font-size,13px);line-height:1.45"
)


def code_html(magic: str, python: str, curl: str = "", terminal: str = "") -> str:
    """“Show the code”, folded: a block for each that is not empty. Nothing at all if none is.

    terminal: shell commands, for a step that makes no call and so has no curl.
    """
    blocks = {"As a magic": magic, "As Python": python, "As curl": curl, "In a terminal": terminal}
    shown = "".join(_block(label, code) for label, code in blocks.items() if code.strip())
    if not shown:
        return ""
    return f'<details style="{_FOLD}"><summary style="{_SUMMARY}">show the code</summary>{shown}</details>'


def command_html(command: str) -> str:
    """A command that one click selects whole, without a script, also in a notebook that was saved."""
    # Drag and double click select parts of other code; of this, a part is of no use.
    whole = _CODE.replace("user-select:text", "-webkit-user-select:all;user-select:all;cursor:copy")
    how = "a click selects all of it; then Ctrl+C (or ⌘C)"
    return (
        f'<div style="{_LABEL};font-weight:400">{how}</div>'
        f'<pre style="{whole}" tabindex="0" role="region" aria-label="command">{escape(command.strip(chr(10)))}</pre>'
    )


def command_text(command: str) -> str:
    """The command as it is."""
    return str(command)


def _block(label: str, code: str) -> str:
    # It scrolls, so the keyboard has to get there, and a screen reader has to say where it is.
    return (
        f'<div style="{_LABEL}">{escape(label)}</div>'
        f'<pre style="{_CODE}" tabindex="0" role="region" aria-label="{escape(label)}">{escape(code.strip(chr(10)))}</pre>'
    )
