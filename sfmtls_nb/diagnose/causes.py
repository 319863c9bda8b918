"""Causes: what the evidence shows, in tables of evidence and cause, the surest and nearest first. No evidence, no cause."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from sfmtls_nb.diagnose.codes import NOT_MUTUAL, by_code
from sfmtls_nb.diagnose.evidence import NGINX_NONE_SENT, Evidence, serial_words
from sfmtls_nb.diagnose.failure import Layer, Shown
from sfmtls_nb.diagnose.refusals import NONE_SENT, dropped_silently, refused_certificate
from sfmtls_nb.diagnose.surroundings import on_binder
from sfmtls_nb.errors import (
    CertificatePageError,
    ConnectError,
    HandshakeError,
    IdentityError,
    NotJsonError,
    NotSoapError,
    OrgError,
    PassphraseError,
    SignInError,
)
from sfmtls_nb.xml import is_html

#: Hosts of instances, which are being switched off in favour of My Domains.
_INSTANCE: Final = re.compile(r"(?:na|eu|ap|um|cs|usa)\d+\.salesforce\.com")

#: What a test says of the evidence: words for it, or nothing where it does not show the cause.
_Test = Callable[[Evidence], str]


def shown(evidence: Evidence) -> Iterator[Shown]:
    """All that the evidence shows, the first cause first, each once."""
    found: dict[str, Shown] = {}
    for rule in _RULES:
        for each in rule(evidence):
            found.setdefault(each.name, each)
    found = found or {each.name: each for each in _by(_LAST)(evidence)}
    for each in _worth_knowing(evidence):
        found.setdefault(each.name, each)
    yield from found.values()


# ---------------------------------------------------------------- files

#: OpenSSL's names for what it refuses to use.
_UNUSABLE: Final = {
    "EE_KEY_TOO_SMALL": "weak-key",
    "CA_KEY_TOO_SMALL": "weak-key",
    "CA_MD_TOO_WEAK": "weak-signature",
    "KEY_VALUES_MISMATCH": "key-mismatch",
}


def _files(evidence: Evidence) -> Iterator[Shown]:
    error = evidence.error
    if not isinstance(error, IdentityError):
        return
    for finding in evidence.findings:
        yield Shown(finding.code, "files", f"{finding.subject}: {finding.evidence}", finding.subject, finding.advice)
    if not evidence.findings:
        encrypted = isinstance(error, PassphraseError)
        name = "passphrase" if encrypted else _UNUSABLE.get(evidence.tls_reason, "identity-unusable")
        yield Shown(name, "files", evidence.words)


# ---------------------------------------------------------------- the rest: a test each


def _none_came(evidence: Evidence) -> str:
    """Words for: the other end wanted a certificate and got none."""
    kind = evidence.verdict.kind if evidence.verdict else ""
    if NGINX_NONE_SENT in evidence.words:
        return evidence.words
    if evidence.page.startswith(NONE_SENT):
        return f"the page says: {evidence.page}"
    if evidence.alert == "certificate_required" or (evidence.alert == "handshake_failure" and kind in ("not sent", "")):
        return f"alert {evidence.alert} from {evidence.where}" + (f"; {evidence.verdict}" if evidence.verdict else "")
    if evidence.code == NOT_MUTUAL and kind == "not sent":
        return f"{NOT_MUTUAL}; {evidence.verdict}"
    return ""


def _no_certificate(evidence: Evidence) -> str:
    return "" if evidence.identity else _none_came(evidence)


def _dropped(evidence: Evidence) -> str:
    kind = evidence.verdict.kind if evidence.verdict else "not sent"
    return _none_came(evidence) if evidence.identity and kind == "not sent" else ""


def _not_asked(evidence: Evidence) -> str:
    """Words for: a certificate is wanted, and the end that spoke TLS with this one has not asked for it."""
    unasked = evidence.verdict and evidence.verdict.kind == "not asked"
    return (
        f"{_none_came(evidence)}; {evidence.verdict}" if evidence.identity and unasked and _none_came(evidence) else ""
    )


def _on_443(evidence: Evidence) -> str:
    unasked = evidence.verdict.kind == "not asked" if evidence.verdict else evidence.identity is None
    if evidence.code != NOT_MUTUAL or not evidence.exchange or not unasked:
        return ""
    seen = f"; {evidence.verdict} there" if evidence.verdict else ""
    return f"{NOT_MUTUAL}; the call went to {evidence.where}{seen}"


def _not_uploaded(evidence: Evidence) -> str:
    accepted = evidence.verdict.kind == "accepted" if evidence.verdict else True
    if evidence.code != NOT_MUTUAL or not evidence.identity or not accepted:
        return ""
    seen = f"; {evidence.verdict}" if evidence.verdict else ""
    return f"{NOT_MUTUAL}{seen}; the leaf is {evidence.leaf_name}, {serial_words(evidence.identity.leaf)}"


def _unexplained(evidence: Evidence) -> str:
    return NOT_MUTUAL if evidence.code == NOT_MUTUAL else ""


def _binder(evidence: Evidence) -> str:
    variable = on_binder(evidence.environ)
    if not variable or not _unreached(evidence) or evidence.port != 8443:
        return ""
    return f"{variable} is set, and {evidence.where} cannot be reached"


def _unreached(evidence: Evidence) -> bool:
    return evidence.failure in ("no-such-host", "port-filtered", "port-closed", "unreachable")


def _login_host(evidence: Evidence) -> str:
    refused = isinstance(evidence.error, OrgError) and "does not answer on 8443" in evidence.error.what
    return evidence.error.what if evidence.error and refused else ""


def _instanced(evidence: Evidence) -> str:
    return (
        f"{evidence.host} is the name of an instance"
        if _unreached(evidence) and _INSTANCE.fullmatch(evidence.host)
        else ""
    )


def _leads_elsewhere(evidence: Evidence) -> str:
    """An answer came, and an address in it was refused."""
    return evidence.error.what if isinstance(evidence.error, OrgError) and evidence.exchange else ""


def _resigning(evidence: Evidence) -> str:
    issuer = evidence.foreign_issuer
    matters = evidence.error is None or isinstance(evidence.error, ConnectError | CertificatePageError)
    if not issuer or not (matters or evidence.code == NOT_MUTUAL):
        return ""
    return f"the certificate that was shown for {evidence.host} is issued by {issuer}, which is no public authority"


def _server_expired(evidence: Evidence) -> str:
    dated = "has expired" in evidence.words or "not yet valid" in evidence.words
    return evidence.words if evidence.failure == "server-untrusted" and dated else ""


def _old(evidence: Evidence) -> str:
    old = evidence.alert == "protocol_version" or evidence.tls_reason in ("UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW")
    return f"{evidence.tls_reason}, after this side offered TLS 1.2 and 1.3" if old else ""


def _nothing_in_common(evidence: Evidence) -> str:
    early = evidence.verdict is not None and evidence.verdict.kind == "ended"
    if evidence.alert in ("handshake_failure", "insufficient_security") and early:
        return f"alert {evidence.alert}; {evidence.verdict}"
    return evidence.tls_reason if evidence.tls_reason in ("NO_SHARED_CIPHER", "WRONG_CIPHER_RETURNED") else ""


def _agreed(evidence: Evidence) -> bool:
    """True if the handshake is known to have come to its end, by its messages or, without them, by its version."""
    if evidence.verdict is None:
        return bool(evidence.handshake and evidence.handshake.version)
    return evidence.verdict.kind in ("accepted", "unanswered", "not asked", "not sent")


def _stalled(evidence: Evidence) -> str:
    silent = evidence.failure == "silent" and _agreed(evidence)
    seen = f": {evidence.verdict}" if evidence.verdict else ""
    return f"{evidence.words}; TLS was agreed on before that{seen}" if silent else ""


def _status(evidence: Evidence) -> int:
    return (evidence.exchange and evidence.exchange.status) or 0


def _unreadable(evidence: Evidence) -> bool:
    """True if an answer came, and is none of the API's."""
    odd = isinstance(evidence.error, NotSoapError | NotJsonError) and not isinstance(
        evidence.error, CertificatePageError
    )
    return bool(odd and _status(evidence))


