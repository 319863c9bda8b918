"""No test can reach a real host: Python in here, and in every process started from here, connects to loopback only.

pytest imports this in conftest.py; for child processes (kernels, the command line) the folder is put on PYTHONPATH,
where Python looks for a sitecustomize module at its start.
"""

from __future__ import annotations

import socket
from typing import Any

import pytest_socket

_LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::", "", None, socket.gethostname())  # noqa: S104
_real_getaddrinfo = socket.getaddrinfo


def _getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
    if host not in _LOCAL:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known (the tests are offline)")
    return _real_getaddrinfo(host, *arguments, **options)


def block() -> None:
    """Refuse every connection that leaves this machine, and every look-up of a name."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)
    socket.getaddrinfo = _getaddrinfo


block()
