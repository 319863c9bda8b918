"""zeep's Client for a WSDL of the user's own, which calls the org with the certificate."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import zeep
from zeep.exceptions import Error
from zeep.transports import Transport

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.files import expand
from sfmtls_nb.handover.requests import RequestsSession
from sfmtls_nb.handover.source import PLACEHOLDER, Source, door_of

_WSDLS = "download it in Setup > API (partner, enterprise, metadata), or from the Apex class"


def zeep_client(source: Source, wsdl: str | os.PathLike[str]) -> Any:
    """A zeep.Client whose services are at the org's door, and whose calls have the SessionHeader.

    The path is the WSDL's own, so a partner, enterprise, metadata or Apex WSDL each finds its API, in its version.
    Raises SfmtlsError for a WSDL that cannot be read, or is not Salesforce's.
    """
    place = os.fspath(wsdl)
    if "://" not in place:
        place = str(expand(place))
    try:
        client = zeep.Client(place, transport=Transport(session=RequestsSession(source)))
    except (OSError, Error) as error:  # requests' own are OSErrors
        raise SfmtlsError("the WSDL cannot be read", f"{place}: {error}", _WSDLS) from error
    ports = [port for service in client.wsdl.services.values() for port in service.ports.values()]
    if not all("/services/Soap/" in port.binding_options.get("address", "") for port in ports):
        raise SfmtlsError(
            "the WSDL is not one of Salesforce's",
            f"{place}: its service is not below /services/Soap/",
            f"{_WSDLS}; the session id goes to no other service",
        )
    for port in ports:
        port.binding_options["address"] = door_of(source) + urlsplit(port.binding_options["address"]).path
    client.set_default_soapheaders({"SessionHeader": {"sessionId": PLACEHOLDER}})
    return client
