"""The magics. Each has its line read, calls the workspace, and returns the object it made: no logic of its own."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand
from traitlets import Bool, Enum, Float, Int, TraitError, Unicode, observe, validate

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook.arguments import EXPECT, NO_CERT, PORT, RECIPE, SIGN_IN
from sfmtls_nb.notebook.lines import argument, takes

# What the work is done with is imported where it is done: %load_ext has to be quick.
if TYPE_CHECKING:
    import ipywidgets as widgets
    import pandas as pd

    from sfmtls_nb.certificates import ClientIdentity
    from sfmtls_nb.notebook.course.course import Checked, Course, Standing
    from sfmtls_nb.notebook.course.glossary import Entries
    from sfmtls_nb.notebook.renewal import Renewal
    from sfmtls_nb.notebook.scrubbing import Scrubbed
    from sfmtls_nb.notebook.workspace import Workspace
    from sfmtls_nb.org import Org
    from sfmtls_nb.practice import PracticeOrg
    from sfmtls_nb.session import Session

T = TypeVar("T")


@magics_class
class SfMagics(Magics):
    """Salesforce and mutual TLS. What is set here holds for every cell: ``%config SfMagics.api = "rest"``."""

    api = Enum(["soap", "rest", "bulk", "auto"], "soap", help="By which API %sf_soql asks, unless it is told.").tag(
        config=True
    )
    api_version = Unicode("64.0", help="Which API version an org is asked for when it is chosen.").tag(config=True)
    connect_timeout = Float(
        10.0, min=0.001, max=1e6, help="Seconds to wait for a connection, TLS handshake included."
    ).tag(config=True)
    read_timeout = Float(60.0, min=0.001, max=1e6, help="Seconds to wait for an answer.").tag(config=True)
    display_rows = Int(
        None, min=1, allow_none=True, help="How many rows of a DataFrame are shown. None: as pandas is set."
    ).tag(config=True)
    show_handshake = Bool(
        False, help="After each call, a line on its TLS connection: where to, which version, which certificates."
    ).tag(config=True)

    @cached_property
    def workspace(self) -> Workspace:
        """The state that the cells share. Made when the first of them needs it."""
        from sfmtls_nb.notebook.workspace import Workspace

        return Workspace(self._org_options())

    @cached_property
    def course(self) -> Course:
        """The course, with the lesson that is open."""
        from sfmtls_nb.notebook.course.course import Course

        return Course(self.workspace)

    @line_magic
    @takes(
        argument(
            "action", nargs="?", choices=["start", "show", "setup", "stop"], default="start", help="default: start"
        ),
        argument(
            "--scenario",
            metavar="NAME",
            completes="scenario",
            help="let the next API call fail so, or present an identity that is wrong so; 'none' takes that back",
        ),
        argument(
            "--records", type=int, metavar="N", help="start: with so many contacts; one with more or fewer is stopped"
        ),
    )
    def sf_practice(self, chosen: Namespace) -> PracticeOrg | widgets.Widget | None:
        """Start the practice org and choose it; or show it, show its Setup, or stop it."""
        from sfmtls_nb.notebook.moves import leaving

        workspace = self.workspace
        if chosen.action == "start":
            with leaving(workspace):
                workspace.start_practice(chosen.records)
        if chosen.action == "stop":
            if workspace.practice is None:
                print("There is no practice org to stop.")
            return workspace.stop_practice()
        practice = workspace.running_practice()
        if chosen.scenario:
            print(workspace.arm(chosen.scenario))
        if chosen.action == "setup":
            from sfmtls_nb.notebook.forms.setup_panel import SetupPanel

            return SetupPanel(practice)
        return practice

    @line_magic
    @takes(
        argument(
            "name",
            nargs="?",
            completes="profile",
            help="'practice', a profile, a My Domain such as acme for https://acme.my.salesforce.com, its whole URL, or "
            "https://localhost:PORT; none: show where we are",
        ),
        argument("--sandbox", metavar="NAME", help="a sandbox of that org"),
        argument("--api-version", metavar="NN.0", help="default: SfMagics.api_version"),
        argument(
            "--ca-file", metavar="FILE", completes="file", help="PEM file of the root to trust, for a private server"
        ),
        argument("--mutual-port", type=int, metavar="N", help="of a private server: the port that stands for 8443"),
        argument(
            "--save", metavar="PROFILE", help="keep it as a profile, with the way in of the last %%sf_login there"
        ),
    )
    def sf_org(self, chosen: Namespace) -> Org | None:
        """Choose the org to call; without a name, show where we are and what there is.

        A profile is a table in profiles.toml, and --save writes one: my_domain (and sandbox) or login_url; username, identity, sign_in,
        consumer_key, jwt_key, alias, secret_from; api_version, ca_file, accepted_roots, mutual_port, connect_timeout, read_timeout, call_timeout, answer_limit, trust, trusted_hosts.
        """
        from sfmtls_nb.notebook.moves import move

        return move(self.workspace, chosen)

    @line_magic
    @takes(*SIGN_IN)
    def sf_login(self, chosen: Namespace) -> Session | SfmtlsError | widgets.Widget:
        """Sign in. Secrets are asked for and never typed into a cell; at the practice org all is known.

        %sf_org --save PROFILE keeps the way in that was taken last, without its secret.
        """
        if chosen.form:
            from sfmtls_nb.notebook.forms.sign_in import SignInForm

            return SignInForm(self.workspace)
        from sfmtls_nb.notebook.entry import Entry

        typed = {name: value for name, value in vars(chosen).items() if name in Entry.__dataclass_fields__ and value}
        entry = Entry(**typed)
        from sfmtls_nb.notebook.calls import login_call

        return self._called(lambda: login_call(self.workspace, entry, chosen.expect))

    @line_magic
    @takes(
        argument(
            "files", nargs="*", completes="file", help="key and certificates, in any order and format; none: a form"
        ),
        argument("--write", metavar="DIR", help="write fullcert.pem and upload.crt (the leaf) into that folder"),
        argument("--overwrite", action="store_true", help="write over files of that name"),
        RECIPE,
        argument("--renew", action="store_true", help="renew the presented one, step by step; files: the new ones"),
    )
    def sf_identity(self, chosen: Namespace) -> ClientIdentity | Renewal | widgets.Widget:
        """Assemble the client's key and certificates, check them, and present them in later calls.

        Files that are not here are looked for in the practice org's folder; a scenario's name stands for its files.
        """
        if chosen.renew:
            from sfmtls_nb.notebook.renewal import renew

            return renew(self.workspace, chosen.files, chosen.write, overwrite=chosen.overwrite)
        if not chosen.files:
            from sfmtls_nb.notebook.forms.identity import IdentityForm

            return IdentityForm(self.workspace)
        from sfmtls_nb.notebook.moves import take_up

        return take_up(self.workspace, chosen)

    @line_cell_magic
    @no_var_expand
    @takes(
        argument(
            "operation",
            nargs="?",
            completes="operation",
            help="such as getUserInfo, or a name given with --save, or $variable; as a cell: a body or a whole envelope in "
            "XML, where {{expression}} stands for its value, and {{expression|raw}} for a piece of XML; without either, a form",
        ),
        NO_CERT,
        PORT,
        argument(
            "--identity", metavar="NAME", completes="identity", help="present another one: a variable, file or scenario"
        ),
        argument("--path", metavar="PATH", help="of the reply, what is there: .//userName"),
        argument("--as", dest="form", choices=["tree", "frame", "xml"], default="tree", help="default: tree"),
        argument("--dry-run", action="store_true", help="show the envelope, and send nothing"),
        argument("--curl", action="store_true", help="show the curl command that would do it, and send nothing"),
        argument("--save", metavar="NAME", help="keep the cell: %%sf_soap NAME sends it again"),
        EXPECT,
    )
    def sf_soap(self, chosen: Namespace) -> Any:
        """Make a SOAP call. With --expect a failure that was predicted is the result; anything else raises."""
        if chosen.operation is None and chosen.cell is None:
            from sfmtls_nb.notebook.forms.soap import SoapForm

            return SoapForm(self.workspace)
        from sfmtls_nb.notebook.calls import soap_call

        return self._called(lambda: soap_call(self.workspace, chosen, self._value_of(chosen)))

    @line_cell_magic
    @no_var_expand
    @takes(
        argument(
            "query",
            nargs="*",
            completes="soql",
            raw=True,
            help="the query, or $variable; as a cell, it stands in the cell; {{expression}} stands for its value, and "
            "{{expression|raw}} for a piece of SOQL, such as a field's name; without either, a form",
        ),
        argument(
            "--api",
            choices=["soap", "rest", "bulk", "auto"],
            help="by which API (default: SfMagics.api); auto says which it chose",
        ),
        argument("--deleted", action="store_true", help="deleted records too, as queryAll"),
        argument("--explode", metavar="CHILDREN", help="a row for each record of that child subquery"),
        EXPECT,
    )
    def sf_soql(self, chosen: Namespace) -> pd.DataFrame | SfmtlsError | widgets.Widget:
        """Run SOQL, follow its pages, and return a DataFrame."""
        if not chosen.query and chosen.cell is None:
            from sfmtls_nb.notebook.forms.soql import SoqlForm

            return SoqlForm(self.workspace)
        from sfmtls_nb.notebook.calls import soql_call

        chosen.api = chosen.api or self.api
        return self._called(lambda: soql_call(self.workspace, chosen, self._value_of(chosen)))

    @line_cell_magic
    @no_var_expand
    @takes(
        argument(
            "path",
            nargs="+",
            raw=True,
            help="such as limits, sobjects/Contact/describe or /services/data; {{expression}} stands for its value, and "
            "{{expression|raw}} for a piece of the path; a cell is JSON (or $variable) to POST",
        ),
        NO_CERT,
        PORT,
        EXPECT,
    )
    def sf_rest(self, chosen: Namespace) -> Any:
        """GET a REST path, or POST the cell to it, and return the JSON of the answer."""
        from sfmtls_nb.notebook.calls import rest_call

        return self._called(lambda: rest_call(self.workspace, chosen, self._value_of(chosen)))

    @line_magic
    @takes()
    def sf_guide(self, chosen: Namespace) -> widgets.Widget:
        """Walk the whole way by hand, step by step: org, certificate, PEM, sign-in, call; and the two ways it fails."""
        from sfmtls_nb.notebook.guide.guide import Guide

        return Guide(self.workspace)

    @line_magic
    @takes(
        argument(
            "files", nargs="*", completes="file", help="notebooks, or folders; default: this notebook, if it is known"
        ),
        argument("--check", action="store_true", help="change nothing; an error if there is anything to remove"),
    )
    def sf_scrub(self, chosen: Namespace) -> Scrubbed:
        """Remove private keys, session ids, tokens and passwords from saved notebooks, and say what was removed."""
        from sfmtls_nb.notebook.scrubbing import scrub

        return scrub(chosen.files, self.shell.user_ns if self.shell else {}, check=chosen.check)

    @line_magic
    @takes(argument("name", nargs="?", completes="lesson", help="the lesson to begin; none: the whole course"))
    def sf_lesson(self, chosen: Namespace) -> Standing:
        """Begin a lesson of the course, or show how far you are in all of them."""
        return self.course.open(chosen.name) if chosen.name else self.course.standing(everything=True)

    @line_magic
    @takes(
        argument("number", type=int, help="of the exercise"),
        argument("--hint", action="store_true", help="give a hint; each time the next one"),
    )
    def sf_check(self, chosen: Namespace) -> Checked:
        """Check an exercise of the lesson, by what the practice org saw and by your variables."""
        return self.course.check(chosen.number, self.shell.user_ns if self.shell else {}, hint=chosen.hint)

    @line_magic
    @takes(argument("term", nargs="*", completes="term", help="none: all of them"))
    def sf_glossary(self, chosen: Namespace) -> Entries:
        """Explain a term of the course."""
        from sfmtls_nb.notebook.course.glossary import looked_up

        return looked_up(" ".join(chosen.term))

    # ------------------------------------------------------------ what the magics share

    def _value_of(self, chosen: Namespace) -> Callable[[str], Any]:
        """The function that evaluates an expression where the magic was called."""

        def value_of(expression: str) -> Any:
            names = self.shell.user_ns if self.shell else {}
            return eval(expression, names, chosen.local_ns)  # noqa: S307  # it is the user's own cell

        return value_of

    def _org_options(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("api_version", "connect_timeout", "read_timeout")}

    def _called(self, call: Callable[[], T]) -> T:
        before = self.workspace.last
        try:
            return call()
        finally:
            last = self.workspace.last
            if self.show_handshake and last is not None and last is not before:
                from sfmtls_nb.notebook.views.summaries import handshake_line

                print(handshake_line(last))

    @validate("api_version")
    def _checked_version(self, proposal: Mapping[str, Any]) -> str:
        if not re.fullmatch(r"\d{2,3}\.0", proposal["value"]):
            raise TraitError(f"{proposal['value']!r} is no API version; they are like 64.0")
        return str(proposal["value"])

    @observe("api_version", "connect_timeout", "read_timeout")
    def _set_org_options(self, _: object) -> None:
        if "workspace" in self.__dict__:
            self.workspace.set_usual(self._org_options())

    @observe("display_rows")
    def _show_rows(self, change: Mapping[str, Any]) -> None:
        import pandas as pd

        for option in ("display.max_rows", "display.min_rows"):
            pd.reset_option(option) if change["new"] is None else pd.set_option(option, change["new"])
