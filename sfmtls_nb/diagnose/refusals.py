"""Refusals: a client certificate that was sent and not accepted, by page or by alert, and the findings that explain it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from sfmtls_nb.diagnose.evidence import NGINX_REFUSED, Evidence
from sfmtls_nb.diagnose.failure import Layer, Shown

#: The page's words where nothing was sent (captured).
NONE_SENT: Final = "No client certificate"


class _Refusal(NamedTuple):
    """Words of the page (by their beginning), or alerts, that mean the same, and the findings that explain it, in order.

    name: of the failure if no finding does. codes: none at all stands for every finding that is an error.
    """

    name: str
    reasons: tuple[str, ...]
    alerts: tuple[str, ...]
    codes: tuple[str, ...]


_ISSUERS: Final = ("issuer-for-other-purposes", "issuer-may-not-issue", "path-too-long", "name-not-permitted")
_REFUSALS: Final = (
    _Refusal("expired", ("certificate has expired",), ("certificate_expired",),
             ("expired", "intermediate-expired", "cross-certificate-expired", "root-expired")),
    _Refusal("not-yet-valid", ("certificate is not yet valid",), (), ("not-yet-valid", "intermediate-not-yet-valid", "root-not-yet-valid")),
    _Refusal("root-not-accepted", ("self-signed certificate in", "self signed certificate in"), (), ("root-not-accepted", "self-signed")),
    _Refusal("self-signed", ("self-signed", "self signed"), (), ("self-signed",)),
    _Refusal("revoked", ("certificate revoked",), ("certificate_revoked",), ("revoked",)),
    _Refusal("purpose-unsuitable", ("unsuitable certificate purpose", "unsupported certificate purpose"), ("unsupported_certificate",),
             ("ca-as-leaf", "any-purpose", "server-auth-only", "client-auth-missing", "no-digital-signature", *_ISSUERS)),
    _Refusal("chain-not-accepted", ("unable to get", "unable to verify"), ("unknown_ca",),
             ("self-signed", "intermediate-missing", "root-not-accepted")),
    # OpenSSL has this alert for a date to come, and for whatever else it has no alert for (RFC 8446, 6.2).
    _Refusal("certificate-refused", ("",), ("bad_certificate", "certificate_unknown", "access_denied", "handshake_failure", "decrypt_error"), ()),
)  # fmt: skip
_DATED: Final = frozenset(_REFUSALS[0].codes + _REFUSALS[1].codes)


def _refused(evidence: Evidence) -> tuple[_Refusal, Layer, str] | None:
    """The refusal of a certificate that was sent, the layer and the words of it; None if it was not refused."""
    if evidence.page and not evidence.page.startswith(NONE_SENT):
        found = next(row for row in _REFUSALS if evidence.page.startswith(row.reasons or "\0"))
        return found, "org policy", f"the page says: {evidence.page}"
    if evidence.identity and NGINX_REFUSED in evidence.words:
        return _REFUSALS[-1], "HTTP", evidence.words
    verdict = evidence.verdict
    if not evidence.identity or (verdict and verdict.kind != "refused"):
        return None
    for row in _REFUSALS:
        if evidence.alert in row.alerts:
            return row, "TLS", f"alert {evidence.alert} from {evidence.where}"
    return None


def refused_certificate(evidence: Evidence) -> Iterator[Shown]:
    """A refusal by page or alert, with the findings that explain it; without one, as it was said."""
    if not (refused := _refused(evidence)):
        return
    row, layer, words = refused
    if evidence.skew and set(row.codes) & _DATED and not evidence.found_by_own_clock(row.codes):
        yield Shown(
            "clock-skew", layer, f"{words}; {evidence.skew_words}, and by this clock the certificates are in date"
        )
    explaining = [finding for code in row.codes for finding in evidence.findings if finding.code == code]
    if not row.codes:
        explaining = [finding for finding in evidence.findings if finding.severity == "error"]
    for finding in explaining:
        yield Shown(
            finding.code, layer, f"{words}; {finding.subject}: {finding.evidence}", finding.subject, finding.advice
        )
    if explaining:
        return
    chain = evidence.identity.chain if evidence.identity else None
    if row.name == "chain-not-accepted" and chain and chain.root and not chain.problems:
        yield Shown(
            "root-not-accepted",
            layer,
            f"{words}; what was sent leads to {evidence.root_name}, which was not sent, as is right",
        )
    yield Shown(row.name, layer, words)


def dropped_silently(evidence: Evidence) -> Iterator[Shown]:
    """A connection that ended without a word right after the certificate, where something is wrong with that."""
    if evidence.failure == "cut" and evidence.verdict and evidence.verdict.kind == "unanswered":
        for finding in evidence.findings:
            if finding.severity == "error":
                words = f"the connection ended after the certificate was sent, without an alert; {finding.subject}: {finding.evidence}"
                yield Shown(finding.code, "TLS", words, finding.subject, finding.advice)
