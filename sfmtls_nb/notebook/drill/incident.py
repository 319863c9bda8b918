"""Incident: a planted cause and all that its one real call left behind; the org itself is stopped by then."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sfmtls_nb.connection import Exchange, Request
from sfmtls_nb.diagnose import Cause, why
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook.drill.planting import Planting, drawn
from sfmtls_nb.notebook.drill.setup import Section, sections_of
from sfmtls_nb.notebook.drill.stage import Stage
from sfmtls_nb.secret import SecretBytes


@dataclass(frozen=True)
class Incident:
    """What happened, as it is shown and looked into. Its repr tells nothing of the cause.

    number: the same one is the same incident, on each machine. took: seconds of the call. at: when it began.
    cause: the planted one, with what shows it. pem: the client's file as it stood. setup: what the org's Setup showed.
    """

    number: int
    report: str
    door: str
    at: datetime
    took: float
    planting: Planting = field(repr=False)
    cause: Cause = field(repr=False)
    outcome: Exchange | SfmtlsError = field(repr=False)
    request: Request = field(repr=False)
    pem: SecretBytes = field(repr=False)
    setup: tuple[Section, ...] = field(repr=False)

    @property
    def exchange(self) -> Exchange | None:
        """The call and its answer; None where nothing was sent."""
        return self.outcome.exchange if isinstance(self.outcome, SfmtlsError) else self.outcome

    @property
    def answered(self) -> bool:
        """True if an answer came, whole or not."""
        return bool(self.exchange and self.exchange.status)


def happen(number: int) -> Incident:
    """Let the incident of a number happen, on a practice org of its own, which is stopped before this returns.

    Raises PracticeError where there can be no practice org, and SfmtlsError where something other than what was planted
    has come of it: then it would be unfair.
    """
    planting, rng = drawn(number)
    with Stage(rng) as stage:
        planting.plant(stage)
        setup = sections_of(stage.practice)
    outcome, request = stage.outcome, stage.request
    causes = why(outcome) if outcome else ()
    if outcome is None or not causes or causes[0].name != planting.name or request is None:
        raise SfmtlsError(
            f"incident {number} did not happen as it should",
            f"this machine or its network got in the way of the practice org ({type(outcome).__name__})",
            "%sf_drill begins another one",
        )
    return Incident(
        number, stage.report, stage.door, stage.at, stage.took, planting, causes[0], outcome, request, stage.pem, setup
    )
