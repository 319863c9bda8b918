"""Tree: XML as nested, foldable HTML. Static and self-contained: no script, no style sheet, only inline styles.

Lists in lists, so that it is indented also where a sanitizer takes the styles away. Whatever comes, it stays below 300 kB.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from html import escape
from itertools import islice
from typing import Final

from lxml import etree

from sfmtls_nb.secret import mask, mask_session_ids
from sfmtls_nb.soap import SECRET_ELEMENTS, any_namespace

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
_PLAIN: Final = "list-style:none;margin:.4em 0 0;padding:0"
_LIST: Final = "list-style:none;margin:0 0 0 .3em;padding:0 0 0 .8em;border-left:1px solid rgba(128,128,128,.3)"
_SUMMARY: Final = "cursor:pointer;clear:right;margin-left:1.2em;list-style-position:outside"
# Levels open at first; children and attributes shown; characters of a text or path, and of a name or an attribute.
_OPEN_LEVELS, _SHOWN, _ATTRIBUTES, _LONG_TEXT, _LONG = 6, 50, 20, 1_000, 200
# Bytes for all nodes, and for what stands around each. What is left of the 300 kB is the root's and the legend's.
_BYTES, _AROUND = 200_000, 200

_OWN_TEXT: Final = etree.XPath("text()[normalize-space()]", smart_strings=False)
_ATTRIBUTE_NAME: Final = etree.XPath("name(@*[$n])", smart_strings=False)
_WRITTEN: Final = str.maketrans({"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})


@dataclass
class _Room:
    """How many bytes may still be written; and the namespaces met, for the legend."""

    left: int = _BYTES
    legend: dict[str, None] = field(default_factory=dict)

    def take(self, size: int) -> bool:
        self.left -= size * (fits := size <= self.left)
        return fits

    def note(self, prefix: str | None, name: str | etree._Element) -> None:
        if uri := etree.QName(name).namespace:
            self.legend[f"{f'xmlns:{prefix}' if prefix else 'xmlns'} = {_safe(uri, _LONG)}"] = None


def tree_html(root: etree._Element) -> str:
    """The element and all below it: secrets masked, each node with its path, and of what is long the beginning."""
    room = _Room()
    nodes = _head(root, ".", 0, room) + "".join(_body(root, ".", 1, room))
    legend = "".join(f'<li style="{_QUIET}">{escape(line)}</li>' for line in islice(room.legend, _SHOWN))
    legend += _more(len(room.legend) - _SHOWN, " namespaces")
    return f'<div style="{_BOX}"><ul style="{_PLAIN}">{nodes}</ul><ul style="{_PLAIN}">{legend}</ul></div>'


def brief(root: etree._Element) -> etree._Element:
    """A copy with secrets masked, and of what is long the beginning; a comment says how many more there are.

    The plain text beside the tree is made of it: a reply of 20 MB must not come into the notebook as text either.
    """
    made, _ = _copy(root)
    _fill(made, root, 1, _Room())
    return made


# ---------------------------------------------------------------- HTML


def _body(element: etree._Element, path: str, level: int, room: _Room) -> Iterator[str]:
    """What is in an element, and its end. The lines of the children are given room first, then what is in them."""
    if not _is_leaf(element):
        built = []
        steps, count = _steps(element)
        for child, step in steps:
            below = step if path == "." else f"{path}/{step}"
            head = _head(child, below, level, room)
            if not room.take(len(head.encode()) + _AROUND):
                break
            built.append((child, below, head))
        yield f'<ul style="{_LIST}">'
        for child, below, head in built:
            yield head
            yield from _body(child, below, level + 1, room)
        yield f"{_more(count - len(built))}</ul>"
    yield "</details></li>"


def _steps(element: etree._Element) -> tuple[list[tuple[etree._Element, str]], int]:
    """The first children, each with its step in a path, and how many there are."""
    tags = Counter(str(child.tag) for child in element.iterchildren(etree.Element))
    names = Counter(tag.rpartition("}")[2] for tag in tags)
    met: Counter[str] = Counter()
    steps = []
    for child in islice(element.iterchildren(etree.Element), _SHOWN):
        tag, name = str(child.tag), etree.QName(child)
        met[tag] += 1
        # A name alone means any namespace; where that is too many, or it is no such name, its own stands before it.
        alone = names[name.localname] == 1 and any_namespace(name.localname) != name.localname
        step = name.localname if alone else f"{{{name.namespace or ''}}}{name.localname}"
        steps.append((child, f"{step}[{met[tag]}]" if tags[tag] > 1 else step))
    return steps, tags.total()


def _head(element: etree._Element, path: str, level: int, room: _Room) -> str:
    """The line of an element. A leaf shows its path when it is opened, any other at the right."""
    room.note(element.prefix, element)
    name = f"{element.prefix}:{etree.QName(element).localname}" if element.prefix else etree.QName(element).localname
    text = _text(element)
    line = f'<span style="{_TAG}">{escape(_cut(name))}</span>{_attributes(element, room)}'
    line += f" = {escape(text)}" if text else ""
    path = escape(path if len(path) <= _LONG_TEXT else f"… a path of {len(path):,} characters")
    if _is_leaf(element):
        summary = f'<summary style="{_SUMMARY};list-style-type:circle">{line}</summary>'
        return f'<li><details>{summary}<code style="{_PATH};margin-left:1.3em">{path}</code>'
    code = f'<code style="{_PATH};float:right;margin-left:2em">{path}</code>'
    opened = " open" if level < _OPEN_LEVELS else ""
    return f'<li><details{opened}><summary style="{_SUMMARY}">{line} {code}</summary>'


def _attributes(element: etree._Element, room: _Room) -> str:
    shown = ""
    for n, (key, value) in enumerate(islice(element.attrib.items(), _ATTRIBUTES), 1):
        name = str(_ATTRIBUTE_NAME(element, n=n))
        room.note(name.partition(":")[0], str(key))
        safe = escape(_safe(str(value), _LONG, etree.QName(key).localname))
        shown += f' <span style="{_ATTRIBUTE}">{escape(_cut(name))}</span>="{safe}"'
    more = len(element.attrib) - _ATTRIBUTES
    return f"{shown} … {more:,} more attributes" if more > 0 else shown


def _more(count: int, what: str = "") -> str:
    return f'<li style="{_QUIET}">… {count:,} more{what}</li>' if count > 0 else ""


# ---------------------------------------------------------------- plain text


def _fill(made: etree._Element, element: etree._Element, level: int, room: _Room) -> None:
    copied = []
    for child in [] if _is_secret(element) else islice(element, _SHOWN):
        below, size = _copy(child)
        if not room.take(size + 4 * level + _AROUND // 4):
            break
        made.append(below)
        copied.append((below, child))
    for below, child in copied:
        _fill(below, child, level + 1, room)
    if not _is_secret(element) and (more := len(element) - len(copied)):
        made.append(etree.Comment(f" {more:,} more "))


def _copy(node: etree._Element) -> tuple[etree._Element, int]:
    """A node without its children, and how many bytes it takes at most."""
    text, tail = _text(node) if _is_secret(node) else _safe(node.text or ""), _safe(node.tail or "")
    made, parts = copy(node) if not isinstance(node.tag, str) else None, [text, tail]
    if made is None:
        declared, parent = node.nsmap, node.getparent()
        known, used = {} if parent is None else parent.nsmap, declared
        if len(declared) > _SHOWN:  # of thousands only the one that the element uses; and reading them has its price
            known, used = {}, {node.prefix: etree.QName(node).namespace or ""}
        new = {key: uri for key, uri in used.items() if uri and known.get(key) != uri}
        own = {key: uri for key, uri in new.items() if key == node.prefix or len(uri) <= _LONG_TEXT}
        short = [(str(key), str(value)) for key, value in islice(node.attrib.items(), _ATTRIBUTES) if len(key) <= _LONG]
        values = {key: _safe(value, _LONG, etree.QName(key).localname) for key, value in short}
        made = etree.Element(node.tag, values, nsmap=own)
        if more := len(node.attrib) - len(values):
            made.append(etree.Comment(f" {more:,} more attributes "))
        name = f"{node.prefix}{etree.QName(node).localname}"
        parts += [name, name, *values, *values.values(), *map(str, own), *own.values(), " " * len(declared)]
    made.text, made.tail = text, tail
    return made, sum(len(escape(part).translate(_WRITTEN).encode()) + 6 for part in parts)


# ---------------------------------------------------------------- what both show


def _is_secret(node: etree._Element) -> bool:
    return isinstance(node.tag, str) and etree.QName(node).localname in SECRET_ELEMENTS


def _is_leaf(element: etree._Element) -> bool:
    return _is_secret(element) or next(element.iterchildren(etree.Element), None) is None


def _text(element: etree._Element) -> str:
    """An element's own text, on both sides of comments; of a secret one what may be shown."""
    if _is_secret(element):
        return mask(str(element.xpath("string()")).strip()) if element.text or len(element) else ""
    return _safe("".join(_OWN_TEXT(element)).strip())


def _safe(text: str, longest: int = _LONG_TEXT, name: str = "") -> str:
    return mask(text) if name in SECRET_ELEMENTS else mask_session_ids(_cut(text, longest))


def _cut(text: str, longest: int = _LONG) -> str:
    more = len(text) - longest
    return f"{text[:longest]}… {more:,} more characters" if more > 0 else text
