"""Pages ahead: the next page is on its way while one is used, and whatever becomes of it is told in its turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from bulk_org import stopped_after

from sfmtls_nb import ApiFault, Exchange, Org, OrgError, PasswordLogin, Request, Session, SfmtlsError, login
from sfmtls_nb.connection import Transport
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.query import Api

EITHER = pytest.mark.parametrize("api", ["soap", "rest"])
CONTACTS = "SELECT Id, Name FROM Contact"


@pytest.fixture
def mine(own_practice: PracticeOrg) -> Iterator[Session]:
    """A session of an org that the test may change; it can sign in again."""
    with login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("standard"))) as session:
        session.describe("Contact")
        yield session


def ahead() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("sfmtls-next-page")]


@EITHER
def test_the_next_page_is_asked_for_while_one_is_used(api: Api, mine: Session, own_practice: PracticeOrg) -> None:
    pages = mine.query(CONTACTS, api=api, batch=200).pages()
    before = own_practice.state.calls
    next(pages)
    deadline = time.monotonic() + 20
    while own_practice.state.calls == before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert 1 == own_practice.state.calls - before


@EITHER
def test_the_last_page_asks_for_none(api: Api, mine: Session, own_practice: PracticeOrg) -> None:
    result = mine.query(f"{CONTACTS} LIMIT 200", api=api, batch=200)
    before = own_practice.state.calls
    assert (200, 0) == (len(result.to_frame()), own_practice.state.calls - before)


@EITHER
def test_a_query_that_fails_on_a_later_page_says_so_and_leaves_no_thread(
    api: Api, mine: Session, own_practice: PracticeOrg
) -> None:
    result = mine.query(CONTACTS, api=api, batch=200)
    own_practice.arm("error-500")
    with pytest.raises(SfmtlsError) as caught:
        result.to_frame()
    assert caught.value.exchange
    assert f"200 of {result.size:,} records had come" in caught.value.evidence
    assert result.size == len(result.to_frame())
    for each in threading.enumerate():
        if each.name.startswith("sfmtls-next-page"):
            each.join(10)
    assert [] == ahead()


@EITHER
def test_an_iteration_that_fails_on_a_later_page_says_how_far_it_came(
    api: Api, mine: Session, own_practice: PracticeOrg
) -> None:
    result = mine.query(CONTACTS, api=api, batch=200)
    own_practice.arm("cut")
    with pytest.raises(SfmtlsError) as caught:
        list(result)
    assert f"200 of {result.size:,} records had come" in caught.value.evidence


@EITHER
def test_a_session_that_ends_between_two_pages_is_renewed_and_the_query_goes_on(
    api: Api, mine: Session, own_practice: PracticeOrg
) -> None:
    result = mine.query(CONTACTS, api=api, batch=200)
    before = str(mine.session_id.reveal())
    own_practice.state.end_sessions()
    frame = result.to_frame()
    assert (result.size, result.size) == (len(frame), frame["Id"].nunique())
    assert before != mine.session_id.reveal()


@EITHER
def test_a_locator_that_has_expired_is_the_fault_of_the_org(api: Api, mine: Session, own_practice: PracticeOrg) -> None:
    result = mine.query(CONTACTS, api=api, batch=200)
    own_practice.arm("locator-expires")
    with pytest.raises(ApiFault) as caught:
        result.to_frame()
    assert "INVALID_QUERY_LOCATOR" == caught.value.code
    assert caught.value.next_step


@EITHER
def test_stop_while_a_page_is_waited_for_stops_at_once(api: Api, mine: Session, own_practice: PracticeOrg) -> None:
    result = mine.query(CONTACTS, api=api, batch=200)
    own_practice.arm("delay")
    with stopped_after(0.3), pytest.raises(KeyboardInterrupt):
        result.to_frame()
    assert result.size == len(result.to_frame())


def test_a_page_on_another_host_is_not_asked_for(mine: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    send, sent = Transport.send, list[str]()

    def led_elsewhere(transport: Transport, request: Request) -> Exchange:
        sent.append(request.url)
        exchange = send(transport, request)
        body = exchange.response_body.replace(b'"nextRecordsUrl":"/', b'"nextRecordsUrl":"https://evil.example/')
        return replace(exchange, response_body=body)

    monkeypatch.setattr(Transport, "send", led_elsewhere)
    result = mine.query(CONTACTS, api="rest", batch=200)
    with pytest.raises(OrgError, match="the session id is sent nowhere else") as caught:
        result.to_frame()
    assert "evil.example is not the host of this session" == caught.value.what
    assert 1 == len(sent)
