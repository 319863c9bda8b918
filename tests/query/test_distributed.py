"""Distributed: workers fetch the pages of a Bulk result, each with its own sign-in; nothing secret goes to them."""

from __future__ import annotations

import base64
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dask
import pandas as pd
import pytest
from answers import answer
from bulk_org import calls_of
from dask_workers import SOQL, VARIABLE, profile_for, secrets_in, secrets_of
from distributed import Client, LocalCluster, wait

from sfmtls_nb import LoginFault, QueryResult, RestFault, Session, SfmtlsError, SignInError
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.api import BulkApi
from sfmtls_nb.query import auto
from sfmtls_nb.query.distributed import Elsewhere, Partition, dask_frame
from sfmtls_nb.sign_in import unattended
from sfmtls_nb.values import Column

FETCHED = "GET jobs/query/results"


@pytest.fixture(scope="module")
def practice() -> Iterator[PracticeOrg]:
    """An org of 2,000 contacts, whose Bulk pages have 100."""
    with PracticeOrg(records=2000) as running:
        running.state.bulk_page = 100
        yield running


@pytest.fixture(scope="module")
def session(practice: PracticeOrg) -> Iterator[Session]:
    """The session of whoever asks."""
    with calls_of(practice) as calls:
        yield calls.session


def bulk_result(session: Session, soql: str = SOQL) -> QueryResult:
    return session.query(soql, api="bulk")


@pytest.fixture(scope="module")
def result(session: Session) -> QueryResult:
    return bulk_result(session)


