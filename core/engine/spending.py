"""What a run's attempts use up: the quota that is left, and what they cost."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from msgspec import Struct

from ..journal.store import Store
from ..model import Counts
from ..policies.cost import Price, projected_attempts
from ..policies.quota import Quota
from ..policies.quota_terms import Period, QuotaTerms
from ..snapshot import Spending
from .watch import boot_clock

META = "quota"
"""Where the journal keeps what is spent."""


class Terms(Struct, frozen=True):
    """What limits and what counts; None for neither."""

    quota: QuotaTerms | None
    price: Price | None
    attempts_each: int
    """Attempts that one request may take."""


class Purse:
    """Counts attempts as they are sent."""

    def __init__(self, terms: Terms, quota: Quota | None, sent: int) -> None:
        """`sent` attempts of the run are in the journal."""
        self._terms = terms
        self._quota = quota
        self._sent = sent
        self._landed = sent

    @classmethod
    def of(cls, terms: Terms, store: Store) -> Purse | None:
        """Go on from what the journal has; None where nothing limits and nothing counts."""
        if terms.quota is None and terms.price is None:
            return None
        quota = None
        if terms.quota is not None:
            quota = Quota.from_json(terms.quota, store.meta(META))
            # A killed session has not noted its last attempts, but they are in the journal.
            wall, steady = time.time(), boot_clock()
            started = terms.quota.start_of(wall)
            for _ in range(store.attempts_since(started) - quota.spent(wall, steady)):
                quota.take(wall, steady)
        return cls(terms, quota, store.attempts_since(0.0))

    @property
    def left(self) -> bool:
        """Whether another attempt may be sent."""
        return self._quota is None or self._quota.left(time.time(), boot_clock()) > 0

    @property
    def kept(self) -> dict[str, object] | None:
        """What the next session needs to know."""
        return self._quota.to_json() if self._quota is not None else None

    @property
    def wait(self) -> str:
        """Why nothing may be sent, and until when."""
        terms = self._terms.quota
        if terms is None or self._quota is None:
            return ""
        until = datetime.fromtimestamp(self._quota.resets_at(time.time(), boot_clock()), UTC)
        each = f"{'an' if terms.period is Period.HOUR else 'a'} {terms.period.value}"
        return f"the quota of {terms.limit:,} {each} is spent until {until:%Y-%m-%d %H:%M} UTC"

    def sent(self) -> None:
        """An attempt is on its way."""
        self._sent += 1
        if self._quota is not None:
            self._quota.take(time.time(), boot_clock())

    def landed(self, started: float, *, unsent: bool) -> None:
        """It has ended; `unsent` says that the server has seen nothing of it, `started` is its wall clock."""
        if not unsent:
            self._landed += 1
            return
        self._sent -= 1
        if self._quota is not None:
            self._quota.give_back(started)

    def falls_short(self, pending: int) -> bool:
        """Whether the period's quota ends before so many requests have been sent."""
        return self._quota is not None and self._quota.left(time.time(), boot_clock()) < pending

    def shown(self, counts: Counts, saving: int) -> Spending:
        """What is spent now, and what will be; `saving` of those in flight have ended and are not durable yet."""
        quota, terms, price = self._quota, self._terms.quota, self._terms.price
        wall, steady = time.time(), boot_clock()
        in_all = projected_attempts(
            sent=self._sent,
            landed=self._landed,
            ended=counts.succeeded + counts.failed + saving,
            idle=counts.queued + counts.waiting,
            in_flight=max(0, counts.in_flight - saving),
            most_each=self._terms.attempts_each,
        )
        return Spending(
            sent=quota.spent(wall, steady) if quota is not None else self._sent,
            quota=terms.limit if terms is not None else None,
            period=terms.period.value if terms is not None else "",
            resets_at=quota.resets_at(wall, steady) if quota is not None else None,
            cost=price.of(self._sent) if price is not None else None,
            projected=price.of(in_all) if price is not None else None,
        )
