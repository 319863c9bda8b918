"""Overheard: handshakes of two OpenSSL ends in memory, with what either of them said."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sfmtls_nb.handshake import Event, Handshake, Sender
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.mutual import Issued

TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def listening(context: ssl.SSLContext) -> list[Event]:
    """What the client with this context will hear, or say: written here by hand, for the product's own is held against it."""
    events: list[Event] = []
    record = {"read": b"", "write": b""}

    def hear(_end: Any, direction: Any, _version: Any, content_type: Any, _kind: Any, data: bytes) -> None:
        sender: Sender = "client" if direction == "write" else "server"
        if content_type == 0x100:
            record[direction] = data
            if data[0] == 20:
                events.append(Event(sender, 0.001 * len(events), 20, b"\1", data))
        if content_type in {21, 22}:
            events.append(Event(sender, 0.001 * len(events), int(content_type), data, record[direction]))

    context._msg_callback = hear  # type: ignore[attr-defined]
    return events


@dataclass
class Ends:
    """A client and a server that trust each other's authorities, to be changed before they meet."""

    practice: PracticeOrg
    folder: Path
    #: What went over the wire when they last met: who sent it, and the bytes, encrypted as they were.
    wire: list[tuple[str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = ssl.create_default_context(cafile=self.practice.ca_file)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.present(self.server, self.practice.authority.server)

    def present(self, context: ssl.SSLContext, issued: Issued) -> None:
        pem = self.folder / f"{id(issued)}.pem"
        pem.write_bytes(issued.key_pem + issued.certificate_pem)
        context.load_cert_chain(pem)

    def speak(self, version: ssl.TLSVersion) -> None:
        for context in (self.client, self.server):
            context.minimum_version = context.maximum_version = version

    def meet(self, *, answer: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> Handshake:
        """The handshake of the two, as the client hears it, up to the answer or to the failure of either."""
        events = listening(self.client)
        to_client, to_server, from_client, from_server = (ssl.MemoryBIO() for _ in range(4))
        client = self.client.wrap_bio(to_client, from_client, server_hostname="localhost")
        server = self.server.wrap_bio(to_server, from_server, server_side=True)
        self.wire = []

        def carry() -> None:
            for sender, out, into in (("client", from_client, to_server), ("server", from_server, to_client)):
                if data := out.read():
                    self.wire.append((sender, data))
                    into.write(data)

        for act in (client.do_handshake, server.do_handshake) * 4:
            failed = _tried(act)
            carry()
        if not failed and answer:
            server.write(answer)
            carry()
        answered = not _tried(client.read) and not failed and bool(answer)
        return Handshake.heard(events, answered=answered)


def _tried(act: Any) -> ssl.SSLError | None:
    try:
        act()
    except ssl.SSLWantReadError:
        return None
    except ssl.SSLError as error:
        return error
    return None
