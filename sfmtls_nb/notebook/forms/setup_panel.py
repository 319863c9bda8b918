"""SetupPanel: the Setup of the practice org, in the order of the article's “Enabling Mutual Authentication”."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any, Final

import ipywidgets as widgets

from sfmtls_nb.certificates import common_name
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook.forms.main_thread import answer_on_main_thread
from sfmtls_nb.practice import PracticeOrg

_DONE, _OPEN = "✔ done", "○ to do"
_WIDE: Final[dict[str, Any]] = {
    "layout": {"width": "min(30em, 100%)"},
    "style": {"description_width": "initial"},
}


class SetupPanel(widgets.VBox):
    """Five steps on a running practice org, each with its purpose and its state.

    What is changed here is changed in the org at once, and what is changed there from Python shows after `refresh`.
    """

    def __init__(self, practice: PracticeOrg) -> None:
        self.state = practice.state
        self.reset = widgets.Button(
            description="Start over", tooltip="As a new org is: nothing enabled, nothing uploaded"
        )
        self.support = widgets.Button(description="Open a case")
        self.upload = widgets.FileUpload(
            description="Upload leaf", tooltip="The leaf certificate, as PEM", accept=".crt,.pem,.cer"
        )
        self.new_name = widgets.Text(description="Name of the clone", value="Integration", **_WIDE)
        self.clone = widgets.Button(description="Clone")
        self.profile = widgets.Dropdown(description="Profile", **_WIDE)
        self.enforce = widgets.Checkbox(description="Enforce SSL/TLS Mutual Authentication", indent=False)
        self.any_auth = widgets.Checkbox(description="Use Any API Auth", indent=False)
        users = [user.username for user in self.state.users]
        self.user = widgets.Dropdown(description="User", options=users, **_WIDE)
        self.assign = widgets.Button(description="Assign profile")
        self.message = widgets.HTML()
        self._heads = [widgets.HTML() for _ in range(5)]
        rows: list[tuple[widgets.Widget, ...]] = [
            (self.support,),
            (self.upload,),
            (self.new_name, self.clone),
            (self.profile, self.enforce, self.any_auth),
            (self.user, self.assign),
        ]
        steps = [widgets.VBox([head, widgets.HBox(row)]) for head, row in zip(self._heads, rows, strict=True)]
        super().__init__([*steps, self.message, self.reset])
        answer_on_main_thread(self)
        self.reset.on_click(lambda _: self._do(self.state.start_over, "The org is as new."))
        self.support.on_click(lambda _: self._do(self.state.ask_support, "Support has enabled the feature."))
        self.upload.observe(self._uploaded, "value")
        self.clone.on_click(lambda _: self._do(self._clone, "The profile has been cloned."))
        self.enforce.observe(self._enforced, "value")
        self.any_auth.observe(self._any_auth, "value")
        self.profile.observe(lambda _: self.refresh(), "value")
        self.assign.on_click(lambda _: self._do(self._assign, "The profile has been assigned."))
        self.refresh()

    def refresh(self) -> None:
        """Show the org as it is now."""
        names = [profile.name for profile in self.state.profiles]
        if list(self.profile.options) != names:
            chosen = self.profile.value
            self.profile.options = names
            self.profile.value = chosen if chosen in names else names[-1]
        self._show_enforce()
        self.upload.disabled = not self.state.feature_enabled
        enforcing = [profile for profile in self.state.profiles if profile.enforced]
        uploaded = ", ".join(common_name(leaf) for leaf in self.state.uploaded_leaves)
        users = ", ".join(user.username for user in self.state.users if user.enforced)
        steps = (
            ("Ask Salesforce Support to enable mutual authentication", self.state.feature_enabled, ""),
            ("Upload the client's certificate: the leaf, not the chain", bool(uploaded), uploaded),
            ("Clone a profile for the integration user", len(names) > 1, ", ".join(names)),
            ("Tick Enforce on that profile", bool(enforcing), ", ".join(profile.name for profile in enforcing)),
            ("Assign the profile to the user that the API client signs in as", bool(users), users),
        )
        for number, (head, (what, done, evidence)) in enumerate(zip(self._heads, steps, strict=True), 1):
            shown = f": {escape(evidence)}" if evidence and done else ""
            head.value = f"<b>{number}. {escape(what)}</b><br>{_DONE if done else _OPEN}{shown}"

    def _do(self, action: Callable[[], object], said: str) -> None:
        try:
            action()
        except SfmtlsError as error:
            self.message.value = f"<b>✖ {escape(error.what)}</b><br>→ {escape(error.next_step)}"
        else:
            self.message.value = escape(said)
        self.refresh()

    def _uploaded(self, _: object) -> None:
        files = [bytes(file["content"]) for file in self.upload.value]
        if files:
            # A certificate is public; but who picked the key by mistake must not have it saved with the notebook.
            self.upload.value = ()
            self._do(lambda: self.state.upload_certificate(files[0]), "The certificate has been uploaded.")

    def _clone(self) -> None:
        clone = self.state.clone_profile(self.profile.value, self.new_name.value)
        self.refresh()
        self.profile.value = clone.name

    def _show_enforce(self) -> None:
        self.enforce.unobserve_all("value")
        self.enforce.value = any(each.enforced for each in self.state.profiles if each.name == self.profile.value)
        self.enforce.observe(self._enforced, "value")
        self.any_auth.unobserve_all("value")
        self.any_auth.value = any(each.any_api_auth for each in self.state.profiles if each.name == self.profile.value)
        self.any_auth.observe(self._any_auth, "value")

    def _enforced(self, change: dict[str, object]) -> None:
        for profile in self.state.profiles:
            if profile.name == self.profile.value:
                profile.enforced = bool(change["new"])
        self.message.value = "Enforced." if change["new"] else "No longer enforced."
        self.refresh()

    def _any_auth(self, change: dict[str, object]) -> None:
        for profile in self.state.profiles:
            if profile.name == self.profile.value:
                profile.any_api_auth = bool(change["new"])
        self.message.value = (
            "SOAP login() is allowed." if change["new"] else "SOAP login() gets INSUFFICIENT_ACCESS now."
        )

    def _assign(self) -> None:
        user = self.state.user(self.user.value)
        for profile in self.state.profiles:
            if user and profile.name == self.profile.value:
                user.profile = profile
