"""The lessons in the learner's folder: copied from the built wheel, brought up to date, and never over what is the learner's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sfmtls_nb.command import cli, lab
from sfmtls_nb.command.lab import GIVEN, Copied, copy_lessons, lessons_folder
from sfmtls_nb.errors import SfmtlsError

ROOT = Path(__file__).parents[2]
LESSONS = {path.name: path.read_bytes() for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
#: Root may write into every folder, and Windows has no such modes.
needs_modes = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="no folder is unwritable for this user on this system"
)


class Course:
    """Lessons of a release, which may be followed by another, and the folder of one who learns."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.source, self.mine, self._monkeypatch = folder / "notebooks", folder / "mine", monkeypatch
        self.source.mkdir()
        monkeypatch.setattr(lab, "lessons_folder", lambda: self.source)
        self.release("0.1.0", "first")

    def release(self, version: str, content: str) -> None:
        self._monkeypatch.setattr(lab, "__version__", version)
        (self.source / "01_a.ipynb").write_text(content)

    def rename(self, name: str) -> None:
        """As where a lesson was put before it."""
        (self.source / "01_a.ipynb").rename(self.source / name)

    def copy(self) -> Copied:
        (copied,) = copy_lessons(self.mine)
        return copied

    @property
    def lesson(self) -> Path:
        return self.mine / "01_a.ipynb"

    def files(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in self.mine.iterdir() if path.name != GIVEN}


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    return Course(tmp_path, monkeypatch)


