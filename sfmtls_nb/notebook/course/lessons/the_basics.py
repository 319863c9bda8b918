"""The exercises of “The basics”."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from sfmtls_nb.api import Reply
from sfmtls_nb.errors import MutualAuthenticationFault
from sfmtls_nb.notebook.course.exercises import Exercise, Point, Work
from sfmtls_nb.practice.request import Listener
from sfmtls_nb.session import Session

_STANDARD: Final = "standard@practice.example"


def _behind_the_other_door(work: Work) -> Iterator[Point]:
    session, endpoint = work.named("session", Session), work.named("endpoint", str)
    yield Point(
        session is not None,
        "session holds your session",
        "there is no variable session that holds a session: %sf_login can keep what it returns",
    )
    if session is None or endpoint is None:
        yield Point(
            endpoint is not None, "endpoint is a text", "there is no variable endpoint that holds a URL as text"
        )
        return
    found, wanted = urlsplit(endpoint.strip()), urlsplit(session.org.endpoint(session.server_url, 8443))
    yield Point(
        (found.scheme, found.netloc.lower()) == (wanted.scheme, wanted.netloc.lower()),
        f"endpoint goes to the port that asks for your certificate: {wanted.netloc}",
        f"8443 is the port of a real org; here another number stands for it: {wanted.port}"
        if found.netloc.endswith(":8443") and wanted.port != 8443
        else f"endpoint does not go to {wanted.netloc}, where your certificate is asked for: it goes to {found.netloc or 'no host at all'}",
    )
    yield Point(
        found.path == wanted.path,
        "the path is the server URL's",
        "after host and port, endpoint does not go on as the server URL does",
    )


def _who_needs_no_certificate(work: Work) -> Iterator[Point]:
    sessions = tuple(work.practice.state.sessions.values())
    calls = work.requests(user=_STANDARD, operation="getUserInfo", listener=Listener.API)
    yield Point(
        # A login's event names no user: nobody is signed in yet when it comes.
        bool(work.requests(user=_STANDARD)) or any(session.user.username == _STANDARD for session in sessions),
        f"you signed in as {_STANDARD}",
        f"nobody has signed in as {_STANDARD} on the practice org yet: %sf_login takes a username",
    )
    yield Point(
        any(call.status == 200 for call in calls),
        "and called getUserInfo on port 443, with success: this user is not enforced",
        "this user has not called getUserInfo on port 443 yet",
    )


def _a_failure_kept(work: Work) -> Iterator[Point]:
    refusal = work.value("refusal")
    yield Point(
        isinstance(refusal, MutualAuthenticationFault),
        "refusal holds the fault MUTUAL_AUTHENTICATION_FAILED",
        "there is no variable refusal that holds the fault"
        if refusal is None
        else "refusal holds an answer: the call did not fail, so whose session was it, and which port?"
        if isinstance(refusal, Reply)
        else f"refusal holds something else: {type(refusal).__name__}",
    )


EXERCISES: Final = (
    Exercise(
        "the address behind the other door",
        _behind_the_other_door,
        (
            "%sf_login shows this address in its last line. Where does it differ from the server URL?",
            "Only the number after the last colon differs. session.server_url.replace(…) can put it in; so can session.org.endpoint.",
            "session.org.endpoint(session.server_url, 8443) puts the port in for you. Call what it returns endpoint.",
        ),
        anywhere=True,
    ),
    Exercise(
        "a user who needs no certificate",
        _who_needs_no_certificate,
        (
            "A session belongs to a user: to be somebody else, sign in again.",
            "%sf_login takes a username, and %sf_soap takes --port.",
            "%sf_login standard@practice.example, then %sf_soap getUserInfo --port 443",
        ),
    ),
    Exercise(
        "keep a failure",
        _a_failure_kept,
        (
            "The call has to fail as predicted, so it has to be the enforced user's: %sf_login signs that one in.",
            "%sf_soap NAME << … puts the result of a call into a variable, and with --expect the failure is the result.",
            "%sf_soap refusal << getUserInfo --port 443 --expect MUTUAL_AUTHENTICATION_FAILED",
        ),
        anywhere=True,
    ),
)
