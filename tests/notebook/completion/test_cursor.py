"""Where the cursor is in a query."""

from __future__ import annotations

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


def test_in_a_very_long_literal_it_is_nowhere() -> None:
    # If each quote were looked at with all behind it, this would not come to an end in the test's time.
    assert soql_place(f"N = '{500_000 * BACKSLASHED}", 500_000 * BACKSLASHED) is None
