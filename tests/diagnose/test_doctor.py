"""The doctor: which step fails, and that those behind it are not reached; against the practice org and worse hosts."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from doors import Door, at, enforced_session, identity_of, old_tls, psk_tls
from raw_server import answering, http, server_tls, serving, silence, tunnelling

from sfmtls_nb import ClientIdentity, JwtBearer, Org, PasswordLogin, Session, SfmtlsError, doctor
from sfmtls_nb.diagnose import CHECKS, Checkup
from sfmtls_nb.diagnose.visit import Visit
from sfmtls_nb.practice import PracticeOrg


def failed(checkup: Checkup) -> list[str]:
    return [result.name for result in checkup.failed]


def not_reached(checkup: Checkup) -> set[str]:
    return {result.name for result in checkup if result.status == "not reached"}


@pytest.fixture(scope="module")
def well(org: Org, identity: ClientIdentity, practice: PracticeOrg) -> Checkup:
    """A checkup of what is all right."""
    return doctor(org, identity, credentials=PasswordLogin(*practice.user("enforced")))


def test_where_all_is_well_every_check_passes(well: Checkup) -> None:
    assert {"pass"} == {result.status for result in well}
    assert [check.name for check in CHECKS] == [result.name for result in well]


def test_a_checkup_reads_as_a_list(well: Checkup) -> None:
    first, *lines = str(well).splitlines()
    assert f"{well.where}: {len(CHECKS)} passed, 0 failed, 0 not made" == first
    assert "pass  the name resolves: localhost: " in lines[0]
    assert repr(well) == str(well)


def test_a_checkup_shows_no_secret(well: Checkup, practice: PracticeOrg) -> None:
    assert practice.user("enforced").password not in str(well)
    assert not any(session_id in str(well) for session_id in practice.state.sessions)


def test_the_session_that_a_checkup_opened_is_ended(own_practice: PracticeOrg) -> None:
    me = ClientIdentity.load(own_practice.client.fullcert)
    doctor(Org(**own_practice.endpoints), me, credentials=PasswordLogin(*own_practice.user("enforced")))
    assert {} == own_practice.state.sessions


def test_a_session_that_was_given_goes_on(session: Session) -> None:
    assert "pass" == doctor(session.org, session=session)["call"].status
    assert session.get_user_info().text(".//userName") == "enforced@practice.example"


def test_what_is_skipped_says_what_to_give_in_a_notebook_too(org: Org) -> None:
    checkup = doctor(org)
    assert ("%sf_identity FILES" in checkup["sent"].do, "%sf_login" in checkup["way-in"].do) == (True, True)


def test_without_a_certificate_and_credentials_the_rest_is_checked(org: Org) -> None:
    checkup = doctor(org)
    assert [] == failed(checkup)
    skipped = {result.name for result in checkup if result.status == "skipped"}
    assert {"findings", "sent", "accepted", "way-in", "uploaded", "enforced", "call"} == skipped


@pytest.mark.parametrize("door", ["8443", "strict"])
@pytest.mark.parametrize("scenario", ["expired", "self-signed", "intermediate-missing", "server-auth-only"])
def test_a_certificate_that_is_refused_is_so_at_its_step(scenario: str, door: Door, practice: PracticeOrg) -> None:
    checkup = doctor(at(door, practice), identity_of(practice.identity(scenario)))
    assert ["findings", "accepted"] == failed(checkup)
    assert {f"failures/{scenario}"} == {result.read_on for result in checkup.failed}


def test_a_key_that_openssl_refuses_is_not_sent(practice: PracticeOrg, org: Org) -> None:
    checkup = doctor(org, identity_of(practice.identity("weak-key")))
    assert ["findings", "sent"] == failed(checkup)
    assert {"accepted"} == not_reached(checkup)


# ---------------------------------------------------------------- what is uploaded


@pytest.fixture
def administrator(practice: PracticeOrg) -> PasswordLogin:
    """A user who is not enforced, and may read metadata."""
    return PasswordLogin(*practice.user("standard"))


def test_an_administrators_session_proves_that_the_leaf_is_uploaded(
    org: Org, identity: ClientIdentity, administrator: PasswordLogin
) -> None:
    result = doctor(org, identity, credentials=administrator)["uploaded"]
    assert "pass" == result.status
    assert f"serial number {identity.leaf.serial_number}, expires in 36" in result.evidence


def test_or_that_it_is_not(org: Org, practice: PracticeOrg, administrator: PasswordLogin) -> None:
    result = doctor(org, identity_of(practice.identity("not-uploaded")), credentials=administrator)["uploaded"]
    assert ("fail", "failures/not-uploaded") == (result.status, result.read_on)
    assert "this leaf is not uploaded" in result.evidence


def test_or_that_the_uploaded_one_ends_soon(org: Org, practice: PracticeOrg, administrator: PasswordLogin) -> None:
    result = doctor(org, identity_of(practice.identity("expires-soon")), credentials=administrator)["uploaded"]
    assert "pass" == result.status
    assert "expires in 10 days" in result.evidence
    assert "renew it now" in result.do


def test_where_the_feature_is_hidden_the_doctor_says_so(own_practice: PracticeOrg) -> None:
    own_practice.state.feature_enabled = False
    checkup = doctor(Org(**own_practice.endpoints), credentials=PasswordLogin(*own_practice.user("standard")))
    assert ["failures/feature-hidden"] == [result.read_on for result in checkup.failed]


def test_what_is_uploaded_is_not_read_where_the_certificate_is_missing(session: Session) -> None:
    found = doctor(session.org, session=session.with_identity(None))["uploaded"]
    assert ("skipped", True, False) == (
        found.status,
        "without a certificate" in found.evidence and "%sf_identity" in found.do,
        "administrator" in found.do,
    )


def test_who_may_not_read_metadata_is_told_who_may(own_practice: PracticeOrg) -> None:
    for user in own_practice.state.users:
        user.profile.modify_metadata = False
    result = doctor(Org(**own_practice.endpoints), credentials=PasswordLogin(*own_practice.user("standard")))[
        "uploaded"
    ]
    assert "skipped" == result.status
    assert "INSUFFICIENT_ACCESS" in result.evidence
    assert "administrator" in result.do


def test_more_are_uploaded_than_one_call_reads(own_practice: PracticeOrg) -> None:
    state = own_practice.state
    state.uploaded_leaves += [own_practice.authority.issue(f"client {n}", days=n + 1).certificate for n in range(24)]
    result = doctor(Org(**own_practice.endpoints), credentials=PasswordLogin(*own_practice.user("standard")))[
        "uploaded"
    ]
    assert 25 == result.evidence.count("serial number")


# ---------------------------------------------------------------- sessions and ways in


@pytest.mark.parametrize(("user", "words"), [("enforced", "443 refuses"), ("standard", "443 lets the session in")])
def test_who_is_enforced_is_said(
    user: str, words: str, org: Org, identity: ClientIdentity, practice: PracticeOrg
) -> None:
    result = doctor(org, identity, credentials=PasswordLogin(*practice.user(user)))["enforced"]
    assert "pass" == result.status
    assert words in result.evidence


def test_a_sign_in_that_is_refused_ends_the_way(org: Org, practice: PracticeOrg) -> None:
    checkup = doctor(org, credentials=JwtBearer("WRONG", "u", practice.client.key))
    assert ["way-in"] == failed(checkup)
    assert "failures/consumer-key-wrong" == checkup["way-in"].read_on
    assert {"uploaded", "enforced", "call"} == not_reached(checkup)


def test_a_version_that_is_not_served_fails_alone(org: Org) -> None:
    checkup = doctor(replace(org, api_version="29.0"))
    assert ["version"] == failed(checkup)
    assert "29.0; the org serves 31.0 to" in checkup["version"].evidence


# ---------------------------------------------------------------- worse hosts


def impatient(where: str, practice: PracticeOrg) -> Org:
    port = int(where.rpartition(":")[2])
    return Org(f"https://{where}", mutual_port=port, ca_file=practice.ca_file, connect_timeout=0.3, read_timeout=0.3)


@pytest.fixture(scope="module")
def tls(practice: PracticeOrg, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server_tls(practice.authority.server, tmp_path_factory.mktemp("server"))


#: What is there -> the step that fails first, and its page.
HOSTS: dict[str, tuple[Callable[[ssl.SSLContext], AbstractContextManager[str]], str, str]] = {
    "silence": (lambda _: serving(silence), "tls", "silent"),
    "hangs up": (lambda _: serving(lambda connection: None), "tls", "cut"),
    "plain HTTP": (lambda _: serving(lambda c: c.sendall(http(b"Speak TLS", status="400 Bad"))), "tls", "not-tls"),
    "TLS, then silence": (partial(serving, silence), "asked", "not-asked"),
    "another service": (partial(serving, answering(b"SSH-2.0\r\n\r\n")), "asked", "not-asked"),
}


@pytest.mark.parametrize("name", HOSTS)
def test_a_host_that_is_none_is_seen_through_in_time(name: str, practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    place, step, page = HOSTS[name]
    started = time.monotonic()
    with place(tls) as where:
        checkup = doctor(impatient(where, practice))
    assert (step, f"failures/{page}") == (checkup.failed[0].name, checkup.failed[0].read_on)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(("make", "page"), [(old_tls, "old-tls"), (psk_tls, "nothing-in-common")])
def test_a_tls_that_cannot_be_is_the_step_that_fails(
    make: Callable[[PracticeOrg, Path], ssl.SSLContext], page: str, practice: PracticeOrg, tmp_path: Path
) -> None:
    with serving(silence, make(practice, tmp_path)) as where:
        checkup = doctor(impatient(where, practice))
    assert [("tls", f"failures/{page}")] == [(result.name, result.read_on) for result in checkup.failed]


def test_a_strict_door_speaks_tls_though_it_refuses_who_shows_no_certificate(practice: PracticeOrg) -> None:
    checkup = doctor(at("strict", practice))
    assert "TLS 1.2 and 1.3" == checkup["tls"].evidence
    assert [("sent", "no-certificate")] == [(result.name, result.failure) for result in checkup.failed]


def test_what_cannot_be_read_for_want_of_a_certificate_says_so(practice: PracticeOrg, org: Org) -> None:
    checkup = doctor(org, credentials=PasswordLogin(*practice.user("enforced")))
    assert "skipped" == checkup["sent"].status  # nobody has refused a call without one, until there was a session
    assert "without a certificate" in checkup["uploaded"].evidence
    assert ["call"] == failed(checkup)


def test_nobody_there_and_no_such_host_are_the_first_steps_to_fail() -> None:
    assert ["port", "mutual-port"] == failed(doctor(Org("https://localhost:1", mutual_port=2)))
    assert ["name"] == failed(doctor(Org("https://nowhere.invalid")))


def test_a_ca_file_that_is_none_is_a_step_that_fails(org: Org, tmp_path: Path) -> None:
    checkup = doctor(replace(org, ca_file=tmp_path / "none.pem"))
    assert ["port", "mutual-port"] == failed(checkup)
    assert "none.pem" in checkup["port"].evidence


def test_one_door_that_is_shut_leaves_the_other(org: Org, identity: ClientIdentity) -> None:
    checkup = doctor(replace(org, mutual_port=2), identity)
    assert ["mutual-port"] == failed(checkup)
    assert "pass" == checkup["version"].status
    assert {"asked", "sent", "accepted"} <= not_reached(checkup)


def test_a_server_that_is_not_trusted_gets_no_secret(practice: PracticeOrg, org: Org) -> None:
    checkup = doctor(replace(org, ca_file=None), credentials=PasswordLogin(*practice.user("enforced")))
    assert ["server"] == failed(checkup)
    assert "Practice Server Root CA" in checkup["server"].evidence
    assert "way-in" in not_reached(checkup)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_the_one_version_that_is_spoken_is_named(version: str) -> None:
    other = {"1.2": "1.3", "1.3": "1.2"}[version]
    with PracticeOrg(tls=version) as practice:  # type: ignore[arg-type]
        evidence = doctor(Org(**practice.endpoints))["tls"].evidence
    assert evidence.startswith(f"TLS {version}; not {other}: ")


def test_the_login_services_8443_is_not_tried() -> None:
    assert "" == Visit(Org()).mutual_url
    assert "https://acme.my.salesforce.com:8443" == Visit(Org.my_domain("acme")).mutual_url


def test_a_proxy_is_named_and_used(
    practice: PracticeOrg, identity: ClientIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    ports = {f"acme.my.salesforce.com:{port}".encode(): urlsplit(url).port or 0 for port, url in doors_of(practice)}
    with serving(tunnelling(ports, [])) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:p4ss@{proxy}")
        checkup = doctor(Org("https://acme.my.salesforce.com", ca_file=practice.ca_file), identity)
    assert f"calls go through {proxy}" in checkup["proxy"].evidence
    assert ("skipped", "pass", "pass") == tuple(checkup[name].status for name in ("name", "port", "mutual-port"))
    assert "failures/resigning-proxy" == checkup["server"].read_on
    assert "p4ss" not in str(checkup)


def doors_of(practice: PracticeOrg) -> list[tuple[int, str]]:
    return [(443, practice.api_url), (8443, practice.mutual_url)]


def test_a_clock_that_is_wrong_is_a_step_that_fails(practice: PracticeOrg, tls: ssl.SSLContext) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    with serving(answering(http(b"[]", f"Date: {date}")), tls) as where:
        checkup = doctor(impatient(where, practice))
    assert "failures/clock-skew" == checkup["clock"].read_on
    assert "2 hours behind" in checkup["clock"].evidence


# ---------------------------------------------------------------- arguments


def test_what_is_no_org_is_refused() -> None:
    with pytest.raises(SfmtlsError, match="the org to check is not of the type Org"):
        doctor("https://acme.my.salesforce.com")  # type: ignore[arg-type]


def test_a_session_of_another_identity_is_checked_with_the_one_that_is_given(
    practice: PracticeOrg, org: Org, identity: ClientIdentity
) -> None:
    session = enforced_session(practice, org, identity_of(practice.identity("expired")))
    assert "pass" == doctor(org, identity, session)["call"].status
    assert "fail" == doctor(org, session=session)["call"].status


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_what_is_said_through_a_proxy_is_seen_as_well(
    practice: PracticeOrg, identity: ClientIdentity, no_proxies: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mutual = server_tls(
        practice.authority.issue("org", practice.authority.server_root, names=["org.example"]), tmp_path
    )
    mutual.verify_mode = ssl.CERT_OPTIONAL
    mutual.load_verify_locations(practice.client.root)
    with serving(answering(http(b"[]")), mutual) as there:
        ports = dict.fromkeys((b"org.example:443", b"org.example:8443"), int(there.rpartition(":")[2]))
        with serving(tunnelling(ports, [])) as proxy:
            no_proxies.setenv("HTTPS_PROXY", f"http://{proxy}")
            checkup = doctor(Org("https://org.example", ca_file=practice.ca_file), identity)
    assert ["pass"] * 3 == [checkup[name].status for name in ("asked", "sent", "accepted")]


def test_before_the_sign_in_at_the_login_service_nothing_is_said_of_an_8443_that_is_not_known(
    practice: PracticeOrg, identity: ClientIdentity, no_proxies: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    login_service = server_tls(
        practice.authority.issue("login", practice.authority.server_root, names=["login.salesforce.com"], days=30),
        tmp_path,
    )
    with (
        serving(answering(http(b"[]")), login_service) as there,
        serving(tunnelling({b"login.salesforce.com:443": int(there.rpartition(":")[2])}, [])) as proxy,
    ):
        no_proxies.setenv("HTTPS_PROXY", f"http://{proxy}")
        checkup = doctor(Org(ca_file=practice.ca_file), identity)
    assert ["skipped"] * 4 == [checkup[name].status for name in ("mutual-port", "asked", "sent", "accepted")]
