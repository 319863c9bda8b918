"""Consent: the page on which a user signs in and allows an External Client App, and the one that may come after it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

SUCCESS: Final = b"<html><body>You are signed in. Copy the address of this page: the code is in it.</body></html>"


def consent_page(asked: Mapping[str, str], problem: str = "") -> str:
    """Write the page. asked: the parameters of the authorize request. problem: of the attempt before."""
    kept = ("client_id", "redirect_uri", "response_type", "state", "code_challenge", "code_challenge_method", "scope")
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(asked[name])}">' for name in kept if name in asked
    )
    alert = f'<p role="alert"><strong>{escape(problem)}</strong></p>' if problem else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Practice Org | Allow access?</title><style>'
        "body{font:16px/1.5 system-ui,sans-serif;max-width:26em;margin:3em auto;padding:0 1em;color-scheme:light dark}"
        "label{display:block;margin:.8em 0 .2em}input:not([type=hidden]){width:100%;padding:.5em;box-sizing:border-box;font:inherit}"
        "button{font:inherit;padding:.5em 1.2em;margin:1.2em .6em 0 0}</style></head><body>"
        "<h1>Allow access?</h1><p>This is the <b>practice org</b>, on your own machine: nothing here is Salesforce's.</p>"
        "<p>The External Client App asks to: access and manage your data (api), act at any time (refresh_token), "
        f'know who you are (openid).</p>{alert}<form method="post">{hidden}'
        '<label for="username">Username</label><input id="username" name="username" autocomplete="username" required>'
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" required>'
        '<button name="allow" value="1">Allow</button>'
        '<button name="deny" value="1" formnovalidate>Deny</button></form></body></html>'
    )
