"""OAuthFaults: what the token endpoint refuses with, and the next step, in one table."""

from __future__ import annotations

from typing import Final

from sfmtls_nb.errors import LoginFault

_APP: Final = "Setup > External Client App Manager > your app"
_ENDED: Final = "nothing is left to do: the org knows no such token, so it has ended already"
_CLOCK: Final = "look at this machine's clock first: it may be minutes off"

#: (error, or empty for any; words of its description, or empty for any; next step). The first row that fits applies.
#: The texts are documented by Salesforce or told by its users; a text that is in no row gets the error's general one.
_ROWS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "",
        "not installed in this org",
        f"the consumer key is of an app in another org, or was lost when the sandbox was refreshed: take the one of {_APP}, in "
        "this org, or have the app installed here; and sign in at the My Domain: since Spring '26 some orgs answer this to who "
        "signs in at login.salesforce.com or test.salesforce.com",
    ),
    (
        "",
        "approved this consumer",
        f"let the user in: {_APP} > Policies > Permitted Users: admin approved users are pre-authorized, and there a profile or "
        "permission set of the user; a username that this org does not have gets the same answer",
    ),
    (
        "",
        "admin approved",
        f"let the user in: {_APP} > Policies, and there a profile or permission set of the user",
    ),
    (
        "",
        "audience",
        "sign in where the user is: a sandbox at its My Domain or test.salesforce.com, production at its My Domain or "
        "login.salesforce.com; after a sandbox was refreshed, its app has a new consumer key",
    ),
    (
        "",
        "assertion",
        f"compare the JWT key with the certificate of {_APP} > Settings > OAuth Settings > Enable JWT Bearer Flow: they have to be a pair, "
        "and RSA of 2048 bits or more; the key for mutual TLS is another one, unless you chose the same",
    ),
    (
        "",
        "certificate",
        'sign in with the client certificate, on 8443 of the My Domain: Org(login_url="https://NAME.my.salesforce.com:8443"), '
        "login(…, identity=…); in a notebook by a profile with that login_url, after %sf_identity",
    ),
    (
        "invalid_client_id",
        "",
        f"copy the consumer key again, whole: {_APP} > Settings > OAuth Settings > Consumer Key and Secret; an app made a moment ago "
        "can take ten minutes to be known",
    ),
    (
        "invalid_client",
        "",
        f"copy the consumer secret again, whole: {_APP} > Settings > OAuth Settings > Consumer Key and Secret; rotating it ends the old one",
    ),
    (
        "",
        "client credentials user",
        f"name the user that the app runs as: {_APP} > Policies > Enable Client Credentials Flow > Run As",
    ),
    (
        "",
        "not supported on this domain",
        "sign in at the My Domain, https://NAME.my.salesforce.com; Setup > My Domain shows it",
    ),
    ("", "token request", "sign in at the My Domain, https://NAME.my.salesforce.com; Setup > My Domain shows it"),
    (
        "",
        "ip restricted",
        f"call from an address that the user may come from, or relax it: {_APP} > Policies > IP Relaxation; the user's profile has "
        "Login IP Ranges and Login Hours too",
    ),
    ("", "expired authorization code", f"sign in anew: a code is good for 15 minutes, a JWT for 3; {_CLOCK}"),
    ("", "authorization code", "sign in anew: a code is good once, and whole"),
    ("", "code verifier", "sign in anew, and finish it where it was begun: the redirect was made for another sign-in"),
    (
        "",
        "access/refresh token",
        "sign in anew: the app's refresh token policy, an administrator or a revoke has ended it",
    ),
    ("", "inactive", "ask an administrator: the user or the org is not active"),
    (
        "",
        "authentication failure",
        "Setup > Users shows whether the user is locked, frozen or not active; too many wrong passwords lock one for a while",
    ),
    (
        "unauthorized_client",
        "",
        f"switch this flow on: {_APP} > Settings > OAuth Settings > Flow Enablement",
    ),
    ("", "code challenge", "sign in with WebLogin, which sends one: this app requires PKCE"),
    ("", "password", "sign in with a browser once, and set a new password there"),
    (
        "redirect_uri_mismatch",
        "",
        f"let both say the same, character by character: WebLogin(redirect_uri=…) and {_APP} > Settings > OAuth Settings > Callback URL",
    ),
    (
        "OAUTH_APP_ACCESS_DENIED",
        "",
        f"let the user in: {_APP} > Policies, and there a profile or permission set of the user",
    ),
    ("OAUTH_EC_APP_NOT_FOUND", "", "take the consumer key of an app that this org has, or have the app installed here"),
    ("OAUTH_APP_BLOCKED", "", "ask an administrator to unblock the app: Setup > Connected Apps OAuth Usage"),
    ("access_denied", "", "sign in anew and press Allow; or ask an administrator whether the app is blocked"),
    (
        "unsupported_grant_type",
        "",
        f"switch this flow on: {_APP} > Settings > OAuth Settings > Flow Enablement",
    ),
    (
        "invalid_scope",
        "",
        f"add the scopes api and refresh_token: {_APP} > Settings > OAuth Settings > Selected OAuth Scopes",
    ),
    ("unsupported_token_type", "", _ENDED),
    ("invalid_token", "", _ENDED),
    (
        "invalid_grant",
        "",
        "Setup > Users > Login History of the user says which check failed: user, IP range, login hours, app policy",
    ),
)
_UNLISTED: Final = (
    "Setup > Users > Login History of the user says more; Salesforce's help lists “OAuth 2.0 error codes”"
)


def oauth_fault(error: str, description: str) -> LoginFault:
    """The fault that an OAuth answer with this error is; also one that stands in a redirect."""
    text = description.casefold()
    next_step = next((step for name, words, step in _ROWS if name in ("", error) and words in text), _UNLISTED)
    said = f"{error}: {description}" if description else error
    return LoginFault(f"the org answered {said}", f"error {error}", next_step, error, description)
