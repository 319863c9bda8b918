"""Scenarios: identities that are wrong on purpose, each with its refusal and the lesson to learn from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, Unpack, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice.failures import FAILURES, ORG_FAILURES
from sfmtls_nb.practice.mutual.authority import Authority, CertificateProfile, Issued, Key

#: Who refuses: the client before anything is sent, the org's chain validation, its identity check, or nobody.
Layer = Literal["client", "layer 1", "layer 2", "nobody"]

_CLIENT: Final = (ExtendedKeyUsageOID.CLIENT_AUTH,)
_NAME: Final = "integration.practice.example"


@dataclass(frozen=True)
class Material:
    """A scenario's key, if it has one, and its certificates with their file names, in the order of the files."""

    key: Key | None
    certificates: tuple[tuple[str, x509.Certificate], ...]


@dataclass(frozen=True)
class Scenario:
    """One way an identity can be wrong, or odd.

    sees: what an enforced user's call on 8443 gets: ``data``, the reason on the HTML page, a fault's code, or
    ``nothing is sent``. conclusion: what to learn from it. uploaded: whether its leaf is among the org's Mutual
    Authentication Certificates.
    """

    name: str
    what: str
    sees: str
    conclusion: str
    make: Callable[[Authority], Material]
    uploaded: bool = True

    @property
    def refused_by(self) -> Layer:
        """The party that refuses it."""
        return _REFUSED_BY.get(self.sees, "layer 1")

    @property
    def alert(self) -> str:
        """The alert with which the strict listener refuses it; "" where that lets it in, and HTTP decides as on 8443."""
        # A leaf that names no purpose is good for all, says OpenSSL.
        return "" if self.name == "client-auth-missing" else _ALERTS.get(self.sees, "")

    @property
    def finding(self) -> str:
        """Code under which the client's own check reports it; "" where nothing about the identity itself is wrong."""
        return "" if self.name in ("good", "not-uploaded") else self.name


def _chain(authority: Authority, leaf: Issued, *, root: bool = False) -> Material:
    """Return a leaf of the accepted hierarchy with its intermediates."""
    files = [("client.crt", leaf.certificate)]
    files += [
        (f"intermediate{n}.crt", issued.certificate) for n, issued in enumerate(authority.client.intermediates, 1)
    ]
    if root:
        files.append(("root.crt", authority.client.root.certificate))
    return Material(leaf.key, tuple(files))


def _leaf(authority: Authority, key: Key | None = None, **changes: Unpack[CertificateProfile]) -> Issued:
    profile: CertificateProfile = {"names": [_NAME], "purposes": _CLIENT, "days": 365}
    profile.update(changes)
    return authority.issue(_NAME, authority.client.intermediates[0], key=key, **profile)


def _good(authority: Authority) -> Material:
    return _chain(authority, _leaf(authority))


def _no_leaf(authority: Authority) -> Material:
    made = _good(authority)
    return Material(made.key, made.certificates[1:])


def _self_signed(authority: Authority) -> Material:
    leaf = authority.issue(_NAME, names=[_NAME], purposes=_CLIENT, days=365)
    return Material(leaf.key, (("client.crt", leaf.certificate),))


def _ca_as_leaf(authority: Authority) -> Material:
    issuing, policy = authority.client.intermediates
    return Material(issuing.key, (("client.crt", issuing.certificate), ("intermediate1.crt", policy.certificate)))


def _intermediate_missing(authority: Authority) -> Material:
    made = _good(authority)
    return Material(made.key, made.certificates[:1])


def _intermediate_expired(authority: Authority) -> Material:
    policy = authority.client.intermediates[1]
    issuing = authority.issue("Practice Client Old CA", policy, ca=True, starts=timedelta(days=-800), days=-3)
    leaf = authority.issue(_NAME, issuing, names=[_NAME], purposes=_CLIENT, days=365)
    chain = (leaf, issuing, policy)
    names = ("client.crt", "intermediate1.crt", "intermediate2.crt")
    return Material(leaf.key, tuple((name, issued.certificate) for name, issued in zip(names, chain, strict=True)))


def _wrong_order(authority: Authority) -> Material:
    made = _good(authority)
    leaf, issuing, policy = (certificate for _, certificate in made.certificates)
    return Material(made.key, (("client.crt", leaf), ("bundle.crt", policy), ("bundle.crt", issuing)))


