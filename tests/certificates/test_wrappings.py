"""Wrappings: a key and its certificates come out of whatever they were put into, and no error shows them."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hierarchies import LEAF, issue, key_of, key_pem, pem
from tracebacks import shown_with_locals

from sfmtls_nb import ClientIdentity, IdentityError

CERTIFICATE = issue("leaf", "issuing", LEAF)
KEY, CERTIFICATES = key_pem("leaf").decode(), pem(CERTIFICATE, issue("issuing", "root")).decode()
FULL = KEY + CERTIFICATES
KEY_DER = key_of("leaf").private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
BARE_KEY, BARE = (
    base64.b64encode(der).decode() for der in (KEY_DER, CERTIFICATE.public_bytes(Encoding.DER))
)  # of one line


def b64(content: str | bytes) -> str:
    return base64.b64encode(content if isinstance(content, bytes) else content.encode()).decode()


def each_line(before: str, behind: str = "") -> str:
    return "".join(f"{before}{line}{behind}\n" for line in FULL.splitlines())


WRAPPED: dict[str, str | bytes] = {
    "nothing": FULL,
    r"a literal \n": FULL.replace("\n", "\\n"),
    r"a literal \\n": FULL.replace("\n", "\\\\n"),
    r"a literal \r\n": FULL.replace("\n", "\\r\\n"),
    "spaces for line ends": FULL.replace("\n", " "),
    "base64": b64(FULL),
    "base64 of base64": b64(b64(FULL)),
    "base64 in lines": base64.encodebytes(FULL.encode()).decode(),
    "base64 for URLs, without padding": base64.urlsafe_b64encode(FULL.encode()).decode().rstrip("="),
    "base64 of text with PEM in it": b64(f"Bag Attributes\n{FULL}"),
    "base64 of UTF-16": b64(FULL.encode("utf-16")),
    "JSON": json.dumps({"key": KEY, "cert": CERTIFICATES}),
    "JSON in JSON": json.dumps(json.dumps({"key": KEY, "cert": CERTIFICATES})),
    "JSON of base64": json.dumps({"key": b64(KEY), "cert": b64(CERTIFICATES)}),
    "JSON of DER": json.dumps({"key": BARE_KEY, "x5c": [BARE]}).replace("/", "\\/"),
    "JSON of lines": json.dumps({"lines": FULL.split("\n")}),
    "JSON with every escape": json.dumps(FULL).replace("+", "\\u002b").replace("=", "\\u003d"),
    "a .env file": 'KEY="{}"\nCERT="{}"\n'.format(KEY.replace("\n", "\\n"), CERTIFICATES.replace("\n", "\\n")),
    "a .env file of base64": f"KEY={b64(KEY)}\nCERT={b64(CERTIFICATES)}\n",
    "a .env file of DER": f"KEY={BARE_KEY}\nCERT={BARE}\n",
    "a .env file of several lines": f"export KEY='{KEY}'\nexport CERT='{CERTIFICATES}'\n",
    "a Kubernetes secret": f"tls.crt: {b64(CERTIFICATES)}\ntls.key: {b64(KEY)}\n",
    "YAML": "key: |\n" + each_line("    "),
    "XML": f"<a><k>{BARE_KEY}</k><X509Certificate>\n{BARE}\n</X509Certificate></a>",
    "UTF-16": FULL.encode("utf-16"),
    "UTF-16 without a mark": FULL.encode("utf-16-le"),
    "UTF-16, the other way round": FULL.encode("utf-16-be"),
    "UTF-16, the other way round, with a mark": b"\xfe\xff" + FULL.encode("utf-16-be"),
    "UTF-32": FULL.encode("utf-32"),
    "UTF-16, then UTF-8": KEY.encode("utf-16") + CERTIFICATES.encode(),
    "UTF-8, then UTF-16": KEY.encode() + CERTIFICATES.encode("utf-16"),
    "both kinds of UTF-16": KEY.encode("utf-16-be") + CERTIFICATES.encode("utf-16"),
    "Windows' code page, then UTF-8": KEY.encode() + "Grüße –\n".encode("cp1252") + "Grüße –\n".encode() + CERTIFICATES.encode(),
    "marks in the middle": b"\xef\xbb\xbf" + KEY.encode() + b"\xef\xbb\xbf" + CERTIFICATES.encode(),
    "a mark in a line": FULL.replace("-----END", "\ufeff-----END").replace("BEGIN", "\ufeffBEGIN"),
    "spaces without width": FULL.replace("\n", "\u200b\n"),
    "non-breaking spaces": FULL.replace("BEGIN ", "BEGIN\u00a0").replace("\n", "\u00a0\n"),
    "en dashes": FULL.replace("-----", "–––––"),
    "em dashes": FULL.replace("-----", "——-"),
    "hyphens that look like hyphens": FULL.replace("-----", "\u2010" * 5),
    "dashes of Windows' code page": FULL.replace("-----", "–––––").encode("cp1252"),
    "dashes in UTF-16": FULL.replace("-----", "–––––").encode("utf-16-be"),
    "a hyphen too few": FULL.replace("-----", "----"),
    "a hyphen too many": FULL.replace("-----", "------"),
    "no line ends between blocks": FULL.replace("-----\n-----", "----------"),
    "a quoted mail": each_line("> "),
    "a mail quoted twice": each_line(">> "),
    "line numbers": "".join(f"{number:6}\t{line}\n" for number, line in enumerate(FULL.splitlines(), 1)),
    "comments": each_line("# "),
    "strings of a program": "key = (\n" + each_line('    "', '\\n"') + ")",
    "strings that are joined": each_line("'", "\\n' +"),
    "lines of a shell": each_line("", " \\"),
    "HTML": "<pre>" + html.escape(FULL).replace("\n", "<br>\n") + "</pre>",
    "HTML's entities": FULL.replace("+", "&#43;").replace("=", "&#61;").replace("\n", "&#10;"),
    "a URL": urllib.parse.quote(FULL),
    "a form": urllib.parse.quote_plus(FULL),
    "quoted-printable": FULL.replace("=", "=3D"),
    "a key that is called a certificate": FULL.replace("PRIVATE KEY", "CERTIFICATE"),
    "a certificate that is called a key": FULL.replace("CERTIFICATE", "PRIVATE KEY"),
    "a certificate that is called a request": FULL.replace("CERTIFICATE", "CERTIFICATE REQUEST"),
    "a key with another label": FULL.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
    "a BEGIN in prose": "Look for -----BEGIN CERTIFICATE----- in this mail.\n\n" + FULL,
    "BEGIN and END in prose": "From -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, please:\n" + FULL,
    "prose on lines of its own": "Copy from\n-----BEGIN CERTIFICATE-----\nand up to\n-----END CERTIFICATE-----\n" + FULL,
    "an END in prose": FULL + "\nUp to and with -----END CERTIFICATE-----.\n",
}  # fmt: skip


@pytest.mark.parametrize("wrapping", WRAPPED)
@pytest.mark.parametrize("given_as", [str, bytes])
def test_every_wrapping_is_undone(wrapping: str, given_as: type) -> None:
    content = WRAPPED[wrapping]
    if given_as is bytes and isinstance(content, str):
        content = content.encode()
    me = ClientIdentity.load(content)
    assert (CERTIFICATE, True) == (me.leaf, me.pem().startswith(KEY.encode()))


def garbled(text: str) -> str:
    """The text with a character in the middle of each line of base64 that no alphabet has."""
    return "\n".join(line if "-----" in line else f"{line[:20]}…{line[21:]}" for line in text.splitlines())


def test_what_cannot_be_unwrapped_is_named_by_character_and_line() -> None:
    with pytest.raises(IdentityError, match=r"private key .* malformed") as caught:
        ClientIdentity.load(garbled(FULL))
    assert caught.value.evidence == "line 2: U+2026 (HORIZONTAL ELLIPSIS) is no character of base64"


def test_a_block_that_is_cut_off_is_named_by_its_line() -> None:
    with pytest.raises(IdentityError) as caught:
        ClientIdentity.load(FULL[:-80])
    line = FULL[:-80].count("\n", 0, FULL.rindex("-----BEGIN")) + 1
    assert caught.value.evidence == f"it is cut off: the BEGIN in line {line} has no END line"


@pytest.mark.parametrize(
    "wrap", [str, b64, lambda text: text.replace("\n", "\\n"), lambda text: text.replace("\n", " ")]
)
def test_an_encrypted_key_of_the_traditional_format_is_unwrapped_too(wrap: Callable[[str], str]) -> None:
    lock = BestAvailableEncryption(b"correct horse")
    locked = key_of("leaf").private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, lock).decode()
    assert "Proc-Type" in locked
    assert ClientIdentity.load(wrap(locked), CERTIFICATES, password="correct horse").leaf == CERTIFICATE


def test_a_path_object_of_key_text_is_content_as_the_text_is() -> None:
    try:
        assert ClientIdentity.load(Path(FULL)).leaf == CERTIFICATE
    except IdentityError as error:
        # pathlib makes one slash of two, and base64 has two now and then.
        assert ("//" in FULL, FULL[100:140] in str(error)) == (True, False)  # noqa: PT017


UNUSABLE: dict[str, Callable[[str], str]] = {
    "a key alone": lambda key: key,
    r"a literal \n": lambda key: key.replace("\n", "\\n"),
    "spaces": lambda key: key.replace("\n", " "),
    "base64": b64,
    "base64 of base64": lambda key: b64(b64(key)),
    "DER": lambda _: BARE_KEY,
    "DER, cut off": lambda _: BARE_KEY[:-30],
    "DER, without its beginning": lambda _: BARE_KEY[30:],
    "without BEGIN and END": lambda key: "".join(key.splitlines()[1:-1]),
    r"without BEGIN and END, a literal \n": lambda key: "\\n".join(key.splitlines()[1:-1]),
    "garbled": garbled,
    "garbled in one line": lambda key: garbled(key).replace("\n", "\\n"),
    "JSON": lambda key: json.dumps({"key": key}),
    ".env": lambda key: f"KEY={b64(key)}",
    "with a path before it": lambda key: f"~/certs/client.key {key}".replace("\n", " "),
    "with a home before it": lambda key: f"~{key}".replace("\n", " "),
    "in a folder": lambda key: "/etc/" + "".join(key.splitlines()[1:-1]),
}


def secrets_of(text: str) -> set[str]:
    """Pieces of the key, as it is and as base64: none may show."""
    whole = "".join(KEY.splitlines()[1:-1])
    return {whole[at : at + 24] for at in range(0, len(whole) - 24, 8)} | {text[40:70]}


@pytest.mark.parametrize("way", UNUSABLE)
@pytest.mark.parametrize("given_as", [str, bytes, bytearray, memoryview])
def test_a_key_that_cannot_be_used_shows_nowhere(way: str, given_as: Callable[[bytes], object]) -> None:
    text = UNUSABLE[way](KEY)
    source = text if given_as is str else given_as(text.encode())
    with pytest.raises(IdentityError) as caught:
        ClientIdentity.load(source, pem(issue("other", "issuing", LEAF)))  # type: ignore[arg-type]  # one of each type
    # The test's own variables are its own affair.
    first = caught.value.__traceback__
    assert first is not None
    shown = shown_with_locals(caught.value.with_traceback(first.tb_next))
    assert [piece for piece in secrets_of(text) if piece in shown] == []
