"""RequestsSession: a session of requests that signs what goes to the org, and presents the certificate there."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit
from xml.sax.saxutils import escape

import requests
from requests.adapters import BaseAdapter

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection.adapter import Adapter
from sfmtls_nb.connection.context import client_context
from sfmtls_nb.connection.failures import causes_of
from sfmtls_nb.connection.transport import environment_proxies
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.handover.source import PLACEHOLDER, Source, door_of, is_ended, signed
from sfmtls_nb.org import Org
from sfmtls_nb.secret import Secret, SecretBytes


class RequestsSession(requests.Session):
    """requests' session, whose calls to the org are signed as they leave, and to other hosts are anybody's.

    The session id is in none of its attributes, and in none of the requests and responses that it gives: it is put in
    behind all of requests' own code, by the adapters of the org's two doors. A path alone begins at the door with the certificate.
    """

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._mutual = f"{door_of(source, 8443)}/"
        self.trust_env = False  # no ~/.netrc and no REQUESTS_CA_BUNDLE; the proxies are the adapters' to find
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._presented = source.transport.identity
        self.mount("https://", _Adapter(source.transport.org))
        usual = door_of(source, 443)
        for written in {usual, usual if urlsplit(usual).port else f"{usual}:443"}:
            self.mount(f"{written}/", _DoorAdapter(source))
        self.mount(self._mutual, _DoorAdapter(source, self._presented))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """As in requests; a URL without a host is one of the org's."""
        text = url.decode() if isinstance(url, bytes) else url
        return super().request(method, urljoin(door_of(self._source), text), *args, **kwargs)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """As in requests. Raises SfmtlsError for another certificate or other roots than the session's."""
        if kwargs.get("verify", self.verify) is not True or kwargs.get("cert", self.cert) is not None:
            raise SfmtlsError(
                "this session has its roots and its certificate from the sign-in",
                "verify= or cert= is set, here or on the session",
                "leave both out; which servers are trusted is for Org(ca_file=…) or Org(trust=…) to say, and nothing turns "
                "verification off; another certificate is for with_identity()",
            )
        return super().send(request, **kwargs)

    def get_adapter(self, url: str | bytes) -> BaseAdapter:
        identity = self._source.transport.identity
        if identity is not self._presented:  # the session presents another one now
            # Put in the old one's place, which stays open for the calls that are under way, and may be read meanwhile.
            self.adapters[self._mutual] = _DoorAdapter(self._source, identity)
            self._presented = identity
        return super().get_adapter(url)  # type: ignore[arg-type]  # its types allow bytes in one place and not in the other

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signed-in session is not pickled: it would be a way in for whoever has the file")


class _Adapter(Adapter):
    """requests' HTTPS, with what the Org says of trust and timeouts, and the proxies of the environment."""

    def __init__(self, org: Org, identity: ClientIdentity | None = None) -> None:
        super().__init__(client_context(org.ca_file, identity, org.trust))
        self._usual = (org.connect_timeout, org.read_timeout)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = self._bounded(kwargs.get("timeout"))
        kwargs["proxies"] = kwargs.get("proxies") or environment_proxies(str(request.url))
        try:
            return super().send(request, *args, **kwargs)
        except Exception as error:
            # The frames of the HTTP libraries hold headers and body as plain text, for what shows the variables of a traceback.
            for cause in causes_of(error):
                cause.__traceback__ = None
            raise

    def _bounded(self, timeout: Any) -> Any:
        """No call waits for ever, whatever its library says of timeouts."""
        if timeout is None or isinstance(timeout, int | float | tuple):
            connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
            return connect or self._usual[0], read or self._usual[1]
        return timeout


class _DoorAdapter(_Adapter):
    """The way to one of the org's doors: here, and nowhere else, calls get the session id."""

    def __init__(self, source: Source, identity: ClientIdentity | None = None) -> None:
        super().__init__(source.transport.org, identity)
        self._source = source

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        renewal, session_id = self._source.renewal(), self._source.session_id
        response = self._send_signed(request, session_id, *args, **kwargs)
        repeatable = isinstance(request.body, bytes | str | None)
        if response.status_code < 400 or not repeatable or not is_ended(response.status_code, response.content):
            return response
        new = renewal(session_id)
        return self._send_signed(request, new, *args, **kwargs) if new else response

    def _send_signed(
        self, request: requests.PreparedRequest, session_id: Secret, *args: Any, **kwargs: Any
    ) -> requests.Response:
        leaving = request.copy()
        leaving.headers = signed(request.headers, urlsplit(str(request.url)).path, session_id)
        body = request.body.encode() if isinstance(request.body, str) else request.body
        if isinstance(body, bytes) and PLACEHOLDER.encode() in body:  # XML: a SessionHeader
            text = escape(session_id.reveal())
            leaving.body = SecretBytes(body.replace(PLACEHOLDER.encode(), text.encode()))
            leaving.prepare_content_length(leaving.body)
            del text
        try:
            response = super().send(leaving, *args, **kwargs)
        except requests.RequestException as error:
            error.request = request
            raise
        response.request = request
        return response
