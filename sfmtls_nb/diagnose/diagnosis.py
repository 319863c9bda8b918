"""Diagnosis: the causes of a failed call, each with what shows it, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sfmtls_nb.api import read_json, read_reply
from sfmtls_nb.connection import Exchange
from sfmtls_nb.diagnose.causes import shown
from sfmtls_nb.diagnose.evidence import Evidence
from sfmtls_nb.diagnose.failure import FAILURES, End, Layer, Page, Shown, advice
from sfmtls_nb.errors import ApiFault, CertificatePageError, SfmtlsError
from sfmtls_nb.handshake import Verdict
from sfmtls_nb.xml import is_html

_ENDS: Final[dict[End, str]] = {"client": "at this end", "org": "in the org", "between": "on the way"}


@dataclass(frozen=True)
class Cause:
    """One cause.

    name: by which its page is found. evidence: what shows it. layer: where it showed. end: where it can be mended.
    do: the next step.
    """

    name: str
    title: str
    evidence: str
    layer: Layer
    end: End
    do: str

    @property
    def read_on(self) -> str:
        """The address of its page in the course, which stays."""
        return f"failures/{self.name}"

    @property
    def page(self) -> Page:
        """That page, in Markdown."""
        return FAILURES[self.name].page

    def __str__(self) -> str:
        lines = [
            f"{self.title}  ({self.layer}; to be mended {_ENDS[self.end]})",
            f"  evidence: {self.evidence}",
            f"  do: {self.do}",
            f"  read on: {self.read_on}",
        ]
        return "\n".join(lines)


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """The causes that the evidence shows, the first one first; none where it shows none.

    what: what happened, in a line. certificate: what became of the client's certificate in TLS; empty if that is not known.
    failed: False for a call that succeeded; its causes are then what may make another fail.
    """

    what: str
    causes: tuple[Cause, ...]
    certificate: str = ""
    failed: bool = True

    def __iter__(self) -> Iterator[Cause]:
        return iter(self.causes)

    def __len__(self) -> int:
        return len(self.causes)

    def __getitem__(self, index: int) -> Cause:
        return self.causes[index]

    def __str__(self) -> str:
        lines = [self.what]
        if self.certificate:
            lines.append(f"  in TLS: {self.certificate}")
        if not self.failed and self.causes:
            lines.append("  worth knowing all the same:")
        if not self.causes:
            lines.append("  nothing is wrong that can be seen from here" if not self.failed else f"  {_UNKNOWN}")
        for number, cause in enumerate(self.causes, 1):
            lines += ["", f"{number}. " + str(cause).replace("\n", "\n ")]
        return "\n".join(lines)

    __repr__ = __str__


_UNKNOWN: Final = "what is known shows no cause; doctor(org, identity) checks the way there step by step"


def why(failed: SfmtlsError | Exchange) -> Diagnosis:
    """Say why a call failed: the error that was raised, or the exchange of the call.

    An exchange of a call that succeeded gives what is worth knowing about it. Raises SfmtlsError for anything else.
    """
    if isinstance(failed, Exchange):
        return _diagnosis(Evidence(_error_in(failed), failed))
    if isinstance(failed, SfmtlsError):
        return _diagnosis(Evidence(failed, failed.exchange))
    raise SfmtlsError(
        "there is nothing to explain",
        f"it is of the type {type(failed).__name__}",
        "give the error that was raised, or an exchange: why(error), why(reply.exchange)",
    )


def verdict_on(exchange: Exchange) -> Verdict | None:
    """What became of the client's certificate, in TLS and in the answer; None where nothing of it is known."""
    return Evidence(_error_in(exchange), exchange).verdict


def _diagnosis(evidence: Evidence) -> Diagnosis:
    error, exchange = evidence.error, evidence.exchange
    what = (
        error.what if error else f"the call to {evidence.where} succeeded: HTTP {exchange.status if exchange else ''}"
    )
    causes = tuple(_cause(each, error) for each in shown(evidence))
    return Diagnosis(what, causes, _in_tls(evidence), failed=error is not None)


def _cause(found: Shown, error: SfmtlsError | None) -> Cause:
    failure = FAILURES[found.name]
    do = found.advice or advice(found.name, error, found.subject)
    return Cause(found.name, failure.title, " ".join(found.evidence.split()), found.layer, failure.end, do)


def _in_tls(evidence: Evidence) -> str:
    verdict = evidence.verdict
    if verdict is None:
        return ""
    return f"{verdict}" + (f" ({verdict.proof.name} from the {_WHOSE[verdict.proof.sender]})" if verdict.proof else "")


_WHOSE: Final = {"client": "client", "server": "org"}


def _error_in(exchange: Exchange) -> SfmtlsError | None:
    """The error that an answer is; None if it is one of success, or of an API that is not read here, as Bulk's CSV."""
    body = exchange.response_body
    if exchange.status is None:
        return SfmtlsError("no answer came", "the exchange has none", "the error that was raised says more: why(error)")
    try:
        (read_reply if body.lstrip()[:1] == b"<" else read_json)(exchange)
    except (ApiFault, CertificatePageError) as error:
        return error
    except SfmtlsError as error:
        return error if exchange.status >= 300 or is_html(body) else None
    return None
