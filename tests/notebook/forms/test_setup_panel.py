"""The Setup panel, driven as the front end drives it: by its widgets' values and clicks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
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
    new_key_and_csr,
)
from sfmtls_nb.notebook.forms.setup_panel import SetupPanel
from sfmtls_nb.practice import PracticeOrg


@pytest.fixture
def panel(own_practice: PracticeOrg) -> SetupPanel:
    """The panel of an org that is as new."""
    made = SetupPanel(own_practice)
    start_over(made)
    return made


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    running = InteractiveShell.instance()
    load_ipython_extension(running)
    yield running
    running.history_manager.end_session()  # type: ignore[union-attr]  # a shell has one
    InteractiveShell.clear_instance()


def start_over(panel: SetupPanel) -> None:
    panel.reset.click()
    panel.confirm.click()


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
    start_over(panel)
    assert panel.profile.options == ("Standard User",)


def test_a_certificate_cannot_be_uploaded_before_support_has_enabled_it(
    panel: SetupPanel, own_practice: PracticeOrg
) -> None:
    upload(panel, own_practice.client.leaf.read_bytes())
    assert (panel.upload.disabled, "Support" in panel.messages[1].value) == (True, True)


def test_what_is_no_certificate_is_said_not_to_be_one(panel: SetupPanel) -> None:
    panel.support.click()
    upload(panel, b"<b>nonsense</b>")
    assert ("no certificate" in panel.messages[1].value, steps_done(panel)[1]) == (True, False)


def test_a_file_with_the_private_key_in_it_is_refused_beside_the_button(
    panel: SetupPanel, own_practice: PracticeOrg
) -> None:
    panel.support.click()
    upload(panel, own_practice.client.fullcert.read_bytes())
    said = [message.value for message in panel.messages]
    assert ("a private key, which is never uploaded" in said[1], steps_done(panel)[1]) == (True, False)
    assert [""] * 5 == [*said[:1], *said[2:]]


def test_a_root_is_refused_and_the_leaf_of_the_same_client_is_taken(
    panel: SetupPanel, own_practice: PracticeOrg
) -> None:
    panel.support.click()
    upload(panel, own_practice.client.root.read_bytes())
    refused = panel.messages[1].value
    upload(panel, own_practice.client.leaf.read_bytes())
    assert ("authority" in refused, panel.messages[1].value) == (True, "The certificate has been uploaded.")


def test_certificates_of_one_name_are_told_apart_and_removed_one_by_one(
    panel: SetupPanel, own_practice: PracticeOrg
) -> None:
    panel.support.click()
    chains = [own_practice.authority.sign(new_key_and_csr("CN=same").request_pem) for _ in range(3)]
    for chain in chains:
        upload(panel, chain)
    prints = [leaf.fingerprint(SHA256()).hex(":").upper() for leaf in own_practice.state.uploaded_leaves]
    shown = panel._heads[1].value
    assert [True] * 3 == [each in shown for each in prints]
    assert f"same, until {datetime.now(UTC).year + 1}" in shown
    panel.uploaded.value = own_practice.state.uploaded_leaves[1]
    panel.remove.click()
    left = [leaf.fingerprint(SHA256()).hex(":").upper() for leaf in own_practice.state.uploaded_leaves]
    assert [prints[0], prints[2]] == left
    assert (prints[1] in panel._heads[1].value, 2) == (False, len(panel.uploaded.options))


def test_the_first_certificate_is_chosen_until_another_is(own_practice: PracticeOrg) -> None:
    panel, leaves = SetupPanel(own_practice), own_practice.state.uploaded_leaves
    first = panel.uploaded.value
    own_practice.identity("expires-soon")
    panel.refresh()
    panel.uploaded.value = leaves[1]
    own_practice.identity("dual-use")
    panel.refresh()
    assert leaves[:2] == [first, panel.uploaded.value]


def test_there_is_nothing_to_remove_before_something_was_uploaded(panel: SetupPanel) -> None:
    assert (True, True) == (panel.remove.disabled, panel.uploaded.disabled)


def test_what_python_removed_meanwhile_is_told_so(own_practice: PracticeOrg) -> None:
    panel = SetupPanel(own_practice)
    own_practice.state.uploaded_leaves.clear()
    panel.remove.click()
    assert ("not among the uploaded" in panel.messages[1].value, steps_done(panel)[1]) == (True, False)


def test_starting_over_asks_first_and_changes_nothing_without_a_yes(own_practice: PracticeOrg) -> None:
    panel = SetupPanel(own_practice)
    panel.reset.click()
    asked = ("Start over?" in panel.messages[5].value, panel.confirm.layout.display)
    panel.keep.click()
    assert ((True, ""), [True] * 5, "none") == (asked, steps_done(panel), panel.confirm.layout.display)


def test_another_button_takes_the_question_back(own_practice: PracticeOrg) -> None:
    panel = SetupPanel(own_practice)
    panel.reset.click()
    panel.clone.click()
    assert ("", "none", False) == (panel.messages[5].value, panel.keep.layout.display, panel.reset.disabled)


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
    assert (said in panel.messages[2].value, len(panel.profile.options)) == (True, 2)


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
