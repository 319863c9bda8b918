"""Pcap: what went over a wire as a file that tshark reads."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

CLIENT_IP = "10.0.0.1"
_CLIENT, _SERVER = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
_RAW_IP = 101


def write_pcap(path: Path, *wires: Iterable[tuple[str, bytes]]) -> None:
    """Write each piece that ``client`` or ``server`` sent as one packet; each wire is a TCP connection of its own."""
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, _RAW_IP)
    path.write_bytes(
        header + b"".join(packet for port, wire in enumerate(wires, 50000) for packet in _packets(port, wire))
    )


def _packets(port: int, wire: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    sent = {"client": 1, "server": 1}
    for sender, data in wire:
        if sender == "client":
            addresses, ports, numbers = _CLIENT + _SERVER, (port, 443), (sent["client"], sent["server"])
        else:
            addresses, ports, numbers = _SERVER + _CLIENT, (443, port), (sent["server"], sent["client"])
        tcp = struct.pack("!HHIIBBHHH", *ports, *numbers, 5 << 4, 0x18, 65535, 0, 0)
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 40 + len(data), 0, 0, 64, 6, 0) + addresses
        yield struct.pack("<IIII", 0, 0, 40 + len(data), 40 + len(data)) + ip + tcp + data
        sent[sender] += len(data)
