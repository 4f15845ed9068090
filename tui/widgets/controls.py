"""What the keys turn: concurrency, the governor, the rate; with latency and bytes beside them."""

from __future__ import annotations

from ...core.snapshot import RunState, Snapshot
from ..commands.catalogue import command_of
from ..figures import count, milliseconds, pace, rate, short, size
from ..spans import Line, Span, fill, join, width_of
from .columns import Tone
from .lines import SnapshotLines

_LABEL = 12
_PANEL_LINES, _SHORT_LINES = 7, 5
_BAR = 6, 16
"""The least and the most cells of the gauge in the strip."""
_IN_USE = "in use"
_AUTO = {True: ("◆", "auto", Tone.ACCENT), False: ("◇", "manual", Tone.MUTED)}
_GONE = (RunState.FINISHED, RunState.INTERRUPTED, RunState.DRAINING)


def _button(text: str, id_: str) -> Span:
    return Span(f" {text} ", Tone.BUTTON, command_of(id_).scoped_action)


def _typed(text: str, id_: str, tone: Tone = Tone.PLAIN) -> Span:
    """A figure that a click asks for anew."""
    return Span(text, tone, command_of(id_).scoped_action)


def _figures(snapshot: Snapshot) -> int:
    """Cells that a limit is given, so that what follows stays where it is while it is stepped."""
    return max(5, len(count(snapshot.limit)))


def limit_control(snapshot: Snapshot) -> Line:
    """`− 500 +`: the concurrency limit, to step and to type."""
    text = f"{count(snapshot.limit):^{_figures(snapshot)}}"
    if snapshot.read_only:
        return (Span(text.strip()),)
    return (_button("−", "run.down"), _typed(f" {text} ", "run.concurrency"), _button("+", "run.up"))


def rate_control(snapshot: Snapshot) -> Line:
    """`− 20/s +`: the limit on starts, to step and to type."""
    limit = _rate_limit(snapshot)
    if snapshot.read_only:
        return (limit,)
    raised = snapshot.rate_limit is not None
    up = _button("+", "run.rate_up") if raised else Span(" + ", Tone.MUTED)
    return (
        _button("−", "run.rate_down"),
        _typed(f" {limit.text:^7} ", "run.rate", limit.tone),
        up,
    )


def pause_control(snapshot: Snapshot) -> Line:
    """`‖ pause`, `▶ resume`, and while a pause waits for requests in flight, `⊘ abort` beside it."""
    if snapshot.state in _GONE or snapshot.read_only:
        return ()
    if snapshot.state is not RunState.PAUSED:
        return (_button("‖ pause", "run.pause"),)
    resume = (_button("▶ resume", "run.pause"),)
    return (*resume, Span(" "), _button("⊘ abort", "run.abort")) if snapshot.in_use else resume


def concurrency(snapshot: Snapshot, width: int | None = None) -> Line:
    """`500/500 +12 saving`: slots, and the requests in flight that hold none any more.

    While a lowered limit drains it says how many slots are still above it. What is less than that is left out whole
    where there are fewer cells than `width`.
    """
    over = snapshot.in_use - snapshot.limit
    saving = (Span(f" +{count(snapshot.saving)} saving", Tone.MUTED),) if snapshot.saving else ()
    if over <= 0:
        slots = (Span(count(snapshot.in_use)), Span(f"/{count(snapshot.limit)}", Tone.MUTED))
        return _first_that_fits(((*slots, *saving), slots), width)
    draining = f"draining {count(snapshot.in_use)}→{count(snapshot.limit)}"
    full = Span(f"{draining}, {count(over)} to go", Tone.WARN)
    return _first_that_fits(((full, *saving), (full,), (Span(draining, Tone.WARN),)), width)


def _first_that_fits(forms: tuple[Line, ...], width: int | None) -> Line:
    """The last one where none does."""
    return next((form for form in forms if width is None or width_of(form) <= width), forms[-1])


def governor(snapshot: Snapshot) -> Line:
    """`◆ auto` while limits are found automatically, `◇ manual` while they are as they were set."""
    glyph, word, tone = _AUTO[snapshot.auto]
    action = "" if snapshot.read_only else command_of("run.auto").scoped_action
    return (Span(f"{glyph} {word}", tone, action),)


def _steady_concurrency(snapshot: Snapshot) -> Line:
    """The same in as many cells as it is likely to need, so that what follows stays where it is."""
    line, limit = concurrency(snapshot), count(snapshot.limit)
    return (*line, Span(" " * max(0, len(f"{limit}/{limit} +{limit} saving") - width_of(line))))


