"""Where the cursor is in a query."""

from __future__ import annotations

import time

import pytest

from sfmtls_nb.notebook.completion.cursor import soql_place


@pytest.mark.parametrize(
    "before",
    ["SELECT Id FROM A WHERE N = '", "SELECT Id FROM A WHERE N = 'it\\'s ", "SELECT 'a', '", "'\\'", "SELECT '\\"],
)
def test_in_a_literal_it_is_nowhere(before: str) -> None:
    assert soql_place(before) is None


@pytest.mark.parametrize("before", ["SELECT Id FROM A WHERE N = '' AND ", "SELECT Id FROM A WHERE N = 'it\\'s' AND "])
def test_behind_a_literal_it_is_in_the_clause(before: str) -> None:
    place = soql_place(before)
    assert place
    assert ("where", "and") == (place.clause, place.last)


BACKSLASHED = "\\'"


def seconds(quotes: int) -> float:
    started = time.process_time()
    soql_place(f"N = '{quotes * BACKSLASHED}", quotes * BACKSLASHED)
    return time.process_time() - started


def test_in_a_literal_ten_times_as_long_it_takes_ten_times_as_long() -> None:
    # By far less than the hundred times that it would take if each quote were looked at with all behind it.
    assert min(seconds(50_000) for _ in range(3)) < 40 * min(seconds(5_000) for _ in range(3))
