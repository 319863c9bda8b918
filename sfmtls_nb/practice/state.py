"""State of the org: users, sessions, certificates, limits. All of it can be changed while the org runs."""

from __future__ import annotations

import secrets
import string
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from cryptography import x509

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice.apps import ExternalClientApp
from sfmtls_nb.practice.data import ORGANIZATION_ID, PROFILES, eighteen
from sfmtls_nb.practice.failures import ArmedFailures
from sfmtls_nb.practice.mutual.upload import leaf_or_error
from sfmtls_nb.practice.refusal import RefusedError

_SESSION_ALPHABET: Final = string.ascii_letters + string.digits + "._"
#: Wrong passwords in a row that lock a user out, and the time of the lockout (Salesforce's default policy).
_ATTEMPTS: Final = 10
_LOCKED_FOR: Final = timedelta(minutes=15)


_INVALID_LOGIN: Final = "Invalid username, password, security token; or user locked out."
_NEW_LOCATION: Final = (
    "Are you at a new location? When accessing Salesforce--either via a desktop client or the API--from outside of your "
    "company’s trusted networks, you must add a security token to your password to log in. To get your new security "
    "token, log in to Salesforce. From your personal settings, enter Reset My Security Token in the Quick Find box, then "
    "select Reset My Security Token."
)


class Credentials(NamedTuple):
    """Username and password of a practice user; the password does not show."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, password='••••')"


@dataclass
class UserProfile:
    """A profile of Setup. enforced: it has the permission Enforce SSL/TLS Mutual Authentication.

    any_api_auth: it has Use Any API Auth, without which SOAP login() is refused. Orgs made since Summer '26 begin
    without; this one begins with it, as older orgs do. modify_metadata: it has Modify Metadata Through Metadata API
    Functions. [simulated]: all profiles of this org begin with it, which in a real one are the administrators'.
    """

    name: str
    profile_id: str
    enforced: bool = False
    any_api_auth: bool = True
    modify_metadata: bool = True


@dataclass
class User:
    """A user of the org; ``name`` is a short one for lessons and tests."""

    name: str
    username: str
    password: str = field(repr=False)
    user_id: str
    full_name: str
    profile: UserProfile
    security_token: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)
    password_expired: bool = False
    failed_attempts: int = 0
    locked_until: datetime | None = None

    @property
    def enforced(self) -> bool:
        """True if the profile demands mutual authentication."""
        return self.profile.enforced


@dataclass
class OpenSession:
    """A session's user, and the time of its last use."""

    user: User
    used: datetime