def gauge(snapshot: Snapshot, width: int) -> Line:
    """Slots in use as a share of the limit; while it drains, the limit as a share of what is in use."""
    over = snapshot.in_use > snapshot.limit
    share = snapshot.limit / snapshot.in_use if over else snapshot.in_use / max(1, snapshot.limit)
    return fill(share, width, Tone.WARN if over else Tone.ACCENT, "━╌" if over else "━─")


def _rate_limit(snapshot: Snapshot) -> Span:
    if snapshot.rate_limit is not None:
        return Span(rate(snapshot.rate_limit), Tone.WARN)
    if snapshot.rate_limit_per_host is not None:
        return Span(f"{pace(snapshot.rate_limit_per_host)} each", Tone.WARN)
    return Span("none", Tone.MUTED)


def percentiles(snapshot: Snapshot) -> tuple[Line, ...]:
    """`p50 333 ms` and its two companions."""
    values = snapshot.latency
    named = (("p50", values and values.p50), ("p95", values and values.p95), ("p99", values and values.p99))
    return tuple(
        (Span(f"{name} ", Tone.MUTED), Span("–" if ms is None else milliseconds(ms))) for name, ms in named
    )


def strip_lines(snapshot: Snapshot, width: int) -> tuple[Line, ...]:
    """Two lines for narrow terminals: what can be turned, and what comes of it."""
    per_second = Span(f"{short(snapshot.rate_per_s)}/s")
    turned = join(
        (
            (Span("concurrency ", Tone.MUTED), *limit_control(snapshot), Span(" "), *governor(snapshot)),
            (Span("rate ", Tone.MUTED), *rate_control(snapshot)),
            pause_control(snapshot),
        ),
        " ",
    )
    figures = (*join(percentiles(snapshot), " "), Span("  "), Span(size(snapshot.received_bytes)))
    came = (Span("  "), per_second, Span("  "), *figures)
    slots = _steady_concurrency(snapshot)
    if width_of(slots) + width_of(came) > width:
        slots = concurrency(snapshot, width - width_of(came))
    room = width - width_of(slots) - width_of(came) - 1
    bar = (*gauge(snapshot, min(_BAR[1], room - 2)), Span(" ")) if room - 2 >= _BAR[0] else ()
    if not bar and room >= len(_IN_USE):
        bar = (Span(f"{_IN_USE} ", Tone.MUTED),)
    return turned, (*bar, *slots, *came)


def short_panel_lines(snapshot: Snapshot, width: int) -> tuple[Line, ...]:
    """Five lines, for wide terminals that are low."""
    return (
        (_label("concurrency"), *limit_control(snapshot), Span("  "), *governor(snapshot)),
        _slots(snapshot, width),
        (_label("rate limit"), *rate_control(snapshot), Span("  "), *pause_control(snapshot)),
        (*join(percentiles(snapshot), " "),),
        (_label("throughput"), *_coming_in(snapshot)),
    )


def panel_lines(snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
    """One figure a line, for terminals with room; air between them where there is more."""
    lines = (
        (_label("concurrency"), *limit_control(snapshot)),
        (_label("governor"), *governor(snapshot)),
        _slots(snapshot, width),
        gauge(snapshot, width),
        (_label("rate limit"), *rate_control(snapshot)),
        (_label("throughput"), *_coming_in(snapshot)),
        (*join(percentiles(snapshot), " "),),
        pause_control(snapshot),
    )
    airy = (*lines[:2], (), *lines[2:4], (), lines[4], (), *lines[5:7], (), lines[7])
    return airy if height >= len(airy) else lines


def _slots(snapshot: Snapshot, width: int) -> Line:
    """Slots by their name; while they drain that is said in its place."""
    label = () if snapshot.in_use > snapshot.limit else (_label(_IN_USE),)
    return (*label, *concurrency(snapshot, width - width_of(label)))


def _coming_in(snapshot: Snapshot) -> Line:
    received = Span(size(snapshot.received_bytes))
    return (Span(f"{short(snapshot.rate_per_s)}/s"), Span(" · ", Tone.MUTED), received)


def _label(text: str) -> Span:
    return Span(f"{text:<{_LABEL}}", Tone.MUTED)


class Controls(SnapshotLines):
    """Concurrency, governor, rate, latency and bytes: two lines, or a panel where it is tall enough."""

    def lines(self, snapshot: Snapshot, width: int, height: int) -> tuple[Line, ...]:
        """The form that fits."""
        if height >= _PANEL_LINES:
            return panel_lines(snapshot, width, height)
        return short_panel_lines(snapshot, width) if height >= _SHORT_LINES else strip_lines(snapshot, width)
