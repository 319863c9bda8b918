"""Salesforce mutual TLS: learn it in Jupyter, then use it."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from sfmtls_nb.certificates import ClientIdentity, Finding, KeyAndRequest, new_key_and_csr
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
    from sfmtls_nb.login import PasswordLogin, login
    from sfmtls_nb.org import Org
    from sfmtls_nb.profiles import Profile, read_profiles, save_profile
    from sfmtls_nb.query import QueryResult
    from sfmtls_nb.secret import Secret
    from sfmtls_nb.session import Session
    from sfmtls_nb.soap import Reply
    from sfmtls_nb.transport import Exchange

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
    "Profile",
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
    "read_profiles",
    "save_profile",
]

# A name is imported when it is first asked for (PEP 562): what sends and what reads certificates takes a while to load.
_MODULES: Final = {
    "certificates": "ClientIdentity Finding KeyAndRequest new_key_and_csr",
    "curl": "curl_command",
    "errors": "ApiFault CallTimeout CertificatePageError ChainError ConnectError ExpectationError HandshakeError "
    "IdentityError LoginFault MutualAuthenticationFault NotJsonError NotSoapError OrgError PassphraseError "
    "PracticeError RestFault SessionFault SfmtlsError SoapFault",
    "login": "PasswordLogin login",
    "org": "Org",
    "profiles": "Profile read_profiles save_profile",
    "query": "QueryResult",
    "secret": "Secret",
    "session": "Session",
    "soap": "Reply",
    "transport": "Exchange",
}
_MODULE_OF: Final = {name: module for module, names in _MODULES.items() for name in names.split()}

if not TYPE_CHECKING:  # a type checker that saw it would let every misspelt name pass

    def __getattr__(name: str) -> Any:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """The package, whose function ``login`` stays that when something imports the module ``login``."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _MODULE_OF and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext sfmtls_nb``: register the magics and how our objects look."""
    from sfmtls_nb.notebook import load  # noqa: PLC0415  # the core loads without IPython

    load(shell)
