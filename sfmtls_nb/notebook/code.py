"""Code: what a form or a step of the guide does, as a magic, as Python, as curl or for a terminal; without a secret.

The Python of a form is a program of its own. That of a step goes on from the steps before it: ``org``, ``me``,
``session``. Whoever runs either is asked for what is secret.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final, NamedTuple

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection import Exchange
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook.entry import Entry
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.org import Org, Port, my_domain_of

#: The running practice org, in a cell; its users' passwords are known there.
_PRACTICE: Final = 'practice = get_ipython().run_line_magic("sf_practice", "show")'
#: The modules of the names that a program calls.
_IMPORTS: Final = {
    "getpass": ("getpass",),
    "pathlib": ("Path",),
    "sfmtls_nb": (
        *("CertificatePageError", "ClientCredentials", "ClientIdentity", "ExistingSession", "JwtBearer"),
        *(
            "MutualAuthenticationFault",
            "Org",
            "PasswordLogin",
            "SfCli",
            "WebLogin",
            "login",
            "read_profiles",
            "secret_from",
        ),
    ),
    "sfmtls_nb.notebook.operations": ("body_of",),
    "sfmtls_nb.practice": ("PracticeOrg",),
}
_OPENSSL: Final = """\
# a new key, and the request (CSR) that goes to the authority
openssl req -new -newkey rsa:2048 -nodes -keyout client.key -out client.csr -subj /CN=integration.acme.example
# the certificate that came back: whose it is, who signed it, until when, what it is for
openssl x509 -in client.crt -noout -subject -issuer -dates -ext extendedKeyUsage"""


class Code(NamedTuple):
    """The ways to do one thing; a way that there is not is empty."""

    magic: str
    python: str
    curl: str = ""
    terminal: str = ""


# ---------------------------------------------------------------- programs


def program(*lines: str) -> str:
    """Lines of Python, and above them the imports of the names that they call."""
    code = "\n".join(lines)
    called = {*re.findall(r"(?<![\w.'\"])(\w+)(?=[(.]| as )", code)}
    imports = [
        f"from {module} import {', '.join(name for name in names if name in called)}"
        for module, names in _IMPORTS.items()
        if called & {*names}
    ]
    return "\n".join([*imports, "", code]) if imports else code


def sign_in_program(workspace: Workspace) -> str:
    """A program that signs in as the workspace did last, and has ``session`` at the end."""
    before, login = _login(workspace, present=True)
    return program(*before, f"session = {login}", "session")


def call_program(workspace: Workspace, before: Sequence[str], call: str, result: str, *, present: bool = True) -> str:
    """A program that signs in, makes one call of ``session``, and shows the result. present: with the identity."""
    first, login = _login(workspace, present=present)
    return program(*first, *before, f"with {login} as session:", f"    {call}", result)


def load(sources: Sequence[str | Path], *, encrypted: bool) -> str:
    """The call that reads an identity from files."""
    passphrase = ['password=getpass("Passphrase: ")'] if encrypted else []
    return f"ClientIdentity.load({', '.join([*(text(str(each)) for each in sources), *passphrase])})"


def text(value: str) -> str:
    """The Python literal of a text: in double quotes, or in three of them for several lines, where its characters allow it."""
    plain = not set(value) & {"\\", '"', "\r"}
    if "\n" in value and plain:
        return f'"""{value}"""'
    return f'"{value}"' if plain and value.isprintable() else repr(value)


def words(*names: str) -> str:
    """Words of a magic's line: in quotes where there are spaces or quotes in them."""
    return " ".join(
        name if re.fullmatch(r"[^\s'\"]*", name) else f'"{name}"' if '"' not in name else f"'{name}'" for name in names
    )


def _login(workspace: Workspace, *, present: bool) -> tuple[list[str], str]:
    """The lines that make ``org`` and ``me``, and the call that signs in there."""
    practice, identity = workspace.at_practice(), workspace.identity if present else None
    lines = [_PRACTICE, "org = Org(**practice.endpoints)"] if practice else [f"org = {_org(workspace.chosen_org())}"]
    if identity:
        lines.append(f"me = {load(_files_of(workspace, identity), encrypted=identity.passphrase is not None)}")
    return lines, f"login(org, {credentials(workspace, _entry(workspace))}{', me' if identity else ''})"


