"""OAuth of an org without a socket: an External Client App, requests for tokens, and a clock that is moved by hand."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sfmtls_nb.practice import ExternalClientApp
from sfmtls_nb.practice.api.oauth import OAuthApi
from sfmtls_nb.practice.mutual import Authority, Presented
from sfmtls_nb.practice.request import Answer, Listener, Request
from sfmtls_nb.practice.state import OrgState

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AUTHORITY = Authority(["localhost"])
KEY, OTHER_KEY = (rsa.generate_private_key(65537, 2048) for _ in range(2))
CERTIFICATE = AUTHORITY.issue("an app", key=KEY).certificate
NOTHING_PRESENTED = Presented(certificate=False, flaw=None, uploaded=False)
SERVER = "https://practice.my.salesforce.com"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
VERIFIER = "a-verifier-that-is-forty-three-characters-long-or-more"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CALLBACK = "http://localhost:51717/callback"


@dataclass
class OAuthOrg:
    """An org with an External Client App, and a clock that stands still unless it is moved."""

    def __post_init__(self) -> None:
        self.now = NOW
        self.state = OrgState([], [], clock=lambda: self.now)
        users = {user.username for user in self.state.users}
        self.app = ExternalClientApp(
            "Practice App", run_as="standard@practice.example", certificate=CERTIFICATE, approved=users
        )
        self.state.add_app(self.app)
        self.api = OAuthApi(self.state)

    def ask(
        self, method: str, target: str, body: str = "", headers: Mapping[str, str] | None = None, server: str = SERVER
    ) -> Answer:
        addresses = frozenset({server, f"{server}:8443"})
        request = Request(Listener.API, method, target, headers or {}, body.encode(), (), server, addresses)
        return self.api.answer(request, NOTHING_PRESENTED)

    def by_jwt(self, **changes: Any) -> dict[str, Any]:
        return self.token(grant_type=JWT_BEARER, assertion=self.assertion(**changes))

    def by_secret(self) -> dict[str, Any]:
        """By client credentials."""
        return self.token(
            grant_type="client_credentials", client_id=self.app.consumer_key, client_secret=self.app.consumer_secret
        )

    def refresh(self, token: str, **changes: str) -> dict[str, Any]:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.app.consumer_key}
        return self.token(None, **{**form, **changes})

    def revoke(self, token: str) -> Answer:
        return self.ask("POST", "/services/oauth2/revoke", urlencode({"token": token}))

    def token(self, headers: Mapping[str, str] | None = None, *, server: str = SERVER, **form: str) -> dict[str, Any]:
        answer = self.ask("POST", "/services/oauth2/token", urlencode(form), headers, server)
        content: dict[str, Any] = json.loads(answer.whole_body)
        return content

    def assertion(
        self, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = KEY, algorithm: str = "RS256", **changes: Any
    ) -> str:
        claims = {
            "iss": self.app.consumer_key,
            "sub": "enforced@practice.example",
            "aud": "https://login.salesforce.com",
            "exp": int((self.now + timedelta(minutes=3)).timestamp()),
        }
        claims.update(changes)
        return jwt.encode(
            {name: value for name, value in claims.items() if value is not None}, key, algorithm=algorithm
        )

    def authorize(self, **changes: str) -> dict[str, str]:
        asked = {
            "response_type": "code",
            "client_id": self.app.consumer_key,
            "redirect_uri": CALLBACK,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "state": "xyz",
        }
        return {**asked, **changes}

    def consent(self, **changes: str) -> dict[str, str]:
        """What the browser is sent back with, after signing in and a click on Allow."""
        user = self.state.users[0]
        form = {**self.authorize(), "username": user.username, "password": user.password, "allow": "1", **changes}
        answer = self.ask("POST", "/services/oauth2/authorize", urlencode(form))
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def code(self) -> str:
        return self.consent()["code"]

    def redeem(self, **changes: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "client_id": self.app.consumer_key,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        return self.token(None, **{**form, **changes})
