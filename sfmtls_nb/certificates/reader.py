"""Bag: the keys and certificates in whatever files a user was given, before anyone asks what belongs together."""

from __future__ import annotations

import base64
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar, cast, get_args

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes as PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key, pkcs7, pkcs12

from sfmtls_nb.errors import IdentityError, PassphraseError
from sfmtls_nb.secret import Secret

T = TypeVar("T")

#: Bytes. A bag of a thousand certificates has about two million.
_LARGEST_FILE: Final = 50_000_000
_MARKER: Final = re.compile(r"-----(BEGIN|END) ([A-Z0-9 #]+)-----")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/\s]+=*\s*")

# What cannot be read here, by its first bytes, and what to do about it.
_ELSEWHERE: Final = {
    b"\xfe\xed\xfe\xed": (
        "a Java keystore (JKS)",
        "turn it into PKCS#12: keytool -importkeystore -srckeystore {name} -destkeystore client.p12 -deststoretype PKCS12",
    ),
    b"\xce\xce\xce\xce": (
        "a Java keystore (JCEKS)",
        "turn it into PKCS#12: keytool -importkeystore -srcstoretype JCEKS -srckeystore {name} "
        "-destkeystore client.p12 -deststoretype PKCS12",
    ),
    b"PuTTY-User-Key": (
        "a PuTTY key",
        "export it with puttygen as an OpenSSH key, then: ssh-keygen -p -m PKCS8 -f FILE",
    ),
    b"PK\x03\x04": ("a zip archive", "unpack it, and give the files inside"),
}
_IGNORED: Final = {
    "CERTIFICATE REQUEST": "a certificate request (CSR): it is for the authority, which answers with a certificate",
    "NEW CERTIFICATE REQUEST": "a certificate request (CSR): it is for the authority, which answers with a certificate",
    "PUBLIC KEY": "a public key alone: the certificate holds it anyway",
    "RSA PUBLIC KEY": "a public key alone: the certificate holds it anyway",
    "EC PARAMETERS": "the name of a curve: the key holds it anyway",
    "DH PARAMETERS": "Diffie-Hellman parameters: a server's business",
    "X509 CRL": "a revocation list: the org fetches its own",
}


@dataclass(frozen=True)
class Origin:
    """Where something was found: the file, and the how-manieth of its kind in there (from 0)."""

    source: str
    number: int
    path: Path | None = None


