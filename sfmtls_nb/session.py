"""Session: what a login gives, and the calls that can be made with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self
from urllib.parse import quote, urlsplit

from lxml import etree

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.errors import CallTimeout, NotSoapError, OrgError, SfmtlsError
from sfmtls_nb.org import Port, checked_url
from sfmtls_nb.query import Api, QueryResult
from sfmtls_nb.rest import to_json
from sfmtls_nb.secret import Secret
from sfmtls_nb.soap import Reply, envelope, operation, to_bytes
from sfmtls_nb.sobject import DescribeSObjectResult, read_describe
from sfmtls_nb.transport import Exchange, Transport

SOAP_HEADERS = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}


class Session:
    """A session id and the org it is good for. As a context manager it ends the session on the way out.

    server_url: where the API is, as the login answer gave it: without the port for mutual TLS.
    last: the newest Exchange, also of a call that failed; None before the first. A describe call that succeeded is none:
        it is made on the way to something else.
    """

    def __init__(self, transport: Transport, session_id: Secret, server_url: str, user_id: str) -> None:
        self.transport = transport
        self.org = transport.org
        self.session_id = session_id
        self.server_url = server_url
        self.user_id = user_id
        self.last: Exchange | None = None
        self._described: dict[str, DescribeSObjectResult] = {}

    def soap(
        self,
        body: str | etree._Element,
        fields: Mapping[str, str | Secret] | None = None,
        *,
        port: Port | None = None,
        certificate: bool = True,
    ) -> Reply:
        """Call an operation of the partner API: by name with its fields, or by its body element, or a whole envelope.

        port: which of Salesforce's doors; default 8443 if there is an identity or it is to stay at home, else 443.
        certificate: False leaves the certificate at home, to see what happens then.
        Raises a SoapFault for what the org refuses, and the other SfmtlsErrors for what goes wrong on the way.
        """
        return self._sent(self.prepared(body, fields, port=port, certificate=certificate)).reply()

    def prepared(
        self,
        body: str | etree._Element,
        fields: Mapping[str, str | Secret] | None = None,
        *,
        port: Port | None = None,
        certificate: bool = True,
    ) -> Exchange:
        """The call that `soap` would make, not sent: to look at, or to show with `sfmtls_nb.curl_command`."""
        document = envelope(operation(body, fields) if isinstance(body, str) else body, self.session_id)
        url = self.org.endpoint(self.server_url, port or self._door(certificate=certificate))
        return self.transport.prepared("POST", url, SOAP_HEADERS, to_bytes(document), certificate=certificate)

    def rest(
        self,
        path: str,
        *,
        body: Any = None,
        port: Port | None = None,
        certificate: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """GET a REST resource, or POST ``body`` to it as JSON, and give the JSON of the answer as Python values.

        path: ``limits`` or ``query?q=SELECT Id FROM Account`` is below /services/data of the org's API version; what
            begins with ``/`` begins at the host; a whole URL has to be one of this org. Characters that no URL has
            are escaped, but not those that mean something in one: in a value, write ``&`` as %26 and ``+`` as %2B.
        port, certificate: as in `soap`. headers: further ones, such as ``{"Sforce-Query-Options": "batchSize=200"}``.
        Raises a RestFault for what the org refuses, and the other SfmtlsErrors for what goes wrong on the way.
        """
        if not re.fullmatch(r"[\x21-\x7e]+", self.session_id.reveal()):
            # Not left to the HTTP library: its complaint would quote it.
            raise SfmtlsError(
                "the session id cannot stand in the Authorization header",
                "it is empty, or has characters that are not ASCII, such as a line end",
                "sign in again; if you brought the token yourself, look for what was copied along with it",
            )
        url = self._resource(path, port, self._door(certificate=certificate))
        bearer = f"Bearer {self.session_id.reveal()}"
        sent = {"Accept": "application/json", **(headers or {}), "Authorization": bearer}
        if body is None:
            exchange = self.transport.prepared("GET", url, sent, certificate=certificate)
        else:
            sent["Content-Type"] = "application/json"
            exchange = self.transport.prepared("POST", url, sent, to_json(body), certificate=certificate)
        return self._sent(exchange).json()

    def query(self, soql: str, *, api: Api = "soap", deleted: bool = False, batch: int = 2000) -> QueryResult:
        """Run SOQL, and give what it finds: iterate over the records, or take ``.to_frame()``.

        The first page is here when this returns; the others are asked for as they are needed.
        api: the same records either way. deleted: deleted records too. batch: records a page, 200 to 2,000.
        Raises SoapFault or RestFault (both are ApiFaults) for what the org refuses.
        """
        return QueryResult(self, soql, api=api, deleted=deleted, batch=batch)

    def describe(self, sobject: str) -> DescribeSObjectResult:
        """The fields, parents and children of an sObject. The org is asked once, and the answer kept.

        Raises SoapFault with INVALID_TYPE if there is none of that name.
        """
        key = sobject.casefold()
        if key not in self._described:
            before = self.last
            reply = self.soap("describeSObject", {"sObjectType": sobject})
            if not reply.results:
                raise NotSoapError(f"the answer describes no {sobject}", f"its body is <{reply.operation}>")
            self._described[key] = read_describe(reply.results[0])
            self.last = before
        return self._described[key]

    def _sent(self, exchange: Exchange) -> Exchange:
        try:
            self.last = self.transport.send(exchange)
        except SfmtlsError as error:
            self.last = error.exchange
            raise
        return self.last

    def _door(self, *, certificate: bool) -> Port:
        """Where a call goes that says no port: only 8443 asks for a certificate, so only there is it missed."""
        return 8443 if self.transport.identity or not certificate else 443

    def _resource(self, path: str, port: Port | None, usual: Port) -> str:
        """The URL of a resource, on a door of this org and on no other host: the session id goes with it."""
        root = urlsplit(self.org.endpoint(self.server_url, port or usual))
        try:
            # What may not stand in a URL, and the "@" and "#" that would end its host or its query.
            target = quote(re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", path), safe="/?&=%+:,;!$'()*~")
        except UnicodeEncodeError as error:
            raise OrgError("the path cannot be written as a URL", str(error), "leave that character out") from error
        if re.match("https?://", path, re.IGNORECASE):
            both: tuple[Port, Port] = (443, 8443)
            doors = [urlsplit(self.org.endpoint(self.server_url, door)).netloc.lower() for door in both]
            asked = urlsplit(checked_url(target)).netloc.lower().removesuffix(":443")
            if asked not in doors:
                raise OrgError(
                    f"{asked} is not the host of this session",
                    f"the session is good for {', '.join(doors)}",
                    "give the path alone; the session id is sent nowhere else",
                )
            return target if port is None else urlsplit(target)._replace(netloc=root.netloc).geturl()
        if not path.startswith("/"):
            target = f"/services/data/v{self.org.api_version}/{target}"
        return f"https://{root.netloc}{target}"

    def with_identity(self, identity: ClientIdentity | None) -> Session:
        """The same session, over connections of its own that present ``identity``."""
        return self.over(Transport(self.org, identity))

    def over(self, transport: Transport) -> Session:
        """The same session over another transport: another identity, other timeouts."""
        session = Session(transport, self.session_id, self.server_url, self.user_id)
        session.last = self.last
        session._described = self._described  # the same org
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

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # The session id dies by itself later: nobody waits a second time for an org that does not answer, and an error
        # here must not hide the one that may have brought us here.
        if kind is not None and issubclass(kind, CallTimeout):
            self.transport.close()
            return
        with suppress(SfmtlsError):
            self.logout()

    def __repr__(self) -> str:
        return f"Session({self.session_id}, {self.server_url})"
