"""The guide, driven as the front end drives it: by its widgets' values and clicks."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from consenting import consent
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets import Widget
from lxml import html

from sfmtls_nb import (
    CertificatePageError,
    ClientIdentity,
    MutualAuthenticationFault,
    Org,
    Profile,
    Reply,
    Session,
    SfmtlsError,
    save_profile,
)
from sfmtls_nb.notebook.guide.guide import Guide
from sfmtls_nb.notebook.guide.steps import STEPS
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.practice import PracticeOrg

TITLES = [step.title for step in STEPS]
WAY = [step.actions[0].button for step in STEPS]
DONE, TO_DO, FAILED, AS_EXPECTED = "✔ done", "○ to do", "✖ failed", "✔ failed as expected"
ALL_DONE = [DONE] * 5 + [AS_EXPECTED] * 2
PASSPHRASE, PASSWORD = "correct horse battery", "p455w0rd-of-mine"


@pytest.fixture
def guide() -> Iterator[Guide]:
    """A guide that nothing has been done in."""
    made = Guide(Workspace())
    yield made
    if made.walk.workspace.practice:
        made.walk.workspace.practice.stop()


@pytest.fixture
def walked(guide: Guide) -> Guide:
    """A guide at the end of its way."""
    click(guide, *WAY)
    return guide


@pytest.fixture
def own(guide: Guide, own_practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Guide:
    """A guide at an org of one's own, by a profile. (It is a practice org; but the guide does not know that.)"""
    monkeypatch.setenv("SFMTLS_NB_PROFILES", str(tmp_path / "profiles.toml"))
    monkeypatch.chdir(tmp_path)
    save_profile(Profile("acme", Org(**own_practice.endpoints), username=own_practice.user("enforced").username))
    go(guide, "acme")
    return guide


def click(guide: Guide, *buttons: str) -> None:
    """Choose the step that each button is in, and press it, as nobody can press what is not shown."""
    for name in buttons:
        step = next(n for n, step in enumerate(STEPS) if name in [action.button for action in step.actions])
        guide.rail[step].click()
        assert name in [button.description for button in controls(guide)], f"{name} is not offered"
        guide.buttons[name].click()


def controls(guide: Guide) -> list[Any]:
    """What the chosen step offers."""
    return list(guide._controls.children)


def go(guide: Guide, name: str) -> None:
    guide.fields["name"].value = name
    click(guide, "Go there")


def sign_in(guide: Guide, password: str) -> None:
    guide.rail[3].click()
    guide.fields["password"].value = password
    click(guide, "Sign in")


def states(guide: Guide) -> list[str]:
    """The second lines of the steps at the left: their signs and words."""
    return [str(button.description).splitlines()[1] for button in guide.rail]


def said(guide: Guide) -> str:
    """The text of the result."""
    return text_of(guide.result.value)


def text_of(markup: str) -> str:
    return " ".join(html.fromstring(f"<div>{markup}</div>").text_content().split())


def code(guide: Guide, title: str) -> dict[str, str]:
    """A step's code, by the label it is shown under."""
    guide.rail[TITLES.index(title)].click()
    areas = html.fromstring(guide.code.value).iter("pre")
    return {pre.get("aria-label", ""): pre.text_content() for pre in areas}


def upload(guide: Guide, files: dict[str, bytes]) -> None:
    when = datetime.now(UTC)
    guide.fields["files"].value = tuple(
        {"name": name, "type": "", "size": len(data), "content": memoryview(data), "last_modified": when}
        for name, data in files.items()
    )


def client_files(practice: PracticeOrg, passphrase: str = PASSPHRASE) -> dict[str, bytes]:
    """What somebody would upload: an encrypted key, and the certificates."""
    client = practice.client
    key = ClientIdentity.load(client.fullcert).key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode())
    )
    return {"my key.pem": key} | {path.name: path.read_bytes() for path in (client.leaf, *client.intermediates)}


def widget_state() -> str:
    return json.dumps(Widget.get_manager_state(), default=repr)


