"""Bulk rows of the table: results over TLS, against the bare stream with pyarrow's CSV, and against simple-salesforce."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING, Any, get_args

import pandas as pd
from measuring import NotYetError, Ratio, Sizes, compared, has
from others import bare, simple_salesforce
from recorded import FIELDS, VERSION, Recording, soql
from recorded_org import RecordedOrg, serving
from replayed import replayed

from sfmtls_nb import QueryResult, Session
from sfmtls_nb.query import Api

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = 10


def query(session: Session) -> QueryResult:
    if "bulk" not in get_args(Api):
        raise NotYetError('no api="bulk"')
    api: Any = "bulk"
    return session.query(soql(COLUMNS), api=api)


def arrow_over_bare_stream(sizes: Sizes) -> Ratio:
    with serving("bulk", sizes.most, COLUMNS) as org, org.session() as session:
        has(query(session), "to_arrow")
        return compared(lambda: query(session).to_arrow(), lambda: by_pyarrow(org), sizes.fewer)


def frame_over_simple_salesforce(sizes: Sizes) -> Ratio:
    with serving("bulk", sizes.most, COLUMNS) as org, org.session() as session:
        query(session)
        other = simple_salesforce(org)
        return compared(lambda: query(session).to_frame(), lambda: by_simple_salesforce(other), sizes.fewer)


def most_over_few(sizes: Sizes) -> Ratio:
    """Per row."""
    few, most = (replayed(Recording(records, COLUMNS)) for records in (sizes.few, sizes.most))
    return compared(
        lambda: query(most).to_frame(),
        lambda: [len(query(few).to_frame()) for _ in range(sizes.most // sizes.few)],
        sizes.fewer,
    )


# ---------------------------------------------------------------- the others


def results(org: RecordedOrg) -> Iterator[bytes]:
    """The job's pages of CSV, one after the other, by requests alone."""
    with bare(org) as session:
        url = f"{org.url}/services/data/v{VERSION}/jobs/query"
        job = session.post(url, json={"operation": "query", "query": soql(COLUMNS)}).json()["id"]
        assert "JobComplete" == session.get(f"{url}/{job}").json()["state"]
        locator = ""
        while locator != "null":
            page = session.get(f"{url}/{job}/results", params={"locator": locator} if locator else None)
            locator = page.headers["Sforce-Locator"]
            yield page.content


def by_pyarrow(org: RecordedOrg) -> pa.Table:
    """The types are given: all that is left to do is reading."""
    import pyarrow as pa
    from pyarrow import csv

    types = {
        "currency": pa.float64(),
        "int": pa.int64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "datetime": pa.timestamp("ms", "UTC"),
    }
    options = csv.ConvertOptions(
        column_types={field.name: types.get(field.type, pa.string()) for field in FIELDS[:COLUMNS]},
        null_values=[""],
        strings_can_be_null=True,
    )
    return pa.concat_tables(csv.read_csv(pa.BufferReader(page), convert_options=options) for page in results(org))


def by_simple_salesforce(other: Any) -> pd.DataFrame:
    """Zip codes lose their zeros, and dates stay texts: so it is meant to be used, but it is less than ours gives."""
    return pd.concat(pd.read_csv(StringIO(page)) for page in other.bulk2.Contact.query(soql(COLUMNS), wait=0))
