"""Written: messages and extensions of TLS put together by hand, as the RFCs draw them, for what no end here sends by itself."""

from __future__ import annotations

from sfmtls_nb.handshake import Field, Message, Sender
from sfmtls_nb.handshake.bodies import Agreed
from sfmtls_nb.handshake.kinds import ALERT, CHANGE_CIPHER_SPEC

OLD, NEW = 0x0303, 0x0304
ECDHE_ECDSA, DHE_RSA, RSA, DHE_PSK, ECDHE_PSK = 0xC02B, 0x009E, 0x009C, 0x00AA, 0xC035
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")  # RFC 8446, 4.1.3


def u8(*numbers: int) -> bytes:
    return bytes(numbers)


def u16(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(2, "big") for number in numbers)


def u24(number: int) -> bytes:
    return number.to_bytes(3, "big")


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def v8(*parts: bytes) -> bytes:
    """A vector: its length in one byte, and its parts."""
    return u8(len(b"".join(parts))) + b"".join(parts)


def v16(*parts: bytes) -> bytes:
    return u16(len(b"".join(parts))) + b"".join(parts)


def v24(*parts: bytes) -> bytes:
    return u24(len(b"".join(parts))) + b"".join(parts)


def message(kind: int, body: bytes, version: int, suite: int = 0, sender: Sender = "server") -> Message:
    return Message(sender, u8(kind) + v24(body), agreed=Agreed(version, suite))


def hello(extensions: bytes, random: bytes = bytes(32)) -> bytes:
    return u16(OLD) + random + v8() + u16(0x1301) + u8(0) + extensions


def extension_in(kind: str, number: int, body: bytes) -> Message:
    """A message of this kind with one extension."""
    extensions = v16(u16(number), v16(body))
    if kind == "ClientHello":
        return message(1, u16(OLD) + bytes(32) + v8() + v16(u16(0x1301)) + v8(u8(0)) + extensions, NEW, 0, "client")
    types = {"ServerHello": 2, "HelloRetryRequest": 2, "EncryptedExtensions": 8}
    bodies = {
        "ServerHello": hello(extensions),
        "HelloRetryRequest": hello(extensions, RETRY),
        "EncryptedExtensions": extensions,
        "CertificateRequest": v8() + extensions,
        "Certificate": v8() + v24(v24(b"no DER"), extensions),
        "NewSessionTicket": u32(60) + u32(1) + v8(b"n") + v16(b"ticket") + extensions,
    }
    return message(types.get(kind) or {"CertificateRequest": 13, "Certificate": 11}.get(kind, 4), bodies[kind], NEW)


_SHARE = u16(4588) + v16(bytes(64))
_TIMESTAMP = v16(u8(0) + bytes(32) + (1_700_000_000_000).to_bytes(8, "big") + v16() + u16(0x0403) + v16(b"signature"))

