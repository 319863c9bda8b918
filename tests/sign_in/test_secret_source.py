"""Where a secret is kept: a variable, a keyring, a file descriptor; and nothing of it is shown if it cannot be had."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, NoKeyringError
from tracebacks import beyond, shown_with_locals

from sfmtls_nb import ClientCredentials, Org, Secret, SignInError, login, secret_from
from sfmtls_nb.practice import PracticeOrg


def refused(source: str) -> SignInError:
    with pytest.raises(SignInError) as caught:
        secret_from(source)
    assert caught.value.next_step
    return caught.value


# ---------------------------------------------------------------- the place


@pytest.mark.parametrize(
    "text",
    ["hunter2", "", "env:", "env:hunter2!", "env:hunter2\n", "keyring:hunter2", "fd:-1", "fd:hunter2", "file:hunter2"],
)
def test_what_is_no_place_is_not_shown(text: str) -> None:
    error = refused(text)
    assert (True, False) == (
        "env:NAME, keyring:SERVICE/USERNAME or fd:NUMBER" in error.next_step,
        "hunter2" in shown_with_locals(beyond(__file__, error)),
    )


# ---------------------------------------------------------------- a variable


@pytest.mark.parametrize("text", ["hunter2", "hunter2\n", "hunter2\r\n"])
def test_a_secret_comes_from_a_variable(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SF_SECRET", text)
    assert Secret("hunter2") == secret_from("env:SF_SECRET")


def test_a_secret_keeps_the_spaces_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SF_SECRET", " a b ")
    assert Secret(" a b ") == secret_from("env:SF_SECRET")


@pytest.mark.parametrize("text", ["", "\n"])
def test_a_variable_that_is_empty_has_no_secret(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SF_SECRET", text)
    error = refused("env:SF_SECRET")
    assert ("there is no secret in the environment variable SF_SECRET", "it is empty") == (error.what, error.evidence)


def test_a_variable_that_is_not_set_has_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SF_SECRET", raising=False)
    assert "it is not set" == refused("env:SF_SECRET").evidence


def test_a_secret_signs_in(org: Org, practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SF_SECRET", practice.app.consumer_secret)
    with login(org, ClientCredentials(practice.app.consumer_key, secret_from("env:SF_SECRET"))) as session:
        assert session.session_id


# ---------------------------------------------------------------- a keyring


class Keyring(KeyringBackend):
    """A keyring in this process, which may be told what to raise."""

    priority = 1
    raised: Exception | None = None

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the package's
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        text = self.kept.get((service, username))
        if self.raised:
            raise self.raised
        return text

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def ring() -> Iterator[Keyring]:
    before, ring = keyring.get_keyring(), Keyring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.mark.parametrize("service", ["sfmtls_nb", "https://acme.my.salesforce.com/x"])
@pytest.mark.usefixtures("ring")
def test_a_secret_comes_from_the_keyring(service: str) -> None:
    keyring.set_password(service, "me@acme.example", "hunter2")
    assert Secret("hunter2") == secret_from(f"keyring:{service}/me@acme.example")


@pytest.mark.usefixtures("ring")
def test_a_keyring_without_that_entry_is_told_with_the_command_that_puts_it_in() -> None:
    error = refused("keyring:sf nb/me@acme.example")
    assert ("the keyring gives no secret for me@acme.example at sf nb", True) == (
        error.what,
        error.next_step.endswith("keyring set 'sf nb' me@acme.example"),
    )


@pytest.mark.parametrize(
    ("raised", "evidence", "next_step"),
    [
        (KeyringLocked("denied by the user"), "KeyringLocked: denied by the user", "unlock the keyring"),
        (NoKeyringError("no backend"), "NoKeyringError: no backend", "env:NAME"),
        (ValueError("out of order"), "ValueError: out of order", "unlock the keyring"),
    ],
)
def test_a_keyring_that_says_no_is_told_and_nothing_of_the_secret(
    ring: Keyring, raised: Exception, evidence: str, next_step: str
) -> None:
    ring.set_password("sf", "me", "hunter2")
    ring.raised = raised
    error = refused("keyring:sf/me")
    assert (evidence, True, False) == (
        error.evidence,
        next_step in error.next_step,
        "hunter2" in shown_with_locals(beyond(__file__, error)),
    )


def test_a_keyring_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert 'pip install "sfmtls-nb[keyring]"' in refused("keyring:sf/me").next_step


# ---------------------------------------------------------------- a file descriptor


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe's two ends: where to read, where to write."""
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue  # the test closed it


