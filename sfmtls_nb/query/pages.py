"""Pages: where the records of a query come from, by SOAP or by REST, one page after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from importlib.util import find_spec
from typing import Any, Final, Literal, Protocol, cast
from urllib.parse import quote

from lxml import etree

from sfmtls_nb.api import build_element, read_json, read_reply
from sfmtls_nb.columns import Columns
from sfmtls_nb.connection import Exchange
from sfmtls_nb.errors import NotJsonError, NotSoapError, SfmtlsError
from sfmtls_nb.query import rest_columns, soap_columns
from sfmtls_nb.query.ahead import ahead
from sfmtls_nb.query.soap_columns import SOBJECT, cut_out
from sfmtls_nb.values import Column, kind_of, value_of
from sfmtls_nb.xml import XSI, is_nil, local_name, type_of

#: The APIs that a query can go by.
Api = Literal["soap", "rest", "bulk"]

#: What an answer begins with, up to its records, in the order in which the org writes it.
_HEAD: Final = re.compile(
    rb'\{"totalSize":[0-9]{1,18},"done":(?:true|false),(?:"nextRecordsUrl":"[^"\\]*",)?"records":\['
)

_AGAIN: Final = "repeat the call; if it comes again, something between you and the org may be changing the answer"


@dataclass(frozen=True)
class SentRecord:
    """A record as the org sent it: its sObject; texts, JSON values, parents (SentRecord) and children (Page) by name."""

    type: str
    fields: Mapping[str, Any]


class Later(Sequence[SentRecord]):
    """Records that are read when they are first looked at: a table does without them."""

    def __init__(self, read: Callable[[], Sequence[SentRecord]]) -> None:
        self._read = read

    @cached_property
    def _records(self) -> Sequence[SentRecord]:
        return self._read()

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, at: Any) -> Any:
        return self._records[at]


@dataclass(frozen=True)
class Page:
    """Some of the records that a query finds.

    size: the number of all that it finds. more: the locator or URL of the next page; empty at the last.
    exchange: the call it came by; None for the children inside a record.
    columns: gives the records by column, or None where they are not all alike; it is told the columns that are selected.
    """

    size: int
    records: Sequence[SentRecord] = field(repr=False)
    more: str
    exchange: Exchange | None = field(default=None, repr=False)
    columns: Callable[[Sequence[Column]], Columns | None] = field(default=lambda known: None, repr=False)


class PageSource(Protocol):
    """A way to the pages of one query. It raises what a call raises.

    api: by which it goes. why: in words, why by that one; empty where it was asked for.
    """

    @property
    def api(self) -> Api: ...

    @property
    def why(self) -> str: ...

    def first(self) -> Page:
        """The first page."""

    def in_turn(self, page: Page) -> Iterator[Page]:
        """That page, which may be one of children, and those behind it, each asked for when it is wanted."""

    def ahead(self, page: Page) -> Iterator[Page]:
        """That page and those behind it, each on its way while the one before is used: for who wants them all."""


class _InTurn:
    """Pages of which each one tells where the next is."""

    why = ""

    def next(self, more: str) -> Page:
        raise NotImplementedError

    def in_turn(self, page: Page) -> Iterator[Page]:
        yield page
        while page.more:
            page = self.next(page.more)
            yield page

    def ahead(self, page: Page) -> Iterator[Page]:
        while page.more:
            coming = ahead(partial(self.next, page.more), "sfmtls-next-page")
            yield page
            page = coming.result()
        yield page


class SoapPages(_InTurn):
    """Pages by query, queryAll and queryMore. call: sends a body with headers."""

    api: Final = "soap"

    def __init__(self, call: Callable[..., Exchange], soql: str, *, deleted: bool, batch: int) -> None:
        self._call = call
        self._query = build_element("queryAll" if deleted else "query", {"queryString": soql})
        self._batch = str(batch)

    def first(self) -> Page:
        return self._page(self._query)

    def next(self, more: str) -> Page:
        return self._page(build_element("queryMore", {"queryLocator": more}))

    def _page(self, body: etree._Element) -> Page:
        return read_soap_page(self._call(body, headers=[build_element("QueryOptions", {"batchSize": self._batch})]))


class RestPages(_InTurn):
    """Pages by ``query?q=…`` and the URLs that its answers name. make: a REST call: method, path and headers."""

    api: Final = "rest"

    def __init__(self, make: Callable[..., Exchange], soql: str, *, deleted: bool, batch: int) -> None:
        self._make = make
        self._headers = {"Sforce-Query-Options": f"batchSize={batch}"}
        try:
            self._path = f"{'queryAll' if deleted else 'query'}?q={quote(soql, safe='')}"
        except UnicodeEncodeError as error:
            raise SfmtlsError("the query cannot be written as a URL", str(error), "leave that character out") from error

    def first(self) -> Page:
        return self.next(self._path)

    def next(self, more: str) -> Page:
        return read_rest_page(self._make("GET", more, headers=self._headers))


# ---------------------------------------------------------------- SOAP


def read_soap_page(exchange: Exchange) -> Page:
    """The QueryResult in an answer to query, queryAll or queryMore. Raises NotSoapError if there is none."""
    cut = cut_out(exchange.response_body)
    if cut is not None:
        with suppress(NotSoapError):  # the whole answer tells better what is wrong with it
            page = _soap_result(_result_in(replace(exchange, response_body=cut.envelope())))
            records = Later(lambda: _soap_result(_result_in(exchange)).records)
            return replace(
                page, records=records, exchange=exchange, columns=lambda known: soap_columns.read_columns(cut)
            )
    return _soap_result(_result_in(exchange), exchange)


def _result_in(exchange: Exchange) -> etree._Element:
    reply = read_reply(exchange)
    if not reply.results or reply.results[0].find("{*}size") is None:
        error = NotSoapError("the answer holds no result of a query", f"its body is <{reply.operation}>", _AGAIN)
        error.exchange = exchange
        raise error
    return reply.results[0]


def _soap_result(result: etree._Element, exchange: Exchange | None = None) -> Page:
    size = result.findtext("{*}size") or ""
    return Page(
        int(size) if re.fullmatch("[0-9]{1,18}", size) else 0,
        [_soap_record(each) for each in result.iterfind("{*}records")],
        "" if result.findtext("{*}done") != "false" else result.findtext("{*}queryLocator") or "",
        exchange,
    )


def _soap_record(element: etree._Element) -> SentRecord:
    """A record: type and Id come first and are no fields of it; a selected Id stands a second time."""
    values: dict[str, Any] = {}
    selected = False
    for child in element.iterchildren(etree.Element):
        name = local_name(child)
        if child.tag != f"{{{SOBJECT}}}type" and (selected or name != "Id" or not is_nil(child)):
            values.pop(name, None)  # so that the Id stands where it was selected
            values[name] = _soap_value(child)
        selected |= name == "Id"
    return SentRecord(element.findtext(f"{{{SOBJECT}}}type") or "", values)


def _soap_value(element: etree._Element) -> Any:
    if is_nil(element):
        return None
    name = type_of(element)
    if name == "sObject":
        return _soap_record(element)
    if name == "QueryResult":
        return _soap_result(element)
    if len(element):
        return {local_name(each): _soap_value(each) for each in element.iterchildren(etree.Element)}
    text = element.text or ""
    return value_of(kind_of(name), text) if element.get(f"{{{XSI}}}type") else text


# ---------------------------------------------------------------- REST


def read_rest_page(exchange: Exchange) -> Page:
    """The query result in a JSON answer. Raises NotJsonError if there is none."""
    cut = _HEAD.match(exchange.response_body) if has_arrow() and exchange.response_body.endswith(b"]}") else None
    if cut is not None:
        page = _rest_result(read_json(replace(exchange, response_body=cut[0] + b"]}")))
        records = Later(lambda: _rest_result(_content_of(exchange)).records)
        return replace(page, records=records, exchange=exchange, columns=partial(_rest_columns, exchange, cut.end()))
    content = _content_of(exchange)
    return replace(_rest_result(content, exchange), columns=lambda known: rest_columns.read_columns(content["records"]))


@cache
def has_arrow() -> bool:
    """True if pyarrow is installed."""
    return find_spec("pyarrow") is not None


def _rest_columns(exchange: Exchange, start: int, known: Sequence[Column]) -> Columns | None:
    from sfmtls_nb.query import arrow  # noqa: PLC0415  # an extra, which takes longer to load than all the rest

    found = arrow.read_json(exchange.response_body, start, known)
    return rest_columns.read_columns(_content_of(exchange)["records"]) if found is None else found


def _content_of(exchange: Exchange) -> Mapping[str, Any]:
    content = read_json(exchange)
    if not _is_result(content):
        error = NotJsonError(
            "the answer is JSON, but no result of a query",
            f"it is a {type(content).__name__}"
            + (f" with {', '.join(list(content)[:5])}" if content and isinstance(content, dict) else ""),
            _AGAIN,
        )
        error.exchange = exchange
        raise error
    return cast("Mapping[str, Any]", content)


def _is_result(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and isinstance(content.get("records"), list)
        and isinstance(content.get("totalSize"), int)
    )


def _rest_result(content: Mapping[str, Any], exchange: Exchange | None = None) -> Page:
    records = Later(lambda: [_rest_record(each) for each in content["records"] if isinstance(each, dict)])
    more = "" if content.get("done", True) else str(content.get("nextRecordsUrl") or "")
    return Page(content["totalSize"], records, more, exchange)


def _rest_record(content: Mapping[str, Any]) -> SentRecord:
    attributes = content.get("attributes")
    kind = attributes.get("type") if isinstance(attributes, dict) else ""
    fields = {name: _rest_value(each) for name, each in content.items() if name != "attributes"}
    return SentRecord(str(kind or ""), fields)


def _rest_value(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    if _is_result(given):
        return _rest_result(given)
    return _rest_record(given) if "attributes" in given else given
