"""The accounting line: every request in exactly one state, and the states add up to the total."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from msgspec import Struct

from ...core.model import Counts, State
from ...core.snapshot import Snapshot
from ..figures import STATE_GLYPHS, count
from ..spans import Line, Span, join, width_of
from .columns import Tone
from .lines import SnapshotLines

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
_SHORTEST = {**_SHORT, State.IN_FLIGHT: "flight", State.WAITING: "wait", State.SKIPPED: "skip"}
RARE = frozenset({State.WAITING, State.SKIPPED, State.INVALID})
"""States that a narrow line leaves out until somebody is in them; the sum stays true."""


class _Form(Struct, frozen=True):
    """How the line is written."""

    words: Mapping[State, str]
    glyphs: bool = True
    everyone: bool = False
    """Whether states that nobody has ever been in are named too."""
    note: bool = False
    """Whether there is room for the number that is being saved."""
    tight: bool = False
    """Without spaces around the signs."""
    bare: bool = False
    """Without any spaces and thousands separators."""


_FORMS = (
    _Form(_WORDS, everyone=True, note=True),
    _Form(_WORDS, everyone=True),
    _Form(_WORDS, note=True),
    _Form(_WORDS),
    _Form(_SHORT),
    _Form(_SHORT, glyphs=False),
    _Form(_SHORTEST, glyphs=False),
    _Form({}),
    _Form({}, tight=True),
    _Form({}, tight=True, bare=True),
)
"""From the longest to the shortest."""


def accounting_line(
    counts: Counts,
    *,
    total_known: bool,
    saving: int | None,
    width: int,
    shown: Collection[State] = (),
) -> Line:
    """The sum in `width` cells; 71 hold any seven counts of up to 9,999,999 rows.

    The form is the longest that fits whatever the counts become that this total can be split into, so that it
    does not change while requests go from state to state. `saving` is how many of those in flight have ended
    and are not durable yet, None for no word of it; `shown` are the states to name even when nobody is in them.
    """
    present = tuple(state for state in State if state not in RARE or state in shown or counts.of(state))
    open_end = "" if total_known else "+"
    form = _longest_form(present, _roof(counts.total), width - len(open_end))
    states = tuple(State) if form.everyone else present
    parts = [
        _part(state, counts.of(state), form, saving if state is State.IN_FLIGHT else None) for state in states
    ]
    plus, equals = ("+", "=") if form.tight else (" + ", " = ")
    total = Span(_figure(counts.total, form) + open_end, Tone.TITLE)
    return (*join(parts, plus), Span(equals, Tone.MUTED), total)


def _part(state: State, n: int, form: _Form, saving: int | None) -> Line:
    tone = STATE_TONES[state] if n else Tone.MUTED
    figure = Span(_figure(n, form), Tone.PLAIN if n else Tone.MUTED)
    noted = form.note and saving is not None
    note = (Span(f" ({count(saving)} saving)", Tone.MUTED),) if noted and saving is not None else ()
    return (Span(_label(state, form), tone), Span("" if form.bare else " "), figure, *note)


def _label(state: State, form: _Form) -> str:
    return " ".join(filter(None, (STATE_GLYPHS[state] if form.glyphs else "", form.words.get(state, ""))))


def _figure(n: int, form: _Form) -> str:
    return str(n) if form.bare else count(n)


def _roof(total: int) -> int:
    """The largest total with as many digits and the same first one: a form holds while an open total grows."""
    scale = 10 ** (len(str(total)) - 1)
    return (total // scale + 1) * scale - 1


@lru_cache(maxsize=64)
def _longest_form(present: tuple[State, ...], roof: int, width: int) -> _Form:
    """The longest form that fits for all counts that add up to `roof` at most."""
    return next((form for form in _FORMS if _widest(form, present, roof) <= width), _FORMS[-1])


def _widest(form: _Form, present: tuple[State, ...], roof: int) -> int:
    """Cells of the widest line of this form over all these counts."""
    states = tuple(State) if form.everyone else present
    labels = sum(width_of((Span(_label(state, form)),)) + (not form.bare) for state in states)
    numbers = _widest_counts(roof, len(states), not form.bare) + len(_figure(roof, form))
    note = len(f" ({count(roof)} saving)") if form.note else 0
    return labels + numbers + note + len(states) * (1 if form.tight else 3)


@lru_cache(maxsize=256)
def _widest_counts(total: int, terms: int, separated: bool) -> int:
    """The most cells that so many counts take that add up to `total` at most."""
    smallest = (0, *(10**power for power in range(1, len(str(total)))))
    cells_of = {n: len(count(n) if separated else str(n)) for n in smallest}
    # By the cells that some of the counts take, the least that they add up to.
    least = {0: 0}
    for _ in range(terms):
        more: dict[int, int] = {}
        for taken, summed in least.items():
            for n, cells in cells_of.items():
                if summed + n <= total:
                    more[taken + cells] = min(summed + n, more.get(taken + cells, total))
        least = more
    return max(least)


class AccountingLine(SnapshotLines):
    """Shows the accounting of the last snapshot; a state that was once named stays named."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: frozenset[State] = frozenset()
        self._saving_shown = False

    def follow(self, snapshot: Snapshot) -> None:
        """Remember which states have been named."""
        self._shown |= {state for state in RARE if snapshot.counts.of(state)}
        self._saving_shown |= snapshot.saving > 0
        super().follow(snapshot)

    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """The sum, in one line."""
        saving = snapshot.saving if self._saving_shown and snapshot.counts.in_flight else None
        line = accounting_line(
            snapshot.counts,
            total_known=snapshot.total_known,
            saving=saving,
            width=width,
            shown=self._shown,
        )
        return (line,)
