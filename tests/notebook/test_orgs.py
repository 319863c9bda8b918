"""Which org a name means: the practice org, a profile, a My Domain, a whole host; the same at every entrance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from sfmtls_nb import ClientIdentity, OrgError, SfmtlsError, read_profiles
from sfmtls_nb.notebook.entry import Entry, asked
from sfmtls_nb.notebook.guide.guide import Guide
from sfmtls_nb.notebook.orgs import org_named
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.profiles import table
from sfmtls_nb.profiles.table import _KEYS


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
    assert "me@acme.example" == workspace_of(shell).credentials(Entry(), {}, asked)[0].username


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
    with pytest.raises(OrgError, match="no profile"):
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


def test_another_api_version_leaves_a_profiles_timeouts_as_they_are(shell: InteractiveShell, profiles: Path) -> None:
    profiles.write_text('[slow]\nmy_domain = "acme"\nread_timeout = 300\n')
    shell.run_line_magic("sf_org", "slow")
    shell.run_cell("%config SfMagics.api_version = '60.0'")  # type: ignore[no-untyped-call]
    assert 300 == workspace_of(shell).chosen_org().read_timeout


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


@pytest.mark.usefixtures("profiles")
def test_a_whole_host_takes_no_sandbox_beside_it(shell: InteractiveShell) -> None:
    with pytest.raises(OrgError, match="says itself which sandbox"):
        shell.run_line_magic("sf_org", "acme.my.salesforce.com --sandbox uat")


def test_a_profiles_name_may_be_that_of_a_my_domain_with_sandboxes(shell: InteractiveShell, profiles: Path) -> None:
    profiles.write_text('[acme]\nmy_domain = "acme"\n')
    org = shell.run_line_magic("sf_org", "acme --sandbox uat")
    assert "https://acme--uat.sandbox.my.salesforce.com" == org.login_url


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


# ---------------------------------------------------------------- one name, every entrance


def by_magic(name: str) -> Workspace:
    shell = InteractiveShell.instance()
    shell.run_line_magic("sf_org", name)
    return workspace_of(shell)


def by_guide(name: str) -> Workspace:
    guide = Guide(Workspace())
    guide.fields["name"].value = name
    guide.buttons["Go there"].click()
    if guide.walk.workspace.org is None:
        raise OrgError(guide.result.value)
    return guide.walk.workspace


def by_call(name: str) -> Workspace:
    workspace = Workspace()
    workspace.choose(name)
    return workspace


ENTRANCES = [by_magic, by_guide, by_call]
SAVED = """
[acme-prod]
my_domain = "acme"
username = "me@acme.example"

[login]
login_url = "https://login.salesforce.com"

