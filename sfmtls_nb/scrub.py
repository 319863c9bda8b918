"""Scrub: finds the secrets in a notebook file and removes them, leaving every other byte as it was.

A notebook's text is taken apart into its JSON strings (a list of strings, as cells and outputs have, is one text). Each is
read as it stands, without terminal colours, without HTML tags, with escapes undone, and with base64 decoded. What is found
is cut out of the file itself; nothing is parsed and written anew.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, NamedTuple

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.secret import mask


@dataclass(frozen=True)
class Leak:
    """One secret in a notebook.

    kind: ``private key``, ``session id`` and so on. where: ``cell 3, output 1, text/html``, counted from 1.
    shown: what may be shown of it, which is never the secret.
    """

    kind: str
    where: str
    shown: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind} {self.shown}"


def find_secrets(notebook_text: str) -> list[Leak]:
    """The secrets in the text of an .ipynb file, in the order of the file. Raises SfmtlsError if it is not JSON."""
    return _search(notebook_text)[0]


def scrubbed(notebook_text: str) -> tuple[str, list[Leak]]:
    """The text of an .ipynb file without its secrets, and what they were.

    In the place of each stands ``[removed: private key]`` or the like; the box of a Password widget is emptied. Text
    without secrets comes back as it is. Raises SfmtlsError if it is not JSON.
    """
    leaks: list[Leak] = []
    for _ in range(_ROUNDS):
        found, edits = _search(notebook_text)
        if not found:
            break
        leaks += found
        notebook_text = _edited(notebook_text, edits)
    return notebook_text, leaks


# One round removes what is seen; another may see what two neighbours hid from each other.
_ROUNDS: Final = 8
#: base64 in base64 in base64.
_DEEPEST: Final = 3


class _Found(NamedTuple):
    """A secret in a text, from ``start`` to before ``end``."""

    start: int
    end: int
    kind: str
    shown: str


# --- The file: JSON strings, and where they stand -----------------------------------------------------------------

_JSON_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
_SURROGATES: Final = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_JSON_ESCAPE: Final = re.compile(rf"{_SURROGATES}|\\u[0-9a-fA-F]{{4}}|\\.")

_Path = tuple[str | int, ...]
_Edit = tuple[int, int, str]


class _Members(list[tuple[str, Any]]):
    """A JSON object: its members in the order of the file, repeated names included."""


class _Text(NamedTuple):
    """A JSON string, or the strings of a list: their values, and the number of the first among all strings of the file."""

    path: _Path
    values: list[str]
    first: int
    widget: str
    is_name: bool = False


def _search(notebook: str) -> tuple[list[Leak], list[_Edit]]:
    tree = _tree(notebook)
    strings = [match.span() for match in _JSON_STRING.finditer(notebook)]
    leaks: list[Leak] = []
    edits: list[_Edit] = []
    for text in _texts(tree):
        if found := _found_in(text):
            where = _where(text)
            numbered = enumerate(found, len(leaks) + 1)
            replaced = [(each, _replacement(text, each.kind, number)) for number, each in numbered]
            leaks += [Leak(each.kind, where, each.shown) for each in found]
            edits += _edits(notebook, strings, text, replaced)
    return leaks, edits


def _tree(notebook: str) -> Any:
    try:
        # float, not int: a number of five thousand digits is JSON too.
        return json.loads(notebook.removeprefix("\ufeff"), object_pairs_hook=_Members, parse_int=float)
    except (ValueError, RecursionError) as error:
        at = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "too deep"
        raise SfmtlsError("this is no notebook: it is not JSON", at, "open it in Jupyter and save it") from error


def _texts(tree: Any) -> Iterator[_Text]:
    """Every text of the file, in its order."""
    first = 0
    # (path, value, the widget it is in, whether it is the name of a member), last first
    pending: list[tuple[_Path, Any, str, bool]] = [((), tree, "", False)]
    while pending:
        path, value, widget, is_name = pending.pop()
        if isinstance(value, _Members):
            for name, member in value:
                if name in {"model_name", "_model_name"} and isinstance(member, str):
                    widget = member
            for name, member in reversed(value):
                if isinstance(member, str | list):
                    pending.append(((*path, name), member, widget, False))
                pending.append(((*path, name), name, widget, True))
        elif isinstance(value, str) or (
            isinstance(value, list) and value and all(isinstance(each, str) for each in value)
        ):
            values = [value] if isinstance(value, str) else value
            yield _Text(path, values, first, widget, is_name)
            first += len(values)
        elif isinstance(value, list):
            pending += [
                ((*path, number), each, widget, False)
                for number, each in reversed([*enumerate(value)])
                if isinstance(each, str | list)
            ]


def _found_in(text: _Text) -> list[_Found]:
    whole = "".join(text.values)
    if (kind := _kind_of_all(text, whole)) and whole:
        return [_Found(0, len(whole), kind, mask(""))]
    found = _secrets(whole)
    if any(not value.endswith("\n") for value in text.values[:-1]):
        # Lines without their line breaks, as a traceback has them.
        ends = list(accumulate(len(value) + 1 for value in text.values))
        for each in _secrets("\n".join(text.values)):
            start, end = each.start - bisect_right(ends, each.start), each.end - bisect_right(ends, each.end - 1)
            found.append(each._replace(start=start, end=end))
    return _merged(found)


def _kind_of_all(text: _Text, whole: str) -> str:
    """What a value is a secret of because of the member it is: a widget's, or one named ``password``."""
    name = next((part for part in reversed(text.path) if isinstance(part, str)), "")
    if text.is_name:
        return ""
    if text.widget == "PasswordModel" and name == "value":
        return "password"
    if text.widget == "FileUploadModel" and name in {"content", "data"} and not _is_removed(whole):
        return "uploaded file"
    if (match := _NAMED.search(name)) and _is_literal(whole):
        return _kind_of(match["key"])
    if name.lower() == "authorization" and (match := _SCHEME.match(whole)) and _is_literal(whole[match.end() :]):
        return "access token"
    return ""


