"""What stops a retry storm: each host has a budget for retries, and what goes beyond it waits long. Pure.

A token bucket for each host with the numbers of the standard retry mode of the AWS SDKs (botocore
`retries/standard.py` and `retries/quota.py`): 500 tokens; a retry costs 5, after a timeout 10; a success at the first
attempt gives 1; a retry that succeeds gives back what it cost. So up to 31 % of the attempts may fail at random
(5·f² = (1 - f)²) before retries use up more than successes bring in.

There a request fails when the bucket is empty. A bulk run loses nothing, so here it waits: one to two times the longest
backoff, evenly spread, however short its own backoff or the server's Retry-After would be. Whatever fails, a host whose
bucket is empty sees each of its requests again once in `cap_s` at most, and between them the first attempts of others,
whose successes fill the bucket. Nothing is booked ahead and time alone fills nothing: a debt or a pace could only be
paid off by first attempts, and at the end of a run, when nothing but retries is left, there are none.
"""

from __future__ import annotations

from msgspec import Struct

from ..model import FailureKind

CAPACITY = 500
RETRY_COST = 5
TIMEOUT_COST = 10
_REWARD = 1
_MOST_HOSTS = 10_000
_TIMEOUTS = frozenset({FailureKind.TIMEOUT, FailureKind.CONNECT_TIMEOUT})


class Grant(Struct, frozen=True):
    """What a host's budget says to one retry."""

    cost: int
    """Tokens it has taken, to be given back if it succeeds; 0 beyond the budget."""
    delay_s: float = 0.0
    """Seconds that the retry waits at least; 0 within the budget."""
    fact: str | None = None
    """A sentence for the events, where the budget has just run out."""


class _Bucket(Struct):
    tokens: int
    told: bool = False


class RetryBudgets:
    """The budgets of all hosts. Only those that are not full are kept, the 10,000 that were last drawn on."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """All full; `capacity` in tokens."""
        self._capacity = capacity
        self._buckets: dict[str, _Bucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def left(self, host: str) -> int:
        """A host's tokens."""
        bucket = self._buckets.get(host)
        return self._capacity if bucket is None else bucket.tokens

    def retry(self, host: str, kind: FailureKind | None, *, cap_s: float, chance: float) -> Grant:
        """Pay for a retry after an attempt that failed by `kind`, or learn how long it waits at least.

        `cap_s` is the longest backoff, `chance` uniform in [0, 1). Retries that nobody is charged for need no budget.
        """
        bucket = self._buckets.pop(host, None) or self._fresh()
        self._buckets[host] = bucket
        cost = TIMEOUT_COST if kind in _TIMEOUTS else RETRY_COST
        if cost <= bucket.tokens:
            bucket.tokens -= cost
            return Grant(cost)
        fact = None
        if not bucket.told:
            bucket.told = True
            fact = f"{host}: too many retries, each further one waits {cap_s:.0f} to {2 * cap_s:.0f} s."
        return Grant(0, cap_s * (1 + chance), fact)

    def succeeded(self, host: str, cost: int = 0) -> None:
        """A request succeeded; `cost` is that of the grant for its last attempt, 0 for a first one."""
        bucket = self._buckets.get(host)
        if bucket is None:
            return
        bucket.tokens += max(cost, _REWARD)
        if bucket.tokens >= self._capacity:
            del self._buckets[host]
        elif bucket.tokens >= self._capacity // 2:
            bucket.told = False

    def clear(self) -> None:
        """Fill all, because what emptied them is over or a user goes on in spite of it."""
        self._buckets.clear()

    def _fresh(self) -> _Bucket:
        if len(self._buckets) >= _MOST_HOSTS:
            del self._buckets[next(iter(self._buckets))]
        return _Bucket(self._capacity)
