"""The Setup panel, driven as the front end drives it: by its widgets' values and clicks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets import Widget

from sfmtls_nb import (
    ClientIdentity,
    MutualAuthenticationFault,
    Org,
    PasswordLogin,
    SfmtlsError,
    load_ipython_extension,
    login,
)
from sfmtls_nb.notebook.forms.setup_panel import SetupPanel
from sfmtls_nb.practice import PracticeOrg


@pytest.fixture
def panel(own_practice: PracticeOrg) -> SetupPanel:
    """The panel of an org that is as new."""
    made = SetupPanel(own_practice)
    made.reset.click()
    return made


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    running = InteractiveShell.instance()
    load_ipython_extension(running)
    yield running
    running.history_manager.end_session()  # type: ignore[union-attr]  # a shell has one
    InteractiveShell.clear_instance()


def upload(panel: SetupPanel, data: bytes) -> None:
    panel.upload.value = (
        {
            "name": "upload.crt",
            "type": "",
            "size": len(data),
            "content": memoryview(data),
            "last_modified": datetime.now(UTC),
        },
    )


def steps_done(panel: SetupPanel) -> list[bool]:
    return ["✔" in head.value for head in panel._heads]


def walk(panel: SetupPanel, practice: PracticeOrg, user: str) -> None:
    """All five steps, for a user."""
    panel.support.click()
    upload(panel, practice.client.leaf.read_bytes())
    panel.clone.click()
    panel.enforce.value = True
    panel.user.value = practice.user(user).username
    panel.assign.click()


def test_an_org_as_it_starts_has_every_step_done(own_practice: PracticeOrg) -> None:
    assert steps_done(SetupPanel(own_practice)) == [True] * 5


def test_starting_over_leaves_every_step_to_do(panel: SetupPanel) -> None:
    assert steps_done(panel) == [False] * 5


def test_the_five_steps_are_each_done_in_turn(panel: SetupPanel, own_practice: PracticeOrg) -> None:
    walk(panel, own_practice, "standard")
    assert steps_done(panel) == [True] * 5


def test_after_the_five_steps_the_user_is_refused_without_the_certificate(
    panel: SetupPanel, own_practice: PracticeOrg
) -> None:
    walk(panel, own_practice, "standard")
    credentials = PasswordLogin(*own_practice.user("standard"))
    with (
        login(Org(**own_practice.endpoints), credentials) as session,
        pytest.raises(MutualAuthenticationFault),
    ):
        session.soap("getUserInfo", port=443)


def test_after_the_five_steps_the_user_gets_in_with_the_certificate(
    panel: SetupPanel, own_practice: PracticeOrg
) -> None:
    walk(panel, own_practice, "standard")
    files = own_practice.client
    me = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
    with login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("standard")), me) as session:
        assert session.get_user_info().text(".//userName") == "standard@practice.example"


def test_starting_over_after_the_five_steps_leaves_the_standard_profile_alone(
    panel: SetupPanel, own_practice: PracticeOrg
) -> None:
    walk(panel, own_practice, "standard")
    panel.reset.click()
    assert panel.profile.options == ("Standard User",)


def test_a_certificate_cannot_be_uploaded_before_support_has_enabled_it(
    panel: SetupPanel, own_practice: PracticeOrg
) -> None:
    upload(panel, own_practice.client.leaf.read_bytes())
    assert (panel.upload.disabled, "Support" in panel.message.value) == (True, True)


def test_what_is_no_certificate_is_said_not_to_be_one(panel: SetupPanel) -> None:
    panel.support.click()
    upload(panel, b"<b>nonsense</b>")
    assert ("no certificate" in panel.message.value, steps_done(panel)[1]) == (True, False)


def test_a_key_that_was_picked_by_mistake_stays_in_no_widget(panel: SetupPanel, own_practice: PracticeOrg) -> None:
    panel.support.click()
    upload(panel, own_practice.client.key.read_bytes())
    state = json.dumps(Widget.get_manager_state(), default=repr)
    assert (panel.upload.value, "PRIVATE KEY" in state) == ((), False)


@pytest.mark.parametrize(("name", "said"), [("Integration", "already"), ("standard user", "already"), (" ", "no name")])
def test_a_clone_needs_a_name_that_is_free(panel: SetupPanel, name: str, said: str) -> None:
    panel.clone.click()
    panel.new_name.value = name
    panel.clone.click()
    assert (said in panel.message.value, len(panel.profile.options)) == (True, 2)


def test_markup_in_a_name_is_shown_as_text(panel: SetupPanel) -> None:
    panel.new_name.value = "<img src=x onerror=alert(1)>"
    panel.clone.click()
    panel.enforce.value = True
    assert not [head.value for head in panel._heads if "<img" in head.value]


def test_choosing_a_profile_shows_whether_it_enforces_and_changes_nothing(own_practice: PracticeOrg) -> None:
    panel = SetupPanel(own_practice)
    shown = {}
    for name in panel.profile.options:
        panel.profile.value = name
        shown[name] = panel.enforce.value
    assert shown == {profile.name: profile.enforced for profile in own_practice.state.profiles}


def test_a_profile_shows_whether_its_users_may_use_login_and_lets_it_be_changed(own_practice: PracticeOrg) -> None:
    panel = SetupPanel(own_practice)
    panel.profile.value = "Standard User"
    assert panel.any_auth.value
    panel.any_auth.value = False
    allowed = {profile.name: profile.any_api_auth for profile in own_practice.state.profiles}
    assert {"Standard User": False, "Integration (mutual TLS)": True} == allowed


def test_a_profile_that_nobody_has_any_more_stays(own_practice: PracticeOrg) -> None:
    panel = SetupPanel(own_practice)
    panel.user.value, panel.profile.value = own_practice.user("enforced").username, "Standard User"
    panel.assign.click()
    assert panel.profile.options == ("Integration (mutual TLS)", "Standard User")


def test_what_python_changed_shows_after_a_refresh(panel: SetupPanel, own_practice: PracticeOrg) -> None:
    own_practice.state.ask_support()
    panel.refresh()
    assert (steps_done(panel)[0], panel.upload.disabled) == (True, False)


def test_the_magic_shows_the_panel_of_the_running_org(shell: InteractiveShell) -> None:
    practice = shell.run_line_magic("sf_practice", "")
    panel = shell.run_line_magic("sf_practice", "setup")
    shell.run_line_magic("sf_practice", "stop")
    assert (type(panel), panel.state) == (SetupPanel, practice.state)


def test_the_magic_says_so_where_no_org_runs(shell: InteractiveShell) -> None:
    with pytest.raises(SfmtlsError, match="no practice org"):
        shell.run_line_magic("sf_practice", "setup")
