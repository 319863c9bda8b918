"""Opaque bytes: what is not taken apart here, in a few words: certificates, names of authorities, keys."""

from __future__ import annotations

from cryptography import x509

from sfmtls_nb.errors import visible


def size(value: bytes) -> str:
    """Count of the bytes, as ``32 bytes``."""
    return f"{len(value):,} bytes" if len(value) != 1 else "1 byte"


def certificate(der: bytes) -> str:
    """Subject and issuer; that it cannot be read, where it cannot."""
    try:
        read = x509.load_der_x509_certificate(der)
        subject, issuer = _name(read.subject), _name(read.issuer)
        own = read.subject == read.issuer
    except Exception:  # noqa: BLE001  # what malformed bytes raise is documented nowhere
        return "no X.509 certificate that can be read"
    return f"{subject}, signed by itself" if own else f"{subject}, issued by {issuer}"


def distinguished_name(der: bytes) -> str:
    """An authority's name; its size only, with a cryptography that reads no names by themselves."""
    try:
        return _name(x509.Name.from_bytes(der))
    except Exception:  # noqa: BLE001  # as above; before 50, there is no from_bytes
        return size(der)


def text(value: str) -> str:
    """A text from outside, in one line: whoever wrote it must not draw lines of this picture."""
    return visible(value).replace("\n", r"\n").replace("\t", r"\t")


def _name(name: x509.Name) -> str:
    """The name's CN, or the whole name if it has none."""
    common = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return text(str(common[0].value) if common else name.rfc4514_string()) or "nobody"
