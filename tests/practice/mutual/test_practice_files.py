"""What a practice org writes for its clients: whole, private where it has to be, and over nobody else's files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from full_disk import files_no_larger_than

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.mutual import Authority
from sfmtls_nb.practice.mutual.files import client_files, write_files

OURS = {"organization_id": "00D5f000000PRACEA4"}
PRIVATE = {"client.key", "fullcert.pem", "org.json"}
PUBLIC = {"client.crt", "intermediate1.crt", "intermediate2.crt", "root.crt", "server-ca.pem"}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(["localhost"])


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.usefixtures("umask")
def test_keys_and_passwords_are_the_users_alone_and_certificates_are_public(
    tmp_path: Path, authority: Authority
) -> None:
    write_files(tmp_path, authority, lambda: OURS)
    assert dict.fromkeys(PRIVATE, "0o600") | dict.fromkeys(PUBLIC, "0o644") == modes(tmp_path)


def test_the_folder_is_made_if_need_be(tmp_path: Path, authority: Authority) -> None:
    write_files(tmp_path / "a" / "b", authority, lambda: OURS)
    assert set(contents(tmp_path / "a" / "b")) == PRIVATE | PUBLIC


def test_the_client_gets_its_chain_in_single_files(tmp_path: Path, authority: Authority) -> None:
    write_files(tmp_path, authority, lambda: OURS)
    files, client = client_files(tmp_path, authority), authority.client
    expected = [issued.certificate_pem for issued in (client.leaf, *client.intermediates, client.root)]
    assert expected == [path.read_bytes() for path in (files.leaf, *files.intermediates, files.root)]


def test_fullcert_is_key_leaf_and_intermediates_without_the_root(tmp_path: Path, authority: Authority) -> None:
    write_files(tmp_path, authority, lambda: OURS)
    client = authority.client
    chain = [issued.certificate_pem for issued in (client.leaf, *client.intermediates)]
    assert client.leaf.key_pem + b"".join(chain) == client_files(tmp_path, authority).fullcert.read_bytes()


def test_org_json_comes_last_so_that_who_sees_it_sees_all(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    replace = Path.replace

    def recorded(source: Path, target: Path) -> Path:
        written.append(target.name)
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", recorded)
    write_files(tmp_path, authority, lambda: OURS)
    assert written[-1] == "org.json"


def test_the_folder_of_an_earlier_practice_org_is_written_over(tmp_path: Path, authority: Authority) -> None:
    write_files(tmp_path, Authority(["localhost"]), lambda: OURS)
    write_files(tmp_path, authority, lambda: OURS)
    assert authority.client.leaf.key_pem == (tmp_path / "client.key").read_bytes()


def test_other_files_in_the_folder_stay(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "login.xml").write_text("mine")
    write_files(tmp_path, authority, lambda: OURS)
    assert (tmp_path / "login.xml").read_text() == "mine"


@pytest.mark.parametrize("name", sorted(PRIVATE | PUBLIC))
def test_a_foreign_file_of_one_of_our_names_is_refused_by_its_name(
    tmp_path: Path, authority: Authority, name: str
) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(PracticeError, match=name):
        write_files(tmp_path, authority, lambda: OURS)


@pytest.mark.parametrize("name", sorted(PRIVATE | PUBLIC))
def test_a_foreign_file_of_one_of_our_names_stays_and_nothing_is_put_beside_it(
    tmp_path: Path, authority: Authority, name: str
) -> None:
    (tmp_path / name).write_text("precious")
    with suppress(PracticeError):
        write_files(tmp_path, authority, lambda: OURS)
    assert {name: b"precious"} == contents(tmp_path)


@pytest.mark.parametrize(
    "org_json",
    ["", "not JSON", "[]", "null", "{}", '{"orgName": "my scratch org"}', '{"organization_id": "00D36000000bLGTEA2"}'],
)
def test_a_foreign_org_json_makes_nobody_elses_files_ours(tmp_path: Path, authority: Authority, org_json: str) -> None:
    (tmp_path / "org.json").write_text(org_json)
    (tmp_path / "client.key").write_text("precious")
    with suppress(PracticeError):
        write_files(tmp_path, authority, lambda: OURS)
    assert {"org.json": org_json.encode(), "client.key": b"precious"} == contents(tmp_path)


def test_a_foreign_folder_of_identities_is_refused(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "identities").mkdir()
    with pytest.raises(PracticeError, match="identities"):
        write_files(tmp_path, authority, lambda: OURS)


def test_an_identity_that_cannot_be_written_is_refused_by_its_folder(tmp_path: Path) -> None:
    with PracticeOrg(directory=tmp_path) as practice:
        (tmp_path / "identities").touch()
        with pytest.raises(PracticeError, match="identities/good"):
            practice.identity("good")


@pytest.mark.parametrize("place", ["a file", "a file/below", "x" * 300], ids=["a file", "below a file", "too long"])
def test_a_folder_that_cannot_be_is_refused_by_its_name(tmp_path: Path, authority: Authority, place: str) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(PracticeError, match=place):
        write_files(tmp_path / place, authority, lambda: OURS)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path, authority: Authority) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PracticeError, match="cannot write"):
        write_files(tmp_path, authority, lambda: OURS)


def test_a_full_disk_is_told_with_the_folder(tmp_path: Path, authority: Authority) -> None:
    with files_no_larger_than(100), pytest.raises(PracticeError) as refused:
        write_files(tmp_path, authority, lambda: OURS)
    assert f"File too large: {tmp_path}" == refused.value.evidence


def test_a_write_that_fails_leaves_no_half_file(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(_: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", disk_full)
    with suppress(PracticeError):
        write_files(tmp_path, authority, lambda: OURS)
    assert contents(tmp_path) == {}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, so that the org is started with a relative path."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_org_json_has_exactly_what_is_documented(folder: Path) -> None:
    with PracticeOrg(directory="org") as practice:
        found = json.loads(Path("org/org.json").read_text())
    enforced, standard = practice.state.users
    place = str(folder / "org")
    expected = {
        "login_url": found["api_url"],
        "api_url": found["api_url"],
        "mutual_url": found["mutual_url"],
        "strict_url": found["strict_url"],
        "api_version": "64.0",
        "ca_file": f"{place}/server-ca.pem",
        "organization_id": "00D5f000000PRACEA4",
        "users": [
            {
                "username": "enforced@practice.example",
                "password": enforced.password,
                "mutual_auth_enforced": True,
            },
            {
                "username": "standard@practice.example",
                "password": standard.password,
                "mutual_auth_enforced": False,
            },
        ],
        "client": {
            "key": f"{place}/client.key",
            "leaf": f"{place}/client.crt",
            "intermediates": [f"{place}/intermediate1.crt", f"{place}/intermediate2.crt"],
            "root": f"{place}/root.crt",
            "fullcert": f"{place}/fullcert.pem",
        },
        "oauth": {
            "consumer_key": practice.app.consumer_key,
            "consumer_secret": practice.app.consumer_secret,
            "jwt_key": f"{place}/client.key",
            "username": "standard@practice.example",
        },
        "apps": [
            {
                "name": "Practice App",
                "consumer_key": practice.app.consumer_key,
                "consumer_secret": practice.app.consumer_secret,
                "flows": ["client-credentials", "jwt", "web"],
                "permitted_users": "Admin approved users are pre-authorized",
                "run_as": "standard@practice.example",
                "callback_urls": [],
            }
        ],
        "records": 400,
    }
    assert expected == found


@pytest.mark.parametrize("door", ["api_url", "mutual_url", "strict_url"])
def test_org_json_names_the_door(practice: PracticeOrg, door: str) -> None:
    found = json.loads((practice.directory / "org.json").read_text())
    assert getattr(practice, door) == found[door]


def test_org_json_names_files_that_are_there(practice: PracticeOrg) -> None:
    found = json.loads((practice.directory / "org.json").read_text())
    client = found["client"]
    paths = [found["ca_file"], *client["intermediates"], *(client[name] for name in ("key", "leaf", "root"))]
    assert [path for path in paths if not Path(path).is_file()] == []
