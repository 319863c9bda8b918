"""Query: SOQL by SOAP or REST, page by page, and its records as plain values that are the same either way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, get_args
from urllib.parse import quote

from lxml import etree

from sfmtls_nb.errors import NotJsonError, NotSoapError, SfmtlsError, SoapFault
from sfmtls_nb.selection import Column, SelectedField, columns_of, read_selection
from sfmtls_nb.soap import XSI, Reply, envelope, is_nil, operation
from sfmtls_nb.sobject import DescribeSObjectResult, Kind, kind_of, value_of

if TYPE_CHECKING:
    import pandas as pd

    from sfmtls_nb.session import Session

#: By which API a query goes.
Api = Literal["soap", "rest"]

#: A record: a value a field, a dict a parent (None where there is none), a list of records a child subquery.
Record = dict[str, Any]

_SOBJECT: Final = "urn:sobject.partner.soap.sforce.com"
_COUNT: Final = "COUNT()"
_AGGREGATE: Final = "AggregateResult"
#: Of a compound field, what is no text.
_NUMBERS: Final = frozenset({"latitude", "longitude"})


@dataclass(frozen=True)
class Sent:
    """A record as it was sent: its sObject, and texts, JSON values, parents (Sent) and children (Page) by name."""

    type: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """Some of the records that a query finds. size: of all that it finds. more: what leads to the next page, or ""."""

    size: int
    records: Sequence[Sent] = field(repr=False)
    more: str


class QueryResult:
    """What a query finds. Iterating over it gives the records, and asks for the pages behind the first as it goes.

    Nothing but the first page is kept: each iteration asks for the others again, and one that was interrupted leaves
    nothing behind. size: how many records there are, on all pages; of ``SELECT COUNT()`` it is the answer, and iterating
    gives one record, ``{"COUNT()": size}``.
    """

    def __init__(
        self, session: Session, soql: str, *, api: Api = "soap", deleted: bool = False, batch: int = 2000
    ) -> None:
        if api not in get_args(Api):
            raise SfmtlsError(f"there is no API {api!r} to query by", next_step='choose api="soap" or api="rest"')
        self.soql = soql
        self.api: Api = api
        self._session = session
        self._batch = batch
        self._first = self._soap_first(deleted=deleted) if api == "soap" else self._rest_first(deleted=deleted)
        self.size = self._first.size

    def __iter__(self) -> Iterator[Record]:
        if self._counts:
            yield {_COUNT: self.size}
        for sent in self._sent(self._first):
            yield self._record(sent, top=True)

    @cached_property
    def _counts(self) -> bool:
        """Whether it is ``SELECT COUNT()``, which finds a number and no records."""
        selection = read_selection(self.soql)
        return selection is not None and selection.fields == (SelectedField((), "count"),)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What the query selects, in its order, as far as its text tells; empty where it does not, as with TYPEOF."""
        if self._counts:
            return (Column(_COUNT, "int"),)
        selection = read_selection(self.soql)
        return columns_of(selection, self._describe) if selection else ()

    def to_frame(self, explode: str | None = None) -> pd.DataFrame:
        """All records as a DataFrame with typed columns; a parent's field is the column ``Account.Owner.Name``.

        A child subquery is a DataFrame in each cell. explode: the name of one, such as ``"Contacts"``, to have a row
        for each child instead, with columns such as ``Contacts.Email``; who has no children keeps one row.
        """
        from sfmtls_nb.frame import records_frame  # noqa: PLC0415  # the core loads without pandas

        return records_frame(self, self.columns, explode)

    def __repr__(self) -> str:
        records = "1 record" if self.size == 1 else f"{self.size:,} records"
        return f"<QueryResult {records}: {' '.join(self.soql.split())[:80]}>"

    # ------------------------------------------------------------ pages

    def _sent(self, page: Page) -> Iterator[Sent]:
        """The records of a page and of all that follow it."""
        yield from page.records
        while page.more:
            page = self._soap_more(page.more) if self.api == "soap" else self._rest_more(page.more)
            yield from page.records

    def _soap_first(self, *, deleted: bool) -> Page:
        call = operation("queryAll" if deleted else "query", {"queryString": self.soql})
        return self._soap_page(call)

    def _soap_more(self, locator: str) -> Page:
        return self._soap_page(operation("queryMore", {"queryLocator": locator}))

    def _soap_page(self, call: etree._Element) -> Page:
        options = operation("QueryOptions", {"batchSize": str(self._batch)})
        try:
            return soap_page(self._session.soap(envelope(call, headers=[options])))
        except NotSoapError as error:
            error.exchange = error.exchange or self._session.last
            raise

    def _rest_first(self, *, deleted: bool) -> Page:
        try:
            soql = quote(self.soql, safe="")
        except UnicodeEncodeError as error:
            raise SfmtlsError("the query cannot be written as a URL", str(error), "leave that character out") from error
        return self._rest_page(f"{'queryAll' if deleted else 'query'}?q={soql}")

    def _rest_more(self, url: str) -> Page:
        return self._rest_page(url)

    def _rest_page(self, path: str) -> Page:
        options = {"Sforce-Query-Options": f"batchSize={self._batch}"}
        try:
            return rest_page(self._session.rest(path, headers=options))
        except NotJsonError as error:
            error.exchange = error.exchange or self._session.last
            raise

    # ------------------------------------------------------------ values

    def _describe(self, sobject: str) -> DescribeSObjectResult | None:
        """What the org says of an sObject; None if it knows none of that name, and so no types."""
        if not sobject or sobject == _AGGREGATE:
            return None
        try:
            return self._session.describe(sobject)
        except SoapFault as fault:
            if fault.code == "INVALID_TYPE":
                return None
            raise

    @cached_property
    def _named(self) -> dict[str, Kind | None]:
        return {column.name: column.kind for column in self.columns}

    def _record(self, sent: Sent, *, top: bool = False) -> Record:
        described = self._describe(sent.type)
        # An alias is no field of the sObject.
        named = self._named if top and (described is None or sent.fields.keys() - described.fields.keys()) else {}
        return {name: self._value(name, given, described, named) for name, given in sent.fields.items()}

    def _value(
        self, name: str, given: Any, described: DescribeSObjectResult | None, named: Mapping[str, Kind | None]
    ) -> Any:
        if isinstance(given, Sent):
            return self._record(given)
        if isinstance(given, Page):
            return [self._record(each) for each in self._sent(given)]
        if isinstance(given, dict):
            return {part: value_of("double", inner) if part in _NUMBERS else inner for part, inner in given.items()}
        if given is None and described and name in described.children:
            return []
        kind = (described.kind(name) if described else None) or named.get(name)
        return value_of(kind or _guessed(name), given)


