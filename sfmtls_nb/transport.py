"""The one place that sends. A call becomes an Exchange; every foreign exception becomes one of ours, here."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, Self, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.errors import (
    CallTimeout,
    ConnectError,
    HandshakeError,
    NotJsonError,
    NotSoapError,
    SfmtlsError,
)
from sfmtls_nb.org import Org, checked_url
from sfmtls_nb.rest import read_json
from sfmtls_nb.secret import mask, mask_session_ids
from sfmtls_nb.soap import Reply, read_reply
from sfmtls_nb.tls import client_context

_T = TypeVar("_T")

Method = Literal["GET", "POST"]

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
#: Headers whose last word is the session id or token.
SECRET_HEADERS: Final = frozenset({"authorization", "x-sfdc-session"})


class _Headers(CaseInsensitiveDict[str]):
    """Headers that show themselves with their secrets masked. What is taken out of them is as it is."""

    def __repr__(self) -> str:
        return repr({name: _without_secret(name, value) for name, value in self.items()})

    def __reduce__(self) -> NoReturn:
        raise TypeError("the headers of an Exchange are not pickled: a secret may be among them")


class _Body(bytes):
    """Bytes that show how many they are: secrets may be among them. A part of them shows itself as it is."""

    def __repr__(self) -> str:
        return f"<{len(self):,} bytes>"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("the body of an Exchange is not pickled: secrets may be among its bytes")


_UNSHOWN: Final[dict[str, Callable[[Any], object]]] = {
    "request_headers": _Headers,
    "request_body": _Body,
    "response_headers": _Headers,
    "response_body": _Body,
}


@dataclass(frozen=True)
class Exchange:
    """One call: what was sent, how, and what came back. Bodies, headers and URL may hold secrets, and its repr shows none of them.

    status: the HTTP status; None when no answer came, or nothing was sent yet. elapsed: seconds until the last byte.
    at: when it began, UTC. tls: version and cipher suite, as OpenSSL names them; empty where they are not known.
    """

    url: str
    request_headers: Mapping[str, str]
    request_body: bytes
    identity: ClientIdentity | None
    ca_file: str | Path | None
    status: int | None = None
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: bytes = b""
    elapsed: float = 0.0
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    method: Method = "POST"
    tls: str = ""

    def __post_init__(self) -> None:
        for name, kind in _UNSHOWN.items():
            object.__setattr__(self, name, kind(getattr(self, name)))

    def __repr__(self) -> str:
        status = "no answer" if self.status is None else f"HTTP {self.status}"
        return f"Exchange({self.method} {mask_session_ids(self.url)}: {status})"

    @property
    def server_date(self) -> datetime | None:
        """What the server's clock said, by its Date header; None where it said nothing."""
        try:
            return parsedate_to_datetime(self.response_headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError, OverflowError):
            return None

    def reply(self) -> Reply:
        """The answer read as SOAP. Raises what `sfmtls_nb.soap.read_reply` raises, with this exchange on it."""
        return self._read(read_reply, NotSoapError)

    def json(self) -> Any:
        """The answer read as JSON. Raises what `sfmtls_nb.rest.read_json` raises, with this exchange on it."""
        return self._read(read_json, NotJsonError)

    def _read(self, read: Callable[[bytes], _T], elsewhere: type[SfmtlsError]) -> _T:
        try:
            if self.status is not None and 300 <= self.status < 400:
                raise elsewhere(
                    "the org sends the call elsewhere, and a call with a secret in it is not sent on",
                    f"HTTP {self.status}, Location: {self.response_headers.get('Location', '(none)')}",
                    "use the host that Location names as the org's login URL, if it is yours",
                )
            return read(self.response_body)
        except SfmtlsError as error:
            error.exchange = self
            raise


def _without_secret(name: str, value: str) -> str:
    scheme, space, secret = value.rpartition(" ")
    return f"{scheme}{space}{mask(secret)}" if name.lower() in SECRET_HEADERS else mask_session_ids(value)


