"""SignInForm: a way in, and the fields that it wants."""

from __future__ import annotations

from typing import Any, Final

import ipywidgets as widgets

from sfmtls_nb.notebook import code
from sfmtls_nb.notebook.browser import Browser
from sfmtls_nb.notebook.entry import Entry, Secrets, missing, usual_values
from sfmtls_nb.notebook.forms.form import INDENT, Form, button, done, hint, labelled, say
from sfmtls_nb.notebook.forms.secret_fields import SecretField, UploadField
from sfmtls_nb.notebook.views.code import code_html
from sfmtls_nb.notebook.views.summaries import session_rows, table_html
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.secret import Secret
from sfmtls_nb.session import Session
from sfmtls_nb.sign_in import WAYS, WebLogin, login
from sfmtls_nb.sign_in.ways import Field

_JWT_KEY: Final = (
    "The JWT key signs the request for a token, and its certificate is in the app. The key for mutual TLS is another one, "
    "unless you chose the same."
)


class SignInForm(Form):
    """A form for each way in, of which the fields of the chosen one are shown. ``session`` is that of the last sign-in, or None.

    At the practice org its users can be picked, and all is known.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.session: Session | None = None
        self._browser: Browser | None = None
        practice, profile = workspace.at_practice(), workspace.profile
        self.way = labelled(
            widgets.Dropdown,
            "Way in",
            options=[(way.title, way.name) for way in WAYS.values()],
            value=profile.sign_in if profile else "password",
        )
        self._when = hint()
        users = [(f"{user.username} ({user.name})", user.username) for user in practice.state.users] if practice else []
        self.user = labelled(widgets.Dropdown, "Practice user", options=[*users, ("somebody else", "")])
        self._inputs = _inputs(workspace, self.user.value)
        self.upload = UploadField(
            description="Choose a file",
            icon="",
            tooltip="Choose the JWT key to upload",
            layout={"width": "150px", "margin": f"3px 2px 3px {INDENT}"},
        )
        self.address = labelled(
            SecretField, "Address", placeholder="of the page that the browser ends at; at first, nothing"
        )
        self._known = hint("The practice org's users sign in without a password: theirs are known here.")
        self._about_key = hint(_JWT_KEY)
        self._fields = widgets.VBox(layout={"width": "auto", "overflow": "visible"})
        self.button = button("Sign in", "Sign in this way", primary=True)
        self.user.observe(self._picked, "value")
        self.way.observe(self._chosen, "value")
        self.button.on_click(self._clicked)
        super().__init__(
            workspace,
            "Sign in",
            "Whichever way you take, what comes back is a session. The fields for secrets empty themselves.",
            [self.way, self._when, self._fields],
            [self.button],
        )
        self._chosen(None)

    def _chosen(self, _: object) -> None:
        """Show the fields of the way in."""
        way = WAYS[self.way.value]
        say(self._when, way.when)
        shown: list[widgets.Widget] = []
        if len(self.user.options) > 1 and "username" in (field.name for field in way.fields):
            shown += [self.user, *([self._known] if way.name == "password" else [])]
        for field in way.fields:
            shown += [self._inputs[field], *([self.upload, self._about_key] if field.name == "key" else [])]
        self._fields.children = [*shown, *([self.address] if way.name == "web" else [])]

    def input(self, name: str) -> Any:
        """The input for a field of the chosen way in, by its name."""
        return next(self._inputs[field] for field in WAYS[self.way.value].fields if field.name == name)

    def _picked(self, _: object) -> None:
        self.input("username").value = self.user.value

    def _clicked(self, _: widgets.Button) -> None:
        # First of all, before anything is done with them: what a widget holds is saved with the notebook.
        taken = {field: each.taken() for field, each in self._inputs.items() if field.secret}
        address, files = self.address.taken(), self.upload.taken()
        self.session = None
        way = WAYS[self.way.value]
        secrets: dict[str, Secret | bytes] = {field.name: taken[field] for field in way.fields if field.secret}
        if files and way.name == "jwt":
            secrets["key"] = files[0][1]
        if address and self._browser and way.name == "web":
            self._came(address)
            return
        if self._browser:
            self._browser.stop()
        self.attempt(lambda: self._signed_in(secrets), self.button, "Signing in …")
        if self.session is None:
            self.upload.keep(files)  # for the next time

    def _entry(self, secrets: Secrets) -> Entry:
        way = WAYS[self.way.value]
        typed = {field.name: self._inputs[field].value.strip() for field in way.fields if not field.secret}
        if "key" in secrets:
            typed["key"] = getattr(secrets["key"], "name", "")
        for field in way.fields:
            if not (field.secret or field.optional or typed[field.name]):
                missing(field)
        return Entry(way.name, **typed)

    def _signed_in(self, secrets: Secrets) -> str:
        workspace = self._workspace
        workspace.chosen_org()
        entry, credentials = workspace.credentials(self._entry(secrets), secrets, missing)
        if isinstance(credentials, WebLogin):
            self._browser = Browser(workspace, entry, credentials, self._came)
            return self._browser.html
        self.session = workspace.enter(entry, lambda: login(workspace.chosen_org(), credentials, workspace.identity))
        return self._shown(uploaded="key" in secrets)

    def _came(self, address: Secret) -> None:
        """Finish the sign-in whose browser has come back."""
        self.attempt(lambda: self._finished(address), self.button, "Signing in …")

    def _finished(self, address: Secret) -> str | None:
        if self._browser is None:
            return None
        self.session = self._browser.finished(address)
        return self._shown()

    def _shown(self, *, uploaded: bool = False) -> str:
        workspace, entry, session = self._workspace, self._workspace.entry, self.session
        if entry is None or session is None:
            return ""
        note = f"# first put what you uploaded beside this notebook: {entry.key}\n" if uploaded else ""
        curl = workspace.curl(session.exchange) if session.exchange else ""
        magic, python = code.login_magic(workspace, entry), code.sign_in_program(workspace)
        who = f" as {entry.username}" if entry.username else ""
        return done(f"signed in{who}", table_html(session_rows(session)) + code_html(note + magic, note + python, curl))


def _inputs(workspace: Workspace, username: str) -> dict[Field, Any]:
    """The inputs of all ways, with what is known in them. What two ways want in the same words is one input."""
    profile = workspace.profile
    known = usual_values(workspace.org, profile, workspace.at_practice())
    known["username"] = username or known.get("username", "")
    made: dict[Field, Any] = {}
    for way in WAYS.values():
        kept = profile.secret_from if profile and profile.sign_in == way.name else ""
        for field in way.fields:
            if field.secret:
                place = f"empty: from {kept}" if kept and field is way.secret else field.hint
                made[field] = labelled(SecretField, field.label, placeholder=place)
            elif field not in made:
                value = known.get(field.name, "")
                made[field] = labelled(widgets.Text, field.label, placeholder=field.hint, value=value)
    return made
