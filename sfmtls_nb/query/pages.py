"""Pages: where the records of a query come from, by SOAP or by REST, one page after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol
from urllib.parse import quote

from lxml import etree

from sfmtls_nb.api import Reply, build_element, read_json
from sfmtls_nb.connection import Exchange
from sfmtls_nb.errors import NotJsonError, NotSoapError, SfmtlsError
from sfmtls_nb.values import kind_of, value_of
from sfmtls_nb.xml import XSI, is_nil, local_name, type_of

#: The APIs that a query can go by.
Api = Literal["soap", "rest"]

_SOBJECT: Final = "urn:sobject.partner.soap.sforce.com"
_AGAIN: Final = "repeat the call; if it comes again, something between you and the org may be changing the answer"


@dataclass(frozen=True)
class SentRecord:
    """A record as the org sent it: its sObject; texts, JSON values, parents (SentRecord) and children (Page) by name."""

    type: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """Some of the records that a query finds.

    size: the number of all that it finds. more: the locator or URL of the next page; empty at the last.
    exchange: the call it came by; None for the children inside a record.
    """

    size: int
    records: Sequence[SentRecord] = field(repr=False)
    more: str
    exchange: Exchange | None = field(default=None, repr=False)


class PageSource(Protocol):
    """A way to the pages of one query. Each method is one call, and raises what a call raises."""

    def first(self) -> Page:
        """The first page."""

    def next(self, more: str) -> Page:
        """The page that ``more`` of another one leads to."""


class SoapPages:
    """Pages by query, queryAll and queryMore. call: `sfmtls_nb.Session.soap`."""

    def __init__(self, call: Callable[..., Reply], soql: str, *, deleted: bool, batch: int) -> None:
        self._call = call
        self._query = build_element("queryAll" if deleted else "query", {"queryString": soql})
        self._batch = str(batch)

    def first(self) -> Page:
        return self._page(self._query)

    def next(self, more: str) -> Page:
        return self._page(build_element("queryMore", {"queryLocator": more}))

    def _page(self, body: etree._Element) -> Page:
        return read_soap_page(self._call(body, headers=[build_element("QueryOptions", {"batchSize": self._batch})]))


class RestPages:
    """Pages by ``query?q=…`` and the URLs that its answers name. get: a GET of a path with headers."""

    def __init__(
        self, get: Callable[[str, Mapping[str, str]], Exchange], soql: str, *, deleted: bool, batch: int
    ) -> None:
        self._get = get
        self._headers = {"Sforce-Query-Options": f"batchSize={batch}"}
        try:
            self._path = f"{'queryAll' if deleted else 'query'}?q={quote(soql, safe='')}"
        except UnicodeEncodeError as error:
            raise SfmtlsError("the query cannot be written as a URL", str(error), "leave that character out") from error

    def first(self) -> Page:
        return self.next(self._path)

    def next(self, more: str) -> Page:
        return read_rest_page(self._get(more, self._headers))


# ---------------------------------------------------------------- SOAP


def read_soap_page(reply: Reply) -> Page:
    """The QueryResult in a reply to query, queryAll or queryMore. Raises NotSoapError if there is none."""
    if not reply.results or reply.results[0].find("{*}size") is None:
        error = NotSoapError("the answer holds no result of a query", f"its body is <{reply.operation}>", _AGAIN)
        error.exchange = reply.exchange
        raise error
    return _soap_result(reply.results[0], reply.exchange)


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
    for child in element.iterchildren(etree.Element):
        name = local_name(child)
        if child.tag != f"{{{_SOBJECT}}}type" and not (name == "Id" and is_nil(child) and "Id" not in values):
            values.pop(name, None)  # so that the Id stands where it was selected
            values[name] = _soap_value(child)
    return SentRecord(element.findtext(f"{{{_SOBJECT}}}type") or "", values)


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
    return _rest_result(content, exchange)


def _is_result(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and isinstance(content.get("records"), list)
        and isinstance(content.get("totalSize"), int)
    )


def _rest_result(content: Mapping[str, Any], exchange: Exchange | None = None) -> Page:
    records = [_rest_record(each) for each in content["records"] if isinstance(each, dict)]
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
