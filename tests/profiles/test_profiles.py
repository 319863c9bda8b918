"""Profiles: where to go, by name, in a file that people edit by hand and that holds no secret."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tracebacks import beyond, shown_with_locals

from sfmtls_nb import Org, OrgError, Profile, read_profiles, save_profile
from sfmtls_nb.profiles import WAYS_IN, Profiles, profiles_file

SESSION_ID = "00D36000000bLGT!AQQAQMlp30Zpiy6_gSeP1cmQG.0dHlfMcUDg96d8BSRpSb9Bwks"
PEM = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
    .replace("\n", "\\n")
)

BY_HAND = """\
# Our orgs. Ask Ada before you change production.

[acme]  # production
my_domain = "acme"   # since 2019
api_version = "64.0"
identity = [
    "client.key",  # from Ada
    "./client.crt",
]

# For trying things out.
[acme-uat]
my_domain = 'acme'
sandbox = "uat"
username = "ada@acme.example.uat"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "profiles.toml"


def read(file: Path, text: str) -> Profiles:
    file.write_text(text)
    return read_profiles(file)


def read_all(file: Path) -> Profiles:
    """The profiles of a file, after each has been asked for."""
    profiles = read_profiles(file)
    for name in (*profiles, *profiles.broken):
        profiles[name]
    return profiles


def refused(file: Path, text: str) -> OrgError:
    file.write_text(text)
    with pytest.raises(OrgError) as caught:
        read_all(file)
    return caught.value


def test_a_profile_is_read_with_no_more_than_an_address(file: Path) -> None:
    assert {"acme": Profile("acme", Org.my_domain("acme"))} == read(file, '[acme]\nmy_domain = "acme"')


def test_a_profile_is_read_with_all_it_may_say(file: Path) -> None:
    text = """
        ["acme.uat"]
        login_url = "https://login.example"
        api_version = "63.0"
        ca_file = "roots.pem"
        accepted_roots = "/etc/cacerts.html"
        mutual_port = 443
        connect_timeout = 3
        read_timeout = 4.5
        call_timeout = 5
        answer_limit = 6_000
        trusted_hosts = ["api.acme.example"]
        username = "ada@acme.example"
        identity = ["client.key", "keys/client.crt", "../chain.p7b"]
        sign_in = "jwt"
        consumer_key = "3MVG9"
        jwt_key = "keys/jwt.key"
        alias = "acme-prod"
        secret_from = "env:JWT_PASSPHRASE"
    """
    folder = file.parent
    org = Org(
        login_url="https://login.example",
        api_version="63.0",
        ca_file=folder / "roots.pem",
        accepted_roots=Path("/etc/cacerts.html"),
        mutual_port=443,
        connect_timeout=3,
        read_timeout=4.5,
        call_timeout=5,
        answer_limit=6000,
        trusted_hosts=("api.acme.example",),
    )
    identity = (folder / "client.key", folder / "keys/client.crt", folder / "../chain.p7b")
    way_in = Profile(
        "acme.uat",
        org,
        "ada@acme.example",
        identity,
        sign_in="jwt",
        consumer_key="3MVG9",
        jwt_key=folder / "keys/jwt.key",
        alias="acme-prod",
        secret_from="env:JWT_PASSPHRASE",
    )
    assert {"acme.uat": way_in} == read(file, text)


def test_a_profile_is_read_that_trusts_as_the_system_does(file: Path) -> None:
    assert "system" == read(file, '[acme]\nmy_domain = "acme"\ntrust = "system"')["acme"].org.trust


@pytest.mark.parametrize("way", WAYS_IN)
def test_a_profile_is_read_with_its_way_in(file: Path, way: str) -> None:
    assert way == read(file, f'[acme]\nmy_domain = "acme"\nsign_in = "{way}"')["acme"].sign_in


@pytest.mark.parametrize(
    "place", ["env:SF_SECRET", "keyring:sfmtls_nb/me@acme.example", "keyring:https://acme.example/a/b", "fd:3"]
)
def test_a_profile_is_read_with_the_place_of_its_secret(file: Path, place: str) -> None:
    assert place == read(file, f'[acme]\nmy_domain = "acme"\nsecret_from = "{place}"')["acme"].secret_from


