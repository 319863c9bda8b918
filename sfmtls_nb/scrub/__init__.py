"""Secrets in notebooks and in pages exported from them: found, and removed."""

from sfmtls_nb.scrub.notebook_file import KNOWN_TO_OTHERS, Leak, find_notebooks, scrub_file, scrub_notebook

__all__ = ["KNOWN_TO_OTHERS", "Leak", "find_notebooks", "scrub_file", "scrub_notebook"]
