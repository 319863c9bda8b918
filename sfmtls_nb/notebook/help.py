"""Help: all magics on one screen, %sf_help."""

from __future__ import annotations

import inspect
import re
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from IPython.core.magic import Magics, line_magic, magics_class

from sfmtls_nb.notebook.lines import takes

#: The first clause of a docstring says what a magic does; the others, in which cases and how.
_CLAUSE: Final = re.compile(r"[^.:;]+")


@dataclass(frozen=True)
class Overview:
    """The magics, each with what it does in a line."""

    magics: Sequence[tuple[str, str]]


@magics_class
class SfHelp(Magics):
    """The one magic that knows of the others."""

    @line_magic
    @takes()
    def sf_help(self, chosen: Namespace) -> Overview:
        """Show all magics, each in a line."""
        magics = self.shell.magics_manager.magics["line"] if self.shell else {}
        return Overview([(f"%{name}", _does(magic)) for name, magic in magics.items() if name.startswith("sf_")])


def _does(magic: Callable[..., Any]) -> str:
    # The docstring of the method; that of the magic is what --help prints.
    return str(_CLAUSE.findall(str(inspect.unwrap(magic).__doc__))[0])
