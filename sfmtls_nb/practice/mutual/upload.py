"""Upload: the file that is given to Setup's Mutual Authentication Certificates, and the leaf in it."""

from __future__ import annotations

import re
from typing import Final

from cryptography import x509

from sfmtls_nb.errors import PracticeError

#: A private key in PEM; UTF-16 has zeros between the letters.
_KEY: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
#: A private key or a PKCS#12 file in DER, which begin with a number, as no certificate does; or a Java keystore.
_KEYSTORE: Final = re.compile(rb"0(?:[\x00-\x80]|\x81.|\x82..|\x83...)\x02\x01[\x00-\x03]|\xfe\xed\xfe\xed", re.DOTALL)
_LEAF: Final = "upload the client's leaf alone: upload.crt, which everyone may see"


def certificates_or_error(content: object) -> list[x509.Certificate] | PracticeError:
    """Return the certificates in a PEM file, at least one, or the error to raise.

    It does not raise by itself: a frame that fails shows its variables, and this one may hold a private key.
    """
    if not isinstance(content, bytes | bytearray | memoryview):
        return PracticeError(
            f"that is {type(content).__name__}, and not what is in a file",
            next_step="give the file's bytes: Path('upload.crt').read_bytes()",
        )
    data = bytes(content)
    if _KEY.search(data.replace(b"\0", b"")) or _KEYSTORE.match(data):
        return PracticeError(
            "that file holds a private key, which is never uploaded: you alone may see it",
            "it was refused, and nothing of it was kept",
            _LEAF,
        )
    try:
        return x509.load_pem_x509_certificates(data)
    except (ValueError, x509.InvalidVersion) as error:
        return PracticeError("that is no certificate in PEM", str(error).partition("\n")[0], _LEAF)


def leaf_or_error(content: object) -> x509.Certificate | PracticeError:
    """Return the leaf, the first certificate in a PEM file, or the error to raise."""
    certificates = certificates_or_error(content)
    if isinstance(certificates, PracticeError):
        return certificates
    leaf = certificates[0]
    try:
        return _refused_authority(leaf, len(certificates)) or leaf
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        return PracticeError("that certificate cannot be read", str(error), "have it issued anew")


def _refused_authority(first: x509.Certificate, count: int) -> PracticeError | None:
    """Return the error for an authority's certificate in the leaf's place; None for any other.

    Raises what cryptography raises for a name or an extension that it cannot read.
    """
    name = first.subject.rfc4514_string()
    try:
        authority = first.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        authority = first.issuer == first.subject  # roots of old have no extensions
    if not authority:
        return None
    if first.issuer == first.subject:
        what = f"that is an authority's root, and not a client's certificate: {name}"
        asking = "Salesforce Support may add a root to the list of cacerts.jsp; Setup cannot"
    else:
        what = f"that is an authority's certificate, and not a client's: {name}"
        asking = "intermediates are sent by the client with each connection"
    if count > 1:
        return PracticeError(what, f"it is the first of {count} in the file", f"put the leaf first, or {_LEAF}")
    return PracticeError(what, asking, _LEAF)
