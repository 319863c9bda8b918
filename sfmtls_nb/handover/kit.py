"""Kit: what a recipe is made of, and the files that it writes of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.files import expand, write_new
from sfmtls_nb.org import Org
from sfmtls_nb.secret import Secret, SecretBytes


@dataclass(frozen=True)
class Kit:
    """What a recipe is made of: who we are, where to go (``https://HOST:8443``), where files go, a keystore's passphrase."""

    identity: ClientIdentity
    org: Org
    url: str
    folder: Path
    passphrase: Secret | None = field(default=None, repr=False)
    overwrite: bool = False

    @property
    def place(self) -> str:
        """``HOST:8443``."""
        return urlsplit(self.url).netloc

    @property
    def ca_file(self) -> str:
        """The file of the roots to trust; empty if the public ones are."""
        ca_file = self.org.ca_file
        if isinstance(ca_file, bytes):
            return str(write_new(self.folder / "server-ca.pem", ca_file, overwrite=self.overwrite))
        return str(expand(ca_file).absolute()) if ca_file else ""

    @property
    def locked(self) -> bool:
        """True if the key is written with a passphrase."""
        return bool(self.identity.passphrase)

    def pem(self) -> Path:
        return self.identity.write_pem(self.folder / "fullcert.pem", overwrite=self.overwrite)

    def key(self) -> Path:
        certificates = self.identity.certificates_pem()
        key = SecretBytes(self.identity.pem(passphrase=self.identity.passphrase).removesuffix(certificates))
        return write_new(self.folder / "client-key.pem", key, overwrite=self.overwrite)

    def chain(self) -> Path:
        return self.identity.write_upload(self.folder / "client-chain.pem", chain=True, overwrite=self.overwrite)

    def keystore(self) -> Path:
        path = self.folder / "client.p12"
        return self.identity.write_pkcs12(path, self.passphrase or "", overwrite=self.overwrite)

    def write(self, name: str, text: str) -> Path:
        return write_new(self.folder / name, text.encode(), overwrite=self.overwrite)
