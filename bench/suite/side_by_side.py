"""What a request costs two runs that are under way on the same core at the same time.

Whatever else the machine does falls on both within a few milliseconds: the ratio of their costs varies by a few percent
where the costs themselves vary by half.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

from .child import Child, TroubleError
from .sampling import Sample, sample
from .standing import Standing, Watch

_LIMIT_S = 300.0
_EVERY_S = 0.1
_STILL_S = 0.5
"""A paused run whose count has not changed for so long has nothing in flight any more."""


@dataclass(frozen=True, slots=True)
class Underway:
    """A run with a dashboard, which somebody else has started."""

    child: Child
    watch: Watch

    def press_pause(self) -> None:
        """Pause it, or let it go on."""
        self.child.type("p")

    def look(self) -> Sample:
        """What it has used so far; raises TroubleError where it has ended."""
        try:
            return sample(self.child, self.watch.now())
        except OSError as error:
            raise TroubleError("one of two runs has ended too early") from error


@dataclass(frozen=True, slots=True)
class Windows:
    """When two runs are looked at."""

    each_s: float
    settling_s: float
    """What is left out at first: who was typed at goes on in smaller steps for some seconds."""


def until_still(run: Underway) -> None:
    """Wait until a paused run's requests have come in."""
    done, since = -1, monotonic()
    for now, standing in _looks(run):
        if standing.done != done:
            done, since = standing.done, now
        elif now - since >= _STILL_S:
            return


def until_read(run: Underway, rows: int, other: Underway) -> None:
    """Wait until so many rows of its input have been read, while the other one waits."""
    for _, standing in _looks(run, other):
        if standing.total >= rows:
            return


def cost_ratios(one: Underway, other: Underway, until: int, windows: Windows) -> list[float]:
    """The cost of a request of `one` in terms of the `other`'s, until `one` has done so many: window by window."""
    ratios: list[float] = []
    before: tuple[Sample, Sample] | None = None
    ends = monotonic() + windows.settling_s
    for now, standing in _looks(one, other):
        if now >= ends:
            after = one.look(), other.look()
            if before is not None:
                ratios += cost_ratio((before[0], after[0]), (before[1], after[1]))
            before, ends = after, now + windows.each_s
        if standing.done >= until:
            break
    return ratios


def cost_ratio(one: tuple[Sample, Sample], other: tuple[Sample, Sample]) -> list[float]:
    """The ratio of two costs, each from two looks; none where one of them did nothing, or was not to be seen."""
    costs = [
        (late.cpu_s - early.cpu_s) / (late.done - early.done)
        for early, late in (one, other)
        if 0 < early.done < late.done
    ]
    return [costs[0] / costs[1]] if len(costs) == 2 and costs[1] > 0 else []


def _looks(*runs: Underway) -> Iterator[tuple[float, Standing]]:
    """Moments, and how far the first run is then, while all terminals are read.

    Raises TroubleError where one has ended, or where this has no end.
    """
    ends = monotonic() + _LIMIT_S
    while (now := monotonic()) < ends:
        if any(run.child.ended is not None for run in runs):
            raise TroubleError("one of two runs has ended too early")
        yield now, runs[0].watch.now()
        while (left := now + _EVERY_S - monotonic()) > 0:
            for run in runs:
                run.child.read(left / len(runs))
    raise TroubleError(f"what was waited for had not come after {_LIMIT_S:.0f} s")
