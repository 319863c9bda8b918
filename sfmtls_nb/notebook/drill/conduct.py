"""Conduct: what is wrong on the way to the org, with its answers, and with what it says to a sign-in or a call."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, cast

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from sfmtls_nb.api import token_of
from sfmtls_nb.connection import Exchange, Transport
from sfmtls_nb.notebook.drill.stage import Stage, by_rest, by_soap
from sfmtls_nb.practice import ExternalClientApp
from sfmtls_nb.practice.mutual import Issued
from sfmtls_nb.secret import Secret
from sfmtls_nb.session import Session
from sfmtls_nb.sign_in import ClientCredentials, JwtBearer, PasswordLogin

_JWT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_PLAIN: Final = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nBad Request\n"

# ---------------------------------------------------------------- the way there


def port_closed(stage: Stage) -> None:
    """Nobody listens there."""
    stage.call(door="8443", at=stage.closed_port())


def silent(stage: Stage) -> None:
    """The connection is taken, and no byte comes."""
    stage.call(door="8443", at=stage.listening(None), connect_timeout=1.0)


def not_tls(stage: Stage) -> None:
    """A server answers that speaks plain HTTP."""

    def answer(accepted: socket.socket) -> None:
        accepted.recv(65536)
        accepted.sendall(_PLAIN)

    stage.call(door="8443", at=stage.listening(answer))


def cut(stage: Stage) -> None:
    """The connection is taken, and ended."""
    stage.call(door="8443", at=stage.listening(_take))


def _take(accepted: socket.socket) -> None:
    accepted.recv(65536)


def server_untrusted(stage: Stage) -> None:
    """The client trusts another authority than the server's."""
    stage.call(door="8443", ca_file=stage.practice.client.root.read_bytes())


def server_wrong_name(stage: Stage) -> None:
    """The server shows a certificate for another host."""
    _show(stage, stage.practice.authority.issue("gateway.example", _server_root(stage), names=["gateway.example"]))


def server_expired(stage: Stage) -> None:
    """The server's certificate is over."""
    root, past = _server_root(stage), timedelta(days=-400)
    _show(stage, stage.practice.authority.issue("localhost", root, names=["localhost"], starts=past, days=-2))


def _server_root(stage: Stage) -> Issued:
    return stage.practice.authority.server_root


def _show(stage: Stage, server: Issued) -> None:
    stage.practice.authority.server = server  # the strict listener takes it up with its next connection
    stage.call(door="strict")


# ---------------------------------------------------------------- the answer


def armed(name: str, **changes: Any) -> Callable[[Stage], None]:
    """The planting of a failure on request. changes: of `Org`."""

    def plant(stage: Stage) -> None:
        stage.practice.arm(name)
        stage.call(door="8443", **changes)

    return plant


def unavailable(stage: Stage) -> None:
    """The org answers with an error of its own."""
    armed(stage.rng.choice(("error-500", "error-503")))(stage)


def answer_cut(stage: Stage) -> None:
    """The connection ends before the answer does."""
    armed(stage.rng.choice(("cut", "wrong-length")))(stage)


def answer_too_large(stage: Stage) -> None:
    """More comes than the client takes."""
    stage.call(
        door="8443", answer_limit=2_000, make=lambda session: by_rest(session, "query?q=SELECT Id, Name FROM Contact")
    )


# ---------------------------------------------------------------- what it says to a sign-in


def invalid_login(stage: Stage) -> None:
    """The password is not the user's."""
    stage.sign_in(PasswordLogin(stage.enforced.username, "not-the-password"))


def security_token_missing(stage: Stage) -> None:
    """The org wants the security token from this network."""
    stage.practice.state.token_required = True
    _by_password(stage)


def password_expired(stage: Stage) -> None:
    """The password is too old."""
    stage.enforced.password_expired = True
    _by_password(stage)


def soap_login_off(stage: Stage) -> None:
    """The org has no login() for anybody."""
    stage.practice.state.soap_login_enabled = False
    _by_password(stage)


def any_api_auth_missing(stage: Stage) -> None:
    """The user may not use login()."""
    stage.enforced.profile.any_api_auth = False
    _by_password(stage)


def consumer_key_wrong(stage: Stage) -> None:
    """The consumer key is another app's, or that of none."""
    other = ExternalClientApp("Elsewhere").consumer_key
    _by_jwt(stage, other if stage.rng.random() < 0.5 else other[:30])


def consumer_secret_wrong(stage: Stage) -> None:
    """The consumer secret has been rotated."""
    stage.sign_in(
        ClientCredentials(stage.practice.app.consumer_key, ExternalClientApp("Before it was rotated").consumer_secret)
    )


