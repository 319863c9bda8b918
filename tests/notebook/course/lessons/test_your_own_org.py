"""The exercises of “Your own org”: which work counts, and what is said of other work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from course_work import missing, opened, signed_in

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.errors import CertificatePageError, MutualAuthenticationFault
from sfmtls_nb.notebook.course.view import checked_text
from sfmtls_nb.notebook.forms.setup_panel import SetupPanel
from sfmtls_nb.notebook.workspace import Workspace

pytest_plugins = ["course_fixtures"]

NOW = datetime.now(UTC)
#: The lines of a profile that say a way in that stays.
WAY_IN = ('sign_in = "client-credentials"', 'consumer_key = "3MVG9"')


@pytest.mark.usefixtures("progress")
def test_an_org_may_be_set_up_with_the_panel(workspace: Workspace) -> None:
    course, practice = opened(workspace, "your_own_org"), workspace.running_practice()
    practice.state.start_over()
    panel = SetupPanel(practice)
    panel.support.click()
    leaf = practice.client.leaf.read_bytes()
    panel.upload.value = [{"name": "u.crt", "type": "", "size": len(leaf), "content": leaf, "last_modified": NOW}]
    panel.clone.click()
    panel.enforce.value = True
    panel.assign.click()
    assert course.check(1, {}).passed


@pytest.mark.usefixtures("progress")
def test_an_org_that_was_ready_made_is_not_set_up_by_the_learner(workspace: Workspace) -> None:
    assert "start_over()" in missing(opened(workspace, "your_own_org").check(1, {}))


@pytest.mark.usefixtures("progress")
def test_an_org_where_everybody_is_enforced_is_not_set_up(workspace: Workspace) -> None:
    course, practice = opened(workspace, "your_own_org"), workspace.running_practice()
    practice.state.start_over()
    practice.state.ask_support()
    practice.state.upload_certificate(practice.client.leaf.read_bytes())
    practice.state.users[0].profile.enforced = True
    assert "others are enforced too" in missing(course.check(1, {}))


@pytest.mark.usefixtures("progress")
def test_a_call_from_before_the_org_was_set_up_proves_nothing(workspace: Workspace) -> None:
    course, practice = opened(workspace, "your_own_org"), workspace.running_practice()
    enforced = practice.state.users[0].profile
    enforced.enforced = False
    with signed_in(workspace) as session:
        session.get_user_info()
        session.soap("getUserInfo", certificate=False)
        enforced.enforced = True
        with pytest.raises(CertificatePageError):
            session.soap("getUserInfo", certificate=False)
        with pytest.raises(MutualAuthenticationFault):
            session.soap("getUserInfo", port=443)
        assert [True, False, True, True] == [point.done for point in course.check(2, {}).points]
        session.get_user_info()
    assert course.check(2, {}).passed


@pytest.mark.usefixtures("progress")
def test_a_profile_may_be_written_by_hand(workspace: Workspace, tmp_path: Path) -> None:
    course = opened(workspace, "your_own_org")
    (tmp_path / "me.pem").write_bytes(workspace.running_practice().client.fullcert.read_bytes())
    lines = ("[prod]", 'my_domain = "Acme"', 'username = "me@acme.example"', 'identity = ["me.pem"]', *WAY_IN)
    (tmp_path / "profiles.toml").write_text("\n".join(lines))
    assert course.check(3, {}).passed
    assert "its certificate is in me.pem" in checked_text(course.check(3, {}))


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(("file", "said"), [("client.key", "certificate"), ("leaf.pem", "the intermediates")])
def test_a_profile_of_which_files_are_missing_is_told_which(
    workspace: Workspace, tmp_path: Path, file: str, said: str
) -> None:
    client = workspace.running_practice().client
    (tmp_path / "client.key").write_bytes(client.key.read_bytes())
    (tmp_path / "leaf.pem").write_bytes(client.key.read_bytes() + client.leaf.read_bytes())
    lines = ("[prod]", 'my_domain = "acme"', 'username = "me@acme.example"', f'identity = ["{file}"]')
    (tmp_path / "profiles.toml").write_text("\n".join(lines))
    assert said in missing(opened(workspace, "your_own_org").check(3, {}))


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("[prod", "cannot be read"),
        ('[prod]\nmy_domain = "acme"\npassword = "x"', "holds no secret"),
        ('[other]\nmy_domain = "acme"', "there are: other"),
        ('[prod]\nmy_domain = "acme"\nsandbox = "uat"', "another org"),
        ('[prod]\nlogin_url = "https://acme.my.salesforce.com:8443"', "another org"),
        ('[prod]\nmy_domain = "acme"\nidentity = ["lost.pem"]', "these files are not there"),
        ('[prod]\nmy_domain = "acme"', "by username and password, and login() ends"),
        ('[prod]\nmy_domain = "acme"\nsign_in = "jwt"', "JWT bearer, it lacks: Consumer key, JWT key"),
    ],
)
def test_another_profile_is_told_what_is_wrong_with_it(
    workspace: Workspace, tmp_path: Path, lines: str, said: str
) -> None:
    (tmp_path / "profiles.toml").write_text(lines)
    assert said in missing(opened(workspace, "your_own_org").check(3, {}))


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    ("alarm", "said"),
    [
        (lambda identity: identity.findings(), "for a good identity it rings"),
        (lambda identity: [], "for one that expires in ten days it keeps quiet"),
        (lambda identity: pd.DataFrame(), "for one that expires in ten days it keeps quiet"),
        (lambda identity: iter(()), "for one that expires in ten days it keeps quiet"),
        (lambda identity: iter(identity.findings()), "for a good identity it rings"),
        (lambda identity: identity.nonsense, "it fails: AttributeError"),
        (list, "it fails: TypeError"),
        (1, "no function alarm"),
    ],
)
def test_another_alarm_is_told_what_is_wrong_with_it(workspace: Workspace, alarm: object, said: str) -> None:
    assert said in missing(opened(workspace, "your_own_org").check(4, {"alarm": alarm}))


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize("of", [list, iter, tuple, pd.Series])
def test_an_alarm_may_return_what_it_found_in_whatever_it_likes(
    workspace: Workspace, of: Callable[[list[object]], object]
) -> None:
    def alarm(identity: ClientIdentity) -> object:
        return of([finding for finding in identity.findings() if finding.severity != "note"])

    assert opened(workspace, "your_own_org").check(4, {"alarm": alarm}).passed