def _is_removed(value: str) -> bool:
    """Whether only a replacement stands there, as it is or as a widget's buffer has it."""
    return any(re.fullmatch(r"\[removed: [\w# ]+\]", each) for each in (value, _decoded(value).decode("latin-1")))


def _replacement(text: _Text, kind: str, number: int) -> str:
    plain = f"[removed: {kind}]"
    if text.widget == "PasswordModel" and text.path[-1] == "value":
        return ""  # what stands there stands in the box
    if "buffers" in text.path and text.path[-1] == "data":
        return base64.b64encode(plain.encode()).decode()  # the front end decodes it
    if text.path[-1:] == ("id",) or "tags" in text.path[-2:]:
        return f"removed-{number}-{re.sub('[^a-z0-9]+', '-', kind.lower())}"  # nbformat: no brackets, none twice
    return plain


def _edits(notebook: str, strings: list[tuple[int, int]], text: _Text, found: list[tuple[_Found, str]]) -> list[_Edit]:
    """The changes to the file that put a replacement in the place of each find."""
    edits: list[_Edit] = []
    begins = [0, *accumulate(map(len, text.values))]
    origins: dict[int, _Origin] = {}
    for (start, end, *_), replacement in found:
        first, last = bisect_right(begins, start, hi=len(text.values)) - 1, bisect_left(begins, end) - 1
        for each in range(first, last + 1):
            value, begin = text.values[each], begins[each]
            from_, to = strings[text.first + each]
            if each > first and begins[each + 1] <= end:  # a line that was wholly secret goes with its comma
                edits.append((strings[text.first + each - 1][1], to, ""))
                continue
            if each not in origins:
                origins[each] = _Origin(notebook[from_ + 1 : to - 1], _JSON_ESCAPE, lambda _: "x")
            at, until = origins[each].of(max(start - begin, 0), min(end - begin, len(value)))
            edits.append((from_ + 1 + at, from_ + 1 + until, replacement if each == first else ""))
    return edits


def _edited(notebook: str, edits: list[_Edit]) -> str:
    parts, done = [], 0
    for start, end, replacement in sorted(edits):
        parts += [notebook[done:start], replacement]
        done = end
    return "".join([*parts, notebook[done:]])


