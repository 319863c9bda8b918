"""Summaries: a session, a practice org, an error, a call, in a few lines of text or HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final
from urllib.parse import urlsplit

from sfmtls_nb.api import Part, Reply
from sfmtls_nb.connection import Exchange
from sfmtls_nb.diagnose import verdict_on
from sfmtls_nb.errors import CertificatePageError, HandshakeError, MutualAuthenticationFault, SfmtlsError
from sfmtls_nb.notebook.help import Overview
from sfmtls_nb.notebook.views.tree import brief, tree_html
from sfmtls_nb.org import Org
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.secret import mask_session_ids
from sfmtls_nb.session import Session
from sfmtls_nb.xml import detach, format_xml

Rows = Sequence[tuple[str, str]]

#: The number of elements of a part that are drawn.
_SHOWN: Final = 20
_CELL: Final = "text-align:left;padding:2px 1.2em 2px 0;vertical-align:top"


def reply_html(reply: Reply) -> str:
    """The envelope as a tree."""
    return tree_html(reply.root)


def reply_text(reply: Reply) -> str:
    """The envelope as ``xmllint --format`` prints it, its long lists cut."""
    return format_xml(brief(reply.root))


def part_html(part: Part) -> str:
    """Each of the elements as a tree."""
    return "".join(map(tree_html, part.elements[:_SHOWN])) + (
        f"<div>{escape(_rest(part))}</div>" if _rest(part) else ""
    )


def part_text(part: Part) -> str:
    """Each of the elements as text."""
    shown = Part(part.path, tuple(brief(detach(each)) for each in part.elements[:_SHOWN]))
    return "\n".join(filter(None, (str(shown), _rest(part))))


def _rest(part: Part) -> str:
    if not part:
        return f"the reply has nothing at {part.path}"
    return f"… {len(part) - _SHOWN:,} more" if len(part) > _SHOWN else ""


def session_rows(session: Session) -> Rows:
    """The way in and who came in by it, the masked id of a session, its end, and the URLs it is good at."""
    ends = (
        f"{session.expires:%Y-%m-%d %H:%M} UTC, or later if it is used" if session.expires else "when the org says so"
    )
    then = "then it signs in again by itself" if session.renews else "then you sign in again"
    rows = [
        ("way in", session.by),
        ("session id", str(session.session_id)),
        ("ends", f"{ends}; {then}"),
        ("server URL", session.server_url),
        ("on 8443", session.org.endpoint(session.server_url, 8443)),
    ]
    return [row for row in rows if row[1]]


def org_rows(org: Org) -> Rows:
    """The URL and version of an org, and the root that is trusted."""
    rows = [
        ("sign in at", org.login_url),
        ("mutual TLS on", f"port {org.mutual_port}"),
        ("API version", org.api_version),
        ("trusted root", str(org.ca_file or "")),
    ]
    return [row for row in rows if row[1]]


def practice_rows(practice: PracticeOrg) -> Rows:
    """The doors and users of a practice org, and the folder of its files."""
    if not practice.running:
        return [("practice org", "stopped")]
    users = ", ".join(f"{user.username} ({user.name})" for user in practice.state.users)
    return [
        ("stands for 443", practice.api_url),
        ("stands for 8443", practice.mutual_url),
        ("users", users),
        ("files", str(practice.directory)),
    ]


def overview_rows(overview: Overview) -> Rows:
    """A row for each magic, and one for what all of them take."""
    shared = "takes --help, which shows all its flags, and --out NAME, which keeps the result"
    return [*overview.magics, ("any of them", shared)]


def error_html(error: SfmtlsError) -> str:
    """An error as a value, which ``--expect`` returns when the prediction comes true."""
    return _error_box(error, "", "")


def failure_html(error: SfmtlsError) -> str:
    """An error that was not expected; in words too, for those who do not see its colour."""
    return _error_box(error, "✖ error: ", ' role="alert"')


def _error_box(error: SfmtlsError, before: str, role: str) -> str:
    rows = [("what", error.what), ("evidence", error.evidence), ("in TLS", in_tls(error)), ("next", error.next_step)]
    return (
        f'<div{role} style="border-left:4px solid #d1803a;padding-left:.8em">'
        f"<b>{before}{escape(type(error).__name__)}</b>{table_html([row for row in rows if row[1]])}</div>"
    )


def error_text(error: SfmtlsError) -> str:
    """An error as text."""
    rows = [("evidence", error.evidence), ("in TLS", in_tls(error)), ("next", error.next_step)]
    return "\n".join([f"{type(error).__name__}: {error.what}", *(f"  {name}: {text}" for name, text in rows if text)])


def traceback_html(error: SfmtlsError, traceback: str) -> str:
    """The folded part below an error that was not caught: the error again in a table, and the whole traceback."""
    return (
        '<details style="margin:.3em 0"><summary style="cursor:pointer">the whole traceback</summary>'
        f"{error_html(error)}"
        f'<pre style="font-size:.92em;overflow-x:auto;margin:.6em 0">{escape(traceback)}</pre></details>'
    )


def exchange_rows(exchange: Exchange) -> Rows:
    """The call, its answer, how it was encrypted, and what became of the client's certificate."""
    return [
        ("call", f"{exchange.request.method} {mask_session_ids(exchange.request.url)}"),
        ("answer", _came(exchange)),
        ("encrypted", exchange.tls or "no TLS"),
        ("in TLS", _fate(exchange)),
        ("more", ".handshake is all that was said, message by message; %sf_why tells what was wrong"),
    ]


def handshake_line(exchange: Exchange) -> str:
    """The connection of a call in one line: host, TLS version, what became of the client's certificate, HTTP status."""
    where = urlsplit(exchange.request.url).netloc
    return f"{where} · {exchange.tls or 'no TLS'} · {_fate(exchange)} · {_came(exchange)}"


def _fate(exchange: Exchange) -> str:
    return str(verdict_on(exchange) or "what became of the certificate is not known")


def _came(exchange: Exchange) -> str:
    return f"HTTP {exchange.status}, {1000 * exchange.elapsed:.0f} ms" if exchange.status else "no answer"


def in_tls(error: SfmtlsError) -> str:
    """What became of the client's certificate in TLS, in a line; empty for an error that is not about that."""
    about = isinstance(error, HandshakeError | CertificatePageError | MutualAuthenticationFault)
    return str(verdict_on(error.exchange) or "") if about and error.exchange else ""


def table_html(rows: Rows) -> str:
    """Rows of a name and a text; a text of several lines has letters of one width, so that they stand below each other."""
    lines = ";font-family:var(--jp-code-font-family,monospace);font-size:.95em"
    cells = "".join(
        f'<tr style="background:transparent"><th style="{_CELL};font-weight:600;opacity:.75;white-space:nowrap">{escape(name)}</th>'
        f'<td style="{_CELL};min-width:12em;white-space:pre-wrap;overflow-wrap:anywhere{lines * (chr(10) in value)}">{escape(value)}</td></tr>'
        for name, value in rows
    )
    return f'<table style="border-collapse:collapse;margin:2px 0">{cells}</table>'


def table_text(rows: Rows) -> str:
    """Rows of a name and a text, as text."""
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)
