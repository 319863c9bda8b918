"""Keystores: what they say of themselves before a passphrase is tried, and keys that TLS has no use for."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from hierarchies import CLIENT, KEYS, LEAF, NOW, issue, key_of, key_pem, name_of, pem

from sfmtls_nb import ClientIdentity, IdentityError, Org, OrgError, PassphraseError
from sfmtls_nb.certificates.keystore import absurd_work, key_names

needs_keytool = pytest.mark.skipif(not shutil.which("keytool"), reason="keytool is not installed")
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")

KEY, ISSUING = key_pem("leaf"), issue("issuing", "root")
LEAF_PEM = pem(issue("leaf", "issuing", LEAF), ISSUING)
PASSPHRASE = "correct horse"


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    return bytes([tag, size] if size < 128 else [tag, 0x82, size >> 8, size & 255]) + content


def number(value: int) -> bytes:
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(digits: str) -> bytes:
    return der(6, bytes.fromhex(digits))


SALT = der(4, b"saltsalt")
AES = der(0x30, oid("60864801650304012a"), der(4, bytes(16)))
PBES2, PBKDF2, SCRYPT = oid("2a864886f70d01050d"), oid("2a864886f70d01050c"), oid("2b06010401da47040b")


def encrypted_key(kdf: bytes) -> bytes:
    """An EncryptedPrivateKeyInfo (RFC 5958, 3) of nothing."""
    return der(0x30, der(0x30, PBES2, der(0x30, kdf, AES)), der(4, bytes(160)))


def pbkdf2(iterations: int) -> bytes:
    return der(0x30, PBKDF2, der(0x30, SALT, number(iterations)))


def pfx(iterations: int) -> bytes:
    """A PKCS#12 file (RFC 7292, 4) of nothing, with its MAC."""
    content = der(0x30, oid("2a864886f70d010701"), der(0xA0, der(4, der(0x30))))
    digest = der(0x30, der(0x30, oid("608648016503040201"), der(5)), der(4, bytes(32)))
    return der(0x30, number(3), content, der(0x30, digest, SALT, number(iterations)))


ABSURD = {
    "a key": (encrypted_key(pbkdf2(2_000_000_000)), "2,000,000,000 iterations"),
    "a key whose number has no end": (encrypted_key(pbkdf2(2**900)), "2^900 iterations"),
    "a key with scrypt": (
        encrypted_key(der(0x30, SCRYPT, der(0x30, SALT, number(2**30), number(8), number(1)))),
        "scrypt with 1,099,511,627,776 bytes of memory",
    ),
    "PKCS#12": (pfx(900_000_000), "900,000,000 iterations"),
}


@pytest.mark.parametrize("what", ABSURD)
@pytest.mark.parametrize("password", [None, PASSPHRASE])
def test_absurd_work_is_refused_before_it_is_tried(what: str, password: str | None) -> None:
    data, words = ABSURD[what]
    began = time.monotonic()
    with pytest.raises(IdentityError, match="more work") as caught:
        ClientIdentity.load(data, password=password)
    assert (caught.value.evidence, time.monotonic() - began < 5) == (words, True)


@pytest.mark.parametrize("data", [encrypted_key(pbkdf2(600_000)), pfx(100_000), LEAF_PEM])
def test_work_that_tools_ask_for_is_not_absurd(data: bytes) -> None:
    assert absurd_work(data) == ""


def test_a_pkcs12_file_with_usual_work_asks_for_its_passphrase() -> None:
    with pytest.raises(PassphraseError):
        ClientIdentity.load(pfx(100_000))


@pytest.mark.parametrize("password", [PASSPHRASE, PASSPHRASE.encode(), bytearray(PASSPHRASE.encode())])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_and_a_passphrase_as_bytes_are_taken(kind: type, password: str | bytes | bytearray) -> None:
    locked = key_of("leaf").private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode())
    )
    me = ClientIdentity.load(kind(locked), kind(LEAF_PEM), password=password)
    assert me.pem() == KEY + LEAF_PEM


def test_a_passphrase_of_bytes_that_are_no_text_opens_what_it_locked(tmp_path: Path) -> None:
    odd = b"\xff\xfe\x80"
    locked = key_of("leaf").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(odd))
    written = ClientIdentity.load(locked, LEAF_PEM, password=odd).write_pem(tmp_path / "fullcert.pem")
    assert ClientIdentity.load(written, password=odd).pem() == KEY + LEAF_PEM


