"""What the practice org's certificate authority issues, read back with cryptography and with OpenSSL."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from sfmtls_nb.practice.mutual import Authority, Issued

OPENSSL = shutil.which("openssl")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(["localhost", "127.0.0.1", "::1"])


def purposes(issued: Issued) -> list[x509.ObjectIdentifier]:
    return list(issued.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def names(issued: Issued) -> x509.SubjectAlternativeName:
    return issued.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def whole_chain(authority: Authority) -> list[x509.Certificate]:
    client = authority.client
    return [issued.certificate for issued in (client.leaf, *client.intermediates, client.root)]


def test_the_clients_chain_has_two_intermediates_so_that_their_order_matters(authority: Authority) -> None:
    assert len(authority.client.intermediates) == 2


def test_each_certificate_of_the_clients_chain_is_signed_by_the_next(authority: Authority) -> None:
    for certificate, issuer in pairwise(whole_chain(authority)):
        certificate.verify_directly_issued_by(issuer)


def test_no_certificate_of_the_clients_chain_is_signed_by_the_one_after_the_next(authority: Authority) -> None:
    leaf, _, policy, _ = whole_chain(authority)
    with pytest.raises((ValueError, InvalidSignature)):
        leaf.verify_directly_issued_by(policy)


def test_the_root_signs_itself(authority: Authority) -> None:
    root = authority.client.root.certificate
    root.verify_directly_issued_by(root)


def test_the_clients_leaf_is_for_client_authentication_and_nothing_else(authority: Authority) -> None:
    expected = [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert expected == purposes(authority.client.leaf)


def test_the_servers_leaf_is_for_server_authentication_and_nothing_else(authority: Authority) -> None:
    expected = [ExtendedKeyUsageOID.SERVER_AUTH]
    assert expected == purposes(authority.server)


def test_the_clients_key_is_rsa_2048_as_most_are(authority: Authority) -> None:
    key = authority.client.leaf.key
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048


def test_the_key_in_the_pem_is_the_leafs(authority: Authority) -> None:
    key = load_pem_private_key(authority.client.leaf.key_pem, None)
    assert authority.client.leaf.certificate.public_key() == key.public_key()


def test_hosts_that_are_addresses_are_named_as_addresses(authority: Authority) -> None:
    found = [str(address) for address in names(authority.server).get_values_for_type(x509.IPAddress)]
    expected = ["127.0.0.1", "::1"]
    assert expected == found


def test_the_server_is_also_named_as_salesforce_for_curls_connect_to(authority: Authority) -> None:
    found = names(authority.server).get_values_for_type(x509.DNSName)
    expected = ["localhost", "login.salesforce.com", "test.salesforce.com", "*.salesforce.com", "*.my.salesforce.com"]
    assert expected == found


def test_the_servers_hierarchy_is_not_the_clients(authority: Authority) -> None:
    assert authority.server_root.certificate.subject != authority.client.root.certificate.subject


def test_every_authority_is_new() -> None:
    first, second = (Authority(["localhost"]).client.root.certificate for _ in range(2))
    assert first.public_key() != second.public_key()


def test_nothing_expires_during_a_course(authority: Authority) -> None:
    ends = min(certificate.not_valid_after_utc for certificate in whole_chain(authority))
    assert ends - authority.now > timedelta(days=199)


def test_everything_is_valid_already_where_the_clock_is_half_an_hour_slow(authority: Authority) -> None:
    starts = max(certificate.not_valid_before_utc for certificate in whole_chain(authority))
    assert starts <= authority.now - timedelta(minutes=30)


def test_the_repr_does_not_show_the_key(authority: Authority) -> None:
    assert "key" not in repr(authority.client.leaf).lower()


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not on this machine")
@pytest.mark.parametrize(
    ("purpose", "with_intermediates", "valid"),
    [("sslclient", True, True), ("sslserver", True, False), ("sslclient", False, False)],
    ids=["valid for a client", "not for a server", "nor without the intermediates"],
)
def test_openssl_verifies_the_clients_chain(
    *, authority: Authority, tmp_path: Path, purpose: str, with_intermediates: bool, valid: bool
) -> None:
    client = authority.client
    (tmp_path / "root").write_bytes(client.root.certificate_pem)
    (tmp_path / "between").write_bytes(b"".join(issued.certificate_pem for issued in client.intermediates))
    (tmp_path / "leaf").write_bytes(client.leaf.certificate_pem)
    between = ["-untrusted", "between"] if with_intermediates else []
    command = ["openssl", "verify", "-x509_strict", "-CAfile", "root", "-purpose", purpose, *between, "leaf"]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, timeout=20)
    assert valid == (done.returncode == 0), done.stderr
