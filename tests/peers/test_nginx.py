"""nginx, which asks for a client certificate in TLS and refuses it, or that there is none, by a page of HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from doors import identity_of
from IPython.core.interactiveshell import InteractiveShell
from nginx import NGINX, nginx
from written import tiled

from sfmtls_nb import Exchange, Org, doctor, why
from sfmtls_nb.connection import Transport
from sfmtls_nb.diagnose import verdict_on
from sfmtls_nb.handshake.field import UNPARSED
from sfmtls_nb.practice import PracticeOrg

pytestmark = pytest.mark.skipif(not NGINX, reason="there is no nginx; on Debian: sudo apt-get install nginx")

SENT = "your certificate was sent, proven, and accepted"
NOT_SENT = "a certificate was asked for and not sent; "
WENT_ON = NOT_SENT + "the org went on without it"
REFUSED = "your certificate was sent and proven, taken by TLS, and then refused: The SSL certificate error"
MISSED = NOT_SENT + "TLS went on without it, and then the org refused: No required SSL certificate was sent"
NOT_ASKED = "a certificate was not asked for"

#: ssl_verify_client -> the verdict on who shows nothing, a good certificate, one that has expired, one signed by itself.
VERDICTS = {
    "on": (MISSED, SENT, REFUSED, REFUSED),
    "optional": (WENT_ON, SENT, REFUSED, REFUSED),
    "optional_no_ca": (WENT_ON, SENT, REFUSED, SENT),  # who has issued it, the application is to judge
    "off": (NOT_ASKED,) * 4,
}
WHO = ("", "good", "expired", "self-signed")

VERSIONS = pytest.mark.parametrize("version", ["1.2", "1.3"])


@pytest.fixture(params=["1.2", "1.3"])
def demanding(request: pytest.FixtureRequest, practice: PracticeOrg, tmp_path: Path) -> Iterator[str]:
    """An nginx that lets nobody in without a certificate."""
    with nginx(practice, tmp_path, "on", request.param) as where:
        yield where


def call(practice: PracticeOrg, where: str, scenario: str = "") -> Exchange:
    """A call to nginx, with a scenario's certificate, or without one."""
    org = replace(Org(**practice.endpoints), mutual_port=int(where.rpartition(":")[2]))
    identity = identity_of(practice.identity(scenario)) if scenario else None
    with Transport(org, identity) as transport:
        return transport.send(transport.prepare("GET", f"https://{where}/", {}))


@VERSIONS
@pytest.mark.parametrize("verify", VERDICTS)
def test_the_verdict_holds_what_tls_took_and_the_page_refused(
    verify: str, version: str, practice: PracticeOrg, tmp_path: Path
) -> None:
    with nginx(practice, tmp_path, verify, version) as where:
        found = [str(verdict_on(call(practice, where, who))) for who in WHO]
    assert list(VERDICTS[verify]) == found


@pytest.mark.parametrize(
    "scenario",
    ["expired", "not-yet-valid", "self-signed", "intermediate-missing", "root-not-accepted", "server-auth-only"],
)
def test_why_names_what_is_wrong_with_the_certificate(scenario: str, demanding: str, practice: PracticeOrg) -> None:
    found = why(call(practice, demanding, scenario))
    assert (scenario, "HTTP") == (found[0].name, found[0].layer)
    assert "The SSL certificate error" in found[0].evidence


def test_why_names_the_certificate_that_is_missing(demanding: str, practice: PracticeOrg) -> None:
    found = why(call(practice, demanding))
    assert "no-certificate" == found[0].name
    assert "No required SSL certificate was sent" in found[0].evidence


def test_a_certificate_that_nginx_accepts_has_nothing_to_explain(demanding: str, practice: PracticeOrg) -> None:
    found = why(call(practice, demanding, "good"))
    assert ((), False) == (found.causes, found.failed)


def test_every_byte_of_what_it_says_has_its_place(demanding: str, practice: PracticeOrg) -> None:
    handshake = call(practice, demanding, "good").handshake
    assert handshake
    assert all(tiled(message) for message in handshake.messages)
    assert not any(leaf.name == UNPARSED for message in handshake.messages for leaf in message.fields.leaves())


def test_the_authorities_that_it_names_are_read(demanding: str, practice: PracticeOrg) -> None:
    handshake = call(practice, demanding, "good").handshake
    request = handshake and handshake.first("CertificateRequest", "server")
    assert request
    assert "from Practice Client Root CA" == request.meaning


@pytest.mark.parametrize(("arguments", "verdict"), [("", SENT), (" --no-cert", MISSED)])
def test_the_magic_shows_it_with_and_without_the_certificate(
    arguments: str, verdict: str, shell: InteractiveShell, tmp_path: Path
) -> None:
    shell.run_line_magic("sf_identity", "fullcert.pem")
    practice: Any = shell.run_line_magic("sf_practice", "")
    with nginx(practice, tmp_path, "on", "1.3") as where:
        seen = shell.run_line_magic("sf_handshake", where + arguments)
        assert verdict == str(seen.verdict)
        explained = [cause.name for cause in shell.run_line_magic("sf_why", "")]
    assert (["no-certificate"] if arguments else []) == explained[:1]


@pytest.mark.parametrize(
    ("scenario", "steps", "page"),
    [
        ("good", ["version"], "version-not-served"),  # it is no org
        ("expired", ["findings", "accepted"], "expired"),
        ("", ["sent"], "no-certificate"),
    ],
)
def test_the_doctor_sees_what_nginx_does_with_the_certificate(
    scenario: str, steps: list[str], page: str, demanding: str, practice: PracticeOrg
) -> None:
    org = Org(f"https://{demanding}", mutual_port=int(demanding.rpartition(":")[2]), ca_file=practice.ca_file)
    failed = doctor(org, identity_of(practice.identity(scenario)) if scenario else None).failed
    assert (steps, {page}) == ([result.name for result in failed], {result.failure for result in failed})
