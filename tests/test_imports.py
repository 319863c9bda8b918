"""Imports point one way, the core loads without pandas and Jupyter, and practice shares no parsing with the client."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sfmtls_nb

PACKAGE = Path(sfmtls_nb.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# As CONTRIBUTING.md draws it: a module imports from its own layer and from those before it.
LAYERS = (
    {"secret", "errors"},
    {"faults", "xpath", "secret_patterns", "key_material", "secret_scan"},
    {"soap", "rest", "sobject", "selection", "chain", "handshake", "writing", "roots", "bag"},
    {"identity", "findings", "csr", "org", "tls", "profiles"},
    {"transport"},
    {"login", "session", "query"},
    {"frame", "curl", "diagnose", "scrub"},
)
LAYER = {name: number for number, layer in enumerate(LAYERS) for name in layer}


def module_of(file: Path) -> str:
    """``soap``, ``practice.tls``; the package itself is the empty text."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def is_ours(name: str) -> bool:
    """Whether ``sfmtls_nb.practice.tls`` and the like is a module of this package."""
    parts = name.split(".")[1:]
    return PACKAGE.joinpath(*parts).with_suffix(".py").is_file() if parts else False


def imported_at_once(file: Path) -> Iterator[str]:
    """The modules a file imports when it is imported: none from inside functions or under TYPE_CHECKING."""
    pending: list[ast.AST] = list(ast.parse(file.read_text()).body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name} imports relatively"
            # ``from package import module`` is an import of the module.
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if is_ours(name) else str(node.module) for name in names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            pending += ast.iter_child_nodes(node)


def ours(file: Path) -> set[str]:
    """Which modules of this package a file imports at once, such as ``soap`` or ``practice.tls``."""
    names = (name for name in imported_at_once(file) if name.partition(".")[0] == "sfmtls_nb")
    return {name.partition(".")[2] for name in names}


CORE = {module_of(file): ours(file) for file in FILES if module_of(file) in LAYER}


@pytest.mark.parametrize("module", sorted(CORE))
def test_a_core_module_imports_from_its_own_layer_or_below(module: str) -> None:
    assert set() == {name for name in CORE[module] if LAYER.get(name, len(LAYERS)) > LAYER[module]}


def test_no_two_modules_import_each_other() -> None:
    graph = {module_of(file): ours(file) - {""} for file in FILES}
    assert list(TopologicalSorter(graph).static_order())


def test_every_core_module_has_its_layer() -> None:
    outside = {"", "cli", "tour", "lab"}
    assert set() == {file.stem for file in PACKAGE.glob("*.py") if module_of(file) not in {*LAYER, *outside}}


@pytest.mark.parametrize("file", sorted((PACKAGE / "practice").rglob("*.py")), ids=module_of)
def test_practice_takes_only_errors_and_secret_from_the_core(file: Path) -> None:
    assert set() == {name for name in ours(file) if name.partition(".")[0] not in {"practice", "errors", "secret"}}


@pytest.mark.parametrize("foreign", ["pandas", "pyarrow"])
def test_only_frame_imports_pandas(foreign: str) -> None:
    importing = {module_of(file) for file in FILES if foreign in {n.partition(".")[0] for n in imported_at_once(file)}}
    assert importing <= {"frame"}


@pytest.mark.parametrize("foreign", ["requests", "urllib3"])
def test_only_transport_imports_what_sends(foreign: str) -> None:
    importing = {module_of(file) for file in FILES if foreign in {n.partition(".")[0] for n in imported_at_once(file)}}
    assert importing <= {"transport"}


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


def test_the_modules_of_a_query_load_without_pandas() -> None:
    assert "pandas" not in loaded_after("import sfmtls_nb.query, sfmtls_nb.session, sfmtls_nb.rest")


def test_a_frame_loads_pandas() -> None:
    assert "pandas" in loaded_after("import sfmtls_nb.frame")


def test_all_names_every_public_name_once_and_in_order() -> None:
    # Constants, then classes, then functions, as ruff's RUF022 sorts them.
    names = sfmtls_nb.__all__
    assert sorted(set(names), key=lambda name: (not name.isupper(), name[0].islower() or name[0] == "_", name)) == names


def test_the_names_loaded_late_are_those_that_type_checkers_see_and_all_has() -> None:
    body = ast.parse(Path(sfmtls_nb.__file__).read_text()).body
    blocks = [node.body for node in body if isinstance(node, ast.If)]
    imports = [node for block in blocks for node in block if isinstance(node, ast.ImportFrom)]
    seen = {alias.name: node.module for node in imports for alias in node.names if alias.name != "InteractiveShell"}
    assert seen == {name: f"sfmtls_nb.{module}" for name, module in sfmtls_nb._MODULE_OF.items()}
    assert {*seen, "__version__", "load_ipython_extension"} == set(sfmtls_nb.__all__)


@pytest.mark.parametrize("name", sfmtls_nb.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert hasattr(sfmtls_nb, name)
    assert name in dir(sfmtls_nb)


def test_a_star_import_takes_every_public_name() -> None:
    names: dict[str, object] = {}
    exec("from sfmtls_nb import *", names)  # noqa: S102  # only a module may have a star import
    assert names.items() >= {name: getattr(sfmtls_nb, name) for name in sfmtls_nb.__all__}.items()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'sfmtls_nb' has no attribute 'nothing'$"):
        sfmtls_nb.nothing  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(
    "before", ["import sfmtls_nb.login", "from sfmtls_nb import PasswordLogin", "from sfmtls_nb.login import login"]
)
def test_login_is_the_function_even_if_its_module_is_loaded(before: str) -> None:
    loaded_after(f"{before}\nfrom sfmtls_nb import login\nassert login.__qualname__ == 'login'")
