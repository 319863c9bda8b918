"""Bodies: the fields of each kind of message, in TLS 1.2 and 1.3. Malformed or unknown bytes become ``unparsed`` fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Final, NamedTuple

from sfmtls_nb.handshake import extensions, names, opaque
from sfmtls_nb.handshake.extensions import read_extensions
from sfmtls_nb.handshake.field import UNPARSED, Cursor, Field, Reader, whole
from sfmtls_nb.handshake.kinds import ALERT, CHANGE_CIPHER_SPEC, HANDSHAKE, NAMES
from sfmtls_nb.handshake.names import TLS_1_3
from sfmtls_nb.handshake.suites import key_exchange_of

# The random of a ServerHello that is a HelloRetryRequest (RFC 8446, 4.1.3).
_RETRY: Final = sha256(b"HelloRetryRequest").digest()
_RANDOM: Final = slice(6, 38)
# How a server's random ends that could have spoken a newer version (RFC 8446, 4.1.3).
_DOWNGRADED: Final = {b"DOWNGRD\x01": "the server knows TLS 1.3", b"DOWNGRD\x00": "the server knows TLS 1.2"}


class Agreed(NamedTuple):
    """What the ends have agreed on, as far as it decides how messages read: version and cipher suite; 0: not known."""

    version: int = 0
    suite: int = 0


NOTHING_AGREED: Final = Agreed()


def name_of(content_type: int, raw: bytes) -> str:
    """The name of a message's kind; ``handshake type 99`` where it has none."""
    if content_type == CHANGE_CIPHER_SPEC:
        return "ChangeCipherSpec"
    if content_type == ALERT:
        return "Alert"
    if content_type != HANDSHAKE or not raw:
        return f"content type {content_type}"
    if raw[0] == 2 and raw[_RANDOM] == _RETRY:
        return "HelloRetryRequest"
    return NAMES.get(raw[0], f"handshake type {raw[0]}")


def fields_of(content_type: int, raw: bytes, agreed: Agreed) -> Field:
    """All of a message, as a tree whose leaves cover its bytes without gap or overlap."""
    name = name_of(content_type, raw)
    read = _OTHERS.get(content_type) or (_handshake(name, agreed) if content_type == HANDSHAKE else _nothing_known)
    return whole(name, raw, read)


def _handshake(name: str, agreed: Agreed) -> Reader:
    read = (_TLS_1_3 if agreed.version == TLS_1_3 else _TLS_1_2).get(name) or _BOTH.get(name, _nothing_known)

    def message(cursor: Cursor) -> str:
        cursor.number("type", 1, lambda number: NAMES.get(number, "unknown"))
        body = cursor.vector("body", 3, lambda inner: read(inner, agreed))
        return body.meaning if body else ""

    return message


_Body = Callable[[Cursor, Agreed], object]


def _nothing_known(body: Cursor, _agreed: Agreed | None = None) -> None:
    body.rest(UNPARSED)


def _empty(_body: Cursor, _agreed: Agreed) -> None:
    """A message that says all by being there."""


def _alert(cursor: Cursor) -> str:
    level = names.alert_level(cursor.number("level", 1, names.alert_level))
    return f"{level}: {names.alert_name(cursor.number('description', 1, names.alert_name))}"


def _change_cipher_spec(cursor: Cursor) -> None:
    cursor.number("type", 1, lambda number: "change_cipher_spec" if number == 1 else "unknown")


# ---------------------------------------------------------------- hellos


def said(within: Field, extension: str) -> str:
    """What an extension below a field says; empty if it is not there."""
    prefix = f"{extension}: "
    meanings = (field.meaning for _, field in within.walk() if field.name == "extension")
    return next((meaning for meaning in meanings if meaning.startswith(prefix)), "").removeprefix(prefix)


def _client_hello(body: Cursor, _agreed: Agreed) -> str:
    legacy = body.number("legacy_version", 2, names.version_name)
    body.take("random", 32)
    body.vector("legacy_session_id", 1, _bytes)
    body.vector("cipher_suites", 2, lambda inner: inner.numbers("cipher_suite", 2, names.suite_name))
    body.vector("compression_methods", 1, lambda inner: inner.numbers("method", 1, names.compression_method))
    read_extensions(body, extensions.CLIENT_HELLO)
    host, versions = (said(body.fields[-1], name) for name in ("server_name", "supported_versions"))
    return f"{f'for {host}; ' if host else ''}offers {versions or names.version_name(legacy)}"


