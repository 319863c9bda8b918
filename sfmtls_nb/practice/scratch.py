"""Scratch: a temporary folder that is gone with its process, even one that was killed.

Who holds the lock in a folder is alive. A process that was killed (a kernel that ran out of memory, a restart that took too long)
holds it no longer: the next practice org of the same user removes such a folder, with the keys that are in it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

_PREFIXES: Final = ("practice-org-", "practice-data-")
#: A folder without this file is none of ours, or so new that nothing is in it.
_LOCK: Final = ".in-use"


class Scratch:
    """A new folder among the temporary ones, for its owner alone. prefix: one of those that `sweep` looks for.

    Raises OSError where there can be none.
    """

    def __init__(self, prefix: str) -> None:
        while True:
            self.folder = Path(tempfile.mkdtemp(prefix=prefix))
            lock = _lock_of(self.folder)
            try:
                lock.acquire()
            except FileNotFoundError:  # swept away between its making and its lock
                continue
            except OSError:  # a file system without locks, as some networks have: without the file, nobody sweeps it
                (self.folder / _LOCK).unlink(missing_ok=True)
            # At the end of the process too, if nobody closes it.
            self._finalizer = weakref.finalize(self, _remove_own, self.folder, lock, os.getpid())
            return

    def close(self) -> None:
        """Remove the folder and all that is in it. Safe to call twice."""
        self._finalizer()


def sweep() -> None:
    """Remove what processes of this user have left when they were killed. What cannot be removed stays."""
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIXES):
                with suppress(OSError):
                    _remove_if_left(entry)


def _remove_if_left(entry: os.DirEntry[str]) -> None:
    if not entry.is_dir(follow_symlinks=False) or not Path(entry, _LOCK).is_file():
        return
    if hasattr(os, "getuid") and entry.stat(follow_symlinks=False).st_uid != os.getuid():
        return
    lock = _lock_of(Path(entry))
    try:
        lock.acquire(blocking=False)
    except Timeout:  # whoever made it is alive
        return
    _remove(Path(entry), lock)


def _lock_of(folder: Path) -> FileLock:
    # Not for a thread alone: an org may be stopped by another one than started it.
    return FileLock(folder / _LOCK, thread_local=False)


def _remove_own(folder: Path, lock: FileLock, owner: int) -> None:
    if os.getpid() == owner:  # not a fork of it, which ends first
        _remove(folder, lock)


def _remove(folder: Path, lock: FileLock) -> None:
    """Remove a folder, and its lock last: if this is cut short, the rest is found again."""
    try:
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != _LOCK:
                path.unlink()
        if os.name == "nt":  # where no file can go that is open
            lock.release()
        (folder / _LOCK).unlink(missing_ok=True)
        folder.rmdir()
    except FileNotFoundError:  # somebody has removed it already
        pass
    finally:
        lock.release()
