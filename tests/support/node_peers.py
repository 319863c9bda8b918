"""The clients in .venv/peers, which .ci/node-packages installs: they run on a Node of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sfmtls_nb.practice import PracticeOrg

_PLACE = Path(sys.prefix) / "peers"
_MODULES = _PLACE / "node_modules"
_NODE = _MODULES / ".bin" / "node"

needed = pytest.mark.skipif(
    not (_PLACE / ".installed").exists(), reason="jsforce and the sf CLI are not there: .ci/node-packages, where npm is"
)


def run_node(practice: PracticeOrg, home: Path, *arguments: str) -> str:
    """Run a script, and return what it prints. Its Node trusts the practice org, and finds jsforce."""
    environment = {**os.environ, **sf_environment(practice, home)}
    done = subprocess.run(
        [_NODE, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=100
    )
    assert 0 == done.returncode, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def sf_environment(practice: PracticeOrg, home: Path) -> dict[str, str]:
    """The variables with which Node trusts the practice org, finds jsforce and sf, and keeps what sf keeps in a folder."""
    return {
        "HOME": str(home),
        "NODE_PATH": str(_MODULES),
        "NODE_EXTRA_CA_CERTS": str(practice.ca_file),
        "PATH": f"{_MODULES / '.bin'}{os.pathsep}{os.environ['PATH']}",
        "SF_DISABLE_AUTOUPDATE": "true",
        "SF_DISABLE_TELEMETRY": "true",
        "SF_SKIP_NEW_VERSION_CHECK": "true",
        "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
    }


def run_sf(practice: PracticeOrg, home: Path, *arguments: str) -> str:
    """Run the sf CLI, and return what it prints."""
    return run_node(practice, home, str(_MODULES / "@salesforce" / "cli" / "bin" / "run.js"), *arguments, "--json")
