"""File of profiles: profiles.toml is read, and one profile at a time is saved in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sfmtls_nb.errors import IdentityError, OrgError
from sfmtls_nb.files import expand, read_file, reason_of, shown, without_locals, write_new
from sfmtls_nb.profiles.profile import Profile, name_shown
from sfmtls_nb.profiles.table import changes_in, profile_of

#: Bytes. Ten thousand profiles fit into it, and Tab still answers at once.
_LARGEST: Final = 1_000_000
#: Seconds to wait for other processes that save; that takes each a few hundredths of one, on a busy machine half of one.
_PATIENCE: Final = 30


class Profiles(Mapping[str, Profile]):
    """The profiles of a file by their names, in its order.

    A profile that something is wrong with takes no other with it: it is not among them, but in ``broken``, with the
    OrgError that says what; and that is raised where it is asked for by its name.
    """

    def __init__(self, tables: Mapping[str, object], file: Path) -> None:
        self._whole: dict[str, Profile] = {}
        self.broken: dict[str, OrgError] = {}
        for name, table in tables.items():
            try:
                with without_locals():  # a password that does not belong there may be among them
                    self._whole[name] = profile_of(name, table, file)
            except OrgError as error:
                self.broken[name_shown(name)] = error.with_traceback(None)

    def __getitem__(self, name: str) -> Profile:
        if name in self.broken:
            raise self.broken[name].with_traceback(None)
        return self._whole[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole)

    def __len__(self) -> int:
        return len(self._whole)

    def __repr__(self) -> str:
        return f"Profiles({self._whole!r}, broken={list(self.broken)!r})"


def profiles_file() -> Path:
    """The file of profiles: the one that SFMTLS_NB_PROFILES names, else profiles.toml where the user's settings are."""
    import platformdirs  # noqa: PLC0415  # as with tomllib below: for those who have profiles alone

    named = os.environ.get("SFMTLS_NB_PROFILES")
    return (
        expand(named, OrgError)
        if named
        else platformdirs.user_config_path("sfmtls_nb", appauthor=False) / "profiles.toml"
    )


def read_profiles(file: Path | None = None) -> Profiles:
    """The profiles in a file (default: `profiles_file`) by their names, in its order; none if it is not there.

    Names of files in it are relative to its own folder. Raises OrgError if it cannot be read or is not TOML; what is
    wrong with one profile is raised where that one is asked for.
    """
    file = file or profiles_file()
    with without_locals():
        return Profiles(_tables(_text(file), file), file)


def save_profile(profile: Profile, file: Path | None = None) -> Path:
    """Add a profile to a file (default: `profiles_file`), or replace the one of that name; return the file.

    Everything else in the file stays, comments too, and what another process saves at the same time. It is written whole
    or not at all, with mode 0600; an empty file beside it is the lock. Raises OrgError if what is there is not TOML or
    not a profile, if the profile has a secret in it, or if the file cannot be written.
    """
    file = file or profiles_file()
    with without_locals(), _locked(file):
        data = _with(profile, _text(file), file)
        try:
            write_new(file.resolve(), data, overwrite=True)  # resolved: a link to the file stays one
        except IdentityError as error:
            raise OrgError(error.what, error.evidence, error.next_step) from error
    return file


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Keep other processes from saving in a file meanwhile. However a process ends, its lock ends with it."""
    from filelock import FileLock, Timeout  # noqa: PLC0415  # reading does without it

    try:
        target = file.resolve()
        if target.exists() and not target.is_file():
            raise OSError("it is no file")  # /dev/null would be replaced
        target.parent.mkdir(parents=True, exist_ok=True)
        # Beside the file: that one is replaced, and who waits for it would wait for the old one.
        lock = FileLock(target.with_name(f"{target.name}.lock"), mode=0o600)
        # Asked for often: a process that saves one profile after the other is without it for milliseconds.
        held = lock.acquire(timeout=_PATIENCE, poll_interval=0.005)
    except Timeout as error:
        raise OrgError(
            f"another program is saving in {shown(file)}",
            f"it has held {shown(error.lock_file)} for {_PATIENCE} seconds",
            "let it finish, or end it, and save again",
        ) from error
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links in a circle; ValueError: a null byte
        raise OrgError(
            f"{shown(file)} cannot be written", reason_of(error), "choose a folder that you may write to"
        ) from error
    with held:
        yield


def _with(profile: Profile, text: str, file: Path) -> bytes:
    """The text of a file with a profile added or replaced in it."""
    import tomlkit  # noqa: PLC0415  # 40 ms, and reading does without it

    changes = changes_in(_tables(text, file), profile, file)
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
    profile_of(profile.name, _tables(text, file)[profile.name], file)  # what is saved can be read, and holds no secret
    return data


def _text(file: Path) -> str:
    try:
        return read_file(file, _LARGEST).decode("utf-8-sig")  # Windows' Notepad may begin a file with a byte order mark
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
