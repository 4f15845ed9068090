"""What the keys turn: concurrency, the governor, the rate; with latency and bytes beside them."""

from __future__ import annotations

from ...core.snapshot import Snapshot
from ..figures import count, milliseconds, pace, rate, short, size
from ..spans import Line, Span, fill, join, width_of
from .columns import Tone
from .lines import Lines

_LABEL = 13
_PANEL_LINES, _SHORT_LINES = 8, 5
_BAR = 6, 16
"""The least and the most cells of the gauge in the strip."""
_AUTO = {True: ("◆", "auto", Tone.ACCENT), False: ("◇", "manual", Tone.MUTED)}
_BESIDE_BAR = 45
"""Cells of the strip's first line that labels, gaps and a rate with its limit take."""


def concurrency(snapshot: Snapshot) -> Line:
    """`500/500 +12 saving`: slots, and the requests in flight that hold none any more.

    While a lowered limit drains it says how many slots are still above it.
    """
    over = snapshot.in_use - snapshot.limit
    saving = (Span(f" +{count(snapshot.saving)} saving", Tone.MUTED),) if snapshot.saving else ()
    if over <= 0:
        return (Span(count(snapshot.in_use)), Span(f"/{count(snapshot.limit)}", Tone.MUTED), *saving)
    text = f"draining {count(snapshot.in_use)}→{count(snapshot.limit)}, {count(over)} to go"
    return (Span(text, Tone.WARN), *saving)


def governor(snapshot: Snapshot) -> Line:
    """`◆ auto` while limits are found automatically, `◇ manual` while they are as they were set."""
    glyph, word, tone = _AUTO[snapshot.auto]
    return (Span(f"{glyph} {word}", tone),)


def _steady_concurrency(snapshot: Snapshot) -> Line:
    """The same in as many cells as it is likely to need, so that what follows stays where it is."""
    line, limit = concurrency(snapshot), count(snapshot.limit)
    return (*line, Span(" " * max(0, len(f"{limit}/{limit} +{limit} saving") - width_of(line))))


def gauge(snapshot: Snapshot, width: int) -> Line:
    """Slots in use as a share of the limit; while it drains, the limit as a share of what is in use."""
    over = snapshot.in_use > snapshot.limit
    share = snapshot.limit / snapshot.in_use if over else snapshot.in_use / max(1, snapshot.limit)
    return fill(share, width, Tone.WARN if over else Tone.ACCENT, "━╌" if over else "━─")


def throughput(snapshot: Snapshot) -> Line:
    """Requests that end a second, and the limit on how many may start."""
    return (
        Span(f"{short(snapshot.rate_per_s)}/s"),
        Span(" · ", Tone.MUTED),
        _rate_limit(snapshot),
    )


def _rate_limit(snapshot: Snapshot) -> Span:
    if snapshot.rate_limit is not None:
        return Span(f"limit {rate(snapshot.rate_limit)}", Tone.WARN)
    if snapshot.rate_limit_per_host is not None:
        return Span(f"{pace(snapshot.rate_limit_per_host)} a host", Tone.WARN)
    return Span("no limit", Tone.MUTED)


def percentiles(snapshot: Snapshot) -> tuple[Line, ...]:
    """`p50 333 ms` and its two companions."""
    values = snapshot.latency
    named = (("p50", values and values.p50), ("p95", values and values.p95), ("p99", values and values.p99))
    return tuple(
        (Span(f"{name} ", Tone.MUTED), Span("–" if ms is None else milliseconds(ms))) for name, ms in named
    )


def strip_lines(snapshot: Snapshot, width: int) -> tuple[Line, ...]:
    """Two lines for narrow terminals."""
    slots = _steady_concurrency(snapshot)
    bar = max(_BAR[0], min(_BAR[1], width - width_of(slots) - _BESIDE_BAR))
    first = join(
        (
            (Span("concurrency ", Tone.MUTED), *gauge(snapshot, bar), Span(" "), *slots),
            (Span("rate ", Tone.MUTED), *throughput(snapshot)),
        ),
        "   ",
    )
    second = join(
        (
            (Span("latency ", Tone.MUTED), *join(percentiles(snapshot), "  ")),
            (Span("received ", Tone.MUTED), Span(size(snapshot.received_bytes))),
            governor(snapshot),
        ),
        "   ",
    )
    return first, second


def short_panel_lines(snapshot: Snapshot, width: int) -> tuple[Line, ...]:
    """Five lines, for wide terminals that are low."""
    slots = (Span("concurrency ", Tone.MUTED), *_steady_concurrency(snapshot), Span(" "))
    return (
        (*slots, *gauge(snapshot, max(0, width - width_of(slots)))),
        (Span("governor    ", Tone.MUTED), *governor(snapshot)),
        (Span("rate        ", Tone.MUTED), *throughput(snapshot)),
        (Span("latency     ", Tone.MUTED), *join(percentiles(snapshot), " ")),
        (Span("received    ", Tone.MUTED), Span(size(snapshot.received_bytes))),
    )


def panel_lines(snapshot: Snapshot, width: int) -> tuple[Line, ...]:
    """One figure a line, for terminals with room."""
    first, *others = percentiles(snapshot)
    indent = Span(" " * _LABEL)
    return (
        (_label("concurrency"), *concurrency(snapshot)),
        gauge(snapshot, width),
        (_label("governor"), *governor(snapshot)),
        (_label("rate"), *throughput(snapshot)),
        (_label("received"), Span(size(snapshot.received_bytes))),
        (_label("latency"), *first),
        *((indent, *line) for line in others),
    )


def _label(text: str) -> Span:
    return Span(f"{text:<{_LABEL}}", Tone.MUTED)


class Controls(Lines):
    """Concurrency, governor, rate, latency and bytes: two lines, or a panel where it is tall enough."""

    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """The form that fits."""
        if height >= _PANEL_LINES:
            return panel_lines(snapshot, width)
        return short_panel_lines(snapshot, width) if height >= _SHORT_LINES else strip_lines(snapshot, width)
