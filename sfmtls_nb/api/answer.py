"""Answer: what is looked for in every answer before it is read, and the exchange on every error that comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sfmtls_nb.api.page import refuse_html
from sfmtls_nb.connection.request import Exchange
from sfmtls_nb.errors import NotJsonError, NotSoapError, SfmtlsError


@contextmanager
def reading(exchange: Exchange, unreadable: type[NotSoapError | NotJsonError]) -> Iterator[bytes]:
    """The body of an answer, to be read in the block; an SfmtlsError raised there carries the exchange.

    Raises ``unreadable`` for a redirect or an HTML page, and CertificatePageError for Salesforce's certificate page.
    """
    try:
        if exchange.status is not None and 300 <= exchange.status < 400:
            raise _elsewhere(exchange, unreadable)
        refuse_html(exchange.response_body, unreadable)
        yield exchange.response_body
    except SfmtlsError as error:
        error.exchange = exchange
        raise


def _elsewhere(exchange: Exchange, unreadable: type[NotSoapError | NotJsonError]) -> SfmtlsError:
    """The error for HTTP 3xx, which says where the answer is; with 304 that is a cache of one's own."""
    if location := exchange.response_headers.get("Location"):
        return unreadable(
            "the org sends the call elsewhere, and a call with a secret in it is not sent on",
            f"HTTP {exchange.status}, Location: {location}",
            "use the host that Location names as the org's login URL, if it is yours",
        )
    return unreadable(
        f"the answer is HTTP {exchange.status}, which brings nothing to read",
        f"no Location header, {len(exchange.response_body)} bytes",
        "repeat the call; if it comes again, a cache or proxy on the way is answering: we asked for no “304 Not Modified”",
    )
