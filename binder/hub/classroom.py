#!/usr/bin/env python3
"""Classroom: a JupyterHub on this machine, for a class, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from sfmtls_nb.errors import SfmtlsError

_CONFIG: Final = Path(__file__).with_name("jupyterhub_config.py")
_PROXY: Final = Path(sys.prefix, "proxy", "node_modules", ".bin", "configurable-http-proxy")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
#: Seconds for the Hub to start; and to stop, with all the servers.
_START, _STOP = 60, 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a class; the exit status is 0, or 1 for an SfmtlsError."""
    options = _parser().parse_args(arguments)
    try:
        _check(options)
        _run(options)
    except SfmtlsError as error:
        print(f"classroom: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make classroom", description=__doc__)
    parser.add_argument(
        "learners", nargs="*", default=["ada", "grace", "edsger"], help="their names (default: %(default)s)"
    )
    parser.add_argument("--port", type=int, default=8000, help="where to listen, on 127.0.0.1 (default: %(default)s)")
    parser.add_argument(
        "--folder", type=Path, default=Path("sfmtls_classroom"), help="for learners' folders (default: %(default)s)"
    )
    parser.add_argument("--allow-root", action="store_true", help="run as root, as in a container")
    return parser


def _check(options: argparse.Namespace) -> None:
    """Raise SfmtlsError for what would only fail later, and with other words."""
    if os.geteuid() == 0 and not options.allow_root:
        raise SfmtlsError(
            "a class is not run as root",
            "every learner's code would be root's",
            "run it as another user; in a container that has none: make classroom FLAGS=--allow-root",
        )
    for name in options.learners:
        if not _NAME.fullmatch(name) or name == "teacher":
            raise SfmtlsError(
                f"{name!r} cannot be a learner's name",
                "it becomes the name of a folder and a part of addresses; teacher is the teacher's",
                "take small letters, digits, - and _: make classroom FLAGS='ada grace'",
            )
    if not shutil.which("node"):
        raise SfmtlsError(
            "there is no Node.js", "the Hub's proxy runs on it", "install Node.js 20 or newer: https://nodejs.org"
        )
    if not _PROXY.exists():
        raise SfmtlsError(
            "the Hub's proxy is not installed",
            f"{_PROXY} is missing",
            "run .ci/hub-proxy, which says what is in the way: it needs npm, and the registry of npm",
        )


def _run(options: argparse.Namespace) -> None:
    folder = options.folder.expanduser().absolute()
    try:
        for name in ("hub", "class", "learners"):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        log = (folder / "hub" / "log").open("ab")
        lock = (folder / "hub" / "lock").open("a+")
    except OSError as error:
        raise SfmtlsError(
            f"there is no place for the learners in {folder}",
            error.strerror or str(error),
            "name a folder that you may write to: make classroom FLAGS='--folder ~/class'",
        ) from error
    with _told_to_stop(), log, lock:
        _take(lock, folder)
        if not _outlived(folder / "hub" / "proxy.pid"):
            _check_port(options.port)
        _serve(options, folder, log, lock)
    print("The class has stopped; folders and progress are kept.")


def _serve(options: argparse.Namespace, folder: Path, log: BinaryIO, lock: TextIO) -> None:
    password, teachers = secrets.token_urlsafe(8), secrets.token_urlsafe(24)
    hubs_port = _hubs_port(folder / "hub" / "port")
    environment = {
        **os.environ,
        "CLASSROOM_FOLDER": str(folder),
        "CLASSROOM_LEARNERS": " ".join(options.learners),
        "CLASSROOM_PROXY": str(_PROXY),
        "CLASSROOM_PORT": str(options.port),
        "CLASSROOM_HUB_PORT": str(hubs_port),
        "CLASSROOM_PROXY_PORT": str(_free_port()),
    }
    # In a session of its own: Ctrl-C is for us, and the Hub is told to stop once, and then stops all that it has started.
    with (
        _pipe_of(password, teachers) as passwords,
        subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(_CONFIG)],
            cwd=folder / "hub",
            env=environment,
            stdin=passwords,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[lock.fileno()],  # the class runs as long as its Hub does
        ) as hub,
    ):
        try:
            print(hub.pid, file=lock, flush=True)
            # The proxy leads to the Hub as soon as that is there.
            for address in (f"http://127.0.0.1:{hubs_port}", f"http://127.0.0.1:{options.port}"):
                _wait_for(hub, f"{address}/hub/health", Path(log.name))
            print(_words(options, folder, password, teachers), flush=True)
            hub.wait()
            raise SfmtlsError(
                "the Hub has ended",
                f"exit status {hub.returncode}; its log says why: {log.name}",
                "start it again, in the same way: servers and kernels that run yet are taken over",
            )
        except KeyboardInterrupt:
            print("\nStopping …", flush=True)
        finally:
            _stop(hub)