#: By a name: the message, the extension's number and body, and what is said of it.
EXTENSIONS: dict[str, tuple[str, int, bytes, str]] = {
    "a host": ("ClientHello", 0, v16(u8(0) + v16(b"acme.my.salesforce.com")), "server_name: acme.my.salesforce.com"),
    "a host that would clear the screen": ("ClientHello", 0, v16(u8(0) + v16(b"\x1b[2J")), r"server_name: \x1b[2J"),
    "short fragments": ("ClientHello", 1, u8(2), "max_fragment_length: 1,024 bytes"),
    "stapling": ("ClientHello", 5, u8(1) + v16(v16(b"id")) + v16(b"x"), "status_request: ocsp"),
    "a group to come": ("ClientHello", 10, v16(u16(0x1A1A, 4588, 4589, 514)), "X25519MLKEM768, SecP384r1MLKEM1024, MLKEM1024"),
    "a group without a name": ("ClientHello", 10, v16(u16(0x4444)), "supported_groups: 0x4444"),
    "many groups": ("ClientHello", 10, v16(u16(*range(23, 31))), "secp256r1, secp384r1, secp521r1, brainpoolP256r1, and 4 more"),
    "post-quantum signatures": ("ClientHello", 13, v16(u16(0x0904, 0x0905, 0x0906, 0x0911)), "mldsa44, mldsa65, mldsa87, slhdsa_sha2_128s"),
    "signatures of certificates": ("ClientHello", 50, v16(u16(0x0804)), "signature_algorithms_cert: rsa_pss_rsae_sha256"),
    "media": ("ClientHello", 14, v16(u16(1)) + v8(), "use_srtp"),
    "heartbeat": ("ClientHello", 15, u8(1), "heartbeat: peer_allowed_to_send"),
    "protocols": ("ClientHello", 16, v16(v8(b"h2"), v8(b"http/1.1")), "h2, http/1.1"),
    "stapling of all": ("ClientHello", 17, v16(u8(2) + v16(v16(v16(b"id")) + v16())), "ocsp_multi"),
    "logs": ("ClientHello", 18, b"", "signed_certificate_timestamp"),
    "a raw key": ("ClientHello", 19, v8(u8(2, 0)), "client_certificate_type: RawPublicKey, X509"),
    "a raw key back": ("ClientHello", 20, v8(u8(2)), "server_certificate_type: RawPublicKey"),
    "padding": ("ClientHello", 21, bytes(100), "padding: 100 bytes"),
    "compressed certificates": ("ClientHello", 27, v8(u16(2, 1, 3)), "compress_certificate: brotli, zlib, zstd"),
    "short records": ("ClientHello", 28, u16(16385), "record_size_limit: 16385"),
    "delegation": ("ClientHello", 34, v16(u16(0x0403)), "delegated_credential: ecdsa_secp256r1_sha256"),
    "a ticket": ("ClientHello", 35, b"ticket", "session_ticket"),
    "a session to go on with": ("ClientHello", 41, v16(v16(b"identity") + u32(7)) + v16(v8(bytes(32))), "pre_shared_key: 1 offered"),
    "early data": ("ClientHello", 42, b"", "early_data"),
    "versions": ("ClientHello", 43, v8(u16(0x3A3A, NEW, OLD)), "supported_versions: TLS 1.3, TLS 1.2"),
    "a cookie": ("ClientHello", 44, v16(b"crumbs"), "cookie"),
    "modes": ("ClientHello", 45, v8(u8(1, 0)), "psk_key_exchange_modes: psk_dhe_ke, psk_ke"),
    "later": ("ClientHello", 49, b"", "post_handshake_auth"),
    "a hybrid key": ("ClientHello", 51, v16(u16(0x2A2A) + v16(b"\0"), _SHARE), "key_share: X25519MLKEM768"),
    "settings": ("ClientHello", 17613, v16(v8(b"h2")), "application_settings: h2"),
    "a hidden hello": ("ClientHello", 0xFE0D, u8(0) + u16(1, 1) + u8(9) + v16(b"enc") + v16(b"payload"), "encrypted_client_hello: outer"),
    "a hello inside": ("ClientHello", 0xFE0D, u8(1), "encrypted_client_hello: inner"),
    "renegotiation": ("ClientHello", 0xFF01, v8(), "renegotiation_info"),
    "nothing known": ("ClientHello", 0x4242, b"whatever", "0x4242"),
    "grease": ("ClientHello", 0x5A5A, b"", "GREASE"),
    "another key": ("HelloRetryRequest", 51, u16(24), "key_share: secp384r1"),
    "a cookie to send back": ("HelloRetryRequest", 44, v16(b"crumbs"), "cookie"),
    "the version": ("ServerHello", 43, u16(NEW), "supported_versions: TLS 1.3"),
    "the key": ("ServerHello", 51, _SHARE, "key_share: X25519MLKEM768"),
    "the session": ("ServerHello", 41, u16(0), "pre_shared_key: 0"),
    "the protocol": ("EncryptedExtensions", 16, v16(v8(b"h2")), "application_layer_protocol_negotiation: h2"),
    "a protocol that would draw lines": ("EncryptedExtensions", 16, v16(v8(b"h2\nproof\t")), r"h2\nproof\t"),
    "early data taken": ("EncryptedExtensions", 42, b"", "early_data"),
    "its kind of certificate": ("EncryptedExtensions", 20, u8(0), "server_certificate_type: X509"),
    "authorities": ("CertificateRequest", 47, v16(v16(b"no DER"), v16(b"nor this")), "certificate_authorities: 6 bytes, 8 bytes"),
    "filters": ("CertificateRequest", 48, v16(v8(b"oid") + v16(b"values")), "oid_filters"),
    "a stapled answer": ("Certificate", 5, u8(1) + v24(b"response"), "status_request: ocsp"),
    "a log's promise": ("Certificate", 18, v16(_TIMESTAMP), "2023-11-14 22:13:20 UTC"),
    "early data later": ("NewSessionTicket", 42, u32(16384), "early_data: 16,384 bytes"),
}  # fmt: skip

