"""Salesforce mutual TLS: learn it in Jupyter, then use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfmtls_nb.csr import KeyAndRequest, new_key_and_csr
from sfmtls_nb.curl import curl_command
from sfmtls_nb.errors import (
    ApiFault,
    CallTimeout,
    CertificatePageError,
    ChainError,
    ConnectError,
    ExpectationError,
    HandshakeError,
    IdentityError,
    LoginFault,
    MutualAuthenticationFault,
    NotJsonError,
    NotSoapError,
    OrgError,
    PassphraseError,
    PracticeError,
    RestFault,
    SessionFault,
    SfmtlsError,
    SoapFault,
)
from sfmtls_nb.findings import Finding
from sfmtls_nb.identity import ClientIdentity
from sfmtls_nb.login import PasswordLogin, login
from sfmtls_nb.org import Org
from sfmtls_nb.query import QueryResult
from sfmtls_nb.secret import Secret
from sfmtls_nb.session import Session
from sfmtls_nb.soap import Reply
from sfmtls_nb.transport import Exchange

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"

__all__ = [
    "ApiFault",
    "CallTimeout",
    "CertificatePageError",
    "ChainError",
    "ClientIdentity",
    "ConnectError",
    "Exchange",
    "ExpectationError",
    "Finding",
    "HandshakeError",
    "IdentityError",
    "KeyAndRequest",
    "LoginFault",
    "MutualAuthenticationFault",
    "NotJsonError",
    "NotSoapError",
    "Org",
    "OrgError",
    "PassphraseError",
    "PasswordLogin",
    "PracticeError",
    "QueryResult",
    "Reply",
    "RestFault",
    "Secret",
    "Session",
    "SessionFault",
    "SfmtlsError",
    "SoapFault",
    "__version__",
    "curl_command",
    "load_ipython_extension",
    "login",
    "new_key_and_csr",
]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext sfmtls_nb``: register the magics and how our objects look."""
    from sfmtls_nb.notebook import load  # noqa: PLC0415  # the core loads without IPython

    load(shell)
