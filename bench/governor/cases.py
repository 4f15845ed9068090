"""The servers that clients are measured against, each with what it allows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """Who enforces the limit."""

    NGINX = "nginx"
    """`limit_req` of a real nginx; with a latency, `echo_sleep` of its echo module comes after it."""
    LEAKY = "leaky"
    """The same algorithm in a server of the bench's own."""
    WINDOW = "window"
    """A quota that begins anew every ten seconds, told in RateLimit fields."""
    WORKERS = "workers"
    """No rate limit: so many workers of 100 ms each, and a queue without end."""


@dataclass(frozen=True, slots=True)
class Case:
    """One server; `rate` is what it allows, requests a second."""

    name: str
    kind: Kind
    rate: float
    burst: int = 20
    latency_ms: float = 0.0
    retry_after: bool = False
    """Whether a refusal says `Retry-After: 1`."""
    halved: bool = False
    """Whether the rate is halved in the middle of the run."""
    usual: bool = True
    """Whether it is measured where no cases are named."""

    @property
    def heavy(self) -> bool:
        """Whether its clients are to run one after the other, because together they would need more processors."""
        return self.rate > 300


def _nginx() -> list[Case]:
    found: list[Case] = []
    for rate in (10, 100, 300, 1000):
        for burst in (20, 5):
            for latency_ms in (0, 50):
                slow = f"-{latency_ms}ms" if latency_ms else ""
                usual = burst == 20 or (rate == 100 and not latency_ms)
                name = f"nginx-{rate}-b{burst}{slow}"
                found.append(Case(name, Kind.NGINX, rate, burst, latency_ms, usual=usual))
    return found


CASES = (
    *_nginx(),
    Case("nginx-10-b5-halved", Kind.NGINX, 10, 5, halved=True, usual=False),
    Case("nginx-100-b20-halved", Kind.NGINX, 100, halved=True),
    Case("nginx-100-b20-50ms-halved", Kind.NGINX, 100, latency_ms=50, halved=True),
    Case("nginx-300-b20-halved", Kind.NGINX, 300, halved=True),
    Case("leaky-100-b20-20ms", Kind.LEAKY, 100, latency_ms=20),
    Case("leaky-100-b20-20ms-halved", Kind.LEAKY, 100, latency_ms=20, halved=True),
    Case("retry-after-100-b20-20ms", Kind.LEAKY, 100, latency_ms=20, retry_after=True),
    Case("window-100-20ms", Kind.WINDOW, 100, latency_ms=20),
    Case("workers-50-100ms", Kind.WORKERS, 500, latency_ms=100),
)
