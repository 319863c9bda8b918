"""Failures: one table, and a page for each."""

from __future__ import annotations

from pathlib import Path

import pytest

import sfmtls_nb
from sfmtls_nb.certificates import FINDINGS
from sfmtls_nb.connection import failures as connection_failures
from sfmtls_nb.diagnose import FAILURES, causes, codes, failure, refusals
from sfmtls_nb.diagnose.failure import advice

PAGES = Path(sfmtls_nb.__file__).parent / "diagnose" / "failures"


def test_each_failure_has_its_page_and_each_page_its_failure() -> None:
    assert {f"{name}.md" for name in FAILURES} == {page.name for page in PAGES.iterdir()}


def test_no_failure_stands_twice_in_the_table() -> None:
    assert len(FAILURES) == len(failure._TABLE)


@pytest.mark.parametrize("name", FAILURES)
def test_a_page_has_the_failures_title_and_something_to_say(name: str) -> None:
    head, _, text = FAILURES[name].page.partition("\n\n")
    assert f"# {FAILURES[name].title}" == head
    assert len(text) > 60


def test_each_finding_is_a_failure() -> None:
    assert FINDINGS.keys() <= FAILURES.keys()


def test_each_finding_has_its_own_advice() -> None:
    assert FINDINGS["expired"].advice == advice("expired")


def test_each_cause_that_can_be_named_is_a_failure() -> None:
    tests = (*causes._AROUND, *causes._TESTS, *causes._LAST)
    named = {name for name, *_ in tests} | {name for _, _, name, _ in (*codes._CODES, *codes._OAUTH)}
    named |= {row.name for row in refusals._REFUSALS} | {code for row in refusals._REFUSALS for code in row.codes}
    named |= set(causes._UNUSABLE.values()) | {row[0] for row in connection_failures._CONNECTION}
    assert set() == named - FAILURES.keys()


def test_no_advice_is_to_stop_verifying() -> None:
    texts = " ".join(f"{failure.do} {failure.page}" for failure in FAILURES.values()).lower()
    assert not any(word in texts for word in ("verify=false", "curl -k", "--insecure", "cert_none"))
