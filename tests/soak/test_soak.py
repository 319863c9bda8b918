"""Long runs, apart from the tests: `make soak`."""

from __future__ import annotations

import resource
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from sfmtls_nb import ClientIdentity, MutualAuthenticationFault, Org, PasswordLogin, login
from sfmtls_nb.practice import PracticeOrg

pytestmark = pytest.mark.timeout(900)

QUERY = {"queryString": "SELECT Id, LastName, Account.Name FROM Contact LIMIT 20"}


@pytest.mark.parametrize("learners", [20, 200])
def test_many_learners_with_fifty_mixed_calls_each_lose_nothing(own_practice: PracticeOrg, learners: int) -> None:
    files = own_practice.client
    me = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
    org = replace(Org(**own_practice.endpoints), connect_timeout=120, read_timeout=120)
    own_practice.state.call_limit = 10**9

    def fifty_calls(learner: int) -> int:
        answered = 0
        with login(org, PasswordLogin(*own_practice.user("enforced")), me) as session:
            for number in range(50):
                if (learner + number) % 3 == 0:
                    answered += len(session.soap("query", QUERY).results)
                elif (learner + number) % 3 == 1:
                    answered += len(session.get_user_info().results)
                else:
                    with pytest.raises(MutualAuthenticationFault):
                        session.soap("getUserInfo", port=443)
                    answered += 1
        return answered

    with ThreadPoolExecutor(learners) as threads:
        assert [50] * learners == list(threads.map(fifty_calls, range(learners)))


def test_a_million_records_are_read_with_flat_memory() -> None:
    with PracticeOrg(records=1_000_000) as practice:
        org = replace(Org(**practice.endpoints), read_timeout=600)
        session = login(org, PasswordLogin(*practice.user("standard")))
        practice.state.call_limit = 10**9
        page = session.soap("query", {"queryString": "SELECT Id FROM Contact"})
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        pages = 1
        while locator := page.text(".//queryLocator"):
            page = session.soap("queryMore", {"queryLocator": locator})
            pages += 1
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert (500, True) == (pages, grown < 100_000), f"{grown} kB more"
