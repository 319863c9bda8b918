"""The only SSLContext of the client: verification on, one set of roots, and no key on the disk that is not encrypted."""

from __future__ import annotations

import os
import select
import socket
import ssl
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from raw_server import server_tls, serving, silence

from sfmtls_nb import (
    CallTimeout,
    ClientIdentity,
    HandshakeError,
    IdentityError,
    Org,
    OrgError,
    PasswordLogin,
    login,
)
from sfmtls_nb.connection import Transport
from sfmtls_nb.connection.context import client_context
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.mutual import Issued


@pytest.fixture
def weak(practice: PracticeOrg) -> ClientIdentity:
    """An identity that OpenSSL will not take: its key has 1024 bits."""
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505  # that is the point
    issued = practice.authority.issue("weak.example", key=key, purposes=[ExtendedKeyUsageOID.CLIENT_AUTH])
    return ClientIdentity.load(issued.key_pem, issued.certificate_pem)


def test_the_server_is_verified_and_its_name_too() -> None:
    context = client_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_nothing_older_than_tls_1_2_is_spoken() -> None:
    assert client_context().minimum_version >= ssl.TLSVersion.TLSv1_2


def test_only_the_roots_of_the_ca_file_are_trusted(practice: PracticeOrg) -> None:
    context = client_context(practice.ca_file)
    assert [practice.authority.server_root.certificate.serial_number] == [
        int(root["serialNumber"], 16)  # type: ignore[arg-type]  # always a str
        for root in context.get_ca_certs()
    ]