@pytest.mark.parametrize("text", [b"hunter2", b"hunter2\n", b"hunter2\r\n", b"hunter2\nmore\n"])
def test_a_secret_comes_from_the_first_line_of_a_file_descriptor(pipe: tuple[int, int], text: bytes) -> None:
    os.write(pipe[1], text)
    os.close(pipe[1])
    assert Secret("hunter2") == secret_from(f"fd:{pipe[0]}")


def test_a_secret_leaves_the_next_line_to_the_next_call(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"one\ntwo\n")
    assert [Secret("one"), Secret("two")] == [secret_from(f"fd:{pipe[0]}") for _ in range(2)]


def test_a_secret_comes_from_a_file_that_a_shell_opens_for_a_program(tmp_path: Path) -> None:
    kept = tmp_path / "secret.txt"
    kept.write_text("hünter2\n", encoding="utf-8")
    program = "from sfmtls_nb import secret_from; assert secret_from('fd:7').reveal() == 'h\\u00fcnter2'"
    subprocess.run(["sh", "-c", f'"{sys.executable}" -c "{program}" 7< "{kept}"'], check=True, timeout=60)


def test_a_secret_comes_from_the_pipe_of_another_program(pipe: tuple[int, int]) -> None:
    program = "import sys; from sfmtls_nb import secret_from; print(len(secret_from(sys.argv[1]).reveal()))"
    command = [sys.executable, "-c", program, f"fd:{pipe[0]}"]
    with subprocess.Popen(command, pass_fds=[pipe[0]], stdout=subprocess.PIPE, text=True) as process:
        os.write(pipe[1], b"hunter2\n")
        assert "7\n" == process.communicate(timeout=60)[0]


@pytest.mark.parametrize("text", [b"", b"\n", b"\nhunter2\n"])
def test_a_file_descriptor_whose_first_line_is_empty_has_no_secret(pipe: tuple[int, int], text: bytes) -> None:
    os.write(pipe[1], text)
    os.close(pipe[1])
    assert f"there is no secret in file descriptor {pipe[0]}" == refused(f"fd:{pipe[0]}").what


@pytest.mark.parametrize("number", [987654, 999999999])
def test_a_file_descriptor_that_is_not_open_has_no_secret(number: int) -> None:
    assert "Bad file descriptor" == refused(f"fd:{number}").evidence


def test_a_file_descriptor_that_was_closed_has_no_secret(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    assert "Bad file descriptor" == refused(f"fd:{pipe[0]}").evidence


def test_a_file_descriptor_without_an_end_has_no_secret() -> None:
    with Path("/dev/zero").open("rb") as endless:
        error = refused(f"fd:{endless.fileno()}")
    assert "longer than 10,000 bytes" in error.evidence


def test_a_file_descriptor_that_is_a_terminal_has_no_secret() -> None:
    ends = os.openpty()
    try:
        os.write(ends[0], b"hunter2\n")
        error = refused(f"fd:{ends[1]}")
    finally:
        for end in ends:
            os.close(end)
    assert "it is a terminal" in error.evidence


def test_a_file_descriptor_that_fails_halfway_shows_nothing_of_the_secret(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[0], False)
    os.write(pipe[1], b"hunter2")
    error = refused(f"fd:{pipe[0]}")
    assert ("Resource temporarily unavailable", False) == (
        error.evidence,
        "hunter" in shown_with_locals(beyond(__file__, error)),
    )
