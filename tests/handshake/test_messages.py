"""Messages: every byte of each is a field, in both versions, and says what IANA says."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from overheard import TLS_1_2, TLS_1_3, Ends
from written import EXTENSIONS, MESSAGES, extension_in, tiled, v8, v16

from sfmtls_nb.handshake import Handshake, Message
from sfmtls_nb.handshake.bodies import Agreed
from sfmtls_nb.handshake.field import UNPARSED
from sfmtls_nb.handshake.kinds import NAMES, PURPOSES
from sfmtls_nb.practice import PracticeOrg

VERSIONS = pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])


@pytest.fixture
def ends(practice: PracticeOrg, tmp_path: Path) -> Ends:
    return Ends(practice, tmp_path)


def mutual(ends: Ends, version: ssl.TLSVersion) -> Handshake:
    ends.speak(version)
    ends.client.load_cert_chain(ends.practice.client.fullcert)
    ends.server.verify_mode = ssl.CERT_REQUIRED
    ends.server.load_verify_locations(ends.practice.client.root)
    return ends.meet()


def unparsed(message: Message) -> list[str]:
    return [field.name for field in message.fields.leaves() if field.name == UNPARSED]


@VERSIONS
def test_every_byte_of_a_real_handshake_is_a_field_with_a_name(ends: Ends, version: ssl.TLSVersion) -> None:
    handshake = mutual(ends, version)
    assert all(tiled(message) for message in handshake.messages)
    assert [] == [name for message in handshake.messages for name in unparsed(message)]


def test_tls_1_3_is_all_there_and_in_order(ends: Ends) -> None:
    names = [(message.sender, message.name) for message in mutual(ends, TLS_1_3).messages]
    assert names[:11] == [
        ("client", "ClientHello"),
        ("server", "ServerHello"),
        ("server", "ChangeCipherSpec"),
        ("server", "EncryptedExtensions"),
        ("server", "CertificateRequest"),
        ("server", "Certificate"),
        ("server", "CertificateVerify"),
        ("server", "Finished"),
        ("client", "ChangeCipherSpec"),
        ("client", "Certificate"),
        ("client", "CertificateVerify"),
    ]


def test_tls_1_2_is_all_there_and_in_order(ends: Ends) -> None:
    names = [message.name for message in mutual(ends, TLS_1_2).messages if message.sender == "client"]
    assert names == [
        "ClientHello",
        "Certificate",
        "ClientKeyExchange",
        "CertificateVerify",
        "ChangeCipherSpec",
        "Finished",
    ]


def test_in_tls_1_3_all_is_encrypted_from_the_server_hello_on(ends: Ends) -> None:
    messages = [message for message in mutual(ends, TLS_1_3).messages if message.name != "ChangeCipherSpec"]
    assert [False, False, *[True] * (len(messages) - 2)] == [message.encrypted for message in messages]


def test_in_tls_1_2_anyone_can_read_the_certificates(ends: Ends) -> None:
    handshake = mutual(ends, TLS_1_2)
    assert {"Finished"} == {message.name for message in handshake.messages if message.encrypted}


@VERSIONS
def test_the_certificates_are_those_that_were_presented(
    ends: Ends, version: ssl.TLSVersion, practice: PracticeOrg
) -> None:
    handshake = mutual(ends, version)
    client = practice.authority.client
    presented = (client.leaf, *client.intermediates)
    assert handshake.chain("client") == tuple(issued.certificate.public_bytes(Encoding.DER) for issued in presented)
    assert handshake.chain("server") == (practice.authority.server.certificate.public_bytes(Encoding.DER),)


@VERSIONS
def test_a_certificate_says_whose_it_is_and_who_signed_it(ends: Ends, version: ssl.TLSVersion) -> None:
    shown = mutual(ends, version).first("Certificate", "client")
    assert shown is not None
    assert "integration.practice.example, issued by Practice Client Issuing CA, and 2 more" == shown.meaning


@pytest.mark.skipif(not hasattr(x509.Name, "from_bytes"), reason="this cryptography reads no names by themselves")
def test_a_request_names_the_authorities_that_it_wants() -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme Root")])
    asked = extension_in("CertificateRequest", 47, v16(v16(name.public_bytes())))
    assert "from Acme Root" == asked.meaning


def test_a_server_that_needs_another_key_asks_for_it(ends: Ends) -> None:
    ends.speak(TLS_1_3)
    ends.server.set_ecdh_curve("secp384r1")
    names = [message.name for message in ends.meet().messages]
    assert names[:4] == ["ClientHello", "HelloRetryRequest", "ChangeCipherSpec", "ClientHello"]


def test_the_group_that_is_asked_for_is_named(ends: Ends) -> None:
    ends.speak(TLS_1_3)
    ends.server.set_ecdh_curve("secp384r1")
    again = ends.meet().first("HelloRetryRequest")
    assert again is not None
    assert "TLS 1.3, TLS_AES_256_GCM_SHA384, secp384r1" == again.meaning


# ---------------------------------------------------------------- what OpenSSL does not send by itself


@pytest.mark.parametrize("name", EXTENSIONS)
def test_an_extension_says_what_is_in_it(name: str) -> None:
    kind, number, body, said = EXTENSIONS[name]
    message = extension_in(kind, number, body)
    assert tiled(message)
    assert [] == unparsed(message)
    assert said in str(message)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_says_what_is_in_it(name: str) -> None:
    message, said = MESSAGES[name]
    assert tiled(message)
    assert [] == unparsed(message)
    assert said in str(message)


@pytest.mark.parametrize("name", EXTENSIONS)
def test_an_extension_that_is_cut_short_says_so(name: str) -> None:
    kind, number, body, _ = EXTENSIONS[name]
    for length in range(1, len(body)):
        assert tiled(extension_in(kind, number, body[:length]))


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_that_is_cut_short_says_so(name: str) -> None:
    message = MESSAGES[name][0]
    for length in range(len(message.raw)):
        cut = Message(message.sender, message.raw[:length], message.content_type, agreed=message.agreed)
        assert tiled(cut)
        assert length < 2 or "cut short" in str(cut)


@pytest.mark.parametrize("kind", sorted(set(NAMES.values()) | {"HelloRetryRequest", "Alert", "ChangeCipherSpec"}))
def test_there_is_a_sentence_on_why_a_message_exists(kind: str) -> None:
    assert PURPOSES[kind].endswith(".")


def test_what_nobody_knows_is_unparsed_and_keeps_its_number() -> None:
    message = Message("server", b"\x63\0\0\2ab")
    assert ("handshake type 99", [UNPARSED]) == (message.name, unparsed(message))


def test_bytes_behind_a_message_are_unparsed() -> None:
    message = Message("server", b"\x0e\0\0\0ab")
    assert ("ServerHelloDone", [UNPARSED]) == (message.name, unparsed(message))


def test_what_is_longer_than_its_message_is_cut_short() -> None:
    message = Message("server", b"\x0b\0\0\7\0\0\4\0\0\x09x", agreed=Agreed(0x0303))
    assert "cut short: 9 bytes are announced" in str(message)


def test_what_an_extension_says_is_not_taken_for_another() -> None:
    hello = extension_in("ClientHello", 16, v16(v8(b"server_name: elsewhere.example")))
    assert "offers TLS 1.2" == hello.meaning
