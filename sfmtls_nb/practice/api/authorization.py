"""Authorization: the endpoint to which a browser goes, to sign in and allow an app, and from which it takes a code along."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

from sfmtls_nb.practice.api.consent import consent_page
from sfmtls_nb.practice.api.grants import Grant, Grants, OAuthError, app_of, check_policies, form_of
from sfmtls_nb.practice.apps import ExternalClientApp
from sfmtls_nb.practice.request import Answer, Request
from sfmtls_nb.practice.state import OrgState

_HTML: Final = "text/html; charset=UTF-8"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
#: "SHOULD avoid allowing the content to be framed", against clickjacking (RFC 6819, 4.4.1.9).
_NOT_FRAMED: Final = {
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
}
#: The characters of a URI (RFC 3986, 2), "@" and "#" left out: browsers and urlsplit do not agree on what others mean,
#: and "the endpoint URI MUST NOT include a fragment component" (RFC 6749, 3.1.2).
_URI: Final = re.compile(r"[A-Za-z0-9\-._~:/?\[\]!$&'()*+,;=%]+")


class AuthorizationEndpoint:
    """The endpoint, on the state of the org and the grants that are open."""

    def __init__(self, state: OrgState, grants: Grants) -> None:
        self._state, self._grants = state, grants

    def answer(self, request: Request) -> Answer:
        """Answer with the page, or with the way back to the app. Raises OAuthError where no way back is safe."""
        asked = form_of(request) if request.method == "POST" else request.query
        app = app_of(self._state, asked.get("client_id", ""), missing="OAUTH_EC_APP_NOT_FOUND")
        redirect = asked.get("redirect_uri", "")
        if not _registered(redirect, app, request.server):
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        try:
            _check(app, asked)
            if request.method == "GET":
                return _page(app, asked)
            if "allow" not in asked:
                raise OAuthError("access_denied", "end-user denied authorization")
            return self._allowed(app, asked)
        except OAuthError as problem:
            return _back(redirect, asked, {"error": problem.error, "error_description": problem.description})

    def _allowed(self, app: ExternalClientApp, asked: Mapping[str, str]) -> Answer:
        user = self._state.authenticate(asked.get("username", ""), asked.get("password", ""))
        if user is None:
            # Salesforce does not say either that it is a lockout: that would tell that the user exists.
            return _page(app, asked, "Check the username and password. After too many attempts a user is locked out.")
        if user.password_expired:  # [simulated]: Salesforce has the user choose a new one here
            return _page(app, asked, "This password has expired: choose a new one in the org first.")
        check_policies(self._state, app, user, denied="OAUTH_APP_ACCESS_DENIED")
        app.approve(user.username)
        code = "aPrx" + secrets.token_urlsafe(40)
        redirect, challenge = asked["redirect_uri"], asked.get("code_challenge", "")
        self._grants.codes[code] = Grant(app, user, self._state.clock(), redirect, challenge)
        return _back(redirect, asked, {"code": code})


def _check(app: ExternalClientApp, asked: Mapping[str, str]) -> None:
    """Raise OAuthError for a request that the app may not make, or that is none of the web server flow with PKCE."""
    if "web" not in app.flows:
        # The code is RFC 6749's (4.1.2.1), the words are [simulated].
        raise OAuthError("unauthorized_client", "the web flow is not enabled for this app")
    if asked.get("response_type") != "code" or asked.get("code_challenge_method", "S256") != "S256":
        raise OAuthError("unsupported_response_type", "code and S256 only")
    if app.pkce_required and not asked.get("code_challenge"):
        raise OAuthError("invalid_request", "missing required code challenge")  # told by third parties


def _registered(redirect_uri: str, app: ExternalClientApp, server: str) -> bool:
    """Return whether a URI is registered, or the org's own, or on this machine's loopback (RFC 8252, 7.3)."""
    try:
        parts = urlsplit(redirect_uri)
        usable = _URI.fullmatch(redirect_uri) is not None and parts.port != 0
    except ValueError:  # such as a port above 65535
        return False
    loopback = usable and parts.scheme == "http" and parts.hostname in _LOOPBACK
    return loopback or redirect_uri in (f"{server}/services/oauth2/success", *app.callback_urls)


def _page(app: ExternalClientApp, asked: Mapping[str, str], problem: str = "") -> Answer:
    return Answer(200, _HTML, consent_page(app.name, asked, problem).encode(), _NOT_FRAMED)


def _back(redirect: str, asked: Mapping[str, str], result: dict[str, str]) -> Answer:
    if "state" in asked:
        result["state"] = asked["state"]
    separator = "&" if "?" in redirect else "?"
    return Answer(
        302, _HTML, b"", {"Location": f"{redirect}{separator}{urlencode(result)}"}, code=result.get("error", "")
    )