def test_a_profile_is_read_of_a_sandbox(file: Path) -> None:
    assert "https://acme--uat.sandbox.my.salesforce.com" == read(file, BY_HAND)["acme-uat"].org.login_url


def test_a_profile_is_read_in_the_order_of_the_file(file: Path) -> None:
    assert ["acme", "acme-uat"] == list(read(file, BY_HAND))


def test_a_profile_is_read_with_files_below_a_home(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    text = '[acme]\nmy_domain = "acme"\nidentity = ["~/client.pem"]'
    assert (Path("/home/ada/client.pem"),) == read(file, text)["acme"].identity


def test_a_profile_is_read_from_a_file_that_notepad_wrote(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbf[acme]\r\nmy_domain = "acme"\r\n')
    assert ["acme"] == list(read_profiles(file))


def test_a_profile_is_read_and_no_file_holds_none(file: Path) -> None:
    assert {} == read_profiles(file)


def test_a_profile_is_read_and_relative_names_do_not_depend_on_where_one_is(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(file, BY_HAND)
    monkeypatch.chdir(file.parent)
    assert read_profiles(file) == read_profiles(Path(file.name))


def test_the_file_is_where_settings_of_a_user_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SFMTLS_NB_PROFILES", raising=False)
    assert platformdirs.user_config_path("sfmtls_nb") / "profiles.toml" == profiles_file()


def test_the_file_is_the_one_that_the_environment_names(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFMTLS_NB_PROFILES", str(file))
    assert file == save_profile(Profile("acme", Org()))
    assert ["acme"] == list(read_profiles())


def test_the_file_that_the_environment_leaves_empty_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFMTLS_NB_PROFILES", "")
    assert "profiles.toml" == profiles_file().name


def test_the_file_in_nobodys_home_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFMTLS_NB_PROFILES", "~nobody-at-all/profiles.toml")
    with pytest.raises(OrgError, match="is in no known home"):
        profiles_file()


@pytest.mark.parametrize(
    ("line", "what", "next_step"),
    [
        ('my_domian = "acme"', "a profile has no key my_domian", "did you mean my_domain?"),
        ("x = 1", "a profile has no key x", "it may have my_domain, sandbox, "),
        ('"a b" = 1', "a profile has no key 'a b'", "it may have"),
        ('uat.my_domain = "acme"', "a profile has no key uat", 'quote it: ["acme.uat"]'),
        ("username = 1", "username is not a text", 'username = "…"'),
        ('identity = "client.key"', "identity is not a list of names of files", 'identity = ["client.key", '),
        ('identity = ["client.key", 1]', "identity is not a list of names of files", "identity = ["),
        ('identity = [""]', "identity is not a list of names of files", "identity = ["),
        ('ca_file = ""', "ca_file is not the name of a file", 'ca_file = "roots.pem"'),
        ('mutual_port = "8443"', "mutual_port is not a port", "mutual_port = 8443"),
        ("mutual_port = 8443.0", "mutual_port is not a port", "mutual_port = 8443"),
        ("mutual_port = true", "mutual_port is not a port", "mutual_port = 8443"),
        ("mutual_port = 0", "0 is not a port", "8443"),
        (f"mutual_port = 0x{'f' * 5000}", "mutual_port is not a port", "8443"),
        ("call_timeout = false", "call_timeout is not a number of seconds", "call_timeout = 30"),
        ("call_timeout = 0", "a timeout cannot be 0", "above 0"),
        ('answer_limit = "1 GB"', "answer_limit is not a number of bytes", "answer_limit = 200_000_000"),
        ("answer_limit = 1.5", "answer_limit is not a number of bytes", "answer_limit = 200_000_000"),
        ("answer_limit = 0", "an answer cannot be limited to 0 bytes", "200_000_000"),
        ('trust = "all"', 'trust is not "public" or "system"', 'trust = "system"'),
        ("trust = []", 'trust is not "public" or "system"', 'trust = "system"'),
        ('trust = "system"\nca_file = "x"', 'ca_file and trust="system" are both given', "leave one of them out"),
        ('trusted_hosts = "a.example"', "trusted_hosts is not a list of hosts", 'trusted_hosts = ["api'),
        ("read_timeout = inf", "read_timeout is not a number of seconds", "read_timeout = 30"),
        ("read_timeout = nan", "read_timeout is not a number of seconds", "read_timeout = 30"),
        ("read_timeout = false", "read_timeout is not a number of seconds", "read_timeout = 30"),
        ("read_timeout = -1", "a timeout cannot be -1", "above 0"),
        ('api_version = "64"', "'64' is not an API version", '"64.0"'),
        ('sign_in = "JTW"', "JTW is not a way to sign in", "did you mean jwt?"),
        ('sign_in = "client_credentials"', "is not a way to sign in", "did you mean client-credentials?"),
        ('sign_in = "x y"', "'x y' is not a way to sign in", "it may be password, jwt, "),
        ("sign_in = []", "sign_in is not a text", 'sign_in = "…"'),
        ("consumer_key = 3", "consumer_key is not a text", 'consumer_key = "…"'),
        ('jwt_key = ["jwt.key"]', "jwt_key is not the name of a file", 'jwt_key = "'),
        ("secret_from = 3", "secret_from is not a text", 'secret_from = "…"'),
        ('sandbox = "a.b"', "'a.b' is not a My Domain or sandbox name", "Setup > My Domain"),
        ('identity = ["~nobody-at-all/x"]', "is in no known home", "write the whole path"),
        ('login_url = "https://x.example"', "either a my_domain or a login_url", "keep one"),
    ],
)
def test_what_is_wrong_is_said_of_a_line(file: Path, line: str, what: str, next_step: str) -> None:
    error = refused(file, f'[acme]\nmy_domain = "acme"\n{line}')
    assert (True, True, True) == (
        what in error.what,
        error.evidence.startswith(f"{file}, [acme]"),
        next_step in error.next_step,
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[acme]", "either a my_domain or a login_url"),
        ('[acme]\nlogin_url = "https://x.example"\nsandbox = "uat"', "sandbox goes with my_domain alone"),
        ('[acme]\nlogin_url = "http://x.example"', "is not an https URL"),
        ('[practice]\nmy_domain = "acme"', "no profile can be called practice"),
        ('["a b"]\nmy_domain = "acme"', "'a b' is not a name for a profile"),
        ('[""]\nmy_domain = "acme"', "'' is not a name for a profile"),
        ('[-a]\nmy_domain = "acme"', "'-a' is not a name for a profile"),
        ('my_domain = "acme"', "my_domain is not a profile"),
        ('[[acme]]\nmy_domain = "acme"', "acme is not a profile"),
    ],
)
def test_what_is_wrong_is_said_of_a_table(file: Path, text: str, what: str) -> None:
    error = refused(file, text)
    assert (True, True, True) == (what in error.what, str(file) in error.evidence, bool(error.next_step))


@pytest.mark.parametrize(
    ("text", "line"),
    [("\n[acme\n", "line 2"), ('[a]\nx = 1\n\nmy_domain = acme"', "line 4"), ("[a]\n[a]", "line 2")],
)
def test_what_is_wrong_is_said_of_what_is_not_toml_with_its_line(file: Path, text: str, line: str) -> None:
    error = refused(file, text)
    assert (f"the profiles in {file} are not TOML", True) == (error.what, line in error.evidence)


def test_what_is_wrong_is_said_of_what_is_nested_too_deeply(file: Path) -> None:
    assert "are not TOML" in refused(file, f"a = {'[' * 5000}").what


def test_what_is_wrong_is_said_of_what_is_not_utf_8(file: Path) -> None:
    file.write_bytes("[zürich]".encode("latin-1"))
    with pytest.raises(OrgError, match="cannot be read"):
        read_profiles(file)


def test_what_is_wrong_is_said_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(OrgError, match="cannot be read"):
        read_profiles(tmp_path)


def test_what_is_wrong_is_said_of_a_profile_that_is_made_with_a_name_that_cannot_be() -> None:
    with pytest.raises(OrgError, match="'a/b' is not a name"):
        Profile("a/b", Org())


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(),
        st.dictionaries(
            st.sampled_from(["my_domain", "login_url", "mutual_port", "read_timeout", "identity", "username", "x"]),
            st.recursive(
                st.integers() | st.floats() | st.booleans() | st.text(st.characters(codec="utf-8")),
                lambda each: st.lists(each, max_size=3),
            ),
        ).map(lambda table: "[acme]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in table.items())),
    )
)
def test_what_is_wrong_is_said_and_nothing_else_is_raised(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", errors="replace")
    said = f"nothing is wrong in {file}"
    try:
        read_all(file)
    except OrgError as error:
        said = str(error)
    assert str(file) in said


@pytest.mark.parametrize(
    "key",
    [
        *("password", "PASSWORD", "passwd", "passphrase", "sf_password", "secret", "client_secret", "clientSecret"),
        *("token", "security_token", "access-token", "session_id", "sessionId", "sid", "pwd"),
        *("consumer_secret", "jwt_passphrase", "secret_form"),
    ],
)
def test_a_secret_is_refused_by_its_key_and_not_shown(file: Path, key: str) -> None:
    error = refused(file, f'[acme]\nmy_domain = "acme"\n{key} = "hunter2"')
    assert (f"a profile holds no secret; {key} is asked for", f"{file}, [acme]", True, False) == (
        error.what,
        error.evidence,
        'secret_from = "env:NAME"' in error.next_step,
        "hunter2" in shown_with_locals(beyond(__file__, error)),
    )


@pytest.mark.parametrize(
    "text",
    [
        "hunter2",
        "env:9hunter2",
        "env:hunter2!",
        "env=hunter2",
        "ENV:hunter2",
        "keyring:hunter2",
        "fd:-2",
        "fd:hunter2",
        "file:hunter2",
    ],
)
def test_a_secret_is_not_shown_where_its_place_should_stand(file: Path, text: str) -> None:
    error = refused(file, f'[acme]\nmy_domain = "acme"\nsecret_from = "{text}"')
    assert ("secret_from does not say where the secret is", True, False) == (
        error.what,
        "env:NAME, keyring:SERVICE/USERNAME or fd:NUMBER" in error.next_step,
        text in shown_with_locals(beyond(__file__, error)),
    )
    with pytest.raises(OrgError, match="does not say where") as caught:
        Profile("acme", Org(), secret_from=text)
    assert text not in str(caught.value)


@pytest.mark.parametrize("secret", [PEM, "-----BEGIN PRIVATE KEY-----", SESSION_ID])
@pytest.mark.parametrize(
    "line",
    [
        'username = "@"',
        'consumer_key = "@"',
        'jwt_key = "@"',
        'secret_from = "@"',
        'identity = ["client.crt", "@"]',
        'key = "@"',
        '"@" = 1',
        'key = {"a" = ["@"]}',
    ],
)
def test_a_secret_is_refused_wherever_it_stands_and_not_shown(file: Path, line: str, secret: str) -> None:
    error = refused(file, f'[acme]\nmy_domain = "acme"\n{line.replace("@", secret)}')
    assert ("a profile holds no secret, and this one has a secret in it", False) == (
        error.what,
        secret[-20:] in shown_with_locals(beyond(__file__, error)),
    )


@pytest.mark.parametrize("text", ['password = "hunter2"', "[acme]\npassword = hunter2", '[acme.password]\na="hunter2"'])
def test_a_secret_is_not_shown_in_what_is_no_profile_either(file: Path, text: str) -> None:
    assert "hunter2" not in shown_with_locals(beyond(__file__, refused(file, text)))


def test_a_secret_is_no_name(file: Path) -> None:
    error = refused(file, f'["{SESSION_ID}"]\nmy_domain = "acme"')
    assert (True, False) == ("is not a name" in error.what, "AQQAQ" in str(error))


def test_a_secret_is_not_saved(file: Path) -> None:
    with pytest.raises(OrgError, match="a profile holds no secret"):
        save_profile(Profile("acme", Org(), username=SESSION_ID), file)
    assert not file.exists()


@pytest.mark.parametrize("name", ["acme", "acme-uat", "acme.uat", "2go", "zürich"])
def test_a_profile_is_saved_and_read_again(file: Path, name: str) -> None:
    org = Org(
        login_url="https://localhost:44333",
        mutual_port=44334,
        ca_file=file.parent / "ca.pem",
        accepted_roots=Path("/etc/cacerts.html"),
        read_timeout=0.5,
    )
    profile = Profile(name, org, "ada@acme.example", (file.parent / "client.key", Path("/etc/client.crt")))
    save_profile(profile, file)
    assert {name: profile} == read_profiles(file)


_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="!-"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "username": _TEXTS,
            "sign_in": st.sampled_from(WAYS_IN),
            "consumer_key": _TEXTS,
            "jwt_key": st.sampled_from([Path("/etc/jwt.key"), Path("/etc/a key")]),
            "alias": _TEXTS,
            "secret_from": st.sampled_from(["env:X", "keyring:a/b", "keyring:https://a/ä", "fd:0"]),
        },
    )
)
def test_a_profile_is_saved_with_its_way_in_and_read_again(file: Path, said: dict[str, Any]) -> None:
    profile = Profile("acme", Org.my_domain("acme"), **said)
    assert profile == read_profiles(save_profile(profile, file))["acme"]


