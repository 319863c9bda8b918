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
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_to_a_file_leads_to_one(name: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", (ROOT / name).read_text(encoding="utf-8"))
    assert [] == [link for link in links if not link.startswith("http") and not (ROOT / link).exists()]


def test_every_lesson_is_in_the_readme() -> None:
    lessons = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert lessons == sorted(re.findall(r"\(notebooks/([^)]+)\)", README))


def test_every_module_is_on_the_map() -> None:
    the_map = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    modules = [path.name for path in (ROOT / "sfmtls_nb").rglob("*.py") if path.name != "__init__.py"]
<<<<<<< HEAD:tests/whole/test_readme.py
    lessons = {path.name for path in (ROOT / "sfmtls_nb/notebook/course/lessons").glob("*.py")}
    soql = {name for name in modules if name.startswith("soql_")} - {"soql_form.py"}
    assert [] == [name for name in modules if name not in the_map and name not in lessons | soql]
=======
    lessons = {path.name for path in (ROOT / "sfmtls_nb/notebook/lessons").glob("*.py")}
    inside = {path.name for path in (ROOT / "sfmtls_nb/practice").glob("*/*.py")}  # the map has a line a folder
    assert [] == [name for name in modules if name not in the_map and name not in lessons | inside]
>>>>>>> step6-practice:tests/test_readme.py


def test_the_cell_of_the_readme_runs(shell: InteractiveShell) -> None:
    cell = next(block for block in re.findall(r"```\n(.*?)```", README, re.DOTALL) if "%sf_practice" in block)
    ran = shell.run_cell(cell)  # type: ignore[no-untyped-call]
    assert ran.success


def test_the_test_of_the_readme_passes() -> None:
    program = next(block for block in PYTHON if "with PracticeOrg()" in block)
    exec("from sfmtls_nb import ClientIdentity, Org, PasswordLogin, login\n" + program, {})  # noqa: S102


@pytest.mark.parametrize("program", PYTHON)
def test_every_program_of_the_readme_is_python(program: str) -> None:
    assert ast.parse(program).body
