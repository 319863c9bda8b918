"""A new key and its request, and the authority that signs it at once."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes as PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID

from sfmtls_nb import ClientIdentity, IdentityError, Org, PassphraseError, PasswordLogin, login, new_key_and_csr
from sfmtls_nb.certificates.request import KeyType, request_like
from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice import PracticeOrg


@pytest.mark.parametrize("key_type", get_args(KeyType))
def test_a_request_asks_for_client_authentication_with_every_key_type(key_type: KeyType) -> None:
    request = x509.load_pem_x509_csr(new_key_and_csr("CN=me.example", key_type=key_type).request_pem)
    usage = request.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_a_signed_request_becomes_an_identity_that_signs_in_once_it_is_uploaded(own_practice: PracticeOrg) -> None:
    made = new_key_and_csr("CN=new.example,O=Acme", key_type="p-256")
    me = ClientIdentity.load(own_practice.authority.sign(made.request_pem), made.key_pem)
    own_practice.state.uploaded_leaves.append(me.leaf)
    user = own_practice.user("enforced")
    with login(Org(**own_practice.endpoints), PasswordLogin(*user), me) as session:
        assert user.username == session.get_user_info().text(".//userName")


def test_the_key_is_encrypted_if_a_passphrase_is_given(own_practice: PracticeOrg) -> None:
    made = new_key_and_csr("me.example", key_type="p-256", passphrase="correct horse")
    signed = own_practice.authority.sign(made.request_pem)
    with pytest.raises(PassphraseError):
        ClientIdentity.load(signed, made.key_pem)


def test_the_encrypted_key_opens_with_its_passphrase(own_practice: PracticeOrg) -> None:
    made = new_key_and_csr("me.example", key_type="p-256", passphrase="correct horse")
    signed = own_practice.authority.sign(made.request_pem)
    assert "me.example" in repr(ClientIdentity.load(signed, made.key_pem, password="correct horse"))


def test_a_name_alone_becomes_the_common_name() -> None:
    request = x509.load_pem_x509_csr(new_key_and_csr("me.example", key_type="p-256").request_pem)
    assert request.subject.rfc4514_string() == "CN=me.example"


@pytest.mark.parametrize("subject", ["", "=x", "NOPE=x", "CN=", "C=Germany"])
def test_a_subject_that_cannot_be_is_refused(subject: str) -> None:
    with pytest.raises(IdentityError):
        new_key_and_csr(subject, key_type="p-256")


def test_an_unknown_key_type_is_refused_with_the_known_ones() -> None:
    with pytest.raises(IdentityError, match="p-384"):
        new_key_and_csr("me.example", key_type="dsa-1024")  # type: ignore[arg-type]  # that is the point


def test_a_key_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    key, request = new_key_and_csr("me.example", key_type="p-256").write(tmp_path / "new")
    assert (key.stat().st_mode & 0o777, request.exists()) == (0o600, True)


def test_a_key_is_never_written_over_another(tmp_path: Path) -> None:
    new_key_and_csr("me.example", key_type="p-256").write(tmp_path)
    with pytest.raises(IdentityError, match="exists already"):
        new_key_and_csr("me.example", key_type="p-256").write(tmp_path)


def test_the_key_does_not_show() -> None:
    assert "PRIVATE" not in repr(new_key_and_csr("me.example", key_type="p-256"))


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_finds_the_request_well_signed(tmp_path: Path) -> None:
    _, request = new_key_and_csr("me.example").write(tmp_path)
    done = subprocess.run(
        ["openssl", "req", "-in", request, "-noout", "-verify"], capture_output=True, text=True, check=True
    )
    assert "verify OK" in done.stderr + done.stdout


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"]
)
def test_the_authority_refuses_what_is_no_request(own_practice: PracticeOrg, data: bytes) -> None:
    with pytest.raises(PracticeError):
        own_practice.authority.sign(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rsa.generate_private_key(65537, 2048), ("rsa", 2048)),
        (rsa.generate_private_key(65537, 1024), ("rsa", 2048)),  # noqa: S505  # too short for a new one
        (rsa.generate_private_key(65537, 3072), ("rsa", 3072)),
        (ec.generate_private_key(ec.SECP256R1()), ("ec", 256)),
        (ec.generate_private_key(ec.SECP521R1()), ("ec", 384)),
        (ed25519.Ed25519PrivateKey.generate(), ("rsa", 2048)),
    ],
    ids=["RSA 2048", "RSA 1024", "RSA 3072", "P-256", "P-521", "Ed25519"],
)
def test_a_renewed_key_is_new_and_of_the_same_kind(old: PrivateKey, new: tuple[str, int]) -> None:
    key = serialization.load_pem_private_key(request_like(self_signed(old)).key_pem, None)
    kinds = {"rsa": rsa.RSAPrivateKey, "ec": ec.EllipticCurvePrivateKey}
    assert isinstance(key, kinds[new[0]])
    assert key.key_size == new[1]  # type: ignore[union-attr]  # RSA and EC keys have one
    assert key.public_key() != old.public_key()


def test_the_request_of_a_renewal_has_the_subject_and_the_names_of_the_leaf(practice: PracticeOrg) -> None:
    files = practice.client
    me = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
    request = x509.load_pem_x509_csr(me.new_key_and_csr().request_pem)
    names = [each.extensions.get_extension_for_class(x509.SubjectAlternativeName).value for each in (request, me.leaf)]
    assert request.subject == me.leaf.subject
    assert names[0] == names[1]


def test_the_authority_certifies_the_names_that_a_request_asks_for(practice: PracticeOrg) -> None:
    files = practice.client
    me = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
    made = me.new_key_and_csr()
    new = ClientIdentity.load(made.key_pem, practice.issue(made.request_pem))
    names = [each.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value for each in (me, new)]
    assert names[0] == names[1]


def self_signed(key: PrivateKey) -> x509.Certificate:
    name, now = x509.Name.from_rfc4514_string("CN=me.example"), datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
