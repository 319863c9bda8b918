"""A class of three on the real JupyterHub that `make classroom` starts: they learn at the same moment, and never meet."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import hub
import nbformat
import pytest
from hub import Class, Kernel, Learner, free_port, running_class

from sfmtls_nb.notebook.course.classroom import read_class

pytestmark = [hub.needed, pytest.mark.slow]

NAMES = ("ada", "grace", "edsger")
ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def cells(path: Path) -> list[Any]:
    return list(nbformat.read(path, as_version=4).cells)  # type: ignore[no-untyped-call]


def first_half() -> Iterator[str]:
    """The code of lesson 01 up to its first check, with the solution of that exercise in the place of the work."""
    (lesson,) = (ROOT / "notebooks").glob("01_*.ipynb")
    found = cells(lesson)
    (solution,) = (cell.source for cell in found if cell.id == "solution-1")
    for cell in found:
        if cell.cell_type == "code":
            yield "\n".join(BLOCK.findall(solution)) if cell.id == "work-1" else cell.source
        if cell.id == "check-1":
            return


class Sitting:
    """A learner of the class, with server and kernel, who has joined and done the first half of lesson 01."""

    def __init__(self, group: Class, name: str) -> None:
        self.learner: Learner = group.learner(name)
        self.learner.start()
        self.kernel: Kernel = self.learner.kernel()
        self.kernel.run("%load_ext sfmtls_nb\n%sf_classroom --join")
        self.said = [self.kernel.run(source) for source in first_half()]

    def value(self, expression: str) -> str:
        return self.kernel.run(f"print({expression})").strip()

    @property
    def practice(self) -> str:
        """The expression of the practice org in the kernel."""
        return "get_ipython().magics_manager.registry['SfMagics'].workspace.practice"


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    with running_class(tmp_path_factory.mktemp("hub") / "class", free_port(), *NAMES, "marie") as running:
        yield running


@pytest.fixture(scope="module")
def three(group: Class) -> dict[str, Sitting]:
    """All at the same moment."""
    with ThreadPoolExecutor(len(NAMES)) as pool:
        return dict(zip(NAMES, pool.map(lambda name: Sitting(group, name), NAMES), strict=True))


def test_a_wrong_password_opens_nothing(group: Class) -> None:
    assert 403 == group.learner("ada", "wrong").signed_in.status_code


@pytest.mark.parametrize("name", ["mallory", "../ada"])
def test_who_is_not_of_the_class_does_not_get_in(group: Class, name: str) -> None:
    assert 403 == group.learner(name, group.passwords[0]).signed_in.status_code


def test_a_learner_is_no_teacher(group: Class) -> None:
    assert 403 == group.learner("teacher", group.passwords[0]).signed_in.status_code


def test_each_does_the_first_exercise(three: dict[str, Sitting]) -> None:
    assert [True] * 3 == [": done" in each.said[-1] for each in three.values()]


@pytest.mark.parametrize("what", ["api_url", "mutual_url", "directory", "authority.client.root.certificate_pem"])
def test_their_practice_orgs_share_nothing(three: dict[str, Sitting], what: str) -> None:
    assert 3 == len({each.value(f"{each.practice}.{what}") for each in three.values()})


def test_the_files_of_an_org_are_in_the_learners_own_folder(three: dict[str, Sitting], group: Class) -> None:
    for name, each in three.items():
        assert each.value(f"{each.practice}.directory").startswith(str(group.folder / "learners" / name / "tmp"))


def test_each_sees_the_lessons_and_no_other_files(three: dict[str, Sitting]) -> None:
    for each in three.values():
        names = [entry["name"] for entry in each.learner.server("GET", "/api/contents").json()["content"]]
        assert [path.name for path in sorted((ROOT / "notebooks").glob("*.ipynb"))] == sorted(names)


@pytest.mark.parametrize("path", ["/api/contents", "/api/kernels", "/lab"])
def test_nobody_gets_into_anothers_server(three: dict[str, Sitting], path: str) -> None:
    headers = {"Authorization": f"token {three['ada'].learner.token}"}
    answer = three["ada"].learner.browser.get(
        f"{three['ada'].learner.url}/user/grace{path}", headers=headers, timeout=30
    )
    assert 403 == answer.status_code


def test_nobody_reads_anothers_kernels_at_the_hub(three: dict[str, Sitting]) -> None:
    assert 404 == three["ada"].learner.hub("GET", "/users/grace").status_code


def test_the_teacher_sees_the_three(three: dict[str, Sitting], group: Class) -> None:
    frame = read_class(group.folder / "class")
    first = frame[(frame["lesson"] == "01_the_basics") & (frame["exercise"] == 1)]
    assert sorted(three) == list(first["learner"])
    assert first["done"].notna().all()


def test_the_teachers_notebook_shows_them_to_the_teacher_alone(three: dict[str, Sitting], group: Class) -> None:
    teacher = group.learner("teacher")
    teacher.start()
    kernel = teacher.kernel()
    notebook = cells(ROOT / "binder" / "hub" / "teacher.ipynb")
    said = [kernel.run(cell.source) for cell in notebook if cell.cell_type == "code"]
    assert said[0].startswith("3 learners, ")
    assert [""] * 3 == [each.value("__import__('os').environ['SFMTLS_NB_CLASS']") for each in three.values()]


def test_a_kernel_that_is_killed_loses_no_progress(three: dict[str, Sitting]) -> None:
    ada = three["ada"]
    left, process = Path(ada.value(f"{ada.practice}.directory")), ada.kernel.process
    os.kill(process, signal.SIGKILL)
    ada.kernel = ada.learner.kernel()
    ada.kernel.run("%load_ext sfmtls_nb")
    assert "●" in next(line for line in ada.kernel.run("%sf_lesson").splitlines() if line.lstrip().startswith("01"))
    assert left.exists()
    ada.kernel.run("%sf_practice")
    assert not left.exists()


def test_a_server_that_is_killed_comes_back_with_all_files(three: dict[str, Sitting], group: Class) -> None:
    grace = three["grace"]
    grace.learner.server("PUT", "/api/contents/notes.txt", json={"type": "file", "format": "text", "content": "mine"})
    os.kill(group.server_of("grace"), signal.SIGKILL)
    grace.learner.start()
    assert "mine" == grace.learner.server("GET", "/api/contents/notes.txt").json()["content"]
    assert "grace" in set(read_class(group.folder / "class")["learner"])
    grace.kernel = grace.learner.kernel()
    assert "Your teacher sees" in grace.kernel.run("%load_ext sfmtls_nb\n%sf_classroom")


def test_no_password_is_in_the_environment_or_the_command_of_a_process(group: Class) -> None:
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            said = (place / "environ").read_bytes() + (place / "cmdline").read_bytes()
            assert not [each for each in group.passwords if each.encode() in said]


def test_a_folder_that_cannot_be_made_ready_is_what_the_learner_reads(group: Class) -> None:
    (group.folder / "learners" / "marie").write_text("no folder")
    marie = group.learner("marie")
    for page in ("spawn", "spawn-pending"):
        assert "Your folder cannot be made ready; tell whoever runs the class." in marie.get(f"/hub/{page}/marie").text


def test_what_outlives_a_killed_hub_is_taken_over_and_ctrl_c_ends_everything(
    three: dict[str, Sitting], group: Class
) -> None:
    os.kill(int((group.folder / "hub" / "lock").read_text()), signal.SIGKILL)
    assert 1 == group.process.wait(30)
    with running_class(group.folder, int(group.url.rpartition(":")[2]), *NAMES) as again:
        edsger = again.learner("edsger")
        edsger.token = edsger.hub("POST", "/users/edsger/tokens").json()["token"]
        assert three["edsger"].kernel.id in {each["id"] for each in edsger.server("GET", "/api/kernels").json()}
        assert "folders and progress are kept" in again.stop()
        assert [] == again.processes()
