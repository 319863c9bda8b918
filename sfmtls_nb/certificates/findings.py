"""Findings: all that is or will be wrong with an identity. A table gives the meaning of each, rules look for them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, PublicKeyAlgorithmOID, SignatureAlgorithmOID

from sfmtls_nb.certificates.certificate import common_name, extension, is_self_signed, renewal_due, signature_hash
from sfmtls_nb.certificates.chain import Chain
from sfmtls_nb.certificates.paths import PURPOSES
from sfmtls_nb.certificates.reader import Bag

Severity = Literal["error", "warning", "note"]

_LAYERS: Final = "Salesforce KB 000383575"
_ROOTS: Final = "Salesforce KB 000385468, “SSL certificates Salesforce supports”"
_PROOF: Final = "RFC 8446, 4.4.2 and 4.4.3"
_LIVES: Final = "CA/Browser Forum, ballot SC-081v3: public certificates live 200 days, 100 from 15 March 2027, 47 from 15 March 2029"
_ASK: Final = "ask for a certificate with the extended key usage clientAuth; public web authorities no longer issue it"
_RENEW: Final = "have it renewed, and upload the new leaf: %sf_identity --renew leads through it"
_BESIDE: Final = (
    "renew it now: %sf_identity --renew leads through it, and the old leaf stays in Setup until the new one is proven"
)
_REPLACE: Final = "get the authority's current intermediate from its web site; the leaf may stay"
_WAIT: Final = "wait until then, or set this machine's clock if that is wrong"


class Rule(NamedTuple):
    """The meaning of a finding.

    code: a name to search for and to branch on. severity: an ``error`` keeps the org from accepting the identity; a
    ``warning`` will, or may; a ``note`` says how the files were used. advice: what to do, with ``{subject}`` for the
    certificate or file. source: the document that the rule comes from.
    """

    code: str
    severity: Severity
    advice: str
    source: str


_TABLE: Final[tuple[tuple[str, Severity, str, str], ...]] = (
    # The files make no identity.
    ("no-key", "error", "add the key file that was made together with the certificate request (often .key or .pem)", _PROOF),
    ("no-leaf", "error", "add the certificate your authority issued for this key", _PROOF),
    ("key-mismatch", "error", "find the key made with this certificate's request (one that signs JWTs for an app is another), or have a "
     "certificate issued for this key", _PROOF),
    ("several-identities", "error", "give the files of one client at a time", _PROOF),
    # The leaf.
    ("self-signed", "error", "have one issued by an authority whose root the org accepts; what an app takes for the key of its JWTs "
     "may be self-signed, and is not for TLS", _LAYERS),
    ("leaf-may-issue", "warning", "works, and is dangerous: whoever gets the key can issue certificates; have one issued without CA:TRUE",
     "RFC 5280, 4.2.1.9"),
    ("ca-as-leaf", "error", "give the client's own key and certificate; an authority's key is not for a client", "RFC 5280, 4.2.1.9"),
    ("no-digital-signature", "error", "have it issued again with keyUsage digitalSignature: the client signs to prove that it has the key",
     "RFC 5280, 4.2.1.3; RFC 8446, 4.4.2.2"),
    ("key-agreement-only", "warning", "OpenSSL accepts it, other servers do not: have it issued again with keyUsage digitalSignature",
     "RFC 5280, 4.2.1.3; RFC 8446, 4.4.2.2"),
    ("server-auth-only", "error", f"it is a web server's certificate: {_ASK}", _LAYERS),
    ("client-auth-missing", "error", _ASK, _LAYERS),
    ("dual-use", "warning", "plan its replacement: public authorities have announced the end of these (DigiCert on 1 May 2026, "
     "Sectigo on 15 May 2026, Let's Encrypt on 8 July 2026), and the last end by 15 March 2027", "Chrome Root Program policy, 15 June 2026"),
    ("any-purpose", "warning", "anyExtendedKeyUsage does not stand for clientAuth: name clientAuth, and leave this out", "RFC 5280, 4.2.1.12"),
    # Dates.
    ("expired", "error", _RENEW, "RFC 5280, 4.1.2.5"),
    ("not-yet-valid", "error", _WAIT, "RFC 5280, 4.1.2.5"),
    ("expires-soon", "warning", _BESIDE, _LIVES),
    ("intermediate-expired", "error", _REPLACE, "RFC 5280, 4.1.2.5"),
    ("intermediate-not-yet-valid", "error", _WAIT, "RFC 5280, 4.1.2.5"),
    ("intermediate-expires-soon", "warning", f"{_REPLACE}, or %sf_identity --renew brings a leaf with a new one", "RFC 5280, 4.1.2.5"),
    ("root-expired", "error", "have the leaf issued under a root that is valid, or get the root's renewed certificate, if there is one",
     "RFC 5280, 6.1"),
    ("root-not-yet-valid", "error", _WAIT, "RFC 5280, 6.1"),
    ("cross-certificate-expired", "warning", "if it is itself a root that the org accepts (cacerts.jsp shows it), all is well; "
     f"if not, {_REPLACE}", "RFC 5280, 6.1"),
    # The chain.
    ("intermediate-missing", "error", "add that certificate, and those above it up to the root", _ROOTS),
    ("root-unknown", "note", "to have it checked, give the root too, or the saved page https://MYDOMAIN.my.salesforce.com/cacerts.jsp", _ROOTS),
    ("root-not-accepted", "error", "have the certificate issued under one of those; or ask Salesforce Support to add the root", _ROOTS),
    ("root-included", "note", "nothing to do: it is left out of what is sent, because the org has its own copy", "RFC 8446, 4.4.2"),
    ("issuer-for-other-purposes", "error", "have the leaf issued under an authority for client authentication: public ones have "
     "limited theirs to serverAuth", "Chrome Root Program policy, 15 June 2026; OpenSSL, -purpose sslclient"),
    ("issuer-may-not-issue", "error", "have the leaf issued by an authority: this one's certificate is none for signing others",
     "RFC 5280, 6.1.4 (k) and (n)"),
    ("path-too-long", "error", "have the leaf issued by the authority that may have none below it, or by another", "RFC 5280, 6.1.4 (l) and (m)"),
    ("name-not-permitted", "error", "have it issued with a name that the authority may certify, or by another authority", "RFC 5280, 6.1.3 (b) and (c)"),
    ("critical-extension-unknown", "error", "have it issued without: who does not know a critical extension must refuse the certificate",
     "RFC 5280, 4.2"),
    ("extension-unreadable", "warning", "have it issued again: its extensions cannot be read, and may be taken for whatever", "RFC 5280, 4.2"),
    # Keys and signatures.
    ("weak-key", "error", "have it issued for an RSA key of 2048 bits or P-256", "NIST SP 800-131A"),
    ("weak-signature", "error", "have it issued again with a SHA-2 signature: TLS libraries refuse this one", "NIST SP 800-131A; RFC 9155"),
    ("rsa-pss", "warning", "fine under TLS 1.3; older clients and servers (Java 8, TLS 1.2) may not be able to use it", "RFC 8446, 4.2.3"),
    ("edwards-key", "warning", "prefer RSA 2048 or P-256: not every TLS server and library takes this key yet", "RFC 8446, 4.2.3"),
    ("curve-not-for-tls", "error", "have it issued for a new key on P-256 or P-384, by its name: TLS has no other curves, and a client sends no "
     "certificate that it cannot use", "RFC 8446, 4.2.3 and 4.2.7; RFC 5480, 2.1.1"),
    ("key-not-for-tls", "error", "have it issued for a new RSA key of 2048 bits or P-256: TLS 1.3 knows none of this kind", "RFC 8446, 4.2.3"),
    ("issuer-key-not-of-tls", "warning", "OpenSSL accepts it in an authority's certificate, other servers may not: ask for an authority with "
     "RSA, P-256 or P-384", "RFC 8446, 4.2.3"),
    ("key-encipherment-on-ec", "warning", "have it issued with digitalSignature alone: strict checkers refuse it, as an EC key encrypts nothing",
     "RFC 8813, 3"),
    # Files and clock.
    ("certificate-unreadable", "warning", "ask for that certificate again; if the chain is whole without it, leave it out", "RFC 5280, 4.1"),
    ("passed-over", "note", "nothing to do, if you meant it so", "RFC 7468"),
    ("wrong-order", "warning", "use the PEM written here; curl and others send a file's certificates as they stand", "RFC 8446, 4.4.2"),
    ("key-readable-by-others", "warning", "chmod 600 {subject}: whoever can read the key can be you", "POSIX file modes"),
    ("clock-skew", "warning", "set the clock (NTP does): this check judges dates by it, and the org by its own", "RFC 9110, 6.6.1"),
)  # fmt: skip

#: All that can be found, by its code; ``pandas.DataFrame(FINDINGS.values())`` shows it as a table.
FINDINGS: Final[Mapping[str, Rule]] = {row[0]: Rule(*row) for row in _TABLE}

# NTP keeps clocks within a second; five minutes is what Kerberos tolerates, and what a certificate made now may need.
_SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Finding:
    """One thing worth knowing about an identity.

    subject: the certificate or file it is about. evidence: what was seen there. The rest is the row of `FINDINGS`.
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
    """A chain and the files it is from, the moment to judge it, and the org's clock if known."""

    chain: Chain
    bag: Bag
    at: datetime
    server_date: datetime | None = None

    @property
    def sent(self) -> tuple[x509.Certificate, ...]:
        """Leaf and intermediates."""
        return self.chain.leaf, *self.chain.intermediates


