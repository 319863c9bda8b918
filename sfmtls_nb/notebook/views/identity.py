"""The chain as a picture: root on top, leaf at the bottom, what is sent and what is left out; and the findings."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from sfmtls_nb.certificates import ClientIdentity, Finding, common_name, is_self_signed, name_words

_CARD: Final = (
    "box-sizing:border-box;width:30em;max-width:100%;padding:5px 12px;border-radius:6px;border:1.5px {style} {colour};"
    "text-align:left;opacity:{opacity}"
)
_SENT, _LEFT_OUT, _KEY = "#3f8f4f", "rgba(128,128,128,.7)", "#b5762a"
_QUIET: Final = "opacity:.68;font-size:.92em"
_ARROW: Final = f'<div style="padding-left:2em;line-height:1.25;{_QUIET}">│ signed ↓</div>'
# Severity -> sign, word, colour. The sign and the word say it, so that the colour need not.
_SEVERITY: Final = {
    "error": ("✖", "error", "#d0483f"),
    "warning": ("▲", "warning", "#b5762a"),
    "note": ("●", "note", "#6c7ad6"),
}


def identity_html(identity: ClientIdentity) -> str:
    """The chain, from the root down to the key."""
    cards = []
    if identity.root:
        cards.append(_card(identity.root, "root", "left out: the org has its own copy"))
    elif not is_self_signed(top := (identity.leaf, *identity.intermediates)[-1]):
        cards.append(_box("issuer", name_words(top.issuer), "not among the files", sent=False))
    for number, certificate in reversed(list(enumerate(identity.intermediates, 2))):
        cards.append(_card(certificate, "intermediate", f"sent, number {number}"))
    cards.append(_card(identity.leaf, "leaf", "sent first; the one to upload"))
    key = (
        f'<div style="{_CARD.format(style="solid", colour=_KEY, opacity=1)}"><b>private key</b> {escape(key_words(identity.leaf.public_key()))}'
        f'<div style="{_QUIET}">stays with you; it never leaves this machine</div></div>'
    )
    fits = f'<div style="padding-left:2em;line-height:1.25;{_QUIET}">│ fits ↓</div>'
    unused = "".join(
        f'<div style="{_QUIET}">not used: {escape(common_name(certificate))}</div>' for certificate in identity.unused
    )
    return f"<div>{_ARROW.join(cards)}{fits}{key}{unused}</div>"


def identity_text(identity: ClientIdentity) -> str:
    """The chain as text, in sending order."""
    rows = [("key", f"{key_words(identity.leaf.public_key())}; never sent")]
    names = ["leaf", *("issued by" for _ in identity.intermediates), *(["root"] if identity.root else [])]
    names += ["unused" for _ in identity.unused]
    rows += [
        (name, f"{common_name(certificate)}, until {certificate.not_valid_after_utc:%Y-%m-%d}; {role}")
        for name, (certificate, role) in zip(names, identity.roles(), strict=True)
    ]
    return "\n".join(f"{name:<10} {text}" for name, text in rows)


def findings_html(findings: Iterable[Finding]) -> str:
    """Findings as a list; one line that says so where there are none."""
    items = [_finding(finding) for finding in findings]
    if not items:
        return f'<div style="margin-top:.6em"><b style="color:{_SENT}">✔ nothing to object to</b></div>'
    return f'<div style="margin-top:.6em">{"".join(items)}</div>'


def findings_text(findings: Iterable[Finding]) -> str:
    """Findings as text."""
    lines = [
        f"{finding.severity}: {finding.code}: {finding.subject}: {finding.evidence}\n  next: {finding.advice}"
        for finding in findings
    ]
    return "\n".join(lines) or "nothing to object to"


def key_words(key: PublicKeyTypes) -> str:
    """Kind and size of a key; nothing else of it is ever shown."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA, {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC, {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey")


def _card(certificate: x509.Certificate, what: str, role: str) -> str:
    words = f"valid until {certificate.not_valid_after_utc:%Y-%m-%d} · {role}"
    return _box(what, common_name(certificate), words, sent=what != "root")


def _box(what: str, name: str, words: str, *, sent: bool) -> str:
    style = _CARD.format(
        style="solid" if sent else "dashed", colour=_SENT if sent else _LEFT_OUT, opacity=1 if sent else 0.8
    )
    return f'<div style="{style}"><b>{what}</b> {escape(name)}<div style="{_QUIET}">{escape(words)}</div></div>'


def _finding(finding: Finding) -> str:
    sign, word, colour = _SEVERITY[finding.severity]
    return (
        f'<div style="border-left:3px solid {colour};padding:1px 0 1px 10px;margin:5px 0">'
        f'<b style="color:{colour}">{sign} {word}</b> <code>{escape(finding.code)}</code> · {escape(finding.subject)}'
        f"<div>{escape(finding.evidence)}</div><div>→ {escape(finding.advice)}</div>"
        f'<div style="{_QUIET}">{escape(finding.source)}</div></div>'
    )
