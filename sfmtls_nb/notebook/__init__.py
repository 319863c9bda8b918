"""The Jupyter face: magics that read a line, call the core and return what it made, and how that looks."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from IPython.core.completer import CompletionContext, SimpleMatcherResult, context_matcher
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb.notebook.diagnosis import SfDiagnosis
from sfmtls_nb.notebook.drilling import SfDrill, register_controls
from sfmtls_nb.notebook.help import SfHelp
from sfmtls_nb.notebook.magics import SfMagics
from sfmtls_nb.notebook.membership import SfMembership
from sfmtls_nb.notebook.views.registry import offer_traceback, register_views

if TYPE_CHECKING:
    from sfmtls_nb.notebook.completion.completion import Completion

__all__ = ["SfMagics", "load_ipython_extension"]

_MATCHER: Final = "sfmtls_nb"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext sfmtls_nb``: register the magics and the views in a shell. A second time (%reload_ext) keeps what the cells share."""
    before, drill = (shell.magics_manager.registry.get(kind.__name__) for kind in (SfMagics, SfDrill))
    shell.register_magics(
        before or SfMagics(shell), SfDiagnosis(shell), drill or SfDrill(shell), SfMembership(shell), SfHelp(shell)
    )
    register_views(shell)
    register_completion(shell)
    _put_last(shell.input_transformers_cleanup, without_body, "__name__")
    if before is None and hasattr(shell, "kernel"):  # a terminal shows no HTML
        shell.events.register("post_run_cell", partial(offer_traceback, shell.display_pub))
        register_controls(shell)


def without_body(lines: list[str]) -> list[str]:
    """Turn a cell of ours that is empty below its first line into a line: IPython refuses an empty cell."""
    head, *more = [line for line in lines if line.strip()] or [""]
    return lines if more or not head.startswith("%%sf_") else [head[1:]]


# Only what is run is rewritten: while a cell is typed into a terminal, more of it may follow.
without_body.has_side_effects = True  # type: ignore[attr-defined]  # by this name IPython looks for it


def register_completion(shell: InteractiveShell) -> None:
    """Complete our lines and cells on the Tab key; registering it again changes nothing."""

    @cache
    def completion() -> Completion:
        # Where it is used: %load_ext has to be quick.
        from sfmtls_nb.notebook.completion.completion import Completion  # noqa: PLC0415

        return Completion(shell)

    # First of all matchers: what it answers, it answers alone.
    @context_matcher(identifier=_MATCHER, priority=1000)
    def matcher(context: CompletionContext) -> SimpleMatcherResult:
        return completion().matches(context) if "%sf_" in context.full_text else {"completions": []}

    _put_last(shell.Completer.custom_matchers, matcher, "matcher_identifier")


def _put_last(hooks: list[Any], hook: Any, name: str) -> None:
    """Put a hook of ours into a list of IPython's, in place of the one that an earlier loading has left there.

    name: the attribute that tells which hook it is.
    """
    hooks[:] = [*(each for each in hooks if getattr(each, name, None) != getattr(hook, name)), hook]
