"""Binder: what repo2docker makes of this repository. `tests/soak` does its steps, in an environment with nothing in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloned import ROOT, cloned_into
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

BINDER = ROOT / "binder"
FIRST = "notebooks/00_start_here.ipynb"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Binder is Linux")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cloned_into(tmp_path_factory.mktemp("binder") / "repository")


@pytest.fixture(scope="module")
def environment() -> Any:
    return yaml.safe_load((BINDER / "environment.yml").read_text())


def test_the_settings_ask_for_a_python_that_the_package_takes(environment: Any) -> None:
    python = next(Requirement(each.replace("=", "==")) for each in environment["dependencies"] if "python" in each)
    (version,) = python.specifier
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert SpecifierSet(wanted).contains(version.version)


def test_the_settings_bring_pip_which_installs_the_package(environment: Any) -> None:
    assert "pip" in environment["dependencies"]


def test_the_settings_post_build_may_be_executed() -> None:
    assert os.access(BINDER / "postBuild", os.X_OK)


def test_the_settings_post_build_stops_at_the_first_error() -> None:
    assert re.search(r"^set -e", (BINDER / "postBuild").read_text(), re.MULTILINE)


def test_the_settings_say_that_8443_is_closed() -> None:
    assert "Binder keeps port 8443 closed" in (BINDER / "postBuild").read_text()


def test_the_settings_the_link_that_is_described_leads_to_the_first_lesson() -> None:
    assert f"?urlpath=lab/tree/{FIRST}\n" in (BINDER / "environment.yml").read_text()


@pytest.fixture(scope="module")
def dockerfile(repository: Path) -> str:
    """What repo2docker would build."""
    options = ["--no-build", "--debug", "--user-id", "1000", "--user-name", "jovyan"]
    done = subprocess.run(
        [sys.executable, "-m", "repo2docker", *options, str(repository)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout + done.stderr


def test_the_dockerfile_is_that_of_a_conda_environment(dockerfile: str) -> None:
    assert "Building conda environment for python=3.12" in dockerfile


def test_the_dockerfile_makes_the_environment_of_ours(dockerfile: str) -> None:
    assert '--file "binder/environment.yml"' in dockerfile


def test_the_dockerfile_runs_our_post_build_as_a_user_who_is_not_root(dockerfile: str) -> None:
    assert re.search(r"^USER \$\{NB_USER\}\n(?:(?!USER).*\n)*RUN \./binder/postBuild$", dockerfile, re.MULTILINE)


def test_the_dockerfile_starts_jupyter(dockerfile: str) -> None:
    assert re.search(r'^CMD \["jupyter",', dockerfile, re.MULTILINE)
