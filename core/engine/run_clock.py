"""How long a run has been worked on, over all its sessions."""

from __future__ import annotations


class RunClock:
    """A stopwatch that goes on from the time of earlier sessions; times are seconds on one monotonic clock."""

    def __init__(self, earlier_s: float, now: float) -> None:
        """Running from `now` on."""
        self._earlier_s = earlier_s
        self._session_s = 0.0
        self._since: float | None = now

    def run(self, now: float) -> None:
        """Go on; nothing if it runs."""
        if self._since is None:
            self._since = now

    def stop(self, now: float) -> None:
        """Stand still; nothing if it does."""
        self._session_s = self.session_s(now)
        self._since = None

    def session_s(self, now: float) -> float:
        """Time of this session alone."""
        return self._session_s + (now - self._since if self._since is not None else 0.0)

    def total_s(self, now: float) -> float:
        """Time of all sessions."""
        return self._earlier_s + self.session_s(now)
