"""ClientIdentity: a private key and the certificates that go with it."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, cast, get_args

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    PrivateKeyTypes,
    PublicKeyTypes,
)
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat

from sfmtls_nb.chain import Chain, build_chain
from sfmtls_nb.errors import IdentityError, PassphraseError
from sfmtls_nb.secret import Secret

_PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True)
class ClientIdentity:
    """What a client proves itself with: the key, its leaf certificate, and the intermediates in sending order.

    All are `cryptography` objects. ``passphrase`` is the one the key was read with: whatever is written keeps it.
    """

    key: CertificateIssuerPrivateKeyTypes = field(repr=False)
    chain: Chain = field(repr=False)
    passphrase: Secret | None = field(default=None, repr=False)

    @classmethod
    def load(cls, *sources: str | Path | bytes, password: str | Secret | None = None) -> Self:
        """Read a key and certificates from PEM files or bytes, in any order, and assemble them.

        The leaf is the certificate that holds the key's public half; the chain is ordered by who signed whom.
        Raises PassphraseError when the key is encrypted and ``password`` is missing or wrong, and IdentityError
        for everything else: a missing or unreadable file, no key, no certificate, a key that fits none of them.
        """
        passphrase = Secret(password) if password else None
        keys: list[CertificateIssuerPrivateKeyTypes] = []
        certificates: list[x509.Certificate] = []
        for source in sources:
            name, data = _read(source)
            blocks = list(_PEM_BLOCK.finditer(data))
            if not blocks:
                raise IdentityError(
                    f"{name} holds no PEM block" if data.strip() else f"{name} is empty",
                    "a PEM block begins with -----BEGIN CERTIFICATE----- or -----BEGIN PRIVATE KEY-----",
                    "check that the file is the one you were sent, whole",
                )
            for block in blocks:
                label = block[1].decode()
                if label.endswith("PRIVATE KEY"):
                    keys.append(_read_key(name, block[0], passphrase))
                elif label.endswith("CERTIFICATE"):
                    certificates.append(_read_certificate(name, block[0]))
        return cls._assemble(keys, certificates, passphrase)

    @classmethod
    def _assemble(
        cls,
        keys: list[CertificateIssuerPrivateKeyTypes],
        certificates: list[x509.Certificate],
        passphrase: Secret | None,
    ) -> Self:
        distinct = {_spki(key.public_key()): key for key in keys}
        if not distinct:
            raise IdentityError(
                "there is no private key among the files",
                f"{len(certificates)} certificate(s), 0 keys",
                "add the key file that was made together with the certificate request (often .key or .pem)",
            )
        if len(distinct) > 1:
            raise IdentityError(
                "there is more than one private key among the files",
                f"{len(distinct)} different keys",
                "give only the key that belongs to the client certificate",
            )
        public, key = distinct.popitem()
        leaves = [certificate for certificate in certificates if _spki_of(certificate) == public]
        if not leaves:
            subjects = "; ".join(certificate.subject.rfc4514_string() for certificate in certificates)
            raise IdentityError(
                "the private key fits none of the certificates" if certificates else "there is no certificate",
                f"certificates: {subjects}" if certificates else "1 key, 0 certificates",
                "find the key that was made with this certificate's request, or have a new certificate issued for "
                "this key"
                if certificates
                else "add the certificate your authority issued for this key",
            )
        leaf = max(leaves, key=lambda certificate: (certificate.not_valid_after_utc, certificate.serial_number))
        return cls(key, build_chain(leaf, certificates), passphrase)

    @property
    def leaf(self) -> x509.Certificate:
        """The client's own certificate: the one to upload under Mutual Authentication Certificates."""
        return self.chain.leaf

    @property
    def intermediates(self) -> tuple[x509.Certificate, ...]:
        """The leaf's issuer first, then its issuer, and so on; without the root."""
        return self.chain.intermediates

    @property
    def root(self) -> x509.Certificate | None:
        """The self-signed end of the chain, if it was among the files. It is not sent."""
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
            serialization.BestAvailableEncryption(passphrase.reveal().encode())
            if passphrase
            else serialization.NoEncryption()
        )
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption) + self.certificates_pem()

    def certificates_pem(self) -> bytes:
        """Leaf and intermediates in sending order, without the key."""
        return b"".join(c.public_bytes(Encoding.PEM) for c in (self.leaf, *self.intermediates))

    def write_pem(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the client's PEM (key, leaf, intermediates; mode 0600), whole or not at all.

        A key that was read with a passphrase is written with the same one.
        Raises IdentityError if the file exists with other content and ``overwrite`` is not set.
        """
        return _write(Path(path), self.pem(passphrase=self.passphrase), overwrite=overwrite)

    def write_upload(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the leaf alone: the file to upload under Mutual Authentication Certificates."""
        return _write(Path(path), self.leaf.public_bytes(Encoding.PEM), overwrite=overwrite)


def common_name(certificate: x509.Certificate) -> str:
    """The subject's CN, or the whole subject where there is none."""
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def _read(source: str | Path | bytes) -> tuple[str, bytes]:
    if isinstance(source, bytes):
        return "the given bytes", source
    path = Path(source).expanduser()
    try:
        return str(path), path.read_bytes()
    except OSError as error:
        raise IdentityError(
            f"{path} cannot be read", error.strerror or str(error), "check the name, and that the file may be read"
        ) from error


def _read_key(name: str, pem: bytes, passphrase: Secret | None) -> CertificateIssuerPrivateKeyTypes:
    try:
        key = serialization.load_pem_private_key(pem, None)
    except TypeError:  # cryptography's word for: encrypted, and no password was given
        key = _read_encrypted_key(name, pem, passphrase)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _malformed(name, "private key", error) from error
    if not isinstance(key, get_args(CertificateIssuerPrivateKeyTypes)):
        raise IdentityError(
            f"the key in {name} cannot sign, so it cannot authenticate a client",
            type(key).__name__,
            "use an RSA key (2048 bits or more) or an EC key (P-256 or P-384)",
        )
    return cast("CertificateIssuerPrivateKeyTypes", key)


def _read_encrypted_key(name: str, pem: bytes, passphrase: Secret | None) -> PrivateKeyTypes:
    if passphrase is None:
        raise PassphraseError(
            f"the private key in {name} is encrypted",
            next_step="give its passphrase: ClientIdentity.load(…, password=getpass())",
        )
    try:
        return serialization.load_pem_private_key(pem, passphrase.reveal().encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise PassphraseError(
            f"the passphrase does not open the private key in {name}",
            next_step="type it again; it is the passphrase of the key file, not the Salesforce password",
        ) from error


def _read_certificate(name: str, pem: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        _spki_of(certificate)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _malformed(name, "certificate", error) from error
    return certificate


def _malformed(name: str, what: str, error: Exception) -> IdentityError:
    return IdentityError(
        f"the {what} in {name} is malformed",
        str(error).partition("\n")[0],
        "ask for the file again, or copy it again whole, from its BEGIN line to its END line",
    )


def _spki_of(certificate: x509.Certificate) -> bytes:
    return _spki(certificate.public_key())


def _spki(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _write(path: Path, data: bytes, *, overwrite: bool) -> Path:
    """Whole or not at all, mode 0600 from the first byte; never over a file with other content unless told."""
    if not overwrite and path.exists():
        if path.read_bytes() == data:
            return path
        raise IdentityError(f"{path} exists already", next_step="choose another name, or say overwrite=True")
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise
    return path
