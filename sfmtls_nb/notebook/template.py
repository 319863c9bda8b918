r"""Templates: ``{{expression}}`` in the XML, the SOQL or the path that a learner types, filled in for where it stands.

An expression is made of names, attributes, indexing and calls, with literals as arguments: ``{{name}}``, ``{{row.Id}}``,
``{{ids[0]}}``, ``{{str(n)}}``. Anything longer belongs into a variable. Braces that are meant as such: ``{{'{{'}}``.

A value stays a value: nothing in it becomes markup, ends a literal, or leads to another resource. ``{{expression|raw}}``
puts its text in as it is, for what is no value: a piece of XML, a SOQL name, a whole path. What was put in is not
searched for braces again.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from secrets import token_hex
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote_plus

from lxml import etree

from sfmtls_nb.api import Reply, build_element, parse_typed
from sfmtls_nb.errors import NotSoapError, SfmtlsError
from sfmtls_nb.notebook.literals import SOQL_ESCAPES, refusal, soql_literal, text_of
from sfmtls_nb.secret import Secret
from sfmtls_nb.xml import SECRET_ELEMENTS

#: The value of an expression in the notebook that it stands in.
Evaluate = Callable[[str], Any]

_MEANT: Final = "braces that are meant as such are written {{'{{'}}"
#: A hole: quoted text in it may have braces of its own.
_HOLE: Final = re.compile(
    r"""\{\{\s*(?P<code>(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^'"])*?)\s*(?P<raw>\|\s*raw\s*)?\}\}""", re.DOTALL
)
_GRAMMAR: Final = (
    *(ast.Expression, ast.Name, ast.Load, ast.Attribute, ast.Subscript, ast.Slice, ast.Call, ast.keyword),
    *(ast.Constant, ast.List, ast.Tuple, ast.UnaryOp, ast.USub),
)
_OPERATION: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")

#: A text that ends within a SOQL literal; the group is the literal so far.
_OPEN_LITERAL: Final = re.compile(r"(?:[^']++|'(?:[^'\\]++|\\.)*+')*+'((?:[^'\\]++|\\.)*+\\?)", re.DOTALL)
_CUT_ESCAPE: Final = re.compile(r"(?:[^\\]|\\.)*\\(?:[uU][0-9A-Fa-f]{0,3})?", re.DOTALL)
_TAKES_SOQL: Final = re.compile(r"(?:^|/)query(?:All)?/?\?(?:[^&]*&)*+(?:q|explain)=([^&]*)\Z", re.IGNORECASE)
_TAKES_SOSL: Final = re.compile(r"(?:^|/)search/?\?(?:[^&]*&)*+q=[^&]*\Z", re.IGNORECASE)


def fill_body(text: str, evaluate: Evaluate) -> etree._Element:
    """Read the body, or the whole envelope, that a user typed as XML or as the bare name of an operation.

    Values stand in texts and in attributes; a Secret only as the text of an element for secrets, such as <password>.
    With ``|raw`` anything of XML can be put in, an lxml element and a Reply too. Raises SfmtlsError.
    """
    parts = list(_parts(text, evaluate))
    # A name that nobody can have typed: legal wherever XML takes names or text, so that the parser says where it is.
    token = f"_{token_hex(16)}"
    marked = "".join(part.before + (f"{token}-{n}_" if part.hole else "") for n, part in enumerate(parts))
    root = _read(marked, filled=marked != text)
    placed = _fill(root, re.compile(rf"{token}-(\d+)_"), parts)
    for number, part in enumerate(parts):
        if part.hole and number not in placed:
            raise refusal(
                part.hole,
                "it is in a name, a namespace, a comment or the like, and values go into texts and attributes",
                "write {{…|raw}} to put its text in before the XML is read",
            )
    return root


def fill_soql(text: str, evaluate: Evaluate) -> str:
    """Put the values of a query in: escaped in a literal (``'%{{x}}%'``), else as literals themselves (``= {{x}}``).

    There, a list or the column of a DataFrame becomes ``('a','b')``, and what is missing ``null``. In the pattern of a
    LIKE, ``_`` and ``%`` of a value stay wildcards, and a backslash is itself. A field's name is no value:
    ``{{name|raw}}``. Raises SfmtlsError.
    """
    soql = ""
    for part in _parts(text, evaluate):
        soql += part.before
        if part.hole:
            soql += _in_soql(part, soql)
    return soql


def fill_path(text: str, evaluate: Evaluate) -> str:
    """Put the values of a REST path and its query string in: each percent-encoded whole, ``/`` and ``&`` too.

    In the SOQL of ``query?q=…`` (also ``queryAll``, and ``explain=``) a value is put in as `fill_soql` does it, and
    then encoded: ``query?q=SELECT Id FROM Contact WHERE Name='{{name}}'`` holds for O'Brien. Raises SfmtlsError.
    """
    path = ""
    for part in _parts(text, evaluate):
        path += part.before
        if part.hole:
            # The % of LIKE '%{{x}}' would make an escape with a value that begins as 27 or Bea.
            path = re.sub(r"%(?=[0-9A-Fa-f]?\Z)", "%25", path)
            path += quote(_in_path(part, path), safe="")
    return path


def without_holes(text: str) -> str:
    """The text but for its holes."""
    return _HOLE.sub("", text)


# ---------------------------------------------------------------- finding and evaluating


class _Part(NamedTuple):
    """Typed text, and the hole behind it with its value; at the end of all, the hole is empty."""

    before: str
    hole: str
    value: Any


def _parts(text: str, evaluate: Evaluate) -> Iterator[_Part]:
    """Split a text at its holes. Raw values are already part of the text."""
    before, position = "", 0
    # All of them are found, and so checked, before any is evaluated.
    for hole in list(_holes(text)):
        before += text[position : hole.start()]
        position = hole.end()
        shown = _short(hole[0], "…}}")
        value = _value(shown, hole["code"], evaluate)
        if hole["raw"]:
            before += _markup(shown, value)
        else:
            yield _Part(before, shown, value)
            before = ""
    yield _Part(before + text[position:], "", None)


def _holes(text: str) -> Iterator[re.Match[str]]:
    end = 0
    while (start := text.find("{{", end)) >= 0:
        hole, line = _HOLE.match(text, start), text.count("\n", 0, start) + 1
        if hole is None:
            raise SfmtlsError(
                f"the braces of line {line} are not closed",
                _short(text[start:]),
                f"close them with }}}}; {_MEANT}",
            )
        if wrong := _wrong(hole["code"]):
            raise SfmtlsError(
                f"what stands in the braces of line {line} is not a name, attribute, index or call",
                f"{wrong}: {_short(hole[0])}",
                f"make it a variable in a cell above, and write its name here; {_MEANT}",
            )
        yield hole
        end = hole.end()


def _short(text: str, end: str = "…") -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= 64 else f"{line[:60]}{end}"


def _wrong(code: str) -> str:
    """The reason why an expression is refused; empty if it is not."""
    try:
        nodes = ast.walk(ast.parse(code, mode="eval"))
    except SyntaxError as error:
        return error.msg
    except (ValueError, MemoryError, RecursionError) as error:  # half a character; too deep
        return type(error).__name__
    return next((f"{type(node).__name__} cannot stand there" for node in nodes if not isinstance(node, _GRAMMAR)), "")


def _value(hole: str, code: str, evaluate: Evaluate) -> Any:
    try:
        return evaluate(code)
    except Exception as error:  # whatever the expression raises
        raise SfmtlsError(
            f"{hole} cannot be evaluated",
            f"{type(error).__name__}: {error}".partition("\n")[0].removesuffix(": "),
            f"correct it, or run the cell that defines what it needs; {_MEANT}",
        ) from error


# ---------------------------------------------------------------- XML


def _read(document: str, *, filled: bool) -> etree._Element:
    """The element of a document, or of the bare name of an operation. filled: not all of it was typed."""
    name = document.strip()
    if _OPERATION.fullmatch(name):
        return build_element(name)
    try:
        return parse_typed(document)
    except NotSoapError as error:
        cause = error.__cause__
        if not filled:
            raise
        evidence = "with the values put in"
        if isinstance(cause, etree.XMLSyntaxError):
            # The parser's own words may quote a value, its name for the mistake does not.
            names = [name for name, code in vars(etree.ErrorTypes).items() if code == cause.code]
            evidence += f", line {cause.lineno}: {', '.join(names)}"
        next_step = f"{error.next_step}; what is markup itself goes in as {{{{…|raw}}}}"
        raise NotSoapError(error.what, evidence, next_step) from cause


def _fill(root: etree._Element, token: re.Pattern[str], parts: list[_Part]) -> set[int]:
    """Put the values where their tokens stand; return the numbers of those that found their place."""
    placed: set[int] = set()

    def put(text: str, *, secret: bool = False) -> str:
        def value(match: re.Match[str]) -> str:
            placed.add(int(match[1]))
            return _in_xml(parts[int(match[1])], secret=secret)

        return token.sub(value, text)

    for node in root.iter():
        if node.tail:
            node.tail = put(node.tail)
        if isinstance(node.tag, str):  # it is no comment and no processing instruction
            if node.text:
                node.text = put(node.text, secret=etree.QName(node).localname in SECRET_ELEMENTS)
            for name, text in node.attrib.items():
                node.set(name, put(text))
    return placed


def _in_xml(part: _Part, *, secret: bool) -> str:
    value = part.value
    text = value.reveal() if secret and isinstance(value, Secret) else text_of(part.hole, value)
    try:
        etree.Element("text").text = text
    except ValueError:  # its cause is not kept, for it may be a secret's
        raise refusal(
            part.hole,
            "a character of its text is one that XML cannot hold, such as a control character",
            "take that character out of the value",
        ) from None
    return text


def _markup(hole: str, value: Any) -> str:
    node = value.root if isinstance(value, Reply) else value
    return etree.tostring(node, encoding="unicode", with_tail=False) if etree.iselement(node) else text_of(hole, value)


# ---------------------------------------------------------------- SOQL and paths


def _in_soql(part: _Part, before: str) -> str:
    literal = _OPEN_LITERAL.fullmatch(before)
    if literal:
        if _CUT_ESCAPE.fullmatch(literal[1]):
            next_step = r"write \\ for a backslash that is meant, or take it away"
            raise refusal(part.hole, "a backslash in front of it would join with its text", next_step)
        return text_of(part.hole, part.value).translate(SOQL_ESCAPES)
    # IN ({{ids}}) has its brackets already.
    return soql_literal(part.hole, part.value, bare=before.rstrip()[-1:] in ("(", ","))


def _in_path(part: _Part, before: str) -> str:
    if soql := _TAKES_SOQL.search(before):
        return _in_soql(part, unquote_plus(soql[1]))
    if _TAKES_SOSL.search(before):
        next_step = "let parameterizedSearch?q={{…}} search, whose q is plain text"
        raise refusal(part.hole, "the q of search is SOSL, and values are not escaped for that", next_step)
    text = text_of(part.hole, part.value)
    if "?" not in before and not text.strip("."):
        raise refusal(part.hole, "it is empty or only dots, which leads to another resource", "look at the value")
    if not before and "/" in text:
        raise refusal(part.hole, "it has a / in it, which as a value would become %2F", "write {{…|raw}} for a path")
    return text
