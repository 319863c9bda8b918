"""The command as people run it: a process of its own, its streams, its signals and its exit status."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from sfmtls_nb import __version__
from sfmtls_nb.command import cli

COMMAND = str(Path(sysconfig.get_path("scripts"), "sfmtls-nb"))
# As in a terminal: output into a pipe is buffered.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}

# Ctrl-C, the end of a service, a closed terminal.
ENDINGS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@contextmanager
def practice(*arguments: str, before: Sequence[str] = ()) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A `sfmtls-nb practice` that runs, and the org.json it has printed. Ctrl-C ends it, if the test does not."""
    with subprocess.Popen(
        [*before, COMMAND, "practice", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=ENVIRONMENT,
    ) as process:
        try:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line == "}\n":
                    break
            yield process, json.loads("".join(lines))
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait(timeout=20)


def after(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    """Exit status and standard error of a process that gets a signal."""
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    return process.returncode, errors


def nobody_reads(*arguments: str) -> tuple[int, bytes]:
    """Exit status and standard error of a command whose output goes into a pipe that is closed at the other end."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as output:  # noqa: PTH123  # it is a descriptor
        done = subprocess.run(
            [COMMAND, *arguments], stdout=output, stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=60, check=False
        )
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with practice("--dir", str(tmp_path_factory.mktemp("org"))) as (_, org_json):
        yield org_json


def test_practice_prints_what_is_in_org_json(printed: dict[str, Any]) -> None:
    written = json.loads(Path(printed["ca_file"]).with_name("org.json").read_text())
    assert written == printed


@pytest.mark.parametrize("door", ["api_url", "mutual_url", "strict_url"])
def test_practice_listens_where_it_says(printed: dict[str, Any], door: str) -> None:
    host, _, port = printed[door].removeprefix("https://").rpartition(":")
    socket.create_connection((host, int(port)), timeout=5).close()


def a_port_that_nobody_is_given() -> str:
    """A free port below those that the system gives away, so that no test beside this one is given it meanwhile."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return str(port)
    raise AssertionError("no port is free")


@pytest.mark.parametrize("option", ["--api-port", "--mutual-port", "--strict-port"])
def test_practice_listens_on_the_port_it_is_given(option: str) -> None:
    port = a_port_that_nobody_is_given()
    with practice(option, port) as (_, org_json):
        door = option.strip("-").replace("-port", "_url")
        assert f"https://localhost:{port}" == org_json[door]


@pytest.mark.parametrize("number", ENDINGS)
def test_practice_ends_well_on_a_signal(number: signal.Signals) -> None:
    with practice() as (process, _):
        assert after(process, number)[0] == 0


def test_practice_says_where_its_files_are_and_that_it_has_stopped(tmp_path: Path) -> None:
    with practice("--dir", str(tmp_path)) as (process, _):
        expected = (
            f"The practice org runs; its files are in {tmp_path}. Ctrl-C stops it.\nThe practice org has stopped.\n"
        )
        assert expected == after(process, signal.SIGINT)[1]


@pytest.mark.parametrize("number", ENDINGS)
def test_practice_takes_its_temporary_folder_with_it(number: signal.Signals) -> None:
    with practice() as (process, org_json):
        after(process, number)
        assert not Path(org_json["ca_file"]).parent.exists()


def test_practice_outlives_the_terminal_under_nohup() -> None:
    with practice(before=["nohup"]) as (process, _):
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.3)


def test_practice_leaves_a_folder_that_it_was_given(tmp_path: Path) -> None:
    with practice("--dir", str(tmp_path)) as (process, _):
        after(process, signal.SIGINT)
        assert (tmp_path / "org.json").exists()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_practice_does_not_warn_on_this_machines_own_address(host: str) -> None:
    with practice("--host", host) as (process, _):
        assert "warning" not in after(process, signal.SIGINT)[1]


def test_practice_warns_on_an_address_that_others_can_reach() -> None:
    with practice("--host", "0.0.0.0") as (process, _):  # noqa: S104  # that is the point
        errors = after(process, signal.SIGINT)[1]
        assert errors.startswith("sfmtls-nb: warning: listening on 0.0.0.0, so other machines can reach this")


def test_practice_is_quiet_when_nobody_reads() -> None:
    assert nobody_reads("practice") == (141, b"")


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    (tmp_path / "client.key").write_text("precious")
    return tmp_path


def test_a_taken_port_is_one_short_message(printed: dict[str, Any]) -> None:
    taken = printed["api_url"].rpartition(":")[2]
    done = subprocess.run(
        [COMMAND, "practice", "--api-port", taken], capture_output=True, text=True, timeout=60, check=False
    )
    expected = (
        rf"sfmtls-nb: the practice org cannot listen on localhost:{taken}\n  evidence: .*\n"
        r"  next: let the system choose a port \(0\), or choose one that is free and above 1023\n"
    )
    assert re.fullmatch(expected, done.stderr)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--api-port", "-1", "localhost:-1"),
        ("--mutual-port", "65536", "localhost:65536"),
        ("--strict-port", "99999999999999999999", "localhost:99999999999999999999"),
        ("--host", "no.such.host.example", "no.such.host.example:0"),
        ("--host", "bücher", "'bücher'"),
        ("--dir", "x" * 300, "x" * 300),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_status_1(
    capsys: pytest.CaptureFixture[str], option: str, value: str, message: str
) -> None:
    before = signal.getsignal(signal.SIGINT)
    status = cli.main(["practice", f"{option}={value}"])
    assert before is signal.getsignal(signal.SIGINT)
    assert (status, message in capsys.readouterr().err) == (1, True)


def test_a_folder_that_is_somebody_elses_is_refused(foreign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["practice", "--dir", str(foreign)])
    assert (status, "client.key" in capsys.readouterr().err) == (1, True)


def test_a_refusal_leaves_standard_output_empty(foreign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["practice", "--dir", str(foreign)])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["practice", "--api-port", "x"], ["practice", "--nonsense"], ["tour", "x"]]
)
def test_a_command_that_cannot_be_is_a_usage_error(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(arguments)
    assert raised.value.code == 2


def test_the_tour_is_quiet_when_nobody_reads() -> None:
    assert nobody_reads("tour") == (141, b"")


def test_the_tour_is_quiet_when_head_has_seen_enough() -> None:
    done = subprocess.run(
        ["bash", "-c", f"'{COMMAND}' tour | head -1"], capture_output=True, env=ENVIRONMENT, timeout=60, check=False
    )
    assert done.stderr == b""


def test_the_tour_ends_on_ctrl_c_with_the_shells_status(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sfmtls_nb.command.tour.tour", interrupted)
    assert cli.main(["tour"]) == 130


SESSION_ID = "00D36000000bLGT!AQQAQMlp30Zpiy6"
LEAKY = json.dumps({"cells": [{"source": ["x\n", f"sid = '{SESSION_ID}'"]}]}, indent=1) + "\n"
CLEAN = LEAKY.replace(SESSION_ID, "[removed: session id]")


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    path = tmp_path / "leaky.ipynb"
    path.write_bytes(LEAKY.encode())
    return path


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    path = tmp_path / "clean.ipynb"
    path.write_bytes(CLEAN.encode())
    return path


def test_scrub_removes_a_secret_and_nothing_else(leaky: Path) -> None:
    status = cli.main(["scrub", str(leaky)])
    assert (status, leaky.read_bytes().decode()) == (0, CLEAN)


def test_scrub_says_what_it_removed_and_from_where(leaky: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["scrub", str(leaky)])
    expected = f"{leaky}: removed: cell 1, source: session id 00D36000000bLGT!••••\n"
    assert expected == capsys.readouterr().out


def test_scrub_says_that_a_secret_others_have_seen_is_to_be_changed(
    leaky: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["scrub", str(leaky)])
    assert "end the session, change the password, replace the key" in capsys.readouterr().err


def test_scrub_is_quiet_about_a_clean_notebook_and_does_not_write_it(
    clean: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = clean.stat()
    status = cli.main(["scrub", str(clean)])
    assert (status, *capsys.readouterr(), clean.stat().st_ino) == (0, "", "", before.st_ino)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_scrub_keeps_the_mode_of_the_file(leaky: Path, mode: int) -> None:
    leaky.chmod(mode)
    cli.main(["scrub", str(leaky)])
    assert mode == leaky.stat().st_mode & 0o7777


def test_scrub_leaves_nothing_beside_the_file(leaky: Path) -> None:
    cli.main(["scrub", str(leaky)])
    assert [leaky] == list(leaky.parent.iterdir())


def test_scrub_scrubs_what_a_link_points_to(leaky: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.ipynb"
    link.symlink_to(leaky)
    cli.main(["scrub", str(link)])
    assert (link.is_symlink(), leaky.read_bytes().decode()) == (True, CLEAN)


@pytest.mark.parametrize("folder", [".ipynb_checkpoints", "lessons/deep", ".hidden"])
def test_scrub_scrubs_every_notebook_in_a_folder(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "a-checkpoint.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(LEAKY.encode())
    cli.main(["scrub", str(tmp_path)])
    assert CLEAN == path.read_bytes().decode()


def test_scrub_leaves_other_files_in_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "client.json"
    path.write_bytes(LEAKY.encode())
    cli.main(["scrub", str(tmp_path)])
    assert LEAKY == path.read_bytes().decode()


def test_scrub_with_check_changes_nothing(leaky: Path) -> None:
    status = cli.main(["scrub", "--check", str(leaky)])
    assert (status, leaky.read_bytes().decode()) == (1, LEAKY)


def test_scrub_with_check_names_file_place_and_kind(leaky: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["scrub", "--check", str(leaky)])
    assert f"{leaky}: cell 1, source: session id 00D36000000bLGT!••••\n" == capsys.readouterr().out


def test_scrub_with_check_says_what_to_do(leaky: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["scrub", "--check", str(leaky)])
    errors = capsys.readouterr().err
    assert errors.startswith("sfmtls-nb: secrets in notebooks: 1\n  next: sfmtls-nb scrub removes them;")


def test_scrub_with_check_passes_a_clean_notebook(clean: Path) -> None:
    assert cli.main(["scrub", "--check", str(clean)]) == 0


def test_scrub_with_check_passes_what_it_has_scrubbed(leaky: Path) -> None:
    assert (cli.main(["scrub", str(leaky)]), cli.main(["scrub", "--check", str(leaky)])) == (0, 0)


@pytest.mark.parametrize("flag", [[], ["--check"]])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not JSON", "bad.ipynb: this is no notebook: it is not JSON\n  evidence: line 1, column 1"),
        (b"\xff\xfe", "bad.ipynb cannot be read\n  evidence: 'utf-8'"),
        (None, "bad.ipynb cannot be read\n  evidence: No such file"),
    ],
)
def test_scrub_fails_on_what_is_no_notebook(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, message: str, flag: list[str]
) -> None:
    path = tmp_path / "bad.ipynb"
    if content is not None:
        path.write_bytes(content)
    status = cli.main(["scrub", *flag, str(path)])
    assert (status, message in capsys.readouterr().err) == (1, True)


def test_scrub_goes_on_after_what_is_no_notebook(tmp_path: Path, leaky: Path) -> None:
    status = cli.main(["scrub", str(tmp_path / "missing.ipynb"), str(leaky)])
    assert (status, leaky.read_bytes().decode()) == (1, CLEAN)


def test_scrub_without_a_file_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(["scrub"])
    assert raised.value.code == 2


def test_scrub_is_what_pre_commit_runs(leaky: Path) -> None:
    hooks = Path(__file__).parents[2].joinpath(".pre-commit-hooks.yaml").read_text()
    entry = re.findall(r"^- id: sfmtls-nb-scrub$[^-]*(?:\n  .*)*?\n  entry: sfmtls-nb (.*)$", hooks, re.MULTILINE)
    assert [1] == [cli.main([*words.split(), str(leaky)]) for words in entry]


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in cli.COMMANDS)])
def test_help_ends_with_status_0(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(arguments)
    assert (raised.value.code, capsys.readouterr().out.startswith("usage: sfmtls-nb")) == (0, True)


@pytest.mark.parametrize(
    "option", ["--dir", "--host", "--api-port", "--mutual-port", "--strict-port", "localhost", "8443"]
)
def test_help_of_practice_explains_the_option(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["practice", "--help"])
    assert option in capsys.readouterr().out


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    shown = capsys.readouterr().out
    assert [] == [
        line
        for line in (f"{name} +{meaning[:30]}" for name, meaning in cli.COMMANDS.items())
        if not re.search(line, shown)
    ]


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_a_question_loads_no_command(flag: str) -> None:
    program = f"""
import sys
from sfmtls_nb.command import cli
try:
    cli.main([{flag!r}])
except SystemExit:
    print(*sys.modules, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    loaded = {name.removeprefix("sfmtls_nb.") for name in done.stderr.split() if name.startswith("sfmtls_nb")}
    assert loaded == {"sfmtls_nb", "command", "command.cli", "errors", "secret"}


def test_help_is_quiet_when_nobody_reads() -> None:
    assert nobody_reads("--help") == (141, b"")


def test_the_version_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"sfmtls-nb {__version__}\n"