class Transport:
    """Connections to one org: one pool that presents the certificate, one that does not. Close it after use."""

    def __init__(self, org: Org, identity: ClientIdentity | None = None) -> None:
        self.org = org
        self.identity = identity
        self._pools: dict[bool, requests.Session] = {}

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, certificate: bool = True) -> Exchange:
        """Send ``body`` and return what came of it: `prepared` and `send` in one."""
        exchange = self.prepared("POST", url, headers, body, certificate=certificate)
        return self.send(exchange)  # alone on its line, for %xmode Verbose: see there

    def prepared(
        self, method: Method, url: str, headers: Mapping[str, str], body: bytes = b"", *, certificate: bool = True
    ) -> Exchange:
        """A call that has not been sent yet. Raises OrgError if it cannot be.

        The identity is presented on the org's mutual port and nowhere else: on 443 nobody asks for it.
        certificate: False leaves it at home there too.
        """
        port = urlsplit(checked_url(url)).port
        present = certificate and self.identity is not None and port == self.org.mutual_port
        return Exchange(
            url,
            headers,
            body,
            self.identity if present else None,
            self.org.ca_file,
            method=method,
        )

    def send(self, prepared: Exchange) -> Exchange:
        """Send it and return what came of it, whatever its HTTP status. Redirects are not followed.

        Raises ConnectError, HandshakeError or CallTimeout.
        """
        url, present = prepared.url, prepared.identity is not None
        exchange = replace(prepared, at=datetime.now(UTC))
        pool = self._pool(present=present)
        started = time.perf_counter()
        try:
            response = pool.request(
                exchange.method,
                url,
                data=exchange.request_body if exchange.method == "POST" else None,
                headers=exchange.request_headers,
                timeout=(self.org.connect_timeout, self.org.read_timeout),
                allow_redirects=False,
                proxies={} if passes_proxy(url) else get_environ_proxies(url),
                stream=True,  # while it streams, the connection can still be asked how it is encrypted
            )
            tls, body = _tls_of(response), response.content
        except KeyboardInterrupt:
            # Raised anew: a traceback that shows variables (%xmode Verbose) goes no deeper, where bodies and headers are.
            raise KeyboardInterrupt from None
        except (requests.RequestException, HTTPError, OSError) as error:
            ours = translate(error, url, self.org, presented=present)
            ours.exchange = exchange
            raise ours from error
        return replace(
            exchange,
            status=response.status_code,
            response_headers=response.headers,
            response_body=body,
            elapsed=time.perf_counter() - started,
            tls=tls,
        )

    def _pool(self, *, present: bool) -> requests.Session:
        if present not in self._pools:
            pool = requests.Session()
            # Nothing from the environment but the proxies, which _send() passes: no ~/.netrc, no REQUESTS_CA_BUNDLE.
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
    """Whether a call to it goes past the proxy that the environment names: one to this very machine does."""
    return urlsplit(url).hostname in _LOOPBACK and bool(get_environ_proxies(url))


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


# ---------------------------------------------------------------- foreign errors

_RENEW = "look at the certificate's dates and at this machine's clock"
_ASK = "ask the authority for a certificate with the extended key usage clientAuth"
_CHAIN = "send leaf and intermediates, and have a root the server accepts; a self-signed certificate never is"

#: What the server's TLS alert (RFC 8446, section 6) says of our certificate: OpenSSL's name -> (meaning, next step).
_ALERTS: Final = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": ("it demands a client certificate and got none", "sign in with identity=…"),
    "SSLV3_ALERT_HANDSHAKE_FAILURE": (
        "it found the handshake unacceptable; under TLS 1.2 a missing client certificate looks like this",
        "present a client certificate (identity=…), if you did not",
    ),
    "TLSV1_ALERT_UNKNOWN_CA": ("our chain does not lead it to a root it accepts", _CHAIN),
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": ("our certificate has expired", _RENEW),
    "SSLV3_ALERT_CERTIFICATE_REVOKED": ("our certificate has been revoked", "have a new certificate issued"),
    "SSLV3_ALERT_BAD_CERTIFICATE": ("our certificate is not acceptable; perhaps it is not valid yet", _RENEW),
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": ("our certificate is not made for client authentication", _ASK),
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": ("it cannot accept our certificate and does not say why", _CHAIN),
    "TLSV1_ALERT_ACCESS_DENIED": (
        "our certificate is valid and not welcome",
        "see that the leaf is the registered one",
    ),
    "TLSV1_ALERT_PROTOCOL_VERSION": ("it does not speak our TLS version", "this side speaks TLS 1.2 and 1.3 only"),
}


