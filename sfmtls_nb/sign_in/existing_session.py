"""ExistingSession: a session id or access token that was had elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from sfmtls_nb.access import Access
from sfmtls_nb.connection import Transport
from sfmtls_nb.org import checked_url
from sfmtls_nb.secret import Secret
from sfmtls_nb.sign_in.token import check_texts, soap_url


@dataclass(frozen=True, init=False)
class ExistingSession:
    """A session id or access token from another program: for a quick look, or where that program does the signing in.

    It is not renewed when it ends, and leaving a ``with`` block does not end it: it is in use elsewhere.
    """

    session_id: Secret
    instance_url: str

    def __init__(self, session_id: str | Secret, instance_url: str) -> None:
        """instance_url: of the org, such as https://acme.my.salesforce.com. Raises OrgError if it is none, or there is no session id."""
        session_id = Secret(session_id) if isinstance(session_id, str) else session_id
        check_texts(session_id=session_id, instance_url=instance_url)
        object.__setattr__(self, "session_id", session_id)
        object.__setattr__(self, "instance_url", checked_url(instance_url))

    def sign_in(self, transport: Transport) -> Access:
        """The access that this is; nothing is sent. Raises OrgError if the instance is none of Salesforce's nor the org's."""
        org = transport.org
        instance = org.followed(self.instance_url, "instance_url")
        return Access(self.session_id, soap_url(instance, org), ends_by="")

    def renew(self, _: Transport, __: Access) -> None:
        """None: whoever made it has to make another one."""
