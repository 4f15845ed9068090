"""The accounting line: every request in exactly one state, and the states add up to the total."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.handle import Snapshot
from ...core.model import Counts, State
from ..figures import STATE_GLYPHS, count
from ..spans import Line, Span, join, width_of
from .columns import Tone
from .lines import Lines

STATE_TONES = {
    State.QUEUED: Tone.MUTED,
    State.IN_FLIGHT: Tone.ACCENT,
    State.WAITING: Tone.WARN,
    State.SUCCEEDED: Tone.GOOD,
    State.FAILED: Tone.BAD,
    State.SKIPPED: Tone.MUTED,
    State.INVALID: Tone.WARN,
}
_WORDS = {state: state.label.replace("_", " ") for state in State}
_SHORT = {**_WORDS, State.SUCCEEDED: "ok"}
_RARE = frozenset({State.WAITING, State.SKIPPED, State.INVALID})
"""States that a narrow line leaves out while nobody is in them; the sum stays true."""


def accounting_line(counts: Counts, *, total_known: bool, saving: int, width: int) -> Line:
    """The sum in the longest form that fits `width` cells; 71 hold any seven counts of up to 9,999,999 rows.

    `saving` is how many of those in flight have ended and are not durable yet.
    """
    everyone = tuple(State)
    present = tuple(state for state in State if state not in _RARE or counts.of(state))
    total = count(counts.total) + ("" if total_known else "+")
    saved = f" ({count(saving)} saving)" if saving else ""
    for states, words, glyphs, note in (
        (everyone, _WORDS, True, saved),
        (everyone, _WORDS, True, ""),
        (present, _WORDS, True, ""),
        (present, _SHORT, True, ""),
        (present, _SHORT, False, ""),
        (everyone, {}, True, ""),
    ):
        parts = [_part(state, counts.of(state), words, glyphs=glyphs, note=note) for state in states]
        line = (*join(parts, " + "), Span(" = ", Tone.MUTED), Span(total, Tone.TITLE))
        if width_of(line) <= width:
            return line
    dense = ((Span(f"{STATE_GLYPHS[state]}{counts.of(state)}", STATE_TONES[state]),) for state in State)
    return (*join(dense, "+"), Span("=", Tone.MUTED), Span(total.replace(",", ""), Tone.TITLE))


def _part(state: State, n: int, words: Mapping[State, str], *, glyphs: bool, note: str) -> Line:
    label = " ".join(filter(None, (STATE_GLYPHS[state] if glyphs else "", words.get(state, ""))))
    tone = STATE_TONES[state] if n else Tone.MUTED
    figure = Span(count(n), Tone.PLAIN if n else Tone.MUTED)
    tail = (Span(note, Tone.MUTED),) if note and state is State.IN_FLIGHT else ()
    return (Span(label, tone), Span(" "), figure, *tail)


class AccountingLine(Lines):
    """Shows the accounting of the last snapshot."""

    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """The sum, in one line."""
        return (
            accounting_line(
                snapshot.counts, total_known=snapshot.total_known, saving=snapshot.saving, width=width
            ),
        )
