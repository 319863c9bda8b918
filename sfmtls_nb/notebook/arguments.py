"""Arguments of the magics, those that several of them share, and the longer ones."""

from __future__ import annotations

from typing import Final

from sfmtls_nb.notebook.lines import argument

NO_CERT: Final = argument("--no-cert", action="store_true", help="present no certificate")
PORT: Final = argument("--port", type=int, choices=[443, 8443], help="default: 8443 with an identity, else 443")
EXPECT: Final = argument(
    "--expect", metavar="FAILURE", completes="failure", help="predict: page, a fault code, or the name of an error"
)
RECIPE: Final = argument(
    "--recipe",
    # Not from the table of recipes: what that loads would slow %load_ext. A test holds the two together.
    choices=["curl", "postman", "bruno", "insomnia", "java", "wsc", "mulesoft", "data-loader", "sf", "dask-kubernetes"],
    help="write what another tool wants of it, and show the lines to paste there",
)
SIGN_IN: Final = (
    argument(
        "username",
        nargs="?",
        completes="user",
        help="default: the profile's, or the practice org's enforced user; else it is asked for",
    ),
    argument(
        "--way",
        metavar="NAME",
        completes="way",
        help="password, jwt, client-credentials, web, sf or session; default: the profile's, else password",
    ),
    argument("--consumer-key", metavar="KEY", help="of the External Client App (jwt, client-credentials, web)"),
    argument("--key", metavar="FILE", completes="file", help="the JWT key, which is not the key for mutual TLS (jwt)"),
    argument("--alias", metavar="NAME", help="of the org in the Salesforce CLI (sf)"),
    argument("--instance-url", metavar="URL", help="of the org that the session id is from (session)"),
    argument("--secret-from", metavar="PLACE", help="where the secret is: env:NAME, keyring:SERVICE/USERNAME or fd:N"),
    argument("--paste", action="store_true", help="ask for the address that the browser ends at (web)"),
    argument("--form", action="store_true", help="a form, which says when to take which way"),
    EXPECT,
)
