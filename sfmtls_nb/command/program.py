"""Program: this command as it can be typed where it runs."""

from __future__ import annotations

import shlex
import shutil
import sys
import sysconfig
from pathlib import Path


def program() -> str:
    """``sfmtls-nb`` where the shell finds it by that name; else its path, or the module that Python runs."""
    script = Path(sysconfig.get_path("scripts"), "sfmtls-nb")
    found = shutil.which("sfmtls-nb")
    if found and script.exists() and Path(found).samefile(script):
        return "sfmtls-nb"
    if not script.exists():
        return shlex.join([sys.executable, "-m", "sfmtls_nb.command.cli"])
    here = Path.cwd()
    return shlex.quote(str(script.relative_to(here) if script.is_relative_to(here) else script))
