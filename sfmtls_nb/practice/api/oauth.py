"""OAuth at /services/oauth2: token, authorize, userinfo, revoke. Identity URLs (/id/ORG/USER) are served here too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from sfmtls_nb.practice.api.authorization import AuthorizationEndpoint
from sfmtls_nb.practice.api.consent import arrival_page
from sfmtls_nb.practice.api.grants import Grants, OAuthError, form_of
from sfmtls_nb.practice.api.identity import flaw_of, identity, is_identity_path, user_info
from sfmtls_nb.practice.api.resource import session_id
from sfmtls_nb.practice.api.token import TokenEndpoint
from sfmtls_nb.practice.mutual import Presented
from sfmtls_nb.practice.request import Answer, Request, json_answer
from sfmtls_nb.practice.state import OrgState

_ROOT: Final = "/services/oauth2/"
_HTML: Final = "text/html; charset=UTF-8"


class OAuthApi:
    """The endpoints, and the grants that are open."""

    def __init__(self, state: OrgState) -> None:
        self._state, self._grants = state, Grants()
        token, authorization = TokenEndpoint(state, self._grants), AuthorizationEndpoint(state, self._grants)
        self._endpoints: Mapping[str, tuple[str, Callable[[Request, Presented], Answer]]] = {
            "token": ("POST", token.answer),
            "authorize": ("GET POST", lambda request, _: authorization.answer(request)),
            "userinfo": ("GET POST", self._userinfo),
            "revoke": ("GET POST", self._revoke),
            "success": ("GET", lambda request, _: Answer(200, _HTML, arrival_page(request.query).encode())),
        }

    def serves(self, request: Request) -> bool:
        """Return whether the request is for these endpoints."""
        return request.path.startswith(_ROOT) or is_identity_path(request.path)

    def answer(self, request: Request, presented: Presented) -> Answer:
        """Answer a request. Nobody who signs in here is asked for a certificate, as with login(), unless an app wants one."""
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
            return replace(endpoint(request, presented), operation=operation)
        except OAuthError as problem:
            body = {"error": problem.error, "error_description": problem.description}
            # Its Date is that of the clock which assertions are judged by: whoever is refused can see how far apart the two are.
            apart = self._state.clock() - datetime.now(UTC)
            refusal = json_answer(problem.status, body)
            return replace(refusal, operation=operation, code=problem.error, clock_offset=apart)

    def _userinfo(self, request: Request, _: Presented) -> Answer:
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

    def _revoke(self, request: Request, _: Presented) -> Answer:
        """End a session; or a refresh token, and the sessions that were opened with it."""
        token = form_of(request).get("token", "") or request.query.get("token", "")
        grant = self._grants.refresh.pop(token, None)
        if grant is not None:
            for each in grant.sessions:
                self._state.close_session(each)
        elif not self._state.close_session(token):
            raise OAuthError("invalid_token", "invalid token")  # the code is documented, the words are [simulated]
        return Answer(200, "application/json;charset=UTF-8", b"")
