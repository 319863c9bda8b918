"""The magics that look back at a call and say what became of it: %sf_handshake, %sf_why, %sf_doctor, %sf_curl."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

from sfmtls_nb.notebook.lines import argument, takes

# As in magics.py: what the work is done with is imported where it is done.
if TYPE_CHECKING:
    from sfmtls_nb.diagnose import Checkup, Diagnosis, Page
    from sfmtls_nb.notebook.both_ends import BothEnds
    from sfmtls_nb.notebook.magics import SfMagics
    from sfmtls_nb.notebook.workspace import Workspace


@magics_class
class SfDiagnosis(Magics):
    """Was my certificate sent, why did it fail, and what is in the way?"""

    @property
    def workspace(self) -> Workspace:
        """The state that the cells share: the other magics have it."""
        assert self.shell is not None
        return cast("SfMagics", self.shell.magics_manager.registry["SfMagics"]).workspace

    @line_magic
    @takes(
        argument(
            "place", nargs="?", metavar="HOST:PORT", help="connect there anew; none: the connection of the last call"
        ),
        argument("--no-cert", action="store_true", help="present no certificate there"),
        argument("--tls", choices=["1.2", "1.3"], help="offer there that version of TLS alone"),
        argument("--beside", metavar="NAME", help="show another one to its left: a variable that keeps one"),
        argument("--step", action="store_true", help="show one message after the other; ask before each"),
    )
    def sf_handshake(self, chosen: Namespace) -> BothEnds | None:
        """Show the TLS handshake, message by message and byte by byte: was the certificate asked for, sent, proven, accepted?

        At the practice org the other end is shown too: what it saw, and what it concluded.
        """
        from sfmtls_nb.notebook.both_ends import BothEnds, connected, of_last_call, stepwise

        workspace = self.workspace
        if (chosen.no_cert or chosen.tls) and not chosen.place:
            flag = "--no-cert" if chosen.no_cert else "--tls"
            raise UsageError(f"%sf_handshake: {flag} goes with HOST:PORT; without it, the last call is shown as it was")
        if chosen.place and "{" in chosen.place:  # so IPython leaves it where a name in it has no value
            raise UsageError(
                f"%sf_handshake: {chosen.place} was not filled in: it has a name that has no value here; run the cell that gives it one"
            )
        seen = (
            connected(workspace, chosen.place, certificate=not chosen.no_cert, tls=chosen.tls)
            if chosen.place
            else of_last_call(workspace)
        )
        if chosen.beside:
            other = self.shell.user_ns.get(chosen.beside) if self.shell else None
            if not isinstance(other, BothEnds):
                raise UsageError(
                    f"%sf_handshake: no variable {chosen.beside} keeps a handshake; %sf_handshake {chosen.beside} << keeps one"
                )
            seen = replace(seen, beside=other)
        if not chosen.step:
            return seen
        stepwise(seen)
        return None

    @line_magic
    @takes(
        argument(
            "name",
            nargs="?",
            completes="page",
            help="show the page of a failure, such as expired; index: all of them, by what one sees; none: the last call",
        ),
    )
    def sf_why(self, chosen: Namespace) -> Diagnosis | Page:
        """Say why the last call failed: the causes that its evidence shows, what to do, and where to read on."""
        from sfmtls_nb.diagnose import page_of, why
        from sfmtls_nb.notebook.calls import last_outcome

        return page_of(chosen.name) if chosen.name else why(last_outcome(self.workspace))

    @line_magic
    @takes(
        argument("files", nargs="*", completes="file", help="key and certificates; none: those that are presented"),
    )
    def sf_doctor(self, chosen: Namespace) -> Checkup:
        """Check the way to the org step by step, from its name to the certificate that is uploaded there."""
        from sfmtls_nb.diagnose import doctor

        workspace = self.workspace
        identity = workspace.assemble(chosen.files, asking=True) if chosen.files else workspace.identity
        return doctor(workspace.chosen_org(), identity, workspace.session)

    @line_magic
    @takes()
    def sf_curl(self, chosen: Namespace) -> str:
        """Show the last call as the curl command that does the same, and its handshake as openssl shows it."""
        from sfmtls_nb.notebook.calls import last_as_commands

        return last_as_commands(self.workspace)
