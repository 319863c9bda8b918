"""Files that the practice org writes for its clients, and org.json, which lists them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice.data import ORGANIZATION_ID, eighteen
from sfmtls_nb.practice.mutual.authority import Authority, Issued
from sfmtls_nb.practice.mutual.scenarios import Material, Scenario


class ClientFiles(NamedTuple):
    """The files that a client has from its certificate authority, and the PEM made of them."""

    key: Path
    leaf: Path
    intermediates: tuple[Path, ...]
    root: Path
    fullcert: Path


def client_files(folder: Path, authority: Authority) -> ClientFiles:
    """Return the paths of the client's files in a folder."""
    intermediates = tuple(
        folder / f"intermediate{number}.crt" for number, _ in enumerate(authority.client.intermediates, 1)
    )
    return ClientFiles(
        folder / "client.key", folder / "client.crt", intermediates, folder / "root.crt", folder / "fullcert.pem"
    )


class ScenarioFiles(NamedTuple):
    """A scenario's files. ``fullcert`` is made of the others as they are, mistakes included."""

    key: Path | None
    certificates: tuple[Path, ...]
    fullcert: Path

    @property
    def all(self) -> tuple[Path, ...]:
        """Key and certificates: the arguments of `ClientIdentity.load`."""
        return ((self.key,) if self.key else ()) + self.certificates


def write_scenario(folder: Path, scenario: Scenario, material: Material) -> ScenarioFiles:
    """Write a scenario's key and certificates, ``fullcert.pem`` for curl, and a text about it."""
    contents: dict[str, bytes] = {}
    for name, certificate in material.certificates:
        contents[name] = contents.get(name, b"") + certificate.public_bytes(Encoding.PEM)
    certificates = tuple(folder / name for name in contents)
    chain = b"".join(contents.values())
    key = Issued(material.certificates[0][1], material.key).key_pem if material.key else b""
    if key:
        contents["client.key"] = key
    contents["fullcert.pem"] = key + chain
    contents["about.txt"] = (
        f"{scenario.name}: {scenario.what}\nrefused by: {scenario.refused_by}\n"
        f"a call on 8443 gets: {scenario.sees}\nconclusion: {scenario.conclusion}\n"
    ).encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in contents.items():
            _write(folder / name, data)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return ScenarioFiles(folder / "client.key" if key else None, certificates, folder / "fullcert.pem")


def write_files(folder: Path, authority: Authority, describe: Callable[[], dict[str, Any]]) -> None:
    """Write the client's files, the server's root, and last org.json, so that whoever finds it finds all.

    What holds a key or a password has mode 0600. A folder of an earlier practice org is written over; raises
    PracticeError where a file of the same name is somebody else's, or the folder cannot be written.
    """
    contents = dict(_contents(folder, authority))
    org_json = folder / "org.json"
    try:
        names = (*contents, org_json, folder / "identities")
        foreign = [] if _is_ours(org_json) else [path.name for path in names if path.exists()]
        if foreign:
            raise PracticeError(
                f"{folder} holds files that are not a practice org's",
                f"{', '.join(foreign)}, but no org.json of a practice org",
                "choose another directory: these would be written over",
            )
        folder.mkdir(parents=True, exist_ok=True)
        for path, data in contents.items():
            _write(path, data)
        _write(org_json, json.dumps(describe(), indent=2).encode() + b"\n")
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> PracticeError:
    return PracticeError(
        f"the practice org cannot write into {folder}",
        f"{error.strerror}: {error.filename or folder}",
        "choose a directory that you may write to",
    )


def _is_ours(org_json: Path) -> bool:
    """Return whether an org.json was written by a practice org; other programs use the name too."""
    try:
        found = json.loads(org_json.read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return False
    return isinstance(found, dict) and found.get("organization_id") == eighteen(ORGANIZATION_ID)


def _contents(folder: Path, authority: Authority) -> Iterator[tuple[Path, bytes]]:
    files, client = client_files(folder, authority), authority.client
    yield folder / "server-ca.pem", authority.server_root.certificate_pem
    yield files.key, client.leaf.key_pem
    yield files.leaf, client.leaf.certificate_pem
    for path, issued in zip(files.intermediates, client.intermediates, strict=True):
        yield path, issued.certificate_pem
    yield files.root, client.root.certificate_pem
    chain = b"".join(issued.certificate_pem for issued in (client.leaf, *client.intermediates))
    yield files.fullcert, client.leaf.key_pem + chain


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all. Certificates are public; everything else is for its owner alone."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if path.suffix == ".crt" or path.name == "server-ca.pem":
            Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise
