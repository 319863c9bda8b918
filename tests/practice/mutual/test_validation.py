"""Chains that the org judges, with ``openssl verify -purpose sslclient`` as the second judge."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.mutual import ChainVerdicts, verify_client_chain
from sfmtls_nb.practice.mutual import validation as validation_module
from sfmtls_nb.practice.request import Listener, Request

NOW = datetime.now(UTC)
KEYS = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("leaf", "issuing", "root", "old root")}
CLIENT, SERVER, ANY = Purpose.CLIENT_AUTH, Purpose.SERVER_AUTH, Purpose.ANY_EXTENDED_KEY_USAGE


def certificate(
    subject: str,
    issuer: str,
    *,
    ca: bool | None = True,
    purposes: Sequence[x509.ObjectIdentifier] = (),
    usage: str = "",
    days: tuple[int, int] = (-100, 900),
    path_length: int | None = None,
) -> x509.Certificate:
    """A certificate between the keys above. ca: None leaves the basic constraints out. usage: the bits of keyUsage."""
    bits = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
        " encipher_only decipher_only"
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(KEYS[subject].public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, path_length), critical=True)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if usage:
        builder = builder.add_extension(x509.KeyUsage(*(bit in usage.split() for bit in bits.split())), critical=True)
    return builder.sign(KEYS[issuer], hashes.SHA256())


LEAF = certificate("leaf", "issuing", ca=False, purposes=[CLIENT], usage="digital_signature")
ISSUING = certificate("issuing", "root")
ROOT = certificate("root", "root")


class Case(NamedTuple):
    what: str
    presented: Sequence[x509.Certificate]
    roots: Sequence[x509.Certificate] = (ROOT,)


def issued_by(what: str, issuing: x509.Certificate) -> Case:
    return Case(what, (LEAF, issuing))


CASES = [
    Case("a chain that is right", (LEAF, ISSUING)),
    Case("the same with its root", (LEAF, ISSUING, ROOT)),
    Case("a leaf alone", (LEAF,)),
    Case("no root is accepted", (LEAF, ISSUING), ()),
    issued_by("an intermediate limited to serverAuth", certificate("issuing", "root", purposes=[SERVER])),
    issued_by("an intermediate limited to any purpose", certificate("issuing", "root", purposes=[ANY])),
    issued_by("an intermediate for servers and clients", certificate("issuing", "root", purposes=[SERVER, CLIENT])),
    issued_by("an intermediate that is no authority", certificate("issuing", "root", ca=False)),
    issued_by("an intermediate without basic constraints", certificate("issuing", "root", ca=None)),
    issued_by("an intermediate whose key may sign no certificates", certificate("issuing", "root", usage="crl_sign")),
    issued_by("an intermediate whose key may sign certificates", certificate("issuing", "root", usage="key_cert_sign")),
    issued_by("an intermediate that has expired", certificate("issuing", "root", days=(-900, -1))),
    issued_by("an intermediate of tomorrow", certificate("issuing", "root", days=(1, 900))),
    Case("an expired root", (LEAF, ISSUING), (certificate("root", "root", days=(-900, -1)),)),
    Case("a root limited to serverAuth", (LEAF, ISSUING), (certificate("root", "root", purposes=[SERVER]),)),
    Case("a root with room for no intermediate", (LEAF, ISSUING), (certificate("root", "root", path_length=0),)),
    Case("a root with room for one", (LEAF, ISSUING), (certificate("root", "root", path_length=1),)),
    Case(
        "a bundle with the root cross-signed by an older one",
        (LEAF, ISSUING, certificate("root", "old root"), certificate("old root", "old root")),
    ),
    Case(
        "a bundle whose cross-signed certificates have expired",
        (
            LEAF,
            ISSUING,
            certificate("root", "old root", days=(-900, -1)),
            certificate("old root", "old root", days=(-900, -1)),
        ),
    ),
    Case(
        "a cross-signed root where only the older is accepted",
        (LEAF, ISSUING, certificate("root", "old root")),
        (certificate("old root", "old root"),),
    ),
    Case("a leaf for servers", (certificate("leaf", "issuing", ca=False, purposes=[SERVER]), ISSUING)),
    Case("a leaf for any purpose", (certificate("leaf", "issuing", ca=False, purposes=[ANY]), ISSUING)),
    Case(
        "a leaf that may agree on keys",
        (certificate("leaf", "issuing", ca=False, purposes=[CLIENT], usage="key_agreement"), ISSUING),
    ),
    Case(
        "a leaf that may only decipher",
        (certificate("leaf", "issuing", ca=False, purposes=[CLIENT], usage="key_encipherment"), ISSUING),
    ),
    Case("an expired leaf", (certificate("leaf", "issuing", purposes=[CLIENT], days=(-9, -1)), ISSUING)),
]


def openssl_accepts(case: Case, folder: Path) -> bool:
    leaf, *others = case.presented
    for name, certificates in {"leaf": [leaf], "others": others, "roots": case.roots}.items():
        (folder / name).write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in certificates))
    untrusted = ["-untrusted", "others"] if others else []
    trusted = ["-CAfile", "roots"] if case.roots else ["-no-CAfile"]
    command = ["openssl", "verify", "-no-CApath", "-no-CAstore", *trusted, "-purpose", "sslclient", *untrusted, "leaf"]
    return subprocess.run(command, check=False, cwd=folder, capture_output=True, timeout=20).returncode == 0


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on this machine")
@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def test_the_verdict_on_a_chain_is_openssls(case: Case, tmp_path: Path) -> None:
    flaw = verify_client_chain(case.presented, case.roots, NOW)
    assert openssl_accepts(case, tmp_path) == (flaw is None), flaw


def test_an_intermediate_limited_to_servers_is_refused_for_its_purpose() -> None:
    limited = certificate("issuing", "root", purposes=[SERVER])
    assert "unsuitable certificate purpose" == verify_client_chain((LEAF, limited), (ROOT,), NOW)


def test_a_leaf_that_names_no_purpose_is_refused_as_salesforce_does_though_openssl_would_not() -> None:
    silent = certificate("leaf", "issuing", ca=False)
    assert "unsuitable certificate purpose" == verify_client_chain((silent, ISSUING), (ROOT,), NOW)


def test_a_revoked_intermediate_is_refused() -> None:
    assert "certificate revoked" == verify_client_chain((LEAF, ISSUING), (ROOT,), NOW, [ISSUING])


def test_a_revoked_certificate_that_is_sent_beside_the_chain_harms_nobody() -> None:
    beside = certificate("old root", "old root")
    assert verify_client_chain((LEAF, ISSUING, beside), (ROOT,), NOW, [beside]) is None


# ------------------------------------------------------------ verdicts that are remembered


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One entry for each validation that is carried out."""
    seen: list[object] = []
    verify = verify_client_chain

    def spy(*arguments: object) -> str | None:
        seen.append(arguments)
        return verify(*arguments)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(validation_module, "verify_client_chain", spy)
    return seen


