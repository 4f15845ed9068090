"""When to stop: too many failures, an answer that means that going on makes no sense, or the time is up. Pure."""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from ..errors import OptionError
from ..model import FailureKind
from .durations import duration_text
from .statuses import parse_statuses

WINDOW = 100
"""How many of the last ended requests a share is taken of."""
_NEVER_ENDINGS = frozenset(
    {FailureKind.HTTP_STATUS, FailureKind.INTERRUPTED, FailureKind.CANCELLED, FailureKind.INVALID}
)
"""Kinds that no attempt ends by on its own: a status is named by its number."""


class MaxFailures(Struct, frozen=True):
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


class StopOn(Struct, frozen=True):
    """What `--stop-on` names: the first attempt that ends by one of these stops the run."""

    statuses: frozenset[int]
    kinds: frozenset[FailureKind]

    @classmethod
    def parse(cls, text: str, option: str = "--stop-on") -> StopOn:
        """Read `401,403`, `5xx`, `tls,dns` or a mixture; raises OptionError with the bad term."""
        names = {kind.value: kind for kind in FailureKind if kind not in _NEVER_ENDINGS}
        statuses: set[int] = set()
        kinds: set[FailureKind] = set()
        for term in filter(None, (part.strip().lower() for part in text.split(","))):
            kind = names.get(term.replace("-", "_"))
            if kind is not None:
                kinds.add(kind)
                continue
            try:
                statuses |= parse_statuses(term, option)
            except OptionError:
                raise OptionError(
                    f"{option}: {term!r} is neither a status such as 401, 5xx or 520-529 "
                    f"nor one of {', '.join(names)}."
                ) from None
        return cls(frozenset(statuses), frozenset(kinds))

    def reason(self, status: int | None, kind: FailureKind | None) -> str | None:
        """Why an attempt that ended so stops the run, or None. `kind` is None for one that succeeded."""
        if kind in self.kinds:
            return f"an attempt failed by {kind}, which --stop-on names"
        if status in self.statuses:
            return f"the server answered {status}, which --stop-on names"
        return None


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


class StopWatch:
    """All conditions that stop a run. Each method takes in one fact and gives the reason to stop, or None."""

    def __init__(
        self,
        max_failures: MaxFailures | None = None,
        stop_on: StopOn | None = None,
        time_limit_s: float | None = None,
    ) -> None:
        """None for conditions that do not hold; the time limit is for this session."""
        self._failures = FailureWatch(max_failures)
        self._stop_on = stop_on
        self._limit_s = time_limit_s
        self._from_s = 0.0

    def attempted(self, status: int | None, kind: FailureKind | None) -> str | None:
        """An attempt ended, be it the last of its request or not; with the status of its reply, and why it failed."""
        return None if self._stop_on is None else self._stop_on.reason(status, kind)

    def ended(self, *, failed: bool) -> str | None:
        """A request came to its end."""
        return self._failures.ended(failed=failed)

    def left_s(self, session_s: float) -> float | None:
        """Seconds until the time is up, None without a limit; `session_s` is how long the session has run."""
        return None if self._limit_s is None else max(0.0, self._from_s + self._limit_s - session_s)

    def passed(self, session_s: float) -> str | None:
        """Time has passed: the session has run for so many seconds."""
        if self._limit_s is None or self.left_s(session_s):
            return None
        return f"the run has taken {duration_text(self._limit_s)}, the limit of --time-limit"

    def forgive(self) -> None:
        """Count failures anew, because nobody was to blame for those so far; the time goes on."""
        self._failures.reset()

    def reset(self, session_s: float) -> None:
        """Begin again after `session_s` seconds, because a user decided to go on: as many failures and as much time."""
        self._failures.reset()
        self._from_s = session_s
