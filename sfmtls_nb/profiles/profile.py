"""Profile: an org by a name, with who signs in there and how; and what such a value may say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from sfmtls_nb.errors import OrgError
from sfmtls_nb.org import Org
from sfmtls_nb.secret import has_session_id, mask

#: The ways in, by the names that profiles, forms and flags have for them.
WayIn = Literal["password", "jwt", "client-credentials", "web", "sf", "session"]
WAYS_IN: Final[tuple[WayIn, ...]] = get_args(WayIn)
#: The practice org's name, which no profile has.
PRACTICE: Final = "practice"
#: Where a secret may be kept; the groups are its name there. A service may have slashes in it, a user there may not.
SECRET_SOURCE: Final = re.compile(
    r"env:(?P<variable>[A-Za-z_]\w*)|keyring:(?P<service>.+)/(?P<username>[^/]+)|fd:(?P<descriptor>\d{1,9})", re.ASCII
)
SOURCES: Final = "env:NAME, keyring:SERVICE/USERNAME or fd:NUMBER"
_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True)
class Profile:
    """An org, the user who signs in there, the way in, and the certificate to present: a plain value, holding no secret.

    username: who signs in; empty if that is asked for. identity: the files that ``ClientIdentity.load`` takes; none if
    there is no certificate. sign_in: one of `WAYS_IN`. consumer_key: that of the org's app, for the ways that have one.
    jwt_key: the file with the key that signs the JWT; it is not the certificate's. alias: the org's name in the sf CLI.
    secret_from: the place of the password, consumer secret, session id or passphrase of jwt_key, as
    `sfmtls_nb.secret_from` takes it; empty if that is asked for.

    Raises OrgError for a name, a way in or a place that cannot be.
    """

    name: str
    org: Org
    username: str = ""
    identity: tuple[Path, ...] = ()
    sign_in: WayIn = "password"
    consumer_key: str = ""
    jwt_key: Path | None = None
    alias: str = ""
    secret_from: str = ""

    def __post_init__(self) -> None:
        if self.name == PRACTICE:
            raise OrgError(
                f"no profile can be called {PRACTICE}", "that is the practice org's name", "choose another name"
            )
        if not _NAME.fullmatch(self.name):
            raise OrgError(
                f"{name_shown(self.name)} is not a name for a profile",
                next_step="take letters, digits, dots, dashes and underscores, and begin with a letter or a digit",
            )
        if self.sign_in not in WAYS_IN:
            from difflib import get_close_matches  # noqa: PLC0415  # for an error alone

            close = get_close_matches(self.sign_in.casefold(), WAYS_IN, 1, 0.5)
            raise OrgError(
                f"{name_shown(self.sign_in)} is not a way to sign in",
                next_step=f"did you mean {close[0]}?" if close else f"it may be {', '.join(WAYS_IN)}",
            )
        if self.secret_from and not SECRET_SOURCE.fullmatch(self.secret_from):
            object.__setattr__(self, "secret_from", "")  # perhaps the secret, which a traceback would show
            raise OrgError(
                "secret_from does not say where the secret is",
                "what it says is not shown, as that may be the secret itself",
                f"write {SOURCES}; without secret_from it is asked for",
            )


def is_secret(text: str) -> bool:
    """True of a text with a key or a session id in it."""
    return "-----BEGIN" in text or has_session_id(text)


def name_shown(name: str) -> str:
    """A name as a message shows it: in quotes if it is none, masked if it is a secret."""
    return mask("") if is_secret(name) else name if _NAME.fullmatch(name) else repr(name)