def _take(lock: TextIO, folder: Path) -> None:
    """Make the folder this class's. Another Hub in it would end the proxy of the first, and remove its learners."""
    import fcntl  # noqa: PLC0415  # where there is none, nothing of this runs

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        hub = lock.read().strip()
        raise SfmtlsError(
            f"a class runs in {folder} already",
            f"its Hub is the process {hub}",
            f"stop it where it was started, or by kill {hub}; another class needs a folder of its own: --folder",
        ) from error
    except OSError:  # a network drive without locks
        pass
    lock.truncate(0)


def _outlived(pid_file: Path) -> bool:
    """True if the proxy of a Hub that was killed lives on: the next Hub ends it. It would end any process of that number, so
    where that is another one by now, the file is removed.
    """
    with suppress(OSError):
        ps = ["ps", "-ww", "-o", "args=", "-p", pid_file.read_text()]
        if str(_PROXY) in subprocess.run(ps, capture_output=True, text=True, check=False).stdout:
            return True
        pid_file.unlink()
    return False


def _check_port(port: int) -> None:
    try:
        if not 0 < port < 65536:
            raise ValueError("a port is a number from 1 to 65535")
        with socket.create_server(("127.0.0.1", port)):
            pass
    except (OSError, ValueError) as error:
        raise SfmtlsError(
            f"port {port} cannot be listened on",
            getattr(error, "strerror", None) or str(error),
            "name one that is free and above 1023: make classroom FLAGS='--port 8888'",
        ) from error


def _hubs_port(file: Path) -> int:
    """The port of the Hub itself: that of the last time if it is free, for servers that outlived a Hub know no other."""
    with suppress(OSError, ValueError):
        return _free_port(int(file.read_text()))
    port = _free_port()
    file.write_text(str(port))
    return port


def _pipe_of(*passwords: str) -> BinaryIO:
    """They can be read from it once. What is in the environment of the Hub, every process of this user can read."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as file:
        file.write("\n".join(passwords))
    return os.fdopen(reading, "rb")


def _words(options: argparse.Namespace, folder: Path, password: str, teachers: str) -> str:
    return (
        f"The class runs: http://127.0.0.1:{options.port}\n"
        f"  learners  {', '.join(options.learners)}\n  password  {password}\n"
        f"  teacher   teacher\n  password  {teachers}\n"
        f"Their folders are in {folder}, and the Hub's log is {folder / 'hub' / 'log'}.\n"
        "All run as one user of this machine: for people who trust each other, and for the practice org; binder/hub/README.md says more.\n"
        "Ctrl-C stops the class."
    )


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """Ctrl-C and other signals that end a program interrupt the block, also where a shell has started it with &."""

    def interrupt(*_: object) -> None:
        for number in before:  # once is enough: what has been started is stopped in peace
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_for(hub: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + _START
    while hub.poll() is None and time.monotonic() < until:
        with suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url, timeout=5):  # noqa: S310  # our own
            return
        time.sleep(0.1)
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["nothing"]
    raise SfmtlsError("the Hub did not start", lines[-1].strip(), f"its log says why: {log}")


def _stop(hub: subprocess.Popen[bytes]) -> None:
    hub.terminate()
    try:
        hub.wait(_STOP)
    except subprocess.TimeoutExpired:
        os.killpg(hub.pid, signal.SIGKILL)


def _free_port(wanted: int = 0) -> int:
    """Raises OSError if that one is not free."""
    with socket.create_server(("127.0.0.1", wanted)) as taken:
        return int(taken.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
