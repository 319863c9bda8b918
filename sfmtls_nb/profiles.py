"""Profiles: orgs by name, each with who signs in there and the certificate to show; never with a secret.

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

All but the address may be left out. Files are relative to the folder of profiles.toml.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, get_args

from sfmtls_nb.errors import IdentityError, OrgError
from sfmtls_nb.files import expand, read_file, reason_of, shown, write_new
from sfmtls_nb.org import Org, Trust, my_domain_of
from sfmtls_nb.secret import has_session_id, mask

_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]*")
#: The practice org's name, which no profile has.
PRACTICE: Final = "practice"


@dataclass(frozen=True)
class Profile:
    """An org, the user who signs in there and the certificate to present: a plain value, holding no secret.

    username: who signs in; empty if that is asked for. identity: the files that ``ClientIdentity.load`` takes; none if
    there is no certificate. Raises OrgError for a name that cannot be.
    """

    name: str
    org: Org
    username: str = ""
    identity: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if self.name == PRACTICE:
            raise OrgError(
                f"no profile can be called {PRACTICE}", "that is the practice org's name", "choose another name"
            )
        if not _NAME.fullmatch(self.name):
            raise OrgError(
                f"{_shown(self.name)} is not a name for a profile",
                next_step="take letters, digits, dots, dashes and underscores, and begin with a letter or a digit",
            )


def profiles_file() -> Path:
    """The file of profiles: the one that SFMTLS_NB_PROFILES names, else profiles.toml where the user's settings are."""
    import platformdirs  # noqa: PLC0415  # as with tomllib below: for those who have profiles alone

    named = os.environ.get("SFMTLS_NB_PROFILES")
    return (
        expand(named, OrgError)
        if named
        else platformdirs.user_config_path("sfmtls_nb", appauthor=False) / "profiles.toml"
    )


def read_profiles(file: Path | None = None) -> dict[str, Profile]:
    """The profiles in a file (default: `profiles_file`) by their names, in its order; none if it is not there.

    Names of files in it are relative to its own folder. Raises OrgError for whatever is wrong in it.
    """
    file = file or profiles_file()
    return {name: _profile(name, table, file) for name, table in _tables(_text(file), file).items()}


def save_profile(profile: Profile, file: Path | None = None) -> Path:
    """Add a profile to a file (default: `profiles_file`), or replace the one of that name; return the file.

    Everything else in the file stays, comments too. It is written whole or not at all, with mode 0600. Raises OrgError
    if what is there is not TOML or not a profile, if the profile has a secret in it, or if the file cannot be written.
    """
    import tomlkit  # noqa: PLC0415  # 40 ms, and reading does without it

    file = file or profiles_file()
    text = _text(file)
    changes = _changes(profile, _tables(text, file), file)
    try:
        document = tomlkit.parse(text if text.endswith("\n") or not text else f"{text}\n")
        table: Any = document.setdefault(profile.name, tomlkit.table())
        # To tomlkit, what stands above the next [table] is the end of this one; lines to come go before it.
        body: list[Any] = table.value.body
        above_next: list[Any] = []
        while isinstance(table, tomlkit.items.Table) and body and body[-1][0] is None:
            above_next.insert(0, body.pop())
        for key, value in changes.items():
            if value is None:
                table.pop(key, None)
            else:
                table[key] = value
        body += above_next
        text = document.as_string()
        data = text.encode()
    except (tomlkit.exceptions.TOMLKitError, ValueError, RecursionError) as error:
        raise OrgError(
            f"profile {profile.name} cannot be written as TOML", f"{file}: {error}", "write it into the file by hand"
        ) from error
    _profile(profile.name, _tables(text, file)[profile.name], file)  # what is saved can be read, and holds no secret
    try:
        write_new(file.resolve(), data, overwrite=True)  # resolved: a link to the file stays one
    except IdentityError as error:
        raise OrgError(error.what, error.evidence, error.next_step) from error
    return file


