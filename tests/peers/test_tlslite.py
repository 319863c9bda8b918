"""tlslite-ng, TLS written in Python by others: what its server says reads as well, and the verdict on it is right."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Thread
from typing import Any
from warnings import catch_warnings

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from written import tiled

from sfmtls_nb import ClientIdentity, Exchange, Org
from sfmtls_nb.connection import Transport
from sfmtls_nb.handshake import Handshake
from sfmtls_nb.handshake.field import UNPARSED
from sfmtls_nb.practice import PracticeOrg

with catch_warnings(
    category=DeprecationWarning, action="ignore"
):  # it has something for asyncore as well, which we leave alone
    from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
    from tlslite.errors import TLSError

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@contextmanager
def tlslite_server(practice: PracticeOrg, minor: int, **options: Any) -> Iterator[str]:
    """``HOST:PORT`` of a server of tlslite-ng that speaks TLS 1.``minor``, and answers one request after the other."""
    server = practice.authority.server
    chain = X509CertChain()
    chain.parsePemList(server.certificate_pem.decode())
    key = parsePEMKey(
        server.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), private=True
    )
    # Without an alpn, it cannot take a client that has one.
    options |= {"alpn": [bytearray(b"http/1.1")]}
    settings = HandshakeSettings()
    settings.minVersion = settings.maxVersion = (3, minor + 1)

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                accepted, _ = listening.accept()
                connection = TLSConnection(accepted)
                with suppress(TLSError, OSError):
                    connection.handshakeServer(certChain=chain, privateKey=key, settings=settings, **options)
                    connection.read(max=10_000)
                    connection.write(ANSWER)
                    connection.close()
                accepted.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def call(org: Org, where: str, identity: ClientIdentity | None = None) -> Exchange:
    there = replace(org, mutual_port=int(where.rpartition(":")[2]))
    with Transport(there, identity) as transport:
        return transport.send(transport.prepare("GET", f"https://{where}/", {}))


def unparsed(handshake: Handshake) -> list[str]:
    return [message.name for message in handshake.messages for leaf in message.fields.leaves() if leaf.name == UNPARSED]


MINOR = pytest.mark.parametrize("minor", [2, 3])


@MINOR
def test_a_certificate_is_asked_for_and_sent(
    minor: int, practice: PracticeOrg, org: Org, identity: ClientIdentity
) -> None:
    with tlslite_server(practice, minor, reqCert=True) as where:
        handshake = call(org, where, identity).handshake
    assert handshake is not None
    assert (f"TLS 1.{minor}", "accepted") == (handshake.version, handshake.verdict.kind)
    assert len(handshake.chain("client")) == 3


@MINOR
def test_every_byte_of_it_has_its_place(minor: int, practice: PracticeOrg, org: Org, identity: ClientIdentity) -> None:
    with tlslite_server(practice, minor, reqCert=True) as where:
        handshake = call(org, where, identity).handshake
    assert handshake is not None
    assert all(tiled(message) for message in handshake.messages)
    assert [] == unparsed(handshake)


@MINOR
def test_a_certificate_is_asked_for_and_not_sent(minor: int, practice: PracticeOrg, org: Org) -> None:
    with tlslite_server(practice, minor, reqCert=True) as where:
        handshake = call(org, where).handshake
    assert handshake is not None
    assert "a certificate was asked for and not sent; the org went on without it" == handshake.verdict.text


@MINOR
def test_no_certificate_is_asked_for(minor: int, practice: PracticeOrg, org: Org, identity: ClientIdentity) -> None:
    with tlslite_server(practice, minor) as where:
        handshake = call(org, where, identity).handshake
    assert handshake is not None
    assert "a certificate was not asked for" == handshake.verdict.text
