"""A session that has ended is renewed, once for all threads, where its way in allows it; and never in a circle."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from lxml import etree
from raw_server import answering, http, server_tls, serving
from tracebacks import shown_with_locals

from sfmtls_nb import (
    ClientCredentials,
    ClientIdentity,
    ConnectError,
    ExistingSession,
    JwtBearer,
    LoginFault,
    Org,
    PasswordLogin,
    Secret,
    Session,
    SessionFault,
    login,
)
from sfmtls_nb.access import Access
from sfmtls_nb.connection import Transport
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.sign_in import Credentials

ENDED = b'[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]'
WAYS: dict[str, Callable[[PracticeOrg], Credentials]] = {
    "password": lambda practice: PasswordLogin(*practice.user("enforced")),
    "jwt": lambda practice: JwtBearer(
        practice.app.consumer_key, practice.user("enforced").username, practice.client.key
    ),
    "client credentials": lambda practice: ClientCredentials(practice.app.consumer_key, practice.app.consumer_secret),
}


def signed_in(practice: PracticeOrg, way: str = "jwt") -> Session:
    files = practice.client
    identity = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
    return login(Org(**practice.endpoints), WAYS[way](practice), identity)


def sign_ins(practice: PracticeOrg) -> int:
    return len([event for event in practice.events if event.operation in ("login", "POST token")])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "call",
    [
        lambda session: session.get_user_info().text(".//userName"),
        lambda session: session.rest("limits")["DailyApiRequests"]["Max"],
        lambda session: len(list(session.query("SELECT Id FROM Contact", batch=200))),
        lambda session: len(list(session.query("SELECT Id FROM Contact", api="rest", batch=200))),
        lambda session: session.describe("Contact").name,
    ],
)
def test_a_session_that_ended_is_renewed_and_the_call_is_made_again(
    way: str, call: Callable[[Session], object], own_practice: PracticeOrg
) -> None:
    session = signed_in(own_practice, way)
    first, expected = session.session_id, call(session)
    own_practice.state.sessions.clear()
    session._described.clear()
    assert expected == call(session)
    assert (2, False) == (sign_ins(own_practice), first == session.session_id)


@pytest.mark.parametrize("api", ["soap", "rest"])
def test_a_query_goes_on_where_its_session_ended_between_two_pages(api: str, own_practice: PracticeOrg) -> None:
    session = signed_in(own_practice)
    records = iter(session.query("SELECT Id FROM Contact", api=api, batch=200))  # type: ignore[arg-type]  # one of them
    ids = [next(records)["Id"]]
    own_practice.state.sessions.clear()
    ids += [record["Id"] for record in records]
    assert len(ids) == len({*ids}) == session.query("SELECT Id FROM Contact").size


def test_a_session_that_was_brought_along_is_not_renewed(own_practice: PracticeOrg) -> None:
    token = signed_in(own_practice).session_id
    session = login(Org(**own_practice.endpoints), ExistingSession(token, own_practice.api_url))
    own_practice.state.sessions.clear()
    with pytest.raises(SessionFault, match="sign in again"):
        session.get_user_info()


def test_fifty_threads_make_one_renewal(own_practice: PracticeOrg) -> None:
    session = signed_in(own_practice)
    own_practice.state.sessions.clear()
    together = threading.Barrier(50)

    def call(number: int) -> str | None:
        together.wait()
        if number % 2:
            return session.get_user_info().text(".//userName")
        return str(session.rest("/services/oauth2/userinfo")["preferred_username"])

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(call, range(50)))
    assert ({"enforced@practice.example"}, 2) == ({*answers}, sign_ins(own_practice))


def test_fifty_threads_ask_once_where_the_org_refuses_and_never_again(own_practice: PracticeOrg) -> None:
    session = signed_in(own_practice, "password")
    own_practice.state.sessions.clear()
    own_practice.state.users[0].password = "changed meanwhile"
    together = threading.Barrier(50)

    def call(_: int) -> str:
        together.wait()
        try:
            session.get_user_info()
        except (LoginFault, SessionFault) as error:
            return type(error).__name__
        return "an answer"

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(call, range(50)))
    with pytest.raises(SessionFault):
        session.get_user_info()
    assert (["LoginFault"], 49, 2) == (
        [name for name in answers if name != "SessionFault"],
        answers.count("SessionFault"),
        sign_ins(own_practice),
    )


def test_a_refused_renewal_says_what_it_came_of_and_shows_no_secret(own_practice: PracticeOrg) -> None:
    session = signed_in(own_practice, "password")
    first = Secret(own_practice.user("enforced").password)
    own_practice.state.sessions.clear()
    own_practice.state.users[0].password = "changed meanwhile"
    with pytest.raises(LoginFault, match="the session had ended, and this came of signing in again") as caught:
        session.get_user_info()
    shown = shown_with_locals(caught.value)
    assert (False, False) == (first.reveal() in shown, session.session_id.reveal()[16:] in shown)


def test_a_renewal_that_found_no_way_is_tried_again_with_a_later_call(own_practice: PracticeOrg) -> None:
    session = signed_in(own_practice)
    own_practice.state.sessions.clear()
    nowhere = session.over(Transport(replace(session.org, login_url="https://127.0.0.1:9"), session.transport.identity))
    with pytest.raises(ConnectError):
        nowhere.get_user_info()
    session.get_user_info()


def test_a_session_and_its_copies_are_renewed_together(own_practice: PracticeOrg) -> None:
    session = signed_in(own_practice)
    copy = session.with_identity(session.transport.identity)
    own_practice.state.sessions.clear()
    copy.get_user_info()
    session.get_user_info()
    assert (2, copy.session_id) == (sign_ins(own_practice), session.session_id)


def test_a_session_id_of_the_users_own_in_an_envelope_is_not_exchanged(own_practice: PracticeOrg) -> None:
    session = signed_in(own_practice)
    envelope = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com"><e:Header>'
        "<SessionHeader><sessionId>00D36000000bLGT!AQother</sessionId></SessionHeader></e:Header><e:Body><getUserInfo/>"
        "</e:Body></e:Envelope>"
    )
    with pytest.raises(SessionFault):
        session.soap(etree.fromstring(envelope))
    assert 1 == sign_ins(own_practice)


def test_after_logout_nothing_is_renewed(own_practice: PracticeOrg) -> None:
    session = signed_in(own_practice)
    session.logout()
    with pytest.raises(SessionFault):
        session.get_user_info()
    assert (1, 0) == (sign_ins(own_practice), len(own_practice.state.sessions))


def test_a_request_prepared_before_a_renewal_goes_out_with_the_new_session_id(own_practice: PracticeOrg) -> None:
    session = signed_in(own_practice)
    prepared = session.prepare_rest("limits")
    own_practice.state.sessions.clear()
    session.get_user_info()
    assert 200 == session.send(prepared).status
    assert 2 == sign_ins(own_practice)


@pytest.fixture
def tls(practice: PracticeOrg, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server_tls(practice.authority.server, tmp_path_factory.mktemp("tls"))


def test_an_org_that_takes_no_session_is_asked_twice_and_not_in_a_circle(
    practice: PracticeOrg, tls: ssl.SSLContext
) -> None:
    seen: list[bytes] = []
    renewals: list[Access] = []

    def renew(_: Transport, access: Access) -> Access:
        renewals.append(access)
        return replace(access, session_id=Secret(f"token-{len(renewals)}"))

    with serving(answering(http(ENDED, status="401 Unauthorized"), seen=seen), tls) as where:
        org = Org(f"https://{where}", ca_file=practice.ca_file)
        session = Session(Transport(org), Access(Secret("token-0"), f"https://{where}/services/Soap/u/64.0"), renew)
        with pytest.raises(SessionFault):
            session.rest("limits")
    assert (1, [b"token-0", b"token-1"]) == (
        len(renewals),
        [request.partition(b"Bearer ")[2].split(b"\r\n")[0] for request in seen],
    )


def test_the_same_session_id_again_is_no_renewal(practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    seen: list[bytes] = []
    with serving(answering(http(ENDED, status="401 Unauthorized"), seen=seen), tls) as where:
        org = Org(f"https://{where}", ca_file=practice.ca_file)
        access = Access(Secret("token-0"), f"https://{where}/services/Soap/u/64.0")
        session = Session(Transport(org), access, lambda _, same: same)
        with pytest.raises(SessionFault):
            session.rest("limits")
    assert 1 == len(seen)


def test_a_record_with_the_name_of_the_fault_in_it_is_no_fault(practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    body = b'{"records": [{"Name": "INVALID_SESSION_ID"}]}'
    with serving(answering(http(body)), tls) as where:
        org = Org(f"https://{where}", ca_file=practice.ca_file)
        session = Session(
            Transport(org), Access(Secret("token-0"), f"https://{where}/x"), lambda _, access: pytest.fail("renewed")
        )
        assert session.rest("query") == {"records": [{"Name": "INVALID_SESSION_ID"}]}
