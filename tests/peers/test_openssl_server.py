"""`openssl s_server -msg` prints what it reads and writes: byte for byte, the client's recording has the same."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sfmtls_nb import ClientIdentity, ConnectError, Org
from sfmtls_nb.connection import Transport
from sfmtls_nb.handshake import Handshake
from sfmtls_nb.practice import PracticeOrg

Said = list[tuple[str, str]]

_BLOCK = re.compile(
    r"^(<<<|>>>) [^\n]*, (?:Handshake|Alert) \[length [0-9a-f]{4}\][^\n]*\n((?:    [0-9a-f ]+\n)+)", re.MULTILINE
)


class Server:
    """An openssl s_server, and all that it has printed so far."""

    def __init__(self, log: Path) -> None:
        self.log = log

    @property
    def port(self) -> int:
        return int(self.wait_for(r"^ACCEPT [^\n]*:(\d+)\n")[1])

    def wait_for(self, pattern: str) -> re.Match[str]:
        for _ in range(100):
            if found := re.search(pattern, self.log.read_text(), re.MULTILINE):
                return found
            time.sleep(0.05)
        raise AssertionError(f"it did not say {pattern}:\n{self.log.read_text()}")

    def said(self) -> Said:
        """Sender and bytes of each handshake message and alert, in their order."""
        return [
            ({"<<<": "client", ">>>": "server"}[way], re.sub(r"\s", "", data))
            for way, data in _BLOCK.findall(self.log.read_text())
        ]


@contextmanager
def s_server(practice: PracticeOrg, folder: Path, *options: str) -> Iterator[Server]:
    server = practice.authority.server
    (folder / "server.pem").write_bytes(server.key_pem + server.certificate_pem)
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-msg", "-cert", folder / "server.pem", *options],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Server(folder / "log")
        finally:
            running.kill()
            running.wait()


def heard(handshake: Handshake) -> Said:
    return [(message.sender, message.raw.hex()) for message in handshake.messages if message.content_type != 20]


def handshake_with(server: Server, org: Org, identity: ClientIdentity | None = None) -> Handshake:
    """The handshake of a call, whatever came of it."""
    with Transport(replace(org, mutual_port=server.port), identity) as transport:
        request = transport.prepare("GET", f"https://127.0.0.1:{server.port}/", {})
        try:
            exchange = transport.send(request)
        except ConnectError as error:
            exchange = error.exchange
    assert exchange.handshake is not None
    return exchange.handshake


VERSIONS = pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])


@VERSIONS
def test_both_ends_have_said_and_heard_the_same(
    version: str, practice: PracticeOrg, org: Org, identity: ClientIdentity, tmp_path: Path
) -> None:
    accepting = ("-Verify", "3", "-CAfile", str(practice.client.root))
    with s_server(practice, tmp_path, version, *accepting) as server:
        handshake = handshake_with(server, org, identity)
        server.wait_for(r"Alert \[length 0002\], warning")  # its log comes after what it said
        said = server.said()
    assert "accepted" == handshake.verdict.kind
    assert heard(handshake) == said[: len(heard(handshake))]
    assert len(said) - len(heard(handshake)) <= 2  # the farewells


@VERSIONS
@pytest.mark.parametrize("who", [lambda me: None, lambda me: me], ids=["without a certificate", "with a wrong one"])
def test_a_refusal_is_the_last_thing_that_either_has(
    who: Callable[[ClientIdentity], ClientIdentity | None],
    version: str,
    practice: PracticeOrg,
    org: Org,
    identity: ClientIdentity,
    tmp_path: Path,
) -> None:
    accepting = ("-Verify", "3", "-verify_return_error", "-CAfile", str(practice.ca_file))
    with s_server(practice, tmp_path, version, *accepting) as server:
        handshake = handshake_with(server, org, who(identity))
        server.wait_for(r"Alert \[length 0002\], fatal")
        said = server.said()
    assert handshake.verdict.kind in {"refused", "not sent"}
    assert handshake.verdict.proof
    assert ("server", handshake.verdict.proof.raw.hex()) == said[-1] == heard(handshake)[-1]
    # What the client said after the certificate that is refused, the server has not read any more.
    assert said[:-1] == heard(handshake)[: len(said) - 1]
    assert {"client"} == {sender for sender, _ in heard(handshake)[len(said) - 1 : -1]}
