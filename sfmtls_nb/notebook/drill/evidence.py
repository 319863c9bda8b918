"""Evidence: what is shown of an incident: the call, the answer, the connection, and what one asks for beyond that. No opinion."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import ssl
from collections.abc import Sequence
from typing import Final, NamedTuple, cast

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from lxml import etree, html

from sfmtls_nb.certificates.certificate import extension, signature_hash, spki
from sfmtls_nb.certificates.paths import PURPOSES
from sfmtls_nb.connection import curl_command
from sfmtls_nb.connection.failures import causes_of
from sfmtls_nb.errors import IdentityError, SfmtlsError
from sfmtls_nb.notebook.drill.incident import Incident
from sfmtls_nb.notebook.drill.stage import DOORS
from sfmtls_nb.notebook.views.identity import key_words
from sfmtls_nb.secret import mask_session_ids
from sfmtls_nb.xml import format_xml, is_html, parse_xml

Rows = Sequence[tuple[str, str]]

#: Characters of an answer that are shown at first, and when it is looked into; of its end something is always shown.
_FIRST, _MORE, _END = 700, 6_000, 160
#: The same of the answer to a call that works.
_OF_GOOD = 200
_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z ]+)-----\s+([^-]+)-----END \1-----")
#: Where the client itself hung up, and no library has words for it.
_HUNG_UP: Final = {
    "call-timeout": "the client has a limit for a whole call, and hung up; no whole answer had come",
    "answer-too-large": "the client has a limit for the bytes of an answer, and hung up; that many had come",
}
_SILENCE: Final = "the client has a limit for a silence, and hung up; that long no byte had come"


class Block(NamedTuple):
    """A part of the client's file: what stands in its BEGIN line, and the facts in it."""

    label: str
    rows: Rows


def command(incident: Incident) -> str:
    """The call as a curl command, which has no secret in it."""
    return curl_command(incident.request, "client.pem")


def connection(incident: Incident) -> str:
    """The address that was called, what stands there, the version of TLS, and the time that it took."""
    place = incident.request.url.split("/")[2]
    tls = incident.exchange.tls.partition(",")[0] if incident.exchange else ""
    return " · ".join(filter(None, (f"{place}, {DOORS[incident.door]}", tls, f"{incident.took:.1f} s")))


def answer(incident: Incident, most: int | None = None) -> str:
    """The status and the text of the answer, or the words of the machine that got none. most: characters of it."""
    exchange = incident.exchange
    most = most or (_FIRST if isinstance(incident.outcome, SfmtlsError) else _OF_GOOD)
    if exchange is None or exchange.status is None:
        return f"no answer came\n{_raw_words(cast('SfmtlsError', incident.outcome))}"
    body = exchange.response_body
    shown = _page(body) if is_html(body) and most == _FIRST else _shortened(_body(body), most)
    return f"HTTP {exchange.status} {http.client.responses.get(exchange.status, '')}\n{shown}".strip()


def reply(incident: Incident) -> str:
    """All of the answer: status, headers and body; and this machine's clock when the call was made."""
    exchange = incident.exchange
    clock = f"called at {incident.at:%a, %d %b %Y %H:%M:%S} GMT, by this machine's clock\n"
    if exchange is None or exchange.status is None:
        return clock + answer(incident, _MORE)
    head, _, body = answer(incident, _MORE).partition("\n")
    headers = "\n".join(f"{name}: {mask_session_ids(value)}" for name, value in exchange.response_headers.items())
    size = f"(a body of {len(exchange.response_body):,} bytes, unpacked)"
    return f"{clock}{head}\n{headers}\n{size}\n\n{body}"


def files(incident: Incident) -> tuple[Block, ...]:
    """The parts of client.pem in the order in which they stand there."""
    return tuple(_block(label.decode(), text) for label, text in _BLOCK.findall(incident.pem))


# ---------------------------------------------------------------- answers


