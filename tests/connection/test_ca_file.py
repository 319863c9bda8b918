"""The CA file and the other fields of an org: by the name of a file or as content, of the right type."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from hierarchies import LEAF, issue, key_pem, pem
from tracebacks import shown_with_locals

from sfmtls_nb import ClientIdentity, Org, OrgError, PasswordLogin, login
from sfmtls_nb.connection.context import client_context
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.profiles import Profile, save_profile


@pytest.mark.parametrize(
    "wrap", [bytes, bytes.decode, base64.b64encode, lambda data: data.decode().replace("\n", "\\n")]
)
def test_an_org_takes_the_content_of_its_files(practice: PracticeOrg, identity: ClientIdentity, wrap: Any) -> None:
    given = {"ca_file": wrap(practice.ca_file.read_bytes()), "accepted_roots": wrap(practice.client.root.read_bytes())}
    org = Org(**{**practice.endpoints, **given})
    assert identity.findings(org) == []
    with login(org, PasswordLogin(*practice.user("enforced")), identity) as session:
        assert session.get_user_info().text(".//userName") == practice.user("enforced").username


@pytest.mark.parametrize("field", ["ca_file", "accepted_roots"])
@pytest.mark.parametrize("wrap", [bytes, bytes.decode, lambda data: data.decode().replace("\n", "\\n")])
def test_a_private_key_in_their_place_is_refused_and_does_not_show(field: str, wrap: Any) -> None:
    key = wrap(key_pem("leaf"))
    with pytest.raises(OrgError, match="has a private key in it") as caught:
        Org(**{field: key})
    assert key_pem("leaf").decode().splitlines()[1][8:32] not in str(caught.value)


@pytest.mark.parametrize("content", ["x" * 300, "-----BEGIN CERTIFICATE----- no", b"\0\xff", "MIIB" + "ab1C" * 40])
def test_content_that_is_no_certificate_is_refused_and_does_not_show(content: str | bytes) -> None:
    with pytest.raises(OrgError, match="the CA file .* cannot be used") as caught:  # noqa: RUF043  # a pattern it is
        client_context(Org(ca_file=content).ca_file)
    first = caught.value.__traceback__
    assert first is not None
    assert "ab1Cab1C" not in shown_with_locals(caught.value.with_traceback(first.tb_next))


@pytest.mark.parametrize("what", ["/dev/zero", "pipe", ".", "missing.pem"])
def test_a_ca_file_that_is_none_or_has_no_end_is_refused(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with pytest.raises(OrgError, match="the CA file .* cannot be used"):  # noqa: RUF043  # a pattern it is
        client_context(what)


@pytest.mark.parametrize(
    ("field", "wrong", "right"),
    [
        ("api_version", 58.0, "58.0"),
        ("api_version", 58, "58.0"),
        ("api_version", None, "58.0"),
        ("mutual_port", "8443", 8443),
        ("mutual_port", 8443.0, 8443),
        ("mutual_port", True, 8443),
        ("connect_timeout", "10", 10),
        ("read_timeout", None, 60.0),
        ("login_url", None, "https://acme.my.salesforce.com"),
        ("login_url", b"https://acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("ca_file", 5, "roots.pem"),
        ("accepted_roots", ["roots.pem"], Path("roots.pem")),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_the_right_one(field: str, wrong: Any, right: Any) -> None:
    with pytest.raises(OrgError) as caught:
        Org(**{field: wrong})
    assert caught.value.next_step
    assert getattr(Org(**{field: right}), field) == right


def test_a_profile_takes_names_of_files_and_no_content(tmp_path: Path) -> None:
    org = Org(ca_file=pem(issue("root", "root")))
    with pytest.raises(OrgError, match="a profile names files"):
        save_profile(Profile("acme", org), tmp_path / "profiles.toml")


@pytest.mark.parametrize("line", ['ca_file = "KEY"', 'accepted_roots = "KEY"', 'identity = ["KEY"]'])
def test_a_key_in_a_profile_is_refused_and_does_not_show(line: str, tmp_path: Path) -> None:
    from sfmtls_nb import read_profiles

    bare = "".join(key_pem("leaf").decode().splitlines()[1:-1])
    file = tmp_path / "profiles.toml"
    file.write_text(f'[acme]\nmy_domain = "acme"\n{line.replace("KEY", bare)}\n')
    with pytest.raises(OrgError) as caught:
        read_profiles(file)["acme"]
    assert bare[8:40] not in str(caught.value)
    assert bare[8:40] not in repr(caught.value.__cause__)


def test_the_names_of_a_profile_are_taken(tmp_path: Path) -> None:
    from sfmtls_nb import read_profiles

    leaf = issue("leaf", "issuing", LEAF)
    (tmp_path / "client.pem").write_bytes(key_pem("leaf") + pem(leaf))
    (tmp_path / "profiles.toml").write_text('[acme]\nmy_domain = "acme"\nidentity = ["client.pem"]\n')
    profile = read_profiles(tmp_path / "profiles.toml")["acme"]
    assert ClientIdentity.load(*profile.identity).leaf == leaf
