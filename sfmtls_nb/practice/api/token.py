"""Token: the endpoint that gives sessions for assertions, secrets, codes and refresh tokens, judged by the org's clock."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.types import Options

from sfmtls_nb.practice.api.grants import Grant, Grants, OAuthError, app_of, check_policies, form_of
from sfmtls_nb.practice.api.identity import identity_url
from sfmtls_nb.practice.apps import ExternalClientApp, Flow
from sfmtls_nb.practice.mutual import Presented, Verdict, certificate_page, judge
from sfmtls_nb.practice.request import Answer, Request, json_answer
from sfmtls_nb.practice.state import OrgState, User

_JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SCOPES: Final = "api refresh_token openid"
_CODE_LIFE: Final = timedelta(minutes=15)
_LOGIN_HOSTS: Final = frozenset({"login.salesforce.com", "test.salesforce.com"})
#: "The response MUST include the HTTP Cache-Control response header field with a value of no-store" (RFC 6749, 5.1).
_NOT_KEPT: Final = {"Cache-Control": "no-store"}
#: Grants that Salesforce has had, and why they are not offered here.
_ENDING: Final = {
    "password": "grant type not supported: Salesforce ends the username-password flow on 20 February 2027, and this "
    "practice org does not have it; use JWT bearer, client credentials or an authorization code with PKCE",
}
#: The time is judged by the org's clock, and the audience by the org's addresses.
_OPTIONS: Final[Options] = {
    "require": ["exp", "iss", "sub", "aud"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
}


@dataclass(frozen=True)
class _Asked:
    """A token request: its form, its client's key and secret, and the app of that key."""

    request: Request
    form: Mapping[str, str]
    app: ExternalClientApp
    secret: str


@dataclass(frozen=True)
class _Given:
    """What comes of it: whose session it is, and the grant behind its refresh token, if there is one.

    refresh_token: to be sent along; "": none.
    """

    user: User
    grant: Grant | None = None
    refresh_token: str = ""


class TokenEndpoint:
    """The endpoint, on the state of the org and the grants that are open."""

    def __init__(self, state: OrgState, grants: Grants) -> None:
        self._state, self._grants = state, grants
        self._kinds: Mapping[str, tuple[Flow, Callable[[_Asked], _Given]]] = {
            _JWT_BEARER: ("jwt", self._jwt_bearer),
            "client_credentials": ("client-credentials", self._client_credentials),
            "authorization_code": ("web", self._code),
            "refresh_token": ("web", self._refresh_token),
        }

    def answer(self, request: Request, presented: Presented) -> Answer:
        """Answer a token request. Raises OAuthError."""
        form = form_of(request)
        kind = form.get("grant_type", "")
        if kind not in self._kinds:
            raise OAuthError("unsupported_grant_type", _ENDING.get(kind, "grant type not supported"))
        flow, give = self._kinds[kind]
        key, secret = (_issuer(form), "") if kind == _JWT_BEARER else _client(form, request)
        app = app_of(self._state, key)
        if flow not in app.flows:
            # The code is RFC 6749's (5.2), the words are [simulated].
            raise OAuthError("unauthorized_client", f"the {flow} flow is not enabled for this app")
        asked = _Asked(request, form, app, secret)
        if not app.certificate_required:
            return self._session(asked, give(asked))
        verdict, reason = judge(request.listener, presented, enforced=True)
        if verdict is Verdict.PAGE:
            return replace(certificate_page(reason), layer_2=verdict.value)
        if verdict is Verdict.FAULT:
            # [simulated]; the code is that of RFC 8705 (2.1) for mutual TLS that fails.
            raise OAuthError("invalid_client", "this app wants a client certificate, uploaded in the org, on port 8443")
        return replace(self._session(asked, give(asked)), layer_2=verdict.value)

    def _session(self, asked: _Asked, given: _Given) -> Answer:
        """Open the session, and answer. On 8443 too its URLs are those for 443: the client puts the port in.

        [simulated]: a user whose password has expired gets a session, whose calls are refused, as after login().
        """
        app, server = asked.app, asked.request.server
        check_policies(self._state, app, given.user)
        if self._state.locked(given.user):
            raise OAuthError("invalid_grant", "authentication failure")  # [simulated]: what a lockout means here
        session_id = self._state.open_session(given.user)
        if given.grant:
            given.grant.sessions.append(session_id)
        issued = str(int(self._state.clock().timestamp() * 1000))
        identifier = identity_url(server, given.user)
        signed = hmac.new(app.consumer_secret.encode(), (identifier + issued).encode(), hashlib.sha256).digest()
        body = {
            "access_token": session_id,
            "signature": base64.b64encode(signed).decode(),
            "scope": _SCOPES,
            "instance_url": server,
            "id": identifier,
            "token_type": "Bearer",
            "issued_at": issued,
            "api_instance_url": server,
        }
        if given.refresh_token:
            body["refresh_token"] = given.refresh_token
        return replace(json_answer(200, body, _NOT_KEPT), user=given.user.username, app=app.name)

    # ------------------------------------------------------------ the grants

    def _jwt_bearer(self, asked: _Asked) -> _Given:
        claims, expires = _claims(asked.form.get("assertion", ""), asked.app.jwt_key)
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if not any(_is_own(str(audience), asked.request) for audience in audiences):
            raise OAuthError("invalid_grant", "audience is invalid")
        # No ceiling: the sf CLI sends milliseconds, and so a time in the far future.
        if not self._state.clock().timestamp() < expires:
            raise OAuthError("invalid_grant", "expired authorization code")
        subject = str(claims["sub"])
        user = self._state.user(subject)
        if user is None or user.username.lower() != subject.lower():  # not by the short name of lessons
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        if asked.app.permits(user.username) and not asked.app.approves(user.username):
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        return _Given(user)

    def _client_credentials(self, asked: _Asked) -> _Given:
        if asked.request.headers.get("Host", "").partition(":")[0].lower() in _LOGIN_HOSTS:
            raise OAuthError("invalid_grant", "request not supported on this domain")
        _check_secret(asked)
        user = self._state.user(asked.app.run_as)
        if user is None:
            raise OAuthError("invalid_grant", "no client credentials user enabled")
        return _Given(user)

    def _code(self, asked: _Asked) -> _Given:
        grant = self._grants.codes.pop(asked.form.get("code", ""), None)  # once only
        if grant is None or grant.app is not asked.app:
            raise OAuthError("invalid_grant", "invalid authorization code")
        if self._state.clock() - grant.at > _CODE_LIFE:
            raise OAuthError("invalid_grant", "expired authorization code")
        if asked.form.get("redirect_uri") != grant.redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if grant.challenge and not hmac.compare_digest(
            _s256(asked.form.get("code_verifier", "")).encode(), grant.challenge.encode()
        ):
            raise OAuthError("invalid_grant", "invalid code verifier")
        if asked.secret or not grant.challenge:  # without PKCE the secret is demanded
            _check_secret(asked)
        return self._refreshable(grant)

    def _refresh_token(self, asked: _Asked) -> _Given:
        token = asked.form.get("refresh_token", "")
        grant = self._grants.refresh.get(token)
        life = asked.app.refresh_life
        if grant is None or grant.app is not asked.app or (life is not None and self._state.clock() - grant.at > life):
            raise OAuthError("invalid_grant", "expired access/refresh token")
        if asked.secret:
            _check_secret(asked)
        if not asked.app.rotates:
            return _Given(grant.user, grant)
        if self._grants.refresh.pop(token, None) is None:  # another request was faster
            raise OAuthError("invalid_grant", "expired access/refresh token")
        return self._refreshable(grant)

    def _refreshable(self, grant: Grant) -> _Given:
        token = "5Aep861" + secrets.token_urlsafe(48)
        self._grants.refresh[token] = kept = Grant(grant.app, grant.user, self._state.clock(), sessions=grant.sessions)
        return _Given(grant.user, kept, token)


