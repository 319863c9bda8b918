"""Envelopes and faults: XML in, values out. The one parser of the client is here, and it is a hardened one.

Shapes are those of the partner WSDL, API 58; what is documented and what was captured is in CONTRIBUTING.md, "What we know of Salesforce".
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, Literal

from lxml import etree, html

from sfmtls_nb.errors import CertificatePageError, NotJsonError, NotSoapError, SfmtlsError, SoapFault
from sfmtls_nb.faults import soap_fault
from sfmtls_nb.secret import Secret, mask, mask_session_ids
from sfmtls_nb.xpath import declarations, find

if TYPE_CHECKING:
    import pandas as pd

SOAPENV: Final = "http://schemas.xmlsoap.org/soap/envelope/"
PARTNER: Final = "urn:partner.soap.sforce.com"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

# Elements whose text is never shown, in whatever namespace.
SECRET_ELEMENTS: Final = frozenset({"sessionId", "sessionIds", "password", "newPassword", "oldPassword"})


_SECRET_ATTRIBUTES: Final = "//@*[" + " or ".join(f"local-name()='{name}'" for name in sorted(SECRET_ELEMENTS)) + "]"
# Where a session id may stand: it has a "!" in it, which URLs may write as %21.
_HOLDING_IDS: Final = tuple(
    f"{node}[contains(., '!') or contains(., '%21')]" for node in ("//node()[not(self::*)]", "//@*")
)


# No DTD in SOAP (SOAP 1.1, section 3), so: no entities, no files, no network. huge_tree stays off, lxml's limits on.
def _parser(*, remove_blank_text: bool = False, encoding: str | None = None) -> etree.XMLParser[etree._Element]:
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_blank_text=remove_blank_text,
        strip_cdata=False,
    )


# At the beginning, after a byte order mark, white space, comments or an XML declaration. The groups are atomic, so that
# no series of comments makes the search long.
_HTML_START: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?>\s+|<\?.*?\?>|<!--.*?-->)*+<(!doctype\s+)?html[\s>]", re.IGNORECASE | re.DOTALL
)


# ---------------------------------------------------------------- writing


def operation(name: str, fields: Mapping[str, str | Secret] | None = None) -> etree._Element:
    """``<name>`` in the partner namespace with one child a field, such as ``query`` with ``queryString``.

    Text is put into nodes, never into strings: what is ``<`` in it stays text.
    """
    try:
        body = etree.Element(etree.QName(PARTNER, name), nsmap={"urn": PARTNER})
        for field, value in (fields or {}).items():
            child = etree.SubElement(body, etree.QName(PARTNER, field))
            child.text = value.reveal() if isinstance(value, Secret) else value
    except ValueError as error:
        raise NotSoapError(
            f"{name} cannot be written as XML",
            str(error),
            "an operation is named as in the WSDL, such as getUserInfo; control characters have no place in XML",
        ) from error
    return body


def envelope(
    body: etree._Element, session_id: Secret | None = None, *, headers: Iterable[etree._Element] = ()
) -> etree._Element:
    """A SOAP 1.1 envelope around ``body``, with a SessionHeader if there is a session, and with these other headers.

    A body that is a whole envelope already is taken as it is; it gets the SessionHeader only if it has none.
    """
    if body.tag == f"{{{SOAPENV}}}Envelope":
        root = copy.deepcopy(body)
    else:
        root = etree.Element(etree.QName(SOAPENV, "Envelope"), nsmap={"soapenv": SOAPENV, "urn": PARTNER})
        etree.SubElement(root, etree.QName(SOAPENV, "Body")).append(copy.deepcopy(body))
    added = [copy.deepcopy(each) for each in headers]
    if session_id and root.find(f"{{{SOAPENV}}}Header/{{{PARTNER}}}SessionHeader") is None:
        added.append(operation("SessionHeader", {"sessionId": session_id}))
    if added:
        header = root.find(f"{{{SOAPENV}}}Header")
        if header is None:
            header = etree.Element(etree.QName(SOAPENV, "Header"))
            root.insert(0, header)
        header.extend(added)
    return root


def from_user(text: str) -> etree._Element:
    """XML that a user typed: a body, or a whole envelope. What has no namespace is put into the partner namespace.

    Raises NotSoapError where it is not well-formed, and says where.
    """
    root = parse(
        text.strip().encode(errors="surrogatepass"),
        what="the XML you gave",
        advice="correct it there; in text, < is written &lt; and & is written &amp;",
        # What is typed is text already, whatever encoding its first line declares.
        encoding="utf-8",
    )
    for element in root.iter(etree.Element):
        if etree.QName(element).namespace is None:
            element.tag = etree.QName(PARTNER, str(element.tag)).text
    return root


def to_bytes(root: etree._Element) -> bytes:
    """The document as it goes over the wire."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def indented(root: etree._Element, placeholders: Mapping[str, str] | None = None) -> str:
    """The document as ``xmllint --format`` prints it, with secrets masked: elements of such a name, session ids anywhere.

    placeholders: by element name, what to show in place of the mask.
    """
    whole = root if root.getparent() is not None else root.getroottree()  # with the comments before and behind it
    clean = etree.fromstring(etree.tostring(whole, with_tail=False), _parser(remove_blank_text=True))
    _mask_secrets(clean, placeholders or {})
    shown = etree.tostring(clean.getroottree(), pretty_print=True, encoding="unicode")
    # What can hold one still is the name of a namespace.
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + mask_session_ids(shown)


