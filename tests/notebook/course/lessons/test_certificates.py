"""The exercises of “Certificates”: which work counts, and what is said of other work."""

from __future__ import annotations

import pytest
from course_work import identity_of, missing, opened, signed_in

from sfmtls_nb.certificates import ClientIdentity, new_key_and_csr
from sfmtls_nb.notebook.workspace import Workspace

pytest_plugins = ["course_fixtures"]


@pytest.mark.usefixtures("progress")
def test_a_call_with_another_certificate_of_that_name_is_not_one_with_yours(workspace: Workspace) -> None:
    course, practice = opened(workspace, "certificates"), workspace.running_practice()
    new = new_key_and_csr("CN=you.practice.example")
    first, again = (ClientIdentity.load(new.key_pem, practice.authority.sign(new.request_pem)) for _ in range(2))
    for identity in (first, again):
        practice.state.upload_certificate(identity.certificates_pem())
    with signed_in(workspace) as session:
        session.with_identity(first).get_user_info()
    assert [True, False] == [course.check(3, {"mine": identity}).passed for identity in (first, again)]


@pytest.mark.usefixtures("progress")
def test_an_identity_that_the_lesson_gave_is_not_of_ones_own(workspace: Workspace) -> None:
    course, given = opened(workspace, "certificates"), identity_of(workspace.running_practice())
    for number in (1, 3):
        assert "take a name of your own" in missing(course.check(number, {"mine": given}))
        assert "it is int" in missing(course.check(number, {"mine": 5}))
