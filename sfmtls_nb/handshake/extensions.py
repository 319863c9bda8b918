"""Extensions: what stands in them, by a small reader for each kind; the same number reads differently in each message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from sfmtls_nb.handshake import names, opaque
from sfmtls_nb.handshake.field import Cursor, Reader
from sfmtls_nb.handshake.names import Names

#: What reads an extension's body in one kind of message, by the extension's number.
Readers = Mapping[int, Reader]


def read_extensions(body: Cursor, readers: Readers) -> None:
    """The extensions of a message, if it has any: a vector of them."""
    if body.left:
        body.vector("extensions", 2, lambda inner: inner.items("extension", lambda one: _extension(one, readers)))


def _extension(one: Cursor, readers: Readers) -> str:
    kind = one.number("type", 2, names.extension_name)
    read = readers.get(kind, _opaque)
    body = one.vector("body", 2, read)
    words = body.meaning if body else ""
    return names.extension_name(kind) + (f": {words}" if words else "")


def _opaque(body: Cursor) -> None:
    body.rest("data")


def _nothing(body: Cursor) -> None:
    """An extension that says all by being there."""


def _list_of(name: str, width: int, meaning: Names, *, length: int) -> Reader:
    """A vector of numbers. length: the bytes of its own length."""

    def read(body: Cursor) -> str:
        found: list[int] = []
        body.vector(f"{name}s", length, lambda inner: found.extend(inner.numbers(name, width, meaning)))
        return _first_of([word for word in map(meaning, found) if word != "GREASE"])

    return read


def _first_of(words: list[str]) -> str:
    """The words, but only four of them where there are more than five."""
    return ", ".join(words if len(words) <= 5 else [*words[:4], f"and {len(words) - 4} more"])


def _one(name: str, width: int, meaning: Names = str) -> Reader:
    return lambda body: meaning(body.number(name, width, meaning))


def _text(value: bytes) -> str:
    return opaque.text(value.decode("ascii", "backslashreplace"))


def _vectors_of(name: str, outer: int, inner: int, meaning: Callable[[bytes], str] = opaque.size) -> Reader:
    """A vector of vectors of bytes. outer, inner: the bytes of their lengths."""

    def read(body: Cursor) -> str:
        found: list[str] = []

        def item(one: Cursor) -> str:
            one.rest(name, meaning)
            found.append(one.meaning)
            return one.meaning

        body.vector(f"{name}s", outer, lambda items: _vectors(items, name, inner, item))
        return _first_of(found)

    return read


def _vectors(items: Cursor, name: str, width: int, item: Reader) -> None:
    while items.left:
        items.vector(name, width, item)


def _server_names(body: Cursor) -> str:
    found: list[str] = []

    def one(entry: Cursor) -> str:
        entry.number("name_type", 1, names.name_type)
        name = entry.vector("host_name", 2, lambda name: name.rest("name", _text) and name.meaning)
        found.append(name.meaning if name else "")
        return found[-1]

    body.vector("server_name_list", 2, lambda entries: entries.items("server_name", one))
    return ", ".join(found)


def _status_request(body: Cursor) -> str:
    kind = names.status_type(body.number("status_type", 1, names.status_type))
    _ocsp_request(body)
    return kind


def _ocsp_request(body: Cursor) -> None:
    body.vector("responder_ids", 2, lambda ids: _vectors(ids, "responder_id", 2, _opaque))
    body.vector("request_extensions", 2, _opaque)


def _status_request_v2(body: Cursor) -> None:
    def item(one: Cursor) -> str:
        kind = names.status_type(one.number("status_type", 1, names.status_type))
        one.vector("request", 2, _ocsp_request)
        return kind

    body.vector("requests", 2, lambda requests: requests.items("item", item))


def read_status(body: Cursor) -> str:
    """A CertificateStatus: what the authority says of the certificate (RFC 6066, 8)."""
    kind = names.status_type(body.number("status_type", 1, names.status_type))
    body.vector("response", 3, _opaque)
    return kind


def _timestamps(body: Cursor) -> None:
    """Signed certificate timestamps: promises of public logs to have the certificate (RFC 6962, 3.2)."""

    def one(item: Cursor) -> str:
        item.number("version", 1, lambda number: f"v{number + 1}")
        item.take("log_id", 32)
        item.number("timestamp", 8, _milliseconds)
        item.vector("log_extensions", 2, _opaque)
        item.number("algorithm", 2, names.signature_name)
        item.vector("signature", 2, _opaque)
        return ""

    body.vector("timestamps", 2, lambda items: _vectors(items, "timestamp", 2, one))


def _milliseconds(number: int) -> str:
    try:
        return f"{datetime.fromtimestamp(number / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return str(number)


def _key_share(entry: Cursor) -> str:
    group = names.group_name(entry.number("group", 2, names.group_name))
    entry.vector("key_exchange", 2, lambda key: key.rest("public_key", opaque.size))
    return group


def _key_shares(body: Cursor) -> str:
    found: list[str] = []

    def one(entry: Cursor) -> str:
        found.append(_key_share(entry))
        return found[-1]

    body.vector("client_shares", 2, lambda entries: entries.items("key_share_entry", one))
    return _first_of([group for group in found if group != "GREASE"])


def _offered_psks(body: Cursor) -> str:
    count = 0

    def one(identity: Cursor) -> str:
        nonlocal count
        count += 1
        identity.vector("identity", 2, _opaque)
        identity.number("obfuscated_ticket_age", 4)
        return ""

    body.vector("identities", 2, lambda identities: identities.items("psk_identity", one))
    body.vector("binders", 2, lambda binders: _vectors(binders, "binder", 1, _opaque))
    return f"{count} offered"


def _oid_filters(body: Cursor) -> None:
    def one(item: Cursor) -> str:
        item.vector("oid", 1, _opaque)
        item.vector("values", 2, _opaque)
        return ""

    body.vector("filters", 2, lambda filters: filters.items("filter", one))


def _encrypted_hello(body: Cursor) -> str:
    kind = body.number("kind", 1, names.hello_kind)
    if kind == 0:
        body.number("kdf", 2, names.hpke_kdf)
        body.number("aead", 2, names.hpke_aead)
        body.number("config_id", 1)
        body.vector("enc", 2, _opaque)
        body.vector("payload", 2, _opaque)
    return names.hello_kind(kind)


def _padding(body: Cursor) -> str:
    body.rest("padding", opaque.size)
    return body.meaning


def _vector(name: str, width: int) -> Reader:
    return lambda body: body.vector(name, width, _opaque)


def _srtp(body: Cursor) -> None:
    body.vector("profiles", 2, lambda profiles: profiles.numbers("profile", 2))
    body.vector("mki", 1, _opaque)


_VERSION: Final = _one("selected_version", 2, names.version_name)
_SCHEMES: Final = _list_of("scheme", 2, names.signature_name, length=2)
_PROTOCOLS: Final = _vectors_of("protocol", 2, 1, _text)
_COMPRESSIONS: Final = _list_of("algorithm", 2, names.certificate_compression, length=1)
_LIMIT: Final = _one("limit", 2)
_RENEGOTIATION: Final = _vector("renegotiated_connection", 1)
_FRAGMENTS: Final = _one("fragment_length", 1, names.fragment_length)

AUTHORITIES: Final = _vectors_of("distinguished_name", 2, 2, opaque.distinguished_name)

CLIENT_HELLO: Final[Readers] = {
    0: _server_names,
    1: _FRAGMENTS,
    5: _status_request,
    10: _list_of("group", 2, names.group_name, length=2),
    11: _list_of("point_format", 1, names.point_format, length=1),
    13: _SCHEMES,
    14: _srtp,
    15: _one("mode", 1, names.heartbeat_mode),
    16: _PROTOCOLS,
    17: _status_request_v2,
    18: _nothing,
    19: _list_of("format", 1, names.certificate_format, length=1),
    20: _list_of("format", 1, names.certificate_format, length=1),
    21: _padding,
    27: _COMPRESSIONS,
    28: _LIMIT,
    34: _SCHEMES,
    41: _offered_psks,
    42: _nothing,
    43: _list_of("version", 2, names.version_name, length=1),
    44: _vector("cookie", 2),
    45: _list_of("mode", 1, names.psk_mode, length=1),
    47: AUTHORITIES,
    50: _SCHEMES,
    51: _key_shares,
    17513: _PROTOCOLS,
    17613: _PROTOCOLS,
    0xFE0D: _encrypted_hello,
    0xFF01: _RENEGOTIATION,
}
HELLO_RETRY_REQUEST: Final[Readers] = {
    43: _VERSION,
    44: CLIENT_HELLO[44],
    51: _one("selected_group", 2, names.group_name),
    0xFE0D: lambda body: body.take("confirmation", 8),
}
#: ServerHello, and EncryptedExtensions, where TLS 1.3 has what stood in the ServerHello before.
SERVER: Final[Readers] = {
    0: _nothing,
    1: _FRAGMENTS,
    5: _nothing,
    10: CLIENT_HELLO[10],
    11: CLIENT_HELLO[11],
    14: _srtp,
    15: CLIENT_HELLO[15],
    16: _PROTOCOLS,
    18: _timestamps,
    19: _one("format", 1, names.certificate_format),
    20: _one("format", 1, names.certificate_format),
    28: _LIMIT,
    41: _one("selected_identity", 2),
    42: _nothing,
    43: _VERSION,
    51: _key_share,
    0xFF01: _RENEGOTIATION,
}
CERTIFICATE_REQUEST: Final[Readers] = {
    5: _opaque,
    13: _SCHEMES,
    18: _nothing,
    27: _COMPRESSIONS,
    34: _SCHEMES,
    47: AUTHORITIES,
    48: _oid_filters,
    50: _SCHEMES,
}
CERTIFICATE: Final[Readers] = {5: read_status, 18: _timestamps}
NEW_SESSION_TICKET: Final[Readers] = {42: _one("max_early_data_size", 4, lambda number: f"{number:,} bytes")}
