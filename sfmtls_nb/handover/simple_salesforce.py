"""simple-salesforce's Salesforce, with the certificate in all that it calls: REST, both Bulk APIs, Apex and Metadata."""

from __future__ import annotations

from typing import Any

import simple_salesforce
from zeep.transports import Transport

from sfmtls_nb.handover.requests import RequestsSession
from sfmtls_nb.handover.source import PLACEHOLDER, Source, door_of


class Salesforce(simple_salesforce.Salesforce):  # type: ignore[misc]  # it has no types here
    """simple-salesforce's client. Its ``session_id`` is a placeholder: the session puts the id in where a call leaves."""

    def __init__(self, source: Source) -> None:
        super().__init__(
            session_id=PLACEHOLDER,
            instance_url=door_of(source),
            version=source.transport.org.api_version,
            session=RequestsSession(source),
        )
        self._source = source

    @property
    def mdapi(self) -> Any:
        """As in simple-salesforce, which gives its SOAP client connections of its own, without the certificate."""
        api = super().mdapi
        if not isinstance(api._client.transport.session, RequestsSession):  # noqa: SLF001  # it is public nowhere
            api._client.transport = Transport(session=RequestsSession(self._source))  # noqa: SLF001
        return api
