"""ClientCredentials: the app's own user signs in with the consumer key and secret."""

from __future__ import annotations

from typing import Any

import pytest
from tracebacks import shown_with_locals

from sfmtls_nb import ClientCredentials, ClientIdentity, LoginFault, Org, OrgError, Secret, curl_command, login
from sfmtls_nb.practice import PracticeOrg


def credentials(practice: PracticeOrg) -> ClientCredentials:
    return ClientCredentials(practice.app.consumer_key, practice.app.consumer_secret)


def test_the_user_that_the_app_runs_as_signs_in(practice: PracticeOrg, org: Org, identity: ClientIdentity) -> None:
    with login(org, credentials(practice), identity) as session:
        assert practice.app.run_as == session.get_user_info().text(".//userName")


def test_an_enforced_user_needs_the_certificate_for_the_calls(
    own_practice: PracticeOrg,
) -> None:
    own_practice.app.run_as = own_practice.user("enforced").username
    files = own_practice.client
    me = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
    with login(Org(**own_practice.endpoints), credentials(own_practice), me) as session:
        assert 8443 == session._door(certificate=True)
        assert session.get_user_info().text(".//userName") == "enforced@practice.example"


def test_a_wrong_secret_and_a_wrong_key_are_told_apart(practice: PracticeOrg, org: Org) -> None:
    with pytest.raises(LoginFault, match="copy the consumer secret again") as caught:
        login(org, ClientCredentials(practice.app.consumer_key, "another"))
    assert "invalid_client" == caught.value.code
    with pytest.raises(LoginFault, match="copy the consumer key again") as caught:
        login(org, ClientCredentials("3MVG9another", practice.app.consumer_secret))
    assert "invalid_client_id" == caught.value.code


def test_an_app_that_runs_as_nobody_says_where_to_name_the_user(own_practice: PracticeOrg) -> None:
    own_practice.app.run_as = ""
    with pytest.raises(LoginFault, match="Run As"):
        login(Org(**own_practice.endpoints), credentials(own_practice))


@pytest.mark.parametrize("host", ["login.salesforce.com", "test.salesforce.com"])
def test_the_login_hosts_are_refused_before_the_secret_goes_there(host: str) -> None:
    with pytest.raises(OrgError, match=f"not taken at {host}"):
        login(Org(f"https://{host}"), ClientCredentials("3MVG9", "s3cret"))


@pytest.mark.parametrize("given", [("", "x"), ("x", ""), (None, "x"), ("x", None), ("x", Secret(""))])
def test_what_is_missing_is_named(given: tuple[Any, ...]) -> None:
    with pytest.raises(OrgError, match=r"consumer (key|secret)"):
        ClientCredentials(*given)


def test_the_secret_stands_nowhere(practice: PracticeOrg, org: Org) -> None:
    session = login(org, credentials(practice))
    assert session.exchange
    shown = [repr(credentials(practice)), repr(vars(session)), curl_command(session.exchange)]
    shown += [repr(vars(session.exchange.request)), bytes(session.exchange.request.body).decode()]
    with pytest.raises(LoginFault) as caught:
        login(org, ClientCredentials("3MVG9another", practice.app.consumer_secret))
    shown += [shown_with_locals(caught.value), curl_command(caught.value.exchange)]
    assert [] == [text for text in shown if practice.app.consumer_secret in text]
    assert '--data-urlencode "client_secret=${SF_CONSUMER_SECRET}"' in curl_command(session.exchange)