@dataclass
class OrgState:
    """The state of an org. Every setting may be changed while it runs.

    accepted_roots, revoked, uploaded_leaves: what the two layers of mutual authentication are judged by.
    feature_enabled: whether Support has switched mutual authentication on, so that Setup shows its section.
    session_life: how long a session lives without being used.
    calls, call_limit: API requests of the day, and how many there may be; near the limit an org is with ``calls = 14_990``.
    bulk_page: records in a result page of Bulk API 2.0, unless the client asks for fewer.
    token_required: whether login wants the security token behind the password, as from an unknown network.
    failures: the failures that the next calls are to meet.
    """

    accepted_roots: list[x509.Certificate]
    uploaded_leaves: list[x509.Certificate]
    revoked: list[x509.Certificate] = field(default_factory=list)
    feature_enabled: bool = True
    users: list[User] = field(default_factory=lambda: list(_first_users()))
    apps: list[ExternalClientApp] = field(default_factory=list)
    session_life: timedelta = timedelta(hours=2)
    token_required: bool = False
    soap_login_enabled: bool = True
    calls: int = 0
    call_limit: int = 15_000
    bulk_page: int = 100_000  # [simulated] Salesforce: "the server uses a default value based on the service".
    failures: ArmedFailures = field(default_factory=ArmedFailures)
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)
    sessions: dict[str, OpenSession] = field(default_factory=dict, repr=False)
    _profiles: list[UserProfile] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        # The first profiles stay, even without users; the last user's is the standard one.
        self._profiles = self.profiles
        self._standard = self.users[-1].profile
        self._clones = 0
        self._counting = threading.Lock()

    # ------------------------------------------------------------ Setup, as the article goes through it

    @property
    def profiles(self) -> list[UserProfile]:
        """All profiles, with or without users."""
        return list(
            {id(profile): profile for profile in (*self._profiles, *(user.profile for user in self.users))}.values()
        )

    def start_over(self) -> None:
        """Reset to a new org: the feature off, no certificate uploaded, one profile, nobody enforced, no session open."""
        self.feature_enabled = False
        self.uploaded_leaves.clear()
        self.sessions.clear()
        self._profiles = [self._standard]
        self._standard.enforced, self._standard.any_api_auth, self._standard.modify_metadata = False, True, True
        for user in self.users:
            user.profile = self._standard

    def ask_support(self) -> None:
        """Have Salesforce Support enable mutual authentication: Setup then shows Mutual Authentication Certificates."""
        self.feature_enabled = True

    def upload_certificate(self, pem: bytes) -> x509.Certificate:
        """Upload a client's leaf, the first certificate in a PEM file.

        Raises PracticeError if the upload is refused: a private key is in it, or the first is an authority's.
        """
        leaf = leaf_or_error(pem)
        del pem  # it may hold a private key, and a frame that fails shows its variables
        if not self.feature_enabled:
            raise PracticeError(
                "there is no section Mutual Authentication Certificates in this org",
                next_step="open a case with Salesforce Support to have the feature enabled (here: ask_support())",
            )
        if isinstance(leaf, PracticeError):
            raise leaf
        if leaf not in self.uploaded_leaves:
            self.uploaded_leaves.append(leaf)
        return leaf

    def remove_certificate(self, leaf: x509.Certificate) -> None:
        """Remove an uploaded leaf. Raises PracticeError where it is not uploaded."""
        if leaf not in self.uploaded_leaves:
            raise PracticeError(
                "that certificate is not among the uploaded ones",
                f"there are {len(self.uploaded_leaves)}",
                "take one of uploaded_leaves",
            )
        self.uploaded_leaves.remove(leaf)

    def clone_profile(self, name: str, new_name: str) -> UserProfile:
        """Copy a profile. The clone has an id of its own, and its permissions may be changed.

        Raises PracticeError where there is no such profile, or the new name is none or taken.
        """
        original = next((profile for profile in self.profiles if profile.name == name), None)
        if original is None:
            raise PracticeError(
                f"there is no profile {name!r}",
                next_step=f"there are: {', '.join(each.name for each in self.profiles)}",
            )
        new_name = new_name.strip()
        if not new_name or new_name.lower() in (each.name.lower() for each in self.profiles):
            raise PracticeError(
                f"there is a profile {new_name!r} already" if new_name else "the new profile has no name",
                next_step="give the clone a name of its own",
            )
        self._clones += 1
        clone = replace(original, name=new_name, profile_id=eighteen(f"00e5f0000C{self._clones:05d}"))
        self._profiles.append(clone)
        return clone

    # ------------------------------------------------------------ External Client Apps

    def add_app(self, app: ExternalClientApp) -> ExternalClientApp:
        """Add an External Client App. Raises PracticeError where its name is none or taken."""
        if not app.name.strip() or app.name.lower() in (each.name.lower() for each in self.apps):
            raise PracticeError(
                f"there is an app {app.name!r} already" if app.name.strip() else "the new app has no name",
                next_step="give it a name of its own",
            )
        self.apps.append(app)
        return app

    def app(self, consumer_key: str) -> ExternalClientApp | None:
        """Return the app of a consumer key."""
        return next((app for app in self.apps if app.consumer_key == consumer_key), None)

    # ------------------------------------------------------------ signing in

    def user(self, name: str) -> User | None:
        """Return the user of a username, compared without case as in Salesforce, or of a short name."""
        wanted = name.lower()
        return next((user for user in self.users if wanted in (user.username.lower(), user.name)), None)

    def locked(self, user: User) -> bool:
        """Return whether a user is locked out at the moment."""
        return user.locked_until is not None and self.clock() < user.locked_until

    def authenticate(self, username: str, password: str) -> User | None:
        """Return the user whose password is right; None also for one who is locked out. Failures count towards a lockout."""
        user = next((user for user in self.users if user.username.lower() == username.lower()), None)
        if user is None or self.locked(user):
            return None
        if secrets.compare_digest(user.password.encode(), password.encode()):
            user.failed_attempts, user.locked_until = 0, None
            return user
        user.failed_attempts += 1
        if user.failed_attempts >= _ATTEMPTS:
            user.failed_attempts, user.locked_until = 0, self.clock() + _LOCKED_FOR
        return None

    def authenticate_with_token(self, username: str, password: str) -> User:
        """Authenticate as SOAP login() does: with the security token behind the password, where the org demands it.

        Raises RefusedError with INVALID_LOGIN, LOGIN_MUST_USE_SECURITY_TOKEN, or INSUFFICIENT_ACCESS.
        """
        user = next((user for user in self.users if user.username.lower() == username.lower()), None)
        token = user.security_token if user and self.token_required else ""
        if token and user and secrets.compare_digest(password.encode(), user.password.encode()):
            raise RefusedError("LOGIN_MUST_USE_SECURITY_TOKEN", f"{_INVALID_LOGIN} {_NEW_LOCATION}")
        # A password without the token is wrong, and counts as wrong.
        found = self.authenticate(username, password.removesuffix(token))
        if found is None:
            raise RefusedError("INVALID_LOGIN", _INVALID_LOGIN)
        if not found.profile.any_api_auth:
            # The code is documented; [simulated]: the words.
            raise RefusedError(
                "INSUFFICIENT_ACCESS", "The user lacks the permission Use Any API Auth for SOAP API login()"
            )
        return found

    # ------------------------------------------------------------ sessions

    def open_session(self, user: User) -> str:
        """Open a session and return its id: the organization's id, "!", and a secret."""
        session_id = f"{ORGANIZATION_ID}!AQ" + "".join(secrets.choice(_SESSION_ALPHABET) for _ in range(94))
        self.sessions[session_id] = OpenSession(user, self.clock())
        return session_id

    def session_user(self, session_id: str) -> User | None:
        """Return the user of an open session, whose life begins anew; None for any other session id."""
        session, now = self.sessions.get(session_id), self.clock()
        if session is None or now - session.used > self.session_life:
            self.sessions.pop(session_id, None)
            return None
        session.used = now
        return session.user

    def close_session(self, session_id: str) -> bool:
        """End a session, and return whether it was open."""
        return self.sessions.pop(session_id, None) is not None

    def end_sessions(self, username: str | None = None) -> int:
        """End all sessions (of one user), as an admin does in Session Management, and return how many there were."""
        ended = [
            session_id
            for session_id, session in list(self.sessions.items())
            if username is None or session.user.username.lower() == username.lower()
        ]
        return sum(self.close_session(session_id) for session_id in ended)

    def count_call(self) -> bool:
        """Count an API call; return False if the limit is used up."""
        with self._counting:
            if self.calls >= self.call_limit:
                return False
            self.calls += 1
            return True


def _first_users() -> Iterable[User]:
    standard, mutual = (UserProfile(name, eighteen(f"00e5f00000PRAC{n}")) for n, name in enumerate(PROFILES, 1))
    mutual.enforced = True
    people = (("enforced", "Erin Enforced", mutual), ("standard", "Stan Standard", standard))
    for number, (name, full_name, profile) in enumerate(people, 1):
        yield User(
            name,
            f"{name}@practice.example",
            # No character that XML has to escape: learners paste it into login.xml, as the article does.
            secrets.token_urlsafe(12),
            eighteen(f"0055f00000PRAC{number}"),
            full_name,
            profile,
        )