def credentials(workspace: Workspace, entry: Entry) -> str:
    """The Python that makes the credentials of an entry; it asks for what is secret."""
    practice = workspace.at_practice()

    def said(value: str, question: str) -> str:
        return text(value) if value else f'input("{question}: ")'

    def secret(question: str) -> str:
        return f"secret_from({text(entry.secret_from)})" if entry.secret_from else f'getpass("{question}: ")'

    def extra(name: str, question: str) -> list[str]:
        return [f"{name}={secret(question)}"] if name in entry.extras else []

    who = said(entry.username, "Username")
    ours = practice is not None and entry.consumer_key == practice.app.consumer_key
    app = "practice.app.consumer_key" if ours else said(entry.consumer_key, "Consumer key")
    key = entry.key and workspace.find(entry.key)
    jwt_key = "practice.client.key" if practice and key == practice.client.key else said(str(key), "JWT key")
    known = next((u.name for u in practice.state.users if entry.username == u.username), "") if practice else ""
    app_secret = "practice.app.consumer_secret" if ours else secret("Consumer secret")
    paste = ["paste=True"] if entry.paste else []
    place = "org.login_url" if entry.instance_url == workspace.chosen_org().login_url else text(entry.instance_url)
    return {
        "password": f"PasswordLogin(*practice.user({text(known)}))"
        if known
        else f"PasswordLogin({who}, {secret('Password and security token')})",
        "jwt": f"JwtBearer({', '.join([app, who, jwt_key, *extra('passphrase', 'Passphrase')])})",
        "client-credentials": f"ClientCredentials({app}, {app_secret})",
        "web": f"WebLogin({', '.join([app, *extra('consumer_secret', 'Consumer secret'), *paste])})",
        "sf": f"SfCli({text(entry.alias) if entry.alias else ''})",
        "session": f"ExistingSession({secret('Session id or access token')}, {place})",
    }[entry.way or "password"]


def login_magic(workspace: Workspace, entry: Entry) -> str:
    """The line that signs in by an entry."""
    practice, org = workspace.at_practice(), workspace.chosen_org()
    known = {"instance_url": org.login_url}
    if practice:
        known |= {"consumer_key": practice.app.consumer_key, "username": practice.user("enforced").username}
        known["key"] = entry.key if entry.key and workspace.find(entry.key) == practice.client.key else ""
    said = {name: value for name, value in entry.said().items() if value != known.get(name)}
    who = said.pop("username", "")
    flags = {"way": entry.way if entry.way != "password" else "", **said, "secret-from": entry.secret_from}
    line = [who, *(part for name, value in flags.items() if value for part in (f"--{name.replace('_', '-')}", value))]
    return f"%sf_login {words(*filter(None, line))}{' --paste' if entry.paste else ''}".rstrip()


def _entry(workspace: Workspace) -> Entry:
    """The way in that was taken last, or would be taken if nothing more is said."""
    usual = Entry("password", workspace.profile.username if workspace.profile else "")
    return workspace.entry or usual


def _files_of(workspace: Workspace, identity: ClientIdentity) -> list[Path]:
    """The file that holds an identity; or those it was read from, if it was read from files."""
    pem = workspace.pem_of(identity)
    read_from = [each.path for _, each in (*identity.bag.keys, *identity.bag.certificates)]
    return [pem] if pem else [*dict.fromkeys(path or Path("fullcert.pem") for path in read_from)]


def _org(org: Org) -> str:
    found = my_domain_of(org.login_url)
    given = {each.name: getattr(org, each.name) for each in fields(org) if getattr(org, each.name) != each.default}
    if found and given.keys() <= {"login_url", "api_version"}:
        given = {"sandbox": found[1], **given}
        del given["login_url"]
        first, call = [text(found[0])], "Org.my_domain"
    else:
        first, call = [], "Org"
    written = (
        f"{name}={text(str(each)) if isinstance(each, str | Path) else each}" for name, each in given.items() if each
    )
    return f"{call}({', '.join([*first, *written])})"


# ---------------------------------------------------------------- steps of the guide


def choose_org(workspace: Workspace) -> Code:
    """The code that chooses the org; the practice org, if none is chosen."""
    org, profile = workspace.org, workspace.profile
    if org is None or workspace.at_practice():
        return Code("%sf_practice", program("practice = PracticeOrg().start()", "org = Org(**practice.endpoints)"))
    if profile:
        return Code(f"%sf_org {profile.name}", program(f"org = read_profiles()[{text(profile.name)}].org"))
    found = my_domain_of(org.login_url)
    if not found and not org.login_url.endswith(".salesforce.com"):  # made by hand, in Python
        return Code("", program(f"org = {_org(org)}"))
    magic = f"%sf_org {found[0] if found else org.login_url}{f' --sandbox {found[1]}' if found and found[1] else ''}"
    if org.api_version != Org.api_version:
        magic += f" --api-version {org.api_version}"
    return Code(magic, program(f"org = {_org(org)}"))


