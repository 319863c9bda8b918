"""Progress: a bar below a cell while a query is read, and before that the state of its Bulk job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tqdm.auto import tqdm

from sfmtls_nb.connection import Exchange
from sfmtls_nb.frame import Frame
from sfmtls_nb.query import Api, Progress
from sfmtls_nb.session import Session

if TYPE_CHECKING:
    import pandas as pd


def read_frame(
    session: Session, soql: str, api: Api | Literal["auto"], explode: str | None, *, deleted: bool
) -> tuple[pd.DataFrame, Exchange | None]:
    """The DataFrame of a query, and the newest call for it; a bar shows how far it is, if that takes more than half a second.

    The bar tells also the calls that a Bulk job takes, and that the org's limit of them is near; auto says what it chose.
    """
    # Before the first page there is nothing to measure by: words alone.
    bar = tqdm(bar_format="{desc}", delay=0.5, leave=False)

    def show(progress: Progress) -> None:
        bar.set_description_str(str(progress))

    with bar:
        found = session.query(soql, api=api, deleted=deleted, progress=show)
    if found.why:
        print(found.why)
    # What a job reports has all numbers in it: with more of them there would be no room for the bar.
    look = "{desc} {bar} {percentage:.0f} %" if found.api == "bulk" else None
    bar = tqdm(total=found.size, unit="record", delay=0.5, leave=False, dynamic_ncols=True, bar_format=look)
    with bar:
        frame = Frame(found.columns)
        for page in found.pages():
            frame.add(page)
            bar.update(page.rows)
        return frame.finished(explode), found.exchange
