"""Cutting: a proxy that knows nothing of TLS or HTTP, and ends connections in the middle of whatever goes over them."""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from random import Random

from raw_server import serving

from sfmtls_nb import Org

#: SO_LINGER with no time to linger: closing resets the connection.
_RESET = struct.pack("ii", 1, 0)


@dataclass
class Cuts:
    """How many cuts are to be made, and how many have been; then all goes through."""

    wanted: int
    made: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> bool:
        """True if there is a cut to be made, which is then counted."""
        with self.lock:
            taken = self.made < self.wanted
            self.made += taken
            return taken


@contextmanager
def cutting(org: Org, cuts: int, most_bytes: int, seed: int = 0) -> Iterator[tuple[Org, Cuts]]:
    """The org behind a proxy at its mutual port, and the proxy's cuts.

    Each connection carries some bytes of answers, by the seed up to the most; then it is ended or reset.
    """
    random, cut = Random(seed), Cuts(cuts)  # noqa: S311  # for the tests' own choices

    def behave(client: socket.socket) -> None:
        left, reset = random.randint(1, most_bytes), random.random() < 0.5
        with closing(socket.create_connection(("localhost", org.mutual_port))) as server:
            while True:
                readable, *_ = select.select([client, server], [], [])
                if client in readable:
                    if not (data := client.recv(65536)):
                        return
                    server.sendall(data)
                if server in readable:
                    if not (data := server.recv(65536)):
                        return
                    if left <= len(data) and cut.take():
                        client.sendall(data[:left])
                        if reset:
                            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                        return
                    left -= len(data)
                    client.sendall(data)

    with serving(behave) as address:
        yield replace(org, mutual_port=int(address.rpartition(":")[2])), cut
