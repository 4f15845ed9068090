"""From the columns of a run's past to one value for each column of dots; None leaves a gap.

Of rates, slots in use and shares 0 leaves one too.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...core.latencies import Latency
from ...core.past import PastView, Stretch

Values = Sequence[float | None]


def _lively(view: PastView) -> list[Stretch | None]:
    """Nothing is drawn of what stood still."""
    return [None if one is None or one.idle else one for one in view.columns]


def good_rates(view: PastView) -> Values:
    """Attempts that succeeded, a second."""
    return [one and (one.succeeded / one.seconds or None) for one in _lively(view)]


def bad_rates(view: PastView) -> Values:
    """Attempts that failed, a second."""
    return [one and (one.failed / one.seconds or None) for one in _lively(view)]


def in_flight(view: PastView) -> Values:
    """Slots taken, on average."""
    return [one and (one.in_flight or None) for one in _lively(view)]


def limits(view: PastView) -> Values:
    """Slots there were."""
    return [one and float(one.limit) for one in _lively(view)]


def error_shares(view: PastView) -> Values:
    """Attempts that failed, in percent of all."""
    return [one and (100 * (one.error_share or 0.0) or None) for one in _lively(view)]


def latencies(view: PastView) -> Sequence[Latency | None]:
    """Percentiles."""
    return [one and one.latency for one in view.columns]


def highest(values: Values) -> float:
    """The highest value there is, 0 without any."""
    return max(filter(None, values), default=0.0)
