"""Request: a new key, and the certificate request (CSR) that goes to an authority."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID

from sfmtls_nb.certificates.certificate import extension
from sfmtls_nb.certificates.reader import passphrase_bytes
from sfmtls_nb.errors import IdentityError
from sfmtls_nb.files import expand, write_new
from sfmtls_nb.secret import Secret

KeyType = Literal["rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384"]

_GENERATORS: Final[dict[str, Callable[[], rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey]]] = {
    "rsa-2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa-3072": lambda: rsa.generate_private_key(65537, 3072),
    "rsa-4096": lambda: rsa.generate_private_key(65537, 4096),
    "p-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p-384": lambda: ec.generate_private_key(ec.SECP384R1()),
}


@dataclass(frozen=True)
class KeyAndRequest:
    """A private key (yours alone) and the request to send to an authority, both as PEM."""

    key_pem: bytes = field(repr=False)
    request_pem: bytes

    def write(self, directory: str | Path, *, overwrite: bool = False) -> tuple[Path, Path]:
        """Write ``client.key`` (mode 0600) and ``client.csr`` into a directory, and return their paths."""
        folder = expand(directory, IdentityError)
        return (
            write_new(folder / "client.key", self.key_pem, overwrite=overwrite),
            write_new(folder / "client.csr", self.request_pem, overwrite=overwrite),
        )


def new_key_and_csr(
    subject: str,
    *,
    key_type: KeyType = "rsa-2048",
    passphrase: str | Secret | None = None,
) -> KeyAndRequest:
    """Make a private key and a request for a client certificate (extended key usage clientAuth) for it.

    subject: RFC 4514 text such as ``"CN=integration.acme.example,O=Acme,C=DE"``, or a name alone, which becomes the CN.
    passphrase: encrypts the key (PKCS#8, AES-256).
    Raises IdentityError for an unknown key type, and for a subject that is empty or not RFC 4514.
    """
    secret, passphrase = Secret(passphrase) if passphrase else None, None
    if key_type not in _GENERATORS:
        raise IdentityError(f"there is no key type {key_type!r}", next_step=f"choose one of {', '.join(_GENERATORS)}")
    return _made(_parse_subject(subject), key_type, secret)


def request_like(leaf: x509.Certificate, passphrase: Secret | None = None) -> KeyAndRequest:
    """Make a new private key of a leaf's kind, and a request for a certificate with its subject and its names."""
    names = extension(leaf, x509.SubjectAlternativeName)
    return _made(leaf.subject, _type_like(leaf.public_key()), passphrase, names)


def _type_like(key: PublicKeyTypes) -> KeyType:
    """The type of a new key in place of this one: RSA or EC as it is, and of a size that TLS takes."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "p-256" if key.key_size <= 256 else "p-384"
    size = key.key_size if isinstance(key, rsa.RSAPublicKey) else 0
    return "rsa-4096" if size >= 4096 else "rsa-3072" if size >= 3072 else "rsa-2048"


def _made(
    subject: x509.Name,
    key_type: KeyType,
    passphrase: Secret | None,
    names: x509.SubjectAlternativeName | None = None,
) -> KeyAndRequest:
    key = _GENERATORS[key_type]()
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    if names:
        builder = builder.add_extension(names, critical=not list(subject))  # RFC 5280, 4.2.1.6
    request = builder.sign(key, hashes.SHA256())
    return KeyAndRequest(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase_bytes(passphrase))
            if passphrase
            else serialization.NoEncryption(),
        ),
        request.public_bytes(serialization.Encoding.PEM),
    )


def _parse_subject(text: str) -> x509.Name:
    try:
        name = x509.Name.from_rfc4514_string(text if "=" in text else f"CN={text}")
    except ValueError as error:
        raise IdentityError(
            f"{text!r} is not a subject", str(error), "write it as CN=integration.acme.example,O=Acme,C=DE"
        ) from error
    if not list(name):
        raise IdentityError(
            "the subject is empty", next_step="give at least a common name: CN=integration.acme.example"
        )
    return name
