"""The Jupyter face: magics that read a line, call the core and return what it made, and how that looks."""

from __future__ import annotations

from functools import partial

from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb.notebook.magics import SfMagics
from sfmtls_nb.notebook.views import offer_traceback, register_views

__all__ = ["SfMagics", "load"]


def load(shell: InteractiveShell) -> None:
    """Register the magics and the views in a shell. A second time (%reload_ext) keeps what the cells share."""
    before = shell.magics_manager.registry.get(SfMagics.__name__)
    magics = SfMagics(shell)
    if before is not None and "workspace" in vars(before):
        magics.workspace = before.workspace
    shell.register_magics(magics)
    register_views(shell)
    if before is None and hasattr(shell, "kernel"):  # a terminal shows no HTML
        shell.events.register("post_run_cell", partial(offer_traceback, shell.display_pub))
