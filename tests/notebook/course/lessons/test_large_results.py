"""The exercises of “Large results”: which work counts, and what is said of other work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from course_work import missing, opened, signed_in

from sfmtls_nb.notebook.course.course import Course
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.query import QueryResult

pytest_plugins = ["course_fixtures"]

pytestmark = [pytest.mark.usefixtures("progress"), pytest.mark.slow]

DEALS = "SELECT Id, StageName, Amount FROM Opportunity"
CLOSED = "SELECT Id, StageName, Amount, CloseDate, Account.Industry FROM Opportunity WHERE IsClosed = true"
WON = """
    SELECT "Account.Industry" AS industry, count(*) AS deals, sum(Amount) AS amount
    FROM closed WHERE StageName = 'Closed Won' GROUP BY ALL ORDER BY amount DESC
"""
Change = Callable[[Any], Any]


@pytest.fixture(scope="module")
def large() -> Iterator[Workspace]:
    """One that is at the org that the lesson starts."""
    workspace = Workspace()
    workspace.start_practice(records=60_000)
    yield workspace
    workspace.stop_practice()


@pytest.fixture
def course(large: Workspace) -> Course:
    return opened(large, "large_results")


@pytest.fixture(scope="module")
def closed(large: Workspace) -> pa.Table:
    with signed_in(large) as session:
        return session.query(CLOSED).to_arrow()


@pytest.fixture
def file(closed: pa.Table, tmp_path: Path) -> Path:
    pq.write_table(closed, tmp_path / "closed.parquet")
    return tmp_path / "closed.parquet"


def asked(closed: pa.Table) -> Any:  # noqa: ARG001  # DuckDB finds it by its name
    """The solution of exercise 3, as DuckDB gives it."""
    return duckdb.sql(WON)


def queried(workspace: Workspace, soql: str = DEALS, **how: Any) -> dict[str, Any]:
    """The learner's variables after exercise 1, done with another query or in another way."""
    news: list[Any] = []
    deals = signed_in(workspace).query(soql, progress=news.append, **{"api": "bulk", **how})
    return {"deals": deals, "news": news, "calls": news[-1].calls if news else 5}


def test_a_job_on_purpose_counts_and_whatever_was_reported_of_its_fetching(large: Workspace, course: Course) -> None:
    names = queried(large)
    assert missing(course.check(1, names)) == ""
    assert isinstance(names["deals"], QueryResult)
    names["deals"].to_arrow()
    assert missing(course.check(1, names)) == ""


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"api": "auto"}, "deals came by REST; api="),
        ({"api": "soap"}, "deals came by SOAP"),
        ({"soql": f"{DEALS} LIMIT 7"}, "deals has 7 records; there are 10,000 opportunities"),
    ],
)
def test_another_query_is_told_why_it_is_not_it(
    large: Workspace, course: Course, how: dict[str, Any], said: str
) -> None:
    assert said in missing(course.check(1, queried(large, **how)))


def test_what_is_missing_after_the_job_is_told(large: Workspace, course: Course) -> None:
    names = queried(large)
    assert missing(course.check(1, {})).startswith("deals is no result of a query yet")
    assert "there is no list news" in missing(course.check(1, {**names, "news": None}))
    assert "no variable calls" in missing(course.check(1, {**names, "calls": None}))
    assert "calls is not what" in missing(course.check(1, {**names, "calls": 1}))


def test_at_the_small_org_each_exercise_says_which_cell_to_run(workspace: Workspace) -> None:
    for number in (1, 2):
        said = missing(opened(workspace, "large_results").check(number, {}))
        assert "this org has 400 contacts: run the cell with %sf_practice --records 60000" in said


@pytest.mark.parametrize("name", [lambda path: path, str])
def test_a_file_may_be_named_by_a_path_or_as_text(course: Course, file: Path, name: Change) -> None:
    assert missing(course.check(2, {"file": name(file)})) == ""


def test_a_file_that_pandas_wrote_is_as_good(course: Course, closed: pa.Table, tmp_path: Path) -> None:
    closed.to_pandas().to_parquet(tmp_path / "mine")
    assert missing(course.check(2, {"file": tmp_path / "mine"})) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda closed: closed[:9], "it holds 9 records"),
        (lambda closed: pa.concat_tables([closed, closed]), "it holds 11,312 records"),
        (lambda closed: closed.drop_columns(["Amount"]), "it has no column Amount; it has Id, StageName, CloseDate"),
        (lambda closed: closed.set_column(2, "Amount", closed["Amount"].cast("string")), "Amount is string"),
    ],
)
def test_another_file_is_told_what_is_wrong_with_it(
    course: Course, closed: pa.Table, tmp_path: Path, change: Change, said: str
) -> None:
    pq.write_table(change(closed), tmp_path / "other.parquet")
    assert said in missing(course.check(2, {"file": tmp_path / "other.parquet"}))


def test_what_is_no_file_and_what_is_no_parquet_file_are_told_so(course: Course, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Id,StageName\n")
    for given in (None, 5, tmp_path / "lost.parquet", tmp_path):
        assert "no variable file yet that names a file" in missing(course.check(2, {"file": given}))
    assert "it is no Parquet file" in missing(course.check(2, {"file": tmp_path / "a.csv"}))


@pytest.mark.parametrize(
    "make",
    [
        lambda won: won,
        lambda won: won.df(),
        lambda won: won.df().dropna(),
        lambda won: won.df().round(),
        lambda won: won.to_arrow_table(),
        lambda won: pl.DataFrame(won.df()),
    ],
)
def test_who_buys_may_be_a_table_of_any_tool(course: Course, closed: pa.Table, file: Path, make: Change) -> None:
    assert missing(course.check(3, {"file": file, "won": make(asked(closed))})) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda won: won.head(3), "it has 3 rows, and the file has 20 industries"),
        (lambda won: won.drop(columns="deals"), "it has no column deals; it has industry, amount"),
        (lambda won: won.assign(deals=won.deals + 1), "not so many deals, or not this amount: "),
        (lambda won: won.assign(amount=0.0), "not so many deals, or not this amount: "),
        (lambda won: won[::-1], "the largest amount is not first"),
        (lambda won: won.amount, "there is no table won yet"),
    ],
)
def test_another_table_of_who_buys_is_told_what_is_wrong_with_it(
    course: Course, closed: pa.Table, file: Path, change: Change, said: str
) -> None:
    assert said in missing(course.check(3, {"file": file, "won": change(asked(closed).df())}))


def test_who_buys_is_asked_of_the_file_which_has_to_be_there(course: Course) -> None:
    assert "do exercise 2 first" in missing(course.check(3, {"won": pd.DataFrame()}))
