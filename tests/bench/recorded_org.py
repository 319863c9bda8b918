"""Recorded org: the recorded answers over real TLS from a process of its own, to whoever presents a certificate.

The practice org would do, but then its speed would be part of each figure; this one sends bytes that are there.
"""

from __future__ import annotations

import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from recorded import BULK_PAGE, Recording

from sfmtls_nb import ClientIdentity, ExistingSession, Org, Session, login
from sfmtls_nb.practice.mutual import Authority

SESSION_ID = "00D5f000000PRAC!recorded"


@dataclass(frozen=True)
class RecordedOrg:
    """A recorded org that runs. pem: the client's key and certificates; ca: the root of the server's."""

    port: int
    pem: str
    ca: str

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def session(self) -> Session:
        org = Org(self.url, self.port, ca_file=Path(self.ca))
        return login(org, ExistingSession(SESSION_ID, self.url), ClientIdentity.load(Path(self.pem)))


@contextmanager
def serving(api: str, records: int, columns: int) -> Iterator[RecordedOrg]:
    """A recorded org, in a process of its own, that has made all its pages by ``api`` (soap, rest or bulk)."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [folder, api, str(records), str(columns)]
        with subprocess.Popen(
            [sys.executable, __file__, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin
            assert process.stdout
            try:
                yield RecordedOrg(int(process.stdout.readline()), f"{folder}/client.pem", f"{folder}/ca.pem")
            finally:
                process.stdin.close()  # which ends it


# ---------------------------------------------------------------- the other process


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    recording: Recording

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        kind, headers, answer = self.recording.answer(self.path, body)
        self.send_response(200)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(answer)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815  # as http.server calls them

    def log_message(self, *_: object) -> None:
        """Nothing."""


def _main(folder: Path, api: str, records: int, columns: int) -> None:
    authority = Authority(["localhost"])
    chain = authority.client
    issued = (chain.leaf, *chain.intermediates)
    (folder / "client.pem").write_bytes(chain.leaf.key_pem + b"".join(each.certificate_pem for each in issued))
    (folder / "ca.pem").write_bytes(authority.server_root.certificate_pem)
    (folder / "root.pem").write_bytes(chain.root.certificate_pem)
    (folder / "server.pem").write_bytes(authority.server.key_pem + authority.server.certificate_pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "root.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / "server.pem")
    _Handler.recording = recording = Recording(records, columns)
    made = getattr(recording, api)
    for number in recording.pages(BULK_PAGE) if api == "bulk" else recording.pages():
        made(number)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