["acme.uat"]
my_domain = "acme"
sandbox = "uat"
"""
MEANT = [  # a name; where it leads; the profile
    ("acme-prod", "https://acme.my.salesforce.com", "acme-prod"),
    ("acme.uat", "https://acme--uat.sandbox.my.salesforce.com", "acme.uat"),
    ("login", "https://login.salesforce.com", "login"),
    ("acme", "https://acme.my.salesforce.com", None),
    ("bigco", "https://bigco.my.salesforce.com", None),
    ("practise.my.salesforce.com", "https://practise.my.salesforce.com", None),
    ("acme-prd.my.salesforce.com", "https://acme-prd.my.salesforce.com", None),
    ("HTTPS://Acme.my.salesforce.com/services/Soap", "https://acme.my.salesforce.com", None),
    ("https://acme.my.salesforce.com:443/", "https://acme.my.salesforce.com", None),
    ("https://acme--uat.sandbox.my.salesforce.com/", "https://acme--uat.sandbox.my.salesforce.com", None),
    ("acme--uat.sandbox.my.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com", None),
    ("acme--test.sandbox.my.salesforce.com", "https://acme--test.sandbox.my.salesforce.com", None),
    ("acme-dev-ed.develop.my.salesforce.com", "https://acme-dev-ed.develop.my.salesforce.com", None),
    ("https://login.salesforce.com", "https://login.salesforce.com", None),
    ("test.salesforce.com", "https://test.salesforce.com", None),
]
REFUSED = [
    ("acme-prd", "write acme-prod if you meant that"),
    ("ACME-PROD", "write acme-prod if you meant that"),
    ("Practice", "write practice if you meant that"),
    ("practise", "write practice if you meant that"),
    ("Login", "https://login.salesforce.com to sign in there"),
    ("www", "https://login.salesforce.com to sign in there"),
    ("test", "https://test.salesforce.com to sign in there"),
    ("TEST", "https://test.salesforce.com to sign in there"),
    ("na30", "write the name of your My Domain"),
    ("lightning", "write the name of your My Domain"),
    ("test.my.salesforce.com", "https://test.salesforce.com to sign in there"),
    ("https://na30.salesforce.com/services/Soap", "write the name of your My Domain"),
    ("acme.example.com", "is not the host of a My Domain"),
    ("acme.my.salesforce.com.example.com", "is not the host of a My Domain"),
    ("http://acme.my.salesforce.com", "is not an https URL"),
    ("a_b", "is not a My Domain or sandbox name"),
]


@pytest.fixture
def saved(profiles: Path) -> None:
    profiles.write_text(SAVED)


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize(("name", "login_url", "profile"), MEANT)
@pytest.mark.usefixtures("shell", "saved")
def test_a_name_means_the_same_org_at_every_entrance(
    entrance: Callable[[str], Workspace], name: str, login_url: str, profile: str | None
) -> None:
    reached = entrance(name)
    assert reached.org is not None
    assert (login_url, profile) == (reached.org.login_url, reached.profile.name if reached.profile else None)


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize(("name", "words"), REFUSED)
@pytest.mark.usefixtures("shell", "saved")
def test_a_name_that_means_no_org_is_refused_in_the_same_words_at_every_entrance(
    entrance: Callable[[str], Workspace], name: str, words: str
) -> None:
    with pytest.raises(OrgError, match=words):
        entrance(name)


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.usefixtures("profiles", "shell")
def test_practice_is_the_practice_org_at_every_entrance(entrance: Callable[[str], Workspace]) -> None:
    reached = entrance("practice")
    practice = reached.at_practice()
    assert practice is not None
    practice.stop()


@pytest.mark.usefixtures("profiles")
def test_the_guide_of_a_notebook_asks_for_the_api_version_that_is_set_there(shell: InteractiveShell) -> None:
    shell.run_cell("%config SfMagics.api_version = '60.0'")  # type: ignore[no-untyped-call]
    guide = shell.run_line_magic("sf_guide", "")
    guide.fields["name"].value = "acme"
    guide.buttons["Go there"].click()
    assert "60.0" == guide.walk.workspace.chosen_org().api_version


# ---------------------------------------------------------------- nearly a name, none, and a server of one's own


@pytest.mark.parametrize(
    ("typed", "near"), [("prdo", "prod"), ("PROD", "prod"), ("dve", "dev"), ("practise", "practice")]
)
def test_a_name_that_is_nearly_known_is_asked_about(
    shell: InteractiveShell, profiles: Path, typed: str, near: str
) -> None:
    profiles.write_text('[prod]\nmy_domain = "acme"\n[dev]\nmy_domain = "acme-dev"\n')
    with pytest.raises(OrgError, match=f"did you mean {near}?") as refused:
        shell.run_line_magic("sf_org", typed)
    assert f"{typed}.my.salesforce.com" in refused.value.next_step
    assert "https://acme-corp.my.salesforce.com" == shell.run_line_magic("sf_org", "acme-corp").login_url


def test_without_a_name_it_is_shown_where_we_are_and_what_there_is(
    shell: InteractiveShell, profiles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profiles.write_text('[prod]\nmy_domain = "acme"\n')
    shell.run_line_magic("sf_login", "")
    before = workspace_of(shell).session
    here = shell.run_line_magic("sf_org", "")
    shown = capsys.readouterr().out
    assert (before, here) == (workspace_of(shell).session, workspace_of(shell).org)
    assert [] == [
        each
        for each in (
            here.login_url,
            "the practice org",
            "signed in",
            "prod (https://acme.my.salesforce.com)",
            str(profiles),
        )
        if each not in shown
    ]


@pytest.mark.usefixtures("profiles")
def test_flags_without_a_name_are_refused(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError, match="go with the name of an org"):
        shell.run_line_magic("sf_org", "--sandbox uat")


@pytest.mark.usefixtures("profiles")
def test_another_org_says_that_the_session_is_gone(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_line_magic("sf_login", "")
    shell.run_line_magic("sf_org", "acme")
    assert "the session is gone" in capsys.readouterr().out
    shell.run_line_magic("sf_org", "other")
    assert "session" not in capsys.readouterr().out


def test_the_org_that_one_is_at_already_keeps_the_session(
    signed_in: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    session = workspace_of(signed_in).session
    signed_in.run_line_magic("sf_org", "practice")
    assert workspace_of(signed_in).session is session is not None
    assert "session" not in capsys.readouterr().out


def test_a_practice_org_that_was_started_anew_has_no_session(signed_in: InteractiveShell) -> None:
    signed_in.run_line_magic("sf_practice", "stop")
    signed_in.run_line_magic("sf_org", "practice")
    assert workspace_of(signed_in).session is None


def test_another_version_of_the_same_org_ends_the_session(signed_in: InteractiveShell) -> None:
    signed_in.run_line_magic("sf_org", "practice --api-version 60.0")
    assert workspace_of(signed_in).session is None


@pytest.mark.usefixtures("profiles")
def test_the_address_of_the_running_practice_org_is_the_practice_org(shell: InteractiveShell) -> None:
    practice = workspace_of(shell).running_practice()
    for address in (
        practice.api_url,
        practice.mutual_url,
        practice.api_url.removeprefix("https://"),
        f"{practice.api_url}/",
    ):
        shell.run_line_magic("sf_org", "acme")
        shell.run_line_magic("sf_org", address)
        assert practice == workspace_of(shell).at_practice()


@pytest.mark.usefixtures("profiles")
def test_another_practice_org_is_called_by_its_address(
    shell: InteractiveShell, own_practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = own_practice.endpoints["mutual_port"]
    shell.run_line_magic("sf_org", f"{own_practice.api_url} --ca-file '{own_practice.ca_file}' --mutual-port {port}")
    username, password = own_practice.user("enforced")
    monkeypatch.setattr("getpass.getpass", lambda _: password)
    shell.run_line_magic("sf_login", username)
    shell.run_line_magic("sf_identity", f"'{own_practice.client.fullcert}'")
    assert username == shell.run_line_magic("sf_soap", "getUserInfo").text(".//userName")


@pytest.mark.usefixtures("profiles")
def test_a_private_server_elsewhere_needs_its_root_beside_it(shell: InteractiveShell, tmp_path: Path) -> None:
    with pytest.raises(OrgError, match="not the host of a My Domain"):
        shell.run_line_magic("sf_org", "https://sf.acme.example:8001")
    root = workspace_of(shell).running_practice().ca_file
    org = shell.run_line_magic("sf_org", f"https://sf.acme.example:8001 --ca-file '{root}'")
    assert ("https://sf.acme.example:8001", str(root)) == (org.login_url, str(org.ca_file))
    with pytest.raises(OrgError):
        shell.run_line_magic("sf_org", f"https://na30.salesforce.com --ca-file '{root}'")
    assert not (tmp_path / "profiles.toml").exists()


def test_the_keys_of_a_profile_are_documented_where_profiles_are(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("sf_org", "--help")
    shown = capsys.readouterr().out
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert [] == [key for key in _KEYS for text in (shown, table.__doc__ or "", readme) if key not in text]


@pytest.mark.parametrize("name", ["uat", "production", "globx"])
def test_a_name_that_has_to_do_with_a_profile_is_asked_about_and_not_taken_for_somebody_elses(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text('[acme-uat]\nmy_domain = "acme"\nsandbox = "uat"\n[prod]\nmy_domain = "globex"\n')
    monkeypatch.setenv("SFMTLS_NB_PROFILES", str(file))
    with pytest.raises(OrgError, match="did you mean"):
        org_named(name)
    assert "https://globex.my.salesforce.com" == org_named("globex").login_url  # type: ignore[union-attr]  # an Org
