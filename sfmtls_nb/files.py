"""Writing: a file whole or not at all, readable by its owner alone, never over another without being told."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from sfmtls_nb.errors import IdentityError

#: What to say of a file with a private key in it.
KEEP: Final = "keep it to yourself" + (
    "" if os.name == "posix" else ", in a folder of your own: this system has no file modes that keep others out"
)


def write_new(path: str | Path, data: bytes, *, overwrite: bool = False) -> Path:
    """Write ``data`` to ``path`` with mode 0600 from the first byte, and return the path.

    Windows has no such modes: there, who may read the folder may read the file, and `KEEP` says so.

    Raises IdentityError if a file with other content is there and ``overwrite`` is not set, or if it cannot be written.
    """
    target = Path(path).expanduser()
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
