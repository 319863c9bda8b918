"""The client's own check of an identity, held against OpenSSL and against what the practice org does."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sfmtls_nb import (
    CertificatePageError,
    ClientIdentity,
    Finding,
    IdentityError,
    Org,
    PasswordLogin,
    Session,
    SoapFault,
    login,
)
from sfmtls_nb.certificates import FINDINGS, AcceptedRoots
from sfmtls_nb.practice import SCENARIOS, PracticeOrg, Scenario

NOW = datetime.now(UTC)
each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
loadable = pytest.mark.parametrize(
    "scenario",
    [scenario for scenario in SCENARIOS if scenario.name not in ("no-key", "key-mismatch", "no-leaf")],
    ids=lambda scenario: scenario.name,
)
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")


def codes(findings: list[Finding] | tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


def load(practice: PracticeOrg, name: str) -> ClientIdentity:
    return ClientIdentity.load(*practice.identity(name).all)


def answer_on_8443(practice: PracticeOrg, org: Org, scenario: Scenario) -> str:
    """The answer to the enforced user with a scenario's identity, in the words of `Scenario.sees`."""
    try:
        with login(org, PasswordLogin(*practice.user("enforced")), load(practice, scenario.name)) as session:
            session.get_user_info()
    except IdentityError:
        return "nothing is sent"
    except CertificatePageError as error:
        return error.reason
    except SoapFault as fault:
        return fault.code
    return "data"


@each_scenario
def test_each_scenario_gets_the_answer_it_promises(practice: PracticeOrg, org: Org, scenario: Scenario) -> None:
    assert scenario.sees == answer_on_8443(practice, org, scenario)


@each_scenario
def test_each_scenario_is_found_before_anything_is_sent(practice: PracticeOrg, org: Org, scenario: Scenario) -> None:
    try:
        found = codes(load(practice, scenario.name).findings(org))
    except IdentityError as error:
        found = codes(error.findings)
    assert not scenario.finding or scenario.finding in found


@loadable
def test_check_raises_for_just_what_would_be_refused(practice: PracticeOrg, org: Org, scenario: Scenario) -> None:
    try:
        load(practice, scenario.name).check(org)
        refused = False
    except IdentityError:
        refused = True
    assert (scenario.refused_by in ("client", "layer 1")) == refused


@needs_openssl
@loadable
def test_openssl_verify_agrees_about_the_chain(practice: PracticeOrg, tmp_path: Path, scenario: Scenario) -> None:
    me = load(practice, scenario.name)
    root = practice.client.root
    leaf, untrusted = me.write_upload(tmp_path / "leaf"), me.write_upload(tmp_path / "chain", chain=True)
    command = f"openssl verify -purpose sslclient -auth_level 2 -CAfile {root} -untrusted {untrusted} {leaf}"
    accepted = subprocess.run(command.split(), capture_output=True, check=False).returncode == 0
    # OpenSSL lets a leaf without any extended key usage pass; Salesforce documents that it must have one.
    by_salesforce = scenario.name == "client-auth-missing"
    assert (scenario.refused_by not in ("client", "layer 1") or by_salesforce) == accepted


@needs_openssl
@loadable
def test_openssl_purpose_agrees_about_client_authentication(
    practice: PracticeOrg, tmp_path: Path, scenario: Scenario
) -> None:
    me = load(practice, scenario.name)
    leaf = me.write_upload(tmp_path / "leaf")
    shown = subprocess.run(
        ["openssl", "x509", "-in", str(leaf), "-noout", "-purpose"], capture_output=True, check=True, text=True
    ).stdout
    about_purpose = {"client-auth-missing", "server-auth-only", "no-digital-signature", "ca-as-leaf"}
    objections = about_purpose.intersection(codes(me.findings()))
    by_salesforce = scenario.name == "client-auth-missing"
    assert (not objections or by_salesforce) == ("SSL client : Yes" in shown)


def test_a_good_identity_has_no_findings(practice: PracticeOrg, org: Org) -> None:
    assert load(practice, "good").findings(org) == []


