"""Adapter: requests' HTTPS with our SSLContext, over connections that keep to a call's bounds."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError

from sfmtls_nb.connection.bounds import BadChunk, BoundedSocket, BoundedTLS, seconds_left


class Adapter(HTTPAdapter):
    """requests' adapter with our SSLContext, and only it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _Pool}

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        to_proxy = ssl.create_default_context()  # a proxy that itself speaks TLS is trusted as others trust it
        to_proxy.sslsocket_class = BoundedTLS
        more = {} if proxy.lower().startswith("socks") else {"proxy_ssl_context": to_proxy}
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **more, **kwargs)
        if more:
            manager.pool_classes_by_scheme = {"https": _Pool}
        return manager

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Not requests' own: it would add certifi's roots to the context."""


class _Response(http.client.HTTPResponse):
    """An answer as http.client reads it, but for two things that it lets pass."""

    def _read_status(self) -> tuple[str, int, str]:
        """The status line, after all interim answers: http.client takes 102 and 103 for the answer (RFC 9110, 15.2)."""
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]  # not in its public face
            if not 100 < status < 200:
                return version, status, reason
            http.client.parse_headers(self.fp)

    def _safe_read(self, amt: int) -> bytes:
        """A piece of the body. A chunk of size -1 would be read without end."""
        if amt < 0:
            raise BadChunk(f"a chunk of {amt} bytes")
        return super()._safe_read(amt)  # type: ignore[misc, no-any-return]  # as above


class _Connection(HTTPSConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        self.timeout = min(float(self.timeout), seconds_left())  # type: ignore[arg-type]  # urllib3 has made it a number
        try:
            sock = super()._new_conn()
        except ConnectTimeoutError:
            seconds_left()
            raise
        timeout = sock.gettimeout()
        bounded = BoundedSocket(fileno=sock.detach())
        bounded.settimeout(timeout)
        return bounded


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection
