"""Answers: a learner's name for the cause, and what in the evidence speaks for it or against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final, Literal

from sfmtls_nb.diagnose import FAILURES
from sfmtls_nb.errors import ApiFault, CertificatePageError, IdentityError, SfmtlsError
from sfmtls_nb.notebook.drill import evidence
from sfmtls_nb.notebook.drill.incident import Incident
from sfmtls_nb.notebook.drill.planting import KINDS, PLANTINGS

Verdict = Literal["right", "more exact", "wrong"]

_FILES, _WAY, _MUTUAL, _SIGN_IN, _CALL, _, _ = KINDS.values()
_PURPOSE: Final = ("ca-as-leaf", "any-purpose", "server-auth-only", "client-auth-missing", "no-digital-signature")
_CHAIN: Final = ("self-signed", "intermediate-missing", "root-not-accepted")
_DATES: Final = ("expired", "not-yet-valid", "intermediate-expired")
#: Names that are true of others, and say less.
_GENERAL: Final[Mapping[str, tuple[str, ...]]] = {
    "certificate-refused": (*_PURPOSE, *_CHAIN, *_DATES, "revoked"),
    "chain-not-accepted": _CHAIN,
    "purpose-unsuitable": _PURPOSE,
    "enforced-unexplained": ("session-on-443", "not-uploaded", "no-certificate"),
    "identity-unusable": _FILES,
    "key-mismatch": ("no-leaf",),
    "unreachable": ("port-closed",),
    "tls-failed": ("not-tls", "cut", "silent", "server-untrusted", "server-wrong-name", "server-expired"),
    "server-untrusted": ("server-expired",),
    "page-instead": ("unavailable",),
    "sign-in-refused": _SIGN_IN,
    "call-refused": _CALL,
}


def known(name: str) -> str:
    """The name of a failure, as it was meant. Raises SfmtlsError, with the nearest one, for what is none."""
    meant = "-".join(name.strip("\"' `").casefold().removeprefix("failures/").replace("_", " ").split())
    if meant in FAILURES:
        return meant
    close = get_close_matches(meant, list(PLANTINGS), 1, 0.5) or get_close_matches(meant, FAILURES, 1, 0.5)
    raise SfmtlsError(
        f"no failure is called {name[:60]!r}",
        f"the nearest is {close[0]}" if close else "the names stand below the incident",
        f"%sf_drill --answer {close[0] if close else 'NAME'}; nothing was counted",
    )


def verdict_on(incident: Incident, name: str) -> Verdict:
    """Whether a name is the planted one, or one that is true and says less."""
    planted = incident.planting.name
    return "right" if name == planted else "more exact" if planted in _GENERAL.get(name, ()) else "wrong"


def speaking(incident: Incident, name: str, looks: frozenset[str]) -> Iterator[str]:
    """What in the evidence speaks for a name, or against it. It does not give the cause away unless that is the name."""
    verdict = verdict_on(incident, name)
    if verdict == "right":
        yield f"for it: {incident.cause.evidence}"
        return
    if verdict == "more exact":
        yield f"true: {_fact(incident)}"
        yield "there is a more exact name for it"
    elif name in _odd_too(incident):
        yield f"that is so as well, and not what this incident is about: {_fact(incident)}"
    else:
        yield f"seen: {_fact(incident)}"
        yield f"{name} would show by this: {PLANTINGS[name].sign if name in PLANTINGS else FAILURES[name].title}"
    if incident.planting.look not in {"first", *looks}:
        yield "what decides it has not been looked at yet"


def _odd_too(incident: Incident) -> set[str]:
    """What else can be found about the client's certificate, such as that the root is in the file."""
    identity = incident.exchange.request.identity if incident.exchange else None
    return {finding.code for finding in identity.findings(at=incident.at)} if identity else set()


def _fact(incident: Incident) -> str:
    """What happened, in a line, as far as everyone can see it."""
    outcome = incident.outcome
    if isinstance(outcome, IdentityError):
        return f"nothing was sent; {evidence.answer(incident).splitlines()[-1]}"
    if isinstance(outcome, CertificatePageError):
        return f"the page says “{outcome.reason}”"
    if isinstance(outcome, ApiFault):
        return f"the answer says {outcome.code}: {' '.join(outcome.message.split())[:160]}"
    if incident.answered:
        status = incident.exchange.status if incident.exchange else ""
        return f"the answer is HTTP {status}" + ("" if isinstance(outcome, SfmtlsError) else ", and the call succeeded")
    return evidence.answer(incident).replace("\n", ": ")
