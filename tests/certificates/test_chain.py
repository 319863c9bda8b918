"""Chain: the certificates that lead from the leaf to its root, whatever their order and company."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from sfmtls_nb.certificates.certificate import is_self_signed, issued_by
from sfmtls_nb.certificates.chain import build_chain
from sfmtls_nb.practice.mutual import Authority, Issued

Certificates = tuple[x509.Certificate, ...]

AUTHORITY = Authority(["localhost"])
ROOT = AUTHORITY.client.root
ISSUING, POLICY = AUTHORITY.client.intermediates
LEAF = AUTHORITY.client.leaf
STRANGER = AUTHORITY.issue("A Stranger CA", ca=True)
IMPOSTOR = AUTHORITY.issue("Practice Client Issuing CA", STRANGER, ca=True)  # the name is the issuing CA's
CERTIFICATES = tuple(issued.certificate for issued in (ISSUING, POLICY, ROOT, STRANGER, IMPOSTOR))


def renewed(issued: Issued, issuer: Issued, *, days: int, starts: timedelta = timedelta(hours=-1)) -> Issued:
    """Another certificate for the same name and key."""
    name = issued.certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    return AUTHORITY.issue(str(name), issuer, key=issued.key, ca=True, days=days, starts=starts)


def intermediates(*pool: Issued, leaf: Issued = LEAF) -> Certificates:
    return build_chain(leaf.certificate, [issued.certificate for issued in pool]).intermediates


def test_the_leafs_issuer_comes_first_and_then_its_own() -> None:
    assert (ISSUING.certificate, POLICY.certificate) == intermediates(POLICY, ROOT, ISSUING)


def test_the_root_is_known_and_is_no_intermediate() -> None:
    chain = build_chain(LEAF.certificate, CERTIFICATES)
    assert (ROOT.certificate, True) == (chain.root, ROOT.certificate not in chain.intermediates)


@given(st.permutations(CERTIFICATES))
def test_any_order_of_the_certificates_gives_the_same_chain(pool: list[x509.Certificate]) -> None:
    assert build_chain(LEAF.certificate, CERTIFICATES) == build_chain(LEAF.certificate, pool)


@given(st.lists(st.sampled_from(CERTIFICATES)))
def test_any_part_of_the_certificates_is_used_or_called_unused_once(pool: list[x509.Certificate]) -> None:
    chain = build_chain(LEAF.certificate, pool)
    roots = (chain.root,) if chain.root else ()
    placed = [*chain.intermediates, *roots, *chain.unused]
    assert (len(placed), {*pool}) == (len(set(placed)), {*placed})


def test_certificates_that_have_no_part_in_the_chain_are_unused() -> None:
    assert {STRANGER.certificate, IMPOSTOR.certificate} == {*build_chain(LEAF.certificate, CERTIFICATES).unused}


def test_an_issuer_of_the_same_name_that_did_not_sign_is_not_taken() -> None:
    assert intermediates(IMPOSTOR, STRANGER) == ()


def test_an_issuer_of_the_same_name_and_key_identifier_that_did_not_sign_is_not_taken() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    genuine = ISSUING.certificate
    identifier = genuine.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    forged = (
        x509.CertificateBuilder(genuine.issuer, genuine.subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(genuine.not_valid_before_utc)
        .not_valid_after(genuine.not_valid_after_utc)
        .add_extension(identifier, critical=False)
        .sign(POLICY.key, hashes.SHA256())
    )
    assert build_chain(LEAF.certificate, [forged, *CERTIFICATES]).intermediates == (
        ISSUING.certificate,
        POLICY.certificate,
    )
    assert build_chain(LEAF.certificate, [forged]).intermediates == ()


def test_without_the_middle_of_the_chain_what_is_above_it_is_unused() -> None:
    chain = build_chain(LEAF.certificate, [POLICY.certificate, ROOT.certificate])
    assert (chain.intermediates, chain.root, len(chain.unused)) == ((), None, 2)


def test_without_a_root_the_chain_goes_as_far_as_it_can() -> None:
    chain = build_chain(LEAF.certificate, [POLICY.certificate, ISSUING.certificate])
    assert ((ISSUING.certificate, POLICY.certificate), None) == (chain.intermediates, chain.root)


def test_a_leaf_alone_has_no_intermediates() -> None:
    assert intermediates() == ()


def test_a_self_signed_leaf_is_not_its_own_root() -> None:
    assert build_chain(ROOT.certificate, CERTIFICATES).root is None


def test_of_two_issuers_with_one_key_the_one_that_expires_last_is_taken() -> None:
    sooner, later = renewed(ISSUING, POLICY, days=10), renewed(ISSUING, POLICY, days=5000)
    assert (later.certificate, POLICY.certificate) == intermediates(sooner, later, ISSUING, POLICY, ROOT)


def test_an_issuer_that_is_valid_goes_before_one_that_will_be_for_longer() -> None:
    future = renewed(ISSUING, POLICY, days=9000, starts=timedelta(days=100))
    assert (ISSUING.certificate, POLICY.certificate) == intermediates(future, ISSUING, POLICY, ROOT)


def test_an_expired_issuer_is_better_than_none() -> None:
    expired = renewed(ISSUING, POLICY, days=-1, starts=timedelta(days=-100))
    assert (expired.certificate, POLICY.certificate) == intermediates(expired, POLICY, ROOT)


def test_which_issuer_is_valid_is_judged_at_the_moment_asked_for() -> None:
    future = renewed(ISSUING, POLICY, days=9000, starts=timedelta(days=4000))
    then = datetime.now(UTC) + timedelta(days=5000)
    chain = build_chain(LEAF.certificate, [future.certificate, *CERTIFICATES], then)
    assert future.certificate == chain.intermediates[0]


def test_the_shortest_way_to_a_root_is_taken() -> None:
    detour = renewed(POLICY, AUTHORITY.issue("Detour CA", ROOT, ca=True), days=9999)
    assert (ISSUING.certificate, POLICY.certificate) == intermediates(detour, POLICY, ISSUING, ROOT)


def test_authorities_that_sign_each_other_do_not_go_round_for_ever() -> None:
    one, other = AUTHORITY.issue("One CA", ROOT, ca=True), AUTHORITY.issue("Other CA", ROOT, ca=True)
    circle = renewed(one, other, days=99), renewed(other, one, days=99)
    leaf = AUTHORITY.issue("leaf", one)
    assert tuple(issued.certificate for issued in circle) == intermediates(*circle, leaf=leaf)


def test_names_are_compared_without_case_and_white_space() -> None:
    # RFC 5280, 7.1; some authorities spell their own name in more than one way.
    shouting = AUTHORITY.issue("PRACTICE  Client ROOT ca", key=ROOT.key, ca=True)
    assert shouting.certificate == build_chain(POLICY.certificate, [shouting.certificate]).root


@pytest.mark.parametrize(
    ("issued", "issuer", "signed"),
    [(LEAF, ISSUING, True), (LEAF, POLICY, False), (LEAF, IMPOSTOR, False), (ISSUING, LEAF, False), (ROOT, ROOT, True)],
    ids=["its issuer", "the issuer's issuer", "an impostor", "what it issued", "a root by itself"],
)
def test_issued_by_is_true_of_the_signer_alone(
    issued: Issued, issuer: Issued, signed: bool
) -> None:  # a row of a table
    assert signed == issued_by(issued.certificate, issuer.certificate)


@pytest.mark.parametrize(("issued", "expected"), [(ROOT, True), (STRANGER, True), (POLICY, False), (LEAF, False)])
def test_only_a_root_is_self_signed(issued: Issued, expected: bool) -> None:  # a row of a table
    assert expected == is_self_signed(issued.certificate)
