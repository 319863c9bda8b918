"""Apps: the External Client Apps of the org, through which users sign in by OAuth, and the policies that admins set."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice.mutual.upload import certificates_or_error

Flow = Literal["jwt", "client-credentials", "web"]
FLOWS: Final[tuple[Flow, ...]] = ("jwt", "client-credentials", "web")
#: Bits of an RSA key. Of others, and of EC keys, Setup takes the certificate, and no assertion is ever valid [told].
_FEWEST_BITS: Final = 2048
#: Bytes of an app's certificate [told].
_MOST_BYTES: Final = 4096


class PermittedUsers(Enum):
    """The policy Permitted Users: who may sign in through an app."""

    SELF_AUTHORIZE = "All users may self-authorize"
    ADMIN_APPROVED = "Admin approved users are pre-authorized"


@dataclass
class ExternalClientApp:
    """An External Client App (a connected app, until Spring '26). Everything may be changed while the org runs.

    run_as: username of the client credentials flow's user; "": nobody. callback_urls: those that are registered, beside
    the org's own and this machine's. flows: those that are enabled. certificate: the JWT bearer flow's.
    approved: usernames; those that an admin has approved, or that have allowed the app themselves.
    ip_relaxed: False: nobody gets a token from an unknown network (`OrgState.token_required`).
    pkce_required: an authorization code is given for a code challenge only.
    my_domain_audience: assertions are for the My Domain, and not for the login hosts; so in some orgs since Spring '26 [told].
    certificate_required: a token is given for an uploaded client certificate only, on 8443. [simulated]
    refresh_life: how long a refresh token lives; None: until it is revoked. rotates: each gives way to the next.
    """

    name: str
    run_as: str = ""
    callback_urls: tuple[str, ...] = ()
    flows: set[Flow] = field(default_factory=lambda: set(FLOWS))
    certificate: x509.Certificate | None = None
    permitted_users: PermittedUsers = PermittedUsers.ADMIN_APPROVED
    approved: set[str] = field(default_factory=set)
    ip_relaxed: bool = True
    pkce_required: bool = False
    my_domain_audience: bool = False
    certificate_required: bool = False
    refresh_life: timedelta | None = None
    rotates: bool = False
    consumer_key: str = field(default_factory=lambda: "3MVG9" + secrets.token_urlsafe(60))
    consumer_secret: str = field(default_factory=lambda: secrets.token_hex(32).upper(), repr=False)

    @property
    def jwt_key(self) -> rsa.RSAPublicKey | None:
        """Key that assertions are verified with; None where there is none that can be."""
        key = self.certificate.public_key() if self.certificate else None
        return key if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _FEWEST_BITS else None

    def upload_certificate(self, pem: bytes) -> x509.Certificate:
        """Upload the certificate, in PEM, of the key that signs assertions. It may be self-signed.

        Raises PracticeError for what is no certificate, is larger than 4 KB, or holds a private key.
        """
        found = certificates_or_error(pem)
        del pem  # it may hold a private key, and a frame that fails shows its variables
        if isinstance(found, PracticeError):
            raise found
        certificate = found[0]
        size = len(certificate.public_bytes(Encoding.PEM))
        if size > _MOST_BYTES:
            raise PracticeError(
                "that certificate is too large for an app",
                f"it has {size:,} bytes; {_MOST_BYTES:,} are the most",
                "make one of an RSA key with 2048 bits and few names",
            )
        self.certificate = certificate
        return certificate

    def approve(self, *usernames: str) -> None:
        """Approve users. Usernames are compared without case, as everywhere in Salesforce."""
        self.approved.update(username.lower() for username in usernames)

    def withdraw(self, *usernames: str) -> None:
        """Take back the approval of users."""
        self.approved.difference_update(username.lower() for username in usernames)

    def approves(self, username: str) -> bool:
        """Return whether a user is approved."""
        return username.lower() in self.approved

    def permits(self, username: str) -> bool:
        """Return whether the policy lets a user sign in and allow the app."""
        return self.permitted_users is PermittedUsers.SELF_AUTHORIZE or self.approves(username)
