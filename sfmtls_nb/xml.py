"""XML: the one hardened parser of the client, and documents as they are shown: indented, their secrets masked."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lxml import etree

from sfmtls_nb.errors import NotSoapError
from sfmtls_nb.secret import mask, mask_session_ids

XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

#: Elements whose text is never shown, in whatever namespace.
SECRET_ELEMENTS: Final = frozenset({"sessionId", "sessionIds", "password", "newPassword", "oldPassword"})

_SECRET_ATTRIBUTES: Final = "//@*[" + " or ".join(f"local-name()='{name}'" for name in sorted(SECRET_ELEMENTS)) + "]"
# A session id has a "!" in it, which URLs may write as %21.
_HOLDING_IDS: Final = tuple(
    f"{node}[contains(., '!') or contains(., '%21')]" for node in ("//node()[not(self::*)]", "//@*")
)
# At the beginning, after a byte order mark, white space, comments or an XML declaration. The groups are atomic, so that
# a long series of comments does not make the search slow.
_HTML_START: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?>\s+|<\?.*?\?>|<!--.*?-->)*+<(!doctype\s+)?html[\s>]", re.IGNORECASE | re.DOTALL
)


# No DTD in SOAP (SOAP 1.1, section 3), so no entities, files or network; lxml's own limits are on unless huge_tree is.
_HARDENED: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "strip_cdata": False,
}
#: Bytes from which on libxml2's own limits can be what stops it.
_LONG_TEXT: Final = 10_000_000
#: As deep as libxml2 goes by itself; beyond that, what walks through a document could run out of stack.
_DEEPEST: Final = 256


def parse_xml(
    document: bytes, what: str = "the answer", advice: str = "", encoding: str | None = None
) -> etree._Element:
    """Root element of a document from outside. A DTD is refused, whatever it holds.

    what: the document's name in an error. advice: the next step, where the document is not an answer of the org.
    encoding: overrides the one that the document declares. Raises NotSoapError for what is not well-formed.
    """
    if not document.strip():
        raise NotSoapError(
            f"{what} is empty",
            f"{len(document)} bytes",
            advice
            or "repeat the call; if it comes again, look at the HTTP status and at what stands between you and the org",
        )
    try:
        root = _parse(document, encoding)
    except etree.XMLSyntaxError as error:
        complaint = str(error).partition(", line")[0]
        # ERR_DOCUMENT_EMPTY: a prologue and nothing after it.
        ends_early = error.code in (etree.ErrorTypes.ERR_TAG_NOT_FINISHED, etree.ErrorTypes.ERR_DOCUMENT_EMPTY)
        unfinished = ends_early or not document.rstrip().endswith(b">")
        goes_on = error.code == etree.ErrorTypes.ERR_DOCUMENT_END
        cut = unfinished and not goes_on and document.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        raise NotSoapError(
            f"{what} is cut off: it begins as XML and ends too early"
            if cut
            else f"{what} is not XML: it goes on behind its last tag"
            if goes_on
            else f"{what} is not XML",
            f"{complaint} (line {error.lineno}); {len(document)} bytes, beginning {beginning(document)}",
            (
                "take away what stands there; a document has one element around all others"
                if goes_on and advice
                else advice
            )
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
    _refuse_braces(root, document, what, advice)
    return root


def _refuse_braces(root: etree._Element, document: bytes, what: str, advice: str) -> None:
    """Raise NotSoapError for a namespace with a brace, which lxml reads, and then cannot read its own {namespace}name."""
    if not any(sign in document for sign in (b"{", b"}", b"&#", b"\0")):  # \0: UTF-16
        return
    if wrong := next((uri for _, uri in declarations(root) if "{" in uri or "}" in uri), None):
        raise NotSoapError(
            f"{what} has a namespace that cannot be one",
            f"{wrong[:80]!r} has a brace in it, which no URI has (RFC 3986)",
            advice or "check the URL: Salesforce's namespaces are urn:partner.soap.sforce.com and the like",
        )


def _parse(document: bytes, encoding: str | None) -> etree._Element:
    try:
        root: etree._Element = etree.fromstring(document, etree.XMLParser(encoding=encoding, **_HARDENED))
    except etree.XMLSyntaxError as error:
        named = error.code == etree.ErrorTypes.ERR_NAME_TOO_LONG
        if named or len(document) < _LONG_TEXT or _brings_dtd(document, encoding):
            raise
    else:
        return root
    return _parse_huge(document, encoding)


def _brings_dtd(document: bytes, encoding: str | None) -> bool:
    """True if there is a DTD before the first element, as read with all limits on."""
    parser = etree.XMLPullParser(events=("start",), encoding=encoding, **_HARDENED)
    for _, first in _events(parser, document):
        return first.getroottree().docinfo.internalDTD is not None
    return True


def _parse_huge(document: bytes, encoding: str | None) -> etree._Element:
    """A document with text above 10 MB, such as an attachment in base64. Without limits of libxml2 but that of the depth."""
    parser = etree.XMLPullParser(events=("start", "end"), encoding=encoding, huge_tree=True, **_HARDENED)
    depth = 0
    for event, _ in _events(parser, document):
        depth += 1 if event == "start" else -1
        if depth > _DEEPEST:
            raise etree.XMLSyntaxError(
                f"Excessive depth in document: {_DEEPEST}", etree.ErrorTypes.ERR_INTERNAL_ERROR, 0, 0
            )
    root: etree._Element = parser.close()
    return root


def _events(parser: etree.XMLPullParser[Any], document: bytes) -> Iterator[tuple[str, etree._Element]]:
    for start in range(0, len(document), 65536):
        parser.feed(document[start : start + 65536])
        yield from parser.read_events()


def is_html(body: bytes) -> bool:
    """True if a body begins as an HTML page, whatever its Content-Type says."""
    return bool(_HTML_START.match(body[:4096]))


def beginning(document: bytes) -> str:
    """First characters of a document, up to the first that could be a secret's; quoted."""
    text = document[:60].decode("utf-8", "replace")
    return repr(re.split(r"[Ss]ession|[Tt]oken|[Pp]assw|00D\w{12}!", text)[0])


