"""Reader: the keys and certificates in whatever files a user was given, before anyone asks what belongs together."""

from __future__ import annotations

import base64
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple, TypeVar, cast, get_args

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes as PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key, pkcs7, pkcs12

from sfmtls_nb.errors import IdentityError, PassphraseError
from sfmtls_nb.files import expand
from sfmtls_nb.secret import Secret

T = TypeVar("T")

_MARKER: Final = re.compile(r"-----(BEGIN|END) ([A-Z0-9 #]+)-----")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/\s]+=*\s*")

# Files that cannot be read here: first bytes -> name of the format, and how to turn it into one that can.
_UNREADABLE: Final = {
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
# PEM blocks that are passed over: label -> remark.
_PASSED_OVER: Final = {
    "CERTIFICATE REQUEST": "a certificate request (CSR): it is for the authority, which answers with a certificate",
    "NEW CERTIFICATE REQUEST": "a certificate request (CSR): it is for the authority, which answers with a certificate",
    "PUBLIC KEY": "a public key alone: the certificate holds it anyway",
    "RSA PUBLIC KEY": "a public key alone: the certificate holds it anyway",
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
class Contents:
    """The keys and certificates in some files, in the order of the files.

    remarks: what was passed over, and why. encrypted: True if a passphrase was needed for any of it.
    """

    keys: list[tuple[PrivateKey, Location]] = field(default_factory=list)
    certificates: list[tuple[x509.Certificate, Location]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    encrypted: bool = False


class _Block(NamedTuple):
    """One piece of a file: a PEM block with its label and its base64 text, or binary data without a label."""

    label: str
    body: bytes


def read_contents(sources: Iterable[str | Path | bytes], passphrase: Secret | None = None) -> Contents:
    """Read PEM, DER, PKCS#12, PKCS#7, PKCS#1, PKCS#8 and SEC1, one or many in a file, from files or bytes.

    Raises PassphraseError if something is encrypted and the passphrase is missing or wrong, IdentityError for what
    cannot be read or is malformed.
    """
    contents = Contents()
    with warnings.catch_warnings():
        # cryptography warns of what it reads all the same: OpenSSL's own unsorted PKCS#7, serial numbers below zero.
        warnings.simplefilter("ignore")
        for source in sources:
            _Reader(source, contents, passphrase).read()
    return contents


def _split_blocks(data: bytes) -> list[_Block]:
    """Split the bytes of a file into its blocks: PEM, DER, or base64 without its BEGIN and END lines.

    An empty list means that it is none of these. Raises _MalformedError if a PEM block is cut off.
    """
    # Windows' editors like UTF-16 and a byte order mark.
    text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "latin-1", "replace")
    if _MARKER.search(text):
        return list(_split_pem(text))
    if data.startswith(b"\x30"):  # SEQUENCE, as all of DER begins here
        return [_Block("", data)]
    if _BASE64.fullmatch(data):
        return [_Block("", _decode("file", data))]
    return []


class _MalformedError(Exception):
    """A block is not what it should be: the kind of thing, and the reason."""

    def __init__(self, kind: str, reason: str | Exception) -> None:
        super().__init__(kind, reason if isinstance(reason, str) else _first_line(reason))


def _split_pem(text: str) -> Iterator[_Block]:
    """Yield each block, whatever text stands between them (Bag Attributes, a mail, line numbers)."""
    begun: re.Match[str] | None = None
    for marker in _MARKER.finditer(text):
        if marker[1] == "BEGIN" and begun is None:
            begun = marker
        elif marker[1] == "END" and begun is not None and begun[2] == marker[2]:
            yield _Block(marker[2], text[begun.end() : marker.start()].encode())
            begun = None
        else:
            raise _MalformedError(marker[2].lower(), "a BEGIN line without its END line, or the other way round")
    if begun is not None:
        raise _MalformedError(begun[2].lower(), "it is cut off: a BEGIN line without its END line")


def _decode(kind: str, body: bytes) -> bytes:
    """Decode the base64 of a PEM block, whose header lines (“Name: value”) are left out."""
    lines = (line for line in body.splitlines() if b":" not in line)
    return _parse(kind, lambda: base64.b64decode(b"".join(b"".join(lines).split()), validate=True))


def _parse(kind: str, parser: Callable[[], T]) -> T:
    """Call a parser. Raises _MalformedError for the dozen exceptions of cryptography's, which are documented nowhere."""
    try:
        return parser()
    except Exception as error:
        raise _MalformedError(kind, error) from error


class _Reader:
    """Reads one source into the contents."""

    def __init__(self, source: str | Path | bytes, contents: Contents, passphrase: Secret | None) -> None:
        if isinstance(source, str) and "\n" in source:
            # The text of a file, not its name: an error would quote the name, and this may be a private key.
            source = source.encode(errors="replace")
        self._contents = contents
        self._passphrase = passphrase
        self._path = None if isinstance(source, bytes) else expand(source, IdentityError)
        # Bytes may have a name of their own, as those of a file that was uploaded do.
        self._name = str(self._path) if self._path else getattr(source, "name", "the given bytes")
        self._data = _read_file(self._path) if self._path else cast("bytes", source)

    def read(self) -> None:
        if not self._data.strip():
            raise IdentityError(
                f"{self._name} is empty", "0 bytes", "check that the file is the one you were sent, whole"
            )
        for start, (what, advice) in _UNREADABLE.items():
            if self._data.startswith(start):
                raise IdentityError(f"{self._name} is {what}", repr(start), advice.format(name=self._name))
        try:
            blocks = _split_blocks(self._data)
            for block in blocks:
                self._add_block(block)
        except _MalformedError as error:
            kind, reason = error.args
            raise IdentityError(
                f"the {kind} in {self._name} is malformed",
                reason,
                "ask for the file again, or copy it again whole, from its BEGIN line to its END line",
            ) from error
        if not blocks:
            raise IdentityError(
                f"{self._name} holds no key and no certificate",
                # Enough to tell what kind of file it is, and too little of a password or key.
                f"it begins with {self._data[:4]!r}",
                "give PEM (-----BEGIN CERTIFICATE-----), DER, PKCS#12 (.p12, .pfx) or PKCS#7 (.p7b)",
            )

    def _add_block(self, block: _Block) -> None:
        label, body = block
        if not label:
            self._add_binary(body)
        elif label in _PASSED_OVER:
            self._contents.remarks.append(f"{self._name} holds {_PASSED_OVER[label]}")
        elif label == "OPENSSH PRIVATE KEY":
            raise IdentityError(
                f"{self._name} is an OpenSSH key",
                "-----BEGIN OPENSSH PRIVATE KEY-----",
                f"turn a copy of it into PKCS#8: ssh-keygen -p -m PKCS8 -f {self._name}",
            )
        elif label.endswith("PRIVATE KEY") and b"ENCRYPTED" in body:  # the traditional format: Proc-Type: 4,ENCRYPTED
            pem = f"-----BEGIN {label}-----{body.decode()}-----END {label}-----".replace("\r\n", "\n").encode()
            self._add_key(self._unlock(lambda password: load_pem_private_key(pem, password)))
        elif label.endswith("PRIVATE KEY"):
            self._add_der_key(_decode("private key", body))
        elif label.endswith("CERTIFICATE"):
            self._add_der_certificate(_decode("certificate", body))
        elif label.startswith(("PKCS7", "PKCS #7", "CMS")):
            self._add_pkcs7(_decode("PKCS#7 bundle", body))
        else:
            self._contents.remarks.append(f"{self._name} holds a {label}: of no use here")

    def _add_binary(self, data: bytes) -> None:
        der = data[: _der_length(data)]  # an editor may have put a line end behind it
        if der[_header_length(der) :].startswith(b"\x02\x01\x03"):  # PFX ::= SEQUENCE { version INTEGER {v3(3)}, …
            return self._add_pkcs12(der)
        for add in (self._add_der_certificate, self._add_pkcs7, self._add_der_key):
            try:
                return add(der)
            except _MalformedError:
                continue
        raise _MalformedError("file", "binary, but neither a certificate nor a key nor a bundle of them")

    def _add_pkcs12(self, data: bytes) -> None:
        # No passphrase and an empty one are two things in PKCS#12, and exporters mean either.
        given = self._passphrase.reveal().encode() if self._passphrase else None
        problem: Exception | None = None
        for password in (*([given] if given else []), None, b""):
            try:
                bundle = pkcs12.load_pkcs12(data, password)
            except Exception as error:  # noqa: BLE001  # see _parse
                problem = problem or error
                continue
            self._contents.encrypted |= bool(password)
            if bundle.key:
                self._add_key(bundle.key)
            for entry in (bundle.cert, *bundle.additional_certs):
                if entry:
                    self._add_certificate(entry.certificate)
            return
        raise self._locked("PKCS#12 file") from problem

    def _add_pkcs7(self, der: bytes) -> None:
        for certificate in _parse("PKCS#7 bundle", lambda: pkcs7.load_der_pkcs7_certificates(der)):
            self._add_certificate(certificate)

    def _add_der_certificate(self, der: bytes) -> None:
        # A TRUSTED CERTIFICATE has OpenSSL's notes behind the certificate.
        self._add_certificate(_parse("certificate", lambda: x509.load_der_x509_certificate(der[: _der_length(der)])))

    def _add_der_key(self, der: bytes) -> None:
        self._add_key(self._unlock(lambda password: load_der_private_key(der, password)))

    def _add_certificate(self, certificate: x509.Certificate) -> None:
        """Keep a certificate; if its essentials cannot be read, remark that it is there."""
        try:
            certificate.public_key()
            _ = certificate.subject, certificate.issuer
            _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        except Exception as error:  # noqa: BLE001  # see _parse
            self._contents.remarks.append(f"{self._name} holds a certificate that cannot be read: {_first_line(error)}")
        else:
            self._contents.certificates.append((certificate, self._locate(self._contents.certificates)))

    def _add_key(self, key: object) -> None:
        if not isinstance(key, get_args(PrivateKey)):
            raise IdentityError(
                f"the key in {self._name} cannot sign, so it cannot authenticate a client",
                type(key).__name__,
                "use an RSA key (2048 bits or more) or an EC key (P-256 or P-384)",
            )
        self._contents.keys.append((cast("PrivateKey", key), self._locate(self._contents.keys)))

    def _locate(self, found: list[tuple[T, Location]]) -> Location:
        number = 1 + sum(location.file == self._name for _, location in found)
        return Location(self._name, number, self._path)

    def _unlock(self, load: Callable[[bytes | None], object]) -> object:
        """Load a private key without a passphrase if it can be, else with the one that was given."""
        try:
            return load(None)
        except TypeError as error:  # cryptography's word for: encrypted, and no password was given
            if self._passphrase is None:
                raise self._locked("private key") from error
        except Exception as error:  # see _parse
            raise _MalformedError("private key", error) from error
        try:
            key = load(self._passphrase.reveal().encode())
        except Exception as error:  # see _parse
            raise self._locked("private key") from error
        self._contents.encrypted = True
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


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise IdentityError(
            f"{path} cannot be read",
            getattr(error, "strerror", None) or str(error),
            "check the name, and that the file may be read",
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__


def _header_length(der: bytes) -> int:
    """Count the bytes of the outermost tag and length (X.690, 8.1.3)."""
    return 2 + (der[1] & 0x7F if len(der) > 1 and der[1] & 0x80 else 0)


def _der_length(der: bytes) -> int:
    """Count the bytes of the outermost element, its header included; all of them if the length is indefinite (BER)."""
    header = _header_length(der)
    if header == 2:
        return header + der[1] if len(der) > 1 and der[1] != 0x80 else len(der)
    return header + int.from_bytes(der[2:header], "big")
