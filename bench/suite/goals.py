"""What is to be reached, and whether it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .figures import median


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal with what was measured for it."""

    text: str
    value: float | None
    """The median over the rounds; None where nothing could be measured."""
    met: bool | None
    """None where nothing could be measured."""
    bare: str = ""
    """Scripts that do the same work with nothing around it, and the same figure of each, from the same rounds."""

    def __str__(self) -> str:
        if self.value is None or self.met is None:
            return f"{self.text}: not measured"
        reached = f"{self.text}: {figure(self.value)}, {'met' if self.met else 'MISSED'}"
        return f"{reached} ({self.bare})" if self.bare else reached

    def beside(self, name: str, values: Sequence[float]) -> Goal:
        """The same goal, with what a bare script reaches, behind others, where there are figures of it."""
        value = median(values)
        if value is None:
            return self
        return replace(self, bare="; ".join(filter(None, (self.bare, f"{name}: {figure(value)}"))))


def at_least(text: str, values: Sequence[float], least: float) -> Goal:
    """Of the median of these."""
    return within(text, values, least, float("inf"))


def at_most(text: str, values: Sequence[float], most: float) -> Goal:
    """Of the median of these."""
    return within(text, values, float("-inf"), most)


def within(text: str, values: Sequence[float], least: float, most: float) -> Goal:
    """Of the median of these."""
    value = median(values)
    return Goal(text, value, None if value is None else least <= value <= most)


def figure(value: float) -> str:
    """Three digits that count, and thousands apart."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.3g}"
