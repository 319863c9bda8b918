"""Key material: private keys and keystores in a text, as PEM and as DER."""

from __future__ import annotations

import ast
import base64
import re
from collections.abc import Iterator
from typing import Final

from sfmtls_nb.scrub.patterns import Found
from sfmtls_nb.secret import mask

# Between the lines of a key, however they are indented, quoted or numbered.
_BETWEEN: Final = r"[^A-Za-z0-9+/=]{0,60}+(?:\d{1,6}[^A-Za-z0-9+/]{1,20}+)?"
_LABEL: Final = r"[A-Z0-9 +]{0,40}?PRIVATE[ +]KEY[A-Z +]{0,10}?"
_PEM: Final = re.compile(
    rf"-{{4,5}}[ ]?BEGIN[ +](?P<label>{_LABEL})[ ]?-{{4,5}}(?:\s*+[A-Z][A-Za-z-]+:[ ][^\n]*+\n)*+"
    rf"(?P<body>(?:{_BETWEEN}[A-Za-z0-9+/]{{16,}}+={{0,2}})*+"
    r"(?:[^A-Za-z0-9+/=]{0,60}+[A-Za-z0-9+/]{1,15}+={0,2}(?=\s*+(?:[\"'<\\-]|$)))?)"
    rf"(?:[^A-Za-z0-9+/=]{{0,60}}(?:\d{{1,6}}[^A-Za-z0-9+/]{{1,20}})?END[ +]{_LABEL}[ ]?-{{4,5}})?"
)
_END: Final = re.compile(rf"-{{4,5}}[ ]?END[ +](?P<label>{_LABEL})[ ]?-{{4,5}}")
# The lines before an END, from behind.
_BACKWARDS: Final = re.compile(
    r"[^A-Za-z0-9+/=]{0,60}+=*+[A-Za-z0-9+/]++"
    r"(?:[^A-Za-z0-9+/=]{1,60}+(?:\d{1,6}[^A-Za-z0-9+/]{1,20}+)?[A-Za-z0-9+/]{16,}+)*+"
)
_RUN: Final = re.compile(r"[A-Za-z0-9+/]{16,}")


def pem_keys(text: str) -> Iterator[Found]:
    """Private keys in PEM, of which the beginning or the end may be missing."""
    if "PRIVATE" not in text:
        return
    for key in _PEM.finditer(text):
        if _is_material(key["body"] + text[key.end("body") :][:3]):
            yield _pem(*key.span(), key)
    previous = 0
    for end in _END.finditer(text):
        key_lines = _BACKWARDS.match(text[previous : end.start()][::-1])
        if key_lines and _is_material(key_lines[0]):
            yield _pem(end.start() - key_lines.end(), end.end(), end)
        previous = end.end()


def _pem(start: int, end: int, marker: re.Match[str]) -> Found:
    return Found(start, end, "private key", f"-----BEGIN {marker['label']}-----{mask('')}")


def _is_material(base64_lines: str) -> bool:
    if len(base64_lines) < 100 and ("..." in base64_lines or "…" in base64_lines):
        return False  # an example
    material = "".join(_RUN.findall(base64_lines))
    return len(material) >= 24 and all(re.search(kind, material) for kind in ("[0-9]", "[A-Z]", "[a-z]"))


_LENGTH: Final = rb"(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)"
# A SEQUENCE that begins with:
_DER: Final = {
    # RFC 7292: version 3 and pkcs7-data
    rb"\x02\x01\x030.{1,5}?\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07": "PKCS#12 keystore",
    # RFC 8017: version and modulus
    rb"\x02\x01\x00\x02[\x40-\xff]": "private key",
    # RFC 5958: version and the algorithm's OID; encrypted, an OID of PKCS#5 or PKCS#12
    rb"\x02\x01[\x00\x01]0(?:[\x00-\x7f]|\x81.|\x82..)\x06": "private key",
    rb"0.{1,3}\x06.\x2a\x86\x48\x86\xf7\x0d\x01(?:\x05|\x0c\x01)": "private key",
    # RFC 5915: version 1 and the private key
    rb"\x02\x01\x01\x04[\x10-\xff]": "private key",
}
_BEGINNINGS: Final = {
    re.compile(rb"openssh-key-v1\0"): "private key",
    re.compile(rb"(?:\xfe\xed\xfe\xed|\xce\xce\xce\xce)\0\0\0[\1\2]"): "Java keystore",
    **{re.compile(rb"(?s)0" + _LENGTH + inside): kind for inside, kind in _DER.items()},
}
_HEX: Final = re.compile(r"(?<![0-9A-Za-z])(?:0x)?30(?:[\s:,\"'+]{0,80}+(?:0x)?[0-9A-Fa-f]{2}){30,}+")
_LITERAL: Final = r"b(?:\"(?:\\.|[^\"\\\n])*+\"|'(?:\\.|[^'\\\n])*+')"
_LITERALS: Final = re.compile(rf"(?<!\w){_LITERAL}(?:\s{{1,80}}{_LITERAL})*+")


def kind_of_key(data: bytes) -> str:
    """Kind of key material that bytes begin with, such as ``PKCS#12 keystore``; empty if they are something else."""
    # A program that writes keys has literals that look like one, but shorter.
    return next((kind for begin, kind in _BEGINNINGS.items() if len(data) >= 40 and begin.match(data)), "")


def der_keys(text: str) -> Iterator[Found]:
    """Private keys and keystores whose bytes are written in hexadecimal, or as Python's literals of bytes."""
    for digits in _HEX.finditer(text):
        if kind := kind_of_key(bytes.fromhex(re.sub("0x|[^0-9A-Fa-f]", "", digits[0]))):
            yield Found(*digits.span(), kind, mask(""))
    for literals in _LITERALS.finditer(text):
        try:
            kind = kind_of_key(ast.literal_eval(f"({literals[0]})"))
        except (SyntaxError, ValueError):
            continue
        if kind:
            yield Found(literals.start() + 2, literals.end() - 1, kind, mask(""))


def decode_base64(text: str) -> bytes:
    """Bytes that base64 in either alphabet stands for, wherever it was cut off."""
    text = text[:-1] if len(text) % 4 == 1 else text
    return base64.b64decode(text.replace("-", "+").replace("_", "/") + "==")
