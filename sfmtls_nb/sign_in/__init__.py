"""The ways in: credentials become a Session."""

from __future__ import annotations

from functools import partial
from typing import get_args

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.errors import SfmtlsError, require
from sfmtls_nb.org import Org
from sfmtls_nb.secret import Secret
from sfmtls_nb.session import Session
from sfmtls_nb.sign_in.client_credentials import ClientCredentials
from sfmtls_nb.sign_in.existing_session import ExistingSession
from sfmtls_nb.sign_in.jwt_bearer import JwtBearer
from sfmtls_nb.sign_in.opened import opened
from sfmtls_nb.sign_in.password import PasswordLogin
from sfmtls_nb.sign_in.secret_source import secret_from
from sfmtls_nb.sign_in.sf_cli import SfCli
from sfmtls_nb.sign_in.unattended import kept_session, session_of
from sfmtls_nb.sign_in.ways import WAYS, Credentials, Way, credentials_of, way_named
from sfmtls_nb.sign_in.web import WebLogin, WebSignIn

__all__ = [
    "WAYS",
    "ClientCredentials",
    "Credentials",
    "ExistingSession",
    "JwtBearer",
    "PasswordLogin",
    "SfCli",
    "Way",
    "WebLogin",
    "WebSignIn",
    "credentials_of",
    "finish",
    "login",
    "secret_from",
    "session_of",
    "way_named",
]


def login(org: Org, credentials: Credentials, identity: ClientIdentity | None = None) -> Session:
    """Sign in, and return the Session whose calls go out with ``identity``.

    SOAP login() on 443 asks nobody for a certificate, nor does Salesforce's token endpoint there, not even for an enforced
    user: the API call that follows is enforced. Where the server does ask, as on 8443, it gets the certificate.
    Raises LoginFault for what the org refuses, SignInError, SoapFault, OrgError, or what keeps the call from getting there.
    """
    require(org, Org, "where to sign in")
    if not isinstance(credentials, get_args(Credentials)):
        ways = ", ".join(way.__name__ for way in get_args(Credentials))
        raise SfmtlsError(
            "what to sign in with is none of the ways in",
            f"it is of type {type(credentials).__name__}",
            f"take one of {ways}",
        )
    if identity is not None:
        require(identity, ClientIdentity, "the identity")
    return opened(org, identity, credentials, credentials.sign_in, kept_session)


def finish(org: Org, begun: WebSignIn, address: Secret, identity: ClientIdentity | None = None) -> Session:
    """The session of a sign-in by browser that was begun with `WebLogin.begin`. address: the one that the browser ends at.

    Raises as `login` does.
    """
    return opened(org, identity, begun.web, partial(begun.finish, address=address), kept_session)