_AGAIN: Final = "repeat the call; if it comes again, the connection or a proxy on the way is cutting answers short"

#: The first row with an exception that is among the causes says what happened: kinds, our error, what, evidence
#: (empty: the exception's own words), next step. The order counts: a requests ConnectTimeout is a Timeout too, and a
#: proxy may be the host that is not there.
_CONNECTION: Final[tuple[tuple[tuple[type[BaseException], ...], type[ConnectError], str, str, str], ...]] = (
    (
        (requests.exceptions.ProxyError,),
        ConnectError,
        "the proxy on the way to {where} did not let the call through",
        "",
        "ask whoever runs the proxy to allow CONNECT to that host and port, 8443 as well as 443",
    ),
    (
        (socket.gaierror,),
        ConnectError,
        "there is no host {host}",
        "",
        "check its spelling (My Domain: Setup > My Domain), and that this machine can look up names",
    ),
    (
        (requests.exceptions.ConnectTimeout,),
        CallTimeout,
        "{where} did not take the connection within {connect:g} s",
        "no answer at all, as from a firewall that drops packets",
        "see that outgoing connections to this port are allowed; many networks let out 443 but not 8443",
    ),
    (
        (TimeoutError, requests.exceptions.Timeout),
        CallTimeout,
        "{where} took the connection and then said nothing in time",
        "no byte within {read:g} s (within {connect:g} s during the TLS handshake)",
        "try again; if it comes again, see what listens there, or raise Org.read_timeout for a long call",
    ),
    (
        (ConnectionRefusedError,),
        ConnectError,
        "nobody listens at {where}",
        "",
        "check the port; a practice org must be running, and has other ports after each start",
    ),
    (
        (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError),
        ConnectError,
        "the answer of {where} was cut off",
        "",
        _AGAIN,
    ),
)


def translate(error: BaseException, url: str, org: Org, *, presented: bool) -> SfmtlsError:
    """The SfmtlsError that says what a requests, urllib3, ssl or socket exception means.

    presented: whether the connection had a client certificate to present.
    """
    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port or 443}"
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _server_refused(cause, where, org)
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            return _tls_error(cause, where)
    facts = {"host": parts.hostname, "where": where, "connect": org.connect_timeout, "read": org.read_timeout}
    for kinds, kind, what, evidence, next_step in _CONNECTION:
        for cause in causes:
            if isinstance(cause, kinds):
                return kind(what.format(**facts), evidence.format(**facts) or _words(cause), next_step)
    hint = "an end right after a TLS 1.3 handshake usually means that the server refused our certificate: check it"
    return ConnectError(
        f"the connection to {where} ended before an answer came",
        _words(causes[-1]),
        hint if presented else "repeat the call; if it comes again, the server may want a client certificate here",
    )


def _server_refused(error: ssl.SSLCertVerificationError, where: str, org: Org) -> HandshakeError:
    """We do not trust the server; there is no way round it but to name its root."""
    wrong_name = "mismatch" in error.verify_message or "not valid for" in error.verify_message
    trusted = f"only the roots in {org.ca_file}" if org.ca_file else "the public roots"
    return HandshakeError(
        f"the certificate of {where} is not for this host" if wrong_name else f"{where} is not trusted",
        f"{error.verify_message}; trusted are {trusted}",
        "use the host name that is in the server's certificate"
        if wrong_name
        else "if this is a private server, name the file with its root certificate: Org(ca_file=…); if it should be "
        "Salesforce, something on the way is answering in its place",
    )


def _tls_error(error: ssl.SSLError, where: str) -> HandshakeError:
    reason = error.reason or str(error)
    if reason in _ALERTS:
        meaning, next_step = _ALERTS[reason]
        return HandshakeError(f"{where} refused the TLS connection: {meaning}", f"TLS alert {reason}", next_step)
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return HandshakeError(f"{where} does not speak TLS", reason, "check the port: it may be one for plain HTTP")
    return HandshakeError(f"TLS with {where} failed", reason, "openssl s_client -connect shows the handshake in full")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all it wraps, by whatever attribute its library chose for that; outermost first."""
    pending: list[object] = [error]
    seen: set[int] = set()
    while pending:
        current = pending.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        pending += [current.__cause__, getattr(current, "reason", None), *current.args, current.__context__]


def _words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"{type(error).__name__}: {error}"
