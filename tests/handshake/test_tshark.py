"""Wireshark's dissector and ours agree: which messages there are, in which order, and what stands at each of their bytes."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable

import pytest
import tshark
from cryptography.hazmat.primitives.asymmetric import rsa
from overheard import TLS_1_2, TLS_1_3, Ends
from pcap import write_pcap
from tshark import Dissected, Part
from written import EXTENSIONS, extension_in, v16

from sfmtls_nb.handshake import Handshake, Message
from sfmtls_nb.practice import PracticeOrg

pytestmark = [tshark.needed, pytest.mark.slow]


def mutual(ends: Ends) -> None:
    ends.client.load_cert_chain(ends.practice.client.fullcert)
    ends.server.verify_mode = ssl.CERT_REQUIRED
    ends.server.load_verify_locations(ends.practice.client.root)


def refused(ends: Ends) -> None:
    mutual(ends)
    ends.client.load_cert_chain(ends.practice.identity("expired").fullcert)


def asked_in_vain(ends: Ends) -> None:
    ends.server.verify_mode = ssl.CERT_OPTIONAL


def another_key(ends: Ends) -> None:
    mutual(ends)
    ends.server.set_ecdh_curve("secp384r1")


def protocols(ends: Ends) -> None:
    ends.client.set_alpn_protocols(["h2", "http/1.1"])
    ends.server.set_alpn_protocols(["http/1.1"])


def by_rsa(ciphers: str) -> Callable[[Ends], None]:
    def prepare(ends: Ends) -> None:
        mutual(ends)
        authority = ends.practice.authority
        key = rsa.generate_private_key(65537, 2048)
        ends.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ends.server.verify_mode = ssl.CERT_REQUIRED
        ends.server.load_verify_locations(ends.practice.client.root)
        ends.present(ends.server, authority.issue("localhost", authority.server_root, key=key, names=["localhost"]))
        for context in (ends.client, ends.server):
            context.set_ciphers(ciphers)
        ends.speak(TLS_1_2)

    return prepare


SCENARIOS: dict[str, tuple[ssl.TLSVersion, Callable[[Ends], None]]] = {
    "mutual, 1.2": (TLS_1_2, mutual),
    "mutual, 1.3": (TLS_1_3, mutual),
    "refused, 1.2": (TLS_1_2, refused),
    "refused, 1.3": (TLS_1_3, refused),
    "asked in vain, 1.2": (TLS_1_2, asked_in_vain),
    "asked in vain, 1.3": (TLS_1_3, asked_in_vain),
    "another key": (TLS_1_3, another_key),
    "protocols, 1.2": (TLS_1_2, protocols),
    "protocols, 1.3": (TLS_1_3, protocols),
    "RSA": (TLS_1_2, by_rsa("AES128-GCM-SHA256")),
    "ECDHE and RSA": (TLS_1_2, by_rsa("ECDHE-RSA-AES128-GCM-SHA256")),
}


@pytest.fixture(scope="module", params=SCENARIOS)
def both(
    request: pytest.FixtureRequest, practice: PracticeOrg, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Handshake, list[Dissected]]:
    """A handshake as it is read here, and as Wireshark reads it off the wire, with the keys."""
    version, prepare = SCENARIOS[request.param]
    folder = tmp_path_factory.mktemp("tshark")
    ends = Ends(practice, folder)
    ends.speak(version)
    prepare(ends)
    ends.client.keylog_filename = str(folder / "keys.log")
    handshake = ends.meet()
    write_pcap(folder / "wire.pcap", ends.wire)
    return handshake, tshark.dissect(folder / "wire.pcap", folder / "keys.log")


def pairs(both: tuple[Handshake, list[Dissected]]) -> list[tuple[Message, Dissected]]:
    found = []
    for sender in ("client", "server"):
        ours = [message for message in both[0].messages if message.sender == sender]
        theirs = [message for message in both[1] if message.sender == sender]
        found += list(zip(ours, theirs, strict=False))
        # At the end, the client reads no further than to the answer.
        assert len(ours) <= len(theirs) <= len(ours) + 1
    return found


def test_the_same_messages_stand_in_the_same_order(both: tuple[Handshake, list[Dissected]]) -> None:
    for ours, theirs in pairs(both):
        kind = {20: "change_cipher_spec", 21: "alert", 22: "handshake"}[ours.content_type]
        assert (kind, len(ours.raw)) == (theirs.protocol, theirs.length)
        assert [ours.raw[:1].hex()] == [part.value for part in theirs.parts[:1]] or kind == "change_cipher_spec"


def test_the_same_bytes_stand_at_the_same_offsets(both: tuple[Handshake, list[Dissected]]) -> None:
    for ours, theirs in pairs(both):
        for part in theirs.parts:
            assert ours.raw[part.offset : part.offset + part.length].hex() == part.value or not part.value


def test_where_a_field_begins_and_ends_is_no_matter_of_opinion(both: tuple[Handshake, list[Dissected]]) -> None:
    for ours, theirs in pairs(both):
        borders = {border for leaf in ours.fields.leaves() for border in (leaf.offset, leaf.end)}
        assert [] == [part for part in theirs.parts if not {part.offset, part.offset + part.length} <= borders]


def test_none_of_our_fields_is_of_our_own_making(both: tuple[Handshake, list[Dissected]]) -> None:
    for ours, theirs in pairs(both):
        known = {(part.offset, part.length) for part in theirs.parts}
        leaves = ours.fields.leaves() if theirs.parts else ()
        assert [] == [leaf for leaf in leaves if (leaf.offset, leaf.length) not in known]


NAMED = (
    "ciphersuite", "extension.type", "supported_group", "sig_hash_alg", "key_share_group", "handshake.version",
    "supported_version", "client_cert_types", "alert_message.desc",
)  # fmt: skip


def test_the_names_are_the_same(both: tuple[Handshake, list[Dissected]]) -> None:
    for ours, theirs in pairs(both):
        said = {(leaf.offset, leaf.length): leaf.meaning for leaf in ours.fields.leaves()}
        named = [part for part in theirs.parts if part.name.endswith(NAMED)]
        assert [] == [part for part in named if not agrees(said.get((part.offset, part.length), ""), part)]


def agrees(said: str, part: Part) -> bool:
    """True if the words of the name are among Wireshark's, which writes ``SHA224 ECDSA`` for ecdsa_sha224."""
    ours, theirs = (set(re.findall(r"[a-z0-9.]+", words.casefold())) for words in (said, part.words))
    return bool(ours) and ours - {"pkcs1"} <= theirs


# ---------------------------------------------------------------- what OpenSSL does not send by itself

WRITTEN = {name: row for name, row in EXTENSIONS.items() if row[0] == "ClientHello"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Message, Dissected]]:
    """By their names: each extension in a ClientHello of its own."""
    folder = tmp_path_factory.mktemp("written")
    hellos = [extension_in(kind, number, body) for kind, number, body, _ in WRITTEN.values()]
    write_pcap(folder / "wire.pcap", *([("client", b"\x16\3\1" + v16(hello.raw))] for hello in hellos))
    (folder / "keys.log").touch()
    theirs = tshark.dissect(folder / "wire.pcap", folder / "keys.log")
    return dict(zip(WRITTEN, zip(hellos, theirs, strict=True), strict=True))


@pytest.mark.parametrize("name", WRITTEN)
def test_an_extension_has_its_fields_where_wireshark_has_them(
    name: str, written: dict[str, tuple[Message, Dissected]]
) -> None:
    ours, theirs = written[name]
    borders = {border for leaf in ours.fields.leaves() for border in (leaf.offset, leaf.end)}
    assert [] == [part for part in theirs.parts if not {part.offset, part.offset + part.length} <= borders]
