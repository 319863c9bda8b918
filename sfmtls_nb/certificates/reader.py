"""Reader: the keys and certificates in whatever files a user was given, before anyone asks what belongs together."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar, cast, get_args

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes as PrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12

from sfmtls_nb.certificates.der import der_length, header_length
from sfmtls_nb.certificates.keystore import JCEKS, JKS, absurd_work, java_keystore, key_names
from sfmtls_nb.certificates.private_key import key_from_der, key_from_pem
from sfmtls_nb.certificates.wrappings import (
    Block,
    MalformedError,
    bare_der,
    base64_in,
    blocks_of,
    decoded_base64,
    traditional_pem,
    unwrapped_text,
)
from sfmtls_nb.errors import IdentityError, PassphraseError
from sfmtls_nb.files import read_file, reason_of, shown
from sfmtls_nb.secret import Secret, SecretBytes

T = TypeVar("T")
_BEGINS: Final = re.compile(rb"-----BEGIN |-\0-\0-\0-\0-\0 ?\0?B\0E\0G")
# Words of a label -> the kind that is tried first.
_KINDS: Final = {
    "REQUEST": "",
    "PRIVATE KEY": "private key",
    "CERTIFICATE": "certificate",
    "PKCS": "PKCS#7 bundle",
    "CMS": "PKCS#7 bundle",
}
# Files that cannot be read here: first bytes -> name of the format, and how to turn it into one that can.
_UNREADABLE: Final = {
    b"PuTTY-User-Key": (
        "a PuTTY key",
        "export it with puttygen as an OpenSSH key, then: ssh-keygen -p -m PKCS8 -f FILE",
    ),
    b"PK\x03\x04": ("a zip archive", "unpack it, and give the files inside"),
}
# PEM blocks that are passed over: label -> remark.
_PASSED_OVER: Final = {
    "CERTIFICATE REQUEST": "a certificate request (CSR): it is for the authority, which answers with a certificate",
    "PUBLIC KEY": "a public key alone: the certificate holds it anyway",
    "EC PARAMETERS": "the name of a curve: the key holds it anyway",
    "DH PARAMETERS": "Diffie-Hellman parameters: a server's business",
    "X509 CRL": "a revocation list: the org fetches its own",
}


@dataclass(frozen=True)
class Location:
    """The file that a key or certificate was read from, and its number among those of its kind there, from 1.

    path: None for bytes, which come from no file.
    """

    file: str
    number: int
    path: Path | None = None

    def __str__(self) -> str:
        return f"number {self.number} in {self.file}"


@dataclass
class Bag:
    """The keys and certificates in some files, in the order of the files (PKCS#12 calls its parts bags).

    remarks: what was passed over, and why. unreadable: certificates that cannot be read, each with its file and the reason.
    keystores: names of the keys in each keystore, of which the reader gets one only. encrypted: True if a passphrase was
    needed for any of it. counts: how many of a kind were found in each file.
    """

    keys: list[tuple[PrivateKey, Location]] = field(default_factory=list)
    certificates: list[tuple[x509.Certificate, Location]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    keystores: list[tuple[str, list[str]]] = field(default_factory=list)
    encrypted: bool = False
    counts: Counter[tuple[str, str]] = field(default_factory=Counter, repr=False)


def read_bag(sources: Iterable[Path | bytes], passphrase: Secret | None = None) -> Bag:
    """Read PEM, DER, PKCS#12, PKCS#7, PKCS#1, PKCS#8 and SEC1, one or many in a file, from files or bytes.

    Raises PassphraseError if something is encrypted and the passphrase is missing or wrong, IdentityError for what
    cannot be read or is malformed.
    """
    bag = Bag()
    with warnings.catch_warnings():
        # cryptography warns of what it reads all the same: OpenSSL's own unsorted PKCS#7, serial numbers below zero.
        warnings.simplefilter("ignore")
        for source in sources:
            _Reader(source, bag, passphrase).read()
    return bag


def _parse(kind: str, parser: Callable[[], T]) -> T:
    """Call a parser. Raises MalformedError for the dozen exceptions of cryptography's, which are documented nowhere."""
    try:
        return parser()
    except Exception as error:
        raise MalformedError(kind, _first_line(error)) from error


class _Reader:
    """Reads one source into the bag."""

    def __init__(self, source: Path | bytes, bag: Bag, passphrase: Secret | None) -> None:
        self._bag = bag
        self._passphrase = passphrase
        self._path = None if isinstance(source, bytes) else source
        # Bytes that were uploaded have the name of their file.
        self._name = shown(self._path) if self._path else getattr(source, "name", "the given bytes")
        self._data = source if isinstance(source, bytes) else _read_file(source)
        self._adders: dict[str, Callable[[bytes], None]] = {
            "certificate": self._add_der_certificate,
            "PKCS#7 bundle": self._add_pkcs7,
            "private key": self._add_der_key,
        }

    def read(self) -> None:
        if not self._data.strip():
            raise IdentityError(
                f"{self._name} is empty", "0 bytes", "check that the file is the one you were sent, whole"
            )
        if self._data.startswith((JKS, JCEKS)):
            raise java_keystore(self._data, self._name)
        for start, (what, advice) in _UNREADABLE.items():
            if self._data.startswith(start):
                raise IdentityError(f"{self._name} is {what}", repr(start), advice)
        try:
            empty = False
            if self._data.startswith(b"0") and not _BEGINS.search(self._data):  # DER begins with a SEQUENCE, 0x30
                self._add_binary("file", self._data)
            else:
                empty = self._read_text()
        except MalformedError as error:
            kind, reason = error.args
            raise IdentityError(
                f"the {kind} in {self._name} is malformed",
                reason,
                "ask for the file again, or copy it again whole, from its BEGIN line to its END line",
            ) from error
        if empty:
            raise IdentityError(
                f"{self._name} cannot be read: it holds no key and no certificate",
                # Enough to tell what kind of file it is, and too little of a password or key.
                f"{len(self._data):,} bytes, which begin with {bytes(self._data[:4])!r}",
                "give PEM (-----BEGIN CERTIFICATE-----), DER, PKCS#12 (.p12, .pfx) or PKCS#7 (.p7b)",
            )

    def _read_text(self) -> bool:
        """Read what a text holds, whatever it is wrapped in; return True if that is nothing."""
        text = unwrapped_text(self._data)
        empty = True
        for block in blocks_of(text):
            self._add_block(block)
            empty = False
        if empty:
            for der in bare_der(text):
                self._add_binary("file", der)
                empty = False
        data = decoded_base64(text) if empty else None
        # The bytes of a file, and not whole if they are DER.
        if data and data.startswith((b"0", JKS, JCEKS, *_UNREADABLE)):
            self._data = SecretBytes(data)
            self.read()
            empty = False
        return empty

    def _add_block(self, block: Block) -> None:
        """Add what a block holds. Its label says what is tried first; content decides."""
        label = block.label.removeprefix("NEW ")
        kind = next((kind for end, kind in _KINDS.items() if end in label), "")
        if "Proc-Type" in block.body:  # the traditional format: Proc-Type: 4,ENCRYPTED
            pem = traditional_pem(block)
            return self._add_key(self._unlock(lambda password: key_from_pem(pem, password)))
        try:
            der = base64_in(block)
            if label == "OPENSSH PRIVATE KEY" or der.startswith(b"openssh-key-v1\0"):
                raise IdentityError(
                    f"{self._name} is an OpenSSH key",
                    "-----BEGIN OPENSSH PRIVATE KEY-----",
                    f"turn a copy of it into PKCS#8: ssh-keygen -p -m PKCS8 -f {self._name}",
                )
            return self._add_binary(kind or "file", der)
        except MalformedError:
            if kind and label.removeprefix("RSA ") not in _PASSED_OVER:
                raise
        remark = _PASSED_OVER.get(label.removeprefix("RSA "), f"a {label}: of no use here")
        return self._bag.remarks.append(f"{self._name} holds {remark}")

    def _add_binary(self, kind: str, data: bytes) -> None:
        """Add what some bytes hold: of the kind that they are said to be, or else of another."""
        der = SecretBytes(data[: der_length(data)])  # an editor may have put a line end behind it
        if der[header_length(der) :].startswith(b"\x02\x01\x03"):  # PFX ::= SEQUENCE { version INTEGER {v3(3)}, …
            return self._add_pkcs12(der)
        adders = self._adders
        problem: MalformedError | None = None
        for add in sorted(adders, key=lambda adder: adder != kind):
            try:
                return adders[add](der)
            except MalformedError as error:
                problem = problem or error
        if kind in adders and problem:
            raise problem
        raise MalformedError("file", "binary, but neither a certificate nor a key nor a bundle of them")

    def _add_pkcs12(self, data: bytes) -> None:
        self._refuse_absurd_work("PKCS#12 file", data)
        # No passphrase and an empty one are two things in PKCS#12, and exporters mean either.
        given = passphrase_bytes(self._passphrase) if self._passphrase else None
        problem: Exception | None = None
        for password in (*([given] if given else []), None, b""):
            try:
                bundle = pkcs12.load_pkcs12(data, password)
            except Exception as error:  # noqa: BLE001  # see _parse
                problem = problem or error
                continue
            self._bag.encrypted |= bool(password)
            if len(names := key_names(data)) > 1:
                self._bag.keystores.append((self._name, names))
            if bundle.key:
                self._add_key(bundle.key)
            for entry in (bundle.cert, *bundle.additional_certs):
                if entry:
                    self._add_certificate(entry.certificate)
            return
        if isinstance(problem, UnsupportedAlgorithm):
            raise self._not_for_tls(problem) from problem
        raise self._locked("PKCS#12 file") from problem

    def _add_pkcs7(self, der: bytes) -> None:
        from cryptography.hazmat.primitives.serialization import pkcs7  # noqa: PLC0415  # it loads email

        for certificate in _parse("PKCS#7 bundle", lambda: pkcs7.load_der_pkcs7_certificates(der)):
            self._add_certificate(certificate)

    def _add_der_certificate(self, der: bytes) -> None:
        # A TRUSTED CERTIFICATE has OpenSSL's notes behind the certificate.
        self._add_certificate(_parse("certificate", lambda: x509.load_der_x509_certificate(der[: der_length(der)])))

    def _add_der_key(self, der: bytes) -> None:
        self._refuse_absurd_work("private key", der)
        self._add_key(self._unlock(lambda password: key_from_der(der, password)))

    def _add_certificate(self, certificate: x509.Certificate) -> None:
        """Keep a certificate; if its essentials cannot be read, remark that it is there."""
        try:
            certificate.public_key()
            _ = certificate.subject, certificate.issuer
            _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        except Exception as error:  # noqa: BLE001  # see _parse
            reason = f"{self._name} holds a certificate that cannot be read: {_first_line(error)}"
            self._bag.remarks.append(reason)
            self._bag.unreadable.append((self._name, reason))
        else:
            self._bag.certificates.append((certificate, self._locate("certificate")))

    def _add_key(self, key: object) -> None:
        if not isinstance(key, get_args(PrivateKey)):
            raise IdentityError(
                f"the key in {self._name} cannot sign, so it cannot authenticate a client",
                type(key).__name__,
                "use an RSA key (2048 bits or more) or an EC key (P-256 or P-384)",
            )
        self._bag.keys.append((cast("PrivateKey", key), self._locate("key")))

    def _locate(self, kind: str) -> Location:
        self._bag.counts[kind, self._name] += 1
        return Location(self._name, self._bag.counts[kind, self._name], self._path)

    def _unlock(self, load: Callable[[bytes | None], object]) -> object:
        """Load a private key without a passphrase if it can be, else with the one that was given."""
        try:
            return load(None)
        except TypeError as error:  # cryptography's word for: encrypted, and no password was given
            if self._passphrase is None:
                raise self._locked("private key") from error
        except UnsupportedAlgorithm as error:
            raise self._not_for_tls(error) from error
        except Exception as error:  # see _parse
            raise MalformedError("private key", _first_line(error)) from error
        try:
            key = load(passphrase_bytes(self._passphrase))
        except UnsupportedAlgorithm as error:
            raise self._not_for_tls(error) from error
        except Exception as error:  # see _parse
            raise self._locked("private key") from error
        self._bag.encrypted = True
        return key

    def _not_for_tls(self, error: UnsupportedAlgorithm) -> IdentityError:
        return IdentityError(
            f"curve-not-for-tls: the key in {self._name} is of a kind that cannot be used for TLS",
            _first_line(error),
            "make a new key and request, for P-256, P-384 or RSA: new_key_and_csr(…)",
        )

    def _refuse_absurd_work(self, what: str, der: bytes) -> None:
        if work := absurd_work(der):
            raise IdentityError(
                f"the {what} in {self._name} is not opened: it asks for more work than any tool does",
                work,
                "ask for the file again, exported with the usual settings",
            )

    def _locked(self, what: str) -> PassphraseError:
        if self._passphrase:
            return PassphraseError(
                f"the passphrase does not open the {what} in {self._name}",
                next_step="type it again; it is the passphrase of this file, not the Salesforce password. If it is right, "
                "the file is damaged: ask for it again",
            )
        return PassphraseError(
            f"the {what} in {self._name} is encrypted",
            next_step="give its passphrase: ClientIdentity.load(…, password=getpass())",
        )


def passphrase_bytes(passphrase: Secret) -> bytes:
    """A passphrase as it opens a key; one that was given as bytes comes out as it was."""
    return passphrase.reveal().encode(errors="surrogateescape")


def _read_file(path: Path) -> bytes:
    try:
        return read_file(path)
    except OSError as error:
        raise IdentityError(
            f"{shown(path)} cannot be read", reason_of(error), "check the name, and that the file may be read"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__
