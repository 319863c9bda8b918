"""Transcript: what a CertificateVerify signs, proven by the signature itself, which the key of the certificate fits."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from overheard import TLS_1_2, TLS_1_3, Ends
from written import NEW, message

from sfmtls_nb.handshake import Handshake, Message, Sender
from sfmtls_nb.practice import PracticeOrg


@pytest.fixture
def ends(practice: PracticeOrg, tmp_path: Path) -> Ends:
    made = Ends(practice, tmp_path)
    made.client.load_cert_chain(practice.client.fullcert)
    made.server.verify_mode = ssl.CERT_REQUIRED
    made.server.load_verify_locations(practice.client.root)
    return made


def verify_of(handshake: Handshake, sender: Sender) -> Message:
    verify = handshake.first("CertificateVerify", sender)
    assert verify is not None
    return verify


def fits(handshake: Handshake, sender: Sender) -> bool:
    """True if the signature in an end's CertificateVerify is of what it is said to sign, by the key it has shown."""
    verify = verify_of(handshake, sender)
    signed, key = handshake.signed_by(verify), x509.load_der_x509_certificate(handshake.chain(sender)[0]).public_key()
    assert signed is not None
    scheme, _, signature = (verify.bytes_of(field) for field in list(verify.fields.leaves())[2:])
    sha: hashes.HashAlgorithm = {4: hashes.SHA256(), 5: hashes.SHA384(), 6: hashes.SHA512()}[scheme[scheme[0] == 8]]
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed.content, ec.ECDSA(sha))
        else:
            assert isinstance(key, rsa.RSAPublicKey)
            pss = padding.PSS(padding.MGF1(sha), sha.digest_size)
            key.verify(signature, signed.content, pss if scheme[0] == 8 else padding.PKCS1v15(), sha)
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_the_client_has_signed_what_was_said_before(ends: Ends, version: ssl.TLSVersion) -> None:
    ends.speak(version)
    assert fits(ends.meet(), "client")


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_the_client_has_signed_no_other_words(ends: Ends, version: ssl.TLSVersion) -> None:
    ends.speak(version)
    handshake = ends.meet()
    hello = handshake.messages[0]
    other = replace(hello, raw=hello.raw[:10] + bytes(4) + hello.raw[14:])
    assert not fits(replace(handshake, messages=(other, *handshake.messages[1:])), "client")


def test_in_tls_1_3_the_server_has_signed_too(ends: Ends) -> None:
    ends.speak(TLS_1_3)
    assert fits(ends.meet(), "server")


def test_the_first_hello_counts_by_its_hash_when_another_was_asked_for(ends: Ends) -> None:
    ends.speak(TLS_1_3)
    ends.server.set_ecdh_curve("secp384r1")
    handshake = ends.meet()
    assert handshake.first("HelloRetryRequest")
    assert fits(handshake, "client")


def test_it_is_said_in_words_what_is_signed(ends: Ends) -> None:
    ends.speak(TLS_1_3)
    handshake = ends.meet()
    signed = handshake.signed_by(verify_of(handshake, "client"))
    assert signed is not None
    assert signed.words == (
        "64 spaces, the words “TLS 1.3, client CertificateVerify”, a zero byte, and the SHA384 of the 8 messages before this one"
    )


def test_in_tls_1_2_the_messages_are_signed_as_they_are(ends: Ends) -> None:
    ends.speak(TLS_1_2)
    handshake = ends.meet()
    signed = handshake.signed_by(verify_of(handshake, "client"))
    assert signed is not None
    assert "the 8 messages before this one, as they are" == signed.words


def test_without_the_beginning_it_cannot_be_told(ends: Ends) -> None:
    ends.speak(TLS_1_3)
    handshake = ends.meet()
    later = replace(handshake, messages=handshake.messages[1:])
    assert later.signed_by(verify_of(later, "client")) is None


def test_tickets_and_new_keys_are_not_among_what_is_signed(ends: Ends) -> None:
    ends.speak(TLS_1_3)
    handshake = ends.meet()
    at = handshake.messages.index(verify_of(handshake, "client"))
    between = tuple(message(kind, b"", NEW) for kind in (4, 24))
    later = replace(handshake, messages=(*handshake.messages[:at], *between, *handshake.messages[at:]))
    assert fits(later, "client")
