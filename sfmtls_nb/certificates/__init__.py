"""Keys and certificates: reading them from files, ordering the chain, and finding what is wrong."""

from __future__ import annotations

from sfmtls_nb.certificates.certificate import common_name, fingerprint, is_self_signed, name_words, renewal_due
from sfmtls_nb.certificates.findings import FINDINGS, Finding
from sfmtls_nb.certificates.identity import ClientIdentity
from sfmtls_nb.certificates.reader import read_bag
from sfmtls_nb.certificates.request import KeyAndRequest, new_key_and_csr
from sfmtls_nb.certificates.roots import AcceptedRoots
from sfmtls_nb.certificates.wrappings import unwrapped_text

__all__ = [
    "FINDINGS",
    "AcceptedRoots",
    "ClientIdentity",
    "Finding",
    "KeyAndRequest",
    "common_name",
    "fingerprint",
    "is_self_signed",
    "name_words",
    "new_key_and_csr",
    "read_bag",
    "renewal_due",
    "unwrapped_text",
]
