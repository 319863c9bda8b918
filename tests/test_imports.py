"""Imports point one way, also those inside functions and under TYPE_CHECKING; the core loads without pandas and Jupyter."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import count
from pathlib import Path

import pytest

import sfmtls_nb

PACKAGE = Path(sfmtls_nb.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# From the ground up: a room (a file or a folder of the package) imports from those below its own floor.
FLOORS = (
    "secret values",
    "columns errors",
    "files",
    "org xml",
    "frame certificates handshake",
    "profiles scrub",
    "connection",
    "api",
    "access",
    "query",
    "handover",
    "session",
    "sign_in",
    "diagnose practice",
    "notebook",
    "__init__",
    "command",
)
FLOOR = {room: floor for floor, rooms in zip(count(), FLOORS, strict=False) for room in rooms.split()}


def module_of(file: Path) -> str:
    """``xml``, ``practice.soql.where``; a folder's ``__init__`` has the folder's name, and the package's is ``__init__``."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__") or "__init__"


MODULES = {module_of(file): file for file in FILES}


def room_of(module: str) -> str:
    return module.partition(".")[0]


def imported(file: Path, *, late: bool = True) -> Iterator[str]:
    """The modules that a file imports; late: also inside functions and under TYPE_CHECKING."""
    pending: list[ast.AST] = list(ast.parse(file.read_text()).body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name} imports relatively"
            # ``from package import module`` is an import of the module.
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name.removeprefix("sfmtls_nb.") in MODULES else str(node.module) for name in names)
        elif late or not (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        ):
            pending += ast.iter_child_nodes(node)


def ours(file: Path) -> set[str]:
    """The modules of this package that a file imports, at once or late: ``xml``, ``practice.soql.where``."""
    names = (name for name in imported(file) if room_of(name) == "sfmtls_nb")
    return {name.partition(".")[2] or "__init__" for name in names}


IMPORTS = {module: ours(file) for module, file in MODULES.items()}


def test_every_room_has_its_floor() -> None:
    assert set() == {room_of(module) for module in MODULES} - FLOOR.keys()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_from_its_own_room_or_from_lower_floors(module: str) -> None:
    room = room_of(module)
    others = {room_of(name) for name in IMPORTS[module]} - {room}
    assert set() == {other for other in others if FLOOR[other] >= FLOOR[room]}


def test_no_modules_import_each_other_in_a_circle() -> None:
    # A folder's face only hands names on, and its own modules do not ask it for them.
    graph = {module: names - {module} for module, names in IMPORTS.items()}
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("module", sorted(module for module in MODULES if room_of(module) == "practice"))
def test_practice_takes_only_errors_and_secret_from_the_core(module: str) -> None:
    assert {room_of(name) for name in IMPORTS[module]} <= {"practice", "errors", "secret"}


@pytest.mark.parametrize(
    ("foreign", "rooms"), [("pandas", "frame"), ("requests", "connection handover"), ("urllib3", "connection")]
)
def test_a_heavy_library_has_its_rooms_that_load_it(foreign: str, rooms: str) -> None:
    importing = {
        room_of(module)
        for module, file in MODULES.items()
        if foreign in {name.partition(".")[0] for name in imported(file, late=False)}
    }
    assert importing == set(rooms.split())


def loaded_after(statement: str) -> set[str]:
    """The top-level modules of a fresh process after a statement."""
    program = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return set(run.stdout.split())


HEAVY = {"requests", "lxml", "cryptography", "pandas", "IPython", "ipywidgets", "tornado"}


def test_the_package_loads_next_to_nothing() -> None:
    assert set() == loaded_after("import sfmtls_nb; dir(sfmtls_nb)") & HEAVY


def test_all_of_the_package_loads_without_pandas_and_jupyter() -> None:
    loaded = loaded_after("from sfmtls_nb import *; login, Session")
    assert {"requests", "lxml", "cryptography"} == loaded & HEAVY


def test_a_frame_loads_pandas() -> None:
    assert "pandas" in loaded_after("import sfmtls_nb.frame")


NAMES = [name for name in (*sfmtls_nb.__dir__(), "__version__") if name != "load_ipython_extension"]


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there(name: str) -> None:
    assert hasattr(sfmtls_nb, name)


def test_a_star_import_takes_every_public_name() -> None:
    names: dict[str, object] = {}
    exec("from sfmtls_nb import *", names)  # noqa: S102  # only a module may have a star import
    assert names.items() >= {name: getattr(sfmtls_nb, name) for name in NAMES}.items()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        sfmtls_nb.nothing  # type: ignore[attr-defined]  # noqa: B018
