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

Looks = tuple[Sample, Sample]
"""An early one and a late one at the same run."""
_LIMIT_S = 300.0
_EVERY_S = 0.1
_STILL_S = 0.5
"""A paused run whose count has not changed for so long has nothing in flight any more."""


@dataclass(frozen=True, slots=True)
class Underway:
    """A run that somebody else has started."""

    child: Child
    watch: Watch

    def press_pause(self) -> None:
        """Pause it, or let it go on; wants its dashboard."""
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
    """The cost of a request of `one` in terms of the `other`'s, window by window, until one has done so many."""
    return [
        ratio for pair in _pairs(one, other, until, windows) for ratio in cost_ratio(pair.one, pair.other)
    ]


def cost_ratio(one: Looks, other: Looks) -> list[float]:
    """The ratio of two costs, each from two looks; none where one of them did nothing, or was not to be seen."""
    costs = [_cost_s(*looks) for looks in (one, other)]
    return [costs[0] / costs[1]] if all(costs) else []


def shares_beyond(one: Underway, other: Underway, until: int, windows: Windows) -> list[float]:
    """The share of the processor that `one` takes beyond what its requests cost the `other`, in the same windows."""
    return [
        share
        for pair in _pairs(one, other, until, windows)
        for share in share_beyond(pair.one, pair.other, pair.seconds)
    ]


def share_beyond(one: Looks, other: Looks, seconds: float) -> list[float]:
    """That share from two looks that far apart; none where one of the two did nothing, or was not to be seen."""
    own_s, cost_s = _cost_s(*one), _cost_s(*other)
    return [(one[1].done - one[0].done) * (own_s - cost_s) / seconds] if own_s and cost_s else []


def _cost_s(early: Sample, late: Sample) -> float:
    """The processor time of a request; 0 where there was none, or none to be seen."""
    return (late.cpu_s - early.cpu_s) / (late.done - early.done) if 0 < early.done < late.done else 0.0


@dataclass(frozen=True, slots=True)
class _Pair:
    one: Looks
    other: Looks
    seconds: float


def _pairs(one: Underway, other: Underway, until: int, windows: Windows) -> Iterator[_Pair]:
    before: tuple[Sample, Sample] | None = None
    began, ends = 0.0, monotonic() + windows.settling_s
    for now, standing in _looks(one, other):
        if now >= ends:
            after = one.look(), other.look()
            if before is not None:
                yield _Pair((before[0], after[0]), (before[1], after[1]), now - began)
            before, began, ends = after, now, now + windows.each_s
        if max(standing.done, other.watch.now().done) >= until:
            break


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
