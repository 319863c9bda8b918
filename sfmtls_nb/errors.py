"""Everything this package raises, by who is to act.

    SfmtlsError
    ├── OrgError                       a URL, port, API version or CA file cannot work
    ├── IdentityError                  the certificate material
    │   ├── PassphraseError            the key is encrypted: the passphrase is missing or wrong
    │   └── ChainError                 the certificates do not belong together
    ├── ConnectError                   the connection: no such host, nobody listening, cut off
    │   ├── HandshakeError             TLS failed: we refuse the server, or it refuses us
    │   ├── CallTimeout                nothing came in time, or not all of it
    │   └── AnswerLimitError           more came than Org.answer_limit allows
    ├── NotSoapError                   the answer is not SOAP: HTML, half a document, something else
    │   └── CertificatePageError       it is Salesforce's "Certificate Error" page, whatever was asked for
    ├── NotJsonError                   the answer is not JSON: HTML, half a document, something else
    ├── ApiFault                       the org said no
    │   ├── SoapFault                  by SOAP
    │   │   ├── LoginFault                 to the sign-in: username, password, token, app or assertion
    │   │   ├── MutualAuthenticationFault  to the connection: MUTUAL_AUTHENTICATION_FAILED
    │   │   └── SessionFault               to the session id
    │   └── RestFault                  by REST; the three above are RestFaults too
    ├── SignInError                    signing in failed before or beside the org
    ├── ExpectationError               a prediction (``--expect``) did not come true
    └── PracticeError                  the practice org cannot do what was asked of it

``…Error``: we found it. ``…Fault``: the org said it. Each carries what happened, the evidence, and the next step.
Those that name a cause (LoginFault, MutualAuthenticationFault, SessionFault) are the same class over SOAP and REST, and
so below both: ``except SessionFault`` holds for either, and so does ``except RestFault`` around a call by REST.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from sfmtls_nb.secret import mask_session_ids

# What a terminal or a page obeys instead of showing it: control characters but for tab and line end, line ends of other
# alphabets, marks that turn the direction of a text, halves of a character.
_OBEYED: Final = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff\\ufeff]"
)


#: Characters of a text in a message that are shown from its beginning and from its end: where a query is wrong stands last.
_BEGINNING: Final = 3000
_END: Final = 1000


def visible(text: str) -> str:
    r"""A text from outside, with escapes in place of what would be obeyed rather than shown.

    >>> visible("\x1b[2Jgone")
    '\\x1b[2Jgone'
    """
    return _OBEYED.sub(lambda found: repr(found[0])[1:-1], text)


def _shown(text: str) -> str:
    """A text as long as somebody reads; an org, or what answers in its place, may write megabytes."""
    text = visible(mask_session_ids(text))
    left_out = len(text) - _BEGINNING - _END
    if left_out < 100:  # and so one that was cut is not cut again, where an error comes back from a worker process
        return text
    return f"{text[:_BEGINNING]} … {left_out:,} characters … {text[-_END:]}"


class SfmtlsError(Exception):
    """Base of all errors here: a message of what happened, the evidence for it, and the next step.

    ``exchange`` is the call that failed (a `sfmtls_nb.Exchange`), or None when nothing was sent. ``failure`` is the name
    of the page that explains it (in `sfmtls_nb.diagnose`), where what happened is enough to tell; or else empty.
    """

    # Any: the exchange is made three modules further up, and imports point one way.
    exchange: Any = None
    failure: str = ""

    def __init__(self, what: str, evidence: str = "", next_step: str = "") -> None:
        # Salesforce quotes the session id in “Session not found, missing session key: …”: whole, and perhaps good elsewhere.
        what, evidence, next_step = (_shown(text) for text in (what, evidence, next_step))
        super().__init__(what, evidence, next_step)
        self.what = what
        self.evidence = evidence
        self.next_step = next_step

    def __str__(self) -> str:
        lines = [self.what]
        if self.evidence:
            lines.append(f"  evidence: {self.evidence}")
        if self.next_step:
            lines.append(f"  next: {self.next_step}")
        return "\n".join(lines)


def require(value: object, kind: type, what: str) -> None:
    """Raise SfmtlsError if a value is of another type than this. The value is not quoted: it may be a secret."""
    if not isinstance(value, kind):
        raise SfmtlsError(f"{what} is not of the type {kind.__name__}", f"it is of the type {type(value).__name__}")


class OrgError(SfmtlsError):
    """A URL, port, API version or CA file cannot be right."""


class IdentityError(SfmtlsError):
    """The key or the certificates cannot be used; ``findings`` (of `sfmtls_nb.certificates`) say why in detail."""

    def __init__(self, what: str, evidence: str = "", next_step: str = "", findings: Sequence[Any] = ()) -> None:
        super().__init__(what, evidence, next_step)
        self.findings = tuple(findings)


class PassphraseError(IdentityError):
    """The key is encrypted and the passphrase is missing or wrong."""


class ChainError(IdentityError):
    """The certificates do not belong together."""


class ConnectError(SfmtlsError):
    """The connection could not be made, or was cut off."""


class HandshakeError(ConnectError):
    """TLS failed: we refuse the server's certificate, or the server refuses us."""


class CallTimeout(ConnectError):  # noqa: N818  # as in every library: TimeoutError, ReadTimeout
    """Nothing came within the connect or read timeout, or not all of it within the call's."""


class AnswerLimitError(ConnectError):
    """The answer is larger than Org.answer_limit, and was not read to its end."""


class NotSoapError(SfmtlsError):
    """The answer is not a SOAP envelope."""


class CertificatePageError(NotSoapError):
    """The answer is Salesforce's HTML page "Certificate Error"; ``reason`` is the text it gives."""

    def __init__(self, what: str, evidence: str = "", next_step: str = "", reason: str = "") -> None:
        super().__init__(what, evidence, next_step)
        self.reason = _shown(reason)


class NotJsonError(SfmtlsError):
    """The answer is not JSON, or not the JSON that was asked for."""


class ApiFault(SfmtlsError):  # noqa: N818  # …Fault: the org said it
    """The org refused a call; ``code`` is Salesforce's, such as INVALID_SESSION_ID, ``message`` its text."""

    def __init__(self, what: str, evidence: str = "", next_step: str = "", code: str = "", message: str = "") -> None:
        super().__init__(what, evidence, next_step)
        self.code = _shown(code)
        self.message = _shown(message)


class SoapFault(ApiFault):
    """The org answered with a SOAP fault; ``code`` is its exceptionCode."""


class RestFault(ApiFault):
    """The org answered with a JSON array of errors; ``code`` is the first one's errorCode."""


class LoginFault(SoapFault, RestFault):
    """The org refused the sign-in. By OAuth, ``code`` is the answer's ``error``, and ``message`` its description."""


class MutualAuthenticationFault(SoapFault, RestFault):
    """The session needs a mutually authenticated connection and this one is not: MUTUAL_AUTHENTICATION_FAILED."""


class SessionFault(SoapFault, RestFault):
    """The session id is unknown, ended or expired."""


class SignInError(SfmtlsError):
    """Signing in failed before or beside the org: no redirect came back, `sf` says no, a secret cannot be had."""


class ExpectationError(SfmtlsError):
    """A predicted failure did not happen, or another one did."""


class PracticeError(SfmtlsError):
    """The practice org cannot start, or cannot do what was asked of it."""
