"""PasswordLogin: a username and a password for SOAP login(), which API 64.0 is the last to have."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sfmtls_nb.api import Reply, build_element, build_envelope, read_reply, serialize
from sfmtls_nb.connection import Transport
from sfmtls_nb.errors import LoginFault, NotSoapError, OrgError, SfmtlsError
from sfmtls_nb.org import LAST_VERSION_WITH_LOGIN
from sfmtls_nb.secret import Secret, mask
from sfmtls_nb.session import SOAP_HEADERS, Session


@dataclass(frozen=True, init=False)
class PasswordLogin:
    """A username and password for SOAP login(), with the security token where the org wants one."""

    username: str
    password: Secret
    security_token: Secret

    def __init__(
        self, username: str, password: str | bytes | Secret, security_token: str | bytes | Secret = ""
    ) -> None:
        """Raises OrgError if one of them is neither text nor, but for the username, bytes."""
        given: dict[str, object] = {"username": username, "password": password, "security_token": security_token}
        for name, value in given.items():
            if not isinstance(value, str if name == "username" else str | bytes | bytearray | memoryview | Secret):
                raise OrgError(
                    f"the {name.replace('_', ' ')} is not text",
                    f"it is of type {type(value).__name__}",
                    "give it as text, or ask for it with getpass()",
                )
        object.__setattr__(self, "username", username)
        object.__setattr__(self, "password", Secret(password))
        object.__setattr__(self, "security_token", Secret(security_token))

    def sign_in(self, transport: Transport) -> Session:
        """The session that login() gives. Raises LoginFault, SoapFault, OrgError, or what keeps the call from getting there."""
        version = transport.org.api_version
        if float(version) > float(LAST_VERSION_WITH_LOGIN):
            raise OrgError(
                f"SOAP login() does not exist in API {version}",
                f"{LAST_VERSION_WITH_LOGIN} is the last version that has it (Salesforce KB 005132110)",
                f'sign in with Org(api_version="{LAST_VERSION_WITH_LOGIN}"), or with OAuth',
            )
        password = Secret(self.password.reveal() + self.security_token.reveal())
        url = f"{transport.org.login_url}/services/Soap/u/{version}"
        request = transport.prepare("POST", url, {**SOAP_HEADERS, "SOAPAction": "login"}, self._body(password))
        return self._session(transport, read_reply(transport.send(request)))

    def _body(self, password: str | Secret) -> bytes:
        return serialize(build_envelope(build_element("login", {"username": self.username, "password": password})))

    def _session(self, transport: Transport, reply: Reply) -> Session:
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
                transport.org.followed(server_url)
            except OrgError as stranger:
                stranger.exchange = reply.exchange
                raise
            # The session outlives its password, which is not kept.
            sent = replace(reply.exchange.request, body=self._body(mask("")))
            user_id = reply.text(".//result/userId") or ""
            return Session(transport, session_id, server_url, user_id, replace(reply.exchange, request=sent))
        error.exchange = reply.exchange
        raise error
