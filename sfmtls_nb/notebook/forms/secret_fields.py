"""Secret fields: inputs for a password or files that are emptied as soon as a value arrives.

What a widget holds is saved with the notebook where "save widget state" is on, by an autosave too, before anyone has
pressed a button. So a value is moved out at once, and waits in memory until it is taken.
"""

from __future__ import annotations

from typing import Any, Final, Self

import ipywidgets as widgets

from sfmtls_nb.secret import Secret, SecretBytes

_KEPT: Final = "kept in memory; type again to change it"


class SecretField(widgets.Password):
    """A password field. It sends when it is left, in one piece: letter by letter, the last of them would come late."""

    value: Any  # ipywidgets', which has no types

    def __init__(self, **options: Any) -> None:
        super().__init__(continuous_update=False, **options)
        self._secret = Secret("")
        self._usual_placeholder = self.placeholder
        self.observe(self._keep, "value")

    def _keep(self, _: object) -> None:
        if self.value:
            self._secret = Secret(self.value)
            self.value, self.placeholder = "", _KEPT

    def taken(self) -> Secret:
        """Take the secret that was typed last; nothing is kept."""
        secret, self._secret = self._secret, Secret("")
        self.placeholder = self._usual_placeholder
        return secret


class Upload(SecretBytes):
    """The content of a file that was uploaded, under its ``name``."""

    name: str

    def __new__(cls, content: bytes | memoryview, name: str) -> Self:
        made = super().__new__(cls, content)
        made.name = name
        return made


class UploadField(widgets.FileUpload):
    """A choice of files. Their names stay in the widget, so that it shows how many there are; their contents do not."""

    value: Any  # as above

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._files: list[tuple[str, Upload]] = []
        self.observe(self._keep, "value")

    def _keep(self, _: object) -> None:
        if any(len(file["content"]) for file in self.value):
            self._files = [(name := str(file["name"]), Upload(file["content"], name)) for file in self.value]
            self.value = tuple({**file, "content": memoryview(b"")} for file in self.value)

    def keep(self, files: list[tuple[str, Upload]]) -> None:
        """Put back what was taken, for when something else was missing."""
        self._files = files

    def taken(self) -> list[tuple[str, Upload]]:
        """Take the names and contents of the files chosen last; nothing is kept."""
        files, self._files = self._files, []
        self.value = ()
        return files
