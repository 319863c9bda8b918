"""Whatever container a certificate authority or a colleague chose, made here by OpenSSL itself."""

from __future__ import annotations

import array
import base64
import random
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfmtls_nb import ClientIdentity, IdentityError, PassphraseError
from sfmtls_nb.practice import PracticeOrg

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")

PASSPHRASE = "correct horse"


@pytest.fixture
def here(tmp_path: Path, practice: PracticeOrg) -> Path:
    """A folder with the client's files under short names, and the chain as one file."""
    files = practice.client
    for name, path in (("key", files.key), ("leaf", files.leaf), ("root", files.root)):
        shutil.copy(path, tmp_path / name)
    (tmp_path / "chain").write_bytes(b"".join(path.read_bytes() for path in files.intermediates))
    return tmp_path


def openssl(here: Path, arguments: str) -> None:
    command = ["openssl", *(PASSPHRASE if word == "PASS" else word for word in arguments.split())]
    subprocess.run(
        [word.replace("pass:PASS", f"pass:{PASSPHRASE}") for word in command], cwd=here, check=True, capture_output=True
    )


# What OpenSSL makes -> the files that then hold the whole identity.
CONTAINERS = {
    "PKCS#12": ("pkcs12 -export -inkey key -in leaf -certfile chain -out o -passout pass:PASS", ["o"]),
    "PKCS#12 with RC2 and 3DES": (
        "pkcs12 -export -legacy -inkey key -in leaf -certfile chain -out o -passout pass:PASS",
        ["o"],
    ),
    "PKCS#12 without a passphrase": (
        "pkcs12 -export -inkey key -in leaf -certfile chain -out o -passout pass: -keypbe NONE -certpbe NONE -nomac",
        ["o"],
    ),
    "PKCS#12 with the empty passphrase": (
        "pkcs12 -export -inkey key -in leaf -certfile chain -out o -passout pass:",
        ["o"],
    ),
    "PKCS#7 in PEM": ("crl2pkcs7 -nocrl -certfile leaf -certfile chain -out o", ["o", "key"]),
    "PKCS#7 in DER": ("crl2pkcs7 -nocrl -certfile leaf -certfile chain -outform DER -out o", ["o", "key"]),
    "PKCS#1": ("rsa -in key -traditional -out o", ["o", "leaf", "chain"]),
    "PKCS#1 in DER": ("rsa -in key -outform DER -traditional -out o", ["o", "leaf", "chain"]),
    "PKCS#8 in DER": ("pkcs8 -topk8 -nocrypt -in key -outform DER -out o", ["o", "leaf", "chain"]),
    "encrypted PKCS#8": ("pkcs8 -topk8 -in key -out o -passout pass:PASS", ["o", "leaf", "chain"]),
    "encrypted PKCS#8 in DER": ("pkcs8 -topk8 -in key -outform DER -out o -passout pass:PASS", ["o", "leaf", "chain"]),
    "encrypted PKCS#8 with scrypt": ("pkcs8 -topk8 -scrypt -in key -out o -passout pass:PASS", ["o", "leaf", "chain"]),
    "PKCS#1 with Proc-Type headers": (
        "rsa -in key -traditional -aes256 -passout pass:PASS -out o",
        ["o", "leaf", "chain"],
    ),
    "a DER certificate": ("x509 -in leaf -outform DER -out o", ["o", "key", "chain"]),
    "a trusted certificate": ("x509 -in leaf -addtrust clientAuth -trustout -out o", ["o", "key", "chain"]),
    "text around the PEM": ("x509 -in leaf -text -out o", ["o", "key", "chain"]),
    "Bag Attributes": (
        "pkcs12 -export -inkey key -in leaf -certfile chain -name me -out o -passout pass:PASS",
        ["o"],
    ),
}


