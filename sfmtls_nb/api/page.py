"""Page: the HTML that comes where XML or JSON was asked for, first of all Salesforce's page "Certificate Error"."""

from __future__ import annotations

from typing import Final

from lxml import etree

from sfmtls_nb.errors import CertificatePageError, NotJsonError, NotSoapError
from sfmtls_nb.xml import is_html

_PURPOSE_ADVICE: Final = (
    "the leaf must be a client's own, with the extended key usage clientAuth and the key usage digitalSignature: "
    "have it issued again so"
)
#: By the beginning of the reason. Reasons are OpenSSL's verify error strings; the first is Salesforce's own.
_ADVICE: Final = {
    "No client certificate": "this user is enforced: call 8443 with a client certificate (identity=…, %sf_identity)",
    "unable to get local issuer": "send the intermediates too, leaf first; and see that the root is one the org "
    "accepts (https://MYDOMAIN.my.salesforce.com/cacerts.jsp lists them)",
    "certificate has expired": "renew the certificate and upload the new leaf; look at the intermediates' dates too",
    "certificate is not yet valid": "check this machine's clock, and the certificate's first day",
    "self": "a self-signed certificate is never accepted: have one issued by an authority the org accepts",
    "certificate revoked": "the authority has withdrawn this certificate: have a new one issued",
    "unsuitable certificate purpose": _PURPOSE_ADVICE,
    "unsupported certificate purpose": _PURPOSE_ADVICE,
    "": "look at the certificate and the chain you sent: the page is about them, not about the session",
}


def refuse_html(body: bytes, wanted: type[NotSoapError | NotJsonError]) -> None:
    """Raise CertificatePageError for Salesforce's certificate page, and ``wanted`` for any other page.

    On 8443 a page is the most common answer to a mistake, and it says more than a parser's complaint about it.
    """
    if is_html(body):
        raise _error_in(body, wanted)


def _error_in(body: bytes, wanted: type[NotSoapError | NotJsonError]) -> NotSoapError | NotJsonError:
    """The error that a page is. Not raised here, where the page's text is a variable: a session id may be in it."""
    from lxml import html  # noqa: PLC0415  # a page is the exception, and the module one that takes a while to load

    try:
        page = html.document_fromstring(body[:100_000], parser=html.HTMLParser(no_network=True, huge_tree=False))
    except etree.ParserError:  # it ends before anything is in it
        page = html.Element("html")
    title = " ".join((page.findtext(".//title") or "").split())
    text = " ".join(page.text_content().split())
    _, found, reason = text.partition("Client certificate error:")
    language, protocol = ("JSON", "JSON") if wanted is NotJsonError else ("XML", "SOAP")
    if title == "Certificate Error" or found:
        reason = reason.strip()
        return CertificatePageError(
            f"the org answered with its HTML page “Certificate Error” instead of {language}",
            f"the page says: {reason or text}",
            next(advice for start, advice in _ADVICE.items() if reason.startswith(start)),
            reason=reason,
        )
    return wanted(
        f"the answer is an HTML page, not {protocol}",
        f"title: {title or '(none)'}; text: {text.removeprefix(title).strip()[:120]}",
        "check the host and path; a proxy, a sign-on page or a maintenance page may be answering in Salesforce's place",
    )
