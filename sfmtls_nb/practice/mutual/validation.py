"""Validation of a client's chain, as layer 1 does it: OpenSSL's path to an accepted root, and the purpose along that path.

The verdict is that of ``openssl verify -purpose sslclient``, but for one demand more, which is Salesforce's: the leaf
has to name clientAuth.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Final, NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import crypto

from sfmtls_nb.practice.mutual.orgs_end import name_of

_PURPOSE: Final = "unsuitable certificate purpose"
_REVOKED: Final = "certificate revoked"
#: Chains that are remembered: one is enough for each connection that is open.
_MOST_VERDICTS: Final = 1_000
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

#: Extensions that OpenSSL takes and cryptography cannot read.
_UNREADABLE: Final = (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)

Certificates = Sequence[x509.Certificate]


class ChainVerdicts:
    """Chains that clients present, each read and judged once, until the roots, the revocations or what is in date change."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Hashable, SeenChain] = OrderedDict()
        self._lock = Lock()

    def seen(self, chain: Certificates) -> SeenChain:
        """Return a chain as it is remembered from the last time that it was presented."""
        key = tuple(chain)
        with self._lock:
            if key in self._seen:
                self._seen.move_to_end(key)
            else:
                self._seen[key] = SeenChain(key)
                if len(self._seen) > _MOST_VERDICTS:
                    self._seen.popitem(last=False)
            return self._seen[key]

    def flaw(self, chain: Certificates, roots: Certificates, revoked: Certificates, now: datetime) -> str | None:
        """Return what `verify_client_chain` says, remembered from the last time if nothing is different."""
        return self.seen(chain).flaw(roots, revoked, now)


class SeenChain:
    """A presented chain: common names (leaf first), the leaf's SHA-256 as hex, and the newest verdict."""

    def __init__(self, chain: tuple[x509.Certificate, ...]) -> None:
        self._chain = chain
        self.names = tuple(name_of(certificate) for certificate in chain)
        self.leaf = chain[0].fingerprint(hashes.SHA256()).hex()
        self._verdict: _Verdict | None = None

    def flaw(self, roots: Certificates, revoked: Certificates, now: datetime) -> str | None:
        """Return what `verify_client_chain` says. It is asked again where anything that it looks at has changed."""
        moment = now.replace(microsecond=0)  # OpenSSL's clock
        verdict = self._verdict
        if verdict is None or not verdict.holds(roots, revoked, moment):
            verdict = _Verdict.of(self._chain, list(roots), list(revoked), moment)
            self._verdict = verdict
        return verdict.flaw


class _Verdict(NamedTuple):
    """A verdict on a chain, and what it was found by: it holds between two moments, both excluded."""

    flaw: str | None
    roots: list[x509.Certificate]
    revoked: list[x509.Certificate]
    after: datetime
    before: datetime

    @classmethod
    def of(
        cls, chain: Certificates, roots: list[x509.Certificate], revoked: list[x509.Certificate], moment: datetime
    ) -> Self:
        ends = [end for each in (*chain, *roots) for end in (each.not_valid_before_utc, each.not_valid_after_utc)]
        # The very second of an end is on neither side, and holds for itself alone: OpenSSL's versions differ about it.
        after = max((end for end in ends if end <= moment), default=_FIRST)
        before = min((end for end in ends if end >= moment), default=_LAST)
        return cls(verify_client_chain(chain, roots, moment, revoked), roots, revoked, after, before)

    def holds(self, roots: Certificates, revoked: Certificates, moment: datetime) -> bool:
        # Lists of the same objects are compared by identity: this costs less than counting changes, and misses none.
        return self.after < moment < self.before and self.roots == roots and self.revoked == revoked


def verify_client_chain(
    chain: Certificates, accepted_roots: Certificates, now: datetime, revoked: Certificates = ()
) -> str | None:
    """Return why a presented chain (leaf first) is not valid, in OpenSSL's words; None if it is valid.

    Salesforce shows one of these words on its page (captured: ``unable to get local issuer certificate``); that it
    shows the others in the same way is simulated.
    """
    store = crypto.X509Store()
    store.set_time(now)
    for root in accepted_roots:
        store.add_cert(crypto.X509.from_cryptography(root))
    leaf, *others = (crypto.X509.from_cryptography(certificate) for certificate in chain)
    try:
        verified = crypto.X509StoreContext(store, leaf, others).get_verified_chain()
    except crypto.X509StoreContextError as error:
        # Newer OpenSSLs append “or the system clock is incorrect” to one of them.
        return str(error).partition(" or ")[0]
    # pyOpenSSL has no way to tell the store a purpose, so the path it found is asked here.
    path = [each.to_cryptography() for each in verified]
    if not _may_authenticate_a_client(path[0]) or not all(_may_vouch_for_clients(issuer) for issuer in path[1:]):
        return _PURPOSE
    return _REVOKED if any(each in revoked for each in path) else None


def _may_authenticate_a_client(leaf: x509.Certificate) -> bool:
    """Check the leaf: clientAuth has to be named (Salesforce), and a keyUsage must not exclude it (OpenSSL)."""
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        proves = True  # no keyUsage allows every use (RFC 5280, 4.2.1.3)
    except _UNREADABLE:
        return False
    else:
        proves = usage.digital_signature or usage.key_agreement
    return proves and ExtendedKeyUsageOID.CLIENT_AUTH in (_purposes(leaf) or ())


def _may_vouch_for_clients(issuer: x509.Certificate) -> bool:
    """Check an authority, root included: where it is limited to some purposes, clientAuth is one of them."""
    try:
        purposes = _purposes(issuer)
    except _UNREADABLE:
        return False
    return purposes is None or ExtendedKeyUsageOID.CLIENT_AUTH in purposes


def _purposes(certificate: x509.Certificate) -> x509.ExtendedKeyUsage | None:
    """Return the extended key usage; None if there is none, which allows all. "Any" is not read as clientAuth."""
    try:
        return certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
