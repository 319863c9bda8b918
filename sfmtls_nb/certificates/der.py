"""DER: the elements of a binary key, certificate or keystore, as far as they show before anything is decrypted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

OID, INTEGER, OCTETS, SEQUENCE = 0x06, 0x02, 0x04, 0x30


class Element(NamedTuple):
    """A tag and its content (X.690, 8.1)."""

    tag: int
    content: bytes


def header_length(der: bytes) -> int:
    """Count the bytes of the outermost tag and length (X.690, 8.1.3)."""
    return 2 + (der[1] & 0x7F if len(der) > 1 and der[1] & 0x80 else 0)


def der_length(der: bytes) -> int:
    """Count the bytes of the outermost element, its header included; all of them if the length is indefinite (BER)."""
    header = header_length(der)
    if header == 2:
        return header + der[1] if len(der) > 1 and der[1] != 0x80 else len(der)
    return header + int.from_bytes(der[2:header], "big")


def elements(der: bytes) -> list[Element]:
    """The elements that stand one after the other in some bytes; none if it is not DER to its end."""
    found = []
    while der:
        length = der_length(der)
        if len(der) < length or (len(der) > 1 and der[1] == 0x80) or length < 2:
            return []
        found.append(Element(der[0], der[header_length(der) : length]))
        der = der[length:]
    return found


def sequences(der: bytes, depth: int = 0) -> Iterator[list[Element]]:
    """Yield what stands in each SEQUENCE, however deep, also in one that is wrapped in an OCTET STRING, as in PKCS#12."""
    for element in elements(der):
        if element.tag == SEQUENCE:
            yield elements(element.content)
        if depth < 20 and (element.tag & 0x20 or (element.tag == OCTETS and element.content[:1] == b"\x30")):
            yield from sequences(element.content, depth + 1)
