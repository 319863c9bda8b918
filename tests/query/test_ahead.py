"""A call ahead: what it gives or raises comes to whoever waits, and a process that ends does not wait for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sfmtls_nb.query.ahead import ahead

NEVER = """
from threading import Event
from sfmtls_nb.query.ahead import ahead
coming = ahead(Event().wait, "page")
{wait}
"""


def test_what_the_call_gives_is_there_when_it_is_waited_for() -> None:
    assert 1 == ahead(lambda: 1, "page").result(20)


def test_what_the_call_raises_is_raised_where_it_is_waited_for() -> None:
    with pytest.raises(ZeroDivisionError):
        ahead(lambda: 1 / 0, "page").result(20)


def test_a_process_that_ends_does_not_wait_for_a_call_that_does_not() -> None:
    ended = subprocess.run([sys.executable, "-c", NEVER.format(wait="")], timeout=60, check=False)
    assert 0 == ended.returncode


def test_whoever_waits_for_such_a_call_waits() -> None:
    waiting = [sys.executable, "-c", NEVER.format(wait="coming.result(1)")]
    ended = subprocess.run(waiting, capture_output=True, text=True, timeout=60, check=False)
    assert "TimeoutError" in ended.stderr
