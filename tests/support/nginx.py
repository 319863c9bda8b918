"""Nginx: the web server that most people meet a CertificateRequest at, as its configuration file has it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sfmtls_nb.practice import PracticeOrg

#: On Debian it is where only root looks.
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")

_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_protocols {protocol};
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.pem;
        ssl_client_certificate {root};
        ssl_verify_client {verify};
        ssl_verify_depth 3;
        default_type application/json;
        return 200 "[]";
    }}
}}
"""


@contextmanager
def nginx(practice: PracticeOrg, folder: Path, verify: str, version: str) -> Iterator[str]:
    """``HOST:PORT`` of an nginx that trusts the practice org's authority. verify: its ssl_verify_client. version: of TLS."""
    server = practice.authority.server
    (folder / "server.pem").write_bytes(server.key_pem + server.certificate_pem)
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder, port=port, protocol=f"TLSv{version}", verify=verify, root=practice.client.root
        )
    )
    assert NGINX
    running = subprocess.Popen([NGINX, "-e", folder / "error.log", "-c", configuration], stderr=subprocess.DEVNULL)
    try:
        _wait(port, folder / "error.log")
        yield f"localhost:{port}"
    finally:
        running.terminate()
        running.wait()


def _wait(port: int, log: Path) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text())