def _root_not_accepted(authority: Authority) -> Material:
    root = authority.issue("Another Root CA", ca=True)
    issuing = authority.issue("Another Issuing CA", root, ca=True)
    leaf = authority.issue(_NAME, issuing, names=[_NAME], purposes=_CLIENT, days=365)
    chain = (("client.crt", leaf), ("intermediate1.crt", issuing), ("root.crt", root))
    return Material(leaf.key, tuple((name, issued.certificate) for name, issued in chain))


def _under_rsa(authority: Authority, change: Callable[[Issued, Issued], x509.Certificate], *, pss: bool) -> Material:
    """Return a leaf under an intermediate with an RSA key, after ``change`` has been applied to it."""
    policy = authority.client.intermediates[1]
    issuing = authority.issue("Practice Client RSA CA", policy, ca=True, key=rsa.generate_private_key(65537, 2048))
    leaf = authority.issue(_NAME, issuing, names=[_NAME], purposes=_CLIENT, days=365, pss=pss)
    files = (("intermediate1.crt", issuing.certificate), ("intermediate2.crt", policy.certificate))
    return Material(leaf.key, (("client.crt", change(leaf, issuing)), *files))


def _weak_key(authority: Authority) -> Material:
    return _chain(authority, _leaf(authority, rsa.generate_private_key(65537, 1024)))  # noqa: S505  # that is the lesson


def _sign_again_with_sha1(leaf: Issued, issuing: Issued) -> x509.Certificate:
    """Sign a certificate by hand, because cryptography rightly refuses to use SHA-1 for it.

    The names of the two algorithms (RFC 8017, A.2.4) have the same length, so the DER keeps its shape.
    """
    with_sha256, with_sha1 = (bytes.fromhex(f"06092a864886f70d0101{last}") for last in ("0b", "05"))
    certificate, key = leaf.certificate, cast("rsa.RSAPrivateKey", issuing.key)
    signed = certificate.tbs_certificate_bytes.replace(with_sha256, with_sha1)
    signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303  # that is the lesson
    der = certificate.public_bytes(Encoding.DER).replace(with_sha256, with_sha1)
    return x509.load_der_x509_certificate(der.replace(certificate.signature, signature))


def _with(**changes: Unpack[CertificateProfile]) -> Callable[[Authority], Material]:
    return lambda authority: _chain(authority, _leaf(authority, **changes))


_PURPOSE: Final = "unsuitable certificate purpose"
_ISSUER: Final = "unable to get local issuer certificate"
_NOT_SENT: Final = "nothing is sent"
#: Anything else that one sees is a reason on the HTML page.
_REFUSED_BY: Final[Mapping[str, Layer]] = {
    "data": "nobody",
    _NOT_SENT: "client",
    "MUTUAL_AUTHENTICATION_FAILED": "layer 2",
}
#: Those of OpenSSL for its reasons.
_ALERTS: Final[Mapping[str, str]] = {
    "self-signed certificate": "unknown_ca",
    _ISSUER: "unknown_ca",
    _PURPOSE: "unsupported_certificate",
    "certificate has expired": "certificate_expired",
    "certificate is not yet valid": "bad_certificate",
}

