"""A session that renews itself does so for all that it was handed over to, and once for any number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from sfmtls_nb import ClientIdentity, JwtBearer, Org, Session, login
from sfmtls_nb.practice import PracticeOrg

WSDL = Path(__file__).parents[1] / "peers" / "partner.wsdl"
LIMITS = "/services/data/v64.0/limits"


@pytest.fixture
def renewable(org: Org, practice: PracticeOrg, identity: ClientIdentity) -> Iterator[Session]:
    """The enforced user's session, signed in by JWT."""
    username = practice.user("enforced").username
    with login(org, JwtBearer(practice.app.consumer_key, username, practice.client.key), identity) as session:
        yield session


def end(session: Session, practice: PracticeOrg) -> None:
    practice.state.close_session(session.session_id.reveal())


@pytest.mark.slow
def test_one_renewal_serves_every_client(renewable: Session, practice: PracticeOrg) -> None:
    with renewable.requests_session() as requests, renewable.httpx_client() as httpx:
        salesforce, zeep = renewable.simple_salesforce(), renewable.zeep_client(WSDL)
        calls: list[Callable[[], Any]] = [
            lambda: requests.get(LIMITS).json()["DailyApiRequests"],
            lambda: httpx.get(LIMITS).json()["DailyApiRequests"],
            lambda: salesforce.query("SELECT Id FROM Contact LIMIT 1")["records"],
            lambda: salesforce.bulk.Contact.query("SELECT Id FROM Contact LIMIT 1", wait=0.1),
            lambda: zeep.service.getUserInfo().userName,
            lambda: renewable.get_user_info().results,
        ]
        for first in calls:
            end(renewable, practice)
            before = renewable.session_id
            assert first()
            now = renewable.session_id
            assert [True] * len(calls) == [bool(call()) for call in calls]
            assert (True, True) == (now != before, now == renewable.session_id)


@pytest.mark.parametrize("name", ["requests_session", "httpx_client"])
def test_fifty_threads_renew_once(renewable: Session, practice: PracticeOrg, name: str) -> None:
    with getattr(renewable, name)() as client, ThreadPoolExecutor(50) as threads:
        end(renewable, practice)
        practice.events.clear()
        answers = list(threads.map(lambda _: client.get(LIMITS).status_code, range(50)))
    assert [200] * 50 == answers
    assert 1 == len([event for event in practice.events.where(kind="request") if "token" in event.operation])


@pytest.mark.parametrize("name", ["requests_session", "httpx_client"])
def test_no_call_fails_while_the_session_changes_its_identity(
    session: Session, practice: PracticeOrg, identity: ClientIdentity, name: str
) -> None:
    files, stop = practice.client, Event()
    other = ClientIdentity.load(files.fullcert)
    with getattr(session, name)() as client, ThreadPoolExecutor(8) as threads:

        def call() -> set[int]:
            statuses = set()
            while not stop.is_set():
                statuses.add(client.get(LIMITS).status_code)
            return statuses

        running = [threads.submit(call) for _ in range(8)]
        for each in (other, identity) * 5:
            session.present(each)
            client.get(LIMITS)
        stop.set()
    assert [{200}] * 8 == [each.result() for each in running]
