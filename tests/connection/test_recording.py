"""Recordings: every exchange has the handshake of its connection, with what was said on it until the call was over."""

from __future__ import annotations

import select
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from raw_server import Behaviour, answering, http, server_tls, serving, silence, tunnelling
from written import tiled

from sfmtls_nb import ClientIdentity, ConnectError, Exchange, HandshakeError, Org, PasswordLogin, Session, login
from sfmtls_nb.connection import Transport, recording
from sfmtls_nb.connection.context import client_context
from sfmtls_nb.connection.recording import Listener, Recorded, Recording
from sfmtls_nb.handshake import Handshake
from sfmtls_nb.practice import PracticeOrg

HELLO, CLOSE = b"\x01\0\0\x01x", b"\1\0"


def port_of(door: str) -> int:
    return urlsplit(door).port or 443


def of(exchange: Exchange) -> Handshake:
    assert exchange.handshake is not None
    return exchange.handshake


def call(org: Org, url: str, identity: ClientIdentity | None = None, *, certificate: bool = True) -> Exchange:
    with Transport(org, identity) as transport:
        return transport.send(transport.prepare("GET", url, {}, certificate=certificate))


def failed(act: Callable[[], object]) -> Exchange:
    """The exchange of a call that fails."""
    with pytest.raises(ConnectError) as caught:
        act()
    assert isinstance(caught.value.exchange, Exchange)
    return caught.value.exchange


def change(monkeypatch: pytest.MonkeyPatch, to: Callable[[ssl.SSLContext], object]) -> None:
    """Change every context that a transport makes."""
    make = client_context

    def context(*arguments: Any) -> ssl.SSLContext:
        made = make(*arguments)
        to(made)
        return made

    monkeypatch.setattr("sfmtls_nb.connection.transport.client_context", context)


