"""Verdict: what became of the certificate, in one line, with the message that proves it; real TLS in both versions."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from overheard import TLS_1_2, TLS_1_3, Ends

from sfmtls_nb.handshake import Handshake, Message, Sender, judge
from sfmtls_nb.practice import PracticeOrg

VERSIONS = pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])


@pytest.fixture
def ends(practice: PracticeOrg, tmp_path: Path) -> Ends:
    """A server that wants a certificate of the practice org's authority."""
    made = Ends(practice, tmp_path)
    made.server.verify_mode = ssl.CERT_REQUIRED
    made.server.load_verify_locations(practice.client.root)
    return made


def proof(handshake: Handshake) -> tuple[str, str]:
    """Sender and name of the message that proves the verdict."""
    assert handshake.verdict.proof is not None
    return handshake.verdict.proof.sender, handshake.verdict.proof.name


@pytest.mark.parametrize(("version", "by"), [(TLS_1_2, "Finished"), (TLS_1_3, "NewSessionTicket")])
def test_a_certificate_that_is_accepted(ends: Ends, version: ssl.TLSVersion, by: str) -> None:
    ends.speak(version)
    ends.client.load_cert_chain(ends.practice.client.fullcert)
    handshake = ends.meet()
    assert "your certificate was sent, proven, and accepted" == handshake.verdict.text
    assert ("server", by) == proof(handshake)


def test_under_tls_1_3_silence_is_no_acceptance(ends: Ends) -> None:
    ends.speak(TLS_1_3)
    ends.client.load_cert_chain(ends.practice.client.fullcert)
    ends.server.num_tickets = 0
    handshake = ends.meet(answer=b"")
    assert "your certificate was sent and proven; the org has not said whether it accepts it" == handshake.verdict.text
    assert ("client", "CertificateVerify") == proof(handshake)


def test_under_tls_1_3_an_answer_is_acceptance(ends: Ends) -> None:
    ends.speak(TLS_1_3)
    ends.client.load_cert_chain(ends.practice.client.fullcert)
    ends.server.num_tickets = 0
    assert "accepted" == ends.meet().verdict.kind


@VERSIONS
def test_a_certificate_that_is_taken_by_tls_and_refused_by_what_is_above(ends: Ends, version: ssl.TLSVersion) -> None:
    ends.speak(version)
    ends.client.load_cert_chain(ends.practice.client.fullcert)
    verdict = judge(ends.meet().messages, answered=True, above="certificate has expired")
    assert (verdict.kind, verdict.text) == (
        "refused",
        "your certificate was sent and proven, taken by TLS, and then refused: certificate has expired",
    )


@VERSIONS
def test_no_certificate_where_tls_needs_none_and_what_is_above_does(ends: Ends, version: ssl.TLSVersion) -> None:
    ends.speak(version)
    ends.server.verify_mode = ssl.CERT_OPTIONAL
    verdict = judge(ends.meet().messages, answered=True, above="No client certificate provided.")
    assert (verdict.kind, verdict.text) == (
        "not sent",
        "a certificate was asked for and not sent; TLS went on without it, and then the org refused: No client certificate provided.",
    )


@pytest.mark.parametrize(
    ("version", "alert"), [(TLS_1_2, "handshake_failure"), (TLS_1_3, "certificate_required")], ids=["1.2", "1.3"]
)
def test_no_certificate_where_one_is_needed(ends: Ends, version: ssl.TLSVersion, alert: str) -> None:
    ends.speak(version)
    handshake = ends.meet()
    assert f"a certificate was asked for and not sent, and the org refused: {alert}" == handshake.verdict.text
    assert ("server", "Alert") == proof(handshake)


@VERSIONS
def test_no_certificate_where_none_is_needed(ends: Ends, version: ssl.TLSVersion) -> None:
    ends.speak(version)
    ends.server.verify_mode = ssl.CERT_OPTIONAL
    handshake = ends.meet()
    assert "a certificate was asked for and not sent; the org went on without it" == handshake.verdict.text
    assert ("client", "Certificate") == proof(handshake)


