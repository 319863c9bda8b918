"""What ``sfmtls-nb --help`` costs, against Python that does nothing: `make bench`. Processes in turn, CPU seconds, medians."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

ROUNDS = 30
HELP = "from sfmtls_nb.command.cli import main; main(['--help'])"


def cpu_seconds(program: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure() -> float:
    """CPU of the command over that of ``python -c pass``."""
    pairs = [(cpu_seconds(HELP), cpu_seconds("pass")) for _ in range(ROUNDS)]
    return statistics.median(ours for ours, _ in pairs) / statistics.median(theirs for _, theirs in pairs)


def main() -> None:
    print(f"sfmtls-nb --help costs {measure():.2f} x python -c pass, at most 4")


if __name__ == "__main__":
    main()
