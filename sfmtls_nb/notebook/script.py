"""Script: what a form does, as a Python program that does the same. Whoever signs in is asked for what is secret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Final

from sfmtls_nb.errors import IdentityError
from sfmtls_nb.identity import ClientIdentity
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.org import Org

#: The running practice org, in a cell; its users' passwords are known there.
_PRACTICE: Final = 'practice = get_ipython().run_line_magic("sf_practice", "show")'


def pem_of(workspace: Workspace) -> Path:
    """The file that holds the identity that is presented: what was written, or the practice org's own."""
    if workspace.pem is not None:
        return workspace.pem
    found = workspace.find("fullcert.pem")
    try:
        same = workspace.identity is not None and ClientIdentity.load(found).pem() == workspace.identity.pem()
    except IdentityError:
        same = False
    return found if same else Path("fullcert.pem")


def sign_in(workspace: Workspace, username: str, *, present: bool) -> str:
    """The program up to ``session``. present: with the identity, if there is one."""
    return _program(workspace, username, present=present, end=("session = {login}", "session"))


def with_session(workspace: Workspace, call: str, result: str, *, present: bool) -> str:
    """The program that signs in, makes ``call`` of a ``session``, and shows the ``result``."""
    body = "\n".join(f"    {line}" if line else "" for line in call.splitlines()) if "\n" not in call else call
    end = ("with {login} as session:", body if body != call else f"    {call}", result)
    return _program(workspace, _username(workspace), present=present, end=end)


def load(sources: Iterable[str | Path], *, encrypted: bool) -> str:
    """The call that reads an identity from files."""
    password = ['password=getpass("Passphrase: ")'] if encrypted else []
    return f"ClientIdentity.load({', '.join([*(repr(str(each)) for each in sources), *password])})"


def text(value: str) -> str:
    """A text as Python writes it; one of several lines in three quotes, if nothing in it stands against that."""
    simple = "\n" in value and not {"\\", '"', "\r"} & set(value) and value.isprintable is not None
    return f'"""{value}"""' if simple else repr(value)


def _program(workspace: Workspace, username: str, *, present: bool, end: tuple[str, ...]) -> str:
    practice = workspace.at_practice()
    known = next((u for u in practice.state.users if username in (u.name, u.username)), None) if practice else None
    identity = workspace.identity if present else None
    lines = [_PRACTICE, "org = Org(**practice.endpoints)"] if practice else [f"org = {_org(workspace.chosen_org())}"]
    if identity:
        lines.append(f"me = {load([pem_of(workspace)], encrypted=identity.passphrase is not None)}")
    who = repr(username) if username else 'input("Username: ")'
    asked = 'getpass("Password and security token: ")'
    credentials = f"*practice.user({known.name!r})" if known else f"{who}, {asked}"
    login = f"login(org, PasswordLogin({credentials}){', me' if identity else ''})"
    lines += [line.replace("{login}", login) for line in end]
    names = ["ClientIdentity"] * (identity is not None) + ["Org", "PasswordLogin", "login"]
    imports = [f"from sfmtls_nb import {', '.join(names)}"]
    if "getpass(" in "\n".join(lines):
        imports = ["from getpass import getpass", "", *imports]
    return "\n".join([*imports, "", *lines])


def _org(org: Org) -> str:
    given = {each.name: getattr(org, each.name) for each in fields(org) if getattr(org, each.name) != each.default}
    values = ((name, str(value) if isinstance(value, Path) else value) for name, value in given.items())
    return f"Org({', '.join(f'{name}={value!r}' for name, value in values)})"


def _username(workspace: Workspace) -> str:
    """Who is signed in, as far as that is known."""
    practice, session = workspace.at_practice(), workspace.session
    if practice and session:
        return next((u.username for u in practice.state.users if u.user_id == session.user_id), "")
    return workspace.profile.username if workspace.profile else ""
