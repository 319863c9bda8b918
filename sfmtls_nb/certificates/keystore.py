"""Keystores: what PKCS#12, encrypted keys and Java's own say of themselves before any passphrase is tried."""

from __future__ import annotations

import shlex
from contextlib import suppress
from typing import Final

from sfmtls_nb.certificates.der import INTEGER, OCTETS, OID, SEQUENCE, sequences
from sfmtls_nb.errors import IdentityError

# OWASP advises 600,000, and few tools write more than a million; each passphrase that is tried costs them anew.
_MOST_ITERATIONS: Final = 5_000_000
_MOST_MEMORY: Final = 2**30

_PKCS12: Final = bytes.fromhex("2a864886f70d010c0a01")  # 1.2.840.113549.1.12.10.1: the kinds of bags
_KEY_BAGS: Final = (_PKCS12 + b"\x01", _PKCS12 + b"\x02")
_FRIENDLY_NAME: Final = bytes.fromhex("2a864886f70d010914")

#: First bytes of Java's own formats.
JKS, JCEKS = b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce"


def absurd_work(der: bytes) -> str:
    """The work that a passphrase would cost here, in words, if it is more than any tool asks for; else empty.

    Both PBES of PKCS#5 and the one of PKCS#12 have a salt and the number of iterations, scrypt has N, r and p there
    (RFC 7914, 7); the MAC of PKCS#12 has a digest before them.
    """
    for parts in sequences(der):
        tags = [part.tag for part in parts]
        first = 1 if tags[:3] == [SEQUENCE, OCTETS, INTEGER] else 0
        if tags[first : first + 2] != [OCTETS, INTEGER]:
            continue
        count = int.from_bytes(parts[first + 1].content, "big")
        if tags[1:4] == [INTEGER] * 3:
            memory = 128 * count * int.from_bytes(parts[2].content, "big")
            if memory > _MOST_MEMORY:
                return f"scrypt with {_count(memory)} bytes of memory"
        elif count > _MOST_ITERATIONS:
            return f"{_count(count)} iterations"
    return ""


def _count(number: int) -> str:
    return f"{number:,}" if number < 10**18 else f"2^{number.bit_length() - 1}"


def key_names(pkcs12: bytes) -> list[str]:
    """The names of the keys in a PKCS#12 file, ``key 1`` for one without; as far as they show without the passphrase."""
    names: list[str] = []
    for parts in sequences(pkcs12):
        if len(parts) > 1 and parts[0].tag == OID and parts[0].content in _KEY_BAGS:
            attributes = b"".join(part.content for part in parts[2:])
            names.append(_friendly_name(attributes) or f"key {len(names) + 1}")
    return names


def _friendly_name(attributes: bytes) -> str:
    for parts in sequences(attributes):
        if len(parts) == 2 and parts[0].content == _FRIENDLY_NAME:
            return parts[1].content[2:].decode("utf-16-be", "replace")  # a SET of one BMPString
    return ""


def java_keystore(data: bytes, name: str) -> IdentityError:
    """An error that names the keys of a JKS or JCEKS keystore, and the command that makes PKCS#12 of one."""
    names, is_jks = java_key_names(data), data.startswith(JKS)
    several = f"it holds {len(names)} keys: {', '.join(names)}" if len(names) > 1 else ""
    alias = f"-srcalias {shlex.quote(names[0]) if len(names) == 1 else 'NAME'} " if names else ""
    store = f"{'' if is_jks else '-srcstoretype JCEKS '}-srckeystore {name}"
    return IdentityError(
        f"{name} is a Java keystore ({'JKS' if is_jks else 'JCEKS'})",
        several or repr(bytes(data[:4])),
        f"turn it into PKCS#12{', with the NAME of one key' if several else ''}: "
        f"keytool -importkeystore {store} {alias}-destkeystore client.p12 -deststoretype PKCS12",
    )


def java_key_names(data: bytes) -> list[str]:
    """The aliases of the private keys in a JKS or JCEKS keystore, as far as it can be read."""
    names: list[str] = []
    at = 12

    def take(size: int) -> bytes:
        nonlocal at
        if at + size > len(data):
            raise EOFError
        at += size
        return data[at - size : at]

    def number(size: int) -> int:
        return int.from_bytes(take(size), "big")

    with suppress(EOFError):
        for _ in range(int.from_bytes(data[8:12], "big")):
            kind = number(4)
            alias = take(number(2)).decode("utf-8", "replace")
            take(8)  # when it was made
            if kind == 1:
                names.append(alias)
                take(number(4))
            elif kind != 2:
                break  # JCEKS: a secret key, as Java serializes it
            for _ in range(number(4) if kind == 1 else 1):
                take(number(2))
                take(number(4))
    return names