def no_run_as_user(stage: Stage) -> None:
    """Nobody is named in the app's policies."""
    stage.practice.app.run_as = ""
    _by_secret(stage)


def flow_off(stage: Stage) -> None:
    """The flow is not among those that the app has enabled."""
    flow, sign_in = stage.rng.choice((("jwt", _by_jwt), ("client-credentials", _by_secret)))
    stage.practice.app.flows.discard(flow)
    sign_in(stage)


def app_wants_certificate(stage: Stage) -> None:
    """The app gives a token on 8443 alone."""
    stage.practice.app.certificate_required = True
    stage.rng.choice((_by_jwt, _by_secret))(stage)


def address_restricted(stage: Stage) -> None:
    """The app keeps out whoever comes from an unknown network."""
    stage.practice.app.ip_relaxed, stage.practice.state.token_required = False, True
    stage.rng.choice((_by_jwt, _by_secret))(stage)


def user_not_approved(stage: Stage) -> None:
    """Nobody has approved the user for the app."""
    stage.practice.app.withdraw(stage.enforced.username)
    _by_jwt(stage)


def locked_out(stage: Stage) -> None:
    """Somebody has typed wrong passwords."""
    stage.enforced.locked_until = stage.practice.state.clock() + timedelta(minutes=10)
    _by_jwt(stage)


def assertion_wrong(stage: Stage) -> None:
    """The JWT is signed with a key whose certificate is not the app's."""
    _by_jwt(stage, key=Issued(stage.practice.authority.client.leaf.certificate, rsa.generate_private_key(65537, 2048)))


def audience_wrong(stage: Stage) -> None:
    """The JWT names another org, as after a copy of one into a sandbox."""
    claims = {
        "iss": stage.practice.app.consumer_key,
        "sub": stage.enforced.username,
        "aud": "https://acme--old.sandbox.my.salesforce.com",
        "exp": int(time.time()) + 180,
    }
    assertion = Secret(jwt.encode(claims, _jwt_key(stage).key, "RS256"))
    stage.at_token_endpoint(lambda transport: _token(transport, {"grant_type": _JWT, "assertion": assertion}))


def _token(transport: Transport, form: dict[str, str | Secret]) -> Exchange:
    return token_of(transport, form)[1]


def _jwt_key(stage: Stage) -> Issued:
    return stage.practice.authority.client.leaf


def _by_password(stage: Stage) -> None:
    stage.sign_in(PasswordLogin(*stage.practice.user("enforced")))


def _by_jwt(stage: Stage, consumer_key: str = "", key: Issued | None = None) -> None:
    signing = Secret((key or _jwt_key(stage)).key_pem)
    stage.sign_in(JwtBearer(consumer_key or stage.practice.app.consumer_key, stage.enforced.username, signing))


def _by_secret(stage: Stage) -> None:
    stage.sign_in(ClientCredentials(stage.practice.app.consumer_key, stage.practice.app.consumer_secret))


# ---------------------------------------------------------------- what it says to a call


def session_ended(stage: Stage) -> None:
    """The session is over when the call comes."""
    stage.call(door="8443", ended=True)


def limit_exceeded(stage: Stage) -> None:
    """The day's API requests are used up."""
    stage.practice.state.calls = stage.practice.state.call_limit
    stage.call(door="8443")


def version_not_served(stage: Stage) -> None:
    """The version is one that has been retired."""
    stage.call(door="8443", api_version=stage.rng.choice(("19.0", "23.0")))


def query_wrong(stage: Stage) -> None:
    """A name in the query is misspelled."""
    soql = stage.rng.choice(
        ("SELECT Id, FullName FROM Contact", "SELECT Id FROM Contcat", "SELECT Id Name FROM Contact")
    )
    api = stage.rng.choice(("soap", "rest"))
    stage.call(door="8443", make=lambda session: _read(session, soql, api))


def locator_expired(stage: Stage) -> None:
    """The query's next page is gone when it is asked for."""
    stage.practice.arm("locator-expires")
    api = stage.rng.choice(("soap", "rest"))
    stage.call(door="8443", make=lambda session: _read(session, "SELECT Id FROM Contact", api))


def job_failed(stage: Stage) -> None:
    """The Bulk job begins, and fails or is aborted."""
    stage.practice.arm(stage.rng.choice(("job-fails", "job-is-aborted")))
    stage.call(door="8443", make=lambda session: _read(session, "SELECT Id FROM Contact", "bulk"))


def message_not_understood(stage: Stage) -> None:
    """The operation is misspelled."""
    stage.call(door="8443", make=lambda session: by_soap(session, "getUserInformation"))


def _read(session: Session, soql: str, api: Any) -> Exchange:
    found = session.query(soql, api=api, batch=200)
    for _ in found.pages():
        pass
    return cast("Exchange", found.exchange)
