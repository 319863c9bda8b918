"""Drill: the incident that is open in this notebook, its clock, the looks that were taken and the answers that were given."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Final, Literal

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook.course.progress import mark, marks
from sfmtls_nb.notebook.drill.answers import Verdict, known, speaking, verdict_on
from sfmtls_nb.notebook.drill.final_test import FinalTest, final_tests, seen_in
from sfmtls_nb.notebook.drill.incident import Incident, happen
from sfmtls_nb.notebook.drill.planting import NUMBERS, Look, drawn

#: Points of an incident, and what is taken off for a look, for a name that says less, and for a wrong one.
_POINTS: Final = 10
_TAKEN: Final = {"look": 1, "more exact": 1, "wrong": 3}


@dataclass(frozen=True)
class Open:
    """The open incident as it is shown. elapsed: seconds. test: the final test that it belongs to, if it does."""

    incident: Incident
    elapsed: float
    looks: tuple[Look, ...] = ()
    test: FinalTest | None = None


@dataclass(frozen=True)
class Looked:
    """More of the evidence. again: it was looked at before, and is not counted."""

    incident: Incident
    look: Look
    again: bool
    looks: tuple[Look, ...]


@dataclass(frozen=True)
class Answered:
    """What an answer came to. name: the answer; "" where it was given up. over: the incident is closed.

    speaking: what in the evidence speaks for it or against it. tries: the answers before this one.
    """

    incident: Incident
    name: str
    verdict: Verdict | Literal["given up"]
    speaking: tuple[str, ...]
    over: bool
    elapsed: float
    looks: tuple[Look, ...]
    tries: tuple[str, ...] = ()
    test: FinalTest | None = None

    @property
    def points(self) -> int:
        """From 10 down to 1 for a cause that was found; 0 for one that was not."""
        if self.verdict != "right":
            return 0
        verdicts = [verdict_on(self.incident, each) for each in self.tries]
        return max(1, _POINTS - len(self.looks) * _TAKEN["look"] - sum(_TAKEN[each] for each in verdicts))


class Drill:
    """The drills of a notebook: at most one incident is open. What comes of them is kept as marks.

    An incident's org is stopped before anything of it is shown, and its call is no call of the notebook's: whoever
    asks %sf_why is told of the learner's own last one.
    """

    def __init__(self, happening: Callable[[int], Incident] = happen) -> None:
        self._happen = happening
        self._incident: Incident | None = None
        self._test: FinalTest | None = None
        self._began = 0.0
        self._looks: list[Look] = []
        self._tries: list[str] = []

    def has_open(self, incident: Incident) -> bool:
        """True if this incident is the one that is open."""
        return incident is self._incident

    def show(self, number: int | None = None) -> Open:
        """Show the open incident, or begin one. number: the one to begin, the same for a whole class.

        Raises SfmtlsError for a number while another incident is open.
        """
        if self._incident is None:
            self._begin(self._another() if number is None else number)
        elif number not in (None, self._incident.number):
            raise SfmtlsError(
                f"incident {self._incident.number} is still open",
                "one at a time",
                "%sf_drill shows it; %sf_drill --answer NAME or %sf_drill --give-up closes it",
            )
        incident = self._opened()
        return Open(incident, self._elapsed, tuple(self._looks), self._test)

    def show_final(self, seed: int | None = None) -> Open | FinalTest:
        """Go on with the final test, or begin one; of one that is over, the result. seed: begins one, the same for a whole class.

        Raises SfmtlsError while an incident of a drill is open.
        """
        if self._incident and not self._test:
            raise SfmtlsError(
                f"incident {self._incident.number} is still open",
                "the final test comes after it",
                "%sf_drill --answer NAME or %sf_drill --give-up closes it",
            )
        if self._incident is None:
            kept = marks()
            tests = final_tests(kept)
            test = tests[-1] if tests else None
            if test and test.over and seed in (None, test.seed):
                return test
            if test is None or test.over:
                test = FinalTest(len(tests) + 1, Random().randrange(NUMBERS) if seed is None else seed)  # noqa: S311
                mark(test.begun_mark)
            self._begin(test.next_incident(kept), test)
        return self.show()

    def look(self, look: Look) -> Looked:
        """Look at more of the evidence, which counts once for each. Raises SfmtlsError where no incident is open."""
        incident, again = self._opened(), look in self._looks
        if not again:
            self._looks.append(look)
        return Looked(incident, look, again, tuple(self._looks))

    def answer(self, name: str) -> Answered:
        """Check a name. In a drill one may try again; in the final test the first name counts.

        Raises SfmtlsError where no incident is open, and for what is no failure's name, which counts as nothing.
        """
        incident, meant = self._opened(), known(name)
        verdict = verdict_on(incident, meant)
        self._see_that_it_is_open()
        told = tuple(speaking(incident, meant, frozenset(self._looks)))
        if self._test and verdict != "right":
            told = ("in the final test the most exact name counts",) if verdict == "more exact" else ()
        over = verdict == "right" or self._test is not None
        answered = self._answered(meant, verdict, told, over=over)
        if not self._test and not over:
            self._tries.append(meant)
            mark(f"drill - {incident.planting.name} - not yet")
            return answered
        return self._closed(answered)

    def give_up(self) -> Answered:
        """Close the open incident, and tell its cause. Raises SfmtlsError where none is open."""
        incident = self._opened()
        self._see_that_it_is_open()
        told = () if self._test else (f"seen: {incident.cause.evidence}",)
        return self._closed(self._answered("", "given up", told, over=True))

    # ------------------------------------------------------------ inside

    def _begin(self, number: int, test: FinalTest | None = None) -> None:
        incident = self._happen(number)  # first: if that fails or is stopped, nothing is open
        self._incident, self._test, self._began = incident, test, time.monotonic()
        self._looks, self._tries = [], []

    def _another(self) -> int:
        """The number of an incident with a cause that was in no drill and no test yet, if there is one."""
        seen, rng = seen_in(marks()), Random()  # noqa: S311  # a drill, and no secret
        numbers = rng.sample(range(NUMBERS), 1_000)
        unseen = (number for number in numbers if drawn(number)[0].name not in seen)
        return next(unseen, numbers[0])

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _opened(self) -> Incident:
        if self._incident is None:
            raise SfmtlsError("no incident is open", next_step="%sf_drill begins one")
        return self._incident

    def _see_that_it_is_open(self) -> None:
        """Raise where another notebook has answered this place of the final test meanwhile."""
        test = self._test
        if test is None:
            return
        kept = next((each for each in final_tests(marks()) if each.number == test.number), None)
        if kept and kept.place > test.place:
            self._incident = self._test = None
            raise SfmtlsError(
                f"number {test.place} of the final test is answered already",
                "in another notebook, or another kernel of this one",
                "%sf_drill --final goes on from there",
            )

    def _answered(
        self, name: str, verdict: Verdict | Literal["given up"], told: tuple[str, ...], *, over: bool
    ) -> Answered:
        return Answered(
            self._opened(), name, verdict, told, over, self._elapsed, tuple(self._looks), tuple(self._tries), self._test
        )  # fmt: skip

    def _closed(self, answered: Answered) -> Answered:
        name, right = answered.incident.planting.name, answered.verdict == "right"
        self._incident = self._test = None
        if answered.test is None:
            mark(f"drill - {name}" if right else f"drill - {name} - given up")
            return answered
        mark(answered.test.answer_mark(name, right=right))
        return replace(answered, test=answered.test.with_answer(name, right=right))
