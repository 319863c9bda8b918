"""Session: what a login gives, and the calls that can be made with it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Self

from lxml import etree

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.identity import ClientIdentity
from sfmtls_nb.org import Port
from sfmtls_nb.secret import Secret
from sfmtls_nb.soap import Reply, envelope, operation, to_bytes
from sfmtls_nb.transport import Exchange, Transport

SOAP_HEADERS = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}


class Session:
    """A session id and the org it is good for. As a context manager it ends the session on the way out.

    server_url: where the API is, as the login answer gave it: without the port for mutual TLS.
    last: the newest Exchange, also of a call that failed; None before the first.
    """

    def __init__(self, transport: Transport, session_id: Secret, server_url: str, user_id: str) -> None:
        self.transport = transport
        self.org = transport.org
        self.session_id = session_id
        self.server_url = server_url
        self.user_id = user_id
        self.last: Exchange | None = None

    def soap(
        self,
        body: str | etree._Element,
        fields: Mapping[str, str | Secret] | None = None,
        *,
        port: Port | None = None,
        certificate: bool = True,
    ) -> Reply:
        """Call an operation of the partner API: by name with its fields, or by its body element, or a whole envelope.

        port: which of Salesforce's doors; default 8443 if there is an identity, else 443.
        certificate: False leaves the certificate at home, to see what happens then.
        Raises a SoapFault for what the org refuses, and the other SfmtlsErrors for what goes wrong on the way.
        """
        document = envelope(operation(body, fields) if isinstance(body, str) else body, self.session_id)
        door: Port = port or (8443 if self.transport.identity else 443)
        url = self.org.endpoint(self.server_url, door)
        try:
            self.last = self.transport.post(url, to_bytes(document), SOAP_HEADERS, certificate=certificate)
        except SfmtlsError as error:
            self.last = error.exchange
            raise
        return self.last.reply()

    def with_identity(self, identity: ClientIdentity | None) -> Session:
        """The same session, over connections of its own that present ``identity``."""
        session = Session(Transport(self.org, identity), self.session_id, self.server_url, self.user_id)
        session.last = self.last
        return session

    def get_user_info(self) -> Reply:
        """Who the org thinks we are: the smallest call there is, and the proof that mutual TLS works."""
        return self.soap("getUserInfo")

    def logout(self) -> None:
        """End the session on the org, and close the connections."""
        try:
            self.soap("logout")
        finally:
            self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        # The session id dies by itself later; an error here must not hide the one that may have brought us here.
        with suppress(SfmtlsError):
            self.logout()

    def __repr__(self) -> str:
        return f"Session({self.session_id}, {self.server_url})"
