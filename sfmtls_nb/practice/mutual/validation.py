"""Validation of a client's chain, as layer 1 does it: OpenSSL's path to an accepted root, and the purpose along that path.

The verdict is that of ``openssl verify -purpose sslclient``, but for one demand more, which is Salesforce's: the leaf
has to name clientAuth.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from datetime import datetime
from threading import Lock
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import crypto

_PURPOSE: Final = "unsuitable certificate purpose"
_REVOKED: Final = "certificate revoked"
#: Verdicts that are remembered: one is enough for each connection that is open.
_MOST_VERDICTS: Final = 1_000

#: Extensions that OpenSSL takes and cryptography cannot read.
_UNREADABLE: Final = (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)

Certificates = Sequence[x509.Certificate]


class ChainVerdicts:
    """Verdicts on presented chains, each found once, until the roots, the revocations or what is in date change."""

    def __init__(self) -> None:
        self._flaws: OrderedDict[Hashable, str | None] = OrderedDict()
        self._lock = Lock()

    def flaw(self, chain: Certificates, roots: Certificates, revoked: Certificates, now: datetime) -> str | None:
        """Return what `verify_client_chain` says, remembered from the last time that nothing was different."""
        moment = now.replace(microsecond=0)  # OpenSSL's clock
        ends = [end for each in (*chain, *roots) for end in (each.not_valid_before_utc, each.not_valid_after_utc)]
        # The very second of an end is neither: OpenSSL's versions differ about it.
        dates = tuple((moment > end) - (moment < end) for end in ends)
        key = (tuple(chain), tuple(roots), tuple(revoked), dates)
        with self._lock:
            if key in self._flaws:
                self._flaws.move_to_end(key)
                return self._flaws[key]
        flaw = verify_client_chain(chain, roots, now, revoked)
        with self._lock:
            self._flaws[key] = flaw
            while len(self._flaws) > _MOST_VERDICTS:
                self._flaws.popitem(last=False)
        return flaw


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