def test_a_chain_that_is_presented_with_every_call_is_validated_once(
    own_practice: PracticeOrg, asked: list[object]
) -> None:
    client = own_practice.authority.client
    chain = (client.leaf.certificate, *(issued.certificate for issued in client.intermediates))
    for _ in range(3):
        own_practice.answer(Request(Listener.MUTUAL, "GET", "/services/data", chain=chain))
    assert 1 == len(asked)


def test_a_verdict_lasts_until_the_roots_change(asked: list[object]) -> None:
    verdicts, roots = ChainVerdicts(), [ROOT]
    before = verdicts.flaw((LEAF, ISSUING), roots, [], NOW)
    roots.clear()
    after = verdicts.flaw((LEAF, ISSUING), roots, [], NOW)
    assert (None, "unable to get local issuer certificate", 2) == (before, after, len(asked))


def test_a_verdict_lasts_until_a_certificate_is_revoked(asked: list[object]) -> None:
    verdicts = ChainVerdicts()
    flaws = [verdicts.flaw((LEAF, ISSUING), [ROOT], revoked, NOW) for revoked in ([], [], [LEAF], [])]
    assert ([None, None, "certificate revoked", None], 3) == (flaws, len(asked))


def test_a_verdict_lasts_until_a_certificate_expires(asked: list[object]) -> None:
    verdicts, end = ChainVerdicts(), LEAF.not_valid_after_utc
    moments = (NOW, end - timedelta(seconds=1), end + timedelta(seconds=1), end + timedelta(days=1))
    flaws = [verdicts.flaw((LEAF, ISSUING), [ROOT], [], moment) for moment in moments]
    expired = "certificate has expired"
    assert ([None, None, expired, expired], 2) == (flaws, len(asked))


def test_a_verdict_of_the_very_second_of_an_end_lasts_no_longer(asked: list[object]) -> None:
    verdicts, end = ChainVerdicts(), LEAF.not_valid_after_utc
    for moment in (end, end, end + timedelta(seconds=1)):
        verdicts.flaw((LEAF, ISSUING), [ROOT], [], moment)
    assert 3 == len(asked)


def test_no_more_verdicts_are_remembered_than_there_are_connections(
    asked: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation_module, "_MOST_VERDICTS", 1)
    verdicts = ChainVerdicts()
    for chain in ((LEAF, ISSUING), (LEAF,), (LEAF, ISSUING)):
        verdicts.flaw(chain, [ROOT], [], NOW)
    assert 3 == len(asked)
