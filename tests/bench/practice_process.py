"""A practice org in a process of its own, so that what it costs is not counted as the client's."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from sfmtls_nb import Org


@contextmanager
def practice_process() -> Iterator[dict[str, Any]]:
    """What org.json says of a ``sfmtls-nb practice`` that runs."""
    command = [sys.executable, "-m", "sfmtls_nb.command.cli", "practice"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            lines: list[str] = []
            while lines[-1:] != ["}\n"]:
                lines.append(next(process.stdout))
            yield json.loads("".join(lines))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)


def org_of(described: dict[str, Any]) -> Org:
    """The practice org as the client has it."""
    return Org(described["login_url"], urlsplit(described["mutual_url"]).port or 8443, ca_file=described["ca_file"])
