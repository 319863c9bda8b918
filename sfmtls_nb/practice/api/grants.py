"""Grants: what authorization codes and refresh tokens stand for; and what all OAuth endpoints refuse alike."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from sfmtls_nb.practice.apps import ExternalClientApp
from sfmtls_nb.practice.request import Request
from sfmtls_nb.practice.state import OrgState, User

_CONSUMER_KEY: Final = re.compile(r"3MVG9[A-Za-z0-9_.\-]{80}")


class OAuthError(Exception):
    """An error of RFC 6749, answered as ``{"error": …, "error_description": …}``."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error, description)
        self.error, self.description, self.status = error, description, status


@dataclass(frozen=True)
class Grant:
    """The grant behind an authorization code or a refresh token.

    sessions: ids of those that were opened with a refresh token, which end with it.
    """

    app: ExternalClientApp
    user: User
    at: datetime
    redirect_uri: str = ""
    challenge: str = ""
    sessions: list[str] = field(default_factory=list, repr=False)


@dataclass
class Grants:
    """The grants that are open, by code and by refresh token."""

    codes: dict[str, Grant] = field(default_factory=dict, repr=False)
    refresh: dict[str, Grant] = field(default_factory=dict, repr=False)


def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form in the body. Raises OAuthError."""
    try:
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=50))
    except ValueError as error:
        raise OAuthError("invalid_request", "the body is not a form") from error


def app_of(state: OrgState, consumer_key: str, missing: str = "app_not_found") -> ExternalClientApp:
    """Return the app of a consumer key. Raises OAuthError; missing: its error for an app of another org."""
    app = state.app(consumer_key)
    if app is not None:
        return app
    # Both told by third parties. [simulated]: what looks like a consumer key is one, of an app in another org.
    if _CONSUMER_KEY.fullmatch(consumer_key):
        raise OAuthError(missing, "External client app is not installed in this org")
    raise OAuthError("invalid_client_id", "client identifier invalid")


def check_policies(state: OrgState, app: ExternalClientApp, user: User, denied: str = "invalid_app_access") -> None:
    """Raise OAuthError where an app's policies keep a user out. denied: the error for one who is not approved."""
    if not app.ip_relaxed and state.token_required:
        raise OAuthError("invalid_grant", "ip restricted or invalid login hours")  # documented
    if not app.permits(user.username):
        raise OAuthError(denied, "user is not admin approved to access this app")  # told by third parties
