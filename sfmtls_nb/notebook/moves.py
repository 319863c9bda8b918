"""Moves: go to the org that a %sf_org line names, say what stays behind; take up the certificate of a %sf_identity line."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from IPython.core.error import UsageError
from IPython.display import display

from sfmtls_nb.certificates import ClientIdentity, common_name
from sfmtls_nb.errors import OrgError
from sfmtls_nb.files import expand
from sfmtls_nb.handover import RECIPES, recipe
from sfmtls_nb.notebook.entry import kept
from sfmtls_nb.notebook.identities import ask
from sfmtls_nb.notebook.views.identity import findings_html, findings_text
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.org import Org
from sfmtls_nb.profiles import PRACTICE, Profile, profiles_file, read_profiles

#: The arguments of %sf_org that are options of Org.
_OPTIONS = ("api_version", "ca_file", "mutual_port")


def move(workspace: Workspace, chosen: Namespace) -> Org | None:
    """Choose the org of a %sf_org line; without a name, say where we are, and stay."""
    options = {name: value for name in _OPTIONS if (value := getattr(chosen, name)) is not None}
    if chosen.name is None:
        if options or chosen.sandbox:
            raise UsageError("%sf_org: these flags go with the name of an org; %sf_org alone shows where we are")
        if chosen.save is not None:
            _save(workspace, chosen.save)
        print(whereabouts(workspace))
        return workspace.org
    with leaving(workspace), workspace.remembering():
        org = workspace.choose(chosen.name, sandbox=chosen.sandbox, save=chosen.save, **options)
    if chosen.save is not None:
        print(f"kept in {profiles_file()}")
    return org


def _save(workspace: Workspace, name: str) -> None:
    """Keep the org that is chosen as a profile; it is the one from now on."""
    org = workspace.chosen_org()
    if workspace.at_practice():
        raise OrgError("the practice org is no profile", "it is new each time", "%sf_practice chooses it")
    workspace.profile = kept(replace(workspace.profile or Profile(name, org), name=name, org=org), workspace.entry, org)
    print(f"kept in {profiles_file()}")


@contextmanager
def leaving(workspace: Workspace) -> Iterator[None]:
    """Say what is left behind with an org: the session, and the certificate."""
    session, identity = workspace.session, workspace.identity
    yield
    if session and workspace.session is None:
        print("the session is gone with the org it was for; %sf_login signs in here")
    if identity and workspace.identity is None:
        print("the certificate for the other org stays behind; %sf_identity presents one here")


def take_up(workspace: Workspace, chosen: Namespace) -> ClientIdentity:
    """Assemble the certificate of a %sf_identity line, present it from now on, and show the findings about it."""
    only, *others = chosen.files
    identity = workspace.assemble(chosen.files, asking=True) if others else workspace.named_identity(only)
    workspace.present(identity)
    found = workspace.findings(identity)
    display({"text/plain": findings_text(found), "text/html": findings_html(found)}, raw=True)
    if chosen.write:
        print("\n".join(workspace.write(identity, chosen.write, overwrite=chosen.overwrite)))
    if chosen.recipe:
        print("\n".join(_recipe(workspace, identity, chosen)))
    return identity


def _recipe(workspace: Workspace, identity: ClientIdentity, chosen: Namespace) -> list[str]:
    """The lines that another tool wants; its files are beside those of --write, or else in a folder of its name."""
    asked = ask("Passphrase to give to client.p12: ") if RECIPES[chosen.recipe].keystore else None
    folder, practice = expand(chosen.write or chosen.recipe), workspace.at_practice()
    place, org = practice.directory / folder if practice else folder, workspace.chosen_org()
    return recipe(chosen.recipe, identity, org, place, passphrase=asked, overwrite=chosen.overwrite)


def whereabouts(workspace: Workspace) -> str:
    """The org that is chosen, who we are there, and the orgs that there are."""
    org, session, identity = workspace.org, workspace.session, workspace.identity
    profile = f", profile {workspace.profile.name}" if workspace.profile else ""
    named = ", the practice org" if workspace.at_practice() else profile
    rows = [
        ("org", f"{org.login_url}{named}" if org else "none is chosen"),
        (
            "session",
            f"signed in by {session.by}, at {session.server_url}" if session else "not signed in; %sf_login does that",
        ),
        ("certificate", common_name(identity.leaf) if identity else "none; %sf_identity presents one"),
        *_orgs(),
    ]
    return "\n".join(f"{name:<12} {text}" for name, text in rows)


def _orgs() -> Iterator[tuple[str, str]]:
    """The rows on the orgs that there are, with one for each thing that is wrong with the profiles."""
    profiles: list[str] = []
    wrong: list[OrgError] = []
    try:
        found = read_profiles()
        profiles = [f"{name} ({each.org.login_url})" for name, each in found.items()]
        wrong = list(found.broken.values())
    except OrgError as error:
        wrong = [error]
    yield "there are", ", ".join([PRACTICE, *profiles])
    yield "also", "a My Domain (acme), a whole host, or https://localhost:PORT of a private or practice org"
    with suppress(OrgError):  # the file is in nobody's home, and what is wrong says so
        yield "profiles", str(profiles_file())
    for each in wrong:
        yield "wrong", " ".join(f"{each.what} ({each.evidence}); {each.next_step}".split())
