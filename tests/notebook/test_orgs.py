"""%sf_org: the practice org, a profile, or a My Domain."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import ClientIdentity, OrgError, SfmtlsError, read_profiles
from sfmtls_nb.notebook.workspace import Workspace


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "profiles.toml"
    monkeypatch.setenv("SFMTLS_NB_PROFILES", str(file))
    return file


def workspace_of(shell: InteractiveShell) -> Workspace:
    found = shell.magics_manager.registry["SfMagics"].workspace
    assert isinstance(found, Workspace)
    return found


@pytest.mark.usefixtures("profiles")
def test_a_name_that_is_no_profile_is_a_my_domain(shell: InteractiveShell) -> None:
    assert "https://acme.my.salesforce.com" == shell.run_line_magic("sf_org", "acme").login_url


def test_a_profile_comes_before_a_my_domain(shell: InteractiveShell, profiles: Path) -> None:
    profiles.write_text('[acme]\nmy_domain = "acme-corp"\nsandbox = "uat"\n')
    assert "https://acme-corp--uat.sandbox.my.salesforce.com" == shell.run_line_magic("sf_org", "acme").login_url


def test_a_profile_brings_its_user(shell: InteractiveShell, profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles.write_text('[acme]\nmy_domain = "acme"\nusername = "me@acme.example"\n')
    shell.run_line_magic("sf_org", "acme")
    monkeypatch.setattr("getpass.getpass", lambda prompt: "pw")
    assert "me@acme.example" == workspace_of(shell)._credentials(None, None).username


def test_a_profile_brings_its_certificate(shell: InteractiveShell, profiles: Path) -> None:
    practice = workspace_of(shell).running_practice()
    profiles.write_text(f'[acme]\nmy_domain = "acme"\nidentity = ["{practice.client.fullcert}"]\n')
    shell.run_line_magic("sf_org", "acme")
    assert isinstance(workspace_of(shell).identity, ClientIdentity)


@pytest.mark.usefixtures("profiles")
def test_a_profile_is_saved_and_chosen_by_its_name(shell: InteractiveShell) -> None:
    saved = shell.run_line_magic("sf_org", "acme --sandbox uat --save uat")
    assert saved == shell.run_line_magic("sf_org", "uat")


def test_a_profile_that_holds_a_password_is_refused(shell: InteractiveShell, profiles: Path) -> None:
    profiles.write_text('[acme]\nmy_domain = "acme"\npassword = "hunter2"\n')
    with pytest.raises(OrgError) as refused:
        shell.run_line_magic("sf_org", "acme")
    assert "hunter2" not in str(refused.value)


@pytest.mark.usefixtures("profiles")
def test_the_practice_org_is_no_profile(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError, match="no profile"):
        shell.run_line_magic("sf_org", "practice --save mine")


def test_an_api_version_overrules_the_profiles(shell: InteractiveShell, profiles: Path) -> None:
    profiles.write_text('[acme]\nmy_domain = "acme"\napi_version = "60.0"\n')
    assert ("60.0", "58.0") == (
        shell.run_line_magic("sf_org", "acme").api_version,
        shell.run_line_magic("sf_org", "acme --api-version 58.0").api_version,
    )


def test_a_profile_saved_again_keeps_its_user_and_certificate(shell: InteractiveShell, profiles: Path) -> None:
    pem = workspace_of(shell).running_practice().client.fullcert
    profiles.write_text(f'[acme]\nmy_domain = "acme"\nusername = "me@acme.example"\nidentity = ["{pem}"]\n')
    shell.run_line_magic("sf_org", "acme --api-version 60.0 --save acme")
    kept = read_profiles(profiles)["acme"]
    assert ("60.0", "me@acme.example", (pem,)) == (kept.org.api_version, kept.username, kept.identity)


def test_a_profiles_own_timeouts_come_before_those_for_all(shell: InteractiveShell, profiles: Path) -> None:
    profiles.write_text('[slow]\nmy_domain = "acme"\nread_timeout = 300\n')
    shell.run_cell("%config SfMagics.connect_timeout = 3")  # type: ignore[no-untyped-call]
    org = shell.run_line_magic("sf_org", "slow")
    assert (3.0, 300) == (org.connect_timeout, org.read_timeout)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('my_domain = "acme"\nidentity = ["nowhere.pem"]', "acme"),
        ('my_domain = "acme"', "acme --api-version 1"),
        ('my_domain = "acme"', "acme --save practice"),
        ('my_domain = "acme"', "practice --api-version 1"),
    ],
)
def test_what_fails_leaves_everything_as_it_was(
    shell: InteractiveShell, profiles: Path, content: str, line: str
) -> None:
    profiles.write_text(f"[acme]\n{content}\n")
    session = shell.run_line_magic("sf_login", "")
    with pytest.raises(SfmtlsError):
        shell.run_line_magic("sf_org", line)
    workspace = workspace_of(shell)
    assert (session, workspace.practice) == (workspace.session, workspace.at_practice())


@pytest.mark.parametrize("name", ["practise", "Practice", "acmee"])
def test_what_is_nearly_a_known_name_is_not_taken_for_a_my_domain(
    shell: InteractiveShell, profiles: Path, name: str
) -> None:
    profiles.write_text('[acme]\nmy_domain = "acme"\n')
    with pytest.raises(OrgError, match=r"write (practice|acme) if you meant that"):
        shell.run_line_magic("sf_org", name)


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("practise.my.salesforce.com", "practise.my.salesforce.com"),
        ("HTTPS://Acme.my.salesforce.com/services/Soap", "acme.my.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com/", "acme--uat.sandbox.my.salesforce.com"),
        ("acme-dev-ed.develop.my.salesforce.com", "acme-dev-ed.develop.my.salesforce.com"),
    ],
)
@pytest.mark.usefixtures("profiles")
def test_a_my_domain_may_be_written_whole(shell: InteractiveShell, name: str, host: str) -> None:
    assert f"https://{host}" == shell.run_line_magic("sf_org", name).login_url


@pytest.mark.usefixtures("profiles")
def test_a_whole_host_takes_no_sandbox_beside_it(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError, match="says itself which sandbox"):
        shell.run_line_magic("sf_org", "acme.my.salesforce.com --sandbox uat")


def test_a_profiles_name_may_be_that_of_a_my_domain_with_sandboxes(shell: InteractiveShell, profiles: Path) -> None:
    profiles.write_text('[acme]\nmy_domain = "acme"\n')
    org = shell.run_line_magic("sf_org", "acme --sandbox uat")
    assert "https://acme--uat.sandbox.my.salesforce.com" == org.login_url


@pytest.mark.usefixtures("profiles")
def test_another_name_is_the_my_domain_it_says(shell: InteractiveShell) -> None:
    assert "https://bigco.my.salesforce.com" == shell.run_line_magic("sf_org", "bigco").login_url


@pytest.mark.usefixtures("profiles")
def test_a_certificate_for_one_org_is_not_shown_to_another(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("sf_identity", "fullcert.pem")
    shell.run_line_magic("sf_org", "acme")
    assert (None, True) == (workspace_of(shell).identity, "stays behind" in capsys.readouterr().out)


@pytest.mark.usefixtures("profiles")
def test_a_certificate_stays_where_its_org_is_chosen_again(shell: InteractiveShell) -> None:
    identity = shell.run_line_magic("sf_identity", "fullcert.pem")
    shell.run_line_magic("sf_org", "practice")
    assert identity is workspace_of(shell).identity
