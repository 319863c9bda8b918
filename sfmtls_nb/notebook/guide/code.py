"""The code of the guide's steps: what has been done, or is about to be, as a magic, as Python, as curl or for a terminal.

The Python of a step goes on from that of the steps before it: ``org``, ``me``, ``session``.
"""

from __future__ import annotations

import re
import shlex
from typing import Final, NamedTuple

from sfmtls_nb.errors import CertificatePageError, MutualAuthenticationFault, SfmtlsError
from sfmtls_nb.notebook.guide.walk import Walk
from sfmtls_nb.org import LAST_VERSION_WITH_LOGIN, Org, Port, my_domain_of

_OPENSSL: Final = """\
# a new key, and the request (CSR) that goes to the authority
openssl req -new -newkey rsa:2048 -nodes -keyout client.key -out client.csr -subj /CN=integration.acme.example
# the certificate that came back: whose it is, who signed it, until when, what it is for
openssl x509 -in client.crt -noout -subject -issuer -dates -ext extendedKeyUsage"""


class Code(NamedTuple):
    """What `sfmtls_nb.notebook.views.code.code_html` takes."""

    magic: str
    python: str
    curl: str = ""
    terminal: str = ""


def org_code(walk: Walk) -> Code:
    """Going there."""
    org, profile = walk.workspace.org, walk.workspace.profile
    if org is None or walk.workspace.at_practice():
        python = "from sfmtls_nb import Org\nfrom sfmtls_nb.practice import PracticeOrg\n\n"
        return Code("%sf_practice", f"{python}practice = PracticeOrg().start()\norg = Org(**practice.endpoints)")
    if profile:
        python = f"from sfmtls_nb import read_profiles\n\norg = read_profiles()[{_text(profile.name)}].org"
        return Code(f"%sf_org {profile.name}", python)
    magic, call = _own_org(org)
    return Code(magic, f"from sfmtls_nb import Org\n\norg = {call}")


def _own_org(org: Org) -> tuple[str, str]:
    found = my_domain_of(org.login_url)
    if not found:  # made by hand, in Python
        return "", f"Org({_text(org.login_url)}, api_version={_text(org.api_version)})"
    name, sandbox = found
    version = None if org.api_version == LAST_VERSION_WITH_LOGIN else org.api_version
    options = {key: value for key, value in (("sandbox", sandbox), ("api_version", version)) if value}
    flags = "".join(f" --{key.replace('_', '-')} {value}" for key, value in options.items())
    keywords = "".join(f", {key}={_text(value)}" for key, value in options.items())
    return f"%sf_org {name}{flags}", f"Org.my_domain({_text(name)}{keywords})"


def identity_code(walk: Walk) -> Code:
    """Assembling the certificate."""
    identity, lines = walk.workspace.identity, ["from sfmtls_nb import ClientIdentity", ""]
    if walk.names or not _is_practice(walk):
        sources = ", ".join(map(_text, _files(walk)))
    else:
        lines.append("files = practice.client")
        sources = "files.key, files.leaf, *files.intermediates"
    if identity and identity.passphrase:
        lines.insert(0, "from getpass import getpass\n")
        sources += ', password=getpass("Passphrase: ")'
    lines += [f"me = ClientIdentity.load({sources})", "for finding in me.findings(org):", "    print(finding)"]
    return Code(f"%sf_identity {_words(*_files(walk))}", "\n".join(lines), terminal=_OPENSSL)


def pem_code(walk: Walk) -> Code:
    """Writing the two files."""
    key, leaf, *issuers = _files(walk)
    overwrite, at_practice = walk.overwrite, _is_practice(walk)
    place = f"practice.directory / {_text(walk.folder)}" if at_practice else f"Path({_text(walk.folder)}).expanduser()"
    last = ", overwrite=True)" if overwrite else ")"
    python = [] if at_practice else ["from pathlib import Path", ""]
    python += [f"folder = {place}", f'me.write_pem(folder / "fullcert.pem"{last}']
    python += [f'me.write_upload(folder / "upload.crt"{last}']
    shell = f"umask 077  # what is written now is readable by you alone\nmkdir -p {_quoted(walk.folder)}\n"
    shell += f"cat {_quoted(key, leaf, *issuers)} > {_quoted(walk.folder)}/fullcert.pem\n"
    shell += f"cp {_quoted(leaf)} {_quoted(walk.folder)}/upload.crt"
    magic = f"%sf_identity {_words(*_files(walk))} --write {_words(walk.folder)}{' --overwrite' if overwrite else ''}"
    # Of files that may stand in any order, or hold several certificates, only the toolkit knows which comes first.
    return Code(magic, "\n".join(python), terminal="" if walk.names else shell)


