"""pyOpenSSL brings a newer OpenSSL than Python's own may be: what it says before it encrypts reads as well."""

from __future__ import annotations

import pytest
from OpenSSL import SSL
from written import tiled

from sfmtls_nb.handshake import Message
from sfmtls_nb.handshake.field import UNPARSED
from sfmtls_nb.practice import PracticeOrg


@pytest.fixture(scope="module")
def hellos(practice: PracticeOrg) -> list[Message]:
    """The ClientHello and the ServerHello of two of them."""
    client, server = SSL.Context(SSL.TLS_CLIENT_METHOD), SSL.Context(SSL.TLS_SERVER_METHOD)
    issued = practice.authority.server
    server.use_privatekey(issued.key)
    server.use_certificate(issued.certificate)
    asking, answering = SSL.Connection(client, None), SSL.Connection(server, None)
    asking.set_connect_state()
    answering.set_accept_state()
    found = []
    for ours, theirs in ((asking, answering), (answering, asking)):
        with pytest.raises(SSL.WantReadError):
            ours.do_handshake()
        data = ours.bio_read(100_000)
        theirs.bio_write(data)
        found.append(data[5 : 5 + int.from_bytes(data[3:5], "big")])  # what is in the first record
    return [Message("client", found[0]), Message("server", found[1])]


def test_every_byte_has_its_place(hellos: list[Message]) -> None:
    assert all(tiled(message) for message in hellos)
    assert [] == [leaf for message in hellos for leaf in message.fields.leaves() if leaf.name == UNPARSED]


def test_the_key_agreement_that_outlasts_quantum_computers_has_its_name(hellos: list[Message]) -> None:
    assert "key_share: X25519MLKEM768" in str(hellos[0])
    assert hellos[1].meaning.endswith("X25519MLKEM768")


def test_signatures_that_outlast_them_have_their_names(hellos: list[Message]) -> None:
    assert {"mldsa44", "mldsa65", "mldsa87"} <= {leaf.meaning for leaf in hellos[0].fields.leaves()}


def test_no_number_of_it_is_without_a_name(hellos: list[Message]) -> None:
    named = {"cipher_suite", "group", "scheme", "type", "version"}
    assert [] == [leaf for leaf in hellos[0].fields.leaves() if leaf.name in named and leaf.meaning.startswith("0x")]