@pytest.mark.parametrize("source", [None, 5, 1.5, ["client.key"], {"key": KEY}])
def test_what_is_neither_path_nor_content_is_refused(source: object) -> None:
    with pytest.raises(IdentityError, match="neither the name of a file nor its content"):
        ClientIdentity.load(source)  # type: ignore[arg-type]  # that is the point


def test_a_passphrase_of_another_type_is_refused() -> None:
    with pytest.raises(IdentityError, match="a passphrase is no int"):
        ClientIdentity.load(KEY, LEAF_PEM, password=5)  # type: ignore[arg-type]  # that is the point


# ---------------------------------------------------------------- several keys


@needs_openssl
def test_a_pkcs12_file_with_several_keys_says_so_and_names_them(tmp_path: Path) -> None:
    """OpenSSL reads one key of it only, and would leave the others out in silence."""
    store = keystore(tmp_path, "PKCS12")
    assert key_names(store.read_bytes()) == ["prod", "test"]
    with pytest.raises(IdentityError, match="holds 2 keys") as caught:
        ClientIdentity.load(store, password=PASSPHRASE)
    assert ("prod, test", True) == (caught.value.evidence, "-srcalias" in caught.value.next_step)
    assert [finding.code for finding in caught.value.findings] == ["several-identities"]


def test_a_pkcs12_file_with_one_key_is_read() -> None:
    leaf = issue("leaf", "issuing", LEAF)
    lock = BestAvailableEncryption(PASSPHRASE.encode())
    data = pkcs12.serialize_key_and_certificates(b"me", key_of("leaf"), leaf, [ISSUING], lock)
    assert key_names(data) == ["me"]
    assert ClientIdentity.load(data, password=PASSPHRASE).pem() == KEY + pem(leaf, ISSUING)


def keystore(folder: Path, kind: str, names: tuple[str, ...] = ("prod", "test")) -> Path:
    if not shutil.which("keytool"):
        pytest.skip("keytool is not installed")
    store = folder / "store"
    for name in names:
        command = f"keytool -genkeypair -keyalg EC -alias {name} -dname CN={name} -storetype {kind} -keystore {store}"
        words = [*command.split(), "-storepass", PASSPHRASE, "-keypass", PASSPHRASE]
        subprocess.run(words, check=True, capture_output=True, timeout=60)
    return store


@needs_keytool
@pytest.mark.parametrize("kind", ["JKS", "JCEKS"])
def test_the_keys_of_a_java_keystore_are_named(kind: str, tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="Java keystore") as caught:
        ClientIdentity.load(keystore(tmp_path, kind))
    assert caught.value.evidence == "it holds 2 keys: prod, test"
    assert "-srcalias NAME" in caught.value.next_step


@needs_keytool
def test_the_one_key_of_a_java_keystore_stands_in_the_command(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="Java keystore") as caught:
        ClientIdentity.load(keystore(tmp_path, "JKS", ("prod",)))
    assert "-srcalias prod " in caught.value.next_step


@pytest.mark.parametrize("size", range(4, 60, 7))
def test_a_java_keystore_that_is_cut_off_is_still_one(size: int) -> None:
    data = (b"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\1\0\0\0\1\0\4prod" + bytes(8) + b"\0\0\1\0" + bytes(99))[:size]
    with pytest.raises(IdentityError, match="Java keystore"):
        ClientIdentity.load(data)


# ---------------------------------------------------------------- keys that TLS has no use for


def codes_with(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey, **usage: bool) -> list[str]:
    """The codes of what is found about a leaf for this key, but for notes."""
    bits = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
    )
    none = dict.fromkeys(f"{bits} encipher_only decipher_only".split(), False)
    leaf = (
        x509.CertificateBuilder(name_of("issuing"), name_of("leaf"), key.public_key(), 7)
        .not_valid_before(NOW)
        .not_valid_after(ISSUING.not_valid_after_utc)
        .add_extension(x509.KeyUsage(**{**none, "digital_signature": True, **usage}), critical=True)
        .add_extension(x509.ExtendedKeyUsage([CLIENT]), critical=False)
        .sign(key_of("issuing"), hashes.SHA256())
    )
    pem_key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    me = ClientIdentity.load(pem_key, pem(leaf, ISSUING))
    return [finding.code for finding in me.findings() if finding.severity != "note"]