_NUMBERED: Final = {"worksheets": "worksheet", "cells": "cell", "outputs": "output", "buffers": "buffer"}


def _where(text: _Text) -> str:
    """A path as a person says it: ``cell 3, output 1, text/html``."""
    words: list[str] = []
    for number, part in enumerate(text.path):
        before = text.path[number - 1] if number else ""
        if isinstance(part, int):
            noun = _NUMBERED.get(before, f"{_safe(before)} item") if isinstance(before, str) else "item"
            words.append(f"{noun} {part + 1}".strip())
        elif isinstance((*text.path, "")[number + 1], int):
            continue  # said with its number
        elif part != "data" or not words or not words[-1].startswith("output "):
            words.append(_safe(part))
    return ", ".join(words) + (" (a name)" if text.is_name else "") or "the file"


def _safe(name: str) -> str:
    for found in reversed(_merged(_secrets(name))):
        name = name[: found.start] + mask("") + name[found.end :]
    return name if len(name) <= 80 else name[:79] + "…"


# --- A text: read as it stands, and as it was meant ---------------------------------------------------------------


class _Origin:
    """Where the characters of a rewritten text came from."""

    def __init__(self, text: str, pattern: re.Pattern[str], meaning: Callable[[re.Match[str]], str]) -> None:
        # Parts of the rewritten text: where each begins there, where it began before, and whether it is a copy.
        self.at, self.before, self.copied = [0], [0], [True]
        length = done = 0
        for match in pattern.finditer(text):
            length += match.start() - done
            self._part(length, match.start(), copied=False)
            length += len(meaning(match))
            done = match.end()
            self._part(length, done, copied=True)

    def _part(self, at: int, before: int, *, copied: bool) -> None:
        self.at.append(at)
        self.before.append(before)
        self.copied.append(copied)

    def of(self, start: int, end: int) -> tuple[int, int]:
        """What ``start`` to ``end`` was before; all of whatever it touches."""
        first, last = bisect_right(self.at, start) - 1, bisect_right(self.at, max(end - 1, start)) - 1
        return (
            self.before[first] + (start - self.at[first] if self.copied[first] else 0),
            self.before[last] + (end - self.at[last]) if self.copied[last] else self.before[last + 1],
        )


_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_TAGS: Final = re.compile(r"</?[A-Za-z!][^<>]*+>")
_ESCAPES: Final = re.compile(
    r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|lt|gt|amp|quot|apos|nbsp|excl|equals|plus|sol|NewLine);?"
    r"|\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[nrt\n\"'/!\\])|%[0-9A-Fa-f]{2}"
)
_ENTITIES: Final = {
    "lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'", "nbsp": " ", "excl": "!", "equals": "=", "plus": "+",
    "sol": "/", "NewLine": "\n",
}  # fmt: skip


def _nothing(_: re.Match[str]) -> str:
    return ""


def _meaning(escape: re.Match[str]) -> str:
    """The character an escape of HTML, JSON, Python or a URL stands for."""
    code = escape[0]
    if code[0] == "&":
        name = code[1:].rstrip(";")
        if name[0] != "#":
            return _ENTITIES[name]
        number = int("0" + name[1:], 16) if name[1] in "xX" else int(name[1:])
        return chr(number) if number < 0x110000 else ""
    if code[0] == "%":
        return chr(int(code[1:], 16))
    if len(code) > 2:
        return chr(int("0" + code.lstrip("\\ux"), 16))
    return {"n": "\n", "r": "\r", "t": "\t", "\n": ""}.get(code[1], code[1])


# Characters without which there is nothing to rewrite; what is rewritten; and as what.
_Stage = tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]]
_COLOURLESS: Final = ("\x1b", _COLOURS, _nothing)
_TAGLESS: Final = ("<", _TAGS, _nothing)
_UNESCAPED: Final = ("&\\%", _ESCAPES, _meaning)
# As often as a notebook wraps (JSON in a string in HTML, and the like); and with what looks like a tag, but is code.
_READINGS: Final = (
    (_COLOURLESS, _TAGLESS, _UNESCAPED, _TAGLESS, _UNESCAPED),
    (_COLOURLESS, _UNESCAPED, _UNESCAPED, _UNESCAPED),
)
_WORTH_A_LOOK: Final = ("00d", "5aep861", "eyj", "pass", "secret", "token", "authorization", "private", "sessionid")
_LONG_RUN: Final = re.compile(r"[A-Za-z0-9+/_-]{16}")


