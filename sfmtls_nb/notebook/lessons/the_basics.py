"""The exercises of “The basics”."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sfmtls_nb.errors import MutualAuthenticationFault
from sfmtls_nb.notebook.exercises import Exercise, Point, Work
from sfmtls_nb.practice.request import Listener


def _who_needs_no_certificate(work: Work) -> Iterator[Point]:
    calls = work.requests(user="standard@practice.example", operation="getUserInfo", listener=Listener.API)
    yield Point(
        bool(work.requests(user="standard@practice.example", operation="login", status=200)),
        "you signed in as standard@practice.example",
        "nobody has signed in as standard@practice.example yet: %sf_login takes a username",
    )
    yield Point(
        any(call.status == 200 for call in calls),
        "and called getUserInfo on port 443, with success: this user is not enforced",
        "this user has not called getUserInfo on port 443 yet",
    )


def _a_failure_kept(work: Work) -> Iterator[Point]:
    yield Point(
        work.named("refusal", MutualAuthenticationFault) is not None,
        "refusal holds the fault MUTUAL_AUTHENTICATION_FAILED",
        "there is no variable refusal that holds the fault",
    )


EXERCISES: Final = (
    Exercise(
        "a user who needs no certificate",
        _who_needs_no_certificate,
        (
            "The practice org has two users; %sf_practice show names them.",
            "Sign in as the other one, with the username behind %sf_login, then call on port 443.",
            "%sf_login standard@practice.example, then %sf_soap getUserInfo --port 443",
        ),
    ),
    Exercise(
        "keep a failure",
        _a_failure_kept,
        (
            "A failure that was predicted is a value like any other.",
            "%sf_soap NAME << … puts the result of a call into a variable.",
            "As the enforced user: %sf_soap refusal << getUserInfo --port 443 --expect MUTUAL_AUTHENTICATION_FAILED",
        ),
    ),
)
