"""The exercises of “When it fails”: which work counts, and what is said of other work."""

from __future__ import annotations

import pytest
from course_work import missing, opened

from sfmtls_nb.notebook.course.progress import mark
from sfmtls_nb.notebook.workspace import Workspace

pytest_plugins = ["course_fixtures"]


@pytest.mark.usefixtures("progress")
def test_a_diagnosis_is_told_whether_there_is_such_a_failure(workspace: Workspace) -> None:
    course = opened(workspace, "when_it_fails")
    said = missing(course.check(1, {"diagnosis": {"a": "expired", "b": "not uploaded"}}))
    assert "a: it is not 'expired'" in said
    assert "b: 'not uploaded' is not the name of a failure" in said
    assert 'c: diagnosis["c"] is missing' in said


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    ("made", "done"),
    [
        ("drill - expired", True),
        ("drill - expired - not yet", False),
        ("drill - expired - given up", False),
        ("final test 1 - 01 - expired - right", False),
    ],
)
def test_an_incident_counts_that_was_diagnosed_in_a_drill_and_not_given_up(
    made: str, done: bool, workspace: Workspace
) -> None:
    course = opened(workspace, "when_it_fails")
    mark(made)
    assert done == course.check(3, {}).passed
