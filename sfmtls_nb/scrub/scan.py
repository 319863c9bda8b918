"""Scan: the secrets in a text as it stands and once unescaped, and in the base64 in it."""

from __future__ import annotations

import html
import re
from array import array
from collections.abc import Iterator
from typing import Final

from sfmtls_nb.scrub.keys import decode_base64, der_keys, kind_of_key, pem_keys
from sfmtls_nb.scrub.patterns import Found, found_by_pattern
from sfmtls_nb.secret import mask


def secrets_in(text: str, name: str = "") -> list[Found]:
    """Secrets in a text, in order; what overlaps is one, by the name of the one that begins first.

    name: of the member of an object that the text is, such as ``password``.
    """
    found = [*_look(text), *_in_base64(text), *_in_member(name, text)]
    plain = _ESCAPE.sub(_meaning, text)
    if plain != text:
        found += _trace(text, [*_look(plain), *_in_base64(plain)])
    apart: list[Found] = []
    for each in sorted(found, key=lambda each: (each.start, -each.end)):
        if apart and each.start < apart[-1].end:
            apart[-1] = apart[-1]._replace(end=max(each.end, apart[-1].end))
        else:
            apart.append(each)
    return apart


def _look(text: str) -> Iterator[Found]:
    yield from pem_keys(text)
    yield from der_keys(text)
    yield from found_by_pattern(text)


def _in_member(name: str, text: str) -> Iterator[Found]:
    if name and len(text) < 4000:
        begin = len(f'"{name}": """')
        for each in found_by_pattern(f'"{name}": """{text}"""'):
            if each.start >= begin:
                yield each._replace(start=each.start - begin, end=min(each.end - begin, len(text)))


_ESCAPE: Final = re.compile(
    r"\x1b\[[0-9;]*[A-Za-z]"  # a terminal's colours
    r"|</?[A-Za-z][^<>]{0,2000}+>"
    r"|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});"
    r"|\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[nrt\n\"'/\\])|%[0-9A-Fa-f]{2}"
)


def _meaning(escape: re.Match[str]) -> str:
    """Text that an escape of HTML, JSON, Python or a URL stands for; most tags and a colour stand for none."""
    code = escape[0]
    if code[0] == "&":
        return html.unescape(code)
    if code[0] == "%":
        return chr(int(code[1:], 16))
    if code[0] == "<":
        return "\n" if code.startswith(("</div", "</p>", "</li", "</tr", "<br")) else ""
    if code[0] == "\\" and len(code) > 2:
        return chr(int(code[2:], 16))  # noqa: FURB166  # \u0041 has no prefix that int knows
    return {"n": "\n", "r": "\r", "t": "\t", "\n": ""}.get(code[1], code[1]) if code[0] == "\\" else ""


def _trace(text: str, found: list[Found]) -> Iterator[Found]:
    """Finds in the unescaped text, as they stand in the text itself."""
    if not found:
        return
    origin = array("L")  # where each character of the unescaped text comes from
    done = 0
    for escape in _ESCAPE.finditer(text):
        origin.extend(range(done, escape.start()))
        origin.extend([escape.start()] * len(_meaning(escape)))
        done = escape.end()
    origin.extend(range(done, len(text)))
    for each in found:
        last = origin[each.end - 1]
        escape_there = _ESCAPE.match(text, last)
        yield each._replace(start=origin[each.start], end=escape_there.end() if escape_there else last + 1)


_LINE: Final = re.compile(r"(?!b[\"'])[A-Za-z0-9+/_-]+")
_JOINT: Final = r"(?=[\s\"'\\])[\"']?+\s{0,80}+[+\\]?+\s{0,80}+(?:b?[\"'])?+"
_BASE64: Final = re.compile(
    rf"(?<![A-Za-z0-9+/_\\-])[A-Za-z0-9+/_-]{{40,}}+(?:{_JOINT}[A-Za-z0-9+/_-]{{40,}}+)*+"
    rf"(?:{_JOINT}[A-Za-z0-9+/]{{1,39}}+(?=[ \t]*+(?:[=\"',\\<)\r\n]|$)))?={{0,2}}"
)


def _in_base64(text: str) -> Iterator[Found]:
    for block in _BASE64.finditer(text):
        lines = list(_LINE.finditer(text, *block.span()))
        if kind := _kind_inside("".join(line[0] for line in lines)):
            yield Found(*block.span(), kind, mask(""))
        elif len(lines) > 1:  # a list of texts, each by itself
            kinds = ((line, _kind_inside(line[0])) for line in lines)
            yield from (Found(*line.span(), kind, mask("")) for line, kind in kinds if kind)


def _kind_inside(base64_text: str) -> str:
    """Kind of secret in the bytes that a base64 text stands for; empty if there is none."""
    data = decode_base64(base64_text)
    text = data.decode("latin-1")
    return kind_of_key(data) or next((found.kind for found in (*pem_keys(text), *found_by_pattern(text))), "")
