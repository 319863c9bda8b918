"""Progress: how far a query has come, in numbers and in one line for people."""

from __future__ import annotations

from dataclasses import dataclass

from sfmtls_nb.query.cost import Usage


@dataclass(frozen=True)
class Progress:
    """A query under way.

    state: of a Bulk job as Salesforce names it, “planned” before there is one, “fetching” once its records come.
    records: found so far, or fetched. of: in all, where it is known. seconds_left: an estimate; None where there is nothing
    to go by. calls: API calls so far; calls_left: about how many are to come, None where nobody knows.
    usage: the org's calls of the day, as the newest answer tells; None where none did.
    """

    state: str
    records: int
    of: int | None = None
    seconds_left: float | None = None
    calls: int = 0
    calls_left: int | None = None
    usage: Usage | None = None

    @property
    def warning(self) -> str:
        """Words for a limit of API calls that is near; empty where it is not."""
        return self.usage.warning(self.calls_left or 0) if self.usage else ""

    def __str__(self) -> str:
        of = "" if self.of is None else f" of {self.of:,}"
        parts = [f"{self.state}: {self.records:,}{of} records"]
        if self.seconds_left is not None:
            parts.append(f"about {_words(self.seconds_left)} left")
        parts.append(
            f"{self.calls:,} API calls" + (f" and about {self.calls_left:,} to come" if self.calls_left else "")
        )
        return ", ".join(parts) + (f"; {self.warning}" if self.warning else "")


def _words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
