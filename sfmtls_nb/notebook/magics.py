"""The magics. Each parses its line, calls the core, and returns the object it made: no logic of its own."""

from __future__ import annotations

import atexit
import difflib
import functools
import getpass
import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments
from IPython.display import display

from sfmtls_nb.curl import curl_command
from sfmtls_nb.errors import (
    ApiFault,
    CertificatePageError,
    ExpectationError,
    PassphraseError,
    SfmtlsError,
)
from sfmtls_nb.findings import Finding
from sfmtls_nb.identity import ClientIdentity
from sfmtls_nb.login import PasswordLogin, login
from sfmtls_nb.notebook.forms import IdentityForm
from sfmtls_nb.notebook.identity_view import findings_html, findings_text, identity_html
from sfmtls_nb.notebook.setup_panel import SetupPanel
from sfmtls_nb.notebook.views import error_html
from sfmtls_nb.org import LAST_VERSION_WITH_LOGIN, Org
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.secret import Secret
from sfmtls_nb.session import Session
from sfmtls_nb.soap import Reply, from_user, operation
from sfmtls_nb.transport import Exchange

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


def _parse(magic: Any, line: str) -> Namespace:
    """A line's arguments. Quotes hold a word together and are no part of it; IPython's parse_argstring leaves them."""
    words = shlex.shlex(line, posix=True)
    words.whitespace_split, words.commenters = True, ""
    words.escape = ""  # a backslash is in Windows' paths
    try:
        arguments: Namespace = magic.parser.parse_args(list(words))
    except ValueError as error:  # a quote that is not closed
        raise UsageError(str(error)) from error
    except UsageError as error:
        raise UsageError(f"{error}{_nearest(magic.parser, line)}") from None
    return arguments


def _nearest(parser: ArgumentParser, line: str) -> str:
    """For a flag that is not known, the known one it looks like."""
    known = [flag for action in parser._actions for flag in action.option_strings]  # noqa: SLF001  # no public way
    for word in line.split():
        flag = word.partition("=")[0]
        if flag.startswith("-") and flag not in known:
            close = difflib.get_close_matches(flag, known, 1, 0.5)
            return f"; did you mean {close[0]}?" if close else f"; it takes {', '.join(known) or 'no flags'}"
    return ""


def _helpful(magic: Callable[..., Any]) -> Any:
    """A magic that answers --help."""

    @functools.wraps(magic)
    def asked(self: SfMagics, line: str, *cell: str) -> Any:
        if "--help" in line.split():
            print(magic.parser.format_help())  # type: ignore[attr-defined]  # magic_arguments puts it there
            return None
        return magic(self, line, *cell)

    return asked