def test_a_missing_intermediate_is_named_by_its_subject(practice: PracticeOrg) -> None:
    (finding,) = load(practice, "intermediate-missing").findings()
    assert "CN=Practice Client Issuing CA" in finding.evidence


def test_a_missing_second_intermediate_is_found_when_the_roots_are_known(practice: PracticeOrg, org: Org) -> None:
    files = practice.client
    me = ClientIdentity.load(files.key, files.leaf, files.intermediates[0])
    assert codes(me.findings(org)) == ["intermediate-missing"]


def test_without_the_roots_an_end_that_may_be_the_root_is_a_note(practice: PracticeOrg) -> None:
    me = load(practice, "good")
    assert [(finding.code, finding.severity) for finding in me.findings()] == [("root-unknown", "note")]


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-1, "not-yet-valid"), (1, None), (242, None), (244, "expires-soon"), (364, "expires-soon"), (366, "expired")],
)
def test_the_dates_are_judged_at_the_moment_asked_for(
    practice: PracticeOrg, org: Org, days: int, expected: str | None
) -> None:
    found = codes(load(practice, "good").findings(org, at=NOW + timedelta(days=days)))
    assert expected in found if expected else not found


@pytest.mark.parametrize("life", [47, 100, 200, 365])
def test_two_thirds_of_a_life_are_quiet_and_the_last_third_is_not(practice: PracticeOrg, org: Org, life: int) -> None:
    me = living(practice, life)
    quiet, due = (NOW + timedelta(days=life * 2 / 3, hours=hours) for hours in (-12, 12))
    assert ([], ["expires-soon"]) == (codes(me.findings(org, at=quiet)), codes(me.findings(org, at=due)))


def test_of_a_life_of_years_the_last_third_of_a_year_is_not_quiet(practice: PracticeOrg, org: Org) -> None:
    me = living(practice, 825)
    quiet, due = (NOW + timedelta(days=825 - left) for left in (123, 121))
    assert ([], ["expires-soon"]) == (codes(me.findings(org, at=quiet)), codes(me.findings(org, at=due)))


def test_an_intermediate_of_ten_years_warns_in_the_last_months_alone(practice: PracticeOrg, org: Org) -> None:
    me = living(practice, 3650)
    early, late = (codes(me.findings(org, at=NOW + timedelta(days=days))) for days in (3500, 3540))
    assert early == []
    assert Counter(late) == {"expires-soon": 1, "intermediate-expires-soon": 2}


def test_the_end_says_how_much_of_the_life_is_over_and_names_the_renewal(practice: PracticeOrg, org: Org) -> None:
    (finding,) = load(practice, "expires-soon").findings(org)
    assert "9 days; 95% of its 200 days are over" in finding.evidence
    assert "%sf_identity --renew" in finding.advice


def living(practice: PracticeOrg, days: int) -> ClientIdentity:
    """An identity whose leaf lives so long, from now on."""
    client, clients = practice.authority.client, [ExtendedKeyUsageOID.CLIENT_AUTH]
    leaf = practice.authority.issue("life.example", client.intermediates[0], purposes=clients, days=days)
    chain = [issued.certificate_pem for issued in (leaf, *client.intermediates)]
    return ClientIdentity.load(leaf.key_pem, *chain)


@pytest.mark.parametrize(("minutes", "expected"), [(0, []), (4, []), (6, ["clock-skew"]), (-6, ["clock-skew"])])
def test_a_clock_apart_from_the_servers_is_found(
    practice: PracticeOrg, org: Org, minutes: int, expected: list[str]
) -> None:
    server = NOW + timedelta(minutes=minutes)
    assert expected == codes(load(practice, "good").findings(org, at=NOW, server_date=server))


@pytest.mark.parametrize(("mode", "expected"), [(0o600, []), (0o400, []), (0o640, ["key-readable-by-others"])])
def test_a_key_file_that_others_can_read_is_found(
    practice: PracticeOrg, org: Org, tmp_path: Path, mode: int, expected: list[str]
) -> None:
    files = practice.client
    key = tmp_path / "client.key"
    key.write_bytes(files.key.read_bytes())
    key.chmod(mode)
    assert expected == codes(ClientIdentity.load(key, files.leaf, *files.intermediates).findings(org))


