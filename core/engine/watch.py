"""Noticing what this machine does to a run: that it slept, and that it has too few descriptors."""

from __future__ import annotations

import resource
import time

_LEAST_GAP_S = 1.5
_DESCRIPTORS_OF_OUR_OWN = 64


class GapWatch:
    """Remembers when the process stood still (suspended, stopped), by a tick that should come regularly.

    Replies that were already in the socket time out after such a gap, so its attempts are not charged.
    """

    def __init__(self, now: float, interval_s: float) -> None:
        """`tick` is promised every `interval_s` seconds; `now` is on the loop's clock."""
        self._interval_s = interval_s
        self._last = now
        self._last_boot = boot_clock()
        self._gap: tuple[float, float] | None = None

    def tick(self, now: float) -> float:
        """Take in one tick; the length of the gap that has just ended, in seconds, or 0."""
        late = self._late_s(now)
        began, self._last, self._last_boot = self._last, now, boot_clock()
        if late < _LEAST_GAP_S:
            return 0.0
        self._gap = (began, now)
        return late

    def within(self, started: float, ended: float) -> bool:
        """Whether a gap lies at least partly between these moments: the last, or one whose tick is still due.

        `ended` is now: after a gap, timeouts may be due before the tick that tells of it.
        """
        if self._late_s(ended) >= _LEAST_GAP_S:
            return True
        return self._gap is not None and started <= self._gap[1] and ended >= self._gap[0]

    def _late_s(self, now: float) -> float:
        # The loop's clock stands still while a laptop sleeps; the boot clock does not.
        return max(now - self._last, boot_clock() - self._last_boot) - self._interval_s


def boot_clock() -> float:
    """Seconds of a clock that nobody sets, and that goes on while the machine sleeps where there is one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def descriptor_shortage(concurrency: int) -> str | None:
    """Raise the soft descriptor limit as far as it goes; the warning where it cannot hold the concurrency."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = concurrency + _DESCRIPTORS_OF_OUR_OWN
    if soft != resource.RLIM_INFINITY and soft < hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError):
            pass
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return None
    return (
        f"This process may open {soft:,} descriptors, too few for {concurrency:,} requests in flight. "
        f"Raise the limit with 'ulimit -n {wanted}', or lower the concurrency."
    )