def login_code(walk: Walk) -> Code:
    """Signing in."""
    workspace = walk.workspace
    identity = ", identity=me" if workspace.identity else ""
    imports, user = "from sfmtls_nb import PasswordLogin, login\n\n", walk.user
    if _is_practice(walk):
        user = user or "enforced"
        credentials = f"*practice.user({_text(user)})"
        user = "" if user == "enforced" else user
    else:
        user = user or (workspace.profile.username if workspace.profile else "")
        imports = f"from getpass import getpass\n\n{imports}"
        credentials = f'{_text(user or "user@acme.example")}, getpass("Password (and security token): ")'
    python = f"{imports}session = login(org, PasswordLogin({credentials}){identity})"
    return Code(f"%sf_login {_words(user)}".rstrip(), python, _login_curl(walk))


def _login_curl(walk: Walk) -> str:
    session, (session_id, kept) = walk.workspace.session, walk.login_curl
    if session is None:
        return ""
    if session.session_id == session_id:
        return kept
    first = session.last
    return walk.workspace.curl(first) if first and first.request_headers.get("SOAPAction") == "login" else ""


def call_code(walk: Walk) -> Code:
    """The call, with the certificate."""
    return Code("%sf_soap getUserInfo", "reply = session.get_user_info()\nprint(reply)", _call_curl(walk, "Call", 8443))


def without_code(walk: Walk) -> Code:
    """The call without it, and the failure that is to come."""
    curl = _call_curl(walk, "Without a certificate", 8443, certificate=False)
    python = _failing("port=8443, certificate=False", CertificatePageError)
    return Code("%sf_soap getUserInfo --port 8443 --no-cert --expect page", python, curl)


def on_443_code(walk: Walk) -> Code:
    """The call by the other door, and the failure that is to come."""
    magic = "%sf_soap getUserInfo --port 443 --expect MUTUAL_AUTHENTICATION_FAILED"
    return Code(magic, _failing("port=443", MutualAuthenticationFault), _call_curl(walk, "On 443", 443))


def _call_curl(walk: Walk, title: str, port: Port, *, certificate: bool = True) -> str:
    """The call as it was made; or as it would be."""
    workspace, note = walk.workspace, walk.note(title)
    if workspace.session is None:
        return ""
    made = note.exchange if note else None
    return workspace.curl(made or workspace.prepared("getUserInfo", port=port, certificate=certificate))


def _failing(how: str, expected: type[SfmtlsError]) -> str:
    name = expected.__name__
    call = f'    reply = session.soap("getUserInfo", {how})'
    return f"from sfmtls_nb import {name}\n\ntry:\n{call}\nexcept {name} as error:\n    print(error)"


# ---------------------------------------------------------------- words


def _is_practice(walk: Walk) -> bool:
    return walk.workspace.org is None or walk.workspace.at_practice() is not None


def _files(walk: Walk) -> tuple[str, ...]:
    """Names of the client's files, key and leaf first: those that were given, or those such files usually have."""
    identity = walk.workspace.identity
    issuers = range(1, 1 + (len(identity.intermediates) if identity else 2))
    return walk.names or ("client.key", "client.crt", *(f"intermediate{n}.crt" for n in issuers))


def _words(*names: str) -> str:
    """Words of a magic's line: in quotes where there are spaces or quotes in them."""
    return " ".join(
        name if re.fullmatch(r"[^\s'\"]*", name) else f'"{name}"' if '"' not in name else f"'{name}'" for name in names
    )


def _text(text: str) -> str:
    """A Python string, in double quotes where it can be."""
    return f'"{text}"' if text.isprintable() and not set(text) & set('"\\') else repr(text)


def _quoted(*names: str) -> str:
    return shlex.join(names)
