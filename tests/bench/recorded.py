"""Recorded answers: the pages of one query as an org sends them by SOAP, REST and Bulk API 2.0, made of a row's number.

20 fields of all types, a twentieth of their values null. Whoever asks twice gets the same bytes, in whatever process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import unquote
from xml.sax.saxutils import escape

VERSION: Final = "64.0"
#: Records of a result page of Bulk API 2.0, and of one by SOAP or REST.
BULK_PAGE, PAGE = 50_000, 2_000

_ENVELOPE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns="urn:partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:sf="urn:sobject.partner.soap.sforce.com"><soapenv:Header><LimitInfoHeader><limitInfo><current>6</current>'
    "<limit>15000</limit><type>API REQUESTS</type></limitInfo></LimitInfoHeader></soapenv:Header><soapenv:Body>"
)
_ENDED: Final = "</soapenv:Body></soapenv:Envelope>"
_JOB: Final = "7505f0000000001AAA"
_LOCATOR: Final = "01g5f000001AAAAAA2"


@dataclass(frozen=True)
class Field:
    """A field of the query. type: as describeSObject calls it. text: of the value in a row, as SOAP and Bulk write it."""

    name: str
    type: str
    text: Callable[[int], str]
    never_null: bool = False

    def texts(self, rows: range) -> list[str | None]:
        """The field of some rows, None where it is null: each 20th, another one in each field."""
        text, shift = self.text, 0 if self.never_null else sum(self.name.encode()) % 19 + 1
        return [None if shift and (number + shift) % 20 == 0 else text(number) for number in rows]


_PLACES: Final = ("Zürich", "Łódź", "São Paulo", "東京", "Reykjavík", "Wien 🎻", "Köln", "Oslo")
_STAGES: Final = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")

# In the order of the query: the first ten are those of the Bulk rows.
FIELDS: Final = (
    Field("Id", "id", lambda n: f"0035f{n:010d}AAA", never_null=True),
    Field("Name", "string", lambda n: f"Zoë Müller {n}"),
    Field("Zip__c", "string", lambda n: f"{n * 7919 % 100_000:05d}"),
    Field("Amount__c", "currency", lambda n: f"{n * 131 % 1_000_003 / 100:.2f}"),
    Field("Pieces__c", "int", lambda n: str(n * 37 % 100_000)),
    Field("IsActive__c", "boolean", lambda n: "true" if n % 3 else "false", never_null=True),
    Field("Birthdate", "date", lambda n: f"{1940 + n % 70}-{n % 12 + 1:02d}-{n % 28 + 1:02d}"),
    Field("CreatedDate", "datetime", lambda n: f"20{n % 25:02d}-{n % 12 + 1:02d}-{n % 28 + 1:02d}T{n % 24:02d}:{n % 60:02d}:09.000Z"),
    Field("LeadSource", "picklist", lambda n: _STAGES[n % 5]),
    Field("Account.Name", "string", lambda n: f"Ostrelle & Sons {n % 997}"),
    Field("Description", "textarea", lambda n: f"Met in {_PLACES[n % 8]}, room {n}; paid < 10 % & left early"),
    Field("Email", "email", lambda n: f"zoe.mueller.{n}@practice.example"),
    Field("Phone", "phone", lambda n: f"0{n * 104_729 % 1_000_000_007:010d}"),
    Field("Share__c", "percent", lambda n: f"{n % 1000 / 10:.1f}"),
    Field("Weight__c", "double", lambda n: repr(n * 0.125)),
    Field("Visits__c", "int", lambda n: str(n % 211)),
    Field("HasOptedOutOfEmail", "boolean", lambda n: "false" if n % 7 else "true", never_null=True),
    Field("Hired__c", "date", lambda n: f"{2000 + n % 26}-{n % 11 + 2:02d}-{n % 27 + 2:02d}"),
    Field("LastModifiedDate", "datetime", lambda n: f"2026-{n % 11 + 1:02d}-{n % 28 + 1:02d}T{n % 23:02d}:{n % 59:02d}:{n % 58:02d}.000Z"),
    Field("City__c", "string", lambda n: _PLACES[n % 8]),
)  # fmt: skip


def soql(columns: int = len(FIELDS)) -> str:
    """The query that is answered."""
    return f"SELECT {', '.join(field.name for field in FIELDS[:columns])} FROM Contact"  # noqa: S608  # SOQL, which only reads


# ---------------------------------------------------------------- records as they are written


def _soap(field: Field, texts: Sequence[str | None]) -> Iterator[str]:
    name = field.name.rpartition(".")[2]
    start, end, nil = f"<sf:{name}>", f"</sf:{name}>", f'<sf:{field.name.partition(".")[0]} xsi:nil="true"/>'
    if "." in field.name:
        start = f'<sf:Account xsi:type="sf:sObject"><sf:type>Account</sf:type><sf:Id xsi:nil="true"/>{start}'
        end += "</sf:Account>"
    if name == "Id":  # a selected Id stands twice
        return (f"<sf:Id>{text}</sf:Id><sf:Id>{text}</sf:Id>" for text in texts)
    return (nil if text is None else f"{start}{escape(text)}{end}" for text in texts)


def _soap_records(rows: range, columns: int) -> str:
    fields = [_soap(field, field.texts(rows)) for field in FIELDS[:columns]]
    start = '<records xsi:type="sf:sObject"><sf:type>Contact</sf:type>'
    return "".join(f"{start}{''.join(each)}</records>" for each in zip(*fields, strict=True))


def _json(field: Field, texts: Sequence[str | None]) -> Iterator[str]:
    above, _, name = field.name.rpartition(".")
    start, end, nil = f'"{name}":', "", f'"{above or name}":null'
    if above:
        attributes = '{"type":"Account","url":"/services/data/v64.0/sobjects/Account/0015f00000G3k08AAB"}'
        start, end = f'"Account":{{"attributes":{attributes},{start}', "}"
    if field.type in ("int", "double", "currency", "percent", "boolean"):
        written: Iterator[str | None] = iter(texts)
    elif field.type == "datetime":
        written = (text and f'"{text[:-1]}+0000"' for text in texts)
    else:
        written = (text and json.dumps(text, ensure_ascii=False) for text in texts)
    return (nil if text is None else f"{start}{text}{end}" for text in written)


def _json_records(rows: range, columns: int) -> str:
    fields = [_json(field, field.texts(rows)) for field in FIELDS[:columns]]
    start = f'{{"attributes":{{"type":"Contact","url":"/services/data/v{VERSION}/sobjects/Contact/'
    ids = FIELDS[0].texts(rows)
    return ",".join(
        f'{start}{own}"}},{",".join(each)}}}' for own, each in zip(ids, zip(*fields, strict=True), strict=True)
    )


def _csv(rows: range, columns: int) -> bytes:
    fields = [
        [f'"{(text or "").replace(chr(34), chr(34) * 2)}"' for text in field.texts(rows)] for field in FIELDS[:columns]
    ]
    header = ",".join(f'"{field.name}"' for field in FIELDS[:columns])
    return "".join(f"{line}\n" for line in [header, *map(",".join, zip(*fields, strict=True))]).encode()


# ---------------------------------------------------------------- answers


class Recording:
    """What an org answers that has so many records for the query, to whoever asks for what step.

    distinct: so many pages have records of their own; those behind them repeat these.
    """

    def __init__(self, records: int, columns: int = len(FIELDS), *, distinct: int | None = None) -> None:
        self.records, self.columns = records, columns
        self._distinct = distinct
        self.soap, self.rest, self.bulk = cache(self._soap_page), cache(self._rest_page), cache(self._bulk_page)
        self._bodies: dict[tuple[object, int], str] = {}

    def pages(self, size: int = PAGE) -> range:
        """The numbers of the pages that have so many records each."""
        return range(-(-self.records // size))

    def answer(self, target: str, body: bytes) -> tuple[str, dict[str, str], bytes]:
        """Type, headers and body of the answer to a call. target: the path with its query."""
        path, _, query = unquote(target).partition("?")
        if path.startswith("/services/Soap/"):
            return "text/xml; charset=utf-8", {}, self._soap_answer(body)
        if found := re.search(r"/jobs/query(?:/\w+(/\w+)?)?$", path):
            return self._bulk_answer(found[1] or path[-len(_JOB) :], query)
        more = re.search(rf"{_LOCATOR}-(\d+)$", path)
        return "application/json;charset=UTF-8", {}, self.rest(int(more[1]) // PAGE if more else 0)

    # ------------------------------------------------------------ by each API

    def _soap_answer(self, body: bytes) -> bytes:
        if found := re.search(rb"sObjectType>(\w+)<", body):
            return describe(found[1].decode())
        if b"getUserInfo" in body:
            return f"{_ENVELOPE}<getUserInfoResponse><result/></getUserInfoResponse>{_ENDED}".encode()
        more = re.search(rf"{_LOCATOR}-(\d+)<".encode(), body)
        return self.soap(int(more[1]) // PAGE if more else 0)

    def _records_of(self, write: Callable[[range, int], str], number: int) -> str:
        start = number * PAGE
        rows = range(start, min(start + PAGE, self.records))
        if self._distinct is None:
            return write(rows, self.columns)
        key = write, number % self._distinct
        if key not in self._bodies:
            self._bodies[key] = write(range(key[1] * PAGE, key[1] * PAGE + len(rows)), self.columns)
        return self._bodies[key]

    def _soap_page(self, number: int) -> bytes:
        name, last = ("queryMore" if number else "query"), number == self.pages()[-1]
        more = (
            '<queryLocator xsi:nil="true"/>'
            if last
            else f"<queryLocator>{_LOCATOR}-{(number + 1) * PAGE}</queryLocator>"
        )
        head = f'<{name}Response><result xsi:type="QueryResult"><done>{str(last).lower()}</done>{more}'
        tail = f"<size>{self.records}</size></result></{name}Response>"
        return f"{_ENVELOPE}{head}{self._records_of(_soap_records, number)}{tail}{_ENDED}".encode()

    def _rest_page(self, number: int) -> bytes:
        last = number == self.pages()[-1]
        more = "" if last else f'"nextRecordsUrl":"/services/data/v{VERSION}/query/{_LOCATOR}-{(number + 1) * PAGE}",'
        head = f'{{"totalSize":{self.records},"done":{str(last).lower()},{more}"records":['
        return f"{head}{self._records_of(_json_records, number)}]}}".encode()

    def _bulk_page(self, number: int) -> bytes:
        return _csv(range(number * BULK_PAGE, min((number + 1) * BULK_PAGE, self.records)), self.columns)

    def _bulk_answer(self, step: str, query: str) -> tuple[str, dict[str, str], bytes]:
        pages = self.pages(BULK_PAGE)
        found = re.search(r"locator=(\d+)", query)
        number = int(found[1]) if found else 0
        place = f"/services/data/v{VERSION}/jobs/query/{_JOB}/results"
        if step == "/results":
            end = "null" if number == pages[-1] else str(number + 1)
            count = min(BULK_PAGE, self.records - number * BULK_PAGE)
            return "text/csv", {"Sforce-Locator": end, "Sforce-NumberOfRecords": str(count)}, self.bulk(number)
        urls = [{"resultUrl": f"{place}?locator={each}"} for each in pages]
        job = {
            "id": _JOB, "operation": "query", "object": "Contact", "state": "JobComplete", "concurrencyMode": "Parallel",
            "contentType": "CSV", "apiVersion": float(VERSION), "lineEnding": "LF", "columnDelimiter": "COMMA",
            "jobType": "V2Query", "numberRecordsProcessed": self.records, "retries": 0, "totalProcessingTime": 500,
        }  # fmt: skip
        content = {"resultPages": urls, "done": True} if step == "/resultPages" else job
        return (
            "application/json;charset=UTF-8",
            {"Sforce-Limit-Info": "api-usage=6/15000"},
            json.dumps(content).encode(),
        )


def describe(sobject: str) -> bytes:
    """The answer to describeSObject: as much of it as a query needs."""
    own = {field.name: field.type for field in FIELDS if "." not in field.name}
    fields = {"Id": "id", "Name": "string"} if sobject == "Account" else own | {"AccountId": "reference"}
    parent = "<referenceTo>Account</referenceTo><relationshipName>Account</relationshipName>"
    described = "".join(
        f"<fields><name>{name}</name>{parent if kind == 'reference' else ''}<type>{kind}</type></fields>"
        for name, kind in fields.items()
    )
    result = f"<result>{described}<name>{sobject}</name></result>"
    return f"{_ENVELOPE}<describeSObjectResponse>{result}</describeSObjectResponse>{_ENDED}".encode()
