"""Orgs: which one %sf_org means by a name."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final

from IPython.core.error import UsageError

from sfmtls_nb.errors import OrgError
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.org import Org
from sfmtls_nb.profiles import Profile, read_profiles, save_profile

#: As it is copied from Setup or the address bar; sandboxes and developer orgs have more words in it.
_HOST: Final = re.compile(r"(?:https://)?((?:[a-z0-9-]+\.)+my\.salesforce\.com)(?:/.*)?", re.IGNORECASE)


def choose(workspace: Workspace, chosen: Namespace, usual: Mapping[str, Any]) -> Org:
    """Go to the practice org, a profile or a My Domain, and keep it as a profile if asked to.

    usual: options of `Org` for what neither the line nor the profile says. If anything fails, nobody has gone anywhere.
    """
    said = {name: value for name in ("api_version", "ca_file") if (value := getattr(chosen, name)) is not None}
    if chosen.name == "practice":
        if chosen.sandbox or chosen.ca_file or chosen.save:
            raise UsageError(
                "the practice org has no sandbox, brings its own CA file, and is no profile: it is new each time"
            )
        options = {**usual, **said}
        return workspace.go_to(Org(**{**workspace.start_practice(**options).endpoints, **options}))
    profiles = read_profiles()
    profile = None if chosen.sandbox else profiles.get(chosen.name)
    org = profile.org if profile else _my_domain(chosen.name, chosen.sandbox, ["practice", *profiles])
    unsaid = {name: value for name, value in usual.items() if getattr(org, name) == getattr(Org, name)}
    org = replace(org, **{**unsaid, **said})
    if profile:
        profile = replace(profile, org=org)
    if chosen.save is not None:
        profile = replace(profile, name=chosen.save) if profile else Profile(chosen.save, org)
        print(f"kept in {save_profile(profile)}")
    before = workspace.identity
    gone = workspace.go_to_profile(profile) if profile else workspace.go_to(org)
    if before and workspace.identity is None:
        print("the certificate for the other org stays behind; %sf_identity presents one here")
    return gone


def _my_domain(name: str, sandbox: str | None, known: Sequence[str]) -> Org:
    """The org behind a My Domain name, or behind a whole host.

    Raises OrgError where the name is nearly one that is known: somebody else's org would be asked to sign in there.
    """
    if host := _HOST.fullmatch(name):
        if sandbox:
            raise UsageError("a whole host says itself which sandbox it is; --sandbox goes with a name such as acme")
        return Org(f"https://{host[1].lower()}")
    alike = [each for each in known if each.casefold() == name.casefold()] or get_close_matches(name, known, 1, 0.8)
    if alike and name not in known:
        raise OrgError(
            f"there is no profile {name}",
            f"{alike[0]} is nearly the same, and so this is not taken for the My Domain of somebody else",
            f"write {alike[0]} if you meant that; or the whole host of the My Domain, {name}.my.salesforce.com",
        )
    return Org.my_domain(name, sandbox=sandbox)
