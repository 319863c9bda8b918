"""Session: what a sign-in gives, and the calls that can be made with it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, Self, get_args
from urllib.parse import quote, urlsplit

from lxml import etree

from sfmtls_nb.access import Access, CurrentAccess, Renew
from sfmtls_nb.api import (
    Reply,
    bearer,
    build_element,
    build_envelope,
    read_json,
    read_reply,
    revoke,
    serialize,
    session_ended,
    to_json,
)
from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection import SECRET_HEADERS, Exchange, Headers, Method, Request, Transport
from sfmtls_nb.errors import CallTimeout, NotSoapError, OrgError, SfmtlsError, require, visible
from sfmtls_nb.org import Port, checked_url
from sfmtls_nb.query import Api, DescribeSObjectResult, Elsewhere, Progress, QueryResult, open_source, read_describe
from sfmtls_nb.secret import Secret

if TYPE_CHECKING:
    import httpx
    import requests

SOAP_HEADERS: Final = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}


class Session:
    """A sign-in's session and the org it is good for. As a context manager it ends the session on the way out.

    Where the org says that the session has ended, and the way in allows it, it signs in again, once, and repeats the call.
    """

    def __init__(self, transport: Transport, access: Access, renew: Renew | None = None, by: str = "") -> None:
        """by: the way in and who came in by it, in words."""
        self.transport = transport
        self.org = transport.org
        self.by = by
        self.elsewhere: Elsewhere | None = None  # the way of other processes to this org
        self._current = CurrentAccess(access, renew)
        self._described: dict[str, DescribeSObjectResult] = {}

    @property
    def session_id(self) -> Secret:
        """The session id or access token; after a renewal the new one."""
        return self._current.access.session_id

    @property
    def server_url(self) -> str:
        """The SOAP API's address, as the sign-in gave it: without the port for mutual TLS."""
        return self._current.access.server_url

    @property
    def user_id(self) -> str:
        """The id of the user who signed in; empty where the way in does not tell it."""
        return self._current.access.user_id

    @property
    def exchange(self) -> Exchange | None:
        """The call that signed in, without its secrets; None where none was made."""
        return self._current.access.exchange

    @property
    def expires(self) -> datetime | None:
        """The end of the session, where the org told it; a call may begin that time anew."""
        return self._current.access.expires

    @property
    def renews(self) -> bool:
        """True if it signs in again by itself when the org has ended it."""
        return self._current.renews

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

    def query(
        self,
        soql: str,
        *,
        api: Api | Literal["auto"] = "auto",
        deleted: bool = False,
        batch: int = 2000,
        progress: Callable[[Progress], None] | None = None,
    ) -> QueryResult:
        """Run SOQL: iterate over the records that it finds, or take ``.to_frame()``.

        The first page is here when this returns; the others are asked for as they are needed.
        api: the same records by each; auto: by REST, or by a job of Bulk API 2.0 where that finds 50,000 or more.
        deleted: deleted records too. batch: records a page by SOAP and REST, 200 to 2,000.
        progress: is told how far a Bulk job is, and the calls that it takes, before it takes them.
        Raises SoapFault or RestFault (both are ApiFaults) for what the org refuses, and SfmtlsError for a job that never ends.
        """
        source = open_source(soql, api, self._post, self._make, deleted=deleted, batch=batch, progress=progress)
        return QueryResult(source, soql, self.describe, self.elsewhere)

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
        """End the session on the org, as its way in does that (SOAP logout or OAuth revoke), and close the connections."""
        access = self._current.end()
        try:
            if access.ends_by == "revoke":
                revoke(self.transport, access.refresh_token or access.session_id)
            else:
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
        method: Method | None = None,
        body: Any = None,
        port: Port | None = None,
        certificate: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Request:
        """The request of `rest`, not sent. method: GET unless there is a body, and POST if there is one."""
        require(path, str, "the path")
        url = self._resource(path, port, self._door(certificate=certificate))
        sent = Headers({"Accept": "application/json"} | dict(headers or {}))
        sent["Authorization"] = bearer(self.session_id)
        if body is None:
            return self.transport.prepare(method or "GET", url, sent, certificate=certificate)
        sent["Content-Type"] = "application/json"
        return self.transport.prepare(method or "POST", url, sent, to_json(body), certificate=certificate)

    def send(self, request: Request) -> Exchange:
        """Send a request of this session, and return what came of it, whatever the org answered.

        If that is that the session has ended, sign in again where the way in allows it, and send it once more.
        """
        renewal, transport = self.renewal(), self.transport
        # Another one may have been chosen since this was prepared.
        if request.identity and request.identity is not transport.identity:
            request = replace(request, identity=transport.identity)
        exchange = transport.send(request)
        if session_ended(exchange):
            for refused in filter(partial(_carries, request), self._current.issued()):
                if new := renewal(refused):
                    return transport.send(_with(request, refused, new))
                break
        return exchange

    def _post(self, body: etree._Element, headers: Iterable[etree._Element]) -> Exchange:
        return self.send(self.prepare(body, headers=headers))

    def _make(self, method: Method, path: str, **more: Any) -> Exchange:
        return self.send(self.prepare_rest(path, method=method, **more))

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
            doors = [urlsplit(self.org.endpoint(self.server_url, door)).netloc.lower() for door in get_args(Port)]
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

    def present(self, identity: ClientIdentity | None) -> None:
        """Present another identity, or none, from the next call on. Calls in flight end as they began."""
        # The connections of the old one close when the last call over them lets go of it.
        self.transport = Transport(self.org, identity)

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

    def renewal(self) -> Callable[[Secret], Secret | None]:
        """What gives another session id for a refused one, or None: taken before the call that may be refused."""
        return partial(self._current.renewed, transport=self.transport, attempts=self._current.attempts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # The session id dies by itself later: nobody waits a second time for an org that does not answer, and an error
        # here must not hide the one that may have brought us here.
        if not self._current.access.ends_by or (kind is not None and issubclass(kind, CallTimeout)):
            self.transport.close()
            return
        with suppress(SfmtlsError):
            self.logout()

    def __repr__(self) -> str:
        return f"Session({self.session_id}, {visible(self.server_url)})"


def _carries(request: Request, session_id: Secret) -> bool:
    """True if a request goes with this session id: in its header, or in its envelope."""
    text = session_id.reveal()
    return text.encode() in request.body or any(request.headers.get(name, "").endswith(text) for name in SECRET_HEADERS)


def _with(request: Request, old: Secret, new: Secret) -> Request:
    """The same request with another session id."""
    headers = Headers(request.headers)
    for name in SECRET_HEADERS & {each.lower() for each in headers}:
        headers[name] = headers[name].removesuffix(old.reveal()) + new.reveal()
    body = request.body.replace(old.reveal().encode(), new.reveal().encode())
    return replace(request, headers=headers, body=body)