# ---------------------------------------------------------------- the way


def test_the_whole_way_is_walked_with_one_click_a_step(walked: Guide) -> None:
    assert states(walked) == ALL_DONE


def test_at_first_every_step_says_what_is_to_do_or_what_it_waits_for(guide: Guide) -> None:
    waits = [f"◌ waits for {numbers}" for numbers in ("1", "2", "1", "2 and 4", "4", "4")]
    assert states(guide) == [TO_DO, *waits]


def test_a_step_that_waits_names_the_steps_it_waits_for(guide: Guide) -> None:
    guide.rail[4].click()
    assert "waits for 2 Certificate and 4 Sign in" in text_of(guide.head.value)


@pytest.mark.parametrize("number", range(1, 7))
def test_a_step_that_waits_has_its_controls_disabled(guide: Guide, number: int) -> None:
    guide.rail[number].click()
    assert {control.disabled for control in controls(guide)} == {True}


@pytest.mark.parametrize("number", range(7))
def test_a_step_that_waits_for_nothing_has_its_controls_enabled(walked: Guide, number: int) -> None:
    walked.rail[number].click()
    assert {control.disabled for control in controls(walked)} == {False}


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Org", "stands for 8443"),
        ("Certificate", "leaf integration.practice.example"),
        ("PEM", "mine/upload.crt: the leaf"),
        ("Sign in", "00D5f000000PRAC!••••"),
        ("Call", "userName = enforced@practice.example"),
        ("Without a certificate", "No client certificate provided."),
        ("On 443", "MUTUAL_AUTHENTICATION_FAILED"),
    ],
)
def test_each_step_shows_what_came_of_it(walked: Guide, title: str, shown: str) -> None:
    walked.rail[TITLES.index(title)].click()
    assert shown in said(walked)


def test_the_next_button_leads_through_all_steps(guide: Guide) -> None:
    met = [guide.chosen.title]
    while guide.forward.layout.visibility == "visible":
        guide.forward.click()
        met.append(guide.chosen.title)
    assert met == TITLES


def test_the_chosen_step_is_marked_in_its_own_words_too(guide: Guide) -> None:
    guide.rail[2].click()
    assert [n for n, button in enumerate(guide.rail) if "◂" in button.description] == [2]


def test_what_cells_have_done_is_done_in_the_guide(shell: InteractiveShell) -> None:
    shell.run_line_magic("sf_identity", "client.key client.crt intermediate1.crt intermediate2.crt --write mine")
    shell.run_line_magic("sf_login", "")
    guide = shell.run_line_magic("sf_guide", "")
    assert (states(guide), guide.chosen.title) == ([DONE] * 4 + [TO_DO] * 3, "Call")


@pytest.fixture
def signed_in(shell: InteractiveShell) -> InteractiveShell:
    shell.run_line_magic("sf_identity", "client.key client.crt intermediate1.crt intermediate2.crt --write mine")
    shell.run_line_magic("sf_login", "")
    return shell


@pytest.mark.parametrize("call", ["getUserInfo", "getUserInfo --path .//userName", "getServerTimestamp"])
def test_a_call_that_a_cell_has_just_made_is_not_to_do_in_the_guide(signed_in: InteractiveShell, call: str) -> None:
    signed_in.run_line_magic("sf_soap", call)
    guide = signed_in.run_line_magic("sf_guide", "")
    assert (states(guide)[4], guide.chosen.title) == (DONE, "Without a certificate")


def test_a_call_that_a_cell_has_made_is_shown_in_the_guide_and_stays_there(signed_in: InteractiveShell) -> None:
    signed_in.run_line_magic("sf_soap", "getUserInfo")
    guide = signed_in.run_line_magic("sf_guide", "")
    click(guide, "Call without it")
    guide.rail[4].click()
    assert "userName = enforced@practice.example" in said(guide)


