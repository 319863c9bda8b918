"""PasswordLogin: a username and a password for SOAP login(), which API 64.0 is the last to have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from sfmtls_nb.access import Access, end_after
from sfmtls_nb.api import Reply, build_element, build_envelope, read_reply, serialize
from sfmtls_nb.connection import Transport
from sfmtls_nb.errors import LoginFault, NotSoapError, OrgError, SfmtlsError, SoapFault
from sfmtls_nb.org import LAST_VERSION_WITH_LOGIN, Org
from sfmtls_nb.secret import Secret, mask
from sfmtls_nb.session import SOAP_HEADERS


@dataclass(frozen=True, init=False)
class PasswordLogin:
    """A username and password for SOAP login(), with the security token where the org wants one: the way of the article.

    For orgs that have it still: login() is off in new ones, absent from API 65.0 on, and retired with Summer '27.
    """

    username: str
    password: Secret
    security_token: Secret

    def __init__(
        self, username: str, password: str | bytes | Secret, security_token: str | bytes | Secret = ""
    ) -> None:
        """Raises OrgError if one of them is neither text nor, but for the username, bytes."""
        # Each a Secret before another one is looked at: what fails may be shown with its variables.
        password = _secret("password", password)
        security_token = _secret("security token", security_token)
        if not isinstance(username, str):
            raise _no_text("username", username)
        object.__setattr__(self, "username", username)
        object.__setattr__(self, "password", password)
        object.__setattr__(self, "security_token", security_token)

    def sign_in(self, transport: Transport) -> Access:
        """The access that login() gives. Raises LoginFault, SoapFault, OrgError, or what keeps the call from getting there."""
        version = transport.org.api_version
        if float(version) > float(LAST_VERSION_WITH_LOGIN):
            raise OrgError(
                f"SOAP login() does not exist in API {version}",
                f"{LAST_VERSION_WITH_LOGIN} is the last version that has it (Salesforce KB 005132110)",
                f'{_INSTEAD}as long as the org has login() still: Org(api_version="{LAST_VERSION_WITH_LOGIN}")',
            )
        password = Secret(self.password.reveal() + self.security_token.reveal())
        url = f"{transport.org.login_url}/services/Soap/u/{version}"
        request = transport.prepare("POST", url, {**SOAP_HEADERS, "SOAPAction": "login"}, self._body(password))
        try:
            return self._access(transport.org, read_reply(transport.send(request)))
        except SoapFault as fault:
            if way := _REFUSED.get(fault.code):
                fault.next_step = way
            raise

    def renew(self, transport: Transport, _: Access) -> Access:
        """Another access, in place of one that has ended."""
        return self.sign_in(transport)

    def _body(self, password: str | Secret) -> bytes:
        return serialize(build_envelope(build_element("login", {"username": self.username, "password": password})))

    def _access(self, org: Org, reply: Reply) -> Access:
        session_id = Secret(reply.text(".//result/sessionId") or "")
        server_url = reply.text(".//result/serverUrl")
        error: SfmtlsError
        if reply.text(".//result/passwordExpired") == "true":
            # With HTTP 200 and a session id that every later call refuses; so say it now, with the code it would give.
            error = LoginFault(
                f"the password of {self.username} has expired",
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
            try:
                org.followed(server_url)
            except OrgError as stranger:
                stranger.exchange = reply.exchange
                raise
            # The exchange outlives the sign-in, and the password in it is masked.
            exchange = replace(reply.exchange, request=replace(reply.exchange.request, body=self._body(mask(""))))
            seconds = reply.text(".//result/userInfo/sessionSecondsValid") or ""
            expires = end_after(int(seconds), exchange.at) if seconds.isdecimal() else None
            return Access(session_id, server_url, reply.text(".//result/userId") or "", exchange, expires)
        error.exchange = reply.exchange
        raise error


#: Each on a line of its own, to be copied.
_INSTEAD: Final = """\
sign in by OAuth instead, through an External Client App:
    %sf_login --way web --consumer-key CONSUMER_KEY  # a person, with a browser
    %sf_login USERNAME --way jwt --consumer-key CONSUMER_KEY --key jwt.key  # a program
    %sf_login --form  # every way, and when to take it
    login(org, WebLogin("CONSUMER_KEY"))  # the same in Python
    login(org, JwtBearer("CONSUMER_KEY", "USERNAME", "jwt.key"))
  or """
_SETUP: Final = "let an administrator allow login() until Summer '27: Setup > User Interface > Enable SOAP API login()"
#: Codes with which an org refuses login() itself, whatever the username and password -> the next step.
_REFUSED: Final = {
    "INVALID_OPERATION": f"{_INSTEAD}{_SETUP}, and the user permission Use Any API Auth",
    "INSUFFICIENT_ACCESS": f"{_INSTEAD}let an administrator give the user the permission Use Any API Auth, in a profile or permission set",
    "UNSUPPORTED_API_VERSION": f"{_INSTEAD}choose a version that the org serves; login() exists from 31.0 to {LAST_VERSION_WITH_LOGIN}",
}


def _secret(what: str, value: object) -> Secret:
    """A password as it is given: the space around it may be part of it."""
    if not isinstance(value, str | bytes | bytearray | memoryview | Secret):
        raise _no_text(what, value)
    return Secret(value)


def _no_text(what: str, value: object) -> OrgError:
    return OrgError(
        f"the {what} is not text",
        f"it is of type {type(value).__name__}",
        "give it as text, or ask for it with getpass()",
    )
