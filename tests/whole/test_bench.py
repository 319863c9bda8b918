"""The table of `make bench` at tiny sizes: its rows run, and the others are read as we are."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture(autouse=True)
def bench_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))


@pytest.mark.slow
@pytest.mark.parametrize("word", ["etree", "orjson", "pyarrow.csv", "REST 100k x 20 over TLS -> Parquet"])
def test_a_row_of_the_table_runs_and_gives_a_number(word: str) -> None:
    done = subprocess.run(
        [sys.executable, BENCH / "table.py", "--quick", word], capture_output=True, text=True, check=True
    )
    *_, row = done.stdout.splitlines()
    assert (True, False, False) == (word in row, "failed" in row, "not yet" in row)


def test_a_row_that_fails_says_so() -> None:
    table = importlib.import_module("table")
    assert table.line(table.ROWS[0], "failed: no word").endswith("failed: no word")


def test_every_row_names_a_measurement_that_is_there() -> None:
    table = importlib.import_module("table")
    modules = {row.by.partition(".")[0] for row in table.ROWS} - {"practice_org"}
    for row in table.ROWS:
        module, _, function = row.by.partition(".")
        if module in modules:
            assert f"def {function}(" in (BENCH / f"{module}.py").read_text()


def test_the_loop_written_by_hand_gives_the_same_frame_as_a_query() -> None:
    rows, recorded = importlib.import_module("soap_rows"), importlib.import_module("recorded")
    recording = recorded.Recording(200)
    pd.testing.assert_frame_equal(rows.by_hand(recording.soap(0)), rows.ours(recording)())


def test_what_is_at_most_what_it_may_be_is_ok_and_the_rest_misses() -> None:
    table, measuring = importlib.import_module("table"), importlib.import_module("measuring")
    row = table.Row("work", "another", "soap_rows.page_over_parser", 1.6)
    verdicts = [table.line(row, measuring.Ratio(cpu=cpu)).split()[-1] for cpu in (1.6, 1.61)]
    assert ["ok", "misses"] == verdicts
