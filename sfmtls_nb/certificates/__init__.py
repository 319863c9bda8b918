"""Temporary: the other branch brings the folder."""

from sfmtls_nb.csr import KeyAndRequest, new_key_and_csr
from sfmtls_nb.findings import Finding
from sfmtls_nb.identity import ClientIdentity

__all__ = ["ClientIdentity", "Finding", "KeyAndRequest", "new_key_and_csr"]