_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_FOR_TLS: Final = (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)

#: Code, subject and evidence.
_Found = Iterator[tuple[str, str, str]]


def find(code: str, subject: str, evidence: str) -> Finding:
    """Make a finding from its row in `FINDINGS`."""
    rule = FINDINGS[code]
    return Finding(code, rule.severity, subject, evidence, rule.advice.format(subject=subject), rule.source)


def examine(case: Case) -> list[Finding]:
    """All findings, errors first."""
    found = [find(*each) for rule in _RULES for each in rule(case)]
    return sorted(found, key=lambda finding: ("error", "warning", "note").index(finding.severity))


def _leaf(case: Case) -> _Found:
    leaf, subject = case.chain.leaf, common_name(case.chain.leaf)
    constraints, usage = extension(leaf, x509.BasicConstraints), extension(leaf, x509.KeyUsage)
    if is_self_signed(leaf):
        yield "self-signed", subject, "the certificate is signed with its own key"
    elif constraints and constraints.ca:
        # OpenSSL takes it for a client's, if its purposes allow that.
        purposes = extension(leaf, x509.ExtendedKeyUsage) or ()
        signs = not usage or usage.digital_signature
        code = "leaf-may-issue" if signs and ExtendedKeyUsageOID.CLIENT_AUTH in purposes else "ca-as-leaf"
        yield code, subject, "the key fits an authority's certificate (basicConstraints CA:TRUE)"
    if usage and not usage.digital_signature:
        code = "key-agreement-only" if usage.key_agreement else "no-digital-signature"
        yield code, subject, "keyUsage is there, without digitalSignature"


