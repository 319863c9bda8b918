"""SfCli: the org that Salesforce's command line, `sf`, is signed in to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sfmtls_nb.access import Access
from sfmtls_nb.connection import Transport
from sfmtls_nb.errors import OrgError, SignInError, require
from sfmtls_nb.files import without_locals
from sfmtls_nb.org import checked_url, my_domain_of
from sfmtls_nb.secret import Secret
from sfmtls_nb.sign_in.token import soap_url

#: Seconds that `sf` may take: it starts slowly, and may refresh its token.
_PATIENCE: Final = 120
_HELP: Final = "sf org list shows the orgs it knows, sf org login web --alias NAME signs in to one"


@dataclass(frozen=True)
class SfCli:
    """An alias or username of the sf CLI; none for its default org: for whoever works with `sf` on this machine already.

    `sf` keeps the token and refreshes it, and leaving a ``with`` block does not end it.
    """

    alias: str = ""

    def __post_init__(self) -> None:
        require(self.alias, str, "the alias")

    def sign_in(self, transport: Transport) -> Access:
        """The access that `sf` has. Raises SignInError if it has none to give, OrgError if it is for another org than this one."""
        target = ["--target-org", self.alias] if self.alias else []
        shown = _sf("org", "display", *target)
        instance_url, token = shown.get("instanceUrl"), shown.get("accessToken")
        # Since May 2026, org display has "[REDACTED] …" in the place of the token.
        if token is None or token.reveal().startswith("[REDACTED]"):
            token = _sf("org", "auth", "show-access-token", *target).get("accessToken")
        if instance_url is None or not token:
            raise SignInError(
                "sf gives no access token",
                f"its answer has {', '.join(sorted(shown)) or 'nothing'}",
                f"bring sf up to date; {_HELP}",
            )
        org = transport.org
        instance = org.followed(checked_url(instance_url.reveal()), "instanceUrl")
        theirs, ours = (my_domain_of(urlsplit(url).hostname or "") for url in (instance, org.login_url))
        if theirs and ours and theirs != ours:
            raise OrgError(
                f"sf is signed in to another org than {org.login_url}",
                f"{self.alias or 'its default org'} is {instance}",
                f"go to that org, or take the alias of this one; {_HELP}",
            )
        return Access(token, soap_url(instance, org), ends_by="")

    def renew(self, transport: Transport, _: Access) -> Access:
        """The access that `sf` has now: it refreshes its token when it is asked for it."""
        return self.sign_in(transport)


def _sf(*arguments: str) -> dict[str, Secret]:
    """The texts in the result of a command of `sf`, all as secrets: the token is among them."""
    command = f"sf {' '.join(arguments)}"
    program = shutil.which("sf")
    if program is None:
        raise SignInError(
            "there is no command sf here",
            "it is on no folder of PATH",
            "install it (npm install --global @salesforce/cli), or sign in another way",
        )
    with without_locals():
        return _result(_run([program, *arguments, "--json"], command), command)


def _result(output: bytes, command: str) -> dict[str, Secret]:
    """What a command printed. It is quoted only where it is a message: a token may be in it."""
    try:
        answer = json.loads(output)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise SignInError(
            f"{command} answers something else than JSON",
            f"{len(output)} bytes, which are not shown",
            "see that sf is Salesforce's command: sf --version",
        ) from None
    result = answer.get("result")
    if answer.get("status") != 0 or not isinstance(result, dict):
        words = f"{answer.get('name', '')}: {answer.get('message', '')}".strip(": ")
        raise SignInError(f"{command} failed", words, _HELP)
    return {name: Secret(value) for name, value in result.items() if isinstance(value, str)}


def _run(command: Sequence[str], shown: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603  # the command is found by name, and its arguments are no shell's
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
            env={**os.environ, "NO_COLOR": "1", "SF_AUTOUPDATE_DISABLE": "true"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = f"no answer within {_PATIENCE} s" if isinstance(error, subprocess.TimeoutExpired) else str(error.strerror)
        raise SignInError(f"{shown} does not run", why, "try it in a terminal") from None  # the error holds the output
    return done.stdout
