"""Script: what a form does, as a Python program that does the same. Whoever runs it is asked for what is secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final

from sfmtls_nb.identity import ClientIdentity
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.org import Org

#: The running practice org, in a cell; its users' passwords are known there.
_PRACTICE: Final = 'practice = get_ipython().run_line_magic("sf_practice", "show")'


def sign_in(workspace: Workspace, username: str) -> str:
    """The program that signs in, and has ``session`` at the end."""
    return _program(workspace, username, lambda login: [f"session = {login}", "session"])


def with_session(workspace: Workspace, before: Sequence[str], call: str, result: str, *, present: bool = True) -> str:
    """The program that signs in, makes one call of ``session``, and shows the result. present: with the identity."""

    def lines(login: str) -> list[str]:
        return [*before, f"with {login} as session:", f"    {call}", result]

    return _program(workspace, _username(workspace), lines, present=present)


def load(sources: Iterable[str | Path], *, encrypted: bool) -> str:
    """The call that reads an identity from files."""
    passphrase = ['password=getpass("Passphrase: ")'] if encrypted else []
    return f"ClientIdentity.load({', '.join([*(repr(str(each)) for each in sources), *passphrase])})"


def text(value: str) -> str:
    """A text as Python writes it: what has several lines in three quotes, if nothing in it stands against that."""
    return f'"""{value}"""' if "\n" in value and not set(value) & {"\\", '"', "\r"} else repr(value)


def with_imports(lines: Sequence[str], names: Iterable[str], more: Sequence[str] = ()) -> str:
    """Lines of code, and above them the imports of these public names and what else they need."""
    imports = [f"from sfmtls_nb import {', '.join(names)}", *more]
    if any("getpass(" in line for line in lines):
        imports = ["from getpass import getpass", "", *imports]
    return "\n".join([*imports, "", *lines])


def _files_of(workspace: Workspace, identity: ClientIdentity) -> list[Path]:
    """The file that holds an identity; or those it was read from, if it was read from files."""
    pem = workspace.pem_of(identity)
    origins = [origin.path for _, origin in (*identity.bag.keys, *identity.bag.certificates)]
    return [pem] if pem else [*dict.fromkeys(path or Path("fullcert.pem") for path in origins)]


def _program(workspace: Workspace, username: str, end: Callable[[str], list[str]], *, present: bool = True) -> str:
    practice = workspace.at_practice()
    known = next((u for u in practice.state.users if username in (u.name, u.username)), None) if practice else None
    identity = workspace.identity if present else None
    lines = [_PRACTICE, "org = Org(**practice.endpoints)"] if practice else [f"org = {_org(workspace.chosen_org())}"]
    if identity:
        lines.append(f"me = {load(_files_of(workspace, identity), encrypted=identity.passphrase is not None)}")
    who = repr(username) if username else 'input("Username: ")'
    asked = f'{who}, getpass("Password and security token: ")'
    credentials = f"*practice.user({known.name!r})" if known else asked
    login = f"login(org, PasswordLogin({credentials}){', me' if identity else ''})"
    lines += end(login)
    more = ["from sfmtls_nb.notebook.operations import body_of"] if any("body_of(" in line for line in lines) else []
    return with_imports(lines, [*["ClientIdentity"] * bool(identity), "Org", "PasswordLogin", "login"], more)


def _org(org: Org) -> str:
    given = {each.name: getattr(org, each.name) for each in fields(org) if getattr(org, each.name) != each.default}
    written = (f"{name}={(str(value) if isinstance(value, Path) else value)!r}" for name, value in given.items())
    return f"Org({', '.join(written)})"


def _username(workspace: Workspace) -> str:
    """Who is signed in, as far as that is known."""
    practice, session = workspace.at_practice(), workspace.session
    if practice and session:
        return next((u.username for u in practice.state.users if u.user_id == session.user_id), "")
    return workspace.profile.username if workspace.profile else ""
