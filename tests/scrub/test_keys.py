"""Private keys go in whatever form they stand there; certificates and public keys stay."""

from __future__ import annotations

import base64
import pprint
import re
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key, pkcs7
from secret_examples import DER_KEYS, EC, PEM_KEYS, RSA, SECRETS, lines_of

from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.scrub.notebook_file import scrub_page
from sfmtls_nb.scrub.scan import secrets_in

# How the bytes of a key may be shown.
NOTATIONS: dict[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "hex with spaces": lambda data: data.hex(" "),
    "hex with colons": lambda data: data.hex(":"),
    "lines of hex": lambda data: "\n".join(textwrap.wrap(data.hex(":"), 48)),
    "lines of quoted hex": lambda data: "\n".join(f"  '{line}'" for line in textwrap.wrap(data.hex(), 64)),
    "0x": lambda data: ", ".join(f"0x{byte:02x}" for byte in data),
    "\\x": lambda data: 'b"' + "".join(f"\\x{byte:02x}" for byte in data) + '"',
    "repr": repr,
    "pprint": pprint.pformat,
}
SHOWN: Final = ("RSA PKCS#8", "RSA PKCS#8 encrypted", "EC SEC1", "Ed25519", "PKCS#12", "PKCS#12 open")


def clean(text: str) -> str:
    return scrub_page(text)[0]


@pytest.mark.parametrize("name", [name for name in SECRETS if name.startswith(("PEM", "DER"))])
def test_a_key_is_found_by_its_kind(name: str) -> None:
    text, _, kind = SECRETS[name]
    assert [(0, len(text.rstrip()), kind)] == [each[:3] for each in secrets_in(text)]


@pytest.mark.parametrize("kept", [3, 5, 20])
def test_a_key_that_is_cut_off_goes_as_far_as_it_goes(kept: int) -> None:
    cut = "\n".join(PEM_KEYS["RSA PKCS#8"].splitlines()[:kept])
    assert "[removed: private key]\n\nand more prose after it" == clean(f"{cut[:-7]}\n\nand more prose after it")


def test_a_key_that_has_lost_its_beginning_goes() -> None:
    cut = "\n".join(PEM_KEYS["RSA PKCS#8"].splitlines()[4:])
    assert "prose before it\n\n[removed: private key]\n" == clean(f"prose before it\n\n{cut}\n")


def test_a_key_in_quoted_pieces_goes() -> None:
    pieces = "\n".join(f'    "{line}\\n"' for line in PEM_KEYS["RSA PKCS#8"].splitlines())
    after = clean(f"key = (\n{pieces}\n)\nprint(key)")
    assert ([], True) == ([line for line in lines_of(PEM_KEYS["RSA PKCS#8"]) if line in after], "print(key)" in after)


def test_a_key_with_the_line_numbers_of_a_traceback_goes() -> None:
    pem = PEM_KEYS["RSA PKCS#8"]
    numbered = "\n".join(f"\x1b[32m     {number}\x1b[39m {line}" for number, line in enumerate(pem.split("\n")))
    assert [] == [line for line in lines_of(pem) if line in clean(numbered)]


@pytest.mark.parametrize("width", [20, 40])
def test_a_key_in_short_lines_goes(width: int) -> None:
    body = "\n".join(textwrap.wrap("".join(PEM_KEYS["Ed25519"].splitlines()[1:-1]), width))
    assert "[removed: private key]" == clean(f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----")


def test_the_certificate_between_two_keys_stays(practice: PracticeOrg) -> None:
    leaf = Path(practice.client.leaf).read_text()
    after = clean(PEM_KEYS["RSA PKCS#8"] + leaf + PEM_KEYS["EC SEC1"])
    assert f"[removed: private key]\n{leaf}[removed: private key]\n" == after


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("name", SHOWN)
def test_a_key_whose_bytes_are_shown_goes_and_nothing_beside_it(name: str, notation: str) -> None:
    after = clean(f"before [{NOTATIONS[notation](DER_KEYS[name])}] after")
    assert re.fullmatch(r"before \[\W*b?\W*@\W*\] after", re.sub(r"\[removed: [\w #]+\]", "@", after))


def test_a_key_whose_bytes_were_cut_off_goes() -> None:
    assert "[removed: private key]\n\nfine" == clean(f"{DER_KEYS['RSA PKCS#8'].hex()[:600]}\n\nfine")


def certificate() -> x509.Certificate:
    name = x509.Name.from_rfc4514_string("CN=Client")
    return (
        x509.CertificateBuilder(name, name, RSA.public_key(), 1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(RSA, hashes.SHA256())
    )


CERTIFICATE = certificate()
REQUEST = x509.CertificateSigningRequestBuilder(CERTIFICATE.subject).sign(RSA, hashes.SHA256())
PUBLIC: dict[str, Callable[[Encoding], bytes]] = {
    "certificate": CERTIFICATE.public_bytes,
    "request": REQUEST.public_bytes,
    "PKCS#7": lambda encoding: pkcs7.serialize_certificates([CERTIFICATE], encoding),
    "public key": lambda encoding: RSA.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo),
    "RSA public key": lambda encoding: RSA.public_key().public_bytes(encoding, PublicFormat.PKCS1),
    "EC public key": lambda encoding: EC.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo),
}


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_public_stays(name: str, encoding: Encoding) -> None:
    data = PUBLIC[name](encoding)
    texts = [base64.b64encode(data).decode(), base64.encodebytes(data).decode()]
    texts += [show(data) for show in NOTATIONS.values()]
    assert [] == [found for text in texts for found in secrets_in(text)]


def test_the_keys_of_these_tests_are_keys() -> None:
    # The tests above would pass with keys that are none.
    assert RSA.private_numbers() == load_pem_private_key(PEM_KEYS["RSA PKCS#1"].encode(), None).private_numbers()  # type: ignore[union-attr]
