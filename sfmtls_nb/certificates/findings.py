"""Findings: what is wrong with an identity, or will be; one function a rule, one table of them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    PublicKeyAlgorithmOID,
    SignatureAlgorithmOID,
)

from sfmtls_nb.certificates.chain import Chain, common_name, extension, is_self_signed
from sfmtls_nb.certificates.reader import Bag
from sfmtls_nb.certificates.roots import AcceptedRoots

Severity = Literal["error", "warning", "note"]

_LAYERS: Final = "Salesforce KB 000383575"
_ROOTS: Final = "Salesforce KB 000385468, “SSL certificates Salesforce supports”"
_RFC5280: Final = "RFC 5280"
_SOON: Final = timedelta(days=30)
# NTP keeps clocks within a second; five minutes is what Kerberos tolerates, and what a certificate made now may need.
_SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Finding:
    """One thing worth knowing about an identity.

    code: a name to search for and to branch on. severity: an ``error`` keeps the org from accepting the identity, a
    ``warning`` will, or may; a ``note`` says what was done. subject: the certificate or file it is about.
    source: where the rule comes from.
    """

    code: str
    severity: Severity
    subject: str
    evidence: str
    advice: str
    source: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.code}: {self.subject}: {self.evidence}; {self.advice} ({self.source})"


@dataclass(frozen=True)
class Case:
    """What the rules look at: a chain and the bag it is from, the moment, the org's roots and its clock if known."""

    chain: Chain
    bag: Bag
    at: datetime
    roots: AcceptedRoots | None = None
    server_date: datetime | None = None


def examine(case: Case) -> list[Finding]:
    """All findings, errors first."""
    found = [finding for rule in _RULES for finding in rule(case)]
    return sorted(found, key=lambda finding: ("error", "warning", "note").index(finding.severity))


# ---------------------------------------------------------------- the leaf


def _self_signed(case: Case) -> Iterator[Finding]:
    leaf = case.chain.leaf
    if is_self_signed(leaf):
        yield Finding(
            "self-signed",
            "error",
            common_name(leaf),
            "the certificate is signed with its own key",
            "have one issued by an authority whose root the org accepts",
            _LAYERS,
        )


def _ca_as_leaf(case: Case) -> Iterator[Finding]:
    leaf = case.chain.leaf
    constraints = extension(leaf, x509.BasicConstraints)
    if constraints and constraints.ca and not is_self_signed(leaf):
        yield Finding(
            "ca-as-leaf",
            "error",
            common_name(leaf),
            "the key fits an authority's certificate (basicConstraints CA:TRUE)",
            "give the client's own key and certificate; an authority's key does not belong on a client",
            f"{_RFC5280}, 4.2.1.9",
        )


def _purposes(case: Case) -> Iterator[Finding]:
    """The leaf MUST carry the extended key usage clientAuth, says Salesforce; `any` does not count to OpenSSL either."""
    leaf = case.chain.leaf
    purposes = set(extension(leaf, x509.ExtendedKeyUsage) or ())
    client, server = ExtendedKeyUsageOID.CLIENT_AUTH in purposes, ExtendedKeyUsageOID.SERVER_AUTH in purposes
    shown = ", ".join(sorted(map(_purpose_name, purposes))) or "no extended key usage at all"
    subject = common_name(leaf)
    ask = "ask for a certificate with the extended key usage clientAuth; public web authorities no longer issue it"
    if server and not client:
        yield Finding("server-auth-only", "error", subject, shown, f"it is a web server's certificate: {ask}", _LAYERS)
    elif not client:
        yield Finding("client-auth-missing", "error", subject, shown, ask, _LAYERS)
    elif server:
        yield Finding(
            "dual-use",
            "warning",
            subject,
            shown,
            "plan its replacement: public authorities have announced the end of these (DigiCert on 1 May 2026, Sectigo on "
            "15 May 2026, Let's Encrypt on 8 July 2026), and the last end by 15 March 2027",
            "Chrome Root Program policy, 15 June 2026",
        )
    if ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in purposes:
        yield Finding(
            "any-purpose",
            "warning",
            subject,
            shown,
            "anyExtendedKeyUsage does not stand for clientAuth: name clientAuth, and leave this out",
            f"{_RFC5280}, 4.2.1.12",
        )


