"""ClientIdentity: a private key and the certificates that go with it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self, cast

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes as PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from sfmtls_nb.certificates.certificate import common_name, extension, fingerprint, is_self_signed, spki
from sfmtls_nb.certificates.chain import Chain, build_chain
from sfmtls_nb.certificates.findings import Case, Finding, examine, find
from sfmtls_nb.certificates.reader import Bag, passphrase_bytes, read_bag
from sfmtls_nb.certificates.request import KeyAndRequest, request_like
from sfmtls_nb.certificates.roots import AcceptedRoots
from sfmtls_nb.errors import IdentityError
from sfmtls_nb.files import expand, path_or_content, read_file, without_locals, write_new
from sfmtls_nb.org import Org
from sfmtls_nb.secret import Secret, SecretBytes


@dataclass(frozen=True)
class ClientIdentity:
    """The proof of who a client is: the key, its leaf certificate, and the intermediates in sending order.

    All are `cryptography` objects. ``passphrase`` is the one the key was read with: files are written with it again.
    """

    key: PrivateKey = field(repr=False)
    chain: Chain = field(repr=False)
    bag: Bag = field(repr=False, compare=False)
    passphrase: Secret | None = field(default=None, repr=False)

    @classmethod
    def load(
        cls,
        *sources: str | os.PathLike[str] | bytes | bytearray | memoryview,
        password: str | bytes | bytearray | Secret | None = None,
    ) -> Self:
        """Read a key and certificates from any mix of files and bytes, in any order, and assemble them.

        PEM, DER, PKCS#12 (.p12, .pfx), PKCS#7 (.p7b), PKCS#1, PKCS#8, SEC1; encrypted ones with ``password``; also inside
        base64, JSON, a .env file or a mail. A text that cannot be the name of a file is content. The leaf is
        the certificate that holds the key's public half; the chain is ordered by who signed whom.
        Raises PassphraseError when something is encrypted and ``password`` is missing or wrong, and IdentityError
        for everything else: a missing or malformed file, no key, no certificate, a key that fits none of them.
        """
        # Under their own names no more: what prints local variables would show them.
        given, sources, passphrase, password = map(path_or_content, sources), (), _passphrase(password), None
        with without_locals():
            bag = read_bag([*given], passphrase)
            key, leaf = _pair(bag)
        chain = build_chain(leaf, (certificate for certificate, _ in bag.certificates))
        return cls(key, chain, bag, passphrase if bag.encrypted else None)

    def toward(self, org: Org | None) -> Self:
        """Return the same identity with the chain that leads to a root the org accepts, if its ``accepted_roots`` are known.

        An authority that is certified by several others has several chains, and not every org accepts each.
        """
        return replace(self, chain=self._chain(org)) if org and org.accepted_roots else self

    def _chain(self, org: Org | None, at: datetime | None = None) -> Chain:
        roots = AcceptedRoots.load(org.accepted_roots) if org and org.accepted_roots else None
        return build_chain(self.leaf, (certificate for certificate, _ in self.bag.certificates), at, roots)

    @property
    def leaf(self) -> x509.Certificate:
        """The client's own certificate: the one to upload under Mutual Authentication Certificates."""
        return self.chain.leaf

    @property
    def intermediates(self) -> tuple[x509.Certificate, ...]:
        """The certificates above the leaf in sending order: its issuer first; without the root."""
        return self.chain.intermediates

    @property
    def root(self) -> x509.Certificate | None:
        """The root at the end of the chain, if it is known; it is not sent."""
        return self.chain.root

    @property
    def unused(self) -> tuple[x509.Certificate, ...]:
        """Certificates among the files that have no part in this chain."""
        return self.chain.unused

    def __repr__(self) -> str:
        issuers = "".join(f" <- {common_name(issuer)}" for issuer in self.intermediates)
        return f"ClientIdentity({common_name(self.leaf)}{issuers})"

    def pem(self, *, passphrase: Secret | None = None) -> bytes:
        """Key, leaf, intermediates: what ``curl -E`` takes. The key is encrypted if a passphrase is given."""
        encryption = (
            serialization.BestAvailableEncryption(passphrase_bytes(passphrase))
            if passphrase
            else serialization.NoEncryption()
        )
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption) + self.certificates_pem()

    def certificates_pem(self) -> bytes:
        """Leaf and intermediates in sending order, without the key."""
        return b"".join(c.public_bytes(Encoding.PEM) for c in (self.leaf, *self.intermediates))

    def write_pem(self, path: str | Path, *, overwrite: bool = False, decrypt: bool = False) -> Path:
        """Write the client's PEM (key, leaf, intermediates; mode 0600), whole or not at all.

        A key that was read with a passphrase is written with the same one, unless ``decrypt`` is set.
        Raises IdentityError if the file exists with other content and ``overwrite`` is not set.
        """
        passphrase = None if decrypt else self.passphrase
        target = expand(path, IdentityError)
        if not overwrite and passphrase and self.is_in(target):
            return target
        return write_new(target, SecretBytes(self.pem(passphrase=passphrase)), overwrite=overwrite)

    def is_in(self, path: Path) -> bool:
        """True if a file holds what `write_pem` writes, so that ``curl -E`` with it presents this identity.

        Its contents are compared, not its bytes: the same key is encrypted differently each time.
        """
        try:
            written = ClientIdentity.load(path, password=self.passphrase)
        except IdentityError:
            return False
        certificates = [certificate for certificate, _ in written.bag.certificates]
        is_pem = read_file(path).find(b"-----BEGIN ") >= 0
        return is_pem and written.pem() == self.pem() and certificates == [self.leaf, *self.intermediates]

    def write_upload(self, path: str | Path, *, chain: bool = False, overwrite: bool = False) -> Path:
        """Write the file to upload under Mutual Authentication Certificates: the leaf alone, as captured in 2018.

        chain: leaf and intermediates as one PEM, as a later page of Salesforce's documentation has it.
        """
        data = self.certificates_pem() if chain else self.leaf.public_bytes(Encoding.PEM)
        return write_new(path, data, overwrite=overwrite)

    def write_pkcs12(self, path: str | Path, password: str | Secret, *, overwrite: bool = False) -> Path:
        """Write key, leaf and intermediates as PKCS#12, for Java and Windows clients, encrypted with ``password``."""
        if not password:
            raise IdentityError(
                "a PKCS#12 file needs a password", next_step="choose one: the private key is in the file"
            )
        data = pkcs12.serialize_key_and_certificates(
            common_name(self.leaf).encode(),
            cast("pkcs12.PKCS12PrivateKeyTypes", self.key),
            self.leaf,
            self.intermediates,
            serialization.BestAvailableEncryption(passphrase_bytes(Secret(password))),
        )
        return write_new(path, data, overwrite=overwrite)

    def new_key_and_csr(self) -> KeyAndRequest:
        """Make what a renewal begins with: a new key of the same kind, and a request with the same subject and names.

        The new key is encrypted with the passphrase of this one, if it has one.
        """
        return request_like(self.leaf, self.passphrase)

    # ------------------------------------------------------------ checking

    def findings(
        self, org: Org | None = None, at: datetime | None = None, server_date: datetime | None = None
    ) -> list[Finding]:
        """The findings about this identity, errors first.

        org: one whose ``accepted_roots`` are known. at: the moment to judge (default: now).
        server_date: a server's Date header of that moment, to compare the clocks.
        """
        moment = at or datetime.now(UTC)
        return examine(Case(self._chain(org, moment), self.bag, moment, server_date))

    def check(self, org: Org | None = None, at: datetime | None = None) -> None:
        """Raise IdentityError, with its ``findings``, if any finding is an error."""
        errors = [finding for finding in self.findings(org, at) if finding.severity == "error"]
        if errors:
            first, more = errors[0], f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            raise IdentityError(f"{first.code}: {first.subject}{more}", first.evidence, first.advice, findings=errors)

    def roles(self) -> list[tuple[x509.Certificate, str]]:
        """Each certificate and its role, in sending order, then the rest."""
        sent = [(certificate, f"sent, number {number}") for number, certificate in enumerate(self.intermediates, 2)]
        rest = [(certificate, "not used: no part of this chain") for certificate in self.unused]
        root = [(self.root, "left out: the root, of which the org has its own copy")] if self.root else []
        return [(self.leaf, "sent first: the leaf, which fits the key"), *sent, *root, *rest]


