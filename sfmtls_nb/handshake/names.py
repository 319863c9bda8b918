"""Names: what IANA calls the numbers of TLS, and the number itself where it has no name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sfmtls_nb.handshake.suites import SUITES

Names = Callable[[int], str]

VERSIONS: Final = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}
TLS_1_2: Final = 0x0303
TLS_1_3: Final = 0x0304

# 0 to 62, without a gap.
_EXTENSIONS: Final = """
    server_name max_fragment_length client_certificate_url trusted_ca_keys truncated_hmac status_request
    user_mapping client_authz server_authz cert_type supported_groups ec_point_formats srp signature_algorithms
    use_srtp heartbeat application_layer_protocol_negotiation status_request_v2 signed_certificate_timestamp
    client_certificate_type server_certificate_type padding encrypt_then_mac extended_master_secret token_binding
    cached_info tls_lts compress_certificate record_size_limit pwd_protect pwd_clear password_salt ticket_pinning
    tls_cert_with_extern_psk delegated_credential session_ticket TLMSP TLMSP_proxying TLMSP_delegate
    supported_ekt_ciphers Reserved pre_shared_key early_data supported_versions cookie psk_key_exchange_modes
    Reserved certificate_authorities oid_filters post_handshake_auth signature_algorithms_cert key_share
    transparency_info connection_id_deprecated connection_id external_id_hash external_session_id
    quic_transport_parameters ticket_request dnssec_chain sequence_number_encryption_algorithms rrc tls_flags
"""
EXTENSIONS: Final = dict(enumerate(_EXTENSIONS.split())) | {
    13172: "next_protocol_negotiation",
    17513: "application_settings_old",
    17613: "application_settings",
    0xFD00: "ech_outer_extensions",
    0xFE0D: "encrypted_client_hello",
    0xFF01: "renegotiation_info",
}

# 1 to 41, without a gap: old servers name the first of them.
_CURVES: Final = """
    sect163k1 sect163r1 sect163r2 sect193r1 sect193r2 sect233k1 sect233r1 sect239k1 sect283k1 sect283r1 sect409k1
    sect409r1 sect571k1 sect571r1 secp160k1 secp160r1 secp160r2 secp192k1 secp192r1 secp224k1 secp224r1 secp256k1
    secp256r1 secp384r1 secp521r1 brainpoolP256r1 brainpoolP384r1 brainpoolP512r1 x25519 x448 brainpoolP256r1tls13
    brainpoolP384r1tls13 brainpoolP512r1tls13 GC256A GC256B GC256C GC256D GC512A GC512B GC512C curveSM2
