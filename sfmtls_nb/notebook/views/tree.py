"""Tree: XML as nested, foldable HTML. Static and self-contained: no script, no style sheet, only inline styles.

Lists in lists, so that it is indented also where a sanitizer takes the styles away. Whatever comes, it stays below 300 kB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from html import escape
from itertools import islice
from typing import Final

from lxml import etree

from sfmtls_nb.secret import mask, mask_session_ids
from sfmtls_nb.soap import SECRET_ELEMENTS
from sfmtls_nb.xpath import meaning

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

# Siblings looked at, at most, for another one of the same name.
_LOOKED: Final = 1_000

_OWN_TEXT: Final = etree.XPath("text()[normalize-space()]", smart_strings=False)
_COUNT: Final = etree.XPath("count(*)")
# The first attributes, in Python's terms and as they are written: each name for itself, because a variable in place of the
# number makes it a search through all, and so does attrib.items() (lxml looks for each value from the beginning).
_FIRST: Final = etree.XPath(f"@*[position() <= {_ATTRIBUTES}]")
_NAMES: Final = [etree.XPath(f"name(@*[{n}])", smart_strings=False) for n in range(1, _ATTRIBUTES + 1)]
_WRITTEN: Final = str.maketrans({"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})


@dataclass
class _Room:
    """How many bytes may still be written; and the namespaces met, for the legend."""

    left: int = _BYTES
    legend: dict[str, None] = field(default_factory=dict)
    meanings: dict[str, str | None] = field(default_factory=dict)

    def take(self, size: int) -> bool:
        self.left -= size * (fits := size <= self.left)
        return fits

    def note(self, prefix: str | None, name: str | etree._Element) -> None:
        if uri := etree.QName(name).namespace:
            self.legend[f"{f'xmlns:{prefix}' if prefix else 'xmlns'} = {_safe(uri, _LONG)}"] = None


def tree_html(root: etree._Element) -> str:
    """The element and all below it: secrets masked, each node with its path, and of what is long the beginning.

    The paths are XPath 1.0 and begin at the root of the document, also where the element is a part of it.
    """
    room = _Room()
    above = [*reversed([*root.iterancestors()]), root][1:]
    for element in above:
        room.note(element.prefix, element)
    way = "/".join(_step(element, room) for element in above) or "."
    nodes = _head(root, way, 0, room) + "".join(_body(root, way, 1, room))
    legend = "".join(f'<li style="{_QUIET}">{escape(line)}</li>' for line in islice(room.legend, _SHOWN))
    legend += _more(len(room.legend) - _SHOWN, " namespaces")
    return f'<div style="{_BOX}"><ul style="{_PLAIN}">{nodes}</ul><ul style="{_PLAIN}">{legend}</ul></div>'


def brief(root: etree._Element) -> etree._Element:
    """A copy with secrets masked, and of what is long the beginning; a comment says how many more there are.

    The plain text beside the tree is made of it: a reply of 20 MB must not come into the notebook as text either.
    """
    made, _ = _copy(root)
    _fill(made, root, 1, _Room())
    if root.getparent() is None:
        for before in reversed([*islice(root.itersiblings(preceding=True), _SHOWN)]):
            made.addprevious(_copy(before)[0])
        for behind in reversed([*islice(root.itersiblings(), _SHOWN)]):
            made.addnext(_copy(behind)[0])
    return made


# ---------------------------------------------------------------- HTML


def _body(element: etree._Element, path: str, level: int, room: _Room) -> Iterator[str]:
    """What is in an element, and its end. The lines of the children are given room first, then what is in them."""
    if not _is_leaf(element):
        built = []
        for child in islice(element.iterchildren(etree.Element), _SHOWN):
            below = _step(child, room) if path == "." else f"{path}/{_step(child, room)}"
            head = _head(child, below, level, room)
            if not room.take(len(head.encode()) + _AROUND):
                break
            built.append((child, below, head))
        yield f'<ul style="{_LIST}">'
        for child, below, head in built:
            yield head
            yield from _body(child, below, level + 1, room)
        yield f"{_more(int(_COUNT(element)) - len(built))}</ul>"
    yield "</details></li>"


def _step(element: etree._Element, room: _Room) -> str:
    """The step from its parent to an element, and to no other; XPath 1.0 in the tree's prefixes, if it can be.

    What is in a default namespace has no name in XPath 1.0 (section 2.3): such a name stands alone, and ``--xpath`` takes it
    in any namespace. To write it out, ``*[local-name()='…']`` in each step, would be exact too, and nobody could read it.
    """
    name, prefix = etree.QName(element), element.prefix
    if prefix is not None and prefix not in room.meanings:
        room.meanings[prefix] = meaning(prefix, element)
    own = prefix is not None and room.meanings[prefix] == name.namespace
    before = _count(element.itersiblings(name.text, preceding=True))
    following = list(islice(element.itersiblings(etree.Element), _LOOKED))
    named = {str(each.tag) for each in following if str(each.tag).endswith(name.localname)} - {name.text}
    others = any(etree.QName(tag).localname == name.localname for tag in named)
    if not own and (others or _count(element.itersiblings(f"{{*}}{name.localname}", preceding=True)) > before):
        return f"*[{_count(element.itersiblings(etree.Element, preceding=True)) + 1}]"
    again = before or len(following) == _LOOKED or any(each.tag == element.tag for each in following)
    return (f"{prefix}:" if own else "") + name.localname + (f"[{before + 1}]" if again else "")


def _count(nodes: Iterable[etree._Element]) -> int:
    return sum(1 for _ in nodes)


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
    for (key, value), name_of in zip(_first_attributes(element), _NAMES, strict=False):
        name = str(name_of(element))
        room.note(name.partition(":")[0], key)
        safe = escape(_safe(value, _LONG, etree.QName(key).localname))
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
            uri = etree.QName(node).namespace
            known, used = {}, {node.prefix: uri} if uri else {}
        new = {key: uri for key, uri in used.items() if known.get(key) != uri}
        own = {key: uri for key, uri in new.items() if key == node.prefix or len(uri) <= _LONG_TEXT}
        short = [(key, value) for key, value in _first_attributes(node) if len(key) <= _LONG]
        values = {key: _safe(value, _LONG, etree.QName(key).localname) for key, value in short}
        made = etree.Element(node.tag, values, nsmap=own)
        if more := len(node.attrib) - len(values):
            made.append(etree.Comment(f" {more:,} more attributes "))
        name = f"{node.prefix}{etree.QName(node).localname}"
        parts += [name, name, *values, *values.values(), *map(str, own), *own.values(), " " * len(declared)]
    made.text, made.tail = text, tail or None  # with a tail, however empty, no comment can stand behind the root
    return made, sum(len(escape(part).translate(_WRITTEN).encode()) + 6 for part in parts)


# ---------------------------------------------------------------- what both show


def _is_secret(node: etree._Element) -> bool:
    return isinstance(node.tag, str) and etree.QName(node).localname in SECRET_ELEMENTS


def _is_leaf(element: etree._Element) -> bool:
    return _is_secret(element) or next(element.iterchildren(etree.Element), None) is None


def _first_attributes(element: etree._Element) -> list[tuple[str, str]]:
    return [(str(value.attrname), str(value)) for value in _FIRST(element)] if element.attrib else []


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
