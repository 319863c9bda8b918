"""Incidents: a number for each cause, and all that a drill shows of one before it is answered."""

from __future__ import annotations

from functools import cache

from sfmtls_nb.notebook.drill.drill import Looked, Open
from sfmtls_nb.notebook.drill.incident import Incident
from sfmtls_nb.notebook.drill.planting import LOOKS, drawn
from sfmtls_nb.notebook.drill.view import looked_html, looked_text, open_html, open_text


def numbers_of(name: str, count: int = 1) -> list[int]:
    """The first numbers of incidents that have this cause."""
    return [number for number in range(10_000) if _cause(number) == name][:count]


@cache
def _cause(number: int) -> str:
    return drawn(number)[0].name


def shown_of(incident: Incident) -> list[str]:
    """All that is shown before an answer, as HTML and as text, without the names to choose from."""
    first = Open(incident, 75.0)
    looked = [Looked(incident, look, again=False, looks=(look,)) for look in LOOKS]
    return [
        open_html(first).partition("which failure is it?")[0],
        open_text(first).partition("which failure is it?")[0],
        *map(looked_html, looked),
        *map(looked_text, looked),
    ]