def _masked(root: etree._Element) -> etree._Element:
    """A copy in which secrets are masked."""
    made = copy.deepcopy(root)
    _mask_secrets(made, {})
    return made


def _mask_secrets(root: etree._Element, placeholders: Mapping[str, str]) -> None:
    """Mask elements and attributes with the name of a secret; and session ids, wherever they stand."""
    for element in list(root.iter(*(f"{{*}}{name}" for name in SECRET_ELEMENTS))):
        if element.text or len(element):
            text = placeholders.get(etree.QName(element).localname) or mask(element.text or "")
            # A comment or element inside has text behind it: that goes as well.
            element[:] = []
            element.text = text
    for value in root.xpath(_SECRET_ATTRIBUTES):
        value.getparent().set(value.attrname, mask(value))
    for holding in _HOLDING_IDS:
        for node in root.xpath(holding):
            _mask_ids(node if etree.iselement(node) else node.getparent())


def _mask_ids(node: etree._Element) -> None:
    """Mask the session ids in what a node says itself. A text is left alone, CDATA and all, if there is none in it."""
    if node.text and (text := mask_session_ids(node.text)) != node.text:
        node.text = text
    if node.tail and (tail := mask_session_ids(node.tail)) != node.tail:
        node.tail = tail
    if isinstance(node.tag, str):
        for name, value in node.items():
            if (safe := mask_session_ids(value)) != value:
                node.set(name, safe)


# ---------------------------------------------------------------- reading


