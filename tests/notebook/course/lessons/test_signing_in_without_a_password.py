"""The exercises of “Signing in without a password”: which work counts, and what is said of other work."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from consenting import consent
from course_work import identity_of, missing, opened

from sfmtls_nb.certificates import ClientIdentity, KeyAndRequest, new_key_and_csr
from sfmtls_nb.notebook.course.course import Course
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.org import Org
from sfmtls_nb.practice import ExternalClientApp, PracticeOrg
from sfmtls_nb.practice.apps import PermittedUsers
from sfmtls_nb.secret import Secret
from sfmtls_nb.session import Session
from sfmtls_nb.sign_in import ClientCredentials, JwtBearer, WebLogin, finish, login

pytest_plugins = ["course_fixtures"]

LESSON = "signing_in_without_a_password"
USER = "enforced@practice.example"
MADE = new_key_and_csr("CN=signs JWTs")
Change = Callable[[PracticeOrg, ExternalClientApp], object]


def own_app(practice: PracticeOrg, made: KeyAndRequest = MADE) -> ExternalClientApp:
    app = ExternalClientApp("Night shift")
    app.upload_certificate(practice.issue(made.request_pem))
    app.approve(USER)
    return practice.state.add_app(app)


def by_jwt(practice: PracticeOrg, app: ExternalClientApp, key: bytes = MADE.key_pem, *, login_url: str = "") -> Session:
    org = Org(**{**practice.endpoints, "login_url": login_url or practice.api_url})
    return login(org, JwtBearer(app.consumer_key, USER, key), identity_of(practice))


@pytest.mark.usefixtures("progress")
def test_an_app_of_ones_own_with_a_key_of_its_own_counts(workspace: Workspace) -> None:
    course, practice = opened(workspace, LESSON), workspace.running_practice()
    assert "no app of your own" in missing(course.check(1, {}))
    app = own_app(practice)
    assert "has given no token for Night shift" in missing(course.check(1, {}))
    session = by_jwt(practice, app)
    assert "not been called with the certificate" in missing(course.check(1, {}))
    session.get_user_info()
    assert course.check(1, {}).passed


@pytest.mark.usefixtures("progress")
def test_a_token_of_the_app_that_was_there_is_none_of_ones_own(workspace: Workspace) -> None:
    course, practice = opened(workspace, LESSON), workspace.running_practice()
    own_app(practice)
    by_jwt(practice, practice.app, practice.client.key.read_bytes()).get_user_info()
    assert "has given no token for Night shift" in missing(course.check(1, {}))


@pytest.mark.usefixtures("progress")
def test_one_key_for_both_is_told_to_be_one(workspace: Workspace) -> None:
    course, practice = opened(workspace, LESSON), workspace.running_practice()
    app = own_app(practice)
    app.upload_certificate(practice.client.leaf.read_bytes())
    by_jwt(practice, app, practice.client.key.read_bytes()).get_user_info()
    assert missing(course.check(1, {})).startswith("Night shift has the certificate of the key for TLS")


@pytest.mark.usefixtures("progress")
def test_the_key_of_a_certificate_of_ones_own_is_a_key_for_tls_too(workspace: Workspace) -> None:
    course, practice = opened(workspace, LESSON), workspace.running_practice()
    workspace.present(ClientIdentity.load(MADE.key_pem, practice.issue(MADE.request_pem)))
    own_app(practice)
    assert "has the certificate of the key for TLS" in missing(course.check(1, {}))


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _, app: setattr(app, "certificate", None), "has no certificate of an RSA key"),
        (lambda _, app: app.withdraw(USER), "is not approved by an administrator"),
        (
            lambda _, app: setattr(app, "permitted_users", PermittedUsers.SELF_AUTHORIZE),
            "is not approved by an administrator",
        ),
    ],
    ids=["no certificate", "not approved", "anybody"],
)
def test_another_app_is_told_what_it_lacks(workspace: Workspace, change: Change, said: str) -> None:
    course, practice = opened(workspace, LESSON), workspace.running_practice()
    change(practice, own_app(practice))
    assert said in missing(course.check(1, {}))


def at_the_browser(course: Course, practice: PracticeOrg, user: str = "enforced", button: str = "allow") -> str:
    """Sign in by browser; what the check says is missing before the address comes back."""
    org = Org(**practice.endpoints)
    begun = WebLogin(practice.app.consumer_key).begin(org)
    address = consent(practice, begun.link, user, button)
    before = missing(course.check(2, {}))
    if button == "allow":
        finish(org, begun, Secret(address))
    return before


@pytest.mark.usefixtures("progress")
def test_a_sign_in_by_browser_counts_once_its_code_is_exchanged(workspace: Workspace) -> None:
    course = opened(workspace, LESSON)
    assert "no browser has been at the org's page" in missing(course.check(2, {}))
    assert "the code has not come to the program" in at_the_browser(course, workspace.running_practice())
    assert course.check(2, {}).passed


@pytest.mark.usefixtures("progress")
def test_a_sign_in_by_browser_that_was_denied_is_told_so(workspace: Workspace) -> None:
    course = opened(workspace, LESSON)
    assert "Deny was pressed" in at_the_browser(course, workspace.running_practice(), button="deny")


@pytest.mark.usefixtures("progress")
def test_a_sign_in_by_browser_as_somebody_else_is_told_so(workspace: Workspace) -> None:
    course = opened(workspace, LESSON)
    at_the_browser(course, workspace.running_practice(), "standard")
    assert "it is the token of standard@practice.example" in missing(course.check(2, {}))


@pytest.mark.usefixtures("progress")
def test_a_sign_in_by_another_way_is_none_by_browser(workspace: Workspace) -> None:
    course, practice = opened(workspace, LESSON), workspace.running_practice()
    login(Org(**practice.endpoints), ClientCredentials(practice.app.consumer_key, practice.app.consumer_secret))
    assert "no browser has been at the org's page" in missing(course.check(2, {}))


def changed(practice: PracticeOrg) -> ExternalClientApp:
    app = practice.app
    app.certificate_required = True
    app.upload_certificate(practice.client.leaf.read_bytes())
    app.withdraw(USER)
    return app


@pytest.mark.usefixtures("progress")
def test_a_changed_app_is_put_right_by_its_certificate_its_users_and_the_right_door(workspace: Workspace) -> None:
    course, practice = opened(workspace, LESSON), workspace.running_practice()
    app = changed(practice)
    assert [True, False, False, False] == [point.done for point in course.check(3, {}).points]
    app.upload_certificate(practice.issue(MADE.request_pem))
    app.approve(USER)
    assert "no token on 8443" in missing(course.check(3, {}))
    by_jwt(practice, app, login_url=practice.mutual_url)
    assert course.check(3, {}).passed


@pytest.mark.usefixtures("progress")
def test_a_changed_app_whose_demand_was_taken_back_is_told_so(workspace: Workspace) -> None:
    course, practice = opened(workspace, LESSON), workspace.running_practice()
    app = changed(practice)
    app.certificate_required = False
    app.approve(USER)
    by_jwt(practice, app, practice.client.key.read_bytes())
    said = missing(course.check(3, {}))
    assert "leave that demand as it is" in said
    assert "has the certificate of the key for TLS" in said
    assert "no token on 8443" in said
