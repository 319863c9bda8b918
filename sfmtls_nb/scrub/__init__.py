"""Scrub: finds the secrets in notebooks and exported pages, and removes them."""

from sfmtls_nb.scrub.notebook_file import KNOWN_TO_OTHERS, Leak, find_secrets, notebooks_in, scrub_file, scrubbed

__all__ = ["KNOWN_TO_OTHERS", "Leak", "find_secrets", "notebooks_in", "scrub_file", "scrubbed"]
