"""The README and its neighbours say what is true: their links lead somewhere, and their code runs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
PYTHON = [block for language, block in BLOCKS if language == "python"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_to_a_file_leads_to_one(name: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", (ROOT / name).read_text(encoding="utf-8"))
    assert [] == [link for link in links if not link.startswith("http") and not (ROOT / link).exists()]


def test_every_lesson_is_in_the_readme() -> None:
    lessons = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert lessons == sorted(re.findall(r"\(notebooks/([^)]+)\)", README))


def test_every_room_of_the_house_is_on_the_map() -> None:
    the_map = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Rules")[0]
    package = ROOT / "sfmtls_nb"
    files = {path.name for path in package.glob("*.py")}
    folders = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    assert [] == sorted(room for room in files | folders if room not in the_map)


def test_every_file_that_a_review_names_is_there() -> None:
    review = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Where would a change go?")[2]
    named = re.findall(r"`([\w/]+\.py)`", review.partition("\n## ")[0])
    assert (True, []) == (len(named) >= 20, [name for name in named if not (ROOT / "sfmtls_nb" / name).exists()])


def test_the_cell_of_the_readme_runs(shell: InteractiveShell) -> None:
    cell = next(block for language, block in BLOCKS if not language and "%sf_practice" in block)
    ran = shell.run_cell(cell)  # type: ignore[no-untyped-call]
    assert ran.success


def test_the_test_of_the_readme_passes() -> None:
    program = next(block for block in PYTHON if "with PracticeOrg()" in block)
    exec("from sfmtls_nb import ClientIdentity, Org, PasswordLogin, login\n" + program, {})  # noqa: S102


@pytest.mark.parametrize("program", PYTHON)
def test_every_program_of_the_readme_is_python(program: str) -> None:
    assert ast.parse(program).body
