"""Columns: some rows of an answer by column, as the org sent them. Tables are made of these, without a call a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sfmtls_nb.values import Column, Kind

#: The type, in `Columns.types`, of what has parts: an address or a location.
COMPOUND: Final = "address"


@dataclass(frozen=True)
class Columns:
    """The rows of a page. rows: how many.

    by_path: such as ``Account.Owner.Name``: text or JSON's values, or an Arrow array; None where there is no value, also
        where there is no parent. types: the sObject at the path before the last dot (``""`` is the records' own).
    kinds: those that the answer itself tells.
    """

    rows: int
    by_path: Mapping[str, Sequence[Any]] = field(repr=False)
    types: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, Kind | None] = field(default_factory=dict)


def flat(record: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a record by their paths."""
    for name, value in record.items():
        if isinstance(value, dict):
            yield from flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def columns_of_records(records: Iterable[Mapping[str, Any]]) -> Columns:
    """Records that are values already, by column: what one of them lacks is None there."""
    rows = [dict(flat(record)) for record in records]
    names = dict.fromkeys(name for row in rows for name in row)
    return Columns(len(rows), {name: [row.get(name) for row in rows] for name in names})


def all_columns(known: Sequence[Column], page: Columns) -> list[Column]:
    """The known columns in their order, as the records spell them, then others that a page brings; no parents as such."""
    spelling = {name.casefold(): name for name in page.by_path}
    named = [replace(each, name=spelling.get(each.name.casefold(), each.name)) for each in known]
    names = {each.name for each in named}
    found = [*named, *(Column(name, page.kinds.get(name)) for name in page.by_path if name not in names)]
    ghosts = {name for name in parents_among(each.name for each in found) if is_empty(page.by_path.get(name, ()))}
    return [each for each in found if each.name not in ghosts]


def parents_among(names: Iterable[str]) -> set[str]:
    """Those names that are parents or compound fields, whose own fields are among the names too.

    One that is missing in a record is a None there, and a column nowhere.
    """
    known = set(names)
    parents = {name[:at].casefold() for name in known for at, letter in enumerate(name) if letter == "."}
    return {name for name in known if name.casefold() in parents}


def is_empty(values: Iterable[Any]) -> bool:
    """True of a column without any value."""
    return all(value is None for value in values)


class Irregular(Exception):  # noqa: N818  # it is caught where it begins
    """The records are not all alike, or not as the org writes them."""
