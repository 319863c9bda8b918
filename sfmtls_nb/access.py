"""Access: what a sign-in gives, and the one that a session and its copies have now."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sfmtls_nb.connection import Exchange, Transport
from sfmtls_nb.errors import ApiFault, SfmtlsError, SignInError
from sfmtls_nb.secret import Secret


@dataclass(frozen=True)
class Access:
    """A session id or an access token (to the APIs they are the same), and where it is good: a plain value.

    server_url: the SOAP API's address as the sign-in gave it, without the port for mutual TLS.
    exchange: the call that signed in, without its secrets; None where none was made.
    expires: the end, where the org told it; a call may begin that time anew.
    ends_by: how the org is told to end it: SOAP logout(), or OAuth's revoke; empty for one that was made elsewhere and is
        in use there, and so is left alone.
    """

    session_id: Secret
    server_url: str
    user_id: str = ""
    exchange: Exchange | None = field(default=None, repr=False)
    expires: datetime | None = None
    refresh_token: Secret | None = None
    ends_by: Literal["logout", "revoke", ""] = "logout"


def end_after(seconds: int, at: datetime) -> datetime | None:
    """The end of what is good for some seconds from a time on; None if the calendar does not go so far."""
    try:
        return at + timedelta(seconds=seconds)
    except OverflowError:
        return None


#: Signs in again, over a transport, in place of an access that the org no longer takes; None if that cannot be.
Renew = Callable[[Transport, Access], Access | None]


class CurrentAccess:
    """The access that a session and its copies share, so that one renewal is one for them all, on whatever thread.

    attempts: how many renewals were tried in vain.
    """

    def __init__(self, access: Access, renew: Renew | None = None) -> None:
        self.access = access
        self.attempts = 0
        self._renew = renew
        self._former: list[Secret] = []
        self._lock = threading.Lock()

    def issued(self) -> list[Secret]:
        """The session ids so far, the newest first."""
        return [self.access.session_id, *reversed(self._former)]

    @property
    def renews(self) -> bool:
        """True if another access can be had in place of this one."""
        return self._renew is not None

    def end(self) -> Access:
        """The access, which is renewed no more: its session is about to be ended. A renewal under way is waited for."""
        with self._lock:
            self._renew = None
            return self.access

    def renewed(self, refused: Secret, transport: Transport, attempts: int) -> Secret | None:
        """The session id to use in place of a refused one; None if there is none.

        attempts: as it was when the refused call was sent. A renewal that failed since then is not tried again for that call,
        and one that the org refused never is: wrong passwords lock a user out.
        Raises what keeps the sign-in from succeeding, and SignInError if it leads to another org or user.
        """
        with self._lock:
            if self.access.session_id != refused:
                return self.access.session_id
            if self._renew is None or self.attempts != attempts:
                return None
            try:
                access = self._renew(transport, self.access)
                if access is not None:
                    _check_same(self.access, access)
            except SfmtlsError as error:
                self.attempts += 1
                if isinstance(error, ApiFault):
                    self._renew = None
                error.evidence = f"{error.evidence}; the session had ended, and this came of signing in again".lstrip(
                    "; "
                )
                raise
            if access is None or access.session_id == refused:
                self._renew = None
                return None
            self._former.append(refused)
            self.access = access
            return access.session_id


def _check_same(former: Access, new: Access) -> None:
    """Raise SignInError for an access to another org, or of another user: its records would stand among the first one's.

    Where an app's Run As, or the default org of `sf`, was changed meanwhile.
    """
    # Masked, a session id shows the organization that it belongs to, and no more.
    orgs, users = ({str(each.session_id) for each in (former, new)}, {former.user_id, new.user_id} - {""})
    if len(orgs) > 1 or len(users) > 1:
        raise SignInError(
            f"signing in again leads to another {'org' if len(orgs) > 1 else 'user'}",
            " instead of ".join(
                [str(new.session_id), str(former.session_id)] if len(orgs) > 1 else [new.user_id, former.user_id]
            ),
            "call login() again, if that is what you want",
        )
