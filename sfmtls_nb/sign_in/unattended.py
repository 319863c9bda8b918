"""Unattended sign-in: the session that a profile describes, where nobody can be asked: in a scheduled job, on a worker."""

from __future__ import annotations

import threading
from typing import Any, Final, NoReturn

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.errors import ApiFault, PassphraseError, SignInError
from sfmtls_nb.profiles import Profile, profiles_file, read_profiles
from sfmtls_nb.session import Session
from sfmtls_nb.sign_in.opened import opened
from sfmtls_nb.sign_in.secret_source import secret_from
from sfmtls_nb.sign_in.ways import Credentials, Field, credentials_of, way_named

#: The sessions of this process by the names of their profiles; or what the org said to the sign-in.
_KEPT: Final[dict[str, Session | ApiFault]] = {}
_LOCK: Final = threading.Lock()


def session_of(name: str) -> Session:
    """Sign in as a profile says, and present its certificate.

    Raises OrgError for the profile, IdentityError for its files, SignInError for what it does not say and a secret that
    cannot be had, and what `sfmtls_nb.login` raises.
    """
    profiles = read_profiles()
    if name not in profiles and name not in profiles.broken:
        raise SignInError(
            f"there is no profile {name} on this machine",
            f"{profiles_file()} has {', '.join(profiles) or 'none'}",
            "put the profile there, or have the variable SFMTLS_NB_PROFILES name the file that has it",
        )
    profile = profiles[name]
    credentials, identity = _credentials(profile), _identity(profile)
    return opened(profile.org, identity, credentials, credentials.sign_in, kept_session)


def kept_session(name: str) -> Session:
    """The session of a profile in this process: one for all its threads, opened when it is first asked for.

    It is left to end by itself: an org may give one session to several processes of a user. Raises as `session_of`. What
    the org refused is not tried again before the process is started anew: wrong passwords lock a user out.
    """
    with _LOCK:
        if name not in _KEPT:
            try:
                _KEPT[name] = session_of(name)
            except ApiFault as fault:
                fault.next_step += (
                    f"; then start this process anew: what the org refused to profile {name} is not tried again"
                )
                _KEPT[name] = fault
        kept = _KEPT[name]
    if isinstance(kept, ApiFault):
        raise kept.with_traceback(None)
    return kept


def _identity(profile: Profile) -> ClientIdentity | None:
    try:
        return ClientIdentity.load(*profile.identity) if profile.identity else None
    except PassphraseError as error:
        error.next_step = (
            "nobody can be asked for its passphrase here: have the profile name a key without one, in a file that nobody "
            "else can read"
        )
        raise


def _credentials(profile: Profile) -> Credentials:
    way = way_named(profile.sign_in)
    if way.name == "web":
        raise SignInError(
            f"profile {profile.name} signs in by browser, and there is none here",
            'it says sign_in = "web"',
            'sign in with sign_in = "jwt" or "client-credentials" here, which need no person',
        )
    said: dict[str, Any] = {
        "username": profile.username,
        "consumer_key": profile.consumer_key,
        "key": profile.jwt_key,
        "alias": profile.alias,
        "instance_url": profile.org.login_url,
    }
    values = {field.name: said[field.name] for field in way.fields if said.get(field.name)}
    if way.secret and profile.secret_from:
        values[way.secret.name] = secret_from(profile.secret_from)

    def missing(field: Field) -> NoReturn:
        key = {"key": "jwt_key"}.get(field.name, field.name)
        line = 'secret_from = "env:NAME"' if field.secret else f'{key} = "…"'
        raise SignInError(
            f"profile {profile.name} does not say {'where ' if field.secret else ''}the {field.label.lower()}"
            f"{' is' if field.secret else ''}, and nobody can be asked here",
            f"it signs in by {way.title}",
            f"add to it: {line}",
        )

    return credentials_of(way, values, missing)
