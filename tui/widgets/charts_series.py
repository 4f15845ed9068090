"""From the columns of a run's past to one value for each column of dots; None leaves a gap."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...core.latencies import Latency
from ...core.past import PastView, Stretch

Values = tuple[float | None, ...]


def _each(view: PastView, pick: Callable[[Stretch], float | None]) -> Values:
    """Nothing is drawn of what stood still."""
    return tuple(None if one is None or one.idle else pick(one) for one in view.columns)


def good_rates(view: PastView) -> Values:
    """Attempts that succeeded, a second."""
    return _each(view, lambda one: one.succeeded / one.seconds)


def bad_rates(view: PastView) -> Values:
    """Attempts that failed, a second."""
    return _each(view, lambda one: one.failed / one.seconds)


def in_flight(view: PastView) -> Values:
    """Slots taken, on average."""
    return _each(view, lambda one: one.in_flight)


def limits(view: PastView) -> Values:
    """Slots there were."""
    return _each(view, lambda one: float(one.limit))


def error_shares(view: PastView) -> Values:
    """Attempts that failed, in percent of all."""
    return _each(view, lambda one: None if one.error_share is None else 100 * one.error_share)


def latencies(view: PastView) -> tuple[Latency | None, ...]:
    """Percentiles."""
    return tuple(None if one is None else one.latency for one in view.columns)


def highest(values: Sequence[float | None]) -> float:
    """The highest value there is, 0 without any."""
    return max((value for value in values if value is not None), default=0.0)
