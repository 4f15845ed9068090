"""When a locked pace is tried a little higher, and how much higher."""

from __future__ import annotations

_FIRST_PROBE_S = 60.0
_MOST_PROBE_S = 600.0
_REFINE_S = 20.0
_REFINE_SOON_S = 5.0
_STEP = 1.03
TELLING = 25.0
"""Requests a second from which some seconds of a probe tell more than what a bucket had saved up."""


class Probes:
    """Rarely, and ever more rarely while nothing is gained; sooner where a pace was perhaps locked too low.

    That is so where nothing was refused since it was locked, and where more was locked before: what looked like a
    lower limit may have been this machine standing still. Then what was locked before is tried at once.
    """

    def __init__(self, now: float) -> None:
        self.every_s = _FIRST_PROBE_S
        """Until the next one, told to people."""
        self._at = now
        self._refine_at = now
        self._refining = False
        self._clean = False
        self._before = 0.0

    def measured_anew(self, locked: float) -> None:
        """The limit is to be measured again, after so much was locked (0: nothing was)."""
        self._before = locked

    def locked(self, now: float, pace: float, *, tuned: bool) -> None:
        """A pace was locked, either tuned or because a probe has ended."""
        self._at = now + self.every_s
        self._clean = tuned
        if not _a_little_lower(pace, self._before):
            self._before = 0.0
        self._refine_at = now + (_REFINE_S if pace < TELLING else _REFINE_SOON_S)

    def lowered(self, now: float, before: float, pace: float) -> None:
        """A locked pace was lowered because of what was refused."""
        if pace >= TELLING and _a_little_lower(pace, before):
            self._before, self._refine_at = before, now + _REFINE_SOON_S

    def refused(self) -> None:
        """A request was refused at the locked pace."""
        self._clean = False

    def due(self, now: float) -> bool:
        """Whether it is time."""
        return now >= (self._refine_at if self._clean or self._before else self._at)

    def begin(self, now: float, pace: float) -> float:
        """The pace to try; what was locked before is tried once."""
        self._refining = now < self._at
        tried, self._before = max(_STEP * pace, self._before), 0.0
        return tried

    def put_off(self, now: float) -> None:
        """The run does not use its pace, so that a higher one would tell nothing."""
        self._at = self._refine_at = now + self.every_s

    def failed(self) -> None:
        """Nothing was gained."""
        if not self._refining:
            self.every_s = min(_MOST_PROBE_S, self.every_s * 2)


def _a_little_lower(pace: float, before: float) -> bool:
    """So much that it is worth trying what was before, and so little that it may not have been the server."""
    return 0.6 * before < pace < 0.97 * before
