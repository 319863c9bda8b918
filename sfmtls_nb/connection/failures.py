"""Failures: exceptions of requests, urllib3, ssl and socket become ours, by tables."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from collections.abc import Iterator
from typing import Final, TypeVar
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import DecodeError, LocationValueError, NewConnectionError

from sfmtls_nb.connection.bounds import BadChunk, DeadlinePassed, HandshakeCut, TooMuchCame
from sfmtls_nb.errors import AnswerLimitError, CallTimeout, ConnectError, HandshakeError, SfmtlsError
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
#: A call with a certificate that ended without a word, and one without: what would show the reason.
_CUT_WITH: Final = (
    "repeat the call; if it comes again, make it once with certificate=False: if that gets an answer, "
    "it is our certificate that the server refuses"
)
_CUT_WITHOUT: Final = "repeat the call; if it comes again, see what listens there, and what stands on the way to it"

_Error = TypeVar("_Error", bound=ConnectError)
_Kinds = tuple[type[BaseException], ...]
_Row = tuple[str, _Kinds, type[ConnectError], str, str, str]

_NOT_HTTP: Final = (
    ConnectError,
    "the answer of {where} is not HTTP as it should be",
    "",
    "check host and port: something other than Salesforce's API may be listening there",
)

#: The first row with an exception that is among the causes applies: name of the failure, exceptions, our error, its message,
#: evidence (empty: the exception's own words) and next step. The order counts: a requests ConnectTimeout is a Timeout too, and a
#: proxy may be the host that is not there. A cause is named where the evidence shows it, and nowhere else.
_CONNECTION: Final[tuple[_Row, ...]] = (
    (
        "call-timeout",
        (DeadlinePassed,),
        CallTimeout,
        "the call to {where} was not over within {call:g} s",
        "the connection stood, or was being made; what had come by then was no whole answer",
        "raise Org.call_timeout for a call that may take longer; if this one should be quick, see what answers there",
    ),
    (
        "answer-too-large",
        (TooMuchCame,),
        AnswerLimitError,
        "the answer of {where} is larger than {limit:,} bytes",
        "more than that had come, unpacked, when the call was ended",
        "ask for less at a time; or raise the limit, in bytes: Org(answer_limit=…)",
    ),
    (
        "proxy-refused",
        (requests.exceptions.ProxyError,),
        ConnectError,
        "the proxy on the way to {where} did not let the call through",
        "",
        "ask whoever runs the proxy to allow CONNECT to that host and port, 8443 as well as 443; "
        "an answer 407 means that it wants a name and a password: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT",
    ),
    (
        "no-such-host",
        (socket.gaierror,),
        ConnectError,
        "there is no host {host}",
        "",
        "check its spelling (My Domain: Setup > My Domain), and that this machine can look up names",
    ),
    (
        "port-filtered",
        (requests.exceptions.ConnectTimeout,),
        CallTimeout,
        "{where} did not take the connection within {connect:g} s",
        "no answer at all, as from a firewall that drops packets",
        "see that outgoing connections to this port are allowed; many networks let out 443 but not 8443",
    ),
    (
        "silent",
        (TimeoutError, requests.exceptions.Timeout),
        CallTimeout,
        "{where} took the connection and then said nothing in time",
        "no byte within {read:g} s (within {connect:g} s during the TLS handshake)",
        "try again; if it comes again, see what listens there, or raise Org.read_timeout for a long call",
    ),
    (
        "port-closed",
        (ConnectionRefusedError,),
        ConnectError,
        "nobody listens at {where}",
        "",
        "check the port; a practice org must be running, and has other ports after each start",
    ),
    (
        "unreachable",
        (NewConnectionError,),
        ConnectError,
        "{where} cannot be reached",
        "",
        "see that this machine is on the network, and that host and port are right",
    ),
    (
        "not-unpackable",
        (requests.exceptions.ContentDecodingError, DecodeError),
        ConnectError,
        "the answer of {where} cannot be unpacked",
        "",
        "repeat the call; if it comes again, something between you and the org may be changing answers",
    ),
    ("not-http", (BadChunk,), *_NOT_HTTP),
    (
        "answer-cut",
        (requests.exceptions.ChunkedEncodingError, http.client.IncompleteRead),
        ConnectError,
        "the answer of {where} was cut off",
        "",
        _AGAIN,
    ),
    (
        "cut",
        (HandshakeCut, http.client.RemoteDisconnected, ConnectionError, ssl.SSLEOFError),
        ConnectError,
        "the connection to {where} ended before an answer came",
        "",
        "{cut}",
    ),
    ("not-http", (http.client.HTTPException,), *_NOT_HTTP),
)


def translate(error: BaseException, url: str, org: Org, *, presented: bool, by_proxy: bool = False) -> SfmtlsError:
    """The SfmtlsError for an exception of requests, urllib3, ssl or socket.

    presented: whether the connection had a client certificate to present. by_proxy: whether the environment names a proxy.
    """
    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port or 443}"
    causes = list(causes_of(error))
    if by_proxy and any(isinstance(cause, _NO_PROXY) for cause in causes):
        return _proxy_unusable(error, where)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _server_refused(cause, where, org)
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            return _tls_error(cause, where)
    facts = {
        "host": parts.hostname,
        "where": where,
        "connect": org.connect_timeout,
        "read": org.read_timeout,
        "call": org.call_timeout,
        "limit": org.answer_limit,
        "cut": _CUT_WITH if presented else _CUT_WITHOUT,
    }
    for name, kinds, kind, what, evidence, next_step in _CONNECTION:
        for cause in causes:
            if isinstance(cause, kinds):
                shown = evidence.format(**facts) or _words(cause)
                return _named(name, kind(what.format(**facts), shown, next_step.format(**facts)))
    return ConnectError(
        f"the call to {where} failed", _words(causes[-1]), "repeat the call; openssl s_client shows more"
    )


def _named(failure: str, error: _Error) -> _Error:
    error.failure = failure
    return error


#: A proxy's address that requests can make nothing of.
_NO_PROXY: Final[_Kinds] = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    LocationValueError,
)
_PROXY_VARIABLES: Final = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


def _proxy_unusable(error: BaseException, where: str) -> ConnectError:
    """Its address is not quoted: there may be a password in it."""
    named = ", ".join(name for name in _PROXY_VARIABLES if os.environ.get(name)) or "the system's settings"
    socks = "SOCKS" in str(error)
    unusable = ConnectError(
        f"the proxy for {where} cannot be used",
        f"{named}: " + ("a SOCKS proxy needs the package PySocks" if socks else "that is not the address of a proxy"),
        "pip install pysocks" if socks else "write it as http://HOST:PORT, or let NO_PROXY name the host",
    )
    return _named("proxy-unusable", unusable)


def _server_refused(error: ssl.SSLCertVerificationError, where: str, org: Org) -> HandshakeError:
    """We do not trust the server; there is no way round it but to name its root."""
    words = getattr(error, "verify_message", "") or str(error)  # of its own making, truststore gives no more than text
    wrong_name = "mismatch" in words or "not valid for" in words
    roots = "the roots of this system" if org.trust == "system" else "the public roots"
    trusted = f"only the roots in {org.ca_file!s}" if org.ca_file else roots
    refused = HandshakeError(
        f"the certificate of {where} is not for this host" if wrong_name else f"{where} is not trusted",
        f"{words}; trusted are {trusted}",
        "use the host name that is in the server's certificate"
        if wrong_name
        else "if this is a private server, name the file with its root certificate: Org(ca_file=…); if it should be "
        "Salesforce, something on the way is answering in its place: where that is your company's own proxy, whose root this "
        'system knows, Org(trust="system")',
    )
    return _named("server-wrong-name" if wrong_name else "server-untrusted", refused)


def _tls_error(error: ssl.SSLError, where: str) -> HandshakeError:
    reason = error.reason or str(error)
    if reason in _ALERTS:
        meaning, next_step = _ALERTS[reason]
        return HandshakeError(f"{where} refused the TLS connection: {meaning}", f"TLS alert {reason}", next_step)
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        plain = HandshakeError(f"{where} does not speak TLS", reason, "check the port: it may be one for plain HTTP")
        return _named("not-tls", plain)
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
