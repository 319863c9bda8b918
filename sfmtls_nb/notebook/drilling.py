"""The magic of the drills, %sf_drill."""

from __future__ import annotations

from argparse import Namespace
from functools import cached_property
from typing import TYPE_CHECKING, cast

from IPython.core.error import UsageError
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class

from sfmtls_nb.notebook.lines import argument, takes

# As in magics.py: what the work is done with is imported where it is done.
if TYPE_CHECKING:
    from sfmtls_nb.notebook.drill.drill import Answered, Drill, Looked, Open
    from sfmtls_nb.notebook.drill.final_test import FinalTest


def register_controls(shell: InteractiveShell) -> None:
    """Show controls below an incident; for a kernel, as a terminal has no buttons."""

    def show(opened: Open) -> None:
        from sfmtls_nb.notebook.drill import controls

        controls.show(cast("SfDrill", shell.magics_manager.registry["SfDrill"]).drill, opened)

    shown = cast("DisplayFormatter", shell.display_formatter).ipython_display_formatter
    shown.for_type_by_name("sfmtls_nb.notebook.drill.drill", "Open", show)


@magics_class
class SfDrill(Magics):
    """An incident, and only its evidence: what is the cause?"""

    @cached_property
    def drill(self) -> Drill:
        """The drills of this notebook. Made when the first of them begins."""
        from sfmtls_nb.notebook.drill.drill import Drill

        return Drill()

    @line_magic
    @takes(
        argument(
            "--look", choices=["reply", "handshake", "files", "org"], help="look at more of the evidence; it is counted"
        ),
        argument("--answer", metavar="NAME", completes="cause", help="check the name of a failure"),
        argument("--give-up", action="store_true", help="tell the cause"),
        argument("--seed", type=int, metavar="N", help="of the incident, or the final test: the same for a whole class"),
        argument("--final", action="store_true", help="begin the final test, twelve failures you have not met yet; or go on with it"),
    )  # fmt: skip
    def sf_drill(self, chosen: Namespace) -> Open | Looked | Answered | FinalTest:
        """Let an incident happen, and find its cause by the evidence.

        It happens at a practice org of its own: your org, certificate and session stay as they are.
        """
        acts = {
            "--look": chosen.look,
            "--answer": chosen.answer is not None,
            "--give-up": chosen.give_up,
            "--final": chosen.final,
        }
        given = [flag for flag, value in acts.items() if value]
        if len(given) > 1:
            raise UsageError(f"%sf_drill: {given[0]} and {given[1]} are two things: one at a time")
        if given and not chosen.final and chosen.seed is not None:
            raise UsageError(f"%sf_drill: --seed begins an incident, and {given[0]} is about the one that is open")
        from sfmtls_nb.notebook.drill.planting import NUMBERS

        if chosen.seed is not None and not 0 <= chosen.seed < NUMBERS:
            raise UsageError(f"%sf_drill: --seed is a number from 0 to {NUMBERS - 1}")
        if chosen.look:
            return self.drill.look(chosen.look)
        if chosen.answer is not None:
            return self.drill.answer(chosen.answer)
        if chosen.give_up:
            return self.drill.give_up()
        return self.drill.show_final(chosen.seed) if chosen.final else self.drill.show(chosen.seed)
