"""Tables: the same rows and types as frames, Arrow tables and Parquet files, whichever way they came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from full_disk import files_no_larger_than
from pages_of_records import Row, rest_page, result, soap_page

from sfmtls_nb import Session
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.query import Page, QueryResult, arrow, pages

WAYS = pytest.mark.parametrize("page_of", [soap_page, rest_page])
PageOf = Callable[[Sequence[Row], int | None, str], Page]
SOQL = "SELECT Id, Name, Employees, Revenue, Rate, Active, Since, CreatedDate, Kinds, Body, Owner.Name, Owner.Age FROM Account"
FULL: Row = {
    "Id": "001000000000001",
    "Name": "007",
    "Employees": 12,
    "Revenue": 1234567.5,
    "Rate": 12.5,
    "Active": True,
    "Since": "2026-11-26",
    "CreatedDate": "2026-11-26T09:30:00.123+0000",
    "Kinds": "a;b",
    "Body": "/services/data/v64.0/sobjects/Attachment/00P/Body",
    "Owner": {"Name": "Zoë", "Age": 44},
}
NULLS: Row = FULL | dict.fromkeys([name for name in FULL if name != "Id"])
ODD: Row = FULL | {"Name": "NULL", "Since": "4000-12-31", "Employees": 2**53 + 1, "Owner": {"Name": "NA", "Age": None}}
ROWS = [FULL, NULLS, ODD]
TYPES = {
    "Id": pa.string(),
    "Name": pa.string(),
    "Employees": pa.int64(),
    "Revenue": pa.float64(),
    "Rate": pa.float64(),
    "Active": pa.bool_(),
    "Since": pa.date32(),
    "CreatedDate": pa.timestamp("ms", "UTC"),
    "Kinds": pa.string(),
    "Body": pa.string(),
    "Owner.Name": pa.string(),
    "Owner.Age": pa.int64(),
}


def found(page_of: PageOf, rows: Sequence[Row] = ROWS, soql: str = SOQL) -> QueryResult:
    """A result of two pages: the first row, and the others."""
    if len(rows) < 2:
        return result(soql, page_of(rows, None, ""))
    return result(soql, page_of(rows[:1], len(rows), "1"), page_of(rows[1:], len(rows), ""))


@pytest.fixture(params=["with Arrow", "without Arrow"])
def _either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without Arrow":
        monkeypatch.setattr(pages, "has_arrow", lambda: False)


@WAYS
@pytest.mark.usefixtures("_either")
def test_a_frame_has_the_types_of_its_fields(page_of: PageOf) -> None:
    frame = found(page_of).to_frame()
    assert {
        "Id": "string",
        "Name": "string",
        "Employees": "Int64",
        "Revenue": "Float64",
        "Rate": "Float64",
        "Active": "boolean",
        "Since": "datetime64[s]",
        "CreatedDate": "datetime64[ns, UTC]",
        "Kinds": "string",
        "Body": "string",
        "Owner.Name": "string",
        "Owner.Age": "Int64",
    } == {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


@WAYS
@pytest.mark.usefixtures("_either")
def test_what_looks_like_something_else_stays_what_it_is(page_of: PageOf) -> None:
    frame = found(page_of).to_frame()
    assert ["007", pd.NA, "NULL"] == frame["Name"].to_list()
    assert ["Zoë", pd.NA, "NA"] == frame["Owner.Name"].to_list()
    assert [12, pd.NA, 2**53 + 1] == frame["Employees"].to_list()
    assert pd.Timestamp("4000-12-31") == frame["Since"][2]


@pytest.mark.usefixtures("_either")
def test_the_frames_of_both_ways_are_the_same() -> None:
    pd.testing.assert_frame_equal(found(soap_page).to_frame(), found(rest_page).to_frame())


@WAYS
@pytest.mark.usefixtures("_either")
def test_a_table_has_the_rows_of_the_frame_and_arrows_types(page_of: PageOf) -> None:
    table = found(page_of).to_arrow()
    assert TYPES == {field.name: field.type for field in table.schema}
    frame = found(page_of).to_frame()
    for name in ("Id", "Name", "Employees", "Revenue", "Active", "Owner.Age"):
        assert [None if value is pd.NA else value for value in frame[name]] == table[name].to_pylist()
    assert frame["CreatedDate"][0] == pd.Timestamp(table["CreatedDate"][0].as_py())


@WAYS
@pytest.mark.usefixtures("_either")
def test_a_parquet_file_has_the_table(page_of: PageOf, tmp_path: Path) -> None:
    path = found(page_of).to_parquet(tmp_path / "accounts.parquet")
    assert found(page_of).to_arrow().equals(pq.read_table(path))
    assert [path] == list(tmp_path.iterdir())


@WAYS
@pytest.mark.usefixtures("_either")
def test_an_empty_result_has_its_types_in_all_forms(page_of: PageOf, tmp_path: Path) -> None:
    empty = found(page_of, [])
    assert (0, "Int64") == (len(empty.to_frame()), str(empty.to_frame()["Employees"].dtype))
    assert (0, TYPES) == (len(empty.to_arrow()), {field.name: field.type for field in empty.to_arrow().schema})
    assert empty.to_arrow().schema.equals(pq.read_schema(empty.to_parquet(tmp_path / "none.parquet")))


@WAYS
@pytest.mark.usefixtures("_either")
@pytest.mark.parametrize(
    ("field", "value"),
    [("Employees", "many"), ("Revenue", "1,5"), ("Since", "yesterday"), ("CreatedDate", "2026"), ("Employees", 2**70)],
)
def test_a_value_that_does_not_fit_stays_in_a_frame_and_is_no_table(
    field: str, value: object, page_of: PageOf, tmp_path: Path
) -> None:
    odd = found(page_of, [FULL, FULL | {field: value}])
    assert str(value) == str(odd.to_frame()[field][1])
    with pytest.raises(SfmtlsError, match=f"a value of {field} is no ") as caught:
        odd.to_arrow()
    assert str(value)[:20] in caught.value.evidence
    with pytest.raises(SfmtlsError, match=f"a value of {field} is no "):
        odd.to_parquet(tmp_path / "x.parquet")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.usefixtures("_either")
@pytest.mark.parametrize(("value", "kept"), [(7.5, 7.5), (7.0, 7)])
def test_a_fraction_is_not_made_a_whole_number(value: float, kept: float) -> None:
    odd = found(rest_page, [FULL, FULL | {"Employees": value}])
    assert kept == odd.to_frame()["Employees"][1]
    assert kept == list(odd)[1]["Employees"]
    if kept != int(kept):
        with pytest.raises(SfmtlsError, match="a value of Employees is no int64"):
            odd.to_arrow()


@WAYS
@pytest.mark.usefixtures("_either")
@pytest.mark.parametrize("pages_of", [1, 2])
def test_a_date_beside_what_is_none_is_a_date_whichever_pages_they_are_on(page_of: PageOf, pages_of: int) -> None:
    rows = [FULL, FULL | {"Since": "yesterday"}]
    split = [page_of(rows, None, "")] if pages_of == 1 else [page_of(rows[:1], 2, "1"), page_of(rows[1:], 2, "")]
    assert [date, str] == list(map(type, result(SOQL, *split).to_frame()["Since"]))


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    rows = [FULL | {"Name": f"{number:050}"} for number in range(500)]
    target = found(rest_page).to_parquet(tmp_path / "accounts.parquet")
    before = target.read_bytes()
    with files_no_larger_than(2_000), pytest.raises(SfmtlsError, match="cannot be written") as caught:
        found(rest_page, rows).to_parquet(target)
    assert "File too large" in caught.value.evidence
    assert ([target], before) == (list(tmp_path.iterdir()), target.read_bytes())


def test_a_folder_is_no_file_to_write_and_nothing_is_fetched_for_it(tmp_path: Path) -> None:
    broken = result(SOQL, rest_page([FULL], 2, "1"))  # as below: who fetches page 1 fails otherwise
    with pytest.raises(SfmtlsError, match="cannot be written") as caught:
        broken.to_parquet(tmp_path)
    assert "Is a directory" in caught.value.evidence


def test_a_query_that_fails_on_a_later_page_leaves_no_file(tmp_path: Path) -> None:
    broken = result(SOQL, rest_page([FULL], 2, "1"))  # there is no page 1

    with pytest.raises(IndexError):
        broken.to_parquet(tmp_path / "accounts.parquet")
    assert [] == list(tmp_path.iterdir())


def test_children_are_a_list_of_structs(session: Session) -> None:
    soql = "SELECT Name, (SELECT LastName, CreatedDate, Account.Name FROM Contacts) FROM Account ORDER BY Name"
    of_soap, of_rest = (session.query(soql, api=api).to_arrow() for api in ("soap", "rest"))
    records = list(session.query(soql))
    assert of_soap.equals(of_rest)
    assert [len(each["Contacts"]) for each in records] == [len(each) for each in of_soap["Contacts"].to_pylist()]
    with_children = next(each for each in of_soap["Contacts"].to_pylist() if each)
    assert {"LastName", "CreatedDate", "Account.Name"} == set(with_children[0])


def test_no_children_are_an_empty_list_whatever_else_is_on_the_page() -> None:
    child = {"attributes": {"type": "Contact"}, "LastName": "z"}
    some = {"Name": "y", "Contacts": {"totalSize": 1, "done": True, "records": [child]}}
    none = {"Name": "x", "Contacts": None}
    soql = "SELECT Name, (SELECT LastName FROM Contacts) FROM Account"
    for split in ([rest_page([none, some])], [rest_page([none], 2, "1"), rest_page([some], 2)]):
        assert [[], [{"LastName": "z"}]] == result(soql, *split).to_arrow()["Contacts"].to_pylist()


BY_ALIAS = "SELECT Name, o.Name FROM Account a, a.Owner o"  # which is not understood here, so that the records tell


@WAYS
def test_a_parent_that_is_missing_on_the_first_page_is_no_column(page_of: PageOf, tmp_path: Path) -> None:
    split = page_of([{"Name": "x", "Owner": None}], 2, "1"), page_of([{"Name": "y", "Owner": {"Name": "o"}}], 2, "")
    rows = {"Name": ["x", "y"], "Owner.Name": [None, "o"]}
    assert rows == result(BY_ALIAS, *split).to_arrow().to_pydict()
    assert rows == pq.read_table(result(BY_ALIAS, *split).to_parquet(tmp_path / "x.parquet")).to_pydict()


def test_a_column_that_comes_when_rows_are_written_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(arrow, "_GROUP", 1)
    split = rest_page([{"Name": "x", "Owner": None}], 2, "1"), rest_page([{"Name": "y", "Owner": {"Name": "o"}}], 2)
    with pytest.raises(SfmtlsError, match="columns that the file does not have") as caught:
        result(BY_ALIAS, *split).to_parquet(tmp_path / "x.parquet")
    assert "they are Owner.Name" in caught.value.evidence
    assert [] == list(tmp_path.iterdir())


def test_without_pyarrow_an_arrow_table_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    monkeypatch.delitem(__import__("sys").modules, "sfmtls_nb.query.arrow", raising=False)
    monkeypatch.delattr("sfmtls_nb.query.arrow", raising=False)
    with pytest.raises(SfmtlsError, match="need pyarrow") as caught:
        found(soap_page).to_arrow()
    assert "pip install 'sfmtls-nb[fast]'" in str(caught.value.next_step)