def test_a_profile_is_saved_with_the_jwt_key_beside_it_by_its_relative_name(file: Path) -> None:
    jwt_key = file.parent / "jwt.key"
    save_profile(Profile("x", Org.my_domain("acme"), sign_in="jwt", jwt_key=jwt_key), file)
    assert '[x]\nmy_domain = "acme"\nsign_in = "jwt"\njwt_key = "jwt.key"\n' == file.read_text()


@pytest.mark.parametrize(
    ("org", "text"),
    [
        (Org.my_domain("acme"), '[x]\nmy_domain = "acme"\n'),
        (Org.my_domain("acme", sandbox="uat"), '[x]\nmy_domain = "acme"\nsandbox = "uat"\n'),
        (Org.my_domain("a--b"), '[x]\nmy_domain = "a--b"\n'),
        (Org(), '[x]\nlogin_url = "https://login.salesforce.com"\n'),
        (Org("https://acme.my.salesforce.com:444"), '[x]\nlogin_url = "https://acme.my.salesforce.com:444"\n'),
        (replace(Org.my_domain("acme"), mutual_port=1), '[x]\nmy_domain = "acme"\nmutual_port = 1\n'),
    ],
)
def test_a_profile_is_saved_in_as_few_words_as_say_it(file: Path, org: Org, text: str) -> None:
    assert text == save_profile(Profile("x", org), file).read_text()


