"""Wrappings: the PEM in whatever a mail program, an editor, a secret store or a variable made of it. Text in, text out.

Each is undone only where it is: PEM as it should be comes through unchanged.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Final, NamedTuple
from urllib.parse import unquote

from sfmtls_nb.certificates.der import der_length

# Runs of text in two bytes a character, in the middle of others where files of two encodings were joined. Of what is not
# ASCII: umlauts, dashes and quotation marks, and the mark of byte order.
_MARKS: Final = re.compile(rb"\xfe\xff(?=\x00)|\xff\xfe(?=[^\x00]\x00)")
_LITTLE: Final = re.compile(rb"(?:[\t\n\r -~\xa0-\xff]\x00|[\x10-\x27]\x20|\xff\xfe){8,}")
_BIG: Final = re.compile(rb"(?:\x00[\t\n\r -~\xa0-\xff]|\x20[\x10-\x27]|\xfe\xff){8,}")

_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u00ad"
# What a label stands between: five hyphens, or what became of them. Two hyphens become one dash in a text program.
_MARKER: Final = re.compile(
    rf"(?:[-{_DASHES}]{{2,}}|[{_DASHES}])[ \t_]*(BEGIN|END)[ \t_]+"
    r"([A-Z0-9 #_]{0,40}?(?:CERTIFICATE|KEY|REQUEST|PARAMETERS|CRL|PKCS ?#?7|CMS|CHAIN))"
    rf"[ \t_]*(?:[-{_DASHES}]{{2,5}}|[{_DASHES}])",
    re.IGNORECASE,
)
# Spaces of all widths, and what has no width at all.
_SPACES: Final = {
    **dict.fromkeys(
        map(ord, "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"),
        " ",
    ),
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\0"), ""),
    **dict.fromkeys(map(ord, "\u0085\u2028\u2029\v\f"), "\n"),
}
_RUN: Final = r"[A-Za-z0-9+/_-]"
# The base64 of “-----BEGIN”.
_WRAPPED_PEM: Final = re.compile(rf"LS0tLS1CRUdJTi(?:{_RUN}|\s)+=*")
_WRAPPED_DER: Final = re.compile(r"(?<![A-Za-z0-9+/])M[A-P](?:[A-Za-z0-9+/]|\s){60,}=*")


def text_of(data: bytes) -> str:
    """The text in some bytes: UTF-8, UTF-16 with a mark or without, several of these joined; else a character a byte."""
    if data.isascii() and b"\0" not in data:
        return data.decode()
    if b"\0" in data:
        data = _MARKS.sub(b"", data)
        data = _LITTLE.sub(lambda run: run[0].decode("utf-16-le", "replace").encode(), data)
        data = _BIG.sub(lambda run: run[0].decode("utf-16-be", "replace").encode(), data)
    text = data.decode("utf-8", "surrogateescape")
    # What is not UTF-8 is of Windows' code page, which has dashes too.
    return re.sub(
        "[\udc80-\udcff]+", lambda odd: odd[0].encode(errors="surrogateescape").decode("cp1252", "replace"), text
    )


def unwrapped_text(data: bytes) -> str:
    """The text in some bytes, with every wrapping undone."""
    return unwrapped(text_of(data))


def unwrapped(text: str) -> str:
    """The text with every wrapping undone that is known here, one in another too."""
    for _ in range(5):
        before = text
        for is_there, undo in _UNWRAPPERS:
            if is_there(text):
                text = undo(text)
        if text == before:
            break
    return text


def _entities(text: str) -> str:
    """HTML: from a page or a mail."""
    return html.unescape(re.sub(r"<br\s*/?>|</?(?:p|div|pre|span)\b[^<>]*>", "\n", text, flags=re.IGNORECASE))


def _escapes(text: str) -> str:
    r"""Escapes as JSON, .env files and shells write them; in logs of logs twice over: \n, \\n, \u002b, \/."""
    text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    text = re.sub(r"\\+[rn](?:\\+n)?", "\n", text)
    return re.sub(r"\\+([/\"'=+t])", lambda found: " " if found[1] == "t" else found[1], text)


def _percents(text: str) -> str:
    """URLs and headers (nginx's $ssl_client_escaped_cert), and forms, in which a space is a plus."""
    return unquote(text.replace("+", " ") if "BEGIN+" in text else text)


def _mail(text: str) -> str:
    """Quoted-printable, where a line that goes on ends in “=”, and “=” is “=3D”."""
    return re.sub(r"=([23][0-9A-F])", lambda found: chr(int(found[1], 16)), re.sub(r"=\r?\n", "", text))


def _markers(text: str) -> str:
    return _MARKER.sub(lambda found: f"-----{found[1].upper()} {found[2].upper().replace('_', ' ')}-----", text)


def _base64_of_pem(text: str) -> str:
    """PEM that a secret store keeps as base64: the whole file, or a value in YAML or JSON."""
    return _WRAPPED_PEM.sub(
        lambda found: f"\n{text_of(decoded)}\n" if (decoded := decoded_base64(found[0])) else found[0], text
    )


def _base64_of_text(text: str) -> str:
    """Base64 of a whole file in which the PEM does not stand at its beginning."""
    decoded = decoded_base64(text)
    inner = text_of(decoded) if decoded and not decoded.startswith(b"0") else ""
    return inner if _MARKER.search(inner) or "LS0tLS1CRUdJTi" in inner else text


def _is_odd(text: str) -> bool:
    """True if a BEGIN or END line is there that is not as it should be; quick, as most are."""
    begins, ends = text.count("-----BEGIN "), text.count("-----END ")
    if text.isascii() and text.count("-----") == 2 * (begins + ends):
        return (text.count("BEGIN "), text.count("END ")) != (begins, ends)
    return bool(_MARKER.search(text))


def _is_base64(text: str) -> bool:
    return "-----" not in text and bool(re.fullmatch(rf"(?:{_RUN}|\s)+=*\s*", text))


def _seen(quickly: str, pattern: str) -> Callable[[str], bool]:
    """A look for a pattern in texts that have a certain part."""
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda text: quickly in text and bool(compiled.search(text))


# Each wrapping: how it shows, and how it is undone. Those of text in text come first.
_UNWRAPPERS: Final[tuple[tuple[Callable[[str], bool], Callable[[str], str]], ...]] = (
    (lambda text: not text.isascii() or any(odd in text for odd in "\0\v\f"), lambda text: text.translate(_SPACES)),
    (lambda text: "BEGIN%20" in text or "BEGIN+" in text, _percents),
    (_seen("&", r"&(?:#\d|#x|nbsp|quot|amp|lt|gt)"), _entities),
    (_seen("<", r"<br|</?(?:p|div|pre|span)\b"), _entities),
    (_seen("\\", r"\\+[rnu/\"'=+t]"), _escapes),
    (_seen("=3D", "=3D"), _mail),
    (_is_odd, _markers),
    (_is_base64, _base64_of_text),
    (_seen("LS0tLS1CRUdJTi", ""), _base64_of_pem),
)


class Block(NamedTuple):
    """One PEM block: its label, what stands between its BEGIN and END lines, and the number of the BEGIN line."""

    label: str
    body: str
    line: int


class MalformedError(Exception):
    """A block is not what it should be: the kind of thing, and the reason."""


_BOUND: Final = re.compile(r"-----(BEGIN|END) ([A-Z0-9 #]+)-----")


def blocks_of(text: str) -> Iterator[Block]:
    """Yield each PEM block, whatever text stands between them (Bag Attributes, a mail, line numbers).

    Raises MalformedError if one is cut off. A BEGIN or END that somebody wrote about is none.
    """
    begun: Block | None = None
    bounds, line, counted = [*_BOUND.finditer(text)], 1, 0
    for bound, following in zip_longest(bounds, bounds[1:]):
        line, counted = line + text.count("\n", counted, bound.start()), bound.start()
        is_begin, label = bound[1] == "BEGIN", bound[2]
        body = text[bound.end() : following.start() if following else len(text)]
        if is_begin and begun:
            raise MalformedError(begun.label.lower(), f"the BEGIN in line {begun.line} has no END line")
        if is_begin:
            written_about = _is_prose(body) or (not body.strip() and following and following[1] == "BEGIN")
            begun = None if written_about else Block(label, body, line)
        elif begun is None:
            if not _is_prose(text[: bound.start()].rpartition("-----")[2]):
                raise MalformedError(label.lower(), f"the END in line {line} has no BEGIN line")
        elif begun.label != label:
            raise MalformedError(begun.label.lower(), f"BEGIN {begun.label} in line {begun.line}, and END {label}")
        else:
            yield begun
            begun = None
    if begun is not None:
        raise MalformedError(begun.label.lower(), f"it is cut off: the BEGIN in line {begun.line} has no END line")


def _is_prose(text: str) -> bool:
    """True of words: nothing that could be a line of base64, and several of them, or one that no key begins with."""
    if re.match(r"\s*[A-Za-z0-9+/=]{40}", text):
        return False
    words = text.split()
    long = any(re.search("[0-9]|[a-z][A-Z]", run) for run in re.findall(r"[A-Za-z0-9+/]{17,}", text))
    return not long and (
        sum(word[:1].isalpha() for word in words[:20]) > 1 or (text.strip().isalpha() and text.islower())
    )


# What stands around the base64 in a line: quotes of mails, of strings in programs and what joins those, line numbers.
_BETWEEN: Final = re.compile(r"[\"'`][\s,+.;\\()\[\]]*[\"'`]")
_AROUND: Final = re.compile(r"^(?:\s|[>|#*:;\"'`]|\d{1,5}(?=[\s:.)]))*[.):]?\s*|[\"'`][\s+.,;:)\]\\&]*$|\s*\\?\s*$")


def base64_in(block: Block) -> bytes:
    """Decode the base64 of a block, whose header lines (“Name: value”) are left out.

    Raises MalformedError, with the line and the character that cannot be.
    """
    plain = decoded_base64(block.body)
    if plain and der_length(plain) == len(plain):
        return plain
    kept = []
    for number, line in enumerate(_BETWEEN.sub("\n", block.body.strip("-")).splitlines(), block.line):
        if re.match(r"\s*[A-Za-z][A-Za-z0-9-]*: ?[^:]", line):
            continue
        bare = "".join(_AROUND.sub("", line).split())
        if wrong := re.search(r"[^A-Za-z0-9+/=]", bare):
            raise MalformedError(block.label.lower(), f"line {number}: {_named(wrong[0])} is no character of base64")
        kept.append(bare)
    # Where mail programs broke a line, they left a "=" that means: it goes on.
    whole = re.sub(r"=(?=[A-Za-z0-9+/])", "", "".join(kept))
    try:
        return base64.b64decode(whole, validate=True)
    except binascii.Error as error:
        raise MalformedError(
            block.label.lower(), f"the base64 after line {block.line} is not whole: {str(error).lower()}"
        ) from None


def traditional_pem(block: Block) -> bytes:
    """An encrypted key in the traditional format, with its two header lines, as OpenSSL writes it."""
    found = re.search(r"Proc-Type:\s*(\S+)[\s>]+DEK-Info:\s*(\S+)([A-Za-z0-9+/=\s>]+)", block.body)
    if not found:
        raise MalformedError("private key", f"the headers after line {block.line} are not Proc-Type and DEK-Info")
    lines = textwrap.wrap(re.sub(r"[\s>]", "", found[3]), 64)
    headers = [f"-----BEGIN {block.label}-----", f"Proc-Type: {found[1]}", f"DEK-Info: {found[2]}", ""]
    return "\n".join([*headers, *lines, f"-----END {block.label}-----", ""]).encode()


def _named(character: str) -> str:
    """A character by itself and by its name, so that it is found also where it looks like another."""
    name = unicodedata.name(character, "a control character")
    return f"{character!r}" if character.isascii() and character.isprintable() else f"U+{ord(character):04X} ({name})"


def bare_der(text: str) -> Iterator[bytes]:
    """Yield what stands in a text as base64 without BEGIN and END lines: certificates and keys in JSON, XML or alone."""
    for found in _WRAPPED_DER.finditer(text):
        data = decoded_base64(found[0]) or b""
        # Values that stand one below the other may decode to one element behind the other.
        while data.startswith(b"0") and 40 < der_length(data) <= len(data):
            yield data[: der_length(data)]
            data = data[der_length(data) :]


def decoded_base64(text: str) -> bytes | None:
    """Bytes that base64 in either alphabet stands for; None if it is none. Padding is made up where it was left out."""
    bare = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except ValueError:  # binascii's own, or a character that is not ASCII
        return None
