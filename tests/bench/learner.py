"""Learner: what one costs a JupyterHub, in memory, processor time and seconds of waiting. Run by hand; for binder/hub/README.md.

Memory is counted twice: resident (all that the processes have, which is what a container is charged with at the most) and
proportional (shared pages divided among those who share them, which is what one learner more adds on one machine).
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from hub import Kernel, free_port, running_class

ROOT = Path(__file__).parents[2]
_TICKS = os.sysconf("SC_CLK_TCK")
_LARGE = """
from sfmtls_nb import Org, PasswordLogin, login
from sfmtls_nb.practice import PracticeOrg
import duckdb, polars
large = PracticeOrg(records=100_000).start()
with login(Org(**large.endpoints), PasswordLogin(*large.user("standard"))) as session:
    result = session.query("SELECT Id, Name, Email, CreatedDate FROM Contact", api="bulk")
    frame = result.to_frame()
    frame["Name"].str.len().plot.hist()
    print(duckdb.sql("SELECT count(*) FROM frame"), polars.from_pandas(frame).shape)
"""


def family(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from family(int(child))


def memory(pid: int) -> tuple[float, float]:
    """Resident and proportional, in MB (10^6 bytes)."""
    sums = {"Rss": 0, "Pss": 0}
    for each in family(pid):
        text = Path(f"/proc/{each}/smaps_rollup").read_text()
        for kind in sums:
            sums[kind] += int(re.findall(rf"^{kind}:\s+(\d+)", text, re.MULTILINE)[0])
    return sums["Rss"] * 1024 / 1e6, sums["Pss"] * 1024 / 1e6


def processor(pid: int) -> float:
    """Seconds of processor time."""
    fields = (Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in family(pid))
    return sum(int(each[11]) + int(each[12]) for each in fields) / _TICKS


def cells(lesson: str) -> list[str]:
    """The code of a lesson; what an exercise leaves open is not filled in, and what fails there, fails."""
    (path,) = (ROOT / "notebooks").glob(f"{lesson}*.ipynb")
    read = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return [cell.source for cell in read.cells if cell.cell_type == "code"]


def run(kernel: Kernel, sources: list[str]) -> None:
    for source in sources:
        try:
            kernel.run(source)
        except AssertionError as error:
            print(f"  ({str(error).splitlines()[-1][:100]})")


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_class(Path(folder, "class"), free_port(), "ada", "grace") as its,
    ):
        before = time.monotonic()
        ada, grace = (its.learner(name) for name in ("ada", "grace"))
        ada.start()
        print(f"start of a server: {time.monotonic() - before:.1f} s")
        grace.start()  # so that what is shared is seen to be
        server = its.server_of("ada")
        say("server", server)
        print(f"start of a server: {processor(server):.1f} s of processor")
        spent, before = processor(server), time.monotonic()
        kernel = ada.kernel()
        kernel.run("1")
        print(f"start of a kernel: {time.monotonic() - before:.1f} s")
        grace.kernel().run("%load_ext sfmtls_nb\n%sf_practice")
        say("and a kernel", server)
        kernel.run("%load_ext sfmtls_nb\n%sf_practice")
        print(f"kernel and practice org: {processor(server) - spent:.1f} s of processor")
        say("and a practice org", server)
        spent, before = processor(server), time.monotonic()
        run(kernel, cells("01"))
        print(f"lesson 01: {processor(server) - spent:.1f} s of processor, in {time.monotonic() - before:.1f} s")
        say("after lesson 01", server)
        spent = processor(server)
        run(kernel, [_LARGE])
        print(f"large query: {processor(server) - spent:.1f} s of processor, its practice org's work included")
        say("after a query of 100,000 records, duckdb, polars, matplotlib", server)
        ada.kernel().run("%load_ext sfmtls_nb\n%sf_practice")
        say("and a second notebook with its practice org", server)
        spent, before = processor(server), time.monotonic()
        time.sleep(30)
        print(f"idle: {(processor(server) - spent) / (time.monotonic() - before):.4f} of a processor")
        before = time.monotonic()
    print(f"end of the class: {time.monotonic() - before:.1f} s")


def say(what: str, server: int) -> None:
    print("{:62} resident {:5.0f} MB  proportional {:5.0f} MB".format(what, *memory(server)), flush=True)


if __name__ == "__main__":
    main()
