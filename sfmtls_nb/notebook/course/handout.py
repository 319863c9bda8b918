"""Handout: the course on two pages to print, with the picture, a handshake, the ten commands and the table of failures."""

from __future__ import annotations

import re
from base64 import b64encode
from html import escape
from importlib.resources import files
from typing import Final, NamedTuple

from sfmtls_nb.diagnose import FAILURES
from sfmtls_nb.handshake import Handshake
from sfmtls_nb.notebook.views.timeline_svg import timeline_svg


class Seen(NamedTuple):
    """A row of the table. seen: the words or the event that one meets; failure: its name; do: what to do, in a clause."""

    seen: str
    failure: str
    do: str


#: In the order in which they come up on the way to a first call.
COMMANDS: Final = (
    ("%load_ext sfmtls_nb", "load the toolkit, once a notebook"),
    ("%sf_org acme", "choose the org by its My Domain; practice is the one on your machine"),
    ("%sf_login", "sign in; --way names a way without a password"),
    ("%sf_identity client.key client.crt intermediates.pem", "put key and certificates in order, and check them"),
    ("%sf_soap getUserInfo", "call on 8443 with the certificate"),
    ("%sf_soql SELECT Name FROM Account", "ask for records: a DataFrame"),
    ("%sf_handshake", "was my certificate sent? The last call's handshake"),
    ("%sf_why", "why did it fail? The causes, each with what shows it"),
    ("%sf_doctor", "check the way to the org, step by step"),
    ("%sf_curl", "the last call as a command for a terminal"),
)

#: Grouped as one meets them: signing in, on the way, on 8443, on 443, later.
FAILURES_SEEN: Final = (
    Seen("INVALID_LOGIN", "invalid-login", "check username, password, and the security token after it; is the user locked?"),
    Seen("INVALID_OPERATION: SOAP API login() is disabled", "soap-login-off", "take another way in: %sf_login --way …"),
    Seen("INSUFFICIENT_ACCESS at login", "any-api-auth-missing", "the user needs the permission Use Any API Auth"),
    Seen("8443 of login.salesforce.com does not answer", "login-host-on-8443", "8443 is on the host that serverUrl names"),
    Seen("8443 hangs until the time is up", "port-filtered", "have 8443 allowed to leave the network"),
    Seen("certificate verify failed", "resigning-proxy", "a proxy opens TLS: have these hosts passed through unopened"),
    Seen("page: No client certificate provided.", "no-certificate", "give the call the certificate and its key"),
    Seen("page: unable to get local issuer certificate", "intermediate-missing", "send the intermediates after the leaf"),
    Seen("the same, with all intermediates", "root-not-accepted", "compare the root with /cacerts.jsp of the org"),
    Seen("page: certificate has expired", "expired", "renew; upload the new leaf before the old one ends"),
    Seen("page: unsuitable certificate purpose", "server-auth-only", "ask the authority for clientAuth"),
    Seen("alert certificate_required, handshake_failure", "no-certificate", "as for the page: the certificate was not sent"),
    Seen("MUTUAL_AUTHENTICATION_FAILED on 443", "session-on-443", "put :8443 after the host, and call there"),
    Seen("MUTUAL_AUTHENTICATION_FAILED on 8443", "not-uploaded", "upload this very leaf in Setup"),
    Seen("key values mismatch; curl: (58)", "key-mismatch", "find the key that the leaf was made for"),
    Seen("INVALID_SESSION_ID", "session-ended", "sign in again, at the same org"),
    Seen("a call works without a certificate", "not-asked", "it proves nothing: is the user enforced? Is the port 8443?"),
)  # fmt: skip

_STYLE: Final = """
@page { size: A4; margin: 10mm 12mm }
:root { color-scheme: light dark; --ink: #1f2937; --quiet: #5b6776; --line: #c9d2dc; --band: #f3f6f9 }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --quiet: #9aa7b5; --line: #36414d; --band: #1b232c } body { background: #0d1117 } }
* { box-sizing: border-box }
body { color: var(--ink); font: 9.5pt/1.3 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; margin: 0 }
section { max-width: 186mm; margin: 0 auto; padding: 6mm 3mm }
@media print { section { padding: 0 } section + section { break-before: page } }
h1 { font-size: 20pt; line-height: 1.15; margin: 0 0 1.5mm } h2 { font-size: 12.5pt; margin: 4.5mm 0 1.5mm }
p { margin: 0 0 3mm; font-size: 11pt } .quiet { color: var(--quiet) } img { display: block; margin: auto }
.doors { width: 70% } .wire { width: 90% }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top; padding: .72mm 1.4mm; font-size: 8.7pt; line-height: 1.25 }
th { font-weight: 600; color: var(--quiet); border-bottom: 1px solid var(--ink) } tr + tr td { border-top: 1px solid var(--line) }
tbody tr:nth-child(odd) { background: var(--band); print-color-adjust: exact; -webkit-print-color-adjust: exact }
code { font: 8pt/1.25 ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace } .name { white-space: nowrap } td { width: 35% } td:first-child { width: 27% }
.commands td:first-child { width: 43% } footer { margin-top: 3mm; font-size: 8pt; color: var(--quiet) }
"""


def handout_html(mutual: Handshake) -> str:
    """The hand-out as a page of HTML that stands alone; printed on A4 it has two pages.

    mutual: the handshake that is drawn, one in which the certificate was sent and accepted.
    """
    doors = files("sfmtls_nb.notebook.course").joinpath("pictures/two_doors.svg").read_text(encoding="utf-8")
    commands = "".join(
        f"<tr><td><code>{escape(line)}</code></td><td>{escape(does)}</td></tr>" for line, does in COMMANDS
    )
    failures = "".join(map(_row, FAILURES_SEEN))
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Salesforce mutual TLS on two pages</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>
<section><h1>Salesforce mutual TLS on two pages</h1>
<p class="quiet">Sign in on 443. Call on 8443, with your certificate and the session id. Then both ends have proven who they are.</p>
{_image(doors, "doors")}
<h2>How it looks on the wire</h2>
{_image(timeline_svg(mutual), "wire")}</section>
<section><h2>Ten commands for a notebook</h2>
<table class="commands"><tbody>{commands}</tbody></table>
<h2>What you see, what it is, what to do</h2>
<table><thead><tr><th>you see</th><th>it is</th><th>do</th></tr></thead><tbody>{failures}</tbody></table>
<footer>sfmtls_nb · the name in the second column is the page to read on: <code>%sf_why</code> links to it,
<code>failures/NAME</code> is its address. Words of the page other than the first two, and the fault on 8443, are
simulated by the practice org; what Salesforce says may differ.</footer></section>
</body></html>
"""


def _row(row: Seen) -> str:
    title = FAILURES[row.failure].title
    return (
        f"<tr><td><code>{escape(row.seen)}</code></td>"
        f'<td>{escape(title)}: <code class="name">{row.failure}</code></td><td>{escape(row.do)}</td></tr>'
    )


def _image(svg: str, name: str) -> str:
    """An SVG as an image, so that the styles of each are its own; its alt text is what it tells in its ``desc``."""
    (alt,) = re.findall(r"<desc[^>]*>(.*?)</desc>", svg, re.DOTALL)
    return f'<img class="{name}" alt="{" ".join(alt.split())}" src="data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}">'
