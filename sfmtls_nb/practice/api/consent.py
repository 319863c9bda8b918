"""Consent: the page on which a user signs in and allows an External Client App, and the one that may come after it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:0 auto;padding:clamp(1rem,6vw,3rem) 1rem;"
    "color:CanvasText;background:Canvas;overflow-wrap:anywhere}"
    "h1{font-size:1.5rem;line-height:1.25;margin:.2em 0 .6em}.where{margin:0;opacity:.8;font-size:.875rem}"
    "ul{padding-left:1.2em}label{display:block;font-weight:600;margin:1em 0 .25em}"
    "input:not([type=hidden]){width:100%;padding:.6em;box-sizing:border-box;font:inherit;border:1px solid GrayText;"
    "border-radius:.3em;background:Field;color:FieldText}"
    "[role=alert]{padding:.6em .8em;border-left:.3em solid #d33;background:color-mix(in srgb,#d33 14%,Canvas)}"
    ".do{display:flex;flex-wrap:wrap;gap:.6rem;margin:1.4em 0}"
    "button{font:inherit;padding:.5em 1.4em;border:1px solid #0b5cab;border-radius:.3em;background:Canvas;"
    "color:CanvasText;cursor:pointer}button[name=allow]{background:#0b5cab;color:#fff}"
    ":focus-visible{outline:3px solid #2f8fe6;outline-offset:2px}"
)


def _page(title: str, content: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Practice Org | {title}</title><style>{_STYLE}</style></head><body><main>{content}</main></body></html>"
    )


def arrival_page(result: Mapping[str, str]) -> str:
    """Write the page to which a browser is sent back where the app has none. result: what it is sent back with."""
    if "error" in result:
        reason = escape(result.get("error_description", result["error"]))
        said = (
            f"<h1>You are not signed in</h1><p>{reason}</p><p>The address of this page says so to whom it is given.</p>"
        )
    else:
        said = "<h1>You are signed in</h1><p>Copy the address of this page: the code is in it. Paste it where it is asked for.</p>"
    return _page("Signing in", said)


def consent_page(app: str, asked: Mapping[str, str], problem: str = "") -> str:
    """Write the page. app: its name. asked: the parameters of the authorize request. problem: of the attempt before."""
    kept = ("client_id", "redirect_uri", "response_type", "state", "code_challenge", "code_challenge_method", "scope")
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(asked[name])}">' for name in kept if name in asked
    )
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    return _page(
        "Allow access?",
        '<p class="where">Practice org, on your own machine: nothing here is Salesforce’s.</p><h1>Allow access?</h1>'
        f"<p><b>{escape(app)}</b>, an External Client App, asks to:</p><ul><li>access and manage your data (api)</li>"
        "<li>act at any time (refresh_token)</li><li>know who you are (openid)</li></ul>"
        f'{alert}<form method="post">{hidden}<label for="username">Username</label>'
        f'<input id="username" name="username" value="{escape(asked.get("username", ""))}" autocomplete="username" required>'
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" required>'
        '<div class="do"><button name="allow" value="1">Allow</button>'
        '<button name="deny" value="1" formnovalidate>Deny</button></div></form>',
    )
