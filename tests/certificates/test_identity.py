"""ClientIdentity: from a key and certificates in any order to the one PEM, and what keeps them from it."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from sfmtls_nb import ClientIdentity, IdentityError, PassphraseError, Secret, new_key_and_csr
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.mutual import Authority, Issued

PASSPHRASE = "correct horse"

AUTHORITY = Authority(["localhost"])
ISSUING, POLICY = (issued.certificate_pem for issued in AUTHORITY.client.intermediates)
ROOT = AUTHORITY.client.root.certificate_pem


def client(name: str, **profile: object) -> Issued:
    """A client's key and leaf; P-256, because an RSA key takes its time to make."""
    issuer = AUTHORITY.client.intermediates[0]
    return AUTHORITY.issue(name, issuer, purposes=[ExtendedKeyUsageOID.CLIENT_AUTH], **profile)  # type: ignore[arg-type]


ME, OTHER = client("me.example"), client("other.example")
KEY, LEAF = ME.key_pem, ME.certificate_pem
FULL = KEY + LEAF + ISSUING + POLICY
X25519 = x25519.X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def encrypted(key_format: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return ME.key.private_bytes(Encoding.PEM, key_format, BestAvailableEncryption(PASSPHRASE.encode()))


@pytest.fixture
def identity() -> ClientIdentity:
    return ClientIdentity.load(FULL)


@pytest.fixture
def locked() -> ClientIdentity:
    """An identity whose key was read with a passphrase."""
    return ClientIdentity.load(encrypted(), LEAF, ISSUING, POLICY, password=PASSPHRASE)


# ---------------------------------------------------------------- assembling


def test_the_pem_holds_key_leaf_and_intermediates_and_no_root(identity: ClientIdentity) -> None:
    assert identity.pem() == FULL


@given(st.permutations([KEY, LEAF, ISSUING, POLICY, ROOT]))
def test_any_order_of_the_files_gives_the_same_pem(files: list[bytes]) -> None:
    assert ClientIdentity.load(*files).pem() == FULL


@given(st.permutations([KEY, LEAF, ISSUING, POLICY, ROOT, LEAF, OTHER.certificate_pem, KEY]))
def test_one_file_with_all_of_it_and_more_gives_the_same_pem(blocks: list[bytes]) -> None:
    assert ClientIdentity.load(b"".join(blocks)).pem() == FULL


@pytest.mark.parametrize("kind", [str, Path])
def test_files_are_named_by_text_or_path(kind: Callable[[Path], str | Path], tmp_path: Path) -> None:
    (tmp_path / "all.pem").write_bytes(FULL)
    assert ClientIdentity.load(kind(tmp_path / "all.pem")).pem() == FULL


def test_a_tilde_is_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "all.pem").write_bytes(FULL)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert ClientIdentity.load("~/all.pem").pem() == FULL


def test_pem_given_as_text_is_read_as_what_it_is() -> None:
    assert ClientIdentity.load(FULL.decode()).pem() == FULL


def test_of_two_certificates_for_the_key_the_one_that_expires_last_is_the_leaf() -> None:
    old, new = (client("me.example", key=ME.key, days=days) for days in (10, 999))
    assert new.certificate == ClientIdentity.load(KEY, old.certificate_pem, new.certificate_pem).leaf


def test_what_has_no_part_in_the_chain_is_unused() -> None:
    identity = ClientIdentity.load(FULL, OTHER.certificate_pem)
    assert (OTHER.certificate,) == identity.unused


def test_the_repr_names_the_chain_and_shows_no_key(identity: ClientIdentity) -> None:
    shown = "ClientIdentity(me.example <- Practice Client Issuing CA <- Practice Client Policy CA)"
    assert shown == repr(identity)


# ---------------------------------------------------------------- what cannot be assembled


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ([], "no private key"),
        ([LEAF, ISSUING], "no private key"),
        ([KEY], "certificate"),
        ([KEY, ISSUING, POLICY], "the certificate that belongs to the key is not among the files"),
        ([KEY, OTHER.certificate_pem], "fits none of the certificates"),
        ([KEY, OTHER.key_pem, LEAF, OTHER.certificate_pem], "more than one private key"),
        ([X25519, LEAF], "cannot sign"),
        ([b""], "is empty"),
        ([b" \n"], "is empty"),
        ([b"hello"], "malformed|holds no key"),
        ([KEY, LEAF.replace(b"MII", b"!!!")], "the certificate in the given bytes is malformed"),
        ([KEY, LEAF[:200]], "the certificate in the given bytes is malformed"),
        ([KEY, LEAF[100:]], "the certificate in the given bytes is malformed"),
        ([KEY, LEAF[:200] + LEAF], "the certificate in the given bytes is malformed"),
        ([KEY[:100], LEAF], "the private key in the given bytes is malformed"),
        ([KEY.replace(b"MI", b"AA", 1), LEAF], "the private key in the given bytes is malformed"),
        ([b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", LEAF], "the private key .* malformed"),
    ],
)
def test_material_that_makes_no_identity_is_refused(sources: list[bytes], words: str) -> None:
    with pytest.raises(IdentityError, match=words) as caught:
        ClientIdentity.load(*sources)
    assert caught.value.next_step


