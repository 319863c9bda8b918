"""Blocks of rows, as SOAP, REST and CSV have them: written column by column, so that a page costs less than to read it.

The text of a record is one template for a block, and the values are filled in by C. What has no such columns (children,
addresses, FORMAT) is written record by record, in `xml`, `queries` and `results`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from json.encoder import encode_basestring
from typing import Any, Final
from xml.sax.saxutils import escape

from sfmtls_nb.practice.api.queries import text_of
from sfmtls_nb.practice.api.xml import legal
from sfmtls_nb.practice.data import ID_TYPES, TEXT_TYPES, Row
from sfmtls_nb.practice.soql import AGGREGATE, CompiledQuery, Parent, Selected, SelectedField

#: Values of a column, or their texts. None is null.
Column = Sequence[Any]
Texts = Sequence[str | None]

_DAY: Final = 86_400
_MINUTES: Final = tuple(f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(1440))
_SECONDS: Final = tuple(f"{second:02}.000" for second in range(60))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: What stands in XML as a reference, or not at all (XML 1.0, 2.2 and 2.4).
_SPECIAL_IN_XML: Final = re.compile("[^\t\n -%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NIL: Final = 'xsi:nil="true"'


class Writer(ABC):
    """A format of records, for one query."""

    def __init__(self, query: CompiledQuery) -> None:
        self._query = query

    def records(self, rows: Sequence[Row]) -> list[str]:
        """Write each of the rows."""
        statement = self._query.statement
        cells = list(zip(*rows, strict=True))
        return self._records(statement.type, self._query.columns, statement.id_place, cells) if rows else []

    @abstractmethod
    def _records(
        self, sobject: str, columns: Sequence[Selected], place: int | None, cells: Sequence[Column]
    ) -> list[str]:
        """Write the records, or the parents, of a block. place: of their ids."""


def _filled(template: Sequence[str], texts: Sequence[Texts]) -> list[str]:
    return list(map("".join(template).__mod__, zip(*texts, strict=True)))


def _with_null(ids: Column, texts: list[str], null: str) -> list[str]:
    """Put the null of a format where there is no parent."""
    return [null if each is None else text for each, text in zip(ids, texts, strict=True)] if None in ids else texts


# ---------------------------------------------------------------- formats


class SoapWriter(Writer):
    """Records as SOAP has them: type, Id, then the selected fields; so a selected Id stands twice, an unselected one is nil."""

    def __init__(self, query: CompiledQuery, tag: str = "records") -> None:
        super().__init__(query)
        self._tag = tag

    def records(self, rows: Sequence[Row]) -> list[str]:
        return [f"<{self._tag}{record}</{self._tag}>" for record in super().records(rows)]

    def _records(
        self, sobject: str, columns: Sequence[Selected], place: int | None, cells: Sequence[Column]
    ) -> list[str]:
        template = [f' xsi:type="sf:sObject"><sf:type>{sobject}</sf:type>']
        texts: list[Texts] = []

        def add(name: str, values: Texts) -> None:
            if None in values:
                nil = f"<sf:{name} {_NIL}/>"
                template.append("%s")
                texts.append([nil if text is None else f"<sf:{name}>{text}</sf:{name}>" for text in values])
            else:
                template.append(f"<sf:{name}>%s</sf:{name}>")
                texts.append(values)

        if place is not None and any(column.name == "Id" for column in columns):
            add("Id", cells[place])
        else:
            template.append(f"<sf:Id {_NIL}/>")
        for column in columns:
            if isinstance(column, Parent):
                ids = cells[column.place]
                inner = self._records(column.sobject, column.columns, column.place, cells)
                whole = [f"<sf:{column.name}{each}</sf:{column.name}>" for each in inner]
                template.append("%s")
                texts.append(_with_null(ids, whole, f"<sf:{column.name} {_NIL}/>"))
            else:
                assert isinstance(column, SelectedField)  # noqa: S101  # a child is written elsewhere
                add(column.name, _escaped(column, texts_of(column, cells[column.place], "Z")))
        return _filled(template, texts)


class JsonWriter(Writer):
    """Records as REST has them. root: the path of the API version, for the addresses of records."""

    def __init__(self, query: CompiledQuery, root: str) -> None:
        super().__init__(query)
        self._root = root.replace("%", "%%")

    def _records(
        self, sobject: str, columns: Sequence[Selected], place: int | None, cells: Sequence[Column]
    ) -> list[str]:
        if sobject == AGGREGATE or place is None:
            template, texts = [f'{{"attributes":{{"type":"{sobject}"}}'], []
        else:
            url = f"{self._root}/sobjects/{sobject}/%s"
            template, texts = [f'{{"attributes":{{"type":"{sobject}","url":"{url}"}}'], [cells[place]]
        for column in columns:
            template.append(f',"{column.name}":%s')
            if isinstance(column, Parent):
                inner = self._records(column.sobject, column.columns, column.place, cells)
                texts.append(_with_null(cells[column.place], inner, "null"))
            else:
                assert isinstance(column, SelectedField)  # noqa: S101  # as above
                texts.append(_json(column, cells[column.place]))
        return _filled([*template, "}"], texts)


class CsvWriter:
    """Records as lines of CSV. Every value stands in double quotes, null is "", a parent's field is under its path."""

    def __init__(self, query: CompiledQuery, delimiter: str, ending: str) -> None:
        fields = dict(_paths(query.columns))
        self._columns = [fields[name] for name in query.header]
        self._template = [delimiter.join(['"%s"'] * len(query.header)) + ending]

    def records(self, rows: Sequence[Row]) -> list[str]:
        """Write each of the rows."""
        cells = list(zip(*rows, strict=True))
        texts = (
            [_quoted(column, texts_of(column, cells[column.place], "Z")) for column in self._columns] if rows else []
        )
        return _filled(self._template, texts) if rows else []


