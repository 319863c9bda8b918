"""Brought: a session as another program would have it, which is not renewed when it ends."""

from __future__ import annotations

from sfmtls_nb import Session
from sfmtls_nb.access import Access


def brought(session: Session) -> Session:
    """The same session, without what signs in again."""
    return Session(session.transport, Access(session.session_id, session.server_url))
