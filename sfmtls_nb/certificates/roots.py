"""AcceptedRoots: the root certificates that an org accepts, from its page cacerts.jsp."""

from __future__ import annotations

import html
import re
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from sfmtls_nb.certificates.wrappings import unwrapped_text
from sfmtls_nb.errors import OrgError
from sfmtls_nb.files import path_or_content, read_file, reason_of, shown


class AcceptedRoots:
    """The page ``https://MYDOMAIN.my.salesforce.com/cacerts.jsp`` as saved from a browser, or a PEM file of roots.

    A root is on the page if its SHA-1 or SHA-256 fingerprint is, or the certificate itself.
    """

    def __init__(self, page: bytes) -> None:
        text = html.unescape(unwrapped_text(page))
        # Fingerprints are compared as hexadecimal digits, without colons, tags and case.
        self._hex = re.sub(r"[^0-9A-F\n]", "", re.sub(r"<[^>]*>", "\n", text.upper().replace(":", "")))
        blocks = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.DOTALL)
        self.certificates = [certificate for block in blocks if (certificate := _read(block))]
        self._names = _names_on(re.sub(r"-----BEGIN.*?-----END[^\n]*", "\n", text, flags=re.DOTALL))

    @classmethod
    def load(cls, page: str | Path | bytes) -> AcceptedRoots:
        """Read a saved page, from its file or as it is. Raises OrgError if the file cannot be read."""
        source = path_or_content(page, OrgError)
        if isinstance(source, bytes):
            return cls(source)
        try:
            return cls(read_file(source))
        except OSError as error:
            raise OrgError(
                f"the list of accepted roots {shown(source)} cannot be read",
                reason_of(error),
                "open https://MYDOMAIN.my.salesforce.com/cacerts.jsp in a browser and save the page",
            ) from error

    def __contains__(self, root: x509.Certificate) -> bool:
        fingerprints = (root.fingerprint(hashes.SHA256()), root.fingerprint(hashes.SHA1()))  # noqa: S303  # a name, no proof
        return root in self.certificates or any(print_.hex().upper() in self._hex for print_ in fingerprints)

    def mentions(self, name: x509.Name) -> bool:
        """True if a root's common name (or, without one, its unit or organization) is on the page."""
        for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME):
            if values := name.get_attributes_for_oid(kind):
                return _plain(str(values[0].value)) in self._names
        return False


def _names_on(text: str) -> frozenset[str]:
    """What a page has as cells, lines and parts of distinguished names, each whole: no part of another name counts."""
    lines = [line for line in re.split(r"<[^>]*>|[\n\r\t|]+", text) if line.strip()]
    parts = (re.sub(r"^\s*\w+\s*=", "", part) for line in lines for part in re.split(r"[,;/]\s*(?=\w+\s*=)|[,;]", line))
    return frozenset(map(_plain, (*lines, *parts)))


def _plain(name: str) -> str:
    return " ".join(name.split()).strip("\"'").casefold()


def _read(block: str) -> x509.Certificate | None:
    try:
        certificate = x509.load_pem_x509_certificate(block.encode())
        certificate.public_key()
    except Exception:  # noqa: BLE001  # what cannot be read is no root that a chain of ours leads to
        return None
    return certificate
