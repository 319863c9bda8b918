"""Login: credentials become a Session."""

from __future__ import annotations

from dataclasses import dataclass

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.errors import LoginFault, NotSoapError, OrgError, SfmtlsError
from sfmtls_nb.org import LAST_VERSION_WITH_LOGIN, Org
from sfmtls_nb.secret import Secret
from sfmtls_nb.session import SOAP_HEADERS, Session
from sfmtls_nb.soap import envelope, operation, to_bytes
from sfmtls_nb.transport import Transport


@dataclass(frozen=True, init=False)
class PasswordLogin:
    """A username and password for SOAP login(), with the security token where the org wants one."""

    username: str
    password: Secret
    security_token: Secret

    def __init__(self, username: str, password: str | Secret, security_token: str | Secret = "") -> None:
        object.__setattr__(self, "username", username)
        object.__setattr__(self, "password", Secret(password))
        object.__setattr__(self, "security_token", Secret(security_token))


def login(org: Org, credentials: PasswordLogin, identity: ClientIdentity | None = None) -> Session:
    """Sign in, and get the Session whose calls go out with ``identity``.

    Login itself is on 443 and asks nobody for a certificate, an enforced user neither: what is enforced is the API
    call that follows. Raises LoginFault, SoapFault, OrgError, or what keeps the call from getting there.
    """
    if float(org.api_version) > float(LAST_VERSION_WITH_LOGIN):
        raise OrgError(
            f"SOAP login() does not exist in API {org.api_version}",
            f"{LAST_VERSION_WITH_LOGIN} is the last version that has it (Salesforce KB 005132110)",
            f'sign in with Org(api_version="{LAST_VERSION_WITH_LOGIN}"), or with OAuth',
        )
    transport = Transport(org, identity)
    try:
        return _soap_login(transport, credentials)
    except SfmtlsError:
        transport.close()
        raise


def _soap_login(transport: Transport, credentials: PasswordLogin) -> Session:
    password = Secret(credentials.password.reveal() + credentials.security_token.reveal())
    call = operation("login", {"username": credentials.username, "password": password})
    url = f"{transport.org.login_url}/services/Soap/u/{transport.org.api_version}"
    exchange = transport.post(url, to_bytes(envelope(call)), {**SOAP_HEADERS, "SOAPAction": "login"})
    reply = exchange.reply()
    session_id, server_url = reply.text(".//result/sessionId"), reply.text(".//result/serverUrl")
    error: SfmtlsError
    if reply.text(".//result/passwordExpired") == "true":
        # With HTTP 200 and a session id that every later call refuses; so say it now, with the code it would give.
        error = LoginFault(
            f"the password of {credentials.username} has expired",
            "the login answer says passwordExpired: true; calls would get INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
            "sign in with a browser once and set a new password, then sign in here again",
            code="INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
        )
    elif not session_id or not server_url:
        error = NotSoapError(
            "the login answer has no session id or no server URL",
            f"its body is <{reply.operation}>",
            "check that the login URL is Salesforce's",
        )
    else:
        session = Session(transport, Secret(session_id), server_url, reply.text(".//result/userId") or "")
        session.last = exchange
        return session
    error.exchange = exchange
    raise error