def _purposes(case: Case) -> _Found:
    """The leaf MUST carry the extended key usage clientAuth, says Salesforce; `any` does not count to OpenSSL either."""
    subject, purposes = common_name(case.chain.leaf), set(extension(case.chain.leaf, x509.ExtendedKeyUsage) or ())
    client, server = ExtendedKeyUsageOID.CLIENT_AUTH in purposes, ExtendedKeyUsageOID.SERVER_AUTH in purposes
    names = sorted(PURPOSES.get(purpose, purpose.dotted_string) for purpose in purposes)
    shown = ", ".join(names) or "no extended key usage at all"
    if server or not client:
        code = "dual-use" if client else "server-auth-only" if server else "client-auth-missing"
        yield code, subject, shown
    if ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in purposes:
        yield "any-purpose", subject, shown


def _dates(case: Case) -> _Found:
    leaf, subject = case.chain.leaf, common_name(case.chain.leaf)
    first, last = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    if case.at > last:
        yield "expired", subject, f"valid until {last:%Y-%m-%d %H:%M} UTC"
    elif case.at < first:
        yield "not-yet-valid", subject, f"valid from {first:%Y-%m-%d %H:%M} UTC; it is {case.at:%Y-%m-%d %H:%M}"
    for certificate in case.sent:
        if renewal_due(certificate) <= case.at <= certificate.not_valid_after_utc:
            whose = "" if certificate is leaf else "intermediate-"
            yield f"{whose}expires-soon", common_name(certificate), _life(certificate, case.at)


def _life(certificate: x509.Certificate, at: datetime) -> str:
    """What is over of a certificate's life, and what is left."""
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    days, over = (last - at).days, (at - first) / (last - first)
    return (
        f"valid until {last:%Y-%m-%d}: {days} day{'' if days == 1 else 's'}; {over:.0%} of its {(last - first).days} days are over, "
        f"and it has been due for renewal since {renewal_due(certificate):%Y-%m-%d}"
    )