class TestCopying:
    def test_copies_what_is_not_there(self, course: Course) -> None:
        assert (Copied("01_a.ipynb", "copied"), {"01_a.ipynb": "first"}) == (course.copy(), course.files())

    def test_again_does_nothing(self, course: Course) -> None:
        course.copy()
        before = course.lesson.stat().st_mtime_ns
        assert (Copied("01_a.ipynb", "same"), before) == (course.copy(), course.lesson.stat().st_mtime_ns)

    def test_copies_again_what_was_deleted(self, course: Course) -> None:
        course.copy()
        course.lesson.unlink()
        assert course.copy().done == "copied"

    def test_updates_what_was_not_changed(self, course: Course) -> None:
        course.copy()
        course.release("0.2.0", "second")
        assert (Copied("01_a.ipynb", "updated"), {"01_a.ipynb": "second"}) == (course.copy(), course.files())

    def test_keeps_what_was_changed(self, course: Course) -> None:
        course.copy()
        course.lesson.write_text("mine")
        assert (Copied("01_a.ipynb", "kept"), {"01_a.ipynb": "mine"}) == (course.copy(), course.files())

    def test_puts_a_new_version_beside_what_was_changed(self, course: Course) -> None:
        course.copy()
        course.lesson.write_text("mine")
        course.release("0.2.0", "second")
        assert course.copy() == Copied("01_a.ipynb", "kept", "01_a-0.2.0.ipynb")
        assert course.files() == {"01_a.ipynb": "mine", "01_a-0.2.0.ipynb": "second"}

    def test_puts_a_new_version_there_once(self, course: Course) -> None:
        course.copy()
        course.lesson.write_text("mine")
        course.release("0.2.0", "second")
        course.copy()
        (course.mine / "01_a-0.2.0.ipynb").unlink()
        assert (course.copy().beside, course.files()) == ("", {"01_a.ipynb": "mine"})

    def test_puts_nothing_over_what_stands_beside(self, course: Course) -> None:
        course.copy()
        course.lesson.write_text("mine")
        (course.mine / "01_a-0.2.0.ipynb").write_text("mine too")
        course.release("0.2.0", "second")
        assert course.copy().beside == "01_a-0.2.0-2.ipynb"
        assert course.files() == {
            "01_a.ipynb": "mine",
            "01_a-0.2.0.ipynb": "mine too",
            "01_a-0.2.0-2.ipynb": "second",
        }

    def test_updates_again_what_was_put_back(self, course: Course) -> None:
        course.copy()
        course.lesson.write_text("mine")
        course.release("0.2.0", "second")
        course.copy()
        (course.mine / "01_a-0.2.0.ipynb").replace(course.lesson)
        course.release("0.3.0", "third")
        assert (course.copy().done, course.files()) == ("updated", {"01_a.ipynb": "third"})

    @pytest.mark.parametrize("note", [None, b"", b"not JSON", b"[]", b"\xff", b'{"01_a.ipynb": 1}'])
    def test_takes_what_differs_for_the_learners_if_it_is_not_known_what_was_given(
        self, course: Course, note: bytes | None
    ) -> None:
        course.copy()
        (course.mine / GIVEN).unlink()
        if note is not None:
            (course.mine / GIVEN).write_bytes(note)
        course.release("0.2.0", "second")
        assert course.copy() == Copied("01_a.ipynb", "kept", "01_a-0.2.0.ipynb")

    def test_takes_away_what_has_another_name_now(self, course: Course) -> None:
        course.copy()
        course.rename("02_a.ipynb")
        assert [Copied("02_a.ipynb", "copied"), Copied("01_a.ipynb", "removed")] == copy_lessons(course.mine)
        assert course.files() == {"02_a.ipynb": "first"}

    def test_leaves_what_has_another_name_now_if_it_was_changed_and_says_so_once(self, course: Course) -> None:
        course.copy()
        course.lesson.write_text("mine")
        course.rename("02_a.ipynb")
        assert [Copied("02_a.ipynb", "copied"), Copied("01_a.ipynb", "left")] == copy_lessons(course.mine)
        assert [Copied("02_a.ipynb", "same")] == copy_lessons(course.mine)
        assert course.files() == {"02_a.ipynb": "first", "01_a.ipynb": "mine"}

    @pytest.mark.parametrize("name", ["../mine.ipynb", "sub/mine.ipynb", "sub/../mine.ipynb", "mine.txt"])
    def test_takes_nothing_away_elsewhere(self, course: Course, name: str) -> None:
        course.copy()
        (course.mine / "sub").mkdir()
        other = course.mine / name
        other.write_text("mine")
        (course.mine / GIVEN).write_text(json.dumps({name: sha256(b"mine").hexdigest()}))
        copy_lessons(course.mine)
        assert "mine" == other.read_text()

    def test_leaves_other_files_alone(self, course: Course) -> None:
        course.mine.mkdir()
        (course.mine / "notes.ipynb").write_text("mine")
        course.copy()
        assert course.files() == {"notes.ipynb": "mine", "01_a.ipynb": "first"}

    def test_follows_a_link_that_is_the_folder_itself(self, course: Course, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        course.mine.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
        assert course.copy().done == "copied"

    @pytest.mark.skipif(os.name != "posix", reason="only POSIX has these modes")
    def test_writes_with_the_mode_that_the_users_files_have(self, course: Course, tmp_path: Path) -> None:
        (tmp_path / "usual").touch()
        course.copy()
        assert (tmp_path / "usual").stat().st_mode == course.lesson.stat().st_mode


class TestWhatIsInTheWay:
    def test_a_link_is_not_written_through(self, course: Course, tmp_path: Path) -> None:
        precious = tmp_path / "precious"
        precious.write_text("precious")
        course.mine.mkdir()
        course.lesson.symlink_to(precious)
        with pytest.raises(SfmtlsError, match=r"01_a.ipynb is a link") as raised:
            course.copy()
        assert (precious.read_text(), "sfmtls-nb lab DIR" in raised.value.next_step) == ("precious", True)

    def test_a_link_in_place_of_the_note_neither(self, course: Course, tmp_path: Path) -> None:
        course.mine.mkdir()
        (course.mine / GIVEN).symlink_to(tmp_path / "precious")
        with pytest.raises(SfmtlsError, match=r"is a link"):
            course.copy()

    def test_a_folder_of_that_name(self, course: Course) -> None:
        course.lesson.mkdir(parents=True)
        with pytest.raises(SfmtlsError, match=r"01_a.ipynb is in the way"):
            course.copy()

    def test_is_seen_before_anything_is_written(self, course: Course) -> None:
        (course.mine / "02_b.ipynb").mkdir(parents=True)
        (course.source / "02_b.ipynb").write_text("b")
        with pytest.raises(SfmtlsError):
            copy_lessons(course.mine)
        assert not course.lesson.exists()

    def test_a_file_where_the_folder_should_be(self, course: Course) -> None:
        course.mine.write_text("precious")
        with pytest.raises(SfmtlsError, match=r"mine is a file"):
            course.copy()

    def test_a_file_above_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("precious")
        with pytest.raises(SfmtlsError, match="cannot be copied") as raised:
            copy_lessons(tmp_path / "file" / "mine")
        assert (raised.value.evidence, "that you may write to" in raised.value.next_step) == ("Not a directory", True)

    @needs_modes
    def test_a_folder_that_one_may_not_write_to(self, course: Course) -> None:
        course.mine.mkdir(mode=0o500)
        with pytest.raises(SfmtlsError, match="cannot be copied"):
            course.copy()

    @pytest.mark.parametrize("name", ["x" * 300, "null\0byte"])
    def test_a_name_that_none_can_have(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(SfmtlsError, match="cannot be copied"):
            copy_lessons(tmp_path / name)


class TestTheCommand:
    def test_says_where_the_lessons_are_and_what_became_of_each(
        self, course: Course, capsys: pytest.CaptureFixture[str]
    ) -> None:
        cli.main(["lab", str(course.mine), "--no-open"])
        assert capsys.readouterr().out == f"The lessons are in {course.mine}:\n  01_a.ipynb  copied\n"

    def test_says_what_was_kept_and_where_its_new_version_is(
        self, course: Course, capsys: pytest.CaptureFixture[str]
    ) -> None:
        course.copy()
        course.lesson.write_text("mine")
        course.release("0.2.0", "second")
        cli.main(["lab", str(course.mine), "--no-open"])
        expected = "01_a.ipynb  kept: you have changed it; the new version stands beside it: 01_a-0.2.0.ipynb\n"
        assert expected in capsys.readouterr().out

    def test_takes_a_folder_here_if_it_is_given_none(self, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(course.source)
        cli.main(["lab", "--no-open"])
        assert (course.source / "sfmtls_lessons" / "01_a.ipynb").is_file()

    def test_without_jupyterlab_says_how_to_get_it_and_has_copied_all_the_same(
        self, course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
        status = cli.main(["lab", str(course.mine)])
        assert (status, course.lesson.is_file()) == (1, True)
        assert "pip install 'sfmtls-nb[lab]'" in capsys.readouterr().err

    def test_without_lessons_is_a_short_message(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(lab, "__file__", str(tmp_path / "sfmtls_nb" / "command" / "lab.py"))
        assert cli.main(["lab", str(tmp_path / "mine")]) == 1
        assert "the lessons are not there" in capsys.readouterr().err


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


class TestTheWheel:
    def test_holds_every_lesson_as_it_is_in_the_repository(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            held = {
                Path(name).name: archive.read(name)
                for name in archive.namelist()
                if Path(name).parent.as_posix() == "sfmtls_nb/notebooks"
            }
        assert held == LESSONS

    def test_holds_the_package_and_nothing_else(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            tops = {name.partition("/")[0].partition("-")[0] for name in archive.namelist()}
        assert tops == {"sfmtls_nb"}

    def test_once_installed_finds_its_own_lessons(self, installed: dict[str, str], tmp_path: Path) -> None:
        program = "from sfmtls_nb.command.lab import lessons_folder; print(lessons_folder())"
        done = subprocess.run(
            [sys.executable, "-c", program], env=installed, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == str(Path(installed["PYTHONPATH"].split(os.pathsep)[0], "sfmtls_nb", "notebooks"))

    def test_copies_the_course(self, installed: dict[str, str], tmp_path: Path) -> None:
        lab_of(installed, tmp_path / "mine")
        found = {path.name: path.read_bytes() for path in (tmp_path / "mine").glob("*.ipynb")}
        assert found == LESSONS

    def test_keeps_what_was_changed(self, installed: dict[str, str], tmp_path: Path) -> None:
        lab_of(installed, tmp_path / "mine")
        name = next(iter(LESSONS))
        (tmp_path / "mine" / name).write_text("{}")
        done = lab_of(installed, tmp_path / "mine")
        assert ((tmp_path / "mine" / name).read_text(), f"{name}  kept" in done.stdout) == ("{}", True)


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
