"""Files that are given to Setup: the leaf is taken, and all else refused without a trace of it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from tracebacks import shown_with_locals

from sfmtls_nb import PracticeError
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.mutual import Authority
from sfmtls_nb.practice.state import OrgState

AUTHORITY = Authority(["localhost"])
CLIENT = AUTHORITY.client
LEAF = CLIENT.leaf.certificate
CHAIN = b"".join(each.certificate_pem for each in (CLIENT.leaf, *CLIENT.intermediates, CLIENT.root))
RSA, EC = CLIENT.leaf.key, ec.generate_private_key(ec.SECP256R1())
SECRET = BestAvailableEncryption(b"secret")

FILES_WITH_A_KEY = {
    "fullcert.pem": CLIENT.leaf.key_pem + CHAIN,
    "the key behind the chain": CHAIN + CLIENT.leaf.key_pem,
    "a key alone": CLIENT.leaf.key_pem,
    "an encrypted key": CHAIN + RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, SECRET),
    "an RSA key": CHAIN + RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    "an EC key": EC.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    "an SSH key": EC.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
    "a file of Windows": (CLIENT.leaf.key_pem + CHAIN).decode().encode("utf-16"),
    "a key in DER": RSA.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    "an EC key in DER": EC.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    "client.p12": pkcs12.serialize_key_and_certificates(b"me", RSA, LEAF, None, SECRET),
    "keystore.jks": b"\xfe\xed\xfe\xed\x00\x00\x00\x02" + bytes(40),
}


@pytest.fixture
def state() -> OrgState:
    return OrgState([CLIENT.root.certificate], [])


def refusal(state: OrgState, content: Any) -> PracticeError:
    with pytest.raises(PracticeError) as caught:
        state.upload_certificate(content)
    assert [] == state.uploaded_leaves
    return caught.value


@pytest.mark.parametrize("content", FILES_WITH_A_KEY.values(), ids=FILES_WITH_A_KEY)
def test_a_file_with_a_private_key_is_refused_in_the_words_of_the_lesson(state: OrgState, content: bytes) -> None:
    error = refusal(state, content)
    assert "holds a private key, which is never uploaded: you alone may see it" in error.what
    assert "upload.crt, which everyone may see" in error.next_step


@pytest.mark.parametrize("enabled", [True, False])
def test_no_frame_of_a_refusal_holds_the_key(*, state: OrgState, enabled: bool) -> None:
    state.feature_enabled = enabled
    with pytest.raises(PracticeError) as caught:
        state.upload_certificate(CLIENT.leaf.key_pem + CHAIN)
    shown = shown_with_locals(caught.value)
    assert "PRIVATE KEY" not in shown


@pytest.mark.parametrize(
    "content",
    [CLIENT.leaf.certificate_pem, CHAIN, bytearray(CHAIN), memoryview(CHAIN), b"Subject: CN=me\n" + CHAIN],
    ids=["leaf", "chain", "bytearray", "memoryview", "words before it"],
)
def test_the_leaf_is_taken_from_any_file_that_begins_with_it(state: OrgState, content: bytes) -> None:
    assert LEAF == state.upload_certificate(content)
    assert [LEAF] == state.uploaded_leaves


def test_a_leaf_that_is_uploaded_twice_is_there_once(state: OrgState) -> None:
    for _ in range(2):
        state.upload_certificate(CHAIN)
    assert [LEAF] == state.uploaded_leaves


def test_a_root_is_refused_and_said_to_be_one(state: OrgState) -> None:
    error = refusal(state, CLIENT.root.certificate_pem)
    assert ("root" in error.what, "Support may add a root" in error.evidence) == (True, True)


def test_a_root_of_old_without_extensions_is_a_root(state: OrgState) -> None:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "old")])
    key = rsa.generate_private_key(65537, 2048)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(LEAF.not_valid_before_utc)
    root = builder.not_valid_after(LEAF.not_valid_after_utc).sign(key, hashes.SHA256())
    assert "root" in refusal(state, root.public_bytes(Encoding.PEM)).what


def test_an_intermediate_is_refused(state: OrgState) -> None:
    assert "an authority's certificate" in refusal(state, CLIENT.intermediates[0].certificate_pem).what


def test_a_chain_upside_down_is_refused_and_the_order_is_said(state: OrgState) -> None:
    upside_down = CLIENT.root.certificate_pem + CHAIN
    error = refusal(state, upside_down)
    assert ("the first of 5" in error.evidence, "leaf first" in error.next_step) == (True, True)


def test_a_certificate_with_a_name_in_no_encoding_is_refused(state: OrgState) -> None:
    # Latin-1 where UTF-8 is promised; the signature is not looked at here.
    der = LEAF.public_bytes(Encoding.DER).replace(b"integration.practice", b"int\xe9gration.practice")
    odd = b"-----BEGIN CERTIFICATE-----\n" + b64encode(der) + b"\n-----END CERTIFICATE-----\n"
    assert "cannot be read" in refusal(state, odd).what


@pytest.mark.parametrize("content", [b"", b"nonsense", LEAF.public_bytes(Encoding.DER), b"-----BEGIN CERTIFICATE-----"])
def test_what_is_no_pem_is_refused(state: OrgState, content: bytes) -> None:
    assert "no certificate in PEM" in refusal(state, content).what


def test_an_uploaded_leaf_can_be_removed_and_no_other(own_practice: PracticeOrg) -> None:
    state = own_practice.state
    mine = own_practice.authority.client.leaf.certificate
    with pytest.raises(PracticeError, match="not among the uploaded"):
        state.remove_certificate(LEAF)
    state.remove_certificate(mine)
    assert mine not in state.uploaded_leaves