def _key_usage(case: Case) -> Iterator[Finding]:
    leaf = case.chain.leaf
    usage = extension(leaf, x509.KeyUsage)
    if usage and not usage.digital_signature:
        yield Finding(
            "no-digital-signature",
            "error",
            common_name(leaf),
            "keyUsage is there, without digitalSignature",
            "have it issued again with keyUsage digitalSignature: a TLS client signs to prove that it has the key",
            f"{_RFC5280}, 4.2.1.3; RFC 8446, 4.4.2.2",
        )


# ---------------------------------------------------------------- dates


def _dates(case: Case) -> Iterator[Finding]:
    for number, certificate in enumerate((case.chain.leaf, *case.chain.intermediates)):
        subject, first, last = (
            common_name(certificate),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
        )
        whose, renew = (
            ("", "have it renewed, and upload the new leaf")
            if number == 0
            else (
                "intermediate-",
                "get the authority's current intermediate from its web site; the leaf may stay",
            )
        )
        if case.at > last:
            yield Finding(
                f"{whose}expired",
                "error",
                subject,
                f"valid until {last:%Y-%m-%d %H:%M} UTC",
                renew,
                f"{_RFC5280}, 4.1.2.5",
            )
        elif case.at < first:
            yield Finding(
                f"{whose}not-yet-valid",
                "error",
                subject,
                f"valid from {first:%Y-%m-%d %H:%M} UTC; it is {case.at:%Y-%m-%d %H:%M}",
                "wait until then, or set this machine's clock if that is wrong",
                f"{_RFC5280}, 4.1.2.5",
            )
        elif last - case.at <= _SOON:
            yield Finding(
                f"{whose}expires-soon",
                "warning",
                subject,
                f"valid until {last:%Y-%m-%d}: {(last - case.at).days} days",
                renew,
                f"{_RFC5280}, 4.1.2.5",
            )


def _clock(case: Case) -> Iterator[Finding]:
    if case.server_date and abs(case.at - case.server_date) > _SKEW:
        yield Finding(
            "clock-skew",
            "warning",
            "this machine's clock",
            f"it says {case.at:%Y-%m-%d %H:%M:%S} UTC, the server's Date header {case.server_date:%Y-%m-%d %H:%M:%S}",
            "set the clock (NTP does): certificates are judged by it, and here they are judged by this machine's",
            "RFC 9110, 6.6.1",
        )


# ---------------------------------------------------------------- the chain


def _chain_end(case: Case) -> Iterator[Finding]:
    """Whether what is sent leads to a root, and to one the org accepts."""
    chain = case.chain
    top = (chain.leaf, *chain.intermediates)[-1]
    root = chain.root or (case.roots.issuer_of(top) if case.roots else None)
    if is_self_signed(top):
        return
    named = case.roots is not None and case.roots.mentions(top.issuer)
    if root is None and not named and (case.roots or not chain.intermediates):
        yield Finding(
            "intermediate-missing",
            "error",
            common_name(top),
            f"its issuer {top.issuer.rfc4514_string()} is not among the files",
            f"add that certificate, and those above it up to the root{_issuer_url(top)}",
            _ROOTS,
        )
    elif root is None and not named:
        yield Finding(
            "root-unknown",
            "note",
            common_name(top),
            f"its issuer {top.issuer.rfc4514_string()} is not among the files; if that is the root, all is well",
            "give the root too, or the saved page https://MYDOMAIN.my.salesforce.com/cacerts.jsp, to have it checked",
            _ROOTS,
        )
    elif root and case.roots and root not in case.roots:
        yield Finding(
            "root-not-accepted",
            "error",
            common_name(root),
            "it is not among the roots the org accepts",
            "have the certificate issued under one of those; or ask Salesforce Support to add the root",
            _ROOTS,
        )


def _issuer_url(certificate: x509.Certificate) -> str:
    access = extension(certificate, x509.AuthorityInformationAccess) or ()
    urls = [
        description.access_location.value
        for description in access
        if description.access_method == AuthorityInformationAccessOID.CA_ISSUERS
    ]
    return f"; the authority offers it at {urls[0]}" if urls else ""