def _redirected(evidence: Evidence) -> str:
    return evidence.words if _unreadable(evidence) and 300 <= _status(evidence) < 400 else ""


def _unavailable(evidence: Evidence) -> str:
    return f"HTTP {_status(evidence)}; {evidence.words}" if _unreadable(evidence) and _status(evidence) >= 500 else ""


def _page_instead(evidence: Evidence) -> str:
    page = _unreadable(evidence) and evidence.exchange and is_html(evidence.exchange.response_body)
    return evidence.words if page else ""


def _document_cut(evidence: Evidence) -> str:
    body = evidence.exchange.response_body.strip() if evidence.exchange else b""
    begun = body[:1] in (b"<", b"{", b"[") and body[-1:] not in (b">", b"}", b"]")
    return evidence.words if _unreadable(evidence) and begun else ""


def _words_of(*kinds: type[Exception]) -> _Test:
    return lambda evidence: evidence.words if isinstance(evidence.error, kinds) else ""


#: Failure, layer and test of what is shown by more than the error's own name; those of the surroundings first.
_AROUND: Final[tuple[tuple[str, Layer, _Test], ...]] = (
    ("login-host-on-8443", "TCP", _login_host),
    ("binder-8443", "TCP", _binder),
    ("instanced-host", "name", _instanced),
    ("resigning-proxy", "TLS", _resigning),
)
_TESTS: Final[tuple[tuple[str, Layer, _Test], ...]] = (
    ("no-certificate", "org policy", _no_certificate),
    ("certificate-dropped", "TLS", _dropped),
    ("not-asked", "TLS", _not_asked),
    ("session-on-443", "org policy", _on_443),
    ("not-uploaded", "org policy", _not_uploaded),
    ("any-api-auth-missing", "org policy", lambda e: e.words if e.code == "INSUFFICIENT_ACCESS" and e.signing_in else ""),
    ("server-expired", "TLS", _server_expired),
    ("old-tls", "TLS", _old),
    ("nothing-in-common", "TLS", _nothing_in_common),
    ("answer-stalled", "HTTP", _stalled),
    ("redirected", "HTTP", _redirected),
    ("unavailable", "HTTP", _unavailable),
    ("page-instead", "HTTP", _page_instead),
    ("document-cut", "HTTP", _document_cut),
    ("soap-login-off", "org policy", lambda e: e.words if isinstance(e.error, OrgError) and "login() does not exist" in e.error.what else ""),
)  # fmt: skip
#: Those that stand only where nothing else does.
_LAST: Final[tuple[tuple[str, Layer, _Test], ...]] = (
    ("enforced-unexplained", "org policy", _unexplained),
    ("not-the-api", "HTTP", lambda e: e.words if _unreadable(e) else ""),
    ("tls-failed", "TLS", _words_of(HandshakeError)),
    ("sign-in-incomplete", "HTTP", _words_of(SignInError)),
    ("leads-elsewhere", "org policy", _leads_elsewhere),
    ("address-wrong", "name", lambda e: e.error.what if isinstance(e.error, OrgError) and not e.exchange else ""),
)

