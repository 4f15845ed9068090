"""What a run costs: a price for each attempt, what is spent, and what the rest will probably add. Pure."""

from __future__ import annotations

import re

from msgspec import Struct

from ..errors import OptionError

_COST = re.compile(r"([^\d\s.,+-]{0,4})\s*(\d{1,12}(?:\.\d{1,12})?)\s*([A-Za-z]{3})?")


class Price(Struct, frozen=True):
    """The price of one attempt, as `--cost` gives it."""

    each: float
    sign: str = ""
    """Stands before the number, such as `$`."""
    currency: str = ""
    """Stands behind it, such as `USD`."""

    @classmethod
    def parse(cls, text: str, option: str = "--cost") -> Price:
        """Read `0.017`, `$0.017` or `0.017 USD`; raises OptionError."""
        match = _COST.fullmatch(text.strip())
        if match is None or not match[1].isprintable() or (match[1] and match[3]):
            raise OptionError(
                f"{option}: {text!r} is no price of a request. Write 0.017, $0.017 or 0.017 USD."
            )
        return cls(float(match[2]), match[1], (match[3] or "").upper())

    def of(self, attempts: float) -> str:
        """The price of so many attempts, such as `$1,234.50` or `0.0170 USD`."""
        amount = attempts * self.each
        number = f"{amount:,.2f}" if amount >= 1 or not amount else f"{amount:.4f}"
        return f"{self.sign}{number}{' ' if self.currency else ''}{self.currency}"


def projected_attempts(
    *, sent: int, landed: int, ended: int, idle: int, in_flight: int, most_each: int
) -> float:
    """How many attempts the whole run will have taken, if requests go on to be retried as often as so far.

    `sent` attempts, of which `landed` have come to an end and `ended` were the last of their request. Each attempt that
    lands ends its request or leads to another, so a request takes landed / ended of them on average. `idle` requests
    are queued or wait for a retry; one in flight has had one of its attempts sent. `most_each` is 1 + `--retries`.
    """
    each = min(float(most_each), landed / ended) if ended else 1.0
    each = max(1.0, each)
    return sent + idle * each + in_flight * (each - 1.0)
