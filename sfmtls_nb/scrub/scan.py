"""Secret scan: the secrets in a text, read as it stands and as it was meant.

That is without terminal colours, without HTML tags, with escapes undone, and with base64 decoded.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final

from sfmtls_nb.scrub.keys import decoded, der_keys, der_secret, pem_keys
from sfmtls_nb.scrub.patterns import Found, found_by_pattern
from sfmtls_nb.secret import mask

#: base64 in base64 in base64.
_DEEPEST: Final = 3


def secrets_in(text: str, depth: int = 0, *, wrapped: bool = True) -> list[Found]:
    """The secrets in a text, perhaps overlapping, in no order."""
    lowered = text.lower()
    if not any(word in lowered for word in _WORTH_A_LOOK) and not any(sign.search(text) for sign in _SIGNS):
        return []
    found = _in_der(text, wrapped=wrapped)
    if found:  # rewritten, a key would seem to be longer or shorter
        text = _blanked(text, found)
        lowered = text.lower()
    found += _as_it_stands(text, lowered, depth)
    read = {text}
    for reading in _READINGS if wrapped else ():
        for each in _as_meant(text, reading, read, lambda text: _as_it_stands(text, text.lower(), depth)):
            found += each
    return found


def _in_der(text: str, *, wrapped: bool) -> list[Found]:
    """The keys in DER: as they stand, or else after the first rewriting that brings any to light."""
    found = list(der_keys(text))
    if found or not wrapped or not any(sign in text for sign in _ESCAPED_DER):
        return found
    return next(filter(None, _as_meant(text, _AS_BYTES, {text}, lambda text: list(der_keys(text)))), [])


def _blanked(text: str, found: list[Found]) -> str:
    """A text, as long as before, without what was found in it."""
    parts, done = [], 0
    for each in merged(found):
        parts += [text[done : each.start], "•" * (each.end - each.start)]
        done = each.end
    return "".join([*parts, text[done:]])


def _as_meant(
    text: str, reading: tuple[_Stage, ...], read: set[str], look: Callable[[str], list[Found]]
) -> Iterator[list[Found]]:
    """What comes to light in a text when it is rewritten, stage by stage, into what has not been ``read`` yet."""
    stages: list[tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]]] = []
    origins: list[Origin] = []  # of these stages; worked out only if there is a find
    for signs, pattern, meaning in reading:
        if not any(sign in text for sign in signs) or (rewritten := pattern.sub(meaning, text)) == text:
            continue
        stages.append((text, pattern, meaning))
        text = rewritten
        if text in read:
            continue
        read.add(text)
        found = look(text)
        if found:
            origins += [Origin(*stage) for stage in stages[len(origins) :]]
        for origin in reversed(origins) if found else ():
            found = [Found(*origin.of(each.start, each.end), *each[2:]) for each in found]
        yield found


def _as_it_stands(text: str, lowered: str, depth: int) -> list[Found]:
    found = list(pem_keys(text)) if "PRIVATE" in text else []
    found += found_by_pattern(text, lowered)
    if depth < _DEEPEST:
        found += _in_base64(text, depth)
    return found


def merged(found: list[Found]) -> list[Found]:
    """In order, and what overlaps as one, by the name of the one that begins first."""
    apart: list[Found] = []
    for each in sorted(found, key=lambda each: (each.start, -each.end)):
        if apart and each.start < apart[-1].end:
            apart[-1] = apart[-1]._replace(end=max(each.end, apart[-1].end))
        else:
            apart.append(each)
    return apart


# --- As it was meant -------------------------------------------------------------------------------------------------


class Origin:
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
_ENTITY: Final = r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|lt|gt|amp|quot|apos|nbsp|excl|equals|plus|sol|NewLine);?"
_BACKSLASHED: Final = r"\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[nrt\n\"'/!\\])"
_ESCAPES: Final = re.compile(rf"{_ENTITY}|{_BACKSLASHED}|%[0-9A-Fa-f]{{2}}")
_PART: Final = r"[\w.%~+/=!-]"
# Between two literals that Python makes one of, if the second is such as the parts of a token are.
_JUNCTIONS: Final = re.compile(
    rf"[\"'](?<={_PART}.)\s{{0,80}}+[+\\]?+\s{{0,80}}+[bfru]{{0,2}}[\"'](?={_PART}{{1,4000}}+[\"'])"
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
_JOINED: Final = ("\"'", _JUNCTIONS, _nothing)
# As often as a notebook wraps (JSON in a string in HTML, and the like); and with what looks like a tag, but is code.
_READINGS: Final = (
    (_COLOURLESS, _TAGLESS, _UNESCAPED, _TAGLESS, _UNESCAPED, _JOINED),
    (_COLOURLESS, _UNESCAPED, _UNESCAPED, _UNESCAPED, _JOINED),
)
# A key in DER at its most escaped; what undoes that, as little at a time as there is.
_ESCAPED_DER: Final = ("x02", "x86H", "u0002")
_UNSLASHED: Final = ("\\", re.compile(_BACKSLASHED), _meaning)  # a "%41" among the bytes is three of them
_AS_BYTES: Final = (_COLOURLESS, ("&", re.compile(_ENTITY), _meaning), _UNSLASHED, _UNSLASHED, _UNSLASHED)
_WORTH_A_LOOK: Final = (
    *("00d", "5aep861", "eyj", "pass", "pw", "secret", "token", "authorization", "private", "session", "assertion"),
    *("sf_", "curl", "kty"),
    *("\x02\x01", "*\x86h\x86", "\\x", "x02", "02:01", "02 01", "2a:86", "2a 86"),  # DER, as its bytes may be written
)
# Base64, and a URL with a password.
_SIGNS: Final = (re.compile(r"[A-Za-z0-9+/_-]{16}"), re.compile(r"//[^\s/?#]{1,600}?(?:@|%40)"))


# --- Base64 ---------------------------------------------------------------------------------------------------------

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


def _in_base64(text: str, depth: int) -> Iterator[Found]:
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
            yield Found(*block.span(), kind, mask(""))
        elif not _is_wrapped(runs):  # a list of base64, each by itself
            for run in runs:
                if len(run[0]) >= 40 and (kind := _kind_inside(run[0], depth)):
                    yield Found(*run.span(), kind, mask(""))


def _is_wrapped(runs: list[re.Match[str]]) -> bool:
    """Whether these are the lines of one thing: all but the last as long as the first, in whole groups of four."""
    return len(runs) == 1 or (len(runs[0][0]) % 4 == 0 and len({len(run[0]) for run in runs[:-1]}) == 1)


def _kind_inside(text: str, depth: int) -> str:
    """What secret is in the bytes that a base64 text stands for; else empty."""
    data = decoded(text.translate({ord("-"): "+", ord("_"): "/"}))
    try:
        found = secrets_in(data.decode("utf-16" if data[:2] in _UTF_16 else "utf-8"), depth + 1)
    except UnicodeDecodeError:
        found = secrets_in(data.decode("latin-1"), depth + 1, wrapped=False)
    if found:
        return merged(found)[0].kind
    return "private key" if any(sign in text for sign in _PRIVATE_KEY) else ""


def _der_secrets(runs: list[re.Match[str]], joined: str) -> Iterator[Found]:
    """Keys and keystores that begin with one of these runs, each as far as its own length says."""
    begins = [0, *accumulate(len(run[0]) for run in runs)]
    done = 0
    for run, begin in zip(runs, begins, strict=False):
        if begin < done or not (secret := der_secret(decoded(joined[begin : begin + 64]))):
            continue
        kind, length = secret
        done = min(begin + -(-length * 4 // 3), len(joined)) if length else len(joined)
        number = bisect_right(begins, done - 1) - 1
        end = runs[number].start() + done - begins[number]
        end += len((re.match(r"={0,2}", run.string[end : end + 2]) or [""])[0])
        yield Found(run.start(), end, kind, mask(""))
