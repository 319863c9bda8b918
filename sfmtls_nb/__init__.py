"""Salesforce mutual TLS: learn it in Jupyter, then use it. The public names stand in `__init__.pyi`, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__", "load_ipython_extension"]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext sfmtls_nb``: register the magics and how our objects look."""
    from sfmtls_nb.notebook import load  # noqa: PLC0415  # the core loads without IPython

    load(shell)
