"""WebLogin: a person at a browser, for OAuth's authorization code flow with PKCE; the redirect comes to a port or is pasted."""

from __future__ import annotations

import base64
import getpass
import hashlib
import os
import secrets
import webbrowser
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from sfmtls_nb.access import Access
from sfmtls_nb.connection import Transport
from sfmtls_nb.errors import OrgError, SignInError
from sfmtls_nb.org import Org
from sfmtls_nb.secret import Secret
from sfmtls_nb.sign_in.redirect import Listener, code_in, is_loopback
from sfmtls_nb.sign_in.token import access_by, check_texts

#: What says that the browser is on another machine than this process: a hub, Binder, a container, a remote editor, ssh.
_ELSEWHERE: Final = (
    *("JUPYTERHUB_API_URL", "BINDER_SERVICE_HOST", "KUBERNETES_SERVICE_HOST", "CODESPACES", "REMOTE_CONTAINERS"),
    *("VSCODE_IPC_HOOK_CLI", "VSCODE_AGENT_FOLDER", "SSH_CONNECTION", "COLAB_RELEASE_TAG"),
)
_PASTE: Final = "Address of the page that the browser ends at: "


@dataclass(frozen=True, init=False)
class WebLogin:
    """A consumer key, and a person who signs in with a browser: with whatever the org asks of people, such as MFA.

    paste: True prints the link, and asks for the address that the browser ends at, which works wherever the browser is;
    False waits for the browser at the port that the redirect URI names; None finds out which of the two.
    redirect_uri: as it is registered in the External Client App (Settings > OAuth Settings > Callback URL).
    consumer_secret: where the app requires it for the web server flow; with PKCE it need not.
    """

    consumer_key: str
    redirect_uri: str
    consumer_secret: Secret
    paste: bool | None

    def __init__(
        self,
        consumer_key: str,
        redirect_uri: str = "http://localhost:1717/OauthRedirect",
        consumer_secret: str | Secret = "",
        *,
        paste: bool | None = None,
    ) -> None:
        """Raises OrgError if the consumer key or the redirect URI is empty or no text."""
        check_texts(consumer_key=consumer_key, redirect_uri=redirect_uri)
        if not isinstance(consumer_secret, str | Secret):
            raise OrgError("the consumer secret is not text", f"it is of type {type(consumer_secret).__name__}")
        object.__setattr__(self, "consumer_key", consumer_key)
        object.__setattr__(self, "redirect_uri", redirect_uri)
        object.__setattr__(self, "consumer_secret", Secret(consumer_secret))
        object.__setattr__(self, "paste", paste)

    def sign_in(self, transport: Transport) -> Access:
        """The access that the code in the redirect is good for.

        Raises SignInError if no redirect comes, or another one than was asked for; LoginFault for what the org or the user
        refuses; OrgError, or what keeps the call from getting there.
        """
        state, verifier = secrets.token_urlsafe(24), Secret(secrets.token_urlsafe(64))
        link = self._link(transport.org, state, verifier)
        form: dict[str, str | Secret] = {
            "grant_type": "authorization_code",
            "code": self._pasted(link, state) if self._is_pasted() else self._caught(link, state),
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
            **self._app(),
        }
        return access_by(transport, form)

    def renew(self, transport: Transport, access: Access) -> Access | None:
        """Another access by the refresh token, without the person; None if the app gives no refresh token."""
        if not access.refresh_token:
            return None
        form = {"grant_type": "refresh_token", "refresh_token": access.refresh_token, **self._app()}
        renewed = access_by(transport, form)
        # The answer has a refresh token only where the app rotates them.
        return renewed if renewed.refresh_token else replace(renewed, refresh_token=access.refresh_token)

    def _app(self) -> dict[str, str | Secret]:
        secret: dict[str, str | Secret] = {"client_secret": self.consumer_secret} if self.consumer_secret else {}
        return {"client_id": self.consumer_key, **secret}

    def _link(self, org: Org, state: str, verifier: Secret) -> str:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.reveal().encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.consumer_key,
            "redirect_uri": self.redirect_uri,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{org.login_url}/services/oauth2/authorize?{urlencode(asked)}"

    def _is_pasted(self) -> bool:
        if self.paste is not None:
            return self.paste
        return not is_loopback(self.redirect_uri) or any(map(os.environ.get, _ELSEWHERE)) or not _has_browser()

    def _caught(self, link: str, state: str) -> Secret:
        with Listener(self.redirect_uri) as listener:
            print(f"Sign in with the browser; if no page opens, open this one:\n{link}")  # noqa: T201  # a link for a person
            webbrowser.open(link)
            return code_in(listener.redirect(), self.redirect_uri, state)

    def _pasted(self, link: str, state: str) -> Secret:
        print(  # noqa: T201  # as above
            f"Open this link, and sign in:\n{link}\nThe browser ends at an address that begins {self.redirect_uri}; it may say that "
            "the page cannot be opened, which is as it should be. Copy the whole address and paste it below."
        )
        try:
            # Unseen: the code in it would stay in the notebook.
            address = Secret(getpass.getpass(_PASTE))
        except (EOFError, NotImplementedError) as error:
            raise SignInError(
                "nobody can be asked for the address that the browser ends at",
                str(error),
                "run it where somebody can type; a program without anybody takes JwtBearer or ClientCredentials",
            ) from None
        return code_in(address, self.redirect_uri, state)


def _has_browser() -> bool:
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