def _pair(bag: Bag) -> tuple[PrivateKey, x509.Certificate]:
    """Pair the key with the leaf that fits it. Raises IdentityError, with a finding, if there is no such pair."""
    for file, keys_there in bag.keystores:
        what = f"{file} holds {len(keys_there)} keys"
        raise _unusable("several-identities", what, ", ".join(keys_there[:20]), _ONE_KEY)
    keys = {spki(key.public_key()): (key, location) for key, location in bag.keys}
    certificates = list(dict.fromkeys(certificate for certificate, _ in bag.certificates))
    counted = "; ".join([f"{len(certificates)} certificate(s), {len(keys)} key(s)", *bag.remarks])
    if not keys:
        raise _unusable("no-key", "there is no private key among the files", counted)
    # A key stands in its certificate byte by byte, unless one of them spells its curve out.
    some = [c for c in certificates if any(key in c.tbs_certificate_bytes for key in keys)] or certificates
    pairs = [(*keys[spki(c.public_key())], c) for c in some if spki(c.public_key()) in keys]
    names = "; ".join(common_name(certificate) for certificate in certificates[:5])
    if not pairs and all((e := extension(c, x509.BasicConstraints)) and e.ca for c in certificates):
        evidence = f"there are only authorities: {names}" if certificates else counted
        raise _unusable("no-leaf", "the certificate that belongs to the key is not among the files", evidence)
    if not pairs:
        raise _unusable("key-mismatch", "the private key fits none of the certificates", f"certificates: {names}")
    if len({location for _, location, _ in pairs}) > 1:
        found = "; ".join(f"{common_name(certificate)}: key {location}" for _, location, certificate in pairs[:5])
        raise _unusable(
            "several-identities", "there is more than one private key with a certificate among the files", found
        )
    moment = datetime.now(UTC)
    key, _, leaf = max(pairs, key=lambda pair: _suitability(pair[2], moment))
    return key, leaf