# ---------------------------------------------------------------- the client


def _client(form: Mapping[str, str], request: Request) -> tuple[str, str]:
    """Return the consumer key and secret, sent by HTTP Basic or in the body. Raises OAuthError."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        key, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError as error:
        raise OAuthError("invalid_client", "invalid client credentials") from error
    return key, secret


def _check_secret(asked: _Asked) -> None:
    if not hmac.compare_digest(asked.secret.encode(), asked.app.consumer_secret.encode()):
        raise OAuthError("invalid_client", "invalid client credentials")


def _s256(verifier: str) -> str:
    """Compute BASE64URL-ENCODE(SHA256(ASCII(code_verifier))) (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


# ---------------------------------------------------------------- the assertion


def _issuer(form: Mapping[str, str]) -> str:
    """Return whose assertion it claims to be: that tells whose key it is to be verified with. Raises OAuthError."""
    try:
        claims = jwt.decode(form.get("assertion", ""), options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError) as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
    return str(claims.get("iss", ""))


def _claims(assertion: str, key: RSAPublicKey | None) -> tuple[dict[str, Any], float]:
    """Return the claims of an assertion that is signed with the app's key, and its exp. Raises OAuthError."""
    if key is None:
        raise OAuthError("invalid_grant", "invalid assertion")
    try:
        claims = jwt.decode(assertion, key, algorithms=["RS256"], options=_OPTIONS)
        # "A JSON numeric value" (RFC 7519, 2); but simple-salesforce sends text, and Salesforce takes it.
        return claims, float(claims["exp"])
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error


def _is_own(audience: str, request: Request) -> bool:
    """Return whether an audience is one of Salesforce's login hosts, or an address of the org's own."""
    try:
        parts, port = urlsplit(audience), urlsplit(audience).port
    except ValueError:  # such as https://[
        return False
    if parts.scheme != "https" or parts.path not in ("", "/") or parts.query or parts.fragment:
        return False
    if parts.hostname in _LOGIN_HOSTS:
        return port in (None, 443) and "@" not in parts.netloc
    return audience.removesuffix("/").lower() in request.addresses
