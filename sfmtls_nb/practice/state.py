"""State: what the org knows: its users, their sessions, the uploaded leaves, the roots it accepts."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from cryptography import x509

ORGANIZATION_ID: Final = "00D5f000000PRAC"
_SESSION_ALPHABET: Final = string.ascii_letters + string.digits + "._"


class Credentials(NamedTuple):
    """Username and password of a practice user; the password does not show."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, password='••••')"


@dataclass
class User:
    """A user of the org. ``enforced``: the profile has Enforce SSL/TLS Mutual Authentication."""

    name: str
    username: str
    password: str = field(repr=False)
    user_id: str
    profile_id: str
    full_name: str
    enforced: bool


@dataclass
class OrgState:
    """The org. Session ids are its keys to users; everything can be changed while it runs."""

    accepted_roots: list[x509.Certificate]
    uploaded_leaves: list[x509.Certificate]
    users: list[User] = field(default_factory=lambda: list(_first_users()))
    sessions: dict[str, User] = field(default_factory=dict, repr=False)
    calls: int = 0
    call_limit: int = 15_000

    def sign_in(self, username: str, password: str) -> tuple[User, str] | None:
        """The user and a new session id, or None. Usernames are compared without case, as Salesforce does."""
        for user in self.users:
            if user.username.lower() == username.lower() and secrets.compare_digest(
                user.password.encode(), password.encode()
            ):
                session_id = f"{ORGANIZATION_ID}!AQ" + "".join(secrets.choice(_SESSION_ALPHABET) for _ in range(94))
                self.sessions[session_id] = user
                return user, session_id
        return None


def eighteen(short: str) -> str:
    """The 18-character form of a 15-character id: three more that tell which letters are upper case.

    >>> eighteen("00536000006Z51j")
    '00536000006Z51jAAC'
    """
    alphabet = string.ascii_uppercase + "012345"
    chunks = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(alphabet[sum(1 << n for n, c in enumerate(chunk) if c.isupper())] for chunk in chunks)


def _first_users() -> Iterable[User]:
    people = (("enforced", "Erin Enforced", True), ("standard", "Stan Standard", False))
    for number, (name, full_name, enforced) in enumerate(people, 1):
        yield User(
            name,
            f"{name}@practice.example",
            # Nothing in it that XML would have to escape: learners paste it into login.xml, as the article does.
            secrets.token_urlsafe(12),
            eighteen(f"0055f00000PRAC{number}"),
            eighteen(f"00e5f00000PRAC{number}"),
            full_name,
            enforced,
        )
