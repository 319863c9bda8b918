"""Views: how the core's values look in a notebook. Each keeps a plain text beside the HTML.

They are registered by the names of types, and what draws them is imported when there is something to draw: %load_ext has
to be quick.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, cast

from IPython.core.displaypub import DisplayPublisher
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook.lines import traceback_of

#: Lines below the first, and characters of one, that an error takes at most.
_LINES, _LONG = 14, 1_000
# No colour: where HTML is shown an error stands on red already.
_BOLD, _PLAIN = "\033[1m", "\033[0m"

Draw = Callable[[Any], str]


def _drawn(module: str, what: str, form: str) -> Draw:
    """The function that draws a type in a form, ``html`` or ``text``; its module is imported when it is called.

    It is one of that name, such as ``reply_html``; or the table of ``org_rows``.
    """

    def draw(value: Any) -> str:
        views = import_module(f"sfmtls_nb.notebook.{module}")
        if rows := getattr(views, f"{what}_rows", None):
            return str(getattr(views, f"table_{form}")(rows(value)))
        return str(getattr(views, f"{what}_{form}")(value))

    return draw


#: Module and name of a type -> the module of its view, and its name there.
_VIEWS: Final = {
    ("sfmtls_nb.api.reply", "Reply"): ("views.summaries", "reply"),
    ("sfmtls_nb.api.reply", "Part"): ("views.summaries", "part"),
    ("sfmtls_nb.connection.request", "Exchange"): ("views.summaries", "exchange"),
    ("sfmtls_nb.errors", "SfmtlsError"): ("views.summaries", "error"),
    ("sfmtls_nb.certificates.identity", "ClientIdentity"): ("views.identity", "identity"),
    ("sfmtls_nb.handshake.handshake", "Handshake"): ("views.timeline", "timeline"),
    ("sfmtls_nb.notebook.both_ends", "BothEnds"): ("views.timeline", "both_ends"),
    ("sfmtls_nb.diagnose.diagnosis", "Diagnosis"): ("views.diagnosis", "diagnosis"),
    ("sfmtls_nb.diagnose.checkup", "Checkup"): ("views.diagnosis", "checkup"),
    ("sfmtls_nb.diagnose.failure", "Page"): ("views.page", "page"),
    ("sfmtls_nb.org", "Org"): ("views.summaries", "org"),
    ("sfmtls_nb.session", "Session"): ("views.summaries", "session"),
    ("sfmtls_nb.practice.org", "PracticeOrg"): ("views.summaries", "practice"),
    ("sfmtls_nb.notebook.calls", "Command"): ("views.code", "command"),
    ("sfmtls_nb.notebook.help", "Overview"): ("views.summaries", "overview"),
    ("sfmtls_nb.notebook.renewal", "Renewal"): ("views.renewal", "renewal"),
    ("sfmtls_nb.notebook.drill.drill", "Open"): ("drill.view", "open"),
    ("sfmtls_nb.notebook.drill.drill", "Looked"): ("drill.view", "looked"),
    ("sfmtls_nb.notebook.drill.drill", "Answered"): ("drill.view", "answered"),
    ("sfmtls_nb.notebook.drill.final_test", "FinalTest"): ("drill.view", "final_test"),
    ("sfmtls_nb.notebook.course.course", "Checked"): ("course.view", "checked"),
    ("sfmtls_nb.notebook.course.course", "Standing"): ("course.view", "standing"),
    ("sfmtls_nb.notebook.course.glossary", "Entries"): ("course.view", "entries"),
}


def register_views(shell: InteractiveShell) -> None:
    """Teach a shell's display formatter, and its tracebacks, about our types."""
    formatters = cast("DisplayFormatter", shell.display_formatter).formatters
    for (module, name), (place, what) in _VIEWS.items():
        formatters["text/html"].for_type_by_name(module, name, _drawn(place, what, "html"))
        formatters["text/plain"].for_type_by_name(module, name, _printed(_drawn(place, what, "text")))
    # IPython asks the exception itself how its traceback is to be shown; it stays an exception and still raises.
    setattr(SfmtlsError, "_render_traceback_", error_lines)  # noqa: B010  # not a method of the core's class


def _printed(plain: Draw) -> Callable[[Any, Any, bool], None]:
    return lambda value, printer, cycle: printer.text(plain(value))


def error_lines(error: SfmtlsError) -> list[str]:
    """An uncaught error in three lines, or some more: the error, the evidence, the next step."""
    told = import_module("sfmtls_nb.notebook.views.summaries").error_text(error).partition(": ")[2]
    first, *others = [each if len(each) <= _LONG else f"{each[:_LONG]}…" for each in told.splitlines()] or [""]
    if len(others) > _LINES:
        kept = _LINES - 2
        others = [*others[:kept], f"  … {len(others) - _LINES:,} more lines", *others[-2:]]
    return [f"{_BOLD}{type(error).__name__}{_PLAIN}: {first}", *others]


def offer_traceback(publisher: DisplayPublisher, result: ExecutionResult) -> None:
    """Show the whole traceback, folded, below an error of ours that ended a cell; where HTML is shown."""
    error = result.error_in_exec
    if isinstance(error, SfmtlsError):
        html = import_module("sfmtls_nb.notebook.views.summaries").traceback_html(error, traceback_of(error))
        publisher.publish({"text/plain": "(with --traceback the magic prints the whole traceback)", "text/html": html})
