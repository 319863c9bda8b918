"""Private key: a damaged RSA key is refused when it is read, though nobody proves anew that its primes are prime."""

from __future__ import annotations

import re
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from sfmtls_nb import IdentityError, PassphraseError
from sfmtls_nb.certificates.private_key import key_from_der
from sfmtls_nb.certificates.reader import read_bag
from sfmtls_nb.secret import Secret

KEY: Final = rsa.generate_private_key(65537, 2048)
NUMBERS: Final = KEY.private_numbers()
PLAIN: Final = NoEncryption()
PARTS: Final = {
    "n": NUMBERS.public_numbers.n,
    "e": NUMBERS.public_numbers.e,
    **{name: getattr(NUMBERS, name) for name in ("d", "p", "q", "dmp1", "dmq1", "iqmp")},
}


def damaged(part: str, encoding: Encoding = Encoding.PEM, encryption: KeySerializationEncryption = PLAIN) -> bytes:
    """The key with another bit in the middle of one of its numbers, as it is written."""
    whole = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    number = PARTS[part].to_bytes((PARTS[part].bit_length() + 7) // 8, "big")
    at = whole.index(number) + len(number) // 2
    changed = whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :]
    broken = load_der_private_key(changed, None, unsafe_skip_rsa_key_validation=True)
    return broken.private_bytes(encoding, PrivateFormat.PKCS8, encryption)


@pytest.mark.parametrize("part", PARTS)
def test_a_number_that_has_changed_is_found(part: str) -> None:
    with pytest.raises(IdentityError, match=r"the private key in the given bytes is malformed[^$]*belong together"):
        read_bag([damaged(part)])


@pytest.mark.parametrize("part", PARTS)
def test_openssl_agrees_that_it_is_damaged(part: str) -> None:
    with pytest.raises(ValueError, match="Invalid private key"):
        load_der_private_key(damaged(part, Encoding.DER), None)


def test_an_encrypted_key_that_is_damaged_is_said_to_be_perhaps() -> None:
    encrypted = damaged("q", encryption=BestAvailableEncryption(b"correct horse"))
    with pytest.raises(PassphraseError, match="the file is damaged: ask for it again"):
        read_bag([encrypted], Secret("correct horse"))


def test_what_is_said_of_a_damaged_key_has_none_of_its_numbers() -> None:
    with pytest.raises(IdentityError) as caught:
        read_bag([damaged("p")])
    assert re.findall(r"\d{10}", str(caught.value)) == []


@pytest.mark.parametrize("key", [KEY, rsa.generate_private_key(3, 2048), ec.generate_private_key(ec.SECP256R1())])
def test_a_whole_key_is_read(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> None:
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    read = key_from_der(der, None)
    assert isinstance(read, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    assert key.private_numbers() == read.private_numbers()
