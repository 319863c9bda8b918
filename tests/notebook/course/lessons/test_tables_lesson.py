"""The exercises of “Tables”: which work counts, and what is said of other work."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
import pytest
from course_work import missing, opened, signed_in

from sfmtls_nb.notebook.workspace import Workspace

pytest_plugins = ["course_fixtures"]

#: What --explode puts before the names of the shipments' columns.
CHILD = "Shipments__r."
Change = Callable[[pd.DataFrame], pd.DataFrame]


class OnItsWay(NamedTuple):
    """The shipments of all accounts, and what those weigh together that have not been delivered."""

    found: pd.DataFrame
    weigh: float


@pytest.fixture
def on_its_way(workspace: Workspace) -> OnItsWay:
    with signed_in(workspace) as session:
        found = session.query(
            "SELECT Name, (SELECT Name, Weight__c, Delivered_At__c FROM Shipments__r) FROM Account"
        ).to_frame(explode="Shipments__r")
    return OnItsWay(found, found.loc[found[f"{CHILD}Delivered_At__c"].isna(), f"{CHILD}Weight__c"].sum())


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    "change",
    [
        lambda found: found,
        lambda found: found.dropna(subset=[f"{CHILD}Name"]),
        lambda found: found.rename(columns={CHILD + name: name for name in ("Weight__c", "Delivered_At__c")}),
        lambda found: found.rename(columns={"Name": "Account"}).rename(columns=lambda name: name.removeprefix(CHILD)),
        lambda found: found.rename(columns={f"{CHILD}Name": "Shipment"})[::-1],
        lambda found: found.astype(object).assign(Id=range(len(found))),
    ],
)
def test_what_is_on_its_way_may_be_a_table_of_any_kind_with_all_shipments(
    workspace: Workspace, on_its_way: OnItsWay, change: Change
) -> None:
    course = opened(workspace, "tables")
    assert missing(course.check(3, {"shipments": change(on_its_way.found), "underway": round(on_its_way.weigh)})) == ""


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found[:20], " of 94 shipments, in "),
        (lambda found: found[:0], "it has 0 of 94 shipments, in 0 rows: take those of all accounts"),
        (lambda found: pd.concat([found, found]), "it has 94 of 94 shipments, in 188 rows"),
        (lambda found: found.drop(columns="Name"), "lacks the accounts' Name; it has Shipments__r.Name"),
        (lambda found: found.rename(columns={"Name": "Id"}), "lacks the accounts' Name; it has Id"),
        (lambda found: found.drop(columns=f"{CHILD}Name"), "lacks the shipments' Name; it has Name"),
        (lambda found: found[["Name"]], "lacks the shipments' Name, Weight__c, Delivered_At__c; it has Name"),
        (lambda found: found.rename(columns=lambda name: name.removeprefix(CHILD)), "more than one column Name"),
        (
            lambda found: found.drop(columns="Name").rename(columns=lambda name: name.removeprefix(CHILD)),
            "lacks the accounts' Name; it has Name",
        ),
    ],
)
def test_another_table_of_shipments_is_told_what_it_lacks(
    workspace: Workspace, on_its_way: OnItsWay, change: Change, said: str
) -> None:
    course = opened(workspace, "tables")
    assert said in missing(course.check(3, {"shipments": change(on_its_way.found), "underway": on_its_way.weigh}))


@pytest.mark.usefixtures("progress")
def test_another_weight_is_not_what_is_on_its_way(workspace: Workspace, on_its_way: OnItsWay) -> None:
    course, given = opened(workspace, "tables"), on_its_way.weigh + 1
    said = missing(course.check(3, {"shipments": on_its_way.found, "underway": given}))
    assert f"weigh together: it is {given}" in said


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(("number", "name"), [(1, "objects"), (2, "people"), (3, "shipments")])
def test_tables_side_by_side_are_told_that_they_are(workspace: Workspace, number: int, name: str) -> None:
    page = pd.DataFrame({"Id": ["1"], "name": ["x"], "LastName": ["x"], "Email": ["x"]})
    course = opened(workspace, "tables")
    said = missing(course.check(number, {name: pd.concat([page, page], axis=1)}))
    assert f"{name} has more than one column Id, name, LastName, Email" in said
    assert f"{name} has more than one column" not in missing(course.check(number, {name: page}))
