"""Selection: what a query selects, spelled and typed as the org describes it; what is not understood is no error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfmtls_nb.query import DescribeSObjectResult, parse_selection
from sfmtls_nb.query.soql import columns_of
from sfmtls_nb.values import Column

ORG = {
    "account": DescribeSObjectResult(
        "Account",
        {"Id": "id", "Name": "string", "Size": "int", "Revenue": "currency", "Region__c": "picklist"},
        {"Owner": ("Group", "User"), "Parent": ("Account",)},
        {"Contacts": "Contact"},
    ),
    "contact": DescribeSObjectResult("Contact", {"LastName": "string", "Born": "date"}, {"Account": ("Account",)}, {}),
    "group": DescribeSObjectResult("Group", {"Name": "string"}, {}, {}),
    "user": DescribeSObjectResult("User", {"Name": "string", "IsActive": "boolean"}, {}, {}),
}


def columns(soql: str) -> tuple[Column, ...] | None:
    selection = parse_selection(soql)
    return columns_of(selection, lambda name: ORG.get(name.casefold())) if selection else None


@pytest.mark.parametrize(
    ("soql", "expected"),
    [
        ("SELECT Id, Size FROM Account", [Column("Id", "string"), Column("Size", "int")]),
        ("select id,SIZE from account", [Column("Id", "string"), Column("Size", "int")]),
        ("SELECT Name FROM Account WHERE Name = 'SELECT a FROM (b,'", [Column("Name", "string")]),
        ("SELECT Name FROM Account WHERE Name = 'it\\'s' ORDER BY Name, Id LIMIT 1", [Column("Name", "string")]),
        ("SELECT Parent.Parent.Revenue FROM Account", [Column("Parent.Parent.Revenue", "double")]),
        ("SELECT owner.isactive FROM Account", [Column("Owner.IsActive", "boolean")]),
        ("SELECT a.Name, a.Parent.Size FROM Account a", [Column("Name", "string"), Column("Parent.Size", "int")]),
        ("SELECT a.Name FROM Account AS a WHERE Size > 1", [Column("Name", "string")]),
        ("SELECT Account.Name FROM Account", [Column("Name", "string")]),
        ("SELECT Account.Name FROM Contact", [Column("Account.Name", "string")]),
        ("SELECT (SELECT Born FROM contacts) FROM Account", [Column("Contacts", None, (Column("Born", "date"),))]),
        ("SELECT COUNT() FROM Account", []),
        ("SELECT COUNT(Id), SUM(Size) s, MAX(Born) FROM Contact", None),
        ("SELECT FIELDS(CUSTOM), Id FROM Account", [Column("Region__c", "string"), Column("Id", "string")]),
        ("SELECT toLabel(Region__c) FROM Account", [Column("Region__c", "string")]),
        ("SELECT FORMAT(Revenue) shown FROM Account", [Column("shown", "string")]),
        ("SELECT FORMAT(convertCurrency(Revenue)) FROM Account", []),
        (
            "SELECT DISTANCE(Place, GEOLOCATION(1, 2), 'km'), Name FROM Account",
            [Column("expr0", "double"), Column("Name", "string")],
        ),
        ("SELECT NoSuch, No.Such FROM Account", [Column("NoSuch"), Column("No.Such")]),
        ("SELECT Name FROM NoSuch", [Column("Name")]),
    ],
)
def test_a_query_selects_columns(soql: str, expected: list[Column] | None) -> None:
    if expected is None:
        expected = [Column("expr0", "int"), Column("s", "double"), Column("expr1", "date")]
    assert tuple(expected) == columns(soql)


@pytest.mark.parametrize(
    ("soql", "names"),
    [
        ("SELECT Account.Name, COUNT(LastName) FROM Contact GROUP BY Account.Name", ["Name", "expr0"]),
        ("SELECT Account.Name n, COUNT(LastName) c FROM Contact GROUP BY Account.Name", ["n", "c"]),
        ("SELECT LastName FROM Contact GROUP BY LastName", ["LastName"]),
        ("SELECT CALENDAR_YEAR(Born), COUNT(Id) FROM Contact GROUP BY CALENDAR_YEAR(Born)", ["expr0", "expr1"]),
        ("SELECT FORMAT(MAX(Born)), COUNT(Id) FROM Contact", ["expr0", "expr1"]),
    ],
)
def test_an_aggregate_has_the_names_that_the_org_gives_it(soql: str, names: list[str]) -> None:
    assert names == [column.name for column in columns(soql) or ()]


@pytest.mark.parametrize(
    "soql",
    [
        "",
        "SELECT",
        "SELECT FROM Account",
        "SELECT Id",
        "SELECT Id FROM",
        "SELECT (SELECT Id FROM Contacts FROM Account",
        "SELECT Id FROM Account)",
        "SELECT TYPEOF Owner WHEN User Name END FROM Account",
        "SELECT c.LastName, a.Name FROM Contact c, c.Account a",
        "FIND {x}",
    ],
)
def test_what_is_not_understood_is_none(soql: str) -> None:
    assert None is parse_selection(soql)


@given(st.lists(st.sampled_from([*"(),'. \\", "SELECT ", " FROM ", "Id", "x.y", "COUNT", " ü", "GROUP BY"])))
def test_no_text_is_an_error(parts: list[str]) -> None:
    columns("".join(parts))
