"""Session: what a sign-in gives, and the calls that can be made with it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote, urlsplit

from lxml import etree

from sfmtls_nb.api import (
    Reply,
    build_element,
    build_envelope,
    read_json,
    read_reply,
    serialize,
    to_json,
)
from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection import Exchange, Headers, Request, Transport
from sfmtls_nb.errors import CallTimeout, NotSoapError, OrgError, SfmtlsError, require, visible
from sfmtls_nb.org import Port, checked_url
from sfmtls_nb.query import Api, DescribeSObjectResult, PageSource, QueryResult, RestPages, SoapPages, read_describe
from sfmtls_nb.secret import Secret

if TYPE_CHECKING:
    import httpx
    import requests

SOAP_HEADERS: Final = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}
# Characters that may stand in a header, as the session id has to.
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")


class Session:
    """A session id and the org it is good for. As a context manager it ends the session on the way out.

    server_url: the API's address, as the sign-in gave it: without the port for mutual TLS.
    exchange: the call that signed in.
    """

    def __init__(
        self, transport: Transport, session_id: Secret, server_url: str, user_id: str, exchange: Exchange | None = None
    ) -> None:
        self.transport = transport
        self.org = transport.org
        self.session_id = session_id
        self.server_url = server_url
        self.user_id = user_id
        self.exchange = exchange
        self._described: dict[str, DescribeSObjectResult] = {}

    # ------------------------------------------------------------ calls

    def soap(
        self,
        body: str | etree._Element,
        fields: Mapping[str, str | Secret] | None = None,
        *,
        headers: Iterable[etree._Element] = (),
        port: Port | None = None,
        certificate: bool = True,
    ) -> Reply:
        """Call an operation of the partner API: by name with its fields, or by its body element, or a whole envelope.

        headers: further elements of the SOAP header, such as QueryOptions.
        port: which of Salesforce's doors; default 8443 if there is an identity or it is to stay at home, else 443.
        certificate: False leaves the certificate at home, to see what happens then.
        Raises a SoapFault for what the org refuses, and the other SfmtlsErrors for what goes wrong on the way.
        """
        return read_reply(self.send(self.prepare(body, fields, headers=headers, port=port, certificate=certificate)))

    def rest(
        self,
        path: str,
        *,
        body: Any = None,
        port: Port | None = None,
        certificate: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """GET a REST resource, or POST ``body`` to it as JSON, and return the JSON of the answer as Python values.

        path: ``limits`` or ``query?q=SELECT Id FROM Account`` is below /services/data of the org's API version; a path
            from ``/`` on begins at the host; a whole URL has to be one of this org. Characters that no URL has
            are escaped, but not those that mean something in one: in a value, write ``&`` as %26 and ``+`` as %2B.
        port, certificate: as in `soap`. headers: further ones, such as ``{"Sforce-Query-Options": "batchSize=200"}``.
        Raises a RestFault for what the org refuses, and the other SfmtlsErrors for what goes wrong on the way.
        """
        return read_json(
            self.send(self.prepare_rest(path, body=body, port=port, certificate=certificate, headers=headers))
        )

    def query(self, soql: str, *, api: Api = "soap", deleted: bool = False, batch: int = 2000) -> QueryResult:
        """Run SOQL: iterate over the records that it finds, or take ``.to_frame()``.

        The first page is here when this returns; the others are asked for as they are needed.
        api: the same records either way. deleted: deleted records too. batch: records a page, 200 to 2,000.
        Raises SoapFault or RestFault (both are ApiFaults) for what the org refuses.
        """
        require(soql, str, "the query")
        sources: dict[str, Callable[[], PageSource]] = {
            "soap": lambda: SoapPages(self.soap, soql, deleted=deleted, batch=batch),
            "rest": lambda: RestPages(self._get, soql, deleted=deleted, batch=batch),
        }
        require(api, str, "the API to query by")
        if api not in sources:
            raise SfmtlsError(f"there is no API {api!r} to query by", next_step='choose api="soap" or api="rest"')
        return QueryResult(sources[api](), soql, self.describe)

    def describe(self, sobject: str) -> DescribeSObjectResult:
        """The fields, parents and children of an sObject. The org is asked once, and the answer kept.

        Raises SoapFault with INVALID_TYPE if there is none of that name.
        """
        require(sobject, str, "the name of the sObject")
        key = sobject.casefold()
        if key not in self._described:
            reply = self.soap("describeSObject", {"sObjectType": sobject})
            if not reply.results:
                raise NotSoapError(f"the answer describes no {sobject}", f"its body is <{reply.operation}>")
            self._described[key] = read_describe(reply.results[0])
        return self._described[key]

    def get_user_info(self) -> Reply:
        """The user that the org takes us for: the smallest call there is, and the proof that mutual TLS works."""
        return self.soap("getUserInfo")

    def logout(self) -> None:
        """End the session on the org, and close the connections."""
        try:
            self.soap("logout")
        finally:
            self.transport.close()

    # ------------------------------------------------------------ requests

    def prepare(
        self,
        body: str | etree._Element,
        fields: Mapping[str, str | Secret] | None = None,
        *,
        headers: Iterable[etree._Element] = (),
        port: Port | None = None,
        certificate: bool = True,
    ) -> Request:
        """The request of `soap`, not sent: to look at, or to show with `sfmtls_nb.curl_command`."""
        content = body if etree.iselement(body) else build_element(body, fields)
        envelope = build_envelope(content, self.session_id, headers)
        url = self.org.endpoint(self.server_url, port or self._door(certificate=certificate))
        return self.transport.prepare("POST", url, SOAP_HEADERS, serialize(envelope), certificate=certificate)

    def prepare_rest(
        self,
        path: str,
        *,
        body: Any = None,
        port: Port | None = None,
        certificate: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Request:
        """The request of `rest`, not sent."""
        require(path, str, "the path")
        if not _VISIBLE.fullmatch(self.session_id.reveal()):
            # Not left to the HTTP library: its complaint would quote it.
            raise SfmtlsError(
                "the session id cannot stand in the Authorization header",
                "it is empty, or has characters that are not ASCII, such as a line end",
                "sign in again; if you brought the token yourself, look for what was copied along with it",
            )
        url = self._resource(path, port, self._door(certificate=certificate))
        sent = Headers({"Accept": "application/json"} | dict(headers or {}))
        sent["Authorization"] = f"Bearer {self.session_id.reveal()}"
        if body is None:
            return self.transport.prepare("GET", url, sent, certificate=certificate)
        sent["Content-Type"] = "application/json"
        return self.transport.prepare("POST", url, sent, to_json(body), certificate=certificate)

    def send(self, request: Request) -> Exchange:
        """Send a request of this session, and return what came of it, whatever the org answered."""
        return self.transport.send(request)

    def _get(self, path: str, headers: Mapping[str, str]) -> Exchange:
        return self.send(self.prepare_rest(path, headers=headers))

    def _door(self, *, certificate: bool) -> Port:
        """The port of a call that names none: only 8443 asks for a certificate, so only there is it missed."""
        return 8443 if self.transport.identity or not certificate else 443

    def _resource(self, path: str, port: Port | None, usual: Port) -> str:
        """The URL of a resource, on a door of this org and on no other host: the session id goes with it."""
        root = urlsplit(self.org.endpoint(self.server_url, port or usual))
        try:
            # Escaped is what may not stand in a URL, and the "@" and "#" that would end its host or its query.
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

    # ------------------------------------------------------------ the same session, otherwise connected

    def with_identity(self, identity: ClientIdentity | None) -> Session:
        """The same session, over connections of its own that present ``identity``."""
        return self.over(Transport(self.org, identity))

    def over(self, transport: Transport) -> Session:
        """The same session over another transport: another identity, other timeouts."""
        session = copy(self)
        session.transport, session.org = transport, transport.org
        return session

    # ------------------------------------------------------------ the same session, in other libraries

    def requests_session(self) -> requests.Session:
        """A `requests.Session` for this org: calls go to 8443 with the certificate, and with the session id.

        ``get("/services/data/")`` begins at the org's host; other hosts get neither certificate nor session id.
        """
        from sfmtls_nb import handover  # noqa: PLC0415  # for those who ask for it

        return handover.in_requests(self)

    def httpx_client(self) -> httpx.Client:
        """An `httpx.Client` for this org, as `requests_session`. Raises SfmtlsError if httpx is not installed."""
        from sfmtls_nb import handover  # noqa: PLC0415  # as above

        return handover.in_httpx(self)

    def simple_salesforce(self) -> Any:
        """A `simple_salesforce.Salesforce` for this org; its ``bulk``, ``bulk2`` and ``mdapi`` present the certificate too.

        Raises SfmtlsError if simple-salesforce is not installed.
        """
        from sfmtls_nb import handover  # noqa: PLC0415  # as above

        return handover.in_simple_salesforce(self)

    def zeep_client(self, wsdl: str | os.PathLike[str]) -> Any:
        """A `zeep.Client` for this org and a WSDL of it, by path or URL: its calls have the certificate and the SessionHeader.

        Raises SfmtlsError if zeep is not installed, or if that is no WSDL of Salesforce's.
        """
        from sfmtls_nb import handover  # noqa: PLC0415  # as above

        return handover.in_zeep(self, wsdl)

    def renew(self, refused: Secret) -> bool:  # noqa: ARG002  # to be done
        """Sign in again in place of a session id that the org refused; True if there is another one now."""
        return False

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
        return f"Session({self.session_id}, {visible(self.server_url)})"
