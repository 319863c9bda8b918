"""Secret source: the place where a secret is kept that nobody types."""

from __future__ import annotations

import os
import shlex
from typing import Final

from sfmtls_nb.errors import SignInError
from sfmtls_nb.files import reason_of, without_locals
from sfmtls_nb.profiles import SECRET_SOURCE, SOURCES
from sfmtls_nb.secret import Secret

#: Bytes; no password, consumer secret, session id or passphrase comes near it.
_LONGEST: Final = 10_000
_LINE_END: Final = "\r\n"


def secret_from(source: str) -> Secret:
    """The secret that is kept at ``env:NAME``, ``keyring:SERVICE/USERNAME`` or ``fd:NUMBER``.

    env: a variable of the environment. keyring: the one of the operating system; it wants the extra ``keyring``. fd: an
    open file descriptor, of which the first line is the secret; what follows stays unread there, as gpg does with
    ``--passphrase-fd``. A line end at its end is not part of a secret.

    Raises SignInError if this is none of the three, or if there is no secret to be had.
    """
    found = SECRET_SOURCE.fullmatch(source)
    if found is None:
        del source  # perhaps the secret, which a traceback would show
        raise SignInError(
            "this does not say where a secret is",
            "it is not shown, as it may be the secret itself",
            f"write {SOURCES}",
        )
    with without_locals():
        if found["variable"]:
            return _from_environment(found["variable"])
        if found["service"]:
            return _from_keyring(found["service"], found["username"])
        return _from_descriptor(int(found["descriptor"]))


def _from_environment(name: str) -> Secret:
    text = os.environ.get(name, "").rstrip(_LINE_END)
    if not text:
        raise SignInError(
            f"there is no secret in the environment variable {name}",
            "it is empty" if name in os.environ else "it is not set",
            "set it before this program, or Jupyter, is started",
        )
    return Secret(text)


def _from_keyring(service: str, username: str) -> Secret:
    try:
        import keyring  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise SignInError(
            "the keyring cannot be asked", f"{error}", 'pip install "sfmtls-nb[keyring]", and start this again'
        ) from error
    what = f"the keyring gives no secret for {username} at {service}"
    try:
        text = (keyring.get_password(service, username) or "").rstrip(_LINE_END)
    except Exception as error:  # a backend is a plug-in, and raises what it likes
        raise SignInError(what, f"{type(error).__name__}: {error}", _next_step(error)) from error
    if not text:
        put = shlex.join(["keyring", "set", service, username])
        raise SignInError(what, f"there is none in {keyring.get_keyring().name}", f"put it in, in a terminal: {put}")
    return Secret(text)


def _next_step(error: Exception) -> str:
    from keyring.errors import NoKeyringError  # noqa: PLC0415  # an extra

    if isinstance(error, NoKeyringError):
        return "take another place here, such as env:NAME; a container or a machine without a desktop has no keyring"
    return "unlock the keyring, allow this program to read it, and try again"


def _from_descriptor(number: int) -> Secret:
    line = bytearray()
    try:
        if os.isatty(number):
            raise OSError("it is a terminal, which would show what is typed")
        # One byte at a time: the lines behind it are somebody else's to read.
        while (byte := os.read(number, 1)) not in {b"", b"\n"} and len(line) <= _LONGEST:
            line += byte
        if len(line) > _LONGEST:
            raise OSError(f"its first line is longer than {_LONGEST:,} bytes")
        secret = Secret(bytes(line.rstrip(_LINE_END.encode())))
    except OSError as error:
        raise SignInError(
            f"no secret can be read from file descriptor {number}",
            reason_of(error),
            f"open it for this program, as the shell does with {number}< FILE",
        ) from error
    finally:
        line.clear()  # Ctrl-C may come meanwhile, and its traceback show it
    if not secret:
        raise SignInError(
            f"there is no secret in file descriptor {number}",
            "its first line is empty, or it was read to its end before",
            "write the secret there, and let one call read it",
        )
    return secret
