"""SignInForm: username, password, security token."""

from __future__ import annotations

import ipywidgets as widgets

from sfmtls_nb.errors import OrgError
from sfmtls_nb.notebook import code
from sfmtls_nb.notebook.forms.form import Form, button, done, hint, labelled
from sfmtls_nb.notebook.forms.secret_fields import SecretField
from sfmtls_nb.notebook.views.code import code_html
from sfmtls_nb.notebook.views.summaries import session_rows, table_html
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.secret import Secret
from sfmtls_nb.session import Session


class SignInForm(Form):
    """A form for username, password and security token. ``session`` is the session of the last sign-in, or None.

    At the practice org its users can be picked, and need no password.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.session: Session | None = None
        practice = workspace.at_practice()
        users = [(f"{user.username} ({user.name})", user.username) for user in practice.state.users] if practice else []
        self.user = labelled(widgets.Dropdown, "Practice user", options=[*users, ("somebody else", "")])
        usual = workspace.profile.username if workspace.profile else ""
        self.username = labelled(
            widgets.Text, "Username", value=self.user.value or usual, placeholder="name@example.com"
        )
        self.password = labelled(SecretField, "Password")
        self.token = labelled(SecretField, "Security token", placeholder="only where the org asks for it")
        self.button = button("Sign in", "Sign in by SOAP login()", primary=True)
        self.user.observe(self._picked, "value")
        self.button.on_click(self._clicked)
        known = hint("The practice org's users sign in without a password: theirs are known here.")
        super().__init__(
            workspace,
            "Sign in",
            "Sends login() to port 443, which asks nobody for a certificate. The fields for secrets empty themselves.",
            [*([self.user, known] if users else []), self.username, self.password, self.token],
            [self.button],
        )

    def _picked(self, _: object) -> None:
        self.username.value = self.user.value

    def _clicked(self, _: widgets.Button) -> None:
        password, token = self.password.taken(), self.token.taken()
        self.session = None
        self.attempt(lambda: self._signed_in(password, token), self.button, "Signing in …")

    def _signed_in(self, password: Secret, token: Secret) -> str:
        workspace, username = self._workspace, self.username.value.strip()
        workspace.chosen_org()
        practice = workspace.at_practice()
        names = [name for user in practice.state.users for name in (user.name, user.username)] if practice else []
        if not username:
            raise OrgError("there is no username", next_step="fill it in, and sign in again")
        if not password and username not in names:
            # Not asked for by the workspace: a callback has no prompt.
            raise OrgError(
                f"there is no password for {username}",
                f"the practice org has no user of that name; its users are: {', '.join(names[::2])}"
                if practice
                else "its field is empty; it is emptied each time you press the button",
                "pick one of them" if practice else "type it, and sign in again",
            )
        secret = Secret(password.reveal() + token.reveal()) if password else None
        self.session = workspace.sign_in(username, secret)
        curl = workspace.curl()
        shown = code_html(f"%sf_login {username}", code.sign_in_program(workspace, username), curl)
        return done(f"signed in as {username}", table_html(session_rows(self.session)) + shown)