def _secrets(text: str, depth: int = 0, *, wrapped: bool = True) -> list[_Found]:
    """The secrets in a text, perhaps overlapping, in no order."""
    lowered = text.lower()
    if not any(word in lowered for word in _WORTH_A_LOOK) and not _LONG_RUN.search(text):
        return []
    found = _as_it_stands(text, lowered, depth)
    read = {text}
    for reading in _READINGS if wrapped else ():
        found += _as_meant(text, reading, depth, read)
    return found


def _as_meant(text: str, reading: tuple[_Stage, ...], depth: int, read: set[str]) -> Iterator[_Found]:
    """What comes to light in a text when it is rewritten, stage by stage, into what has not been ``read`` yet."""
    stages: list[tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]]] = []
    origins: list[_Origin] = []  # of these stages; worked out only if there is a find
    for signs, pattern, meaning in reading:
        if not any(sign in text for sign in signs) or (rewritten := pattern.sub(meaning, text)) == text:
            continue
        stages.append((text, pattern, meaning))
        text = rewritten
        if text in read:
            continue
        read.add(text)
        for each in _as_it_stands(text, text.lower(), depth):
            origins += [_Origin(*stage) for stage in stages[len(origins) :]]
            start, end = each.start, each.end
            for origin in reversed(origins):
                start, end = origin.of(start, end)
            yield each._replace(start=start, end=end)


def _as_it_stands(text: str, lowered: str, depth: int) -> list[_Found]:
    found = list(_pem_keys(text)) if "PRIVATE" in text else []
    there = {words: any(word in lowered for word in words) for words in {rule.words for rule in _RULES}}
    for rule in _RULES:
        if there[rule.words]:
            for match in rule.pattern.finditer(text):
                secret = match["secret"]
                if rule.accepts(secret):
                    kind = rule.kind or _kind_of(match["key"])
                    found.append(_Found(*match.span("secret"), kind, mask(secret)))
    if depth < _DEEPEST:
        found += _in_base64(text, depth)
    return found


def _merged(found: list[_Found]) -> list[_Found]:
    """In order, and what overlaps as one, by the name of the one that begins first."""
    merged: list[_Found] = []
    for each in sorted(found, key=lambda each: (each.start, -each.end)):
        if merged and each.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(each.end, merged[-1].end))
        else:
            merged.append(each)
    return merged


# --- PEM ----------------------------------------------------------------------------------------------------------

_MARKER: Final = re.compile(r"-{4,5}[ ]?(BEGIN|END)[ +]([A-Z0-9 +]{0,60}?)[ ]?-{4,5}")
_RUN: Final = re.compile(r"[A-Za-z0-9+/]{16,}")
_HEADERS: Final = re.compile(r"(?:\s*+[A-Z][A-Za-z-]+:[ ][^\n]*+\n)*+")
# A line of a key, however indented, quoted or numbered; and a last one that is shorter.
_NUMBER: Final = r"(?:\d{1,6}[^A-Za-z0-9+/]{1,20}+)?"
_KEY_LINE: Final = re.compile(rf"[^A-Za-z0-9+/=]{{0,60}}+{_NUMBER}[A-Za-z0-9+/]{{16,}}+={{0,2}}")
_LAST_LINE: Final = re.compile(r"[^A-Za-z0-9+/=]{0,60}+[A-Za-z0-9+/]{1,15}+={0,2}(?=\s*+(?:[\"'<\\-]|$))")
# The same from behind, for a key that has lost its first lines.
_BACKWARDS: Final = re.compile(
    r"[^A-Za-z0-9+/=]{0,60}+=*+[A-Za-z0-9+/]++(?:[^A-Za-z0-9+/=]{1,60}+(?:\d{1,6}[^A-Za-z0-9+/]{1,20}+)?[A-Za-z0-9+/]{16,}+)*+"
)


