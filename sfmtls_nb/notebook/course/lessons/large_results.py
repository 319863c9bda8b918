"""The exercises of “Large results”."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sfmtls_nb.notebook.course.exercises import Exercise, Point, Work
from sfmtls_nb.query import Progress, QueryResult

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Contacts of the org that the lesson starts, its opportunities, and those of them that are closed: the same at each start.
_CONTACTS: Final = 60_000
_DEALS: Final = 10_000
_CLOSED: Final = 5_656
_COLUMNS: Final = ("Id", "StageName", "Amount", "CloseDate", "Account.Industry")
#: The beginnings of what Arrow calls numbers with a fraction, and days.
_TYPES: Final = {"Amount": ("double", "float", "decimal"), "CloseDate": ("date", "timestamp")}


def _large_org(work: Work) -> Point:
    found = work.practice.records
    return Point(
        found == _CONTACTS,
        f"the org has {_CONTACTS:,} contacts",
        f"this org has {found:,} contacts: run the cell with %sf_practice --records {_CONTACTS}",
    )


def _by_a_job(work: Work) -> Iterator[Point]:
    yield _large_org(work)
    deals = work.named("deals", QueryResult)
    yield Point(
        deals is not None and deals.api == "bulk",
        "deals came by a Bulk job",
        'deals is no result of a query yet: deals = session.query("…", api="bulk", …)'
        if deals is None
        else f'deals came by {deals.api.upper()}; api="bulk" asks for a job',
    )
    if deals is None:
        return
    yield Point(
        deals.size == _DEALS and bool(work.requests(operation="POST jobs/query", status=200)),
        f"the org was asked for a job, and found the {_DEALS:,} opportunities",
        f"deals has {deals.size:,} records; there are {_DEALS:,} opportunities",
    )
    news = work.value("news")
    told = [each for each in news if isinstance(each, Progress)] if isinstance(news, list) else []
    yield Point(
        bool(told),
        "news holds what the job reported",
        "there is no list news that holds the reports: progress=news.append puts each into it",
    )
    calls = work.value("calls")
    yield Point(
        isinstance(calls, int) and calls in {each.calls for each in told if each.state == "fetching"},
        f"calls is the number of API calls that it took: {calls}",
        "there is no variable calls yet" if calls is None else "calls is not what the last report in news says",
    )


def _a_file_of_what_is_closed(work: Work) -> Iterator[Point]:
    import pyarrow.parquet as pq  # noqa: PLC0415  # an extra, loaded when it is used

    yield _large_org(work)
    path = _path(work)
    yield Point(
        path is not None,
        f"file is a file: {path}",
        "there is no variable file yet that names a file: to_parquet gives the path back",
    )
    if path is None:
        return
    try:
        found = pq.read_table(path)
    except (OSError, ValueError) as error:  # the second is ArrowInvalid
        yield Point(False, "", f"it is no Parquet file: {str(error)[:80]}")
        return
    lacking = [name for name in _COLUMNS if name not in found.column_names]
    yield Point(
        not lacking,
        f"it has the columns {', '.join(_COLUMNS)}",
        f"it has no column {', '.join(lacking)}; it has {', '.join(found.column_names)}",
    )
    if lacking:
        return
    types = {name: str(found.schema.field(name).type) for name in _TYPES}
    wrong = [f"{name} is {types[name]}" for name, wanted in _TYPES.items() if not types[name].startswith(wanted)]
    yield Point(not wrong, "its amounts are numbers, and its days are days", f"its types are not: {', '.join(wrong)}")
    stages = set(found["StageName"].to_pylist())
    yield Point(
        found.num_rows == _CLOSED and stages == {"Closed Won", "Closed Lost"},
        f"it holds the {_CLOSED:,} closed ones",
        f"it holds {found.num_rows:,} records, in the stages {', '.join(map(str, sorted(stages)))}; "
        f"{_CLOSED:,} are closed: WHERE IsClosed = true",
    )


def _path(work: Work) -> Path | None:
    """The learner's file; None where there is none."""
    given = work.value("file")
    path = Path(given) if isinstance(given, str | Path) else None
    return path if path and path.is_file() else None