def test_a_profile_is_saved_with_files_beside_it_by_relative_names(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "keys").mkdir()
    monkeypatch.chdir(tmp_path / "keys")
    save_profile(Profile("x", Org.my_domain("acme"), identity=(Path("client.key"),)), file)
    assert 'identity = ["keys/client.key"]' in file.read_text()


def test_a_profile_is_saved_in_folders_that_are_made(tmp_path: Path) -> None:
    assert save_profile(Profile("acme", Org()), tmp_path / "a/b/profiles.toml").exists()


def test_a_profile_is_saved_for_its_owner_alone(file: Path) -> None:
    file.touch(0o644)
    save_profile(Profile("acme", Org()), file)
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)


def test_a_profile_is_saved_through_a_link_that_stays_one(file: Path, tmp_path: Path) -> None:
    file.symlink_to(tmp_path / "dotfiles.toml")
    save_profile(Profile("acme", Org()), file)
    assert (True, ["acme"]) == (file.is_symlink(), list(read_profiles(tmp_path / "dotfiles.toml")))


def test_a_profile_is_saved_and_nothing_changes_if_nothing_did(file: Path) -> None:
    for profile in read(file, BY_HAND).values():
        save_profile(profile, file)
    assert BY_HAND == file.read_text()


def test_a_profile_is_saved_beside_what_stands_there(file: Path) -> None:
    file.write_text(BY_HAND)
    save_profile(Profile("new", Org.my_domain("new")), file)
    assert f'{BY_HAND}\n[new]\nmy_domain = "new"\n' == file.read_text()


