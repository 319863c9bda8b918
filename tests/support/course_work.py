"""A learner's work at the practice org, and its check, without a notebook."""

from __future__ import annotations

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.notebook.course.course import Checked, Course
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.org import Org
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.session import Session
from sfmtls_nb.sign_in import PasswordLogin, login


def opened(workspace: Workspace, lesson: str) -> Course:
    course = Course(workspace)
    course.open(lesson)
    return course


def signed_in(workspace: Workspace, user: str = "enforced") -> Session:
    """A session in a program's way, behind the workspace's back, with the certificate."""
    practice = workspace.running_practice()
    return login(Org(**practice.endpoints), PasswordLogin(*practice.user(user)), identity_of(practice))


def identity_of(practice: PracticeOrg) -> ClientIdentity:
    return ClientIdentity.load(practice.client.key, practice.client.leaf, *practice.client.intermediates)


def missing(checked: Checked) -> str:
    """What a check says is missing."""
    return "\n".join(point.missing for point in checked.points if not point.done)
