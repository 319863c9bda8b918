"""The exercises of “Signing in without a password”."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from cryptography.x509 import load_pem_x509_certificate

from sfmtls_nb.notebook.course.exercises import Exercise, Point, Work
from sfmtls_nb.practice import ExternalClientApp
from sfmtls_nb.practice.apps import PermittedUsers
from sfmtls_nb.practice.events import Event
from sfmtls_nb.practice.request import Listener

_USER: Final = "enforced@practice.example"
_TOKEN: Final = "POST token"  # noqa: S105  # it is the name of a request


def _two_keys(work: Work) -> Iterator[Point]:
    own = work.practice.apps[1:]
    yield Point(bool(own), "there is an app of your own", "there is no app of your own yet: practice.state.add_app(…)")
    if not own:
        return
    used = [app for app in own if work.requests(operation=_TOKEN, status=200, app=app.name, user=_USER)]
    app = (used or own)[-1]
    yield Point(
        app.jwt_key is not None,
        f"{app.name} has a certificate for JWTs",
        f"{app.name} has no certificate of an RSA key with 2048 bits or more: upload_certificate(…)",
    )
    if app.jwt_key:
        yield _apart(work, app)
    yield Point(
        app.permitted_users is PermittedUsers.ADMIN_APPROVED and app.approves(_USER),
        f"{_USER} is let in by an administrator",
        f"{_USER} is not approved by an administrator: {app.name} has approve(…)",
    )
    yield Point(bool(used), "the org gave a token for it", f"the org has given no token for {app.name} and {_USER} yet")
    if used:
        since = work.requests(operation=_TOKEN, app=app.name, user=_USER)[0].at
        calls = work.requests(user=_USER, operation="getUserInfo", status=200, listener=Listener.MUTUAL)
        yield Point(
            any(call.chain and call.at > since for call in calls),
            "getUserInfo was called with the certificate after it",
            "getUserInfo has not been called with the certificate since then",
        )


def _apart(work: Work, app: ExternalClientApp) -> Point:
    """The point that an app's key is none of a certificate for TLS."""
    identity = work.workspace.identity
    of_tls = [load_pem_x509_certificate(work.practice.client.leaf.read_bytes()), *([identity.leaf] if identity else [])]
    return Point(
        app.jwt_key not in [leaf.public_key() for leaf in of_tls],
        f"the key of {app.name} is not the key for TLS",
        f"{app.name} has the certificate of the key for TLS: make another key for the JWT",
    )


def _by_browser(work: Work) -> Iterator[Point]:
    went = [event for event in work.requests() if event.operation in ("GET authorize", "POST authorize", _TOKEN)]
    allowed = [
        event for event in went if event.operation == "POST authorize" and event.status == 302 and not event.code
    ]
    yield Point(bool(allowed), "Allow was pressed on the org's page", _without_allow(went))
    if not allowed:
        return
    redeemed = [
        event.user
        for before, event in pairwise(went)
        if before in allowed and event.operation == _TOKEN and event.status == 200
    ]
    yield Point(
        bool(redeemed),
        "the code was exchanged for a token",
        "the code has not come to the program: let the browser come back, or paste the address of the page that it ends at",
    )
    if redeemed:
        yield Point(
            _USER in redeemed, f"it is the token of {_USER}", f"it is the token of {redeemed[-1]}; sign in as {_USER}"
        )


def _without_allow(went: list[Event]) -> str:
    at_the_page = [event for event in went if event.operation != _TOKEN]
    if not at_the_page:
        return "no browser has been at the org's page yet"
    if at_the_page[-1].code == "access_denied":
        return "Deny was pressed; sign in again, and press Allow"
    return "a browser was at the org's page, and Allow has not been pressed with the right password"


def _changed(work: Work) -> Iterator[Point]:
    app = work.practice.app
    tokens = work.requests(operation=_TOKEN, status=200, app=app.name, user=_USER, layer_2="pass")
    yield Point(
        app.certificate_required,
        "the app wants a certificate, and still does",
        "the app does not want a certificate: run the cell that changes it, and leave that demand as it is",
    )
    yield _apart(work, app)
    yield Point(
        app.permitted_users is PermittedUsers.ADMIN_APPROVED and app.approves(_USER),
        f"{_USER} is let in by an administrator",
        f"{_USER} is not approved by an administrator",
    )
    yield Point(
        bool(tokens),
        "the org gave a token on 8443, to the right certificate",
        "the org has given no token on 8443 yet; the line that begins with next says what is in the way",
    )


EXERCISES: Final = (
    Exercise(
        "two keys",
        _two_keys,
        (
            "It is what section 3 did with the app that was there: a key, its certificate in the app, a user let in, a sign-in.",
            "new_key_and_csr makes the key and a request, practice.issue the certificate; %sf_login takes --consumer-key.",
            'mine = ExternalClientApp("Night shift"); mine.upload_certificate(practice.issue(another.request_pem)); mine.approve(user); '
            "practice.state.add_app(mine); then %sf_login --way jwt --consumer-key {mine.consumer_key} --key FILE, and %sf_soap getUserInfo",
        ),
    ),
    Exercise(
        "in by the browser",
        _by_browser,
        (
            "You need to know nothing but the password for the org's page.",
            'practice.user("enforced").password is the password, to be typed on the org\'s page, not in the notebook.',
            "Where the browser ends at a page that cannot be opened, copy its whole address into the field Address.",
        ),
    ),
    Exercise(
        "somebody changed the app",
        _changed,
        (
            "Each refusal has three lines; the last one says where to look.",
            "The first is about the door: sign in at on_8443, with the identity me. The second is about the app's certificate.",
            "app.upload_certificate(practice.issue(made.request_pem)); app.approve(user); login(on_8443, "
            "JwtBearer(app.consumer_key, user, key), me)",
        ),
    ),
)