@pytest.mark.parametrize(
    "call",
    [
        "getUserInfo --no-cert --expect page",
        "getUserInfo --port 443 --expect MUTUAL_AUTHENTICATION_FAILED",
        "getUserInfo --identity dual-use",
    ],
)
def test_another_call_is_not_that_of_the_guide(signed_in: InteractiveShell, call: str) -> None:
    signed_in.run_line_magic("sf_soap", call)
    guide = signed_in.run_line_magic("sf_guide", "")
    assert (states(guide)[4], guide.chosen.title) == (TO_DO, "Call")


def test_what_cells_do_later_shows_after_a_refresh(shell: InteractiveShell) -> None:
    guide = shell.run_line_magic("sf_guide", "")
    click(guide, *WAY)
    shell.run_line_magic("sf_practice", "stop")
    guide.refresh()
    assert (states(guide)[0], states(guide)[3], states(guide)[4]) == (TO_DO, "◌ waits for 1", "◌ waits for 2 and 4")


def test_a_practice_org_that_has_gone_away_is_explained(walked: Guide) -> None:
    walked.walk.workspace.running_practice().stop()
    for button in walked.rail:
        button.click()
    click(walked, WAY[4])
    assert (states(walked)[4], "ConnectError" in said(walked)) == (FAILED, True)


# ---------------------------------------------------------------- going back


def test_the_certificate_anew_leaves_the_pem_and_the_calls_to_do(walked: Guide) -> None:
    click(walked, "Take the practice org’s files")
    assert states(walked) == [DONE, DONE, TO_DO, DONE, TO_DO, TO_DO, TO_DO]


def test_signing_in_anew_leaves_the_calls_to_do(walked: Guide) -> None:
    click(walked, "Sign in")
    assert states(walked) == [DONE] * 4 + [TO_DO] * 3


def test_another_org_leaves_all_the_rest_to_do(walked: Guide) -> None:
    go(walked, "acme")
    assert states(walked)[:4] == [DONE, TO_DO, "◌ waits for 2", TO_DO]


def test_the_pem_anew_leaves_the_calls_as_they_are(walked: Guide) -> None:
    click(walked, "Write the two files")
    assert states(walked) == ALL_DONE


def test_starting_a_practice_org_that_runs_changes_nothing(walked: Guide) -> None:
    click(walked, "Start the practice org")
    assert states(walked) == ALL_DONE


def test_a_pem_that_is_gone_is_no_longer_done(walked: Guide) -> None:
    assert walked.walk.workspace.pem is not None
    walked.walk.workspace.pem.unlink()
    walked.refresh()
    assert states(walked)[2] == TO_DO


def test_what_failed_is_done_once_it_succeeds(guide: Guide) -> None:
    go(guide, "")
    before = states(guide)[0]
    click(guide, "Start the practice org")
    assert (before, states(guide)[0], "error" in said(guide)) == (FAILED, DONE, False)


# ---------------------------------------------------------------- the code