def test_without_a_ca_file_the_public_roots_are_trusted() -> None:
    assert client_context().cert_store_stats()["x509_ca"] > 50


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_environment_adds_no_roots(variable: str, practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    before = client_context().cert_store_stats()
    monkeypatch.setenv(variable, str(practice.directory if variable.endswith("DIR") else practice.ca_file))
    assert before == client_context().cert_store_stats()


@pytest.mark.parametrize(
    "make",
    [
        lambda path: None,
        lambda path: path.mkdir(),
        lambda path: path.touch(),
        lambda path: path.write_text("no PEM"),
        lambda path: path.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ],
    ids=["missing", "a folder", "empty", "text", "malformed"],
)
def test_a_ca_file_that_cannot_be_used_is_named(make: Callable[[Path], object], tmp_path: Path) -> None:
    make(tmp_path / "ca.pem")
    with pytest.raises(OrgError, match=r"ca\.pem cannot be used"):
        client_context(tmp_path / "ca.pem")


def test_a_ca_file_that_no_file_can_be_called_is_refused() -> None:
    with pytest.raises(OrgError, match="cannot be used"):
        client_context("a\0b")


def test_a_key_in_place_of_the_ca_file_is_refused(practice: PracticeOrg) -> None:
    with pytest.raises(OrgError, match="cannot be used"):
        client_context(practice.client.key)


@pytest.mark.parametrize("name", ["~nobody-at-all/ca.pem", Path("~nobody-at-all/ca.pem")])
def test_a_ca_file_in_nobodys_home_is_refused(name: str | Path) -> None:
    with pytest.raises(OrgError, match="is in no known home"):
        client_context(name)


def test_a_ca_file_in_ones_home_is_found(practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(Path(practice.ca_file).parent))
    assert 1 == client_context(f"~/{Path(practice.ca_file).name}").cert_store_stats()["x509_ca"]


# ---------------------------------------------------------------- the roots of the system


@pytest.fixture
def known_to_the_system(practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    """The practice org's root is one that this system knows."""
    monkeypatch.setenv("SSL_CERT_FILE", str(practice.ca_file))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's roots are in no file")
@pytest.mark.usefixtures("known_to_the_system")
def test_the_systems_roots_vouch_for_a_server_and_our_certificate_goes_along(practice: PracticeOrg, org: Org) -> None:
    files = practice.client
    me = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
    trusting = replace(org, ca_file=None, trust="system")
    with login(trusting, PasswordLogin(*practice.user("enforced")), me) as session:
        assert "enforced@practice.example" == session.get_user_info().text(".//userName")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's roots are in no file")
@pytest.mark.usefixtures("known_to_the_system")
def test_the_systems_roots_are_not_asked_for_otherwise(practice: PracticeOrg, org: Org) -> None:
    with pytest.raises(HandshakeError, match=r'is not trusted[^$]*the public roots[^$]*trust="system"'):
        login(replace(org, ca_file=None), PasswordLogin(*practice.user("enforced")))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's roots are in no file")
@pytest.mark.usefixtures("known_to_the_system")
def test_the_systems_roots_do_not_vouch_for_a_server_they_do_not_know(
    practice: PracticeOrg, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(practice.client.root))
    with pytest.raises(HandshakeError, match=r"is not trusted[^$]*the roots of this system"):
        login(replace(org, ca_file=None, trust="system"), PasswordLogin(*practice.user("enforced")))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's roots are in no file")
@pytest.mark.usefixtures("known_to_the_system")
def test_the_systems_roots_do_not_vouch_for_another_name(practice: PracticeOrg, tmp_path: Path) -> None:
    other = practice.authority.issue("other.example", practice.authority.server_root, names=["other.example"])
    with (
        serving(silence, server_tls(other, tmp_path)) as where,
        pytest.raises(ssl.SSLCertVerificationError, match="not valid for"),
    ):
        write_until_it_fails(where, client_context(trust="system"))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's roots are in no file")
@pytest.mark.usefixtures("known_to_the_system")
def test_the_systems_roots_leave_the_alert_of_a_server_that_refuses_us_to_be_read(
    practice: PracticeOrg, identity: ClientIdentity, tmp_path: Path
) -> None:
    stranger = practice.authority.issue("A Stranger CA", ca=True)
    tls = demanding(practice.authority.server, stranger, tmp_path)
    with serving(silence, tls) as where, pytest.raises(ssl.SSLError) as caught:
        write_until_it_fails(where, client_context(None, identity, "system"))
    assert caught.value.reason == "TLSV1_ALERT_UNKNOWN_CA"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's roots are in no file")
@pytest.mark.usefixtures("known_to_the_system")
def test_the_systems_roots_keep_to_the_bounds_of_a_call(practice: PracticeOrg, org: Org, tmp_path: Path) -> None:
    brief = replace(org, ca_file=None, trust="system", call_timeout=0.5)
    with serving(silence, server_tls(practice.authority.server, tmp_path)) as where, Transport(brief) as transport:
        request = transport.prepare("GET", f"https://{where}/", {})
        with pytest.raises(CallTimeout, match=r"was not over within 0\.5 s"):
            transport.send(request)


# ---------------------------------------------------------------- the file for session keys


@pytest.mark.parametrize("context", [client_context, partial(client_context, trust="system")])
def test_the_key_log_that_cannot_be_written_is_named_and_not_the_ca_file(
    context: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "no such folder" / "keys.log"))
    with pytest.raises(OrgError, match=r"session keys cannot be written[^$]*SSLKEYLOGFILE is .*keys\.log"):
        context()


@pytest.mark.parametrize("context", [client_context, partial(client_context, trust="system")])
def test_the_key_log_is_kept_if_the_environment_asks_for_it(
    context: Callable[[], ssl.SSLContext], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    assert str(tmp_path / "keys.log") == context().keylog_filename


# ---------------------------------------------------------------- the key


def test_a_key_that_openssl_finds_too_small_is_refused(practice: PracticeOrg, weak: ClientIdentity) -> None:
    with pytest.raises(IdentityError, match="EE_KEY_TOO_SMALL"):
        client_context(practice.ca_file, weak)


@pytest.fixture
def on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """Mode and content of whatever is in the temporary folder when OpenSSL reads the key, where no file can lie in memory."""
    found: list[tuple[str, bytes]] = []
    load = ssl.SSLContext.load_cert_chain

    def spy(
        context: ssl.SSLContext, certfile: Path, keyfile: None = None, password: Callable[[], str] | None = None
    ) -> None:
        files = (path for path in tmp_path.rglob("*") if path.is_file())
        found.extend((oct(path.parent.stat().st_mode & 0o777), path.read_bytes()) for path in files)
        load(context, certfile, keyfile, password)

    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", spy)
    return found


def test_openssl_is_given_the_key_encrypted_in_a_private_folder(
    identity: ClientIdentity, on_disk: list[tuple[str, bytes]]
) -> None:
    client_context(identity=identity)
    assert [(mode, b"BEGIN ENCRYPTED PRIVATE KEY" in data, b"BEGIN PRIVATE KEY" in data) for mode, data in on_disk] == [
        ("0o700", True, False)
    ]


def test_each_time_with_another_passphrase(identity: ClientIdentity, on_disk: list[tuple[str, bytes]]) -> None:
    for _ in range(2):
        client_context(identity=identity)
    assert on_disk[0] != on_disk[1]


def test_nothing_is_left_of_it(identity: ClientIdentity, on_disk: list[tuple[str, bytes]], tmp_path: Path) -> None:
    client_context(identity=identity)
    assert (len(on_disk), list(tmp_path.iterdir())) == (1, [])


def test_nothing_is_left_of_it_when_openssl_refuses(
    weak: ClientIdentity, on_disk: list[tuple[str, bytes]], tmp_path: Path
) -> None:
    with pytest.raises(IdentityError):
        client_context(identity=weak)
    assert (len(on_disk), list(tmp_path.iterdir())) == (1, [])


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="files in memory are Linux's")
def test_where_a_file_can_lie_in_memory_nothing_is_written(
    identity: ClientIdentity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    client_context(identity=identity)


@pytest.mark.parametrize("why", ["forbidden", "no /proc"])
def test_where_memory_cannot_be_had_openssl_reads_from_the_private_folder(
    why: str,
    identity: ClientIdentity,
    on_disk: list[tuple[str, bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def memory(_: str) -> int:
        if why == "forbidden":
            raise PermissionError
        return os.open(os.devnull, os.O_WRONLY)

    shown = Path.exists
    monkeypatch.setattr(os, "memfd_create", memory, raising=False)
    monkeypatch.setattr(Path, "exists", lambda path: not str(path).startswith("/proc") and shown(path))
    client_context(identity=identity)
    assert (["0o700"], []) == ([mode for mode, _ in on_disk], list(tmp_path.iterdir()))


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="files in memory are Linux's")
def test_a_file_in_memory_is_closed_when_openssl_refuses(weak: ClientIdentity) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(IdentityError):
        client_context(identity=weak)
    assert before == len(list(Path("/proc/self/fd").iterdir()))


def test_without_an_identity_nothing_is_written(on_disk: list[tuple[str, bytes]]) -> None:
    client_context()
    assert on_disk == []


# ---------------------------------------------------------------- the alert of a server that hangs up


def demanding(server: Issued, accepted: Issued, folder: Path) -> ssl.SSLContext:
    """A server that accepts client certificates of one authority only, judges after our handshake, and hangs up."""
    context = server_tls(server, folder)
    (folder / "accepted.pem").write_bytes(accepted.certificate_pem)
    context.load_verify_locations(folder / "accepted.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def write_until_it_fails(where: str, context: ssl.SSLContext) -> None:
    host, _, port = where.partition(":")
    plain = socket.create_connection((host, int(port)), timeout=10)
    with closing(context.wrap_socket(plain, server_hostname=host)) as connection:
        select.select([connection], [], [], 10)  # what the server has to say has arrived
        for _ in range(100_000):  # more than any buffer holds
            connection.sendall(b"x" * 1000)


def test_the_alert_is_read_when_the_server_hangs_up_while_we_write(
    practice: PracticeOrg, org: Org, identity: ClientIdentity, tmp_path: Path
) -> None:
    stranger = practice.authority.issue("A Stranger CA", ca=True)
    tls = demanding(practice.authority.server, stranger, tmp_path)
    with serving(silence, tls) as where, pytest.raises(ssl.SSLError) as caught:
        write_until_it_fails(where, client_context(org.ca_file, identity))
    assert caught.value.reason == "TLSV1_ALERT_UNKNOWN_CA"


def test_a_server_that_hangs_up_without_an_alert_is_a_broken_connection(
    practice: PracticeOrg, org: Org, tmp_path: Path
) -> None:
    tls = server_tls(practice.authority.server, tmp_path)
    with serving(lambda connection: None, tls) as where, pytest.raises((ConnectionError, ssl.SSLEOFError)):
        write_until_it_fails(where, client_context(org.ca_file))
