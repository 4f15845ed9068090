"""Vertical axes: from a value to a height in dots, and which values are written beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor, log, log10

from msgspec import Struct

SPREAD = 8
"""A worst value this many times the usual one would press all others flat against the base of a linear axis."""
_STEPS = (1, 2, 5)
_LEAST = 0.01
"""No logarithmic axis begins below this, and no linear one ends below a ten-thousandth of it."""


class Axis(Struct, frozen=True):
    """The values at the lower and the upper end; a linear axis begins at 0, a logarithmic one cannot."""

    low: float
    high: float
    logarithmic: bool = False

    def dots(self, value: float, height: int) -> int:
        """How many of `height` dots a value reaches; any value has one at least."""
        if self.logarithmic:
            part = log(max(value, self.low) / self.low) / log(self.high / self.low)
        else:
            part = value / self.high
        return max(1, min(height, round(height * part)))

    def heights(self, values: Iterable[float | None], height: int) -> list[int | None]:
        """`dots` of each value; None of None."""
        return [None if value is None else self.dots(value, height) for value in values]

    def ticks(self) -> tuple[float, ...]:
        """The values between the ends that are worth a label: 1, 2 and 5 times powers of ten, none when linear."""
        if not self.logarithmic:
            return ()
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        steps = (step * 10.0**power for power in powers for step in _STEPS)
        return tuple(step for step in steps if self.low * 1.001 < step < self.high * 0.999)


def axis_for(usual: Sequence[float], worst: Sequence[float]) -> Axis:
    """Linear from 0, or logarithmic where the worst value is far above the median of the usual ones."""
    top = max(worst, default=0.0)
    middle = max(_LEAST, sorted(usual)[len(usual) // 2]) if usual else top
    if top <= SPREAD * middle:
        return Axis(0.0, round_up(top))
    # From half the least, so that it stands well above the base.
    return Axis(_stepped_down(max(_LEAST, min(usual) / 2)), _stepped_up(top), logarithmic=True)


def log_axis(least: float, most: float) -> Axis:
    """Logarithmic, from a round number below to one above, a factor of 10 at least."""
    low = _stepped_down(max(_LEAST, least))
    return Axis(low, max(_stepped_up(most), low * 10), logarithmic=True)


def round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 5, 8 times a power of ten, so that an axis does not change with every value."""
    if value < _LEAST / 10_000:
        return 1.0
    power = 10.0 ** floor(log10(value))
    return next((step * power for step in (1, 1.5, 2, 3, 5, 8) if step * power >= value), 10 * power)


def _stepped_up(value: float) -> float:
    power = 10.0 ** floor(log10(value))
    return next((step * power for step in _STEPS if step * power >= value), 10 * power)


def _stepped_down(value: float) -> float:
    power = 10.0 ** floor(log10(value))
    return next((step * power for step in reversed(_STEPS) if step * power <= value), power)