def _guessed(name: str) -> Kind | None:
    """Of expr0 and the like nothing was said; mostly they are numbers, and value_of lets be what is not."""
    return "double" if name.startswith("expr") and name[4:].isdecimal() else None


# ---------------------------------------------------------------- SOAP


def soap_page(reply: Reply) -> Page:
    """The QueryResult in a reply to query, queryAll or queryMore. Raises NotSoapError if there is none."""
    if not reply.results or reply.results[0].find("{*}size") is None:
        raise NotSoapError(
            "the answer holds no result of a query",
            f"its body is <{reply.operation}>",
            "repeat the call; if it comes again, something between you and the org may be changing the answer",
        )
    return _soap_result(reply.results[0])


def _soap_result(result: etree._Element) -> Page:
    size = result.findtext("{*}size") or "0"
    done = result.findtext("{*}done") != "false"
    return Page(
        int(size) if size.isdecimal() else 0,
        [_soap_record(each) for each in result.iterfind("{*}records")],
        "" if done else result.findtext("{*}queryLocator") or "",
    )


def _soap_record(element: etree._Element) -> Sent:
    """A record: type and Id come first and are no fields of it; a selected Id stands a second time."""
    values: dict[str, Any] = {}
    for child in element.iterchildren(etree.Element):
        name = str(etree.QName(child).localname)
        if child.tag != f"{{{_SOBJECT}}}type" and not (name == "Id" and is_nil(child) and "Id" not in values):
            values.pop(name, None)  # so that the Id stands where it was selected
            values[name] = _soap_value(child)
    return Sent(element.findtext(f"{{{_SOBJECT}}}type") or "", values)


def _soap_value(element: etree._Element) -> Any:
    if is_nil(element):
        return None
    xsi_type = (element.get(f"{{{XSI}}}type") or "").strip()
    name = xsi_type.rpartition(":")[2]
    if name == "sObject":
        return _soap_record(element)
    if name == "QueryResult":
        return _soap_result(element)
    if len(element):
        return {str(etree.QName(each).localname): _soap_value(each) for each in element.iterchildren(etree.Element)}
    text = element.text or ""
    return value_of(kind_of(xsi_type), text) if xsi_type else text


# ---------------------------------------------------------------- REST


def rest_page(content: Any) -> Page:
    """The query result in a JSON answer. Raises NotJsonError if there is none."""
    if not (isinstance(content, dict) and isinstance(content.get("records"), list) and _is_size(content)):
        raise NotJsonError(
            "the answer is JSON, but no result of a query",
            f"it is a {type(content).__name__}" + (f" with {', '.join(list(content)[:5])}" if content else ""),
            "repeat the call; if it comes again, something between you and the org may be changing the answer",
        )
    return _rest_result(content)


def _is_size(content: Mapping[str, Any]) -> bool:
    return isinstance(content.get("totalSize"), int)


def _rest_result(content: Mapping[str, Any]) -> Page:
    records = [_rest_record(each) for each in content["records"] if isinstance(each, dict)]
    more = "" if content.get("done", True) else str(content.get("nextRecordsUrl") or "")
    return Page(content["totalSize"], records, more)


def _rest_record(content: Mapping[str, Any]) -> Sent:
    attributes = content.get("attributes")
    kind = attributes.get("type") if isinstance(attributes, dict) else ""
    return Sent(str(kind or ""), {name: _rest_value(each) for name, each in content.items() if name != "attributes"})


def _rest_value(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    if isinstance(given.get("records"), list) and _is_size(given):
        return _rest_result(given)
    return _rest_record(given) if "attributes" in given else given
