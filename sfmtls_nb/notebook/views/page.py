"""Pages: what there is to say about a failure, from Markdown to HTML.

No general Markdown: that of failures/NAME.md, which a test holds to it. A link to another page becomes the line that shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from sfmtls_nb.diagnose.failure import Page

_BOX: Final = "max-width:60em;line-height:1.45;text-align:left"
_CODE: Final = "margin:.4em 0;padding:.4em .8em;border-left:3px solid #888;white-space:pre-wrap;overflow-wrap:anywhere;word-break:normal"
_CELL: Final = "text-align:left;vertical-align:top;padding:.2em 1.2em .2em 0;min-width:15em;overflow-wrap:anywhere"
#: In escaped text, and outside of code.
_INLINE: Final = (
    (re.compile(r"\[([^\]]+)\]\(([\w-]+)\.md\)"), r"\1 (<code>%sf_why \2</code>)"),
    (re.compile(r"(https://[^\s)<]*[^\s)<.,:;])"), r'<a href="\1">\1</a>'),
    (re.compile(r"\*([^*\s][^*]*)\*"), r"<em>\1</em>"),
)


def page_html(page: Page) -> str:
    """The page in a box."""
    return f'<div style="{_BOX}">{content_html(page)}</div>'


def page_text(page: Page) -> str:
    """The page as it is written."""
    return page.strip()


def content_html(page: str, *, titled: bool = True) -> str:
    """A page without its box; titled: with its title."""
    return "".join(_block(block) for block in _blocks(page) if titled or not block.startswith("# "))


def _blocks(page: str) -> Iterator[str]:
    """The blocks of a page, between empty lines; code with empty lines in it is one."""
    for number, part in enumerate(re.split(r"^```\w*\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)):
        if number % 2:
            yield f"```{part}"
        else:
            yield from (block.strip() for block in part.split("\n\n") if block.strip())


def _block(block: str) -> str:
    if block.startswith("```"):
        return f'<pre style="{_CODE}">{escape(block[3:].rstrip())}</pre>'
    if block.startswith("#"):
        signs, _, title = block.partition(" ")
        size = {1: "1.25", 2: "1.05"}.get(len(signs), "1")
        return f'<div style="font-size:{size}em;font-weight:600;margin:.7em 0 .2em">{_inline(title)}</div>'
    if block.startswith("- "):
        items = "".join(f"<li>{_inline(item)}</li>" for item in block[2:].split("\n- "))
        return f'<ul style="margin:.2em 0;padding-left:1.4em">{items}</ul>'
    if block.startswith("|"):
        return _table(block)
    return f'<p style="margin:.3em 0">{_inline(block)}</p>'


def _table(block: str) -> str:
    """A row a line, the first of them the heads; in a cell, each link in a line of its own."""
    rows = [line.strip("| ").split(" | ") for line in block.splitlines() if not line.startswith("|:")]
    drawn = "".join(
        "<tr>"
        + "".join(
            f'<td style="{_CELL}{";font-weight:600" if row is rows[0] else ""}">{_cell(cell)}</td>' for cell in row
        )
        + "</tr>"
        for row in rows
    )
    return f'<table style="font-size:inherit">{drawn}</table>'


def _cell(text: str) -> str:
    return "<br>".join(map(_inline, text.split(" · ")))


def _inline(text: str) -> str:
    parts = re.split(r"`([^`]*)`", text)
    return "".join(f"<code>{escape(part)}</code>" if at % 2 else _marked(part) for at, part in enumerate(parts))


def _marked(text: str) -> str:
    text = escape(text)
    for pattern, html in _INLINE:
        text = pattern.sub(html, text)
    return text
