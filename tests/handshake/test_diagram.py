"""Diagram: a handshake as a text that can be read at a glance, and a message as its fields."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from overheard import TLS_1_2, TLS_1_3, Ends
from written import message, u8, u16, v16

from sfmtls_nb.handshake import Field, Handshake
from sfmtls_nb.handshake.dump import hexdump
from sfmtls_nb.practice import PracticeOrg


@pytest.fixture
def ends(practice: PracticeOrg, tmp_path: Path) -> Ends:
    made = Ends(practice, tmp_path)
    made.client.load_cert_chain(practice.client.fullcert)
    made.server.verify_mode = ssl.CERT_REQUIRED
    made.server.load_verify_locations(practice.client.root)
    return made


def picture(ends: Ends, version: ssl.TLSVersion) -> list[str]:
    ends.speak(version)
    return str(ends.meet()).splitlines()


def rows(ends: Ends, version: ssl.TLSVersion, *names: str) -> list[str]:
    """The rows of the picture that show messages of these names."""
    return [row for row in picture(ends, version)[5:] if {*names} & {*row[6:48].split()}]


def test_the_first_lines_say_what_was_agreed_on_and_what_became_of_the_certificate(ends: Ends) -> None:
    assert picture(ends, TLS_1_3)[:3] == [
        "TLS 1.3, TLS_AES_256_GCM_SHA384",
        "your certificate was sent, proven, and accepted",
        "  proof: message 13, NewSessionTicket",
    ]


def test_the_client_is_on_the_left_and_the_org_on_the_right(ends: Ends) -> None:
    client, server = (line[:48].rstrip() for line in picture(ends, TLS_1_3)[5:7])
    assert client == "   1  ClientHello ─────────────────────────────▶"
    assert server == "   2  ◀───────────────────────────── ServerHello"


def test_what_is_encrypted_is_drawn_so(ends: Ends) -> None:
    drawn = rows(ends, TLS_1_2, "Certificate", "CertificateRequest", "CertificateVerify", "Finished")
    assert [False, False, False, False, True, True] == ["═" in row for row in drawn]


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_what_makes_it_mutual_is_marked(ends: Ends, version: ssl.TLSVersion) -> None:
    ends.speak(version)
    assert [message.name for message in ends.meet().mutual] == [
        "CertificateRequest",
        "Certificate",
        "CertificateVerify",
    ]


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_the_alert_that_refuses_is_marked_too(ends: Ends, version: ssl.TLSVersion) -> None:
    ends.client.load_cert_chain(ends.practice.identity("expired").fullcert)
    assert ["▌"] == [row[0] for row in rows(ends, version, "Alert")]


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_an_alert_about_something_else_is_not_marked(ends: Ends, version: ssl.TLSVersion) -> None:
    ends.client = ssl.create_default_context(cafile=ends.practice.client.root)
    assert [" "] == [row[0] for row in rows(ends, version, "Alert")]


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_no_line_is_so_long_that_a_notebook_breaks_it(ends: Ends, version: ssl.TLSVersion) -> None:
    assert max(len(line) for line in picture(ends, version)) <= 110


def test_without_any_message_there_is_no_picture() -> None:
    assert "nothing was agreed on\nthe messages of this handshake were not recorded" == str(Handshake())


def test_a_message_shows_why_it_exists_and_its_fields() -> None:
    asked = message(13, u8(1, 64) + v16(u16(0x0403)) + v16(), 0x0303)
    assert str(asked).splitlines() == [
        "The server asks the client for a certificate: only now can this become mutual TLS.",
        "    0    12  CertificateRequest                names no authorities: from any",
        "    0     1    type                            0d  = CertificateRequest",
        "    1    11    body                            names no authorities: from any",
        "    1     3      length                        00 00 08  = 8",
        "    4     2      certificate_types",
        "    4     1        length                      01  = 1",
        "    5     1        type                        40  = ecdsa_sign",
        "    6     4      signature_algorithms",
        "    6     2        length                      00 02  = 2",
        "    8     2        scheme                      04 03  = ecdsa_secp256r1_sha256",
        "   10     2      distinguished_names",
        "   10     2        length                      00 00  = 0",
    ]


@pytest.mark.parametrize(
    ("offset", "length", "row"),
    [
        (0, 16, "[00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00]"),
        (3, 1, " 00 00 00[00]00 00 00 00 00 00 00 00 00 00 00 00 "),
        (12, 20, " 00 00 00 00 00 00 00 00 00 00 00 00[00 00 00 00]"),
        (12, 4, " 00 00 00 00 00 00 00 00 00 00 00 00[00 00 00 00]"),
    ],
)
def test_a_field_is_marked_in_the_hex_dump(offset: int, length: int, row: str) -> None:
    assert row in hexdump(bytes(48), Field("x", offset, length)).splitlines()[0]


def test_a_field_over_several_rows_is_marked_in_each() -> None:
    rows = hexdump(bytes(48), Field("x", 14, 20)).splitlines()
    assert [row.count("[") for row in rows] == [1, 1, 1]
    assert rows[2].startswith("0020 [00 00]00")
