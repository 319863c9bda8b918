"""Certificates made afresh at each start: a server's, and a client's with the chain above it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypedDict, Unpack

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sfmtls_nb.errors import PracticeError

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

# So that curl --connect-to reaches the practice org under Salesforce's names with verification on. Nothing but a
# client that names this authority's file trusts it, and its key never leaves this process.
_SALESFORCE_NAMES: Final = ("login.salesforce.com", "test.salesforce.com", "*.salesforce.com", "*.my.salesforce.com")
#: Of a certificate: the most that a public authority issues from 15 March 2026 on.
_DAYS: Final = 200


class CertificateProfile(TypedDict, total=False):
    """The choices for a certificate to be issued; what is left out is as it should be.

    names: DNS names and IP addresses for the subjectAltName. purposes: the extended key usage. starts, days: from now.
    signs: whether a leaf's keyUsage includes digitalSignature. pss: sign with RSA-PSS; the issuer must have an RSA key.
    """

    ca: bool
    names: Sequence[str]
    purposes: Sequence[x509.ObjectIdentifier]
    starts: timedelta
    days: int
    signs: bool
    pss: bool


@dataclass(frozen=True)
class Issued:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: Key = field(repr=False)

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True)
class ClientChain:
    """A client's leaf, its intermediates (the leaf's issuer first), and the root."""

    leaf: Issued
    intermediates: tuple[Issued, ...]
    root: Issued


class Authority:
    """Two hierarchies, as in life: the server's own authority, and the client's, whose root the org accepts.

    The client has two intermediates, as in the article, so that their order matters.
    """

    def __init__(self, hosts: Sequence[str], now: datetime | None = None) -> None:
        self.now = now or datetime.now(UTC)
        self.server_root = self.issue("Practice Server Root CA", ca=True)
        names = (*hosts, *_SALESFORCE_NAMES)
        self.server = self.issue(hosts[0], self.server_root, names=names, purposes=[ExtendedKeyUsageOID.SERVER_AUTH])
        root = self.issue("Practice Client Root CA", ca=True)
        policy = self.issue("Practice Client Policy CA", root, ca=True)
        issuing = self.issue("Practice Client Issuing CA", policy, ca=True)
        # RSA, as most client certificates still are; the others are EC, which is fast.
        leaf = self.issue(
            "integration.practice.example",
            issuing,
            key=rsa.generate_private_key(public_exponent=65537, key_size=2048),
            names=["integration.practice.example"],
            purposes=[ExtendedKeyUsageOID.CLIENT_AUTH],
            days=365,
        )
        self.client = ClientChain(leaf, (issuing, policy), root)

    def issue(
        self,
        common_name: str,
        issuer: Issued | None = None,
        *,
        key: Key | None = None,
        **profile: Unpack[CertificateProfile],
    ) -> Issued:
        """Issue a certificate for ``key`` (default: a new P-256 key), signed by ``issuer`` (None: by itself)."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Practice Org (simulated)"),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )
        issuer_name, signing_key = (issuer.certificate.subject, issuer.key) if issuer else (subject, key)
        return Issued(self._certify(subject, key.public_key(), issuer_name, signing_key, profile), key)

    def sign(self, request_pem: bytes) -> bytes:
        """Sign a CSR and return the new leaf, valid for 200 days, and its intermediates, as PEM.

        It certifies clientAuth and the names that were asked for, and nothing else. Raises PracticeError for what is no request.
        """
        try:
            request = x509.load_pem_x509_csr(request_pem)
            genuine = request.is_signature_valid
        except (ValueError, UnsupportedAlgorithm) as error:
            raise PracticeError("the request is no CSR in PEM", str(error).partition("\n")[0]) from error
        if not genuine:
            raise PracticeError("the request is not signed with the key it asks a certificate for")
        if not list(request.subject):
            raise PracticeError(
                "the request names nobody", next_step="make one with a subject, such as CN=client.example"
            )
        issuing = self.client.intermediates[0]
        leaf = self._certify(
            request.subject,
            request.public_key(),
            issuing.certificate.subject,
            issuing.key,
            {"purposes": [ExtendedKeyUsageOID.CLIENT_AUTH], "days": _DAYS, "names": _names_in(request)},
        )
        return leaf.public_bytes(Encoding.PEM) + b"".join(each.certificate_pem for each in self.client.intermediates)

    def _certify(
        self,
        subject: x509.Name,
        public_key: CertificatePublicKeyTypes,
        issuer_name: x509.Name,
        signing_key: Key,
        profile: CertificateProfile,
    ) -> x509.Certificate:
        ca, algorithm = profile.get("ca", False), hashes.SHA256()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer_name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + profile.get("starts", timedelta(hours=-1)))
            .not_valid_after(self.now + timedelta(days=profile.get("days", 3650)))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(_key_usage(public_key, ca=ca, signs=profile.get("signs", True)), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
        )
        if names := profile.get("names"):
            builder = builder.add_extension(x509.SubjectAlternativeName([_general(n) for n in names]), critical=False)
        if purposes := profile.get("purposes"):
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        pss = padding.PSS(padding.MGF1(algorithm), padding.PSS.DIGEST_LENGTH) if profile.get("pss") else None
        return builder.sign(signing_key, algorithm, rsa_padding=pss)


def _key_usage(key: CertificatePublicKeyTypes, *, ca: bool, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs and not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=not ca and not signs,  # at least one bit has to be set (RFC 5280, 4.2.1.3)
        # Only RSA keys encipher: RFC 8813 forbids the bit for EC, and RFC 8410 for Ed25519.
        key_encipherment=not ca and isinstance(key, rsa.RSAPublicKey),
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _names_in(request: x509.CertificateSigningRequest) -> list[str]:
    """The DNS names and IP addresses that a request asks for."""
    try:
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(each.value) for each in names if isinstance(each, x509.DNSName | x509.IPAddress)]


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
