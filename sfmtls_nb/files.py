"""Files: paths told from what is no path, files read up to a limit, and files written whole or not at all, for their owner."""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from sfmtls_nb.errors import IdentityError, SfmtlsError
from sfmtls_nb.secret import Secret, SecretBytes

#: Advice for a file with a private key in it.
KEEP: Final = "keep it to yourself" + (
    "" if os.name == "posix" else ", in a folder of your own: this system has no file modes that keep others out"
)
#: No key, and no bundle of certificates, comes near it (all public roots in one file are 0.3 MB).
_LARGEST: Final = 20_000_000
_A_PATHS_WORTH: Final = 100
# Longer ones cannot be, on Linux (NAME_MAX, PATH_MAX) and elsewhere.
_LONGEST_NAME, _LONGEST_PATH = 255, 4096
# What stands in keys and certificates as they are kept in variables and secret stores, and in no path: BEGIN in PEM, and in
# its base64; line ends, also those written out before a BEGIN's label; what JSON begins with.
_CONTENT: Final = re.compile(
    r"[\r\n\0]|(?i:\bBEGIN [A-Z0-9 #]*(?:CERT|KEY|PKCS|CMS))|LS0tLS1CRUdJTi|^\s*[{\[]\s*[\"'{\[]"
)
_KIND: Final = {
    stat.S_ISDIR: "Is a directory",
    stat.S_ISFIFO: "it is a pipe, which has no end",
    stat.S_ISSOCK: "it is a socket",
    stat.S_ISCHR: "it is a device",
    stat.S_ISBLK: "it is a device",
}


def path_or_content(source: object, error: type[SfmtlsError] = IdentityError) -> Path | SecretBytes:
    """The path that a text names; or, of bytes, a Secret and a text that cannot be a path, the content.

    A key from an environment variable or secret store is a text too, and what is taken for a file name gets quoted.
    Raises ``error`` for what is neither text nor path nor bytes.
    """
    if isinstance(source, SecretBytes):
        return source
    if isinstance(source, Secret):  # as `secret_from` gives it
        return SecretBytes(source.reveal().encode(errors="surrogateescape"))
    with suppress(TypeError, ValueError):  # a ValueError: a memoryview that was released
        return SecretBytes(memoryview(source).tobytes())  # type: ignore[arg-type]  # whatever is like bytes
    if isinstance(source, os.PathLike):
        source = os.fsdecode(source)
    if not isinstance(source, str):
        raise error(
            f"a value of the type {type(source).__name__} is neither the name of a file nor its content",
            next_step="give a path, a text or bytes",
        )
    return SecretBytes(source.encode(errors="surrogatepass")) if is_content(source) else expand(source, error)


def is_content(text: str) -> bool:
    """True of a text that cannot be a path: too long for one, or with what stands in keys and certificates."""
    names = re.split(r"[/\\]", text)
    if _CONTENT.search(text) or len(text) > _LONGEST_PATH or max(map(len, names)) > _LONGEST_NAME:
        return True
    return _is_base64(text) and not _exists(text)


def _is_base64(text: str) -> bool:
    """True of what looks like key material: a long run of base64, with capitals, small letters and digits."""

    def mixed(run: str) -> bool:
        return all(re.search(kind, run) for kind in ("[0-9]", "[a-z]", "[A-Z]"))

    if any(map(mixed, re.findall(r"[A-Za-z0-9+=]{40,}", text))):
        return True
    if not re.fullmatch(r"[~./\\]*[A-Za-z0-9+/=_\s\\-]{40,}", text):
        return False
    # A SEQUENCE, as all of DER begins (X.690): of 128 bytes and more.
    return text.startswith("MI") or any(map(mixed, re.findall(r"[A-Za-z0-9+=_-]{32,}", text)))


def shown(path: str | Path) -> str:
    """A path as a message quotes it: all of it, or of a long one its beginning and its end."""
    text = str(path)
    return text if len(text) <= _A_PATHS_WORTH else f"{text[:29]} … {text[-68:]}"


def expand(path: str | Path, error: type[SfmtlsError] = SfmtlsError) -> Path:
    """Replace ~ and ~name by that user's home. Raises ``error`` if there is no such user, or if this cannot be a path."""
    if isinstance(path, str) and is_content(path):
        raise error(
            "this text cannot be the name of a file",
            f"{len(path):,} characters; they are not shown, as they may be a key",
            "give the name of a file",
        )
    try:
        return Path(path).expanduser()
    except RuntimeError as unknown:
        raise error(f"{shown(path)!r} is in no known home", str(unknown), "write the whole path") from unknown


def read_file(path: Path, largest: int = _LARGEST) -> SecretBytes:
    """Read a file whole. Raises OSError, without the path in it, for what is no file, has no end, or more bytes than ``largest``.

    /dev/null is an empty file, as everywhere.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and str(path) != os.devnull:
            raise OSError(next((words for is_kind, words in _KIND.items() if is_kind(mode)), "it is no file"))
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except ValueError as error:  # a null byte in the name
        raise OSError(str(error)) from None
    except OSError as error:
        raise type(error)(*([error.errno, error.strerror] if error.strerror else [str(error)])) from None
    if len(data) > largest:
        raise OSError(f"it is larger than {largest // 1_000_000} MB")
    return SecretBytes(data)


def reason_of(error: Exception) -> str:
    """The operating system's words for what went wrong, without the path."""
    return getattr(error, "strerror", None) or str(error)


@contextmanager
def without_locals() -> Iterator[None]:
    """Empty the local variables of the frames that an error comes from: keys and passphrases are among them."""
    try:
        yield
    except SfmtlsError as error:
        seen: BaseException | None = error
        while seen is not None:
            traceback.clear_frames(seen.__traceback__)
            seen = seen.__cause__ or seen.__context__
        raise


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # too long a name, or a folder that may not be looked into
        return False


def write_new(path: str | Path, data: bytes, *, overwrite: bool = False) -> Path:
    """Write ``data`` to ``path`` with mode 0600 from the first byte, and return the path.

    Windows has no such modes: there, everyone who may read the folder may read the file, and `KEEP` says so.

    Raises IdentityError if the file exists with other content and ``overwrite`` is not set, or if it cannot be written.
    """
    target = expand(path, IdentityError)
    try:
        if not overwrite and target.exists():
            if read_file(target) == data:
                target.chmod(0o600)
                return target
            raise IdentityError(
                f"{shown(target)} exists already", next_step="choose another name, or say that it may be overwritten"
            )
        with _in_place_of(target) as temporary, temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise IdentityError(
            f"{shown(target)} cannot be written", reason_of(error), "choose a folder that you may write to"
        ) from error
    return target


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A file beside ``path``, for its owner, that takes its place at the end of the block: the whole of it, or nothing.

    Raises SfmtlsError if it cannot be written.
    """
    target = expand(os.fspath(path))
    try:
        if target.is_dir():  # told before anything is fetched for it
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with _in_place_of(target) as temporary:
            yield temporary
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise SfmtlsError(
            f"{shown(target)} cannot be written",
            reason_of(error),
            "choose a folder that you may write to, on a disk with room; nothing was left there",
        ) from error


@contextmanager
def _in_place_of(target: Path) -> Iterator[Path]:
    """A new file beside another, with mode 0600, that takes its place at the end of the block, and is gone where that fails."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