def _paths(columns: Sequence[Selected], way: str = "") -> Iterator[tuple[str, SelectedField]]:
    for column in columns:
        if isinstance(column, SelectedField):
            yield f"{way}{column.name}", column
        elif isinstance(column, Parent):
            yield from _paths(column.columns, f"{way}{column.name}.")


# ---------------------------------------------------------------- columns


def texts_of(column: SelectedField, values: Column, zone: str) -> Texts:
    """Return the texts of a column: numbers without exponent. zone: what stands behind a datetime, which is in UTC."""
    if column.type in TEXT_TYPES or column.type in ID_TYPES:
        return values
    if column.type == "boolean":
        return list(map(_BOOLEANS.get, values))
    if column.type == "date":
        days = {day: None if day is None else date.fromordinal(day).isoformat() for day in set(values)}
        return list(map(days.get, values))
    if column.type == "datetime":
        return _moments(values, zone)
    return _numbers(values)


_BOOLEANS: Final[Mapping[int | None, str | None]] = {0: "false", 1: "true", None: None}


def _moments(values: Column, zone: str) -> Texts:
    if {*map(type, values)} - {int, type(None)}:  # an average, maybe
        return [None if each is None else text_of(_EPOCH + timedelta(seconds=each))[:-1] + zone for each in values]
    numbers = {each // _DAY for each in values if each is not None}
    days = {number: date.fromordinal(_EPOCH.toordinal() + number).isoformat() for number in numbers}
    return [
        None if each is None else f"{days[each // _DAY]}{_MINUTES[each % _DAY // 60]}{_SECONDS[each % 60]}{zone}"
        for each in values
    ]


def _numbers(values: Column) -> Texts:
    texts = [None if each is None else repr(each) for each in values] if None in values else list(map(repr, values))
    if "e" in "".join(filter(None, texts)):
        return [None if each is None else text_of(each) for each in values]
    return texts


def _escaped(column: SelectedField, texts: Texts) -> Texts:
    if column.type in TEXT_TYPES and _SPECIAL_IN_XML.search("\n".join(filter(None, texts))):
        return [text and escape(legal(text), {"\r": "&#13;"}) for text in texts]
    return texts


def _quoted(column: SelectedField, texts: Texts) -> Texts:
    if None in texts:
        texts = [text or "" for text in texts]
    if column.type in TEXT_TYPES and '"' in "".join(texts):  # type: ignore[arg-type]  # no None is left
        return [(text or "").replace('"', '""') for text in texts]
    return texts


def _json(column: SelectedField, values: Column) -> list[str]:
    if column.type in TEXT_TYPES:
        return ["null" if each is None else encode_basestring(each) for each in values]
    if column.type in {"date", "datetime"} | ID_TYPES:
        return ["null" if text is None else f'"{text}"' for text in texts_of(column, values, "+0000")]
    if column.type == "boolean":
        return [text or "null" for text in map(_BOOLEANS.get, values)]
    return ["null" if each is None else repr(each) for each in values]
