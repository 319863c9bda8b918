"""Servers that ask for the certificate in a second handshake, once they have read the request, as IIS and Apache can in TLS 1.2."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from OpenSSL import SSL
from raw_server import Behaviour, http, serving
from written import tiled

from sfmtls_nb import ClientIdentity, ConnectError, Org, why
from sfmtls_nb.connection import Transport
from sfmtls_nb.handshake import Handshake
from sfmtls_nb.practice import PracticeOrg


def asking_later(practice: PracticeOrg, root: Path) -> Behaviour:
    """Reads a request, asks for a certificate under this root, and answers."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_NO_TICKET)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.use_certificate(practice.authority.server.certificate)
    context.use_privatekey(practice.authority.server.key)
    context.load_verify_locations(str(root))

    def behave(connection: socket.socket) -> None:
        server = SSL.Connection(context, None)
        server.set_accept_state()
        with suppress(SSL.Error):
            _until(server, connection, lambda: server.recv(65536))
            server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
            server.renegotiate()
            server.do_handshake()
            _until(server, connection, server.get_peer_certificate)
            server.sendall(http(b"[]"))
        _flush(server, connection)

    return behave


def _until(server: SSL.Connection, connection: socket.socket, done: Callable[[], object]) -> None:
    """Carry what is said between the ends, until there is what is waited for."""
    while True:
        with suppress(SSL.WantReadError):
            if done():
                return
        _flush(server, connection)
        server.bio_write(connection.recv(65536))
        with suppress(SSL.WantReadError):
            server.recv(1, socket.MSG_PEEK)  # reads the messages, and nothing of the application


def _flush(server: SSL.Connection, connection: socket.socket) -> None:
    with suppress(SSL.WantReadError):
        connection.sendall(server.bio_read(1_000_000))


def handshake_with(behave: Behaviour, org: Org, identity: ClientIdentity | None) -> tuple[Handshake, list[str]]:
    """The handshake of a call, and the causes of what became of that."""
    with (
        serving(behave) as where,
        Transport(replace(org, mutual_port=int(where.rpartition(":")[2])), identity) as transport,
    ):
        try:
            exchange = transport.send(transport.prepare("GET", f"https://{where}/", {}))
            found = why(exchange)
        except ConnectError as error:
            exchange, found = error.exchange, why(error)
    assert exchange.handshake
    return exchange.handshake, [cause.name for cause in found]


def test_the_second_handshake_tells_what_became_of_the_certificate(
    practice: PracticeOrg, org: Org, identity: ClientIdentity
) -> None:
    handshake, causes = handshake_with(asking_later(practice, practice.client.root), org, identity)
    assert ("your certificate was sent, proven, and accepted", []) == (handshake.verdict.text, causes)
    assert handshake.verdict.proof is handshake.messages[-1]
    assert all(tiled(message) for message in handshake.messages)


def test_its_refusal_is_not_outweighed_by_the_first(practice: PracticeOrg, org: Org, identity: ClientIdentity) -> None:
    handshake, causes = handshake_with(asking_later(practice, practice.ca_file), org, identity)
    assert ("refused", "Alert") == (handshake.verdict.kind, handshake.messages[-1].name)
    assert "root-not-accepted" == causes[0]


def test_a_certificate_that_is_missing_there_is_said_to_be(practice: PracticeOrg, org: Org) -> None:
    handshake, causes = handshake_with(asking_later(practice, practice.ca_file), org, None)
    assert "a certificate was asked for and not sent, and the org refused: handshake_failure" == handshake.verdict.text
    assert ["no-certificate"] == causes


def test_what_is_signed_begins_with_it(practice: PracticeOrg, org: Org, identity: ClientIdentity) -> None:
    handshake, _ = handshake_with(asking_later(practice, practice.client.root), org, identity)
    verify = handshake.first("CertificateVerify", "client")
    _, hello = (message for message in handshake.messages if message.name == "ClientHello")
    signed = verify and handshake.signed_by(verify)
    assert signed
    assert signed.content.startswith(hello.raw)
    assert "the 8 messages before this one, as they are" == signed.words