@pytest.fixture(params=["TLS 1.2", "TLS 1.3"])
def version(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both versions: the client offers this one alone."""
    only = ssl.TLSVersion[str(request.param).replace(" 1.", "v1_")]

    def limit(context: ssl.SSLContext) -> None:
        context.minimum_version = context.maximum_version = only

    change(monkeypatch, limit)
    return str(request.param)


@pytest.fixture
def strict(practice: PracticeOrg, org: Org) -> Org:
    """The practice org with its strict listener in the place of 8443."""
    return replace(org, mutual_port=port_of(practice.strict_url))


# ---------------------------------------------------------------- which handshake belongs to which call


def test_a_reply_has_the_handshake_of_its_connection(version: str, session: Session) -> None:
    handshake = of(session.get_user_info().exchange)
    assert (version, "your certificate was sent, proven, and accepted") == (handshake.version, handshake.verdict.text)


def test_a_later_call_refers_to_the_handshake_of_the_connection_that_it_came_over(session: Session) -> None:
    first, second = (session.get_user_info().exchange for _ in range(2))
    assert of(first).messages[0] == of(second).messages[0]
    assert of(first).began == of(second).began
    began = of(second).began
    assert began is not None
    assert began < second.at


def test_a_new_connection_has_a_handshake_of_its_own(session: Session) -> None:
    first = session.get_user_info().exchange
    session.transport.close()
    assert of(first).messages[0] != of(session.get_user_info().exchange).messages[0]


def test_a_call_without_the_certificate_has_another_handshake(org: Org, practice: PracticeOrg) -> None:
    without = call(org, practice.mutual_url)
    assert "a certificate was asked for and not sent; the org went on without it" == of(without).verdict.text


def test_nobody_asks_on_443(org: Org, practice: PracticeOrg) -> None:
    assert "no certificate was asked for" == of(call(org, practice.api_url)).verdict.text


def test_calls_made_at_once_keep_their_handshakes_apart(session: Session) -> None:
    exchanges: list[Exchange] = []
    threads = [threading.Thread(target=lambda: exchanges.append(session.get_user_info().exchange)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [1] * 8 == [
        sum(message.name == "ClientHello" for message in of(exchange).messages) for exchange in exchanges
    ]


def test_a_refusal_belongs_to_the_call_that_met_it(version: str, strict: Org, practice: PracticeOrg) -> None:
    alert = {"TLS 1.2": "handshake_failure", "TLS 1.3": "certificate_required"}[version]
    handshake = of(failed(lambda: call(strict, practice.strict_url)))
    assert f"a certificate was asked for and not sent, and the org refused: {alert}" == handshake.verdict.text


@pytest.mark.usefixtures("version")
@pytest.mark.parametrize(
    ("scenario", "why"),
    [
        ("expired", "expired (certificate_expired)"),
        ("self-signed", "its chain leads to no root that the org accepts (unknown_ca)"),
        ("root-not-accepted", "its chain leads to no root that the org accepts (unknown_ca)"),
        ("intermediate-missing", "its chain leads to no root that the org accepts (unknown_ca)"),
    ],
)
def test_a_certificate_that_is_refused_inside_tls(scenario: str, why: str, strict: Org, practice: PracticeOrg) -> None:
    me = ClientIdentity.load(*practice.identity(scenario).all)
    handshake = of(failed(lambda: call(strict, practice.strict_url, me)))
    assert f"your certificate was sent, and refused: {why}" == handshake.verdict.text


@pytest.mark.usefixtures("version")
def test_on_8443_tls_takes_any_certificate(org: Org, practice: PracticeOrg) -> None:
    me = ClientIdentity.load(*practice.identity("self-signed").all)
    assert "accepted" == of(call(org, practice.mutual_url, me)).verdict.kind


@pytest.mark.usefixtures("version")
def test_a_server_that_we_refuse(org: Org, practice: PracticeOrg) -> None:
    stranger = replace(org, ca_file=practice.client.root)
    handshake = of(failed(lambda: call(stranger, practice.api_url)))
    assert "the client refused the org: unknown_ca; no certificate counts" == handshake.verdict.text


# ---------------------------------------------------------------- hosts that do not do their part


@pytest.mark.parametrize(
    ("said", "version_of_it"),
    [(b"HTTP/1.1 400 Bad Request\r\n\r\n", ""), (b"\x15\3\1\0\2\2\x46", ""), (b"\x16\3\3\0\x7a\2\0\0\x76\3\3", "")],
    ids=["no TLS", "TLS 1.1", "cut in the ServerHello"],
)
def test_what_was_said_is_there_even_if_it_is_not_much(said: bytes, version_of_it: str, org: Org) -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(10_000)
        connection.sendall(said)

    with serving(behave) as where:
        handshake = of(failed(lambda: call(org, f"https://{where}/")))
    assert ("ClientHello", "ended", version_of_it) == (
        handshake.messages[0].name,
        handshake.verdict.kind,
        handshake.version,
    )


def test_a_server_that_never_says_anything_has_heard_our_hello(org: Org) -> None:
    with serving(silence) as where:
        handshake = of(failed(lambda: call(replace(org, read_timeout=0.2, connect_timeout=0.2), f"https://{where}/")))
    assert ["ClientHello"] == [message.name for message in handshake.messages]


def test_where_nobody_listens_there_is_no_handshake(org: Org) -> None:
    with serving(silence) as where:
        pass
    assert failed(lambda: call(org, f"https://{where}/")).handshake is None


def cutting(port: int, allowed: int) -> Behaviour:
    """A server that is another one for this many bytes, and hangs up."""

    def behave(client: socket.socket) -> None:
        left = allowed
        with closing(socket.create_connection(("127.0.0.1", port))) as server:
            while left:
                for ready in select.select([client, server], [], [], 5)[0]:
                    data = ready.recv(65536 if ready is client else left)
                    if not data:
                        return
                    (server if ready is client else client).sendall(data)
                    left -= len(data) if ready is server else 0

    return behave


@pytest.mark.usefixtures("version")
@pytest.mark.parametrize("allowed", range(1, 1100, 99))
def test_a_connection_that_is_cut_anywhere_has_told_what_it_could(
    allowed: int, practice: PracticeOrg, org: Org, identity: ClientIdentity
) -> None:
    with serving(cutting(port_of(practice.mutual_url), allowed)) as where:
        there = replace(org, mutual_port=int(where.rpartition(":")[2]))
        handshake = of(failed(lambda: call(there, f"https://{where}/", identity)))
    assert "ClientHello" == handshake.messages[0].name
    assert handshake.verdict.kind in {"ended", "unanswered", "accepted"}
    assert all(tiled(message) for message in handshake.messages)


# ---------------------------------------------------------------- other ways there


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's roots are in no file")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_through_a_proxy_it_is_the_orgs_handshake(
    scheme: str, practice: PracticeOrg, identity: ClientIdentity, no_proxies: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_proxies.setenv("SSL_CERT_FILE", str(practice.ca_file))  # whom the system trusts, for the proxy's own TLS
    tls = server_tls(practice.authority.server, tmp_path) if scheme == "https" else None
    ports = {b"acme.my.salesforce.com:8443": port_of(practice.mutual_url)}
    with serving(tunnelling(ports, []), tls) as proxy:
        no_proxies.setenv("HTTPS_PROXY", f"{scheme}://{proxy}")
        acme = Org("https://acme.my.salesforce.com", ca_file=practice.ca_file, call_timeout=20)
        handshake = of(call(acme, "https://acme.my.salesforce.com:8443/", identity))
    assert handshake.messages[0].meaning.startswith("for acme.my.salesforce.com; ")
    assert "accepted" == handshake.verdict.kind


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's roots are in no file")
def test_with_the_systems_roots_it_is_recorded_too(
    practice: PracticeOrg, org: Org, identity: ClientIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(practice.ca_file))
    exchange = call(replace(org, ca_file=None, trust="system"), practice.mutual_url, identity)
    assert "accepted" == of(exchange).verdict.kind


# ---------------------------------------------------------------- what it costs, and what it keeps


def test_it_is_read_only_when_it_is_looked_at_and_once(session: Session) -> None:
    exchange = session.get_user_info().exchange
    assert "handshake" not in vars(exchange.recorded)
    assert exchange.handshake is exchange.handshake


def test_an_exchange_shows_nothing_of_it_and_is_the_same_without_it(session: Session) -> None:
    exchange = session.get_user_info().exchange
    assert "ecord" not in repr(exchange)
    assert exchange == replace(exchange, recorded=None)


def secrets_in(key_log: Path) -> Iterator[bytes]:
    for line in key_log.read_text().splitlines():
        if not line.startswith("#"):
            yield bytes.fromhex(line.split()[2])


@pytest.mark.usefixtures("version")
def test_no_secret_gets_into_it(
    org: Org, practice: PracticeOrg, identity: ClientIdentity, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    username, password = practice.user("enforced")
    with login(org, PasswordLogin(username, password), identity) as session:
        exchanges = [session.exchange, session.get_user_info().exchange]
        secrets = [*secrets_in(tmp_path / "keys.log"), password.encode(), session.session_id.reveal().encode()]
    said = b"".join(message.raw for exchange in exchanges if exchange for message in of(exchange).messages)
    assert len(said) > 4000
    assert [] == [secret for secret in secrets if secret in said]


def test_the_secret_that_travels_under_rsa_is_encrypted(
    org: Org, practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = rsa.generate_private_key(65537, 2048)
    root = practice.authority.server_root
    tls = server_tls(practice.authority.issue("localhost", root, key=key, names=["127.0.0.1", "localhost"]), tmp_path)
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    tls.set_ciphers("AES128-GCM-SHA256")
    change(monkeypatch, lambda context: context.set_ciphers("AES128-GCM-SHA256"))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    with serving(answering(http(b"")), tls) as where:
        handshake = of(call(org, f"https://localhost:{where.rpartition(':')[2]}/"))
    sent = handshake.first("ClientKeyExchange")
    assert sent is not None
    assert sent.find("encrypted_premaster_secret")
    said = b"".join(message.raw for message in handshake.messages)
    assert [] == [secret for secret in secrets_in(tmp_path / "keys.log") if secret in said]


def test_a_connection_that_goes_on_talking_is_not_recorded_without_end() -> None:
    heard = Recording()
    heard.hear("write", 22, HELLO)
    for _ in range(1000):
        heard.hear("read", 22, b"\x18\0\0\1\0")
    handshake = Recorded(heard).handshake
    assert (200, "801 later messages were not kept") == (len(handshake.messages), handshake.missing)


def test_a_message_that_is_very_large_is_not_kept() -> None:
    heard = Recording()
    heard.hear("write", 22, HELLO)
    heard.hear("read", 22, bytes(2_000_000))
    assert (1, "1 later messages were not kept") == (
        len(Recorded(heard).handshake.messages),
        Recorded(heard).handshake.missing,
    )


def test_what_goes_wrong_in_recording_does_not_end_a_call(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Recording, "hear", broken)
    session.transport.close()
    assert "enforced@practice.example" == session.get_user_info().text(".//userName")


# ---------------------------------------------------------------- a Python that does not tell


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_CALLBACK", None)


@pytest.mark.usefixtures("deaf")
def test_without_the_messages_the_connection_says_what_it_is(
    version: str, org: Org, practice: PracticeOrg, identity: ClientIdentity
) -> None:
    handshake = of(call(org, practice.mutual_url, identity))
    assert (version, (), 1) == (handshake.version, handshake.messages, len(handshake.chain("server")))
    assert handshake.suite
    assert "this Python does not tell of the messages" in str(handshake)


@pytest.mark.usefixtures("deaf")
def test_without_the_messages_nothing_is_concluded(org: Org, practice: PracticeOrg) -> None:
    assert "unknown" == of(call(org, practice.mutual_url)).verdict.kind


@pytest.mark.usefixtures("deaf")
def test_without_the_messages_a_failure_has_no_handshake(org: Org, practice: PracticeOrg) -> None:
    stranger = replace(org, ca_file=practice.client.root)
    with pytest.raises(HandshakeError) as caught:
        call(stranger, practice.api_url)
    assert caught.value.exchange.handshake is None


def test_outside_of_a_call_nobody_listens() -> None:
    listener = Listener()
    with listener:
        pass
    assert listener.recorded is None
