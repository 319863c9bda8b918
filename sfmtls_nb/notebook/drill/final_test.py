"""FinalTest: twelve failures that the learner has not had in a drill, one answer each. It is kept as marks, answer by answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from typing import Final, NamedTuple

from sfmtls_nb.notebook.drill.planting import KINDS, NUMBERS, PLANTINGS, drawn

#: How many failures a final test has.
LENGTH: Final = 12

_BEGUN: Final = re.compile(r"final test (\d+) - begun with (\d+)")
_ANSWERED: Final = re.compile(r"final test (\d+) - (\d\d) - ([\w-]+) - (right|wrong)")
_DRILLED: Final = re.compile(r"drill - ([\w-]+?)( - not yet| - given up)?")


class Given(NamedTuple):
    """An answer that was given: the place in the test, from 1 on, and the failure that it was to be."""

    place: int
    name: str
    right: bool


@dataclass(frozen=True)
class FinalTest:
    """A final test as far as it went. seed: what its incidents are drawn with."""

    number: int
    seed: int
    given: Sequence[Given] = ()

    @property
    def right(self) -> int:
        """How many were diagnosed."""
        return sum(each.right for each in self.given)

    @property
    def over(self) -> bool:
        return len(self.given) >= LENGTH

    @property
    def place(self) -> int:
        """The place of the incident that comes next, from 1 on."""
        return len(self.given) + 1

    @property
    def share(self) -> str:
        """The share diagnosed, such as ``9 of 12``; of a test that is not over, of those that were answered."""
        return f"{self.right} of {len(self.given)}"

    @property
    def begun_mark(self) -> str:
        return f"final test {self.number} - begun with {self.seed}"

    def answer_mark(self, name: str, *, right: bool) -> str:
        """The mark of the answer at the place that comes next."""
        return f"final test {self.number} - {self.place:02} - {name} - {'right' if right else 'wrong'}"

    def with_answer(self, name: str, *, right: bool) -> FinalTest:
        """The test with the answer at the place that comes next."""
        return replace(self, given=(*self.given, Given(self.place, name, right)))

    def next_incident(self, marks: Iterable[str]) -> int:
        """The number of the incident that comes next. With the same marks it is the same.

        A failure that was in no drill and no test comes first, and of those one of a kind that was asked least so far.
        """
        asked, seen = {each.name for each in self.given}, seen_in(marks)
        rng = Random(f"{self.seed}/{self.place}")  # noqa: S311  # a test, and no secret
        often = Counter(PLANTINGS[name].kind for name in asked)
        names = [name for name in PLANTINGS if name not in asked]
        unseen = [name for name in names if name not in seen] or names
        least = min(often[PLANTINGS[name].kind] for name in unseen)
        wanted = rng.choice([name for name in unseen if often[PLANTINGS[name].kind] == least])
        return next(number for number in _numbers(rng) if drawn(number)[0].name == wanted)


def _numbers(rng: Random) -> Iterable[int]:
    return (rng.randrange(NUMBERS) for _ in count())


def final_tests(marks: Iterable[str]) -> list[FinalTest]:
    """The final tests that there are marks of, the first one first."""
    begun: dict[int, int] = {}
    given: dict[int, dict[int, Given]] = {}
    for name in sorted(marks):  # two kernels could answer one place: the first by name counts
        if found := _BEGUN.fullmatch(name):
            begun.setdefault(int(found[1]), int(found[2]))
        elif (found := _ANSWERED.fullmatch(name)) and found[3] in PLANTINGS:
            place = int(found[2])
            given.setdefault(int(found[1]), {}).setdefault(place, Given(place, found[3], found[4] == "right"))
    return [
        FinalTest(number, seed, tuple(each for _, each in sorted(given.get(number, {}).items())))
        for number, seed in sorted(begun.items())
    ]


def diagnosed_in(marks: Iterable[str]) -> set[str]:
    """The failures that the learner has diagnosed in a drill."""
    return {found[1] for name in marks if (found := _DRILLED.fullmatch(name)) and not found[2]} & PLANTINGS.keys()


def seen_in(marks: Iterable[str]) -> set[str]:
    """The failures that the learner has had in a drill or in a final test."""
    names = list(marks)
    drilled = {found[1] for name in names if (found := _DRILLED.fullmatch(name))}
    return (drilled | {each.name for test in final_tests(names) for each in test.given}) & PLANTINGS.keys()


def drills_told(marks: Iterable[str]) -> str:
    """A line on the drills and the final tests; empty where there were none."""
    names = list(marks)
    diagnosed, tests = diagnosed_in(names), final_tests(names)
    told = [f"drills: {len(diagnosed)} of {len(PLANTINGS)} failures diagnosed"] if diagnosed else []
    over = [test for test in tests if test.over]
    if over:
        told.append(f"final test: {max(over, key=lambda test: test.right).share} diagnosed")
    if tests and not tests[-1].over:
        told.append(
            f"final test {tests[-1].number}: {len(tests[-1].given)} of {LENGTH} answered; %sf_drill --final goes on"
        )
    return " · ".join(told)


def by_kind(test: FinalTest) -> Mapping[str, tuple[int, int]]:
    """By kind, how many were diagnosed, and of how many."""
    return {
        kind: (sum(each.right for each in asked), len(asked))
        for kind, names in KINDS.items()
        if (asked := [each for each in test.given if each.name in names])
    }