def assemble(workspace: Workspace, names: Sequence[str]) -> Code:
    """The code that assembles the certificate. names: of the files that were given; none stands for the usual names."""
    identity, files = workspace.identity, _files(workspace, names)
    encrypted = identity is not None and identity.passphrase is not None
    me = f"me = {load(files, encrypted=encrypted)}"
    if not names and _is_practice(workspace):
        me = "files = practice.client\nme = ClientIdentity.load(files.key, files.leaf, *files.intermediates)"
    python = program(me, "for finding in me.findings(org):", "    print(finding)")
    return Code(f"%sf_identity {words(*files)}", python, terminal=_OPENSSL)


def write_pem(workspace: Workspace, names: Sequence[str], folder: str, *, overwrite: bool) -> Code:
    """The code that writes the two files. names: as in `assemble`."""
    key, leaf, *issuers = files = _files(workspace, names)
    place = f"practice.directory / {text(folder)}" if _is_practice(workspace) else f"Path({text(folder)}).expanduser()"
    last = ", overwrite=True)" if overwrite else ")"
    python = [f"folder = {place}", f'me.write_pem(folder / "fullcert.pem"{last}']
    python += [f'me.write_upload(folder / "upload.crt"{last}']
    into = shlex.quote(folder)
    shell = f"umask 077  # what is written now is readable by you alone\nmkdir -p {into}\n"
    shell += f"cat {shlex.join([key, leaf, *issuers])} > {into}/fullcert.pem\ncp {shlex.quote(leaf)} {into}/upload.crt"
    magic = f"%sf_identity {words(*files)} --write {words(folder)}{' --overwrite' if overwrite else ''}"
    # Of files that may stand in any order, or hold several certificates, only the toolkit knows which comes first.
    return Code(magic, program(*python), terminal="" if names else shell)


def sign_in(workspace: Workspace, entry: Entry, curl: str) -> Code:
    """The code that signs in by an entry. curl: the call, if it was made."""
    if workspace.org is None:
        return Code("%sf_login", program('session = login(org, PasswordLogin(*practice.user("enforced")))'))
    identity = ", identity=me" if workspace.identity else ""
    python = program(f"session = login(org, {credentials(workspace, entry)}{identity})")
    return Code(login_magic(workspace, entry), python, curl)


def get_user_info(workspace: Workspace, made: Exchange | None) -> Code:
    """The code of the call with the certificate. made: that call, if it was made."""
    curl = _curl(workspace, made, 8443)
    return Code("%sf_soap getUserInfo", "reply = session.get_user_info()\nprint(reply)", curl)


def call_to_fail(
    workspace: Workspace, made: Exchange | None, port: Port, prediction: str, error: type[SfmtlsError]
) -> Code:
    """The code of a call with a predicted failure: on 8443 without the certificate, or on 443. made: as in `get_user_info`."""
    bare = port == 8443
    magic = f"%sf_soap getUserInfo --port {port}{' --no-cert' if bare else ''} --expect {prediction}"
    call = f'reply = session.soap("getUserInfo", port={port}{", certificate=False" if bare else ""})'
    python = program("try:", f"    {call}", f"except {error.__name__} as error:", "    print(error)")
    return Code(magic, python, _curl(workspace, made, port, certificate=not bare))


def _curl(workspace: Workspace, made: Exchange | None, port: Port, *, certificate: bool = True) -> str:
    """The curl command of the call as it was made, or as it would be."""
    if workspace.session is None:
        return ""
    return workspace.curl(made or workspace.prepare("getUserInfo", port=port, certificate=certificate))


def _is_practice(workspace: Workspace) -> bool:
    return workspace.org is None or workspace.at_practice() is not None


def _files(workspace: Workspace, names: Sequence[str]) -> Sequence[str]:
    """Names of the client's files, key and leaf first: those that were given, or those such files usually have."""
    identity = workspace.identity
    issuers = range(1, 1 + (len(identity.intermediates) if identity else 2))
    return names or ("client.key", "client.crt", *(f"intermediate{n}.crt" for n in issuers))