@dataclass
class Bag:
    """What was found, in the order of the files.

    remarks: what was passed over, and why. encrypted: whether a passphrase was needed for any of it.
    """

    keys: list[tuple[PrivateKey, Origin]] = field(default_factory=list)
    certificates: list[tuple[x509.Certificate, Origin]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    encrypted: bool = False


def read_bag(sources: tuple[str | Path | bytes, ...], passphrase: Secret | None = None) -> Bag:
    """Read PEM, DER, PKCS#12, PKCS#7, PKCS#1, PKCS#8 and SEC1, one or many in a file, from files or bytes.

    Raises PassphraseError where something is encrypted and the passphrase is missing or wrong, IdentityError for what
    cannot be read or is malformed.
    """
    bag = Bag()
    with warnings.catch_warnings():
        # cryptography warns of what it reads all the same: OpenSSL's own unsorted PKCS#7, serial numbers below zero.
        warnings.simplefilter("ignore")
        for source in sources:
            _Reader(source, bag, passphrase).read()
    return bag


class _Reader:
    """Reads one source into a bag."""

    def __init__(self, source: str | Path | bytes, bag: Bag, passphrase: Secret | None) -> None:
        if isinstance(source, str) and "\n" in source:
            # What stands in a file, not its name: an error would quote the name, and this may be a private key.
            source = source.encode(errors="replace")
        self._bag = bag
        self._passphrase = passphrase
        self._path = None if isinstance(source, bytes) else _expanded(source)
        self._name = "the given bytes" if isinstance(source, bytes) else str(self._path)
        self._data = source if isinstance(source, bytes) else b""

    def read(self) -> None:
        if self._path:
            self._data = self._read_file(self._path)
        if not self._data.strip():
            raise IdentityError(
                f"{self._name} is empty", "0 bytes", "check that the file is the one you were sent, whole"
            )
        for start, (what, advice) in _ELSEWHERE.items():
            if self._data.startswith(start):
                raise IdentityError(f"{self._name} is {what}", repr(start), advice.format(name=self._name))
        text = self._text()
        if _MARKER.search(text):
            self._pem(text)
        elif self._data[:1] == b"\x30":
            self._der(self._data)
        elif _BASE64.fullmatch(self._data):  # the inside of a PEM block, without its first and last line
            self._der(self._attempt("file", lambda: base64.b64decode(b"".join(self._data.split()), validate=True)))
        else:
            raise IdentityError(
                f"{self._name} holds no key and no certificate",
                # Enough to tell what kind of file it is, and too little of a password or key.
                f"it begins with {self._data[:4]!r}",
                "give PEM (-----BEGIN CERTIFICATE-----), DER, PKCS#12 (.p12, .pfx) or PKCS#7 (.p7b)",
            )

    def _read_file(self, path: Path) -> bytes:
        try:
            if path.stat().st_size > _LARGEST_FILE:
                raise IdentityError(
                    f"{path} is too large to be a key or certificates",
                    f"{path.stat().st_size:,} bytes",
                    "check that it is the file you mean",
                )
            return path.read_bytes()
        except (OSError, ValueError) as error:  # ValueError: a null byte in the name
            raise IdentityError(
                f"{path} cannot be read",
                getattr(error, "strerror", None) or str(error),
                "check the name, and that the file may be read",
            ) from error

    def _text(self) -> str:
        """The bytes as text, if they are text: Windows' editors like UTF-16 and a byte order mark."""
        if self._data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return self._data.decode("utf-16", "replace")
        return self._data.decode("latin-1")

    # ------------------------------------------------------------ PEM

    def _pem(self, text: str) -> None:
        found = False
        for label, body in self._blocks(text):
            if label in _IGNORED:
                self._bag.remarks.append(f"{self._name} holds {_IGNORED[label]}")
            elif label == "OPENSSH PRIVATE KEY":
                raise IdentityError(
                    f"{self._name} is an OpenSSH key",
                    "-----BEGIN OPENSSH PRIVATE KEY-----",
                    f"turn a copy of it into PKCS#8: ssh-keygen -p -m PKCS8 -f {self._name}",
                )
            elif label.endswith("PRIVATE KEY"):
                self._add_key(self._pem_key(label, body))
            elif label.endswith("CERTIFICATE"):
                self._add_certificate(self._decoded("certificate", body))
            elif label.startswith(("PKCS7", "PKCS #7", "CMS")):
                self._add_pkcs7(self._decoded("PKCS#7 bundle", body))
            else:
                self._bag.remarks.append(f"{self._name} holds a {label}: of no use here")
            found = True
        if not found:
            raise self._malformed("file", "no complete PEM block")

    def _blocks(self, text: str) -> Iterator[tuple[str, str]]:
        """Label and body of each block, whatever text stands between them (Bag Attributes, a mail, line numbers)."""
        begun: re.Match[str] | None = None
        for marker in _MARKER.finditer(text):
            if marker[1] == "BEGIN" and begun is None:
                begun = marker
            elif marker[1] == "END" and begun is not None and begun[2] == marker[2]:
                yield marker[2], text[begun.end() : marker.start()]
                begun = None
            else:
                raise self._malformed(marker[2].lower(), "a BEGIN line without its END line, or the other way round")
        if begun is not None:
            raise self._malformed(begun[2].lower(), "it is cut off: a BEGIN line without its END line")

    def _decoded(self, what: str, body: str) -> bytes:
        lines = (line for line in body.splitlines() if ":" not in line)  # headers, as in “Name: value”
        return self._attempt(what, lambda: base64.b64decode("".join("".join(lines).split()), validate=True))

    def _pem_key(self, label: str, body: str) -> object:
        if "ENCRYPTED" in body:  # the traditional format: Proc-Type: 4,ENCRYPTED
            pem = f"-----BEGIN {label}-----{body}-----END {label}-----".replace("\r\n", "\n").encode("latin-1")
            return self._opened("private key", lambda password: load_pem_private_key(pem, password))
        der = self._decoded("private key", body)
        return self._opened("private key", lambda password: load_der_private_key(der, password))

    # ------------------------------------------------------------ DER

    def _der(self, data: bytes) -> None:
        data = data[: _der_length(data)]  # an editor may have put a line end behind it
        if data[_header_length(data) :].startswith(b"\x02\x01\x03"):  # PFX ::= SEQUENCE { version INTEGER {v3(3)}, …
            return self._add_pkcs12(data)
        for add in (self._add_certificate, self._add_pkcs7, self._add_der_key):
            try:
                return add(data)
            except PassphraseError:
                raise
            except IdentityError:
                continue
        raise self._malformed("file", "binary, but neither a certificate nor a key nor a bundle of them")

    def _add_pkcs12(self, data: bytes) -> None:
        # No passphrase and an empty one are two things in PKCS#12, and exporters mean either.
        given = self._passphrase.reveal().encode() if self._passphrase else None
        problem: Exception | None = None
        for password in (*([given] if given else []), None, b""):
            try:
                bundle = pkcs12.load_pkcs12(data, password)
            except Exception as error:  # noqa: BLE001  # see _attempt
                problem = problem or error
                continue
            self._bag.encrypted |= bool(password)
            if bundle.key:
                self._add_key(bundle.key)
            for entry in (bundle.cert, *bundle.additional_certs):
                if entry:
                    self._add(entry.certificate)
            return
        raise self._locked("PKCS#12 file") from problem

    def _add_der_key(self, der: bytes) -> None:
        self._add_key(self._opened("private key", lambda password: load_der_private_key(der, password)))

    def _add_pkcs7(self, der: bytes) -> None:
        for certificate in self._attempt("PKCS#7 bundle", lambda: pkcs7.load_der_pkcs7_certificates(der)):
            self._add(certificate)

    def _add_certificate(self, der: bytes) -> None:
        # A TRUSTED CERTIFICATE has OpenSSL's notes behind the certificate.
        self._add(self._attempt("certificate", lambda: x509.load_der_x509_certificate(der[: _der_length(der)])))

    # ------------------------------------------------------------ what was read

    def _add(self, certificate: x509.Certificate) -> None:
        """Keep a certificate whose essentials can be read; of others say that they are there."""
        try:
            certificate.public_key()
            _ = (
                certificate.subject,
                certificate.issuer,
                certificate.not_valid_after_utc,
                certificate.not_valid_before_utc,
            )
        except Exception as error:  # noqa: BLE001  # see _attempt
            self._bag.remarks.append(f"{self._name} holds a certificate that cannot be read: {_first_line(error)}")
            return
        number = sum(origin.source == self._name for _, origin in self._bag.certificates)
        self._bag.certificates.append((certificate, Origin(self._name, number, self._path)))

    def _add_key(self, key: object) -> None:
        if not isinstance(key, get_args(PrivateKey)):
            raise IdentityError(
                f"the key in {self._name} cannot sign, so it cannot authenticate a client",
                type(key).__name__,
                "use an RSA key (2048 bits or more) or an EC key (P-256 or P-384)",
            )
        number = sum(origin.source == self._name for _, origin in self._bag.keys)
        self._bag.keys.append((cast("PrivateKey", key), Origin(self._name, number, self._path)))

    # ------------------------------------------------------------ what goes wrong

    def _attempt(self, what: str, parse: Callable[[], T]) -> T:
        try:
            return parse()
        except Exception as error:  # cryptography's parsers raise a dozen types, documented nowhere
            raise self._malformed(what, error) from error

    def _opened(self, what: str, load: Callable[[bytes | None], object]) -> object:
        """What ``load`` reads, without a passphrase if it can be, else with the one that was given."""
        try:
            return load(None)
        except TypeError:  # cryptography's word for: encrypted, and no password was given
            pass
        except Exception as error:  # see _attempt
            raise self._malformed(what, error) from error
        if self._passphrase is None:
            raise self._locked(what)
        try:
            key = load(self._passphrase.reveal().encode())
        except Exception as error:  # see _attempt
            raise self._locked(what) from error
        self._bag.encrypted = True
        return key

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

    def _malformed(self, what: str, why: object) -> IdentityError:
        return IdentityError(
            f"the {what} in {self._name} is malformed",
            why if isinstance(why, str) else _first_line(why),
            "ask for the file again, or copy it again whole, from its BEGIN line to its END line",
        )


def _expanded(source: str | Path) -> Path:
    """The path, with ~ as the home directory, if there is one."""
    try:
        return Path(source).expanduser()
    except RuntimeError:
        return Path(source)


def _first_line(error: object) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__


def _header_length(der: bytes) -> int:
    """Bytes of the outermost tag and length (X.690, 8.1.3)."""
    return 2 + (der[1] & 0x7F if len(der) > 1 and der[1] & 0x80 else 0)


def _der_length(der: bytes) -> int:
    """Bytes of the outermost element, header included; all there are if it says nonsense, or does not say (BER)."""
    header = _header_length(der)
    if header == 2:
        return header + der[1] if len(der) > 1 and der[1] != 0x80 else len(der)
    return header + int.from_bytes(der[2:header], "big")
