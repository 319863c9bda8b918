"""Walk: the progress in the guide, as far as the workspace does not hold it already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection import Exchange, Transport
from sfmtls_nb.notebook.browser import Browser
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.secret import Secret


class State(Enum):
    """The state of a step, as a sign and in words."""

    TO_DO = "○ to do"
    WAITS = "◌ waits"
    WORKING = "… working"
    AWAY = "… waits for the browser"
    DONE = "✔ done"
    AS_EXPECTED = "✔ failed as expected"
    SURPRISE = "▲ did not fail"
    FAILED = "✖ failed"


@dataclass(frozen=True)
class Note:
    """The outcome of a step that leaves nothing else behind: a call, or an error.

    transport: the one that a call went over; with another one, of a new session or certificate, the outcome holds no more.
    """

    state: State
    html: str
    transport: Transport | None = None
    exchange: Exchange | None = None


@dataclass
class Walk:
    """The values typed on the way, unless they are secret, and the outcomes of the calls.

    folder, overwrite: as they were given last. browser: one that is away for the sign-in. came: what is to be done with the
    address that it comes back with. notes: by the title of the step. named: an identity made of uploaded
    files, and their names.
    """

    workspace: Workspace
    folder: str = "mine"
    overwrite: bool = False
    browser: Browser | None = None
    came: Callable[[Secret], None] = lambda _: None
    notes: dict[str, Note] = field(default_factory=dict)
    named: tuple[ClientIdentity | None, tuple[str, ...]] = (None, ())

    def note(self, title: str) -> Note | None:
        """The outcome of a step, if it still holds."""
        note = self.notes.get(title)
        session = self.workspace.session
        return note if note and note.transport in (None, session and session.transport) else None

    def made(self, title: str) -> Exchange | None:
        """The call of a step, if it was made and still holds."""
        note = self.note(title)
        return note.exchange if note else None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files that were given for the identity; none if it was not made here."""
        identity, names = self.named
        return names if identity is not None and identity is self.workspace.identity else ()
