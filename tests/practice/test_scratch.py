"""Temporary folders: gone with their process, those of a killed one with the next; and nobody else's is ever touched."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.scratch import Scratch, sweep

#: Starts a practice org, has it make records, says where its files are, and waits to be killed.
_VICTIM = """
import sys
from sfmtls_nb.practice import PracticeOrg
practice = PracticeOrg().start()
list(practice._database.rows("SELECT Id FROM Contact", (), ["Contact"]))
print(practice.directory, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary ones, of these tests alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def victim(place: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", _VICTIM],
        env={**os.environ, "TMPDIR": str(place)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline()
        yield process
        process.kill()


def left(place: Path, kind: str = "practice-org-") -> Path:
    """A folder as a process leaves it that is killed."""
    folder = Path(tempfile.mkdtemp(prefix=kind, dir=place))
    (folder / ".in-use").touch()
    (folder / "identities").mkdir()
    (folder / "identities" / "client.key").write_text("key")
    return folder


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_what_a_killed_process_left_is_gone_after_the_next_start(place: Path, victim: subprocess.Popen[str]) -> None:
    assert ["practice-data-", "practice-org-"] == [name[:-8] for name in names(place)]
    victim.kill()
    victim.wait()
    with PracticeOrg() as practice:
        assert [practice.directory.name] == names(place)


def test_what_a_living_process_uses_is_left_alone(place: Path, victim: subprocess.Popen[str]) -> None:
    before = names(place)
    with PracticeOrg():
        assert set(before) < set(names(place))
    assert (before, None) == (names(place), victim.poll())


def test_a_process_that_ends_without_stopping_its_org_leaves_nothing(
    place: Path, victim: subprocess.Popen[str]
) -> None:
    victim.communicate()
    assert ([], 0) == (names(place), victim.returncode)


@pytest.mark.parametrize("kind", ["practice-org-", "practice-data-"])
def test_both_kinds_of_folders_are_swept(place: Path, kind: str) -> None:
    left(place, kind)
    sweep()
    assert [] == names(place)


def test_a_folder_of_that_name_without_a_lock_is_somebodys(place: Path) -> None:
    (place / "practice-org-notes").mkdir()
    (place / "practice-org-notes" / "client.key").write_text("precious")
    sweep()
    assert "precious" == (place / "practice-org-notes" / "client.key").read_text()


def test_a_directory_that_was_given_is_not_swept(place: Path) -> None:
    with PracticeOrg(directory=place / "practice-org-mine"):
        pass
    sweep()
    assert (place / "practice-org-mine" / "client.key").exists()


def test_a_link_is_not_followed(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = left(tmp_path_factory.mktemp("elsewhere"))
    (place / "practice-org-link").symlink_to(elsewhere)
    sweep()
    assert (True, True) == (
        (elsewhere / "identities" / "client.key").exists(),
        (place / "practice-org-link").is_symlink(),
    )


def test_what_a_link_in_a_folder_leads_to_stays(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    precious = tmp_path_factory.mktemp("elsewhere") / "precious"
    precious.mkdir()
    folder = left(place)
    (folder / "link").symlink_to(precious)
    (folder / "identities" / "link").symlink_to(precious)
    sweep()
    assert (False, True) == (folder.exists(), precious.exists())


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="only POSIX tells whose a file is")
def test_another_users_folder_is_left_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = left(place)
    monkeypatch.setattr(os, "getuid", lambda: 4321)
    sweep()
    assert (folder / "identities" / "client.key").exists()


def test_a_sweep_that_was_cut_short_is_completed_by_the_next(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = left(place)
    with monkeypatch.context() as cut:
        cut.setattr(Path, "rmdir", lambda path: (_ for _ in ()).throw(PermissionError()))
        cut.setattr("shutil.rmtree", lambda path: (_ for _ in ()).throw(PermissionError()))
        sweep()
    assert (folder / ".in-use").exists()
    sweep()
    assert [] == names(place)


def test_a_folder_swept_while_it_is_made_is_made_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acquire = FileLock.acquire
    swept: list[str] = []

    def swept_first(lock: FileLock, *arguments: object, **options: object) -> object:
        if not swept:
            swept.append(lock.lock_file)
            Path(lock.lock_file).parent.rmdir()
        return acquire(lock, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(FileLock, "acquire", swept_first)
    scratch = Scratch("practice-org-")
    assert ([scratch.folder.name], 1) == (names(place), len(swept))
    scratch.close()


def test_where_there_are_no_locks_it_works_all_the_same_and_nobody_sweeps_it(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def acquire(lock: FileLock) -> None:
        Path(lock.lock_file).touch()
        raise OSError(errno.ENOLCK, "No locks available")

    with monkeypatch.context() as network_drive:
        network_drive.setattr(FileLock, "acquire", acquire)
        scratch = Scratch("practice-org-")
    sweep()
    assert [scratch.folder.name] == names(place)
    scratch.close()
    assert [] == names(place)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on Windows")
def test_a_fork_that_ends_takes_nothing_away(place: Path) -> None:
    fork = """
import os, sys
from sfmtls_nb.practice.scratch import Scratch
scratch = Scratch("practice-org-")
if not os.fork():
    sys.exit()
os.wait()
print(scratch.folder.exists())
"""
    done = subprocess.run(  # a fork of the tests would end as they do
        [sys.executable, "-c", fork],
        env={**os.environ, "TMPDIR": str(place)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert ("True\n", []) == (done.stdout, names(place))


def test_many_that_start_and_sweep_at_once_keep_their_own_folders(place: Path) -> None:
    def one(_: int) -> bool:
        scratch = Scratch("practice-org-")
        (scratch.folder / "client.key").write_text("key")
        sweep()
        kept = (scratch.folder / "client.key").exists()
        scratch.close()
        return kept

    with ThreadPoolExecutor(8) as pool:
        assert [True] * 100 == list(pool.map(one, range(100)))
    assert [] == names(place)


def test_closing_twice_is_harmless(place: Path) -> None:
    scratch = Scratch("practice-org-")
    scratch.close()
    scratch.close()
    assert [] == names(place)


def test_three_orgs_at_once_share_no_port_no_folder_and_no_authority() -> None:
    with PracticeOrg() as one, PracticeOrg() as two, PracticeOrg() as three:
        orgs = (one, two, three)
        urls = {url for each in orgs for url in (each.api_url, each.mutual_url, each.strict_url)}
        roots = {each.authority.client.root.certificate for each in orgs} | {
            each.authority.server_root.certificate for each in orgs
        }
        passwords = {each.user("enforced").password for each in orgs}
        assert (9, 3, 6, 3) == (len(urls), len({each.directory for each in orgs}), len(roots), len(passwords))
