"""Orgs: the one that a name means."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from urllib.parse import urlsplit

from sfmtls_nb.errors import OrgError
from sfmtls_nb.org import Org, checked_url, my_domain_of
from sfmtls_nb.practice import LOOPBACK, PracticeOrg
from sfmtls_nb.profiles import PRACTICE, Profile, read_profiles


def org_named(name: str, sandbox: str | None = None, *, private: bool = False) -> Org | Profile:
    """The profile of that name; else the org at that host or URL; else the org of that My Domain.

    private: its root is named beside it, so that it may be a server of one's own; on this machine it always may.
    Raises OrgError where something is wrong with that profile, and where the name is nearly one that is known: somebody
    else's org would be asked to sign in there.
    """
    profiles = read_profiles()
    profile = profiles.get(name)
    if profile and not sandbox:
        return profile
    if not profile and set(name) & set("./:"):
        if sandbox:
            raise OrgError(
                "a whole host says itself which sandbox it is", next_step="name a sandbox beside a name such as acme"
            )
        return _server(name, private=private) or Org.at(name)
    org = Org.my_domain(name, sandbox=sandbox)
    known = {each.casefold(): each for each in (PRACTICE, *profiles, *profiles.broken)}
    swapped = [each for each in known if sorted(each) == sorted(name.casefold())]
    close = swapped or get_close_matches(name.casefold(), known, 1, 0.7) or _kin(name.casefold(), profiles)
    if close and not profile:
        near = known.get(close[0], close[0])
        raise OrgError(
            f"there is no profile {name}; did you mean {near}?",
            f"{near} is nearly the same, and so this is not taken for the My Domain of somebody else",
            f"write {near} if you meant that; or the whole host of the My Domain, {name}.my.salesforce.com",
        )
    return org


def _kin(name: str, profiles: Mapping[str, Profile]) -> list[str]:
    """Profiles that a name is a part or a longer form of, or whose My Domain or sandbox it nearly is."""
    found = []
    for each, profile in profiles.items():
        domain, sandbox = my_domain_of(profile.org.login_url) or ("", None)
        if name == domain.casefold():
            return []
        parts = {*each.casefold().split("-")[1:], (sandbox or "").casefold()}
        near_domain = domain and get_close_matches(name, [domain.casefold()], 1, 0.8)
        if name in parts or name.startswith(each.casefold()) or near_domain:
            found.append(each)
    return found


def is_at(practice: PracticeOrg, name: str) -> bool:
    """True if a name is an address of this practice org, on whichever of its ports."""
    try:
        parts = urlsplit(_address(name))
        port = parts.port
    except ValueError:
        return False
    ports = {urlsplit(url).port for url in (practice.api_url, practice.mutual_url)}
    return parts.hostname in LOOPBACK and port in ports


def _server(name: str, *, private: bool) -> Org | None:
    """The org at a server that is not Salesforce's: one of this machine, or a private one."""
    parts = urlsplit(checked_url(_address(name)))
    host = parts.hostname or ""
    if host in LOOPBACK or (private and not f".{host}".endswith((".salesforce.com", ".force.com"))):
        return Org(f"https://{parts.netloc}")
    return None


def _address(name: str) -> str:
    return name if "://" in name else f"https://{name}"
