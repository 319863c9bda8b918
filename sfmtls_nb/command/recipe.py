"""Recipe: what another tool wants of a key and its certificates, written and printed."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from sfmtls_nb.command.identity import identity_in
from sfmtls_nb.handover import RECIPES, recipe
from sfmtls_nb.org import Org
from sfmtls_nb.secret import Secret


def define(parser: argparse.ArgumentParser) -> None:
    """Add the help and the arguments of ``recipe``."""
    parser.description = (
        "Write the files that another tool wants of a key and its certificates, and print the lines to paste. "
        "No secret is in the lines; passphrases are asked for."
    )
    parser.add_argument("name", choices=RECIPES, metavar="TOOL", help=", ".join(RECIPES))
    parser.add_argument("files", nargs="+", metavar="FILE", help="the key and its certificates, in any form and order")
    parser.add_argument("--login-url", required=True, metavar="URL", help="such as https://acme.my.salesforce.com")
    parser.add_argument("--folder", type=Path, default=Path(), metavar="DIR", help="where to write (default: here)")
    parser.add_argument("--overwrite", action="store_true", help="replace files of those names")
    parser.set_defaults(
        run=lambda options: print_recipe(
            options.name, options.files, Org(options.login_url), options.folder, overwrite=options.overwrite
        )
    )


def print_recipe(name: str, files: Sequence[str], org: Org, folder: Path, *, overwrite: bool = False) -> None:
    """Write the files of a recipe and print its lines; ask for the passphrases of the key and of a keystore.

    Raises what `sfmtls_nb.recipe` and `sfmtls_nb.ClientIdentity.load` raise.
    """
    identity = identity_in(files)
    asked = Secret(getpass.getpass("Passphrase to give to client.p12: ")) if RECIPES[name].keystore else None
    print(*recipe(name, identity, org, folder, passphrase=asked, overwrite=overwrite), sep="\n")
    print(f"sfmtls-nb: the files are in {folder.absolute()}; the key is among them", file=sys.stderr)