def _changes(profile: Profile, tables: dict[str, Any], file: Path) -> dict[str, Any]:
    """The keys to set in a profile's table, and (None) those to take out; a key that means the same already stays as it is."""
    wanted, present, moved = _entries(profile, file), _NOT_SAID, True
    if profile.name in tables:
        replaced = _profile(profile.name, tables[profile.name], file)
        present, moved = _entries(replaced, file), replaced.org.login_url != profile.org.login_url
    return {
        key: None if wanted.get(key) == _NOT_SAID.get(key) else wanted[key]
        for key in _KEYS
        if wanted.get(key) != present.get(key) or (moved and key in _ADDRESS)
    }


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
_KEYS: Final = {**_ADDRESS, **_OPTIONS, "username": _TEXT, "identity": _FILES}
#: What holds where a table says nothing.
_NOT_SAID: Final[dict[str, Any]] = {
    **{field.name: field.default for field in fields(Org) if field.name in _OPTIONS},
    "username": "",
    "identity": [],
}
_SECRET_KEY: Final = re.compile(r"pass|pwd|secret|token|session|^sid$", re.IGNORECASE)


def _check(key: str, value: object, where: str) -> None:
    """Raise OrgError unless a profile may say this. The value is not shown: it may be a secret, whatever its key."""
    if _SECRET_KEY.search(key):
        raise OrgError(
            f"a profile holds no secret; {_shown(key)} is asked for",
            where,
            "take that line out; a password, token or passphrase is asked for when it is needed",
        )
    if _is_secret(value) or _is_secret(key):
        raise OrgError(
            "a profile holds no secret, and this one has a secret in it",
            f"{where}, {_shown(key)}",
            "take it out; what signs in is asked for when it is needed, and a key stays in its file, which identity names",
        )
    if key not in _KEYS:
        from difflib import get_close_matches  # noqa: PLC0415  # for an error alone

        close = get_close_matches(key, _KEYS, 1, 0.5)
        hint = f"did you mean {close[0]}?" if close else f"it may have {', '.join(_KEYS)}"
        if isinstance(value, dict):
            hint = 'for a profile with a dot in its name quote it: ["acme.uat"]'
        raise OrgError(f"a profile has no key {_shown(key)}", where, hint)
    kind, example, fits = _KEYS[key]
    if not fits(value):
        raise OrgError(f"{key} is not {kind}", where, f"write it like this: {key} = {example}")


def _is_secret(value: object) -> bool:
    if isinstance(value, dict | list):
        return any(map(_is_secret, [*value, *value.values()] if isinstance(value, dict) else value))
    return isinstance(value, str) and ("-----BEGIN" in value or has_session_id(value))


def _shown(name: str) -> str:
    return mask("") if _is_secret(name) else name if _NAME.fullmatch(name) else repr(name)


# --- From a table to a profile, and back --------------------------------------------------------------------------


def _text(file: Path) -> str:
    try:
        return read_file(file).decode("utf-8-sig")  # Windows' Notepad may begin a file with a byte order mark
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a null byte in the name
        raise OrgError(
            f"the profiles in {shown(file)} cannot be read",
            reason_of(error),
            "make it a text in UTF-8 that you may read",
        ) from error


def _tables(text: str, file: Path) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise OrgError(
            f"the profiles in {file} are not TOML",
            str(error),
            'correct it there; a profile is [its-name], and lines such as my_domain = "acme" below',
        ) from error


def _profile(name: str, table: object, file: Path) -> Profile:
    if not isinstance(table, dict):
        if _SECRET_KEY.search(name):
            _check(name, table, str(file))
        raise OrgError(
            f"{_shown(name)} is not a profile", str(file), "write a line with the profile's name above it: [acme]"
        )
    where = f"{file}, [{_shown(name)}]"
    for key, value in table.items():
        _check(key, value, where)
    try:
        identity = tuple(_path(each, file) for each in table.get("identity", ()))
        return Profile(name, _org(table, file), table.get("username", ""), identity)
    except OrgError as error:
        raise OrgError(error.what, f"{where}: {error.evidence}".removesuffix(": "), error.next_step) from error


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
    return {**address, **options, "username": profile.username, "identity": identity}


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