@needs_openssl
@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_gives_the_same_pem(name: str, here: Path, identity: ClientIdentity) -> None:
    command, files = CONTAINERS[name]
    openssl(here, command)
    assert identity.pem() == ClientIdentity.load(*(here / file for file in files), password=PASSPHRASE).pem()


@needs_openssl
@pytest.mark.parametrize("name", [name for name, (command, _) in CONTAINERS.items() if "pass:PASS" in command])
@pytest.mark.parametrize("password", [None, "wrong"])
def test_an_encrypted_container_needs_its_passphrase(name: str, password: str | None, here: Path) -> None:
    command, files = CONTAINERS[name]
    openssl(here, command)
    with pytest.raises(PassphraseError):
        ClientIdentity.load(*(here / file for file in files), password=password)


@needs_openssl
def test_bag_attributes_of_openssl_pkcs12_are_passed_over(here: Path, identity: ClientIdentity) -> None:
    openssl(here, CONTAINERS["Bag Attributes"][0])
    openssl(here, "pkcs12 -in o -out all.pem -passin pass:PASS -passout pass:PASS")
    assert b"Bag Attributes" in (here / "all.pem").read_bytes()
    assert identity.pem() == ClientIdentity.load(here / "all.pem", password=PASSPHRASE).pem()


@needs_openssl
@pytest.mark.parametrize("curve", ["prime256v1", "secp384r1", "secp521r1"])
def test_a_sec1_key_is_read_with_the_parameters_before_it(curve: str, here: Path, practice: PracticeOrg) -> None:
    openssl(here, f"ecparam -name {curve} -genkey -out eckey")
    openssl(here, "req -new -key eckey -subj /CN=ec.example -out csr")
    (here / "signed").write_bytes(practice.authority.sign((here / "csr").read_bytes()))
    assert "EC PARAMETERS" in (here / "eckey").read_text()
    assert len(ClientIdentity.load(here / "eckey", here / "csr", here / "signed").intermediates) == 2


@needs_openssl
def test_an_ed25519_key_is_read(here: Path, practice: PracticeOrg) -> None:
    openssl(here, "genpkey -algorithm ed25519 -out edkey")
    openssl(here, "req -new -key edkey -subj /CN=ed.example -out csr")
    (here / "signed").write_bytes(practice.authority.sign((here / "csr").read_bytes()))
    me = ClientIdentity.load(here / "signed", here / "edkey")
    assert [finding.code for finding in me.findings() if finding.severity == "warning"] == ["edwards-key"]


def _indented(text: bytes) -> bytes:
    return b"\n".join(b"    " + line for line in text.splitlines())


# How text gets changed on its way: by editors, by mail, by copying.
WAYS: dict[str, Callable[[bytes], bytes]] = {
    "CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "CR": lambda text: text.replace(b"\n", b"\r"),
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "UTF-16": lambda text: text.decode().encode("utf-16"),
    "indentation": _indented,
    "text around it": lambda text: b"Dear customer,\nplease find:\n\n" + text + "\nGrüße\n".encode(),
    "no line ends in the base64": lambda text: text.replace(b"\n", b"").replace(b"-----M", b"-----\nM"),
    "blank lines": lambda text: text.replace(b"\n", b"\n\n"),
    "text between the blocks": lambda text: text.replace(b"-----BEGIN", b"subject=CN = x\nissuer=CN = y\n-----BEGIN"),
}


@pytest.mark.parametrize("way", WAYS)
def test_pem_survives_its_journey(way: str, identity: ClientIdentity) -> None:
    assert identity.pem() == ClientIdentity.load(WAYS[way](identity.pem())).pem()


def test_base64_without_its_begin_and_end_lines_is_read(practice: PracticeOrg, identity: ClientIdentity) -> None:
    bare = b"\n".join(practice.client.leaf.read_bytes().splitlines()[1:-1])
    files = practice.client
    assert identity.pem() == ClientIdentity.load(files.key, bare, *files.intermediates).pem()


