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


def until_still(run: Underway) -> None:
    """Wait until a paused run's requests have come in."""
    done, since = -1, monotonic()
    for now, standing in _looks(run):
        if standing.done != done:
            done, since = standing.done, now
        elif now - since >= _STILL_S:
            return


def until_read(run: Underway, rows: int) -> None:
    """Wait until so many rows of its input have been read."""
    for _, standing in _looks(run):
        if standing.total >= rows:
            return


def cost_ratios(one: Underway, other: Underway, until: int, window_s: float) -> list[float]:
    """The cost of a request of `one` in terms of the `other`'s, until `one` has done so many: window by window."""
    ratios: list[float] = []
    before, began = (one.look(), other.look()), monotonic()
    for now, standing in _looks(one, other):
        if now - began >= window_s:
            after = one.look(), other.look()
            if all(late.done > early.done for early, late in zip(before, after, strict=True)):
                ratios.append(_cost(before[0], after[0]) / _cost(before[1], after[1]))
            before, began = after, now
        if standing.done >= until:
            break
    return ratios


def _cost(before: Sample, after: Sample) -> float:
    return (after.cpu_s - before.cpu_s) / (after.done - before.done)


def _looks(*runs: Underway) -> Iterator[tuple[float, Standing]]:
    """Moments, and how far the first run is then, while the terminals are read; raises TroubleError at last."""
    ends = monotonic() + _LIMIT_S
    while (now := monotonic()) < ends:
        yield now, runs[0].watch.now()
        while (left := now + _EVERY_S - monotonic()) > 0:
            for run in runs:
                run.child.read(left / len(runs))
    raise TroubleError(f"two runs side by side did nothing for {_LIMIT_S:.0f} s")
