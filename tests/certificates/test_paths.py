"""Paths, held against OpenSSL: `openssl verify -purpose sslclient` is the yardstick."""

from __future__ import annotations

import dataclasses
import ipaddress
import shutil
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography import x509
from hierarchies import ANY, CLIENT, EXPIRED, FUTURE, LEAF, SERVER, issue, key_pem, name_of, pem

from sfmtls_nb import ClientIdentity, Org
from sfmtls_nb.certificates.certificate import signed_by
from sfmtls_nb.certificates.chain import build_chain

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")

DNS, MAIL, DIRECTORY, URI = x509.DNSName, x509.RFC822Name, x509.DirectoryName, x509.UniformResourceIdentifier
NAMES = [DNS("client.acme.example"), MAIL("me@acme.example"), x509.IPAddress(ipaddress.ip_address("192.0.2.7"))]
INSIDE = [DNS("acme.example"), MAIL("acme.example"), x509.IPAddress(ipaddress.ip_network("192.0.2.0/24"))]


def errors(me: ClientIdentity, org: Org | None = None) -> list[str]:
    return [finding.code for finding in me.findings(org) if finding.severity == "error"]


def openssl_accepts(folder: Path, leaf: x509.Certificate, untrusted: list[x509.Certificate], roots: Path) -> bool:
    (folder / "leaf").write_bytes(pem(leaf))
    (folder / "untrusted").write_bytes(pem(*untrusted) or b"\n")
    command = ["openssl", "verify", "-purpose", "sslclient", "-CAfile", str(roots)]
    command += [*(["-untrusted", str(folder / "untrusted")] if untrusted else []), str(folder / "leaf")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def held_against_openssl(
    folder: Path, leaf: x509.Certificate, bundle: list[x509.Certificate], roots: list[x509.Certificate]
) -> list[str]:
    """The errors that are found, after OpenSSL has been asked.

    Where there is none, OpenSSL accepts what is sent; where there is one, it accepts the whole bundle no more than we do.
    """
    accepted = folder / "roots.pem"
    accepted.write_bytes(pem(*roots))
    org = dataclasses.replace(Org.my_domain("acme"), accepted_roots=accepted)
    me = ClientIdentity.load(key_pem("leaf"), pem(leaf), pem(*bundle))
    found = errors(me, org)
    if found:
        assert not openssl_accepts(folder, leaf, bundle, accepted), found
    else:
        assert openssl_accepts(folder, leaf, [*me.toward(org).intermediates], accepted)
    return found


# What is unusual about the certificates -> what is found. The hierarchy: root, policy, issuing, leaf.
CASES: dict[str, tuple[dict[str, dict[str, Any]], list[str]]] = {
    "nothing": ({}, []),
    "root expired": ({"root": {"days": EXPIRED}}, ["root-expired"]),
    "root not yet valid": ({"root": {"days": FUTURE}}, ["root-not-yet-valid"]),
    "policy expired": ({"policy": {"days": EXPIRED}}, ["intermediate-expired"]),
    "issuing expired": ({"issuing": {"days": EXPIRED}}, ["intermediate-expired"]),
    "issuing not yet valid": ({"issuing": {"days": FUTURE}}, ["intermediate-not-yet-valid"]),
    "leaf expired": ({"leaf": {"days": EXPIRED}}, ["expired"]),
    "issuing for servers": ({"issuing": {"purposes": [SERVER]}}, ["issuer-for-other-purposes"]),
    "policy for servers": ({"policy": {"purposes": [SERVER]}}, ["issuer-for-other-purposes"]),
    "root for servers": ({"root": {"purposes": [SERVER]}}, ["issuer-for-other-purposes"]),
    "issuing for clients": ({"issuing": {"purposes": [CLIENT]}}, []),
    "issuing for both": ({"issuing": {"purposes": [SERVER, CLIENT]}}, []),
    "issuing for any purpose": ({"issuing": {"purposes": [ANY]}}, ["issuer-for-other-purposes"]),
    "issuing says CA:FALSE": ({"issuing": {"ca": False}}, ["issuer-may-not-issue"]),
    "issuing without basicConstraints": ({"issuing": {"ca": None}}, ["issuer-may-not-issue"]),
    "root without basicConstraints": ({"root": {"ca": None}}, []),
    "root without either": ({"root": {"ca": None, "cert_sign": None}}, ["issuer-may-not-issue"]),
    "issuing without either": ({"issuing": {"ca": None, "cert_sign": None}}, ["issuer-may-not-issue"]),
    "issuing without keyUsage": ({"issuing": {"cert_sign": None}}, []),
    "issuing without keyCertSign": ({"issuing": {"cert_sign": False}}, ["issuer-may-not-issue"]),
    "root without keyCertSign": ({"root": {"cert_sign": False}}, ["issuer-may-not-issue"]),
    "policy may have none below": ({"policy": {"path_length": 0}}, ["path-too-long"]),
    "policy may have one below": ({"policy": {"path_length": 1}}, []),
    "issuing may have none below": ({"issuing": {"path_length": 0}}, []),
    "root may have one below": ({"root": {"path_length": 1}}, ["path-too-long"]),
    "root may have two below": ({"root": {"path_length": 2}}, []),
    "issuing with an unknown critical extension": ({"issuing": {"unknown": True}}, ["critical-extension-unknown"]),
    "leaf with an unknown critical extension": ({"leaf": {"unknown": True}}, ["critical-extension-unknown"]),
    "names permitted": ({"policy": {"permitted": INSIDE}, "leaf": {"names": NAMES}}, []),
    "a host outside": ({"policy": {"permitted": [DNS("other.example")]}, "leaf": {"names": NAMES}}, ["name-not-permitted"]),
    "a host excluded": ({"issuing": {"excluded": [DNS("acme.example")]}, "leaf": {"names": NAMES}}, ["name-not-permitted"]),
    "a host that only ends alike": ({"policy": {"permitted": [DNS("me.example")]}, "leaf": {"names": NAMES}}, ["name-not-permitted"]),
    "a mailbox outside": ({"policy": {"permitted": [MAIL("you@acme.example")]}, "leaf": {"names": NAMES}}, ["name-not-permitted"]),
    "a mailbox inside": ({"policy": {"permitted": [MAIL("me@acme.example")]}, "leaf": {"names": NAMES}}, []),
    "a domain of mailboxes": ({"policy": {"permitted": [MAIL(".example")]}, "leaf": {"names": NAMES}}, []),
    "an address outside": (
        {"policy": {"permitted": [x509.IPAddress(ipaddress.ip_network("198.51.100.0/24"))]}, "leaf": {"names": NAMES}},
        ["name-not-permitted"],
    ),
    "a directory name outside": ({"root": {"permitted": [DIRECTORY(name_of("x"))]}}, ["name-not-permitted"]),
    "a directory name inside": ({"root": {"permitted": [DIRECTORY(x509.Name([*name_of("x")][:1]))]}}, []),
    "a URI inside": ({"policy": {"permitted": [URI(".acme.example")]}, "leaf": {"names": [URI("https://me.acme.example/x")]}}, []),
    "a URI outside": (
        {"policy": {"permitted": [URI("acme.example")]}, "leaf": {"names": [URI("https://me.acme.example/x")]}},
        ["name-not-permitted"],
    ),
    "nothing identifies the issuer": ({"leaf": {"identifiers": False}, "issuing": {"identifiers": False}}, []),
}  # fmt: skip
HIERARCHY = (("root", "root"), ("policy", "root"), ("issuing", "policy"), ("leaf", "issuing"))


@needs_openssl
@pytest.mark.parametrize("case", CASES)
def test_a_path_is_judged_as_openssl_judges_it(case: str, tmp_path: Path) -> None:
    unusual, expected = CASES[case]
    root, policy, issuing, leaf = (
        issue(name, issuer, LEAF if name == "leaf" else None, **unusual.get(name, {})) for name, issuer in HIERARCHY
    )
    assert {*expected} == {*held_against_openssl(tmp_path, leaf, [policy, issuing], [root])}


def anything(dice: Random) -> dict[str, Any]:
    """The choices for an authority's certificate, mostly good ones."""

    def choice(good: Any, *others: Any) -> Any:
        return dice.choice(others) if dice.random() < 0.12 else good

    return {
        "days": choice((-100, 1000), EXPIRED, FUTURE),
        "ca": choice(True, False, None),
        "path_length": choice(None, 0, 1, 2),
        "cert_sign": choice(True, False, None),
        "purposes": choice(None, [CLIENT], [SERVER], [ANY], [SERVER, CLIENT]),
        "permitted": choice(None, [DNS("acme.example")], [DNS("x.example")], [DIRECTORY(name_of("x"))]),
        "unknown": choice(False, True),
        "identifiers": choice(True, False),
    }


def case_32(*, cross_expired: bool) -> tuple[x509.Certificate, list[x509.Certificate], x509.Certificate]:
    """A leaf, its authority's bundle with the root as an older one certified it, and that root itself."""
    days = EXPIRED if cross_expired else (-3000, 900)
    old, cross = issue("old root", "old root", days=days), issue("root", "old root", days=days)
    root, issuing = issue("root", "root", days=(-3000, 3000)), issue("issuing", "root")
    return issue("leaf", "issuing", LEAF), [issuing, cross, old], root


@needs_openssl
@pytest.mark.parametrize("cross_expired", [False, True])
def test_a_bundle_with_a_cross_signed_root_has_no_error_where_the_org_has_that_root(
    cross_expired: bool, tmp_path: Path
) -> None:
    leaf, bundle, root = case_32(cross_expired=cross_expired)
    assert held_against_openssl(tmp_path, leaf, bundle, [root]) == []


@needs_openssl
def test_a_bundle_with_a_cross_signed_root_has_no_error_where_the_org_has_the_older_root(tmp_path: Path) -> None:
    leaf, bundle, _ = case_32(cross_expired=False)
    assert held_against_openssl(tmp_path, leaf, bundle, [bundle[2]]) == []


@needs_openssl
def test_a_bundle_with_a_cross_signed_root_is_refused_by_an_org_that_has_neither(tmp_path: Path) -> None:
    leaf, bundle, _ = case_32(cross_expired=False)
    assert ["root-not-accepted"] == held_against_openssl(tmp_path, leaf, bundle, [issue("x", "x")])


@pytest.mark.parametrize("with_old_root", [False, True])
def test_an_expired_cross_certificate_is_not_sent(with_old_root: bool) -> None:
    leaf, bundle, _ = case_32(cross_expired=True)
    me = ClientIdentity.load(key_pem("leaf"), pem(leaf), pem(*bundle[: 2 + with_old_root]))
    assert (bundle[0],) == me.intermediates
    assert [finding.code for finding in me.findings()] == ["cross-certificate-expired"]


def test_an_expired_authority_under_a_valid_root_is_an_error_also_where_the_orgs_roots_are_unknown() -> None:
    above = issue("root", "root"), issue("policy", "root", days=EXPIRED), issue("issuing", "policy")
    me = ClientIdentity.load(key_pem("leaf"), pem(issue("leaf", "issuing", LEAF), *above))
    assert errors(me) == ["intermediate-expired"]


def test_an_expired_root_is_found_also_where_the_orgs_roots_are_unknown() -> None:
    above = issue("root", "root", days=EXPIRED), issue("issuing", "root")
    me = ClientIdentity.load(key_pem("leaf"), pem(issue("leaf", "issuing", LEAF), *above))
    assert errors(me) == ["root-expired"]


def test_a_root_that_was_renewed_is_found_by_name_and_key(tmp_path: Path) -> None:
    renewed = tmp_path / "roots.pem"
    renewed.write_bytes(pem(issue("root", "root")))
    above = issue("root", "root", days=EXPIRED), issue("issuing", "root")
    me = ClientIdentity.load(key_pem("leaf"), pem(issue("leaf", "issuing", LEAF), *above))
    assert errors(me, dataclasses.replace(Org.my_domain("acme"), accepted_roots=renewed)) == []


def test_hundreds_of_certificates_of_one_name_cost_a_check_each_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = []

    def counted(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        checks.append(certificate)
        return signed_by(certificate, issuer)

    monkeypatch.setattr("sfmtls_nb.certificates.chain.signed_by", counted)
    namesakes = [issue("same", "same", identifiers=False) for _ in range(400)]
    namesakes += [issue("same", "x", identifiers=False) for _ in range(400)]
    build_chain(issue("leaf", "same", LEAF), namesakes)
    assert len(checks) <= 801


@needs_openssl
@pytest.mark.parametrize("seed", range(60))
def test_any_hierarchy_is_judged_as_openssl_judges_it(seed: int, tmp_path: Path) -> None:
    """Two roots, of which the org accepts one or both; two layers of authorities, certified by one or several above."""
    dice = Random(seed)  # noqa: S311  # no secret
    roots = [issue(name, name, **anything(dice)) for name in ("root", "other root")]
    policies = [
        issue("policy", dice.choice(["root", "other root"]), **anything(dice)) for _ in range(dice.randint(1, 2))
    ]
    issuing = [issue("issuing", dice.choice(["policy", "root"]), **anything(dice)) for _ in range(dice.randint(1, 3))]
    crossed = [issue("root", "other root", **anything(dice))] if dice.random() < 0.5 else []
    leaf = issue("leaf", "issuing", LEAF, names=NAMES[:1] if dice.random() < 0.5 else [])
    bundle = [*policies, *issuing, *crossed, *(roots if dice.random() < 0.5 else [])]
    dice.shuffle(bundle)
    held_against_openssl(tmp_path, leaf, bundle, roots[: dice.randint(1, 2)])
