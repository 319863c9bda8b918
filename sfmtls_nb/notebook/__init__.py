"""The Jupyter face: magics that parse a line, call the core and return what it made, and how that looks."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb.notebook.magics import SfMagics
from sfmtls_nb.notebook.views import register_views

__all__ = ["SfMagics", "load"]


def load(shell: InteractiveShell) -> None:
    """Register the magics and the views in a shell."""
    shell.register_magics(SfMagics)
    register_views(shell)
