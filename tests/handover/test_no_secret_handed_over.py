"""No session id stands in anything that is handed over: not in its attributes, however deep, nor in what it answers and raises."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from handing import HandedOver, texts_in
from raw_server import answering, server_tls, serving
from tracebacks import shown_with_locals
from zeep.helpers import serialize_object

from sfmtls_nb import Secret, Session
from sfmtls_nb.connection import Transport
from sfmtls_nb.handover import in_httpx, in_requests, in_simple_salesforce, in_zeep
from sfmtls_nb.practice import PracticeOrg

WSDL = Path(__file__).parents[1] / "peers" / "partner.wsdl"
LIMITS = "/services/data/v64.0/limits"

#: A client of each library, and a call of it.
CLIENTS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "requests": (in_requests, lambda client: client.get(LIMITS)),
    "requests in the first bulk API": (in_requests, lambda client: client.get("/services/async/64.0/job/750")),
    "httpx": (in_httpx, lambda client: client.get(LIMITS)),
    "httpx in the first bulk API": (in_httpx, lambda client: client.get("/services/async/64.0/job/750")),
    "simple-salesforce": (in_simple_salesforce, lambda client: client.query("SELECT Id FROM Contact LIMIT 1")),
    "simple-salesforce in bulk": (
        in_simple_salesforce,
        lambda client: client.bulk.Contact.query("SELECT Id FROM Contact", wait=0.1),
    ),
    "zeep": (lambda source: in_zeep(source, WSDL), lambda client: serialize_object(client.service.getUserInfo())),
}


@pytest.fixture
def closed_later() -> Iterator[Callable[[Any], Any]]:
    """Httpx wants to be closed; the others close when nobody has them any more."""
    with ExitStack() as stack:
        yield lambda client: stack.enter_context(client) if isinstance(client, httpx.Client) else client


@pytest.mark.parametrize("name", CLIENTS)
def test_neither_a_client_nor_its_answer_nor_a_log_holds_the_session_id(
    name: str, session: Session, caplog: pytest.LogCaptureFixture, closed_later: Callable[[Any], Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    make, call = CLIENTS[name]
    client = closed_later(make(session))
    answer = call(client)
    texts = texts_in(client, but=session) + texts_in(answer, but=session) + repr((client, answer)) + caplog.text
    assert session.session_id.reveal() not in texts


def test_the_search_would_find_it(session: Session) -> None:
    client = session.requests_session()
    client.headers["Authorization"] = f"Bearer {session.session_id.reveal()}"
    assert session.session_id.reveal() in texts_in(client, but=session)


@pytest.fixture
def cutting(session: Session, practice: PracticeOrg, tmp_path: Path) -> Iterator[HandedOver]:
    """A session of an org that hangs up instead of answering."""
    tls: ssl.SSLContext = server_tls(practice.authority.server, tmp_path)
    with serving(answering(b""), tls) as where:
        yield HandedOver(
            Transport(session.org), f"https://{where}/services/Soap/u/64.0", Secret("00D36000000bLGT!s3cr3tly")
        )


@pytest.mark.parametrize("name", CLIENTS)
def test_a_traceback_with_all_its_variables_shows_no_session_id(
    name: str, cutting: HandedOver, closed_later: Callable[[Any], Any]
) -> None:
    make, call = CLIENTS[name]
    client = closed_later(make(cutting))
    with pytest.raises(Exception, match=r"(?i)disconnected|aborted|closed") as failed:
        call(client)
    shown = shown_with_locals(failed.value)
    assert ("s3cr3tly" in shown, "handle_request" in shown or "leaving" in shown) == (False, False)
    assert "s3cr3tly" not in texts_in(failed.value.__dict__, but=cutting)
