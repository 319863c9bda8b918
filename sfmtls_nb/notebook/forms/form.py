"""Forms: core ipywidgets, no JavaScript of ours. A widget that held a secret is emptied before anything is done with it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any, Final

import ipywidgets as widgets
from IPython.core.error import UsageError

from sfmtls_nb.errors import IdentityError, OrgError, SfmtlsError
from sfmtls_nb.identity import ClientIdentity
from sfmtls_nb.notebook import code
from sfmtls_nb.notebook.forms.main_thread import answer_on_main_thread
from sfmtls_nb.notebook.forms.secret_fields import SecretField, UploadField
from sfmtls_nb.notebook.lines import unquoted, words_of
from sfmtls_nb.notebook.views.code import code_html
from sfmtls_nb.notebook.views.identity import findings_html, identity_html
from sfmtls_nb.notebook.views.summaries import failure_html, session_html
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.secret import Secret
from sfmtls_nb.session import Session

_LABEL: Final = 120
_FIELD: Final = {"width": "auto", "max_width": "46em", "margin": "3px 2px"}
#: Where the fields begin: behind their labels.
_INDENT: Final = f"{_LABEL + 10}px"
_FILES: Final = frozenset({".key", ".crt", ".cer", ".der", ".pem", ".p12", ".pfx", ".p7b", ".p7c"})


def labelled(kind: type[widgets.Widget], label: str, **options: Any) -> Any:
    """A field with its label, which the browser ties to it; all of a form's are aligned, and narrow with the page.

    What is typed is sent when the field is left, in one piece.
    """
    if kind in (widgets.Text, widgets.Textarea):
        options["continuous_update"] = False
    layout = {**_FIELD, **options.pop("layout", {})}
    return kind(description=label, style={"description_width": f"{_LABEL}px"}, layout=layout, **options)


def beside(label: str, choice: widgets.Widget) -> widgets.HBox:
    """A choice whose parts have names of their own, with a label where the fields have theirs."""
    text = f'<div style="text-align:right">{escape(label)}</div>'
    head = widgets.HTML(text, layout={"width": f"{_LABEL}px", "margin": "0 8px 0 2px"})
    return widgets.HBox([head, choice], layout={"align_items": "baseline", "max_width": "46em"})


def hint(text: str = "") -> widgets.HTML:
    """A quiet line below a field; its place stays when it is empty."""
    line = widgets.HTML(layout={"margin": f"0 2px 3px {_INDENT}", "max_width": "36em", "min_height": "22px"})
    say(line, text)
    return line


def say(line: widgets.HTML, text: str) -> None:
    """Put a text into a hint."""
    line.value = f'<div style="line-height:1.45;opacity:.75;font-size:.93em">{escape(text)}</div>'


def button(text: str, tooltip: str, *, primary: bool = False) -> widgets.Button:
    """A button that keeps its size, whatever it says while it works."""
    style = "primary" if primary else ""
    layout = {"width": "150px", "margin": "2px 6px 2px 0"}
    return widgets.Button(description=text, tooltip=tooltip, button_style=style, layout=layout)


class Form(widgets.VBox):
    """A title, a sentence, fields, buttons, and below all of them the result, so that nothing moves when it comes."""

    def __init__(
        self,
        workspace: Workspace,
        title: str,
        sentence: str,
        fields: Sequence[widgets.Widget],
        buttons: Sequence[widgets.Button],
    ) -> None:
        self._workspace = workspace
        self._failed = False
        head = widgets.HTML(
            f'<div role="heading" aria-level="3" style="font-size:1.2em;font-weight:600;line-height:1.4">{escape(title)}</div>'
            f'<div style="line-height:1.45;opacity:.85;max-width:46em">{escape(sentence)}</div>',
            layout={"margin": "2px 2px 8px 2px"},
        )
        row = widgets.HBox(buttons, layout={"margin": f"6px 0 8px {_INDENT}", "flex_flow": "row wrap"})
        self.result = widgets.HTML(layout={"min_height": "90px", "margin": "2px", "max_width": "100%"})
        super().__init__([head, *fields, row, self.result], layout={"width": "auto", "max_width": "100%"})
        answer_on_main_thread(self)

    def attempt(
        self,
        act: Callable[[], str | None],
        pressed: widgets.Button | None = None,
        doing: str = "",
        code: Callable[[], str] | None = None,
    ) -> None:
        """Show what ``act`` gives, or why it could not. Until then the button says what it is doing, and is disabled.

        None shows nothing new, and takes away an error. code: what does the same, for a call that was made and failed.
        What is no SfmtlsError is shown and raised again: a callback's exceptions are seen by nobody else.
        """
        said = pressed.description if pressed else ""
        if pressed:
            pressed.description, pressed.disabled = doing, True
        try:
            shown = act()
            if shown is not None or self._failed:
                self._show(shown or "")
        except SfmtlsError as error:
            self._show(failure_html(error), error=True)
            if code and error.exchange:
                self._show(failure_html(error) + code(), error=True)
        except BaseException as error:
            self._show(failure_html(_unexpected(error)), error=True)
            raise
        finally:
            if pressed:
                pressed.description, pressed.disabled = said, False

    def _show(self, html: str, *, error: bool = False) -> None:
        """A result. However wide it is, the form does not become wider than the page."""
        self._failed = error
        self.result.value = f'<div style="width:0;min-width:100%;line-height:1.45">{html}</div>'


def done(text: str, html: str) -> str:
    """A result, and a line above it that says what came of it."""
    return f'<div role="status" style="margin-bottom:.3em"><b>✔ {escape(text)}</b></div>{html}'


def _unexpected(error: BaseException) -> SfmtlsError:
    """Of an exception nobody thought of, its place and kind; not its text, in which values may stand."""
    if isinstance(error, KeyboardInterrupt):
        return SfmtlsError("interrupted", "the kernel was told to stop", "press the button to try again")
    place = traceback.extract_tb(error.__traceback__)[-1]
    return SfmtlsError(
        "this should not have happened",
        f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}",
        "the whole traceback is in the log: View > Show Log Console",
    )


class SignInForm(Form):
    """Username, password, security token. ``session`` is what signing in gave last, or None.

    Where the practice org is, its users can be picked, and need no password.
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
        known = practice and any(username in (user.name, user.username) for user in practice.state.users)
        if not username:
            raise OrgError("there is no username", next_step="fill it in, and sign in again")
        if not password and not known:
            # Not asked for by the workspace: a callback has no prompt.
            raise OrgError(
                f"there is no password for {username}",
                "its field is empty; it is emptied each time you press the button",
                "type it, and sign in again",
            )
        secret = Secret(password.reveal() + token.reveal()) if password else None
        self.session = workspace.sign_in(username, secret)
        curl = workspace.curl()
        shown = code_html(f"%sf_login {username}", code.sign_in(workspace, username), curl)
        return done(f"signed in as {username}", session_html(self.session) + shown)


