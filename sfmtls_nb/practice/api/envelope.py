"""Envelope: a SOAP 1.1 message as it comes in, for the partner and the metadata API."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

from sfmtls_nb.practice.api.call import MOST_BYTES, NEWEST_VERSION, OLDEST_VERSION
from sfmtls_nb.practice.api.xml import parse
from sfmtls_nb.practice.refusal import RefusedError
from sfmtls_nb.practice.request import Request

ENV: Final = "http://schemas.xmlsoap.org/soap/envelope/"


@dataclass(frozen=True)
class Envelope:
    """A message: the API version in its path, and its one operation. namespace: of the API's own elements."""

    version: int
    operation: etree._Element
    namespace: str

    @property
    def name(self) -> str:
        """Name of the operation; "" if it is of another namespace."""
        name = etree.QName(self.operation)
        return name.localname if name.namespace == self.namespace else ""

    def header(self, path: str) -> str:
        """Text of an element in the header, by its path; "" if there is none."""
        element = self.operation.getroottree().getroot()
        for tag in (f"{{{ENV}}}Header", *(f"{{{self.namespace}}}{step}" for step in path.split("/"))):
            found = next(element.iterchildren(tag), None)
            if found is None:
                return ""
            element = found
        return (element.text or "").strip()


def read_envelope(request: Request, path: re.Pattern[str], namespace: str) -> Envelope:
    """Read a request. path: its form, with the version as first group. Raises RefusedError where it is no such message."""
    found = path.fullmatch(request.path)
    version = int(found[1]) if found else 0
    if not OLDEST_VERSION <= version <= NEWEST_VERSION:
        raise RefusedError("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
    if len(request.body) > MOST_BYTES:
        raise RefusedError("Client", f"The request has more than {MOST_BYTES:,} bytes")
    root = parse(request.body, "Client")
    operations = root.findall(f"{{{ENV}}}Body/*")
    if root.tag != f"{{{ENV}}}Envelope" or len(operations) != 1:
        raise RefusedError("Client", "Expected a SOAP 1.1 envelope with one operation in its body")
    return Envelope(version, operations[0], namespace)


def no_operation(envelope: Envelope) -> RefusedError:
    """Return the refusal of an operation that the WSDL has not."""
    name = etree.QName(envelope.operation).text
    return RefusedError("Client", f"No operation available for request {name}, please check the WSDL for the service.")
