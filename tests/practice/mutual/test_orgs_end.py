"""The org's end of a handshake: what it notes, and that it is what the client sees from the other end."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from sfmtls_nb.practice import PracticeOrg, server
from sfmtls_nb.practice.events import Event
from sfmtls_nb.practice.mutual import OrgsEnd
from sfmtls_nb.practice.request import Listener

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
#: Handshake messages by their numbers (RFC 8446, 4; RFC 5246, 7.4).
MESSAGES = {
    1: "ClientHello",
    2: "ServerHello",
    4: "NewSessionTicket",
    8: "EncryptedExtensions",
    11: "Certificate",
    12: "ServerKeyExchange",
    13: "CertificateRequest",
    14: "ServerHelloDone",
    15: "CertificateVerify",
    16: "ClientKeyExchange",
    20: "Finished",
}

each_version = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture(scope="module")
def listening() -> Iterator[PracticeOrg]:
    """A practice org that these tests alone connect to."""
    with PracticeOrg() as running:
        yield running


def port(practice: PracticeOrg, door: Listener) -> int:
    urls = {
        Listener.API: practice.api_url,
        Listener.MUTUAL: practice.mutual_url,
        Listener.STRICT: practice.strict_url,
    }
    return int(urls[door].rpartition(":")[2])


def context(practice: PracticeOrg, version: str = "1.3", identity: str = "") -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=practice.ca_file)
    made.minimum_version = made.maximum_version = VERSIONS[version]
    if identity:
        made.load_cert_chain(practice.identity(identity).fullcert)
    return made


def call(practice: PracticeOrg, door: Listener, client: ssl.SSLContext) -> Event:
    """Make a call, however it ends, and give what the org noted of the connection."""
    tcp = socket.create_connection(("localhost", port(practice, door)), timeout=5)
    mine = tcp.getsockname()[:2]
    with tcp, suppress(ssl.SSLError), client.wrap_socket(tcp, server_hostname="localhost") as tls:
        tls.sendall(GET)
        while tls.recv(65_536):
            pass
    return noted(practice, mine)


def noted(practice: PracticeOrg, peer: tuple[str, int]) -> Event:
    """The connection of one client, which may be noted a moment after the client has left."""
    for _ in range(500):
        if found := practice.events.where(kind="connection", peer=peer):
            return found[-1]
        time.sleep(0.01)
    raise AssertionError(f"no connection from {peer}")


def end_of(event: Event) -> OrgsEnd:
    assert event.orgs_end is not None
    return event.orgs_end


def conclusion(practice: PracticeOrg, door: Listener, identity: str = "", version: str = "1.3") -> str:
    return end_of(call(practice, door, context(practice, version, identity))).conclusion


def steps(event: Event) -> list[str]:
    return [str(step) for step in end_of(event).steps]


@pytest.mark.skipif(not hasattr(ssl.SSLContext, "_msg_callback"), reason="this Python does not show messages")
@each_version
@pytest.mark.parametrize(
    ("door", "identity"),
    [(Listener.API, "good"), (Listener.MUTUAL, "good"), (Listener.MUTUAL, ""), (Listener.STRICT, "good")],
)
def test_the_steps_are_the_messages_that_the_client_sees(
    listening: PracticeOrg, door: Listener, version: str, identity: str
) -> None:
    seen = []
    client = context(listening, version, identity)

    def note(conn: object, direction: str, version: object, content: int, kind: object, data: bytes) -> None:  # noqa: ARG001
        if content == 22:
            seen.append(f"{'wrote' if direction == 'read' else 'read'} {MESSAGES[data[0]]}")

    client._msg_callback = note  # type: ignore[attr-defined]
    event = call(listening, door, client)
    assert seen == [step for step in steps(event) if "ChangeCipherSpec" not in step]


@each_version
def test_the_steps_are_in_the_order_of_time(listening: PracticeOrg, version: str) -> None:
    times = [step.after for step in end_of(call(listening, Listener.API, context(listening, version))).steps]
    assert (sorted(times), True) == (times, 0 < times[0] < 10_000)


def test_the_steps_begin_when_the_connection_was_accepted(listening: PracticeOrg) -> None:
    event = call(listening, Listener.API, context(listening))
    lasted = (event.at - end_of(event).began) / timedelta(milliseconds=1)
    assert end_of(event).steps[-1].after <= lasted + 1  # two clocks


CONCLUSIONS = {
    ("good", Listener.MUTUAL): "accepted",
    ("expired", Listener.MUTUAL): "refused in HTTP: certificate has expired",
    ("intermediate-missing", Listener.MUTUAL): "refused in HTTP: unable to get local issuer certificate",
    ("", Listener.MUTUAL): "no certificate presented",
    ("good", Listener.STRICT): "accepted",
    ("expired", Listener.STRICT): "refused: certificate has expired",
    ("intermediate-missing", Listener.STRICT): "refused: unable to get local issuer certificate",
    ("self-signed", Listener.STRICT): "refused: self-signed certificate",
    ("server-auth-only", Listener.STRICT): "refused: unsuitable certificate purpose",
    ("client-auth-missing", Listener.STRICT): "refused in HTTP: unsuitable certificate purpose",
    ("", Listener.STRICT): "refused: no certificate presented",
    ("good", Listener.API): "no certificate asked for",
    ("", Listener.API): "no certificate asked for",
}


@each_version
@pytest.mark.parametrize(("case", "expected"), CONCLUSIONS.items(), ids=str)
def test_the_conclusion_is_what_the_org_makes_of_the_certificate(
    listening: PracticeOrg, case: tuple[str, Listener], expected: str, version: str
) -> None:
    identity, door = case
    assert expected == conclusion(listening, door, identity, version)


ALERTS = {"expired": "certificate_expired", "not-yet-valid": "bad_certificate", "root-not-accepted": "unknown_ca"}


@each_version
@pytest.mark.parametrize(("identity", "alert"), ALERTS.items())
def test_a_refusal_inside_tls_ends_with_the_alert_that_was_sent(
    listening: PracticeOrg, identity: str, alert: str, version: str
) -> None:
    event = call(listening, Listener.STRICT, context(listening, version, identity))
    assert ["read Certificate", f"wrote Alert {alert}"] == steps(event)[-2:]


def test_a_refusal_inside_tls_knows_the_certificate_at_which_it_stopped(listening: PracticeOrg) -> None:
    (stopped_at,) = end_of(call(listening, Listener.STRICT, context(listening, "1.3", "expired"))).certificates
    presented = end_of(call(listening, Listener.MUTUAL, context(listening, "1.3", "expired"))).certificates
    assert presented[0] == stopped_at


def test_a_refusal_by_the_client_is_told_from_one_by_the_org(listening: PracticeOrg) -> None:
    distrustful = ssl.create_default_context()
    event = call(listening, Listener.MUTUAL, distrustful)
    assert ("ended by the client: unknown_ca", "read Alert unknown_ca") == (
        end_of(event).conclusion,
        steps(event)[-1],
    )


def test_what_is_no_tls_ends_before_the_first_step(listening: PracticeOrg) -> None:
    with socket.create_connection(("localhost", port(listening, Listener.MUTUAL)), timeout=5) as tcp:
        tcp.sendall(GET)
        end = end_of(noted(listening, tcp.getsockname()[:2]))
    assert ((), "", "failed: http request") == (end.steps, end.version, end.conclusion)


def test_a_client_that_leaves_in_the_middle_has_left(listening: PracticeOrg) -> None:
    with socket.create_connection(("localhost", port(listening, Listener.MUTUAL)), timeout=5) as tcp:
        mine = tcp.getsockname()[:2]
    assert "failed: Unexpected EOF" == end_of(noted(listening, mine)).conclusion


def test_a_client_that_says_nothing_is_not_waited_for_longer(
    listening: PracticeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_HANDSHAKE_TIME", 0.1)
    with socket.create_connection(("localhost", port(listening, Listener.MUTUAL)), timeout=5) as tcp:
        end = end_of(noted(listening, tcp.getsockname()[:2]))
    assert "failed: the handshake did not end within 0.1 seconds" == end.conclusion


@each_version
def test_version_and_suite_are_the_clients_own(listening: PracticeOrg, version: str) -> None:
    with (
        socket.create_connection(("localhost", port(listening, Listener.API)), timeout=5) as tcp,
        context(listening, version).wrap_socket(tcp, server_hostname="localhost") as tls,
    ):
        mine: Any = (tls.version(), tls.cipher()[0])  # type: ignore[index]
        end = end_of(noted(listening, tls.getsockname()[:2]))
    assert mine == (end.version, end.suite)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on this machine")
def test_a_second_client_hello_follows_a_hello_retry_request(own_practice: PracticeOrg) -> None:
    # The first group, whose key the client guesses to be right, is none of the server's.
    command = ["openssl", "s_client", "-groups", "ffdhe4096:P-256", "-tls1_3", "-connect", own_practice.api_url[8:]]
    subprocess.run(command, input=b"", capture_output=True, check=False, timeout=20)
    (event,) = own_practice.events.where(kind="connection")
    hellos = [step for step in steps(event) if "Hello" in step]
    assert ["read ClientHello", "wrote HelloRetryRequest", "read ClientHello", "wrote ServerHello"] == hellos


def test_a_connection_and_its_requests_have_the_clients_address(listening: PracticeOrg) -> None:
    event = call(listening, Listener.API, context(listening))
    assert ["connection", "request"] == [each.kind for each in listening.events.where(peer=event.peer)]


def test_in_text_it_is_a_list_that_ends_with_the_conclusion(listening: PracticeOrg) -> None:
    lines = str(end_of(call(listening, Listener.STRICT, context(listening, "1.3", "expired")))).splitlines()
    assert (
        "TLSv1.3 TLS_AES_256_GCM_SHA384",
        "wrote Alert certificate_expired",
        "refused: certificate has expired",
    ) == (
        lines[0],
        lines[-2].partition("ms  ")[2],
        lines[-1],
    )
