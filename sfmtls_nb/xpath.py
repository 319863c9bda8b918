"""XPath: what a path finds in a document. It is XPath 1.0 by libxml2, only that a name without a prefix has any namespace.

XPath 1.0 knows no default namespace, and nearly all of a SOAP answer is in one: ``.//userName`` would find nothing there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, NamedTuple

from lxml import etree

from sfmtls_nb.errors import SfmtlsError

# A name as XML 1.0 has it (section 2.3), without the colon.
_START: Final = (
    "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME: Final = f"[{_START}][{_START}.0-9\xb7\u0300-\u036f\u203f\u2040-]*"
# The lexical structure of XPath 1.0 (section 3.7), and Clark's notation, {uri}name, as lxml's find takes it.
_TOKEN: Final = re.compile(
    rf"""
    (?P<value> '[^']*' | "[^"]*" | [0-9]+(?:\.[0-9]*)? | \.[0-9]+ | \${_NAME})
    | (?:\{{(?P<uri>[^}}]*)\}})? (?:(?P<prefix>{_NAME}):)? (?P<name>{_NAME}|\*) (?=\s*(?P<follows>\(|::))?
    | // | :: | \.\. | [!<>]= | \S
    """,
    re.VERBOSE,
)
_OPERATORS: Final = frozenset({"=", "!=", "<", ">", "<=", ">=", "+", "-", "|", ","})
_ADVICE: Final = (
    "write it as .//userName or .//result/userId: XPath 1.0, where a name without a prefix has any namespace"
)


class _Token(NamedTuple):
    """A word of a path: a value, name, function, axis, operator, or (with its own text as kind) a sign."""

    kind: str
    match: re.Match[str]


def find(root: etree._Element, path: str) -> list[etree._Element | str]:
    """The elements at ``path``, from ``root`` on; attributes, texts, numbers and what else is no element as text.

    ``name`` has any namespace, ``sf:name`` the one that the document first declares for ``sf``, ``{uri}name`` this one.
    No variables, and no functions but those of XPath 1.0, which read no files. Raises SfmtlsError for what is no path.
    """
    try:
        etree.XPath(_TOKEN.sub(_without_uri, path), regexp=False)  # or libxml2 would complain of what is made of it
        first, *further = _stages(path)
        result = _compiled(first, root)(root)
        for stage in further:
            below = _compiled(f".{stage}", root)
            result = [each for element in _outermost(result) for each in below(element)]
        if not isinstance(result, list):
            return [str(_compiled(f"string({path})", root)(root))]
        return [_entry(each) for each in result]
    except (etree.XPathError, ValueError) as error:  # a ValueError: no text for libxml2
        raise SfmtlsError(f"{path!r} is not a path", _complaint(error, path, root), _ADVICE) from error


def meaning(prefix: str, element: etree._Element) -> str | None:
    """What a prefix means in paths: what it is declared to be where the element's document does so first."""
    declared = declarations(element.getroottree().getroot())
    return next((uri for each, uri in declared if each == prefix), None)


def declarations(root: etree._Element) -> Iterator[tuple[str, str]]:
    """Each prefix (empty for the default namespace) and what it means, where an element declares it."""
    # The stubs know nothing of this event.
    events: Any = etree.iterwalk(root, events=("start-ns",))
    return (declared for _, declared in events)


def _compiled(path: str, root: etree._Element) -> etree.XPath:
    tokens = _tokens(path)
    expression, namespaces = _expression(path, tokens)
    for prefix in {token.match["prefix"] for token in tokens if token.match["prefix"]}:
        if uri := meaning(prefix, root):
            namespaces[prefix] = uri
    return etree.XPath(expression, namespaces=namespaces, regexp=False, smart_strings=False)


def _outermost(nodes: list[Any]) -> Iterator[etree._Element]:
    """The elements that are in no other of them."""
    met: set[etree._Element] = set()
    for each in nodes:
        if etree.iselement(each) and met.isdisjoint(each.iterancestors()):
            met.add(each)
            yield each


def _entry(node: Any) -> etree._Element | str:
    if isinstance(node, tuple):  # of the namespace axis: prefix and URI
        return str(node[1])
    if etree.iselement(node) and not isinstance(node.tag, str):  # a comment or an instruction
        return node.text or ""
    found: etree._Element | str = node
    return found


# ---------------------------------------------------------------- the path as libxml2 takes it


def _tokens(path: str) -> list[_Token]:
    """Whether ``*`` and ``and`` are names or operators, and what is a function: by section 3.7."""
    tokens: list[_Token] = []
    operand = False
    for match in _TOKEN.finditer(path):
        kind = match[0]
        if match["value"]:
            kind = "value"
        elif kind in _OPERATORS or (match["name"] and operand):
            kind = "operator"
        elif match["name"]:
            kind = {"(": "function", "::": "axis"}.get(match["follows"], "name")
        operand = kind in ("value", "name", ")", "]", ".", "..")
        tokens.append(_Token(kind, match))
    return tokens


def _expression(path: str, tokens: list[_Token]) -> tuple[str, dict[str, str]]:
    """The path with its names rewritten, and the namespaces of its names in Clark's notation."""
    written, end = "", 0
    namespaces: dict[str, str] = {}
    for kind, match in tokens:
        text, uri, name = match[0], match["uri"], match["name"]
        if kind == "name" and not match["prefix"]:
            if uri in (None, "*"):
                text = "*" if name == "*" else f"*[local-name()='{name}']"
            elif not uri:
                text = "*[namespace-uri()='']" if name == "*" else name
            else:
                prefix = f"clark-{len(namespaces)}"
                namespaces[prefix], text = uri, f"{prefix}:{name}"
        written += path[end : match.start()] + text
        end = match.end()
    return written, namespaces


def _stages(path: str) -> list[str]:
    """A path of names alone, cut before each ``//`` but the first: ``.//records``, ``//Name``.

    What is below an element of the first stage is also below the outermost of them. libxml2 compares all that it finds
    with all that it has found, in quadratic time.
    """
    depth, cuts = 0, []
    for number, (kind, match) in enumerate(_tokens(path)):
        depth += (kind == "[") - (kind == "]")
        if depth == 0 and kind not in ("name", "/", "//", "]") and (number, kind) != (0, "."):
            return [path]
        if depth == 0 and kind == "//":
            cuts.append(match.start())
    return [path[start:end] for start, end in pairwise([0, *cuts[1:], len(path)])]


# ---------------------------------------------------------------- what is no path


def _without_uri(match: re.Match[str]) -> str:
    """A name without its {uri}, at its place: where an error is, is counted in characters."""
    return match[0] if match["uri"] is None else (match["name"] or "").rjust(len(match[0]))


def _complaint(error: Exception, path: str, root: etree._Element) -> str:
    """libxml2's words; and the place, or which prefixes there are."""
    entry = next(iter(getattr(error, "error_log", ())), None)
    if entry is None:
        return str(error)
    if entry.type == etree.ErrorTypes.XPATH_UNDEF_PREFIX_ERROR:
        return (
            f"{entry.message}; this document has {', '.join(sorted({p for p, _ in declarations(root) if p})) or 'none'}"
        )
    if not isinstance(error, etree.XPathSyntaxError):
        return str(entry.message)
    at = len(path.encode()[: entry.column].decode(errors="ignore"))
    return f"{entry.message} at character {at + 1}: {path[at:] or 'the end'}"
