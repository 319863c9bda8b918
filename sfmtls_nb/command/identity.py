"""Identity: the one in the files on a command line; the passphrase of its key is asked for."""

from __future__ import annotations

import getpass
from collections.abc import Sequence

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.errors import PassphraseError
from sfmtls_nb.secret import Secret


def identity_in(files: Sequence[str]) -> ClientIdentity:
    """The identity in these files. Raises what `sfmtls_nb.ClientIdentity.load` raises."""
    try:
        return ClientIdentity.load(*files)
    except PassphraseError:
        return ClientIdentity.load(*files, password=Secret(getpass.getpass("Passphrase of the key: ")))
