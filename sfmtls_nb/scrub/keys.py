"""Key material: private keys and keystores in a text, as PEM, and by what their DER begins with."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from sfmtls_nb.scrub.patterns import Found
from sfmtls_nb.secret import mask

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


def pem_keys(text: str) -> Iterator[Found]:
    """The private keys in PEM, of which the beginning or the end may be missing."""
    markers = list(_MARKER.finditer(text))
    # From one marker to the next, so that each character is read once.
    previous = 0
    for number, marker in enumerate(markers):
        limit = markers[number + 1].start() if number + 1 < len(markers) else len(text)
        if "PRIVATE" in marker[2]:
            span = _after(text, marker, limit) if marker[1] == "BEGIN" else _before(text, marker, previous)
            if span:
                yield Found(*span, "private key", f"-----BEGIN {marker[2]}-----{mask('')}")
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
    return bool(der_secret(decoded(compact[:64])))  # in very short lines


def _is_material(base64_lines: str) -> bool:
    material = "".join(_RUN.findall(base64_lines))
    return len(material) >= 24 and all(re.search(kind, material) for kind in ("[0-9]", "[A-Z]", "[a-z]"))


def der_secret(data: bytes) -> tuple[str, int] | None:
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
        or (
            version in {b"\x02\x01\x00", b"\x02\x01\x01"}
            and re.match(rb"0(?:[\0-\x7f]|\x81.|\x82..)\x06", after, re.DOTALL)
        )
        or (version == b"\x02\x01\x01" and after[0] == 0x04 and after[1] >= 0x10)
        or (
            head[0] == 0x30
            and re.match(rb".{2,4}\x06.\x2a\x86\x48\x86\xf7\x0d\x01(?:\x05|\x0c\x01)", head[:20], re.DOTALL)
        )
    )
    return ("private key", total) if is_key else None


def decoded(text: str) -> bytes:
    """The bytes that base64 stands for, wherever it was cut off; none if it is not base64."""
    text = text[:-1] if len(text) % 4 == 1 else text
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


# --- DER, byte by byte -----------------------------------------------------------------------------------------------


class _Notation(NamedTuple):
    """How bytes are written: what a key or a keystore begins with, and what stands for a byte."""

    begin: re.Pattern[str]
    byte: re.Pattern[str]


def _notation(first: str, byte: str, certain: Callable[[int], str]) -> _Notation:
    """first: the first byte, 0x30, where one may be. byte: any, with one of the groups of `_VALUES`. certain: a certain one.

    All that `der_secret` knows is a SEQUENCE that begins with the version, or with a SEQUENCE that begins with an OID.
    """
    any_ = re.sub(r"\?P<\w+>", "?:", byte)
    length = "|".join([any_, *(certain(0x80 + count) + any_ * count for count in range(1, 5))])
    inner = f"{certain(2)}{certain(1)}|{certain(0x30)}(?:{any_}){{1,4}}?{certain(6)}"
    return _Notation(re.compile(f"{first}(?=(?:{length})(?:{inner}))"), re.compile(byte))


# Between bytes in hexadecimal: colons, commas, and the ends of quoted lines, which may be escaped.
_GAP: Final = r"(?:[\s:,\"'+]|\\[nrt]?|&(?:#x27|#39|quot);){0,80}+(?:0?x)?"
_NOTATIONS: Final = (
    _notation(
        rf"30(?:(?<![0-9A-Za-z]30)|(?<=x30)){_GAP}",
        rf"(?P<hex>[0-9A-Fa-f]{{2}}){_GAP}",
        lambda value: f"(?i:{value:02x}){_GAP}",
    ),
    _notation(
        r"0(?<=b[\"']0)",
        r"(?:\\x(?P<hex>[0-9a-f]{2})|\\(?P<escape>[nrt\\\"'])|(?P<char>[^\n\\\u0100-\U0010ffff]))(?:[\"']\s{1,80}b[\"'])?",
        lambda value: chr(value) if value == 0x30 else f"\\\\x{value:02x}",
    ),
    # Unescaped, a program that writes keys looks like one up to here: no key goes on in ASCII.
    _notation("0(?=[\0-\xff]{20,60}?[\x80-\xff])", "(?P<char>[\0-\xff])", lambda value: re.escape(chr(value))),
)
_VALUES: Final[dict[str | None, Callable[[str], int]]] = {
    "hex": lambda digits: int(digits, 16),
    "escape": lambda letter: ord({"n": "\n", "r": "\r", "t": "\t"}.get(letter, letter)),
    "char": ord,
}


def der_keys(text: str) -> Iterator[Found]:
    """The private keys and keystores in DER whose bytes are written in hexadecimal, as Python's bytes, or as characters."""
    for notation in _NOTATIONS:
        done = 0
        for begin in notation.begin.finditer(text):
            start = begin.start()
            if start < done:
                continue
            head = bytes(value for value, _ in islice(_bytes(text, start, notation), 40))
            if secret := der_secret(head):
                kind, length = secret
                *_, (_, done) = islice(_bytes(text, start, notation), length or None)
                yield Found(start, done, kind, mask(""))


def _bytes(text: str, at: int, notation: _Notation) -> Iterator[tuple[int, int]]:
    """The bytes that are written from there on, each with where it ends."""
    while match := notation.byte.match(text, at):
        yield _VALUES[match.lastgroup](match[str(match.lastgroup)]), match.end(str(match.lastgroup))
        at = match.end()
