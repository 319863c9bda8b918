"""The hand-out: what it says is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import Session
from sfmtls_nb.command import cli
from sfmtls_nb.diagnose import FAILURES
from sfmtls_nb.notebook.course.handout import COMMANDS, FAILURES_SEEN, handout_html


def test_it_has_ten_commands_and_each_is_a_magic(shell: InteractiveShell) -> None:
    names = [line.split()[0].lstrip("%") for line, _ in COMMANDS]
    assert (10, []) == (len(names), [name for name in names if name not in shell.magics_manager.magics["line"]])


def test_each_failure_in_it_has_a_page(session: Session) -> None:
    page = written(session)
    assert [row.failure for row in FAILURES_SEEN if row.failure not in FAILURES] == []
    assert [row.failure for row in FAILURES_SEEN if f">{row.failure}<" not in page] == []


def test_it_stands_alone_and_holds_no_secret(session: Session) -> None:
    page = written(session)
    assert re.findall(r"(?:src|href)=.(?!data:)|url\(|<script|@import", page) == []
    assert session.session_id.reveal() not in page


def test_its_handshake_is_one_that_was_mutual(session: Session) -> None:
    assert "Org: accepted your certificate" in written(session)


def test_the_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "handout.html"
    assert 0 == cli.main(["handout", str(file)])
    assert "print it on A4, two pages" in capsys.readouterr().out
    assert file.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_command_says_where_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "handout.html"
    folder.mkdir()
    assert 1 == cli.main(["handout", str(folder)])
    assert "choose a folder that you may write to" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["handout.pdf", "handout", "."])
def test_the_command_writes_no_page_under_another_kinds_name(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == cli.main(["handout", str(tmp_path / name)])
    assert "name it handout.html" in capsys.readouterr().err
    assert [] == list(tmp_path.iterdir())


def written(session: Session) -> str:
    handshake = session.get_user_info().exchange.handshake
    assert handshake is not None
    return handout_html(handshake)
