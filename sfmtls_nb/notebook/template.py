r"""Template: ``{{python expression}}`` in the XML, the SOQL or the path that a learner types, filled in for where it stands.

A value stays a value: nothing in it becomes markup, ends a literal, or leads to another resource. ``{{expression|raw}}``
puts its text in as it is, for what is no value: a piece of XML, a SOQL name, a whole path. (Python's own ``a | raw``
is written in brackets.) What was put in is not searched for braces again.

An expression ends at the first ``}}`` that leaves valid Python, so there may be a dict or ``'}}'`` in it; over several
lines it stands in brackets, as in Python. Braces that are meant as such: ``{{'{{'}}``. In ``{{{x}}}`` the expression is
the set ``{x}``; a brace next to an expression is kept off by a space.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator, KeysView, ValuesView
from datetime import UTC, date, datetime
from decimal import Decimal
from secrets import token_hex
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote_plus

from lxml import etree

from sfmtls_nb.api import Reply, build_element, parse_typed
from sfmtls_nb.errors import NotSoapError, SfmtlsError
from sfmtls_nb.secret import Secret
from sfmtls_nb.xml import SECRET_ELEMENTS, beginning

#: What an expression is worth, in the notebook that it stands in.
Evaluate = Callable[[str], Any]

_MEANT: Final = "braces that are meant as such are written {{'{{'}}"
_RAW: Final = re.compile(r"(.*)\|\s*raw\s*", re.DOTALL)
_OPERATION: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: A text that ends within a SOQL literal; the group is what stands in that so far.
_OPEN_LITERAL: Final = re.compile(r"(?:[^']++|'(?:[^'\\]++|\\.)*+')*+'((?:[^'\\]++|\\.)*+\\?)", re.DOTALL)
_CUT_ESCAPE: Final = re.compile(r"(?:[^\\]|\\.)*\\(?:[uU][0-9A-Fa-f]{0,3})?", re.DOTALL)
# "Quoted String Escape Sequences" of the SOQL reference. It calls \b a bell, so U+0008 goes by its number, and so does
# whatever else XML, in which the query may travel, cannot hold.
_ESCAPES: Final = {
    **{code: f"\\u{code:04x}" for code in (*range(0x20), 0xFFFE, 0xFFFF)},
    **str.maketrans({"\n": r"\n", "\r": r"\r", "\t": r"\t", "\f": r"\f", "'": r"\'", "\\": r"\\"}),
}
_TAKES_SOQL: Final = re.compile(r"(?:^|/)query(?:All)?/?\?(?:[^&]*&)*+(?:q|explain)=([^&]*)\Z", re.IGNORECASE)
_TAKES_SOSL: Final = re.compile(r"(?:^|/)search/?\?(?:[^&]*&)*+q=[^&]*\Z", re.IGNORECASE)

#: Times of numpy that it would give as plain numbers: they are finer than Python's.
_TOO_FINE: Final = re.compile(r"(datetime64|timedelta64)\[[npfa]s\]")
_SEVERAL: Final = (list, tuple, set, frozenset, KeysView, ValuesView)


def filled_body(text: str, evaluate: Evaluate) -> etree._Element:
    """The body, or the whole envelope, that a user typed as XML or as the bare name of an operation.

    Values stand in texts and in attributes; a Secret only as the text of an element for secrets, such as <password>.
    With ``|raw`` anything of XML can be put in, an lxml element and a Reply too. Raises SfmtlsError.
    """
    parts = list(_parts(text, evaluate, _markup))
    # A name that nobody can have typed: legal wherever XML takes names or text, so that the parser says where it is.
    token = f"_{token_hex(16)}"
    marked = "".join(part.before + (f"{token}-{n}_" if part.hole else "") for n, part in enumerate(parts))
    root = _read(marked, filled=marked != text)
    placed = _fill(root, re.compile(rf"{token}-(\d+)_"), parts)
    for number, part in enumerate(parts):
        if part.hole and number not in placed:
            raise _refusal(
                part.hole,
                "it is in a name, a namespace, a comment or the like, and values go into texts and attributes",
                "write {{…|raw}} to put its text in before the XML is read",
            )
    return root


def filled_soql(text: str, evaluate: Evaluate) -> str:
    """A query with its values: escaped in a literal (``'%{{x}}%'``), else as literals themselves (``= {{x}}``).

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


