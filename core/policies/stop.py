"""When too many failures mean that going on makes no sense."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ..errors import OptionError

WINDOW = 100
"""How many of the last ended requests a share is taken of."""


@dataclass(frozen=True, slots=True)
class MaxFailures:
    """The limit of `--max-failures`: a number, or a share of the last `WINDOW` requests."""

    count: int | None = None
    percent: float | None = None

    @classmethod
    def parse(cls, text: str) -> MaxFailures:
        """Read `100` or `20%`; raises OptionError."""
        number = text.strip().removesuffix("%").strip()
        try:
            if text.strip().endswith("%") and 0 < float(number) <= 100:
                return cls(percent=float(number))
            if int(number) >= 1 and not text.strip().endswith("%"):
                return cls(count=int(number))
        except ValueError:
            pass
        raise OptionError(
            f"--max-failures: {text!r} is neither a number such as 100 nor a share such as 20%."
        )


class FailureWatch:
    """Counts failures of this session against a limit."""

    def __init__(self, limit: MaxFailures | None) -> None:
        """None never trips."""
        self._limit = limit
        self._failures = 0
        self._recent: deque[bool] = deque(maxlen=WINDOW)

    def ended(self, *, failed: bool) -> str | None:
        """Take in one ended request; the sentence that says why to stop, or None."""
        if self._limit is None:
            return None
        self._recent.append(failed)
        self._failures += failed
        if not failed:
            return None
        if self._limit.count is not None and self._failures >= self._limit.count:
            return f"{self._failures} requests failed, the limit of --max-failures"
        if self._limit.percent is not None and len(self._recent) == WINDOW:
            share = 100 * sum(self._recent) / WINDOW
            if share >= self._limit.percent:
                limit = f"the limit is {self._limit.percent:g}%"
                return f"{share:.0f}% of the last {WINDOW} requests failed, {limit}"
        return None

    def reset(self) -> None:
        """Begin again, because a user decided to go on."""
        self._failures = 0
        self._recent.clear()
