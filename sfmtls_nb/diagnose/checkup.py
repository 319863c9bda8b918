"""Checkup: the way to an org, checked step by step, each step with what shows it and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.diagnose.checks import CHECKS, Check, Outcome, Status
from sfmtls_nb.diagnose.visit import Visit
from sfmtls_nb.errors import require
from sfmtls_nb.org import Org
from sfmtls_nb.session import Session
from sfmtls_nb.sign_in import Credentials

_MARKS: Final[dict[Status, str]] = {"pass": "pass", "fail": "FAIL", "not reached": "   .", "skipped": "   -"}


@dataclass(frozen=True)
class Result:
    """A step's result. name: as in `CHECKS`. evidence: what shows it. do: the next step. failure: a name in `FAILURES`, or empty."""

    name: str
    title: str
    status: Status
    evidence: str
    do: str = ""
    failure: str = ""

    @property
    def read_on(self) -> str:
        """The address of the failure's page in the course, which stays; empty if there is none."""
        return f"failures/{self.failure}" if self.failure else ""

    def __str__(self) -> str:
        state = "" if self.status in ("pass", "fail") else f"{self.status}: "
        lines = [f"{_MARKS[self.status]}  {self.title}: {state}{self.evidence}"]
        if self.do:
            lines.append(f"      do: {self.do}")
        if self.read_on:
            lines.append(f"      read on: {self.read_on}")
        return "\n".join(lines)


@dataclass(frozen=True, repr=False)
class Checkup:
    """The results in their order. where: the org's login URL."""

    where: str
    results: tuple[Result, ...]

    @property
    def failed(self) -> tuple[Result, ...]:
        """The steps that failed."""
        return tuple(result for result in self.results if result.status == "fail")

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, name: str) -> Result:
        """The result of a check, by its name."""
        return next(result for result in self.results if result.name == name)

    def __str__(self) -> str:
        passed = sum(result.status == "pass" for result in self.results)
        summary = (
            f"{passed} passed, {len(self.failed)} failed, {len(self.results) - passed - len(self.failed)} not made"
        )
        begin = f"; begin with: {self.failed[0].title}" if self.failed else ""
        return "\n".join([f"{self.where}: {summary}{begin}", *map(str, self.results)])

    __repr__ = __str__


def doctor(
    org: Org,
    identity: ClientIdentity | None = None,
    session: Session | None = None,
    credentials: Credentials | None = None,
) -> Checkup:
    """Check the way to an org, step by step, and say at each step what was found.

    identity: the certificate to present; default: that of the session. session: makes calls too, and reads what is uploaded
    in the org, where its user may. credentials: signs in once with them, and out again.
    Whatever is wrong is in the results; nothing is raised but SfmtlsError for arguments of another type.
    Each step waits ten seconds at most, but for a person who signs in with a browser.
    """
    require(org, Org, "the org to check")
    visit = Visit(org, identity or (session.transport.identity if session else None), session, credentials)
    results: dict[str, Result] = {}
    try:
        for check in CHECKS:
            found = _missing(check, results) or check.run(visit)
            evidence = " ".join(found.evidence.split())
            results[check.name] = Result(check.name, check.title, found.status, evidence, found.do, found.failure)
    finally:
        visit.leave()
    return Checkup(org.login_url, tuple(results.values()))


def _missing(check: Check, results: dict[str, Result]) -> Outcome | None:
    """The outcome of a check that cannot be made, because one that it needs has failed, or was not made itself."""
    for need in check.needs:
        either = [results[name] for name in need.split(" or ")]
        if all(result.status in ("fail", "not reached") for result in either):
            return Outcome("not reached", f"first: {either[0].title}")
        if need == "mutual-port" and either[0].status == "skipped" and check.name in ("asked", "sent", "accepted"):
            return Outcome("skipped", either[0].evidence)  # its host is not known before there is a session
    return None
