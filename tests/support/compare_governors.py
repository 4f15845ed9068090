"""Side by side in simulation: the governor and what other tools do. `python -m tests.support.compare_governors`."""

from __future__ import annotations

import sys
from collections.abc import Callable

from fetchdeck.core.policies.governor import Signal

from .model_clients import AutoThrottle, Client, Fixed, Halving, Result, Steering, governed
from .model_servers import LeakyBucket, Server, Workers, changing, fixed, heavy_tailed, log_normal, steady

RUN_S = 120.0
SETTLED_S = 10.0

SERVERS: dict[str, tuple[Callable[[], Server], float]] = {
    "10/s burst 1, 50 ms": (lambda: LeakyBucket(steady(10), 1, fixed(0.05)), 10),
    "100/s burst 0, 50 ms": (lambda: LeakyBucket(steady(100), 0, fixed(0.05)), 100),
    "100/s burst 20, 50 ms": (lambda: LeakyBucket(steady(100), 20, fixed(0.05)), 100),
    "300/s burst 20, 2 ms": (lambda: LeakyBucket(steady(300), 20, fixed(0.002)), 300),
    "100/s, halved at 60 s": (lambda: LeakyBucket(changing(100, (60, 50)), 5, fixed(0.05)), 75),
    "50 workers of 100 ms": (lambda: Workers(steady(50), fixed(0.1)), 500),
    "50, log-normal 0.5": (lambda: Workers(steady(50), log_normal(0.1, 0.5)), 441),
    "50, heavy tail": (lambda: Workers(steady(50), heavy_tailed(0.1)), 278),
}
STRATEGIES: dict[str, Callable[[], Steering]] = {
    "governor": governed,
    "halving": Halving,
    "AutoThrottle": AutoThrottle,
    "fixed 200": lambda: Fixed(200),
}


def row(server: str, strategy: str, allowed: float, result: Result) -> str:
    accepted = result.accepted_per_s(0.0, RUN_S) / allowed
    refused = result.count(Signal.REFUSED, SETTLED_S, RUN_S)
    share = result.refused_share(SETTLED_S, RUN_S)
    median_ms = result.median_s(SETTLED_S, RUN_S) * 1000
    return f"{server:<24}{strategy:<14}{accepted:>9.1%}{share:>10.2%}{refused:>10,}{median_ms:>10.0f}"


def main() -> None:
    sys.stdout.write(
        f"{'server':<24}{'strategy':<14}{'of limit':>9}{'refused':>10}{'':>10}{'p50 ms':>10}\n"
        "(shares of the allowed rate over 120 s; refusals and latency after the first 10 s)\n"
    )
    for server, (build, allowed) in SERVERS.items():
        for strategy, steer in STRATEGIES.items():
            result = Client(build(), steer()).run(RUN_S)
            sys.stdout.write(row(server, strategy, allowed, result) + "\n")


if __name__ == "__main__":
    main()
