"""Tree: XML as nested, foldable HTML. Static and self-contained: no script, no style sheet, only inline styles."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from html import escape
from typing import Final

from lxml import etree

from sfmtls_nb.secret import mask
from sfmtls_nb.soap import SECRET_ELEMENTS

# JupyterLab's own colours, which follow its theme; elsewhere the fallbacks, legible on light and dark.
_TAG: Final = "color:var(--jp-mirror-editor-tag-color,#4c8c4a)"
_ATTRIBUTE: Final = "color:var(--jp-mirror-editor-attribute-color,#6c7ad6)"
_QUIET: Final = "opacity:.62"
_BOX: Final = (
    "font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);"
    "font-size:var(--jp-code-font-size,13px);line-height:1.55;overflow-x:auto;padding:2px 0"
)
_INDENT: Final = "margin-left:.45em;padding-left:1em;border-left:1px solid rgba(128,128,128,.28)"
# Levels that stand open at first, and children shown of a long list.
_OPEN_LEVELS: Final = 6
_SHOWN: Final = 50


def tree_html(root: etree._Element) -> str:
    """The element and all below it. Secrets are masked; of a long list the first 50 are built."""
    legend = "".join(
        f'<div style="{_QUIET}">{escape(f"xmlns:{prefix}" if prefix else "xmlns")} = {escape(uri)}</div>'
        for prefix, uri in root.nsmap.items()
    )
    return f'<div style="{_BOX}">{"".join(_node(root, 0))}<div style="margin-top:.4em">{legend}</div></div>'


def brief(root: etree._Element) -> etree._Element:
    """A copy in which of a long list the first 50 stand, and a comment that says how many more there are.

    The plain text beside the tree is made of it: a reply of 20 MB must not come into the notebook as text either.
    """
    copy = etree.Element(root.tag, dict(root.attrib), nsmap=root.nsmap)
    copy.text = root.text
    children = list(root)
    for child in children[:_SHOWN]:
        copy.append(brief(child) if isinstance(child.tag, str) else deepcopy(child))
    if len(children) > _SHOWN:
        copy.append(etree.Comment(f" {len(children) - _SHOWN:,} more "))
    return copy


def _node(element: etree._Element, level: int) -> Iterator[str]:
    children = list(element.iterchildren(etree.Element))
    label = f'<span style="{_TAG}">{escape(_name(element))}</span>{_attributes(element)}'
    if not children:
        yield f'<div style="padding-left:1em">{label}{_text(element)}</div>'
        return
    yield f"<details{' open' if level < _OPEN_LEVELS else ''}>"
    yield f'<summary style="cursor:pointer">{label}</summary><div style="{_INDENT}">'
    for child in children[:_SHOWN]:
        yield from _node(child, level + 1)
    if len(children) > _SHOWN:
        yield f'<div style="padding-left:1em;{_QUIET}">… {len(children) - _SHOWN:,} more</div>'
    yield "</div></details>"


def _name(element: etree._Element) -> str:
    local = etree.QName(element).localname
    return f"{element.prefix}:{local}" if element.prefix else str(local)


def _attributes(element: etree._Element) -> str:
    return "".join(
        f' <span style="{_ATTRIBUTE}">{escape(str(etree.QName(name).localname))}</span>'
        f'<span style="{_QUIET}">="{escape(str(value))}"</span>'
        for name, value in element.attrib.items()
    )


def _text(element: etree._Element) -> str:
    text = str(element.xpath("string()")).strip()  # not element.text, which ends at a comment
    if not text:
        return ""
    if etree.QName(element).localname in SECRET_ELEMENTS:
        text = mask(text)
    return f' <span style="{_QUIET}">=</span> {escape(text)}'
