"""Transport: the one place that sends. A Request becomes an Exchange, or one of our errors."""

from __future__ import annotations

import os
import re
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Self
from urllib.parse import urlsplit
from urllib.request import getproxies

import requests
from requests.utils import default_headers, get_environ_proxies, select_proxy, should_bypass_proxies
from urllib3.exceptions import HTTPError

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection.adapter import Adapter
from sfmtls_nb.connection.bounds import TooMuchCame, bounded
from sfmtls_nb.connection.context import Version, client_context
from sfmtls_nb.connection.failures import causes_of, translate
from sfmtls_nb.connection.recording import Listener
from sfmtls_nb.connection.request import Exchange, Method, Request
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.org import Org, checked_url
from sfmtls_nb.secret import SecretBytes

# Name and value of a header (RFC 9110, 5.1 and 5.5), but for the bytes beyond ASCII, which no two servers read alike.
_NAME: Final = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_VALUE: Final = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class Transport:
    """Connections to one org: one pool that presents the certificate, one that does not. Close it after use."""

    def __init__(self, org: Org, identity: ClientIdentity | None = None, tls: Version | None = None) -> None:
        """``tls``: offer that version alone."""
        self.org, self._tls = org, tls
        self.identity = identity.toward(org) if identity else None
        # By process too: a forked child that wrote into its parent's connections would spoil them for both.
        self._pools: dict[tuple[int, bool], Adapter] = {}

    def prepare(
        self, method: Method, url: str, headers: Mapping[str, str], body: bytes = b"", *, certificate: bool = True
    ) -> Request:
        """A call to this org. Raises OrgError if the URL is none to send a secret to, SfmtlsError for a header that cannot be.

        The identity is presented on the org's mutual port and nowhere else: on 443 nobody asks for it.
        certificate: False leaves it at home there too.
        """
        # By name alone: a value may be a secret, for the message and for whoever shows the variables of a traceback.
        if unfit := [name for name, value in headers.items() if not _can_be_sent(name, value)]:
            raise SfmtlsError(
                f"the header {unfit[0]!r} cannot be sent",
                "its name or value is no text, or has a character that is not ASCII or not visible, or spaces around it",
                "write both in plain ASCII, such as headers={'Sforce-Query-Options': 'batchSize=200'}",
            )
        present = certificate and urlsplit(checked_url(url)).port == self.org.mutual_port
        return Request(method, url, headers, body, self.identity if present else None, self.org.ca_file)

    def send(self, request: Request) -> Exchange:
        """Send it and return what came of it, whatever its HTTP status. Redirects are not followed.

        Raises ConnectError, HandshakeError, CallTimeout or AnswerLimitError, with the exchange on it.
        """
        at, started, listener = datetime.now(UTC), time.perf_counter(), Listener()
        try:
            pool = self._pool(present=request.identity is not None)
            with bounded(self.org.call_timeout, self.org.answer_limit), listener:
                response = pool.send(
                    _prepared(request),
                    timeout=(self.org.connect_timeout, self.org.read_timeout),
                    proxies=environment_proxies(request.url),
                    stream=True,  # while it streams, the connection can still be asked how it is encrypted
                )
                listener.look_at(getattr(response.raw.connection, "sock", None))
                tls, body = _tls_of(response), _body(response, self.org.answer_limit)
        except KeyboardInterrupt:
            # Raised anew: a traceback that shows variables (%xmode Verbose) goes no deeper, where bodies and headers are.
            raise KeyboardInterrupt from None
        except (requests.RequestException, HTTPError, OSError) as error:
            by_proxy = bool(select_proxy(request.url, environment_proxies(request.url)))
            ours = translate(error, request.url, self.org, presented=request.identity is not None, by_proxy=by_proxy)
            ours.exchange = Exchange(request, at=at, recorded=listener.recorded)
            for cause in causes_of(error):
                # As above: the frames of the HTTP libraries hold headers and body as plain text; so does their request.
                cause.__traceback__ = None
                if isinstance(cause, requests.RequestException):
                    cause.request = cause.response = None
            raise ours from error
        elapsed = time.perf_counter() - started
        return Exchange(request, response.status_code, response.headers, body, elapsed, at, tls, listener.recorded)

    def _pool(self, *, present: bool) -> Adapter:
        key = (os.getpid(), present)
        if key not in self._pools:
            identity = self.identity if present else None
            self._pools[key] = Adapter(client_context(self.org.ca_file, identity, self.org.trust, self._tls))
        return self._pools[key]

    def close(self) -> None:
        """Close every connection. A later call opens new ones."""
        while self._pools:
            self._pools.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _prepared(request: Request) -> requests.PreparedRequest:
    """The call as requests' adapter takes it.

    Not by a `requests.Session`, which would ask ~/.netrc, REQUESTS_CA_BUNDLE and its cookies, and follow redirects: a call
    depends on what it sends alone, and one with a secret in it is not sent on. All that took a fifth of the whole call.
    """
    prepared = requests.PreparedRequest()
    prepared.method = request.method
    prepared.prepare_url(request.url, None)
    prepared.headers = default_headers()
    prepared.headers.update(request.headers)
    if request.method in ("POST", "PATCH"):
        prepared.body = request.body or None  # an empty one would go in chunks
        prepared.prepare_content_length(prepared.body)
    return prepared


def passes_proxy(url: str) -> bool:
    """True if a call goes past the proxy that the environment names, as one to this very machine does."""
    return urlsplit(url).hostname in _LOOPBACK and bool(get_environ_proxies(url))


def environment_proxies(url: str) -> dict[str, str]:
    """The proxies of the environment for a URL; none for this very machine."""
    if urlsplit(url).hostname in _LOOPBACK:
        return {}
    # Asked for first: where there are none, as mostly, NO_PROXY need not be read, which takes as long again.
    proxies = getproxies()
    return {} if not proxies or should_bypass_proxies(url, no_proxy=None) else proxies


def _can_be_sent(name: object, value: object) -> bool:
    return isinstance(name, str) and isinstance(value, str) and bool(_NAME.fullmatch(name) and _VALUE.fullmatch(value))


def _tls_of(response: requests.Response) -> str:
    """TLS version and cipher suite of the connection that a response is still coming over."""
    sock = getattr(response.raw.connection, "sock", None)
    cipher = sock.cipher() if isinstance(sock, ssl.SSLSocket) else None
    return f"{cipher[1]}, {cipher[0]}" if cipher else ""


def _body(response: requests.Response, limit: int) -> SecretBytes:
    """The body, unpacked, counted as it comes: a few hundred bytes of gzip can hold a billion."""
    body = bytearray()
    for piece in response.iter_content(262_144):
        body += piece
        if len(body) > limit:
            response.close()  # what is left of it is not to be read as the next answer
            raise TooMuchCame
    return SecretBytes(body)