def _pem_keys(text: str) -> Iterator[_Found]:
    markers = list(_MARKER.finditer(text))
    # From one marker to the next, so that each character is read once.
    previous = 0
    for number, marker in enumerate(markers):
        limit = markers[number + 1].start() if number + 1 < len(markers) else len(text)
        if "PRIVATE" in marker[2]:
            span = _after(text, marker, limit) if marker[1] == "BEGIN" else _before(text, marker, previous)
            if span:
                yield _Found(*span, "private key", f"-----BEGIN {marker[2]}-----{mask('')}")
        previous = marker.end()


def _after(text: str, begin: re.Match[str], limit: int) -> tuple[int, int] | None:
    """The key after a BEGIN: to its END, or as far as lines of base64 follow."""
    end = _MARKER.match(text, limit)
    closed = end if end and end[1] == "END" and "PRIVATE" in end[2] else None
    body = text[begin.end() : limit]
    if closed and _is_dense(body):
        return begin.start(), closed.end()
    headers = _HEADERS.match(body)
    at = start = headers.end() if headers else 0
    while line := _KEY_LINE.match(body, at):
        at = line.end()
    if not _is_material(body[start:at]):
        return None
    if last := _LAST_LINE.match(body, at):
        at = last.end()
    if closed and not re.search(r"\w", body[at:]):
        return begin.start(), closed.end()
    return begin.start(), begin.end() + at


def _before(text: str, end: re.Match[str], previous: int) -> tuple[int, int] | None:
    """The key before an END that has no BEGIN."""
    body = text[previous : end.start()]
    match = _BACKWARDS.match(body[::-1])
    if not match or not _is_material(match[0]):
        return None
    return end.start() - match.end(), end.end()


def _is_dense(body: str) -> bool:
    """Whether what stands between BEGIN and END is a key, rather than prose about one or "…"."""
    body = _HEADERS.sub("", body, count=1)
    compact = re.sub(r"[^A-Za-z0-9+/]", "", body)
    if 2 * sum(map(len, _RUN.findall(body))) >= len(compact):
        return _is_material(body)
    return bool(_der_secret(_decoded(compact[:64])))  # in very short lines


def _is_material(base64_lines: str) -> bool:
    material = "".join(_RUN.findall(base64_lines))
    return len(material) >= 24 and all(re.search(kind, material) for kind in ("[0-9]", "[A-Z]", "[a-z]"))


# --- Base64 -------------------------------------------------------------------------------------------------------

_RUNS: Final = re.compile(r"[A-Za-z0-9+/_-]+")
_BETWEEN: Final = r"""["']?+\s{0,80}+[+,\\]?+\s{0,80}+(?:b?["'])?+"""
_BLOCK: Final = re.compile(
    r"(?<![A-Za-z0-9+/_\\-])[A-Za-z0-9+/_-]{16,}+"
    rf"(?:(?=[\s\"',\\]){_BETWEEN}[A-Za-z0-9+/_-]{{16,}}+)*+"
    rf"(?:(?=[\s\"',\\]){_BETWEEN}[A-Za-z0-9+/]{{1,15}}+(?=[ \t]*+(?:[=\"',\\<)\r\n]|$)))?={{0,2}}"
)
#: What "PRIVATE KEY" looks like in base64, by where it falls in a group of three bytes.
_PRIVATE_KEY: Final = ("UFJJVkFURSBLR", "BSSVZBVEUgS0VZ", "QUklWQVRFIEtFW")

_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # as PowerShell writes


def _in_base64(text: str, depth: int) -> Iterator[_Found]:
    for block in _BLOCK.finditer(text):
        if len(block[0]) < 40:
            continue
        runs = list(_RUNS.finditer(text, *block.span()))
        joined = "".join(run[0] for run in runs).translate({ord("-"): "+", ord("_"): "/"})
        keys = list(_der_secrets(runs, joined))
        yield from keys
        if keys:
            continue
        if kind := _kind_inside(joined, depth):
            yield _Found(*block.span(), kind, mask(""))
        elif not _is_wrapped(runs):  # a list of base64, each by itself
            for run in runs:
                if len(run[0]) >= 40 and (kind := _kind_inside(run[0], depth)):
                    yield _Found(*run.span(), kind, mask(""))


