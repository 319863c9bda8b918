"""The exercises of “The basics”: which work counts, and what is said of other work."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from course_work import missing, opened, signed_in

from sfmtls_nb.errors import MutualAuthenticationFault
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.session import Session

pytest_plugins = ["course_fixtures"]


@pytest.mark.usefixtures("progress")
def test_an_address_may_be_put_together_by_hand(workspace: Workspace) -> None:
    course, session = opened(workspace, "the_basics"), signed_in(workspace)
    by_hand = session.server_url.replace(workspace.running_practice().api_url, workspace.running_practice().mutual_url)
    assert course.check(1, {"session": session, "endpoint": by_hand}).passed


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda session: session.server_url, "where your certificate is asked for: it goes to localhost"),
        (lambda session: re.sub(r":\d+", ":8443", session.server_url), "8443 is the port of a real org"),
        (lambda session: session.org.endpoint(session.server_url, 8443) + "/more", "does not go on as"),
        (lambda session: "", "no host at all"),
        (lambda session: None, "no variable endpoint"),
    ],
)
def test_another_address_is_told_what_is_wrong_with_it(
    workspace: Workspace, change: Callable[[Session], str | None], said: str
) -> None:
    course, session = opened(workspace, "the_basics"), signed_in(workspace)
    assert said in missing(course.check(1, {"session": session, "endpoint": change(session)}))


@pytest.mark.usefixtures("progress")
def test_a_host_is_the_same_in_capitals(workspace: Workspace) -> None:
    course, session = opened(workspace, "the_basics"), signed_in(workspace)
    endpoint = session.org.endpoint(session.server_url, 8443).replace("localhost", "LOCALHOST")
    assert course.check(1, {"session": session, "endpoint": endpoint}).passed


@pytest.mark.usefixtures("progress")
def test_to_have_signed_in_is_seen_before_the_call(workspace: Workspace) -> None:
    course = opened(workspace, "the_basics")
    signed_in(workspace, "standard")
    assert [True, False] == [point.done for point in course.check(2, {}).points]


@pytest.mark.usefixtures("progress")
def test_a_fault_caught_in_a_program_is_as_good_as_one_that_was_predicted(workspace: Workspace) -> None:
    course = opened(workspace, "the_basics")
    with signed_in(workspace) as session, pytest.raises(MutualAuthenticationFault) as refusal:
        session.soap("getUserInfo", port=443)
    assert course.check(3, {"refusal": refusal.value}).passed
    assert "something else: str" in missing(course.check(3, {"refusal": str(refusal.value)}))


@pytest.mark.usefixtures("progress")
def test_an_answer_in_place_of_the_fault_is_told_so(workspace: Workspace) -> None:
    course = opened(workspace, "the_basics")
    with signed_in(workspace, "standard") as session:
        reply = session.soap("getUserInfo", port=443)
    assert "the call did not fail" in missing(course.check(3, {"refusal": reply}))
