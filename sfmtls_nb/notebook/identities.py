"""Identities: the one that a name or files mean, and users of the practice org; and the questions for what is secret."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.errors import IdentityError, PassphraseError, PracticeError, SfmtlsError
from sfmtls_nb.files import expand, is_content, path_or_content, shown
from sfmtls_nb.practice import SCENARIOS, PracticeOrg
from sfmtls_nb.secret import Secret, SecretBytes
from sfmtls_nb.sign_in import PasswordLogin


def find(name: str | Path, practice: PracticeOrg | None) -> Path:
    """A file by name: here, or else in the practice org's folder."""
    path = expand(name)
    if practice and not _exists(path) and _exists(practice.directory / path):
        return practice.directory / path
    return path


def assemble(
    sources: Sequence[str | Path | bytes],
    practice: PracticeOrg | None,
    passphrase: Secret | None = None,
    *,
    asking: bool = False,
) -> ClientIdentity:
    """The identity in these files, found as `find` does. asking: ask for the passphrase of an encrypted key."""
    given, sources = [path_or_content(each) for each in sources], ()  # under their own name no more: they may be a key
    files = [each if isinstance(each, bytes) else find(each, practice) for each in given]
    try:
        return ClientIdentity.load(*files, password=passphrase)
    except PassphraseError:
        if not asking:
            raise
        return ClientIdentity.load(*files, password=ask("Passphrase of the private key: "))


def identity_named(name: str, practice: PracticeOrg | None) -> ClientIdentity:
    """The identity of a name: a file, files with spaces between them, or a scenario of the practice org.

    Raises IdentityError if it is none of these.
    """
    files = name.split()
    if is_content(name) and (len(files) == 1 or "BEGIN" in name or any(map(is_content, files))):
        content, name, files = SecretBytes(name.encode()), "", []  # under its own name no more: it may be a key
        return assemble([content], practice, asking=True)
    if _exists(find(name, practice)):
        return assemble([name], practice, asking=True)
    known = [scenario.name for scenario in SCENARIOS] if practice else []
    if practice and name in known:
        return assemble(practice.identity(name).all, practice)
    if len(files) != 1:
        return assemble(files, practice, asking=True)
    close = get_close_matches(name, known, 1, 0.5)
    raise IdentityError(
        f"there is no file {shown(name)}",
        f"nor is it {'a scenario of the practice org or ' if practice else ''}a variable with a ClientIdentity",
        f"did you mean {close[0]}?" if close else "name the files with the key and the certificates",
    )


def user_named(name: str, practice: PracticeOrg) -> PasswordLogin:
    """The sign-in of a user of the practice org, by the short name or the username. Raises PracticeError for no such."""
    for user in practice.state.users:
        if name in (user.name, user.username):
            return PasswordLogin(user.username, user.password)
    names = [user.name for user in practice.state.users]
    close = get_close_matches(name.partition("@")[0].lower(), names, 1, 0.5)
    raise PracticeError(
        f"the practice org has no user {name}",
        f"its users are: {', '.join(names)}, each as NAME@practice.example too",
        f"did you mean {close[0]}?" if close else "sign in as one of them; Setup (%sf_practice setup) shows them",
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # too long a name, or a folder that may not be looked into
        return False


def ask(prompt: str) -> Secret:
    """Ask for a secret, unseen. Raises SfmtlsError where nobody can be asked."""
    # By its module: a kernel puts its own getpass there, but only while a cell runs.
    elsewhere = (
        "run the cell by hand; where nobody can type, %sf_login --secret-from env:NAME takes a secret from a variable, and "
        "secret_from(…) does in Python"
    )
    return Secret(_ask(getpass.getpass, prompt, elsewhere))


def ask_openly(prompt: str) -> str:
    """Ask for what is no secret. Raises SfmtlsError where nobody can be asked."""
    return _ask(input, prompt, "run the cell by hand, where an answer can be typed")


def _ask(question: Callable[[str], str], prompt: str, next_step: str) -> str:
    try:
        return question(prompt)
    except (EOFError, NotImplementedError) as error:  # no terminal; a kernel whose cells nobody runs by hand
        raise SfmtlsError(
            f"nobody can be asked for: {prompt.rstrip(': ')}",
            str(error),
            next_step,
        ) from error