def _server_random(value: bytes) -> str:
    return _DOWNGRADED.get(value[24:], "")


def _server_hello(readers: extensions.Readers) -> _Body:
    def read(body: Cursor, _agreed: Agreed) -> str:
        legacy = body.number("legacy_version", 2, names.version_name)
        body.take("random", 32, "this random means: HelloRetryRequest" if readers is _RETRY_READERS else _server_random)
        body.vector("legacy_session_id", 1, _bytes)
        suite = body.number("cipher_suite", 2, names.suite_name)
        body.number("compression_method", 1, names.compression_method)
        read_extensions(body, readers)
        version, group = (said(body.fields[-1], name) for name in ("supported_versions", "key_share"))
        return ", ".join(filter(None, (version or names.version_name(legacy), names.suite_name(suite), group)))

    return read


_RETRY_READERS: Final = extensions.HELLO_RETRY_REQUEST


def _encrypted_extensions(body: Cursor, _agreed: Agreed) -> str:
    read_extensions(body, extensions.SERVER)
    return said(body.fields[-1], "application_layer_protocol_negotiation") if body.fields else ""


# ---------------------------------------------------------------- certificates


def _bytes(body: Cursor) -> None:
    body.rest("data")


def _der(certificate: Cursor) -> str:
    certificate.rest("certificate", opaque.certificate)
    return certificate.meaning


def _chain_words(found: list[str]) -> str:
    return f"{found[0]}{f', and {len(found) - 1} more' if found[1:] else ''}" if found else "none"


def _certificate_1_2(body: Cursor, _agreed: Agreed) -> str:
    body.vector("certificate_list", 3, _certificates)
    return _chain_words([field.meaning for field in _entries(body)])


def _certificates(inner: Cursor) -> None:
    while inner.left:
        inner.vector("cert_data", 3, _der)


def _certificate_1_3(body: Cursor, _agreed: Agreed) -> str:
    def entry(one: Cursor) -> str:
        data = one.vector("cert_data", 3, _der)
        read_extensions(one, extensions.CERTIFICATE)
        return data.meaning if data else ""

    body.vector("certificate_request_context", 1, _bytes)
    body.vector("certificate_list", 3, lambda inner: inner.items("certificate_entry", entry))
    return _chain_words([field.meaning for field in _entries(body)])


def _entries(body: Cursor) -> Iterator[Field]:
    return (field for top in body.fields for _, field in top.walk() if field.name == "cert_data")


def _asks_of(authorities: str) -> str:
    return f"from {authorities}" if authorities else "names no authorities: from any"


def _certificate_request_1_2(body: Cursor, _agreed: Agreed) -> str:
    body.vector("certificate_types", 1, lambda inner: inner.numbers("type", 1, names.client_certificate_type))
    body.vector("signature_algorithms", 2, lambda inner: inner.numbers("scheme", 2, names.signature_name))
    return _asks_of(str(extensions.AUTHORITIES(body)))


def _certificate_request_1_3(body: Cursor, _agreed: Agreed) -> str:
    body.vector("certificate_request_context", 1, _bytes)
    read_extensions(body, extensions.CERTIFICATE_REQUEST)
    return _asks_of(said(body.fields[-1], "certificate_authorities"))


def _signature(body: Cursor) -> str:
    scheme = body.number("algorithm", 2, names.signature_name)
    body.vector("signature", 2, _bytes)
    return names.signature_name(scheme)


def _compressed_certificate(body: Cursor, _agreed: Agreed) -> str:
    algorithm = body.number("algorithm", 2, names.certificate_compression)
    body.number("uncompressed_length", 3)
    body.vector("compressed_certificate_message", 3, _bytes)
    return names.certificate_compression(algorithm)


# ---------------------------------------------------------------- keys