@magics_class
class SfMagics(Magics):
    """What the cells of one notebook share: where to go, who we are, and the session."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.practice: PracticeOrg | None = None
        self.org: Org | None = None
        self.identity: ClientIdentity | None = None
        self.session: Session | None = None
        self.last: Exchange | None = None
        self.pem: Path | None = None

    @_helpful
    @magic_arguments()
    @argument("action", nargs="?", choices=["start", "show", "setup", "stop"], default="start", help="default: start")
    @argument("--scenario", metavar="NAME", help="let the next API call fail so; 'none' takes that back")
    @line_magic
    def sf_practice(self, line: str) -> PracticeOrg | SetupPanel | None:
        """Start the practice org, or show it, its Setup, or stop it. Later magics go to it."""
        chosen = _parse(SfMagics.sf_practice, line)
        if chosen.action == "start":
            org = Org(**self._start_practice().endpoints)
            if self.org != org:
                self._go_to(org)
        practice = self.practice
        if practice is None or (not practice.running and chosen.action != "stop"):
            raise UsageError("no practice org is running; %sf_practice starts one")
        if chosen.scenario == "none":
            practice.disarm()
        elif chosen.scenario:
            practice.arm(chosen.scenario)
        if chosen.action == "setup":
            return SetupPanel(practice)
        if chosen.action == "stop":
            if self._at_practice():
                self.org = self.session = None
            practice.stop()
        return practice

    @_helpful
    @magic_arguments()
    @argument("name", help="'practice', or a My Domain name such as acme for https://acme.my.salesforce.com")
    @argument("--sandbox", metavar="NAME", help="a sandbox of that org")
    @argument("--api-version", default=LAST_VERSION_WITH_LOGIN, metavar="NN.0", help="default: %(default)s")
    @argument("--ca-file", metavar="FILE", help="PEM file of the root to trust, for a private server")
    @line_magic
    def sf_org(self, line: str) -> Org:
        """Choose where to go."""
        chosen = _parse(SfMagics.sf_org, line)
        if chosen.name == "practice":
            if chosen.sandbox or chosen.ca_file:
                raise UsageError("the practice org has no sandbox, and brings its own CA file")
            return self._go_to(replace(Org(**self._start_practice().endpoints), api_version=chosen.api_version))
        org = Org.my_domain(chosen.name, sandbox=chosen.sandbox, api_version=chosen.api_version)
        return self._go_to(replace(org, ca_file=chosen.ca_file))

    @_helpful
    @magic_arguments()
    @argument("username", nargs="?", help="default: the practice org's enforced user; on a real org it is asked for")
    @line_magic
    def sf_login(self, line: str) -> Session:
        """Sign in. The password is asked for and never typed into a cell; the practice org's is known."""
        username = _parse(SfMagics.sf_login, line).username
        org = self._chosen_org()
        with self._remembering():
            self.session = login(org, self._credentials(username), self.identity)
        self.last = self.session.last
        return self.session

    @_helpful
    @magic_arguments()
    @argument("files", nargs="*", help="key and certificates, in any order and format; none: a form to pick them")
    @argument("--write", metavar="DIR", help="write fullcert.pem and upload.crt (the leaf) into that folder")
    @argument("--overwrite", action="store_true", help="write over files of that name")
    @line_magic
    def sf_identity(self, line: str) -> ClientIdentity | IdentityForm:
        """Assemble the client's key and certificates, check them, and present them in later calls.

        Files that are not here are looked for in the practice org's folder.
        """
        chosen = _parse(SfMagics.sf_identity, line)
        if not chosen.files:
            return IdentityForm(self._assembled_by_form, error_html)
        files = [self._find(name) for name in chosen.files]
        try:
            identity = ClientIdentity.load(*files)
        except PassphraseError:
            identity = ClientIdentity.load(*files, password=_ask("Passphrase of the private key: "))
        self._present(identity)
        if chosen.write:
            print("\n".join(self._write(identity, chosen.write, overwrite=chosen.overwrite)))
        found = self._findings(identity)
        display({"text/plain": findings_text(found), "text/html": findings_html(found)}, raw=True)
        return identity

    @_helpful
    @magic_arguments()
    @argument(
        "operation", nargs="?", help="such as getUserInfo; as a cell, the body or a whole envelope in XML instead"
    )
    @argument("--no-cert", action="store_true", help="leave the certificate at home")
    @argument("--port", type=int, choices=[443, 8443], help="default: 8443 with an identity, else 443")
    @argument("--expect", metavar="FAILURE", help="predict: page, a fault code, or the name of an error")
    @line_cell_magic
    def sf_soap(self, line: str, cell: str | None = None) -> Reply | SfmtlsError:
        """Make a SOAP call. With --expect a failure that was predicted is the result; anything else raises."""
        chosen = _parse(SfMagics.sf_soap, line)
        if (chosen.operation is None) == (cell is None):
            raise UsageError("%sf_soap takes an operation on its line, or XML in its cell: one of the two")
        session = self._signed_in()
        body = operation(chosen.operation) if cell is None else from_user(cell)

        def call() -> Reply:
            with self._remembering():
                reply = session.soap(body, port=chosen.port, certificate=not chosen.no_cert)
            self.last = session.last
            return reply

        return _expecting(chosen.expect, call)

    @_helpful
    @magic_arguments()
    @argument("query", nargs="*", help="the query; as a cell, it stands in the cell")
    @argument("--api", choices=["soap", "rest"], default="soap", help="by which API (default: %(default)s)")
    @argument("--deleted", action="store_true", help="deleted records too, as queryAll")
    @argument("--explode", metavar="CHILDREN", help="a row for each record of that child subquery")
    @line_cell_magic
    def sf_soql(self, line: str, cell: str | None = None) -> pd.DataFrame:
        """Run SOQL, follow its pages, and return a DataFrame."""
        chosen = _parse(SfMagics.sf_soql, line)
        if bool(chosen.query) == (cell is not None):
            raise UsageError("%sf_soql takes the query on its line, or in its cell: one of the two")
        session = self._signed_in()
        with self._remembering():
            # The cell as it was typed: on the line, quotes have been taken for the line's own.
            found = session.query(cell or " ".join(chosen.query), api=chosen.api, deleted=chosen.deleted)
            frame = found.to_frame(explode=chosen.explode)
        self.last = session.last
        return frame

    @_helpful
    @magic_arguments()
    @argument("path", help="such as limits, sobjects/Contact/describe or /services/data")
    @argument("--no-cert", action="store_true", help="leave the certificate at home")
    @argument("--port", type=int, choices=[443, 8443], help="default: 8443 with an identity, else 443")
    @argument("--expect", metavar="FAILURE", help="predict: page, an error's code, or the name of an error")
    @line_magic
    def sf_rest(self, line: str) -> Any:
        """GET a REST path, and return its JSON. With --expect a failure that was predicted is the result."""
        chosen = _parse(SfMagics.sf_rest, line)
        session = self._signed_in()

        def call() -> Any:
            with self._remembering():
                content = session.rest(chosen.path, port=chosen.port, certificate=not chosen.no_cert)
            self.last = session.last
            return content

        return _expecting(chosen.expect, call)

    @_helpful
    @magic_arguments()
    @line_magic
    def sf_curl(self, line: str) -> None:
        """Show the last call as the curl command that does the same."""
        _parse(SfMagics.sf_curl, line)
        if self.last is None:
            raise UsageError("no call has been made yet; %sf_login makes the first")
        print(curl_command(self.last, self.pem or "fullcert.pem"))

    # ------------------------------------------------------------ what the magics share

    def _start_practice(self) -> PracticeOrg:
        if self.practice is None or not self.practice.running:
            self.practice = PracticeOrg().start()
            atexit.register(self.practice.stop)
        return self.practice

    def _go_to(self, org: Org) -> Org:
        self.org, self.session = org, None
        return org

    def _chosen_org(self) -> Org:
        if self.org is None:
            raise UsageError("no org is chosen; %sf_practice starts one to practise on, %sf_org NAME goes to yours")
        return self.org

    def _signed_in(self) -> Session:
        if self.session is None:
            self._chosen_org()
            raise UsageError("not signed in; %sf_login does that")
        return self.session

    def _at_practice(self) -> PracticeOrg | None:
        practice = self.practice
        at_it = practice and practice.running and self.org and self.org.login_url == practice.api_url
        return practice if at_it else None

    def _credentials(self, username: str | None) -> PasswordLogin:
        practice = self._at_practice()
        if practice is None:
            return PasswordLogin(username or input("Username: "), _ask("Password (and security token): "))
        if username is None:
            return PasswordLogin(*practice.user("enforced"))
        for user in practice.state.users:
            if username in (user.name, user.username):
                return PasswordLogin(user.username, user.password)
        return PasswordLogin(username, _ask("Password: "))

    def _find(self, name: str) -> Path:
        """A file by name: here, or else in the practice org's folder, where its authority has put them."""
        practice = self._at_practice()
        path = Path(name).expanduser()
        if practice and not path.exists() and (practice.directory / name).exists():
            return practice.directory / name
        return path

    def _present(self, identity: ClientIdentity) -> None:
        self.identity = identity
        if self.session:
            self.session = self.session.with_identity(identity)

    def _findings(self, identity: ClientIdentity) -> list[Finding]:
        """What is known of the org goes in: its roots, and from the last call its clock."""
        last = self.last
        return identity.findings(self.org, last.at if last else None, last.server_date if last else None)

    def _assembled_by_form(
        self, sources: Sequence[bytes | str], passphrase: Secret | None, folder: str
    ) -> tuple[ClientIdentity, str]:
        files = [source if isinstance(source, bytes) else self._find(source) for source in sources]
        identity = ClientIdentity.load(*files, password=passphrase)
        self._present(identity)
        written = self._write(identity, folder, overwrite=False) if folder else []
        lines = "".join(f"<div>{escape(line)}</div>" for line in written)
        return identity, identity_html(identity) + findings_html(self._findings(identity)) + lines

    def _write(self, identity: ClientIdentity, name: str, *, overwrite: bool) -> list[str]:
        """Write the two files into a folder: here, or, like all that is made for it, in the practice org's."""
        practice = self._at_practice()
        folder = practice.directory / name if practice else Path(name).expanduser()
        self.pem = identity.write_pem(folder / "fullcert.pem", overwrite=overwrite)
        upload = identity.write_upload(folder / "upload.crt", overwrite=overwrite)
        return [f"written for the client: {self.pem} (keep it to yourself)", f"written for Setup: {upload} (upload it)"]

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        """Keep the call that failed, for %sf_curl; what went well keeps itself in the session."""
        try:
            yield
        except SfmtlsError as error:
            self.last = error.exchange or self.last
            raise


def _ask(prompt: str) -> str:
    # By its module: a kernel puts its own getpass there, but only while a cell runs.
    return getpass.getpass(prompt)


def _expecting(expected: str | None, call: Callable[[], T]) -> T | SfmtlsError:
    """The reply; or, where a failure was predicted, that failure. Raises ExpectationError when it does not come."""
    try:
        reply = call()
    except SfmtlsError as error:
        if expected in _names_of(error):
            return error
        raise
    if expected:
        raise ExpectationError(
            f"{expected} was predicted, and the call succeeded",
            f"the answer is {reply!r}"[:200],
            "compare with the cell that fails: the port, the certificate, the user",
        )
    return reply


def _names_of(error: SfmtlsError) -> set[str]:
    """What a prediction may call an error: its class or a class above it, its fault code, or ``page``."""
    names = {kind.__name__ for kind in type(error).__mro__ if issubclass(kind, SfmtlsError)}
    if isinstance(error, CertificatePageError):
        names.add("page")
    if isinstance(error, ApiFault):
        names.add(error.code)
    return names
