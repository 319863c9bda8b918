"""Transcript: what a CertificateVerify signs, which is all that was said before it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sfmtls_nb.handshake.kinds import HANDSHAKE
from sfmtls_nb.handshake.message import Message, starts
from sfmtls_nb.handshake.names import TLS_1_3
from sfmtls_nb.handshake.suites import hash_of

#: What stands outside of handshakes (RFC 5246, 7.4.1.1; RFC 8446, 4.4.1).
_NOT_COUNTED: Final = ("HelloRequest", "NewSessionTicket", "KeyUpdate")


@dataclass(frozen=True)
class Signed:
    """What was signed. content: the bytes. words: how they are made. transcript_hash: of the messages before; TLS 1.3 only."""

    content: bytes
    words: str
    transcript_hash: bytes = b""


def signed_by(messages: Sequence[Message], verify: Message) -> Signed | None:
    """What a CertificateVerify among these messages signs; None where that cannot be told from them."""
    end = messages.index(verify)
    begin = max(start for start in starts(messages) if start <= end)
    before = [
        message
        for message in messages[begin:end]
        if message.content_type == HANDSHAKE and message.name not in _NOT_COUNTED
    ]
    if not before or before[0].name != "ClientHello":
        return None
    if verify.agreed.version != TLS_1_3:
        # RFC 5246, 7.4.8
        return Signed(
            b"".join(message.raw for message in before), f"the {len(before)} messages before this one, as they are"
        )
    name = hash_of(verify.agreed.suite)
    try:
        digest = _transcript_hash(before, name)
    except ValueError:  # this Python's hashlib does not have it
        return None
    context = f"TLS 1.3, {verify.sender} CertificateVerify"
    return Signed(
        b" " * 64 + context.encode() + b"\0" + digest,  # RFC 8446, 4.4.3
        f"64 spaces, the words “{context}”, a zero byte, and the {name.upper()} of the {len(before)} messages before this one",
        digest,
    )


def _transcript_hash(before: Sequence[Message], name: str) -> bytes:
    """RFC 8446, 4.4.1: after a HelloRetryRequest, the first ClientHello's hash stands for it."""
    whole = hashlib.new(name)
    for at, message in enumerate(before):
        if at == 0 and any(other.name == "HelloRetryRequest" for other in before):
            digest = hashlib.new(name, message.raw).digest()
            whole.update(b"\xfe\0\0" + bytes([len(digest)]) + digest)
        else:
            whole.update(message.raw)
    return whole.digest()