def _path(case: Case) -> _Found:
    """The objections to the path that has the fewest."""
    root = case.chain.root
    if root and any(root == certificate for certificate, _ in case.bag.certificates):
        yield "root-included", common_name(root), "the root is among the files"
    for code, certificate, evidence in case.chain.problems:
        yield code, common_name(certificate), evidence


def _keys_and_signatures(case: Case) -> _Found:
    for certificate in case.sent:
        key, subject, algorithm = certificate.public_key(), common_name(certificate), signature_hash(certificate)
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < 2048:
            yield "weak-key", subject, f"{key.key_size} bits"
        if other := _not_of_tls(certificate):
            code, what = other
            yield code if certificate is case.chain.leaf else "issuer-key-not-of-tls", subject, what
        if algorithm in ("md5", "sha1"):
            yield "weak-signature", subject, f"signed with {algorithm.upper()}"
    leaf, subject, key = case.chain.leaf, common_name(case.chain.leaf), case.chain.leaf.public_key()
    if leaf.public_key_algorithm_oid == PublicKeyAlgorithmOID.RSASSA_PSS:
        yield "rsa-pss", subject, "the key may sign with RSA-PSS only"
    elif leaf.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS:
        yield "rsa-pss", subject, "the authority signed it with RSA-PSS"
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        yield "edwards-key", subject, type(key).__name__.removesuffix("PublicKey")


def _not_of_tls(certificate: x509.Certificate) -> tuple[str, str] | None:
    """Code and words for a key that TLS does not have; None if it has."""
    key = certificate.public_key()
    if not isinstance(key, _FOR_TLS):
        return "key-not-for-tls", f"a key of the kind {type(key).__name__.lstrip('_').removesuffix('PublicKey')}"
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return None
    if not isinstance(key.curve, _CURVES):
        return "curve-not-for-tls", f"the curve is {key.curve.name}"
    named = bytes.fromhex("06072a8648ce3d020106")  # id-ecPublicKey, and behind it another OID
    if named in certificate.tbs_certificate_bytes:
        return None
    return "curve-not-for-tls", f"{key.curve.name} is there by its parameters, not by its name"


def _encipherment(case: Case) -> _Found:
    """An EC key signs and agrees on keys; it encrypts none."""
    leaf = case.chain.leaf
    usage = extension(leaf, x509.KeyUsage)
    if isinstance(leaf.public_key(), ec.EllipticCurvePublicKey) and usage and usage.key_encipherment:
        yield "key-encipherment-on-ec", common_name(leaf), "an EC key, with keyUsage keyEncipherment"


def _remarks(case: Case) -> _Found:
    for file, remark in case.bag.unreadable:
        yield "certificate-unreadable", file, remark
    for remark in dict.fromkeys(case.bag.remarks):
        if remark not in {unreadable for _, unreadable in case.bag.unreadable}:
            yield "passed-over", "the files", remark


def _files(case: Case) -> _Found:
    """Others send the certificates of a file as they stand there, and can read a key if its mode lets them."""
    ranks: dict[str, list[int]] = {}
    for certificate, location in case.bag.certificates:
        if certificate in case.sent:
            ranks.setdefault(location.file, []).append(case.sent.index(certificate))
    for file, order in ranks.items():
        if any(later < earlier for earlier, later in pairwise(order)):
            yield "wrong-order", file, "its certificates do not stand in sending order: leaf first, then each issuer"
    for _, location in case.bag.keys:
        if location.path and location.path.exists() and os.name == "posix":
            mode = stat.S_IMODE(location.path.stat().st_mode)
            if mode & 0o077:
                yield "key-readable-by-others", str(location.path), f"mode {mode:o}"


def _clock(case: Case) -> _Found:
    if case.server_date and abs(case.at - case.server_date) > _SKEW:
        here, there = f"{case.at:%Y-%m-%d %H:%M:%S}", f"{case.server_date:%Y-%m-%d %H:%M:%S}"
        yield "clock-skew", "this machine's clock", f"it says {here} UTC, the server's Date header {there}"


_RULES: Final[tuple[Callable[[Case], _Found], ...]] = (
    _leaf, _purposes, _dates, _path, _keys_and_signatures, _encipherment, _remarks, _files, _clock,
)  # fmt: skip
