"""The ways in: credentials become a Session."""

from __future__ import annotations

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection import Transport
from sfmtls_nb.errors import SfmtlsError, require
from sfmtls_nb.org import Org
from sfmtls_nb.session import Session
from sfmtls_nb.sign_in.password import PasswordLogin
from sfmtls_nb.sign_in.secret_source import secret_from

__all__ = ["PasswordLogin", "login", "secret_from"]


def login(org: Org, credentials: PasswordLogin, identity: ClientIdentity | None = None) -> Session:
    """Sign in, and return the Session whose calls go out with ``identity``.

    Login itself is on 443 and asks nobody for a certificate, not even an enforced user: the API call that follows is
    enforced. Raises LoginFault, SoapFault, OrgError, or what keeps the call from getting there.
    """
    require(org, Org, "where to sign in")
    require(credentials, PasswordLogin, "what to sign in with")
    if identity is not None:
        require(identity, ClientIdentity, "the identity")
    transport = Transport(org, identity)
    try:
        return credentials.sign_in(transport)
    except SfmtlsError:
        transport.close()
        raise
