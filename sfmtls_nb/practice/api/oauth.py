"""OAuth at /services/oauth2: token (JWT bearer, client credentials, code + PKCE, refresh), authorize, userinfo, revoke.

The identity URL of a token's answer (/id/ORG/USER) is served here too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from sfmtls_nb.practice.api.consent import SUCCESS, consent_page
from sfmtls_nb.practice.api.identity import flaw_of, identity, identity_url, is_identity_path, user_info
from sfmtls_nb.practice.api.resource import session_id
from sfmtls_nb.practice.request import Answer, Request, json_answer
from sfmtls_nb.practice.state import OrgState, User

_ROOT: Final = "/services/oauth2/"
_HTML: Final = "text/html; charset=UTF-8"
_SCOPES: Final = "api refresh_token openid"
_CODE_LIFE: Final = timedelta(minutes=15)
_LOGIN_HOSTS: Final = frozenset({"login.salesforce.com", "test.salesforce.com"})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
#: "The response MUST include the HTTP Cache-Control response header field with a value of no-store" (RFC 6749, 5.1).
_NOT_KEPT: Final = {"Cache-Control": "no-store"}
#: "SHOULD avoid allowing the content to be framed", against clickjacking (RFC 6819, 4.4.1.9).
_NOT_FRAMED: Final = {**_NOT_KEPT, "X-Frame-Options": "DENY", "Content-Security-Policy": "frame-ancestors 'none'"}
#: Grants that Salesforce has had, and why they are not offered here.
_ENDING: Final = {
    "password": "grant type not supported: Salesforce ends the username-password flow on 20 February 2027, and this "
    "practice org does not have it; use JWT bearer, client credentials or an authorization code with PKCE",
}
#: The characters of a URI (RFC 3986, 2), "@" and "#" left out: browsers and urlsplit do not agree on what others mean,
#: and "the endpoint URI MUST NOT include a fragment component" (RFC 6749, 3.1.2).
_URI: Final = re.compile(r"[A-Za-z0-9\-._~:/?\[\]!$&'()*+,;=%]+")


@dataclass
class ExternalClientApp:
    """An External Client App (a connected app, until Spring '26), through which users sign in.

    jwt_key: the public half of the key its certificate was uploaded for. run_as: the client credentials flow's user.
    redirect_uris: those that are registered, beside the org's own and this machine's.
    """

    jwt_key: rsa.RSAPublicKey
    run_as: str
    consumer_key: str = field(default_factory=lambda: "3MVG9" + secrets.token_urlsafe(60))
    consumer_secret: str = field(default_factory=lambda: secrets.token_hex(32).upper(), repr=False)
    redirect_uris: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Grant:
    """The grant behind an authorization code or a refresh token."""

    user: User
    at: datetime
    redirect_uri: str = ""
    challenge: str = ""


class OAuthError(Exception):
    """An error of RFC 6749, answered as ``{"error": …, "error_description": …}``."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error, description)
        self.error, self.description, self.status = error, description, status


class OAuthApi:
    """The endpoints, and the codes and refresh tokens that have been issued."""

    def __init__(self, state: OrgState, app: ExternalClientApp) -> None:
        self._state, self.app, self._clock = state, app, state.clock
        self._codes: dict[str, _Grant] = {}
        self._refresh: dict[str, _Grant] = {}
        self._endpoints: Mapping[str, tuple[str, Callable[[Request], Answer]]] = {
            "token": ("POST", self._token),
            "authorize": ("GET POST", self._authorize),
            "userinfo": ("GET POST", self._userinfo),
            "revoke": ("GET POST", self._revoke),
            "success": ("GET", lambda _: Answer(200, _HTML, SUCCESS)),
        }
        #: The user of a grant, and whether a refresh token comes with the session.
        self._grants: Mapping[str, Callable[[Mapping[str, str], Request], tuple[User, bool]]] = {
            "urn:ietf:params:oauth:grant-type:jwt-bearer": self._jwt_bearer,
            "client_credentials": self._client_credentials,
            "authorization_code": self._code,
            "refresh_token": self._refresh_token,
        }

    def serves(self, request: Request) -> bool:
        """Return whether the request is for these endpoints."""
        return request.path.startswith(_ROOT) or is_identity_path(request.path)

    def answer(self, request: Request) -> Answer:
        """Answer a request. Nobody who signs in here is asked for a certificate, as with login()."""
        if is_identity_path(request.path):
            return replace(self._show_identity(request), operation=f"{request.method} id")
        name = request.path.removeprefix(_ROOT).rstrip("/")
        operation = f"{request.method} {name}"
        methods, endpoint = self._endpoints.get(name, ("", None))
        try:
            if endpoint is None:
                raise OAuthError("not_found", f"{operation} is not supported", 404)
            if request.method not in methods.split():
                raise OAuthError("invalid_request", f"{operation} is not supported", 405)
            return replace(endpoint(request), operation=operation)
        except OAuthError as problem:
            body = {"error": problem.error, "error_description": problem.description}
            return replace(json_answer(problem.status, body), operation=operation, code=problem.error)

    # ------------------------------------------------------------ token

    def _token(self, request: Request) -> Answer:
        form = _form(request)
        grant = self._grants.get(form.get("grant_type", ""))
        if grant is None:
            raise OAuthError(
                "unsupported_grant_type", _ENDING.get(form.get("grant_type", ""), "grant type not supported")
            )
        user, with_refresh = grant(form, request)
        return self._grant(user, request.server, with_refresh=with_refresh)

    def _jwt_bearer(self, form: Mapping[str, str], request: Request) -> tuple[User, bool]:
        try:
            # exp and aud are checked below: by the org's clock, and against the org's addresses.
            claims = jwt.decode(
                form.get("assertion", ""),
                self.app.jwt_key,
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_aud": False, "require": ["exp", "iss", "sub", "aud"]},
            )
            expires = float(claims["exp"])
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as error:
            raise OAuthError("invalid_grant", "invalid assertion") from error
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if not any(_is_own(str(audience), request) for audience in audiences):
            raise OAuthError("invalid_grant", "audience is invalid")
        if claims["iss"] != self.app.consumer_key:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        # No ceiling: the sf CLI sends milliseconds, and so a time in the far future.
        if not self._clock().timestamp() < expires:
            raise OAuthError("invalid_grant", "expired authorization code")
        user = self._state.user(str(claims["sub"]))
        if user is None or user.username.lower() != str(claims["sub"]).lower():  # not by the short name of lessons
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        return user, False

    def _client_credentials(self, form: Mapping[str, str], request: Request) -> tuple[User, bool]:
        if request.headers.get("Host", "").partition(":")[0].lower() in _LOGIN_HOSTS:
            raise OAuthError("invalid_grant", "request not supported on this domain")
        self._authenticate_client(form, request)
        user = self._state.user(self.app.run_as)
        if user is None:
            raise OAuthError("invalid_grant", "no client credentials user enabled")
        return user, False

    def _code(self, form: Mapping[str, str], request: Request) -> tuple[User, bool]:
        grant = self._codes.pop(form.get("code", ""), None)  # once only
        if grant is None or self._clock() - grant.at > _CODE_LIFE:
            raise OAuthError("invalid_grant", "expired authorization code" if grant else "invalid authorization code")
        if form.get("client_id") != self.app.consumer_key:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if form.get("redirect_uri") != grant.redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if grant.challenge and not hmac.compare_digest(
            _s256(form.get("code_verifier", "")).encode(), grant.challenge.encode()
        ):
            raise OAuthError("invalid_grant", "invalid code verifier")
        if not grant.challenge:  # without PKCE the secret is demanded
            self._authenticate_client(form, request)
        return grant.user, True

    def _refresh_token(self, form: Mapping[str, str], request: Request) -> tuple[User, bool]:
        del request
        grant = self._refresh.get(form.get("refresh_token", ""))
        if form.get("client_id") != self.app.consumer_key:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if grant is None:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        return grant.user, False

    def _authenticate_client(self, form: Mapping[str, str], request: Request) -> None:
        """Check the consumer key and secret, sent by HTTP Basic or in the body."""
        key, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                key, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
            except ValueError as error:
                raise OAuthError("invalid_client", "invalid client credentials") from error
        if key != self.app.consumer_key:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if not hmac.compare_digest(secret.encode(), self.app.consumer_secret.encode()):
            raise OAuthError("invalid_client", "invalid client credentials")

    def _grant(self, user: User, server: str, *, with_refresh: bool) -> Answer:
        issued = str(int(self._clock().timestamp() * 1000))
        identifier = identity_url(server, user)
        signed = hmac.new(self.app.consumer_secret.encode(), (identifier + issued).encode(), hashlib.sha256).digest()
        body = {
            "access_token": self._state.open_session(user),
            "signature": base64.b64encode(signed).decode(),
            "scope": _SCOPES,
            "instance_url": server,
            "id": identifier,
            "token_type": "Bearer",
            "issued_at": issued,
            "api_instance_url": server,
        }
        if with_refresh:
            body["refresh_token"] = "5Aep861" + secrets.token_urlsafe(48)
            self._refresh[body["refresh_token"]] = _Grant(user, self._clock())
        return json_answer(200, body, _NOT_KEPT)

    # ------------------------------------------------------------ authorize: a page to sign in and consent

    def _authorize(self, request: Request) -> Answer:
        asked = _form(request) if request.method == "POST" else dict(parse_qsl(urlsplit(request.target).query))
        redirect = asked.get("redirect_uri", "")
        # With either of these wrong, there is no safe address to send the error to.
        if asked.get("client_id") != self.app.consumer_key:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if not self._registered(redirect, request.server):
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if asked.get("response_type") != "code" or asked.get("code_challenge_method", "S256") != "S256":
            return _back(
                redirect, asked, {"error": "unsupported_response_type", "error_description": "code and S256 only"}
            )
        if request.method == "GET":
            return Answer(200, _HTML, consent_page(asked).encode(), _NOT_FRAMED)
        if "allow" not in asked:
            return _back(
                redirect, asked, {"error": "access_denied", "error_description": "end-user denied authorization"}
            )
        user = self._state.authenticate(asked.get("username", ""), asked.get("password", ""))
        if user is None:
            page = consent_page(asked, "Check the username and password.")
            return Answer(200, _HTML, page.encode(), _NOT_FRAMED)
        code = "aPrx" + secrets.token_urlsafe(40)
        self._codes[code] = _Grant(user, self._clock(), redirect, asked.get("code_challenge", ""))
        return _back(redirect, asked, {"code": code})

    def _registered(self, redirect_uri: str, server: str) -> bool:
        """Return whether a URI is registered, or the org's own, or on this machine's loopback (RFC 8252, 7.3)."""
        try:
            parts = urlsplit(redirect_uri)
            usable = _URI.fullmatch(redirect_uri) is not None and parts.port != 0
        except ValueError:  # such as a port above 65535
            return False
        loopback = usable and parts.scheme == "http" and parts.hostname in _LOOPBACK
        return loopback or redirect_uri in (f"{server}{_ROOT}success", *self.app.redirect_uris)

    # ------------------------------------------------------------ userinfo and revoke

    def _userinfo(self, request: Request) -> Answer:
        user = self._state.session_user(session_id(request))
        if user is None:
            return Answer(403, "text/html;charset=UTF-8", b"Bad_OAuth_Token")
        return replace(json_answer(200, user_info(request.server, user)), user=user.username)

    def _show_identity(self, request: Request) -> Answer:
        token = session_id(request) or request.query.get("oauth_token", "")
        user = self._state.session_user(token)
        if user is None:
            return Answer(403, "text/html;charset=UTF-8", b"Bad_OAuth_Token" if token else b"Missing_OAuth_Token")
        if flaw := flaw_of(request.path, user):
            return Answer(flaw[0], "text/html;charset=UTF-8", flaw[1].encode())
        return replace(json_answer(200, identity(request.server, user)), user=user.username)

    def _revoke(self, request: Request) -> Answer:
        token = _form(request).get("token", "") or dict(parse_qsl(urlsplit(request.target).query)).get("token", "")
        if self._refresh.pop(token, None) is None and not self._state.close_session(token):
            raise OAuthError("unsupported_token_type", "this token type is not supported")
        return Answer(200, "application/json;charset=UTF-8", b"")


def _is_own(audience: str, request: Request) -> bool:
    """Return whether an audience is Salesforce's login host, or one of the org's own addresses, on whatever port."""
    try:
        parts, own = urlsplit(audience), urlsplit(request.server).hostname or ""
    except ValueError:  # such as https://[
        return False
    hosts = _LOGIN_HOSTS | (_LOOPBACK if own in _LOOPBACK else {own})
    return parts.scheme == "https" and parts.path in ("", "/") and parts.hostname in hosts


def _form(request: Request) -> dict[str, str]:
    try:
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=50))
    except ValueError as error:
        raise OAuthError("invalid_request", "the body is not a form") from error


def _s256(verifier: str) -> str:
    """Compute BASE64URL-ENCODE(SHA256(ASCII(code_verifier))) (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _back(redirect: str, asked: Mapping[str, str], result: dict[str, str]) -> Answer:
    if "state" in asked:
        result["state"] = asked["state"]
    separator = "&" if "?" in redirect else "?"
    return Answer(302, _HTML, b"", {"Location": f"{redirect}{separator}{urlencode(result)}"})
