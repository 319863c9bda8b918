"""A practice org for Bulk jobs: the calls that a job makes, and Stop in the middle of them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sfmtls_nb import ClientIdentity, Exchange, Org, PasswordLogin, Session, login
from sfmtls_nb.practice import PracticeOrg


@dataclass
class Calls:
    """A session's calls as a Bulk job makes them, each noted as METHOD and path.

    The org's clock is put on by a second whenever a job has been created: that is as long as one takes there.
    """

    session: Session
    practice: PracticeOrg
    made: list[str] = field(default_factory=list)

    def __call__(self, method: str, path: str, **more: object) -> Exchange:
        self.made.append(f"{method} {path}")
        exchange = self.session._make(method, path, **more)  # type: ignore[arg-type]  # as they come
        if method == "POST":
            ahead = self.practice.state.clock() - datetime.now(UTC) + timedelta(seconds=1)
            self.practice.state.clock = lambda: datetime.now(UTC) + ahead
        return exchange


@contextmanager
def calls_of(practice: PracticeOrg, org: Org | None = None, version: str = "64.0") -> Iterator[Calls]:
    """The calls of the enforced user's session, with the certificate, by a version of the API."""
    files = practice.client
    me = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
    org = replace(org or Org(**practice.endpoints), api_version=version)
    with login(org, PasswordLogin(*practice.user("enforced")), me) as session:
        yield Calls(session, practice)


@contextmanager
def stopped_after(seconds: float) -> Iterator[None]:
    """Ctrl-C, or Stop in a notebook, so many seconds from now."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
