"""Curl: a call as the curl command that does the same."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from sfmtls_nb.connection.request import SECRET_HEADERS, Exchange, Request
from sfmtls_nb.connection.transport import passes_proxy
from sfmtls_nb.secret import mask_session_ids
from sfmtls_nb.xml import format_xml, is_html, parse_xml

# The shell variables that stand in the command for a secret: the command runs, and no secret is in it.
_VARIABLES: Final = {
    "sessionId": "${SF_SESSION_ID}",
    "password": "${SF_PASSWORD}",
    "oldPassword": "${SF_OLD_PASSWORD}",
    "newPassword": "${SF_NEW_PASSWORD}",
}
#: The same for the names of a form that OAuth takes.
_FORM: Final = {
    "client_secret": "${SF_CONSUMER_SECRET}",
    "assertion": "${SF_JWT}",
    "code": "${SF_CODE}",
    "code_verifier": "${SF_CODE_VERIFIER}",
    "refresh_token": "${SF_REFRESH_TOKEN}",
    "token": "${SF_SESSION_ID}",
}
# A character each from Unicode's private use area, put in first: unlike a "$" it is not escaped for the shell.
_PLACEHOLDERS: Final = {name: chr(0xE000 + number) for number, name in enumerate(_VARIABLES)}
# JSON has them with a capital: {"NewPassword": …}.
_NAMED: Final = {name.casefold(): placeholder for name, placeholder in _PLACEHOLDERS.items()}
_LINE: Final = " \\\n    "


def curl_command(call: Request | Exchange, pem: str | Path = "fullcert.pem") -> str:
    """The call as a shell command, to paste into a terminal or a support case.

    A CA file that was given as content is called ca.pem. pem: the file that ``identity.write_pem`` wrote. A session id, a
    password or another secret stands there as $SF_SESSION_ID, $SF_PASSWORD and the like: export it first (a password as it is in
    XML, with ``&amp;`` for ``&``).
    """
    request, answer = (call.request, call.response_body) if isinstance(call, Exchange) else (call, b"")
    options = [f"curl -sS {shlex.quote(mask_session_ids(request.url))}"]
    if request.method in ("PATCH", "DELETE"):
        options.append(f"-X {request.method}")
    if passes_proxy(request.url):
        options.append("--noproxy '*'")
    if request.ca_file:
        options.append(
            f"--cacert {shlex.quote('ca.pem' if isinstance(request.ca_file, bytes) else str(request.ca_file))}"
        )
    options += [f"-H {_header(name, value)}" for name, value in request.headers.items()]
    if request.identity:
        # curl takes what follows a ":" for the passphrase, unless a backslash stands before it.
        name = re.sub(r"[\\:]", r"\\\g<0>", str(pem))
        options.append(f"-E {shlex.quote(name)}")
    if request.method in ("GET", "DELETE"):
        return _LINE.join(options)
    if request.headers.get("Content-Type") == "application/x-www-form-urlencoded":
        return _LINE.join(
            [*options, *(f"--data-urlencode {_field(*each)}" for each in parse_qsl(request.body.decode()))]
        )
    is_json = request.headers.get("Content-Type") == "application/json"
    show = "" if is_json or is_html(answer) else " | xmllint --format -"
    text, end = _here_document(_shown_json(request) if is_json else _shown_xml(request)), "END_OF_BODY"
    while f"\n{end}\n" in text:  # or what follows in the body would be run as commands
        end += "_"
    options.append(f"--data-binary @- <<{end}{show}")
    return _LINE.join(options) + f"\n{text}{end}"


def openssl_command(call: Request | Exchange, pem: str | Path = "fullcert.pem") -> str:
    """The handshake of a call as openssl shows it, in one line to paste into a terminal. pem: as in `curl_command`."""
    request = call.request if isinstance(call, Exchange) else call
    parts = urlsplit(request.url)
    options = [
        f"openssl s_client -connect {shlex.quote(f'{parts.hostname}:{parts.port or 443}')} -servername {parts.hostname}"
    ]
    if request.ca_file:
        ca_file = "ca.pem" if isinstance(request.ca_file, bytes) else str(request.ca_file)
        options.append(f"-CAfile {shlex.quote(ca_file)} -verify_return_error")
    if request.identity:
        # The file holds key, leaf and intermediates; -cert takes its first certificate alone.
        options.append(
            f"-cert {shlex.quote(str(pem))} -key {shlex.quote(str(pem))} -cert_chain {shlex.quote(str(pem))}"
        )
    return " ".join([*options, "-state </dev/null"])


def _header(name: str, value: str) -> str:
    """A header as one word of the shell; in place of the secret stands the variable, which double quotes let in."""
    if name.lower() not in SECRET_HEADERS:
        return shlex.quote(f"{name}: {value}")
    scheme = "".join(value.rpartition(" ")[:2])
    shown = re.sub(r'[\\$`"]', r"\\\g<0>", f"{name}: {scheme}")
    return f'"{shown}{_VARIABLES["sessionId"]}"'


def _field(name: str, value: str) -> str:
    """A name and value of a form as one word of the shell, as `_header` does it."""
    return f'"{name}={_FORM[name]}"' if name in _FORM else shlex.quote(f"{name}={value}")


def _shown_xml(request: Request) -> str:
    return format_xml(parse_xml(request.body), _PLACEHOLDERS)


def _shown_json(request: Request) -> str:
    def masked(members: list[tuple[str, Any]]) -> dict[str, Any]:
        return {name: _NAMED.get(name.casefold(), value) for name, value in members}

    content = json.loads(request.body, object_pairs_hook=masked)
    text = json.dumps(content)
    for placeholder in _PLACEHOLDERS.values():
        text = text.replace(json.dumps(placeholder)[1:-1], placeholder)
    return mask_session_ids(text) + "\n"


def _here_document(body: str) -> str:
    text = re.sub(r"[\\$`]", r"\\\g<0>", body)
    for name, placeholder in _PLACEHOLDERS.items():
        text = text.replace(placeholder, _VARIABLES[name])
    return text
