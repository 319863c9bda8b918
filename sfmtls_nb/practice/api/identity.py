"""Identities: who a token belongs to, at the identity URL (/id/ORG/USER) and at userinfo.

Salesforce's own identity URLs are at login.salesforce.com. Here they are at the org's own host, and so is every other
address in these answers: a client sends its token there.
"""

from __future__ import annotations

from typing import Any, Final

from sfmtls_nb.practice.data import ORGANIZATION_ID, eighteen
from sfmtls_nb.practice.state import User

_ROOT: Final = "/id/"
_ORGANIZATION: Final = eighteen(ORGANIZATION_ID)
#: The addresses of the APIs by their names, with the version left to the client.
_URLS: Final = {
    "partner": "/services/Soap/u/{version}",
    "rest": "/services/data/v{version}/",
    "sobjects": "/services/data/v{version}/sobjects/",
    "search": "/services/data/v{version}/search/",
    "query": "/services/data/v{version}/query/",
    "recent": "/services/data/v{version}/recent/",
}


def is_identity_path(path: str) -> bool:
    """Return whether a path is an identity URL's."""
    return path.startswith(_ROOT)


def identity_url(server: str, user: User) -> str:
    """Return the ``id`` and ``sub`` of a user. server: scheme and host of the org."""
    return f"{server}{_ROOT}{_ORGANIZATION}/{user.user_id}"


def flaw_of(path: str, user: User) -> tuple[int, str] | None:
    """Return status and word for an identity URL that is not the user's own; None for one that is."""
    organization, _, user_id = path.removeprefix(_ROOT).strip("/").partition("/")
    if eighteen(organization) != _ORGANIZATION:
        return 403, "Wrong_Org"
    return None if eighteen(user_id) == user.user_id else (404, "Bad_Id")


def user_info(server: str, user: User) -> dict[str, Any]:
    """Return the answer of userinfo, in the words of OpenID Connect."""
    return {
        "sub": identity_url(server, user),
        "user_id": user.user_id,
        "organization_id": _ORGANIZATION,
        "preferred_username": user.username,
        "name": user.full_name,
        "email": user.username,
        "zoneinfo": "America/Los_Angeles",
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "urls": _urls(server),
        "active": True,
    }


def identity(server: str, user: User) -> dict[str, Any]:
    """Return the answer of an identity URL."""
    first, _, last = user.full_name.rpartition(" ")
    return {
        "id": identity_url(server, user),
        "asserted_user": True,
        "user_id": user.user_id,
        "organization_id": _ORGANIZATION,
        "username": user.username,
        "nick_name": user.name,
        "display_name": user.full_name,
        "email": user.username,
        "email_verified": True,
        "first_name": first,
        "last_name": last,
        "timezone": "America/Los_Angeles",
        "urls": _urls(server),
        "active": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": -28_800_000,
    }


def _urls(server: str) -> dict[str, str]:
    return {name: f"{server}{path}" for name, path in _URLS.items()}
