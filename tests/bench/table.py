"""The table of `make bench`: ours over others, each row in a process of its own. README.md explains it.

    python tests/bench/table.py [--quick] [WORDS …]

WORDS: only the rows that have one of them in their first two columns.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from measuring import FULL, QUICK, NotYetError, Ratio


@dataclass(frozen=True)
class Row:
    """Some work, and what it is compared with. by: module and function that measure it, in a process of its own.

    at_most: of the ratio of CPU, or else of wall time or memory. without: packages that are not to be there.
    alone: what a bench of its own gives, whose ``measure()`` returns a number.
    """

    work: str
    against: str
    by: str
    at_most: float | None = None
    without: tuple[str, ...] = ()
    alone: str = "cpu"


_NO_EXTRA: Final = ("orjson", "pyarrow")

ROWS: Final = (
    Row("SOAP page 2,000 x 20, bytes -> frame", "bare etree.fromstring", "soap_rows.page_over_parser", 1.6),
    Row("the same", "a hand-written loop, the same frame", "soap_rows.page_over_hand"),
    Row("the same", "zeep, a frame of its texts", "soap_rows.page_over_zeep"),
    Row("SOAP 100,000 x 20, bytes -> frame", "pandas.read_xml", "soap_rows.many_over_read_xml", 0.3),
    Row(
        "REST 100k x 20 over TLS -> frame, json",
        "simple-salesforce query_all + DataFrame",
        "rest_rows.many_over_simple_salesforce",
        0.6,
        _NO_EXTRA,
    ),
    Row(
        "REST 100k x 20 over TLS -> frame, [fast]",
        "simple-salesforce query_all + DataFrame",
        "rest_rows.many_over_simple_salesforce",
        0.4,
    ),
    Row("REST page 2,000 x 20, bytes -> Arrow", "bare orjson.loads", "rest_rows.page_over_orjson", 1.3),
    Row("Bulk 1M x 10 over TLS -> Arrow", "bare stream + pyarrow.csv", "bulk_rows.arrow_over_bare_stream", 1.15),
    Row("the same -> frame", "simple-salesforce bulk2 + read_csv", "bulk_rows.frame_over_simple_salesforce", 0.5),
    Row("per row, SOAP 1M x 20 -> frame", "10k x 20", "soap_rows.most_over_few", 1.1),
    Row("per row, REST 1M x 20 -> frame", "10k x 20", "rest_rows.most_over_few", 1.1),
    Row("per row, Bulk 1M x 10 -> frame", "10k x 10", "bulk_rows.most_over_few", 1.1),
    Row("peak, SOAP 100k x 20 over TLS -> frame", "the finished frame", "memory_rows.soap_frame", 1.8),
    Row("peak, REST 100k x 20 over TLS -> frame", "the finished frame", "memory_rows.rest_frame", 1.8),
    Row("peak, Bulk 1M x 10 over TLS -> frame", "the finished frame", "memory_rows.bulk_frame", 1.8),
    Row("peak, REST 100k x 20 over TLS -> Parquet", "150 MB", "memory_rows.rest_parquet", 1),
    Row("peak, Bulk 1M x 10 over TLS -> Parquet", "150 MB", "memory_rows.bulk_parquet", 1),
    Row("warm mutual getUserInfo", "bare requests.Session, same certificate", "warm_call.measure", 1.1),
    Row("login + PEM + first call, in process", "the article's curl and xmllint", "sign_in.measure", 0.5),
    Row("sfmtls-nb --help", "python -c pass", "command.measure", 4),
    Row("practice org, keep-alive calls", "bare tornado HTTPS, same bytes", "practice_org.measure", alone="wall"),
)

_HEADINGS: Final = ("work", "against", "CPU", "wall", "memory", "at most", "")
_WIDTHS: Final = (42, 41, 7, 7, 7, 7, 0)


def measured(row: Row, *, quick: bool) -> Ratio | str:
    """What a process of its own finds out, or in a word why it does not."""
    command = [sys.executable, __file__, "--row", str(ROWS.index(row))]
    # requests would put these above the roots of its session.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    }
    done = subprocess.run(
        [*command, *(["--quick"] if quick else [])], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        return f"failed: {(done.stderr.strip() or 'no word').splitlines()[-1][:100]}"
    found = json.loads(done.stdout.splitlines()[-1])
    return found if isinstance(found, str) else Ratio(**found)


def line(row: Row, found: Ratio | str, *, judged: bool = True) -> str:
    """A row as it is printed. judged: says whether it is at most what it ought to be; tiny sizes tell nothing of that."""
    ratio = Ratio() if isinstance(found, str) else found
    numbers = [*(_number(each) for each in (ratio.cpu, ratio.wall, ratio.memory)), _number(row.at_most)]
    if isinstance(found, str):
        return _aligned([row.work, row.against, *numbers, found])
    return _aligned([row.work, row.against, *numbers, _verdict(row, found) if judged else ""])


def _verdict(row: Row, found: Ratio) -> str:
    counts = next((each for each in (found.cpu, found.wall, found.memory) if each is not None), None)
    if row.at_most is None or counts is None:
        return ""
    return "ok" if counts <= row.at_most else "misses"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}" if value >= 100 else f"{value:.2f}"


def _aligned(cells: Sequence[str]) -> str:
    words, numbers = cells[:2], cells[2:-1]
    left = [cell.ljust(width) for cell, width in zip(words, _WIDTHS, strict=False)]
    right = [cell.rjust(width) for cell, width in zip(numbers, _WIDTHS[2:], strict=False)]
    return " ".join([*left, *right, f" {cells[-1]}"]).rstrip()


def _measure(row: Row, *, quick: bool) -> Ratio | str:
    """In the process of a row."""
    module, _, function = row.by.partition(".")
    try:
        measure = getattr(importlib.import_module(module), function)
        found = measure(QUICK if quick else FULL) if module.endswith("_rows") else measure()
    except (NotYetError, ModuleNotFoundError) as missing:
        return f"not yet: {missing}"
    return found if isinstance(found, Ratio) else Ratio(**{row.alone: float(found)})


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, or with --row what one row's process finds."""
    parser = argparse.ArgumentParser(description="Ours over others, as ratios.")
    parser.add_argument("words", nargs="*", help="only the rows with one of these words")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: to see that it runs, not what it costs")
    parser.add_argument("--row", type=int, help=argparse.SUPPRESS)
    told = parser.parse_args(arguments)
    if told.row is not None:
        row = ROWS[told.row]
        sys.modules.update(dict.fromkeys(row.without))  # type: ignore[arg-type]  # None stands for what is not there
        found = _measure(row, quick=told.quick)
        print(json.dumps(found if isinstance(found, str) else asdict(found)))
        return
    # Said, because a virtual environment may well hold another checkout than this one.
    print(f"of the package in {Path(str(find_spec('sfmtls_nb').origin)).parent}\n")  # type: ignore[union-attr]  # it is there
    print(_aligned(_HEADINGS))
    for row in ROWS:
        if not told.words or any(word.lower() in f"{row.work} {row.against}".lower() for word in told.words):
            print(line(row, measured(row, quick=told.quick), judged=not told.quick), flush=True)


if __name__ == "__main__":
    main()
