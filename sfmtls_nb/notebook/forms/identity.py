"""IdentityForm: key and certificates, picked, uploaded or named."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Final

import ipywidgets as widgets
from IPython.core.error import UsageError

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.errors import IdentityError, PassphraseError
from sfmtls_nb.notebook import code
from sfmtls_nb.notebook.forms.form import INDENT, Form, button, done, hint, labelled, say, undone
from sfmtls_nb.notebook.forms.secret_fields import SecretField, Upload, UploadField
from sfmtls_nb.notebook.lines import unquoted, words_of
from sfmtls_nb.notebook.views.code import code_html
from sfmtls_nb.notebook.views.identity import findings_html, identity_html
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.secret import Secret

_FILES: Final = frozenset({".key", ".crt", ".cer", ".der", ".pem", ".p12", ".pfx", ".p7b", ".p7c"})

_ABOUT: Final = "It opens the key, and is not kept."


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
            layout={"width": "150px", "margin": f"3px 2px 3px {INDENT}"},
        )
        self.names = labelled(widgets.Text, "Other files", placeholder="~/certs/client.key ~/certs/client.crt")
        self.passphrase = labelled(SecretField, "Passphrase", placeholder="only if the key is encrypted")
        self.about_passphrase = hint(_ABOUT)
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
                self.about_passphrase,
                self.folder,
                hint("Writes fullcert.pem (key and chain, for the client) and upload.crt (the leaf, for Setup)."),
            ],
            [self.button],
        )

    def _assemble_clicked(self, _: widgets.Button) -> None:
        passphrase, uploaded = self.passphrase.taken(), self.upload.taken()
        self.identity = None
        say(self.about_passphrase, _ABOUT)
        self.attempt(lambda: self._assembled(uploaded, passphrase), self.button, "Assembling …")

    def _assembled(self, uploaded: list[tuple[str, Upload]], passphrase: Secret) -> str:
        workspace = self._workspace
        named = [*self.files.value, *_names_in(self.names.value)]
        if not uploaded and not named:
            raise IdentityError(
                "nothing is chosen",
                "no file is picked, uploaded or named",
                "pick the key and the certificates in the list, or choose files to upload, or type their names",
            )
        identity = self._opened([*(data for _, data in uploaded), *named], uploaded, passphrase)
        workspace.present(identity)
        folder = self.folder.value.strip()
        written = workspace.write(identity, folder) if folder else []
        self.identity = identity
        lines = "".join(f"<div>{escape(line)}</div>" for line in written)
        html = identity_html(identity) + findings_html(workspace.findings(identity)) + lines
        html += self._code(named, [name for name, _ in uploaded], folder)
        if errors := workspace.errors(identity):
            several = "an error" if len(errors) == 1 else f"{len(errors)} errors"
            return undone(f"the chain has {several}: later calls present it, and will be refused", html)
        return done("assembled; later calls present it", html)

    def _opened(
        self, sources: Sequence[str | bytes], uploaded: list[tuple[str, Upload]], passphrase: Secret
    ) -> ClientIdentity:
        """The identity in the files; where a passphrase is missing, its field asks for it, and the uploads wait."""
        try:
            return self._workspace.assemble(sources, passphrase or None)
        except PassphraseError as error:
            self.upload.keep(uploaded)
            waiting = f"; still here: {', '.join(name for name, _ in uploaded)}" if uploaded else ""
            # One line, as what stood there before: the button stays in its place.
            say(
                self.about_passphrase,
                f"Type the passphrase, and press Assemble again{'; the uploads wait' if uploaded else ''}.",
            )
            self.passphrase.focus()
            next_step = f"type it into the field Passphrase, and press Assemble again{waiting}"
            raise PassphraseError(error.what, error.evidence, next_step) from error

    def _code(self, named: Sequence[str], uploaded: Sequence[str], folder: str) -> str:
        workspace, identity = self._workspace, self.identity
        encrypted = identity is not None and identity.passphrase is not None
        note = f"# first put what you uploaded beside this notebook: {', '.join(uploaded)}\n" if uploaded else ""
        lines = [f"me = {code.load([*map(workspace.find, named), *uploaded], encrypted=encrypted)}"]
        if folder and workspace.pem:
            lines.append(f"me.write_pem({code.text(str(workspace.pem))})")
            if identity and not workspace.errors(identity):
                lines.append(f"me.write_upload({code.text(str(workspace.pem.with_name('upload.crt')))})")
        magic = f"%sf_identity {code.words(*named, *uploaded, *(['--write', folder] if folder else []))}"
        return code_html(f"{note}{magic}", f"{note}{code.program(*lines, 'me')}")


def _names_in(typed: str) -> list[str]:
    """The names of files, typed as on a magic's line: those with spaces in quotes."""
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
