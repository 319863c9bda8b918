"""What loading takes, against what one would load anyway: `make bench`. Processes in turn, CPU seconds, medians."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

ROUNDS = 15
LIBRARIES = "import requests, lxml.etree, cryptography.x509"
SHELL = (
    "import ipywidgets; from IPython.core.interactiveshell import InteractiveShell; shell = InteractiveShell.instance()"
)
PAIRS = {
    "from sfmtls_nb import *, over its three libraries alone": ("from sfmtls_nb import *", LIBRARIES),
    "%load_ext sfmtls_nb, over a shell with ipywidgets alone": (
        f"{SHELL}; shell.run_line_magic('load_ext', 'sfmtls_nb')",
        SHELL,
    ),
    "sfmtls-nb --help, over python -c pass": ("from sfmtls_nb.command.cli import main; main(['--help'])", "pass"),
}


def cpu_seconds(program: str) -> float:
    before = os.times()
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    for name, (ours, theirs) in PAIRS.items():
        pairs = [(cpu_seconds(ours), cpu_seconds(theirs)) for _ in range(ROUNDS)]
        print(f"{name}: {statistics.median(a / b for a, b in pairs):.2f} (median of {ROUNDS} pairs)")


if __name__ == "__main__":
    main()
