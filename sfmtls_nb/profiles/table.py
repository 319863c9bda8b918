"""Table: what profiles.toml may say of a profile, the checks of that, and the way from a table to a profile and back.

A profile is a table of profiles.toml, and `profiles_file` says where that is::

    [prod]
    my_domain = "acme"             # for https://acme.my.salesforce.com; or else login_url = "https://HOST:PORT"
    sandbox = "uat"                # of that My Domain
    api_version = "64.0"
    ca_file = "server-ca.pem"      # the only roots to trust for the server, if it is a private one
    accepted_roots = "cacerts.jsp" # the org's page as saved, to check certificates against
    mutual_port = 8443
    connect_timeout = 10           # seconds
    read_timeout = 60
    call_timeout = 600             # for all of a call
    answer_limit = 200_000_000     # bytes, unpacked
    trust = "public"               # or "system": the roots of this machine
    trusted_hosts = ["HOST"]       # hosts the session id may go to, besides Salesforce's and the login host
    username = "me@acme.example"   # else it is asked for
    identity = ["client.key", "client.crt", "intermediate1.crt"]
    sign_in = "jwt"                # or password (if nothing is said), client-credentials, web, sf, session
    consumer_key = "3MVG9…"        # of the org's app: for jwt, client-credentials and web
    jwt_key = "jwt.key"            # signs the JWT; another key than the certificate's
    alias = "acme-prod"            # for sf: the org's name there
    secret_from = "env:SF_SECRET"  # or "keyring:SERVICE/USERNAME" or "fd:3": where the secret is; else it is asked for

All but the address may be left out. Files are relative to the folder of profiles.toml.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final, get_args

from sfmtls_nb.errors import OrgError
from sfmtls_nb.files import expand
from sfmtls_nb.org import Org, Trust, my_domain_of
from sfmtls_nb.profiles.profile import Profile, is_secret, name_shown

# --- What a table may say -----------------------------------------------------------------------------------------


def _is_file(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_number(value: object, below: float) -> bool:
    # Nor is infinity a timeout that a socket takes.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < below


# What a value is, an example, and whether this is one.
_Kind = tuple[str, str, Callable[[Any], bool]]
_TEXT: Final[_Kind] = ("a text", '"…"', lambda value: isinstance(value, str))
_FILE: Final[_Kind] = ("the name of a file", '"roots.pem"', _is_file)
_FILES: Final[_Kind] = (
    "a list of names of files",
    '["client.key", "client.crt"]',
    lambda value: isinstance(value, list) and all(map(_is_file, value)),
)
_PORT: Final[_Kind] = ("a port", "8443", lambda value: isinstance(value, int) and _is_number(value, 65536))
_SECONDS: Final[_Kind] = ("a number of seconds", "30", lambda value: _is_number(value, 1e9))

_BYTES: Final[_Kind] = (
    "a number of bytes",
    "200_000_000",
    lambda value: isinstance(value, int) and _is_number(value, 1e15),
)
_TRUST: Final[_Kind] = ('"public" or "system"', '"system"', lambda value: value in get_args(Trust))
_HOSTS: Final[_Kind] = ("a list of hosts", '["api.acme.example"]', _FILES[2])

_ADDRESS: Final = {"my_domain": _TEXT, "sandbox": _TEXT, "login_url": _TEXT}
_ORG_FILES: Final = {"ca_file": _FILE, "accepted_roots": _FILE}
#: What says how one signs in; each is a field of Profile.
_WAY_IN: Final = {
    "sign_in": _TEXT,
    "consumer_key": _TEXT,
    "jwt_key": _FILE,
    "alias": _TEXT,
    "secret_from": _TEXT,
}
#: The fields of Org that are no address.
_OPTIONS: Final = {
    "api_version": _TEXT,
    **_ORG_FILES,
    "mutual_port": _PORT,
    "connect_timeout": _SECONDS,
    "read_timeout": _SECONDS,
    "call_timeout": _SECONDS,
    "answer_limit": _BYTES,
    "trust": _TRUST,
    "trusted_hosts": _HOSTS,
}
_KEYS: Final = {**_ADDRESS, **_OPTIONS, "username": _TEXT, "identity": _FILES, **_WAY_IN}
#: What holds where a table says nothing.
_NOT_SAID: Final[dict[str, Any]] = {
    **{field.name: field.default for field in fields(Org) if field.name in _OPTIONS},
    **{field.name: field.default for field in fields(Profile) if field.name in _WAY_IN},
    "username": "",
    "identity": [],
}
_SECRET_KEY: Final = re.compile(r"pass|pwd|secret|token|session|^sid$", re.IGNORECASE)


def _check(key: str, value: object, where: str) -> None:
    """Raise OrgError unless a profile may say this. The value is not shown: it may be a secret, whatever its key."""
    if key not in _KEYS and _SECRET_KEY.search(key):
        raise OrgError(
            f"a profile holds no secret; {name_shown(key)} is asked for",
            where,
            'take that line out; or, where nobody can be asked, write where the secret is: secret_from = "env:NAME"',
        )
    if _has_secret(value) or is_secret(key):
        raise OrgError(
            "a profile holds no secret, and this one has a secret in it",
            f"{where}, {name_shown(key)}",
            "take it out; what signs in is asked for when it is needed, and a key stays in its file, which identity or jwt_key "
            "names",
        )
    if key not in _KEYS:
        from difflib import get_close_matches  # noqa: PLC0415  # for an error alone

        close = get_close_matches(key, _KEYS, 1, 0.5)
        hint = f"did you mean {close[0]}?" if close else f"it may have {', '.join(_KEYS)}"
        if isinstance(value, dict):
            hint = 'for a profile with a dot in its name quote it: ["acme.uat"]'
        raise OrgError(f"a profile has no key {name_shown(key)}", where, hint)
    kind, example, fits = _KEYS[key]
    if not fits(value):
        raise OrgError(f"{key} is not {kind}", where, f"write it like this: {key} = {example}")


def _has_secret(value: object) -> bool:
    if isinstance(value, dict | list):
        return any(map(_has_secret, [*value, *value.values()] if isinstance(value, dict) else value))
    return isinstance(value, str) and is_secret(value)


# --- From a table to a profile, and back --------------------------------------------------------------------------


def profile_of(name: str, table: object, file: Path) -> Profile:
    """The profile that a table of a file says. Raises OrgError for whatever is wrong in it."""
    if not isinstance(table, dict):
        if _SECRET_KEY.search(name):
            _check(name, table, str(file))
        raise OrgError(
            f"{name_shown(name)} is not a profile", str(file), "write a line with the profile's name above it: [acme]"
        )
    where = f"{file}, [{name_shown(name)}]"
    for key, value in table.items():
        _check(key, value, where)
    way_in = {key: table[key] for key in _WAY_IN if key in table}
    try:
        identity = tuple(_path(each, file) for each in table.get("identity", ()))
        if "jwt_key" in way_in:
            way_in["jwt_key"] = _path(way_in["jwt_key"], file)
        return Profile(name, _org(table, file), table.get("username", ""), identity, **way_in)
    except OrgError as error:
        raise OrgError(error.what, f"{where}: {error.evidence}".removesuffix(": "), error.next_step) from error


def changes_in(tables: Mapping[str, object], profile: Profile, file: Path) -> dict[str, Any]:
    """The keys to set in a profile's table, and (None) those to take out; a key that means the same already stays as it is."""
    wanted, present, moved = _entries(profile, file), _NOT_SAID, True
    if profile.name in tables:
        replaced = profile_of(profile.name, tables[profile.name], file)
        present, moved = _entries(replaced, file), replaced.org.login_url != profile.org.login_url
    return {
        key: None if wanted.get(key) == _NOT_SAID.get(key) else wanted[key]
        for key in _KEYS
        if wanted.get(key) != present.get(key) or (moved and key in _ADDRESS)
    }