def test_check_names_the_first_error_and_carries_all(practice: PracticeOrg) -> None:
    with pytest.raises(IdentityError, match="expired") as caught:
        load(practice, "expired").check()
    assert codes(caught.value.findings) == ["expired"]


@pytest.mark.parametrize(
    ("name", "code"), [("no-key", "no-key"), ("key-mismatch", "key-mismatch"), ("no-leaf", "no-leaf")]
)
def test_what_cannot_be_assembled_says_so_with_its_finding(practice: PracticeOrg, name: str, code: str) -> None:
    with pytest.raises(IdentityError) as caught:
        load(practice, name)
    assert [code] == codes(caught.value.findings)


@pytest.fixture(params=["fingerprints as keytool prints them", "PEM"])
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Path], Org]:
    """An org whose saved cacerts.jsp lists the accepted root, or another one."""

    def saved(listed: Path) -> Org:
        pem = listed.read_bytes()
        root = x509.load_pem_x509_certificate(pem)
        from cryptography.hazmat.primitives import hashes

        print_ = root.fingerprint(hashes.SHA1()).hex(":").upper()  # noqa: S303  # as such pages name certificates
        text = (
            pem.decode() if request.param == "PEM" else f"<tr><td>rootca</td><td>Fingerprint (SHA1): {print_}</td></tr>"
        )
        path = tmp_path / "cacerts.html"
        path.write_text(f"<html><body>{text}</body></html>")
        return Org(accepted_roots=path)

    return saved


def test_a_root_on_the_saved_page_is_accepted(practice: PracticeOrg, page: Callable[[Path], Org]) -> None:
    assert "root-not-accepted" not in codes(load(practice, "root-included").findings(page(practice.client.root)))


def test_a_root_that_is_not_on_the_saved_page_is_not(practice: PracticeOrg, page: Callable[[Path], Org]) -> None:
    assert "root-not-accepted" in codes(load(practice, "root-included").findings(page(practice.ca_file)))


def test_the_advice_names_the_file_that_others_can_read(practice: PracticeOrg, org: Org, tmp_path: Path) -> None:
    files = practice.client
    key = tmp_path / "{client}.key"
    key.write_bytes(files.key.read_bytes())
    key.chmod(0o644)
    (finding,) = ClientIdentity.load(key, files.leaf, *files.intermediates).findings(org)
    assert finding.advice.startswith(f"chmod 600 {key}: ")


def test_the_table_of_findings_shows_as_a_dataframe_with_a_row_for_each() -> None:
    frame = pd.DataFrame(FINDINGS.values())
    assert ([*FINDINGS], ["code", "severity", "advice", "source"]) == ([*frame["code"]], [*frame.columns])


def test_every_finding_says_where_its_rule_comes_from(practice: PracticeOrg, org: Org) -> None:
    for scenario in SCENARIOS:
        try:
            found: tuple[Finding, ...] = tuple(load(practice, scenario.name).findings(org))
        except IdentityError as error:
            found = error.findings
        assert all(finding.source and finding.advice and finding.evidence for finding in found)


def test_a_session_shows_the_servers_clock(session: Session) -> None:
    exchange = session.get_user_info().exchange
    assert exchange.server_date is not None
    assert abs(exchange.server_date - exchange.at) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("page", "there"),
    [
        (b"<td>Acme Corporate CA</td>", True),
        (b"<td>CN=Acme Corporate CA,O=Acme</td>", True),
        (b"<li>acme  corporate ca\n", True),
        (b"<td>Acme Corporate CA Root</td>", False),
        (b"<td>New Acme Corporate CA</td>", False),
    ],
)
def test_a_name_on_the_page_of_roots_is_that_of_a_root_only_if_it_is_whole(page: bytes, there: bool) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme Corporate CA")])
    assert there == AcceptedRoots(page).mentions(name)
