"""REST columns: the records of a JSON answer, by column, where they are all alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sfmtls_nb.columns import COMPOUND, Columns, Irregular


def read_columns(records: Sequence[Any]) -> Columns | None:
    """The records of a REST answer by column; None if they are not all alike, or have records of their own."""
    found: dict[str, Sequence[Any]] = {}
    types: dict[str, str] = {}
    try:
        _collect(records, "", found, types)
    except (Irregular, KeyError, TypeError, ValueError):
        return None
    return Columns(len(records), found, types)


def _collect(records: Sequence[Any], path: str, found: dict[str, Sequence[Any]], types: dict[str, str]) -> None:
    """Add the columns of records, or of the parents or compound fields at a path, of which some may be None.

    Raises Irregular, or what comes of values that are not what they should be.
    """
    there = [each for each in records if each is not None] if path else records
    if not there:
        return
    if len(set(map(tuple, there))) != 1:  # of their names
        raise Irregular
    types[path] = COMPOUND if path else ""
    for name, sent in zip(there[0], zip(*map(dict.values, there), strict=True), strict=True):
        if name == "attributes":
            [types[path]] = {each["type"] for each in sent} or {""}
            continue
        values = sent if len(there) == len(records) else _spread(sent, records)
        held = set(map(type, values))
        below = f"{path}.{name}" if path else name
        if dict in held and held <= {dict, type(None)} and "records" not in next(filter(None, values)):
            _collect(values, below, found, types)
        elif held.isdisjoint((dict, list)):
            found[below] = values
        else:
            raise Irregular


def _spread(values: Sequence[Any], records: Sequence[Any]) -> Sequence[Any]:
    """Values that not every record has, and None where there is none."""
    coming = iter(values)
    return [None if each is None else next(coming) for each in records]
