"""Forms: core ipywidgets, no JavaScript of ours. A widget that held a secret is emptied before anything is done with it."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.identity import ClientIdentity
from sfmtls_nb.notebook.identity_view import findings_html, identity_html
from sfmtls_nb.notebook.summaries import error_html
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.secret import Secret

_WIDE = widgets.Layout(width="min(42em, 100%)")


class IdentityForm(widgets.VBox):
    """Pick or upload key and certificates, see the chain and the findings, write the two files.

    ``identity`` is what was assembled last, or None.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.identity: ClientIdentity | None = None
        self._workspace = workspace
        self.upload = widgets.FileUpload(multiple=True, description="Choose files", tooltip="Key and certificates")
        self.names = widgets.Text(placeholder="client.key client.crt intermediate1.crt", layout=_WIDE)
        self.passphrase = widgets.Password(placeholder="only if the key is encrypted", layout=_WIDE)
        self.folder = widgets.Text(placeholder="empty: write nothing", layout=_WIDE)
        self.button = widgets.Button(description="Assemble", button_style="primary", icon="link")
        self.result = widgets.HTML()
        self.button.on_click(self._assemble_clicked)
        super().__init__(
            [
                _labelled("Files to upload: private key and certificates, in any order", self.upload),
                _labelled("or names of files that are here, with spaces between them", self.names),
                _labelled("Passphrase of the key", self.passphrase),
                _labelled("Folder for fullcert.pem (key and chain) and upload.crt (the leaf)", self.folder),
                self.button,
                self.result,
            ]
        )

    def _assemble_clicked(self, _: widgets.Button) -> None:
        # First of all, before any reading or writing: what a widget holds is saved with the notebook.
        uploaded = [bytes(file["content"]) for file in self.upload.value]
        passphrase = Secret(self.passphrase.value) if self.passphrase.value else None
        self.upload.value, self.passphrase.value = (), ""
        self.identity = None
        try:
            identity = self._workspace.assembled([*uploaded, *self.names.value.split()], passphrase)
            self._workspace.present(identity)
            folder = self.folder.value.strip()
            written = self._workspace.write(identity, folder) if folder else []
        except SfmtlsError as error:
            self.result.value = error_html(error)
            return
        self.identity = identity
        lines = "".join(f"<div>{escape(line)}</div>" for line in written)
        self.result.value = identity_html(identity) + findings_html(self._workspace.findings(identity)) + lines


def _labelled(text: str, widget: widgets.Widget) -> widgets.VBox:
    return widgets.VBox([widgets.HTML(f"<b>{escape(text)}</b>"), widget], layout=widgets.Layout(margin="0 0 6px 0"))
