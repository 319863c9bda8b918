"""Ways: the ways in as a table, each with when to take it and what it wants; flags, forms and profiles are read by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from sfmtls_nb.access import Access
from sfmtls_nb.errors import PassphraseError, SfmtlsError
from sfmtls_nb.secret import Secret
from sfmtls_nb.sign_in.client_credentials import ClientCredentials
from sfmtls_nb.sign_in.existing_session import ExistingSession
from sfmtls_nb.sign_in.jwt_bearer import JwtBearer
from sfmtls_nb.sign_in.password import PasswordLogin
from sfmtls_nb.sign_in.sf_cli import SfCli
from sfmtls_nb.sign_in.web import WebLogin

#: What one signs in with: a value each, which says when to take it.
Credentials = PasswordLogin | JwtBearer | ClientCredentials | WebLogin | SfCli | ExistingSession


class Field(NamedTuple):
    """One thing that a way wants, by the name that its credentials have for it.

    asks: the words of a question for it, where they are not its label.
    """

    name: str
    label: str
    secret: bool = False
    optional: bool = False
    hint: str = ""
    asks: str = ""

    @property
    def question(self) -> str:
        """The question for it, as a prompt."""
        return f"{self.asks or self.label}: "


class Way(NamedTuple):
    """A way in: its name, its title, one sentence on when to take it, what it wants, and what makes credentials of that."""

    name: str
    title: str
    when: str
    fields: tuple[Field, ...]
    make: Callable[..., Credentials]

    @property
    def secret(self) -> Field | None:
        """The secret among its fields that one keeps somewhere; None if it has no secret."""
        return next((field for field in self.fields if field.secret), None)


_USERNAME: Final = Field("username", "Username", hint="name@example.com")
_KEY: Final = Field("consumer_key", "Consumer key", hint="of the External Client App: 3MVG9…")

WAYS: Final = {
    way.name: way
    for way in (
        Way(
            "password",
            "Username and password",
            "SOAP login(), as in the article, for orgs that have it still: it is off in new orgs, absent from API 65.0 on, and "
            "retired with Summer '27.",
            (
                _USERNAME,
                Field("password", "Password", secret=True, asks="Password (and security token)"),
                Field(
                    "security_token",
                    "Security token",
                    secret=True,
                    optional=True,
                    hint="only where the org asks for it",
                ),
            ),
            PasswordLogin,
        ),
        Way(
            "jwt",
            "JWT bearer",
            "For programs that run without anybody, on a server or by schedule: a key signs in, without a password or a person.",
            (
                _KEY,
                _USERNAME,
                Field("key", "JWT key", hint="a file; not the key for mutual TLS"),
                Field("passphrase", "Passphrase", secret=True, optional=True, hint="only if the JWT key is encrypted"),
            ),
            JwtBearer,
        ),
        Way(
            "client-credentials",
            "Client credentials",
            "For a program that is always one and the same user, whom the app names (Run As): the least to set up. At the My "
            "Domain alone.",
            (_KEY, Field("consumer_secret", "Consumer secret", secret=True)),
            ClientCredentials,
        ),
        Way(
            "web",
            "Browser",
            "For a person: the browser opens the org's own page, with whatever it asks of people, such as a second factor.",
            (
                _KEY,
                Field(
                    "consumer_secret", "Consumer secret", secret=True, optional=True, hint="only if the app requires it"
                ),
            ),
            WebLogin,
        ),
        Way(
            "sf",
            "Salesforce CLI",
            "For whoever works with the command sf on this machine already: it keeps the token, and refreshes it.",
            (Field("alias", "Alias", optional=True, hint="or a username; empty: the default org of sf"),),
            SfCli,
        ),
        Way(
            "session",
            "Existing session",
            "For a quick look with a session id or access token from elsewhere: it is not renewed when it ends.",
            (
                Field(
                    "session_id", "Session id", secret=True, hint="or access token", asks="Session id or access token"
                ),
                Field("instance_url", "Instance URL", hint="https://acme.my.salesforce.com"),
            ),
            ExistingSession,
        ),
    )
}


def way_named(name: str) -> Way:
    """The way in of that name. Raises SfmtlsError if there is none."""
    if name in WAYS:
        return WAYS[name]
    close = get_close_matches(name.casefold(), WAYS, 1, 0.5)
    raise SfmtlsError(
        f"there is no way in called {name}",
        f"they are: {', '.join(WAYS)}",
        f"did you mean {close[0]}?" if close else "%sf_login --form shows when to take which",
    )


def credentials_of(way: Way, values: Mapping[str, Any], ask: Callable[[Field], str | Secret]) -> Credentials:
    """The credentials of a way, made of values by the names of its fields; ``ask`` is asked for what is missing.

    Raises what the credentials raise for values that cannot be, and what ``ask`` raises.
    """
    fields = {field.name: field for field in way.fields}
    given = {name: value for name, value in values.items() if value}
    given |= {name: ask(field) for name, field in fields.items() if not field.optional and name not in given}
    try:
        return way.make(**given)
    except PassphraseError:
        if "passphrase" in given:
            raise
    return way.make(**given, passphrase=ask(fields["passphrase"]))


def described(credentials: Credentials, access: Access) -> str:
    """The way in of credentials, and who came in by it, in words."""
    way = next(way for way in WAYS.values() if isinstance(credentials, way.make))  # type: ignore[arg-type]  # each is a class
    who = getattr(credentials, "username", "") or getattr(credentials, "alias", "") or access.user_id
    return f"{way.title}{f', as {who}' if who else ''}"


def renews(credentials: Credentials, access: Access) -> bool:
    """True if another access can be had when this one ends, without a person."""
    if isinstance(credentials, WebLogin):
        return bool(access.refresh_token)
    return not isinstance(credentials, ExistingSession)
