"""Every lesson: committed clean, runs from top to bottom on a machine without a network, and shows no secret."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from nbclient import NotebookClient

from sfmtls_nb.scrub import find_secrets

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("**/*.ipynb"))
# A session id; masked, it ends after its exclamation mark.
SESSION_ID = re.compile(r"00D\w{12}![^•\\]")
# What every practice org of the kernel knows and nobody may see.
ASK_FOR_SECRETS = """
import gc, json
from sfmtls_nb.practice.state import OrgState
states = [found for found in gc.get_objects() if type(found) is OrgState]
print(json.dumps([*(user.password for state in states for user in state.users), *(key for state in states for key in state.sessions)]))
"""


# By lesson.
SHOWN = {
    "00_start_here": [
        ">enforced@practice.example</userName>",
        "('MUTUAL', 'getUserInfo', 200)",
        "mutual TLS: TLS in which the client proves who it is",
        "05 Your own org",
        "Exercise 2: keep a result: not yet",
        "${SF_SESSION_ID}",
        "stopped",
    ],
    "01_the_basics": [
        "00D5f000000PRAC!••••",
        "${SF_PASSWORD}",
        "Practice Client Issuing CA",
        "<userName>enforced@practice.example</userName>",
        "the page says: No client certificate provided.",
        "the org answered MUTUAL_AUTHENTICATION_FAILED",
        "${SF_SESSION_ID}",
        "Exercise 3: keep a failure: not yet",
    ],
    "05_your_own_org": [
        "enabled by Support: False",
        ">enforced@practice.example</userName>",
        "SetupPanel",
        "Exercise 1: set the org up: not yet",
        '[uat]\\nmy_domain = \\"acme\\"\\nsandbox = \\"uat\\"',
        "warning: expires-soon",
        "enforced: False",
        "stopped",
    ],
}


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


class Executed(NamedTuple):
    """A notebook after Run All, its widget state included, and the secrets that were in its kernel."""

    name: str
    notebook: Any
    secrets: list[str]

    @property
    def outputs(self) -> list[Any]:
        return [output for cell in self.notebook.cells for output in cell.get("outputs", [])]


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def executed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Executed:
    notebook = read(request.param)
    notebook.cells.append(nbformat.v4.new_code_cell(ASK_FOR_SECRETS))  # type: ignore[no-untyped-call]
    folder = str(tmp_path_factory.mktemp("cold"))
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    answer = notebook.cells.pop().outputs[0].text
    return Executed(request.param.stem, notebook, json.loads(answer))


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS][:2] == ["00_start_here", "01_the_basics"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestACommittedNotebook:
    def test_is_valid(self, path: Path) -> None:
        nbformat.validate(read(path))

    def test_has_no_outputs(self, path: Path) -> None:
        assert [cell.id for cell in read(path).cells if cell.get("outputs")] == []

    def test_has_no_execution_counts(self, path: Path) -> None:
        assert [cell.id for cell in read(path).cells if cell.get("execution_count") is not None] == []

    def test_has_no_metadata_but_its_kernel_and_language(self, path: Path) -> None:
        assert set(read(path).metadata) <= {"kernelspec", "language_info"}

    def test_has_no_metadata_of_an_execution_in_its_cells(self, path: Path) -> None:
        assert [cell.id for cell in read(path).cells if "execution" in cell.metadata] == []

    def test_runs_on_the_kernel_that_everyone_has(self, path: Path) -> None:
        assert read(path).metadata.kernelspec.name == "python3"

    def test_holds_no_secret(self, path: Path) -> None:
        assert find_secrets(path.read_text(encoding="utf-8")) == []

    def test_ends_with_a_line_break_as_text_files_do(self, path: Path) -> None:
        assert path.read_bytes().endswith(b"}\n")


class TestAnExecutedNotebook:
    def test_has_run_to_its_last_cell(self, executed: Executed) -> None:
        code = [cell for cell in executed.notebook.cells if cell.cell_type == "code"]
        assert [number for number, _ in enumerate(code, 1)] == [cell.execution_count for cell in code]

    def test_shows_something(self, executed: Executed) -> None:
        assert executed.outputs

    def test_shows_no_error_and_no_warning(self, executed: Executed) -> None:
        complaints = [out for out in executed.outputs if out.output_type == "error" or out.get("name") == "stderr"]
        assert complaints == []

    def test_had_secrets_to_hide(self, executed: Executed) -> None:
        assert executed.secrets

    def test_holds_no_secret(self, executed: Executed) -> None:
        text = json.dumps(executed.notebook)
        assert [secret for secret in [*executed.secrets, "PRIVATE KEY-"] if secret in text] == []

    def test_holds_no_session_id(self, executed: Executed) -> None:
        assert SESSION_ID.findall(json.dumps(executed.notebook, ensure_ascii=False)) == []

    def test_has_a_plain_text_of_all_it_shows(self, executed: Executed) -> None:
        data = [output.data for output in executed.outputs if "data" in output]
        assert [shown for shown in data if "text/plain" not in shown] == []

    def test_shows_what_its_lesson_is_about(self, executed: Executed) -> None:
        shown = json.dumps(executed.outputs, ensure_ascii=False)
        assert [words for words in SHOWN.get(executed.name, []) if words not in shown] == []