def _server_key_exchange(body: Cursor, agreed: Agreed) -> str:
    exchange = key_exchange_of(agreed.suite)
    words = ""
    if exchange.endswith("PSK") or exchange == "PSK_DHE":
        body.vector("psk_identity_hint", 2, _bytes)
    if exchange.startswith("ECDH"):
        kind = body.number("curve_type", 1, names.curve_type)
        if kind != 3:  # explicit curves, which RFC 8422 took out
            return _rest(body)
        words = names.group_name(body.number("named_curve", 2, names.group_name))
        body.vector("public", 1, lambda point: point.rest("point", opaque.size))
    elif exchange.startswith("DH") or exchange == "PSK_DHE":
        for name in ("dh_p", "dh_g", "dh_Ys"):
            body.vector(name, 2, lambda number: number.rest("number", lambda value: f"{8 * len(value):,} bits"))
    elif not exchange.endswith("PSK"):
        return _rest(body)
    return ", ".join(filter(None, (words, _signature(body) if body.left else "")))


def _rest(body: Cursor) -> str:
    body.rest(UNPARSED)
    return ""


def _client_key_exchange(body: Cursor, agreed: Agreed) -> None:
    exchange = key_exchange_of(agreed.suite)
    if exchange.endswith("PSK") or exchange == "PSK_DHE":
        body.vector("psk_identity", 2, _bytes)
    if exchange.startswith("ECDH"):
        body.vector("public", 1, lambda point: point.rest("point", opaque.size))
    elif exchange.startswith("DH") or exchange == "PSK_DHE":
        body.vector("dh_Yc", 2, lambda number: number.rest("number", opaque.size))
    elif exchange.startswith("RSA"):
        body.vector("encrypted_premaster_secret", 2, _bytes)


def _finished(body: Cursor, _agreed: Agreed) -> None:
    body.rest("verify_data", opaque.size)


def _ticket_1_2(body: Cursor, _agreed: Agreed) -> str:
    lifetime = body.number("lifetime_hint", 4, _seconds)
    body.vector("ticket", 2, _bytes)
    return f"good for {_seconds(lifetime)}"


def _ticket_1_3(body: Cursor, _agreed: Agreed) -> str:
    lifetime = body.number("ticket_lifetime", 4, _seconds)
    body.number("ticket_age_add", 4)
    body.vector("ticket_nonce", 1, _bytes)
    body.vector("ticket", 2, _bytes)
    read_extensions(body, extensions.NEW_SESSION_TICKET)
    return f"good for {_seconds(lifetime)}"


def _seconds(number: int) -> str:
    return f"{number:,} s"


_OTHERS: Final[dict[int, Reader]] = {ALERT: _alert, CHANGE_CIPHER_SPEC: _change_cipher_spec}

_BOTH: Final[dict[str, _Body]] = {
    "HelloRequest": _empty,
    "ClientHello": _client_hello,
    "HelloRetryRequest": _server_hello(_RETRY_READERS),
    "ServerHello": _server_hello(extensions.SERVER),
    "CertificateVerify": lambda body, _: _signature(body),
    "CompressedCertificate": _compressed_certificate,
    "CertificateStatus": lambda body, _: extensions.read_status(body),
    "Finished": _finished,
}
_TLS_1_2: Final[dict[str, _Body]] = {
    "Certificate": _certificate_1_2,
    "CertificateRequest": _certificate_request_1_2,
    "ServerKeyExchange": _server_key_exchange,
    "ServerHelloDone": _empty,
    "ClientKeyExchange": _client_key_exchange,
    "NewSessionTicket": _ticket_1_2,
}
_TLS_1_3: Final[dict[str, _Body]] = {
    "EncryptedExtensions": _encrypted_extensions,
    "Certificate": _certificate_1_3,
    "CertificateRequest": _certificate_request_1_3,
    "NewSessionTicket": _ticket_1_3,
    "EndOfEarlyData": _empty,
    "KeyUpdate": lambda body, _: names.key_update(body.number("request_update", 1, names.key_update)),
}


def agreed_by(hellos: Iterator[bytes]) -> Agreed:
    """What ServerHellos and HelloRetryRequests agree on, by the last of them."""
    agreed = NOTHING_AGREED
    for raw in hellos:
        fields = fields_of(HANDSHAKE, raw, agreed)
        suite = fields.find("cipher_suite")
        version = fields.find("selected_version") or fields.find("legacy_version")
        if suite and version:
            agreed = Agreed(*(int.from_bytes(raw[field.offset : field.end], "big") for field in (version, suite)))
    return agreed
