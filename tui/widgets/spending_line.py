"""The line that tells what the run has spent of its quota and its money."""

from __future__ import annotations

from time import time

from ...core.snapshot import Snapshot, Spending
from ..figures import span
from ..spans import Line, Span, join, width_of
from ..spending import cost_words, quota_words, share_words
from .columns import Tone
from .lines import SnapshotLines

_GAP = "   "


def spending_line(spending: Spending, width: int, now: float) -> Line:
    """Quota and cost in the longest of three forms that fits `width` cells; `now` is the wall clock.

    The first gives the moment of the reset and the time until then, the second the time alone, the third neither.
    """
    share, cost = share_words(spending), cost_words(spending)
    left = "" if spending.resets_at is None else f", resets in {span(max(1.0, spending.resets_at - now))}"
    short_cost = cost.removeprefix("cost ").removesuffix(" in all")
    spent = spending.quota is not None and spending.sent >= spending.quota
    forms = (
        (quota_words(spending, now), cost),
        (f"{share}{left}" if share else "", cost),
        (share.replace(" of ", "/", 1), short_cost),
    )
    lines = [
        join(
            [(Span(text, tone),) for text, tone in ((quota, _tone(spent)), (cost, Tone.PLAIN)) if text], _GAP
        )
        for quota, cost in forms
    ]
    return next((line for line in lines if width_of(line) <= width), lines[-1])


def _tone(spent: bool) -> Tone:
    return Tone.WARN if spent else Tone.PLAIN


class SpendingLine(SnapshotLines):
    """Takes a line only in a run with a quota or a price."""

    DEFAULT_CSS = """
    SpendingLine { height: 1; display: none; background: $panel; }
    SpendingLine.-shown { display: block; }
    """

    def follow(self, snapshot: Snapshot) -> None:
        """Come, go, or paint other figures."""
        self.set_class(snapshot.spending is not None, "-shown")
        super().follow(snapshot)

    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """What is spent."""
        return () if snapshot.spending is None else (spending_line(snapshot.spending, width, time()),)
