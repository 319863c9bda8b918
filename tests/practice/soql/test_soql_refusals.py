"""What is refused: with which code, at which place, in which words."""

# ruff: noqa: S608  # what looks like SQL is SOQL

from __future__ import annotations

import pytest
from asking import refusal

_NO_COLUMN = (
    "No such column '{}' on entity '{}'. If you are attempting to use a custom field, be sure to append the '__c' after "
    "the custom field name. Please reference your WSDL or the describe call for the appropriate names."
)
_NO_PARENT = (
    "Didn't understand relationship '{}' in field path. If you are attempting to use a custom relationship, be sure to "
    "append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the "
    "appropriate names."
)

REFUSALS = [
    ("SELECT Id, Foo FROM Contact", "INVALID_FIELD", 12, _NO_COLUMN.format("Foo", "Contact")),
    ("SELECT Id FROM Contact WHERE Foo = 1", "INVALID_FIELD", 30, _NO_COLUMN.format("Foo", "Contact")),
    ("SELECT Id FROM Contact ORDER BY Foo", "INVALID_FIELD", 33, _NO_COLUMN.format("Foo", "Contact")),
    ("SELECT Account.Foo FROM Contact", "INVALID_FIELD", 8, _NO_COLUMN.format("Foo", "Account")),
    ("SELECT COUNT(Foo) FROM Contact", "INVALID_FIELD", 14, _NO_COLUMN.format("Foo", "Contact")),
    ("SELECT Foo.Name FROM Contact", "INVALID_FIELD", 8, _NO_PARENT.format("Foo")),
    ("SELECT Shipment__c.Name FROM Contact", "INVALID_FIELD", 8, _NO_PARENT.format("Shipment__c")),
    ("SELECT Id, (SELECT Foo FROM Contacts) FROM Account", "INVALID_FIELD", 20, _NO_COLUMN.format("Foo", "Contact")),
    (
        "SELECT Id FROM Foo",
        "INVALID_TYPE",
        16,
        "sObject type 'Foo' is not supported. If you are attempting to use a custom object, be sure to append the '__c' "
        "after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
    ),
    (
        "SELECT Id FROM Contact WHERE Id IN (SELECT Id FROM Foo)",
        "INVALID_TYPE",
        52,
        "sObject type 'Foo' is not supported",
    ),
    (
        "SELECT (SELECT Id FROM Foos) FROM Account",
        "INVALID_TYPE",
        24,
        "Didn't understand relationship 'Foos' in FROM part",
    ),
    ("SELECT (SELECT Id FROM Account) FROM Contact", "INVALID_TYPE", 24, "Didn't understand relationship 'Account' in"),
    ("SELECT Id FROM Contact WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", 35, "invalid ID field: x"),
    (
        "SELECT Id FROM Contact WHERE Id LIKE '003%'",
        "INVALID_QUERY_FILTER_OPERATOR",
        30,
        "invalid operator on id field",
    ),
    (
        "SELECT Id FROM Case WHERE IsClosed > true",
        "INVALID_QUERY_FILTER_OPERATOR",
        27,
        "invalid operator on boolean field",
    ),
    (
        "SELECT Id FROM Contact WHERE CreatedDate > '2026-01-01'",
        "INVALID_FIELD",
        44,
        "value of filter criterion for field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes",
    ),
    (
        "SELECT Id FROM Contact WHERE CreatedDate > 2026-01-01",
        "INVALID_FIELD",
        44,
        "must be of type dateTime and should not",
    ),
    ("SELECT Id FROM Contact WHERE Birthdate > 2026-01-01T00:00:00Z", "INVALID_FIELD", 42, "must be of type date and"),
    (
        "SELECT Id FROM Contact WHERE LastName = 5",
        "INVALID_FIELD",
        41,
        "must be of type string and should be enclosed in",
    ),
    (
        "SELECT Id FROM Contact WHERE LastName = TODAY",
        "INVALID_FIELD",
        41,
        "must be of type string and should be enclosed",
    ),
    (
        "SELECT Id FROM Opportunity WHERE Amount = '5'",
        "INVALID_FIELD",
        43,
        "must be of type double and should not be enclosed",
    ),
    (
        "SELECT Id FROM Case WHERE IsClosed = 'true'",
        "INVALID_FIELD",
        38,
        "must be of type boolean and should not be enclosed",
    ),
    (
        "SELECT Id FROM Contact WHERE AccountId = 1",
        "INVALID_FIELD",
        42,
        "must be of type ID and should be enclosed in quotes",
    ),
    (
        "SELECT Id FROM Contact WHERE Description = 'x'",
        "INVALID_FIELD",
        30,
        "field 'Description' can not be filtered in a",
    ),
    (
        "SELECT Id FROM Contact ORDER BY Description",
        "INVALID_FIELD",
        33,
        "field 'Description' can not be sorted in a query",
    ),
    (
        "SELECT COUNT(Id) FROM Contact GROUP BY CreatedDate",
        "INVALID_FIELD",
        40,
        "field 'CreatedDate' can not be grouped in",
    ),
    ("SELECT SUM(LastName) FROM Contact", "INVALID_FIELD", 8, "field LastName does not support aggregate operator SUM"),
    (
        "SELECT Id FROM Contact LIMIT 1 OFFSET 2001",
        "NUMBER_OUTSIDE_VALID_RANGE",
        -1,
        "Maximum SOQL offset allowed is 2000",
    ),
    (
        "SELECT FIELDS(ALL) FROM Contact",
        "MALFORMED_QUERY",
        -1,
        "The SOQL FIELDS function must have a LIMIT of at most 200",
    ),
    (
        "SELECT FIELDS(ALL) FROM Contact LIMIT 201",
        "MALFORMED_QUERY",
        -1,
        "FIELDS function must have a LIMIT of at most 200",
    ),
    ("SELECT FIELDS(SOME) FROM Contact LIMIT 1", "MALFORMED_QUERY", 8, "unexpected token: 'FIELDS'"),
    ("SELECT Id, id FROM Contact", "MALFORMED_QUERY", 12, "duplicate field selected: Id"),
    ("SELECT Account.Name, account.NAME FROM Contact", "MALFORMED_QUERY", 22, "duplicate field selected: Account.Name"),
    ("SELECT Id LastName FROM Contact", "MALFORMED_QUERY", 11, "only aggregate expressions use field aliasing"),
    ("SELECT LastName, COUNT(Id) FROM Contact", "MALFORMED_QUERY", 8, "Field must be grouped or aggregated: LastName"),
    (
        "SELECT LastName FROM Contact GROUP BY FirstName",
        "MALFORMED_QUERY",
        8,
        "Field must be grouped or aggregated: LastName",
    ),
    ("SELECT COUNT(Id) n, COUNT(Name) N FROM Contact", "MALFORMED_QUERY", 33, "duplicate alias: N"),
    (
        "SELECT COUNT(Id) FROM Contact LIMIT 1",
        "MALFORMED_QUERY",
        -1,
        "overall aggregate functions cannot also use LIMIT",
    ),
    ("SELECT COUNT(Id) FROM Contact ORDER BY COUNT(Id)", "MALFORMED_QUERY", -1, "cannot also use ORDER BY"),
    ("SELECT COUNT(), Id FROM Contact", "MALFORMED_QUERY", 8, "COUNT() stands alone"),
    (
        "SELECT (SELECT COUNT(Id) FROM Contacts) FROM Account",
        "MALFORMED_QUERY",
        9,
        "only root queries support aggregate",
    ),
    ("SELECT Id FROM Contact HAVING COUNT(Id) > 1", "MALFORMED_QUERY", -1, "HAVING needs a GROUP BY"),
    ("SELECT Id FROM Contact WHERE COUNT(Id) > 1", "MALFORMED_QUERY", 30, "unexpected token: 'COUNT'"),
    (
        "SELECT CALENDAR_YEAR(CreatedDate) FROM Contact",
        "MALFORMED_QUERY",
        8,
        "Field must be grouped or aggregated: CALENDAR_YEAR(CreatedDate)",
    ),
    ("SELECT A.B.C.D.E.F.G FROM Contact", "MALFORMED_QUERY", 8, "cannot have more than 5 levels"),
    (
        "SELECT Id FROM Contact WHERE FirstName = 'a' AND LastName = 'b' OR LastName = 'c'",
        "MALFORMED_QUERY",
        65,
        "unexpected token: 'OR'",
    ),
    (
        "SELECT Id FROM Contact WHERE FirstName = 'a' OR LastName = 'b' AND LastName = 'c'",
        "MALFORMED_QUERY",
        64,
        "unexpected token: 'AND'",
    ),
    ("", "MALFORMED_QUERY", 1, "unexpected token: '<EOF>'"),
    ("SELECT", "MALFORMED_QUERY", 7, "unexpected token: '<EOF>'"),
    ("SELECT Id", "MALFORMED_QUERY", 10, "unexpected token: '<EOF>'"),
    ("SELECT Id FROM Contact WHERE", "MALFORMED_QUERY", 29, "unexpected token: '<EOF>'"),
    ("SELECT * FROM Contact", "MALFORMED_QUERY", 8, "unexpected character: '*'"),
    ("SELECT Id FROM Contact;", "MALFORMED_QUERY", 23, "unexpected character: ';'"),
    ("SELECT Id FROM Contact WHERE LastName = 'x", "MALFORMED_QUERY", 41, "unexpected character: '''"),
    ("SELECT Id FROM Contact WHERE LastName = :name", "MALFORMED_QUERY", 41, "unexpected token: ':'"),
    ("SELECT Id FROM Contact WHERE LastName = FirstName", "MALFORMED_QUERY", 41, "unexpected token: 'FirstName'"),
    ("SELECT Id FROM Contact WHERE LastName = 'a\\q'", "MALFORMED_QUERY", 41, "illegal escape sequence \\q"),
    ("SELECT Id FROM Contact WHERE Birthdate = 2026-02-30", "MALFORMED_QUERY", 42, "Invalid value"),
    ("SELECT Id FROM Contact WHERE CreatedDate = LAST_N_DAYS:x", "MALFORMED_QUERY", 56, "unexpected token: 'x'"),
    (
        "SELECT Id FROM Contact WHERE CreatedDate = LAST_N_DAYS:-1",
        "MALFORMED_QUERY",
        44,
        "unexpected token: 'LAST_N_DAYS'",
    ),
    ("SELECT Id FROM Contact WHERE CreatedDate = LAST_N_YEARS:9999", "MALFORMED_QUERY", 44, "Invalid value"),
    ("SELECT Id FROM Contact LIMIT -1", "MALFORMED_QUERY", 30, "unexpected token: '-1'"),
    ("SELECT Id FROM Contact LIMIT 1.5", "MALFORMED_QUERY", 30, "unexpected token: '1.5'"),
    ("SELECT Id FROM Contact LIMIT 1 ORDER BY Id", "MALFORMED_QUERY", 32, "unexpected token: 'ORDER'"),
    ("SELECT Id FROM Contact USING SCOPE mine", "MALFORMED_QUERY", 36, "USING SCOPE MINE is SOQL, but not simulated"),
    (
        "SELECT Id FROM Contact WITH DATA CATEGORY A__c AT b__c",
        "MALFORMED_QUERY",
        29,
        "WITH DATA CATEGORY is SOQL, but not simulated",
    ),
    ("SELECT Id FROM Contact ALL ROWS", "MALFORMED_QUERY", 28, "ALL ROWS not allowed in this context"),
    (
        "SELECT Id FROM Contact LIMIT 1 ALL ROWS",
        "MALFORMED_QUERY",
        32,
        "queryAll (SOAP, REST, Bulk) find deleted records",
    ),
    (
        "SELECT Id FROM Contact WHERE DISTANCE(MailingAddress, GEOLOCATION(1, 2), 'ly') < 3",
        "MALFORMED_QUERY",
        30,
        "It is DISTANCE(field, GEOLOCATION(latitude, longitude), 'mi' or 'km')",
    ),
    (
        "SELECT Id FROM Contact WHERE LeadSource INCLUDES ('Web;Other')",
        "INVALID_QUERY_FILTER_OPERATOR",
        30,
        "INCLUDES is for multi-select picklists: it is SOQL, but not simulated",
    ),
    ("SELECT Id FROM Opportunity WHERE Amount > USD5000", "MALFORMED_QUERY", 43, "is SOQL, but not simulated"),
    ("SELECT Id FROM Contact WHERE FORMAT(Birthdate) = 'x'", "MALFORMED_QUERY", 30, "FORMAT is not simulated in WHERE"),
    ("SELECT Id FROM Contact WHERE SQRT(Birthdate) = 2", "MALFORMED_QUERY", 30, "SQRT is not simulated in WHERE"),
    (
        "SELECT Id FROM Contact ORDER BY toLabel(LeadSource)",
        "MALFORMED_QUERY",
        33,
        "TOLABEL is not simulated in ORDER BY",
    ),
    (
        "SELECT Id FROM Contact ORDER BY COUNT(Id)",
        "MALFORMED_QUERY",
        33,
        "Field must be grouped or aggregated: COUNT(Id)",
    ),
    ("SELECT MAX(DAY_ONLY(CreatedDate)) FROM Contact", "MALFORMED_QUERY", 8, "'MAX'. It takes the name of one field"),
    (
        "SELECT Id FROM Contact WHERE HOUR_IN_DAY(Birthdate) = 2",
        "INVALID_FIELD",
        30,
        "Birthdate does not support the date",
    ),
    ("SELECT DISTANCE(MailingAddress, GEOLOCATION(91, 2), 'mi') FROM Contact", "MALFORMED_QUERY", 8, "It is DISTANCE("),
    (
        "SELECT DISTANCE(MailingAddress, GEOLOCATION('a', 2), 'mi') FROM Contact",
        "MALFORMED_QUERY",
        8,
        "It is DISTANCE(",
    ),
    ("SELECT DISTANCE(MailingAddress, 'mi') FROM Contact", "MALFORMED_QUERY", 8, "It is DISTANCE("),
    (
        "SELECT DISTANCE(Name, GEOLOCATION(1, 2), 'mi') FROM Contact",
        "INVALID_FIELD",
        8,
        "Name does not support DISTANCE",
    ),
    ("SELECT FORMAT(MailingAddress) FROM Contact", "INVALID_FIELD", 8, "MailingAddress does not support FORMAT"),
    ("SELECT toLabel(Birthdate) FROM Contact", "INVALID_FIELD", 8, "field Birthdate does not support toLabel"),
    (
        "SELECT convertCurrency(Birthdate) FROM Contact",
        "INVALID_FIELD",
        8,
        "Birthdate does not support convertCurrency",
    ),
    ("SELECT TYPEOF Owner WHEN Foo THEN Id END FROM Case", "INVALID_TYPE", 26, "sObject type 'Foo' is not supported"),
    ("SELECT TYPEOF Owner WHEN User THEN Foo END FROM Case", "INVALID_FIELD", 36, _NO_COLUMN.format("Foo", "User")),
    ("SELECT TYPEOF Foo WHEN User THEN Id END FROM Case", "INVALID_FIELD", 15, _NO_PARENT.format("Foo")),
    ("SELECT COUNT(Id), TYPEOF Owner WHEN User THEN Id END FROM Case", "MALFORMED_QUERY", 19, "subqueries or TYPEOF"),
    (
        "SELECT GROUPING(Type) FROM Case GROUP BY Type",
        "MALFORMED_QUERY",
        8,
        "GROUPING is only for queries with GROUP BY",
    ),
    (
        "SELECT COUNT(Id) FROM Case GROUP BY ROLLUP(Type, Status, Origin, Reason)",
        "MALFORMED_QUERY",
        1,
        "ROLLUP can have 3 fields at most",
    ),
    ("SELECT Id FROM Contact c, c.Foo f", "INVALID_FIELD", 27, _NO_PARENT.format("Foo")),
    ("DELETE FROM Contact", "MALFORMED_QUERY", 1, "unexpected token: 'DELETE'"),
    (
        "SELECT Id FROM Account WHERE Name = 'x' OR Id IN (SELECT AccountId FROM Contact)",
        "MALFORMED_QUERY",
        51,
        "Semi join sub-selects are not allowed with the 'OR' operator",
    ),
    (
        "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE Id IN (SELECT ContactId FROM Case))",
        "MALFORMED_QUERY",
        80,
        "Nesting of semi join sub-selects is not supported",
    ),
    (
        "SELECT Id FROM Account WHERE Id IN (SELECT Id FROM Contact)",
        "INVALID_FIELD",
        44,
        "should point to the same object type",
    ),
    (
        "SELECT Id FROM Account WHERE Id IN (SELECT LastName FROM Contact)",
        "INVALID_FIELD",
        44,
        "should point to the same object type",
    ),
    (
        "SELECT Id FROM Account WHERE "
        + " AND ".join(f"Id IN (SELECT AccountId FROM {each})" for each in ("Contact", "Case", "Opportunity")),
        "MALFORMED_QUERY",
        118,
        "Maximum 2 semi join sub-selects are allowed",
    ),
]