def _file_order(case: Case) -> Iterator[Finding]:
    """A file that holds part of the chain should hold it in sending order: other clients send it as it stands."""
    ranks = {certificate: rank for rank, certificate in enumerate((case.chain.leaf, *case.chain.intermediates))}
    by_source: dict[str, list[int]] = {}
    for certificate, origin in case.bag.certificates:
        if certificate in ranks:
            by_source.setdefault(origin.source, []).append(ranks[certificate])
    for source, order in by_source.items():
        if any(later < earlier for earlier, later in pairwise(order)):
            yield Finding(
                "wrong-order",
                "warning",
                source,
                "its certificates do not stand in sending order: leaf first, then each issuer",
                "use the PEM written here; curl and others send a file's certificates as they stand",
                "RFC 8446, 4.4.2",
            )


def _root_included(case: Case) -> Iterator[Finding]:
    if case.chain.root:
        yield Finding(
            "root-included",
            "note",
            common_name(case.chain.root),
            "the root is among the files",
            "nothing to do: it is left out of what is sent, for the org has its own copy",
            "RFC 8446, 4.4.2",
        )


# ---------------------------------------------------------------- keys and signatures


def _weak(case: Case) -> Iterator[Finding]:
    for certificate in (case.chain.leaf, *case.chain.intermediates):
        key, subject = certificate.public_key(), common_name(certificate)
        bits = key.key_size if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) else None
        if bits and bits < (2048 if isinstance(key, rsa.RSAPublicKey) else 256):
            yield Finding(
                "weak-key",
                "error",
                subject,
                f"{bits} bits",
                "have it issued for an RSA key of 2048 bits or P-256",
                "NIST SP 800-131A",
            )
        algorithm = _hash_name(certificate)
        if algorithm in ("md5", "sha1"):
            yield Finding(
                "weak-signature",
                "error",
                subject,
                f"signed with {algorithm.upper()}",
                "have it issued again with a SHA-2 signature: TLS libraries refuse this one",
                "NIST SP 800-131A; RFC 9155",
            )


def _purpose_name(purpose: x509.ObjectIdentifier) -> str:
    if purpose == ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE:
        return "anyExtendedKeyUsage"
    known = purpose._name  # noqa: SLF001  # the only name it has
    return purpose.dotted_string if known == "Unknown OID" else known


def _hash_name(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except Exception:  # noqa: BLE001  # an algorithm unknown to cryptography is no weak one that we could name
        return ""
    return algorithm.name if algorithm else ""


def _unusual_key(case: Case) -> Iterator[Finding]:
    leaf = case.chain.leaf
    only_pss = leaf.public_key_algorithm_oid == PublicKeyAlgorithmOID.RSASSA_PSS
    if only_pss or leaf.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS:
        yield Finding(
            "rsa-pss",
            "warning",
            common_name(leaf),
            "the key may sign with RSA-PSS only" if only_pss else "the authority signed it with RSA-PSS",
            "it is right under TLS 1.3; older clients and servers (Java 8, TLS 1.2) may not be able to use it",
            "RFC 8446, 4.2.3",
        )
    if isinstance(leaf.public_key(), ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        yield Finding(
            "edwards-key",
            "warning",
            common_name(leaf),
            type(leaf.public_key()).__name__.removesuffix("PublicKey"),
            "prefer RSA 2048 or P-256: not every TLS server and library takes this key yet",
            "RFC 8446, 4.2.3",
        )


def _key_file(case: Case) -> Iterator[Finding]:
    for _, origin in case.bag.keys:
        if origin.path is None or os.name != "posix":
            continue
        mode = stat.S_IMODE(origin.path.stat().st_mode) if origin.path.exists() else 0
        if mode & 0o077:
            yield Finding(
                "key-readable-by-others",
                "warning",
                str(origin.path),
                f"mode {mode:o}",
                f"chmod 600 {origin.path}: who can read the key can be you",
                "POSIX file modes",
            )


_RULES: Final[tuple[Callable[[Case], Iterator[Finding]], ...]] = (
    _self_signed,
    _ca_as_leaf,
    _purposes,
    _key_usage,
    _dates,
    _chain_end,
    _weak,
    _unusual_key,
    _file_order,
    _key_file,
    _clock,
    _root_included,
)
