"""Hierarchies of certificates with anything in them that an authority may write, or ought not to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
NOW = datetime.now(UTC)
VALID, EXPIRED, FUTURE = (-100, 1000), (-900, -10), (10, 900)


KEYS: dict[str, ec.EllipticCurvePrivateKey] = {}


def key_of(name: str) -> ec.EllipticCurvePrivateKey:
    """The key of a name: the same each time."""
    if name not in KEYS:
        KEYS[name] = ec.generate_private_key(ec.SECP256R1())
    return KEYS[name]


def key_pem(name: str) -> bytes:
    return key_of(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


@dataclass
class Profile:
    """The choices for a certificate; None leaves an extension out."""

    days: tuple[int, int] = VALID
    ca: bool | None = True
    path_length: int | None = None
    cert_sign: bool | None = True
    purposes: Sequence[x509.ObjectIdentifier] | None = None
    permitted: Sequence[x509.GeneralName] | None = None
    excluded: Sequence[x509.GeneralName] | None = None
    names: Sequence[x509.GeneralName] = ()
    unknown: bool = False
    identifiers: bool = True


LEAF = Profile(ca=False, cert_sign=None, purposes=[CLIENT])


def name_of(common_name: str) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Made Up Ltd")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def issue(name: str, issuer: str, profile: Profile | None = None, **changes: Any) -> x509.Certificate:
    """Issue a certificate for a name's key, signed with the issuer's."""
    as_told = Profile(**{**vars(profile or Profile()), **changes})
    first, last = as_told.days
    key, signer = key_of(name).public_key(), key_of(issuer)
    builder = (
        x509.CertificateBuilder(name_of(issuer), name_of(name), key, x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=first))
        .not_valid_after(NOW + timedelta(days=last))
    )
    if as_told.ca is not None:
        length = as_told.path_length if as_told.ca else None
        builder = builder.add_extension(x509.BasicConstraints(as_told.ca, length), critical=True)
    if as_told.identifiers:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = builder.add_extension(identifier, critical=False)
    if as_told.cert_sign is not None:
        other = [False] * 4, [as_told.cert_sign, True, False, False]
        builder = builder.add_extension(x509.KeyUsage(not as_told.cert_sign, *other[0], *other[1]), critical=True)
    if as_told.purposes is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(as_told.purposes), critical=False)
    if as_told.permitted or as_told.excluded:
        builder = builder.add_extension(x509.NameConstraints(as_told.permitted, as_told.excluded), critical=True)
    if as_told.names:
        builder = builder.add_extension(x509.SubjectAlternativeName(as_told.names), critical=False)
    if as_told.unknown:
        unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")
        builder = builder.add_extension(unknown, critical=True)
    return builder.sign(signer, hashes.SHA256())
