"""ExistingSession: a token from elsewhere is taken as it is, for the org's own hosts, and left alone in the end."""

from __future__ import annotations

from typing import Any

import pytest

from sfmtls_nb import ClientIdentity, ExistingSession, Org, OrgError, PasswordLogin, SessionFault, login
from sfmtls_nb.practice import PracticeOrg


def test_it_is_good_for_calls_and_is_not_ended(practice: PracticeOrg, org: Org, identity: ClientIdentity) -> None:
    token = login(org, PasswordLogin(*practice.user("enforced"))).session_id
    for _ in range(2):
        with login(org, ExistingSession(token, practice.api_url), identity) as session:
            assert session.get_user_info().text(".//userName") == "enforced@practice.example"
    assert (None, "") == (session.exchange, session.user_id)


def test_one_that_nobody_knows_is_a_session_fault(practice: PracticeOrg, org: Org) -> None:
    with pytest.raises(SessionFault):
        login(org, ExistingSession("00D5f000000PRAC!AQnone", practice.api_url)).get_user_info()


def test_the_server_url_of_a_login_answer_will_do_as_its_instance() -> None:
    brought = ExistingSession("x", "https://acme.my.salesforce.com/services/Soap/u/64.0/00D36000000bLGT")
    session = login(Org.my_domain("acme"), brought)
    assert "https://acme.my.salesforce.com/services/Soap/u/64.0" == session.server_url


@pytest.mark.parametrize("instance", ["https://evil.example", "https://acme.my.salesforce.com.evil.example"])
def test_a_foreign_host_gets_no_token(instance: str) -> None:
    with pytest.raises(OrgError, match="evil"):
        login(Org.my_domain("acme"), ExistingSession("x", instance))


@pytest.mark.parametrize(
    "given", [("", "https://a.example"), ("x", ""), (None, "https://a.example"), ("x", None), ("x", "http://a.example")]
)
def test_what_cannot_be_is_refused_at_once(given: tuple[Any, ...]) -> None:
    with pytest.raises(OrgError):
        ExistingSession(*given)
