"""The page of a failure says how to see it on a practice org: done so, it is what %sf_why names first."""

from __future__ import annotations

import getpass
import re
from typing import Any

import pytest

from sfmtls_nb import SfmtlsError, why
from sfmtls_nb.diagnose import FAILURES
from sfmtls_nb.practice import SCENARIOS
from sfmtls_nb.query.bulk import BulkJob

_SEE = "See it on a practice org: "
PAGES = {name: failure.page.partition(_SEE)[2] for name, failure in FAILURES.items() if _SEE in failure.page}


@pytest.mark.parametrize("name", PAGES)
def test_what_the_page_says_shows_the_failure(name: str, signed_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda *_: "any text")
    monkeypatch.setattr(BulkJob.__init__, "__kwdefaults__", {**(BulkJob.__init__.__kwdefaults__ or {}), "patience": 1})
    steps = re.findall(r"`([^`]+)`", PAGES[name].partition(". ")[0])
    *_, last = [signed_in.run_cell(step) for step in steps]
    found = signed_in.run_line_magic("sf_why", "")
    if isinstance(last.error_in_exec, SfmtlsError) and not steps[-1].startswith("%"):  # it is the magics that remember
        found = why(last.error_in_exec)
    assert name == found[0].name


def test_every_scenario_is_on_the_page_of_its_failure() -> None:
    assert {scenario.name for scenario in SCENARIOS} - PAGES.keys() == {"good"}


def test_after_a_call_that_succeeds_an_earlier_failure_is_over(signed_in: Any) -> None:
    signed_in.run_cell("%sf_identity no-key")
    assert "no-key" == signed_in.run_line_magic("sf_why", "")[0].name
    signed_in.run_cell("%sf_soap getUserInfo")
    assert not signed_in.run_line_magic("sf_why", "").failed
