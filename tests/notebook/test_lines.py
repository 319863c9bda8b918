"""What a magic's line may say, and what it answers to a line that is wrong."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

MAGICS = ["sf_practice", "sf_org", "sf_login", "sf_identity", "sf_soap", "sf_curl"]


@pytest.mark.parametrize("name", MAGICS)
def test_help_is_printed_and_nothing_is_done(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert shell.run_line_magic(name, "--help") is None
    assert f"%{name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "line", "suggestion"),
    [
        ("sf_soap", "getUserInfo --prot 443", "did you mean --port?"),
        ("sf_soap", "getUserInfo --nocert", "did you mean --no-cert?"),
        ("sf_identity", "client.key --wirte x", "did you mean --write?"),
        ("sf_curl", "--xyz", "it takes no flags"),
    ],
)
def test_a_flag_that_is_not_known_is_answered_with_the_nearest(
    shell: InteractiveShell, name: str, line: str, suggestion: str
) -> None:
    with pytest.raises(UsageError) as caught:
        shell.run_line_magic(name, line)
    assert suggestion in str(caught.value)


def test_the_practice_org_has_no_sandbox(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError, match="no sandbox"):
        shell.run_line_magic("sf_org", "practice --sandbox uat")


def test_the_practice_org_takes_another_api_version(shell: InteractiveShell) -> None:
    assert shell.run_line_magic("sf_org", "practice --api-version 58.0").api_version == "58.0"
