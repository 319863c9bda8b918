"""Opened session: what a sign-in over a new transport gives."""

from __future__ import annotations

from collections.abc import Callable

from sfmtls_nb.access import Access
from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection import Transport
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.org import Org
from sfmtls_nb.query import Elsewhere, host_of
from sfmtls_nb.session import Session
from sfmtls_nb.sign_in.ways import Credentials, described, renews


def opened(
    org: Org,
    identity: ClientIdentity | None,
    credentials: Credentials,
    sign_in: Callable[[Transport], Access],
    by_profile: Callable[[str], Session],
) -> Session:
    """The session that a sign-in with these credentials gives. Raises what the sign-in raises.

    by_profile: gives another process a session of its own, by the name of a profile there.
    """
    transport = Transport(org, identity)
    try:
        access = sign_in(transport)
    except SfmtlsError:
        transport.close()
        raise
    renew = credentials.renew if renews(credentials, access) else None
    session = Session(transport, access, renew, described(credentials, access))
    session.elsewhere = Elsewhere(host_of(session.server_url), by_profile)
    return session
