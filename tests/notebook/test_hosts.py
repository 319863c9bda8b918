"""Where the magics run: papermill, a terminal; a stop button; and how long loading takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel

WALK = ("%load_ext sfmtls_nb", "%sf_practice", "%sf_login", "%sf_identity fullcert.pem", "%sf_soap getUserInfo")


def notebook(path: Path, *cells: str) -> Path:
    content: Any = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],  # type: ignore[no-untyped-call]
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(content, path)  # type: ignore[no-untyped-call]
    return path


def papermill(source: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "papermill", "--no-progress-bar", str(source), str(source.with_suffix(".out.ipynb"))],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        cwd=source.parent,
    )


def test_under_papermill_a_walk_runs_to_its_end(tmp_path: Path) -> None:
    ran = papermill(notebook(tmp_path / "walk.ipynb", *WALK))
    assert (0, True) == (ran.returncode, "enforced@practice.example" in (tmp_path / "walk.out.ipynb").read_text())


def test_under_papermill_an_error_ends_it_and_is_readable(tmp_path: Path) -> None:
    ran = papermill(notebook(tmp_path / "walk.ipynb", *WALK, "%sf_soap getUserInfo --port 443"))
    assert (1, True) == (ran.returncode, "next: this user is enforced: call on 8443" in ran.stderr)


def ipython(*cells: str, folder: Path) -> str:
    script = folder / "walk.ipy"
    script.write_text("\n".join(cells))
    ran = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=nocolor", "--no-banner", "--no-confirm-exit", str(script)],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        cwd=folder,
        env={**os.environ, "IPYTHONDIR": str(folder / "ipython")},
    )
    return ran.stdout + ran.stderr


def test_in_a_terminal_a_walk_runs_to_its_end(tmp_path: Path) -> None:
    shown = ipython(*WALK[:-1], "r = %sf_soap getUserInfo", "print(r)", folder=tmp_path)
    assert "<userName>enforced@practice.example</userName>" in shown


def test_in_a_terminal_an_error_is_three_lines_of_text(tmp_path: Path) -> None:
    shown = ipython(*WALK, "%sf_soap getUserInfo --port 443", folder=tmp_path)
    assert (True, False) == ("next: this user is enforced: call on 8443" in shown, "<details" in shown)


@pytest.mark.parametrize("slow", ["%sf_soap getUserInfo", "%sf_rest limits", "%sf_soql SELECT Id FROM Contact"])
def test_the_stop_button_leaves_session_and_org_usable(slow: str) -> None:
    manager, client = start_new_kernel()
    try:
        for cell in (*WALK, "%sf_practice --scenario stall"):
            client.execute_interactive(cell, timeout=30)
        client.execute(slow)
        time.sleep(0.7)
        manager.interrupt_kernel()
        stopped = client.get_shell_msg(timeout=30)["content"]
        # What is asked while the kernel still clears its queue is answered with "aborted".
        for _ in range(20):
            after = client.execute_interactive(slow, timeout=30)["content"]
            if after["status"] != "aborted":
                break
            time.sleep(0.1)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert ("error", "KeyboardInterrupt", "ok") == (stopped["status"], stopped["ename"], after["status"])


LOAD = """
import sys
import ipywidgets
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.instance().run_line_magic("load_ext", "sfmtls_nb")
"""


@pytest.mark.parametrize("module", ["requests", "lxml", "cryptography", "pandas", "OpenSSL", "lark", "tqdm"])
def test_loading_the_extension_loads_nothing_that_takes_time(module: str) -> None:
    program = f"{LOAD}print({module!r} in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert "False" == ran.stdout.splitlines()[-1]
