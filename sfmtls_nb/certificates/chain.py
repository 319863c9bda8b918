"""Chain: the certificates that lead from the leaf to its root, in the order they are sent."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID

E = TypeVar("E", bound=x509.ExtensionType)

# A distinguished name as RFC 5280, 7.1 compares it: without case, and with white space collapsed.
_Name = tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True)
class Chain:
    """A leaf and what leads from it towards a root.

    intermediates: in sending order: the leaf's issuer first, each next one the issuer of the one before.
    root: the self-signed certificate at the end, if it was there. It is not sent: the peer has its own copy.
    unused: all other certificates, once each.
    """

    leaf: x509.Certificate
    intermediates: tuple[x509.Certificate, ...]
    root: x509.Certificate | None
    unused: tuple[x509.Certificate, ...]


def build_chain(leaf: x509.Certificate, certificates: Iterable[x509.Certificate], at: datetime | None = None) -> Chain:
    """Order certificates by issuer, subject, key identifiers and signature: never by name alone, never by position.

    The shortest way to a self-signed root is taken; without a root, the way that leads furthest. Between equals (a renewed
    or cross-signed issuer) one that is valid ``at`` that moment (default: now) is preferred, then the one that expires
    last: so any order of the certificates gives the same chain.
    """
    moment = at or datetime.now(UTC)
    once = {fingerprint(certificate): certificate for certificate in (leaf, *certificates)}
    pool = [once[print_] for print_ in sorted(once, key=lambda print_: (_preference(once[print_], moment), print_))]
    by_subject: dict[_Name, list[x509.Certificate]] = defaultdict(list)
    for certificate in pool:
        by_subject[_comparable(certificate.subject)].append(certificate)

    # Breadth first, each certificate once: shortest ways first, and no circle of cross-signatures goes round for ever.
    way_to: dict[x509.Certificate, tuple[x509.Certificate, ...]] = {leaf: (leaf,)}
    queue = deque([leaf])
    while queue:
        way = way_to[queue.popleft()]
        if is_self_signed(way[-1]):
            break
        for issuer in by_subject[_comparable(way[-1].issuer)]:
            if issuer not in way_to and issued_by(way[-1], issuer):
                way_to[issuer] = (*way, issuer)
                queue.append(issuer)
    else:
        way = max(way_to.values(), key=len)

    root = way[-1] if len(way) > 1 and is_self_signed(way[-1]) else None
    intermediates = way[1:-1] if root else way[1:]
    return Chain(leaf, intermediates, root, tuple(certificate for certificate in pool if certificate not in way))


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """True if ``issuer`` signed ``certificate``: by name, by key identifier if both have one, and by signature."""
    if _comparable(certificate.issuer) != _comparable(issuer.subject):
        return False
    authority = extension(certificate, x509.AuthorityKeyIdentifier)
    subject = extension(issuer, x509.SubjectKeyIdentifier)
    if authority and subject and authority.key_identifier and authority.key_identifier != subject.digest:
        return False
    return _signed_by(certificate, issuer)


def is_self_signed(certificate: x509.Certificate) -> bool:
    """True if the certificate is signed with its own key, as a root is."""
    return issued_by(certificate, certificate)


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


def _signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Verify the signature alone; cryptography's own `verify_directly_issued_by` compares names letter by letter first."""
    signature, signed = certificate.signature, certificate.tbs_certificate_bytes
    try:
        key, parameters = issuer.public_key(), certificate.signature_algorithm_parameters
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, parameters, certificate.signature_hash_algorithm)  # type: ignore[arg-type]  # checked inside
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, parameters)  # type: ignore[arg-type]  # checked inside
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, signed)
        else:
            return False
    except Exception:  # noqa: BLE001  # InvalidSignature, or any of a dozen for an algorithm that does not fit the key
        return False
    return True


def _preference(certificate: x509.Certificate, moment: datetime) -> tuple[bool, float]:
    valid = certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc
    return not valid, -certificate.not_valid_after_utc.timestamp()


def _comparable(name: x509.Name) -> _Name:
    return tuple(
        tuple(sorted((part.oid.dotted_string, " ".join(str(part.value).casefold().split())) for part in rdn))
        for rdn in name.rdns
    )
