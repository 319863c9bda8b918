"""Mutations: whatever bytes come, each is in one field, nothing is raised, and it is over soon."""

from __future__ import annotations

import random
import ssl
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from overheard import TLS_1_2, TLS_1_3, Ends
from written import DHE_RSA, ECDHE_ECDSA, EXTENSIONS, MESSAGES, NEW, OLD, RSA, extension_in, message, tiled, v16, v24

from sfmtls_nb.handshake import Event, Handshake, Message, Sender
from sfmtls_nb.handshake.bodies import Agreed
from sfmtls_nb.practice import PracticeOrg

HOW_MANY = 100_000
AGREED = [Agreed(), *(Agreed(OLD, suite) for suite in (ECDHE_ECDSA, DHE_RSA, RSA)), Agreed(NEW, 0x1301)]
CONTENT_TYPES = [20, 21, 22, 22, 22, 99]
SENDERS: list[Sender] = ["client", "server"]

messages = st.builds(
    Message,
    st.sampled_from(SENDERS),
    st.binary(max_size=300),
    st.sampled_from(CONTENT_TYPES),
    agreed=st.sampled_from(AGREED),
)


@given(messages)
def test_whatever_the_bytes_are_each_is_in_one_field(message: Message) -> None:
    assert tiled(message)
    assert str(message)
    assert message.hexdump(message.fields) if message.raw else True


@given(st.lists(messages, max_size=20), st.booleans())
def test_whatever_was_said_there_is_a_verdict_and_a_picture(said: list[Message], answered: bool) -> None:
    events = [Event(one.sender, 0.0, one.content_type, one.raw) for one in said]
    handshake = Handshake.heard(events, answered=answered)
    assert handshake.verdict.text in str(handshake)
    for one in handshake.messages:
        handshake.signed_by(one)


def seeds(practice: PracticeOrg, folder: Path) -> list[Message]:
    """Messages of real handshakes, and those written by hand."""
    real: list[Message] = []
    for version in (TLS_1_2, TLS_1_3):
        ends = Ends(practice, folder)
        ends.speak(version)
        ends.client.load_cert_chain(practice.client.fullcert)
        ends.server.verify_mode = ssl.CERT_REQUIRED
        ends.server.load_verify_locations(practice.client.root)
        real += ends.meet().messages
    written = [found for found, _ in MESSAGES.values()]
    return [*real, *written, *(extension_in(kind, number, body) for kind, number, body, _ in EXTENSIONS.values())]


def mutated(raw: bytes, other: bytes, chance: random.Random) -> bytes:
    """Bytes that are almost these: a few are changed, taken out, put in, said twice, or another message's."""
    data = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        at, to = sorted(chance.choices(range(len(data) + 1), k=2))
        change = chance.randrange(6)
        if change == 0 and at < len(data):
            data[at] = chance.choice((0, 1, 2, 3, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        elif change == 1:
            del data[at : min(to, at + 40)]
        elif change == 2:
            data[at:at] = chance.randbytes(chance.randint(1, 8))
        elif change == 3:
            data[at:at] = data[at : min(to, at + 40)]
        elif change == 4:
            data[at:to] = other[at:to]
        else:
            del data[to:]
    return bytes(data)


@pytest.mark.slow
def test_a_hundred_thousand_mutated_messages_are_read_without_an_exception_and_without_a_stop(
    practice: PracticeOrg, tmp_path: Path
) -> None:
    chance = random.Random(8446)  # noqa: S311  # the same each time
    known = seeds(practice, tmp_path)
    # Reading a certificate takes OpenSSL's time, not ours, and there are three in a chain: of those, fewer.
    weights = [1 if len(message.raw) > 500 else 8 for message in known]
    slowest = 0.0
    for original in chance.choices(known, weights, k=HOW_MANY):
        raw = mutated(original.raw, chance.choice(known).raw, chance)
        changed = Message(original.sender, raw, original.content_type, agreed=chance.choice([original.agreed, *AGREED]))
        began = time.process_time()
        assert tiled(changed), raw.hex()
        slowest = max(slowest, time.process_time() - began)
    assert slowest < 1


@pytest.mark.parametrize(
    "large",
    [
        message(11, v24(v24(b"x") * 50_000), OLD),
        message(11, v24(v24() * 50_000), OLD),
        extension_in("ClientHello", 10, v16(bytes(65_000))),
        extension_in("CertificateRequest", 47, v16(v16() * 32_000)),
        message(1, bytes(1_000_000), NEW),
    ],
    ids=["certificates", "empty certificates", "groups", "authorities", "zeroes"],
)
def test_a_message_that_is_made_large_is_read_in_the_time_that_its_length_takes(large: Message) -> None:
    began = time.process_time()
    assert tiled(large)
    assert time.process_time() - began < 30
