"""Org: where to go. What cannot work is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfmtls_nb import Org, OrgError
from sfmtls_nb.org import Port, my_domain_of

SERVER_URL = "https://na30.salesforce.com/services/Soap/u/58.0/00D36000000bLGT"


@pytest.mark.parametrize(
    ("sandbox", "login_url"),
    [
        (None, "https://acme.my.salesforce.com"),
        ("uat", "https://acme--uat.sandbox.my.salesforce.com"),
    ],
)
def test_a_my_domain_name_becomes_its_host(sandbox: str | None, login_url: str) -> None:
    assert login_url == Org.my_domain("acme", sandbox=sandbox).login_url


@pytest.mark.parametrize(
    "name", ["", "acme.my.salesforce.com", "https://acme", "acme/", "-acme", "a b", "acme\n", "ä", "a@b", "a:1"]
)
@pytest.mark.parametrize("where", ["name", "sandbox"])
def test_what_is_no_my_domain_or_sandbox_name_is_refused(name: str, where: str) -> None:
    with pytest.raises(OrgError, match="is not a My Domain or sandbox name"):
        Org.my_domain(**{"name": "acme", where: name})


@pytest.mark.parametrize("name", ["login", "test", "WWW", "mail", "help", "app", "api", "cs1", "na30", "salesforce"])
def test_a_name_that_belongs_to_salesforce_is_no_my_domain(name: str) -> None:
    with pytest.raises(OrgError, match=r"the login host is https://(login|test)\.salesforce\.com"):
        Org.my_domain(name)


PASTED = [
    ("acme.lightning.force.com", "https://acme.my.salesforce.com"),
    ("acme.lightning.force.com/lightning/setup/SetupOneHome/home", "https://acme.my.salesforce.com"),
    (
        "https://acme--uat.sandbox.lightning.force.com/lightning/page/home",
        "https://acme--uat.sandbox.my.salesforce.com",
    ),
    ("acme-dev-ed.develop.lightning.force.com:443/x", "https://acme-dev-ed.develop.my.salesforce.com"),
    ("acme.my.site.com/portal/s/", "https://acme.my.salesforce.com"),
    ("acme--uat.sandbox.my.site.com", "https://acme--uat.sandbox.my.salesforce.com"),
    ("acme.my.salesforce-setup.com/lightning/setup/x", "https://acme.my.salesforce.com"),
    ("acme--uat.sandbox.my.salesforce-setup.com", "https://acme--uat.sandbox.my.salesforce.com"),
    ("acme--c.vf.force.com/apex/x", "https://acme.my.salesforce.com"),
    ("acme--uat--c.sandbox.vf.force.com", "https://acme--uat.sandbox.my.salesforce.com"),
]


@pytest.mark.parametrize(("address", "api"), PASTED)
@pytest.mark.parametrize(
    "way", [Org.at, Org.my_domain, lambda address: Org(f"https://{address.removeprefix('https://')}")]
)
def test_a_host_of_pages_is_told_which_host_it_would_be(way: Callable[[str], Org], address: str, api: str) -> None:
    with pytest.raises(OrgError) as caught:
        way(address)
    assert f"write {api}" == caught.value.next_step
    assert api == Org.at(api).login_url


@pytest.mark.parametrize(
    ("address", "next_step"),
    [
        ("acme.my.salesforce.com", "write acme"),
        ("https://acme.my.salesforce.com/lightning", "write acme"),
        ("acme.my.salesforce.com:8443", "write acme"),
        ("acme--uat.sandbox.my.salesforce.com", "write acme with the sandbox uat"),
    ],
)
def test_a_host_in_the_place_of_a_my_domain_is_told_the_name_in_it(address: str, next_step: str) -> None:
    with pytest.raises(OrgError) as caught:
        Org.my_domain(address)
    assert next_step == caught.value.next_step


@pytest.mark.parametrize(
    "address",
    [
        "acme.my.salesforce.com",
        "acme.my.salesforce.com:8443",
        "acme.my.salesforce.com/services/Soap/u/64.0",
        "http://acme.my.salesforce.com/x",
    ],
)
def test_a_login_url_without_https_is_told_how_it_would_be_with_it(address: str) -> None:
    with pytest.raises(OrgError, match=r"write it as https://acme\.my\.salesforce\.com;"):
        Org(address)


@pytest.mark.parametrize(
    "address", ["acme.my.salesforce.com:8443", "https://acme.my.salesforce.com:8443/services/Soap/u/64.0"]
)
def test_port_and_path_of_a_pasted_address_do_not_matter(address: str) -> None:
    assert "https://acme.my.salesforce.com" == Org.at(address).login_url


@pytest.mark.parametrize("sandbox", [None, "uat", "test"])
@pytest.mark.parametrize("name", ["acme", "a", "acme-prod", "Acme", "login-acme", "na30-acme"])
def test_the_my_domain_of_an_org_is_read_back_from_its_url(name: str, sandbox: str | None) -> None:
    assert (name, sandbox) == my_domain_of(Org.my_domain(name, sandbox=sandbox).login_url)


@pytest.mark.parametrize(
    "address",
    [
        "https://login.salesforce.com",
        "https://test.my.salesforce.com",
        "https://acme-dev-ed.develop.my.salesforce.com",
        "https://acme.my.salesforce.com.example.com",
        "https://localhost:44333",
        "acme",
    ],
)
def test_another_address_has_no_my_domain(address: str) -> None:
    assert my_domain_of(address) is None


@pytest.mark.parametrize(
    ("given_url", "login_url"),
    [
        ("https://acme.my.salesforce.com/", "https://acme.my.salesforce.com"),
        ("https://localhost:44333", "https://localhost:44333"),
        ("https://[::1]:44333", "https://[::1]:44333"),
        ("HTTPS://acme.my.salesforce.com", "HTTPS://acme.my.salesforce.com"),
        ("https://my_host.example.", "https://my_host.example."),
    ],
)
def test_a_login_url_is_kept_but_for_its_last_slash(given_url: str, login_url: str) -> None:
    assert login_url == Org(login_url=given_url).login_url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme.my.salesforce.com",
        "http://acme.my.salesforce.com",
        "ftp://acme.my.salesforce.com",
        "https://",
        "https:///path",
        "https://[::1",
        "https://host:99999",
        "https://host:port",
        "https://two words.example",
        "https://line\nend.example",
        " https://acme.my.salesforce.com",
        "https://acme.my.salesforce.com\n",
        "https://back\\slash.example",
        "https://two..dots",
        f"https://{'a' * 64}.example",
        "https://*.my.salesforce.com",
        "https://acme.my.salesforce.com/lightning/page/home",
        "https://acme.my.salesforce.com?x=1",
        "https://acme.my.salesforce.com#x",
    ],
)
def test_a_login_url_that_cannot_work_is_refused(url: str) -> None:
    with pytest.raises(OrgError) as caught:
        Org(login_url=url)
    assert caught.value.next_step


@given(st.one_of(st.text(), st.text().map("https://".__add__)))
def test_any_text_is_a_login_url_or_an_org_error(text: str) -> None:
    try:
        org = Org(login_url=text)
    except OrgError:
        return
    assert (urlsplit(org.login_url).scheme, urlsplit(org.login_url).path) == ("https", "")


@pytest.mark.parametrize(
    "url",
    [
        "https://me:p455w0rd@acme.my.salesforce.com",
        "http://me:p455w0rd@acme.my.salesforce.com",
        "https://me:p455w0rd@acme.my.salesforce.com:99999",
        "https://me:p455w0rd/@acme.my.salesforce.com",
        "https://me:#p455w0rd@acme.my.salesforce.com",
        "https://p455w0rd@acme.my.salesforce.com",
        "https://me:p455w0rd@[acme",
        "me:p455w0rd@acme.my.salesforce.com",
    ],
)
def test_a_password_in_the_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(OrgError, match="has a username or password in it") as caught:
        Org(login_url=url)
    assert ("p455w0rd" in str(caught.value), caught.value.__cause__) == (False, None)


@pytest.mark.parametrize(
    "url",
    [
        "https://login.salesforce.com:8443",
        "https://test.salesforce.com:8443",
        "https://LOGIN.Salesforce.com:8443",
        "https://login.salesforce.com.:8443",
        "https://login.salesforce.com:08443",
    ],
)
def test_the_login_service_on_8443_is_refused(url: str) -> None:
    with pytest.raises(OrgError, match="does not answer on 8443"):
        Org(login_url=url)


@pytest.mark.parametrize(
    "url", ["https://login.salesforce.com", "https://login.salesforce.com:443", "https://acme.my.salesforce.com:8443"]
)
def test_the_login_service_on_443_and_a_my_domain_on_8443_are_fine(url: str) -> None:
    assert url == Org(login_url=url).login_url


@pytest.mark.parametrize("version", ["31.0", "64.0", "99.0"])
def test_an_api_version_is_written_as_salesforce_does(version: str) -> None:
    assert version == Org(api_version=version).api_version


@pytest.mark.parametrize("version", ["", "64", "v64.0", "64.00", "64.5", "064.0", "9.0", "100.0", "64.0\n", "latest"])
def test_what_is_no_api_version_is_refused(version: str) -> None:
    with pytest.raises(OrgError, match="is not an API version"):
        Org(api_version=version)


@pytest.mark.parametrize(
    "changes",
    [
        {"mutual_port": 0},
        {"mutual_port": -1},
        {"mutual_port": 65536},
        {"connect_timeout": 0},
        {"read_timeout": 0},
        {"read_timeout": -1.5},
        {"connect_timeout": float("nan")},
        {"read_timeout": float("inf")},
        {"read_timeout": 1e7},
        {"call_timeout": 0},
        {"call_timeout": float("nan")},
        {"answer_limit": 0},
        {"answer_limit": -1},
        {"trust": "everyone"},
        {"trust": "system", "ca_file": "roots.pem"},
        {"trusted_hosts": "api.acme.example"},
        {"trusted_hosts": ["api.acme.example", 1]},
        {"trusted_hosts": 5},
    ],
)
def test_a_port_or_timeout_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(OrgError):
        Org(**changes)


def test_trusted_hosts_in_a_list_are_as_good_as_in_a_tuple() -> None:
    assert Org(trusted_hosts=("a.example",)) == Org(trusted_hosts=["a.example"])  # type: ignore[arg-type]  # as from TOML


def test_a_changed_org_is_checked_again() -> None:
    with pytest.raises(OrgError):
        replace(Org(), login_url="http://acme.my.salesforce.com")


@pytest.mark.parametrize(
    ("server_url", "port", "endpoint"),
    [
        ("https://na30.salesforce.com/services/Soap/u/58.0", 443, "https://na30.salesforce.com/services/Soap/u/58.0"),
        (
            "https://na30.salesforce.com/services/Soap/u/58.0",
            8443,
            "https://na30.salesforce.com:8443/services/Soap/u/58.0",
        ),
        ("https://na30.salesforce.com:443/a", 8443, "https://na30.salesforce.com:8443/a"),
        ("https://localhost:44333/a", 443, "https://localhost:44333/a"),
        ("https://[::1]:44333/a", 8443, "https://[::1]:8443/a"),
    ],
)
def test_an_endpoint_is_the_server_url_on_a_door(server_url: str, port: Port, endpoint: str) -> None:
    assert endpoint == Org().endpoint(server_url, port)


def test_an_org_with_another_mutual_port_has_its_8443_there() -> None:
    assert urlsplit(Org(mutual_port=44334).endpoint(SERVER_URL, 8443)).port == 44334


@pytest.mark.parametrize(
    ("server_url", "port"),
    [
        ("http://na30.salesforce.com/services/Soap/u/58.0", 443),
        ("http://na30.salesforce.com/services/Soap/u/58.0", 8443),
        ("https://login.salesforce.com/services/Soap/u/58.0", 8443),
        ("na30.salesforce.com", 8443),
        ("", 443),
    ],
)
def test_a_server_url_that_no_session_id_may_go_to_is_refused(server_url: str, port: Port) -> None:
    with pytest.raises(OrgError):
        Org().endpoint(server_url, port)


@pytest.mark.parametrize("field", ["ca_file", "accepted_roots"])
@pytest.mark.parametrize("nothing", ["", b"", 0, False, []])
def test_roots_that_are_nothing_are_not_taken_for_the_public_ones(field: str, nothing: object) -> None:
    with pytest.raises(OrgError):
        Org(**{field: nothing})  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("name", ["localhost", "sandbox", "00D5f000000abcDEAQ"])
def test_a_name_that_is_nobodys_my_domain_is_refused(name: str) -> None:
    with pytest.raises(OrgError, match="is not a My Domain"):
        Org.my_domain(name)


def test_a_key_in_the_place_of_a_url_is_not_quoted() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v\n-----END PRIVATE KEY-----"
    with pytest.raises(OrgError) as caught:
        Org(key)
    assert "MC4CAQAw" not in str(caught.value)
