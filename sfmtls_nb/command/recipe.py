"""Recipe: what another tool wants of a key and its certificates, written and printed."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from sfmtls_nb.command.identity import identity_in
from sfmtls_nb.handover import RECIPES, recipe
from sfmtls_nb.org import Org
from sfmtls_nb.secret import Secret


def print_recipe(name: str, files: Sequence[str], org: Org, folder: Path, *, overwrite: bool = False) -> None:
    """Write the files of a recipe and print its lines; ask for the passphrases of the key and of a keystore.

    Raises what `sfmtls_nb.recipe` and `sfmtls_nb.ClientIdentity.load` raise.
    """
    identity = identity_in(files)
    asked = Secret(getpass.getpass("Passphrase to give to client.p12: ")) if RECIPES[name].keystore else None
    print(*recipe(name, identity, org, folder, passphrase=asked, overwrite=overwrite), sep="\n")
    print(f"sfmtls-nb: the files are in {folder.absolute()}; the key is among them", file=sys.stderr)
