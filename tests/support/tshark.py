"""Tshark: what Wireshark's dissector says of a handshake, for ours to be held against."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from lxml import etree
from pcap import CLIENT_IP

from sfmtls_nb.handshake import Sender

needed = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="there is no tshark: on Debian, apt-get install tshark"
)


@dataclass(frozen=True)
class Part:
    """A stretch of a message, by Wireshark. offset: from the message's first byte. words: as they are shown."""

    name: str
    offset: int
    length: int
    value: str
    words: str


@dataclass
class Dissected:
    """A message, by Wireshark."""

    sender: Sender
    protocol: Literal["handshake", "alert", "change_cipher_spec"]
    length: int
    parts: list[Part] = field(default_factory=list)


_PROTOCOLS: dict[str, Literal["handshake", "alert", "change_cipher_spec"]] = {
    "tls.handshake": "handshake",
    "tls.alert_message": "alert",
    "tls.change_cipher_spec": "change_cipher_spec",
}
# What it says without it being bytes of the message, and what it takes apart that is one field here.
_BESIDE = ("ja3", "random_time", "random_bytes", "sig_hash_hash", "sig_hash_sig", "ticket.lifetime_hint.", "fragment")


def dissect(capture: Path, keys: Path) -> list[Dissected]:
    """The messages in a capture, in their order. keys: the file that SSLKEYLOGFILE would name."""
    command = ["tshark", "-r", str(capture), "-o", f"tls.keylog_file:{keys}", "-T", "pdml"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    return [message for packet in etree.fromstring(done.stdout).iter("packet") for message in _messages(packet)]


def _messages(packet: etree._Element) -> list[Dissected]:
    sender: Sender = "client" if packet.xpath("string(.//field[@name='ip.src']/@show)") == CLIENT_IP else "server"
    return [
        _message(found, sender, _PROTOCOLS[str(found.get("name"))])
        for found in packet.iter("field")
        if found.get("name") in _PROTOCOLS
    ]


def _message(
    found: etree._Element, sender: Sender, protocol: Literal["handshake", "alert", "change_cipher_spec"]
) -> Dissected:
    # The first field's: of a message that was encrypted, its own is still that in the packet.
    start, length = int(str(found.xpath("string(field[1]/@pos)") or "0")), int(found.get("size", "0"))
    parts = [
        Part(name, int(part.get("pos", "0")) - start, size, part.get("value", ""), part.get("showname", ""))
        for part in found.iter("field")
        if part is not found
        and (name := str(part.get("name"))).startswith("tls.")
        and (size := int(part.get("size", "0")))
        and not any(word in name for word in _BESIDE)
    ]
    return Dissected(sender, protocol, length, parts)
