"""Scrub: secrets out of notebooks, and what was removed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.scrub import KNOWN_TO_OTHERS, find_notebooks, scrub_file


def define(parser: argparse.ArgumentParser) -> None:
    """Add the help and the arguments of ``scrub``."""
    parser.description = (
        "Remove private keys, session ids, tokens and passwords from notebooks, and from pages exported as "
        "HTML, in place, and say what was removed. A file without any is not written."
    )
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="a notebook, a page exported as .html, or a folder: every .ipynb in it",
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; the exit status is 1 if there is anything to remove"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    unreadable, found = 0, 0
    for path in find_notebooks(options.paths):
        try:
            leaks = scrub_file(path, check=options.check)
        except SfmtlsError as error:
            print(f"sfmtls-nb: {error}", file=sys.stderr)
            unreadable += 1
            continue
        found += len(leaks)
        for leak in leaks:
            print(f"{path}: {leak}" if options.check else f"{path}: removed: {leak}")
    if found and options.check:
        raise SfmtlsError(
            f"secrets in notebooks: {found}", next_step=f"sfmtls-nb scrub removes them; {KNOWN_TO_OTHERS}"
        )
    if unreadable:
        raise SfmtlsError(f"notebooks that could not be scrubbed: {unreadable}", next_step="see above")
    if found:
        print(f"sfmtls-nb: {KNOWN_TO_OTHERS}", file=sys.stderr)
