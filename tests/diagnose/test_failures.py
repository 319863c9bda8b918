"""Failures: one table, a page for each with the same headings, and an index of the pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sfmtls_nb
from sfmtls_nb import SfmtlsError
from sfmtls_nb.certificates import FINDINGS
from sfmtls_nb.connection import failures as connection_failures
from sfmtls_nb.diagnose import FAILURES, causes, codes, failure, page_of, refusals
from sfmtls_nb.diagnose.failure import advice
from sfmtls_nb.practice import SCENARIOS

PAGES = Path(sfmtls_nb.__file__).parent / "diagnose" / "failures"
HEADINGS = ["What you see", "In the handshake", "Tell it from", "What to do", "See it on a practice org"]
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


def headings(name: str) -> list[str]:
    return re.findall(r"^## (.*)$", FAILURES[name].page, re.MULTILINE)


def test_each_failure_has_its_page_and_each_page_its_failure() -> None:
    assert {"README.md", *(f"{name}.md" for name in FAILURES)} == {page.name for page in PAGES.iterdir()}


def test_no_failure_stands_twice_in_the_table() -> None:
    assert len(FAILURES) == len(failure._TABLE)


@pytest.mark.parametrize("name", FAILURES)
def test_a_page_has_the_failures_title_and_something_to_say(name: str) -> None:
    head, text, *_ = FAILURES[name].page.split("\n\n")
    assert f"# {FAILURES[name].title}" == head
    assert len(text) > 50


@pytest.mark.parametrize("name", FAILURES)
def test_a_page_has_all_headings_in_their_order_where_it_can_be_seen_and_else_says_what_to_do(name: str) -> None:
    found = headings(name)
    assert found in (HEADINGS, HEADINGS[2:4], HEADINGS[3:4])


def test_whatever_is_wrong_with_an_identity_of_the_practice_org_can_be_seen_there() -> None:
    assert [] == [each.finding for each in SCENARIOS if each.finding and HEADINGS != headings(each.finding)]


@pytest.mark.parametrize("name", FAILURES)
def test_a_page_gives_the_advice_that_the_diagnosis_gives(name: str) -> None:
    todo = FAILURES[name].page.partition("## What to do\n\n")[2]
    given = advice(name)
    assert given[1:] in todo
    assert todo


@pytest.mark.parametrize("name", FAILURES)
def test_a_page_links_to_pages_that_are_there_by_their_titles(name: str) -> None:
    titles = {f"{each.name}.md": each.title for each in FAILURES.values()}
    assert [] == [found for found in LINK.findall(FAILURES[name].page) if titles.get(found[1]) != found[0]]


def test_the_index_names_each_page_once_by_its_title() -> None:
    assert sorted((each.title, f"{name}.md") for name, each in FAILURES.items()) == sorted(
        LINK.findall(page_of("index"))
    )


def test_what_one_sees_by_the_index_stands_on_the_pages_that_it_leads_to() -> None:
    rows = re.findall(r"^\| `(.*)` \| (.*) \|$", page_of("index"), re.MULTILINE)
    assert len(rows) > 30
    for seen, led in rows:
        parts = seen.replace("the host", "localhost:…").replace("the port", "localhost:1").split(": ")
        pages = [page_of(address).partition("## In the handshake")[0] for _, address in LINK.findall(led)]
        assert [part for part in parts for page in pages if part not in page] == []


@pytest.mark.parametrize("name", ["expired", "failures/expired", "expired.md"])
def test_a_page_is_found_by_its_name_or_address(name: str) -> None:
    assert FAILURES["expired"].page == page_of(name)


def test_a_page_that_is_not_there_is_told_with_names_like_it() -> None:
    with pytest.raises(SfmtlsError, match=r"no failure 'expird'[^$]*expired"):
        page_of("expird")


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
