"""Reply: the answer to a SOAP call, or the fault that came in its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from sfmtls_nb.api.answer import reading
from sfmtls_nb.api.envelope import SOAPENV
from sfmtls_nb.api.faults import soap_fault
from sfmtls_nb.api.path import find
from sfmtls_nb.connection.request import Exchange
from sfmtls_nb.errors import NotSoapError, SfmtlsError, SoapFault
from sfmtls_nb.xml import detach, format_xml, is_nil, local_name, parse_xml

if TYPE_CHECKING:
    import pandas as pd

# A name at the beginning, alone or before another step.
_NAME_FIRST: Final = re.compile(r"(?:\w[\w.-]*:)?\w[\w.-]*(?=[/\[]|$)")


class Reply:
    """A SOAP answer that is not a fault. Its text form is the envelope, indented, its secrets masked.

    root: the envelope, an lxml element. exchange: the call it came by.
    """

    def __init__(self, root: etree._Element, exchange: Exchange) -> None:
        self.root = root
        self.exchange = exchange

    @property
    def operation(self) -> str:
        """Name of the element in the body, such as ``getUserInfoResponse``."""
        return local_name(self._response)

    @property
    def results(self) -> list[etree._Element]:
        """The ``result`` elements: none, one, or as many as the operation returns."""
        return self._response.findall("{*}result")

    @property
    def limits(self) -> dict[str, tuple[int, int]]:
        """The LimitInfoHeader as ``{type: (current, limit)}``; empty where the org sent none."""
        return {
            str(info.findtext("{*}type")): (_number(info.findtext("{*}current")), _number(info.findtext("{*}limit")))
            for info in self.root.iterfind("{*}Header/{*}LimitInfoHeader/{*}limitInfo")
        }

    def text(self, path: str) -> str | None:
        """Text of the first element at ``path``, such as ``.//userName``; None where there is none, or it is nil.

        A name in a path has any namespace; paths are those of `sfmtls_nb.api.path`. Raises SfmtlsError for anything else.
        """
        first = next(iter(self.part(path).elements), None)
        return None if first is None or is_nil(first) else first.text or ""

    def frame(self, path: str | None = None) -> pd.DataFrame:
        """The elements at ``path`` as rows, their children as columns.

        Without a path: the records of a query or the like, where the result has one list of such; or else the results.
        """
        from sfmtls_nb.frame import elements_frame, records_of  # noqa: PLC0415  # the core loads without pandas

        return elements_frame(records_of(self.results) if path is None else self.part(path).elements)

    def part(self, path: str) -> Part:
        """The elements at ``path``, as a value of their own; it may be empty. Raises SfmtlsError if it is not a path."""
        found = find(self.root, path)
        if not found and _NAME_FIRST.match(path) and (below := find(self.root, f".//{path}")):
            raise SfmtlsError(
                f"there is nothing at {path!r}",
                f"a path begins at the envelope; further down there {'is' if len(below) == 1 else 'are'} {len(below):,}",
                f"write .//{path}",
            )
        return Part(path, tuple(found))

    @property
    def _response(self) -> etree._Element:
        return next(self.root.iterfind(f"{{{SOAPENV}}}Body/*"))

    def __str__(self) -> str:
        return format_xml(self.root)

    def __repr__(self) -> str:
        return f"<Reply {self.operation}>"


class Part:
    """The elements of a reply at a path: none, one or many."""

    def __init__(self, path: str, elements: tuple[etree._Element, ...]) -> None:
        self.path = path
        self.elements = elements

    def frame(self) -> pd.DataFrame:
        """One row an element, their children as columns."""
        from sfmtls_nb.frame import elements_frame  # noqa: PLC0415  # the core loads without pandas

        return elements_frame(self.elements)

    def __len__(self) -> int:
        return len(self.elements)

    def __str__(self) -> str:
        return "".join(format_xml(detach(each)).partition("\n")[2] for each in self.elements).rstrip("\n")

    def __repr__(self) -> str:
        return f"<Part {len(self)} at {self.path}>"


def read_reply(exchange: Exchange) -> Reply:
    """The answer to a SOAP call.

    Raises CertificatePageError or NotSoapError for what is not SOAP, and a SoapFault for a fault; the exchange is on it.
    """
    with reading(exchange, NotSoapError) as body:
        root = parse_xml(body)
        if root.tag != f"{{{SOAPENV}}}Envelope":
            raise NotSoapError(
                "the answer is XML, but not a SOAP envelope",
                f"its first element is <{local_name(root)}>",
                "check the path of the URL: the SOAP API is at /services/Soap/u/VERSION",
            )
        content = root.find(f"{{{SOAPENV}}}Body")
        if content is None or content.find("*") is None:
            raise NotSoapError(
                "the answer is a SOAP envelope with nothing in its body",
                f"{len(body)} bytes",
                "repeat the call; if it comes again, something between you and the org may be changing the answer",
            )
        fault = content.find(f"{{{SOAPENV}}}Fault")
        if fault is not None:
            raise _read_fault(fault)
        return Reply(root, exchange)


def _read_fault(fault: etree._Element) -> SoapFault:
    faultcode = (fault.findtext("faultcode") or fault.findtext("{*}faultcode") or "").strip()
    faultstring = (fault.findtext("faultstring") or fault.findtext("{*}faultstring") or "").strip()
    code = (fault.findtext("{*}detail//{*}exceptionCode") or faultcode.rpartition(":")[2]).strip()
    message = (fault.findtext("{*}detail//{*}exceptionMessage") or faultstring.removeprefix(f"{code}: ")).strip()
    return soap_fault(code, message, f"faultcode {faultcode}")


def _number(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        return 0
