"""Entry: a way in and what it wants that is no secret: as typed, from the profile, of the practice org, or asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from sfmtls_nb.errors import OrgError, SfmtlsError
from sfmtls_nb.files import expand
from sfmtls_nb.notebook.identities import ask, ask_openly, find, user_named
from sfmtls_nb.org import Org
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.profiles import Profile, save_profile
from sfmtls_nb.secret import Secret
from sfmtls_nb.sign_in import Credentials, credentials_of, secret_from, way_named
from sfmtls_nb.sign_in.ways import Field

#: Asks for a field of a way in.
Ask = Callable[[Field], str | Secret]
#: What is secret among the fields of a way in, by their names; an uploaded key is bytes.
Secrets = Mapping[str, Secret | bytes]
#: Hosts that are everybody's, and so no org's own.
_SHARED: Final = ("login.salesforce.com", "test.salesforce.com")


@dataclass(frozen=True)
class Entry:
    """A way in, and the values of its fields, by their names. Empty: not said.

    key: the file of the JWT key. extras: the names of the secrets that came beside the usual ones, such as a passphrase.
    """

    way: str = ""
    username: str = ""
    consumer_key: str = ""
    key: str = ""
    alias: str = ""
    instance_url: str = ""
    secret_from: str = ""
    paste: bool = False
    extras: tuple[str, ...] = ()

    def said(self) -> dict[str, str]:
        """What is said beside the way in, by the names of its fields."""
        own = ("way", "secret_from", "paste", "extras")
        return {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if each.name not in own and getattr(self, each.name)
        }

    def into(self, profile: Profile) -> Profile:
        """A profile with this way in. A key that was uploaded is in no file, and so not in the profile."""
        key = expand(self.key).absolute() if self.key else None
        return replace(
            profile,
            sign_in=self.way,  # type: ignore[arg-type]  # the profile checks it
            username=self.username,
            consumer_key=self.consumer_key,
            jwt_key=key if key and key.exists() else None,
            alias=self.alias,
            secret_from=self.secret_from,
        )


def kept(profile: Profile, entry: Entry | None, org: Org | None) -> Profile:
    """Save a profile, with the way in of the last sign-in, if that was at its org."""
    if entry and org and org.login_url == profile.org.login_url:
        profile = entry.into(profile)
    save_profile(profile)
    return profile


def completed(entry: Entry, org: Org, profile: Profile | None, practice: PracticeOrg | None, question: Ask) -> Entry:
    """An entry with all that its way in wants, but for secrets: what is not said is the profile's, or else the practice
    org's, or else asked for. Without a way in, it is the profile's, or username and password.

    Raises SfmtlsError for a way that there is not, and for what that way does not take; PracticeError for a user that the
    practice org does not have.
    """
    way = way_named(entry.way or (profile.sign_in if profile else "password"))
    wanted = {field.name: field for field in way.fields if not field.secret}
    if strange := entry.said().keys() - wanted:
        raise SfmtlsError(
            f"{way.title} ({way.name}) takes no {min(strange).replace('_', ' ')}",
            f"it takes {', '.join(field.label.lower() for field in way.fields)}",
            "say by which way: --way NAME; %sf_login --form shows when to take which",
        )
    usual = usual_values(org, profile, practice)
    said: dict[str, Any] = {name: usual[name] for name in wanted if usual.get(name)} | entry.said()
    for name, field in wanted.items():
        if name not in said and not field.optional:
            said[name] = question(field)
    if practice and "username" in said:
        said["username"] = next(
            (u.username for u in practice.state.users if said["username"] == u.name), said["username"]
        )
    place = entry.secret_from or (profile.secret_from if profile and profile.sign_in == way.name else "")
    return replace(entry, way=way.name, secret_from=place, **said)


def credentials_for(
    entry: Entry, practice: PracticeOrg | None, secrets: Secrets, question: Ask
) -> tuple[Entry, Credentials]:
    """The credentials of a completed entry; its secret is the one given, or kept where the entry says, or the practice org's.

    Raises SignInError for a secret that cannot be had, and what the credentials raise.
    """
    way = way_named(entry.way)
    optional = {field.name for field in way.fields if field.secret and field.optional}
    values: dict[str, Any] = {
        **entry.said(),
        "paste": entry.paste,
        **{name: each for name, each in secrets.items() if each},
    }
    if entry.key and "key" not in secrets:
        values["key"] = find(entry.key, practice)
    if way.secret and not values.get(way.secret.name):
        values[way.secret.name] = secret_from(entry.secret_from) if entry.secret_from else _known(entry, practice)
    extras = {name for name in optional if values.get(name)}

    def noted(field: Field) -> str | Secret:
        extras.update({field.name} & optional)
        return question(field)

    credentials = credentials_of(way, values, noted)
    return replace(entry, extras=tuple(sorted(extras))), credentials


def missing(field: Field) -> NoReturn:
    """Raise OrgError for a field that is empty: a callback has no prompt to ask by."""
    label = field.label if field.label[:2].isupper() else f"{field.label[0].lower()}{field.label[1:]}"
    if field.name == "passphrase":
        raise OrgError("the JWT key is encrypted", next_step="type its passphrase, and sign in again")
    emptied = "; it is emptied each time you press the button" if field.secret else ""
    raise OrgError(f"there is no {label}", f"its field is empty{emptied}", "type it, and sign in again")


def asked(field: Field) -> str | Secret:
    """The answer of whoever runs the cell."""
    return ask(field.question) if field.secret else ask_openly(field.question)


def _known(entry: Entry, practice: PracticeOrg | None) -> Secret | None:
    """The secret that is known here: that of a user or of the app of the practice org."""
    if practice and entry.way == "password":
        return user_named(entry.username, practice).password
    if practice and entry.way == "client-credentials" and entry.consumer_key == practice.app.consumer_key:
        return Secret(practice.app.consumer_secret)
    return None


def usual_values(org: Org | None, profile: Profile | None, practice: PracticeOrg | None) -> dict[str, str]:
    """The values of fields where nothing else is said, by their names: the profile's, or the practice org's."""
    known: dict[str, str] = {}
    if org and urlsplit(org.login_url).hostname not in _SHARED:
        known["instance_url"] = org.login_url
    if practice:
        key = practice.client.key
        short = find(key.name, practice) == key  # unless one's own of that name is here
        known |= {
            "consumer_key": practice.app.consumer_key,
            "key": key.name if short else str(key),
            "username": "enforced",
        }
    if profile:
        said = {"username": profile.username, "consumer_key": profile.consumer_key, "alias": profile.alias}
        said["key"] = str(profile.jwt_key or "")
        known |= {name: value for name, value in said.items() if value}
    return known
