"""Private key: read from PEM or DER, and found whole by its own arithmetic, not by OpenSSL's search for divisors.

OpenSSL proves anew that both primes of an RSA key are prime, which takes longer than all else of a sign-in and its first
call. What damages a file leaves numbers that no longer belong together, and that is seen in a thousandth of the time.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key


def key_from_der(der: bytes, password: bytes | None) -> object:
    """A private key of any kind. Raises as `load_der_private_key` does; so also for an RSA key that is damaged."""
    return _whole(load_der_private_key(der, password, unsafe_skip_rsa_key_validation=True))


def key_from_pem(pem: bytes, password: bytes | None) -> object:
    """The same from PEM, where it has a format of its own, the traditional one with its Proc-Type."""
    return _whole(load_pem_private_key(pem, password, unsafe_skip_rsa_key_validation=True))


def _whole(key: object) -> object:
    if isinstance(key, RSAPrivateKey) and not _belong_together(key):
        raise ValueError("the numbers of the RSA key do not belong together: some of them have changed")
    return key


def _belong_together(key: RSAPrivateKey) -> bool:
    """True if they are what RFC 8017, 3.2, wants of them, each prime taken for one."""
    own = key.private_numbers()
    e, n = own.public_numbers.e, own.public_numbers.n
    return (
        min(own.p, own.q) > 2
        and own.p * own.q == n
        and own.d * e % (own.p - 1) == own.d * e % (own.q - 1) == 1
        and (own.dmp1, own.dmq1) == (own.d % (own.p - 1), own.d % (own.q - 1))
        and own.iqmp * own.q % own.p == 1
    )
