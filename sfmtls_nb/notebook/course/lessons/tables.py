"""The exercises of “Tables”."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from numbers import Real
from typing import TYPE_CHECKING, Any, Final

from sfmtls_nb.notebook.course.exercises import Exercise, Point, Work, is_text
from sfmtls_nb.practice.data import SCHEMA

if TYPE_CHECKING:
    import pandas as pd

#: Last names of the practice org's contacts, and how many have them: the same at each start.
_NAMES: Final = {"O'Neill": 3, "O'Brannock": 5}
_SHIPMENT: Final = "Shipments__r"
_NUMBER: Final = re.compile(r"SH-\d{6}")
#: The number of shipments that belong to an account.
_SENT: Final = 94


def _table(work: Work, name: str) -> tuple[pd.DataFrame | None, Point]:
    """The learner's table of that name, if its columns can be told apart; and the point that is made of it."""
    import pandas as pd  # noqa: PLC0415  # loaded when it is used

    found = work.value(name)
    if found is None:
        return None, Point(False, "", f"there is no variable {name} yet")
    if not isinstance(found, pd.DataFrame):
        return None, Point(False, "", f"{name} is no DataFrame: it is {type(found).__name__}")
    twice = ", ".join(map(str, found.columns[found.columns.duplicated()].unique()))
    if twice:
        return None, Point(False, "", f"{name} has more than one column {twice}, so they cannot be told apart")
    return found, Point(True, f"{name} is a DataFrame", "")


def _has_columns(table: pd.DataFrame, name: str, wanted: tuple[str, ...]) -> Point:
    lacking = [column for column in wanted if column not in table.columns]
    return Point(
        not lacking,
        f"it has the columns that were asked for: {', '.join(wanted)}",
        f"{name} has no column {', '.join(lacking)}; it has {', '.join(map(str, table.columns)) or 'none'}",
    )


def _sobjects_of_this_org(work: Work) -> Iterator[Point]:
    objects, table = _table(work, "objects")
    yield table
    if objects is not None:
        named = sorted(map(str, objects["name"])) if "name" in objects else []
        yield Point(
            named == sorted(SCHEMA),
            f"it has a row for each of the {len(SCHEMA)} sObjects",
            f"an answer to describeGlobal holds {len(SCHEMA)} elements sobjects; objects has {len(objects)} rows"
            + ("" if "name" in objects else " and no column name"),
        )
    custom, own = next(each.name for each in SCHEMA.values() if each.custom), work.value("own")
    yield Point(
        is_text(own, custom),
        f"own is the sObject that the org has made for itself: {custom}",
        "there is no variable own yet"
        if own is None
        else "own is not the name of the sObject whose custom is true"
        if isinstance(own, str)
        else f"own is no text: it is {type(own).__name__}",
    )


def _several_names(work: Work) -> Iterator[Point]:
    people, table = _table(work, "people")
    yield table
    if people is None:
        return
    columns = _has_columns(people, "people", ("LastName", "Email"))
    yield columns
    if not columns.done:
        return
    found = people["LastName"].value_counts().to_dict()
    others = ", ".join(str(name) for name in found if name not in _NAMES)
    yield Point(not others, "it holds nobody else", f"people holds others too: {others}")
    for name, number in _NAMES.items():
        yield Point(
            found.get(name, 0) == number,
            f"it holds all who are called {name}: {number}",
            f"of those who are called {name} it holds {found.get(name, 0)} of {number}",
        )


def _on_its_way(work: Work) -> Iterator[Point]:
    import pandas as pd  # noqa: PLC0415  # loaded when it is used

    shipments, table = _table(work, "shipments")
    yield table
    if shipments is None:
        return
    if _SHIPMENT in shipments:
        yield Point(False, "", f"{_SHIPMENT} holds a table in each cell; a row for each child is what --explode makes")
        return
    # Columns may be called as --explode calls them, or otherwise: what holds the shipments' names is known by these.
    number = next((column for _, column in shipments.items() if any(map(_is_a_number, column))), None)
    number = shipments.get(f"{_SHIPMENT}.Name", number)
    weight, delivered = (
        shipments.get(f"{_SHIPMENT}.{name}", shipments.get(name)) for name in ("Weight__c", "Delivered_At__c")
    )
    of_shipments = {"the shipments' Name": number, "Weight__c": weight, "Delivered_At__c": delivered}
    lacking = [name for name, column in of_shipments.items() if column is None]
    if "Name" not in shipments or len(shipments.columns) <= len(of_shipments) - len(lacking):
        lacking.insert(0, "the accounts' Name")
    yield Point(
        not lacking,
        "it has the columns that were asked for",
        f"shipments lacks {', '.join(lacking)}; it has {', '.join(map(str, shipments.columns)) or 'no column'}",
    )
    if number is None or weight is None or delivered is None or lacking:
        return
    rows, different = int(number.count()), number.nunique()
    yield Point(
        rows == different == _SENT,
        "there is a row for each of the accounts' shipments",
        f"it has {different} of {_SENT} shipments, in {rows} rows: take those of all accounts, without LIMIT and WHERE",
    )
    waiting = float(pd.to_numeric(weight[delivered.isna()], errors="coerce").sum())
    given: Any = work.value("underway")
    close = isinstance(given, Real) and math.isclose(given, waiting, abs_tol=0.5)  # rounded is right, too
    yield Point(
        close,
        f"underway is what these weigh together: {waiting:,.3f} kg",
        "there is no variable underway yet"
        if given is None
        else f"underway is not what the rows without a Delivered_At__c weigh together: it is {str(given)[:40]}",
    )


def _is_a_number(value: object) -> bool:
    """True if it is a name as the shipments of this org have it."""
    return isinstance(value, str) and bool(_NUMBER.fullmatch(value))


EXERCISES: Final = (
    Exercise(
        "the sObjects of this org",
        _sobjects_of_this_org,
        (
            "Do as with describeSObject, but without a parameter; keep the answer, and take a table out of it.",
            'An operation without parameters may stand on the line: %sf_soap everything << describeGlobal. Then .frame(".//…").',
            'objects = everything.frame(".//sobjects"); own is the name in the row where custom is "true".',
        ),
    ),
    Exercise(
        "several names at once",
        _several_names,
        (
            "The braces take a variable, also one that holds a list.",
            "WHERE LastName IN {{names}}, without brackets and quotes around the braces.",
            """names = ["O'Neill", …] in one cell; in the next %%sf_soql people << and, below it, """
            "SELECT LastName, Email FROM Contact WHERE LastName IN {{names}}",
        ),
    ),
    Exercise(
        "what is on its way",
        _on_its_way,
        (
            "It is the query of the cell above, with another relationship, and without a LIMIT.",
            "%%sf_soql shipments << --explode Shipments__r; the subquery is (SELECT Name, … FROM Shipments__r).",
            'underway = shipments.loc[shipments["Shipments__r.Delivered_At__c"].isna(), "Shipments__r.Weight__c"].sum()',
        ),
    ),
)
