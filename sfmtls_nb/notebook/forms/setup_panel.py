"""SetupPanel: the Setup of the practice org, in the order of the article's “Enabling Mutual Authentication”."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Final

import ipywidgets as widgets
from cryptography import x509

from sfmtls_nb.certificates import common_name, fingerprint
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook.forms.main_thread import answer_on_main_thread
from sfmtls_nb.practice import PracticeOrg

_DONE, _OPEN = "✔ done", "○ to do"
#: The number of the message below Start over, behind those of the five steps.
_RESET: Final = 6
#: What has no room in its row goes into the next one, and nothing is cut.
_ROW: Final = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "0 12px"}
_AS_WIDE: Final = {"width": "max-content", "max_width": "100%"}
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
        self._make_controls()
        self._heads = [widgets.HTML() for _ in range(5)]
        #: What came of the last click, below the buttons of its step; the last is that of Start over.
        self.messages = [widgets.HTML() for _ in range(6)]
        rows: list[tuple[tuple[widgets.Widget, ...], ...]] = [
            ((self.support,),),
            ((self.upload,), (self.uploaded, self.remove)),
            ((self.new_name, self.clone),),
            ((self.profile, self.enforce, self.any_auth),),
            ((self.user, self.assign),),
            ((self.reset, self.confirm, self.keep),),
        ]
        parts = [
            widgets.VBox([*head, *(widgets.HBox(row, layout=_ROW) for row in of_step), message])
            for head, of_step, message in zip([*([each] for each in self._heads), []], rows, self.messages, strict=True)
        ]
        super().__init__(parts)
        answer_on_main_thread(self)
        self._react()
        self.refresh()

    def _make_controls(self) -> None:
        self.reset = widgets.Button(
            description="Start over", tooltip="As a new org is: nothing enabled, nothing uploaded"
        )
        self.confirm = widgets.Button(description="Yes, start over", button_style="danger", layout={"display": "none"})
        self.keep = widgets.Button(description="Keep it", layout={"display": "none"})
        self.support = widgets.Button(description="Open a case")
        self.upload = widgets.FileUpload(
            description="Upload leaf", tooltip="The leaf certificate, as PEM", accept=".crt,.pem,.cer"
        )
        self.uploaded = widgets.Dropdown(
            description="Uploaded", style=_WIDE["style"], layout={"width": "min(46em, 100%)"}
        )
        self.remove = widgets.Button(description="Remove", tooltip="Remove this certificate from the list")
        self.new_name = widgets.Text(description="Name of the clone", value="Integration", **_WIDE)
        self.clone = widgets.Button(description="Clone")
        self.profile = widgets.Dropdown(description="Profile", **_WIDE)
        self.enforce = widgets.Checkbox(
            description="Enforce SSL/TLS Mutual Authentication", indent=False, layout=_AS_WIDE
        )
        self.any_auth = widgets.Checkbox(description="Use Any API Auth", indent=False, layout=_AS_WIDE)
        users = [user.username for user in self.state.users]
        self.user = widgets.Dropdown(description="User", options=users, **_WIDE)
        self.assign = widgets.Button(description="Assign profile")

    def _react(self) -> None:
        self.support.on_click(lambda _: self._do(1, self.state.ask_support, "Support has enabled the feature."))
        self.upload.observe(self._uploaded, "value")
        self.remove.on_click(lambda _: self._do(2, self._remove, "The certificate has been removed."))
        self.clone.on_click(lambda _: self._do(3, self._clone, "The profile has been cloned."))
        self.enforce.observe(self._enforced, "value")
        self.any_auth.observe(self._any_auth, "value")
        self.profile.observe(lambda _: self.refresh(), "value")
        self.assign.on_click(lambda _: self._do(5, self._assign, "The profile has been assigned."))
        self.reset.on_click(lambda _: self._ask())
        self.confirm.on_click(lambda _: self._do(_RESET, self.state.start_over, "The org is as new."))
        self.keep.on_click(lambda _: self._say(_RESET, "Nothing was changed."))

    def refresh(self) -> None:
        """Show the org as it is now."""
        names = [profile.name for profile in self.state.profiles]
        if list(self.profile.options) != names:
            chosen = self.profile.value
            self.profile.options = names
            self.profile.value = chosen if chosen in names else names[-1]
        self._show_permissions()
        self._show_uploaded()
        self.upload.disabled = not self.state.feature_enabled
        for number, (head, (what, shown)) in enumerate(zip(self._heads, self._steps(), strict=True), 1):
            state = f"{_OPEN if shown is None else _DONE}{shown or ''}"
            head.value = f'<div style="line-height:1.5"><b>{number}. {escape(what)}</b><br>{state}</div>'

    def _steps(self) -> Sequence[tuple[str, str | None]]:
        """Return each step, and the HTML of what shows that it is done; None where it is not."""
        names = [profile.name for profile in self.state.profiles]
        enforcing = [profile.name for profile in self.state.profiles if profile.enforced]
        users = [user.username for user in self.state.users if user.enforced]
        return (
            ("Ask Salesforce Support to enable mutual authentication", "" if self.state.feature_enabled else None),
            ("Upload the client's certificate: the leaf, not the chain", _leaves_html(self.state.uploaded_leaves)),
            ("Clone a profile for the integration user", _list_html(names) if len(names) > 1 else None),
            ("Tick Enforce on that profile", _list_html(enforcing)),
            ("Assign the profile to the user that the API client signs in as", _list_html(users)),
        )

    def _show_uploaded(self) -> None:
        leaves = self.state.uploaded_leaves
        options = [(f"{_line(leaf)}, {_print(leaf)[:23]}…", leaf) for leaf in leaves]
        if list(self.uploaded.options) != options:
            chosen = self.uploaded.value
            self.uploaded.options = options
            self.uploaded.value = chosen if chosen in leaves else next(iter(leaves), None)
        self.uploaded.disabled = self.remove.disabled = not leaves

    def _do(self, step: int, action: Callable[[], object], said: str) -> None:
        """Do something, and show below the buttons of its step what came of it."""
        try:
            action()
        except SfmtlsError as error:
            why = f"<br>{escape(error.evidence)}" if error.evidence else ""
            self._say(step, f"<b>✖ {escape(error.what)}</b>{why}<br>→ {escape(error.next_step)}")
        else:
            self._say(step, escape(said))
        self.refresh()

    def _say(self, step: int, html: str, *, asks: bool = False) -> None:
        """Show a text below the buttons of a step, and nothing below the others. asks: it waits for a yes or a no."""
        for number, message in enumerate(self.messages, 1):
            message.value = html if number == step else ""
        for button in (self.confirm, self.keep):
            button.layout.display = "" if asks else "none"
        self.reset.disabled = asks

    def _uploaded(self, _: object) -> None:
        files = [bytes(file["content"]) for file in self.upload.value]
        if files:
            # A certificate is public; but who picked the key by mistake must not have it saved with the notebook.
            self.upload.value = ()
            self._do(2, lambda: self.state.upload_certificate(files.pop()), "The certificate has been uploaded.")

    def _remove(self) -> None:
        self.state.remove_certificate(self.uploaded.value)

    def _clone(self) -> None:
        clone = self.state.clone_profile(self.profile.value, self.new_name.value)
        self.refresh()
        self.profile.value = clone.name

    def _show_permissions(self) -> None:
        chosen = [profile for profile in self.state.profiles if profile.name == self.profile.value]
        self.enforce.unobserve_all("value")
        self.enforce.value = any(each.enforced for each in chosen)
        self.enforce.observe(self._enforced, "value")
        self.any_auth.unobserve_all("value")
        self.any_auth.value = any(each.any_api_auth for each in chosen)
        self.any_auth.observe(self._any_auth, "value")

    def _enforced(self, change: dict[str, object]) -> None:
        for profile in self.state.profiles:
            if profile.name == self.profile.value:
                profile.enforced = bool(change["new"])
        self._say(4, "Enforced." if change["new"] else "No longer enforced.")
        self.refresh()

    def _any_auth(self, change: dict[str, object]) -> None:
        for profile in self.state.profiles:
            if profile.name == self.profile.value:
                profile.any_api_auth = bool(change["new"])
        self._say(4, "SOAP login() is allowed." if change["new"] else "SOAP login() gets INSUFFICIENT_ACCESS now.")

    def _assign(self) -> None:
        user = self.state.user(self.user.value)
        for profile in self.state.profiles:
            if user and profile.name == self.profile.value:
                user.profile = profile

    def _ask(self) -> None:
        """Ask before everything is reset."""
        said = "This removes what was uploaded and cloned, and ends every session. Start over?"
        self._say(_RESET, said, asks=True)


def _list_html(names: Sequence[str]) -> str | None:
    return f": {escape(', '.join(names))}" if names else None


def _leaves_html(leaves: Sequence[x509.Certificate]) -> str | None:
    """Return a line for each certificate, as several may have one name."""
    lines = "".join(f"<li>{escape(_line(leaf))}, SHA-256 <code>{_print(leaf)}</code></li>" for leaf in leaves)
    return f'<ul style="margin:0;line-height:1.4;overflow-wrap:anywhere">{lines}</ul>' if leaves else None


def _line(leaf: x509.Certificate) -> str:
    return f"{common_name(leaf)}, until {leaf.not_valid_after_utc:%Y-%m-%d}"


def _print(leaf: x509.Certificate) -> str:
    return fingerprint(leaf).hex(":").upper()