@pytest.mark.parametrize("curve", [ec.SECP256K1, ec.BrainpoolP256R1, ec.BrainpoolP384R1, ec.SECP224R1, ec.SECP192R1])
def test_a_curve_that_tls_does_not_have_is_found(curve: type[ec.EllipticCurve]) -> None:
    assert codes_with(ec.generate_private_key(curve())) == ["curve-not-for-tls"]


@pytest.mark.parametrize("curve", [ec.SECP256R1, ec.SECP384R1, ec.SECP521R1])
def test_a_curve_of_tls_is_not(curve: type[ec.EllipticCurve]) -> None:
    assert codes_with(ec.generate_private_key(curve())) == []


def test_a_dsa_key_is_found() -> None:
    assert codes_with(dsa.generate_private_key(2048)) == ["key-not-for-tls"]


def test_an_authoritys_key_that_tls_does_not_have_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KEYS, "odd authority", ec.generate_private_key(ec.SECP256K1()))
    leaf, odd = issue("leaf", "odd authority", LEAF), issue("odd authority", "root")
    found = ClientIdentity.load(KEY, pem(leaf, odd)).findings()
    assert [(each.code, each.severity) for each in found][:1] == [("issuer-key-not-of-tls", "warning")]


def test_key_encipherment_is_found_on_an_ec_key_and_not_on_rsa() -> None:
    found = (codes_with(key, key_encipherment=True) for key in (key_of("leaf"), rsa.generate_private_key(65537, 2048)))
    assert [*found] == [["key-encipherment-on-ec"], []]


def test_key_agreement_in_place_of_signing_is_a_warning() -> None:
    assert codes_with(key_of("leaf"), digital_signature=False, key_agreement=True) == ["key-agreement-only"]


@needs_openssl
@pytest.mark.parametrize(("curve", "loads"), [("prime256v1", True), ("brainpoolP256r1", False)])
def test_a_curve_that_is_spelled_out_is_named(curve: str, loads: bool, tmp_path: Path) -> None:  # a row of a table
    for command in (
        f"ecparam -name {curve} -genkey -param_enc explicit -noout -out key",
        "req -x509 -new -key key -subj /CN=leaf -out leaf",
    ):
        subprocess.run(["openssl", *command.split()], cwd=tmp_path, check=True, capture_output=True)
    if loads:
        found = [finding.code for finding in ClientIdentity.load(tmp_path / "key", tmp_path / "leaf").findings()]
        assert "curve-not-for-tls" in found
    else:
        with pytest.raises(IdentityError, match="curve-not-for-tls"):
            ClientIdentity.load(tmp_path / "key", tmp_path / "leaf")


# ---------------------------------------------------------------- which of two, and what was passed over


def test_of_two_certificates_for_one_key_purpose_comes_before_date() -> None:
    from cryptography.x509.oid import ExtendedKeyUsageOID

    good = issue("leaf", "issuing", LEAF)
    newer = issue("leaf", "issuing", LEAF, days=(-1, 3000), purposes=[ExtendedKeyUsageOID.SERVER_AUTH])
    assert ClientIdentity.load(KEY, pem(newer, good, ISSUING)).leaf == good


def test_a_certificate_that_cannot_be_read_is_among_the_findings() -> None:
    broken = bytearray(ISSUING.public_bytes(Encoding.DER))
    broken[bytes(broken).find(bytes.fromhex("06072a8648ce3d0201")) + 8] = 0x7F
    me = ClientIdentity.load(KEY, LEAF_PEM, bytes(broken))
    (finding,) = (each for each in me.findings() if each.code == "certificate-unreadable")
    assert "cannot be read" in finding.evidence


def test_what_was_passed_over_is_among_the_findings() -> None:
    curve = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    found = ClientIdentity.load(curve, KEY, LEAF_PEM).findings()
    assert [(each.code, each.severity) for each in found] == [("root-unknown", "note"), ("passed-over", "note")]


# ---------------------------------------------------------------- what is no file


@pytest.mark.skipif(os.name != "posix", reason="the system has no such files")
@pytest.mark.parametrize("what", ["/dev/zero", "pipe", "socket", "."])
def test_what_has_no_end_is_not_read(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        with pytest.raises(IdentityError, match="cannot be read"):
            ClientIdentity.load(what)
        with pytest.raises(OrgError, match="cannot be read"):
            ClientIdentity.load(KEY, LEAF_PEM).findings(Org(accepted_roots=what))
        with pytest.raises(IdentityError, match=r"exists already|cannot be written"):
            ClientIdentity.load(KEY, LEAF_PEM).write_pem(what)
