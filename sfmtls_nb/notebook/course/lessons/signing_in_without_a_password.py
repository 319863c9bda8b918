"""The exercises of “Signing in without a password”."""

from __future__ import annotations

from typing import Final

from sfmtls_nb.notebook.course.exercises import Exercise

EXERCISES: Final[tuple[Exercise, ...]] = ()
