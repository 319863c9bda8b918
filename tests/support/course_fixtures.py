"""A learner's place: a folder of their own for progress, and a practice org of their own.

A test module says ``pytest_plugins = ["course_fixtures"]``; what is done there is in `course_work`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sfmtls_nb.notebook.course import progress as progress_module
from sfmtls_nb.notebook.workspace import Workspace


@pytest.fixture
def progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that progress is kept in."""
    folder = tmp_path / "kept" / "progress"
    monkeypatch.setenv("SFMTLS_NB_PROGRESS", str(folder))
    monkeypatch.setattr(progress_module, "_UNKEPT", {})
    return folder


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """One that is at a practice org of its own."""
    monkeypatch.setenv("SFMTLS_NB_PROFILES", str(tmp_path / "profiles.toml"))
    workspace = Workspace()
    workspace.start_practice()
    yield workspace
    workspace.stop_practice()