#: By a name: the message, and what is said of it.
MESSAGES: dict[str, tuple[Message, str]] = {
    "HelloRequest": (message(0, b"", OLD), "HelloRequest"),
    "a hello without extensions": (
        message(1, u16(OLD) + bytes(32) + v8(b"session") + v16(u16(0x002F)) + v8(u8(0)), OLD, 0, "client"),
        "offers TLS 1.2",
    ),
    "a hello of a server that could do more": (
        message(2, hello(b"", bytes(24) + b"DOWNGRD\x01"), OLD),
        "the server knows TLS 1.3",
    ),
    "EndOfEarlyData": (message(5, b"", NEW, 0, "client"), "EndOfEarlyData"),
    "ECDHE": (
        message(12, u8(3) + u16(29) + v8(bytes(32)) + u16(0x0403) + v16(b"signature"), OLD, ECDHE_ECDSA),
        "x25519, ecdsa_secp256r1_sha256",
    ),
    "DHE": (
        message(12, v16(bytes(256)) + v16(u8(2)) + v16(bytes(256)) + u16(0x0804) + v16(b"signature"), OLD, DHE_RSA),
        "2,048 bits",
    ),
    "ECDHE with a shared key": (
        message(12, v16(b"hint") + u8(3) + u16(23) + v8(bytes(65)), OLD, ECDHE_PSK),
        "secp256r1",
    ),
    "the client's ECDHE": (message(16, v8(bytes(65)), OLD, ECDHE_ECDSA, "client"), "65 bytes"),
    "the client's DHE": (message(16, v16(bytes(256)), OLD, DHE_RSA, "client"), "256 bytes"),
    "the client's secret for RSA": (message(16, v16(bytes(256)), OLD, RSA, "client"), "encrypted_premaster_secret"),
    "the client's shared key": (message(16, v16(b"me") + v16(bytes(256)), OLD, DHE_PSK, "client"), "psk_identity"),
    "an old ticket": (message(4, u32(300) + v16(b"ticket"), OLD), "good for 300 s"),
    "a request of TLS 1.2": (
        message(13, v8(u8(1, 64)) + v16(u16(0x0403)) + v16(), OLD),
        "names no authorities: from any",
    ),
    "no certificate": (message(11, v24(), OLD, 0, "client"), "none"),
    "no certificate in TLS 1.3": (message(11, v8() + v24(), NEW, 0, "client"), "none"),
    "a certificate that is none": (message(11, v24(v24(b"no DER")), OLD), "no X.509 certificate that can be read"),
    "CertificateStatus": (message(22, u8(1) + v24(b"response"), OLD), "ocsp"),
    "CompressedCertificate": (message(25, u16(2) + u24(900) + v24(b"squeezed"), NEW), "brotli"),
    "KeyUpdate": (message(24, u8(1), NEW), "update_requested"),
    "ChangeCipherSpec": (Message("client", b"\1", CHANGE_CIPHER_SPEC), "change_cipher_spec"),
    "an alert": (Message("server", b"\2\x2d", ALERT), "fatal: certificate_expired"),
    "an alert without a name": (Message("server", b"\2\xfa", ALERT), "fatal: 0xfa"),
}


def tiled(message: Message) -> bool:
    """True if the leaves of a message are all of its bytes, once each, and each field is where those in it are."""
    at = 0
    for leaf in message.fields.leaves():
        if leaf.offset != at or not (leaf.length or not message.raw):
            return False
        at = leaf.end
    return at == len(message.raw) and all(_holds(field) for _, field in message.fields.walk() if field.children)


def _holds(field: Field) -> bool:
    return (field.offset, field.end) == (field.children[0].offset, field.children[-1].end)
