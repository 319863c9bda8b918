"""The exercises of “certificates”."""

from __future__ import annotations

from typing import Final

from sfmtls_nb.notebook.exercises import Exercise

EXERCISES: Final[tuple[Exercise, ...]] = ()