def _is_wrapped(runs: list[re.Match[str]]) -> bool:
    """Whether these are the lines of one thing: all but the last as long as the first, in whole groups of four."""
    return len(runs) == 1 or (len(runs[0][0]) % 4 == 0 and len({len(run[0]) for run in runs[:-1]}) == 1)


def _kind_inside(text: str, depth: int) -> str:
    """What secret is in the bytes that a base64 text stands for; else empty."""
    data = _decoded(text.translate({ord("-"): "+", ord("_"): "/"}))
    try:
        found = _secrets(data.decode("utf-16" if data[:2] in _UTF_16 else "utf-8"), depth + 1)
    except UnicodeDecodeError:
        found = _secrets(data.decode("latin-1"), depth + 1, wrapped=False)
    if found:
        return _merged(found)[0].kind
    return "private key" if any(sign in text for sign in _PRIVATE_KEY) else ""


def _der_secrets(runs: list[re.Match[str]], joined: str) -> Iterator[_Found]:
    """Keys and keystores that begin with one of these runs, each as far as its own length says."""
    begins = [0, *accumulate(len(run[0]) for run in runs)]
    done = 0
    for run, begin in zip(runs, begins, strict=False):
        if begin < done or not (secret := _der_secret(_decoded(joined[begin : begin + 64]))):
            continue
        kind, length = secret
        done = min(begin + -(-length * 4 // 3), len(joined)) if length else len(joined)
        number = bisect_right(begins, done - 1) - 1
        end = runs[number].start() + done - begins[number]
        end += len((re.match(r"={0,2}", run.string[end : end + 2]) or [""])[0])
        yield _Found(run.start(), end, kind, mask(""))


def _der_secret(data: bytes) -> tuple[str, int] | None:
    """What a private key or a keystore begins with: its kind, and its length in bytes (0: not said).

    RFC 8017 and 5915: SEQUENCE, the version, and key material; RFC 5958: the version and the algorithm's OID; if it is
    encrypted, an OID of PKCS#5 or #12; RFC 7292 (PKCS#12): version 3 and pkcs7-data. Java's keystores have a magic number.
    """
    if data[:4] in {b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce"} and data[4:8] in {b"\0\0\0\1", b"\0\0\0\2"}:
        return "Java keystore", 0
    if data.startswith(b"openssh-key-v1\0"):
        return "private key", 0
    if len(data) < 30 or data[0] != 0x30 or data[1] > 0x84:
        return None
    long_form = data[1] & 0x7F if data[1] >= 0x80 else 0
    head = data[2 + long_form :]
    length = int.from_bytes(data[2 : 2 + long_form]) if long_form else data[1] & 0x7F
    total = 2 + long_form + length if length else 0
    if head.startswith(b"\x02\x01\x03\x30") and b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07" in head[:20]:
        return "PKCS#12 keystore", total
    version, after = head[:3], head[3:]
    is_key = (
        (version == b"\x02\x01\x00" and after[0] == 0x02 and after[1] >= 0x40)
        or (version in {b"\x02\x01\x00", b"\x02\x01\x01"} and after[0] == 0x30 and 0x06 in after[2:5])
        or (version == b"\x02\x01\x01" and after[0] == 0x04 and after[1] >= 0x10)
        or (
            head[0] == 0x30
            and re.match(rb".{2,4}\x06.\x2a\x86\x48\x86\xf7\x0d\x01(?:\x05|\x0c\x01)", head[:20], re.DOTALL)
        )
    )
    return ("private key", total) if is_key else None


def _decoded(text: str) -> bytes:
    text = text[:-1] if len(text) % 4 == 1 else text
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


# --- What a line of text gives away -------------------------------------------------------------------------------

_KEY: Final = r"(?P<key>password|passwd|passphrase|(?:client|consumer)[ _-]?secret|security[ _-]?token|(?:access|refresh)[ _-]?token)"
_SCHEME: Final = re.compile(r"(?i)\s*(?:bearer|oauth|basic|token)\s+(?=\S{8})")
_NAMED: Final = re.compile(rf"(?i){_KEY}\d?$")
_QUOTE: Final = r"(?P<quote>\\*(?:\"{3}|'{3}|[\"']))"
_QUOTED: Final = rf"{_QUOTE}(?P<secret>(?:(?!(?P=quote))(?:\\.|[^\\\n])){{4,2000}}+)(?P=quote)"
_OPAQUE: Final = r"(?P<secret>[\w.~+/=!%:-]{8,4000}+)"
_FIELD: Final = r"(?P<secret>[^&\s\"'<>()\[\]{}=|;,\\]{4,2000}+)"
_WORD: Final = r"(?P<secret>[^\s\"'`<>${}\[-][^\s\"'`<>]{3,2000}+)"
_STRING: Final = r"(?:[rbf]{0,2}(?:\"[^\"\n]{0,400}\"|'[^'\n]{0,400}')|[\w.\[\]\"']{1,200}(?:\([^()]{0,200}\))?)"

# Of these, placeholders are made.
_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "a access and api auth bearer challenge change changeme client code consumer dummy enter error example fake false fault field for "
        "from goes here hidden id in insert is jwt key login my new no none null oauth of old or org pass "
        "passphrase passwd password paste placeholder put pw real refresh replace required sample secret "
        "security session sf sfdc sid some str string text that the this to token true type user username "
        "value what widget with xxx you your",
    )
)
_PLACEHOLDER: Final = re.compile(
    r"\W*"  # …, ****, ••••
    r"|[xX.*_•-]{3,}"
    r"|\[removed:.*"
    r"|.*(?:…|•{2}).*"  # masked or cut
    r"|(?:\$?\{+[^{}]*\}+\s*)+|<[^<>]*>|\[[^\[\]]*\]|\$[A-Z_][A-Z0-9_]*|%[A-Z_]+%|%\(\w+\)s"
    r"|(?i:insert|replace|change|enter|your|put)[ _-].*"
    r"|[\"'\s]*[+,%)].*[+,(][\"'\s]*"  # the code between two strings
    r"|[A-Z][a-z]+[,:]?(?: [A-Za-z'’]+[,.:!?]*){2,}",  # a sentence
    re.DOTALL,
)


def _is_placeholder(value: str) -> bool:
    """Whether a value only stands where a secret will: ``${TOKEN}``, ``INSERT_PASSWORD_HERE``, ``****``, ``your_token``."""
    if len(value) < 4 or value != value.strip() or _PLACEHOLDER.fullmatch(value):
        return True
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", value)
    return len("".join(words)) == len(re.sub(r"[\s_.,:?!-]", "", value)) and {word.lower() for word in words} <= _WORDS


def _kind_of(key: str) -> str:
    """The kind of secret that ``client_secret``, ``passphrase`` … name."""
    key = key.lower()
    if key.startswith("pass"):
        return "password"
    return "consumer secret" if key.endswith("secret") else f"{key.partition('to')[0].strip(' _-')} token"


def _is_literal(value: str) -> bool:
    return not _is_placeholder(value)


def _is_literal_with_digit(value: str) -> bool:
    return _is_literal(value) and any(character.isdigit() for character in value)


def _always(_: str) -> bool:
    return True


class _Rule(NamedTuple):
    """A pattern with the groups ``secret`` and, if ``kind`` is empty, ``key``; one of ``words`` is in what it matches."""

    kind: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    accepts: Callable[[str], bool] = _always


_KEY_WORDS: Final = (
    *("password", "passwd", "passphrase"),
    *(last + between + "secret" for last in "tr" for between in ("", " ", "_", "-")),
    *(last + between + "token" for last in "ysh" for between in ("", " ", "_", "-")),
)
# Each pattern is anchored at a word, and what follows is possessive or bounded: no text takes more than linear time.
_RULES: Final = (
    _Rule(
        "session id",
        ("00d",),
        re.compile(r"(?P<secret>00D[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?(?:!|%21)[\w.%~+/=!-]++)"),
    ),
    _Rule("refresh token", ("5aep861",), re.compile(r"(?P<secret>5Aep861[\w.%=!-]{8,}+)")),
    _Rule(
        "JSON Web Token",
        (".eyj",),
        re.compile(r"(?<![\w-])(?P<secret>eyJ[\w-]{8,}+\.eyJ[\w-]{8,}+\.[\w-]*+)"),
    ),
    _Rule(
        "access token",
        ("authorization",),
        re.compile(
            rf"(?i)authorization[\"'\]]{{0,3}}\s{{0,20}}[:=,]\s{{0,20}}[bfru]{{0,2}}[\"']?(?:bearer|oauth|basic|token)\s{{1,20}}{_OPAQUE}"
        ),
        _is_literal,
    ),
    _Rule(
        "",
        _KEY_WORDS,
        re.compile(
            rf"(?i){_KEY}\d?\\*[\"'\]]{{0,3}}\s{{0,20}}(?::\s{{0,5}}[\w.\[\]| ]{{1,40}}(?==))?(?:=(?!=)|:=?|=>)\s{{0,20}}[bfru]{{0,2}}{_QUOTED}"
        ),
        _is_literal,
    ),
    _Rule(
        "",  # a form's body or a URL's query
        _KEY_WORDS,
        re.compile(rf"(?i)(?<=[?&])(?<!&&){_KEY}={_FIELD}"),
        _is_literal,
    ),
    _Rule(
        "",
        _KEY_WORDS,
        re.compile(rf"(?i)(?<![\w-]){_KEY}={_FIELD}(?=&(?!&))"),
        _is_literal,
    ),
    _Rule(
        "consumer secret",  # as Setup shows it: 64 hexadecimal digits, or 19 decimal ones
        ("secret",),
        re.compile(
            r"(?i)(?:client|consumer)[ _-]?secret[\"'\]]{0,3}\s{0,20}[:=]\s{0,20}(?P<secret>[0-9a-z]{16,2000}+)(?![\w(.\[])"
        ),
        _is_literal_with_digit,
    ),
    _Rule(
        "",  # a variable of the environment
        _KEY_WORDS,
        re.compile(
            rf"(?i)(?:%env|%set_env|export)\s{{1,20}}\w{{0,40}}?{_KEY}(?:\s{{0,5}}=|\s{{1,5}})\s{{0,5}}[\"']?{_WORD}"
        ),
        _is_literal,
    ),
    _Rule(
        "",  # a flag; in prose too, so only with a digit
        _KEY_WORDS,
        re.compile(rf"(?i)--{_KEY}(?:\s{{0,5}}=|\s{{1,5}})\s{{0,5}}[\"']?{_WORD}"),
        _is_literal_with_digit,
    ),
    _Rule(
        "",
        _KEY_WORDS,
        re.compile(rf"(?i)<(?:[\w-]{{1,40}}:)?{_KEY}(?:\s[^<>]{{0,400}})?>\s{{0,80}}(?P<secret>[^<]{{4,4000}}+)</"),
        _is_literal,
    ),
    _Rule(
        "session id",
        ("sessionid",),
        re.compile(r"<(?:[\w-]{1,40}:)?sessionId(?:\s[^<>]{0,400})?>\s{0,80}(?P<secret>[^<]{4,4000}+)</"),
        _is_literal,
    ),
    _Rule(
        "password",
        ("passwordlogin",),
        re.compile(rf"PasswordLogin\(\s{{0,80}}{_STRING}\s{{0,20}},\s{{0,80}}[bfru]{{0,2}}{_QUOTED}"),
        _is_literal,
    ),
    _Rule(
        "security token",
        ("passwordlogin",),
        re.compile(
            rf"PasswordLogin\(\s{{0,80}}{_STRING}\s{{0,20}},\s{{0,80}}{_STRING}\s{{0,20}},\s{{0,80}}[bfru]{{0,2}}{_QUOTED}"
        ),
        _is_literal,
    ),
)