class Reply:
    """A SOAP answer that is not a fault. ``root`` is the envelope; its text form is indented, its secrets masked."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root

    @property
    def operation(self) -> str:
        """The name of the element in the body, such as ``getUserInfoResponse``."""
        return str(etree.QName(self._response).localname)

    @property
    def results(self) -> list[etree._Element]:
        """The ``result`` elements: none, one, or as many as the operation returns."""
        return self._response.findall("{*}result")

    @property
    def limits(self) -> dict[str, tuple[int, int]]:
        """What the LimitInfoHeader says, ``{type: (current, limit)}``; empty where the org sent none."""
        return {
            str(info.findtext("{*}type")): (_number(info.findtext("{*}current")), _number(info.findtext("{*}limit")))
            for info in self.root.iterfind("{*}Header/{*}LimitInfoHeader/{*}limitInfo")
        }

    def text(self, path: str) -> str | None:
        """The text of the first that is at ``path``, such as ``.//userName``; None where there is none, or it is nil.

        Paths are XPath 1.0, where a name without a prefix has any namespace; ``count(.//records)`` is a text as well.
        Raises SfmtlsError for what is no path.
        """
        first = next(iter(self._find(path)), None)
        if first is None or isinstance(first, str):
            return first
        return None if is_nil(first) else first.text or ""

    def frame(self, path: str | None = None) -> pd.DataFrame:
        """The elements at ``path`` as rows, their children as columns.

        Without a path: the records of a query or the like, where the result has one list of such; or else the results.
        """
        from sfmtls_nb.frame import elements_frame, records_of  # noqa: PLC0415  # the core loads without pandas

        return elements_frame(records_of(self.results) if path is None else self.part(path).elements)

    def part(self, path: str) -> Part:
        """The elements at ``path``, as a value of their own. None is no error: it is empty then.

        Raises SfmtlsError where something else is there: a text, an attribute, a number.
        """
        part = self.find(path)
        if isinstance(part, str):
            raise SfmtlsError(
                f"{path!r} leads to text, and not to elements",
                f"it is {part[:200]!r}",
                f"reply.text({path!r}) is this text; a path to elements ends with their name, such as .//userName",
            )
        return part

    def find(self, path: str) -> Part | str:
        """The elements at ``path``; or what else is there as text, a line each, with secrets masked."""
        found = self._find(path)
        elements = tuple(each for each in found if not isinstance(each, str))
        if len(elements) == len(found):
            return Part(path, elements)
        # Of a copy that is masked already: a path may take a secret apart.
        masked = find(_masked(self.root), path)
        return "\n".join(each if isinstance(each, str) else each.text or "" for each in masked)

    def _find(self, path: str) -> list[etree._Element | str]:
        found = find(self.root, path)
        if not found and _NAME_FIRST.match(path) and (below := find(self.root, f".//{path}")):
            raise SfmtlsError(
                f"there is nothing at {path!r}",
                f"a path begins at the envelope; further down there {'is' if len(below) == 1 else 'are'} {len(below):,}",
                f"write .//{path}",
            )
        return found

    @property
    def _response(self) -> etree._Element:
        return next(self.root.iterfind(f"{{{SOAPENV}}}Body/*"))

    def __str__(self) -> str:
        return indented(self.root)

    def __repr__(self) -> str:
        return f"<Reply {self.operation}>"


class Part:
    """The elements of a reply that a path leads to: none, one or many."""

    def __init__(self, path: str, elements: tuple[etree._Element, ...]) -> None:
        self.path = path
        self.elements = elements

    def frame(self) -> pd.DataFrame:
        """One row an element, their children as columns."""
        from sfmtls_nb.frame import elements_frame  # noqa: PLC0415  # the core loads without pandas

        return elements_frame(self.elements)

    def __len__(self) -> int:
        return len(self.elements)

    def __str__(self) -> str:
        return "".join(indented(alone(each)).partition("\n")[2] for each in self.elements).rstrip("\n")

    def __repr__(self) -> str:
        return f"<Part {len(self)} at {self.path}>"


# sf:Name, alone or before another step; no function and no axis.
_NAME_FIRST: Final = re.compile(r"(?:\w[\w.-]*:)?\w[\w.-]*(?=[/\[]|$)")


def alone(element: etree._Element) -> etree._Element:
    """A copy that declares the namespaces it needs, and not those of the envelope it was in."""
    alone = copy.deepcopy(element)
    alone.tail = None
    if all(uri for _, uri in declarations(alone)):  # or it would take xmlns="" away
        etree.cleanup_namespaces(alone)
    return alone


def is_nil(element: etree._Element) -> bool:
    """Whether the element says of itself, with ``xsi:nil``, that it has no value."""
    return element.get(f"{{{XSI}}}nil") in ("true", "1")


def read_reply(body: bytes) -> Reply:
    """The answer to a SOAP call.

    Raises CertificatePageError or NotSoapError for what is not SOAP, and a SoapFault for a fault. HTML is looked for
    first: on 8443 it is the most common answer to a mistake, and it says more than a parser's complaint about it.
    """
    refuse_html(body)
    root = parse(body)
    if root.tag != f"{{{SOAPENV}}}Envelope":
        raise NotSoapError(
            "the answer is XML, but not a SOAP envelope",
            f"its first element is <{etree.QName(root).localname}>",
            "check the path of the URL: the SOAP API is at /services/Soap/u/VERSION",
        )
    content = root.find(f"{{{SOAPENV}}}Body")
    if content is None or content.find("*") is None:
        raise NotSoapError(
            "the answer is a SOAP envelope with nothing in its body",
            f"{len(body)} bytes",
            "repeat the call; if it comes again, something between you and the org may be changing the answer",
        )
    fault = content.find(f"{{{SOAPENV}}}Fault")
    if fault is not None:
        raise _fault(fault)
    return Reply(root)


def parse(document: bytes, what: str = "the answer", advice: str = "", encoding: str | None = None) -> etree._Element:
    """The root element of a document from outside. Raises NotSoapError; a DTD is refused whatever it holds.

    what: what the document is, as the error's message calls it. advice: the next step, where it is not an answer.
    encoding: overrides the one that the document declares.
    """
    if not document.strip():
        raise NotSoapError(
            f"{what} is empty",
            f"{len(document)} bytes",
            advice
            or "repeat the call; if it comes again, look at the HTTP status and at what stands between you and the org",
        )
    try:
        root: etree._Element = etree.fromstring(document, _parser(encoding=encoding))
    except etree.XMLSyntaxError as error:
        complaint = str(error).partition(", line")[0]
        # ERR_DOCUMENT_EMPTY: a prologue and nothing after it.
        ends_early = error.code in (etree.ErrorTypes.ERR_TAG_NOT_FINISHED, etree.ErrorTypes.ERR_DOCUMENT_EMPTY)
        unfinished = ends_early or not document.rstrip().endswith(b">")
        cut = unfinished and document.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        raise NotSoapError(
            f"{what} is cut off: it begins as XML and ends too early" if cut else f"{what} is not XML",
            f"{complaint} (line {error.lineno}); {len(document)} bytes, beginning {beginning(document)}",
            advice
            or (
                "repeat the call; if it comes again, the connection or a proxy on the way is cutting answers short"
                if cut
                else "check the URL: it may lead to something other than Salesforce's SOAP API"
            ),
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotSoapError(
            "the XML brings a DTD, which SOAP forbids, so it was not read",
            f"{len(document)} bytes, beginning {beginning(document)}",
            "check the URL: Salesforce sends no DTD, and a message to it needs none",
        )
    return root


def is_html(body: bytes) -> bool:
    """Whether a body begins as an HTML page, whatever its Content-Type says."""
    return bool(_HTML_START.match(body[:4096]))


def refuse_html(body: bytes, wanted: Literal["SOAP", "JSON"] = "SOAP") -> None:
    """Raise CertificatePageError for Salesforce's certificate page, NotSoapError or NotJsonError for any other page."""
    if not is_html(body):
        return
    try:
        page = html.document_fromstring(body[:100_000], parser=html.HTMLParser(no_network=True, huge_tree=False))
    except etree.ParserError:  # it ends before anything is in it
        page = html.Element("html")
    title = " ".join((page.findtext(".//title") or "").split())
    text = " ".join(page.text_content().split())
    _, found, reason = text.partition("Client certificate error:")
    if title == "Certificate Error" or found:
        reason = reason.strip()
        raise CertificatePageError(
            "the org answered with its HTML page “Certificate Error” instead of " + {"SOAP": "XML"}.get(wanted, wanted),
            f"the page says: {reason or text}",
            _page_advice(reason),
            reason=reason,
        )
    kind = NotSoapError if wanted == "SOAP" else NotJsonError
    raise kind(
        f"the answer is an HTML page, not {wanted}",
        f"title: {title or '(none)'}; text: {text.removeprefix(title).strip()[:120]}",
        "check the host and path; a proxy, a sign-on page or a maintenance page may be answering in Salesforce's place",
    )


def _number(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        return 0


def beginning(document: bytes) -> str:
    """The first characters, up to the first that could be a secret's."""
    text = document[:60].decode("utf-8", "replace")
    return repr(re.split(r"[Ss]ession|[Tt]oken|[Pp]assw|00D\w{12}!", text)[0])


# ---------------------------------------------------------------- what to do next

_PURPOSE_ADVICE: Final = (
    "the leaf must be a client's own, with the extended key usage clientAuth and the key usage digitalSignature: "
    "have it issued again so"
)
# The reasons are OpenSSL's verify error strings (the first is Salesforce's own). Looked up by their beginning.
_PAGE_ADVICE: Final = {
    "No client certificate": "this user is enforced: call 8443 with a client certificate (identity=…, %sf_identity)",
    "unable to get local issuer": "send the intermediates too, leaf first; and see that the root is one the org "
    "accepts (https://MYDOMAIN.my.salesforce.com/cacerts.jsp lists them)",
    "certificate has expired": "renew the certificate and upload the new leaf; look at the intermediates' dates too",
    "certificate is not yet valid": "check this machine's clock, and the certificate's first day",
    "self": "a self-signed certificate is never accepted: have one issued by an authority the org accepts",
    "certificate revoked": "the authority has withdrawn this certificate: have a new one issued",
    "unsuitable certificate purpose": _PURPOSE_ADVICE,
    "unsupported certificate purpose": _PURPOSE_ADVICE,
}


def _page_advice(reason: str) -> str:
    for beginning, advice in _PAGE_ADVICE.items():
        if reason.startswith(beginning):
            return advice
    return "look at the certificate and the chain you sent: the page is about them, not about the session"


def _fault(fault: etree._Element) -> SoapFault:
    faultcode = (fault.findtext("faultcode") or fault.findtext("{*}faultcode") or "").strip()
    faultstring = (fault.findtext("faultstring") or fault.findtext("{*}faultstring") or "").strip()
    code = (fault.findtext("{*}detail//{*}exceptionCode") or faultcode.rpartition(":")[2]).strip()
    message = (fault.findtext("{*}detail//{*}exceptionMessage") or faultstring.removeprefix(f"{code}: ")).strip()
    return soap_fault(code, message, f"faultcode {faultcode}")
