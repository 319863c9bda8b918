"""Failures: exceptions of requests, urllib3, ssl and socket become ours, by tables."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import requests

from sfmtls_nb.errors import CallTimeout, ConnectError, HandshakeError, SfmtlsError
from sfmtls_nb.org import Org

_RENEW = "look at the certificate's dates and at this machine's clock"
_ASK = "ask the authority for a certificate with the extended key usage clientAuth"
_CHAIN = "send leaf and intermediates, and have a root the server accepts; a self-signed certificate never is"

#: Meaning of the server's TLS alerts (RFC 8446, section 6) for our certificate: OpenSSL's name -> (meaning, next step).
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

#: The first row with an exception that is among the causes applies: exceptions, our error, its message, evidence
#: (empty: the exception's own words) and next step. The order counts: a requests ConnectTimeout is a Timeout too, and a
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
    """The SfmtlsError for an exception of requests, urllib3, ssl or socket.

    presented: whether the connection had a client certificate to present.
    """
    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port or 443}"
    causes = list(causes_of(error))
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
    trusted = f"only the roots in {org.ca_file!s}" if org.ca_file else "the public roots"
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


def causes_of(error: BaseException) -> Iterator[BaseException]:
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
