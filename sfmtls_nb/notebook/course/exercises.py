"""Exercises: a task for the learner, and the check that it was done.

An exercise looks at what the practice org saw and at the learner's objects, never at what was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.events import Event

T = TypeVar("T")


class Point(NamedTuple):
    """One point of an exercise: done or not, with the words for either."""

    done: bool
    right: str
    missing: str


def is_text(value: object, wanted: str) -> bool:
    """True if a learner's value is that text. It may be anything, and a column of a table cannot even be compared."""
    return isinstance(value, str) and value.strip() == wanted


@dataclass(frozen=True)
class Work:
    """The learner's work.

    events: those of the practice org since the lesson began. names: the variables. looked_at: those that a check has read
    so far.
    """

    events: Sequence[Event]
    names: Mapping[str, Any]
    workspace: Workspace
    looked_at: list[str] = field(default_factory=list)

    @property
    def practice(self) -> PracticeOrg:
        """The org that exercises are checked on, unless they are checked `Exercise.anywhere`."""
        return self.workspace.running_practice()

    def requests(self, **values: object) -> list[Event]:
        """The requests whose fields have these values: ``work.requests(operation="getUserInfo", status=200)``."""
        return [
            event
            for event in self.events
            if event.kind == "request" and all(getattr(event, name) == value for name, value in values.items())
        ]

    def value(self, name: str) -> Any:
        """The learner's variable of that name; None if there is none."""
        if name not in self.looked_at:
            self.looked_at.append(name)
        return self.names.get(name)

    def named(self, name: str, kind: type[T]) -> T | None:
        """The learner's variable of that name, if it is of that type."""
        value = self.value(name)
        return value if isinstance(value, kind) else None


@dataclass(frozen=True)
class Exercise:
    """hints: from a nudge to all but the answer. anywhere: whether it can be checked when another org is chosen.

    Progress is kept under its title; with another title it is to be done again.
    """

    title: str
    look: Callable[[Work], Iterable[Point]]
    hints: tuple[str, ...]
    anywhere: bool = False
