"""Scrubbing: %sf_scrub, which cleans the notebooks that were saved, this one too."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.files import expand
from sfmtls_nb.scrub import KNOWN_TO_OTHERS, Leak, find_notebooks, scrub_file


class Scrubbed(tuple[tuple[Path, Leak], ...]):
    """Leaks, each with the file it was in; it shows itself as lines."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self:
            return "no secrets found"
        return "\n".join([*(f"{path}: removed: {leak}" for path, leak in self), KNOWN_TO_OTHERS])


def scrub(names: Sequence[str], user_ns: Mapping[str, Any], *, check: bool) -> Scrubbed:
    """Remove the secrets from these notebooks and folders, by default from the notebook that asks.

    check: change nothing, and raise SfmtlsError if there is anything to remove.
    """
    this = _this_notebook(user_ns)
    if not names and this is None:
        raise SfmtlsError(
            "which notebook this is cannot be told here", next_step="save it, and name it: %sf_scrub mine.ipynb"
        )
    given = [expand(name) for name in names]
    paths = list(find_notebooks(given)) or [this or Path()]
    found = Scrubbed((path, leak) for path in paths for leak in scrub_file(path, check=check))
    if found and check:
        raise SfmtlsError(
            f"secrets in notebooks: {len(found)}",
            "; ".join(f"{path}: {leak}" for path, leak in found[:3]) + (" …" if len(found) > 3 else ""),
            f"%sf_scrub removes them; {KNOWN_TO_OTHERS}",
        )
    if found and this and any(path.exists() and path.samefile(this) for path, _ in found):
        print(
            "This notebook has changed on disk: File > Reload Notebook from Disk, or saving it brings the secrets back."
        )
    return found


def _this_notebook(user_ns: Mapping[str, Any]) -> Path | None:
    """The file of the notebook that runs: Jupyter and VS Code tell it to their kernels."""
    named = Path(os.environ.get("JPY_SESSION_NAME") or str(user_ns.get("__vsc_ipynb_file__") or ""))
    return named if named.suffix == ".ipynb" and named.is_file() else None
