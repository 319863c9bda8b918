"""Token requests on real connections: on both ports, with and without a certificate, by a client nobody here wrote."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import requests
from oauth_org import JWT_BEARER

from sfmtls_nb.practice import PracticeOrg


@pytest.fixture
def web(own_practice: PracticeOrg) -> Iterator[requests.Session]:
    """Connections that stay open, with the client's certificate where it is asked for."""
    with requests.Session() as session:
        session.trust_env = False  # neither REQUESTS_CA_BUNDLE nor a proxy
        session.verify, session.cert = str(own_practice.ca_file), str(own_practice.client.fullcert)
        yield session


def by_jwt(practice: PracticeOrg, audience: str = "https://login.salesforce.com") -> dict[str, str]:
    claims = {"iss": practice.app.consumer_key, "sub": "enforced@practice.example", "aud": audience}
    claims["exp"] = int(time.time()) + 180  # type: ignore[assignment]
    return {"grant_type": JWT_BEARER, "assertion": jwt.encode(claims, practice.client.key.read_text(), "RS256")}


def token(web: requests.Session, url: str, form: dict[str, str], **options: Any) -> requests.Response:
    return web.post(f"{url}/services/oauth2/token", form, **options)


def soap_login(practice: PracticeOrg, web: requests.Session, url: str, host: str) -> str:
    username, password = practice.user("enforced")
    login = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com"><e:Body>'
        f"<login><username>{username}</username><password>{password}</password></login></e:Body></e:Envelope>"
    )
    headers = {"Host": host, "Content-Type": "text/xml", "SOAPAction": "login"}
    return web.post(f"{url}/services/Soap/u/64.0", login, headers=headers).text


def test_a_server_url_has_no_port_for_certificates_either(own_practice: PracticeOrg, web: requests.Session) -> None:
    for url, port in ((own_practice.api_url, ""), (own_practice.mutual_url, ":8443")):
        assert f"<serverUrl>{own_practice.api_url}/" in soap_login(own_practice, web, url, urlsplit(url).netloc)
        salesforce = soap_login(own_practice, web, url, f"acme.my.salesforce.com{port}")
        assert "<serverUrl>https://acme.my.salesforce.com/" in salesforce


def test_a_token_has_the_address_without_the_port_for_certificates_on_both_ports(
    own_practice: PracticeOrg, web: requests.Session
) -> None:
    for url in (own_practice.api_url, own_practice.mutual_url):
        given = token(web, url, by_jwt(own_practice)).json()
        assert {own_practice.api_url} == {given["instance_url"], given["api_instance_url"]}
        assert given["id"].startswith(f"{own_practice.api_url}/id/")


def test_a_token_is_noted_with_the_app_that_it_was_given_for_and_a_refusal_with_none(
    own_practice: PracticeOrg, web: requests.Session
) -> None:
    token(web, own_practice.api_url, by_jwt(own_practice))
    token(web, own_practice.api_url, by_jwt(own_practice, "https://example.com"))
    noted = own_practice.events.where(kind="request", operation="POST token")
    assert [(200, "Practice App"), (400, "")] == [(event.status, event.app) for event in noted]


def test_a_token_wants_no_certificate_on_8443_but_the_call_with_it_does(
    own_practice: PracticeOrg, web: requests.Session
) -> None:
    web.cert = None
    given = token(web, own_practice.mutual_url, by_jwt(own_practice)).json()
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    assert (
        "No client certificate provided."
        in web.get(f"{own_practice.mutual_url}/services/data/v64.0", headers=headers).text
    )
    refused = web.get(f"{own_practice.api_url}/services/data/v64.0", headers=headers).json()
    assert "MUTUAL_AUTHENTICATION_FAILED" == refused[0]["errorCode"]
    web.close()
    web.cert = str(own_practice.client.fullcert)
    assert web.get(f"{own_practice.mutual_url}/services/data/v64.0", headers=headers).ok


def test_a_token_of_a_user_whose_password_has_expired_is_good_for_no_call(
    own_practice: PracticeOrg, web: requests.Session
) -> None:
    own_practice.state.users[0].password_expired = True
    given = token(web, own_practice.mutual_url, by_jwt(own_practice)).json()
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    refused = web.get(f"{own_practice.mutual_url}/services/data/v64.0/limits", headers=headers).json()
    assert "INVALID_OPERATION_WITH_EXPIRED_PASSWORD" == refused[0]["errorCode"]


def test_a_token_is_judged_by_the_clock_that_the_org_has_at_the_moment(
    own_practice: PracticeOrg, web: requests.Session
) -> None:
    own_practice.state.clock = lambda: datetime.now(UTC) + timedelta(minutes=10)
    answer = token(web, own_practice.api_url, by_jwt(own_practice)).json()
    assert "expired authorization code" == answer["error_description"]


def test_a_token_for_a_chain_that_is_not_valid_is_the_page(own_practice: PracticeOrg, web: requests.Session) -> None:
    web.cert = str(own_practice.identity("expired").fullcert)
    answer = token(web, own_practice.mutual_url, by_jwt(own_practice))
    assert "certificate has expired" in answer.text
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_token_of_an_app_that_wants_a_certificate_is_given_for_one_on_8443_alone(
    own_practice: PracticeOrg, web: requests.Session
) -> None:
    own_practice.app.certificate_required = True
    form = by_jwt(own_practice)
    assert "access_token" in token(web, own_practice.mutual_url, form).json()
    assert "invalid_client" == token(web, own_practice.api_url, form).json()["error"]
    own_practice.state.uploaded_leaves.clear()
    assert "invalid_client" == token(web, own_practice.mutual_url, form).json()["error"]
    web.close()
    web.cert = None
    assert "No client certificate provided." in token(web, own_practice.mutual_url, form).text
    seen = [(event.layer_2, event.code) for event in own_practice.events.where(operation="POST token")]
    assert [("pass", ""), ("", "invalid_client"), ("", "invalid_client"), ("page", "")] == seen


@pytest.mark.parametrize("door", ["api_url", "mutual_url"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_an_audience_is_each_address_of_the_org(
    own_practice: PracticeOrg, web: requests.Session, door: str, host: str
) -> None:
    audience = f"https://{host}:{urlsplit(getattr(own_practice, door)).port}"
    assert "access_token" in token(web, own_practice.api_url, by_jwt(own_practice, audience)).json()


@pytest.mark.parametrize("audience", ["https://localhost:1", "https://localhost", "https://evil.example"])
def test_an_audience_is_no_other_address(own_practice: PracticeOrg, web: requests.Session, audience: str) -> None:
    answer = token(web, own_practice.api_url, by_jwt(own_practice, audience)).json()
    assert "audience is invalid" == answer["error_description"]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:443", "localhost.evil.example", "salesforce.com.evil.example"]
)
def test_a_host_that_is_not_the_orgs_own_is_in_none_of_its_urls(
    own_practice: PracticeOrg, web: requests.Session, host: str
) -> None:
    headers = {"Host": host}
    given = token(web, own_practice.api_url, by_jwt(own_practice), headers=headers).json()
    headers["Authorization"] = f"Bearer {given['access_token']}"
    info = web.get(f"{own_practice.api_url}/services/oauth2/userinfo", headers=headers).json()
    soap = soap_login(own_practice, web, own_practice.api_url, host)
    assert "evil" not in f"{given} {info} {soap}"
    assert info["sub"].startswith(f"{own_practice.api_url}/id/")
    assert f"<serverUrl>{own_practice.api_url}/services/Soap/u/" in soap
