"""Paths: the validation of a certification path for a client, as RFC 5280, 6.1 has it and as OpenSSL does it.

`openssl verify -purpose sslclient` is the yardstick: what the two judge differently is a defect here. Signatures are no
matter of this module: a path is made of certificates of which each signed the one before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from sfmtls_nb.certificates.certificate import extension, is_self_issued
from sfmtls_nb.certificates.name_constraints import name_against


class Problem(NamedTuple):
    """One objection to a path: its code in `FINDINGS`, the certificate it is about, and what was seen there."""

    code: str
    certificate: x509.Certificate
    evidence: str


# Extensions that are read here, by OpenSSL, or that say nothing about a path: they may be marked as critical.
_KNOWN: Final = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.NAME_CONSTRAINTS,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.POLICY_MAPPINGS,
    ExtensionOID.POLICY_CONSTRAINTS,
    ExtensionOID.INHIBIT_ANY_POLICY,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    x509.ObjectIdentifier("2.16.840.1.113730.1.1"),  # Netscape's certificate type
}


def objections(path: Sequence[x509.Certificate], at: datetime, *, to_root: bool) -> Iterator[Problem]:
    """The objections to a path for a client at a moment: to its authorities, and to what they may certify.

    path: the leaf, then each issuer. to_root: the last one is the root. What is wrong with a leaf by itself is no matter
    of its path, but for the names that it has and the extensions it demands to be understood.
    """
    below = 0  # the intermediates below, without those that an authority issued to itself
    for depth, certificate in enumerate(path):
        yield from _extensions(certificate)
        if depth:
            is_root = to_root and depth == len(path) - 1
            yield from _dates(certificate, at, "root" if is_root else "intermediate")
            yield from _right_to_issue(certificate, below, is_root=is_root)
            below += not is_self_issued(certificate)
            yield from _permitted_names(path, depth)


def _dates(certificate: x509.Certificate, at: datetime, what: str) -> Iterator[Problem]:
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at > last:
        yield Problem(f"{what}-expired", certificate, f"valid until {last:%Y-%m-%d %H:%M} UTC")
    elif at < first:
        evidence = f"valid from {first:%Y-%m-%d %H:%M} UTC; it is {at:%Y-%m-%d %H:%M}"
        yield Problem(f"{what}-not-yet-valid", certificate, evidence)


def _right_to_issue(certificate: x509.Certificate, below: int, *, is_root: bool) -> Iterator[Problem]:
    """An authority's certificate says that it is one (4.2.1.9), may sign (4.2.1.3), for whom, and how far down."""
    constraints, usage = extension(certificate, x509.BasicConstraints), extension(certificate, x509.KeyUsage)
    # A root is one by being trusted: an old one, without extensions, and one without basicConstraints.
    trusted = is_root and (usage or certificate.version is x509.Version.v1)
    if usage and not usage.key_cert_sign:
        yield Problem("issuer-may-not-issue", certificate, "its keyUsage does not include keyCertSign")
    elif constraints and not constraints.ca:
        yield Problem("issuer-may-not-issue", certificate, "its basicConstraints say CA:FALSE")
    elif not constraints and not trusted:
        yield Problem("issuer-may-not-issue", certificate, "it has no basicConstraints, which would say CA:TRUE")
    if constraints and constraints.path_length is not None and below > constraints.path_length:
        allowed = f"its pathLenConstraint is {constraints.path_length}; {below} authorities are below it"
        yield Problem("path-too-long", certificate, allowed)
    purposes = extension(certificate, x509.ExtendedKeyUsage)
    if purposes and ExtendedKeyUsageOID.CLIENT_AUTH not in purposes:
        # anyExtendedKeyUsage does not stand for clientAuth to OpenSSL, in a leaf nor here.
        names = ", ".join(PURPOSES.get(purpose, purpose.dotted_string) for purpose in purposes)
        yield Problem(
            "issuer-for-other-purposes", certificate, f"its extended key usage is {names}, without clientAuth"
        )


def _permitted_names(path: Sequence[x509.Certificate], depth: int) -> Iterator[Problem]:
    """All names below a constraint must be within it, but for those that an authority issued to itself (6.1.3 b, c)."""
    if constraints := extension(path[depth], x509.NameConstraints):
        for number, certificate in enumerate(path[:depth]):
            if number and is_self_issued(certificate):
                continue
            if against := name_against(certificate, constraints, is_leaf=number == 0):
                yield Problem("name-not-permitted", certificate, f"{against}, by an authority above it")


def _extensions(certificate: x509.Certificate) -> Iterator[Problem]:
    """Critical extensions must be understood, and all of them readable (4.2)."""
    try:
        unknown = [each.oid for each in certificate.extensions if each.critical and each.oid not in _KNOWN]
    except Exception as error:  # noqa: BLE001  # what a malformed extension raises is documented nowhere
        first_line = str(error).partition("\n")[0][:100]
        yield Problem("extension-unreadable", certificate, first_line or type(error).__name__)
        return
    for oid in unknown:
        yield Problem(
            "critical-extension-unknown", certificate, f"the extension {oid.dotted_string} is marked as critical"
        )


#: Purposes by the names that OpenSSL and everyone else have for them.
PURPOSES: Final = {
    ExtendedKeyUsageOID.CLIENT_AUTH: "clientAuth",
    ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth",
    ExtendedKeyUsageOID.CODE_SIGNING: "codeSigning",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "emailProtection",
    ExtendedKeyUsageOID.SMARTCARD_LOGON: "msSmartcardLogin",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "anyExtendedKeyUsage",
}