# What a user may give that is no use, and what the next step must name.
USELESS = {
    "a Java keystore": (b"\xfe\xed\xfe\xed\x00\x00\x00\x02", "keytool -importkeystore"),
    "a JCEKS keystore": (b"\xce\xce\xce\xce\x00\x00\x00\x02", "keytool -importkeystore"),
    "an OpenSSH key": (
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----",
        "ssh-keygen -p -m PKCS8",
    ),
    "a zip archive": (b"PK\x03\x04rest", "unpack it"),
    "a PuTTY key": (b"PuTTY-User-Key-File-3: ssh-rsa", "puttygen"),
    "nothing": (b"", "check that the file is the one you were sent"),
    "white space": (b" \n\n", "check that the file is the one you were sent"),
    "a letter": (b"Dear customer, your certificate is attached.", "PKCS#12"),
    "half a block": (b"-----BEGIN CERTIFICATE-----\nMIIB", "ask for the file again"),
    "no base64": (b"-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----", "ask for the file again"),
    "another binary": (b"0\x82\x01\x00" + bytes(256), "ask for the file again"),
}


@pytest.mark.parametrize("what", USELESS)
def test_what_is_no_use_is_named_with_the_next_step(what: str) -> None:
    data, next_step = USELESS[what]
    with pytest.raises(IdentityError) as caught:
        ClientIdentity.load(data)
    assert next_step in caught.value.next_step


def test_a_request_in_place_of_a_certificate_is_named() -> None:
    from sfmtls_nb import new_key_and_csr

    made = new_key_and_csr("CN=me.example", key_type="p-256")
    with pytest.raises(IdentityError, match="certificate request"):
        ClientIdentity.load(made.key_pem, made.request_pem)


def test_an_unreadable_file_is_an_identity_error(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="cannot be read"):
        ClientIdentity.load(tmp_path)


def _loads_or_is_refused(data: bytes, password: str | None = None) -> None:
    """The claim of the fuzz tests: one of our errors, or an identity that can be written; nothing else."""
    with suppress(IdentityError):
        ClientIdentity.load(data, password=password).pem()


@given(data=st.binary(max_size=400))
def test_any_bytes_are_an_identity_or_one_of_our_errors(data: bytes) -> None:
    _loads_or_is_refused(data)


@given(data=st.binary(max_size=200), label=st.sampled_from(["CERTIFICATE", "PKCS7", "PRIVATE KEY", "X"]))
def test_any_bytes_in_pem_are_an_identity_or_one_of_our_errors(data: bytes, label: str) -> None:
    body = base64.b64encode(data).decode()
    _loads_or_is_refused(f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n".encode())


@pytest.mark.slow
@settings(max_examples=100)
@given(seed=st.integers(0, 2**32))
def test_any_mutated_byte_of_a_good_bundle_gives_an_identity_or_one_of_our_errors(
    identity: ClientIdentity, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311  # no secret
    data = bytearray(identity.pem())
    data[dice.randrange(len(data))] = dice.randrange(256)
    _loads_or_is_refused(bytes(data))


@pytest.mark.parametrize("which", ["pkcs12", "der"])
def test_a_mutated_binary_gives_an_identity_or_one_of_our_errors(
    which: str, identity: ClientIdentity, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    good = (
        identity.write_pkcs12(tmp_path / "x.p12", PASSPHRASE).read_bytes()
        if which == "pkcs12"
        else identity.leaf.public_bytes(Encoding.DER)
    )
    dice = random.Random(8443)  # noqa: S311  # no secret
    for _ in range(60 if which == "pkcs12" else 400):
        data = bytearray(good)
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        _loads_or_is_refused(bytes(data), PASSPHRASE)


def test_anything_that_is_like_bytes_is_content(practice: PracticeOrg) -> None:
    whole = practice.client.fullcert.read_bytes()
    assert ClientIdentity.load(whole).leaf == ClientIdentity.load(array.array("B", whole)).leaf  # type: ignore[arg-type]  # mypy has no buffers
