"""HttpxClient: a client of httpx that signs what goes to the org, and presents the certificate there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import NoReturn, cast
from urllib.parse import urlsplit

import httpx

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection.context import client_context
from sfmtls_nb.connection.failures import causes_of
from sfmtls_nb.connection.transport import environment_proxies
from sfmtls_nb.handover.source import Source, door_of, is_ended, signed
from sfmtls_nb.secret import Secret


class HttpxClient(httpx.Client):
    """httpx's client, whose calls to the org are signed as they leave, and to other hosts are anybody's.

    The session id is in none of its attributes, and in none of the requests and responses that it gives.
    """

    def __init__(self, source: Source) -> None:
        org = source.transport.org
        super().__init__(
            base_url=door_of(source),
            transport=_OrgTransport(source),
            timeout=httpx.Timeout(org.read_timeout, connect=org.connect_timeout),
            trust_env=False,  # no ~/.netrc and no SSL_CERT_FILE; the proxies are the transport's to find
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signed-in client is not pickled: it would be a way in for whoever has the file")


class _OrgTransport(httpx.BaseTransport):
    """The ways to the org's two doors and to all other hosts, each with a pool of connections of its own."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lock = threading.Lock()
        # The identity stays with its pool: what is gone could give its id() to another.
        self._pools: dict[tuple[int, str], tuple[ClientIdentity | None, httpx.HTTPTransport]] = {}
        self._mutual = _place(httpx.URL(door_of(source, 8443)))
        self._doors = (_place(httpx.URL(door_of(source, 443))), self._mutual)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if _place(request.url) not in self._doors:
            return self._send(request)
        renewal, session_id = self._source.renewal(), self._source.session_id
        response = self._send(_signed(request, session_id))
        if response.status_code >= 400 and isinstance(request.stream, httpx.ByteStream):
            response.read()
            if is_ended(response.status_code, response.content) and (new := renewal(session_id)):
                return self._send(_signed(request, new))
        return response

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._pool(request.url).handle_request(request)
        except Exception as error:
            # The frames of the HTTP libraries hold headers and body as plain text, for what shows the variables of a traceback.
            for cause in causes_of(error):
                cause.__traceback__ = None
            raise
        response.stream = _Forgetful(response.stream)
        return response

    def _pool(self, url: httpx.URL) -> httpx.HTTPTransport:
        transport = self._source.transport
        identity = transport.identity if _place(url) == self._mutual else None
        proxies = environment_proxies(str(url))
        proxy = proxies.get(url.scheme) or proxies.get("all") or ""
        key = (id(identity), proxy)
        with self._lock:
            if key not in self._pools:
                context = client_context(transport.org.ca_file, identity, transport.org.trust)
                pool = httpx.HTTPTransport(verify=context, trust_env=False, proxy=proxy or None)
                self._pools[key] = (identity, pool)
            return self._pools[key][1]

    def close(self) -> None:
        while self._pools:
            self._pools.popitem()[1][1].close()


class _Forgetful(httpx.SyncByteStream):
    """The stream of an answer, which lets go of the request with its session id when it has been read."""

    def __init__(self, stream: httpx.SyncByteStream | httpx.AsyncByteStream) -> None:
        self._stream = cast("httpx.SyncByteStream | None", stream)

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream or ()

    def close(self) -> None:
        if self._stream:
            self._stream.close()
            self._stream = None


def _place(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or {"https": 443}.get(url.scheme, 80)


def _signed(request: httpx.Request, session_id: Secret) -> httpx.Request:
    headers = signed(dict(request.headers), urlsplit(str(request.url)).path, session_id)
    return httpx.Request(
        request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
    )