def local_name(element: etree._Element) -> str:
    """Name of an element without its namespace."""
    return str(etree.QName(element).localname)


def type_of(element: etree._Element) -> str:
    """Local name of an element's ``xsi:type``, such as ``QueryResult``; empty if it has none."""
    return (element.get(f"{{{XSI}}}type") or "").strip().rpartition(":")[2]


def is_nil(element: etree._Element) -> bool:
    """True if the element says with ``xsi:nil`` that it has no value."""
    return element.get(f"{{{XSI}}}nil") in ("true", "1")


def declarations(root: etree._Element) -> Iterator[tuple[str, str]]:
    """Each prefix (empty for the default namespace) with its namespace, in the order of the document."""
    # The stubs know nothing of this event.
    events: Any = etree.iterwalk(root, events=("start-ns",))
    return (declared for _, declared in events)


# ---------------------------------------------------------------- shown


def format_xml(root: etree._Element, placeholders: Mapping[str, str] | None = None) -> str:
    """The document as ``xmllint --format`` prints it, with secrets masked: elements of such a name, session ids anywhere.

    placeholders: by element name, text to show in place of the mask.
    """
    whole = root if root.getparent() is not None else root.getroottree()  # with the comments before and behind it
    # As UTF-8: in ASCII, a name beyond it would be written in a way that no name is read. It is no longer from outside.
    written = etree.tostring(whole, with_tail=False, encoding="UTF-8")
    clean = etree.fromstring(written, etree.XMLParser(remove_blank_text=True, huge_tree=True, **_HARDENED))
    _mask_secrets(clean, placeholders or {})
    shown = etree.tostring(clean.getroottree(), pretty_print=True, encoding="unicode")
    # The name of a namespace can hold one still.
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + mask_session_ids(shown)


def detach(element: etree._Element) -> etree._Element:
    """A copy that declares the namespaces it needs, and not those of the document around it."""
    alone = copy.deepcopy(element)
    alone.tail = None
    if all(uri for _, uri in declarations(alone)):  # or it would take xmlns="" away
        etree.cleanup_namespaces(alone)
    return alone


def _mask_secrets(root: etree._Element, placeholders: Mapping[str, str]) -> None:
    """Mask elements and attributes with the name of a secret; and session ids, wherever they stand."""
    for element in list(root.iter(*(f"{{*}}{name}" for name in SECRET_ELEMENTS))):
        if element.text or len(element):
            text = placeholders.get(local_name(element)) or mask(element.text or "")
            # A comment or element inside has text behind it: that goes as well.
            element[:] = []
            element.text = text
    for value in root.xpath(_SECRET_ATTRIBUTES):
        value.getparent().set(value.attrname, mask(value))
    for holding in _HOLDING_IDS:
        for node in root.xpath(holding):
            _mask_ids(node if etree.iselement(node) else node.getparent())


def _mask_ids(node: etree._Element) -> None:
    """Mask the session ids in a node's own text. A text without one is left alone, CDATA and all."""
    if node.text and (text := mask_session_ids(node.text)) != node.text:
        node.text = text
    if node.tail and (tail := mask_session_ids(node.tail)) != node.tail:
        node.tail = tail
    if isinstance(node.tag, str):
        for name, value in node.items():
            if (safe := mask_session_ids(value)) != value:
                node.set(name, safe)
