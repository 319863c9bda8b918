"""REST rows of the table: over TLS against simple-salesforce, and from memory against a bare parser."""

from __future__ import annotations

from functools import partial

import pandas as pd
from measuring import Ratio, Sizes, compared, has
from others import simple_salesforce
from recorded import FIELDS, Recording, soql
from recorded_org import serving
from replayed import replayed


def many_over_simple_salesforce(sizes: Sizes) -> Ratio:
    with serving("rest", sizes.many, len(FIELDS)) as org, org.session() as session:
        other = simple_salesforce(org)
        return compared(
            lambda: session.query(soql(), api="rest").to_frame(),
            lambda: pd.DataFrame(other.query_all(soql())["records"]),
            sizes.fewer,
        )


def page_over_orjson(sizes: Sizes) -> Ratio:
    import orjson  # not there in each row

    recording = Recording(sizes.page)
    session = replayed(recording)
    has(session.query(soql(), api="rest"), "to_arrow")
    return compared(
        lambda: session.query(soql(), api="rest").to_arrow(), partial(orjson.loads, recording.rest(0)), sizes.rounds
    )


def most_over_few(sizes: Sizes) -> Ratio:
    """Per row. Five pages of records come again and again: that many bytes need not be kept."""
    few, most = (replayed(Recording(records, distinct=5)) for records in (sizes.few, sizes.most))
    return compared(
        lambda: most.query(soql(), api="rest").to_frame(),
        lambda: [len(few.query(soql(), api="rest").to_frame()) for _ in range(sizes.most // sizes.few)],
        max(1, sizes.rounds // 12),
    )
