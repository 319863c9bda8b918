"""Redirect: where the browser ends after the authorize page; it comes to a port of this machine, or is pasted."""

from __future__ import annotations

import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

from sfmtls_nb.api import oauth_fault
from sfmtls_nb.errors import OrgError, SignInError
from sfmtls_nb.secret import Secret

#: Seconds that a person has to sign in: as long as the org's own page waits.
PATIENCE: Final = 900
_AGAIN: Final = "sign in again, with the link that is shown then, in one tab"
_PASTE: Final = "%sf_login --way web --paste or WebLogin(…, paste=True)"
_COPY: Final = "copy the whole address of the page that the browser ends at, from http to its end, and paste it"
_PAGE: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>body{{font:16px/1.5 system-ui,'
    "sans-serif;max-width:30em;margin:4em auto;padding:0 1em;color-scheme:light dark}}</style></head><body><h1>{title}</h1>"
    "<p>{words}</p></body></html>"
)
#: Where the browser comes back to, if nothing else is said.
REDIRECT_URI: Final = "http://localhost:1717/OauthRedirect"


def checked_redirect_uri(redirect_uri: str) -> str:
    """The redirect URI unchanged. Raises OrgError if it is no URI."""
    try:
        parts = urlsplit(redirect_uri)
        if parts.scheme and parts.hostname and parts.port != 0:
            return redirect_uri
        why = "it has no scheme, no host, or port 0"
    except ValueError as error:  # such as a port above 65535
        why = str(error)
    raise OrgError("that is no redirect URI", why, f"write it as it is registered in the app, such as {REDIRECT_URI}")


def is_loopback(redirect_uri: str) -> bool:
    """True if a redirect URI leads to a port of this machine (RFC 8252, 7.3), where the `Listener` listens."""
    parts = urlsplit(redirect_uri)
    return parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")


class Listener:
    """The port of a redirect URI, open in its ``with`` block. Raises SignInError if it cannot be had."""

    def __init__(self, redirect_uri: str) -> None:
        parts = urlsplit(redirect_uri)
        if not is_loopback(redirect_uri):
            raise SignInError(
                "no browser can be waited for at this redirect URI",
                f"{redirect_uri} is not an http address of this machine",
                f"{_PASTE} asks for the address instead",
            )
        self._path, self._found = parts.path or "/", Secret("")
        port = parts.port or 80
        try:
            self._server = _Server(("127.0.0.1", port), _handler(self))
        except (OSError, OverflowError) as error:
            raise SignInError(
                f"port {port} cannot be listened on",
                f"{getattr(error, 'strerror', None) or error}; the redirect URI is {redirect_uri}",
                "finish the other sign-in that waits there, or stop what has the port; or take another redirect URI, and register "
                f"it in the app; or take {_PASTE}, which needs no port",
            ) from error

    def redirect(self) -> Secret:
        """The address with which the browser comes. Raises SignInError if it does not come in time."""
        until = time.monotonic() + PATIENCE
        while not self._found:
            if (left := until - time.monotonic()) <= 0:
                raise SignInError(
                    "no browser came back",
                    f"{PATIENCE // 60} minutes have passed; the page was closed, or is on another machine, or shows an error",
                    f"sign in again; where the browser is on another machine: {_PASTE}; where the page shows an error, "
                    "compare consumer key and Callback URL with the app's",
                )
            self.come(min(0.5, left))  # so that Stop is heard
        return self._found

    def come(self, seconds: float = 0) -> Secret:
        """The address with which the browser has come, or comes within some seconds; an empty one if it does not."""
        self._server.timeout = seconds
        self._server.handle_request()
        return self._found

    def take(self, target: str) -> bool:
        """Take the target of a request, if it is the redirect: browsers ask for /favicon.ico too."""
        if urlsplit(target).path != self._path or not {"code", "error"} & parse_qs(urlsplit(target).query).keys():
            return False
        self._found = Secret(target)
        return True

    def __enter__(self) -> Self:
        return self

    def close(self) -> None:
        """Give the port back."""
        self._server.server_close()

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):  # browsers open connections that they do not use
    # On Windows the option lets two processes have the same port, so that either gets the other's codes.
    allow_reuse_address = os.name == "posix"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a browser that goes away is no news, and a traceback would show the code."""


def _handler(listener: Listener) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5  # seconds, for one who connects and says nothing

        def do_GET(self) -> None:
            taken = listener.take(self.path)
            title = "You can close this page" if taken else "There is nothing here"
            words = (
                "The notebook or program that sent you goes on now."
                if taken
                else "This port waits for a sign-in to come back."
            )
            page = _PAGE.format(title=title, words=words).encode()
            self.send_response(200 if taken else 404)
            for name, value in {
                "Content-Type": "text/html; charset=utf-8",
                "Content-Length": str(len(page)),
                "Cache-Control": "no-store",
                "Referrer-Policy": "no-referrer",
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            """Nothing: the code is in the request's line."""

    return Handler


def code_in(address: Secret, redirect_uri: str, state: str) -> Secret:
    """The code in the address that a browser ends at. The address may be a target alone, as it comes to the port.

    Raises LoginFault for the error that stands there instead, SignInError if it is another address, or belongs to another
    sign-in, or is cut off. Its text is not quoted.
    """
    length = len(address.reveal())
    parts = _parts(address)
    if parts is None:
        raise SignInError("that is no address", f"{length} characters", _COPY)
    place, values = parts
    if place[1] and place != _place(redirect_uri):
        raise SignInError(
            "that is the address of another page",
            f"it is at {place[1]}; the sign-in ends at {redirect_uri}",
            f"sign in first, and press Allow; then {_COPY}",
        )
    if missing := [name for name in ("code", "state") if name not in values and "error" not in values]:
        raise SignInError(
            "the address is cut off" if place[1] else "that is not the address of the page",
            f"there is no {missing[0]} in its {length} characters",
            _COPY,
        )
    given = values.get("state", Secret(""))
    if given != Secret(state):
        if given and state.startswith(given.reveal()):
            raise SignInError("the address is cut off", "its state ends too early", _COPY)
        raise SignInError("the browser comes from another sign-in", "its state is not the one that was sent", _AGAIN)
    if "error" in values:
        raise oauth_fault(values["error"].reveal(), values.get("error_description", Secret("")).reveal())
    return values["code"]


def _place(address: str) -> tuple[str, str, str]:
    """The scheme, host and path, as browsers write them: the host in small letters, no port that goes without saying."""
    parts = urlsplit(address)
    host, path = parts.netloc.lower(), parts.path or ("/" if parts.netloc else "")
    return parts.scheme, host.removesuffix({"http": ":80", "https": ":443"}.get(parts.scheme, "")), path


def _parts(address: Secret) -> tuple[tuple[str, str, str], dict[str, Secret]] | None:
    """The scheme, host and path of an address, and the values in its query; None if it is none."""
    text = address.reveal().strip().strip("<>\"'")
    try:
        values = parse_qs(urlsplit(text).query)
        return _place(text), {name: Secret(given[0]) for name, given in values.items()}
    except ValueError:  # which ends here: the frames that it comes from hold the code
        return None
