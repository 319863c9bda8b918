"""Orgs: the one that a name means."""

from __future__ import annotations

from difflib import get_close_matches

from sfmtls_nb.errors import OrgError
from sfmtls_nb.org import Org
from sfmtls_nb.profiles import PRACTICE, Profile, read_profiles


def org_named(name: str, sandbox: str | None = None) -> Org | Profile:
    """The profile of that name; else the org at that host or URL; else the org of that My Domain.

    Raises OrgError where the name is nearly one that is known: somebody else's org would be asked to sign in there.
    """
    profiles = read_profiles()
    if name in profiles and not sandbox:
        return profiles[name]
    if name not in profiles and set(name) & set("./:"):
        if sandbox:
            raise OrgError(
                "a whole host says itself which sandbox it is", next_step="name a sandbox beside a name such as acme"
            )
        return Org.at(name)
    org, known = Org.my_domain(name, sandbox=sandbox), [PRACTICE, *profiles]
    alike = [each for each in known if each.casefold() == name.casefold()] or get_close_matches(name, known, 1, 0.8)
    if alike and name not in profiles:
        raise OrgError(
            f"there is no profile {name}",
            f"{alike[0]} is nearly the same, and so this is not taken for the My Domain of somebody else",
            f"write {alike[0]} if you meant that; or the whole host of the My Domain, {name}.my.salesforce.com",
        )
    return org
