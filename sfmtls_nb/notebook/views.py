"""Views: how the core's values look in a notebook. Each keeps the plain text of its repr or str beside the HTML."""

from __future__ import annotations

from html import escape
from typing import Final, cast

from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.identity import ClientIdentity
from sfmtls_nb.notebook.identity_view import identity_html, identity_text
from sfmtls_nb.notebook.tree import brief, tree_html
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.session import Session
from sfmtls_nb.soap import Reply, indented

_CELL: Final = "text-align:left;padding:2px 1.2em 2px 0;vertical-align:top"
_RED, _BOLD, _PLAIN = "\033[31m", "\033[1m", "\033[0m"


def register_views(shell: InteractiveShell) -> None:
    """Teach a shell's display formatter, and its tracebacks, about our types."""
    formatters = cast("DisplayFormatter", shell.display_formatter).formatters
    html = formatters["text/html"]
    html.for_type(Reply, lambda reply: tree_html(reply.root))
    html.for_type(SfmtlsError, error_html)
    html.for_type(ClientIdentity, identity_html)
    html.for_type(Session, lambda session: _table(session_rows(session)))
    html.for_type(PracticeOrg, lambda practice: _table(practice_rows(practice)))
    plain = formatters["text/plain"]
    plain.for_type(Reply, lambda reply, printer, cycle: printer.text(indented(brief(reply.root))))
    plain.for_type(SfmtlsError, lambda error, printer, cycle: printer.text(f"{type(error).__name__}: {error}"))
    plain.for_type(ClientIdentity, lambda identity, printer, cycle: printer.text(identity_text(identity)))
    plain.for_type(Session, lambda session, printer, cycle: printer.text(_lines(session_rows(session))))
    plain.for_type(PracticeOrg, lambda practice, printer, cycle: printer.text(_lines(practice_rows(practice))))
    # IPython asks the exception itself how its traceback is to be shown; it stays an exception and still raises.
    setattr(SfmtlsError, "_render_traceback_", error_lines)  # noqa: B010  # not a method of the core's class


def error_lines(error: SfmtlsError) -> list[str]:
    """An uncaught error in three lines: what, evidence, next step."""
    name = type(error).__name__
    return [f"{_RED}{_BOLD}{name}{_PLAIN}{_RED}: {error.what}{_PLAIN}", *str(error).splitlines()[1:]]


def error_html(error: SfmtlsError) -> str:
    """An error as a value: what `--expect` returns when the prediction comes true."""
    rows = [("what", error.what), ("evidence", error.evidence), ("next", error.next_step)]
    return (
        '<div style="border-left:4px solid #d1803a;padding-left:.8em">'
        f"<b>{escape(type(error).__name__)}</b>{_table([row for row in rows if row[1]])}</div>"
    )


def session_rows(session: Session) -> list[tuple[str, str]]:
    """Where the session is good, and what may be shown of its id."""
    return [
        ("session id", str(session.session_id)),
        ("server URL", session.server_url),
        ("on 8443", session.org.endpoint(session.server_url, 8443)),
    ]


def practice_rows(practice: PracticeOrg) -> list[tuple[str, str]]:
    """The doors, the users, and where the files are."""
    if not practice.running:
        return [("practice org", "stopped")]
    users = ", ".join(f"{user.username} ({user.name})" for user in practice.state.users)
    return [
        ("stands for 443", practice.api_url),
        ("stands for 8443", practice.mutual_url),
        ("users", users),
        ("files", str(practice.directory)),
    ]


def _table(rows: list[tuple[str, str]]) -> str:
    cells = "".join(
        f'<tr style="background:transparent"><th style="{_CELL};font-weight:600;opacity:.75;white-space:nowrap">{escape(name)}</th>'
        f'<td style="{_CELL}">{escape(value)}</td></tr>'
        for name, value in rows
    )
    return f'<table style="border-collapse:collapse;margin:2px 0">{cells}</table>'


def _lines(rows: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)