def filled_path(text: str, evaluate: Evaluate) -> str:
    """A path, with its query string, for REST: each value is percent-encoded whole, ``/`` and ``&`` too.

    In the SOQL of ``query?q=…`` (also ``queryAll``, and ``explain=``) a value is put in as `filled_soql` does it, and
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


# ---------------------------------------------------------------- finding and evaluating


class _Hole(NamedTuple):
    """``{{code}}`` or ``{{code|raw}}``, and where in the text it stands. shown: what errors call it."""

    start: int
    end: int
    code: str
    raw: bool
    shown: str


class _Part(NamedTuple):
    """Text that is there, and the hole behind it with its value; at the end of all, the hole is empty."""

    before: str
    hole: str
    value: Any


def _parts(text: str, evaluate: Evaluate, raw: Callable[[str, Any], str] | None = None) -> Iterator[_Part]:
    """The text in parts, a part a value. What is raw has become text. raw: what makes text of that; else `_text`."""
    before, position = "", 0
    # All of them are found before any is evaluated.
    for hole in list(_holes(text)):
        before += text[position : hole.start]
        position = hole.end
        value = _evaluated(hole, evaluate)
        if hole.raw:
            before += (raw or _text)(hole.shown, value)
        else:
            yield _Part(before, hole.shown, value)
            before = ""
    yield _Part(before + text[position:], "", None)


def _holes(text: str) -> Iterator[_Hole]:
    end = 0
    while (start := text.find("{{", end)) >= 0:
        hole = _hole(text, start)
        yield hole
        end = hole.end


def _hole(text: str, start: int) -> _Hole:
    close, complaint = text.find("}}", start + 2), ""
    while close >= 0:
        inside = text[start + 2 : close]
        raw = _RAW.fullmatch(inside)
        code = (raw[1] if raw else inside).strip()
        if not (wrong := _wrong(code)):
            shown = " ".join(inside.split())
            shown = f"{{{{{shown if len(shown) <= 60 else shown[:59] + '…'}}}}}"
            return _Hole(start, close + 2, code, raw is not None, shown)
        complaint = complaint or wrong
        close = text.find("}}", close + 1)
    begins = beginning(text[start:].encode(errors="surrogatepass"))
    line = text.count("\n", 0, start) + 1
    if complaint:
        what = f"what stands in the braces of line {line} is no Python expression"
        raise SfmtlsError(what, f"{complaint}: {begins}", f"correct it there; {_MEANT}")
    raise SfmtlsError(f"the braces of line {line} are not closed", begins, f"close them with }}}}; {_MEANT}")


def _wrong(code: str) -> str:
    """Why a text is no Python expression; empty if it is one."""
    try:
        with warnings.catch_warnings():
            # Whoever evaluates it warns; here it may be half of an expression.
            warnings.simplefilter("ignore")
            ast.parse(code, mode="eval")
    except SyntaxError as error:
        return error.msg
    except (ValueError, MemoryError, RecursionError) as error:  # a NUL, half a character; too deep
        return type(error).__name__
    return ""


def _evaluated(hole: _Hole, evaluate: Evaluate) -> Any:
    try:
        return evaluate(hole.code)
    except Exception as error:  # whatever the expression raises
        raise SfmtlsError(
            f"{hole.shown} cannot be evaluated",
            f"{type(error).__name__}: {error}".partition("\n")[0].removesuffix(": "),
            f"correct it, or run the cell that defines what it needs; {_MEANT}",
        ) from error


# ---------------------------------------------------------------- where they stand


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
    """Put the values where their tokens stand; gives the numbers of those that found their place."""
    placed: set[int] = set()

    def put(text: str, *, secret: bool = False) -> str:
        def value(match: re.Match[str]) -> str:
            part = parts[int(match[1])]
            placed.add(int(match[1]))
            return _in_xml(part, secret=secret)

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
    text = value.reveal() if secret and isinstance(value, Secret) else _text(part.hole, value)
    if wrong := _NOT_XML.search(text):
        evidence = f"character {wrong.start() + 1} of its text is one that XML cannot hold, such as a control character"
        raise _refusal(part.hole, evidence, "take that character out of the value")
    return text


def _markup(hole: str, value: Any) -> str:
    node = value.root if isinstance(value, Reply) else value
    return etree.tostring(node, encoding="unicode", with_tail=False) if etree.iselement(node) else _text(hole, value)


def _in_soql(part: _Part, before: str) -> str:
    literal = _OPEN_LITERAL.fullmatch(before)
    if not literal:
        # IN ({{ids}}) has its brackets already.
        return _soql(part.hole, part.value, bare=before.rstrip()[-1:] in ("(", ","))
    if _CUT_ESCAPE.fullmatch(literal[1]):
        next_step = r"write \\ for a backslash that is meant, or take it away"
        raise _refusal(part.hole, "a backslash in front of it would join with its text", next_step)
    return _text(part.hole, part.value).translate(_ESCAPES)


def _soql(hole: str, value: Any, *, bare: bool) -> str:
    """A value as a literal; of several values a list of them. bare: without its brackets."""
    value = _plain(value)
    if not isinstance(value, _SEVERAL):
        return _literal(hole, value)
    if not value:
        raise _refusal(hole, "it is empty, and IN () is no SOQL", "ask only if there is something to look for")
    listed = ",".join(_literal(hole, each) for each in map(_plain, value))
    return listed if bare else f"({listed})"


def _literal(hole: str, value: Any) -> str:
    if value is None:
        return "null"
    text = _text(hole, value)
    return f"'{text.translate(_ESCAPES)}'" if isinstance(value, str) else text


def _in_path(part: _Part, before: str) -> str:
    if soql := _TAKES_SOQL.search(before):
        return _in_soql(part, unquote_plus(soql[1]))
    if _TAKES_SOSL.search(before):
        next_step = "let parameterizedSearch?q={{…}} search, whose q is plain text"
        raise _refusal(part.hole, "the q of search is SOSL, and values are not escaped for that", next_step)
    text = _text(part.hole, part.value)
    if "?" not in before and not text.strip("."):
        raise _refusal(part.hole, "it is empty or only dots, which leads to another resource", "look at the value")
    if not before and "/" in text:
        raise _refusal(part.hole, "it has a / in it, which as a value would become %2F", "write {{…|raw}} for a path")
    return text


# ---------------------------------------------------------------- values as text


def _refusal(hole: str, evidence: str, next_step: str) -> SfmtlsError:
    return SfmtlsError(f"{hole} cannot stand here", evidence, next_step)


def _plain(value: Any) -> Any:
    """What numpy and pandas have as Python has it, told by its looks: neither is imported. None: what is missing."""
    if too_fine := _TOO_FINE.fullmatch(str(getattr(value, "dtype", ""))):
        value = value.astype(f"{too_fine[1]}[us]")
    if callable(getattr(value, "tolist", None)):
        value = value.tolist()
    nan = isinstance(value, float | Decimal) and Decimal(value).is_nan()
    return None if nan or type(value).__name__ in ("NaTType", "NAType") else value


def _text(hole: str, value: Any) -> str:
    """The text of a single value: true, 0.5, 2026-01-31, 2026-01-31T10:00:00Z. Raises SfmtlsError for what has none."""
    value = _plain(value)
    for kinds, write in _WRITERS:
        if isinstance(value, kinds):
            return write(hole, value)
    for kinds, evidence, next_step in _REFUSED:
        if isinstance(value, kinds):
            raise _refusal(hole, evidence, next_step)
    raise _refusal(hole, f"it is of type {type(value).__name__}", "write {{str(…)}} if its text is meant")


def _characters(hole: str, value: str) -> str:
    # As a str, so that no subclass, such as a member of an Enum, writes something else.
    if half := re.search("[\ud800-\udfff]", value):
        evidence = f"character {half.start() + 1} of its text is half a character (a lone surrogate)"
        raise _refusal(hole, evidence, "see how the text was read: decoding with 'surrogateescape' leaves such halves")
    return str.__str__(value)


def _number(hole: str, value: float | Decimal) -> str:
    number = Decimal(float.__repr__(value) if isinstance(value, float) else value)
    if not number.is_finite():
        raise _refusal(hole, "it is infinite", "put in a number that there is")
    return f"{number:f}"  # never 1e16: not all that reads numbers reads that


def _moment(hole: str, value: datetime) -> str:
    """In UTC; whole milliseconds, which is what Salesforce takes, and none if there are none."""
    if value.utcoffset() is None:
        next_step = "give it one: {{….replace(tzinfo=datetime.UTC)}} if it is in UTC, or else the ZoneInfo of its place"
        raise _refusal(hole, "it is a time without a time zone", next_step)
    try:
        moment = value.astimezone(UTC).replace(tzinfo=None)
    except (OverflowError, ValueError) as error:
        raise _refusal(hole, "in UTC it is beyond the calendar", "put in a date nearer to today") from error
    return f"{moment.isoformat(timespec='milliseconds' if moment.microsecond >= 1000 else 'seconds')}Z"


#: The first that fits: a bool is an int, and a datetime is a date.
_WRITERS: Final[tuple[tuple[Any, Callable[[str, Any], str]], ...]] = (
    (str, _characters),
    (bool, lambda hole, value: "true" if value else "false"),
    (int | float | Decimal, _number),
    (datetime, _moment),
    (date, lambda hole, value: date.isoformat(value)),
)
_REFUSED: Final[tuple[tuple[Any, str, str], ...]] = (
    (Secret, "it is a Secret", "a Secret goes nowhere but into the text of a <password> or the like, without |raw"),
    (type(None), "it has no value", "see why it is missing; if empty text is meant, write {{… or ''}}"),
    (bytes, "it is bytes", "write {{….decode()}}"),
    (_SEVERAL, "it is a list of values", "put in one of them; in SOQL, a list stands outside of quotes: IN {{…}}"),
)
