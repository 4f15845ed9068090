"""The attempts of a request as lines: when, how it ended, what it spent its time on, where it was sent on to."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from ...core.journal.records import AttemptRecord, RequestDetail
from ...core.model import Phase, State
from ...core.printable import printable
from ...core.snapshot import InFlightRow
from ..spans import Line, Span, width_of
from ..widgets.columns import Tone
from ..widgets.journal_table_columns import failure_text, status_tone
from ..widgets.quantities import NONE, age, clock, size
from .timeline import Part, bar, figures, legend, precise, segments

_INDENT = "     "
_WIDEST_BAR = 100
_PHASES = {
    Phase.QUEUED: "has a slot, not begun yet",
    Phase.DNS: "looking up the name",
    Phase.CONNECT: "connecting",
    Phase.TLS: "TLS handshake",
    Phase.SENT: "sent, waiting for the first byte",
    Phase.RECEIVING: "receiving",
    Phase.REDIRECTING: "following a redirect",
}
_NO_ATTEMPT = {
    State.QUEUED: "None yet: the request is queued.",
    State.IN_FLIGHT: "The first is under way.",
    State.SKIPPED: "None: the request was skipped before it was sent.",
    State.INVALID: "None: the row could not become a request.",
}


def attempt_lines(detail: RequestDetail, flight: InFlightRow | None, width: int) -> list[Line]:
    """All attempts, on one scale, and the one under way."""
    attempts = detail.attempts
    longest = max([attempt.elapsed_ms for attempt in attempts] + [flight.age_s * 1000 if flight else 0.0])
    lines: list[Line] = []
    used: list[Part] = []
    for before, attempt in zip((None, *attempts), attempts, strict=False):
        if before is not None:
            lines += _wait(before, attempt)
        spent = segments(attempt)
        used += [part for part, _ in spent]
        lines += _attempt(attempt, longest, width)
    lines += _under_way(flight, longest, width) if flight else _to_come(detail.row.state, attempts)
    if used:
        lines.append((Span(_INDENT), *legend(used)))
    return lines


def _attempt(attempt: AttemptRecord, longest: float, width: int) -> list[Line]:
    failed = attempt.kind is not None
    head: Line = (
        Span(f"{attempt.n:>3}  ", Tone.TITLE),
        Span(f"{clock(attempt.started)}  ", Tone.MUTED),
        Span("✗ " if failed else "✓ ", Tone.BAD if failed else Tone.GOOD),
        Span(f"{attempt.status or NONE}", status_tone(attempt.status)),
        Span(f"  {precise(attempt.elapsed_ms)}"),
    )
    why = failure_text(attempt.kind, attempt.message)
    lines: list[Line] = [*_beside(head, why, width)] if failed else [head]
    spent = segments(attempt)
    cells = min(_WIDEST_BAR, max(8, width - len(_INDENT) - 1))
    lines.append((Span(_INDENT), *bar(spent, longest, cells)))
    shown = figures(spent)
    reused = attempt.connect_ms is None and attempt.ttfb_ms is not None
    lines.append((Span(_INDENT), *shown, Span(" · reused connection" if reused else "", Tone.MUTED)))
    return lines + _hops(attempt)


def _hops(attempt: AttemptRecord) -> list[Line]:
    lines: list[Line] = []
    for number, (asked, status) in enumerate(attempt.hops, start=1):
        head = Span(f"{_INDENT}hop {number}  ", Tone.MUTED)
        lines.append(
            (head, Span(str(status), status_tone(status)), Span(" sent on from ", Tone.MUTED), _span(asked))
        )
    return lines


def _wait(before: AttemptRecord, attempt: AttemptRecord) -> list[Line]:
    """How long the request waited between two attempts; nothing where the clock was set back."""
    waited = attempt.started - before.started - before.elapsed_ms / 1000
    if waited < 0:
        return []
    return [(Span(f"{_INDENT}↻ retried after {precise(waited * 1000)}", Tone.MUTED),)]


def _under_way(flight: InFlightRow, longest: float, width: int) -> list[Line]:
    cells = min(_WIDEST_BAR, max(8, width - len(_INDENT) - 1))
    filled = min(cells, max(1, round(cells * flight.age_s * 1000 / longest))) if longest > 0 else 1
    received = f", {size(flight.received_bytes)} so far" if flight.received_bytes else ""
    return [
        (
            Span(f"{flight.attempt:>3}  ", Tone.TITLE),
            Span("▶ under way", Tone.ACCENT),
            Span(f"  {age(flight.age_s)}  {_PHASES[flight.phase]}{received}"),
        ),
        (Span(_INDENT), Span("╌" * filled, Tone.ACCENT)),
    ]


def _to_come(state: State, attempts: Sequence[AttemptRecord]) -> list[Line]:
    if not attempts:
        return [(Span(_NO_ATTEMPT.get(state, "None."), Tone.MUTED),)]
    if state is State.WAITING:
        return [(Span(f"{_INDENT}↻ waits for its next attempt", Tone.WARN),)]
    if state is State.QUEUED:
        return [(Span(f"{_INDENT}○ queued for another attempt", Tone.MUTED),)]
    if state is State.IN_FLIGHT:
        return [(Span(f"{_INDENT}▶ another attempt is under way", Tone.ACCENT),)]
    return []


def _beside(head: Line, why: str, width: int) -> list[Line]:
    """Why it failed, in the same line where there is room, else below it."""
    span = _span(why, Tone.BAD)
    line = (*head, Span("  "), span)
    if width_of(line) <= width:
        return [line]
    parts = textwrap.wrap(span.text, max(8, width - len(_INDENT))) or [""]
    return [head, *((Span(_INDENT), Span(part, Tone.BAD)) for part in parts)]


def _span(text: str, tone: Tone = Tone.PLAIN) -> Span:
    return Span(printable(text), tone)
