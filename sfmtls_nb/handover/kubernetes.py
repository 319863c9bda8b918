"""Kubernetes: a dask cluster whose workers find a profile, its certificate and its way in where a Secret is mounted."""

from __future__ import annotations

import shlex
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sfmtls_nb.files import read_file
from sfmtls_nb.handover.kit import Kit
from sfmtls_nb.profiles import Profile, save_profile

_PROFILE: Final = "prod"
_MANIFEST: Final = "dask-cluster.yaml"


def in_kubernetes(kit: Kit) -> list[str]:
    """Write the manifest and what goes into its Secret; return the lines that make a cluster of them."""
    parts = [kit.write("profiles.toml", _profile(kit)), kit.pem()]
    if kit.ca_file:
        parts.append(kit.write("server-ca.pem", read_file(Path(kit.ca_file), kit.org.answer_limit).decode()))
    parts.append(kit.folder / "jwt.key")
    manifest = kit.write(_MANIFEST, files("sfmtls_nb.handover").joinpath("dask_cluster.yaml").read_text("utf-8"))
    given = " ".join(f"--from-file={shlex.quote(str(part))}" for part in parts)
    return [
        "# In profiles.toml write the consumer key and the username of an app with the JWT bearer flow, and put the key that",
        "# signs its JWT beside it, as jwt.key; for another way in, see what a profile may say.",
        *(
            [
                "# The key in fullcert.pem is encrypted, and a worker has nobody to ask: put one without a passphrase there."
            ]
            if kit.locked
            else []
        ),
        f"# What the workers need is a Secret; the manifest has none of it. They connect to {kit.org.login_url} and {kit.url}:",
        f"kubectl create secret generic salesforce-client {given}",
        f"# In {_MANIFEST} name an image with sfmtls-nb[dask] in the versions of your notebook; the operator has to be installed:",
        f"kubectl apply -f {shlex.quote(str(manifest))}",
        "# In the notebook, in the same cluster; from outside by: kubectl port-forward service/salesforce-scheduler 8786",
        "from dask.distributed import Client",
        'client = Client("tcp://salesforce-scheduler:8786")',
        f'frame = session.query(SOQL, api="bulk").to_dask("{_PROFILE}")',
        "# Whoever reaches port 8786 runs code on the workers, and so can read the key: let nobody else reach it.",
    ]


def _profile(kit: Kit) -> str:
    """The text of profiles.toml, in which each file is one beside it."""
    with TemporaryDirectory() as folder:
        beside = Path(folder)
        org = replace(kit.org, accepted_roots=None, ca_file=beside / "server-ca.pem" if kit.org.ca_file else None)
        profile = Profile(
            _PROFILE,
            org,
            "USERNAME",
            (beside / "fullcert.pem",),
            sign_in="jwt",
            consumer_key="CONSUMER_KEY",
            jwt_key=beside / "jwt.key",
        )
        return save_profile(profile, beside / "profiles.toml").read_text("utf-8")
