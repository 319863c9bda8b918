"""JwtBearer: a JWT signed with a key of one's own, for OAuth's JWT bearer flow: no password, no person."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from sfmtls_nb.access import Access
from sfmtls_nb.certificates import read_bag
from sfmtls_nb.connection import Transport
from sfmtls_nb.errors import IdentityError, LoginFault, PassphraseError
from sfmtls_nb.files import path_or_content, without_locals
from sfmtls_nb.org import Org, my_domain_of
from sfmtls_nb.secret import Secret
from sfmtls_nb.sign_in.token import access_by, text_of

_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
#: Seconds that a JWT is good for; Salesforce takes no more than a few minutes.
_LIFE: Final = 180
_FEWEST_BITS: Final = 2048


@dataclass(frozen=True, init=False)
class JwtBearer:
    """A consumer key, a username and the JWT key: for programs that run without anybody, on a server or by schedule.

    The JWT key signs the request for a token; its certificate is uploaded in the External Client App. It is not the key
    for mutual TLS, which is a ClientIdentity's and proves the connection; the same one can serve as both.
    """

    consumer_key: str
    username: str
    key: rsa.RSAPrivateKey = field(repr=False)

    def __init__(
        self,
        consumer_key: str,
        username: str,
        key: str | os.PathLike[str] | bytes | Secret,
        passphrase: str | bytes | Secret | None = None,
    ) -> None:
        """key: a file with the JWT key, or its content; in any format that ClientIdentity.load takes.

        Raises IdentityError unless there is one RSA key of 2048 bits or more, PassphraseError if its passphrase is missing
        or wrong, and OrgError for an empty consumer key or username.
        """
        # Under their own names no more: what prints local variables would show them.
        secret, passphrase = Secret(passphrase) if passphrase else None, None
        given, key = path_or_content(key), ""
        object.__setattr__(self, "consumer_key", text_of("consumer key", consumer_key))
        object.__setattr__(self, "username", text_of("username", username))
        try:
            object.__setattr__(self, "key", _suitable(_only_key(given, secret)))
        except PassphraseError as error:
            if secret is None:
                error.next_step = "give the passphrase of the JWT key: JwtBearer(…, passphrase=getpass())"
            raise

    def sign_in(self, transport: Transport) -> Access:
        """The access that the token endpoint gives. Raises LoginFault, OrgError, or what keeps the call from getting there."""
        usual, *others = _audiences(transport.org)
        try:
            return self._for(usual, transport)
        except LoginFault as fault:
            if not others or not ("audience" in fault.message or "not installed in this org" in fault.message):
                raise
            refused = fault
        try:
            return self._for(others[0], transport)
        except LoginFault as fault:
            refused.evidence += f"; and for {others[0]} instead of {usual}: {fault.code}: {fault.message}"
            raise refused from None

    def _for(self, audience: str, transport: Transport) -> Access:
        claims = {"iss": self.consumer_key, "sub": self.username, "aud": audience, "exp": int(time.time()) + _LIFE}
        assertion = Secret(jwt.encode(claims, self.key, "RS256"))
        return access_by(transport, {"grant_type": _GRANT, "assertion": assertion})

    def renew(self, transport: Transport, _: Access) -> Access:
        """Another access, in place of one that has ended."""
        return self.sign_in(transport)


def _audiences(org: Org) -> tuple[str, ...]:
    """Whom a JWT may be for: of production and sandboxes one of the two well-known login hosts, of others their own.

    Since Spring '26, users tell, some orgs' External Client Apps are for the My Domain alone, and say to others that they
    are not installed; and there have been orgs that took the login hosts alone.
    """
    parts = urlsplit(org.login_url)
    host = parts.hostname or ""
    if found := my_domain_of(host):
        return f"https://{'test' if found[1] else 'login'}.salesforce.com", f"https://{host}"
    return (f"https://{host if host.endswith('.salesforce.com') else parts.netloc}",)


def _only_key(source: Path | bytes, passphrase: Secret | None) -> object:
    with without_locals():
        keys = {
            key.private_numbers() if isinstance(key, rsa.RSAPrivateKey) else key: key
            for key, _ in read_bag([source], passphrase).keys
        }
    if len(keys) != 1:
        raise IdentityError(
            f"there are {len(keys)} private keys where the JWT key should be"
            if keys
            else "there is no private key where the JWT key should be",
            next_step="name the file with the key whose certificate was uploaded in the External Client App",
        )
    return keys.popitem()[1]


def _suitable(key: object) -> rsa.RSAPrivateKey:
    """The key, if Salesforce takes a JWT signed with it: it refuses others without saying why."""
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _FEWEST_BITS:
        return key
    kind = type(key).__name__.removesuffix("PrivateKey").strip("_")
    found = f"{kind}, with {key.key_size} bits" if isinstance(key, rsa.RSAPrivateKey) else kind
    raise IdentityError(
        "the JWT key is not one that Salesforce takes",
        f"its kind is {found}; an assertion is signed with RS256, which wants RSA of {_FEWEST_BITS} bits or more",
        "make a key for the JWT, and upload its certificate in the External Client App: openssl req -x509 -newkey rsa:2048 "
        "-nodes -keyout jwt.key -out jwt.crt -days 365 -subj /CN=jwt; your key for mutual TLS stays as it is",
    )
