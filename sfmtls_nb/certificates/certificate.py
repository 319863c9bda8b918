"""Certificate: one certificate's names, extensions and signature, as everything here looks at them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID

E = TypeVar("E", bound=x509.ExtensionType)

#: A distinguished name as RFC 5280, 7.1 compares it: without case, and with white space collapsed.
ComparableName = tuple[tuple[tuple[str, str], ...], ...]

# Of a year; what lives longer is due this long before its end, as an authority of ten years would be due for three.
_LONGEST_NOTICE: Final = timedelta(days=365) / 3


def common_name(certificate: x509.Certificate) -> str:
    """The subject's CN, or the whole subject if it has none."""
    return name_words(certificate.subject)


def name_words(name: x509.Name) -> str:
    """The name's CN, or the whole name if it has none."""
    names = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else name.rfc4514_string()


def extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    """An extension's value; None if the certificate has none, or one that cannot be read."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except Exception:  # noqa: BLE001  # what a malformed extension raises is documented nowhere
        return None


def fingerprint(certificate: x509.Certificate) -> bytes:
    """The SHA-256 fingerprint, 32 bytes."""
    return certificate.fingerprint(hashes.SHA256())


def renewal_due(certificate: x509.Certificate) -> datetime:
    """The moment from which a certificate should be renewed: two thirds of its life, and of more than a year 121 days before its end."""
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return last - min((last - first) / 3, _LONGEST_NOTICE)


def issuer_url(certificate: x509.Certificate) -> str:
    """The address where the authority offers the issuer's certificate; empty if the certificate names none."""
    for access in extension(certificate, x509.AuthorityInformationAccess) or ():
        if access.access_method == AuthorityInformationAccessOID.CA_ISSUERS:
            return str(access.access_location.value)
    return ""


def signature_hash(certificate: x509.Certificate) -> str:
    """The name of the hash that the signature is of, such as ``sha256``; empty if there is none, or an unknown one."""
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return ""
    return algorithm.name if algorithm else ""


def comparable(name: x509.Name) -> ComparableName:
    """A name as it is compared with another: two spellings of one name are equal."""
    return tuple(
        tuple(sorted((part.oid.dotted_string, " ".join(str(part.value).casefold().split())) for part in rdn))
        for rdn in name.rdns
    )


def spki(key: PublicKeyTypes) -> bytes:
    """A public key as it stands in a certificate: two are the same key if these are."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def is_self_issued(certificate: x509.Certificate) -> bool:
    """True if subject and issuer are one name (RFC 5280, 6.1): so it is with roots, and where an authority changes its key."""
    return comparable(certificate.subject) == comparable(certificate.issuer)


def is_self_signed(certificate: x509.Certificate) -> bool:
    """True if the certificate is signed with its own key, as a root is."""
    return issued_by(certificate, certificate)


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """True if ``issuer`` signed ``certificate``: by name, by key identifier if both have one, and by signature."""
    return (
        comparable(certificate.issuer) == comparable(issuer.subject)
        and is_identified(issuer, extension(certificate, x509.AuthorityKeyIdentifier))
        and signed_by(certificate, issuer)
    )


def is_identified(issuer: x509.Certificate, identifier: x509.AuthorityKeyIdentifier | None) -> bool:
    """True unless an authorityKeyIdentifier says that the issuer is another (RFC 5280, 4.2.1.1)."""
    if identifier is None:
        return True
    own = extension(issuer, x509.SubjectKeyIdentifier)
    if own and identifier.key_identifier and identifier.key_identifier != own.digest:
        return False
    return identifier.authority_cert_serial_number in (None, issuer.serial_number)


def signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Verify the signature alone; cryptography's own `verify_directly_issued_by` compares names letter by letter first."""
    signature, signed = certificate.signature, certificate.tbs_certificate_bytes
    try:
        key, parameters = issuer.public_key(), certificate.signature_algorithm_parameters
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, parameters, certificate.signature_hash_algorithm)  # type: ignore[arg-type]  # checked inside
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, parameters)  # type: ignore[arg-type]  # checked inside
        elif isinstance(key, dsa.DSAPublicKey):
            key.verify(signature, signed, certificate.signature_hash_algorithm)  # type: ignore[arg-type]  # checked inside
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, signed)
        else:
            certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001  # InvalidSignature, or any of a dozen for an algorithm that does not fit the key
        return False
    return True
