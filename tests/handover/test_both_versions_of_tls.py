"""What is handed over gets in with the certificate under TLS 1.2 and 1.3, and without it under neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sfmtls_nb import ClientIdentity, Org, PasswordLogin, Session, login
from sfmtls_nb.practice import PracticeOrg

WSDL = Path(__file__).parents[1] / "peers" / "partner.wsdl"


def calls_of(session: Session, stack: ExitStack) -> dict[str, Callable[[], Any]]:
    requests, httpx = stack.enter_context(session.requests_session()), stack.enter_context(session.httpx_client())
    salesforce, zeep = session.simple_salesforce(), session.zeep_client(WSDL)
    return {
        "requests": lambda: requests.get("/services/data/v64.0/limits").json()["DailyApiRequests"],
        "httpx": lambda: httpx.get("/services/data/v64.0/limits").json()["DailyApiRequests"],
        "simple-salesforce": lambda: salesforce.query("SELECT Id FROM Contact LIMIT 1")["records"],
        "zeep": lambda: zeep.service.getUserInfo().userName,
    }


@pytest.fixture(params=["1.2", "1.3"])
def enforced(request: pytest.FixtureRequest) -> Iterator[Session]:
    """The enforced user's session, on an org that speaks one version of TLS."""
    with PracticeOrg(tls=request.param) as practice:
        identity = ClientIdentity.load(practice.client.fullcert)
        with login(Org(**practice.endpoints), PasswordLogin(*practice.user("enforced")), identity) as session:
            yield session


def test_with_the_certificate_each_gets_in_and_without_it_none(enforced: Session) -> None:
    with ExitStack() as stack:
        assert all(call() for call in calls_of(enforced, stack).values())
        for call in calls_of(enforced.with_identity(None), stack).values():
            with pytest.raises(Exception, match=r"(?i)MUTUAL_AUTHENTICATION_FAILED|indices must be"):
                call()