#: In the order of a course.
SCENARIOS: Final = (
    Scenario("good", "nothing", "data", "this is how it should be", _good),
    Scenario(
        "no-key",
        "the private key is missing",
        _NOT_SENT,
        "the authority sends certificates only; the key was made with the request, and stayed where that was done",
        lambda authority: Material(None, _good(authority).certificates),
    ),
    Scenario(
        "key-mismatch",
        "the key belongs to another certificate",
        _NOT_SENT,
        "key and certificate are a pair: keep the files of one request together",
        lambda authority: Material(_leaf(authority).key, _good(authority).certificates),
    ),
    Scenario(
        "no-leaf",
        "only the authority's certificates are there",
        _NOT_SENT,
        "the bundle an authority offers for download is not your certificate",
        _no_leaf,
    ),
    Scenario(
        "self-signed",
        "the certificate is signed with its own key",
        "self-signed certificate",
        "anyone can make one; an authority the org accepts has to vouch for you",
        _self_signed,
    ),
    Scenario(
        "ca-as-leaf",
        "an authority's certificate is used as the client's",
        _PURPOSE,
        "an authority's key signs certificates and must not sit on a client",
        _ca_as_leaf,
    ),
    Scenario(
        "client-auth-missing",
        "the leaf names no purpose",
        _PURPOSE,
        "Salesforce wants clientAuth named in the extended key usage",
        _with(purposes=()),
    ),
    Scenario(
        "server-auth-only",
        "the leaf is a web server's",
        _PURPOSE,
        "a certificate for a web site is none for a client; by what they have announced, public authorities sell only the former now",
        _with(purposes=(ExtendedKeyUsageOID.SERVER_AUTH,)),
    ),
    Scenario(
        "dual-use",
        "the leaf is for servers and clients",
        "data",
        "it works, and cannot be renewed like this: plan its replacement",
        _with(purposes=(ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)),
    ),
    Scenario(
        "any-purpose",
        "the leaf says anyExtendedKeyUsage",
        _PURPOSE,
        "any is not clientAuth",
        _with(purposes=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)),
    ),
    Scenario(
        "no-digital-signature",
        "keyUsage lacks digitalSignature",
        _PURPOSE,
        "a client proves that it has the key by signing, so the certificate has to allow that",
        _with(signs=False),
    ),
    Scenario(
        "expired",
        "the leaf has expired",
        "certificate has expired",
        "certificates end: watch the date, and upload the new leaf before it",
        _with(starts=timedelta(days=-400), days=-2),
    ),
    Scenario(
        "not-yet-valid",
        "the leaf is not valid yet",
        "certificate is not yet valid",
        "a wrong clock looks the same: check yours",
        _with(starts=timedelta(days=2)),
    ),
    Scenario(
        "expires-soon",
        "the leaf expires in ten days",
        "data",
        "it works today: renew it now",
        _with(starts=timedelta(days=-190), days=10),
    ),
    Scenario(
        "intermediate-missing",
        "the leaf is sent alone",
        _ISSUER,
        "the org knows roots only; everything between the root and you is yours to send",
        _intermediate_missing,
    ),
    Scenario(
        "intermediate-expired",
        "the leaf's issuer has expired",
        "certificate has expired",
        "intermediates have dates too",
        _intermediate_expired,
    ),
    Scenario(
        "wrong-order",
        "the intermediates stand upside down",
        "data",
        "OpenSSL sorts it out, other servers do not: send leaf first, then each issuer",
        _wrong_order,
    ),
    Scenario(
        "root-included",
        "the root is among the files",
        "data",
        "harmless and useless: the org trusts its own copy only",
        lambda authority: _chain(authority, _leaf(authority), root=True),
    ),
    Scenario(
        "root-not-accepted",
        "the chain is whole, under a root the org does not know",
        _ISSUER,
        "look at cacerts.jsp before you buy",
        _root_not_accepted,
    ),
    Scenario("weak-key", "the key has 1024 bits", _NOT_SENT, "OpenSSL refuses to use it", _weak_key),
    Scenario(
        "weak-signature",
        "the leaf is signed with SHA-1",
        _NOT_SENT,
        "SHA-1 can be forged; OpenSSL refuses it",
        lambda authority: _under_rsa(authority, _sign_again_with_sha1, pss=False),
    ),
    Scenario(
        "rsa-pss",
        "the leaf is signed with RSA-PSS",
        "data",
        "modern and right, and some older clients cannot read it",
        lambda authority: _under_rsa(authority, lambda leaf, issuing: leaf.certificate, pss=True),
    ),
    Scenario(
        "not-uploaded",
        "all is well, but nobody has uploaded the leaf",
        "MUTUAL_AUTHENTICATION_FAILED",
        "after each renewal the new leaf has to be uploaded in Setup",
        _good,
        uploaded=False,
    ),
)


def find_scenario(name: str) -> Scenario:
    """Return the scenario of a name. Raises PracticeError for an unknown one."""
    for each in SCENARIOS:
        if each.name == name:
            return each
    raise PracticeError(
        f"there is no scenario {name!r}",
        next_step=f"they are: {', '.join([*(each.name for each in SCENARIOS), *FAILURES, *ORG_FAILURES])}",
    )