def test_a_profile_is_saved_over_the_one_of_its_name_and_all_else_stays(file: Path) -> None:
    acme = read(file, BY_HAND)["acme"]
    save_profile(replace(acme, username="ada", org=replace(Org.my_domain("acme2"), api_version="63.0")), file)
    expected = (
        BY_HAND.replace('"acme"   #', '"acme2"   #')
        .replace("64.0", "63.0")
        .replace('client.crt",\n]\n', 'client.crt",\n]\nusername = "ada"\n')
    )
    assert expected == file.read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[x]\nmy_domain = "old"\nsandbox = "s"\n', '[x]\nmy_domain = "new"\n'),
        ('[x]\nlogin_url = "https://old.my.salesforce.com"', '[x]\nmy_domain = "new"\n'),
        ('[x]\nlogin_url = "https://new.my.salesforce.com"\n', None),
        ('[x]\nlogin_url = "https://new--s.sandbox.my.salesforce.com"\n', '[x]\nmy_domain = "new"\n'),
        ('[x]\nmy_domain = "new"\nmutual_port = 1\nusername = "me"\n', '[x]\nmy_domain = "new"\n'),
        ('[x]\nmy_domain = "new"\nmutual_port = 8443 # as ever\n', None),
        ('x = {my_domain = "old"}\n', 'x = {my_domain = "new"}\n'),
        ('x.my_domain = "old"\n\n[y]\nmy_domain = "y"\n', 'x.my_domain = "new"\n\n[y]\nmy_domain = "y"\n'),
    ],
)
def test_a_profile_is_saved_however_the_one_before_was_written(file: Path, before: str, after: str | None) -> None:
    file.write_text(before)
    save_profile(Profile("x", Org.my_domain("new")), file)
    assert (after or before) == file.read_text()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(["a", "b", "c"]), st.sampled_from("abcd"), st.booleans(), st.data())
