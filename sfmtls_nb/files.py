"""Files: paths with the user's home for ~, and files written whole or not at all, readable by their owner alone."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from sfmtls_nb.errors import IdentityError, SfmtlsError

#: Advice for a file with a private key in it.
KEEP: Final = "keep it to yourself" + (
    "" if os.name == "posix" else ", in a folder of your own: this system has no file modes that keep others out"
)


def expand(path: str | Path, error: type[SfmtlsError] = SfmtlsError) -> Path:
    """Replace ~ and ~name by that user's home. Raises ``error`` if there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError as unknown:
        raise error(f"{str(path)!r} is in no known home", str(unknown), "write the whole path") from unknown


def write_new(path: str | Path, data: bytes, *, overwrite: bool = False) -> Path:
    """Write ``data`` to ``path`` with mode 0600 from the first byte, and return the path.

    Windows has no such modes: there, everyone who may read the folder may read the file, and `KEEP` says so.

    Raises IdentityError if the file exists with other content and ``overwrite`` is not set, or if it cannot be written.
    """
    target = expand(path, IdentityError)
    temporary = ""
    try:
        if not overwrite and target.exists():
            if target.read_bytes() == data:
                target.chmod(0o600)
                return target
            raise IdentityError(
                f"{target} exists already", next_step="choose another name, or say that it may be overwritten"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise IdentityError(
            f"{target} cannot be written",
            getattr(error, "strerror", None) or str(error),
            "choose a folder that you may write to",
        ) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
    return target
