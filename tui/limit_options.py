"""The options for limits, and for when to stop: what each is called, how it is read, what its help says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar

import click

from ..core.policies.cost import Price
from ..core.policies.durations import parse_duration
from ..core.policies.quota_terms import QuotaTerms
from ..core.policies.rate import parse_rate
from ..core.policies.stop import MaxFailures, StopOn
from .option_types import Liftable, LiftableNumber, LiftableRange

C = TypeVar("C", bound=Callable[..., Any])


class AddsOption(Protocol):
    """What `click.option` gives."""

    def __call__(self, command: C, /) -> C:
        """The command with one more option."""
        ...


AT_LEAST_ONE = click.IntRange(min=1)
LIFTED_BY_NONE = (
    "rate", "rate_per_host", "per_host", "quota", "cost", "max_failures", "stop_on", "time_limit_s",
)  # fmt: skip
"""Options that a run may have had and that `none` takes away."""


def limit_options() -> tuple[AddsOption, ...]:
    """How much at once, how fast, how many in all."""
    per_host = LiftableNumber("rate", partial(parse_rate, option="--rate-per-host"))
    return (
        click.option("--rate", type=LiftableNumber("rate", parse_rate), metavar="RATE",
                     help="Start at most so many, evenly: 10/s, 600/m, 5000/h; 'none' lifts it."),
        click.option("--rate-per-host", type=per_host, metavar="RATE",
                     help="The same for each host by itself: --rate-per-host 2/s."),
        click.option("--burst", type=AT_LEAST_ONE, metavar="N",
                     help="Let a rate save up so many starts: --rate 10/s --burst 20 (default 1)."),
        click.option("--per-host", type=LiftableRange(min=1), metavar="N",
                     help="In flight to one host at most; 'none' lifts it."),
        click.option("--auto/--no-auto", default=None,
                     help="Find out what each host bears, and stay just under it (default no)."),
        click.option("--auto-min", type=AT_LEAST_ONE, metavar="N",
                     help="--auto keeps so many in flight to a host at least."),
        click.option("--auto-max", type=AT_LEAST_ONE, metavar="N",
                     help="--auto lets so many in flight to a host at most: --auto --auto-max 200."),
        click.option("--quota", type=Liftable("quota", QuotaTerms.parse), metavar="N/PERIOD",
                     help="Attempts a calendar day (UTC), minute, hour or month; at its end wait for the next: "
                     "100000/day, 100000/day@America/Los_Angeles."),
        click.option("--cost", type=Liftable("price", Price.parse), metavar="PRICE",
                     help="Price of an attempt, to show what is spent and to come: 0.017, '0.017 USD'."),
    )  # fmt: skip


def stop_options() -> tuple[AddsOption, ...]:
    """When going on makes no sense, or somebody should look first."""
    limit = LiftableNumber("time", partial(parse_duration, option="--time-limit"))
    return (
        click.option("--max-failures", type=Liftable("failures", MaxFailures.parse), metavar="N|N%",
                     help="Stop after so many failures, or at this share of the last hundred: 100, 20%."),
        click.option("--stop-on", type=Liftable("statuses", StopOn.parse), metavar="STATUSES",
                     help="Stop at the first attempt that ends so: 401,403,tls; 'none' lifts it."),
        click.option("--time-limit", "time_limit_s", type=limit, metavar="TIME",
                     help="Stop when this session has taken so long: 2h30m, 90m, 3600 (seconds)."),
        click.option("--canary", type=click.IntRange(min=0), metavar="N",
                     help="Send the first N, show them, and ask before the rest: --canary 3."),
    )  # fmt: skip
