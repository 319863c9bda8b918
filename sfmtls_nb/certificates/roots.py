"""AcceptedRoots: the root certificates that an org accepts, from its page cacerts.jsp."""

from __future__ import annotations

import html
import re
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from sfmtls_nb.certificates.chain import issued_by
from sfmtls_nb.errors import OrgError
from sfmtls_nb.files import expand


class AcceptedRoots:
    """The page ``https://MYDOMAIN.my.salesforce.com/cacerts.jsp`` as saved from a browser, or a PEM file of roots.

    A root is on the page if its SHA-1 or SHA-256 fingerprint is, or the certificate itself.
    """

    def __init__(self, page: bytes) -> None:
        text = html.unescape(page.decode("utf-8", "replace"))
        # Fingerprints are compared as hexadecimal digits, without colons, tags and case.
        self._hex = re.sub(r"[^0-9A-F\n]", "", re.sub(r"<[^>]*>", "\n", text.upper().replace(":", "")))
        blocks = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.DOTALL)
        self.certificates = [certificate for block in blocks if (certificate := _read(block))]
        self._text = text

    @classmethod
    def load(cls, path: str | Path) -> AcceptedRoots:
        """Read a saved page. Raises OrgError if the file cannot be read."""
        try:
            return cls(expand(path, OrgError).read_bytes())
        except OSError as error:
            raise OrgError(
                f"the list of accepted roots {path} cannot be read",
                error.strerror or str(error),
                "open https://MYDOMAIN.my.salesforce.com/cacerts.jsp in a browser and save the page",
            ) from error

    def __contains__(self, root: x509.Certificate) -> bool:
        fingerprints = (root.fingerprint(hashes.SHA256()), root.fingerprint(hashes.SHA1()))  # noqa: S303  # a name, no proof
        return root in self.certificates or any(print_.hex().upper() in self._hex for print_ in fingerprints)

    def mentions(self, name: x509.Name) -> bool:
        """True if a root's common name (or, without one, its unit or organization) is on the page."""
        for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME):
            if values := name.get_attributes_for_oid(kind):
                return str(values[0].value).casefold() in self._text.casefold()
        return False

    def issuer_of(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """Find the root on the page that signed a certificate; None also if the page names roots by fingerprint only."""
        return next((root for root in self.certificates if issued_by(certificate, root)), None)


def _read(block: str) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(block.encode())
    except ValueError:
        return None
