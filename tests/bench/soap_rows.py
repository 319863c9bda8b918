"""SOAP rows of the table: what becomes of the bytes of pages, against other ways to read them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pandas as pd
import zeep
from lxml import etree
from measuring import Ratio, Sizes, compared
from recorded import FIELDS, Recording, soql
from replayed import replayed

PARTNER, SOBJECT = "{urn:partner.soap.sforce.com}", "{urn:sobject.partner.soap.sforce.com}"
NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
WSDL: Final = Path(__file__).parents[1] / "peers" / "partner.wsdl"


def ours(recording: Recording) -> Callable[[], pd.DataFrame]:
    session = replayed(recording)
    return lambda: session.query(soql(), api="soap").to_frame()


def pages_of(recording: Recording) -> list[bytes]:
    return [recording.soap(number) for number in recording.pages()]


def page_over_parser(sizes: Sizes) -> Ratio:
    recording = Recording(sizes.page)
    return compared(ours(recording), partial(etree.fromstring, recording.soap(0)), sizes.rounds)


def page_over_hand(sizes: Sizes) -> Ratio:
    recording = Recording(sizes.page)
    return compared(ours(recording), partial(by_hand, recording.soap(0)), sizes.rounds)


def page_over_zeep(sizes: Sizes) -> Ratio:
    recording = Recording(sizes.page)
    return compared(ours(recording), by_zeep(recording), sizes.fewer)


def many_over_read_xml(sizes: Sizes) -> Ratio:
    recording = Recording(sizes.many)
    pages = pages_of(recording)
    return compared(ours(recording), lambda: pd.concat(map(by_read_xml, pages)), sizes.fewer)


def most_over_few(sizes: Sizes) -> Ratio:
    """Per row. Five pages of records come again and again: that many bytes need not be kept."""
    few, most = (ours(Recording(records, distinct=5)) for records in (sizes.few, sizes.most))
    times = sizes.most // sizes.few
    return compared(most, lambda: [len(few()) for _ in range(times)], max(1, sizes.rounds // 12))


# ---------------------------------------------------------------- the others


def by_hand(page: bytes) -> pd.DataFrame:
    """What one writes without any of us: a loop over the elements, and then the types. The frame is the same as ours."""
    columns: dict[str, list[str | None]] = {field.name: [] for field in FIELDS}
    add: dict[Any, Any] = {f"{SOBJECT}{name}": texts.append for name, texts in columns.items()}
    accounts = columns["Account.Name"]
    for record in etree.fromstring(page).iter(f"{PARTNER}records"):
        for child in record[2:]:  # behind the type, and the Id that stands twice
            if child.tag == f"{SOBJECT}Account":
                accounts.append(None if child.get(NIL) else child[2].text)
            else:
                add[child.tag](child.text)
    return pd.DataFrame({field.name: typed(columns[field.name], field.type) for field in FIELDS})


def typed(given: list[str | None], kind: str) -> Any:
    texts: Any = given  # pandas-stubs know no None among texts
    if kind in ("currency", "double", "percent"):
        return pd.array(pd.to_numeric(pd.array(texts, dtype="string")), dtype="Float64")
    if kind == "int":
        return pd.array(pd.to_numeric(pd.array(texts, dtype="string")), dtype="Int64")
    if kind == "boolean":
        return pd.array([text and text == "true" for text in texts], dtype="boolean")
    if kind == "date":
        return pd.Series(texts, dtype="datetime64[s]")
    if kind == "datetime":
        return pd.Series(texts, dtype="datetime64[ns, UTC]")
    return pd.array(texts, dtype="string")


def by_read_xml(page: bytes) -> pd.DataFrame:
    """Without the parents' fields, which it does not reach."""
    return pd.read_xml(BytesIO(page), xpath="//p:records", namespaces={"p": PARTNER[1:-1]})


def by_zeep(recording: Recording) -> Callable[[], pd.DataFrame]:
    """zeep, which gets its answers from memory too; its records hold elements, and their texts are the frame."""

    class Answer:
        status_code, encoding, headers, content = 200, "utf-8", {"Content-Type": "text/xml"}, recording.soap(0)

    class Stub(zeep.Transport):  # type: ignore[misc]  # zeep has no types that mypy is to follow
        def post(self, *_: object) -> Any:
            return Answer

    client = zeep.Client(str(WSDL), transport=Stub(), settings=zeep.Settings(strict=False, xml_huge_tree=True))

    def read() -> pd.DataFrame:
        records = client.service.query("SELECT").records
        return pd.DataFrame([dict(map(cell, record._value_1)) for record in records])

    def cell(value: Any) -> tuple[str, str | None]:
        return (
            (str(value.tag), value.text) if isinstance(value, etree._Element) else ("Account", value._value_1[0].text)
        )

    return read
