"""The exercises of “Start here”: which work counts, and what is said of other work."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from course_work import missing, opened, signed_in

from sfmtls_nb.errors import CertificatePageError, SfmtlsError
from sfmtls_nb.notebook.course.glossary import looked_up
from sfmtls_nb.notebook.workspace import Workspace

pytest_plugins = ["course_fixtures"]


@pytest.mark.usefixtures("progress")
def test_a_call_of_a_program_counts(workspace: Workspace) -> None:
    course = opened(workspace, "start_here")
    with signed_in(workspace) as session:
        session.soap("getServerTimestamp")
    assert course.check(1, {}).passed


@pytest.mark.usefixtures("progress")
def test_a_call_that_was_refused_does_not_count(workspace: Workspace) -> None:
    course = opened(workspace, "start_here")
    with signed_in(workspace) as session, pytest.raises(CertificatePageError):
        session.soap("getServerTimestamp", certificate=False)
    assert not course.check(1, {}).passed


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    ("armed", "operation", "how", "said"),
    [
        ("", "getServerTimestamp", {"certificate": False}, "came to 8443 without a certificate: leave --no-cert away"),
        (
            "",
            "getServerTimestamp",
            {"port": 443},
            "came to 443, where nobody asks for a certificate: leave --port away",
        ),
        ("error-500", "getServerTimestamp", {}, "came to 8443 with a certificate, and was refused: HTTP 500"),
        (
            "",
            "getUserInfo",
            {},
            "has not been asked for getServerTimestamp yet; the last call that it saw is getUserInfo",
        ),
    ],
)
def test_a_call_that_does_not_count_is_told_why(
    workspace: Workspace, armed: str, operation: str, how: dict[str, Any], said: str
) -> None:
    course = opened(workspace, "start_here")
    with signed_in(workspace) as session, suppress(SfmtlsError):
        if armed:
            workspace.running_practice().arm(armed)
        session.soap(operation, **how)
    told = missing(course.check(1, {}))
    assert said in told
    assert ("has not been asked" in told) == (operation != "getServerTimestamp")


@pytest.mark.usefixtures("progress")
def test_what_was_done_before_the_lesson_began_does_not_count(workspace: Workspace) -> None:
    with signed_in(workspace) as session:
        session.soap("getServerTimestamp")
    assert not opened(workspace, "start_here").check(1, {}).passed


@pytest.mark.usefixtures("progress")
def test_what_was_done_stays_done_when_the_first_cell_is_run_again(workspace: Workspace) -> None:
    course = opened(workspace, "start_here")
    with signed_in(workspace) as session:
        session.soap("getServerTimestamp")
    course.open("the_basics")
    course.open("start_here")
    assert course.check(1, {}).passed


@pytest.mark.usefixtures("progress")
def test_another_term_is_not_the_one_that_was_asked_for(workspace: Workspace) -> None:
    course = opened(workspace, "start_here")
    assert "this is about leaf" in missing(course.check(2, {"term": looked_up("leaf")}))
