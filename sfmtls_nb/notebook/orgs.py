"""Orgs: which one %sf_org means by a name."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

from IPython.core.error import UsageError

from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.org import Org
from sfmtls_nb.profiles import Profile, save_profile


def choose(workspace: Workspace, chosen: Namespace, api_version: str) -> Org:
    """Go to the practice org, a profile or a My Domain, and keep it as a profile if asked to."""
    version = chosen.api_version or api_version
    if chosen.name == "practice":
        if chosen.sandbox or chosen.ca_file or chosen.save:
            raise UsageError(
                "the practice org has no sandbox, brings its own CA file, and is no profile: it is new each time"
            )
        workspace.start_practice()
        return workspace.go_to(replace(Org(**workspace.running_practice().endpoints), api_version=version))
    org = workspace.go_to_profile(chosen.name) if not chosen.sandbox else None
    if org is None:
        org = workspace.go_to(Org.my_domain(chosen.name, sandbox=chosen.sandbox, api_version=version))
    elif chosen.api_version:
        workspace.org = org = replace(org, api_version=chosen.api_version)
    if chosen.ca_file:
        workspace.org = org = replace(org, ca_file=chosen.ca_file)
    if chosen.save:
        print(f"kept in {save_profile(Profile(chosen.save, org))}")
    return org
