"""The tour: the article's walk in a terminal, on a practice org, in a few seconds."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from sfmtls_nb.api import Reply
from sfmtls_nb.certificates import ClientIdentity, common_name
from sfmtls_nb.command.program import program
from sfmtls_nb.connection import Exchange, curl_command
from sfmtls_nb.errors import CertificatePageError, ExpectationError, MutualAuthenticationFault, SfmtlsError
from sfmtls_nb.org import Org
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.sign_in import PasswordLogin, login


def define(parser: argparse.ArgumentParser) -> None:
    """Say what ``tour`` runs; it has no arguments."""
    parser.set_defaults(run=lambda _: tour())


def tour(out: TextIO | None = None) -> None:
    """Walk through login, PEM, a mutually authenticated call and the two failures, each on real TLS.

    Raises ExpectationError if a call that must fail does not; any other SfmtlsError as it comes.
    """
    paper = _Paper(out or sys.stdout)
    paper.title("Salesforce mutual TLS, step by step, on a practice org of your own")
    with PracticeOrg() as practice:
        paper.step("The practice org starts: a local server that behaves like Salesforce, with certificates made now")
        paper.line(f"stands for 443   {practice.api_url}")
        paper.line(f"stands for 8443  {practice.mutual_url}")

        paper.step("Sign in on 443: the login service asks nobody for a certificate, not even an enforced user")
        files, user = practice.client, practice.user("enforced")
        session = login(Org(**practice.endpoints), PasswordLogin(*user))
        paper.line(f"user        {user.username}")
        paper.line(f"session id  {session.session_id}")
        paper.line(f"serverUrl   {session.server_url}")
        paper.curl(session.exchange, files.fullcert)

        paper.step("Assemble the PEM: private key, leaf, intermediates in order; the root stays out")
        me = ClientIdentity.load(files.key, files.root, *reversed(files.intermediates), files.leaf)
        pem = me.write_pem(files.fullcert)
        _show_identity(paper, me)
        paper.line(f"written     {pem.name}, readable by you alone")

        with session.with_identity(me) as mutual:
            paper.step("Call getUserInfo on 8443 with the certificate: both ends have now proven who they are")
            reply = mutual.get_user_info()
            paper.block(str(reply))
            _show_limits(paper, reply)
            paper.line("the same as a DataFrame (turned on its side, the first lines):")
            paper.block(reply.frame().T.rename(columns={0: "value"}).head(8).to_string())
            paper.curl(reply.exchange, pem)

            paper.step("Failure 1: on 8443 without a certificate the answer is a page of HTML, where XML was expected")
            _expect(CertificatePageError, lambda: mutual.soap("getUserInfo", certificate=False), paper, pem)

            paper.step("Failure 2: on 443 the enforced user's session is refused, by a SOAP fault")
            _expect(MutualAuthenticationFault, lambda: mutual.soap("getUserInfo", port=443), paper, pem)
        again = _again(practice)
    paper.title("That was all of it, and the practice org has stopped")
    paper.line("To run the curl commands above, start another on its ports, with files of the same names:")
    paper.block(again)
    paper.title(f"next: {_lab()}")


def _again(practice: PracticeOrg) -> str:
    """The commands that start such a practice org, and set what the curl commands take from the environment."""
    org_json = practice.directory / "org.json"
    number = [user.name for user in practice.state.users].index("enforced")
    read = f'import json; print(json.load(open("{org_json}"))["users"][{number}]["password"])'
    ports = f"--api-port {urlsplit(practice.api_url).port} --mutual-port {urlsplit(practice.mutual_url).port}"
    return "\n".join(
        [
            f"  {program()} practice --dir {shlex.quote(str(practice.directory))} {ports}",
            "and in another terminal, before them:",
            f'  export SF_PASSWORD="$(python3 -c {shlex.quote(read)})"',
            "  export SF_SESSION_ID='the <sessionId> that the first of them gets'",
        ]
    )


def _lab() -> str:
    """The command that opens the course: in a clone make, which installs JupyterLab too."""
    clone = Path(__file__).parents[2]
    return "make lab" if clone == Path.cwd() and (clone / "Makefile").exists() else f"{program()} lab"


def _show_identity(paper: _Paper, me: ClientIdentity) -> None:
    paper.line(f"key         {me.key.public_key().__class__.__name__.removesuffix('PublicKey')}, never shown")
    paper.line(f"leaf        {common_name(me.leaf)}")
    for certificate in me.intermediates:
        paper.line(f"issued by   {common_name(certificate)}")
    if me.root:
        paper.line(f"left out    {common_name(me.root)} (the root: the org has its own copy)")


def _show_limits(paper: _Paper, reply: Reply) -> None:
    for name, (current, limit) in reply.limits.items():
        paper.line(f"LimitInfoHeader: {current} of {limit:,} {name}")


def _expect(kind: type[SfmtlsError], call: Callable[[], object], paper: _Paper, pem: Path) -> None:
    try:
        call()
    except kind as error:
        paper.block(f"{type(error).__name__}: {error}")
        paper.curl(error.exchange, pem)
    else:
        raise ExpectationError(
            f"the call succeeded where a {kind.__name__} was expected", next_step="report this: the tour is broken"
        )


class _Paper:
    """Writes steps in bold to a terminal, and as plain text to a file."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._steps = 0
        self._bold, self._dim, self._plain = ("\033[1m", "\033[2m", "\033[0m") if out.isatty() else ("", "", "")

    def title(self, text: str) -> None:
        self._write(f"\n{self._bold}{text}{self._plain}")

    def step(self, text: str) -> None:
        self._steps += 1
        self.title(f"{self._steps}. {text}")

    def line(self, text: str) -> None:
        self._write(f"   {text}")

    def block(self, text: str) -> None:
        for line in text.splitlines():
            self.line(line)

    def curl(self, exchange: Exchange | None, pem: Path) -> None:
        if exchange:
            self.line("the same with curl:")
            self._write(f"{self._dim}" + "\n".join(f"   {line}" for line in curl_command(exchange, pem).splitlines()))
            self._out.write(self._plain)

    def _write(self, text: str) -> None:
        print(text, file=self._out)
