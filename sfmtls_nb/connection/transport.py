"""Transport: the one place that sends. A Request becomes an Exchange, or one of our errors."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection.context import client_context
from sfmtls_nb.connection.failures import causes_of, translate
from sfmtls_nb.connection.request import Exchange, Headers, Method, Request
from sfmtls_nb.org import Org, checked_url

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class Transport:
    """Connections to one org: one pool that presents the certificate, one that does not. Close it after use."""

    def __init__(self, org: Org, identity: ClientIdentity | None = None) -> None:
        self.org = org
        self.identity = identity.toward(org) if identity else None
        self._pools: dict[bool, requests.Session] = {}

    def prepare(
        self, method: Method, url: str, headers: Mapping[str, str], body: bytes = b"", *, certificate: bool = True
    ) -> Request:
        """A call to this org. Raises OrgError if the URL is none to send a secret to.

        The identity is presented on the org's mutual port and nowhere else: on 443 nobody asks for it.
        certificate: False leaves it at home there too.
        """
        present = certificate and urlsplit(checked_url(url)).port == self.org.mutual_port
        return Request(method, url, headers, body, self.identity if present else None, self.org.ca_file)

    def send(self, request: Request) -> Exchange:
        """Send it and return what came of it, whatever its HTTP status. Redirects are not followed.

        Raises ConnectError, HandshakeError or CallTimeout, with the exchange on it.
        """
        pool = self._pool(present=request.identity is not None)
        at, started = datetime.now(UTC), time.perf_counter()
        try:
            response = pool.request(
                request.method,
                request.url,
                data=request.body if request.method == "POST" else None,
                headers=request.headers,
                timeout=(self.org.connect_timeout, self.org.read_timeout),
                allow_redirects=False,
                proxies=_proxies(request.url),
                stream=True,  # while it streams, the connection can still be asked how it is encrypted
            )
            tls, body = _tls_of(response), response.content
        except KeyboardInterrupt:
            # Raised anew: a traceback that shows variables (%xmode Verbose) goes no deeper, where bodies and headers are.
            raise KeyboardInterrupt from None
        except (requests.RequestException, HTTPError, OSError) as error:
            ours = translate(error, request.url, self.org, presented=request.identity is not None)
            ours.exchange = Exchange(request, at=at)
            for cause in causes_of(error):
                # As above: the frames of the HTTP libraries hold headers and body as plain text.
                cause.__traceback__ = None
            raise ours from error
        elapsed = time.perf_counter() - started
        return Exchange(request, response.status_code, Headers(response.headers), body, elapsed, at, tls)

    def _pool(self, *, present: bool) -> requests.Session:
        if present not in self._pools:
            pool = requests.Session()
            # Nothing from the environment but the proxies, which `send` passes: no ~/.netrc, no REQUESTS_CA_BUNDLE.
            pool.trust_env = False
            pool.mount("https://", _Adapter(client_context(self.org.ca_file, self.identity if present else None)))
            self._pools[present] = pool
        return self._pools[present]

    def close(self) -> None:
        """Close every connection. A later call opens new ones."""
        while self._pools:
            self._pools.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def passes_proxy(url: str) -> bool:
    """True if a call goes past the proxy that the environment names, as one to this very machine does."""
    return urlsplit(url).hostname in _LOOPBACK and bool(get_environ_proxies(url))


def _proxies(url: str) -> dict[str, str]:
    """The proxies of the environment for a URL; none for this very machine."""
    return {} if urlsplit(url).hostname in _LOOPBACK else get_environ_proxies(url)


class _Adapter(HTTPAdapter):
    """requests' adapter with our SSLContext, and only it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Not requests' own: it would add certifi's roots to the context."""


def _tls_of(response: requests.Response) -> str:
    """TLS version and cipher suite of the connection that a response is still coming over."""
    sock = getattr(response.raw.connection, "sock", None)
    cipher = sock.cipher() if isinstance(sock, ssl.SSLSocket) else None
    return f"{cipher[1]}, {cipher[0]}" if cipher else ""
