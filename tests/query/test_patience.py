"""Patience: which failures may pass, how often a call is made again, and how long is waited in between."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest

from sfmtls_nb import (
    AnswerLimitError,
    CallTimeout,
    ConnectError,
    Exchange,
    HandshakeError,
    NotJsonError,
    Request,
    RestFault,
    SfmtlsError,
)
from sfmtls_nb.query.patience import insistently, may_pass


def with_status(error: SfmtlsError, status: int, **headers: str) -> SfmtlsError:
    error.exchange = Exchange(Request("GET", "https://acme.my.salesforce.com/", {}), status, headers)
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectError("cut"), True),
        (CallTimeout("slow"), True),
        (HandshakeError("not trusted"), False),
        (AnswerLimitError("too much"), False),
        (with_status(NotJsonError("a page"), 503), True),
        (with_status(NotJsonError("a page"), 429), True),
        (with_status(NotJsonError("a page"), 200), False),
        (with_status(RestFault("no", code="UNKNOWN_EXCEPTION"), 500), True),
        (RestFault("no", code="INVALID_QUERY_LOCATOR"), False),
        (RestFault("no", code="UNABLE_TO_LOCK_ROW"), True),
        (RestFault("no", code="INVALID_FIELD"), False),
    ],
)
def test_what_may_pass(error: SfmtlsError, expected: bool) -> None:  # a row of a table
    assert expected == may_pass(error)


def paused(error: SfmtlsError, **options: Any) -> list[float]:
    """The pauses between the attempts of a call that always fails with this error."""
    pauses: list[float] = []

    class Noted(Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(timeout or 0)
            return False

    def fail() -> None:
        raise error

    with pytest.raises(type(error)):
        insistently(fail, Noted(), **options)
    return pauses


def test_the_pauses_grow() -> None:
    assert [0.5, 1, 2, 4, 8, 16, 30, 30] == paused(ConnectError("nobody listens"))


def test_what_cannot_pass_is_tried_once() -> None:
    assert [] == paused(RestFault("no", code="INVALID_FIELD"))


def test_an_org_that_says_when_to_come_again_is_obeyed_up_to_a_minute() -> None:
    assert [20.0] * 6 + [30] * 2 == paused(with_status(NotJsonError("a page"), 503, **{"Retry-After": "20"}))
    assert [60.0] * 8 == paused(with_status(NotJsonError("a page"), 503, **{"Retry-After": "3600"}))


def test_after_a_cut_the_pauses_stay_short_for_as_often_as_is_said() -> None:
    cut = ConnectError("cut")
    cut.failure = "answer-cut"
    assert [0.5, 0.5, 0.5, 1, 2] == paused(cut, cuts=2)[:5]


def test_whoever_has_stopped_waits_for_nothing() -> None:
    stopped, calls = Event(), []
    stopped.set()

    def fail() -> None:
        calls.append(1)
        raise ConnectError("cut")

    with pytest.raises(ConnectError):
        insistently(fail, stopped)
    assert [1] == calls
