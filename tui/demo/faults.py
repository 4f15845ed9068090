"""What the demo server does to a request: how long it takes, and whether it goes wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from statistics import NormalDist

from ...core.errors import OptionError

SLOW_FACTOR = 6
"""How many times longer a slow answer takes."""
_HASTE = 0.1
"""A refusal comes sooner than an answer: this share of the latency."""
_NORMAL = NormalDist()


class Fate(StrEnum):
    """How the server treats one arrival of a request."""

    ANSWER = "answer"
    SLOW = "slow"
    TOO_MANY = "429"
    """Refused with 429 and Retry-After."""
    ERROR = "500"
    RESET = "reset"
    """The connection is reset before any byte of the reply."""
    TRUNCATED = "truncated"
    """The connection ends in the middle of the body."""
    GARBAGE = "garbage"
    """The reply is not HTTP."""
    SILENT = "silent"
    """No reply comes; the client has to give up."""


@dataclass(frozen=True, slots=True)
class Faults:
    """The shares of arrivals that meet each fate (0 to 1), and the latency of the rest."""

    too_many: float = 0.01
    error: float = 0.005
    reset: float = 0.002
    slow: float = 0.002
    truncated: float = 0.0
    garbage: float = 0.0
    silent: float = 0.0
    latency_s: float = 0.333
    """Mean time of an answer, the slow ones included."""
    spread: float = 0.08
    """Sigma of the log-normal distribution that answers follow; 0 makes all alike."""
    retry_after_s: int = 1
    missing: bool = True
    """Whether a handful of places always answers 404."""
    seed: int = 1

    def fate(self, place: int, seen: int) -> tuple[Fate, float]:
        """What happens at arrival number `seen` of a place's request, and after how many seconds.

        Deterministic in (seed, place, seen), so that a run can be told again and a retry has new luck.
        """
        draw = blake2b(b"%d:%d:%d" % (self.seed, place, seen), digest_size=16).digest()
        luck = int.from_bytes(draw[:8]) / 2**64
        typical = self.latency_s / (1 + (SLOW_FACTOR - 1) * self.slow)
        for share, fate, factor in (
            (self.too_many, Fate.TOO_MANY, _HASTE),
            (self.error, Fate.ERROR, _HASTE),
            (self.reset, Fate.RESET, _HASTE),
            (self.slow, Fate.SLOW, SLOW_FACTOR),
            (self.truncated, Fate.TRUNCATED, 1.0),
            (self.garbage, Fate.GARBAGE, _HASTE),
            (self.silent, Fate.SILENT, _HASTE),
        ):
            if luck < share:
                return fate, typical * factor
            luck -= share
        return Fate.ANSWER, typical * self._jitter(int.from_bytes(draw[8:]) / 2**64)

    def _jitter(self, quantile: float) -> float:
        """The quantile of a log-normal distribution of mean 1."""
        if not self.spread:
            return 1.0
        deviation = _NORMAL.inv_cdf(min(max(quantile, 1e-6), 1 - 1e-6))
        return math.exp(self.spread * deviation - self.spread**2 / 2)


NO_FAULTS = Faults(too_many=0, error=0, reset=0, slow=0, missing=False)
"""Every place is answered, in about the usual time."""

_SHARES = {
    "429": "too_many",
    "500": "error",
    "reset": "reset",
    "slow": "slow",
    "truncated": "truncated",
    "garbage": "garbage",
    "silent": "silent",
}


def parse_shares(text: str) -> dict[str, float]:
    """Read `429=1%,500=0.5%,reset=0.002,slow=1%` into fields of Faults; raises OptionError."""
    shares: dict[str, float] = {}
    for term in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = term.partition("=")
        field = _SHARES.get(name.strip().lower())
        share = _share(value.strip())
        if field is None or share is None:
            raise OptionError(
                f"--faults {term!r} cannot be understood. Give shares such as 429=1%,500=0.5%,truncated=0.2% of "
                f"{', '.join(_SHARES)}."
            )
        shares[field] = share
    if sum(shares.values()) > 1:
        raise OptionError(f"--faults {text!r} gives shares that sum to more than 100%.")
    return shares


def _share(text: str) -> float | None:
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None
