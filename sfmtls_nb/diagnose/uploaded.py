"""Uploaded: the Mutual Authentication Certificates of an org, as its metadata type InboundCertificate tells them to an administrator.

The type is there from API 49.0 on, in orgs where mutual authentication is enabled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from lxml import etree
from lxml.builder import ElementMaker

from sfmtls_nb.api import SOAPENV, Reply, read_reply, serialize
from sfmtls_nb.errors import MutualAuthenticationFault
from sfmtls_nb.org import Port
from sfmtls_nb.secret import Secret
from sfmtls_nb.session import SOAP_HEADERS, Session

_NAMESPACE: Final = "http://soap.sforce.com/2006/04/metadata"
_TYPE: Final = "InboundCertificate"
_FIRST_VERSION: Final = 49.0
#: Names that one readMetadata takes.
_MOST_NAMES: Final = 10

_E: Final = ElementMaker(namespace=_NAMESPACE, nsmap={"soapenv": SOAPENV, "met": _NAMESPACE})
_ENV: Final = ElementMaker(namespace=SOAPENV, nsmap={"soapenv": SOAPENV, "met": _NAMESPACE})


@dataclass(frozen=True)
class Uploaded:
    """A certificate as Setup shows it. serial: as the org writes it. expires: its last day; None if that is not told."""

    label: str
    issuer: str
    serial: str
    expires: date | None

    def is_of(self, leaf: x509.Certificate) -> bool:
        """True if it has the serial number of a leaf, however that is written, and its last day, where that is told."""
        number = self.serial.replace(":", "").replace(" ", "").lower().removeprefix("0x").lstrip("0")
        same = number in (str(leaf.serial_number), f"{leaf.serial_number:x}")
        # A day apart is the time zone's.
        return same and (self.expires is None or abs((self.expires - leaf.not_valid_after_utc.date()).days) <= 1)

    @property
    def days(self) -> int | None:
        """Days until its end."""
        return (self.expires - datetime.now(UTC).date()).days if self.expires else None

    def __str__(self) -> str:
        ends = (
            ""
            if self.days is None
            else f", expired {-self.days} days ago"
            if self.days < 0
            else f", expires in {self.days} days"
        )
        return f"{self.label}, serial number {self.serial}{ends}"


def read_uploaded(session: Session) -> tuple[Uploaded, ...]:
    """What is uploaded in the org of a session.

    Raises SoapFault: INSUFFICIENT_ACCESS for a user who may not read metadata, INVALID_TYPE where mutual authentication is
    not enabled, and what keeps the calls from getting there.
    """
    door: Port = 443
    try:
        names = _names(session, door)
    except MutualAuthenticationFault:  # an enforced user's session is good on 8443 alone
        door = 8443
        names = _names(session, door)
    found: list[Uploaded] = []
    for start in range(0, len(names), _MOST_NAMES):
        batch = names[start : start + _MOST_NAMES]
        operation = _E.readMetadata(_E.type(_TYPE), *(_E.fullNames(name) for name in batch))
        found += _records(_call(session, operation, door))
    return tuple(found)


def _names(session: Session, door: Port) -> list[str]:
    operation = _E.listMetadata(_E.queries(_E.type(_TYPE)), _E.asOfVersion(_version(session)))
    return [name for each in _call(session, operation, door).results if (name := each.findtext("{*}fullName"))]


def _records(reply: Reply) -> Iterator[Uploaded]:
    for record in reply.part(".//records").elements:
        serial, ends = record.findtext("{*}serialId"), record.findtext("{*}expirationDate") or ""
        if serial:
            label, issuer = record.findtext("{*}masterLabel") or "", record.findtext("{*}issuer") or ""
            yield Uploaded(label, issuer, serial, _date(ends))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _version(session: Session) -> str:
    return f"{max(float(session.org.api_version), _FIRST_VERSION):.1f}"


def _call(session: Session, operation: etree._Element, door: Port) -> Reply:
    host = urlsplit(session.org.endpoint(session.server_url, door)).netloc
    envelope = _ENV.Envelope(_ENV.Header(_session_header(session.session_id)), _ENV.Body(operation))
    url = f"https://{host}/services/Soap/m/{_version(session)}"
    return read_reply(session.send(session.transport.prepare("POST", url, SOAP_HEADERS, serialize(envelope))))


def _session_header(session_id: Secret) -> etree._Element:
    return _E.SessionHeader(_E.sessionId(session_id.reveal()))
