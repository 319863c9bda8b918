"""Chain: which certificates of a bag lead from the leaf to its root, and in which order they are sent."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes


@dataclass(frozen=True)
class Chain:
    """A leaf and what leads from it towards a root.

    intermediates: in sending order: the leaf's issuer first, each next one the issuer of the one before.
    root: the self-signed certificate at the end, if it was in the bag. It is not sent: the peer has its own copy.
    unused: everything else that was in the bag.
    """

    leaf: x509.Certificate
    intermediates: tuple[x509.Certificate, ...]
    root: x509.Certificate | None
    unused: tuple[x509.Certificate, ...]


def build_chain(leaf: x509.Certificate, bag: Iterable[x509.Certificate]) -> Chain:
    """Order the bag by issuer, subject, key identifiers and signature: never by name alone, never by position.

    The shortest way to a self-signed root in the bag is taken; without a root, the way that leads furthest.
    Between equals (a renewed or cross-signed issuer) the one that expires last is taken, so that any order of the
    bag gives the same chain.
    """
    by_fingerprint = {_fingerprint(certificate): certificate for certificate in (leaf, *bag)}
    pool = sorted(by_fingerprint.values(), key=lambda c: (-c.not_valid_after_utc.timestamp(), _fingerprint(c)))
    by_subject: dict[x509.Name, list[x509.Certificate]] = defaultdict(list)
    for certificate in pool:
        by_subject[certificate.subject].append(certificate)

    # Breadth first, each certificate once: shortest ways first, and no cross-signed circle goes round for ever.
    path_to: dict[x509.Certificate, tuple[x509.Certificate, ...]] = {leaf: (leaf,)}
    queue = deque([leaf])
    while queue:
        path = path_to[queue.popleft()]
        if is_self_signed(path[-1]):
            break
        for issuer in by_subject[path[-1].issuer]:
            if issuer not in path_to and issued_by(path[-1], issuer):
                path_to[issuer] = (*path, issuer)
                queue.append(issuer)
    else:
        path = max(path_to.values(), key=len)

    root = path[-1] if len(path) > 1 and is_self_signed(path[-1]) else None
    intermediates = path[1:-1] if root else path[1:]
    return Chain(leaf, intermediates, root, tuple(c for c in pool if c not in path))


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether ``issuer`` signed ``certificate``: by name, by key identifier where both have one, by signature."""
    wanted, offered = _authority_key_id(certificate), _subject_key_id(issuer)
    if wanted and offered and wanted != offered:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Whether the certificate is signed with its own key, as a root is."""
    return certificate.issuer == certificate.subject and issued_by(certificate, certificate)


def _fingerprint(certificate: x509.Certificate) -> bytes:
    return certificate.fingerprint(hashes.SHA256())


def _authority_key_id(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except (x509.ExtensionNotFound, ValueError):
        return None


def _subject_key_id(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except (x509.ExtensionNotFound, ValueError):
        return None