class IdentityForm(Form):
    """Pick or upload key and certificates, see the chain and the findings, write the two files.

    ``identity`` is what was assembled last, or None.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.identity: ClientIdentity | None = None
        found = _files_of(workspace)
        self.files = labelled(widgets.SelectMultiple, "Files here", options=found, rows=min(max(len(found), 3), 8))
        self.upload = UploadField(
            multiple=True,
            description="Choose files",
            icon="",
            tooltip="Choose key and certificates to upload",
            layout={"width": "150px", "margin": f"3px 2px 3px {_INDENT}"},
        )
        self.names = labelled(widgets.Text, "Other files", placeholder="~/certs/client.key ~/certs/client.crt")
        self.passphrase = labelled(SecretField, "Passphrase", placeholder="only if the key is encrypted")
        self.folder = labelled(widgets.Text, "Write into", placeholder="a folder; empty: write nothing")
        self.button = button("Assemble", "Put key and certificates together", primary=True)
        self.button.on_click(self._assemble_clicked)
        super().__init__(
            workspace,
            "The client's identity",
            "Its private key, its certificate and the intermediates: in any order and format, from here, by name or uploaded.",
            [
                self.files,
                hint("Hold Ctrl (or ⌘) to pick several." if found else "There are no keys or certificates here."),
                self.upload,
                self.names,
                self.passphrase,
                self.folder,
                hint("Writes fullcert.pem (key and chain, for the client) and upload.crt (the leaf, for Setup)."),
            ],
            [self.button],
        )

    def _assemble_clicked(self, _: widgets.Button) -> None:
        passphrase, uploaded = self.passphrase.taken(), self.upload.taken()
        self.identity = None
        self.attempt(lambda: self._assembled(uploaded, passphrase), self.button, "Assembling …")

    def _assembled(self, uploaded: Sequence[tuple[str, bytes]], passphrase: Secret) -> str:
        workspace = self._workspace
        named = [*self.files.value, *_names_in(self.names.value)]
        identity = workspace.assembled([*(data for _, data in uploaded), *named], passphrase or None)
        workspace.present(identity)
        folder = self.folder.value.strip()
        written = workspace.write(identity, folder) if folder else []
        self.identity = identity
        lines = "".join(f"<div>{escape(line)}</div>" for line in written)
        html = identity_html(identity) + findings_html(workspace.findings(identity)) + lines
        return done(
            "assembled; later calls present it", html + self._code(named, [name for name, _ in uploaded], folder)
        )

    def _code(self, named: Sequence[str], uploaded: Sequence[str], folder: str) -> str:
        workspace, identity = self._workspace, self.identity
        encrypted = identity is not None and identity.passphrase is not None
        names = [*named, *uploaded]
        note = f"# first put what you uploaded beside this notebook: {', '.join(uploaded)}" if uploaded else ""
        words = [f'"{name}"' if " " in name else name for name in names]
        if folder:
            words += ["--write", f'"{folder}"' if " " in folder else folder]
        found: list[str | Path] = [*map(workspace.find, named), *uploaded]
        lines = [note] * bool(note) + [f"me = {code.load(found, encrypted=encrypted)}"]
        if folder and workspace.pem:
            lines.append(f"me.write_pem({str(workspace.pem)!r})")
            lines.append(f"me.write_upload({str(workspace.pem.with_name('upload.crt'))!r})")
        magic = "\n".join(filter(None, (note, f"%sf_identity {' '.join(words)}")))
        return code_html(magic, code.with_imports([*lines, "me"], ["ClientIdentity"]))


def _names_in(typed: str) -> list[str]:
    """Names of files as on a magic's line: those with spaces in them stand in quotes."""
    try:
        return [unquoted(word) for word in words_of(typed)]
    except UsageError as error:
        raise IdentityError(
            "the names of the files cannot be read", str(error), 'write "my certs/client.key"'
        ) from error


def _files_of(workspace: Workspace) -> list[str]:
    """Keys and certificates, by their names, as `Workspace.find` finds them: here, and in the practice org's folder."""
    practice = workspace.at_practice()
    names = set()
    for folder in [Path(), *([practice.directory] if practice else [])]:
        with suppress(OSError):  # a folder that cannot be read has none
            names |= {path.name for path in folder.iterdir() if path.suffix.lower() in _FILES and path.is_file()}
    return sorted(names)