def test_a_profile_is_saved_and_the_others_stay_to_the_letter(
    file: Path, names: list[str], saved: str, spaced: bool, data: st.DataObject
) -> None:
    lines = ["# said of {}\n", "[{}]  # {}\n", 'my_domain =  "{}"\n', "\n# within\n", 'username = "me" # {}\n']
    gap = "\n\n" if spaced else ""
    blocks = {name: "".join(lines).replace("{}", name) + gap for name in names}
    file.write_text("".join(blocks.values()))
    changes: dict[str, Any] = data.draw(
        st.fixed_dictionaries(
            {}, optional={"username": st.sampled_from(["", "me", "you"]), "identity": st.just((Path("/k"),))}
        )
    )
    save_profile(Profile(saved, Org.my_domain(saved), **changes), file)
    after = file.read_text()
    assert [] == [name for name, block in blocks.items() if name != saved and block.rstrip() not in after]
    assert {"username": "", "identity": (), **changes}.items() <= vars(read_profiles(file)[saved]).items()


@pytest.mark.parametrize("text", ["[acme", "[acme]", "acme = 1", '[acme]\nmy_domain = "a"\npassword = "hunter2"'])
def test_a_profile_is_saved_not_over_what_cannot_be_read(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(OrgError):
        save_profile(Profile("acme", Org()), file)
    assert text == file.read_text()


def test_a_profile_is_saved_beside_a_profile_that_is_wrong(file: Path) -> None:
    file.write_text("[acme]\nx = 1\n")
    assert '[acme]\nx = 1\n\n[new]\nmy_domain = "new"\n' == (
        save_profile(Profile("new", Org.my_domain("new")), file).read_text()
    )


def test_a_profile_is_saved_not_with_half_a_character(file: Path) -> None:
    with pytest.raises(OrgError, match="cannot be written as TOML"):
        save_profile(Profile("acme", Org(), username="\ud800"), file)


def test_a_profile_is_saved_not_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OrgError, match="cannot be"):
        save_profile(Profile("acme", Org()), tmp_path / "file/profiles.toml")
