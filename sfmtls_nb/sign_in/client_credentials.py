"""ClientCredentials: a consumer key and secret, for OAuth's client credentials flow: the app's own user signs in."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from sfmtls_nb.access import Access
from sfmtls_nb.connection import Transport
from sfmtls_nb.errors import OrgError
from sfmtls_nb.secret import Secret
from sfmtls_nb.sign_in.token import access_by, check_texts


@dataclass(frozen=True, init=False)
class ClientCredentials:
    """A consumer key and secret: the least to set up for a program that is always one and the same user.

    Who that is, the External Client App says (Policies > Run As). At the My Domain alone.
    """

    consumer_key: str
    consumer_secret: Secret

    def __init__(self, consumer_key: str, consumer_secret: str | Secret) -> None:
        """Raises OrgError if one of them is empty or no text."""
        check_texts(consumer_key=consumer_key, consumer_secret=consumer_secret)
        object.__setattr__(self, "consumer_key", consumer_key)
        object.__setattr__(self, "consumer_secret", Secret(consumer_secret))

    def sign_in(self, transport: Transport) -> Access:
        """The access that the token endpoint gives. Raises LoginFault, OrgError, or what keeps the call from getting there."""
        host = urlsplit(transport.org.login_url).hostname
        if host in ("login.salesforce.com", "test.salesforce.com"):
            raise OrgError(
                f"client credentials are not taken at {host}",
                "there is no username among them that would say which org is meant",
                'name the My Domain: Org.my_domain("acme"), or %sf_org acme; Setup > My Domain shows it',
            )
        form: dict[str, str | Secret] = {
            "grant_type": "client_credentials",
            "client_id": self.consumer_key,
            "client_secret": self.consumer_secret,
        }
        return access_by(transport, form)

    def renew(self, transport: Transport, _: Access) -> Access:
        """Another access, in place of one that has ended."""
        return self.sign_in(transport)
