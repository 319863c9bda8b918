"""The steps of the guide, as a table: the meaning of each, its needs, its actions, its result and its code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from sfmtls_nb.api import Reply, read_reply
from sfmtls_nb.errors import (
    CertificatePageError,
    IdentityError,
    MutualAuthenticationFault,
    OrgError,
    SfmtlsError,
)
from sfmtls_nb.notebook import code
from sfmtls_nb.notebook.browser import Browser
from sfmtls_nb.notebook.entry import Entry, missing, usual_values
from sfmtls_nb.notebook.guide.walk import Note, State, Walk
from sfmtls_nb.notebook.views.identity import findings_html, identity_html
from sfmtls_nb.notebook.views.summaries import org_rows, practice_rows, session_rows, table_html
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.org import Port
from sfmtls_nb.secret import Secret
from sfmtls_nb.sign_in import WAYS, Way, WebLogin, login

#: The values of the fields, by their names: text, a check, a Secret, or uploaded files as (name, content).
Taken = Mapping[str, Any]
#: The orgs that a button or field is offered at.
Where = Literal["anywhere", "practice", "own"]


class Action(NamedTuple):
    """A button, the names of the fields it reads, and what it does with their values. A call returns its reply."""

    button: str
    do: Callable[[Walk, Taken], Reply | None]
    fields: tuple[str, ...] = ()
    where: Where = "anywhere"


class Step(NamedTuple):
    """One step. Its texts are HTML; a term stands in bold where it is explained.

    there: whether the workspace has the step's result; shown: that result as HTML; a call leaves none.
    needs: titles of earlier steps. expects: the failure that a call is made to see. lesson: the explanation of the
    expected result; surprise: the explanation if nothing fails.
    """

    title: str
    meaning: str
    actions: tuple[Action, ...]
    code: Callable[[Walk], code.Code]
    needs: tuple[str, ...] = ()
    there: Callable[[Walk], bool] = lambda _: False
    shown: Callable[[Walk], str] = lambda _: ""
    expects: type[SfmtlsError] | None = None
    lesson: str = ""
    surprise: str = ""


# ---------------------------------------------------------------- where to go


def _start_practice(walk: Walk, _: Taken) -> None:
    walk.workspace.start_practice()


def _go(walk: Walk, taken: Taken) -> None:
    if not taken["name"]:
        raise OrgError("no name was typed", next_step="type acme for https://acme.my.salesforce.com, or a profile")
    # A passphrase is asked for in step 2: here a question would wait for ever, in a terminal nobody sees.
    walk.workspace.choose(taken["name"], asking=False)


def _org_html(walk: Walk) -> str:
    practice, org, profile = walk.workspace.at_practice(), walk.workspace.org, walk.workspace.profile
    if practice or org is None:
        return table_html(practice_rows(practice)) if practice else ""
    rows = [("profile", profile.name)] if profile else []
    if profile and profile.identity and walk.workspace.identity is None:
        rows.append(("certificate", "its key is encrypted: step 2 takes the passphrase"))
    return table_html([*rows, *org_rows(org)])


# ---------------------------------------------------------------- who we are


def _take_practice_files(walk: Walk, _: Taken) -> None:
    client = walk.workspace.running_practice().client
    walk.workspace.present(walk.workspace.assemble([client.key, client.leaf, *client.intermediates]))


def _assemble(walk: Walk, taken: Taken) -> None:
    workspace, files = walk.workspace, taken["files"]
    profile_files = workspace.profile.identity if workspace.profile else ()
    sources = [content for _, content in files] or profile_files
    if not sources:
        raise IdentityError("no files were chosen", next_step="choose the private key and all certificates at once")
    identity = workspace.assemble(sources, taken["passphrase"] or None)
    workspace.present(identity)
    walk.named = identity, tuple(name for name, _ in files) or tuple(map(str, profile_files))


def _identity_html(walk: Walk) -> str:
    identity = walk.workspace.identity
    return identity_html(identity) + findings_html(walk.workspace.findings(identity)) if identity else ""


def _write(walk: Walk, taken: Taken) -> None:
    folder, overwrite, identity = taken["folder"], taken["overwrite"], walk.workspace.identity
    if not folder:
        raise IdentityError("no folder was named", next_step="type a name such as mine; it is made if it is not there")
    if identity:
        walk.workspace.write(identity, folder, overwrite=overwrite)
        walk.folder, walk.overwrite = folder, overwrite


def _is_written(walk: Walk) -> bool:
    return walk.workspace.pem is not None and walk.workspace.pem.exists()


def _pem_html(walk: Walk) -> str:
    pem = walk.workspace.pem
    if pem is None:
        return ""
    upload, identity = pem.with_name("upload.crt"), walk.workspace.identity
    errors = walk.workspace.errors(identity) if identity else []
    words = f"nothing yet: first correct {', '.join(errors)}, in step 2" if errors else f"{upload}: the leaf, no secret"
    keep = ("keep", f"{pem}: key and chain, readable by you alone")
    return table_html([keep, ("upload to Setup", words)] if errors or upload.exists() else [keep])


def _sign_in(walk: Walk, taken: Taken) -> None:
    workspace, way, address = walk.workspace, WAYS[taken["way"]], taken["address"]
    if walk.browser and address and way.name == "web":
        walk.browser.finished(address)
        return
    if walk.browser:
        walk.browser.stop()
    entry, secrets = _typed(way, taken, at_practice=workspace.at_practice() is not None)
    entry, credentials = workspace.credentials(entry, secrets, missing)
    if isinstance(credentials, WebLogin):
        walk.browser = Browser(workspace, entry, credentials, walk.came)
        walk.notes["Sign in"] = Note(State.AWAY, walk.browser.html)
        return
    workspace.enter(entry, lambda: login(workspace.chosen_org(), credentials, workspace.identity))


def _typed(way: Way, taken: Taken, *, at_practice: bool) -> tuple[Entry, dict[str, Secret | bytes]]:
    """What was typed for a way in; at the practice org all but the user is known."""
    values = {field.name: taken[_TAKEN.get(field.name, field.name)] for field in way.fields}
    if at_practice:
        values |= dict.fromkeys(
            ("consumer_key", "consumer_secret", "instance_url", "passphrase", "password", "security_token"), ""
        )
        values |= {"username": taken["user"], "key": []}
    secrets = {field.name: values[field.name] for field in way.fields if field.secret and values[field.name]}
    said = {field.name: values[field.name] for field in way.fields if not field.secret}
    if files := said.pop("key", None):
        secrets["key"], said["key"] = files[0][1], files[0][0]
    return Entry(way.name, **said), secrets


#: The fields of the guide that have another name than those of the credentials.
_TAKEN: Final = {"security_token": "token", "passphrase": "jwt_passphrase", "key": "jwt_key"}


def _entry(walk: Walk) -> Entry:
    """The way in that was taken, or would be if nothing else is said."""
    workspace = walk.workspace
    if workspace.entry or workspace.org is None:
        return workspace.entry or Entry("password")
    known = usual_values(workspace.org, workspace.profile, None)
    return Entry("password", "enforced" if workspace.at_practice() else known.get("username", ""))


def _login_curl(walk: Walk) -> str:
    session = walk.workspace.session
    return walk.workspace.curl(session.exchange) if session and session.exchange else ""


def _session_html(walk: Walk) -> str:
    return table_html(session_rows(walk.workspace.session)) if walk.workspace.session else ""


# ---------------------------------------------------------------- calls


def _calling(port: Port, *, certificate: bool = True) -> Callable[[Walk, Taken], Reply]:
    return lambda walk, _: walk.workspace.soap("getUserInfo", port=port, certificate=certificate)


def called_by_cell(workspace: Workspace) -> Reply | None:
    """The reply to the last call, if it was made with the certificate that is presented: then both ends have proven who they are."""
    last = workspace.last
    shown, presented = last and last.request.identity, workspace.identity
    if last is None or workspace.failed or not shown or not presented or shown.leaf != presented.leaf:
        return None
    try:
        return read_reply(last)
    except SfmtlsError:  # it was no SOAP
        return None


#: The fields of the step “Sign in”.
SIGN_IN: Final = (
    *("way", "user", "consumer_key", "consumer_secret", "username", "password", "token", "jwt_key", "jwt_passphrase"),
    *("alias", "session_id", "instance_url", "address"),
)

_SURPRISE: Final = (
    "The call went through. So the org does not <i>enforce</i> mutual TLS for the user you signed in as: the profile of that "
    "user does not have <i>Enforce SSL/TLS Mutual Authentication</i>. An administrator ticks it in Setup; on the "
    "practice org, sign in as the enforced user."
)

STEPS: Final = (
    Step(
        "Org",
        "An <b>org</b> is one company’s Salesforce. It has two doors, called <b>ports</b>: <b>443</b>, where everyone signs in, "
        "and <b>8443</b>, where the server asks who <i>you</i> are. The <b>practice org</b> is a server on this machine that "
        "behaves like Salesforce: nothing leaves the machine, and nothing can break.",
        (Action("Start the practice org", _start_practice), Action("Go there", _go, ("name",))),
        lambda walk: code.choose_org(walk.workspace),
        there=lambda walk: walk.workspace.org is not None,
        shown=_org_html,
    ),
    Step(
        "Certificate",
        "A <b>certificate</b> says who you are, signed by an authority that others trust. The <b>private key</b> that was made "
        "with it proves that it is yours; show it to nobody. Your certificate is the <b>leaf</b>; those of the "
        "authorities that signed it are <b>intermediates</b>, and the last one up is the <b>root</b>, which the org has already.",
        (
            Action("Take the practice org’s files", _take_practice_files, where="practice"),
            Action("Assemble my own", _assemble, ("files", "passphrase")),
        ),
        lambda walk: code.assemble(walk.workspace, walk.names),
        needs=("Org",),
        there=lambda walk: walk.workspace.identity is not None,
        shown=_identity_html,
    ),
    Step(
        "PEM",
        "<b>PEM</b> is text that holds keys and certificates, one after another. <code>fullcert.pem</code> (key, leaf, "
        "intermediates) stays with you: programs such as curl show it. <code>upload.crt</code> (the leaf alone) is what goes to "
        "Salesforce: Setup › Certificate and Key Management › Mutual Authentication Certificates. The practice org has it already.",
        (Action("Write the two files", _write, ("folder", "overwrite")),),
        lambda walk: code.write_pem(walk.workspace, walk.names, walk.folder, overwrite=walk.overwrite),
        needs=("Certificate",),
        there=_is_written,
        shown=_pem_html,
    ),
    Step(
        "Sign in",
        "By whichever <b>way in</b>, you say who you are on 443, and back comes a <b>session id</b> (by OAuth it is called an access "
        "token), which stands for you in every later call. Nobody asks for a certificate yet, not even if the user is "
        "<b>enforced</b>: one whose profile has the permission <i>Enforce SSL/TLS Mutual Authentication</i>.",
        (Action("Sign in", _sign_in, SIGN_IN),),
        lambda walk: code.sign_in(walk.workspace, _entry(walk), _login_curl(walk)),
        needs=("Org",),
        there=lambda walk: walk.workspace.session is not None,
        shown=_session_html,
    ),
    Step(
        "Call",
        "<code>getUserInfo</code> asks the org: who am I to you? It goes to 8443 with the certificate, so that the org proves "
        "who it is, as always, and you prove who you are. That both do is <b>mutual TLS</b>; TLS is the “s” in https.",
        (Action("Call with the certificate", _calling(8443)),),
        lambda walk: code.get_user_info(walk.workspace, walk.made("Call")),
        needs=("Certificate", "Sign in"),
        lesson="Both sides have proven who they are, and the org answered. Click a line to fold it.",
    ),
    Step(
        "Without a certificate",
        "The same call to 8443, with the certificate left at home. Predict first: what does the org answer? It is the mistake "
        "that everyone makes once, and it has a face of its own.",
        (Action("Call without it", _calling(8443, certificate=False)),),
        lambda walk: code.call_to_fail(
            walk.workspace, walk.made("Without a certificate"), 8443, "page", CertificatePageError
        ),
        needs=("Sign in",),
        expects=CertificatePageError,
        lesson="A web page (HTML), where XML was expected. A program that can only read XML complains of a <i>syntax error</i> "
        "here, and nobody understands it. So look for HTML first.",
        surprise=_SURPRISE,
    ),
    Step(
        "On 443",
        "The same call by the other door: 443, where nobody asks for a certificate. The session id is good. Is that enough?",
        (Action("Call on 443", _calling(443)),),
        lambda walk: code.call_to_fail(
            walk.workspace, walk.made("On 443"), 443, "MUTUAL_AUTHENTICATION_FAILED", MutualAuthenticationFault
        ),
        needs=("Sign in",),
        expects=MutualAuthenticationFault,
        lesson="No: for this user the org wants to see a certificate, and on 443 it cannot. This time it says so in XML, with a "
        "<b>fault</b>, which is how SOAP says no. The way out is 8443, as in step 5.",
        surprise=_SURPRISE,
    ),
)
