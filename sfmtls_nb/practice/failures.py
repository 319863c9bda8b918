"""Failures on request: the ways a call can fail although its request is good, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice.request import Answer

_PAGE: Final = (
    b"<html><head><title>Down for maintenance</title></head><body>We are back soon. (practice org)</body></html>"
)
#: Not the org's: no page of the org itself comes with 200.
_OTHERS_PAGE: Final = b"<html><head><title>Sign in to this network</title></head><body>Accept the terms of use. (practice org)</body></html>"


@dataclass(frozen=True)
class Failure:
    """One way a good call can fail.

    spoil: turns the good answer into the bad one.
    """

    name: str
    what: str
    spoil: Callable[[Answer], Answer]


#: By name. [simulated]: Salesforce's answers vary; these are shapes that clients must cope with.
FAILURES: Final = {
    failure.name: failure
    for failure in (
        Failure("delay", "the answer takes three seconds", lambda answer: replace(answer, delay=3.0)),
        Failure(
            "stall",
            "the answer begins and stops half-way, the connection stays open",
            lambda answer: replace(answer, cut_after=len(answer.whole_body) // 2, stall=True),
        ),
        Failure(
            "cut", "the connection ends after 100 bytes of the answer", lambda answer: replace(answer, cut_after=100)
        ),
        Failure(
            "error-500",
            "500 Internal Server Error, with a page of HTML",
            lambda answer: Answer(500, "text/html; charset=UTF-8", _PAGE),
        ),
        Failure(
            "error-503",
            "503 Service Unavailable with Retry-After: 1",
            lambda answer: Answer(503, "text/html; charset=UTF-8", _PAGE, {"Retry-After": "1"}),
        ),
        Failure(
            "html-for-xml",
            "200 OK, and HTML where XML or JSON should be",
            lambda answer: Answer(200, "text/html; charset=UTF-8", _OTHERS_PAGE),
        ),
        Failure(
            "truncated",
            "a whole HTTP answer with half a document in it",
            lambda answer: replace(answer, body=answer.whole_body[: len(answer.whole_body) // 2]),
        ),
        Failure(
            "wrong-length",
            "a Content-Length ten bytes longer than the body, then the end",
            lambda answer: replace(answer, cut_after=len(answer.whole_body), missing=10),
        ),
        Failure(
            "clock-skew",
            "the server's Date is two hours ahead",
            lambda answer: replace(answer, clock_offset=timedelta(hours=2)),
        ),
    )
}
#: Failures that the org itself brings about, in its own words.
ORG_FAILURES: Final = {
    "session-expires": "the session ends in the middle of a query: where its way in allows it, it is renewed, and the query goes on",
    "limit-exceeded": "the day's API requests are used up: REQUEST_LIMIT_EXCEEDED",
    "locator-expires": "the locator of a query's next page is known no longer: INVALID_QUERY_LOCATOR, in Bulk API 2.0 INVALIDLOCATOR",
    "job-fails": "the next Bulk API 2.0 query begins, and ends Failed",
    "job-is-aborted": "the next Bulk API 2.0 query begins, and somebody in Setup aborts it",
    "job-never-ends": "the next Bulk API 2.0 query begins, and stays InProgress until it is aborted",
}

#: Every failure that can be asked for, and its effect.
ON_REQUEST: Final = {name: each.what for name, each in FAILURES.items()} | ORG_FAILURES


class ArmedFailures:
    """The armed failures by name, each with the number of calls that it still meets."""

    def __init__(self) -> None:
        self._left: dict[str, int | None] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._left))

    def arm(self, name: str, times: int | None = 1) -> None:
        """Let the next ``times`` API calls fail (None: all, until `disarm`). Raises PracticeError for no such failure."""
        if name not in ON_REQUEST:
            raise PracticeError(f"there is no failure {name!r}", next_step=f"they are: {', '.join(ON_REQUEST)}")
        if times is not None and times < 1:
            raise PracticeError(
                f"a failure cannot be armed {times} times", next_step="once or more; None: until disarm() takes it back"
            )
        self._left[name] = times

    def disarm(self) -> None:
        """Disarm all failures."""
        self._left.clear()

    def use(self, name: str) -> bool:
        """Return whether a failure is armed, and count that use."""
        if name not in self._left:
            return False
        left = self._left[name]
        if left == 1:
            del self._left[name]
        elif left:
            self._left[name] = left - 1
        return True

    def spoil(self, answer: Answer) -> Answer:
        """Apply the armed failures to a good answer."""
        for name in self:
            if name in FAILURES and self.use(name):
                answer = FAILURES[name].spoil(replace(answer, body=answer.whole_body))
        return answer