"""
GROUPS: Final = dict(enumerate(_CURVES.split(), 1)) | {
    256: "ffdhe2048",
    257: "ffdhe3072",
    258: "ffdhe4096",
    259: "ffdhe6144",
    260: "ffdhe8192",
    512: "MLKEM512",
    513: "MLKEM768",
    514: "MLKEM1024",
    4587: "SecP256r1MLKEM768",
    4588: "X25519MLKEM768",
    4589: "SecP384r1MLKEM1024",
    4590: "curveSM2MLKEM768",
    25497: "X25519Kyber768Draft00",
    25498: "SecP256r1Kyber768Draft00",
    0xFF01: "arbitrary_explicit_prime_curves",
    0xFF02: "arbitrary_explicit_char2_curves",
}

SIGNATURES: Final = {
    0x0201: "rsa_pkcs1_sha1",
    0x0202: "dsa_sha1",
    0x0203: "ecdsa_sha1",
    0x0301: "rsa_pkcs1_sha224",
    0x0302: "dsa_sha224",
    0x0303: "ecdsa_sha224",
    0x0401: "rsa_pkcs1_sha256",
    0x0402: "dsa_sha256",
    0x0403: "ecdsa_secp256r1_sha256",
    0x0420: "rsa_pkcs1_sha256_legacy",
    0x0501: "rsa_pkcs1_sha384",
    0x0502: "dsa_sha384",
    0x0503: "ecdsa_secp384r1_sha384",
    0x0520: "rsa_pkcs1_sha384_legacy",
    0x0601: "rsa_pkcs1_sha512",
    0x0602: "dsa_sha512",
    0x0603: "ecdsa_secp521r1_sha512",
    0x0620: "rsa_pkcs1_sha512_legacy",
    0x0704: "eccsi_sha256",
    0x0708: "sm2sig_sm3",
    0x0709: "gostr34102012_256a",
    0x070A: "gostr34102012_256b",
    0x070B: "gostr34102012_256c",
    0x070C: "gostr34102012_256d",
    0x070D: "gostr34102012_512a",
    0x070E: "gostr34102012_512b",
    0x070F: "gostr34102012_512c",
    0x0804: "rsa_pss_rsae_sha256",
    0x0805: "rsa_pss_rsae_sha384",
    0x0806: "rsa_pss_rsae_sha512",
    0x0807: "ed25519",
    0x0808: "ed448",
    0x0809: "rsa_pss_pss_sha256",
    0x080A: "rsa_pss_pss_sha384",
    0x080B: "rsa_pss_pss_sha512",
    0x081A: "ecdsa_brainpoolP256r1tls13_sha256",
    0x081B: "ecdsa_brainpoolP384r1tls13_sha384",
    0x081C: "ecdsa_brainpoolP512r1tls13_sha512",
    0x0904: "mldsa44",
    0x0905: "mldsa65",
    0x0906: "mldsa87",
} | dict(
    enumerate(
        (f"slhdsa_{kind}_{size}{mode}" for kind in ("sha2", "shake") for size in (128, 192, 256) for mode in "sf"),
        0x0911,
    )
)

ALERTS: Final = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    52: "too_many_cids_requested",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    111: "certificate_unobtainable",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value",
    115: "unknown_psk_identity",
    116: "certificate_required",
    117: "general_error",
    120: "no_application_protocol",
    121: "ech_required",
}

_CERTIFICATE_TYPES: Final = {
    1: "rsa_sign",
    2: "dss_sign",
    3: "rsa_fixed_dh",
    4: "dss_fixed_dh",
    5: "rsa_ephemeral_dh",
    6: "dss_ephemeral_dh",
    20: "fortezza_dms",
    64: "ecdsa_sign",
    65: "rsa_fixed_ecdh",
    66: "ecdsa_fixed_ecdh",
    67: "gost_sign256",
    68: "gost_sign512",
}


def _named(table: Mapping[int, str], width: int) -> Names:
    return lambda number: table.get(number) or f"0x{number:0{2 * width}x}"


def _or_grease(table: Mapping[int, str]) -> Names:
    """As `_named`; besides, the numbers that are sent so that nobody gets used to a fixed list (RFC 8701)."""
    named = _named(table, 2)
    return lambda number: "GREASE" if number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF else named(number)


version_name: Final = _or_grease(VERSIONS)
suite_name: Final = _or_grease(SUITES)
extension_name: Final = _or_grease(EXTENSIONS)
group_name: Final = _or_grease(GROUPS)
signature_name: Final = _or_grease(SIGNATURES)
alert_name: Final = _named(ALERTS, 1)
alert_level: Final = _named({1: "warning", 2: "fatal"}, 1)
compression_method: Final = _named({0: "null", 1: "DEFLATE", 64: "LZS"}, 1)
certificate_compression: Final = _named({1: "zlib", 2: "brotli", 3: "zstd"}, 2)
#: What a signature must be made with (TLS 1.2), and what a certificate may be in place of X.509.
client_certificate_type: Final = _named(_CERTIFICATE_TYPES, 1)
certificate_format: Final = _named({0: "X509", 1: "OpenPGP", 2: "RawPublicKey", 3: "1609Dot2"}, 1)
point_format: Final = _named({0: "uncompressed", 1: "ansiX962_compressed_prime", 2: "ansiX962_compressed_char2"}, 1)
curve_type: Final = _named({1: "explicit_prime", 2: "explicit_char2", 3: "named_curve"}, 1)
psk_mode: Final = _named({0: "psk_ke", 1: "psk_dhe_ke"}, 1)
status_type: Final = _named({1: "ocsp", 2: "ocsp_multi"}, 1)
name_type: Final = _named({0: "host_name"}, 1)
fragment_length: Final = _named({1: "512 bytes", 2: "1,024 bytes", 3: "2,048 bytes", 4: "4,096 bytes"}, 1)
heartbeat_mode: Final = _named({1: "peer_allowed_to_send", 2: "peer_not_allowed_to_send"}, 1)
hello_kind: Final = _named({0: "outer", 1: "inner"}, 1)
hpke_kdf: Final = _named({1: "HKDF_SHA256", 2: "HKDF_SHA384", 3: "HKDF_SHA512"}, 2)
hpke_aead: Final = _named({1: "AES_128_GCM", 2: "AES_256_GCM", 3: "ChaCha20Poly1305"}, 2)
key_update: Final = _named({0: "update_not_requested", 1: "update_requested"}, 1)
