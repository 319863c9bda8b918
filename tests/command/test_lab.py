"""The lessons in the learner's folder: copied from the built wheel, and never over what is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sfmtls_nb.command import cli, lab
from sfmtls_nb.command.lab import copy_lessons, lessons_folder
from sfmtls_nb.errors import SfmtlsError

ROOT = Path(__file__).parents[2]
LESSONS = {path.name: path.read_bytes() for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
#: Root may write into every folder, and Windows has no such modes.
needs_modes = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="no folder is unwritable for this user on this system"
)


class Course:
    """A course of one lesson, and the folder of one who learns."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.source, self.mine = folder / "notebooks", folder / "mine"
        self.lesson = self.mine / "01_a.ipynb"
        self.source.mkdir()
        (self.source / "01_a.ipynb").write_text("first")
        monkeypatch.setattr(lab, "lessons_folder", lambda: self.source)

    def files(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in self.mine.iterdir()}


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    return Course(tmp_path, monkeypatch)


# ---------------------------------------------------------------- copying


def test_a_lesson_that_is_missing_is_copied(course: Course) -> None:
    assert ({"01_a.ipynb": True}, {"01_a.ipynb": "first"}) == (copy_lessons(course.mine), course.files())


def test_a_lesson_that_is_there_is_not_touched(course: Course) -> None:
    course.mine.mkdir()
    course.lesson.write_text("mine")
    before = course.lesson.stat().st_mtime_ns
    assert {"01_a.ipynb": False} == copy_lessons(course.mine)
    assert ({"01_a.ipynb": "mine"}, before) == (course.files(), course.lesson.stat().st_mtime_ns)


def test_a_lesson_that_was_deleted_is_copied_again(course: Course) -> None:
    copy_lessons(course.mine)
    course.lesson.unlink()
    assert {"01_a.ipynb": True} == copy_lessons(course.mine)


def test_other_files_are_left_alone(course: Course) -> None:
    course.mine.mkdir()
    (course.mine / "notes.ipynb").write_text("mine")
    copy_lessons(course.mine)
    assert {"notes.ipynb": "mine", "01_a.ipynb": "first"} == course.files()