def _which_industry_buys(work: Work) -> Iterator[Point]:
    path, won = _path(work), _as_frame(work.value("won"))
    yield Point(path is not None, "it begins with the file of exercise 2", "do exercise 2 first: it asks its file")
    yield Point(
        won is not None,
        "won is a table",
        "there is no table won yet: a DataFrame, what duckdb.sql gives, or a frame of polars",
    )
    if path is None or won is None:
        return
    wanted = ("industry", "deals", "amount")
    lacking = [name for name in wanted if name not in won]
    yield Point(
        not lacking,
        f"it has the columns {', '.join(wanted)}",
        f"it has no column {', '.join(lacking)}; it has {', '.join(map(str, won.columns))}",
    )
    if lacking:
        return
    # Those without an account have no industry: a row of its own by SQL and polars, and none by pandas.
    found = {row.industry: (row.deals, row.amount) for row in won.dropna(subset="industry").itertuples()}
    expected = _won_in(path)
    yield Point(
        found.keys() == expected.keys() and len(won) <= len(expected) + 1,
        f"it has a row for each of the {len(expected)} industries",
        f"it has {len(won)} rows, and the file has {len(expected)} industries",
    )
    off = [name for name, (deals, amount) in expected.items() if not _is_like(found.get(name), deals, amount)]
    yield Point(
        not off,
        "each has its number of won deals, and their amount",
        f"not so many deals, or not this amount: {', '.join(off[:3])}; count those with StageName Closed Won alone",
    )
    amounts = [float(each) for each in won.dropna(subset="industry")["amount"]]
    yield Point(amounts == sorted(amounts, reverse=True), "the largest stand first", "the largest amount is not first")


def _as_frame(table: Any) -> pd.DataFrame | None:
    """A table of pandas, DuckDB, polars or Arrow as a DataFrame; None for anything else."""
    import pandas as pd  # noqa: PLC0415  # loaded when it is used

    for name in ("df", "to_pandas"):
        if callable(make := getattr(table, name, None)):
            table = make()
            break
    return table if isinstance(table, pd.DataFrame) else None


def _won_in(path: Path) -> dict[str, tuple[int, float]]:
    """The won deals in the learner's file: by industry how many, and their amount."""
    import pyarrow.compute as pc  # noqa: PLC0415  # an extra, loaded when it is used
    import pyarrow.parquet as pq  # noqa: PLC0415

    table: pa.Table = pq.read_table(path).filter(pc.field("StageName") == "Closed Won")
    grouped = table.group_by("Account.Industry").aggregate([("Id", "count"), ("Amount", "sum")])
    return {
        row["Account.Industry"]: (row["Id_count"], float(row["Amount_sum"] or 0))
        for row in grouped.to_pylist()
        if row["Account.Industry"] is not None
    }


def _is_like(found: tuple[Any, Any] | None, deals: int, amount: float) -> bool:
    return (
        found is not None and found[0] == deals and math.isclose(found[1], amount, abs_tol=1)
    )  # rounded is right, too


EXERCISES: Final = (
    Exercise(
        "by a job, on purpose",
        _by_a_job,
        (
            'api="bulk" leaves no choice. A list has a function that takes one thing: append.',
            "progress=news.append puts each report into the list news; the last one is news[-1].",
            'news = []; deals = session.query("SELECT … FROM Opportunity", api="bulk", progress=news.append); '
            "calls = news[-1].calls",
        ),
    ),
    Exercise(
        "a file of what is closed",
        _a_file_of_what_is_closed,
        (
            "It is one query, and one method of its result, which gives back the path.",
            "WHERE IsClosed = true; the industry is the account's, so a dot leads to it: Account.Industry.",
            'file = session.query("SELECT Id, StageName, Amount, CloseDate, Account.Industry FROM Opportunity WHERE …")'
            '.to_parquet("closed.parquet")',
        ),
    ),
    Exercise(
        "which industry buys",
        _which_industry_buys,
        (
            "Filter by StageName first; then a row for each industry: count them, and sum the amounts.",
            'In DuckDB a name with a dot in it stands between double quotes: "Account.Industry" AS industry.',
            "SELECT … AS industry, count(*) AS deals, sum(Amount) AS amount FROM 'closed.parquet' WHERE StageName = "
            "'Closed Won' GROUP BY ALL ORDER BY amount DESC",
        ),
    ),
)
