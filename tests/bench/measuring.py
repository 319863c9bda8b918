"""Measuring: two ways to do one thing, in turn, so that a noisy machine is noisy for both; what counts is the ratio."""

from __future__ import annotations

import gc
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ratio:
    """What ours costs, in units of what the other costs; None where that was not measured."""

    cpu: float | None = None
    wall: float | None = None
    memory: float | None = None


def cost(call: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of a call: CPU of all threads of this process, and by the clock.

    What it returns is freed within them, for both: whoever has read a tree has to let go of it.
    """
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return time.process_time() - cpu, time.perf_counter() - wall


def compared(ours: Callable[[], Any], theirs: Callable[[], Any], rounds: int) -> Ratio:
    """The medians of the ratios of so many pairs, after one of each that does not count."""
    if rounds > 1:
        ours(), theirs()
    pairs = [(cost(ours), cost(theirs)) for _ in range(rounds)]
    cpu, wall = (statistics.median(mine[at] / other[at] for mine, other in pairs) for at in (0, 1))
    return Ratio(cpu, wall)


def peak() -> int:
    """Bytes that this process had at its largest so far."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


@dataclass(frozen=True)
class Sizes:
    """How much is measured. page, many, most, few: records. rounds: of what is quick; what takes long has fewer."""

    page: int = 2_000
    many: int = 100_000
    most: int = 1_000_000
    few: int = 10_000
    rounds: int = 15

    @property
    def fewer(self) -> int:
        return max(1, self.rounds // 5)


FULL = Sizes()
QUICK = Sizes(page=50, many=200, most=400, few=100, rounds=1)


class NotYetError(Exception):
    """The row is about something that is not there: a method of ours, or an extra that is not installed."""


def has(result: object, method: str) -> None:
    """Raise NotYetError if a query's result cannot be taken so."""
    if not hasattr(result, method):
        raise NotYetError(f"no {method}()")
