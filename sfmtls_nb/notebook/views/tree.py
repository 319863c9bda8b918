"""Tree: XML as nested, foldable HTML. Static and self-contained: no script, and inline styles, but for one rule.

The rule hides the path of an element until the pointer or the focus is on its line; where a sanitizer takes it away, the
paths are always there. Lists in lists, so that it is indented also where a sanitizer takes the styles away. It shows so many levels, so many
children of an element and so many elements in all, and says how many more there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from html import escape
from itertools import islice
from typing import Final

from lxml import etree

from sfmtls_nb.api.envelope import SOAPENV
from sfmtls_nb.secret import mask, mask_session_ids
from sfmtls_nb.xml import SECRET_ELEMENTS

# Mixed from the page's own text colour, colours follow its theme. Of an untrusted notebook JupyterLab takes away the mixing,
# the copying in one click and the named font; indentation, markers, the quiet tone and "monospace" it leaves.
_TAG: Final = "color:color-mix(in srgb,currentColor 40%,#2f9e44)"
_ATTRIBUTE: Final = "color:color-mix(in srgb,currentColor 40%,#5b7cfa)"
_QUIET: Final = "opacity:.7"
_PATH: Final = f"{_QUIET};background:none;padding:0;font-size:.92em;user-select:all"
_BOX: Final = (
    "font-family:monospace;font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);"
    "font-size:var(--jp-code-font-size,13px);line-height:1.6;overflow-wrap:break-word;padding:2px 0"
)
_PATHS: Final = (
    "<style>.sfmtls-tree summary{position:relative}"
    ".sfmtls-tree summary>code{position:absolute;right:0;top:0;z-index:1;visibility:hidden}"
    # Over the end of a line that is long; so what is below must not shine through.
    ".sfmtls-tree summary>code{opacity:1!important;background:var(--jp-layout-color0,Canvas)!important}"
    ".sfmtls-tree summary:hover>code,.sfmtls-tree summary:focus>code{visibility:visible}</style>"
)
_PLAIN: Final = "list-style:none;margin:.4em 0 0;padding:0"
_LIST: Final = "list-style:none;margin:0 0 0 .3em;padding:0 0 0 .8em;border-left:1px solid rgba(128,128,128,.3)"
_SUMMARY: Final = "cursor:pointer;clear:right;margin-left:1.2em;list-style-position:outside"
# Of Salesforce's header nobody needs anything at first; it is folded.
_FOLDED: Final = f"{{{SOAPENV}}}Header"
# Levels open at first, and shown at all; children of an element, and elements in all; attributes of an element;
# characters of a text or path, and of a name or an attribute.
_OPEN_LEVELS, _LEVELS, _CHILDREN, _ELEMENTS, _ATTRIBUTES, _LONG_TEXT, _LONG = 6, 30, 50, 500, 20, 1_000, 200

# Siblings looked at, at most, for another one of the same name.
_LOOKED: Final = 100

_OWN_TEXT: Final = etree.XPath("text()[normalize-space()]", smart_strings=False)


@dataclass
class _Room:
    """The room that is left, in elements; and the namespaces met, for the legend."""

    left: int = _ELEMENTS
    legend: dict[str, None] = field(default_factory=dict)

    def take(self, nodes: Iterable[etree._Element], level: int) -> list[etree._Element]:
        """The first of these nodes, as many as may be shown at that level."""
        taken = [*islice(nodes, min(_CHILDREN, self.left) if level < _LEVELS else 0)]
        self.left -= len(taken)
        return taken

    def note(self, prefix: str | None, name: str | etree._Element) -> None:
        if uri := etree.QName(name).namespace:
            self.legend[f"{f'xmlns:{prefix}' if prefix else 'xmlns'} = {_safe(uri, _LONG)}"] = None


def tree_html(root: etree._Element) -> str:
    """Draw an element and all below it: secrets masked, each node with its path, and of what is long the beginning.

    The paths are those of `sfmtls_nb.api.path`. They begin at the root of the document, also where the element is a part of it.
    """
    room = _Room()
    above = [*reversed([*root.iterancestors()]), root][1:]
    for element in above:
        room.note(element.prefix, element)
    way = "/".join(_step(element) for element in above) or "."
    nodes = _head(root, way, 0, room) + "".join(_body(root, way, 1, room))
    legend = "".join(f'<li style="{_QUIET}">{escape(line)}</li>' for line in islice(room.legend, _CHILDREN))
    legend += _more(len(room.legend) - _CHILDREN, " namespaces")
    return f'<div class="sfmtls-tree" style="{_BOX}"><ul style="{_PLAIN}">{nodes}</ul>{_folded(legend, len(room.legend))}{_PATHS}</div>'


def _folded(legend: str, count: int) -> str:
    """The namespaces, which say little and are long, behind their number."""
    if not count:
        return ""
    summary = f'<summary style="{_SUMMARY};{_QUIET}">{count:,} namespace{"s" * (count > 1)}</summary>'
    return f'<details style="margin-top:.4em">{summary}<ul style="{_LIST}">{legend}</ul></details>'


def brief(root: etree._Element) -> etree._Element:
    """Copy an element with secrets masked, and of what is long the beginning; a comment says how many more there are.

    The plain text beside the tree is made of it: a reply of 20 MB must not come into the notebook as text either.
    """
    made = _copy(root)
    _fill(made, root, 1, _Room())
    return made


# ---------------------------------------------------------------- HTML


def _body(element: etree._Element, path: str, level: int, room: _Room) -> Iterator[str]:
    """The content of an element, and its end. All children get their lines before the content of the first."""
    if not _is_leaf(element):
        children = room.take(element.iterchildren(etree.Element), level)
        yield f'<ul style="{_LIST}">'
        for child in children:
            below = _step(child) if path == "." else f"{path}/{_step(child)}"
            yield _head(child, below, level, room)
            yield from _body(child, below, level + 1, room)
        yield f"{_more(_count(element.iterchildren(etree.Element)) - len(children))}</ul>"
    yield "</details></li>"


def _step(element: etree._Element) -> str:
    """The step from its parent to an element, and to no other: its local name, its number where others have that name.

    Where one of those is in another namespace, the step has the element's own: ``{uri}name``.
    """
    tag, name = str(element.tag), etree.QName(element)
    before = [each.tag for each in element.itersiblings(f"{{*}}{name.localname}", preceding=True)]
    behind = [each.tag for each in islice(element.itersiblings(f"{{*}}{name.localname}"), _LOOKED)]
    alike = {*before, *behind}
    step = name.localname if alike <= {tag} else f"{{{name.namespace or ''}}}{name.localname}"
    return f"{step}[{before.count(tag) + 1}]" if tag in alike else step


def _count(nodes: Iterable[etree._Element]) -> int:
    return sum(1 for _ in nodes)


def _head(element: etree._Element, path: str, level: int, room: _Room) -> str:
    """The line of an element. A leaf shows its path when it is opened, any other at the right."""
    room.note(element.prefix, element)
    line = f'<span style="{_TAG}">{escape(_cut(_written(element.prefix, element)))}</span>{_attributes(element, room)}'
    text = _text(element)
    line += f" = {escape(text)}" if text else ""
    path = escape(path if len(path) <= _LONG_TEXT else f"… a path of {len(path):,} characters")
    if _is_leaf(element):
        summary = f'<summary style="{_SUMMARY};list-style-type:circle">{line}</summary>'
        return f'<li><details>{summary}<code style="{_PATH};margin-left:1.3em">{path}</code>'
    code = f'<code style="{_PATH};float:right;margin-left:2em">{path}</code>'
    opened = " open" if level < _OPEN_LEVELS and element.tag != _FOLDED else ""
    return f'<li><details{opened}><summary style="{_SUMMARY}">{line} {code}</summary>'


def _attributes(element: etree._Element, room: _Room) -> str:
    prefixes = {uri: prefix for prefix, uri in element.nsmap.items() if prefix} if element.attrib else {}
    shown = ""
    for key, value in _first_attributes(element).items():
        prefix = prefixes.get(etree.QName(key).namespace or "")
        room.note(prefix, key)
        shown += f' <span style="{_ATTRIBUTE}">{escape(_cut(_written(prefix, key)))}</span>="{escape(value)}"'
    more = len(element.attrib) - _ATTRIBUTES
    return f"{shown} … {more:,} more attributes" if more > 0 else shown


def _written(prefix: str | None, name: str | etree._Element) -> str:
    local = etree.QName(name).localname
    return f"{prefix}:{local}" if prefix else local


def _more(count: int, what: str = "") -> str:
    return f'<li style="{_QUIET}">… {count:,} more{what}</li>' if count > 0 else ""


# ---------------------------------------------------------------- plain text


def _fill(made: etree._Element, element: etree._Element, level: int, room: _Room) -> None:
    if _is_secret(element):
        return
    children = room.take(element, level)
    copies = [_copy(child) for child in children]
    made.extend(copies)
    for below, child in zip(copies, children, strict=True):
        _fill(below, child, level + 1, room)
    if more := len(element) - len(children):
        made.append(etree.Comment(f" {more:,} more "))


def _copy(node: etree._Element) -> etree._Element:
    """A node without its children."""
    if isinstance(node.tag, str):
        made = etree.Element(node.tag, _first_attributes(node), nsmap=node.nsmap)
        if (more := len(node.attrib) - _ATTRIBUTES) > 0:
            made.append(etree.Comment(f" {more:,} more attributes "))
    else:
        made = copy(node)
    made.text = _text(node) if _is_secret(node) else _safe(node.text or "")
    made.tail = _safe(node.tail or "") or None  # with a tail, however empty, no comment can stand behind the root
    return made


# ---------------------------------------------------------------- what both show


def _is_secret(node: etree._Element) -> bool:
    return isinstance(node.tag, str) and etree.QName(node).localname in SECRET_ELEMENTS


def _is_leaf(element: etree._Element) -> bool:
    return _is_secret(element) or next(element.iterchildren(etree.Element), None) is None


def _first_attributes(element: etree._Element) -> dict[str, str]:
    keys = islice(element.attrib, _ATTRIBUTES)
    return {key: _safe(element.attrib[key], _LONG, etree.QName(key).localname) for key in keys}


def _text(element: etree._Element) -> str:
    """The text of an element, around its comments; masked if it is secret."""
    if _is_secret(element):
        return mask(str(element.xpath("string()")).strip()) if element.text or len(element) else ""
    return _safe("".join(_OWN_TEXT(element)).strip())


def _safe(text: str, longest: int = _LONG_TEXT, name: str = "") -> str:
    return mask(text) if name in SECRET_ELEMENTS else mask_session_ids(_cut(text, longest))


def _cut(text: str, longest: int = _LONG) -> str:
    more = len(text) - longest
    return f"{text[:longest]}… {more:,} more characters" if more > 0 else text