def _suitability(leaf: x509.Certificate, moment: datetime) -> tuple[bool, bool, bool, datetime, bytes]:
    """Rank the certificates for one key (renewed, or self-signed at first): issued, for clients, valid, the latest."""
    valid = leaf.not_valid_before_utc <= moment <= leaf.not_valid_after_utc
    purposes, usage = extension(leaf, x509.ExtendedKeyUsage) or (), extension(leaf, x509.KeyUsage)
    for_clients = ExtendedKeyUsageOID.CLIENT_AUTH in purposes and (usage is None or usage.digital_signature)
    return not is_self_signed(leaf), for_clients, valid, leaf.not_valid_after_utc, fingerprint(leaf)


def _passphrase(given: str | bytes | bytearray | memoryview | Secret | None) -> Secret | None:
    if given is not None and not isinstance(given, str | bytes | bytearray | memoryview | Secret):
        raise IdentityError(f"a passphrase is no {type(given).__name__}", next_step="give it as a text, or as bytes")
    return Secret(given) if given else None


_ONE_KEY: Final = (
    "write the one you mean into a file of its own: keytool -importkeystore -srckeystore FILE -srcalias NAME "
    "-destkeystore client.p12 -deststoretype PKCS12"
)


def _unusable(code: str, what: str, evidence: str, next_step: str = "") -> IdentityError:
    finding = find(code, "the files", evidence)
    return IdentityError(what, evidence, next_step or finding.advice, findings=[finding])