def _org(table: dict[str, Any], file: Path) -> Org:
    if ("my_domain" in table) == ("login_url" in table):
        said = "both are there" if "my_domain" in table else "neither is there"
        raise OrgError(
            "a profile has either a my_domain or a login_url", said, "keep one; my_domain where there is one"
        )
    if "sandbox" in table and "my_domain" not in table:
        raise OrgError("sandbox goes with my_domain alone", "there is a login_url", "the sandbox's URL says it already")
    options = {key: table[key] for key in _OPTIONS if key in table}
    options |= {key: _path(options[key], file) for key in _ORG_FILES if key in options}
    if "login_url" in table:
        return Org(table["login_url"], **options)
    return replace(Org.my_domain(table["my_domain"], sandbox=table.get("sandbox")), **options)


def _entries(profile: Profile, file: Path) -> dict[str, Any]:
    """The table of a profile with every key that it can have."""
    org = profile.org
    found = my_domain_of(org.login_url)
    address = {"my_domain": found[0], "sandbox": found[1]} if found else {"login_url": org.login_url}
    options = {key: getattr(org, key) for key in _OPTIONS}
    options |= {key: _name(options[key], file) for key in _ORG_FILES if options[key] is not None}
    identity = [_name(each, file) for each in profile.identity]
    way_in = {key: getattr(profile, key) for key in _WAY_IN}
    if profile.jwt_key is not None:
        way_in["jwt_key"] = _name(profile.jwt_key, file)
    return {**address, **options, "username": profile.username, "identity": identity, **way_in}


def _path(name: str, file: Path) -> Path:
    return file.absolute().parent / expand(name, OrgError)


def _name(path: str | Path | bytes, file: Path) -> str:
    """A path as it stands in a file of profiles: relative to its folder, if it is in there."""
    if isinstance(path, bytes):
        raise OrgError(
            "a profile names files, and this org has the content of one",
            f"{len(path):,} bytes",
            "write that into a file, and name it",
        )
    absolute, folder = expand(path, OrgError).absolute(), file.absolute().parent
    return (absolute.relative_to(folder) if absolute.is_relative_to(folder) else absolute).as_posix()
