"""Handshakes: the messages of TLS, byte by byte, and what they show of the certificate."""

from sfmtls_nb.handshake.field import Field
from sfmtls_nb.handshake.handshake import Handshake
from sfmtls_nb.handshake.message import Event, Message, Sender
from sfmtls_nb.handshake.verdict import Verdict, judge

__all__ = ["Event", "Field", "Handshake", "Message", "Sender", "Verdict", "judge"]
