"""The file of profiles: one that is broken breaks nothing else, and processes that save at once lose nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tracebacks import beyond, shown_with_locals

from sfmtls_nb import Org, OrgError, Profile, read_profiles, save_profile
from sfmtls_nb.profiles import file as file_of_profiles

WRONG = """\
[acme]
my_domain = "acme"

[typo]
my_domian = "acme"

[secret]
my_domain = "acme"
password = "hunter2"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "profiles.toml"


# ---------------------------------------------------------------- one that is broken


def test_a_broken_profile_takes_no_other_with_it(file: Path) -> None:
    file.write_text(WRONG)
    assert {"acme": Profile("acme", Org.my_domain("acme"))} == read_profiles(file)


def test_a_broken_profile_is_told_where_it_is_asked_for(file: Path) -> None:
    file.write_text(WRONG)
    profiles = read_profiles(file)
    assert ["typo", "secret"] == list(profiles.broken)
    for _ in range(2):
        with pytest.raises(OrgError, match="no key my_domian"):
            profiles.get("typo")
    with pytest.raises(KeyError):
        profiles["nothing"]


def test_a_broken_profile_shows_no_secret_that_is_in_it(file: Path) -> None:
    file.write_text(WRONG)
    profiles = read_profiles(file)
    with pytest.raises(OrgError) as asked:
        profiles["secret"]
    with pytest.raises(OrgError) as saved:
        save_profile(Profile("secret", Org()), file)
    shown = [shown_with_locals(beyond(__file__, each.value)) for each in (asked, saved)] + [repr(profiles)]
    assert [] == [each for each in shown if "hunter2" in each]


def test_a_file_that_is_not_toml_shows_no_secret_that_is_in_it(file: Path) -> None:
    file.write_text(f"{WRONG}\n[[[")
    acts: list[Callable[[], object]] = [lambda: read_profiles(file), lambda: save_profile(Profile("acme", Org()), file)]
    for act in acts:
        with pytest.raises(OrgError, match="not TOML") as caught:
            act()
        assert "hunter2" not in shown_with_locals(beyond(__file__, caught.value))


# ---------------------------------------------------------------- many at once

SAVE = """
import sys
from pathlib import Path
from sfmtls_nb import Org, Profile, save_profile
for number in range(5):
    save_profile(Profile(f"p{sys.argv[2]}-{number}", Org.my_domain("acme")), Path(sys.argv[1]))
"""
HOLD = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a lock, until it is killed at the end."""
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert "held\n" == process.stdout.readline()
            yield process
        finally:
            process.kill()


@pytest.mark.slow
def test_processes_that_save_at_once_lose_nothing(file: Path) -> None:
    file.write_text("# Ask Ada first.\n\n[acme]  # ours\nmy_domain = 'acme'\n")
    running = [subprocess.Popen([sys.executable, "-c", SAVE, str(file), str(number)]) for number in range(8)]
    assert [0] * 8 == [process.wait(timeout=100) for process in running]
    names = {"acme", *(f"p{process}-{number}" for process in range(8) for number in range(5))}
    assert (names, {}) == (set(read_profiles(file)), read_profiles(file).broken)
    assert file.read_text().startswith("# Ask Ada first.\n\n[acme]  # ours\nmy_domain = 'acme'\n")


def test_a_lock_that_another_holds_is_waited_for_and_then_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_of_profiles, "_PATIENCE", 0.2)
    with held(file.with_name("profiles.toml.lock")), pytest.raises(OrgError) as refused:
        save_profile(Profile("acme", Org()), file)
    assert (True, True, False) == (
        "another program is saving" in refused.value.what,
        "profiles.toml.lock" in refused.value.evidence,
        file.exists(),
    )


def test_a_lock_of_a_process_that_was_killed_holds_nobody_up(file: Path) -> None:
    with held(file.with_name("profiles.toml.lock")):
        pass
    save_profile(Profile("acme", Org()), file)
    assert ["acme"] == list(read_profiles(file))


def test_a_lock_is_the_same_by_whichever_link_one_comes(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_of_profiles, "_PATIENCE", 0.2)
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    with held(file.with_name("profiles.toml.lock")), pytest.raises(OrgError, match="another program is saving"):
        save_profile(Profile("acme", Org()), link)


def a_folder(file: Path) -> None:
    file.mkdir()


def a_link_to_itself(file: Path) -> None:
    file.symlink_to(file)


def a_link_to_a_device(file: Path) -> None:
    file.symlink_to("/dev/null")


@pytest.mark.parametrize("make", [a_folder, a_link_to_itself, a_link_to_a_device])
def test_what_is_no_file_is_not_replaced_by_one(
    file: Path, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(file_of_profiles, "write_new")  # what a mistake here would replace is not ours
    make(file)
    with pytest.raises(OrgError, match="cannot be written"):
        save_profile(Profile("acme", Org()), file)
    assert [file] == list(file.parent.iterdir())