@pytest.mark.parametrize(("version", "by"), [(TLS_1_2, "ServerHelloDone"), (TLS_1_3, "Finished")])
def test_no_certificate_is_asked_for(ends: Ends, version: ssl.TLSVersion, by: str) -> None:
    ends.speak(version)
    ends.client.load_cert_chain(ends.practice.client.fullcert)
    ends.server.verify_mode = ssl.CERT_NONE
    handshake = ends.meet()
    assert "a certificate was not asked for" == handshake.verdict.text
    assert ("server", by) == proof(handshake)


@VERSIONS
@pytest.mark.parametrize(
    ("scenario", "why"),
    [
        ("expired", "expired (certificate_expired)"),
        ("not-yet-valid", "not acceptable, perhaps not valid yet (bad_certificate)"),
        ("root-not-accepted", "its chain leads to no root that the org accepts (unknown_ca)"),
        ("intermediate-missing", "its chain leads to no root that the org accepts (unknown_ca)"),
        ("server-auth-only", "not made for client authentication (unsupported_certificate)"),
    ],
)
def test_a_certificate_that_is_refused(ends: Ends, version: ssl.TLSVersion, scenario: str, why: str) -> None:
    ends.speak(version)
    ends.client.load_cert_chain(ends.practice.identity(scenario).fullcert)
    handshake = ends.meet()
    assert f"your certificate was sent, and refused: {why}" == handshake.verdict.text
    assert ("server", "Alert") == proof(handshake)


@VERSIONS
def test_a_server_that_the_client_does_not_trust(ends: Ends, version: ssl.TLSVersion) -> None:
    ends.speak(version)
    ends.client = ssl.create_default_context(cafile=ends.practice.client.root)
    ends.client.minimum_version = ends.client.maximum_version = version
    handshake = ends.meet()
    assert "the client refused the org: unknown_ca; no certificate counts" == handshake.verdict.text
    assert ("client", "Alert") == proof(handshake)


def test_two_ends_without_a_common_version(ends: Ends) -> None:
    ends.client.minimum_version = TLS_1_3
    ends.server.maximum_version = TLS_1_2
    handshake = ends.meet()
    assert (
        "the org ended the handshake with protocol_version before a certificate was asked for" == handshake.verdict.text
    )


@VERSIONS
def test_a_recording_that_ends_early_says_how_far_it_came(ends: Ends, version: ssl.TLSVersion) -> None:
    ends.speak(version)
    ends.client.load_cert_chain(ends.practice.client.fullcert)
    whole = ends.meet()
    names = [message.name for message in whole.messages]

    def up_to(name: str, sender: Sender) -> str:
        at = [(message.sender, message.name) for message in whole.messages].index((sender, name))
        return replace(whole, messages=whole.messages[: at + 1], answered=False).verdict.text

    assert "CertificateRequest" in names
    assert up_to("ServerHello", "server") == "the connection ended before a certificate was asked for"
    assert (
        up_to("CertificateRequest", "server")
        == "a certificate was asked for, and the connection ended before one could be sent"
    )
    assert up_to("Certificate", "client") == "your certificate was sent, and the connection ended before it was proven"
    assert up_to("CertificateVerify", "client").startswith("your certificate was sent and proven; ")


def test_nothing_is_concluded_from_nothing() -> None:
    assert "the messages of this handshake were not recorded" == Handshake().verdict.text


def test_a_farewell_is_no_refusal(ends: Ends) -> None:
    ends.speak(TLS_1_3)
    ends.client.load_cert_chain(ends.practice.client.fullcert)
    ends.server.num_tickets = 0
    handshake = ends.meet(answer=b"")
    farewell = Message("server", b"\1\0", 21, agreed=handshake.messages[0].agreed)
    assert "unanswered" == judge([*handshake.messages, farewell]).kind


def test_an_alert_after_an_answer_is_about_something_else(ends: Ends) -> None:
    ends.speak(TLS_1_3)
    ends.client.load_cert_chain(ends.practice.client.fullcert)
    handshake = ends.meet()
    alert = Message("server", b"\2\x50", 21, agreed=handshake.messages[0].agreed)
    assert "accepted" == judge([*handshake.messages, alert], answered=True).kind