def test_the_python_of_the_steps_walks_the_way(walked: Guide, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    try:
        for title in TITLES:
            exec(code(walked, title)["As Python"], names)  # noqa: S102  # that is what it is for
        made = names["practice"].directory / "mine"
        assert sorted(path.name for path in made.iterdir()) == ["fullcert.pem", "upload.crt"]
        assert "enforced@practice.example" in names["reply"].text(".//userName")
        printed = capsys.readouterr().out
        assert ("No client certificate provided" in printed, "MUTUAL_AUTHENTICATION_FAILED" in printed) == (True, True)
    finally:
        names["practice"].stop()


def test_the_magics_of_the_steps_walk_the_way(walked: Guide, shell: InteractiveShell) -> None:
    results = []
    for title in TITLES:
        name, _, line = code(walked, title)["As a magic"].partition(" ")
        results.append(shell.run_line_magic(name.removeprefix("%"), line))
    kinds = [
        PracticeOrg,
        ClientIdentity,
        ClientIdentity,
        Session,
        Reply,
        CertificatePageError,
        MutualAuthenticationFault,
    ]
    assert [type(result) for result in results] == kinds


def test_the_curl_of_the_steps_does_what_they_did(walked: Guide) -> None:
    workspace = walked.walk.workspace
    assert workspace.session is not None
    assert workspace.practice is not None
    secrets = {
        "SF_SESSION_ID": workspace.session.session_id.reveal(),
        "SF_PASSWORD": workspace.practice.user("enforced").password,
    }
    answers = [in_a_shell(code(walked, title)["As curl"], secrets) for title in TITLES[3:]]
    wanted = ["loginResponse", "getUserInfoResponse", "No client certificate provided", "MUTUAL_AUTHENTICATION_FAILED"]
    assert [want for want, answer in zip(wanted, answers, strict=True) if want in answer] == wanted


def test_the_terminals_commands_make_the_same_files(walked: Guide) -> None:
    workspace = walked.walk.workspace
    assert workspace.practice is not None
    assert workspace.identity is not None
    folder = workspace.practice.directory
    (folder / "mine" / "fullcert.pem").unlink()
    in_a_shell(code(walked, "PEM")["In a terminal"], {}, folder)
    made = ClientIdentity.load(folder / "mine" / "fullcert.pem")
    assert (made.pem(), (folder / "mine" / "fullcert.pem").stat().st_mode & 0o777) == (workspace.identity.pem(), 0o600)


def test_the_openssl_commands_make_a_request_and_show_the_certificate(walked: Guide, tmp_path: Path) -> None:
    practice = walked.walk.workspace.running_practice()
    (tmp_path / "client.crt").write_bytes(practice.client.leaf.read_bytes())
    shown = in_a_shell(code(walked, "Certificate")["In a terminal"], {}, tmp_path)
    assert ("integration.practice.example" in shown, (tmp_path / "client.csr").exists()) == (True, True)


def in_a_shell(command: str, variables: dict[str, str], folder: Path | None = None) -> str:
    run = subprocess.run(
        ["bash", "-ec", command],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=os.environ | variables,
        cwd=folder,
    )
    return run.stdout


def test_no_code_holds_a_secret(walked: Guide) -> None:
    workspace = walked.walk.workspace
    assert workspace.session is not None
    assert workspace.practice is not None
    secrets = [workspace.session.session_id.reveal(), workspace.practice.user("enforced").password]
    shown = "".join(text for title in TITLES for text in code(walked, title).values())
    assert [secret for secret in secrets if secret in shown] == []


def test_how_one_signed_in_is_shown_as_curl_after_other_calls_too(walked: Guide) -> None:
    assert "<urn:username>enforced@practice.example" in code(walked, "Sign in")["As curl"]


def test_what_is_not_done_yet_has_its_code_already(guide: Guide) -> None:
    assert [title for title in TITLES if not {"As a magic", "As Python"} <= code(guide, title).keys()] == []


@pytest.mark.parametrize(
    ("name", "magic", "python"),
    [
        ("acme", "%sf_org acme", 'Org.my_domain("acme")'),
        ("acme--uat.sandbox", "%sf_org acme --sandbox uat", 'Org.my_domain("acme", sandbox="uat")'),
        (
            "acme-dev-ed.develop",
            "%sf_org https://acme-dev-ed.develop.my.salesforce.com",
            'Org(login_url="https://acme-dev-ed.develop.my.salesforce.com")',
        ),
    ],
)
def test_an_org_of_ones_own_is_in_the_code(guide: Guide, name: str, magic: str, python: str) -> None:
    guide.walk.workspace.go_to(Org(f"https://{name}.my.salesforce.com"))
    shown = code(guide, "Org")
    assert (shown["As a magic"], python in shown["As Python"]) == (magic, True)


def test_names_with_spaces_and_quotes_stay_one_word(own: Guide, own_practice: PracticeOrg) -> None:
    upload(own, client_files(own_practice))
    own.fields["passphrase"].value = PASSPHRASE
    click(own, "Assemble my own")
    shown = code(own, "Certificate")
    assert ('"my key.pem" client.crt' in shown["As a magic"], '"my key.pem", "client.crt"' in shown["As Python"]) == (
        True,
        True,
    )


# ---------------------------------------------------------------- an org of one's own


def test_the_whole_way_is_walked_on_an_org_of_ones_own(own: Guide, own_practice: PracticeOrg) -> None:
    upload(own, client_files(own_practice))
    own.fields["passphrase"].value = PASSPHRASE
    click(own, "Assemble my own", "Write the two files")
    sign_in(own, own_practice.user("enforced").password)
    click(own, *WAY[4:])
    assert (states(own), Path("mine/fullcert.pem").exists()) == (ALL_DONE, True)


def test_a_profile_brings_its_certificate(own: Guide, own_practice: PracticeOrg) -> None:
    save_profile(Profile("robot", Org(**own_practice.endpoints), identity=(own_practice.client.fullcert,)))
    go(own, "robot")
    assert states(own)[:2] == [DONE, DONE]


def test_the_key_of_a_profile_is_asked_for_its_passphrase_in_step_2(own: Guide, own_practice: PracticeOrg) -> None:
    for name, data in client_files(own_practice).items():
        Path(name).write_bytes(data)
    files = tuple(Path(name).absolute() for name in client_files(own_practice))
    save_profile(Profile("robot", Org(**own_practice.endpoints), identity=files))
    go(own, "robot")
    before, hint = states(own)[1], said(own)
    own.fields["passphrase"].value = PASSPHRASE
    click(own, "Assemble my own")
    assert (before, "step 2" in hint, states(own)[1]) == (TO_DO, True, DONE)


def test_the_practice_orgs_files_are_offered_there_alone(own: Guide) -> None:
    own.rail[1].click()
    elsewhere = [control.description for control in controls(own)]
    click(own, "Start the practice org")
    own.rail[1].click()
    there = [control.description for control in controls(own)]
    assert ("Take the practice org’s files" in elsewhere, "Take the practice org’s files" in there) == (False, True)


# ---------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(("name", "words"), [("", "no name was typed"), ("login", "is not a My Domain")])
def test_a_name_that_leads_nowhere_is_explained(guide: Guide, name: str, words: str) -> None:
    go(guide, name)
    assert (states(guide)[0], "✖ error: " in said(guide), words in said(guide)) == (FAILED, True, True)


def test_no_files_at_all_are_explained(own: Guide) -> None:
    click(own, "Assemble my own")
    assert (states(own)[1], "no files were chosen" in said(own)) == (FAILED, True)


def test_a_wrong_passphrase_is_explained(own: Guide, own_practice: PracticeOrg) -> None:
    upload(own, client_files(own_practice))
    own.fields["passphrase"].value = "wrong"
    click(own, "Assemble my own")
    assert (states(own)[1], "passphrase" in said(own).lower()) == (FAILED, True)


def test_a_certificate_that_is_no_good_leaves_the_one_that_was_there(walked: Guide) -> None:
    upload(walked, {"notes.txt": b"nothing"})
    click(walked, "Assemble my own")
    assert (states(walked)[1], "still holds" in said(walked), "integration.practice" in said(walked)) == (
        FAILED,
        True,
        True,
    )


def test_files_that_are_somebody_elses_are_written_over_only_when_told(walked: Guide) -> None:
    pem = walked.walk.workspace.pem
    assert pem is not None
    pem.write_text("mine")
    click(walked, "Write the two files")
    before = states(walked)[2]
    walked.fields["overwrite"].value = True
    click(walked, "Write the two files")
    assert (before, states(walked)[2], "--overwrite" in code(walked, "PEM")["As a magic"]) == (FAILED, DONE, True)


def test_a_folder_without_a_name_is_explained(walked: Guide) -> None:
    walked.fields["folder"].value = " "
    click(walked, "Write the two files")
    assert (states(walked)[2], "no folder was named" in said(walked)) == (FAILED, True)


@pytest.mark.parametrize(("password", "words"), [("", "there is no password"), (PASSWORD, "INVALID_LOGIN")])
def test_a_login_that_cannot_be_is_explained(own: Guide, password: str, words: str) -> None:
    sign_in(own, password)
    assert (states(own)[3], words in said(own)) == (FAILED, True)


@pytest.mark.parametrize("title", TITLES[5:])
def test_a_call_that_should_have_failed_is_explained(walked: Guide, title: str) -> None:
    walked.rail[3].click()
    walked.fields["user"].value = "standard"
    click(walked, "Sign in", WAY[TITLES.index(title)])
    assert (states(walked)[TITLES.index(title)], "does not enforce" in said(walked)) == ("▲ did not fail", True)


@pytest.mark.parametrize("number", [4, 5, 6])
def test_another_failure_than_the_expected_is_a_failure(walked: Guide, number: int) -> None:
    assert walked.walk.workspace.practice is not None
    state = walked.walk.workspace.practice.state
    state.sessions.clear()
    state.users[0].password = "changed since"  # or the session would renew itself
    click(walked, WAY[number])
    assert (states(walked)[number], "✖ error" in said(walked)) == (FAILED, True)


def test_a_certificate_that_the_org_refuses_fails_in_the_call(walked: Guide) -> None:
    walked.walk.workspace.arm("self-signed")
    click(walked, WAY[4])
    assert (states(walked)[4], "self-signed" in said(walked)) == (FAILED, True)


def test_markup_that_was_typed_is_shown_as_text(guide: Guide) -> None:
    go(guide, "<img src=x onerror=alert(1)>")
    assert ("<img" in guide.result.value, "<img src=x" in said(guide)) == (False, True)


def test_what_was_not_foreseen_is_shown_and_goes_on(walked: Guide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walked.walk.workspace, "soap", unforeseen)
    with pytest.raises(ZeroDivisionError):
        walked._act(STEPS[4], STEPS[4].actions[0])
    walked.rail[4].click()
    assert (states(walked)[4], "✖ error: ZeroDivisionError" in said(walked), PASSWORD in said(walked)) == (
        FAILED,
        True,
        False,
    )
    assert (controls(walked)[0].disabled, controls(walked)[0].description) == (False, WAY[4])


def unforeseen(*_: object, **__: object) -> Any:
    raise ZeroDivisionError(PASSWORD)


def test_while_something_is_done_it_says_so_and_nothing_else_can_be_begun(
    walked: Guide, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def look(*_: object, **__: object) -> Any:
        seen.append((states(walked)[4], controls(walked)[0].description, controls(walked)[0].disabled))
        return real("getUserInfo", port=8443)

    real = walked.walk.workspace.soap
    monkeypatch.setattr(walked.walk.workspace, "soap", look)
    click(walked, WAY[4])
    assert (seen, states(walked)[4]) == ([("… working", "Working …", True)], DONE)


# ---------------------------------------------------------------- secrets


@pytest.mark.parametrize("passphrase", [PASSPHRASE, "wrong-passphrase"])
def test_no_secret_stays_in_any_widget_whether_it_worked_or_not(
    own: Guide, own_practice: PracticeOrg, passphrase: str
) -> None:
    upload(own, client_files(own_practice))
    own.fields["passphrase"].value = passphrase
    click(own, "Assemble my own")
    own.fields["token"].value = "token-of-mine"
    sign_in(own, PASSWORD)
    sign_in(own, own_practice.user("enforced").password)
    session = own.walk.workspace.session
    assert session is not None
    password = own_practice.user("enforced").password
    secrets = [passphrase, PASSWORD, "token-of-mine", "PRIVATE KEY-", password, session.session_id.reveal()]
    state = widget_state()
    assert [secret for secret in secrets if secret in state] == []


def test_the_token_goes_behind_the_password(own: Guide, own_practice: PracticeOrg) -> None:
    password = own_practice.user("enforced").password
    own.fields["token"].value = password[5:]
    sign_in(own, password[:5])
    assert states(own)[3] == DONE


@pytest.mark.parametrize(
    ("button", "does", "fields"),
    [("Assemble my own", "assemble", ("files", "passphrase")), ("Sign in", "credentials", ("password", "token"))],
)
def test_the_widgets_are_empty_before_anything_is_read_or_sent(
    own: Guide, monkeypatch: pytest.MonkeyPatch, button: str, does: str, fields: tuple[str, str]
) -> None:
    seen = []

    def spy(*_: object, **__: object) -> Any:
        seen.append([bool(own.fields[name].value) for name in fields])
        raise SfmtlsError("seen")

    monkeypatch.setattr(own.walk.workspace, does, spy)
    upload(own, {"client.key": b"a key"})
    for name in ("passphrase", "password", "token"):
        own.fields[name].value = PASSWORD
    click(own, button)
    assert seen == [[False, False]]


# ---------------------------------------------------------------- by keyboard and screen reader


def test_every_control_has_a_name(guide: Guide) -> None:
    named = [*guide.fields.values(), *guide.buttons.values(), *guide.rail, guide.forward]
    assert [control for control in named if not control.description.strip()] == []


def test_every_step_says_its_state_in_words(walked: Guide) -> None:
    assert [button for button in walked.rail if not button.description.split("\n")[1][2:].strip()] == []


def test_nothing_in_it_is_a_script(walked: Guide) -> None:
    for button in walked.rail:
        button.click()
        assert "<script" not in widget_state()


# ---------------------------------------------------------------- the other ways in


@pytest.mark.parametrize(("way", "python"), [("jwt", "JwtBearer("), ("client-credentials", "ClientCredentials(")])
def test_every_way_signs_in_at_the_practice_org_with_one_click(guide: Guide, way: str, python: str) -> None:
    click(guide, WAY[0])
    guide.fields["way"].value = way
    click(guide, "Sign in")
    assert (states(guide)[3], python in guide.code.value) == (DONE, True)


def test_the_step_says_when_to_take_the_way_that_is_chosen(guide: Guide) -> None:
    click(guide, WAY[0])
    guide.rail[3].click()
    guide.fields["way"].value = "sf"
    assert "For whoever works with the command sf" in text_of(guide.meaning.value)
    assert [each.description for each in controls(guide)] == ["Way in", "Alias", "Sign in"]


def test_the_browser_is_waited_for_and_its_address_signs_in(guide: Guide) -> None:
    click(guide, WAY[0])
    guide.fields["way"].value = "web"
    click(guide, "Sign in")
    assert states(guide)[3] == "… waits for the browser"
    [link] = html.fromstring(guide.result.value).xpath("//a[@target='_blank'][@rel='noopener']/@href")
    assert guide.walk.workspace.practice is not None
    guide.fields["address"].value = consent(guide.walk.workspace.practice, link)
    click(guide, "Sign in")
    assert (states(guide)[3], "Browser, as" in said(guide)) == (DONE, True)


def test_a_profile_brings_its_way_in(own: Guide, own_practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_SECRET", own_practice.app.consumer_secret)
    how = {"sign_in": "client-credentials", "consumer_key": own_practice.app.consumer_key}
    save_profile(Profile("prod", Org(**own_practice.endpoints), secret_from="env:APP_SECRET", **how))  # type: ignore[arg-type]
    go(own, "prod")
    click(own, "Sign in")
    assert (states(own)[3], "Client credentials" in said(own)) == (DONE, True)


def test_an_uploaded_jwt_key_signs_in_at_an_org_of_ones_own(own: Guide, own_practice: PracticeOrg) -> None:
    own.rail[3].click()
    own.fields["way"].value = "jwt"
    own.fields["consumer_key"].value = own_practice.app.consumer_key
    key = own_practice.client.key.read_bytes()
    told = {
        "name": "jwt.key",
        "type": "",
        "size": len(key),
        "content": memoryview(key),
        "last_modified": datetime.now(UTC),
    }
    own.fields["jwt_key"].value = (told,)
    click(own, "Sign in")
    assert (states(own)[3], "jwt.key" in own.code.value) == (DONE, True)
