"""The exercises of “The handshake”: which work counts, and what is said of other work."""

from __future__ import annotations

from typing import Any

import pytest
from course_work import missing, opened, signed_in

from sfmtls_nb.handshake import Handshake
from sfmtls_nb.notebook.both_ends import connected
from sfmtls_nb.notebook.course.lessons.the_handshake import recorded
from sfmtls_nb.notebook.workspace import Workspace

pytest_plugins = ["course_fixtures"]


@pytest.fixture
def handshake(workspace: Workspace) -> Handshake:
    with signed_in(workspace) as session:
        found = session.get_user_info().exchange.handshake
    assert found
    return found


@pytest.mark.usefixtures("progress")
def test_the_question_is_found_by_its_place_and_its_bytes(workspace: Workspace, handshake: Handshake) -> None:
    asked = handshake.first("CertificateRequest")
    assert asked
    right: dict[str, Any] = {"mine": handshake, "number": handshake.messages.index(asked) + 1, "wire": asked.raw}
    course = opened(workspace, "the_handshake")
    assert course.check(1, right).passed
    assert "not the message that asks" in missing(course.check(1, right | {"number": right["number"] - 1}))
    assert "not the bytes of that message" in missing(course.check(1, right | {"wire": handshake.messages[0].raw}))


@pytest.mark.usefixtures("progress")
def test_a_connection_on_which_nobody_asks_has_no_such_message(workspace: Workspace) -> None:
    unasked = connected(workspace, workspace.running_practice().api_url)
    assert "nobody asks" in missing(opened(workspace, "the_handshake").check(1, {"mine": unasked}))


@pytest.mark.usefixtures("progress")
def test_each_recording_has_another_fate(workspace: Workspace) -> None:
    recordings = recorded(workspace.running_practice())
    fate = {letter: each.verdict.kind for letter, each in recordings.items()}
    assert sorted(fate.values()) == ["accepted", "not asked", "not sent", "refused"]
    course, work = opened(workspace, "the_handshake"), {"recordings": recordings, "fate": fate}
    assert course.check(2, work | {"whose": "payroll.practice.example"}).passed
    assert "not the name on the leaf" in missing(course.check(2, work | {"whose": "reports.practice.example"}))
    assert "it was not 'accepted'" in missing(course.check(2, work | {"fate": dict.fromkeys(fate, "accepted")}))
    assert "it is to be one of" in missing(course.check(2, work | {"fate": dict.fromkeys(fate, "fine")}))


@pytest.mark.usefixtures("progress")
def test_what_is_overheard_depends_on_the_version(workspace: Workspace) -> None:
    practice = workspace.running_practice()
    workspace.present(workspace.named_identity("good"))
    older, newer = (connected(workspace, practice.mutual_url, tls=tls) for tls in ("1.2", "1.3"))
    without = connected(workspace, practice.mutual_url, certificate=False, tls="1.2")
    course = opened(workspace, "the_handshake")
    assert course.check(3, {"overheard": older, "hidden": newer}).passed
    said = missing(course.check(3, {"overheard": newer, "hidden": older}))
    assert "overheard: there your Certificate is encrypted" in said
    assert "hidden: there your Certificate is readable for anyone" in said
    assert "no certificate was sent in it" in missing(course.check(3, {"overheard": without, "hidden": newer}))
