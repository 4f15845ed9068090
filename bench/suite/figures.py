"""What a run came to, and how runs compare: pure, so that it is tested."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Run:
    """One contestant's run in one round."""

    count: int
    """Requests, or rows."""
    wall_s: float
    """From the start of the command to its end; of a dashboard to the end of its run."""
    cpu_s: float
    peak_mb: float
    more: Mapping[str, float] = field(default_factory=dict)
    """Further figures, by a name that the case knows."""

    @property
    def rate(self) -> float:
        return self.count / self.wall_s

    @property
    def cpu_us(self) -> float:
        """A request."""
        return 1e6 * self.cpu_s / self.count


@dataclass(frozen=True, slots=True)
class Results:
    """Every contestant's runs, round by round."""

    runs: Mapping[str, Sequence[Run | None]]
    """None for a round in which it failed."""
    troubles: Mapping[str, str]
    """What went wrong last, of those that failed in any round."""

    def done(self, name: str) -> list[Run]:
        """The rounds in which it did not fail."""
        return [run for run in self.runs.get(name, ()) if run is not None]

    def ratios(
        self, name: str, other: str, rate: Callable[[Run], float] = lambda run: run.rate
    ) -> tuple[float, ...]:
        """How many times as fast as `other` it was, in each round that both have finished."""
        pairs = zip(self.runs.get(name, ()), self.runs.get(other, ()), strict=False)
        return tuple(rate(one) / rate(two) for one, two in pairs if one is not None and two is not None)


def median(values: Sequence[float]) -> float | None:
    """None of nothing."""
    return statistics.median(values) if values else None


def percentile(values: Sequence[float], percent: float) -> float:
    """By nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def turned(names: Sequence[str], number: int) -> list[str]:
    """The order of round `number`, counted from 0: each begins with another one."""
    first = number % len(names) if names else 0
    return [*names[first:], *names[:first]]