@pytest.mark.parametrize("name", ["missing.key", ".", "a\0b", "x" * 300])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IdentityError, match="cannot be read"):
        ClientIdentity.load(name)


def test_a_file_in_a_home_that_nobody_has_is_named() -> None:
    with pytest.raises(IdentityError, match="is in no known home"):
        ClientIdentity.load("~no such user/client.key")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_read_permission_is_named(tmp_path: Path) -> None:
    (tmp_path / "client.key").write_bytes(KEY)
    (tmp_path / "client.key").chmod(0)
    with pytest.raises(IdentityError, match="cannot be read"):
        ClientIdentity.load(tmp_path / "client.key")


@pytest.mark.parametrize("key_format", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize(
    ("password", "words"), [(None, "is encrypted"), ("", "is encrypted"), ("wrong", "does not open"), ("é", "does not")]
)
def test_an_encrypted_key_needs_its_passphrase(key_format: PrivateFormat, password: str | None, words: str) -> None:
    with pytest.raises(PassphraseError, match=words):
        ClientIdentity.load(encrypted(key_format), LEAF, password=password)


@pytest.mark.parametrize("key_format", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("password", [PASSPHRASE, Secret(PASSPHRASE)])
def test_an_encrypted_key_opens_with_its_passphrase(key_format: PrivateFormat, password: str | Secret) -> None:
    identity = ClientIdentity.load(encrypted(key_format), LEAF, password=password)
    assert identity.pem() == KEY + LEAF


def test_a_passphrase_that_was_not_needed_does_no_harm() -> None:
    assert ClientIdentity.load(FULL, password="superfluous").pem() == FULL


def test_each_of_several_keys_is_named_by_its_certificate_and_its_number_in_the_file() -> None:
    with pytest.raises(IdentityError) as caught:
        ClientIdentity.load(KEY + OTHER.key_pem, LEAF, OTHER.certificate_pem)
    places = "me.example: key number 1 in the given bytes; other.example: key number 2 in the given bytes"
    assert places == caught.value.evidence


# ---------------------------------------------------------------- nothing secret shows


def shown_when(fails: Callable[[], object]) -> str:
    """The whole traceback of what must fail."""
    with pytest.raises(IdentityError) as caught:
        fails()
    return "".join(traceback.format_exception(caught.value))


def test_a_wrong_passphrase_is_not_shown() -> None:
    wrong = "wr0ng-p455phrase"
    assert wrong not in shown_when(lambda: ClientIdentity.load(encrypted(), LEAF, password=wrong))


@pytest.mark.parametrize("damage", [bytes.lower, bytes.upper, lambda key: key[:-60], lambda key: key[:100] + key[110:]])
@pytest.mark.parametrize("given_as", [bytes, bytes.decode])
def test_a_damaged_key_is_not_shown(
    damage: Callable[[bytes], bytes], given_as: Callable[[bytes], bytes | str], tmp_path: Path
) -> None:
    lines = damage(KEY.split(b"-----\n")[1])
    pem = b"-----BEGIN PRIVATE KEY-----\n" + lines + b"-----END PRIVATE KEY-----\n"
    shown = shown_when(lambda: ClientIdentity.load(given_as(pem), tmp_path))
    assert [line for line in lines.decode().split() if len(line) > 8 and line[:8] in shown] == []


def test_a_key_pasted_without_its_begin_line_is_not_shown() -> None:
    text = KEY.decode().partition("-----\n")[2]
    assert text[:20] not in shown_when(lambda: ClientIdentity.load(text))


def test_the_traceback_of_a_key_that_does_not_fit_shows_no_key() -> None:
    shown = shown_when(lambda: ClientIdentity.load(KEY, OTHER.certificate_pem))
    assert KEY.decode().splitlines()[1][:20] not in shown


# ---------------------------------------------------------------- writing


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def test_the_written_pem_is_its_owners_alone(identity: ClientIdentity, tmp_path: Path) -> None:
    written = identity.write_pem(tmp_path / "fullcert.pem")
    assert (written.read_bytes(), mode(written)) == (FULL, "0o600")


def test_nothing_but_the_pem_is_left_behind(identity: ClientIdentity, tmp_path: Path) -> None:
    identity.write_pem(tmp_path / "fullcert.pem")
    assert [path.name for path in tmp_path.iterdir()] == ["fullcert.pem"]


def test_a_pem_that_is_there_already_is_made_private(identity: ClientIdentity, tmp_path: Path) -> None:
    # As the article makes it: cat client.key client.crt … > fullcert.pem
    (tmp_path / "fullcert.pem").write_bytes(FULL)
    (tmp_path / "fullcert.pem").chmod(0o644)
    assert mode(identity.write_pem(tmp_path / "fullcert.pem")) == "0o600"


def test_a_file_with_other_content_is_not_written_over(identity: ClientIdentity, tmp_path: Path) -> None:
    (tmp_path / "fullcert.pem").write_text("precious")
    with pytest.raises(IdentityError, match="exists already"):
        identity.write_pem(tmp_path / "fullcert.pem")
    assert (tmp_path / "fullcert.pem").read_text() == "precious"


def test_a_file_with_other_content_is_written_over_when_told(identity: ClientIdentity, tmp_path: Path) -> None:
    (tmp_path / "fullcert.pem").write_text("worthless")
    assert identity.write_pem(tmp_path / "fullcert.pem", overwrite=True).read_bytes() == FULL


@pytest.mark.parametrize("where", [".", "file/fullcert.pem", "a\0b", "x" * 300])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_place_that_cannot_be_written_to_is_named(
    where: str,
    overwrite: bool,  # a row of a table
    identity: ClientIdentity,
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IdentityError, match="cannot be written"):
        identity.write_pem(tmp_path / where, overwrite=overwrite)


def test_a_write_that_fails_leaves_nothing_behind(
    identity: ClientIdentity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(_path: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", disk_full)
    with pytest.raises(IdentityError, match="No space left"):
        identity.write_pem(tmp_path / "fullcert.pem")
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_was_encrypted_is_written_encrypted(locked: ClientIdentity, tmp_path: Path) -> None:
    assert b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in locked.write_pem(tmp_path / "fullcert.pem").read_bytes()


def test_the_written_key_opens_with_the_passphrase_it_had(locked: ClientIdentity, tmp_path: Path) -> None:
    written = locked.write_pem(tmp_path / "fullcert.pem")
    assert ClientIdentity.load(written, password=PASSPHRASE).pem() == KEY + LEAF + ISSUING + POLICY


def test_a_key_is_decrypted_only_when_told(locked: ClientIdentity, tmp_path: Path) -> None:
    written = locked.write_pem(tmp_path / "fullcert.pem", decrypt=True)
    assert written.read_bytes() == KEY + LEAF + ISSUING + POLICY


def test_the_file_to_upload_is_the_leaf_alone(identity: ClientIdentity, tmp_path: Path) -> None:
    written = identity.write_upload(tmp_path / "upload.crt")
    assert [ME.certificate] == x509.load_pem_x509_certificates(written.read_bytes())


def test_the_file_to_upload_may_hold_the_chain_and_never_the_key(identity: ClientIdentity, tmp_path: Path) -> None:
    written = identity.write_upload(tmp_path / "upload.crt", chain=True)
    assert written.read_bytes() == LEAF + ISSUING + POLICY


def test_an_encrypted_pem_that_is_there_already_is_not_in_the_way_of_itself(
    practice: PracticeOrg, tmp_path: Path
) -> None:
    made = new_key_and_csr("me.example", key_type="p-256", passphrase="correct horse")
    me = ClientIdentity.load(practice.authority.sign(made.request_pem), made.key_pem, password="correct horse")
    me.write_pem(tmp_path / "mine.pem")
    assert tmp_path / "mine.pem" == me.write_pem(tmp_path / "mine.pem")


def test_an_encrypted_pem_of_another_is_not_written_over(practice: PracticeOrg, tmp_path: Path) -> None:
    for _ in range(2):
        made = new_key_and_csr("me.example", key_type="p-256", passphrase="correct horse")
        me = ClientIdentity.load(practice.authority.sign(made.request_pem), made.key_pem, password="correct horse")
        if not (tmp_path / "mine.pem").exists():
            me.write_pem(tmp_path / "mine.pem")
    with pytest.raises(IdentityError, match="exists already"):
        me.write_pem(tmp_path / "mine.pem")
