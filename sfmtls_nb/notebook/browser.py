"""Browser: what a form waits for beside the cells, while somebody signs in at the org's page; the kernel stays free."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from html import escape
from typing import ClassVar, Final
from urllib.parse import urlsplit

from sfmtls_nb.errors import SfmtlsError, SignInError
from sfmtls_nb.notebook.entry import Entry
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.secret import Secret
from sfmtls_nb.session import Session
from sfmtls_nb.sign_in import WebLogin, finish
from sfmtls_nb.sign_in.redirect import PATIENCE, Listener

#: Seconds between two looks at the port.
_PAUSE: Final = 0.2


class Browser:
    """A browser that is away at the org's page. It comes back to the port of the redirect URI, or its address is pasted.

    came: called, where cells run too, with the address that the browser ended at. One browser is waited for at a time: with a
    new one, nobody waits for the one before it.
    """

    _waiting: ClassVar[Browser | None] = None

    def __init__(self, workspace: Workspace, entry: Entry, web: WebLogin, came: Callable[[Secret], None]) -> None:
        self._workspace, self._entry, self._org = workspace, entry, workspace.chosen_org()
        self._begun = web.begin(self._org)
        self._listener: Listener | None = None
        self._alone = ""  # why it does not come back by itself
        if Browser._waiting:
            Browser._waiting.stop()
        if web.is_elsewhere:
            self._alone = (
                "This browser may be on another machine than the kernel, where its address does not lead back here."
            )
            return
        try:
            loop = asyncio.get_running_loop()
            self._listener, Browser._waiting = Listener(web.redirect_uri), self
            self._task = loop.create_task(self._wait(self._listener, came))
        except SignInError as error:
            self._alone = f"It cannot come back by itself: {error.what} ({error.evidence})."
        except RuntimeError:  # no kernel, as in a program of one's own
            self._alone = "Nothing waits for it here."

    async def _wait(self, listener: Listener, came: Callable[[Secret], None]) -> None:
        until = time.monotonic() + PATIENCE
        address = Secret("")
        # A port is looked at: it has no event to wait for.
        while self._listener and not (address := listener.come()) and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE)
        self.stop()
        if address:
            came(address)

    def finished(self, address: Secret) -> Session:
        """The session, by the address that the browser ended at. Raises as `sfmtls_nb.sign_in.finish` does."""
        self.stop()
        workspace = self._workspace
        if workspace.org != self._org:
            raise SfmtlsError("another org was chosen meanwhile", next_step="sign in again")
        return workspace.enter(self._entry, lambda: finish(self._org, self._begun, address, workspace.identity))

    def stop(self) -> None:
        """Wait no more. The port is free then."""
        if self._listener:
            self._listener.close()
            self._listener = None

    @property
    def html(self) -> str:
        """The link, and what to do."""
        place = escape(urlsplit(self._begun.link).netloc)
        steps = [
            f'<a href="{escape(self._begun.link)}" target="_blank" rel="noopener" style="text-decoration:underline">'
            f"Open the sign-in page of {place}</a>, in this browser.",
            "Sign in there, and press Allow.",
            f"{escape(self._alone)} So copy the whole address of the page that it ends at (it may say that it cannot be opened), "
            "paste it into the field Address, and press Sign in."
            if self._alone
            else f"When the browser comes back, it goes on here by itself; {PATIENCE // 60} minutes are waited for that. If the browser "
            "ends at a page that cannot be opened, paste the address of that page into the field Address, and press Sign in.",
        ]
        if self._workspace.at_practice():
            steps.insert(
                1,
                "The browser warns first: the practice org’s certificate is signed by its own authority, which browsers do not know. "
                "For the password of enforced@practice.example, run <code>practice = %sf_practice show</code> and "
                '<code>practice.user("enforced").password</code>.',
            )
        items = "".join(f'<li style="margin:.2em 0">{step}</li>' for step in steps)
        return f'<ol role="status" style="margin:.2em 0;padding-left:1.4em;max-width:46em">{items}</ol>'
