"""Salesforce mutual TLS: learn it in Jupyter, then use it. The public names stand in `__init__.pyi`, each once."""

from __future__ import annotations

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
# What %load_ext calls is no name for programs: the core loads without IPython.
__all__ = [name for name in __all__ if name != "load_ipython_extension"] + ["__version__"]