@pytest.fixture
def prod(practice: PracticeOrg, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A profile that this process finds; dask's workers are threads of it. Events from here on are theirs."""
    monkeypatch.setenv("SFMTLS_NB_PROFILES", str(profile_for(practice, "prod", tmp_path)))
    monkeypatch.setenv(VARIABLE, practice.user("enforced").password)
    monkeypatch.setattr(unattended, "_KEPT", {})
    session.get_user_info()  # which renews it, if another test has ended it
    practice.events.clear()
    with dask.config.set(scheduler="threads"):
        yield "prod"


def whole(frame: Any) -> pd.DataFrame:
    return pd.DataFrame(frame.compute()).reset_index(drop=True)


def expected(result: QueryResult) -> pd.DataFrame:
    """The same without dask; moments in milliseconds."""
    return result.to_frame().assign(CreatedDate=lambda frame: frame["CreatedDate"].dt.as_unit("ms"))


def of_pages(paths: list[str], result: QueryResult, **changes: Any) -> Any:
    """The frame of other pages, by the profile "prod"."""
    assert result._elsewhere
    return dask_frame(paths, result.columns, replace(result._elsewhere, **changes), "prod")


def forget(practice: PracticeOrg) -> None:
    """Let the org have the newest job no more, as Salesforce does after seven days."""
    [api] = [each for each in practice._router._apis if isinstance(each, BulkApi)]
    api._jobs.remove(list(api._jobs.all())[-1].job_id)


def times(practice: PracticeOrg, operation: str) -> int:
    return len(practice.events.where(kind="request", operation=operation))


# ---------------------------------------------------------------- what a worker does


def test_each_page_is_a_partition_and_together_they_are_the_frame(result: QueryResult, prod: str) -> None:
    frame = result.to_dask(prod)
    assert (20, 2000) == (frame.npartitions, result.size)
    pd.testing.assert_frame_equal(expected(result), whole(frame))


def test_the_columns_are_typed_before_anything_is_fetched(
    result: QueryResult, prod: str, practice: PracticeOrg
) -> None:
    types = result.to_dask(prod).dtypes
    assert 0 == times(practice, FETCHED)
    pd.testing.assert_series_equal(expected(result).dtypes, types)


def test_a_job_that_was_chosen_by_itself_has_partitions_too(
    session: Session, prod: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auto, "MANY", 1000)
    result = session.query(SOQL, batch=200)
    assert ("bulk", 20) == (result.api, result.to_dask(prod).npartitions)


def test_a_query_that_is_not_understood_has_the_columns_of_its_pages_as_text(session: Session, prod: str) -> None:
    frame = bulk_result(session, "SELECT c.Name, a.Name FROM Contact c, c.Account a").to_dask(prod)
    assert {"Name": "string", "Account.Name": "string"} == {name: str(dtype) for name, dtype in frame.dtypes.items()}
    pd.testing.assert_series_equal(frame.dtypes, whole(frame).dtypes)


def test_an_empty_result_is_an_empty_frame_with_its_types(session: Session, prod: str) -> None:
    result = bulk_result(session, f"{SOQL} WHERE Name = 'nobody at all'")
    pd.testing.assert_frame_equal(expected(result), whole(result.to_dask(prod)))


@pytest.mark.usefixtures("prod")
def test_no_pages_at_all_are_an_empty_frame_too(result: QueryResult) -> None:
    pd.testing.assert_frame_equal(expected(result).iloc[:0], whole(of_pages([], result)))


def test_one_sign_in_is_for_all_pages_of_a_process(result: QueryResult, prod: str, practice: PracticeOrg) -> None:
    frame = result.to_dask(prod)
    whole(frame)
    whole(frame)
    assert (1, 40) == (times(practice, "login"), times(practice, FETCHED))


def test_every_page_is_fetched_with_the_certificate(result: QueryResult, prod: str, practice: PracticeOrg) -> None:
    whole(result.to_dask(prod))
    assert {"pass"} == {event.layer_2 for event in practice.events.where(operation=FETCHED) if event.leaf}
    assert all(event.leaf for event in practice.events.where(operation=FETCHED))


def test_a_session_that_ended_in_a_worker_is_renewed_there(
    result: QueryResult, prod: str, practice: PracticeOrg
) -> None:
    frame = result.to_dask(prod)
    before = whole(frame)
    practice.state.sessions.clear()
    pd.testing.assert_frame_equal(before, whole(frame))
    assert 2 == times(practice, "login")


@dataclass(frozen=True)
class Told:
    """A session at an org that says what a path says."""

    server_url: str = "https://host"

    def prepare_rest(self, path: str, **_: Any) -> Any:
        return path

    def send(self, request: Any) -> Any:
        headers = {"Content-Type": "text/csv", "Sforce-NumberOfRecords": "1"}
        return answer(f"CreatedDate\n{request}\n".encode(), response_headers=headers)


def test_a_moment_beyond_nanoseconds_is_in_a_frame_with_others() -> None:
    moments = ["2026-11-26T09:00:00.123Z", "4000-12-31T00:00:00.000Z"]
    told = Elsewhere("host", lambda _: Told())
    with dask.config.set(scheduler="threads"):
        frame = whole(dask_frame(moments, [Column("CreatedDate", "datetime")], told, "prod"))
    assert moments == [each.isoformat(timespec="milliseconds").replace("+00:00", "Z") for each in frame["CreatedDate"]]


# ---------------------------------------------------------------- what cannot be


@pytest.mark.parametrize("api", ["soap", "rest", "auto"])
def test_pages_that_lead_to_each_other_are_for_bulk(session: Session, api: Any) -> None:
    with pytest.raises(SfmtlsError, match=r"(?s)(SOAP|REST), where.*next: .*api=\"bulk\""):
        session.query(SOQL, api=api).to_dask("prod")


def test_without_dask_it_is_said_how_to_install_it(result: QueryResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask.dataframe", None)
    with pytest.raises(SfmtlsError, match=r'pip install "sfmtls-nb\[dask\]"'):
        result.to_dask("prod")


@pytest.mark.usefixtures("prod")
def test_a_locator_that_has_expired_is_an_error_in_the_orgs_words(result: QueryResult, practice: PracticeOrg) -> None:
    assert result.exchange
    path = urlsplit(result.exchange.request.url).path
    with pytest.raises(RestFault, match=r"INVALID_?LOCATOR") as caught:
        whole(of_pages([f"{path}?locator=gone"], result))
    assert (1, None) == (times(practice, FETCHED), caught.value.exchange)


@pytest.mark.usefixtures("prod")
def test_a_job_that_the_org_has_no_more_is_an_error_in_the_orgs_words(session: Session, practice: PracticeOrg) -> None:
    result = bulk_result(session)
    frame = result.to_dask("prod")
    forget(practice)
    with pytest.raises(RestFault, match="NOT_FOUND") as caught:
        whole(frame)
    assert caught.value.exchange is None


@pytest.mark.usefixtures("prod")
def test_a_profile_of_another_org_fetches_nothing(result: QueryResult, practice: PracticeOrg) -> None:
    with pytest.raises(SfmtlsError, match="profile prod is of another org here"):
        whole(of_pages(["/services/data"], result, host="acme.my.salesforce.com"))
    assert 0 == times(practice, FETCHED)


def test_a_profile_that_is_not_there_is_named_with_those_that_are(result: QueryResult, prod: str) -> None:
    with pytest.raises(SignInError, match=rf"(?s)no profile uat on this machine.*has {prod}"):
        whole(result.to_dask("uat"))


def test_a_wrong_password_is_tried_once_a_process_for_all_its_pages(
    result: QueryResult, prod: str, practice: PracticeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "wrong")
    frame = result.to_dask(prod)
    for _ in range(3):
        with pytest.raises(LoginFault, match="INVALID_LOGIN"):
            whole(frame)
    assert 1 == times(practice, "login")


# ---------------------------------------------------------------- what goes there


@pytest.mark.parametrize(
    "part",
    [
        lambda frame: frame,
        lambda frame: frame.__dask_graph__(),
        lambda frame: frame.optimize().__dask_graph__(),
        lambda frame: frame.groupby("Account.Name").size().optimize().__dask_graph__(),
    ],
    ids=["frame", "graph", "optimized", "grouped"],
)
def test_no_key_no_session_and_no_secret_is_in_the_graph(
    result: QueryResult, session: Session, prod: str, practice: PracticeOrg, part: Callable[[Any], object]
) -> None:
    frame = result.to_dask(prod)
    whole(frame)  # whoever computed it has a session of its own by now
    theirs = secrets_of(practice, unattended.kept_session(prod))
    assert [] == secrets_in(part(frame), secrets_of(practice, session)) + secrets_in(part(frame), theirs)


@pytest.mark.parametrize("what", ["session id", "password", "key", "line 3 of the key"])
@pytest.mark.parametrize(
    "form", [bytes, bytes.hex, lambda plain: base64.b64encode(b"user:" + plain)], ids=["as it is", "hex", "base64"]
)
def test_a_secret_in_a_graph_would_be_found(
    session: Session, practice: PracticeOrg, what: str, form: Callable[[bytes], Any]
) -> None:
    secrets = secrets_of(practice, session)
    assert what in secrets_in([1, {"a": form(secrets[what])}], secrets)


@pytest.mark.parametrize("holds", [lambda session: session, lambda session: session.transport.identity])
def test_a_session_or_an_identity_does_not_get_into_a_graph(session: Session, holds: Callable[[Session], Any]) -> None:
    held = holds(session)
    with pytest.raises(TypeError, match="pickle"):
        secrets_in(Partition(Elsewhere("host", lambda _: held), "prod", ()), {})


# ---------------------------------------------------------------- processes


@pytest.fixture(scope="module")
def cluster(practice: PracticeOrg, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Two workers, which are processes; they find the profile "prod", and the process that asks does not."""
    folder = tmp_path_factory.mktemp("workers")
    environment = {
        "SFMTLS_NB_PROFILES": str(profile_for(practice, "prod", folder)),
        VARIABLE: practice.user("enforced").password,
    }
    with (
        LocalCluster(  # type: ignore[no-untyped-call]  # dask has no types for that, nor for what follows
            n_workers=2,
            threads_per_worker=2,
            dashboard_address="127.0.0.1:0",
            env=environment,
            local_directory=str(folder),
        ) as running,
        Client(running) as client,  # type: ignore[no-untyped-call]
    ):
        yield client


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_workers_in_processes_of_their_own_fetch_it(result: QueryResult, practice: PracticeOrg) -> None:
    before = expected(result)
    practice.events.clear()
    pd.testing.assert_frame_equal(before, whole(result.to_dask("prod")))
    assert 2 == times(practice, "login")


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_a_session_that_ends_in_a_process_is_renewed_there(result: QueryResult, practice: PracticeOrg) -> None:
    before = expected(result)
    practice.state.sessions.clear()
    pd.testing.assert_frame_equal(before, whole(result.to_dask("prod")))


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_what_goes_wrong_in_a_process_comes_back_as_it_is(session: Session, practice: PracticeOrg) -> None:
    with pytest.raises(SignInError, match="no profile uat on this machine"):
        whole(bulk_result(session).to_dask("uat"))
    frame = bulk_result(session).to_dask("prod")
    forget(practice)
    with pytest.raises(RestFault, match="NOT_FOUND"):
        whole(frame)


@pytest.mark.slow
def test_the_pages_of_a_worker_that_dies_are_fetched_by_others(
    result: QueryResult, cluster: Client, practice: PracticeOrg
) -> None:
    frame = result.to_dask("prod")
    process = next(iter(cluster.run(os.getpid).values()))
    practice.events.clear()
    practice.arm("delay", times=2)
    computing = frame.persist()  # type: ignore[no-untyped-call]
    while times(practice, FETCHED) < 4:
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)
    wait(computing, timeout=60)  # type: ignore[no-untyped-call]
    pd.testing.assert_frame_equal(expected(result), whole(computing))
    assert times(practice, FETCHED) > frame.npartitions
