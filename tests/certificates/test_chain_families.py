"""Chains as families: any hierarchy, any order of the certificates, any number of strangers among them."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from sfmtls_nb import ClientIdentity
from sfmtls_nb.certificates.certificate import signed_by
from sfmtls_nb.certificates.chain import build_chain
from sfmtls_nb.practice.mutual import Authority, Issued

AUTHORITY = Authority(["localhost"])
CLIENT = [ExtendedKeyUsageOID.CLIENT_AUTH]


def again(issued: Issued, issuer: Issued, *, days: int = 3650, starts: timedelta = timedelta(hours=-1)) -> Issued:
    """The same name and key, certified once more: renewed, or cross-signed by another."""
    name = issued.certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    return AUTHORITY.issue(str(name), issuer, key=issued.key, ca=True, days=days, starts=starts)


def hierarchy(depth: int) -> tuple[Issued, list[Issued], Issued]:
    """A root, ``depth - 1`` intermediates (the leaf's issuer first) and a leaf."""
    root = AUTHORITY.issue("Root", ca=True)
    issuer, intermediates = root, list[Issued]()
    for number in range(1, depth):
        issuer = AUTHORITY.issue(f"Intermediate {number}", issuer, ca=True)
        intermediates.insert(0, issuer)
    return root, intermediates, AUTHORITY.issue("leaf.example", issuer, purposes=CLIENT)


def certificates_of(*issued: Issued) -> list[x509.Certificate]:
    return [each.certificate for each in issued]


@settings(max_examples=80)
@given(
    depth=st.integers(1, 6),
    crossed=st.booleans(),
    with_root=st.booleans(),
    strangers=st.integers(0, 5),
    seed=st.integers(0, 2**32),
)
def test_any_order_of_the_certificates_gives_the_same_pem(
    depth: int,
    crossed: bool,
    with_root: bool,
    strangers: int,
    seed: int,  # hypothesis names them
) -> None:
    root, intermediates, leaf = hierarchy(depth)
    parts = [leaf, *intermediates]
    if with_root:
        parts.append(root)
    if crossed and intermediates:
        other = AUTHORITY.issue("Other Root", ca=True)
        parts += [again(intermediates[-1], other), other]
    parts += [AUTHORITY.issue(f"Stranger {number}", ca=True) for number in range(strangers)]
    expected = ClientIdentity.load(leaf.key_pem, *(part.certificate_pem for part in parts)).pem()
    Random(seed).shuffle(parts)  # noqa: S311  # no secret
    assert expected == ClientIdentity.load(*(part.certificate_pem for part in parts), leaf.key_pem).pem()


@pytest.mark.parametrize("depth", range(1, 7))
def test_the_chain_is_the_hierarchy_without_its_root(depth: int) -> None:
    root, intermediates, leaf = hierarchy(depth)
    chain = build_chain(leaf.certificate, certificates_of(root, *intermediates, leaf))
    assert (tuple(certificates_of(*intermediates)), root.certificate, ()) == (
        chain.intermediates,
        chain.root,
        chain.unused,
    )


def test_without_the_root_the_chain_is_the_same() -> None:
    _, intermediates, leaf = hierarchy(4)
    assert (
        tuple(certificates_of(*intermediates))
        == build_chain(leaf.certificate, certificates_of(*reversed(intermediates))).intermediates
    )


def test_of_two_intermediates_with_one_name_the_signer_is_taken() -> None:
    root, (issuing,), leaf = hierarchy(2)
    namesake = AUTHORITY.issue("Intermediate 1", root, ca=True)
    chain = build_chain(leaf.certificate, certificates_of(namesake, issuing, root))
    assert ((issuing.certificate,), (namesake.certificate,)) == (chain.intermediates, chain.unused)


def test_of_a_renewed_intermediate_the_one_that_lasts_longer_is_taken() -> None:
    root, (issuing,), leaf = hierarchy(2)
    renewed = again(issuing, root, days=5000)
    assert (renewed.certificate,) == build_chain(
        leaf.certificate, certificates_of(issuing, renewed, root)
    ).intermediates


def test_an_intermediate_that_is_not_valid_yet_does_not_replace_one_that_is() -> None:
    root, (issuing,), leaf = hierarchy(2)
    future = again(issuing, root, days=5000, starts=timedelta(days=100))
    assert (issuing.certificate,) == build_chain(leaf.certificate, certificates_of(future, issuing, root)).intermediates


def test_an_expired_intermediate_is_better_than_none() -> None:
    root, (issuing,), leaf = hierarchy(2)
    old = again(issuing, root, days=-1, starts=timedelta(days=-100))
    assert (old.certificate,) == build_chain(leaf.certificate, certificates_of(old, root)).intermediates


def test_duplicates_are_sent_once() -> None:
    root, intermediates, leaf = hierarchy(3)
    doubled = certificates_of(root, *intermediates, leaf) * 2
    assert tuple(certificates_of(*intermediates)) == build_chain(leaf.certificate, doubled).intermediates


def test_a_circle_of_cross_signatures_ends() -> None:
    one, two = AUTHORITY.issue("One", ca=True), AUTHORITY.issue("Two", ca=True)
    circle = [again(one, two), again(two, one)]
    leaf = AUTHORITY.issue("leaf.example", one, purposes=CLIENT)
    assert circle[0].certificate == build_chain(leaf.certificate, certificates_of(*circle)).intermediates[0]


def test_the_leaf_of_a_renewed_certificate_is_the_one_that_lasts_longer() -> None:
    _, intermediates, leaf = hierarchy(2)
    old = AUTHORITY.issue("leaf.example", intermediates[0], key=leaf.key, purposes=CLIENT, days=10)
    me = ClientIdentity.load(leaf.key_pem, old.certificate_pem, leaf.certificate_pem, intermediates[0].certificate_pem)
    assert leaf.certificate == me.leaf


def test_a_self_signed_stopgap_gives_way_to_the_issued_certificate() -> None:
    _, _, leaf = hierarchy(2)
    stopgap = AUTHORITY.issue("leaf.example", key=leaf.key, days=9000)
    me = ClientIdentity.load(leaf.key_pem, stopgap.certificate_pem, leaf.certificate_pem)
    assert leaf.certificate == me.leaf


def test_names_are_compared_without_case_and_white_space() -> None:
    root = AUTHORITY.issue("Acme  Root", ca=True)
    spelled_otherwise = Issued(AUTHORITY.issue("ACME root", key=root.key, ca=True).certificate, root.key)
    leaf = AUTHORITY.issue("leaf.example", spelled_otherwise, purposes=CLIENT)
    assert root.certificate == build_chain(leaf.certificate, certificates_of(root)).root


def test_a_thousand_certificates_of_one_name_cost_a_thousand_checks_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    root, (issuing,), leaf = hierarchy(2)
    key = ec.generate_private_key(ec.SECP256R1())
    namesakes = [AUTHORITY.issue("Intermediate 1", root, key=key, ca=True).certificate for _ in range(1000)]
    checks = []

    def counted(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        checks.append(issuer)
        return signed_by(certificate, issuer)

    monkeypatch.setattr("sfmtls_nb.certificates.chain.signed_by", counted)
    assert (issuing.certificate,) == build_chain(
        leaf.certificate, [*namesakes, issuing.certificate, root.certificate]
    ).intermediates
    assert len(checks) <= 1010


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
@pytest.mark.parametrize("depth", [1, 3, 6])
@pytest.mark.parametrize("crossed", [False, True])
def test_openssl_verifies_what_is_sent(depth: int, crossed: bool, tmp_path: Path) -> None:  # a parameter
    root, intermediates, leaf = hierarchy(depth)
    parts = [*intermediates, root]
    if crossed and intermediates:
        parts.append(again(intermediates[-1], AUTHORITY.issue("Other Root", ca=True)))
    me = ClientIdentity.load(leaf.key_pem, leaf.certificate_pem, *(part.certificate_pem for part in parts))
    (tmp_path / "root").write_bytes(root.certificate_pem)
    files = me.write_upload(tmp_path / "leaf"), me.write_upload(tmp_path / "chain", chain=True)
    command = [
        "openssl",
        "verify",
        "-x509_strict",
        "-CAfile",
        str(tmp_path / "root"),
        "-untrusted",
        str(files[1]),
        str(files[0]),
    ]
    assert 0 == subprocess.run(command, capture_output=True, check=False).returncode