def test_lessons_are_copied_into_a_folder_that_is_a_link(course: Course, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    course.mine.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert {"01_a.ipynb": True} == copy_lessons(course.mine)


@pytest.mark.parametrize("target", ["precious", "missing"])
def test_a_link_in_place_of_a_lesson_is_not_written_through(course: Course, tmp_path: Path, target: str) -> None:
    (tmp_path / "precious").write_text("precious")
    course.mine.mkdir()
    course.lesson.symlink_to(tmp_path / target)
    assert {"01_a.ipynb": False} == copy_lessons(course.mine)
    assert ((tmp_path / "precious").read_text(), (tmp_path / "missing").exists()) == ("precious", False)


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has these modes")
def test_a_copied_lesson_has_the_mode_that_the_users_files_have(course: Course, tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    copy_lessons(course.mine)
    assert (tmp_path / "usual").stat().st_mode == course.lesson.stat().st_mode


def test_a_file_where_the_folder_should_be_is_an_error(course: Course) -> None:
    course.mine.write_text("precious")
    with pytest.raises(SfmtlsError, match="cannot be copied"):
        copy_lessons(course.mine)
    assert "precious" == course.mine.read_text()


def test_a_file_above_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    with pytest.raises(SfmtlsError, match="cannot be copied") as raised:
        copy_lessons(tmp_path / "file" / "mine")
    assert (raised.value.evidence, "that you may write to" in raised.value.next_step) == ("Not a directory", True)


@needs_modes
def test_a_folder_that_one_may_not_write_to_is_an_error(course: Course) -> None:
    course.mine.mkdir(mode=0o500)
    with pytest.raises(SfmtlsError, match="cannot be copied"):
        copy_lessons(course.mine)


@pytest.mark.parametrize("name", ["x" * 300, "null\0byte"])
def test_a_name_that_no_folder_can_have_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(SfmtlsError, match="cannot be copied"):
        copy_lessons(tmp_path / name)


# ---------------------------------------------------------------- the command


def test_the_command_says_where_the_lessons_are_and_that_they_were_copied(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["lab", str(course.mine), "--no-open"])
    assert capsys.readouterr().out == f"The lessons are in {course.mine}:\n  01_a.ipynb  copied\n"


def test_the_command_says_what_was_there_already_and_how_to_get_a_fresh_copy(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    copy_lessons(course.mine)
    cli.main(["lab", str(course.mine), "--no-open"])
    expected = "  01_a.ipynb  there already\nA fresh copy of the lessons goes into another folder: sfmtls-nb lab DIR\n"
    assert capsys.readouterr().out.endswith(expected)


def test_the_command_takes_a_folder_here_if_it_is_given_none(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course.source)
    cli.main(["lab", "--no-open"])
    assert (course.source / "sfmtls_lessons" / "01_a.ipynb").is_file()


def test_the_command_refuses_a_home_that_nobody_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lab", "~nobody-at-all/mine", "--no-open"]) == 1
    assert "'~nobody-at-all/mine' is in no known home" in capsys.readouterr().err


def test_the_command_without_jupyterlab_says_how_to_get_it_and_has_copied_all_the_same(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
    status = cli.main(["lab", str(course.mine)])
    assert (status, course.lesson.is_file()) == (1, True)
    assert "pip install 'sfmtls-nb[lab]'" in capsys.readouterr().err


def test_the_command_without_lessons_prints_a_short_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lab, "__file__", str(tmp_path / "sfmtls_nb" / "command" / "lab.py"))
    assert cli.main(["lab", str(tmp_path / "mine")]) == 1
    assert "the lessons are not there" in capsys.readouterr().err


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The arguments with which JupyterLab was started, in place of starting it."""
    seen: list[list[str]] = []
    monkeypatch.setattr("jupyterlab.labapp.LabApp.launch_instance", seen.append)
    return seen


@pytest.mark.parametrize(
    ("typed", "passed"),
    [
        ("--allow-root", ["--allow-root"]),
        ("-- --allow-root --port 9999", ["--allow-root", "--port", "9999"]),
        ("--port 9999 --no-browser", ["--port", "9999", "--no-browser"]),
        ("--ServerApp.token=", ["--ServerApp.token="]),
        ("", []),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_flags_that_are_not_ours_are_jupyterlabs(
    course: Course,
    launched: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    passed: list[str],
    *,
    named: bool,
) -> None:
    monkeypatch.chdir(course.source)
    assert 0 == cli.main(["lab", *([str(course.mine)] if named else []), *typed.split()])
    folder = course.mine if named else course.source / "sfmtls_lessons"
    assert ([f"--ServerApp.root_dir={folder}", passed], True) == (
        [launched[0][0], launched[0][2:]],
        (folder / "01_a.ipynb").is_file(),
    )


def test_no_open_holds_wherever_it_stands(course: Course, launched: list[list[str]]) -> None:
    cli.main(["lab", str(course.mine), "--port", "9999", "--no-open"])
    assert [] == launched


@pytest.mark.parametrize("command", ["tour", "practice"])
def test_other_commands_take_no_flags_of_jupyterlab(command: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main([command, "--allow-root"])


def test_root_is_told_what_to_do(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: list[str]) -> None:
        raise SystemExit(1)

    monkeypatch.setattr("jupyterlab.labapp.LabApp.launch_instance", refuse)
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    assert 1 == cli.main(["lab", str(course.mine)])
    assert f"lab {course.mine} --allow-root" in capsys.readouterr().err


@pytest.mark.parametrize(("user", "flags"), [(1000, []), (0, ["--allow-root"])])
def test_another_end_of_jupyterlab_is_not_blamed_on_root(
    course: Course, monkeypatch: pytest.MonkeyPatch, user: int, flags: list[str]
) -> None:
    def end(_: list[str]) -> None:
        raise SystemExit(1)

    monkeypatch.setattr("jupyterlab.labapp.LabApp.launch_instance", end)
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    with pytest.raises(SystemExit):
        cli.main(["lab", str(course.mine), *flags])


# ---------------------------------------------------------------- as installed from a wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    quiet = ["-q", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *quiet, "-w", str(folder), str(ROOT)], check=True, timeout=100
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment for child processes in which the package is the wheel's, and nothing of the repository is found."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path}


def lab_of(installed: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sfmtls_nb.command.cli", "lab", str(folder), "--no-open"],
        env=installed,
        cwd=folder.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


def test_the_wheel_holds_every_lesson_as_it_is_in_the_repository(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {
            Path(name).name: archive.read(name)
            for name in archive.namelist()
            if Path(name).parent.as_posix() == "sfmtls_nb/notebooks"
        }
    assert held == LESSONS


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0].partition("-")[0] for name in archive.namelist()}
    assert tops == {"sfmtls_nb"}


def test_the_installed_wheel_finds_its_own_lessons(installed: dict[str, str], tmp_path: Path) -> None:
    program = "from sfmtls_nb.command.lab import lessons_folder; print(lessons_folder())"
    done = subprocess.run(
        [sys.executable, "-c", program], env=installed, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(Path(installed["PYTHONPATH"].split(os.pathsep)[0], "sfmtls_nb", "notebooks"))


def test_the_installed_wheel_copies_the_course(installed: dict[str, str], tmp_path: Path) -> None:
    lab_of(installed, tmp_path / "mine")
    found = {path.name: path.read_bytes() for path in (tmp_path / "mine").glob("*.ipynb")}
    assert found == LESSONS


def test_the_installed_wheel_keeps_what_was_changed(installed: dict[str, str], tmp_path: Path) -> None:
    lab_of(installed, tmp_path / "mine")
    name = next(iter(LESSONS))
    (tmp_path / "mine" / name).write_text("{}")
    done = lab_of(installed, tmp_path / "mine")
    assert ((tmp_path / "mine" / name).read_text(), f"{name}  there already" in done.stdout) == ("{}", True)


def test_the_repository_has_its_lessons_where_they_are_edited() -> None:
    assert lessons_folder() == ROOT / "notebooks"


@pytest.mark.skipif(os.name != "posix", reason="the browser of this test is a shell script")
def test_opens_jupyterlab_on_the_first_lesson(installed: dict[str, str], tmp_path: Path) -> None:
    # A browser that notes what it was opened with; and settings that let root run JupyterLab, as in a container.
    seen = tmp_path / "seen"
    os.mkfifo(seen)
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >"{seen}"\n')
    browser.chmod(0o755)
    settings = tmp_path / "settings"
    settings.mkdir()
    (settings / "jupyter_config.json").write_text(
        json.dumps({"ServerApp": {"allow_root": True, "port": 0, "use_redirect_file": False}})
    )
    environment = {
        **installed,
        "BROWSER": f"{browser} %s",
        "JUPYTER_CONFIG_DIR": str(settings),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
    }
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "sfmtls_nb.command.cli", "lab", str(tmp_path / "mine")],
            env=environment,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            opened = subprocess.run(["cat", str(seen)], capture_output=True, text=True, timeout=60, check=True).stdout
        finally:
            process.terminate()
    assert urlsplit(opened).path == f"/lab/tree/{next(iter(LESSONS))}"