@pytest.mark.parametrize(("text", "code", "column", "message"), REFUSALS, ids=[text[:60] for text, *_ in REFUSALS])
def test_what_cannot_be_answered_is_refused_with_code_place_and_reason(
    text: str, code: str, column: int, message: str
) -> None:
    error = refusal(text)
    assert (code, column, 1 if column > 0 else -1) == (error.code, error.column, error.row)
    assert message in error.message


def test_a_refusal_shows_the_query_with_a_caret_below_the_place_as_salesforce_does() -> None:
    shown = "\nSELECT Id, Foo FROM Contact\n           ^\nERROR at Row:1:Column:12\n"
    assert shown + _NO_COLUMN.format("Foo", "Contact") == refusal("SELECT Id, Foo FROM Contact").message


def test_in_a_query_of_several_lines_the_place_has_its_row() -> None:
    error = refusal("SELECT Id,\n  Foo\nFROM Contact")
    assert (2, 3) == (error.row, error.column)
    assert error.message.startswith("\n  Foo\n  ^\nERROR at Row:2:Column:3\n")


def test_of_a_long_query_only_the_words_around_the_place_are_shown() -> None:
    fields = ", ".join(["LastName", "FirstName", "Email", "Title", "Department"] * 20)
    error = refusal(f"SELECT {fields.replace('Title', 'Job', 1)} FROM Contact")
    line, caret = error.message.split("\n")[1:3]
    assert len(line) < 140
    assert line[caret.index("^") :].startswith("Job,")
