"""Everything that the practice org's authority issues, read by a certificate linter that nobody here wrote."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pkilint import loader
from pkilint.pkix import certificate, extension, name
from pkilint.validation import ValidationFindingSeverity

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice.mutual import SCENARIOS, Authority

AUTHORITY = Authority(["localhost", "127.0.0.1", "::1"])
#: The rules of RFC 5280 and its successors.
LINTER = certificate.create_pkix_certificate_validator_container(
    certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
    [
        certificate.create_issuer_validator_container([]),
        certificate.create_validity_validator_container(),
        certificate.create_subject_validator_container([]),
        certificate.create_extensions_validator_container([]),
        certificate.create_spki_validator_container([]),
    ],
)
#: "localhost" and "*.my.salesforce.com": right in a server's certificate (RFC 9525), but no names of public hosts, which
#: is all that this rule of the linter knows.
_LOCAL_NAMES = "pkix.invalid_domain_name_syntax"


def errors(issued: x509.Certificate) -> set[str]:
    der = issued.public_bytes(Encoding.DER)
    document = loader.RFC5280CertificateDocumentLoader().load_der_document(der)
    return {
        str(described.finding.code)
        for result in LINTER.validate(document.root)
        for described in result.finding_descriptions
        if described.finding.severity <= ValidationFindingSeverity.ERROR
    }


def test_the_linter_finds_what_is_wrong() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "wrong")])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    moments = AUTHORITY.now, AUTHORITY.server.certificate.not_valid_after_utc
    builder = builder.serial_number(7).not_valid_before(moments[0]).not_valid_after(moments[1])
    enciphers = x509.KeyUsage(True, False, True, False, False, False, False, False, False)
    assert errors(builder.add_extension(enciphers, critical=True).sign(key, hashes.SHA256()))


def test_the_servers_certificate_has_local_names_and_otherwise_passes_the_linter() -> None:
    assert {_LOCAL_NAMES} == errors(AUTHORITY.server.certificate)


@pytest.mark.parametrize("which", ["server root", "client", "issuing", "policy", "root"])
def test_each_certificate_of_the_org_passes_the_linter(which: str) -> None:
    client = AUTHORITY.client
    issuing, policy = client.intermediates
    issued = {
        "server root": AUTHORITY.server_root,
        "client": client.leaf,
        "issuing": issuing,
        "policy": policy,
        "root": client.root,
    }
    assert set() == errors(issued[which].certificate)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_a_scenarios_certificates_have_no_flaw_that_the_linter_sees(scenario: Any) -> None:
    # What is wrong on purpose (dates, purposes, keys that do not match) is wrong for the org, not for RFC 5280.
    assert set() == set().union(*(errors(made) for _, made in scenario.make(AUTHORITY).certificates))


KEYS: dict[str, Any] = {
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


def request(key: Any, names: dict[x509.ObjectIdentifier, str]) -> bytes:
    subject = x509.Name([x509.NameAttribute(oid, text) for oid, text in names.items()])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM)


@pytest.mark.parametrize("kind", KEYS)
def test_a_signed_request_passes_the_linter_whatever_its_key(kind: str) -> None:
    csr = request(KEYS[kind](), {x509.NameOID.COUNTRY_NAME: "DE", x509.NameOID.COMMON_NAME: "client.example"})
    assert set() == errors(x509.load_pem_x509_certificates(AUTHORITY.sign(csr))[0])


@pytest.mark.parametrize("kind", KEYS)
def test_only_an_rsa_key_may_decipher(kind: str) -> None:
    csr = request(KEYS[kind](), {x509.NameOID.COMMON_NAME: "client.example"})
    leaf = x509.load_pem_x509_certificates(AUTHORITY.sign(csr))[0]
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (kind == "RSA", True) == (usage.key_encipherment, usage.digital_signature)


def test_a_request_that_names_nobody_is_not_signed() -> None:
    with pytest.raises(PracticeError, match="names nobody"):
        AUTHORITY.sign(request(KEYS["P-256"](), {}))
