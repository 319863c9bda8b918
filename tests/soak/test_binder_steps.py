"""Binder's steps done here, in an environment with nothing in it.

There is no container engine in the tests: what the Dockerfile runs is run in a fresh virtual environment, with this
machine's Python in place of conda's. This one test asks a package registry, as `make` does.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
import requests
from cloned import cloned_into
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

FIRST = "notebooks/00_start_here.ipynb"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Binder is Linux")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cloned_into(tmp_path_factory.mktemp("binder") / "repository")


class Container:
    """In place of one: a repository's copy, and an environment that knows of nothing else on this machine."""

    def __init__(self, repository: Path, folder: Path) -> None:
        self.repository, self.home, self.python = repository, folder / "home", folder / "python"
        self.home.mkdir()
        venv.create(self.python, with_pip=True)
        registry = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        settings = Path.home() / ".config" / "pip" / "pip.conf"
        if settings.is_file():
            registry.setdefault("PIP_CONFIG_FILE", str(settings))
        self.environment = {
            **registry,
            "PIP_NO_COMPILE": "1",  # of what is imported, Python does it anyway
            "PATH": f"{self.python / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
        }

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.repository, env=self.environment, capture_output=True, text=True, timeout=400, check=False
        )

    @contextmanager
    def jupyter(self) -> Iterator[str]:
        """Jupyter as it would be started there, on a free port; where it is, with its token."""
        log = self.home / "log"
        options = ["--no-browser", "--allow-root", "--port", "0", "--ip", "127.0.0.1"]
        with (
            log.open("w") as output,
            subprocess.Popen(
                ["jupyter", "lab", *options], cwd=self.repository, env=self.environment, stdout=output, stderr=output
            ) as process,
        ):
            try:
                while not (found := re.search(r"http://127\.0\.0\.1:\d+/\S*\?token=\w+", log.read_text())):
                    assert process.poll() is None, log.read_text()
                yield found[0]
            finally:
                process.terminate()


@pytest.fixture(scope="module")
def container(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Container:
    """After postBuild."""
    container = Container(repository, tmp_path_factory.mktemp("container"))
    probe = container.run(
        "pip", "download", "-q", "--no-deps", "--no-cache-dir", "-d", str(container.home), "traitlets"
    )
    if probe.returncode:
        pytest.skip(f"no package registry can be reached: {probe.stderr[-200:]}")
    done = container.run("./binder/postBuild")
    assert done.returncode == 0, done.stderr
    return container


@pytest.mark.timeout(400)
def test_its_steps_install_all_that_the_package_declares(container: Container) -> None:
    done = container.run("pip", "check")
    assert (done.returncode, done.stdout) == (0, "No broken requirements found.\n")


@pytest.mark.timeout(400)
def test_its_steps_install_the_package_from_the_repository(container: Container) -> None:
    done = container.run("sfmtls-nb", "--version")
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(400)
def test_its_steps_run_the_tour_in_it(container: Container) -> None:
    done = container.run("sfmtls-nb", "tour")
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(400)
def test_its_steps_open_the_first_lesson_in_jupyterlab(container: Container) -> None:
    with container.jupyter() as url:
        token = url.partition("token=")[2]
        root = re.match(r"http://[^/]+/", url)
        assert root is not None
        with requests.Session() as browser:
            # It says where it is a moment before it listens there.
            browser.mount("http://", HTTPAdapter(max_retries=Retry(connect=10, backoff_factor=0.1)))
            answer = browser.get(root[0], params={"token": token}, timeout=30)
    assert answer.url.startswith(f"{root[0]}lab/tree/{FIRST}")
    assert "jupyter-config-data" in answer.text


@pytest.mark.timeout(400)
def test_its_steps_have_a_first_lesson_to_open(container: Container) -> None:
    assert (container.repository / FIRST).is_file()


@pytest.mark.timeout(400)
def test_its_steps_run_the_first_cells_of_the_first_lesson(container: Container) -> None:
    lesson = nbformat.read(container.repository / FIRST, as_version=4)  # type: ignore[no-untyped-call]
    codes = [number for number, cell in enumerate(lesson.cells) if cell.cell_type == "code"]
    lesson.cells = lesson.cells[: codes[2] + 1]
    first = container.repository / "notebooks" / "first_cells.ipynb"
    nbformat.write(lesson, first)  # type: ignore[no-untyped-call]
    done = container.run("jupyter", "execute", "--inplace", str(first))
    assert done.returncode == 0, done.stderr
    cells = json.loads(first.read_text())["cells"]
    assert [cell["execution_count"] for cell in cells if cell["cell_type"] == "code"] == [1, 2, 3]
