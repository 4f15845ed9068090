"""Refusals that come whatever the pace, told from those of a limit.

A server that refuses one request in twenty at random, or a rule that retries some answers, is not relieved by a lower
pace: a governor that takes such refusals for a limit sinks without end. A limit behaves otherwise. Once it has refused,
what it has accepted since is no more than it allows (a token bucket's saved-up burst is gone by then), and well below
that it refuses nothing. So refusals are background where about the same share is refused at a pace well below what was
accepted before, and they are forgiven up to that share from then on.
"""

from __future__ import annotations

from array import array
from collections import Counter, deque
from math import inf, sqrt

from msgspec import Struct, field

_LEAST = 0.025
"""The least share worth telling from none: the governor lives with less."""
_MOST = 0.3
"""The largest share that may be background: beyond it too little is left to tell a limit from."""
_BELOW = 0.75
"""A pace is well below what was accepted where it is less than this part of it."""
_LONG_S = 1.0
_LEAST_ENDED, _LEAST_REFUSED = 24, 4
_SURE_ENDED = 200
_SURE = 2.0
"""Standard errors by which shares may differ and yet be the same."""
_ALIKE = 0.35
_MOST_PLACES = 256
_MOST_TOGETHER = 0.6
_KEPT, _KEPT_S = 24, 300.0
_SAME_PACE = 0.8
"""A stretch lasts while the pace is between this part of its first one and a little more than that."""
_ROOM = 1.15
_MOST_CREDIT = 6.0


class _Stretch(Struct):
    """Attempts that started while the pace stayed about the same."""

    pace: float | None
    since: float
    ended: int = 0
    refused: int = 0
    clean: int = 0
    """Attempts before the first that was refused: a bucket's saved-up burst is behind that one."""
    counted_from: float = inf
    """The start of the first attempt that was refused."""
    last: float = 0.0
    places: array[int] = field(default_factory=lambda: array("L"))
    """Which attempts of the stretch were refused, by their place in it; the first so many."""

    def take(self, started: float, refused: bool) -> None:
        if self.counted_from == inf:
            self.clean += 1
            if refused:
                self.counted_from = self.last = started
            return
        self.ended += 1
        self.refused += refused
        if refused and len(self.places) < _MOST_PLACES:
            self.places.append(self.ended)
        self.last = max(self.last, started)

    @property
    def share(self) -> float:
        return self.refused / self.ended if self.ended else 0.0

    @property
    def error(self) -> float:
        return sqrt(max(self.share * (1 - self.share), 1 / max(1, self.ended)) / max(1, self.ended))

    @property
    def per_s(self) -> float:
        return self.ended / (self.last - self.counted_from) if self.last > self.counted_from else 0.0

    def cleaner_than(self, other: _Stretch) -> bool:
        """Whether clearly less was refused: what the other one saw is new, as where a limit fell."""
        count = self.clean + self.ended
        allowed = _SURE * sqrt(other.share * (1 - other.share) / max(1, count)) + _SURE * other.error
        return count >= _LEAST_ENDED and self.refused < (other.share - allowed) * count

    @property
    def telling(self) -> bool:
        """Whether its share means something, and is likely to last."""
        return (
            self.ended >= _LEAST_ENDED
            and self.refused >= _LEAST_REFUSED
            and self.last - self.counted_from >= _LONG_S
            and self._even()
        )

    def _even(self) -> bool:
        """Whether refusals came all along, and not together as they do until a pace has followed a limit that fell."""
        end = self.ended if self.refused <= _MOST_PLACES else self.places[-1]
        quarters = Counter(min(3, 4 * (place - 1) // end) for place in self.places)
        return len(quarters) >= 3 and max(quarters.values()) <= _MOST_TOGETHER * len(self.places)


class Background:
    """The share that one host refuses whatever the pace; pure, times are monotonic seconds."""

    def __init__(self, now: float) -> None:
        self.share = 0.0
        """What is taken for background, as a part of all that ends."""
        self._stretch = _Stretch(None, now)
        self._past: deque[_Stretch] = deque(maxlen=_KEPT)
        self._credit = 0.0

    def ended(self, now: float, refused: bool, elapsed_s: float, pace: float | None) -> bool:
        """Take in one attempt; returns whether `share` grew, so that paces found before mean nothing any more."""
        stretch = self._stretch
        if not _about(stretch.pace, pace):
            self._past.append(stretch)
            stretch = self._stretch = _Stretch(pace, now)
        started = now - elapsed_s
        if started < stretch.since:
            return False
        stretch.take(started, refused)
        if self.share and stretch.ended >= _SURE_ENDED:
            self._lower(stretch)
        return refused and stretch.telling and self._found(now, stretch)

    def forgives(self, refused: bool) -> bool:
        """Count one attempt; whether it was refused and the background accounts for it."""
        if not self.share:
            return False
        self._credit = min(_MOST_CREDIT, self._credit + _ROOM * self.share)
        if not refused or self._credit < 1.0:
            return False
        self._credit -= 1.0
        return True

    def _found(self, now: float, stretch: _Stretch) -> bool:
        if not max(_LEAST, self.share + _SURE * stretch.error) < stretch.share <= _MOST:
            return False
        for past in reversed(self._past):
            if past.cleaner_than(stretch) or now - past.since > _KEPT_S:
                return False
            accepted = past.per_s * (1 - past.share)
            telling = past.telling and past.share >= _LEAST
            if telling and stretch.per_s < _BELOW * accepted and _alike(stretch, past):
                self.share, self._credit = stretch.share, _MOST_CREDIT
                self._past.clear()
                return True
        return False

    def _lower(self, stretch: _Stretch) -> None:
        """Less is refused than was taken for background: what is left of it is what there was at most."""
        if stretch.share + _SURE * stretch.error < self.share:
            self.share = stretch.share


def _about(first: float | None, pace: float | None) -> bool:
    if first is None or pace is None:
        return first is pace
    return _SAME_PACE * first <= pace <= first / _SAME_PACE**0.5


def _alike(one: _Stretch, other: _Stretch) -> bool:
    apart = abs(one.share - other.share)
    error = sqrt(one.error**2 + other.error**2)
    return apart <= max(error, min(_SURE * error, _ALIKE * max(one.share, other.share)))