#: Where a failure shows that the error itself names.
_NAMED: Final[dict[str, Layer]] = {
    "no-such-host": "name",
    "proxy-refused": "proxy",
    "proxy-unusable": "proxy",
    **dict.fromkeys(("port-filtered", "port-closed", "unreachable", "silent", "cut"), "TCP"),
    **dict.fromkeys(("not-tls", "server-wrong-name", "server-untrusted"), "TLS"),
}


def _by(tests: tuple[tuple[str, Layer, _Test], ...]) -> Callable[[Evidence], Iterator[Shown]]:
    def rule(evidence: Evidence) -> Iterator[Shown]:
        for name, layer, test in tests:
            if words := test(evidence):
                yield Shown(name, "TLS" if evidence.alert else layer, words)

    return rule


def _named(evidence: Evidence) -> Iterator[Shown]:
    """What the error calls itself, unless a test has said it better."""
    better = {"server-untrusted": _server_expired, "silent": _stalled}
    if evidence.failure and not better.get(evidence.failure, lambda _: "")(evidence):
        layer = "HTTP" if _agreed(evidence) else _NAMED.get(evidence.failure, "HTTP")
        yield Shown(evidence.failure, layer, evidence.words)


def _worth_knowing(evidence: Evidence) -> Iterator[Shown]:
    """Where nothing failed: what may make another call fail, or this one tomorrow."""
    if evidence.error is None:
        for finding in evidence.findings:
            if finding.code != "root-unknown":  # the org has just accepted it
                words = f"{finding.subject}: {finding.evidence}"
                yield Shown(finding.code, "files", words, finding.subject, finding.advice)
    if evidence.skew:
        yield Shown("clock-skew", "HTTP", evidence.skew_words)


_RULES: Final = (_by(_AROUND), _files, refused_certificate, _by(_TESTS), by_code, dropped_silently, _named)
