"""Incidents of each cause, with other doors, versions of TLS and APIs than those of make test."""

from __future__ import annotations

import pytest
from incidents import numbers_of

from sfmtls_nb.notebook.drill.incident import happen
from sfmtls_nb.notebook.drill.planting import PLANTINGS


@pytest.mark.parametrize("name", PLANTINGS)
def test_whatever_is_left_to_chance_the_planted_cause_comes_first(name: str) -> None:
    for number in numbers_of(name, 4)[1:]:
        assert happen(number).cause.name == name