def _raw_words(outcome: SfmtlsError) -> str:
    """The words of the library that gave up: OpenSSL's, the operating system's, or HTTP's."""
    causes = [each for each in causes_of(outcome) if not isinstance(each, SfmtlsError)]
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"OpenSSL: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return f"OpenSSL: {cause.reason}"
    if isinstance(outcome, IdentityError):
        return "the client could make nothing of client.pem, and sent nothing"
    if outcome.failure in _HUNG_UP:
        return _HUNG_UP[outcome.failure]
    told = [each for each in causes if isinstance(each, OSError | http.client.HTTPException) and str(each)]
    words = f"{type(told[-1]).__name__}: {told[-1]}" if told else outcome.evidence
    return f"{words}\n{_SILENCE}" if outcome.failure == "silent" else words


def _body(body: bytes) -> str:
    text = body.decode(errors="replace")
    try:
        if is_html(body):
            return mask_session_ids(text)
        if text.lstrip()[:1] in ("{", "["):
            return mask_session_ids(json.dumps(json.loads(text), indent=2))
        return format_xml(parse_xml(body)).partition("\n")[2]
    except (SfmtlsError, ValueError, etree.LxmlError):
        return mask_session_ids(text)


def _page(body: bytes) -> str:
    """A page as it is seen."""
    page = html.document_fromstring(body)
    title = page.findtext(".//title") or ""
    text = " ".join(" ".join(page.xpath("//body//text()")).split())
    return f"a page of HTML, “{title}”:\n{text}"


def _shortened(text: str, most: int) -> str:
    if len(text) <= most + 2 * _END:
        return text
    left = len(text) - most - _END
    return f"{text[:most]}\n[… {left:,} characters …]\n{text[-_END:]}"


# ---------------------------------------------------------------- files


def _block(label: str, text: bytes) -> Block:
    der = base64.b64decode(b"".join(text.split()))
    if label == "CERTIFICATE":
        return Block(label, _certificate(x509.load_der_x509_certificate(der)))
    if label != "PRIVATE KEY":
        return Block(label, [("key", "it cannot be read without its passphrase")] if "ENCRYPTED" in label else [])
    key = serialization.load_der_private_key(der, None)
    return Block(label, [("key", key_words(key.public_key())), ("public half", _half(key.public_key()))])


def _certificate(certificate: x509.Certificate) -> Rows:
    constraints, usage = extension(certificate, x509.BasicConstraints), extension(certificate, x509.KeyUsage)
    purposes = [PURPOSES.get(each, each.dotted_string) for each in extension(certificate, x509.ExtendedKeyUsage) or ()]
    hashed, how = signature_hash(certificate).upper(), certificate.signature_algorithm_oid._name  # noqa: SLF001  # its only name
    return [
        ("subject", certificate.subject.rfc4514_string()),
        ("issuer", certificate.issuer.rfc4514_string()),
        ("serial", f"{certificate.serial_number:X}"),
        ("valid", f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} to {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"),
        ("CA", "yes" if constraints and constraints.ca else "no"),
        ("purposes", ", ".join(purposes) or "none named"),
        ("key usage", ", ".join(_uses(usage)) if usage else "none named"),
        ("key", key_words(certificate.public_key())),
        ("public half", _half(certificate.public_key())),
        ("signature", f"{how}, {hashed}"),
    ]  # fmt: skip


def _uses(usage: x509.KeyUsage) -> list[str]:
    names = {
        "digital_signature": "digitalSignature",
        "content_commitment": "nonRepudiation",
        "key_encipherment": "keyEncipherment",
        "key_cert_sign": "keyCertSign",
        "crl_sign": "cRLSign",
    }
    return [shown for name, shown in names.items() if getattr(usage, name)]


def _half(key: PublicKeyTypes) -> str:
    """The beginning of the SHA-256 of a public key: equal for a key and its certificate."""
    return hashlib.sha256(spki(key)).hexdigest()[:16]
