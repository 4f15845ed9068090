"""The cells of the table of causes."""

from __future__ import annotations

from collections.abc import Callable

from ...core.journal.records import Cause
from ...core.policies.trend import Direction
from .columns import Cell, Column, Tone
from .journal_table_columns import status_tone
from .quantities import NONE, clock

_EIGHTHS = " ▏▎▍▌▋▊▉"
TREND_TONES = {
    Direction.NEW: Tone.WARN,
    Direction.RISING: Tone.BAD,
    Direction.STEADY: Tone.PLAIN,
    Direction.FALLING: Tone.GOOD,
    Direction.OVER: Tone.MUTED,
}


def moment_column(title: str, at: Callable[[Cause], float], drop: int) -> Column[Cause]:
    """A column of the time of day at which something was."""
    return Column(
        title,
        8,
        lambda cause: Cell(clock(at(cause)), Tone.MUTED),
        right=True,
        drop=drop,
        sort=at,
        largest_first=True,
    )


def whole_percent(part: int, total: int) -> str:
    """`17%`; 100% only of all, and `<1%` for less than that."""
    if part >= total:
        return "100%" if total else "0%"
    return "<1%" if part * 100 < total else f"{min(99, round(100 * part / total))}%"


def bar(part: float, width: int) -> str:
    """A horizontal bar `width` cells long, filled to a part between 0 and 1, in eighths of a cell."""
    eighths = max(1 if part > 0 else 0, min(width * 8, round(part * width * 8)))
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(width)


def failures_cell(cause: Cause) -> Cell:
    """How many have failed."""
    return Cell(f"{cause.count:,}", Tone.BAD)


def kind_cell(cause: Cause) -> Cell:
    """The kind of failure."""
    return Cell(cause.kind.value.replace("_", " "))


def signature_cell(cause: Cause) -> Cell:
    """What the failures have in common."""
    return Cell(cause.signature)


def sample_cell(cause: Cause) -> Cell:
    """A request that has failed by it."""
    return Cell(f"#{cause.sample}", Tone.MUTED)


def status_cell(cause: Cause) -> Cell:
    """The HTTP status, or a dash."""
    return Cell(str(cause.status or NONE), status_tone(cause.status))
